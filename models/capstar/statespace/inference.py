"""Covariance of the estimated parameters."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats
from capstar.statespace.maximum_likelihood import MaximumLikelihood
from capstar.statespace.problem import Problem

CovarianceKind = Literal["hessian", "opg", "sandwich"]


def covariance(problem: Problem, fit: MaximumLikelihood, kind: CovarianceKind) -> pd.DataFrame:
    """Covariance of the free parameters, shape (k, k); ``"hessian"``, ``"opg"`` or ``"sandwich"``."""
    kinds = {"hessian": hessian_cov, "opg": outer_product_cov, "sandwich": sandwich_cov}
    if kind not in kinds:
        raise SpecificationError(f"kind={kind!r}; choose one of {list(kinds)}.")
    return kinds[kind](problem, fit)


def hessian_cov(_: Problem, fit: MaximumLikelihood) -> pd.DataFrame:
    """Inverse of minus the Hessian; parameters at a bound are treated as known: their rows and columns are NaN."""
    names = [name for name in fit.free if not fit.at_bound[name]]
    return _labelled(_inverse(-fit.hessian.loc[names, names].to_numpy()), names, fit)


def outer_product_cov(problem: Problem, fit: MaximumLikelihood) -> pd.DataFrame:
    r"""Inverse of the outer product of scores, :math:`(\sum_t s_t s_t')^{-1}`.

    As in the code of Laubach and Williams (2003): every free parameter takes part, also one at its
    bound; unless its score is zero throughout, as that of a standard deviation of zero: its row and column
    are NaN.

    Parameters
    ----------
    problem, fit
        Likelihood and its maximum.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.statespace.examples import nile_fit
    >>> found = nile_fit()
    >>> cov = cs.statespace.outer_product_cov(found.problem, found.ml)
    >>> cs.statespace.standard_errors(cov).round(1).to_dict()
    {'s_eps': 10.5, 's_eta': 11.0}
    """
    scores = problem.score_obs(fit.params)[list(fit.free)]
    scores = scores.loc[:, (scores != 0).any()]
    return _labelled(_inverse(scores.to_numpy().T @ scores.to_numpy()), list(scores), fit)


def sandwich_cov(problem: Problem, fit: MaximumLikelihood) -> pd.DataFrame:
    r"""Robust covariance :math:`H^{-1} (\sum_t s_t s_t') H^{-1}` (White 1982).

    Parameters at a bound are treated as known: their rows and columns are NaN.

    Parameters
    ----------
    problem, fit
        Likelihood and its maximum.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.statespace.examples import nile_fit
    >>> found = nile_fit()
    >>> cov = cs.statespace.sandwich_cov(found.problem, found.ml)
    >>> cs.statespace.standard_errors(cov).round(1).to_dict()
    {'s_eps': 16.8, 's_eta': 25.5}
    """
    names = [name for name in fit.free if not fit.at_bound[name]]
    scores = problem.score_obs(fit.params)[names].to_numpy()
    bread = _inverse(fit.hessian.loc[names, names].to_numpy())
    return _labelled(bread @ (scores.T @ scores) @ bread, names, fit)


def standard_errors(cov: pd.DataFrame) -> pd.Series:
    """Square roots of the diagonal.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.statespace.examples import nile_fit
    >>> found = nile_fit()
    >>> cs.statespace.standard_errors(found.cov_params()).round(1).to_dict()
    {'s_eps': 12.8, 's_eta': 16.7}
    """
    return pd.Series(np.sqrt(np.diag(cov.to_numpy())), cov.index, name="std_error")


def _labelled(cov: Floats, names: list[str], fit: MaximumLikelihood) -> pd.DataFrame:
    return pd.DataFrame(cov, names, names).reindex(index=list(fit.free), columns=list(fit.free))


def _inverse(matrix: Floats) -> Floats:
    """Inverse in units that make the diagonal one, which keeps wide scales apart accurate."""
    unit = 1.0 / np.sqrt(np.abs(np.diag(matrix)))
    scaled = matrix * np.outer(unit, unit)
    return np.linalg.inv(scaled) * np.outer(unit, unit)
