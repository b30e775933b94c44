"""Limit distributions of forecast tests between nested models, by simulation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import SpecificationError

Floats = npt.NDArray[np.float64]
_BATCH = 2_000


def nested_critical_values(
    ratio: float,
    *,
    extra: int = 1,
    rolling: bool = False,
    levels: Sequence[float] = (0.10, 0.05, 0.01),
    draws: int = 60_000,
    steps: int = 1_000,
    seed: int = 0,
) -> pd.DataFrame:
    r"""Asymptotic critical values of MSE-F and ENC-NEW for one-step forecasts and stationary predictors.

    With :math:`\lambda = 1 / (1 + \pi)` and W a Brownian motion of as many dimensions as there are extra
    predictors, ENC-NEW tends to :math:`\Gamma_1` and MSE-F to :math:`2 \Gamma_1 - \Gamma_2`; recursive:
    :math:`\Gamma_1 = \int_\lambda^1 s^{-1} W'(s)\, dW(s)`,
    :math:`\Gamma_2 = \int_\lambda^1 s^{-2} W'(s) W(s)\, ds`; rolling: :math:`W(s) - W(s - \lambda)` for W and
    :math:`\lambda` for s in the weights.  They hold for homoskedastic errors; `capstar.leads.bootstrap_forecasts` needs
    neither that nor stationarity.

    Parameters
    ----------
    ratio
        :math:`\pi = P / R`: forecasts over observations before the first.
    extra
        k2, predictors the larger model adds.
    rolling
        Of a window of R observations, not all.
    levels
        Upper tail probabilities.
    draws, steps
        Paths drawn, and steps from 0 to 1 of each.
    seed
        Of the draws.

    Returns
    -------
    pandas.DataFrame
        Rows ``mse_f`` and ``enc_new``, columns such as ``5%``.

    Raises
    ------
    SpecificationError
        The ratio is not positive, or leaves fewer than 10 steps before or after.

    References
    ----------
    Clark and McCracken (2001), *Journal of Econometrics* 105, theorem 3.1; McCracken (2007), *Journal of
    Econometrics* 140, theorem 3.2.
    """
    known = round(steps / (1 + ratio)) if ratio > 0 else 0
    if not 10 <= known <= steps - 10 or extra < 1 or draws < 1_000:
        raise SpecificationError(
            f"ratio={ratio}, extra={extra}, steps={steps}, draws={draws}; give a positive ratio, at least one extra "
            "predictor, 10 steps before and after the first forecast, and 1,000 draws."
        )
    children = np.random.SeedSequence(seed).spawn(-(-draws // _BATCH))
    limits = np.concatenate(
        [_limits(np.random.default_rng(child), known, steps, extra, rolling) for child in children]
    )[:draws]
    columns = {f"{level:.0%}": np.quantile(limits, 1 - level, axis=0) for level in levels}
    return pd.DataFrame(columns, ["mse_f", "enc_new"])


def _limits(rng: np.random.Generator, known: int, steps: int, extra: int, rolling: bool) -> Floats:
    """One batch of draws of both limits, shape (batch, 2)."""
    gamma_1, gamma_2 = np.zeros(_BATCH), np.zeros(_BATCH)
    weight = 1 / known if rolling else 1 / np.arange(known, steps)
    for _ in range(extra):
        increments = rng.standard_normal((_BATCH, steps))
        path = np.cumsum(increments, axis=1)
        before = path[:, known - 1 : -1]
        if rolling:
            before = before - np.column_stack([np.zeros(_BATCH), path[:, : steps - known - 1]])
        gamma_1 += (weight * before * increments[:, known:]).sum(axis=1)
        gamma_2 += ((weight * before) ** 2).sum(axis=1)
    return np.stack([2 * gamma_1 - gamma_2, gamma_1], axis=1)
