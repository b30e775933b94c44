"""Share counts, checked; those of a large file are held in memory some years at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from capstar.errors import DataError
from capstar.smallcaps.actions import Identities
from capstar.smallcaps.schema import Table, as_days, as_shares, days_of
from capstar.timing import timed

_SOURCE = "shares"
WHOLE = 2**18  # rows held at once, unless one calendar year has more
_BATCH = 2**16  # rows


class ShareTable:
    """The table of shares outstanding, under the identifiers that securities keep.

    Attributes
    ----------
    known
        Every security and company of it once, by first ``date``: ``raw`` identifier, the ``id`` it keeps, ``company``.
    companies, sectors
        Their names, in order.
    """

    def __init__(self, table: Table, names: Identities) -> None:
        self._names = names
        self._groups: list[
            tuple[np.datetime64, np.datetime64]
        ] = []  # first and last day of each row group of a file
        self._rows: Counter[np.datetime64] = Counter()  # of a file, by year
        self._file = table if not isinstance(table, pd.DataFrame) and _is_large(table) else None
        self._whole = None if self._file else first_ids(as_shares(table), names, _SOURCE)
        known: list[pd.DataFrame] = []
        sectors: set[str] = set()
        for rows in self._scan() if self._whole is None else [self._whole]:
            known = [_securities(pd.concat([*known, rows[["date", "raw", "id", "company"]]]))]
            sectors.update(rows["sector"].unique())
        self.known = known[0]
        self.companies, self.sectors = sorted(set(self.known["company"])), sorted(sectors)

    def pieces(self) -> Iterator[pd.DataFrame]:
        """All rows in the order of dates, those of some years at a time."""
        if self._whole is not None:
            yield self._whole
            return
        years = np.array(sorted(self._rows))
        counts = np.array([self._rows[year] for year in years])
        while years.size:
            few = max(int(np.searchsorted(counts.cumsum(), WHOLE, side="right")), 1)
            yield self._between(years[0], years[few - 1])
            years, counts = years[few:], counts[few:]

    @timed("reading share counts")
    def _scan(self) -> Iterator[pd.DataFrame]:
        """Rows of a file, some at a time, all of them checked but for duplicates."""
        read = 0
        for number in range(_open(self._file).num_row_groups):
            days = []
            for batch in _open(self._file).iter_batches(_BATCH, row_groups=[number]):
                try:
                    rows = first_ids(as_shares(batch.to_pandas()), self._names, _SOURCE)
                except DataError as error:
                    raise DataError(f"{error} (Rows are counted from row {read + 1} of the file.)") from None
                read += batch.num_rows
                days.append(as_days(rows["date"]))
                self._rows.update(days[-1].astype("M8[Y]"))
                yield rows
            self._groups.append((np.concatenate(days).min(), np.concatenate(days).max()))

    @timed("reading share counts")
    def _between(self, first: np.datetime64, last: np.datetime64) -> pd.DataFrame:
        """Rows of some years of a file, checked."""
        import pyarrow as pa

        found = []
        for number, (begin, end) in enumerate(self._groups):
            if begin.astype("M8[Y]") <= last and end.astype("M8[Y]") >= first:
                for batch in _open(self._file).iter_batches(_BATCH, row_groups=[number]):
                    years = as_days(days_of(batch.select(["date"]).to_pandas()["date"], _SOURCE)).astype(
                        "M8[Y]"
                    )
                    found.append(batch.filter(pa.array((years >= first) & (years <= last))))
        return first_ids(as_shares(pa.Table.from_batches(found).to_pandas()), self._names, _SOURCE)


def first_ids(frame: pd.DataFrame, names: Identities, source: str) -> pd.DataFrame:
    """Rows under the identifier a security keeps; ``raw`` is the one they came with."""
    codes, raw = pd.factorize(frame["id"])
    raw_ids = [str(name) for name in raw]
    starts, ends = names.bounds(raw_ids)
    days = as_days(frame["date"])
    renamed = np.isin(raw_ids, list(names.renamed()))
    outside = (days < starts[codes]) | ((days >= ends[codes]) & renamed[codes])
    if outside.any():
        at = int(np.argmax(outside))
        raise names.outside_error(raw_ids[codes[at]], days[at], source)
    first = pd.Series(np.array([names.keep(name) for name in raw_ids], dtype=object)[codes], frame.index)
    out = frame.assign(raw=frame["id"], id=first)
    if "company" in frame.columns:
        out["company"] = frame["company"].where(frame["company"] != frame["id"], first)
    return out


def _securities(rows: pd.DataFrame) -> pd.DataFrame:
    ordered = rows.sort_values(["date", "raw"], ignore_index=True)
    return ordered.drop_duplicates(["raw", "company"], ignore_index=True)


def _open(path: Any) -> Any:
    from pyarrow.parquet import ParquetFile

    return ParquetFile(path)


def _is_large(table: Any) -> bool:
    """Whether it is a Parquet file of many rows; what is no such file at all is for `as_shares` to say."""
    if not isinstance(table, str | Path) or not Path(table).is_file():
        return False
    import pyarrow as pa

    try:
        return bool(_open(table).metadata.num_rows > WHOLE)
    except (pa.ArrowException, OSError, ValueError):
        return False
