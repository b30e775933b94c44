"""How much the mean of a series moves: Stock and Watson's (1998) median-unbiased estimator, section 4."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.rstar import break_statistics, median_unbiased_lambda

Floats = npt.NDArray[np.float64]
STATISTICS: tuple[Literal["L"], Literal["MW"], Literal["EW"], Literal["QLR"]] = ("L", "MW", "EW", "QLR")


def time_varying_mean(
    y: pd.Series | npt.ArrayLike,
    *,
    lags: int = 4,
    ar: npt.ArrayLike | None = None,
    trim: float = 0.15,
) -> pd.DataFrame:
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

    Returns
    -------
    pandas.DataFrame
        Rows ``L``, ``MW``, ``EW``, ``QLR``; columns ``statistic``, ``lambda`` and ``sigma``, the standard
        deviation of the change of the mean in one period, in units of the series.

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


def break_values(y: npt.ArrayLike, trim: int) -> dict[str, float]:
    """Every statistic of a break in the mean of ``y``, shape (n,), with ``trim`` observations on either side."""
    y = np.asarray(y, dtype=float)
    found = break_statistics(y, np.ones((len(y), 1)), trim=trim)
    return {name: found.value(name) for name in STATISTICS}


def _mean_table(filtered: Floats, ar: Floats, trim: float) -> pd.DataFrame:
    n = len(filtered)
    statistics = break_values(filtered, int(np.floor(trim * n)))
    long_run = float(filtered.std(ddof=1) / (1 - ar.sum()))
    lambdas = {name: median_unbiased_lambda(statistics[name], name) for name in STATISTICS}
    table = pd.DataFrame({"statistic": statistics, "lambda": lambdas})
    table["sigma"] = table["lambda"] / n * long_run
    return table
