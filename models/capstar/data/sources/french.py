"""Kenneth R. French's data library, at pandas-datareader's addresses."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd
from pandas_datareader.famafrench import FamaFrenchReader

from capstar.data.embedded import FACTOR_NAMES, SIZE_NOTE, by_size
from capstar.data.files import existing
from capstar.data.sources import DataSource, register
from capstar.data.sources.archive import only_file
from capstar.data.store.download import network
from capstar.errors import DataError, SourceError

Weighting = Literal["value", "equal"]
SIZE_PORTFOLIOS, FACTORS = "Portfolios_Formed_on_ME", "F-F_Research_Data_Factors"
_MISSING = (-99.99, -999.0)
_DATE = re.compile(r"\s*(\d{4}|\d{6}|\d{8})\s*,")
_FREQUENCY = {4: ("Y", "%Y"), 6: ("M", "%Y%m"), 8: ("D", "%Y%m%d")}


@dataclass(frozen=True)
class FrenchFile:
    """One file of the library.

    Attributes
    ----------
    name
        As in the library, ``"Portfolios_Formed_on_ME"``.
    tables
        By title, in the order of the file; a PeriodIndex named ``date``, percent or as the title says, NaN for
        the library's -99.99 and -999.
    description
        Text around the tables.
    downloaded
        Time (UTC), empty for a file read from disk.
    """

    name: str
    tables: dict[str, pd.DataFrame]
    description: str
    downloaded: str = ""

    def table(self, *words: str) -> pd.DataFrame:
        """The first table whose title holds all words.

        Raises
        ------
        SourceError
            No title does; the titles are listed.
        """
        for title, frame in self.tables.items():
            if all(word.lower() in title.lower() for word in words):
                return frame
        raise SourceError(
            f"{self.name}: no table has {list(words)} in its title; there are {list(self.tables)}."
        )

    def to_frame(self) -> pd.DataFrame:
        """The first table."""
        return next(iter(self.tables.values()))


class FrenchLibrary(DataSource[FrenchFile]):
    """A file by its name; as a table the first it holds."""

    key, name, example = "french", "French library", SIZE_PORTFOLIOS
    url = FamaFrenchReader("{series}").url.replace("http:", "https:")
    terms = "free for research; copyright Eugene F. Fama and Kenneth R. French"

    def read(self, body: bytes, series: str) -> FrenchFile:
        """All tables; the parser of pandas-datareader drops short ones and keeps missing codes."""
        return parse_french(_decoded(only_file(body, self.where(series))), series)


FRENCH = register(FrenchLibrary())


def french(name: str) -> FrenchFile:
    """A file of the library.

    Parameters
    ----------
    name
        Such as ``"Portfolios_Formed_on_ME"`` or ``"F-F_Research_Data_Factors"``.

    Raises
    ------
    SourceError
        No usable answer.
    DataError
        The name is invalid.
    """
    found, entry = FRENCH.get(name)
    for frame in found.tables.values():
        frame.attrs["downloaded"] = entry.downloaded
    return replace(found, downloaded=entry.downloaded)


def read_french(path: str | Path) -> FrenchFile:
    """A file of the library on disk, as published (CSV) or in its archive (zip).

    Raises
    ------
    SourceError
        The file is not one of the library's.
    """
    path = existing(path)
    body, name = path.read_bytes(), path.name.removesuffix(".zip").removesuffix(".csv").removesuffix("_CSV")
    if zipfile.is_zipfile(io.BytesIO(body)):
        body = only_file(body, f"{path}, {name}")
    return parse_french(_decoded(body), name)


def size_portfolios(weighting: Weighting = "value") -> pd.DataFrame:
    """Monthly returns of portfolios formed on market equity, percent; ``weighting`` is ``"value"`` or ``"equal"``."""
    if weighting not in ("value", "equal"):
        raise DataError(f"weighting={weighting!r}; choose 'value' or 'equal'.")
    return size_table(french(SIZE_PORTFOLIOS), weighting)


def size_table(file: FrenchFile, weighting: Weighting = "value") -> pd.DataFrame:
    """The monthly table of a file of size portfolios."""
    return file.table(f"{weighting} weight", "monthly")


def three_factors() -> pd.DataFrame:
    """Monthly ``market`` (Mkt-RF), ``smb``, ``hml`` and ``risk_free``, percent."""
    file = french(FACTORS)
    frame = file.to_frame()
    if absent := [name for name in FACTOR_NAMES if name not in frame]:
        raise SourceError(f"{file.name}: the first table has no column {absent[0]}; it has {list(frame)}.")
    return frame[list(FACTOR_NAMES)].rename(columns=FACTOR_NAMES)


@network()
def size_returns() -> pd.DataFrame:
    """Monthly US returns by size, in the columns of `capstar.data.small_cap_returns`.

    Small is the value-weighted smallest quintile of NYSE market equity (``Lo 20``), large the largest
    (``Hi 20``); market and risk-free rate are those of the three factors.
    """
    size, factors = size_portfolios(), three_factors()
    joined = pd.concat([size[["Lo 20", "Hi 20"]], factors], axis=1, join="inner")
    out = by_size(*(joined[name] for name in ("Lo 20", "Hi 20", "market", "smb", "risk_free")))
    out.attrs = {
        "title": "French size portfolios (US)",
        "source": "Kenneth R. French's data library",
        "series_id": f"{SIZE_PORTFOLIOS}, {FACTORS}",
        "downloaded": max(size.attrs["downloaded"], factors.attrs["downloaded"]),
        "units": "percent a month",
        "transformation": "value-weighted quintiles; -99.99 and -999 to missing",
        "note": SIZE_NOTE,
    }
    return out


def parse_french(text: str, name: str) -> FrenchFile:
    """Tables of a file's text, whatever its line ends.

    A table is a line that begins with a comma, the names of its columns, and the dated lines after it;
    its title is the text before it since the last table.

    Raises
    ------
    SourceError
        There is no table, a row has a different number of values than the names, or a value is not a number.
    """
    tables: dict[str, pd.DataFrame] = {}
    words: list[str] = []
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        at += 1
        if not line.startswith(","):
            words += [line] if line else ["\n"]
            continue
        rows = []
        while at < len(lines) and _DATE.match(lines[at]):
            rows.append([cell.strip() for cell in lines[at].split(",")])
            at += 1
        if rows:
            title = _title(words, len(tables))
            tables[title] = _table(line, rows, name, title)
            words = []
    if not tables:
        raise SourceError(f"French library, {name}: the file holds no table. It may have changed its format.")
    description = " ".join(" ".join(words).split())
    return FrenchFile(name, tables, description)


def _title(words: list[str], number: int) -> str:
    """The last paragraph before the table."""
    paragraphs = [" ".join(part.split()) for part in " ".join(words).split("\n")]
    titles = [part for part in paragraphs if part]
    return titles[-1] if titles else f"table {number}"


def _table(line: str, rows: list[list[str]], name: str, title: str) -> pd.DataFrame:
    columns = [cell.strip() for cell in line.split(",")[1:]]
    where = f"French library, {name}, {title}"
    for row in rows:
        if len(row) != len(columns) + 1:
            raise SourceError(
                f"{where}: the row of {row[0]} has {len(row) - 1} values for {len(columns)} names. The file is damaged."
            )
    dates = [row[0] for row in rows]
    if len({len(date) for date in dates}) > 1:
        raise SourceError(f"{where}: dates of different lengths are in one table. The file is damaged.")
    freq, pattern = _FREQUENCY[len(dates[0])]
    try:
        values = pd.DataFrame([[float(cell) for cell in row[1:]] for row in rows], columns=columns)
        index = pd.PeriodIndex(pd.to_datetime(dates, format=pattern), freq=freq, name="date")
    except ValueError as error:
        raise SourceError(
            f"{where}: a value is neither number nor date ({error}). The file is damaged."
        ) from error
    if not index.is_monotonic_increasing or index.has_duplicates:
        raise SourceError(f"{where}: the dates do not rise. The file is damaged.")
    out = values.set_axis(index).replace(list(_MISSING), float("nan"))
    out.attrs = {
        "title": f"{name}: {title}",
        "source": "Kenneth R. French's data library",
        "series_id": name,
        "units": _units(title, freq),
        "transformation": "-99.99 and -999 to missing",
    }
    return out


def _units(title: str, freq: str) -> str:
    if "number of firms" in title.lower():
        return "firms"
    if "firm size" in title.lower():
        return "millions of dollars"
    return {"Y": "percent a year", "M": "percent a month", "D": "percent a day"}[freq]


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace")
