"""Closes and dividends, checked as they are read and held in memory one period at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capstar.errors import DataError
from capstar.smallcaps.actions import Identities
from capstar.smallcaps.schema import LARGEST, Table, as_days, days_of, floats_of, ids_of, require_table
from capstar.timing import timed

_SOURCE = "prices"
_NEEDED = ("date", "id", "close")
_BATCH = 2**18  # rows
_NEVER = np.datetime64("0001-01-01")


@dataclass(frozen=True)
class Block:
    """Closes of one period."""

    first: int  # position of its first date among all dates
    dates: NDArray[np.datetime64]  # (n,)
    close: NDArray[np.float64]  # (n, securities); NaN without a close
    dividend: NDArray[np.float64]  # same shape; 0 without a dividend


@dataclass(frozen=True)
class _Rows:
    """Rows of the long table, whatever it came in: days, close, dividend (none at all: None) and identifier, (n,).

    ``codes`` are positions among ``ids``, identifiers as in the table.
    """

    days: NDArray[np.datetime64]
    ids: list[str]
    codes: NDArray[np.int64]
    close: NDArray[np.float64]
    dividend: NDArray[np.float64] | None

    def batches(self) -> Iterator[_Rows]:
        """All rows."""
        yield self

    def between(self, first: np.datetime64, last: np.datetime64) -> _Rows:
        """Rows of some days; these are in the order of days."""
        at = slice(*np.searchsorted(self.days, [first, last + 1]))
        dividend = None if self.dividend is None else self.dividend[at]
        return _Rows(self.days[at], self.ids, self.codes[at], self.close[at], dividend)


class _File:
    """The same of a Parquet file or folder, which stays on disk."""

    def __init__(self, path: str | Path) -> None:
        import pyarrow as pa
        import pyarrow.dataset as ds

        if not Path(path).exists():
            raise DataError(f"{_SOURCE}: there is no file {path}. Check the path.")
        try:
            self._data = ds.dataset(path, format="parquet")
        except (pa.ArrowException, OSError, ValueError) as error:
            raise DataError(f"{_SOURCE}: {path} is not a Parquet file ({error}). Save it again.") from error
        require_table(self._data.schema.empty_table().to_pandas(), _NEEDED, _SOURCE)
        self._columns = [c for c in (*_NEEDED, "dividend") if c in self._data.schema.names]
        _check_kinds(self._data.schema, self._columns)

    def batches(self) -> Iterator[_Rows]:
        """Rows, some at a time."""
        for batch in self._data.to_batches(columns=self._columns, batch_size=_BATCH, batch_readahead=2):
            if batch.num_rows:
                yield _rows(batch)

    def between(self, first: np.datetime64, last: np.datetime64) -> _Rows:
        """Rows of some days."""
        import pyarrow as pa
        import pyarrow.dataset as ds

        kind = self._data.schema.field("date").type
        text = pa.types.is_string(kind) or pa.types.is_large_string(kind)

        def bound(day: np.datetime64) -> Any:
            return pa.scalar(str(day)) if text else pa.scalar(day.astype("M8[s]").item()).cast(kind)

        span = (ds.field("date") >= bound(first)) & (ds.field("date") < bound(last + 1))
        return _rows(self._data.to_table(columns=self._columns, filter=span))


def _check_kinds(schema: Any, columns: list[str]) -> None:
    """`DataError` where Arrow would make other days or numbers of a column than are meant."""
    import pyarrow.types as kinds

    if twice := [c for c in columns if schema.names.count(c) > 1]:
        raise DataError(f"{_SOURCE}: {twice[0]!r} names two columns. Rename one, or leave it out.")
    types = {c: schema.field(c).type for c in columns}
    if (stamp := types["date"]) and (kinds.is_integer(stamp) or kinds.is_floating(stamp)):
        raise DataError(
            f"{_SOURCE}: the dates are numbers of type {stamp}. Save dates, such as "
            "pd.to_datetime(dates.astype(str), format='%Y%m%d')."
        )
    if kinds.is_timestamp(stamp) and stamp.tz is not None:
        raise DataError(
            f"{_SOURCE}: the dates have a time zone, {stamp.tz}. Save the dates of the market: "
            "dates.dt.tz_convert('America/New_York').dt.tz_localize(None)."
        )
    if flags := [c for c in ("close", "dividend") if c in types and kinds.is_boolean(types[c])]:
        raise DataError(f"{_SOURCE}: {flags[0]} holds true and false, expected numbers. Save numbers.")


class PriceTable:
    """Prices by date and security, read a period at a time; a Parquet file is best sorted by date."""

    def __init__(self, table: Table, names: Identities) -> None:
        self._names = names
        if not isinstance(table, pd.DataFrame | str | Path):
            raise DataError(
                f"{_SOURCE}: a {type(table).__name__} is not a table. Give a DataFrame, or a Parquet file."
            )
        self._data = _rows_of(table) if isinstance(table, pd.DataFrame) else _File(table)
        self.last: dict[str, np.datetime64] = {}  # day with a price, by first identifier
        self.raw_ids: set[str] = set()
        self.dates = self._scan()  # with prices, in order
        self.ids = sorted(self.last)  # first identifiers

    def blocks(self, position: dict[str, int]) -> Iterator[Block]:
        """Calendar years, in order."""
        years = self.dates.astype("datetime64[Y]")
        for year in np.unique(years):
            rows = np.flatnonzero(years == year)
            yield self._block(int(rows[0]), self.dates[rows], position)

    def closes(self, day: np.datetime64) -> pd.Series:
        """Closes of one day, by first identifier."""
        rows = self._data.between(day, day)
        ids = np.array([self._names.keep(name) for name in rows.ids], dtype=object)[rows.codes]
        return pd.Series(rows.close, index=ids).dropna()

    @timed("reading prices")
    def _block(self, first: int, dates: NDArray[np.datetime64], position: dict[str, int]) -> Block:
        rows = self._data.between(dates[0], dates[-1])
        columns = np.array([position[self._names.keep(name)] for name in rows.ids], dtype=np.int64)
        at = np.searchsorted(dates, rows.days)
        traded = dates[np.minimum(at, len(dates) - 1)] == rows.days  # not a trading day without any close
        cells = (at * len(position) + columns[rows.codes])[traded]
        _refuse_twice(cells, dates, len(position), position)
        close = np.full((len(dates), len(position)), np.nan)
        close.ravel()[cells] = rows.close[traded]
        dividend = np.zeros((1, 1) if rows.dividend is None else close.shape)
        if rows.dividend is not None:
            dividend.ravel()[cells] = np.nan_to_num(rows.dividend)[traded]
        return Block(first, dates, close, np.broadcast_to(dividend, close.shape))

    @timed("reading prices")
    def _scan(self) -> NDArray[np.datetime64]:
        """Check every row, and note the days and the last day of each security."""
        seen: list[NDArray[np.datetime64]] = []
        paid = [np.zeros(0, "datetime64[D]")]
        for rows in self._data.batches():
            self._check(rows)
            self.raw_ids.update(rows.ids)
            priced = ~np.isnan(rows.close)
            days = rows.days[priced]
            seen.append(np.unique(days))
            if rows.dividend is not None:
                paid.append(np.unique(rows.days[rows.dividend > 0]))
            latest = np.full(len(rows.ids), _NEVER)
            np.maximum.at(latest, rows.codes[priced], days)
            for name, day in zip(rows.ids, latest, strict=True):
                keep = self._names.keep(name)
                self.last[keep] = max(self.last.get(keep, day), day)
        found = np.unique(np.concatenate([*seen, np.zeros(0, "datetime64[D]")]))
        if not found.size:
            raise DataError(f"{_SOURCE}: there are no closes. Give one row a security and date.")
        if (lost := np.setdiff1d(np.concatenate(paid), found)).size:
            raise DataError(
                f"{_SOURCE}: there is a dividend on {lost[0]}, a day without any close ({lost.size} such days). Give "
                "it the day from which the shares trade without it."
            )
        return found

    def _check(self, rows: _Rows) -> None:
        wrong = (rows.close <= 0) | (rows.close > LARGEST)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise DataError(
                f"{_SOURCE}: the close of {rows.ids[rows.codes[at]]} on {rows.days[at]} is {rows.close[at]:g}. A "
                "price is positive: correct it, or drop the row and the last close is carried."
            )
        if rows.dividend is not None and (odd := (rows.dividend < 0) | (rows.dividend > LARGEST)).any():
            at = int(np.argmax(odd))
            how = "negative" if rows.dividend[at] < 0 else f"{rows.dividend[at]:g}"
            raise DataError(
                f"{_SOURCE}: the dividend of {rows.ids[rows.codes[at]]} on {rows.days[at]} is {how}. Correct it."
            )
        starts, ends = self._names.bounds(rows.ids)
        outside = (rows.days < starts[rows.codes]) | (rows.days >= ends[rows.codes])
        if outside.any():
            at = int(np.argmax(outside))
            raise self._names.outside_error(rows.ids[rows.codes[at]], rows.days[at], _SOURCE)


def _rows_of(table: pd.DataFrame) -> _Rows:
    """A table's columns as arrays, in the order of days."""
    require_table(table, _NEEDED, _SOURCE)
    days = as_days(days_of(table["date"], _SOURCE))
    categories = isinstance(table["id"].dtype, pd.CategoricalDtype)
    codes, ids = pd.factorize(table["id"] if categories else ids_of(table["id"], _SOURCE))
    if (codes < 0).any():
        raise DataError(f"{_SOURCE}: row {int(np.argmin(codes)) + 1} has no id. Fill or drop it.")
    numbers = {c: _as_numbers(table[c]) for c in ("close", "dividend") if c in table.columns}
    order = np.argsort(days, kind="stable")
    sorted_ = {name: column.to_numpy()[order] for name, column in numbers.items()}
    return _Rows(
        days[order], [str(name) for name in ids], codes[order], sorted_["close"], sorted_.get("dividend")
    )


def _as_numbers(column: pd.Series) -> pd.Series:
    out = floats_of(column)
    text = (column.notna() & out.isna()).to_numpy()
    if text.any():
        where = int(np.argmax(text))
        raise DataError(
            f"{_SOURCE}: row {where + 1} has {str(column.iloc[where])[:80]!r} as {column.name}. Give a number."
        )
    return out


def _rows(table: Any) -> _Rows:
    """Arrow's columns as arrays."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in ("date", "id"):
        if table[name].null_count:
            raise DataError(f"{_SOURCE}: {table[name].null_count} rows have no {name}. Fill or drop them.")
    stamps = table["date"]
    try:
        days = pc.cast(stamps, pa.timestamp("s"), safe=False).to_numpy(zero_copy_only=False)
    except pa.ArrowException as error:
        raise DataError(
            f"{_SOURCE}: the dates cannot be read ({str(error)[:80]}). Write them as 2015-06-26."
        ) from error
    ids = table["id"]
    if not pa.types.is_dictionary(ids.type):
        ids = pc.dictionary_encode(ids)
    ids = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
    if isinstance(ids, pa.ChunkedArray):
        ids = ids.chunk(0)
    names = [str(name) for name in ids.dictionary.to_pylist()]
    wanted = [name for name in ("close", "dividend") if name in table.schema.names]
    try:
        numbers = {name: np.asarray(pc.cast(table[name], pa.float64())) for name in wanted}
    except pa.ArrowException as error:
        raise DataError(
            f"{_SOURCE}: {' or '.join(wanted)} holds no numbers ({str(error)[:80]}). Correct it."
        ) from error
    return _Rows(
        days.astype("datetime64[D]"),
        names,
        ids.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        numbers["close"],
        numbers.get("dividend"),
    )


def _refuse_twice(
    cells: NDArray[np.int64], dates: NDArray[np.datetime64], width: int, position: dict[str, int]
) -> None:
    filled = np.zeros(len(dates) * width, dtype=bool)
    filled[cells] = True
    if int(filled.sum()) == len(cells):
        return
    ordered = np.sort(cells)
    cell = int(ordered[1:][ordered[1:] == ordered[:-1]][0])
    name = list(position)[cell % width]
    raise DataError(f"{_SOURCE}: {name} has a duplicate on {dates[cell // width]}. Keep one of the rows.")
