"""Series of FRED, the database of the Federal Reserve Bank of St. Louis, at pandas-datareader's address."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Callable, Iterable
from typing import NoReturn

import numpy as np
import pandas as pd

from capstar.data.sources import Address, DataSource, register
from capstar.data.store.download import network
from capstar.errors import DataError, DataWarning, SourceError

SOURCE = "FRED, Federal Reserve Bank of St. Louis"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_MISSING = ("", ".")
_HEADERS = (["observation_date"], ["DATE"])
DEMANDS: dict[str, Callable[[pd.Series], object]] = {}
"""By identifier, what must hold of a series beyond its form; raises `SourceError` where it does not."""
_FREQUENCY = {1: "M", 3: "Q", 6: "6M", 12: "Y"}  # by months
_HOLIDAYS = 20  # days without a row that are no matter; a month is more
_WEEK = 7  # days; daily rows come sooner
_CLOSED = 200  # days; the exchanges closed from July to December 1914
_AROUND = 4  # steps of an open market on each side of a closure, which tell it from a change of frequency


def _address() -> str:
    from pandas_datareader.fred import FredReader

    return str(FredReader("GDPC1").url + "?id={series}")


class Fred(DataSource[pd.Series]):
    """The latest vintage."""

    key, name, example = "fred", "FRED", "GDPC1"
    url = Address(_address)
    pattern = r"[A-Za-z0-9_]{1,60}"
    max_bytes = 8_000_000
    terms = "free; some series belong to others, see their notes"

    def canonical(self, series: str) -> str:
        """In capitals, as FRED answers."""
        return series.upper()

    def read(self, body: bytes, series: str) -> pd.Series:
        """The series on its own dates; the parser of pandas-datareader takes a web page for an empty table."""
        out = parse_table(body, self.where(series), series)
        DEMANDS.get(series, len)(out)
        return out


FRED = register(Fred())


@network()
def fred(series: str | Iterable[str], start: str | None = None, end: str | None = None) -> pd.DataFrame:
    """Series of FRED, latest vintage, each at its own frequency.

    Parameters
    ----------
    series
        Identifiers, such as ``"GDPC1"`` or ``["PCEPILFE", "FEDFUNDS"]``, in capitals or not; all of one frequency.
    start, end
        First and last date; by default everything.

    Returns
    -------
    pandas.DataFrame
        One column a series, named in capitals, in FRED's units; NaN where FRED has no value.  Monthly, quarterly
        and yearly series are on a PeriodIndex, daily and weekly ones on a DatetimeIndex, named ``date``; a fiscal
        year is the year it ends in, which ``attrs["transformation"]`` says.  ``attrs``: ``title``, ``source``,
        ``series_id``, ``downloaded`` (UTC) by column, ``transformation``.

    Raises
    ------
    SourceError
        No usable answer, or one that is not the series.
    DataError
        An identifier is invalid, or frequencies differ.

    Notes
    -----
    The latest vintage is what is known today; for what was known then see `capstar.data.alfred`.

    Examples
    --------
    >>> import capstar as cs
    >>> cs.data.fred("FEDFUNDS", "2020-03", "2020-05")["FEDFUNDS"].tolist()
    [0.65, 0.05, 0.05]
    """
    wanted = [series] if isinstance(series, str) else list(series)
    for name in wanted:
        FRED.check(name)
    names = list(dict.fromkeys(map(FRED.canonical, wanted)))
    if not names:
        raise DataError("No series was named. Give identifiers such as 'GDPC1'.")
    answers = [FRED.get(name) for name in names]
    kinds = {name: getattr(one.index, "freqstr", "D") for name, (one, _) in zip(names, answers, strict=True)}
    if len(set(kinds.values())) > 1:
        raise DataError(
            f"The series are of different frequencies, {kinds}. Ask for each frequency on its own."
        )
    columns = [one for one, _ in answers]
    out = pd.concat(columns, axis=1, sort=True).rename_axis("date").loc[start:end]
    out.attrs = {
        "title": f"FRED: {', '.join(names)}",
        "source": SOURCE,
        "series_id": {name: name for name in names},
        "downloaded": {name: entry.downloaded for name, (_, entry) in zip(names, answers, strict=True)},
        "transformation": {
            name: one.attrs.get("transformation", "none") for name, one in zip(names, columns, strict=True)
        },
    }
    return out


def parse_table(body: bytes, where: str, column: str) -> pd.Series:
    """The one series of a CSV of FRED or ALFRED, dated as `dated` says; NaN where there is no value.

    Raises `SourceError` where the body is not that table, whole, ordered, numbers or missing, with this column after
    the date: the message names the first thing wrong.
    """
    text = _text(body, where)
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise SourceError(f"{where}: the answer is not a table ({error}). Try again later.") from error
    header = [cell.strip() for cell in rows[0]]
    if header[:1] not in _HEADERS or header[1:] != [column]:
        raise SourceError(
            f"{where}: the header is {rows[0][:4]}, expected ['observation_date', {column!r}]. The series "
            "may not exist, or the source has changed its format."
        )
    if len(rows) < 2:
        raise SourceError(f"{where}: there is a header and no row. The series may be empty or withdrawn.")
    last, values = "", {}
    for row in rows[1:]:
        if len(row) != 2 or not _DATE.fullmatch(row[0]):
            raise SourceError(
                f"{where}: after {last or 'the header'} the row is {row[:3]}, not a date and a value."
            )
        _check_date(row[0], last, where)
        last = row[0]
        values[last] = _number(row[1], f"{where}: the value of {last}")
    days = pd.DatetimeIndex(list(values))
    index = dated(days, where)
    out = pd.Series(list(values.values()), index, dtype=float, name=column)
    out.attrs = {"source": SOURCE}
    if isinstance(index, pd.PeriodIndex) and index.freqstr.startswith("Y") and days[-1].day != 1:
        out.attrs["transformation"] = "fiscal years as the years they end in"
    return out


def _number(cell: str, what: str) -> float:
    text = cell.strip()
    value = float(text) if _NUMBER.fullmatch(text) else np.nan
    if not np.isfinite(value) and text not in _MISSING:
        raise SourceError(f"{what} is {cell[:80]!r}, not a number. Report it to the source.")
    return value


def _text(body: bytes, where: str) -> str:
    if not body.strip():
        raise SourceError(f"{where}: the answer is empty. Try again later.")
    if body.lstrip()[:1] == b"<":
        raise SourceError(
            f"{where}: the answer is a web page, not data. The series may not exist; try again later."
        )
    if not body.endswith((b"\n", b"\r")):
        raise SourceError(f"{where}: the answer is cut off in its last line. Try again later.")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{where}: byte {error.start} is not UTF-8; the answer is damaged. Try again."
        ) from error
    if "\0" in text or not text.strip():
        raise SourceError(f"{where}: the answer holds no text. Try again later.")
    return text


def _check_date(date: str, last: str, where: str) -> None:
    try:
        year = pd.Timestamp(date).year
    except ValueError as error:
        raise SourceError(f"{where}: {date} is not a date.") from error
    if not 1700 <= year < 2200:
        raise SourceError(f"{where}: the date {date} is out of range.")
    if date <= last:
        problem = "twice" if date == last else f"after {last}"
        raise SourceError(f"{where}: {date} comes {problem}; dates should rise. Report it to the source.")


def dated(dates: pd.DatetimeIndex, where: str) -> pd.PeriodIndex | pd.DatetimeIndex:
    """Periods for first days of a month, or last ones, a constant step apart; daily and weekly dates as they are.

    Fiscal years are the years they end in, though the month moves (30 June to 1976, then 30 September).  Over a closure
    of the markets a daily series may have no row; a `DataWarning` tells of it.  Raises `SourceError` where the step
    changes: periods are missing or the frequency does.
    """
    if len(dates) < 2:
        raise SourceError(
            f"{where}: one value does not tell a frequency. Read FRED's CSV by hand, or choose a longer series."
        )
    first, last = (dates.day == 1).all(), dates.is_month_end.all()
    if last and (np.diff(dates.year) == 1).all():
        return dates.to_period("Y")
    if first or last:
        months = np.diff(np.asarray(dates.year * 12 + dates.month))
        step = int(months[0])
        if step not in _FREQUENCY or (months != step).any():
            odd = dates[1:][months != step]
            _refuse_step(where, f"at {odd[0] if len(odd) else dates[1]:%Y-%m-%d}")
        return dates.to_period(_FREQUENCY[step])
    _check_days(dates, where)
    return dates


def _check_days(dates: pd.DatetimeIndex, where: str) -> None:
    """Let holidays pass, and closures between spells of daily rows."""
    steps = np.diff(dates.to_numpy()).astype("timedelta64[D]").astype(int)
    closures = np.flatnonzero(steps > _HOLIDAYS)
    for k in closures:
        around = np.concatenate([steps[max(k - _AROUND, 0) : k], steps[k + 1 : k + 1 + _AROUND]])
        if len(around) < 2 * _AROUND or around.max() >= _WEEK or steps[k] > _CLOSED:
            _refuse_step(where, f"before {dates[k + 1]:%Y-%m-%d}")
    if len(closures):
        spans = ", ".join(f"{dates[k]:%Y-%m-%d} and {dates[k + 1]:%Y-%m-%d}" for k in closures[:3])
        warnings.warn(
            f"{where}: there is no row between {spans}, as over a closure of the markets. Compare with FRED's page if "
            "none is known.",
            DataWarning,
            stacklevel=2,
        )


def _refuse_step(where: str, at: str) -> NoReturn:
    raise SourceError(
        f"{where}: the frequency changes, or dates are missing, {at}; expected steps of a month, quarter, half-year or "
        "year, or of less than three weeks. Save FRED's CSV, keep the rows of one frequency, and read that file."
    )
