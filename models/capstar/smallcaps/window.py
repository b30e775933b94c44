"""One period's closes with gaps filled, adjusted for the actions that fall into a gap."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from capstar.errors import DataError
from capstar.smallcaps.actions import DELISTING, SPECIAL_DIVIDEND, SPIN_OFF, SPLIT, Action
from capstar.smallcaps.prices import Block

Days = NDArray[np.datetime64]
_NEVER = np.datetime64("NaT", "D")


class Window:
    """Closes a member is valued at; ``keep`` days of those of the period before serve averages."""

    def __init__(self, block: Block, before: Window | None, keep: int = 0) -> None:
        self.first, self.dates, self.dividend = block.first, block.dates, block.dividend
        self.missing = np.isnan(block.close)  # where the table has no close
        count = self.missing.shape[1]
        self.close = block.close.copy()  # a gap has the last close before it, NaN if there is none
        self._earlier = earlier = np.full(count, np.nan) if before is None else before.close[-1]
        self._before: dict[
            tuple[int, int], float
        ] = {}  # close before a day, by row and security, after its actions
        for close, missing in zip(self.close, self.missing, strict=True):
            np.copyto(close, earlier, where=missing)
            earlier = close
        last = len(before.dates) - 1 if before else 0
        self._seen_last = before.last_seen(last) if before else np.full(count, _NEVER)
        self._seen_first = before.first_seen(last) if before else np.full(count, _NEVER)
        self._tail = before.recent(last, keep) if before and keep else np.zeros((0, count))
        self._tail_days = before.dates[-len(self._tail) :] if before and len(self._tail) else self.dates[:0]

    def last_seen(self, row: int) -> Days:
        """Day of each security's last close up to a row; NaT if there is none."""
        there = ~self.missing[: row + 1]
        day = self.dates[row - there[::-1].argmax(axis=0)]
        return np.where(there.any(axis=0), day, self._seen_last)

    def first_seen(self, row: int) -> Days:
        """Day of each security's first close up to a row; NaT if there is none."""
        there = ~self.missing[: row + 1]
        day = np.where(there.any(axis=0), self.dates[there.argmax(axis=0)], _NEVER)
        return np.where(np.isnat(self._seen_first), day, self._seen_first)

    def recent(self, row: int, days: int) -> NDArray[np.float64]:
        """Closes as traded of so many days up to a row, those of this period."""
        rows = (self.dates[: row + 1] > self.dates[row] - np.timedelta64(days, "D")).nonzero()[0]
        return np.where(self.missing[rows], np.nan, self.close[rows])

    def average(self, row: int, days: int) -> NDArray[np.float64]:
        """Mean of the closes as traded over so many days up to a row; NaN if there are none."""
        old = self._tail[self._tail_days > self.dates[row] - np.timedelta64(days, "D")]
        closes = np.vstack([old, self.recent(row, days)])
        count = (~np.isnan(closes)).sum(axis=0)
        return np.where(count, np.nansum(closes, axis=0) / np.maximum(count, 1), np.nan)

    def adjust(self, row: int, action: Action) -> None:
        """Adjust closes carried across an action, and set the prices an action gives; actions come in their order.

        Raises `DataError` where a special dividend is not less than the close before it.
        """
        who = action.security
        if action.kind in (SPLIT, SPECIAL_DIVIDEND):
            before = self._close_before(row, who)
            if action.kind == SPECIAL_DIVIDEND and action.cash >= before:
                raise DataError(_too_much(f"actions: {action.label} on {action.date}", action.cash, before))
            self._before[row, who] = before / action.ratio if action.kind == SPLIT else before - action.cash
        if action.kind == DELISTING:
            self.close[row:, who] = np.nan_to_num(action.price)
        elif action.kind == SPIN_OFF:
            if not np.isnan(action.price):
                self.close[self._hole(row, action.other), action.other] = action.price
        elif action.kind == SPLIT:
            self.close[self._hole(row, who), who] /= action.ratio
        elif action.kind == SPECIAL_DIVIDEND:
            self.close[self._hole(row, who), who] -= action.cash

    def check_dividends(self, ids: list[str]) -> None:
        """Raise `DataError` where a dividend is not less than the close before it; after all of `adjust`."""
        rows, columns = np.nonzero(self.dividend > 0)
        paid = self.dividend[rows, columns]
        before = np.where(rows > 0, self.close[rows - 1, columns], self._earlier[columns])
        first = np.isnan(before)  # a child's first day: its own close
        before[first] = self.close[rows, columns][first]
        for (row, who), price in self._before.items():
            before[(rows == row) & (columns == who)] = price
        if (wrong := paid >= before).any():
            at = int(np.argmax(wrong))
            event = f"prices: the dividend of {ids[columns[at]]} on {self.dates[rows[at]]}"
            raise DataError(_too_much(event, paid[at], before[at]))

    def reused(self, days: np.timedelta64) -> Iterator[tuple[int, np.datetime64, np.datetime64]]:
        """Securities that have a close again after more than so many days, with the last day before and that day."""
        late = self.dates[0] - self._seen_last > days
        columns = np.flatnonzero(late | self.missing.any(axis=0))
        there = ~self.missing[:, columns]
        seen = np.vstack([self._seen_last[columns], np.where(there, self.dates[:, None], _NEVER)])
        last = np.fmax.accumulate(seen, axis=0)[:-1]
        for row, at in zip(*np.nonzero(there & (self.dates[:, None] - last > days)), strict=True):
            yield int(columns[at]), last[row, at], self.dates[row]

    def _close_before(self, row: int, who: int) -> float:
        """The close before a day, adjusted for what the day's actions have done so far."""
        if self.missing[row, who]:
            return float(self.close[row, who])
        return self._before.get((row, who), float(self.close[row - 1, who] if row else self._earlier[who]))

    def _hole(self, row: int, who: int) -> slice:
        there = ~self.missing[row:, who]
        return slice(row, row + int(there.argmax()) if there.any() else len(self.dates))


def _too_much(event: str, paid: float, price: float) -> str:
    return (
        f"{event} pays {paid:g} a share, not less than the close before it, {price:g}. Correct its amount or date: "
        "both are as traded, not adjusted for later splits; a share that ends worthless is a delisting."
    )
