"""What the index holds: shares, value at the last close, divisor; and what each event does to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from capstar.errors import DataError
from capstar.smallcaps.actions import MERGER, SPECIAL_DIVIDEND, SPIN_OFF, SPLIT, Action
from capstar.smallcaps.rules import IndexRules, Segment


def belongs(segment: NDArray[np.int8], rules: IndexRules) -> NDArray[np.bool_]:
    """Which segments the index holds."""
    chosen = np.zeros(len(Segment), dtype=bool)
    chosen[list(rules.segments)] = True
    return chosen[segment]


class Portfolio:
    """State of the index between two events; arrays by security."""

    def __init__(self, count: int, rules: IndexRules) -> None:
        self._rules = rules
        self.segment = np.zeros(count, dtype=np.int8)  # in the broad index, whatever the index holds
        self.held = np.zeros(count)  # index shares of the broad index
        self.value = np.zeros(count)  # of its own members at the last close, and events since
        self.sector = np.zeros(count, dtype=np.int64)  # at the last rebalancing
        self.divisor = np.nan  # level = sum of values / divisor; NaN before the start
        self.total = rules.base  # total-return level

    @property
    def started(self) -> bool:
        """Whether there has been a first effective date."""
        return not np.isnan(self.divisor)

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Members of the index itself."""
        return belongs(self.segment, self._rules) & (self.held > 0)

    def index_shares(self) -> NDArray[np.float64]:
        """Shares held by the index itself."""
        return np.where(self.inside, self.held, 0.0)

    def apply(self, action: Action) -> None:
        """An action before the open, at the values of the close before; the level does not change."""
        who = action.security
        if action.kind == SPLIT:
            self.held[who] *= action.ratio
        elif action.kind == SPIN_OFF:
            self._spin_off(action)
        elif action.kind == MERGER:
            with self._level_held(action.label):
                self._merge(action)
        elif action.kind == SPECIAL_DIVIDEND and self.value[who] > 0:
            with self._level_held(action.label):
                self.value[who] -= self.held[who] * action.cash

    def leave(self, who: int, label: str) -> None:
        """A security leaves at its last close."""
        with self._level_held(label):
            self._drop(who)

    def replace(
        self,
        held: NDArray[np.float64],
        segment: NDArray[np.int8],
        close: NDArray[np.float64],
        label: str,
    ) -> None:
        """Members and shares of the broad index change at a close; the level does not."""
        with self._level_held(label):
            self.segment, self.held = segment.copy(), held.copy()
            self.value = np.where(self.inside, self.held * close, 0.0)
        if not self.started:
            self.divisor = float(self.value.sum()) / self._rules.base

    @contextmanager
    def _level_held(self, label: str) -> Iterator[None]:
        """Scale the divisor so that what happens within leaves the level as it was."""
        before = float(self.value.sum())
        yield
        after = float(self.value.sum())
        if not after > 0:
            raise DataError(
                f"After {label} the index holds nothing of value. Check the action, the number of companies and "
                "the rules, or end the prices before."
            )
        if self.started:
            self.divisor *= after / before

    def _spin_off(self, action: Action) -> None:
        """The child enters at no value; the parent falls and the child rises at the day's closes."""
        parent, child = action.security, action.other
        self.held[child] += action.ratio * self.held[parent]
        self.segment[child] = self.segment[child] or self.segment[parent]
        if self.inside[child] and self.value[child] == 0:
            self.sector[child] = self.sector[parent]

    def _merge(self, action: Action) -> None:
        target, acquirer = action.security, action.other
        shares = self.held[target]
        self._drop(target)
        absorbs = self._rules.absorb_mergers and action.ratio > 0 and acquirer >= 0
        if absorbs and self.held[acquirer] > 0:
            price = self.value[acquirer] / self.held[acquirer]
            self.held[acquirer] += action.ratio * shares
            self.value[acquirer] = price * self.held[acquirer]

    def _drop(self, who: int) -> None:
        self.held[who] = self.value[who] = 0.0
        self.segment[who] = Segment.NONE
