"""Predictive regressions with overlapping returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.arguments import checked
from capstar.errors import DataError
from capstar.leads.alignment import AlignedSample, overlap_lags
from capstar.leads.checks import require_count, require_horizon, require_pairs, require_variation_of
from capstar.leads.inference.protocol import TestResult
from capstar.leads.inference.registry import register
from capstar.leads.numerics import normal_p, slope_on, with_constant
from capstar.leads.records import Estimates, Slope, around, period_name

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PredictiveRegression(Slope):
    """Regression of the return over the next h periods on a predictor.

    Attributes
    ----------
    horizon
        h, periods of the predictor.
    nobs
        Overlapping observations.
    first, last
        First and last period of the predictor.
    slope
        Percent of return over the horizon per unit of the predictor.
    intercept
        Percent.
    r_squared
        Of the regression.
    newey_west_se, newey_west_lags
        Standard error and number of autocovariances (Newey and West 1987).
    hodrick_se
        Standard error 1B of Hodrick (1992), which sums the predictor instead of the errors.

    Notes
    -----
    `bse`, `tvalues`, `pvalues` and `conf_int` are with Newey and West's standard error.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> found = cs.leads.predictive_regression(gap, returns["excess"], horizon=4)
    >>> print(round(found.slope, 2), round(found.newey_west_p, 2), round(found.hodrick_p, 2))
    -1.13 0.37 0.43
    """

    _columns = ("slope", "newey_west_se")
    horizon: int
    nobs: int
    first: pd.Period
    last: pd.Period
    slope: float
    intercept: float
    r_squared: float
    newey_west_se: float
    newey_west_lags: int
    hodrick_se: float

    @property
    def newey_west_p(self) -> float:
        """Two-sided normal p-value."""
        return normal_p(self.slope / self.newey_west_se)

    @property
    def hodrick_p(self) -> float:
        """Two-sided normal p-value."""
        return normal_p(self.slope / self.hodrick_se)

    @property
    def title(self) -> str:
        """Horizon and sample."""
        return (
            f"Returns over the next {self.horizon} {period_name(self.first)}(s) on a predictor, {self.first}-"
            f"{self.last}, {self.nobs} observations"
        )

    def _estimates(self) -> Estimates:
        ses = {"Newey-West": self.newey_west_se, "Hodrick 1B": self.hodrick_se}
        return {f"slope, {name}": around(self.slope, se) for name, se in ses.items()}


@checked
def predictive_regression(
    predictor: pd.Series,
    returns: pd.Series,
    *,
    horizon: int,
    publication_lag: int = 1,
    lags: int | None = None,
) -> PredictiveRegression:
    """Regress returns after publication on a quarterly or monthly predictor.

    Parameters
    ----------
    predictor
        On a quarterly or monthly PeriodIndex; a value must use no later data.
    returns
        Simple returns, percent a month, on a monthly PeriodIndex.
    horizon
        Quarters.
    publication_lag
        Months until a period's data are known; see `capstar.leads.cumulate_after`.
    lags
        Of Newey and West; by default the larger of h - 1 and floor(4 (T/100)^(2/9)).

    Raises
    ------
    DataError
        Too little overlap, a missing value inside, or a predictor that does not vary.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> found = cs.leads.predictive_regression(gap, returns["excess"], horizon=4, publication_lag=2)
    >>> print(found.first, found.last, found.nobs, found.newey_west_lags)
    1969Q4 2009Q3 160 4
    """
    sample = AlignedSample.of(returns, predictor, horizon, publication_lag=publication_lag)
    return regress(sample, horizon, lags=lags)


def regress(sample: AlignedSample, horizon: int, *, lags: int | None = None) -> PredictiveRegression:
    """As `predictive_regression`, of a sample that is aligned."""
    y, x = sample.pairs(horizon)
    if len(y) < 10 + 2 * horizon:
        whole, returns = sample.x.index, sample.after[horizon].name
        unit = f"{period_name(whole[0])}s"
        raise DataError(
            f"{x.name} ({whole[0]}-{whole[-1]}) and {returns} share {len(y)} {unit} with a return over "
            f"{horizon} {unit}; at least {10 + 2 * horizon} are needed. Give longer series or a shorter horizon."
        )
    require_variation_of(x.to_numpy(), x.name)
    chosen = overlap_lags(len(y), horizon) if lags is None else lags
    beta, nw_se, r_squared = newey_west(y, x, lags=chosen)
    hodrick = hodrick_1b(*sample.pairs(1), horizon, rows=len(y))
    return PredictiveRegression(
        horizon, len(y), y.index[0], y.index[-1], float(beta[1]), float(beta[0]), r_squared, nw_se, chosen, hodrick
    )  # fmt: skip


@checked
def newey_west(y: npt.ArrayLike, x: npt.ArrayLike, *, lags: int) -> tuple[Floats, float, float]:
    """Least squares with a constant; standard error of Newey and West (1987).

    Parameters
    ----------
    y, x
        Shape (n,), aligned.
    lags
        Number of autocovariances, Bartlett weights; 0 gives White's HC0.

    Raises
    ------
    DataError
        Unequal lengths, a value missing, a regressor that does not vary, or fewer than 10 observations.
    SpecificationError
        Lags not between 0 and the number of observations less 1.

    Returns
    -------
    beta, se, r_squared
        Intercept and slope, standard error of the slope, R squared.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.pairs()
    >>> coefficients, se, r_squared = cs.leads.newey_west(y, x, lags=4)
    >>> print(coefficients.round(2), round(se, 2), round(r_squared, 4))
    [ 1.12 -0.09] 0.42 0.0003
    """
    from statsmodels.regression.linear_model import OLS

    y, x = require_pairs(y, x)
    require_count("lags", lags, 0, len(y) - 1, f"{len(y)} observations")
    design = with_constant(x)
    options = {"maxlags": lags, "use_correction": False}
    fit = OLS(y, design).fit(cov_type="HAC", cov_kwds=options)
    return np.asarray(fit.params), float(fit.bse[1]), float(fit.rsquared)


def slope_1b(y: Floats, x: Floats, horizon: int) -> tuple[float, float]:
    """Slope of the sum of the next returns, and its standard error 1B (`hodrick_1b`).

    Parameters
    ----------
    y
        One-period returns: ``y[k]`` follows ``x[k]``; they may go on after the predictor has ended.
    x
        Predictor, shape (T,).
    horizon
        Number of periods.
    """
    total = np.convolve(y, np.ones(horizon), "valid")[: len(x)]
    slope = float(slope_on(total, x[: len(total)]))
    return slope, hodrick_1b(y[: len(x)], x, horizon, rows=len(total))


@checked
def hodrick_1b(returns: npt.ArrayLike, x: npt.ArrayLike, horizon: int, *, rows: int | None = None) -> float:
    """Standard error 1B of Hodrick (1992), equation 8, under no predictability.

    Parameters
    ----------
    returns
        One-period returns, shape (T,): ``returns[t]`` is that of the period after ``x[t]``.
    x
        Predictor, shape (T,).
    horizon
        Number of periods the dependent variable sums.
    rows
        Rows of the regression, the first of ``x``: those whose return over the horizon is known.  By default the
        T - horizon + 1 whose returns are all in ``returns``; up to T where they go on after the predictor has ended.

    Returns
    -------
    float
        Of the slope on ``x`` in the regression of the next ``horizon`` returns on a constant and ``x``.

    Raises
    ------
    DataError
        Unequal lengths, a value missing, a predictor that does not vary, or fewer than 10 periods.
    SpecificationError
        The horizon leaves fewer than 10 rows, or ``rows`` is not valid.

    Notes
    -----
    The variance is :math:`N D^{-1} S D^{-1}` with :math:`D` summed over the N rows of the regression and :math:`S` the
    mean of the T - h + 1 products whose predictors are all known; as published N is T - h + 1 too.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.pairs()
    >>> print(round(cs.leads.hodrick_1b(y, x, horizon=4), 2))
    1.42
    """
    r, x = require_pairs(returns, x)
    require_horizon(horizon, x.size)
    windows = x.size - horizon + 1
    n = windows if rows is None else rows
    require_count("rows", n, windows, x.size, f"{x.size} periods and a horizon of {horizon}")
    design = with_constant(x)
    bread = np.linalg.inv(design[:n].T @ design[:n])
    summed = np.cumsum(design, axis=0)
    window = summed[horizon - 1 :].copy()
    window[1:] -= summed[:-horizon]
    errors = (r - r.mean())[horizon - 1 :]
    meat = (window * errors[:, None] ** 2).T @ window * (n / windows)
    return float(np.sqrt((bread @ meat @ bread)[1, 1]))


class NeweyWest:
    """Normal test of the slope with Newey and West's standard error."""

    key: ClassVar[str] = "newey_west"
    statistic: ClassVar[str] = "t"
    label: ClassVar[str] = "NW"
    name: ClassVar[str] = "Newey-West"
    citation: ClassVar[str] = "Newey and West (1987)"
    assumes: ClassVar[str] = "a stationary predictor and a horizon short relative to the sample"
    shown: ClassVar[tuple[str, ...]] = ("t",)
    adjusted: ClassVar[bool] = False

    def run(self, sample: AlignedSample, horizon: int) -> TestResult:
        """Test the slope of `regress`."""
        fit = regress(sample, horizon)
        note = f"normal, {fit.newey_west_lags} autocovariances"
        return TestResult.of_slope(fit.slope, fit.newey_west_se, note=note, lags=fit.newey_west_lags)


class Hodrick:
    """Normal test of the slope with Hodrick's standard error 1B."""

    key: ClassVar[str] = "hodrick"
    statistic: ClassVar[str] = "t"
    label: ClassVar[str] = "1B"
    name: ClassVar[str] = "Hodrick's standard error 1B"
    citation: ClassVar[str] = "Hodrick (1992)"
    assumes: ClassVar[str] = "a stationary predictor; returns unpredictable under the null; any horizon"
    shown: ClassVar[tuple[str, ...]] = ("t", "p")
    adjusted: ClassVar[bool] = True

    def run(self, sample: AlignedSample, horizon: int) -> TestResult:
        """Test the slope of `regress`."""
        fit = regress(sample, horizon)
        return TestResult.of_slope(fit.slope, fit.hodrick_se, note="normal, under no predictability")


register(NeweyWest())
register(Hodrick())
