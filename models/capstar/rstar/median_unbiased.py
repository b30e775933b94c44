"""Median-unbiased estimation of a small variance (Stock and Watson 1998)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from capstar.errors import DataError, SpecificationError

Floats = npt.NDArray[np.float64]
Functional = Literal["exp_wald"]

# Stock and Watson (1998), table 3: median of the exponential Wald statistic at lambda = 0, 1, ..., 30.
_EXP_WALD = (
    0.426, 0.476, 0.516, 0.661, 0.826, 1.111, 1.419, 1.762, 2.355, 2.910, 3.413, 3.868, 4.925, 5.684,
    6.670, 7.690, 8.477, 9.191, 10.693, 12.024, 13.089, 14.440, 16.191, 17.332, 18.699, 20.464, 21.667,
    23.851, 25.538, 26.762, 27.874,
)  # fmt: skip


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
    slope = (dummies.T @ rest) / square
    variance = ((rest @ rest) - slope**2 * square) / (w.sum() - k - 1)
    t_statistic = slope * np.sqrt(square / variance)
    return _functionals(t_statistic, dates, n)


def median_unbiased_lambda(exp_wald: float) -> float:
    """Median-unbiased estimate of lambda, in units of Stock and Watson (divide by T to use it).

    Their table 3 is interpolated linearly: 0 below its first entry.

    Raises
    ------
    SpecificationError
        The statistic lies beyond the table (lambda above 30).
    """
    if not exp_wald <= _EXP_WALD[-1]:
        raise SpecificationError(
            f"The exponential Wald statistic {exp_wald:.3f} is above {_EXP_WALD[-1]}, the end of Stock and "
            "Watson's table 3 (lambda = 30). Look for an outlier or a level shift in the data, or give "
            "lambda_g and lambda_z yourself."
        )
    return float(np.interp(exp_wald, _EXP_WALD, np.arange(len(_EXP_WALD))))


def _functionals(t_statistic: Floats, dates: npt.NDArray[np.int64], n: int) -> BreakStatistics:
    wald = t_statistic**2
    peak = wald.max()
    exp_wald = peak / 2 + np.log(np.mean(np.exp((wald - peak) / 2)))
    return BreakStatistics(t_statistic, dates, n, float(exp_wald), float(wald.mean()), float(peak))
