"""Share counts as known on a day: rows of the table, and what corporate actions have done to them since."""

from __future__ import annotations

import numpy as np
import pandas as pd

from capstar.smallcaps.actions import DELISTING, MERGER, SPLIT, Action
from capstar.smallcaps.schema import as_days


class ShareCounts:
    """What the table of shares says of every security, moved forward in time."""

    def __init__(self, shares: pd.DataFrame, position: dict[str, int]) -> None:
        count = len(position)
        self._days = as_days(shares["date"])
        self._security = shares["id"].map(position).to_numpy(dtype=np.int64)
        self._next = 0
        company, _ = pd.factorize(shares["company"], sort=True)
        sector, names = pd.factorize(shares["sector"], sort=True)
        self.sectors = [str(name) for name in names]  # names of the positions in `sector`, in order
        self.shares, self.float_factor = np.full(count, np.nan), np.full(count, np.nan)
        self.company, self.sector = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self.eligible, self.gone = np.zeros(count, bool), np.zeros(count, bool)
        usual = {"date", "id", "raw", "shares", "float_factor", "company", "sector", "eligible"}
        # What registered screens read besides, by column.
        self.further = {str(name): np.full(count, np.nan) for name in shares if name not in usual}
        self._rows = [
            (self.shares, shares["shares"].to_numpy(dtype=float)),
            (self.float_factor, shares["float_factor"].to_numpy(dtype=float)),
            (self.eligible, shares["eligible"].to_numpy(dtype=bool)),
            (self.company, company),
            (self.sector, sector),
            *((now, shares[name].to_numpy(dtype=float)) for name, now in self.further.items()),
        ]

    def advance(self, day: np.datetime64) -> None:
        """Take the rows up to and with a day."""
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
