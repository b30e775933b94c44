"""Share counts as known on a day: rows of the table, and what corporate actions have done to them since."""

from __future__ import annotations

import numpy as np
import pandas as pd

from capstar.smallcaps.actions import DELISTING, MERGER, SPLIT, Action
from capstar.smallcaps.schema import as_days


class ShareCounts:
    """Shares outstanding, float, company, sector and kind of every security, moved forward in time.

    Parameters
    ----------
    shares
        From `capstar.smallcaps.schema.as_shares`, by first identifier.
    position
        Of each security, by first identifier.

    Attributes
    ----------
    shares, float_factor : numpy.ndarray
        NaN before the first row.
    company, sector : numpy.ndarray
        Positions among the companies' names in order, and in `sectors`.
    eligible, gone : numpy.ndarray
        Kind that may be in the index; merged or delisted.
    sectors
        Their names, in order.
    """

    def __init__(self, shares: pd.DataFrame, position: dict[str, int]) -> None:
        count = len(position)
        self._days = as_days(shares["date"])
        self._security = shares["id"].map(position).to_numpy(dtype=np.int64)
        self._shares = shares["shares"].to_numpy(dtype=float)
        self._float = shares["float_factor"].to_numpy(dtype=float)
        self._eligible = shares["eligible"].to_numpy(dtype=bool)
        self._company, _ = _coded(shares["company"])
        self._sector, self.sectors = _coded(shares["sector"])
        self._next = 0
        self.shares = np.full(count, np.nan)
        self.float_factor = np.full(count, np.nan)
        self.company = np.zeros(count, dtype=np.int64)
        self.sector = np.zeros(count, dtype=np.int64)
        self.eligible = np.zeros(count, dtype=bool)
        self.gone = np.zeros(count, dtype=bool)

    def advance(self, day: np.datetime64) -> None:
        """Take the rows up to and with a day."""
        stop = int(np.searchsorted(self._days, day, side="right"))
        rows = slice(self._next, stop)
        who = self._security[rows]  # in the order of dates: the last row of a security stays
        self.shares[who] = self._shares[rows]
        self.float_factor[who] = self._float[rows]
        self.company[who] = self._company[rows]
        self.sector[who] = self._sector[rows]
        self.eligible[who] = self._eligible[rows]
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

    def float_shares(self, weighting: str) -> np.ndarray:
        """Shares that count for weights."""
        return self.shares * self.float_factor if weighting == "float" else self.shares.copy()


def _coded(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    codes, names = pd.factorize(column, sort=True)
    return codes, [str(name) for name in names]
