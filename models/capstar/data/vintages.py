"""Real-time data: each observation as it stood on each day of release."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from capstar.errors import DataError
from capstar.frames import Start, since
from capstar.reporting import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Vintages(Result):
    """A series in every version that was published.

    Attributes
    ----------
    table
        Observations, a monthly or quarterly PeriodIndex named ``date``, by vintages, a DatetimeIndex of days in
        order; NaN where a vintage has no value yet.
    attrs
        ``title``, ``source``, ``series_id`` and the like, copied to everything taken from here.

    Raises
    ------
    DataError
        The table is not of this shape, or a vintage holds an observation of after its own day.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2008-10-30", "2009-01-30"])
    >>> quarters = pd.period_range("2008Q2", "2008Q4", freq="Q", name="date")
    >>> gdp = pd.DataFrame([[11727.4, 11727.4], [11720.0, 11712.4], [None, 11599.4]], quarters, days)
    >>> vintages = cs.data.Vintages(gdp.astype(float), {"series_id": "GDPC1"})
    >>> print(vintages.title)
    GDPC1, 2 vintages, 2008-10-30 to 2009-01-30
    >>> print(len(vintages.days), vintages.latest()["2008Q4"])
    2 11599.4
    >>> vintages.revisions()[["first_release", "latest", "revision"]].round(1)
            first_release   latest  revision
    date
    2008Q3        11720.0  11712.4      -7.6
    2008Q4        11599.4  11599.4       0.0
    >>> vintages.first_release().tolist()
    [11720.0, 11599.4]
    """

    table: pd.DataFrame
    attrs: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        name, table = self._name, self.table
        if not isinstance(table.index, pd.PeriodIndex) or not isinstance(table.columns, pd.DatetimeIndex):
            raise DataError(f"{name}: expected periods down and days of vintages across.")
        for axis, what in ((table.index, "observations"), (table.columns, "vintages")):
            if not (axis.is_monotonic_increasing and axis.is_unique):
                raise DataError(f"{name}: the {what} are not in order or not unique. Sort them.")
        if table.empty:
            raise DataError(f"{name}: there are no vintages. Ask for at least one.")
        starts = table.index.start_time.to_numpy()
        early = table.notna().to_numpy() & (starts[:, None] > table.columns.to_numpy()[None, :])
        if early.any():
            row, column = np.argwhere(early)[0]
            raise DataError(
                f"{name}: the vintage of {table.columns[column]:%Y-%m-%d} has a value for {table.index[row]}, "
                "which had not begun. Check the days of the vintages."
            )

    @property
    def days(self) -> pd.DatetimeIndex:
        """Days of the vintages."""
        return pd.DatetimeIndex(self.table.columns)

    @property
    def title(self) -> str:
        """Series, number of vintages and their days."""
        days = self.days.strftime("%Y-%m-%d")
        name = self.attrs.get("title", self._name)
        return f"{name}, {len(days)} vintages, {days[0]} to {days[-1]}"

    def to_frame(self) -> pd.DataFrame:
        """Observations by vintages, whose days are text."""
        out = self.table.set_axis(self.days.strftime("%Y-%m-%d"), axis=1)
        out.attrs = dict(self.attrs)
        return out

    def frames(self) -> dict[str, pd.DataFrame]:
        """How the latest observations were revised."""
        latest = self.revisions().iloc[-20:]
        return {"Revisions": latest.assign(first_vintage=latest["first_vintage"].dt.strftime("%Y-%m-%d"))}

    def plot(self, ax: Any = None, *, start: Start = None) -> Figure:
        """First releases and the latest vintage, from a period on."""
        from capstar.plotting import plot_lines

        table = since(self.revisions()[["first_release", "latest"]], start)
        unit = str(self.attrs.get("units", "")) or "units of the source"
        return plot_lines(table, title=self.title, unit=unit, zero=False, source=self.provenance, ax=ax)

    def latest(self) -> pd.Series:
        """The latest vintage."""
        return self._vintage(len(self.days) - 1)

    def as_of(self, date: str | pd.Timestamp) -> pd.Series:
        """What was known at the end of a day: the latest vintage published by then.

        Raises
        ------
        DataError
            The first vintage was published later.

        Examples
        --------
        >>> import capstar as cs
        >>> import pandas as pd
        >>> days = pd.to_datetime(["2008-10-30", "2009-01-30"])
        >>> quarters = pd.period_range("2008Q2", "2008Q4", freq="Q", name="date")
        >>> gdp = pd.DataFrame([[11727.4, 11727.4], [11720.0, 11712.4], [None, 11599.4]], quarters, days)
        >>> vintages = cs.data.Vintages(gdp.astype(float), {"series_id": "GDPC1"})
        >>> vintages.as_of("2008-12-31").tolist()
        [11727.4, 11720.0]
        """
        day = pd.Timestamp(date)
        number = int(self.days.searchsorted(day, side="right")) - 1
        if number < 0:
            raise DataError(
                f"{self._name}: nothing was known on {day:%Y-%m-%d}; the first vintage is of "
                f"{self.days[0]:%Y-%m-%d}. Ask for a later day."
            )
        return self._vintage(number)

    def first_release(self) -> pd.Series:
        """Each observation as first published; observations older than the first vintage are left out."""
        return self._first()["first_release"].rename(self._name)

    def revisions(self) -> pd.DataFrame:
        """How each observation was revised.

        Returns
        -------
        pandas.DataFrame
            By observation: ``first_vintage`` (day), ``first_release``, ``latest``, ``revision`` (their
            difference), ``times`` (how often the value changed).  Levels also change with the base year of
            chained dollars or price indices; `growth` does not.
        """
        out = self._first()
        values = self.table.reindex(out.index).to_numpy()
        last = values.shape[1] - 1 - (~np.isnan(values))[:, ::-1].argmax(axis=1)
        latest = values[np.arange(len(out)), last]
        changed = np.nan_to_num(np.diff(values, axis=1)) != 0
        out = out.assign(latest=latest, revision=latest - out["first_release"], times=changed.sum(axis=1))
        out.attrs = dict(self.attrs)
        return out

    def growth(self, factor: float = 400.0) -> Vintages:
        """``factor`` times the change of the log, within each vintage.

        Examples
        --------
        >>> import capstar as cs
        >>> import pandas as pd
        >>> days = pd.to_datetime(["2008-10-30", "2009-01-30"])
        >>> quarters = pd.period_range("2008Q2", "2008Q4", freq="Q", name="date")
        >>> gdp = pd.DataFrame([[11727.4, 11727.4], [11720.0, 11712.4], [None, 11599.4]], quarters, days)
        >>> vintages = cs.data.Vintages(gdp.astype(float), {"series_id": "GDPC1"})
        >>> vintages.growth().latest().round(1).tolist()
        [nan, -0.5, -3.9]
        """
        if (self.table <= 0).any(axis=None):
            raise DataError(f"{self._name}: a level is zero or negative and has no logarithm.")
        return Vintages(
            factor * np.log(self.table).diff(), self.attrs | {"transformation": f"{factor:g} x change of log"}
        )

    def _first(self) -> pd.DataFrame:
        known = self.table.loc[self.table.notna().any(axis=1)]
        first = known.notna().to_numpy().argmax(axis=1)
        values = known.to_numpy()[np.arange(len(known)), first]
        out = pd.DataFrame({"first_vintage": self.days[first], "first_release": values}, known.index)
        # What the first vintage already holds was released on an unknown earlier day, but for its last observation.
        in_first = known.index[first == 0]
        out = out.loc[~out.index.isin(in_first[:-1])].rename_axis("date")
        out.attrs = dict(self.attrs)
        return out

    def _vintage(self, number: int) -> pd.Series:
        column = self.table.iloc[:, number]
        known = column.loc[: column.last_valid_index()].rename(self._name).rename_axis("date")
        known.attrs = self.attrs | {"vintage": f"{self.days[number]:%Y-%m-%d}"}
        return known

    @property
    def _name(self) -> str:
        return str(self.attrs.get("series_id", "vintages"))
