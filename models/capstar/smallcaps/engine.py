"""The run through time: values between events, and the events."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capstar.errors import DataError, DataWarning
from capstar.progress import Progress
from capstar.smallcaps.actions import DELISTING, SPIN_OFF, Action
from capstar.smallcaps.event_log import EventLog
from capstar.smallcaps.portfolio import Portfolio
from capstar.smallcaps.prices import PriceTable
from capstar.smallcaps.rules import IndexRules
from capstar.smallcaps.schedule import Schedule
from capstar.smallcaps.selection import Choice, Chooser
from capstar.smallcaps.share_counts import ShareCounts
from capstar.smallcaps.share_table import ShareTable
from capstar.smallcaps.window import Window

Floats = NDArray[np.float64]
_ENDED_DAYS = 7  # a member without a price for longer at the end is reported
_REUSED_DAYS = np.timedelta64(
    90, "D"
)  # a halt is shorter; a name that returns after longer may be another company's


@dataclass(frozen=True)
class Inputs:
    """What a run starts from, all checked."""

    rules: IndexRules
    prices: PriceTable
    shares: ShareTable
    position: dict[str, int]  # of each security, by first identifier
    schedule: Schedule


class Engine:
    """One run of an index."""

    def __init__(self, inputs: Inputs) -> None:
        self._rules, self._dates = inputs.rules, inputs.prices.dates
        self._inputs, self._schedule = inputs, inputs.schedule
        self._ids = list(inputs.position)
        self._counts = ShareCounts(inputs.shares, inputs.position)
        self._portfolio = Portfolio(len(self._ids), inputs.rules)
        self._chooser = Chooser(inputs.rules, self._ids, self._counts, self._portfolio, inputs.prices.last)
        self._log = EventLog(self._dates, self._ids, self._counts.sectors)
        self._choices: dict[int, Choice] = {}
        self._level = inputs.rules.base
        self._valued = 0  # rows of the window that have been valued
        self._reused: list[tuple[int, np.datetime64, np.datetime64]] = []

    def run(self, tell: Progress) -> dict[str, pd.DataFrame]:
        """Tables by name, from `EventLog.tables`."""
        before: Window | None = None
        for block in self._inputs.prices.blocks(self._inputs.position):
            tell("index", block.first / len(self._dates))
            window = Window(block, before, self._rules.average_days)
            rows = range(window.first, window.first + len(window.dates))
            busy = [day for day in rows if self._schedule.busy(day)]
            for day in busy:
                for action in self._schedule.actions.get(day, ()):
                    window.adjust(day - window.first, action)
            window.check_dividends(self._ids)
            self._reused += [one for one in window.reused(_REUSED_DAYS) if not self._acted(*one)]
            self._valued = 0
            for day in busy:
                self._open(window, day)
                self._close(window, day)
            self._value(window, len(window.dates))
            before = window
        tell("index", 1.0)
        self._report_ended()
        self._report_reused()
        return self._log.tables()

    def _open(self, window: Window, day: int) -> None:
        """Actions before the open."""
        for action in self._schedule.actions.get(day, ()):
            self._counts.advance(action.date - np.timedelta64(1, "D"))
            if self._portfolio.held[action.security] > 0 and action.kind != DELISTING:
                row = day - window.first
                self._value(window, row)
                self._require_child(window, row, action)
                self._portfolio.apply(action)
                self._log.change(self._dates[day], self._dates[day - 1], action.label, self._portfolio)
            self._counts.apply(action)

    def _close(self, window: Window, day: int) -> None:
        """Delistings, rankings and changes of the index after the close."""
        for action in self._schedule.actions.get(day, ()):
            self._leavers(window, day, action)
        row = day - window.first
        for number in self._schedule.ranks.get(day, ()):
            rebalance = self._schedule.rebalances[number]
            self._choices[number] = self._chooser.choose(rebalance, window, row)
        for number in self._schedule.effective.get(day, ()):
            self._rebalance(window, day, number)
        if (table := self._schedule.weights.get(day)) is not None:
            self._counts.advance(self._dates[day])
            self._value(window, row + 1)
            self._replace(window, day, self._chooser.given(table, window, row), "weights")

    def _leavers(self, window: Window, day: int, action: Action) -> None:
        who = action.security
        if action.kind == SPIN_OFF and not self._rules.hold_spin_offs:
            who = action.other
        elif action.kind != DELISTING:
            return
        if not self._portfolio.held[who] > 0:
            return
        self._value(window, day - window.first + 1)
        if action.kind == DELISTING and np.isnan(action.price) and self._portfolio.inside[who]:
            warnings.warn(
                f"{self._ids[who]} was delisted on {action.date} without a final price: its value is taken as 0. "
                "Enter the final value of a share in 'price'.",
                DataWarning,
                stacklevel=5,
            )
        self._portfolio.leave(who, action.label)
        self._note(day, action.label)

    def _rebalance(self, window: Window, day: int, number: int) -> None:
        choice = self._choices.pop(number)
        if choice.kind == "review" and not self._portfolio.started:
            return
        self._counts.advance(self._dates[day])
        self._value(window, day - window.first + 1)
        holding = self._chooser.holding(choice, window, day - window.first)
        before = self._portfolio.value / self._portfolio.value.sum() if self._portfolio.started else None
        was = self._portfolio.inside
        self._replace(window, day, holding, choice.kind)
        now = self._portfolio.inside
        after = self._portfolio.value / self._portfolio.value.sum()
        self._log.rebalances.append(
            {
                "kind": choice.kind,
                "rank": self._schedule.rebalances[number].rank,
                "effective": pd.Timestamp(self._dates[day]),
                "members": int(now.sum()),
                "joined": int((now & ~was).sum()),
                "left": int((was & ~now).sum()),
                **{f"fails_{key}": count for key, count in choice.fails.items()},
                "turnover": np.nan if before is None else 0.5 * float(np.abs(after - before).sum()),
            }
        )

    def _replace(
        self, window: Window, day: int, holding: tuple[Floats, NDArray[np.int8]], label: str
    ) -> None:
        close = window.close[day - window.first]
        self._portfolio.replace(*holding, close, f"the {label} of {self._dates[day]}")
        self._portfolio.sector = self._counts.sector.copy()
        self._note(day, label)

    def _note(self, day: int, label: str) -> None:
        """Write down what is held after a close."""
        portfolio = self._portfolio
        self._log.change(self._dates[day], self._dates[day], label, portfolio)
        level, total = np.array([self._level]), np.array([portfolio.total])
        self._log.close_of(
            slice(day, day + 1), level, total, portfolio.value[portfolio.inside][None, :], portfolio
        )

    def _value(self, window: Window, stop: int) -> None:
        """Value the portfolio at the closes up to, not with, a row."""
        first, self._valued = self._valued, max(stop, self._valued)
        portfolio = self._portfolio
        if stop <= first or not portfolio.started:
            return
        columns = np.flatnonzero(portfolio.inside)
        held = portfolio.held[columns]
        closes = np.ascontiguousarray(
            window.close[first:stop, columns]
        )  # sums in one order, however many days
        values = closes * held
        market = values.sum(axis=1)
        days = window.dates[first:stop]
        if not (market > 0).all():
            raise DataError(f"The index value is zero on {days[np.argmin(market > 0)]}. Check its prices.")
        paid = window.dividend[first:stop, columns] * held
        opening = portfolio.value[columns]
        start = np.concatenate([[opening.sum()], market[:-1]])
        base = start if self._rules.reinvest == "close" else start - paid.sum(axis=1)
        if not (base > 0).all():
            at = days[np.argmin(base > 0)]
            raise DataError(
                f"The dividends of {at} are at least the value of the index. Correct their amounts."
            )
        gained = np.diff(values, axis=0, prepend=opening[None, :])
        totals = portfolio.total * np.cumprod(1.0 + (market + paid.sum(axis=1) - start) / base)
        earlier = np.concatenate([[portfolio.total], totals[:-1]])
        levels = market / portfolio.divisor
        rows = slice(window.first + first, window.first + stop)
        self._log.close_of(rows, levels, totals, values, portfolio)
        points = (gained + paid) * (earlier / base)[:, None]
        self._log.gain(days, columns, portfolio, gained / portfolio.divisor, points)
        if (holes := window.missing[first:stop, columns]).any():
            at, who = np.nonzero(holes)
            self._log.carried.add(days[at], columns[who], closes[at, who])
        portfolio.value[columns] = values[-1]
        portfolio.total, self._level = float(totals[-1]), float(levels[-1])

    def _require_child(self, window: Window, row: int, action: Action) -> None:
        if action.kind == SPIN_OFF and np.isnan(window.close[row, action.other]):
            raise DataError(
                f"actions: {action.label} on {action.date}: the child has no close on {window.dates[row]}. Add it, "
                "or put the value of a share until its first close into 'price'."
            )

    def _report_ended(self) -> None:
        final, last = self._dates[-1], self._inputs.prices.last
        members = [self._ids[who] for who in np.flatnonzero(self._portfolio.inside)]
        ended = [name for name in members if last.get(name, final) < final - np.timedelta64(_ENDED_DAYS, "D")]
        if ended:
            warnings.warn(
                f"{len(ended)} members at the end have no price for more than {_ENDED_DAYS} days, the first is "
                f"{ended[0]} (last {last[ended[0]]}); the last close is carried. Add their delisting or merger.",
                DataWarning,
                stacklevel=4,
            )

    def _acted(self, who: int, last: np.datetime64, day: np.datetime64) -> bool:
        """Whether an action says that a security is the same after a gap."""
        every = (action for actions in self._schedule.actions.values() for action in actions)
        return any(who in (one.security, one.other) and last < one.date <= day for one in every)

    def _report_reused(self) -> None:
        if self._reused:
            said = "; ".join(f"{self._ids[who]} ({last} to {day})" for who, last, day in self._reused[:3])
            warnings.warn(
                f"{len(self._reused)} ids have a price again after more than {_REUSED_DAYS} without one: {said}"
                f"{', ...' if len(self._reused) > 3 else ''}. If it is another company's, give it another id and the "
                "first a delisting or merger.",
                DataWarning,
                stacklevel=4,
            )
