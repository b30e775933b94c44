"""Vintages of FRED's series: what was known on a day, from ALFRED's CSV, which needs no key."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from capstar.data.sources.fred import dated, parse_table
from capstar.data.store.download import address, download
from capstar.data.vintages import Vintages
from capstar.errors import DataError, SourceError


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
    days = sorted({pd.Timestamp(day).normalize() for day in vintages})
    if not days:
        raise DataError(f"ALFRED, {series}: no vintage was asked for. Give days such as '2008-04-30'.")
    if days[-1] > pd.Timestamp.now().normalize():
        raise DataError(f"ALFRED, {series}: {days[-1]:%Y-%m-%d} is in the future. No vintage exists yet.")
    columns = {day: _one(series, day) for day in days}
    table = pd.DataFrame(columns).rename_axis("date")
    return Vintages(
        table,
        {
            "title": f"ALFRED: {series}",
            "source": "ALFRED, Federal Reserve Bank of St. Louis",
            "series_id": series,
            "transformation": "none",
        },
    )


def _one(series: str, day: pd.Timestamp) -> pd.Series:
    column, asked = f"{series}_{day:%Y%m%d}", f"{series} of {day:%Y-%m-%d}"
    where = f"ALFRED, {asked}"
    url = address("ALFRED", "/graph/alfredgraph.csv", id=series, vintage_date=f"{day:%Y-%m-%d}")
    out, _ = download(url, source="ALFRED", series=asked, parse=lambda body: parse_table(body, where, column))
    out.index = dated(out.index, where)
    if not isinstance(out.index, pd.PeriodIndex):
        raise SourceError(f"{where}: the series is daily or weekly; vintages are kept by month or quarter.")
    return out
