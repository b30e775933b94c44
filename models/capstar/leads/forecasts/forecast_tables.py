"""When a predictor forecasts, and when it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from capstar.arguments import checked
from capstar.errors import DataError
from capstar.frames import Start, since
from capstar.leads.numerics import checked_sample
from capstar.provenance import titled
from capstar.reporting import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class CumulativeDifference(Result):
    """Running lead of forecasts over a benchmark.

    Attributes
    ----------
    series : pandas.DataFrame
        Cumulated squared error of the benchmark less that of the forecast: where it rises the forecast was the
        better one, and its last value has the sign of the out-of-sample R squared.
    benchmark
        Name of the benchmark.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> forecasts = cs.leads.recursive_forecasts(returns["smb"], returns[["market"]], "1985-01")
    >>> found = cs.leads.cumulative_difference(forecasts)
    >>> found.benchmark
    'mean'
    >>> found.series.round(1).tail(2)
             market
    date
    2017-02    68.2
    2017-03    68.8
    """

    series: pd.DataFrame
    benchmark: str

    @property
    def title(self) -> str:
        """What is cumulated, and when."""
        first, last = self.series.index[[0, -1]]
        return f"Cumulated squared error of {self.benchmark} less that of the forecast, {first} to {last}"

    def to_frame(self) -> pd.DataFrame:
        """The series."""
        return self.series

    def frames(self) -> dict[str, pd.DataFrame]:
        """Where each line ends and where it was highest."""
        rows = pd.DataFrame(
            {
                "end": self.series.iloc[-1],
                "highest": self.series.max(),
                "highest in": self.series.idxmax().astype(str),
                "share of periods better": (self.series.diff().fillna(self.series.iloc[:1]) > 0).mean(),
            }
        )
        return {"": rows}

    def plot(self, ax: Any = None, *, start: Start = None) -> Figure:
        """One panel for each forecast, from a start on."""
        from capstar.plotting.leads import plot_lines

        tables = {
            f"{name} against {self.benchmark}: rising where better": since(self.series[[name]], start)
            for name in self.series
        }
        return plot_lines(tables, unit="squared errors saved, cumulated", source=self.provenance, ax=ax)


@checked
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

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> forecasts = cs.leads.recursive_forecasts(returns["smb"], returns[["market"]], "1985-01")
    >>> found = cs.leads.cumulative_difference(forecasts)
    >>> figure = found.plot(start="1990-01")
    """
    names = forecast_names(forecasts, benchmark)
    errors = forecasts[[benchmark, *names]].sub(forecasts["actual"], axis=0) ** 2
    saved = errors[names].rsub(errors[benchmark], axis=0).cumsum()
    return CumulativeDifference(titled(saved, forecasts), benchmark)


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
