"""Real-time data set for macroeconomists, Federal Reserve Bank of Philadelphia."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from capstar.data.files import existing
from capstar.data.sources import DataSource, register
from capstar.data.sources.workbook import Workbook, headed, understood
from capstar.data.vintages import Vintages
from capstar.errors import SourceError
from capstar.frames import as_quarterly

_SOURCE = "Federal Reserve Bank of Philadelphia"
_FOLDER = "/-/media/FRBP/Assets/Surveys-And-Data/real-time-data/data-files/xlsx/"
_FIRST_YEAR = 65  # two-digit years from here on are of the twentieth century
_MISSING = ["#N/A", "NA", ".", "", " "]


class PhiladelphiaFed(DataSource[Vintages]):
    """A variable of the real-time data set in all its vintages."""

    key, name, example = "philadelphiafed", _SOURCE, "ROUTPUT"
    url = f"https://www.philadelphiafed.org{_FOLDER}{{series}}QvQd.xlsx"
    pattern, terms = "[A-Za-z]{1,20}", "free for information, education and research"

    def canonical(self, series: str) -> str:
        """In capitals, as the Bank's files."""
        return series.upper()

    def read(self, body: bytes, series: str) -> Vintages:
        """The one sheet of the workbook of quarterly vintages, or a CSV of it."""
        return _vintages(body, series, self.where(series))


PHILADELPHIA = register(PhiladelphiaFed())


def real_time_matrix(variable: str, path: str | Path | None = None) -> Vintages:
    """A variable of the real-time data set, quarterly observations in quarterly or monthly vintages.

    Parameters
    ----------
    variable
        The Bank's name: ``"ROUTPUT"`` (real output), ``"PCONX"`` (core consumption prices), ``"P"`` (output
        prices).
    path
        The published .xlsx or CSV file on disk; by default it is downloaded.

    Returns
    -------
    Vintages
        The Bank records what was known in the middle of a quarter or month: a vintage's day is the 15th of the
        quarter's second month, or of the month.

    Raises
    ------
    SourceError
        The file is unavailable or not in the published form.

    References
    ----------
    Croushore and Stark (2001), "A real-time data set for macroeconomists", Journal of Econometrics 105.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> rows = {"DATE": ["2008:Q2", "2008:Q3"], "ROUTPUT08Q4": [11727.4, 11720.0]}
    >>> pd.DataFrame(rows).assign(ROUTPUT09Q1=[11727.4, 11712.4]).to_csv("ROUTPUT.csv", index=False)
    >>> cs.data.real_time_matrix("ROUTPUT", "ROUTPUT.csv").revisions()["revision"].round(1).tolist()
    [-7.6]
    """
    PHILADELPHIA.check(variable)
    variable = PHILADELPHIA.canonical(variable)
    if path is not None:
        found = _vintages(existing(path).read_bytes(), variable, str(path))
        return replace(found, attrs=found.attrs | {"source": f"{_SOURCE}, {path}"})
    found, entry = PHILADELPHIA.get(variable)
    return replace(found, attrs=found.attrs | {"downloaded": entry.downloaded})


def _vintages(body: bytes, variable: str, where: str) -> Vintages:
    attrs = {"title": f"{_SOURCE}: {variable} (US)", "source": _SOURCE, "series_id": variable}
    with understood(where, "the table"):
        return Vintages(_matrix(body, variable, where), {**attrs, "transformation": "none"})


def _cells(body: bytes, where: str) -> pd.DataFrame:
    """The table as text and numbers, of a workbook or a CSV."""
    if body[:2] == b"PK" or not body.isascii():
        book = Workbook(body, where)
        return headed(book.sheet(book.names[0]), 0)
    if not body.strip() or body.lstrip()[:1] == b"<":
        raise SourceError(f"{where}: the answer is empty or a web page. Try again later.")
    try:
        return pd.read_csv(io.BytesIO(body), dtype=str, skipinitialspace=True, keep_default_na=False)
    except ValueError as error:
        raise SourceError(f"{where}: this is not a table ({error}). Fetch the file again.") from error


def _matrix(body: bytes, variable: str, where: str) -> pd.DataFrame:
    cells = _cells(body, where)
    first, *others = cells.columns if len(cells.columns) else [""]
    days = {name: _day(str(name), variable) for name in others}
    unknown = [name for name, day in days.items() if day is None]
    if str(first).strip().lower() != "date" or unknown or not others:
        raise SourceError(
            f"{where}: the header is {[str(c)[:30] for c in cells.columns[:3]]}, expected DATE, "
            f"{variable.upper()}65Q4 and so on{f'; {str(unknown[0])[:80]} is not one' if unknown else ''}."
        )
    text = cells[first].astype(str).str.strip()
    odd = ~text.str.fullmatch(r"[0-9]{4}:?Q[1-4]")
    if odd.any():
        raise SourceError(f"{where}: {text[odd].iloc[0][:80]!r} is not a quarter such as 1947:Q1.")
    out = as_quarterly(cells.replace(_MISSING, None).rename(columns={first: "date"}), source=where)
    return out.set_axis(pd.DatetimeIndex([days[name] for name in others]), axis=1).sort_index(axis=1)


def _day(column: str, variable: str) -> pd.Timestamp | None:
    """Middle of the quarter or month in a column's name, ROUTPUT65Q4 or ROUTPUT65M11."""
    found = re.fullmatch(rf"{variable}(\d\d)(Q[1-4]|M\d{{1,2}})", column.strip(), re.IGNORECASE)
    if found is None:
        return None
    year = int(found[1]) + (1900 if int(found[1]) >= _FIRST_YEAR else 2000)
    number = int(found[2][1:])
    month = 3 * number - 1 if found[2][0] in "Qq" else number
    return pd.Timestamp(year, month, 15) if month <= 12 else None
