"""Sharpe ratios with standard errors that hold for correlated, skewed and fat-tailed returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from capstar.arguments import checked
from capstar.errors import DataError
from capstar.leads.alignment import overlap_lags
from capstar.leads.numerics import normal_p
from capstar.leads.records import Estimates, Slope, around

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SharpeRatio(Slope):
    """Sharpe ratio, or a difference of two, of one period's excess returns.

    Attributes
    ----------
    ratio, se
        Per period; multiply both by the root of the number of periods for a year's, if returns are uncorrelated.
    p
        Two-sided normal p-value of zero.
    lags, nobs
        Autocovariances in the standard error; observations.

    Examples
    --------
    >>> import capstar as cs
    >>> found = cs.leads.sharpe_ratio(cs.data.small_cap_returns()["excess"])
    >>> print(f"{found.ratio * 12**0.5:.2f} a year, standard error {found.se * 12**0.5:.2f}")
    0.48 a year, standard error 0.14
    """

    _columns = ("ratio", "se")
    _unit = "Sharpe ratio a period; 95% interval"
    ratio: float
    se: float
    p: float
    lags: int
    nobs: int

    @property
    def title(self) -> str:
        """Value and p."""
        return f"Sharpe ratio {self.ratio:.4f} a period, p {self.p:.4f}, {self.nobs} periods"

    def _estimates(self) -> Estimates:
        return {"Sharpe ratio": around(self.ratio, self.se)}


@checked
def sharpe_ratio(
    excess: npt.ArrayLike, other: npt.ArrayLike | None = None, *, lags: int | None = None
) -> SharpeRatio:
    r"""Sharpe ratio of excess returns, or its difference from another's, with standard error.

    The error follows from the joint long-run covariance of returns and their squares (Bartlett weights) by
    the delta method, so it holds for skewed, fat-tailed and correlated returns.

    Parameters
    ----------
    excess
        One-period excess returns, shape (T,).
    other
        Subtracted: returns of the same periods.
    lags
        By default floor(4 (T/100)^(2/9)); 0 for uncorrelated returns.

    Raises
    ------
    DataError
        Fewer than 20 returns, a missing one, different lengths, or returns that do not vary.

    References
    ----------
    Lo (2002), "The statistics of Sharpe ratios", *Financial Analysts Journal* 58(4), non-IID case; Ledoit and Wolf
    (2008), "Robust performance hypothesis testing with the Sharpe ratio", *Journal of Empirical Finance* 15(5),
    section 3.1.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> found = cs.leads.sharpe_ratio(returns["excess"], returns["market"])
    >>> print(round(found.ratio, 3), round(found.p, 2))
    -0.015 0.48
    """
    series = [np.asarray(one, dtype=float) for one in ((excess,) if other is None else (excess, other))]
    if any(s.ndim != 1 or len(s) < 20 or len(s) != len(series[0]) for s in series):
        raise DataError(
            f"returns of shapes {[s.shape for s in series]}: expected one length, at least 20. Give more."
        )
    if not all(np.isfinite(s).all() and np.ptp(s) > 0 for s in series):
        raise DataError("excess returns have a missing value or do not vary. Give complete returns.")
    chosen = overlap_lags(len(series[0]), 1) if lags is None else lags
    signed = list(zip(series, (1.0, -1.0), strict=False))
    value = sum(sign * s.mean() / s.std(ddof=1) for s, sign in signed)
    gradient = np.concatenate([sign * _sharpe_gradient(s) for s, sign in signed])
    se = delta_se(series, gradient, chosen)
    p = normal_p(value / se) if se > 0 else float("nan")
    return SharpeRatio(float(value), se, p, chosen, len(series[0]))


def delta_se(series: list[Floats], gradient: Floats, lags: int) -> float:
    """Standard error of a function of the first two moments of each series."""
    from statsmodels.stats.sandwich_covariance import S_hac_simple

    moments = np.column_stack([column for s in series for column in (s, s**2)])
    centred = moments - moments.mean(axis=0)
    influence = centred @ gradient
    return float(np.sqrt(S_hac_simple(influence, nlags=lags).item()) / len(influence))


def _sharpe_gradient(r: Floats) -> Floats:
    """Derivatives of mean over standard deviation by the first and second moments."""
    mean, second = r.mean(), (r**2).mean()
    cubed = (second - mean**2) ** 1.5
    return np.array([second / cubed, -mean / (2 * cubed)])
