"""Members and index shares: the pure rules of selection applied to what is known on a day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capstar.errors import DataError
from capstar.smallcaps.book import LARGE, NONE, SEGMENTS, SMALL, Book, belongs
from capstar.smallcaps.calendar import Kind, Rebalance
from capstar.smallcaps.register import Register
from capstar.smallcaps.rules import IndexRules
from capstar.smallcaps.selection import eligible, quarterly_review, rank, reconstitute
from capstar.smallcaps.window import Window

Floats = NDArray[np.float64]
Segments = NDArray[np.int8]
_CODES = {"large": LARGE, "small": SMALL}
_NAMES = {code: name for name, code in _CODES.items()}


@dataclass(frozen=True)
class Choice:
    """What was decided on a rank day.

    Attributes
    ----------
    kind
        Reconstitution or review.
    segment : numpy.ndarray
        Of each security chosen: 1 large, 2 small, 0 none; of a review, those that join.
    place : numpy.ndarray
        Rank of each security's company.
    """

    kind: Kind
    segment: Segments
    place: NDArray[np.int64]


class Chooser:
    """Selection and index shares for one run.

    Parameters
    ----------
    rules
        Of the index.
    ids
        Of the securities, by position.
    register, book
        State of the run, read only.
    last
        Last day with a price, by first identifier.
    """

    def __init__(
        self,
        rules: IndexRules,
        ids: list[str],
        register: Register,
        book: Book,
        last: dict[str, np.datetime64],
    ) -> None:
        self._rules, self._register, self._book = rules, register, book
        self._ids = np.array(ids, dtype=object)
        never = np.datetime64("0001-01-01")
        self._last = np.array([last.get(name, never) for name in ids], dtype="datetime64[D]")
        self._ranked_on = never

    def choose(self, rebalance: Rebalance, window: Window, row: int) -> Choice:
        """Rank at the close of a row, and decide."""
        self._register.advance(window.dates[row])
        if rebalance.kind == "review" and not self._rules.review_new_issues:
            return Choice(
                rebalance.kind, np.zeros_like(self._book.segment), np.zeros(len(self._ids), np.int64)
            )
        universe = self._universe(window, row)
        ranked = rank(universe, self._rules)
        members = self._members()
        if rebalance.kind == "reconstitution":
            before = members if self._book.started else None
            segments = reconstitute(ranked, self._rules, before)
        else:
            segments = quarterly_review(ranked, self._rules, members)
        self._ranked_on = window.dates[row]
        company = universe.loc[eligible(universe, self._rules), "company"]
        company = company[company.isin(segments.index)]
        segment, place = np.zeros(len(self._ids), dtype=np.int8), np.zeros(len(self._ids), dtype=np.int64)
        segment[company.index] = company.map(segments.map(_CODES)).to_numpy(dtype=np.int8)
        place[company.index] = company.map(ranked["rank"]).to_numpy()
        return Choice(rebalance.kind, segment, place)

    def holding(self, choice: Choice, window: Window, row: int) -> tuple[Floats, Segments]:
        """Index shares and segments after the close of an effective date."""
        book, gone = self._book, self._register.gone
        if choice.kind == "review":
            segment = np.where(book.segment > NONE, book.segment, choice.segment)
        else:
            segment = choice.segment.copy()
        segment[gone] = NONE
        held = self._register.float_shares(self._rules.weighting)
        keeps = np.isnan(held)  # a spun-off child without a row of its own
        if choice.kind == "review" and not self._rules.review_shares:
            keeps |= book.held > 0
        held = np.where(segment > NONE, np.where(keeps, book.held, held), 0.0)
        inside = belongs(segment, self._rules)
        self._require_prices(inside & (held > 0), window, row)
        if self._rules.rank_weights is None:
            return held, segment
        if choice.kind == "review":
            return book.held.copy(), book.segment.copy()
        weights = self._by_rank(inside, choice.place, held * window.close[row])
        return self._worth(weights, window, row), np.where(inside, segment, NONE).astype(np.int8)

    def given(self, table: pd.Series, window: Window, row: int) -> tuple[Floats, Segments]:
        """Index shares and segments for given weights by position."""
        weights = np.zeros(len(self._ids))
        weights[table.index.to_numpy()] = table.to_numpy()
        if (gone := (weights > 0) & self._register.gone).any():
            name = self._ids[np.argmax(gone)]
            raise DataError(
                f"weights: {name} has a weight on {window.dates[row]} and has left. Drop the row."
            )
        self._require_prices(weights > 0, window, row)
        code = SEGMENTS[self._rules.segment][0]
        return self._worth(weights, window, row), np.where(weights > 0, code, NONE).astype(np.int8)

    def _worth(self, weights: Floats, window: Window, row: int) -> Floats:
        """Shares that have given weights at the close of a row."""
        wealth = self._book.value.sum() if self._book.started else self._rules.base
        shares = np.zeros_like(weights)
        np.divide(weights * wealth, window.close[row], out=shares, where=weights > 0)
        return shares

    def _universe(self, window: Window, row: int) -> pd.DataFrame:
        """Cross-section for `capstar.smallcaps.selection.rank`; securities and companies by position.

        Positions are in the order of names, so that ties fall as they would by name.
        """
        register, day = self._register, window.dates[row]
        seen = window.last_seen(row)
        known = ~np.isnan(register.shares) & ~register.gone
        fresh = seen >= day - self._rules.stale_days
        hole = known & ~fresh & ~np.isnat(seen) & ((self._book.held > 0) | (self._last > day))
        self._refuse_hole(hole & register.eligible, day)
        use = np.flatnonzero(known & (fresh | np.isnat(seen)))
        close = window.close[row, use]
        average = window.average(row, self._rules.average_days)[use] if self._rules.average_days else close
        return pd.DataFrame(
            {
                "close": close,
                "shares": register.shares[use],
                "float_factor": register.float_factor[use],
                "company": register.company[use] if self._rules.by_company else use,
                "eligible": register.eligible[use],
                "member": self._book.held[use] > 0,
                "new_issue": window.first_seen(row)[use] > self._ranked_on,
                "average_close": average,
            },
            index=use,
        )

    def _members(self) -> pd.Series:
        """Segment by company of what is held."""
        who = np.flatnonzero(self._book.held > 0)
        company = self._register.company[who] if self._rules.by_company else who
        members = pd.Series([_NAMES[code] for code in self._book.segment[who]], index=company, dtype=object)
        return members[~members.index.duplicated()]

    def _by_rank(self, inside: NDArray[np.bool_], place: NDArray[np.int64], value: Floats) -> Floats:
        """Weights by the order of companies, shared among classes by value."""
        weights: Floats = np.zeros(len(inside))
        table = np.array(self._rules.rank_weights)
        places = np.unique(place[inside])
        if len(places) > len(table) or not len(places):
            raise DataError(
                f"{len(places)} companies are to share {len(table)} rank_weights. Set band=0, and check that enough "
                "companies pass."
            )
        for order, at in enumerate(places):
            lines = inside & (place == at)
            weights[lines] = table[order] * value[lines] / value[lines].sum()
        weights /= weights.sum()
        return weights

    def _require_prices(self, members: NDArray[np.bool_], window: Window, row: int) -> None:
        day = window.dates[row]
        fresh = window.last_seen(row) >= day - self._rules.stale_days
        self._refuse_hole(members & ~fresh, day)

    def _refuse_hole(self, hole: NDArray[np.bool_], day: np.datetime64) -> None:
        if hole.any():
            raise DataError(
                f"prices: {self._ids[np.argmax(hole)]} has no close on the rebalancing date {day} ({int(hole.sum())} "
                "such securities). Add it, or its delisting or merger, or allow an older one with "
                f"stale_days={self._rules.stale_days + 5}."
            )
