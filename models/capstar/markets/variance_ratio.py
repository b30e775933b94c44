"""Variance ratios: the variance of returns by horizon, against that of a random walk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.markets.indicators import Floats, checked_prices
from capstar.provenance import Source, source_of
from capstar.reporting import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class VarianceRatio(Result):
    """Variance ratios by horizon, and tests that they are one.

    Attributes
    ----------
    table : pandas.DataFrame
        By horizon k: ``vr``, above 1 where returns persist and below where they revert; ``m1`` and ``m2``, the
        statistics of Lo and MacKinlay, standard normal in large samples under homoskedasticity (m1) or
        heteroskedasticity (m2), with two-sided ``p1`` and ``p2``; ``r1``, ``r2`` (ranks) and ``s1`` (signs)
        of Wright, whose exact distributions are not normal in small samples.
    nobs
        Returns.
    debiased
        Whether the variances are unbiased.

    Examples
    --------
    >>> import capstar as cs
    >>> small = cs.data.small_cap_returns()["small"]
    >>> index = (1 + small / 100).cumprod()
    >>> found = cs.markets.variance_ratio(index, horizons=(2, 12))
    >>> print(found.nobs, found.debiased)
    818 True
    >>> figure = found.plot(level=0.9)
    """

    table: pd.DataFrame
    nobs: int
    debiased: bool

    @property
    def title(self) -> str:
        """Number of returns and kind of variances."""
        kind = "unbiased variances" if self.debiased else "variances not corrected for bias"
        return f"Variance ratios, {self.nobs} returns, {kind}"

    def plot(self, ax: Any = None, *, level: float = 0.95) -> Figure:
        """Ratios by horizon, in intervals of a coverage that are robust to heteroskedasticity."""
        from capstar.plotting.markets import plot_variance_ratios

        se = (self.table["vr"] - 1.0) / self.table["m2"]
        return plot_variance_ratios(self.table["vr"], se, level=level, source=self.provenance, ax=ax)

    @property
    def provenance(self) -> Source:
        """The prices, and how many returns there are."""
        return source_of(self.table, sample=f"{self.nobs} returns")


@checked
def variance_ratio(
    prices: pd.Series, horizons: Iterable[int] = (2, 4, 8, 16), *, debiased: bool = True
) -> VarianceRatio:
    r"""Variance-ratio tests of a random walk.

    :math:`VR(k)` is the variance of overlapping k-period log returns by k times that of one-period returns.

    Parameters
    ----------
    prices
        By date, evenly spaced.
    horizons
        k, periods; at least 2 and less than the number of returns.
    debiased
        Unbiased variances, Lo and MacKinlay's equations (12) and (13); else sums of squares by the number of
        returns.  Wright's statistics are the same either way.

    Raises
    ------
    DataError
        The prices cannot be used (`checked_prices`), or never move.
    SpecificationError
        A horizon is out of bounds, or there is none.

    References
    ----------
    Lo and MacKinlay (1988), "Stock market prices do not follow random walks", *Review of Financial Studies*
    1(1), equations (12) to (20); Wright (2000), "Alternative variance-ratio tests using ranks and signs",
    *Journal of Business & Economic Statistics* 18(1).

    Examples
    --------
    >>> import capstar as cs
    >>> small = cs.data.small_cap_returns()["small"]
    >>> index = (1 + small / 100).cumprod()
    >>> cs.markets.variance_ratio(index, horizons=(2, 12)).table[["vr", "m2", "p2", "r1", "s1"]].round(2)
          vr    m2    p2    r1    s1
    k
    2   1.20  4.69  0.00  5.48  4.69
    12  1.24  1.59  0.11  3.03  4.93
    """
    horizons = list(horizons)
    r = np.diff(np.log(checked_prices(prices).to_numpy()))
    if not horizons or min(horizons) < 2 or max(horizons) >= len(r):
        raise SpecificationError(
            f"horizons={horizons} with {len(r)} returns; choose some from 2 to {len(r) - 1}."
        )
    if not _varies(r):
        raise DataError(f"{prices.name}: every return is the same. A variance ratio needs prices that move.")
    table = _statistics(r, horizons, debiased)
    table = table.assign(**{f"p{k}": 2.0 * scipy.stats.norm.sf(table[f"m{k}"].abs()) for k in (1, 2)})
    return VarianceRatio(table[["vr", "m1", "p1", "m2", "p2", "r1", "r2", "s1"]], len(r), debiased)


@checked
def rolling_variance_ratio(prices: pd.Series, n: int, k: int = 2) -> pd.Series:
    """Variance ratio of the last n returns, unbiased, at each date.

    Parameters
    ----------
    prices
        By date, evenly spaced.
    n
        Returns in the window; the first n dates are NaN, and those over which every return is the same.
    k
        Horizon, periods.

    Raises
    ------
    SpecificationError
        k is less than 2, or not less than n.

    Examples
    --------
    >>> import capstar as cs
    >>> small = cs.data.small_cap_returns()["small"]
    >>> index = (1 + small / 100).cumprod()
    >>> cs.markets.rolling_variance_ratio(index, n=120, k=12).round(2).tail(2).tolist()
    [1.48, 1.48]
    """
    if not 2 <= k < n:
        raise SpecificationError(f"k={k}, n={n}; choose k from 2 to n - 1.")
    price = checked_prices(prices)
    out = np.full(len(price), np.nan)
    if n < len(price):
        r = np.diff(np.log(price.to_numpy()))
        one, many = _windows(r, n), _windows(_windows(r, k).sum(axis=-1), n - k + 1)
        mean = one.mean(axis=-1, keepdims=True)
        above = ((many - k * mean) ** 2).sum(axis=-1)
        below = k * ((one - mean) ** 2).sum(axis=-1)
        ratio = np.divide(above, below, out=np.full(len(below), np.nan), where=_varies(one))
        out[n:] = ratio * _unbiased(n, k)
    return pd.Series(out, price.index, name=f"variance_ratio{k}")


def _statistics(r: Floats, horizons: list[int], debiased: bool) -> pd.DataFrame:
    n, x, rank = len(r), r - r.mean(), scipy.stats.rankdata(r)
    scores = {
        "r1": (rank - (n + 1) / 2) / np.sqrt((n - 1) * (n + 1) / 12),
        "r2": scipy.stats.norm.ppf(rank / (n + 1)),
        "s1": np.where(r > 0, 1.0, -1.0),
    }
    delta = _delta(x, max(horizons) - 1)
    rows = []
    for k in horizons:
        vr = _ratio(x, k) * (_unbiased(n, k) if debiased else 1.0)
        plain = np.sqrt(2 * (2 * k - 1) * (k - 1) / (3 * k * n))  # standard error under homoskedasticity
        weights = 2.0 * (1.0 - np.arange(1, k) / k)
        robust = np.sqrt((weights**2 * delta[: k - 1]).sum())
        row = {"vr": vr, "m1": (vr - 1.0) / plain, "m2": (vr - 1.0) / robust}
        rows.append(row | {name: (_ratio(score, k) - 1.0) / plain for name, score in scores.items()})
    return pd.DataFrame(rows, pd.Index(horizons, name="k"))


def _windows(x: Floats, n: int) -> Floats:
    return np.lib.stride_tricks.sliding_window_view(x, n)


def _varies(x: Floats) -> npt.NDArray[np.bool_]:
    """Whether the last axis varies by more than the rounding of a constant."""
    varies: npt.NDArray[np.bool_] = x.var(axis=-1) > 1e-20 * (x**2).mean(axis=-1)
    return varies


def _ratio(x: Floats, k: int) -> float:
    """Mean square of sums of k, by k and the mean square."""
    return float((_windows(x, k).sum(axis=-1) ** 2).sum() / (k * (x**2).sum()))


def _unbiased(n: int, k: int) -> float:
    """Factor that turns sums of squares by n and n k into unbiased variances."""
    return (n - 1) / ((n - k + 1) * (1 - k / n))


def _delta(x: Floats, lags: int) -> Floats:
    """Variance of each autocorrelation under heteroskedasticity."""
    square = x**2
    products = np.array([(square[j:] * square[:-j]).sum() for j in range(1, lags + 1)], dtype=float)
    delta: Floats = products / square.sum() ** 2
    return delta
