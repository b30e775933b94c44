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
    require_columns(frame, ("date", "id", *columns), source=source)
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


def days_of(column: pd.Series, source: str) -> pd.Series:
    """Dates as days without time."""
    try:
        stamps = pd.to_datetime(
            column, errors="coerce", **({} if column.dtype.kind == "M" else {"format": "ISO8601"})
        )
    except (TypeError, ValueError) as error:
        raise DataError(f"{source}: the dates cannot be read ({error}). Write them as 2015-06-26.") from error
    if stamps.isna().any():
        where = int(np.argmax(stamps.isna().to_numpy()))
        raise DataError(
            f"{source}: row {where + 1} has the date {str(column.iloc[where])!r}, which cannot be read. Write "
            "dates as 2015-06-26."
        )
    if stamps.dt.tz is not None:
        raise DataError(f"{source}: the dates have a time zone. Give plain dates: .dt.tz_localize(None).")
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
    out = pd.to_numeric(frame[name], errors="coerce").astype(float)
    text = frame[name].notna() & out.isna()
    _refuse(frame, text, name, source, "That is not a number: correct it.")
    _refuse(frame, np.isinf(out), name, source, "That is not a number: correct it.")
    return out if default is None else out.fillna(default)


def _read(path: str | Path, source: str) -> pd.DataFrame:
    if Path(path).suffix.lower() not in (".parquet", ".pq") or not Path(path).is_file():
        raise DataError(f"{source}: {path} is not a Parquet file. Give one, or a table.")
    return pd.read_parquet(path)


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
            f"{source}: {name} of {row['id']} on {row['date']:%Y-%m-%d} is {row[name]}. {remedy} "
            f"({int(bad.sum())} such rows.)"
        )
