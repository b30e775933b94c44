"""Kenneth R. French's data library, at pandas-datareader's addresses."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import pandas as pd

from capstar.data.embedded import FACTOR_NAMES, SIZE_NOTE, by_size
from capstar.data.files import existing
from capstar.data.sources import Address, DataSource, register
from capstar.data.sources.archive import only_file
from capstar.data.sources.french_tables import tables_of
from capstar.data.store.download import network
from capstar.errors import DataError, SourceError

Weighting = Literal["value", "equal"]
SIZE_PORTFOLIOS, FACTORS = "Portfolios_Formed_on_ME", "F-F_Research_Data_Factors"
# What tables other than of returns begin with.
_UNITS = (
    ("^(average )?number of firms", "firms"),
    ("^average (market cap|firm size|size)", "millions of dollars"),
    ("average (of )?prior return", "as the title says"),
    (r"^sum of \w+ / sum|average of (investment|(be|op|inv|e|cf|d)([ /_]|$))", "ratio"),
)


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

    Examples
    --------
    >>> import os
    >>> from pathlib import Path
    >>> import capstar as cs
    >>> lines = ["Value Weight Returns -- Monthly", ",Lo 20,Hi 20", "202001,-3.1,0.2", ""]
    >>> size = Path("size.csv").write_text(os.linesep.join(lines))
    >>> file = cs.data.read_french("size.csv")
    >>> file.name, list(file.tables), file.to_frame().shape
    ('size', ['Value Weight Returns -- Monthly'], (1, 2))
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

        Examples
        --------
        >>> import os
        >>> from pathlib import Path
        >>> import capstar as cs
        >>> lines = ["Value Weight Returns -- Monthly", ",Lo 20,Hi 20", "202001,-3.1,0.2", ""]
        >>> size = Path("size.csv").write_text(os.linesep.join(lines))
        >>> file = cs.data.read_french("size.csv")
        >>> file.table("weight", "monthly")["Lo 20"].tolist()
        [-3.1]
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


def _address() -> str:
    from pandas_datareader.famafrench import FamaFrenchReader

    return str(FamaFrenchReader("{series}").url.replace("http:", "https:"))


class FrenchLibrary(DataSource[FrenchFile]):
    """A file by its name; as a table the first it holds."""

    key, name, example = "french", "French library", SIZE_PORTFOLIOS
    url = Address(_address)
    terms = "free for research; copyright Eugene F. Fama and Kenneth R. French"

    def read(self, body: bytes, series: str) -> FrenchFile:
        """All tables; the parser of pandas-datareader drops short ones and keeps missing codes."""
        found = parse_french(_decoded(only_file(body, self.where(series))), series)
        for needed in _NEEDED.get(series, ()):
            needed(found)
        return found


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

    Examples
    --------
    >>> import capstar as cs
    >>> file = cs.data.french("F-F_Research_Data_Factors")
    >>> file.to_frame().columns.tolist()
    ['Mkt-RF', 'SMB', 'HML', 'RF']
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

    Examples
    --------
    >>> import os
    >>> from pathlib import Path
    >>> import capstar as cs
    >>> lines = ["Value Weight Returns -- Monthly", ",Lo 20,Hi 20", "202001,-3.1,0.2", ""]
    >>> size = Path("size.csv").write_text(os.linesep.join(lines))
    >>> file = cs.data.read_french("size.csv")
    >>> file.to_frame()
             Lo 20  Hi 20
    date
    2020-01   -3.1    0.2
    """
    path = existing(path)
    body, name = path.read_bytes(), path.name.removesuffix(".zip").removesuffix(".csv").removesuffix("_CSV")
    if zipfile.is_zipfile(io.BytesIO(body)):
        body = only_file(body, f"{path}, {name}")
    return parse_french(_decoded(body), name)


def size_portfolios(weighting: Weighting = "value") -> pd.DataFrame:
    """Monthly returns of portfolios formed on market equity, percent.

    Parameters
    ----------
    weighting
        Of the members of a portfolio, ``"value"`` or ``"equal"``.

    Raises
    ------
    SourceError
        No usable answer.
    DataError
        The weighting is another.

    Examples
    --------
    >>> import capstar as cs
    >>> table = cs.data.size_portfolios("equal")
    >>> table.attrs["units"], table.columns[-3:].tolist()
    ('percent a month', ['Dec 8', 'Dec 9', 'Hi 10'])
    """
    if weighting not in ("value", "equal"):
        raise DataError(f"weighting={weighting!r}; choose 'value' or 'equal'.")
    return size_table(french(SIZE_PORTFOLIOS), weighting)


def size_table(file: FrenchFile, weighting: Weighting = "value") -> pd.DataFrame:
    """The monthly table of a file of size portfolios; `SourceError` where it is absent, or not monthly."""
    out = file.table(f"{weighting} weight", "monthly")
    _require(out, ("Lo 20", "Hi 20"))
    return out


def three_factors() -> pd.DataFrame:
    """Monthly ``market`` (Mkt-RF), ``smb``, ``hml`` and ``risk_free``, percent.

    Examples
    --------
    >>> import capstar as cs
    >>> factors = cs.data.three_factors()
    >>> print(factors.index[0], *factors.columns)
    1926-07 market smb hml risk_free
    """
    return _factors(french(FACTORS))


def _factors(file: FrenchFile) -> pd.DataFrame:
    frame = file.to_frame()
    _require(frame, FACTOR_NAMES)
    return frame[list(FACTOR_NAMES)].rename(columns=FACTOR_NAMES)


def _require(frame: pd.DataFrame, names: Iterable[str]) -> None:
    title, absent = frame.attrs["title"], [name for name in names if name not in frame]
    if absent:
        raise SourceError(
            f"{title}: there is no column {absent[0]}; there are {list(frame)[:20]}. Report it."
        )
    if frame.index.freqstr != "M":
        raise SourceError(f"{title}: dates such as {frame.index[0]} are not months. Report it to the source.")


# What the readers here take from a file; one without is not kept.
_NEEDED: Mapping[str, tuple[Callable[[FrenchFile], pd.DataFrame], ...]] = {
    SIZE_PORTFOLIOS: (partial(size_table, weighting="value"), partial(size_table, weighting="equal")),
    FACTORS: (_factors,),
}


@network()
def size_returns() -> pd.DataFrame:
    """Monthly US returns by size, in the columns of `capstar.data.small_cap_returns`.

    Small is the value-weighted smallest quintile of NYSE market equity (``Lo 20``), large the largest
    (``Hi 20``); market and risk-free rate are those of the three factors.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.size_returns()
    >>> print(returns.index[0], *returns.columns[:4])
    1926-07 small large small_minus_large excess
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
    """Tables of a file's text, whatever its line ends, with commas, semicolons or tabs between cells.

    A table is a line of the names of its columns and the dated lines after it; its title is the paragraph before.
    The names follow an empty cell or one that says date, or stand directly above the rows, a name a value.  Empty
    lines and lines of commas between rows say nothing.  Tables of one title are numbered, ``"... (2)"``.

    Raises
    ------
    SourceError
        There is no table; or rows of numbers, whose lines are named, are below no names, have another number of
        values than the names or dates out of order or left out, or hold what is not a number.
    """
    tables, description = tables_of(text, f"French library, {name}")
    if not tables:
        raise SourceError(f"French library, {name}: the file holds no table. It may have changed its format.")
    for title, frame in tables.items():
        frame.attrs = {
            "title": f"{name}: {title}",
            "source": "Kenneth R. French's data library",
            "series_id": name,
            "units": _units(title, frame.index.freqstr[0], first=frame is next(iter(tables.values()))),
            "transformation": "-99.99 and -999 to missing",
        }
    return FrenchFile(name, tables, description)


def _units(title: str, freq: str, *, first: bool) -> str:
    """By the title; a first table may have none and holds returns."""
    for pattern, unit in _UNITS:
        if re.search(pattern, title, re.IGNORECASE):
            return unit
    if first or re.search("return|factor", title, re.IGNORECASE):
        return {"Y": "percent a year", "M": "percent a month", "D": "percent a day"}[freq]
    return "as the title says"


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace")
