"""Days and quarters out of what people write for them: text, stamps with a zone, numbers; and dated recessions."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
import pandas as pd

from capstar.errors import DataError, SpecificationError, quoted

Dates: TypeAlias = pd.PeriodIndex | pd.DatetimeIndex
_YEARS = (1000, 2199)
_HOUR = pd.Timedelta(hours=1)
_ISO = (
    r"[0-9]{4}(?:-[0-9]{1,2}(?:-[0-9]{1,2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
    r"(?: ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?)?)?)?"
)
_ZONE = r"[0-9:.] ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})$"
_NAMED = {
    r"[0-9]{1,2}[ -][A-Za-z]{3}[ -][0-9]{4}": "%d %b %Y",
    r"[A-Za-z]{3}\.? [0-9]{1,2},? [0-9]{4}": "%b %d %Y",
    r"[A-Za-z]{4,} [0-9]{1,2},? [0-9]{4}": "%B %d %Y",
    r"[A-Za-z]{3}[ -][0-9]{4}": "%b %Y",
}

# National Bureau of Economic Research, "US Business Cycle Expansions and Contractions" (nber.org/cycles): month of the
# peak and of the trough after it.  The last trough, April 2020, was announced on 19 July 2021.
NBER = """
1857-06 1858-12  1860-10 1861-06  1865-04 1867-12  1869-06 1870-12  1873-10 1879-03  1882-03 1885-05  1887-03 1888-04
1890-07 1891-05  1893-01 1894-06  1895-12 1897-06  1899-06 1900-12  1902-09 1904-08  1907-05 1908-06  1910-01 1912-01
1913-01 1914-12  1918-08 1919-03  1920-01 1921-07  1923-05 1924-07  1926-10 1927-11  1929-08 1933-03  1937-05 1938-06
1945-02 1945-10  1948-11 1949-10  1953-07 1954-05  1957-08 1958-04  1960-04 1961-02  1969-12 1970-11  1973-11 1975-03
1980-01 1980-07  1981-07 1982-11  1990-07 1991-03  2001-03 2001-11  2007-12 2009-06  2020-02 2020-04
"""


def recessions() -> pd.DataFrame:
    """Recessions of the United States since 1857, dated by the NBER: months ``peak`` and ``trough``, a row each."""
    months = np.reshape(NBER.split(), (-1, 2))
    return pd.DataFrame(
        {name: pd.PeriodIndex(months[:, k], freq="M") for k, name in enumerate(("peak", "trough"))}
    )


def read_dates(raw: pd.Index | pd.Series, source: str, *, dayfirst: bool | None = None) -> tuple[Dates, str]:
    """Read a column of dates; every row is to be written in one form.

    Parameters
    ----------
    raw
        Periods, timestamps, or text: ISO 8601, ``2008Q3`` and its kin, ``1960:1``, ``31.03.1960``, ``20080701``,
        ``200807``, ``Jul 1, 2008``, or a spreadsheet's count of days since 1899-12-30.
    source
        Named in errors.
    dayfirst
        Whether ``01/02/1949`` is the first of February; by default the one reading that is possible for every row, or
        the one that is regularly spaced.

    Returns
    -------
    tuple
        The dates (of days, without zone; of quarters), and what was assumed in reading them, "" if nothing.

    Raises
    ------
    DataError
        A row without date, or with one that cannot be read or may be read in two ways; zones that differ or are not
        the one the dates are meant in; numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> from capstar.dates import read_dates
    >>> quarters, assumed = read_dates(pd.Series(["1960:Q1", "1960:Q2"]), "mine.csv")
    >>> print(*quarters)
    1960Q1 1960Q2
    """
    if dayfirst not in (None, True, False):
        raise SpecificationError(f"dayfirst={quoted(dayfirst)}; give True or False.")
    index = pd.Index(raw)
    if index.hasnans:
        raise DataError(
            f"{source}: row {int(np.argmax(index.isna())) + 1} has no date. Fill it, or remove the row."
        )
    if isinstance(index, pd.PeriodIndex):
        return index, ""
    if isinstance(index, pd.DatetimeIndex):
        return local_dates(index, source), ""
    if index.dtype.kind in "iufbmc":
        raise DataError(
            f"{source}: the dates are numbers of type {index.dtype} from {quoted(index[0] if len(index) else '')}. "
            "Make them dates before saving, such as pd.to_datetime(dates.astype(str), format='%Y%m%d')."
        )
    text = pd.Series([str(cell).strip() for cell in index], dtype="str")
    found, said = _parsed(text, source, dayfirst)
    years = np.asarray(found.year)
    odd = found.isna() | (years < _YEARS[0]) | (years > _YEARS[1])
    if odd.any():
        raise _unreadable(text, ~odd, source)
    return found, said


def local_dates(index: pd.DatetimeIndex, source: str) -> pd.DatetimeIndex:
    """Stamps without their zone, on the calendar date they have in it.

    Raises
    ------
    DataError
        The stamps are midnights of another zone than the one they are in: their dates would be those of the day before.

    Examples
    --------
    >>> import pandas as pd
    >>> from capstar.dates import local_dates
    >>> days = pd.DatetimeIndex(["2024-01-02 00:00"], tz="America/New_York")
    >>> local_dates(days, "mine").strftime("%Y-%m-%d").tolist()
    ['2024-01-02']
    """
    wall = index.tz_localize(None)
    if (np.diff(np.sort(wall.to_numpy())) < np.timedelta64(20, "h")).any():
        return wall  # several in a day are no dates
    hours = sorted(set(wall - wall.normalize()))
    gap = hours[-1] - hours[0] if hours else _HOUR
    # Midnight elsewhere moves by an hour between winter and summer.
    moved = (
        len(hours) == 2 and gap in (_HOUR, 23 * _HOUR) and hours[-1] >= 12 * _HOUR and not hours[0] % _HOUR
    )
    utc = index.tz is not None and str(index.tz).upper() in ("UTC", "UTC+00:00", "ETC/UTC", "GMT", "TZUTC()")
    if moved or (utc and hours and hours != [pd.Timedelta(0)]):
        start = "dates" if index.tz is not None else "dates.tz_localize('UTC')"
        raise DataError(
            f"{source}: the dates are times such as {index[0]}: midnight of another zone, or times whose day depends "
            f"on the zone. Convert them to the zone they are meant in, {start}.tz_convert('Europe/Zurich')."
            "tz_localize(None), or give dates without a time."
        )
    return wall


def _parsed(text: pd.Series, source: str, dayfirst: bool | None) -> tuple[Dates, str]:
    forms: dict[str, Callable[[], Dates | tuple[Dates, str]]] = {
        r"[0-9]{4}[ :.\-]?[Qq][1-4]|[Qq][1-4][ :.\-/]?[0-9]{4}": lambda: _quarters(text),
        r"[0-9]{4}:[0-9]{1,2}": lambda: _colons(text, source),
        r"[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}(?: 0?0:00(?::00)?)?": lambda: _days(text, source, dayfirst),
        r"[0-9]{5}(?:\.0+)?": lambda: _serials(text),
        r"[0-9]{6}": lambda: _stamps(text, "%Y%m"),
        r"[0-9]{8}": lambda: _stamps(text, "%Y%m%d"),
        r"[0-9]{4}/[0-9]{1,2}(?:/[0-9]{1,2})?": lambda: _iso(text.str.replace("/", "-"), source),
        _ISO: lambda: _iso(text, source),
    } | {pattern: partial(_named, text, form) for pattern, form in _NAMED.items()}
    for pattern, read in forms.items():
        if text[:1].str.fullmatch(pattern).all() and text.str.fullmatch(pattern).all():
            found = read()
            return found if isinstance(found, tuple) else (found, "")
    fits = [text.str.fullmatch(pattern).to_numpy(dtype=bool) for pattern in forms]
    raise _unreadable(text, max(fits, key=lambda rows: (rows.sum(), rows[0])), source)


def _unreadable(text: pd.Series, fits: np.ndarray, source: str, said: str = "") -> DataError:
    where = int(np.argmin(fits))
    cell = str(text.iloc[where])
    remedy = "Write dates as 2008-07-01 or 2008Q3."
    if re.fullmatch(r"[0-9]{4}\.[0-9]+", cell):
        said, remedy = ": it may be a month, a quarter or a part of a year", "Write 1960Q1, or 1960-01."
    elif not said and fits.any():
        said = " as the others are"
    return DataError(
        f"{source}: row {where + 1} has the date {quoted(cell)}, which cannot be read{said}. {remedy}"
    )


def _quarters(text: pd.Series) -> pd.PeriodIndex:
    year, quarter = text.str.extract(r"([0-9]{4})")[0], text.str.extract(r"[Qq]([1-4])")[0]
    return pd.PeriodIndex(year + "Q" + quarter, freq="Q")


def _colons(text: pd.Series, source: str) -> tuple[Dates, str]:
    """``1960:1`` counts quarters if it goes on from 4 to 1, ``1960:01`` months."""
    part = text.str[5:]
    if not part.isin(list("1234")).all():
        return _stamps(text.str[:5] + part.str.zfill(2), "%Y:%m"), "year:month"
    if not ((part == "4") & (part.shift(-1) == "1")).any():
        raise DataError(
            f"{source}: {quoted(text.iloc[0])} may be a quarter or a month. Write 1960Q1, or 1960-01."
        )
    return pd.PeriodIndex(text.str[:4] + "Q" + part, freq="Q"), "year:quarter"


def _serials(text: pd.Series) -> tuple[Dates, str]:
    days = pd.to_timedelta(text.astype(float), unit="D")
    return pd.DatetimeIndex(pd.Timestamp("1899-12-30") + days), "days counted by a spreadsheet"


def _stamps(text: pd.Series, form: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(text, format=form, errors="coerce"))


def _named(text: pd.Series, form: str) -> pd.DatetimeIndex:
    return _stamps(text.str.replace(r"[-.,]", " ", regex=True).str.replace(r" +", " ", regex=True), form)


def _iso(text: pd.Series, source: str) -> pd.DatetimeIndex:
    """The calendar date as written, whatever the zone, where all rows are of one."""
    text = text.str.replace(r"-([0-9])(?=[-T ]|$)", r"-0\1", regex=True)
    zone = text.str.extract(_ZONE)[0].where(text.str.len() > len("2000-01-01"))
    wall = pd.DatetimeIndex(
        pd.to_datetime(
            text.where(zone.isna(), text.str.replace(r" ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2})$", "", regex=True)),
            format="ISO8601",
            errors="coerce",
        )
    )
    if wall.hasnans or not zone.notna().any():
        return wall if wall.hasnans else local_dates(wall, source)
    minutes = zone.replace({"Z": "+0000", "UTC": "+0000"}).str.replace(":", "").astype(float)
    offset = np.trunc(minutes / 100) * 60 + np.fmod(minutes, 100)
    if zone.isna().any() or offset.max() - offset.min() > 60:  # an hour apart are winter and summer
        raise DataError(
            f"{source}: the dates are of several time zones ({', '.join(zone.fillna('none').unique()[:3])}). "
            "Convert them to one, or give dates without a time."
        )
    return local_dates(wall.tz_localize("UTC") if (offset == 0).all() else wall, source)


def _days(text: pd.Series, source: str, dayfirst: bool | None) -> tuple[Dates, str]:
    """``01/02/1949``: the first of February, or the second of January."""
    parts = text.str.extract(r"^([0-9]+)[./-]([0-9]+)[./-]([0-9]{4})").astype(int)
    readings = {
        first: _calendar(parts[2], parts[int(first)], parts[1 - first])
        for first in ((True, False) if dayfirst is None else (dayfirst,))
    }
    possible = [first for first in readings if not readings[first].hasnans]
    if not possible:
        said = "" if dayfirst is None else f" with dayfirst={dayfirst}"
        raise _unreadable(text, max((~r.isna() for r in readings.values()), key=np.sum), source, said)
    if len(possible) == 2 and not readings[True].equals(readings[False]):
        possible = [first for first in possible if _regular(readings[first])]
        if len(possible) != 1:
            raise _ambiguous(text, readings, source)
    return readings[possible[0]], "day before month" if possible[0] else "month before day"


def _calendar(year: pd.Series, month: pd.Series, day: pd.Series) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime({"year": year, "month": month, "day": day}, errors="coerce"))


def _ambiguous(text: pd.Series, readings: dict[bool, pd.DatetimeIndex], source: str) -> DataError:
    """The first two rows that tell the readings apart, in both."""
    at = max(int(np.argmax(readings[True] != readings[False])), min(1, len(text) - 1))
    rows = slice(max(at - 1, 0), at + 1)
    day, month = (", ".join(f"{d:%Y-%m-%d}" for d in readings[first][rows]) for first in (True, False))
    return DataError(
        f"{source}: the dates {', '.join(text[rows])} may be {day} (dayfirst=True) or {month} (dayfirst=False). Pass "
        "the one meant to the reader, or to pd.to_datetime; or write them as 2008-07-01."
    )


def _regular(stamps: pd.DatetimeIndex) -> bool:
    """Every month, quarter or year on one day or on the last, or at least once a week."""
    days = np.diff(stamps.to_numpy().astype("datetime64[D]").astype(int))
    if len(days) < 2 or (days <= 0).any():
        return False
    months = np.diff(stamps.year * 12 + stamps.month)
    same = stamps.is_month_end.all() or len(set(stamps.day)) == 1
    return bool(days.max() <= 7 or (same and (months == months[0]).all()))
