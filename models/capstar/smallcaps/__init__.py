"""Small caps: an index by rules, from prices, share counts and corporate actions."""

from __future__ import annotations

from capstar.smallcaps.calculator import IndexCalculator
from capstar.smallcaps.calendar import Calendar, FixedCalendar, Rebalance, RussellCalendar
from capstar.smallcaps.protocol import Screen, Weighting
from capstar.smallcaps.registry import index_rules, register
from capstar.smallcaps.results import IndexResults
from capstar.smallcaps.rules import IndexRules
from capstar.smallcaps.selection import eligible, quarterly_review, rank, reconstitute

__all__ = [
    "Calendar",
    "FixedCalendar",
    "IndexCalculator",
    "IndexResults",
    "IndexRules",
    "Rebalance",
    "RussellCalendar",
    "Screen",
    "Weighting",
    "eligible",
    "index_rules",
    "quarterly_review",
    "rank",
    "reconstitute",
    "register",
]


def __dir__() -> list[str]:
    return __all__
