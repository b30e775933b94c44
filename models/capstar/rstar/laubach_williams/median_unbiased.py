"""Median-unbiased estimation of a small variance (Stock and Watson 1998)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import DataError, SpecificationError

Floats = npt.NDArray[np.float64]
Functional = Literal["EW", "MW", "QLR", "L"]

# Stock and Watson (1998), table 3: median of each statistic at lambda = 0, 1, ..., 30.
MEDIANS: Mapping[Functional, tuple[float, ...]] = {
    "EW": (
        0.426, 0.476, 0.516, 0.661, 0.826, 1.111, 1.419, 1.762, 2.355, 2.910, 3.413, 3.868, 4.925, 5.684,
        6.670, 7.690, 8.477, 9.191, 10.693, 12.024, 13.089, 14.440, 16.191, 17.332, 18.699, 20.464, 21.667,
        23.851, 25.538, 26.762, 27.874,
    ),
    "MW": (
        0.689, 0.757, 0.806, 1.015, 1.234, 1.632, 2.018, 2.390, 3.081, 3.699, 4.222, 4.776, 5.767, 6.586,
        7.703, 8.683, 9.467, 10.101, 11.639, 13.039, 13.900, 15.214, 16.806, 18.330, 19.020, 20.562,
        21.837, 24.350, 26.248, 27.089, 27.758,
    ),
    "QLR": (
        3.198, 3.416, 3.594, 4.106, 4.848, 5.689, 6.682, 7.626, 9.160, 10.660, 11.841, 13.098, 15.451,
        17.094, 19.423, 21.682, 23.342, 24.920, 28.174, 30.736, 33.313, 36.109, 39.673, 41.955, 45.056,
        48.647, 50.983, 55.514, 59.278, 61.311, 64.016,
    ),
    "L": (
        0.118, 0.127, 0.137, 0.169, 0.205, 0.266, 0.327, 0.387, 0.490, 0.593, 0.670, 0.768, 0.908, 1.036,
        1.214, 1.360, 1.471, 1.576, 1.799, 2.016, 2.127, 2.327, 2.569, 2.785, 2.899, 3.108, 3.278, 3.652,
        3.910, 4.015, 4.120,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BreakStatistics:
    """Wald statistics for one break in a coefficient at an unknown date.

    Attributes
    ----------
    t_statistic
        Of the post-break dummy at each candidate date, shape (n_dates,).
    dates
        Number of observations before each break, shape (n_dates,).
    nobs
        Number of observations.
    exp_wald, mean_wald, qlr
        Andrews-Ploberger, average and Quandt functionals of the squared t statistics.
    """

    t_statistic: Floats
    dates: npt.NDArray[np.int64]
    nobs: int
    exp_wald: float
    mean_wald: float
    qlr: float

    def value(self, functional: Functional) -> float:
        """One of the functionals by its name in Stock and Watson's tables."""
        by_name = {"EW": self.exp_wald, "MW": self.mean_wald, "QLR": self.qlr}
        if functional not in by_name:
            raise SpecificationError(f"functional={functional!r}; choose one of {list(by_name)}.")
        return by_name[functional]


@dataclass(frozen=True)
class TimeVaryingMean:
    """Median-unbiased estimates of how much the mean of a series moves.

    Attributes
    ----------
    table : pandas.DataFrame
        Rows ``L``, ``MW``, ``EW``, ``QLR``; columns ``statistic``, ``lambda`` and ``sigma``, the standard
        deviation of the change of the mean in one period, in units of the series.
    ar
        Coefficients of the autoregression that filtered the series, shape (lags,).
    long_run_sd
        Standard deviation of its error over ``1 - sum(ar)``.
    nobs
        Filtered observations, T.
    """

    table: pd.DataFrame
    ar: Floats
    long_run_sd: float
    nobs: int


def break_statistics(
    y: npt.ArrayLike, X: npt.ArrayLike, *, weights: npt.ArrayLike | None = None, trim: int = 4
) -> BreakStatistics:
    """Test the level of ``y`` given ``X`` for one break at every date.

    Parameters
    ----------
    y
        Dependent variable, shape (n,).
    X
        Regressors with a constant among them, shape (n, k).
    weights
        Of the observations, shape (n,); the error variance is then
        ``sum(w e^2) / (sum(w) - k - 1)``.
    trim
        Smallest number of observations on either side of a break.

    Raises
    ------
    DataError
        Fewer observations than both sides and the regressors need.

    References
    ----------
    Stock and Watson (1998), *JASA* 93(441), section 2; Holston, Laubach and Williams (2017, 2023).
    """
    y, X = np.asarray(y, dtype=float), np.asarray(X, dtype=float)
    n, k = X.shape
    if n < max(2 * trim, k + 2):
        raise DataError(
            f"{n} observations are too few for a break test; give at least {max(2 * trim, k + 2)}."
        )
    w = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    root = np.sqrt(w)
    dates = np.arange(trim, n - trim + 1)
    # Frisch-Waugh: every dummy and y less their projection on X, all dates at once.
    basis = np.linalg.qr(X * root[:, None])[0]
    dummies = (np.arange(n)[:, None] >= dates) * root[:, None]
    dummies = dummies - basis @ (basis.T @ dummies)
    rest = y * root - basis @ (basis.T @ (y * root))
    square = (dummies**2).sum(axis=0)
    # Dates between which every observation has weight zero give the same dummy; none may vanish.
    usable = square > 1e-10 * w.sum()
    dummies, square, dates = dummies[:, usable], square[usable], dates[usable]
    slope = (dummies.T @ rest) / square
    variance = ((rest @ rest) - slope**2 * square) / (w.sum() - k - 1)
    t_statistic = slope * np.sqrt(square / variance)
    return _functionals(t_statistic, dates, n)


def nyblom_statistic(y: npt.ArrayLike) -> float:
    """Statistic L of Nyblom (1989) for a constant mean, shape of ``y`` (n,).

    ``sum_t S_t^2 / (n^2 s^2)`` with ``S_t`` the partial sums of deviations from the mean and ``s^2`` their
    variance (n - 1 degrees of freedom, as in Stock and Watson's code).
    """
    y = np.asarray(y, dtype=float)
    sums = np.cumsum(y - y.mean())
    return float(sums @ sums / len(y) ** 2 / y.var(ddof=1))


def median_unbiased_lambda(statistic: float, functional: Functional = "EW") -> float:
    """Median-unbiased estimate of lambda, in units of Stock and Watson (divide by T to use it).

    Their table 3 is interpolated linearly: 0 below its first entry.

    Parameters
    ----------
    statistic
        Value of the break statistic.
    functional
        Which one it is: ``"EW"``, ``"MW"``, ``"QLR"`` or ``"L"``.

    Raises
    ------
    SpecificationError
        The functional is unknown, or the statistic lies beyond the table (lambda above 30).
    """
    if functional not in MEDIANS:
        raise SpecificationError(f"functional={functional!r}; choose one of {list(MEDIANS)}.")
    medians = MEDIANS[functional]
    if not statistic <= medians[-1]:
        raise SpecificationError(
            f"The {functional} statistic {statistic:.3f} is above {medians[-1]}, the end of Stock and "
            "Watson's table 3 (lambda = 30). Look for an outlier or a level shift in the data, or give "
            "lambda_g and lambda_z yourself."
        )
    return float(np.interp(statistic, medians, np.arange(len(medians))))


def time_varying_mean(
    y: pd.Series | npt.ArrayLike,
    *,
    lags: int = 4,
    ar: npt.ArrayLike | None = None,
    trim: float = 0.15,
) -> TimeVaryingMean:
    """How much the mean of a series moves: Stock and Watson's trend growth of GDP.

    The model is ``y_t = beta_t + u_t`` with ``beta`` a random walk and ``a(L) u_t = e_t``.  The series is
    filtered by ``a(L)``, its mean tested for a break, and lambda read off table 3; the change of the mean
    then has standard deviation ``lambda / T * sd(e) / a(1)``.

    Parameters
    ----------
    y
        Series, shape (n,), oldest first, without missing values.
    lags
        Order of the autoregression.
    ar
        Its coefficients, in place of least squares with a constant.
    trim
        Share of the sample on either side of a break.

    Raises
    ------
    DataError
        A value is missing or there are too few.
    SpecificationError
        The autoregression is not stationary in the sum of its coefficients.

    References
    ----------
    Stock and Watson (1998), section 4 and table 4.
    """
    y = np.asarray(y, dtype=float)
    if np.isnan(y).any():
        raise DataError(
            f"Value {int(np.isnan(y).argmax()) + 1} of the series is missing. Fill it or cut there."
        )
    order = lags if ar is None else len(np.atleast_1d(np.asarray(ar)))
    if len(y) < 2 * order + 20:
        raise DataError(f"{len(y)} values are too few for {order} lags; give at least {2 * order + 20}.")
    past = np.column_stack([y[order - k : len(y) - k] for k in range(1, order + 1)])
    if ar is None:
        design = np.column_stack([past, np.ones(len(past))])
        coefficients: Floats = np.linalg.lstsq(design, y[order:], rcond=None)[0][:order]
    else:
        coefficients = np.atleast_1d(np.asarray(ar, dtype=float))
    if coefficients.sum() >= 1:
        raise SpecificationError(
            f"The coefficients of the autoregression sum to {coefficients.sum():.3f}: the series has no "
            "stationary part around its mean. Take differences first."
        )
    filtered = y[order:] - past @ coefficients
    return _mean_table(filtered, coefficients, trim)


def _mean_table(filtered: Floats, ar: Floats, trim: float) -> TimeVaryingMean:
    n = len(filtered)
    found = break_statistics(filtered, np.ones((n, 1)), trim=int(np.floor(trim * n)))
    statistics = {
        "L": nyblom_statistic(filtered),
        "MW": found.mean_wald,
        "EW": found.exp_wald,
        "QLR": found.qlr,
    }
    long_run = float(filtered.std(ddof=1) / (1 - ar.sum()))
    lambdas = {name: median_unbiased_lambda(value, name) for name, value in statistics.items()}  # type: ignore[arg-type]
    table = pd.DataFrame({"statistic": statistics, "lambda": lambdas})
    table["sigma"] = table["lambda"] / n * long_run
    return TimeVaryingMean(table, ar, long_run, n)


def _functionals(t_statistic: Floats, dates: npt.NDArray[np.int64], n: int) -> BreakStatistics:
    wald = t_statistic**2
    peak = wald.max()
    exp_wald = peak / 2 + np.log(np.mean(np.exp((wald - peak) / 2)))
    return BreakStatistics(t_statistic, dates, n, float(exp_wald), float(wald.mean()), float(peak))
