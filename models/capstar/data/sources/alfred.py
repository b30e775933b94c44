"""Vintages of FRED's series: what was known on a day, from ALFRED's CSV, which needs no key."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from capstar.data.sources import DataSource, register
from capstar.data.sources.fred import FRED, parse_table
from capstar.data.store.download import network
from capstar.data.vintages import Vintages
from capstar.errors import DataError, SourceError

SOURCE = "ALFRED, Federal Reserve Bank of St. Louis"


class Alfred(DataSource[pd.Series]):
    """One vintage, named by FRED's identifier and a day: ``GDPC1@2008-04-30``."""

    key, name, example, terms = "alfred", "ALFRED", "GDPC1@2008-04-30", FRED.terms
    pattern = FRED.pattern + r"@\d{4}-\d\d-\d\d"
    url = "https://alfred.stlouisfed.org/graph/alfredgraph.csv?id={series}&vintage_date={day}"

    def canonical(self, series: str) -> str:
        """In capitals, as ALFRED answers."""
        return series.upper()

    def address(self, series: str) -> str:
        """Of the CSV that needs no key."""
        name, _, day = series.partition("@")
        return self.url.format(series=name, day=day)

    def read(self, body: bytes, series: str) -> pd.Series:
        """The vintage; its column names the day, and would name another if the answer were of another."""
        where = self.where(series)
        out = parse_table(body, where, series.replace("@", "_").replace("-", ""))
        if not isinstance(out.index, pd.PeriodIndex):
            raise SourceError(
                f"{where}: the series is daily or weekly; vintages are kept by month or quarter."
            )
        out.attrs = {"source": SOURCE}
        return out


ALFRED = register(Alfred())


@network()
def alfred(series: str, vintages: Iterable[str | pd.Timestamp]) -> Vintages:
    """A series as it stood on each of some days.

    Parameters
    ----------
    series
        FRED's identifier, ``"GDPC1"``.
    vintages
        Days, not in the future; one request each, kept in the cache for good reason: a vintage does not
        change.

    Returns
    -------
    Vintages
        Observations by vintage.

    Raises
    ------
    SourceError
        ALFRED answers with another series or another day than asked for: FRED's own address ignores the
        day, and ALFRED moves a day in the future to today, both without saying so.
    DataError
        A day is in the future, or none is given.
    """
    series = FRED.canonical(series)
    days = sorted({pd.Timestamp(day).normalize() for day in vintages})
    if not days:
        raise DataError(f"ALFRED, {series}: no vintage was asked for. Give days such as '2008-04-30'.")
    if days[-1] > pd.Timestamp.now().normalize():
        raise DataError(f"ALFRED, {series}: {days[-1]:%Y-%m-%d} is in the future. No vintage exists yet.")
    table = pd.DataFrame({day: ALFRED.get(f"{series}@{day:%Y-%m-%d}")[0] for day in days})
    attrs = {"title": f"ALFRED: {series}", "source": SOURCE, "series_id": series}
    return Vintages(table.rename_axis("date"), {**attrs, "transformation": "none"})
