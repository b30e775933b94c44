"""Draws in the form that ArviZ reads."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats
from capstar.statespace.bayes.draws import PosteriorDraws
from capstar.statespace.bayes.reports import StateDraws


def as_arviz(
    draws: PosteriorDraws,
    states: Mapping[str, StateDraws],
    index: pd.Index,
    rows: npt.NDArray[np.int64],
    *,
    log_density: Floats | None = None,
    log_likelihood: Floats | None = None,
    **attributes: Any,
) -> Any:
    """Parameters and smoothed states as groups of ``xarray`` data sets.

    Parameters
    ----------
    draws
        Of the parameters: group ``posterior``.
    states
        By name: group ``states``, dimensions chain, draw and date, where there are any.
    index
        Their periods; the coordinate holds them as text, such as ``"1990Q1"``.
    rows
        Which draw of the parameters each draw of the states belongs to: their coordinate ``draw``.
    log_density
        Group ``sample_stats``, variable ``lp``, shape (chains, draws).
    log_likelihood
        Of each period given the past: group ``log_likelihood``, variable ``y``, shape (chains, state draws, n).
    attributes
        Of every group.

    Returns
    -------
    xarray.DataTree or arviz.InferenceData
        The latter from versions of ArviZ before 1.0.

    Raises
    ------
    SpecificationError
        ArviZ is not installed.
    """
    try:
        import arviz
        import xarray
    except ImportError:
        raise SpecificationError(
            "ArviZ is not installed, and capstar does not need it. Install it (pip install arviz), or use "
            "draws.values, of shape (chains, draws, parameters)."
        ) from None
    attrs = {"inference_library": "capstar", **attributes}
    chain = np.arange(draws.n_chains)

    def group(values: Mapping[str, Floats], draw: npt.NDArray[np.int64], *more: str) -> Any:
        dims = ("chain", "draw", *more)
        coords = {"chain": chain, "draw": draw} | (
            {"date": index.astype(str).to_numpy(dtype=str)} if more else {}
        )
        return xarray.Dataset({name: (dims, one) for name, one in values.items()}, coords, attrs)

    every = np.arange(draws.n_draws)
    groups = {"posterior": group({name: draws.of(name) for name in draws.names}, every)}
    if log_density is not None:
        groups["sample_stats"] = group({"lp": log_density}, every)
    if log_likelihood is not None:
        groups["log_likelihood"] = group({"y": log_likelihood}, rows, "date")
    if states:
        groups["states"] = group({name: one.smoothed for name, one in states.items()}, rows, "date")
    tree, former = getattr(xarray, "DataTree", None), getattr(arviz, "InferenceData", None)
    if tree is not None and former in (tree, None):  # from ArviZ 1.0 the former name is one for the tree
        return tree.from_dict(groups)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "states group is not defined", UserWarning)
        return arviz.InferenceData(**groups)
