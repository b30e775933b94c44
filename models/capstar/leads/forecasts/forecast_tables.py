"""Tables and series that show when a predictor forecasts, and when it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.leads.alignment import require_same_dates
from capstar.leads.forecasts.batched import nested_statistics, prevailing_means, recursive_forecast_paths
from capstar.leads.numerics import checked_sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
_FEWEST = 20


@dataclass(frozen=True)
class PredictorTable:
    """Predictors of one return compared in sample and out of sample.

    Attributes
    ----------
    table : pandas.DataFrame
        By predictor: ``data_start`` and ``first_forecast``; ``n``, pairs in sample; ``is_adj_r2``, ``oos_r2`` and
        ``oos_adj_r2`` in percent; ``delta_rmse``, root mean squared error of the prevailing mean less that of the
        predictor, times 100 (percentage points for returns in decimals; positive where the predictor is better);
        ``mse_f`` of McCracken (2007), whose critical values `bootstrap_forecasts` gives.
    returns
        Name of the return.
    """

    table: pd.DataFrame
    returns: str

    def summary(self) -> str:
        """Table as text."""
        better = int((self.table["delta_rmse"] > 0).sum())
        return (
            f"{self.returns}: {better} of {len(self.table)} predictors forecast better than the prevailing mean\n"
            f"{self.table.to_string(float_format='{:.2f}'.format)}"
        )

    def plot(self) -> Figure:
        """Adjusted R squared in sample beside that out of sample."""
        from capstar.plotting.leads import plot_predictors

        return plot_predictors(self.table, title=f"{self.returns}: adjusted R squared by predictor")


@dataclass(frozen=True)
class CumulativeDifference:
    """Running lead of forecasts over a benchmark.

    Attributes
    ----------
    series : pandas.DataFrame
        Cumulated squared error of the benchmark less that of the forecast: where it rises the forecast was the
        better one, and its last value has the sign of the out-of-sample R squared.
    benchmark
        Name of the benchmark.
    """

    series: pd.DataFrame
    benchmark: str

    def summary(self) -> str:
        """Where each line ends and where it was highest."""
        rows = pd.DataFrame(
            {
                "end": self.series.iloc[-1],
                "highest": self.series.max(),
                "highest in": self.series.idxmax().astype(str),
                "share of periods better": (self.series.diff().fillna(self.series.iloc[:1]) > 0).mean(),
            }
        )
        return (
            f"Cumulated squared error of {self.benchmark} less that of the forecast, "
            f"{self.series.index[0]} to {self.series.index[-1]}\n{rows.to_string(float_format='{:.4f}'.format)}"
        )

    def plot(self) -> Figure:
        """One panel for each forecast."""
        from capstar.plotting.leads import plot_cumulative_difference

        return plot_cumulative_difference(self.series, benchmark=self.benchmark)


def predictor_table(returns: pd.Series, predictors: pd.DataFrame, *, wait: int = 20) -> PredictorTable:
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

    Raises
    ------
    DataError
        Indices differ, a value inside is missing, or a predictor leaves fewer than 20 forecasts.
    SpecificationError
        ``wait`` is below 5.

    References
    ----------
    Welch and Goyal (2008), "A comprehensive look at the empirical performance of equity premium prediction",
    *Review of Financial Studies* 21(4), equations 1 to 4 and table 1.
    """
    if wait < 5:
        raise SpecificationError(f"wait={wait}; at least 5 periods are needed before the first forecast.")
    require_same_dates(returns, predictors)
    rows = {str(name): _row(returns, predictors[name], wait) for name in predictors}
    return PredictorTable(pd.DataFrame.from_dict(rows, orient="index"), str(returns.name))


def cumulative_difference(forecasts: pd.DataFrame, *, benchmark: str = "mean") -> CumulativeDifference:
    """Cumulated difference of squared errors (Welch and Goyal 2008, figure 1).

    Parameters
    ----------
    forecasts
        With a column ``actual``, one of the benchmark, and one for each forecast, as `recursive_forecasts` gives.
    benchmark
        Its column.

    Raises
    ------
    DataError
        A column is absent, there is no forecast, or a value is missing.
    """
    names = forecast_names(forecasts, benchmark)
    errors = forecasts[[benchmark, *names]].sub(forecasts["actual"], axis=0) ** 2
    return CumulativeDifference(errors[names].rsub(errors[benchmark], axis=0).cumsum(), benchmark)


def forecast_names(forecasts: pd.DataFrame, benchmark: str) -> list[str]:
    """Columns that are forecasts, once the table is known to be complete."""
    absent = [name for name in ("actual", benchmark) if name not in forecasts]
    names = [str(name) for name in forecasts if name not in ("actual", benchmark)]
    if absent or not names:
        raise DataError(
            f"Forecasts {list(forecasts)}: {absent[0] if absent else 'any forecast'} is absent. Give the columns "
            f"'actual', {benchmark!r} and the forecasts."
        )
    checked_sample(forecasts, what="forecasts", fewest=2)
    return names


def _row(returns: pd.Series, predictor: pd.Series, wait: int) -> dict[str, object]:
    first, x, y = _pairs(returns, predictor, wait)
    n = len(y)
    r2 = float(np.corrcoef(x, y)[0, 1] ** 2)
    actual, mean = y[None, wait - 1 :], prevailing_means(y[None], wait - 1)
    forecast = recursive_forecast_paths(y[None], x[None], wait - 1)
    mse0, mse1 = (float(((actual - one) ** 2).mean()) for one in (mean, forecast))
    return {
        "data_start": predictor.index[first],
        "first_forecast": predictor.index[first + wait],
        "n": n,
        "is_adj_r2": 100 * _adjusted(r2, n),
        "oos_r2": 100 * (1 - mse1 / mse0),
        "oos_adj_r2": 100 * _adjusted(1 - mse1 / mse0, actual.size),
        "delta_rmse": 100 * (np.sqrt(mse0) - np.sqrt(mse1)),
        "mse_f": float(nested_statistics(actual, mean, forecast)[0, 0]),
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
