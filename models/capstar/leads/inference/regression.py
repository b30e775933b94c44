"""Predictive regressions with overlapping returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import DataError
from capstar.leads.alignment import cumulate_after, overlap_lags
from capstar.leads.numerics import normal_p, with_constant

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PredictiveRegression:
    """Regression of the return over the next h quarters on a predictor.

    Attributes
    ----------
    horizon
        h, quarters.
    nobs
        Overlapping observations.
    first, last
        First and last quarter of the predictor.
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
    """

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


def predictive_regression(
    predictor: pd.Series,
    returns: pd.Series,
    *,
    horizon: int,
    publication_lag: int = 1,
    lags: int | None = None,
) -> PredictiveRegression:
    """Regress returns after publication on a quarterly predictor.

    Parameters
    ----------
    predictor
        On a quarterly PeriodIndex; the value of a quarter must use no later data.
    returns
        Simple returns, percent a month, on a monthly PeriodIndex.
    horizon
        Quarters.
    publication_lag
        Months until a quarter's data are known; see `capstar.leads.cumulate_after`.
    lags
        Of Newey and West; by default the larger of h - 1 and floor(4 (T/100)^(2/9)).

    Raises
    ------
    DataError
        Too little overlap, a missing value inside, or a predictor that does not vary.
    """
    x = _checked(predictor)
    y = cumulate_after(returns, x.index, horizon=horizon, publication_lag=publication_lag).dropna()
    quarterly = cumulate_after(returns, x.index, publication_lag=publication_lag).dropna()
    if len(y) < 10 + 2 * horizon:
        raise DataError(
            f"{predictor.name} ({x.index[0]}-{x.index[-1]}) and {returns.name} ({returns.index[0]}-"
            f"{returns.index[-1]}) share {len(y)} quarters with a return over {horizon} quarters; at least "
            f"{10 + 2 * horizon} are needed. Give longer series or a shorter horizon."
        )
    x_used = x.loc[y.index].to_numpy(dtype=float)
    if np.ptp(x_used) == 0:
        raise DataError(
            f"{predictor.name} does not vary in {y.index[0]}-{y.index[-1]}. Give another predictor."
        )
    chosen = overlap_lags(len(y), horizon) if lags is None else lags
    beta, nw_se, r_squared = newey_west(y.to_numpy(), x_used, lags=chosen)
    hodrick = hodrick_1b(quarterly.to_numpy(), x.loc[quarterly.index].to_numpy(dtype=float), horizon)
    return PredictiveRegression(
        horizon,
        len(y),
        y.index[0],
        y.index[-1],
        float(beta[1]),
        float(beta[0]),
        r_squared,
        nw_se,
        chosen,
        hodrick,
    )


def newey_west(y: npt.ArrayLike, x: npt.ArrayLike, *, lags: int) -> tuple[Floats, float, float]:
    """Least squares with a constant; standard error of Newey and West (1987).

    Parameters
    ----------
    y, x
        Shape (n,), aligned.
    lags
        Number of autocovariances, Bartlett weights; 0 gives White's HC0.

    Returns
    -------
    beta, se, r_squared
        Intercept and slope, standard error of the slope, R squared.
    """
    from statsmodels.regression.linear_model import OLS

    design = with_constant(x)
    options = {"maxlags": lags, "use_correction": False}
    fit = OLS(np.asarray(y, dtype=float), design).fit(cov_type="HAC", cov_kwds=options)
    return np.asarray(fit.params), float(fit.bse[1]), float(fit.rsquared)


def hodrick_1b(returns: npt.ArrayLike, x: npt.ArrayLike, horizon: int) -> float:
    """Standard error 1B of Hodrick (1992), equation 8, under no predictability.

    Parameters
    ----------
    returns
        One-period returns, shape (T,): ``returns[t]`` is that of the period after ``x[t]``.
    x
        Predictor, shape (T,).
    horizon
        Number of periods the dependent variable sums.

    Returns
    -------
    float
        Of the slope on ``x`` in the regression of the next ``horizon`` returns on a constant and ``x``.
    """
    r, x = np.asarray(returns, dtype=float), np.asarray(x, dtype=float)
    design = with_constant(x)
    bread = np.linalg.inv(design[: x.size - horizon + 1].T @ design[: x.size - horizon + 1])
    summed = np.cumsum(design, axis=0)
    window = summed[horizon - 1 :].copy()
    window[1:] -= summed[:-horizon]
    errors = (r - r.mean())[horizon - 1 :]
    meat = (window * errors[:, None] ** 2).T @ window
    return float(np.sqrt((bread @ meat @ bread)[1, 1]))


def _checked(predictor: pd.Series) -> pd.Series:
    index = predictor.index
    if not isinstance(index, pd.PeriodIndex) or not index.freqstr.startswith("Q"):
        raise DataError(
            f"{predictor.name}: the predictor must be on a quarterly PeriodIndex, got {type(index).__name__}."
        )
    x = predictor.loc[predictor.first_valid_index() : predictor.last_valid_index()]
    if x.isna().any():
        raise DataError(f"{predictor.name} has no value in {x.isna().idxmax()}. Fill it or cut the sample.")
    return x
