"""Input tables, validated when read.

Long tables, one row a security and date; rows in any order, except those of actions.

===========  ============================================================================================
table        columns
===========  ============================================================================================
prices       ``date``, ``id``, ``close`` as traded (not adjusted for splits), and if there are any
             ``dividend``: ordinary cash a share with this ex-date
shares       ``date`` from which the row holds, ``id``, ``shares`` outstanding, and if known
             ``float_factor`` (1), ``company`` (the id), ``sector`` (``unclassified``), ``eligible`` (true;
             false for funds, partnerships, shells), and what registered screens read besides
actions      see `capstar.smallcaps.actions`
weights      ``date`` after whose close they hold, ``id``, ``weight``; sum to one on each date
===========  ============================================================================================
"""

from __future__ import annotations

from numbers import Number
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capstar.errors import DataError
from capstar.frames import require_columns
from capstar.smallcaps.registry import screens
from capstar.smallcaps.rules import WEIGHT_TOLERANCE

Table: TypeAlias = pd.DataFrame | str | Path
NO_SECTOR = "unclassified"
LARGEST = 1e15  # of any number of a table; products of three stay finite
_QUOTED = 80  # characters of a cell in a message
_FIRST_YEAR, _LAST_YEAR = 1700, 2200  # dates of tables count nanoseconds, which end in 2262


def as_shares(table: Table) -> pd.DataFrame:
    """Check share counts, of a table or a Parquet file, and fill what is not given, by date.

    Raises `DataError` where a column, date or id is missing, a row is a duplicate, shares are not positive, a
    float factor is not a fraction.
    """
    source = "shares"
    frame = keyed(table, ("shares",), source)
    frame["shares"] = numbers_of(frame, "shares", source)
    _refuse(frame, ~(frame["shares"] > 0), "shares", source, "Shares are positive: correct or drop the row.")
    frame["float_factor"] = numbers_of(frame, "float_factor", source, 1.0)
    outside = ~frame["float_factor"].between(0.0, 1.0)
    _refuse(frame, outside, "float_factor", source, "Give a fraction between 0 and 1, not a percentage.")
    frame["company"] = texts_of(frame, "company", frame["id"])
    frame["sector"] = texts_of(frame, "sector", NO_SECTOR)
    frame["eligible"] = _flags(frame, source)
    further = sorted({name for screen in screens().values() for name in screen.columns})
    for name in further:
        frame[name] = numbers_of(frame, name, source)
    columns = ["date", "id", "shares", "float_factor", "company", "sector", "eligible", *further]
    return frame[columns].sort_values(["date", "id"], ignore_index=True)


def as_weights(table: Table) -> pd.DataFrame:
    """Check given weights, of a table or a Parquet file, by date.

    Raises `DataError` where a column, date or id is missing, a row is a duplicate, a weight is negative, or
    those of a date do not sum to one within 1e-6.
    """
    source = "weights"
    frame = keyed(table, ("weight",), source)
    frame["weight"] = numbers_of(frame, "weight", source)
    _refuse(frame, ~(frame["weight"] >= 0), "weight", source, "Weights are not negative: correct the row.")
    total = frame.groupby("date")["weight"].sum()
    wrong = total[(total - 1.0).abs() > WEIGHT_TOLERANCE]
    if wrong.size:
        raise DataError(
            f"{source}: the weights of {wrong.index[0]:%Y-%m-%d} sum to {wrong.iloc[0]:.6g}, not to one. "
            "Divide them by their sum, or add the missing rows."
        )
    frame["weight"] /= frame["date"].map(total)
    return frame[["date", "id", "weight"]].sort_values(["date", "id"], ignore_index=True)


def keyed(table: Table, columns: tuple[str, ...], source: str, *, unique: bool = True) -> pd.DataFrame:
    """A copy with dates as days and ids as text; no date and id twice where they are to be unique."""
    frame = table if isinstance(table, pd.DataFrame) else _read(table, source)
    require_table(frame, ("date", "id", *columns), source)
    if frame.empty:
        raise DataError(f"{source}: there are no rows. Give one row a security and date.")
    frame = frame.reset_index(drop=True)
    frame = frame.assign(date=days_of(frame["date"], source), id=ids_of(frame["id"], source))
    twice = frame.duplicated(["date", "id"]) if unique else pd.Series(False, index=frame.index)
    if twice.any():
        row = frame[twice].iloc[0]
        raise DataError(
            f"{source}: {row['id']} has a duplicate on {row['date']:%Y-%m-%d}. Keep one of the rows."
        )
    return frame


def require_table(frame: pd.DataFrame, columns: tuple[str, ...], source: str) -> None:
    """Raise `DataError` where a column is absent, or a name is that of two."""
    if (repeated := frame.columns[frame.columns.duplicated()]).size:
        raise DataError(
            f"{source}: {str(repeated[0])[:_QUOTED]!r} names two columns. Rename one, or leave it out."
        )
    require_columns(frame, columns, source=source)


def days_of(column: pd.Series, source: str) -> pd.Series:
    """Dates as days without time, of the years that dates can be kept of."""
    try:
        if column.dtype.kind == "M":
            stamps = column
        else:
            stamps = pd.to_datetime(column.mask(_are(column, Number)), errors="coerce", format="ISO8601")
    except (TypeError, ValueError, OverflowError) as error:
        said = str(error)[:_QUOTED]
        raise DataError(f"{source}: the dates cannot be read ({said}). Write them as 2015-06-26.") from error
    if stamps.dt.tz is not None:
        raise DataError(f"{source}: the dates have a time zone. Give plain dates: .dt.tz_localize(None).")
    known = stamps.notna().to_numpy()
    within = known & stamps.dt.year.between(_FIRST_YEAR, _LAST_YEAR).to_numpy()
    if not within.all():
        where = int(np.argmin(within))
        wrong = (
            f"which is outside the years {_FIRST_YEAR} to {_LAST_YEAR}"
            if known[where]
            else "which cannot be read"
        )
        raise DataError(
            f"{source}: row {where + 1} has the date {str(column.iloc[where])[:_QUOTED]!r}, {wrong}. Write dates as "
            "2015-06-26."
        )
    return stamps.dt.normalize()


def ids_of(column: pd.Series, source: str) -> pd.Series:
    """Identifiers as text."""
    if column.isna().any():
        where = int(np.argmax(column.isna().to_numpy()))
        raise DataError(f"{source}: row {where + 1} has no id. Give every row the id of its security.")
    return column.astype(str)


def texts_of(frame: pd.DataFrame, name: str, default: pd.Series | str) -> pd.Series:
    """Text of a column; where there is none, the default."""
    column = frame.get(name, pd.Series(np.nan, frame.index)).astype(object)
    return column.where(column.notna(), default).astype(str)


def as_days(dates: pd.Series | pd.DatetimeIndex) -> NDArray[np.datetime64]:
    """Dates as NumPy days."""
    return np.asarray(dates, dtype="datetime64[D]")


def numbers_of(frame: pd.DataFrame, name: str, source: str, default: float | None = None) -> pd.Series:
    """Numbers of a column; where there are none, the default, or NaN."""
    if name not in frame.columns:
        return pd.Series(default, index=frame.index, dtype=float)
    out = floats_of(frame[name])
    text = (frame[name].notna() & out.isna()) | np.isinf(out)
    _refuse(frame, text, name, source, "That is not a number: correct it.")
    _refuse(frame, out.abs() > LARGEST, name, source, "No share has such a number: correct it.")
    return out if default is None else out.fillna(default)


def floats_of(column: pd.Series) -> pd.Series:
    """Numbers of a column, NaN where a cell is none; truth values and dates are none."""
    if column.dtype.kind in "bcmM":
        return pd.Series(np.nan, column.index)
    cells = (
        column.mask(_are(column, (bool, np.bool_, complex, bytes))) if column.dtype.kind == "O" else column
    )
    try:
        return pd.to_numeric(cells, errors="coerce").astype(float)
    except (TypeError, ValueError, OverflowError):  # one cell that no array of numbers can hold
        return cells.map(_float)


def _float(cell: object) -> float:
    try:
        return float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return np.nan


def _are(column: pd.Series, kinds: type | tuple[type, ...]) -> NDArray[np.bool_]:
    """Which cells are of these types."""
    if not any(issubclass(kind, kinds) for kind in set(map(type, column))):
        return np.zeros(len(column), dtype=bool)
    return np.fromiter((isinstance(cell, kinds) for cell in column), bool, len(column))


def _read(path: object, source: str) -> pd.DataFrame:
    if not isinstance(path, str | Path):
        raise DataError(
            f"{source}: a {type(path).__name__} is not a table. Give a DataFrame, or a Parquet file."
        )
    if Path(path).suffix.lower() not in (".parquet", ".pq") or not Path(path).is_file():
        raise DataError(f"{source}: {path} is not a Parquet file. Give one, or a table.")
    import pyarrow as pa

    try:
        return pd.read_parquet(path)
    except (pa.ArrowException, ValueError, OSError) as error:
        said = str(error)[:_QUOTED]
        raise DataError(f"{source}: {path} is not a Parquet file ({said}). Save it again.") from error


def _flags(frame: pd.DataFrame, source: str) -> pd.Series:
    words = texts_of(frame, "eligible", "true").str.lower()
    known = words.map({"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False})
    _refuse(frame, known.isna(), "eligible", source, "Write true or false.")
    return known.astype(bool)


def _refuse(frame: pd.DataFrame, bad: pd.Series, name: str, source: str, remedy: str) -> None:
    """Raise `DataError` at the first bad row."""
    if bad.any():
        row = frame[bad].iloc[0]
        raise DataError(
            f"{source}: {name} of {row['id']} on {row['date']:%Y-%m-%d} is {str(row[name])[:_QUOTED]}. {remedy} "
            f"({int(bad.sum())} such rows.)"
        )
