"""The frame convention: float columns on a PeriodIndex named ``date``, without gaps; quarterly where r* is at stake."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import TypeAlias, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capstar.dates import local_dates, read_dates
from capstar.errors import DataError, SpecificationError, quoted

Table = TypeVar("Table", pd.Series, pd.DataFrame)
_NO_NUMBERS = (bool, np.bool_, date, time, timedelta)
PERIODS = {"M": "month", "Q": "quarter", "Y": "year"}  # what a row is of, by frequency
Start: TypeAlias = str | pd.Period | pd.Timestamp | None  # of a figure; all by default
UNUSED = "unused columns"  # in attrs: what a file has besides the columns asked for


def as_quarterly(
    frame: pd.DataFrame, *, source: str = "data", columns: Iterable[str] | None = None
) -> pd.DataFrame:
    """Check a table and put it on a quarterly PeriodIndex.

    Parameters
    ----------
    frame
        With a ``date`` column, or dates as index: any day of the quarter, ``2008Q3``, or Periods.
    source
        Named in errors: a file, or what the table is.
    columns
        Those that will be used, where the table has them; the others are left out, whatever they hold.  By default all.

    Returns
    -------
    pandas.DataFrame
        A copy, float64, index named ``date``; ``attrs`` are kept.

    Raises
    ------
    DataError
        No date, an unreadable date, a duplicate, a gap, dates out of order, another frequency, text or a
        date in a number, an infinite value, two columns of one name, or no rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from capstar.frames import as_quarterly
    >>> table = pd.DataFrame({"date": ["2019-12-31", "2020-03-31"], "rate": ["1.6", "0.7"]})
    >>> out = as_quarterly(table)
    >>> print(*out.index, *out["rate"])
    2019Q4 2020Q1 1.6 0.7
    """
    return as_frequency(frame, "Q", source=source, columns=columns)


def as_yearly(
    frame: pd.DataFrame, *, source: str = "data", columns: Iterable[str] | None = None
) -> pd.DataFrame:
    """Check a table and put it on a yearly PeriodIndex.

    Parameters
    ----------
    frame
        With a ``date`` column, or dates as index: years as numbers or text, any day of the year, or Periods.
    source, columns
        As of `as_quarterly`.

    Returns
    -------
    pandas.DataFrame
        As of `as_quarterly`.

    Raises
    ------
    DataError
        As of `as_quarterly`.

    Examples
    --------
    >>> import pandas as pd
    >>> from capstar.frames import as_yearly
    >>> print(*as_yearly(pd.DataFrame({"date": [1901, 1902], "rate": [3.0, 3.5]})).index)
    1901 1902
    """
    return as_frequency(frame, "Y", source=source, columns=columns)


def as_frequency(
    frame: pd.DataFrame, frequency: str, *, source: str = "data", columns: Iterable[str] | None = None
) -> pd.DataFrame:
    """Check a table and put it on a PeriodIndex of months, quarters or years.

    Parameters
    ----------
    frame, source, columns
        As of `as_quarterly`; of months dates are any day of the month, ``2008-07``, or Periods.
    frequency
        ``"M"``, ``"Q"`` or ``"Y"``.

    Returns
    -------
    pandas.DataFrame
        As of `as_quarterly`.

    Raises
    ------
    DataError
        As of `as_quarterly`.
    """
    used = frame if columns is None else frame.loc[:, frame.columns.isin(["date", *columns])]
    _require_table(used, source, PERIODS[frequency])
    index = _periods(frame, frequency, source)
    _check_sequence(index, source)
    out = _floats(used.drop(columns="date", errors="ignore"), index, source)
    if unused := [str(c) for c in frame.columns.difference(used.columns, sort=False)]:
        out.attrs[UNUSED] = [*frame.attrs.get(UNUSED, []), *unused]
    return out


def as_periods(frame: pd.DataFrame | pd.Series, *, source: str = "data") -> pd.DataFrame:
    """Check a table of any frequency and put it on a PeriodIndex.

    Parameters
    ----------
    frame
        Dates as index, or in a column ``date`` beside row numbers: Periods, timestamps with a regular spacing, or whole
        numbers in steps of one (years, or the rows of a series without dates, which are then taken as years).  A
        Series counts as one column.
    source
        Named in errors.

    Returns
    -------
    pandas.DataFrame
        A copy, float64, index named ``date``.

    Raises
    ------
    DataError
        No rows, dates without a regular spacing, out of order, repeated or with gaps, text in a number, an infinite
        value, two columns of one name.

    Examples
    --------
    >>> import pandas as pd
    >>> from capstar.frames import as_periods
    >>> days = pd.to_datetime(["2020-01-01", "2020-02-01", "2020-03-01"])
    >>> as_periods(pd.Series([1.0, 2.0, 3.0], days, name="rate")).index.freqstr
    'M'
    """
    table = frame.to_frame() if isinstance(frame, pd.Series) else frame
    if not isinstance(table, pd.DataFrame):
        raise DataError(
            f"{source}: expected a DataFrame with a column a series, got {type(frame).__name__}. Make one, with dates "
            "as its index."
        )
    _require_table(table, source, "period")
    if "date" in table and isinstance(table.index, pd.RangeIndex):
        table = table.set_index("date")
    index = _any_periods(table.index, source)
    wrong = np.diff(index.asi8) != index.freq.n
    if wrong.any():
        where = int(np.argmax(wrong))
        raise DataError(
            f"{source}: {index[where]} is followed by {index[where + 1]}, expected {index[where] + 1}. Give every "
            "period once and in order; a value may be empty."
        )
    return _floats(table, index, source)


def _require_table(table: pd.DataFrame, source: str, one: str) -> None:
    if len(table) == 0:
        raise DataError(f"{source}: there are no rows. Give a table with one row a {one}.")
    if (repeated := table.columns[table.columns.duplicated()]).size:
        raise DataError(f"{source}: {repeated[0]} names two columns. Rename one, or leave it out.")


def _floats(table: pd.DataFrame, index: pd.PeriodIndex, source: str) -> pd.DataFrame:
    out = pd.DataFrame({c: _numbers(table[c], index, source) for c in table.columns}, index=index)
    out.attrs = dict(table.attrs)
    return out


def _any_periods(index: pd.Index, source: str) -> pd.PeriodIndex:
    if isinstance(index, pd.PeriodIndex):
        return index.rename("date")
    if isinstance(index, pd.DatetimeIndex):
        index = local_dates(index, source)
        frequency = index.freqstr or _inferred(index)
        if frequency is not None and frequency not in ("B", "C"):
            try:
                return index.to_period(to_period_alias(frequency)).rename("date")
            except ValueError:
                pass
    elif index.dtype.kind in "iu":
        years = pd.PeriodIndex.from_ordinals(index.to_numpy(dtype=np.int64) - 1970, freq="Y")
        return pd.PeriodIndex(years, name="date")
    raise DataError(
        f"{source}: the dates are a {type(index).__name__} from {index[0]!r} without a regular spacing in the "
        "calendar. Set a PeriodIndex, data.index = pd.PeriodIndex(dates, freq='Q'), or 'M', 'D' and so on; for "
        "business days number the rows, data.reset_index(drop=True)."
    )


def _inferred(index: pd.DatetimeIndex) -> str | None:
    """Frequency of timestamps with a regular spacing."""
    if len(index) < 3:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas announces an offset, which is understood too
        found = pd.infer_freq(index)
    return None if found is None else str(getattr(found, "freqstr", found))


def to_period_alias(frequency: str) -> str:
    """Frequency of periods that belongs to one of timestamps: ``QS-OCT`` and ``QE-DEC`` are ``Q``, ``MS`` is ``M``."""
    base = frequency.split("-", maxsplit=1)[0]
    for stem in ("Q", "Y", "A", "M"):
        if base in (stem, f"{stem}S", f"{stem}E", f"B{stem}S", f"B{stem}E"):
            return "Y" if stem == "A" else stem
    return frequency


def require_columns(frame: pd.DataFrame, columns: Iterable[str], *, source: str, why: str = "") -> None:
    """Raise `DataError` naming the columns that are absent."""
    if absent := [name for name in columns if name not in frame.columns]:
        raise DataError(
            f"{source}: the columns {absent} are missing{f' ({why})' if why else ''}; there are "
            f"{[*map(str, frame.columns), *frame.attrs.get(UNUSED, [])]}. Add them, or rename yours."
        )


def require_complete(frame: pd.DataFrame, columns: Iterable[str], *, source: str) -> None:
    """Raise `DataError` at the first missing value of the columns."""
    for name in columns:
        missing = frame[name].isna()
        if missing.any():
            raise DataError(
                f"{source}: {name} has no value in {frame.index[missing.to_numpy()][0]} "
                f"({int(missing.sum())} missing in all). Fill it, or choose a sample without it."
            )


def require_quarters(series: pd.Series, name: str) -> None:
    """Raise `DataError` unless the series is on a quarterly PeriodIndex, every quarter once and in order."""
    index = series.index
    if not isinstance(index, pd.PeriodIndex) or not index.freqstr.startswith("Q"):
        raise DataError(
            f"{name}: expected a quarterly PeriodIndex, got {described(index)}. Convert with "
            "series.index = series.index.to_period('Q'), monthly data with capstar.data.to_quarterly."
        )
    steps = np.diff(index.asi8)
    if (steps != 1).any():
        where = index[int(np.argmax(steps != 1))]
        raise DataError(f"{name}: a quarter is missing or repeated after {where}. Give every quarter once.")


def require_rising(index: pd.Index, source: str, *, one: str) -> None:
    """Raise `DataError` at the first date that repeats or falls; ``one`` says what there is one of, "row a day"."""
    falls = ~np.asarray(index[1:] > index[:-1])
    if falls.any():
        where = int(np.argmax(falls))
        before, at = str(index[where])[:10], str(index[where + 1])[:10]
        what = "comes twice" if at == before else f"comes after {before}"
        raise DataError(f"{source}: dates repeat or fall, {at} {what}. Sort them and keep one {one}.")


def described(index: pd.Index) -> str:
    """Type and frequency of an index, for messages."""
    frequency = f" of frequency {index.freqstr}" if isinstance(index, pd.PeriodIndex) else ""
    return f"{type(index).__name__}{frequency}"


def _periods(frame: pd.DataFrame, frequency: str, source: str) -> pd.PeriodIndex:
    one = PERIODS[frequency]
    years = frequency == "Y" and frame.index.dtype.kind in "iu" and not _counted(frame.index)
    if "date" in frame.columns:
        raw = pd.Index(frame["date"])
    elif isinstance(frame.index, pd.PeriodIndex | pd.DatetimeIndex) or frame.index.name == "date" or years:
        raw = frame.index
    else:
        written = {"Y": "1870 or 1870-12-31", "Q": "2008-07-01 or 2008Q3", "M": "2008-07 or 2008-07-01"}[
            frequency
        ]
        raise DataError(
            f"{source}: there is no date. Add a column 'date' ({written}), or a PeriodIndex; "
            f"the columns are {[str(c) for c in frame.columns]}."
        )
    if raw.hasnans:
        raise DataError(
            f"{source}: row {int(np.argmax(raw.isna())) + 1} has no date. Give every row the date of its {one}."
        )
    if isinstance(raw, pd.PeriodIndex):
        if not raw.freqstr.startswith(frequency):
            raise DataError(
                f"{source}: the dates are of frequency {raw.freqstr}, expected {one}ly. "
                f"{_OTHERWISE.get(raw.freqstr[0] + frequency, 'Aggregate first.')}"
            )
        return raw.asfreq(frequency).rename("date")
    if frequency == "Y" and raw.dtype.kind in "iu":
        raw = raw.astype("str")
    found, _ = read_dates(raw, source)
    periods = found.asfreq(frequency) if isinstance(found, pd.PeriodIndex) else found.to_period(frequency)
    return pd.PeriodIndex(periods, name="date")


_SEVERAL = "Give one row a month, with a quarter's value in its last month; see capstar.statespace.combine_frequencies."
_OTHERWISE = {"YQ": "Give quarterly data.", "YM": _SEVERAL, "QM": _SEVERAL}  # by frequency found and expected


def _counted(index: pd.Index) -> bool:
    """Whether an index counts rows from zero or one."""
    return len(index) == 0 or index[0] in (0, 1)


_FINER = {"quarter": "monthly", "month": "daily"}


def _check_sequence(index: pd.PeriodIndex, source: str) -> None:
    steps = np.diff(index.asi8)
    if (steps == 1).all():
        return
    where = int(np.argmax(steps != 1))
    before, after, one = index[where], index[where + 1], PERIODS[index.freqstr[0]]
    if steps[where] == 0:
        raise DataError(
            f"{source}: {after} is a duplicate (rows {where + 1} and {where + 2}). One row a {one} is "
            f"expected: remove duplicates, or aggregate {_FINER.get(one, 'other')} data to {one}s."
        )
    if steps[where] < 0:
        raise DataError(
            f"{source}: {after} is listed after {before}. Sort the rows by date, and remove duplicates."
        )
    if one == "quarter" and (steps == 4).all():
        raise DataError(
            f"{source}: the data are yearly ({before}, {after}, ...). Quarterly data are expected."
        )
    if one == "month" and (steps == 3).all():
        raise DataError(f"{source}: the data are quarterly ({before}, {after}, ...). {_SEVERAL}")
    raise DataError(
        f"{source}: {one}s are missing between {before} and {after}; lags would be wrong. "
        "Add the rows (a value may be empty), or start later."
    )


def _numbers(column: pd.Series, index: pd.PeriodIndex, source: str) -> pd.Series:
    return pd.Series(numbers(column, index, source), index, name=column.name)


def numbers(column: pd.Series, index: pd.Index, source: str) -> NDArray[np.float64]:
    """Floats of a column, NaN where there is no value; `DataError` names the row without a finite one."""
    if column.dtype.kind in "Mmcb":
        raise DataError(
            f"{source}: {column.name} holds {column.dtype}, expected numbers. "
            + ("Give 0 and 1: .astype(float)." if column.dtype.kind == "b" else "Leave the column out.")
        )
    odd = np.zeros(len(column), dtype=bool)
    if column.dtype == object:  # true or a date is not the number that Python can make of it
        odd = np.array([isinstance(c, _NO_NUMBERS) for c in column], dtype=bool) & column.notna().to_numpy()
    cells = column.mask(odd) if odd.any() else column
    try:
        found = pd.to_numeric(cells, errors="coerce")
        floats: NDArray[np.float64] = found.to_numpy(dtype=float, na_value=np.nan, copy=True)
    except OverflowError:  # an integer beyond the range of floats
        floats = np.array([_float(cell) for cell in cells])
    if (text := column.notna().to_numpy() & np.isnan(floats)).any():
        where = int(np.argmax(text))
        raise DataError(
            f"{source}: {column.name} in {_label(index[where])} is {quoted(column.iloc[where])}, not a number: it "
            "cannot be read. Correct it, or leave it empty if it is missing."
        )
    if np.isinf(floats).any():
        raise DataError(
            f"{source}: {column.name} in {_label(index[int(np.argmax(np.isinf(floats)))])} is infinite. Correct the "
            "value; a logarithm of zero, a division by zero or too many digits make one."
        )
    return floats


def _label(at: object) -> str:
    return f"{at:%Y-%m-%d}" if isinstance(at, pd.Timestamp) else str(at)


def _float(cell: object) -> float:
    try:
        return float(pd.to_numeric(cell, errors="coerce"))
    except OverflowError:
        return float("inf")


def since(table: Table, start: Start) -> Table:
    """Rows from a period or day on, all by default; of a table without dates all.

    Raises
    ------
    SpecificationError
        ``start`` is not a date, or nothing is left.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.frames import since
    >>> len(since(cs.data.us_macro(), "2009Q1"))
    3
    """
    index = table.index
    if start is None or not isinstance(index, pd.PeriodIndex | pd.DatetimeIndex):
        return table
    try:
        first = (
            pd.Timestamp(start)
            if isinstance(index, pd.DatetimeIndex)
            else pd.Period(start, freq=index.freqstr)
        )
    except (TypeError, ValueError):
        raise SpecificationError(
            f"start={start!r} is not a date. Write it as {str(index[0])[:10]}."
        ) from None
    kept = table.loc[index >= first]
    if not len(kept):
        raise SpecificationError(
            f"start={start!r}: the figure's data end in {str(index[-1])[:10]}. Choose an earlier start."
        )
    return kept
