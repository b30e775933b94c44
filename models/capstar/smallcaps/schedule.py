"""What happens on which trading day."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capstar.errors import DataError
from capstar.smallcaps.actions import Action
from capstar.smallcaps.calendar import Rebalance
from capstar.smallcaps.rules import IndexRules
from capstar.smallcaps.schema import as_days

Days = NDArray[np.datetime64]
_CLOSED_DAYS = np.timedelta64(7, "D")  # no market is closed for longer


@dataclass(frozen=True)
class Schedule:
    """Events by position of their day among the days with prices."""

    rebalances: tuple[Rebalance, ...] = ()
    ranks: dict[int, list[int]] = field(default_factory=dict)  # numbers of the changes ranked on a day
    effective: dict[int, list[int]] = field(default_factory=dict)  # and effective
    actions: dict[int, list[Action]] = field(default_factory=dict)  # before the open, in order
    weights: dict[int, pd.Series] = field(default_factory=dict)  # by security, after the close

    def busy(self, day: int) -> bool:
        """Whether anything happens."""
        return any(day in part for part in (self.ranks, self.effective, self.actions, self.weights))


def by_calendar(rules: IndexRules, dates: Days, actions: list[Action]) -> Schedule:
    """Schedule of an index that chooses its members; `DataError` where a change is outside the prices."""
    first, last = pd.Timestamp(dates[0]), pd.Timestamp(dates[-1])
    found = rules.calendar.between(first, last)
    if not any(one.kind == "reconstitution" for one in found):
        raise DataError(
            f"prices: {rules.name} has no reconstitution ranked and effective between {first:%Y-%m-%d} and "
            f"{last:%Y-%m-%d}. Give a longer history, or another calendar."
        )
    out = Schedule(found, actions=_placed(dates, actions))
    for number, one in enumerate(found):
        out.ranks.setdefault(_at_or_before(dates, one.rank), []).append(number)
        out.effective.setdefault(_at_or_before(dates, one.effective), []).append(number)
    return out


def by_weights(table: pd.DataFrame, dates: Days, actions: list[Action]) -> Schedule:
    """Schedule of an index with given weights; `DataError` where a day of theirs has no prices."""
    out = Schedule(actions=_placed(dates, actions))
    for day, rows in table.groupby(as_days(table["date"])):
        at = int(np.searchsorted(dates, np.datetime64(day, "D")))
        if at == len(dates) or dates[at] != np.datetime64(day, "D"):
            raise DataError(f"weights: there are no prices on {day:%Y-%m-%d}. Take a day that has prices.")
        out.weights[at] = rows.set_index("id")["weight"]
    return out


def _placed(dates: Days, actions: list[Action]) -> dict[int, list[Action]]:
    out: dict[int, list[Action]] = {}
    for action in actions:
        at = int(np.searchsorted(dates, action.date))
        if at < len(dates):
            out.setdefault(at, []).append(action)
    return out


def _at_or_before(dates: Days, stamp: pd.Timestamp) -> int:
    day = np.datetime64(stamp, "D")
    at = int(np.searchsorted(dates, day, side="right")) - 1
    if dates[at] < day - _CLOSED_DAYS:
        raise DataError(
            f"prices: there are none between {dates[at]} and the rebalancing date {day}. Add them, or move the date."
        )
    return at
