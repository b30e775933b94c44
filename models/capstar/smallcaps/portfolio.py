"""What the index holds: shares, value at the last close, divisor; and what each event does to them."""

from __future__ import annotations

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
    """State of the index between two events.

    Parameters
    ----------
    count
        Number of securities.
    rules
        Of the index.

    Attributes
    ----------
    segment : numpy.ndarray
        `Segment` in the broad index, whatever the index holds.
    held : numpy.ndarray
        Index shares of the broad index.
    value : numpy.ndarray
        Value of the index's own members at the last close, adjusted for the events since.
    sector : numpy.ndarray
        Sector of each security at the last rebalancing.
    divisor
        Level = sum of values / divisor; NaN before the start.
    total
        Total-return level.
    """

    def __init__(self, count: int, rules: IndexRules) -> None:
        self._rules = rules
        self.segment = np.zeros(count, dtype=np.int8)
        self.held = np.zeros(count)
        self.value = np.zeros(count)
        self.sector = np.zeros(count, dtype=np.int64)
        self.divisor = np.nan
        self.total = rules.base

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

    def touched_by(self, action: Action) -> bool:
        """Whether an action is of a security of the broad index."""
        return bool(self.held[action.security] > 0)

    def apply(self, action: Action) -> None:
        """An action before the open, at the values of the close before; the level does not change."""
        who = action.security
        if action.kind == SPLIT:
            self.held[who] *= action.ratio
        elif action.kind == SPIN_OFF:
            self._spin_off(action)
        elif action.kind == MERGER:
            with _Rescaled(self, action.label):
                self._merge(action)
        elif action.kind == SPECIAL_DIVIDEND and self.value[who] > 0:
            with _Rescaled(self, action.label):
                self.value[who] -= self.held[who] * action.cash

    def leave(self, who: int, label: str) -> None:
        """A security leaves at its last close."""
        with _Rescaled(self, label):
            self._drop(who)

    def replace(
        self,
        held: NDArray[np.float64],
        segment: NDArray[np.int8],
        close: NDArray[np.float64],
        label: str,
    ) -> None:
        """Members and shares change at a close; the level does not.

        Parameters
        ----------
        held, segment
            Of the broad index from now on.
        close
            Of every security; NaN where there is none.
        label
            Why, for errors.
        """
        with _Rescaled(self, label):
            self.segment, self.held = segment.copy(), held.copy()
            self.value = np.where(self.inside, self.held * close, 0.0)
        if not self.started:
            self.divisor = float(self.value.sum()) / self._rules.base

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


class _Rescaled:
    """Scales the divisor so that what happens within leaves the level as it was."""

    def __init__(self, portfolio: Portfolio, label: str) -> None:
        self._portfolio, self._label = portfolio, label
        self._before = float(portfolio.value.sum())

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        if error[0] is not None:
            return
        after = float(self._portfolio.value.sum())
        if not after > 0:
            raise DataError(
                f"After {self._label} the index holds nothing of value. Check the action, the number of companies and "
                "the rules, or end the prices before."
            )
        if self._portfolio.started:
            self._portfolio.divisor *= after / self._before
