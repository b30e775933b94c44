"""Share counts as known on a day: rows of the table, and what corporate actions have done to them since."""

from __future__ import annotations

import numpy as np
import pandas as pd

from capstar.smallcaps.actions import DELISTING, MERGER, SPLIT, Action
from capstar.smallcaps.registry import screens
from capstar.smallcaps.schema import as_days
from capstar.smallcaps.share_table import ShareTable


class ShareCounts:
    """What the table of shares says of every security, moved forward in time."""

    def __init__(self, shares: ShareTable, position: dict[str, int]) -> None:
        count = len(position)
        self._pieces, self._ids = shares.pieces(), pd.Index(position)
        self._companies = pd.Index(shares.companies)
        self.sectors = shares.sectors  # names of the positions in `sector`, in order
        self.shares, self.float_factor = np.full(count, np.nan), np.full(count, np.nan)
        self.company, self.sector = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self.eligible, self.gone = np.zeros(count, bool), np.zeros(count, bool)
        # What registered screens read besides, by column.
        self.further = {name: np.full(count, np.nan) for one in screens().values() for name in one.columns}
        self._take(next(self._pieces))

    def _take(self, rows: pd.DataFrame) -> None:
        """Hold the next rows of the table, in the order of dates."""
        self._days, self._next = as_days(rows["date"]), 0
        self._security = self._ids.get_indexer(rows["id"])
        self._rows = [
            (self.shares, rows["shares"].to_numpy(dtype=float)),
            (self.float_factor, rows["float_factor"].to_numpy(dtype=float)),
            (self.eligible, rows["eligible"].to_numpy(dtype=bool)),
            (self.company, self._companies.get_indexer(rows["company"])),
            (self.sector, pd.Index(self.sectors).get_indexer(rows["sector"])),
            *((now, rows[name].to_numpy(dtype=float)) for name, now in self.further.items()),
        ]

    def advance(self, day: np.datetime64) -> None:
        """Take the rows up to and with a day."""
        self._advance(day)
        while self._next == len(self._days) and (rows := next(self._pieces, None)) is not None:
            self._take(rows)
            self._advance(day)

    def _advance(self, day: np.datetime64) -> None:
        stop = int(np.searchsorted(self._days, day, side="right"))
        rows = slice(self._next, stop)
        who = self._security[rows]  # in the order of dates: the last row of a security stays
        for now, column in self._rows:
            now[who] = column[rows]
        self._next = max(self._next, stop)

    def apply(self, action: Action) -> None:
        """Change counts by an action whose day's rows have not been taken yet."""
        who, other = action.security, action.other
        if action.kind == SPLIT:
            self.shares[who] *= action.ratio
        elif action.kind == MERGER and other >= 0 and action.ratio > 0:
            self.shares[other] += action.ratio * np.nan_to_num(self.shares[who])
        if action.kind in (MERGER, DELISTING):
            self.gone[who] = True
