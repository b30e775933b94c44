"""Vintages of FRED's series: what was known on a day, from ALFRED's CSV, which needs no key."""

from __future__ import annotations

import io
from collections.abc import Iterable
from contextlib import suppress

import pandas as pd

from capstar.data.sources import DataSource, register
from capstar.data.sources.fred import FRED, parse_table
from capstar.data.store.cache import entry_of
from capstar.data.store.download import ask, cache, network, settings
from capstar.data.store.transfer import NoAnswerError
from capstar.data.vintages import Vintages
from capstar.errors import DataError, SourceError

TOGETHER = 12  # vintages ALFRED puts in one table; of more it leaves some out without saying so
SOURCE = "ALFRED, Federal Reserve Bank of St. Louis"


class Alfred(DataSource[pd.Series]):
    """One vintage, named by FRED's identifier and a day: ``GDPC1@2008-04-30``."""

    key, name, example, terms = "alfred", "ALFRED", "GDPC1@2008-04-30", FRED.terms
    pattern = FRED.pattern + r"@\d{4}-\d\d-\d\d"
    max_bytes = FRED.max_bytes
    url = "https://alfred.stlouisfed.org/graph/alfredgraph.csv?id={series}&vintage_date={day}"

    def canonical(self, series: str) -> str:
        """In capitals, as ALFRED answers."""
        return series.upper()

    def address(self, series: str) -> str:
        """Of the CSV that needs no key; for several days, with commas between, the series is named as often."""
        name, _, days = series.partition("@")
        return self.url.format(series=",".join([name] * len(days.split(","))), day=days)

    def final_from(self, series: str) -> float:
        """A vintage never changes once its day is over, as it is everywhere two days after it began."""
        with suppress(ValueError):
            day = pd.Timestamp(series.partition("@")[2], tz="UTC")
            return float((day + pd.Timedelta(days=2)).timestamp())
        return super().final_from(series)

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

    def vintages(self, series: str, days: list[str]) -> dict[str, pd.Series]:
        """Vintages by day, those the cache has not in as few requests as ALFRED allows; raises as `get` does."""
        names = {day: f"{series}@{day}" for day in days}
        for name in names.values():
            self.check(name)
        absent = [day for day, name in names.items() if not cache().has(self.located(name))]
        found: dict[str, pd.Series] = {}
        for start in range(0, 0 if settings().offline else len(absent), TOGETHER):
            try:
                found |= self._together(series, absent[start : start + TOGETHER])
            except NoAnswerError:
                raise
            except SourceError:  # another table than asked for: each day is asked for alone
                continue
        return {day: found[day] if day in found else self.get(name)[0] for day, name in names.items()}

    def _together(self, series: str, days: list[str]) -> dict[str, pd.Series]:
        """Vintages out of one answer, each kept as if it had been asked for alone; without those it does not give."""
        if len(days) == 1:
            return {}
        where = self.where(f"{series}@{days[0]} to {days[-1]}")
        body = ask(self.located(f"{series}@{','.join(days)}"), where, self.max_bytes)
        names = [f"{series}_{day.replace('-', '')}" for day in days]
        found = {}
        for day, column in zip(days, _columns(body, names, where), strict=True):
            with suppress(SourceError):
                found[day] = self.read(column, f"{series}@{day}")
                cache().write(entry_of(self.located(f"{series}@{day}"), column))
        return found


def _columns(body: bytes, names: list[str], where: str) -> list[bytes]:
    """The CSV of each column of a CSV with these, from its first value to its last."""
    try:
        table = pd.read_csv(io.BytesIO(body), dtype=str, keep_default_na=False, index_col=False)
    except ValueError as error:
        raise SourceError(f"{where}: the answer is not a table.") from error
    if list(table.columns[1:]) != names or table.isna().any(axis=None) or not body.endswith(b"\n"):
        raise SourceError(f"{where}: the answer has other columns, or is cut off.")
    out = []
    for name in names:
        known = table.index[~table[name].isin(["", "."])]
        span = table.loc[known[0] : known[-1]] if len(known) else table.iloc[:0]
        rows = zip(span.iloc[:, 0], span[name], strict=True)
        out.append("".join(f"{day},{value}\n" for day, value in [(table.columns[0], name), *rows]).encode())
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
        Days, not in the future; twelve a request. They are kept for good, as a vintage does not change, and
        recipes as of these days take them from there.

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

    Examples
    --------
    >>> import capstar as cs
    >>> vintages = cs.data.alfred("GDPC1", ["2008-10-30", "2009-01-30"])
    >>> print(vintages.as_of("2008-12-01")["2008Q3"], vintages.latest()["2008Q3"])
    11720.0 11712.4
    """
    series = FRED.canonical(series)
    days = sorted({pd.Timestamp(day).normalize() for day in vintages})
    if not days:
        raise DataError(f"ALFRED, {series}: no vintage was asked for. Give days such as '2008-04-30'.")
    if days[-1] > pd.Timestamp.now().normalize():
        raise DataError(f"ALFRED, {series}: {days[-1]:%Y-%m-%d} is in the future. No vintage exists yet.")
    found = ALFRED.vintages(series, [f"{day:%Y-%m-%d}" for day in days])
    table = pd.DataFrame({pd.Timestamp(day): one for day, one in found.items()})
    attrs = {"title": f"ALFRED: {series}", "source": SOURCE, "series_id": series}
    return Vintages(table.rename_axis("date"), {**attrs, "transformation": "none"})
