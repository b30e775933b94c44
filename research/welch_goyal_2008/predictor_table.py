"""Predictors in sample and out, as in table 1 of Welch and Goyal (2008)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar import leads
from capstar.errors import DataError, SpecificationError

Floats = npt.NDArray[np.float64]
_FEWEST = 20


def predictor_table(returns: pd.Series, predictors: pd.DataFrame, *, wait: int = 20) -> pd.DataFrame:
    r"""Predictors compared as in Welch and Goyal's (2008) table 1.

    Each predictor is taken alone and from its own beginning: :math:`y_t` on :math:`x_{t-1}` by least squares,
    in sample over all pairs, out of sample from the pairs of earlier periods; the prevailing mean is of the same
    pairs.  Adjusted: :math:`1 - (1 - R^2)(n - 1)/(n - 2)`.

    Parameters
    ----------
    returns
        Excess return of each period, decimals, without a gap once begun.
    predictors
        Known at the end of each period, same index; each may begin later, and none has a gap.
    wait
        Periods from a predictor's beginning to the first forecast: 20 leave 19 pairs.

    Returns
    -------
    pandas.DataFrame
        By predictor: ``data_start`` and ``first_forecast``; ``n``, pairs in sample; ``is_adj_r2``, ``oos_r2`` and
        ``oos_adj_r2`` in percent; ``delta_rmse``, root mean squared error of the prevailing mean less that of the
        predictor, times 100 (percentage points for returns in decimals; positive where the predictor is better);
        ``mse_f`` of McCracken (2007), whose critical values `capstar.leads.bootstrap_forecasts` gives.

    Raises
    ------
    DataError
        Indices differ, a value inside is missing, or a predictor leaves fewer than 20 forecasts.
    SpecificationError
        ``wait`` is below 11.

    References
    ----------
    Welch and Goyal (2008), "A comprehensive look at the empirical performance of equity premium prediction",
    *Review of Financial Studies* 21(4), equations 1 to 4 and table 1.
    """
    if wait < 11:
        raise SpecificationError(f"wait={wait}; at least 11 periods are needed before the first forecast.")
    if not returns.index.equals(predictors.index):
        raise DataError(f"{returns.name} and {list(predictors)} are on different dates. Align them first.")
    rows = {str(name): _row(returns, predictors[name], wait) for name in predictors}
    return pd.DataFrame.from_dict(rows, orient="index")


def _row(returns: pd.Series, predictor: pd.Series, wait: int) -> dict[str, object]:
    first, x, y = _pairs(returns, predictor, wait)
    n = len(y)
    r2 = float(np.corrcoef(x, y)[0, 1] ** 2)
    dates = pd.period_range("1900", periods=n + 1, freq="Y")  # of whatever frequency: the order alone matters
    target, known = (
        pd.Series(np.r_[np.nan, y], dates, name="return"),
        pd.DataFrame({"x": np.r_[x, np.nan]}, dates),
    )
    made = leads.recursive_forecasts(target, known, dates[wait])
    found = leads.compare_forecasts(made["actual"], made["mean"], made["x"])
    rmse = np.sqrt((made.sub(made["actual"], axis=0) ** 2).mean())
    return {
        "data_start": predictor.index[first],
        "first_forecast": predictor.index[first + wait],
        "n": n,
        "is_adj_r2": 100 * _adjusted(r2, n),
        "oos_r2": found.r2_os,
        "oos_adj_r2": 100 * _adjusted(found.r2_os / 100, found.nobs),
        "delta_rmse": 100 * (rmse["mean"] - rmse["x"]),
        "mse_f": found.mse_f,
    }


def _pairs(returns: pd.Series, predictor: pd.Series, wait: int) -> tuple[int, Floats, Floats]:
    """Where the predictor begins, its values, and the returns one period after."""
    r, x = returns.to_numpy(dtype=float), predictor.to_numpy(dtype=float)
    begin = int(np.argmax(np.isfinite(x[:-1]) & np.isfinite(r[1:])))
    left, right = x[begin:-1], r[begin + 1 :]
    for series, values, at in ((predictor, left, begin), (returns, right, begin + 1)):
        if not np.isfinite(values).all():
            where = series.index[at + int(np.argmax(~np.isfinite(values)))]
            raise DataError(f"{series.name} is missing in {where}. Fill it or cut the sample there.")
    if len(left) and np.ptp(left) == 0:
        raise DataError(f"{predictor.name} does not vary from {predictor.index[begin]} on. Leave it out.")
    if len(right) - (wait - 1) < _FEWEST:
        raise DataError(
            f"{predictor.name} begins in {predictor.index[begin]}: after {wait} periods "
            f"{max(len(right) - wait + 1, 0)} are left to forecast, at least {_FEWEST} are needed. Reduce wait."
        )
    return begin, left, right


def _adjusted(r2: float, n: int) -> float:
    return 1 - (1 - r2) * (n - 1) / (n - 2)
