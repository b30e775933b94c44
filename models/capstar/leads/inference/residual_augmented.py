"""Residual-augmented IVX: the part of the return that goes with the predictors' own shocks is taken out first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy
from scipy.special import ndtr

from capstar.arguments import checked
from capstar.leads.alignment import AlignedSample
from capstar.leads.checks import require_count
from capstar.leads.inference.instrument import corrected, instrument, variances
from capstar.leads.inference.ivx import aligned_arrays
from capstar.leads.inference.protocol import TestResult
from capstar.leads.inference.registry import register
from capstar.leads.inference.wild_null import lagged
from capstar.leads.numerics import residuals
from capstar.leads.records import SlopeTable

Floats = npt.NDArray[np.float64]
_LARGEST_ORDER = 5


@dataclass(frozen=True)
class ResidualAugmentedIVX(SlopeTable):
    """Residual-augmented IVX estimates.

    Attributes
    ----------
    table : pandas.DataFrame
        By predictor: ``slope`` of the return over the horizon, ``se``, ``t``, ``p`` (normal, two-sided), ``p_less`` and
        ``p_greater`` against negative and positive slopes, and ``gamma``, the return's slope on the predictor's shock.
    wald, p
        Joint test; chi-squared with as many degrees of freedom as predictors.
    order
        Lags of the predictors' autoregression.
    horizon
        Periods of the return.
    nobs
        Rows.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.in_period()
    >>> found = cs.leads.residual_augmented_ivx(y, x)
    >>> print(found.order, found.nobs, round(found.p, 2))
    1 159 0.89
    """

    table: pd.DataFrame
    wald: float
    p: float
    order: int
    horizon: int
    nobs: int

    @property
    def title(self) -> str:
        """Order, horizon and the joint test."""
        return (
            f"Residual-augmented IVX, order {self.order}, over {self.horizon} period(s): joint Wald {self.wald:.4f}, p "
            f"{self.p:.4f}"
        )


@checked
def residual_augmented_ivx(
    returns: pd.Series,
    predictors: pd.Series | pd.DataFrame,
    *,
    horizon: int = 1,
    lags: int | None = None,
) -> ResidualAugmentedIVX:
    """IVX of returns less what goes with the predictors' shocks, robust to heteroskedasticity, at any horizon.

    Taking out the predictors' estimated shocks removes most of the correlation that distorts tests with persistent
    predictors; over a longer horizon the instrument is summed, not the errors, so that the slope is that of the
    h-period return.

    Parameters
    ----------
    returns, predictors
        As in `capstar.leads.ivx`.
    horizon
        h, periods of the return.
    lags
        Of the predictors' autoregression in levels, without a constant; by default of 1 to 5 by Akaike's criterion.

    Raises
    ------
    DataError, SpecificationError
        As in `capstar.leads.ivx`; too many lags.

    References
    ----------
    Demetrescu and Rodrigues (2022), "Residual-augmented IVX predictive regression", *Journal of Econometrics* 227,
    equations 6, 9 and 14; Demetrescu, Rodrigues and Taylor (2023), *Journal of Econometrics* 237, 105316, equations
    4.4, 4.9, 4.11 and 5.5 to 5.7.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.in_period()
    >>> cs.leads.residual_augmented_ivx(y, x, horizon=4).table[["slope", "t", "p", "gamma"]].round(2)
               slope     t     p  gamma
    rstar_gap  -1.13 -0.77  0.44  -0.22
    """
    y, x, names = aligned_arrays(returns, predictors, horizon)
    if lags is not None:
        require_count("lags", lags, 1, (len(x) - horizon - 10) // (len(names) + 1), f"{len(x)} periods")
    p = _akaike_order(x) if lags is None else lags
    e = _shocks(x, p)
    e -= e.mean(axis=0)
    rows = len(e)
    target, before = y[p:] - y[p:].mean(), x[p - 1 : -1] - x[p - 1 : -1].mean(axis=0)
    gamma = np.linalg.lstsq(e, target, rcond=None)[0]
    z = instrument(x[None])[0, p - 1 :]
    summed = _overlapped(z, horizon)
    used = rows - horizon + 1
    bread = np.linalg.inv(z[:used].T @ before[:used])
    slope = bread @ (summed.T @ (target - e @ gamma))
    past = lagged(x, p)
    left = residuals(target, np.column_stack([before, e]))
    meat = _meat(summed, left, past - past.mean(axis=0), e @ gamma)
    if horizon == 1:
        kept = variances(left[None, :, None], e[None])[1]
        meat = corrected(meat[None], z[None], kept)[0][0]
    cov = bread @ meat @ bread.T
    se, wald = np.sqrt(np.diag(cov)), float(slope @ np.linalg.solve(cov, slope))
    t = slope / se
    table = pd.DataFrame(
        {
            "slope": slope, "se": se, "t": t, "p": 2 * ndtr(-np.abs(t)), "p_less": ndtr(t), "p_greater": ndtr(-t),
            "gamma": gamma,
        },
        names,
    )  # fmt: skip
    return ResidualAugmentedIVX(table, wald, float(scipy.stats.chi2.sf(wald, len(names))), p, horizon, rows)


def _meat(z: Floats, a: Floats, past: Floats, own: Floats) -> Floats:
    """White's middle matrix, and what estimating the predictors' autoregression on ``past`` adds to it."""
    projected = (z.T @ past) @ np.linalg.inv(past.T @ past)
    weighted, added = z * a[:, None], (past * own[:, None]) @ projected.T
    out: Floats = weighted.T @ weighted + added.T @ added
    return out


def _overlapped(z: Floats, horizon: int) -> Floats:
    """Sums of the instruments of the h-period returns that a row's return belongs to."""
    if horizon == 1:
        return z
    total = np.concatenate([np.zeros((1, z.shape[1])), np.cumsum(z, axis=0)])
    rows = np.arange(len(z))
    out: Floats = total[np.minimum(rows, len(z) - horizon) + 1] - total[np.maximum(rows - horizon + 1, 0)]
    return out


def _shocks(x: Floats, p: int) -> Floats:
    """Residuals of a vector autoregression in levels without a constant, (T - p, k)."""
    return residuals(x[p:], lagged(x, p))


def _akaike_order(x: Floats) -> int:
    """Lags of 1 to 5 with the smallest Akaike criterion, on the rows that five lags leave."""
    rows, k = len(x) - _LARGEST_ORDER, x.shape[1]
    criteria = []
    for p in range(1, _LARGEST_ORDER + 1):
        left = _shocks(x[_LARGEST_ORDER - p :], p)
        criteria.append(np.linalg.slogdet(left.T @ left / rows)[1] + 2 * p * k**2 / rows)
    return int(np.argmin(criteria)) + 1


class ResidualAugmented:
    """`residual_augmented_ivx` of one predictor."""

    key: ClassVar[str] = "ra_ivx"
    statistic: ClassVar[str] = "t"
    label: ClassVar[str] = "RA-IVX"
    name: ClassVar[str] = "residual-augmented IVX t, White"
    citation: ClassVar[str] = "Demetrescu and Rodrigues (2022), Demetrescu, Rodrigues and Taylor (2023)"
    assumes: ClassVar[str] = "a predictor of whatever persistence; variances that may move; any horizon"
    shown: ClassVar[tuple[str, ...]] = ("p",)
    adjusted: ClassVar[bool] = False

    def run(self, sample: AlignedSample, horizon: int) -> TestResult:
        """Test its own slope of the return over the horizon."""
        found = residual_augmented_ivx(*sample.in_period(), horizon=horizon)
        row = found.table.iloc[0]
        note = f"normal, autoregression of order {found.order}"
        result = TestResult.of_slope(float(row["slope"]), float(row["se"]), note=note)
        return replace(result, columns={**result.columns, "slope": float(row["slope"])})


register(ResidualAugmented())
