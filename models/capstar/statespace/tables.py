"""Tables of the summary of a fitted state-space model, and results that are series by period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from capstar.frames import Start, since
from capstar.reporting import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class SeriesResult(Result):
    """Series by period: their moments on paper, a panel for each in the figure; ``_unit`` is of their axes."""

    _unit: ClassVar[str] = "units of the data"

    def frames(self) -> dict[str, pd.DataFrame]:
        """Moments over the periods."""
        return {"Moments": self.to_frame().agg(["mean", "std", "min", "max"]).T}

    def plot(self, ax: Any = None, *, start: Start = None) -> Figure:
        """A panel for each series from a period on; the first alone in axes given."""
        from capstar.plotting.statespace import plot_series

        return plot_series(
            since(self.to_frame(), start), title=self.title, unit=self._unit, source=self.provenance, ax=ax
        )


def parameter_table(params: pd.Series, bse: pd.Series) -> pd.DataFrame:
    """Estimates, standard errors, z, two-sided p and 95 percent intervals, a row a parameter."""
    z = params / bse
    half = ndtri(0.975) * bse
    columns = {"estimate": params, "std err": bse, "z": z, "P>|z|": 2 * ndtr(-np.abs(z))}
    return pd.DataFrame(columns | {"[0.025": params - half, "0.975]": params + half}, index=params.index)


def latest(filtered: pd.DataFrame, smoothed: pd.DataFrame) -> pd.DataFrame:
    """Filtered values of the last period with standard deviations, and the smoothed ones of a year earlier."""
    names = [name for name in filtered if not name.endswith("_se")]
    before = smoothed.iloc[max(-1 - _per_year(smoothed.index), -len(smoothed))]
    last = filtered.iloc[-1]
    return pd.DataFrame(
        {
            "filtered": last[names],
            "std dev": last[[f"{name}_se" for name in names]].set_axis(names),
            "smoothed, a year earlier": before[names],
        }
    )


def _per_year(index: pd.Index) -> int:
    """Periods in a year, one where periods are longer."""
    first = pd.PeriodIndex(index)[0]
    year = pd.Period(first, freq="Y")
    begins, ends = (one.asfreq(first.freq, "start") for one in (year, year + 1))
    return max(1, int((ends.ordinal - begins.ordinal) / first.freq.n))
