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
_NEVER, _FOR_EVER = np.datetime64("0001-01-01"), np.datetime64("9999-12-31")


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

    ``codes`` are positions among the identifiers of the whole table as they are known so far.
    """

    days: NDArray[np.datetime64]
    codes: NDArray[np.int64]
    close: NDArray[np.float64]
    dividend: NDArray[np.float64] | None

    def at(self, where: slice | NDArray[np.bool_]) -> _Rows:
        """Some of the rows."""
        dividend = None if self.dividend is None else self.dividend[where]
        return _Rows(self.days[where], self.codes[where], self.close[where], dividend)


class _Frame:
    """A table in memory, in the order of days."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.ids, self._rows = _rows_of(table)

    @property
    def source(self) -> pd.DataFrame:
        """The table again."""
        ids = np.array(self.ids, dtype=object)[self._rows.codes]
        columns = {"date": self._rows.days, "id": ids, "close": self._rows.close}
        dividend = {} if self._rows.dividend is None else {"dividend": self._rows.dividend}
        return pd.DataFrame(columns | dividend)

    def all(self) -> Iterator[_Rows]:
        """All rows, some at a time."""
        yield self._rows

    def between(self, first: np.datetime64, last: np.datetime64) -> Iterator[_Rows]:
        """Rows of some days, some at a time."""
        yield self._rows.at(slice(*np.searchsorted(self._rows.days, [first, last + np.timedelta64(1, "D")])))


class _File:
    """The same of a Parquet file, or of a folder of such files, which stays on disk.

    One row group is in memory at a time, and for some days those alone that have rows of them: a file in the order
    of days, or a file a year, is read twice in all.
    """

    def __init__(self, path: str | Path) -> None:
        self._data, self.source = _opened(path), Path(path).resolve()
        require_table(self._data.schema.empty_table().to_pandas(), _NEEDED, _SOURCE)
        self._columns = [c for c in (*_NEEDED, "dividend") if c in self._data.schema.names]
        _check_kinds(self._data.schema, self._columns)
        self.ids: list[str] = []
        self._code: dict[str, int] = {}
        self._last: tuple[Any, NDArray[np.int64]] = (
            None,
            np.zeros(0, np.int64),
        )  # names and codes of the last batch
        self._groups: list[tuple[Any, np.datetime64, np.datetime64]] = []  # with their first and last days

    def all(self) -> Iterator[_Rows]:
        """All rows, some at a time; to be taken to the end before any `between`."""
        for file in self._data.get_fragments():
            for group in file.split_by_row_group():
                first, last = _FOR_EVER, _NEVER
                for rows in self._read(group):
                    first, last = min(first, rows.days.min()), max(last, rows.days.max())
                    yield rows
                self._groups.append((group, first, last))

    def between(self, first: np.datetime64, last: np.datetime64) -> Iterator[_Rows]:
        """Rows of some days, some at a time."""
        for group, begin, end in self._groups:
            if begin <= last and end >= first:
                for rows in self._read(group):
                    inside = (rows.days >= first) & (rows.days <= last)
                    yield rows if inside.all() else rows.at(inside)

    def _read(self, group: Any) -> Iterator[_Rows]:
        batches = group.to_batches(
            schema=self._data.schema, columns=self._columns, batch_size=_BATCH, batch_readahead=2
        )
        for batch in batches:
            if batch.num_rows:
                days, names, at, close, dividend = _arrays(batch)
                yield _Rows(days, self._codes(names)[at], close, dividend)

    def _codes(self, names: Any) -> NDArray[np.int64]:
        """Positions of identifiers; most batches have those of the one before."""
        if self._last[0] is None or not names.equals(self._last[0]):
            codes = [self._code.setdefault(str(name), len(self._code)) for name in names.to_pylist()]
            self.ids.extend(list(self._code)[len(self.ids) :])
            self._last = names, np.array(codes, dtype=np.int64)
        return self._last[1]


def _opened(path: str | Path) -> Any:
    """Arrow's view of a file or folder; identifiers that are text are read as positions among the names."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    if not Path(path).exists():
        raise DataError(f"{_SOURCE}: there is no file {path}. Check the path.")
    try:
        data = ds.dataset(path, format="parquet")
        at = data.schema.get_field_index("id")
        if at >= 0 and pa.types.is_string(data.schema.field(at).type):
            data = ds.dataset(path, format=ds.ParquetFileFormat(dictionary_columns={"id"}))
        schemas = [file.physical_schema for file in data.get_fragments()]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{_SOURCE}: {path} is not a Parquet file ({error}). Save it again.") from error
    try:  # Arrow alone would take the columns of the first file, and drop a dividend that only later ones have
        return (
            data.replace_schema(pa.unify_schemas(schemas, promote_options="permissive")) if schemas else data
        )
    except pa.ArrowException as error:
        raise DataError(
            f"{_SOURCE}: the files of {path} have columns of different types ({str(error)[:80]}). Save all alike."
        ) from error


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

    _stored = ("source", "names")  # of a file its path alone: it is read again

    def __init__(self, table: Table, names: Identities) -> None:
        self.names = names
        if not isinstance(table, pd.DataFrame | str | Path):
            raise DataError(
                f"{_SOURCE}: a {type(table).__name__} is not a table. Give a DataFrame, or a Parquet file."
            )
        self._data = _Frame(table) if isinstance(table, pd.DataFrame) else _File(table)
        self.last: dict[str, np.datetime64] = {}  # day with a price, by first identifier
        self.dates = self._scan()  # with prices, in order
        self.raw_ids = set(self._data.ids)
        self.ids = sorted(self.last)  # first identifiers

    @property
    def source(self) -> Table:
        """The table in memory, or the path of the file."""
        return self._data.source

    def blocks(self, position: dict[str, int]) -> Iterator[Block]:
        """Calendar years, in order."""
        years = self.dates.astype("datetime64[Y]")
        for year in np.unique(years):
            rows = np.flatnonzero(years == year)
            yield self._block(int(rows[0]), self.dates[rows], position)

    def closes(self, day: np.datetime64) -> pd.Series:
        """Closes of one day, by first identifier."""
        names = np.array([self.names.keep(name) for name in self._data.ids], dtype=object)
        found = list(self._data.between(day, day))
        codes = np.concatenate([np.zeros(0, np.int64), *(rows.codes for rows in found)])
        return pd.Series(
            np.concatenate([np.zeros(0), *(rows.close for rows in found)]), names[codes]
        ).dropna()

    @timed("reading prices")
    def _block(self, first: int, dates: NDArray[np.datetime64], position: dict[str, int]) -> Block:
        columns = np.array([position[self.names.keep(name)] for name in self._data.ids], dtype=np.int64)
        close = np.full((len(dates), len(position)), np.nan)
        dividend = np.zeros((1, 1))
        taken = []
        for rows in self._data.between(dates[0], dates[-1]):
            at = np.searchsorted(dates, rows.days)
            traded = dates[np.minimum(at, len(dates) - 1)] == rows.days  # not a trading day without any close
            cells = (at * len(position) + columns[rows.codes])[traded]
            close.ravel()[cells] = rows.close[traded]
            if rows.dividend is not None:
                dividend = dividend if dividend.shape == close.shape else np.zeros(close.shape)
                dividend.ravel()[cells] = np.nan_to_num(rows.dividend)[traded]
            taken.append(cells)
        _refuse_twice(np.concatenate(taken), dates, len(position), position)
        return Block(first, dates, close, np.broadcast_to(dividend, close.shape))

    @timed("reading prices")
    def _scan(self) -> NDArray[np.datetime64]:
        """Check every row, and note the days and the last day of each security."""
        found = paid = starts = ends = latest = np.zeros(0, "datetime64[D]")
        for rows in self._data.all():
            if (more := len(self._data.ids) - len(latest)) > 0:
                latest = np.concatenate([latest, np.full(more, _NEVER)])
                starts, ends = self.names.bounds(self._data.ids)
            self._check(rows, starts, ends)
            priced = ~np.isnan(rows.close)
            days = rows.days[priced]
            found = np.union1d(found, days)
            if rows.dividend is not None:
                paid = np.union1d(paid, rows.days[rows.dividend > 0])
            np.maximum.at(latest, rows.codes[priced], days)
        for name, day in zip(self._data.ids, latest, strict=True):
            keep = self.names.keep(name)
            self.last[keep] = max(self.last.get(keep, day), day)
        if not found.size:
            raise DataError(f"{_SOURCE}: there are no closes. Give one row a security and date.")
        if (lost := np.setdiff1d(paid, found)).size:
            raise DataError(
                f"{_SOURCE}: there is a dividend on {lost[0]}, a day without any close ({lost.size} such days). Give "
                "it the day from which the shares trade without it."
            )
        return found

    def _check(self, rows: _Rows, starts: NDArray[np.datetime64], ends: NDArray[np.datetime64]) -> None:
        ids = self._data.ids
        wrong = (rows.close <= 0) | (rows.close > LARGEST)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise DataError(
                f"{_SOURCE}: the close of {ids[rows.codes[at]]} on {rows.days[at]} is {rows.close[at]:g}. A "
                "price is positive: correct it, or drop the row and the last close is carried."
            )
        if rows.dividend is not None and (odd := (rows.dividend < 0) | (rows.dividend > LARGEST)).any():
            at = int(np.argmax(odd))
            how = "negative" if rows.dividend[at] < 0 else f"{rows.dividend[at]:g}"
            raise DataError(
                f"{_SOURCE}: the dividend of {ids[rows.codes[at]]} on {rows.days[at]} is {how}. Correct it."
            )
        outside = (rows.days < starts[rows.codes]) | (rows.days >= ends[rows.codes])
        if outside.any():
            at = int(np.argmax(outside))
            raise self.names.outside_error(ids[rows.codes[at]], rows.days[at], _SOURCE)


def _rows_of(table: pd.DataFrame) -> tuple[list[str], _Rows]:
    """A table's identifiers, and its columns as arrays in the order of days."""
    require_table(table, _NEEDED, _SOURCE)
    days = as_days(days_of(table["date"], _SOURCE))
    categories = isinstance(table["id"].dtype, pd.CategoricalDtype)
    codes, ids = pd.factorize(table["id"] if categories else ids_of(table["id"], _SOURCE))
    if (codes < 0).any():
        raise DataError(f"{_SOURCE}: row {int(np.argmin(codes)) + 1} has no id. Fill or drop it.")
    numbers = {c: _as_numbers(table[c]) for c in ("close", "dividend") if c in table.columns}
    order = np.argsort(days, kind="stable")
    sorted_ = {name: column.to_numpy()[order] for name, column in numbers.items()}
    rows = _Rows(days[order], codes[order], sorted_["close"], sorted_.get("dividend"))
    return [str(name) for name in ids], rows


def _as_numbers(column: pd.Series) -> pd.Series:
    out = floats_of(column)
    text = (column.notna() & out.isna()).to_numpy()
    if text.any():
        where = int(np.argmax(text))
        raise DataError(
            f"{_SOURCE}: row {where + 1} has {str(column.iloc[where])[:80]!r} as {column.name}. Give a number."
        )
    return out


def _arrays(batch: Any) -> tuple[Any, ...]:
    """Days, names, position of each row's name, close, and dividend or None, of a batch of Arrow's."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in ("date", "id"):
        if batch[name].null_count:
            raise DataError(f"{_SOURCE}: {batch[name].null_count} rows have no {name}. Fill or drop them.")
    try:
        days = pc.cast(batch["date"], pa.timestamp("s"), safe=False).to_numpy(zero_copy_only=False)
    except pa.ArrowException as error:
        raise DataError(
            f"{_SOURCE}: the dates cannot be read ({str(error)[:80]}). Write them as 2015-06-26."
        ) from error
    ids = batch["id"] if pa.types.is_dictionary(batch["id"].type) else pc.dictionary_encode(batch["id"])
    wanted = [name for name in ("close", "dividend") if name in batch.schema.names]
    try:
        numbers = {name: np.asarray(pc.cast(batch[name], pa.float64())) for name in wanted}
    except pa.ArrowException as error:
        raise DataError(
            f"{_SOURCE}: {' or '.join(wanted)} holds no numbers ({str(error)[:80]}). Correct it."
        ) from error
    at = ids.indices.to_numpy(zero_copy_only=False)
    return days.astype("datetime64[D]"), ids.dictionary, at, numbers["close"], numbers.get("dividend")


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
