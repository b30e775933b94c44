"""Who is in the index: pure functions of one day's cross-section, and what is known on that day."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capstar.arguments import checked
from capstar.errors import DataError
from capstar.frames import require_columns
from capstar.smallcaps.calendar import Kind, Rebalance
from capstar.smallcaps.portfolio import Portfolio, belongs
from capstar.smallcaps.registry import screens, weightings
from capstar.smallcaps.rules import SEGMENTS, IndexRules, Segment
from capstar.smallcaps.share_counts import ShareCounts
from capstar.smallcaps.window import Window

Floats = NDArray[np.float64]
Segments = NDArray[np.int8]
_DEFAULTS = {"float_factor": 1.0, "eligible": True, "member": False, "new_issue": False}


@checked(labels=("universe",))
def rank(universe: pd.DataFrame, rules: IndexRules) -> pd.DataFrame:
    """Companies that pass the rules, by total market value, descending.

    Parameters
    ----------
    universe
        One row a security at the close of rank day, identifiers as index.  Columns ``close`` and ``shares``;
        if given also ``float_factor`` (1), ``company`` (the identifier), ``eligible`` (true), ``member`` and
        ``new_issue`` (false), ``average_close`` (the close).  A class without a close counts at the close of
        its company's largest class.
    rules
        Of the index.

    Returns
    -------
    pandas.DataFrame
        By company: ``value``, ``rank`` from 1, ``cumulative`` share of the value of ranks 1 to
        ``rules.extended``, ``new_issue``.  Equal values are in the order of their identifiers.

    Raises
    ------
    DataError
        Columns are missing, an identifier is a duplicate, or no company passes.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> universe = pd.DataFrame({"close": [90.0, 40.0, 30.0, 5.0], "shares": 1.0}, list("ABCD"))
    >>> rules = cs.smallcaps.IndexRules.custom(3, [("2024-05-31", "2024-06-28")], large=1)
    >>> cs.smallcaps.rank(universe, rules)["rank"].to_dict()
    {'A': 1, 'B': 2, 'C': 3, 'D': 4}
    """
    return _screened(universe, rules).ranked


@dataclass(frozen=True)
class _Screened:
    """Companies ranked, securities that pass, and how many fail each screen."""

    ranked: pd.DataFrame
    lines: pd.DataFrame
    fails: dict[str, int]


def _screened(universe: pd.DataFrame, rules: IndexRules) -> _Screened:
    lines = _lines(universe, rules)
    passing, fails = _passes(lines, rules, "security")
    groups = lines.assign(passing=passing).groupby("company", sort=True)
    table = pd.DataFrame(
        {
            "value": groups["value"].sum(),
            "new_issue": groups["new_issue"].all(),
            "passing": groups["passing"].any(),
        }
    )
    large_enough, more = _passes(table, rules, "company")
    table = table[table["passing"] & large_enough]
    if table.empty:
        raise DataError(
            f"No company passes the rules of {rules.name} among {len(universe)} securities. Check the units of "
            f"shares (market value must be {rules.min_value:g} or more) and the thresholds: failed "
            f"{', '.join(f'{key} {count}' for key, count in (fails | more).items())}."
        )
    order = np.argsort(-table["value"].to_numpy(), kind="stable")  # groups are in the order of identifiers
    table = table.iloc[order]
    value = table["value"].to_numpy()
    ranked = pd.DataFrame(
        {
            "value": value,
            "rank": np.arange(1, len(table) + 1),
            "cumulative": np.cumsum(value) / value[: rules.extended].sum(),
            "new_issue": table["new_issue"].to_numpy(dtype=bool),
        },
        index=table.index,
    )
    return _Screened(ranked, lines[passing], fails | more)


@checked(labels=("universe",))
def eligible(universe: pd.DataFrame, rules: IndexRules) -> pd.Series:
    """Whether each security passes its screens and is of an eligible kind; those of companies are for `rank`.

    Parameters
    ----------
    universe, rules
        As in `rank`.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> universe = pd.DataFrame({"close": [90.0, 40.0, 30.0, 5.0], "shares": 1.0}, list("ABCD"))
    >>> rules = cs.smallcaps.IndexRules.custom(3, [("2024-05-31", "2024-06-28")], large=1)
    >>> cs.smallcaps.eligible(universe.assign(eligible=[True, True, True, False]), rules).tolist()
    [True, True, True, False]
    """
    lines = _lines(universe, rules)
    return _passes(lines, rules, "security")[0].reindex(universe.index, fill_value=False).rename("eligible")


@checked(labels=("ranked", "before"))
def reconstitute(ranked: pd.DataFrame, rules: IndexRules, before: pd.Series | None = None) -> pd.Series:
    r"""Segment of each member of the broad index: ``"large"`` or ``"small"``.

    With C(k) the cumulative share of market value, a large member falls only if :math:`C(k) > C(K) + b`, a small one
    rises only if :math:`C(k) < C(K) - b`, with K ``rules.large`` and b ``rules.band``; all others go by rank.

    Parameters
    ----------
    ranked
        From `rank`.
    rules
        Of the index.
    before
        Segment by company until now; none at the first reconstitution.

    References
    ----------
    Chang, Y.-C., Hong, H. and Liskovich, I. (2015). Regression discontinuity and the price effects of stock
    market indexing. *Review of Financial Studies* 28(1), 212-246, section 1.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> universe = pd.DataFrame({"close": [90.0, 40.0, 30.0, 5.0], "shares": 1.0}, list("ABCD"))
    >>> rules = cs.smallcaps.IndexRules.custom(3, [("2024-05-31", "2024-06-28")], large=1)
    >>> cs.smallcaps.reconstitute(cs.smallcaps.rank(universe, rules), rules).to_dict()
    {'A': 'large', 'B': 'small', 'C': 'small'}
    """
    chosen = ranked[ranked["rank"] <= rules.broad]
    large = (chosen["rank"] <= rules.large).to_numpy()
    if before is not None and rules.band > 0 and rules.large > 0:
        share = chosen["cumulative"].to_numpy()
        edge = share[min(rules.large, len(share)) - 1]
        was = before.reindex(chosen.index).to_numpy()
        stays_large = (was == "large") & ~large & (share <= edge + rules.band)
        stays_small = (was == "small") & large & (share >= edge - rules.band)
        large = (large | stays_large) & ~stays_small
    return _by_size(large, chosen.index)


@checked(labels=("ranked", "members"))
def quarterly_review(ranked: pd.DataFrame, rules: IndexRules, members: pd.Series) -> pd.Series:
    """New issues that join at a review, and their segment.

    A new issue joins if its value exceeds that of the smallest member of the broad index; it joins the large
    segment if its value exceeds that of the smallest of the L largest members, L their number in that segment.

    Parameters
    ----------
    ranked
        From `rank` on the review's rank day, members and new issues alike.
    rules
        Of the index; ``review_new_issues`` may forbid it.
    members
        Segment by company until now.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> universe = pd.DataFrame({"close": [90.0, 40.0, 30.0, 5.0], "shares": 1.0}, list("ABCD"))
    >>> rules = cs.smallcaps.IndexRules.custom(3, [("2024-05-31", "2024-06-28")], large=1)
    >>> members = cs.smallcaps.reconstitute(cs.smallcaps.rank(universe, rules), rules)
    >>> later = universe.assign(new_issue=[False, False, False, True], close=[90.0, 40.0, 30.0, 45.0])
    >>> cs.smallcaps.quarterly_review(cs.smallcaps.rank(later, rules), rules, members).to_dict()
    {'D': 'small'}
    """
    old = ranked.loc[ranked.index.isin(members.index), "value"].to_numpy()
    new = ranked[ranked["new_issue"] & ~ranked.index.isin(members.index)]
    if not rules.review_new_issues or not old.size:
        return _by_size(np.zeros(0, dtype=bool), new.index[:0])
    new = new[new["value"] > old[-1]]
    count = min(int((members == "large").sum()), old.size)
    large = new["value"].to_numpy() > old[count - 1] if count else np.zeros(len(new), dtype=bool)
    return _by_size(large, new.index)


def _by_size(large: NDArray[np.bool_], companies: pd.Index) -> pd.Series:
    return pd.Series(np.where(large, "large", "small"), index=companies, name="segment", dtype=object)


@dataclass(frozen=True)
class Choice:
    """What was decided on a rank day."""

    kind: Kind
    segment: Segments  # `Segment` of each security; of a review, of those that join
    place: NDArray[np.int64]  # rank of each security's company
    fails: dict[str, int] = field(default_factory=dict)  # securities, or companies, that fail each screen


class Chooser:
    """Selection and index shares for one run; ``last`` is the last day with a price, by first identifier."""

    def __init__(
        self,
        rules: IndexRules,
        ids: list[str],
        counts: ShareCounts,
        portfolio: Portfolio,
        last: dict[str, np.datetime64],
    ) -> None:
        self._rules, self._counts, self._portfolio = rules, counts, portfolio
        self._ids = np.array(ids, dtype=object)
        never = np.datetime64("0001-01-01")
        self._last = np.array([last.get(name, never) for name in ids], dtype="datetime64[D]")
        self._ranked_on = never

    def choose(self, rebalance: Rebalance, window: Window, row: int) -> Choice:
        """Rank at the close of a row, and decide."""
        self._counts.advance(window.dates[row])
        if rebalance.kind == "review" and not self._rules.review_new_issues:
            return Choice(
                rebalance.kind, np.zeros_like(self._portfolio.segment), np.zeros(len(self._ids), np.int64)
            )
        universe = self._universe(window, row)
        found = _screened(universe, self._rules)
        ranked = found.ranked
        members = self._members()
        if rebalance.kind == "reconstitution":
            before = members if self._portfolio.started else None
            segments = reconstitute(ranked, self._rules, before)
        else:
            segments = quarterly_review(ranked, self._rules, members)
        self._ranked_on = window.dates[row]
        company = found.lines["company"]
        company = company[company.isin(segments.index)]
        segment, place = np.zeros(len(self._ids), dtype=np.int8), np.zeros(len(self._ids), dtype=np.int64)
        segment[company.index] = company.map(segments.map(SEGMENTS)).to_numpy(dtype=np.int8)
        place[company.index] = company.map(ranked["rank"]).to_numpy()
        return Choice(rebalance.kind, segment, place, found.fails)

    def holding(self, choice: Choice, window: Window, row: int) -> tuple[Floats, Segments]:
        """Index shares and segments after the close of an effective date."""
        portfolio, gone = self._portfolio, self._counts.gone
        if choice.kind == "review":
            segment = np.where(portfolio.segment > Segment.NONE, portfolio.segment, choice.segment)
        else:
            segment = choice.segment.copy()
        segment[gone] = Segment.NONE
        counts, weighting = self._counts, weightings()[self._rules.weighting]
        held = weighting.index_shares(counts.shares, counts.float_factor, window.close[row])
        keeps = np.isnan(held)  # a spun-off child without a row of its own
        if choice.kind == "review" and not self._rules.review_shares:
            keeps |= portfolio.held > 0
        held = np.where(segment > Segment.NONE, np.where(keeps, portfolio.held, held), 0.0)
        inside = belongs(segment, self._rules)
        self._require_prices(inside & (held > 0), window, row)
        if self._rules.rank_weights is None:
            return held, segment
        if choice.kind == "review":
            return portfolio.held.copy(), portfolio.segment.copy()
        weights = self._by_rank(inside, choice.place, held * window.close[row])
        return self._shares_for(weights, window, row), np.where(inside, segment, Segment.NONE).astype(np.int8)

    def given(self, table: pd.Series, window: Window, row: int) -> tuple[Floats, Segments]:
        """Index shares and segments for given weights by position."""
        weights = np.zeros(len(self._ids))
        weights[table.index.to_numpy()] = table.to_numpy()
        if (gone := (weights > 0) & self._counts.gone).any():
            name = self._ids[np.argmax(gone)]
            raise DataError(
                f"weights: {name} has a weight on {window.dates[row]} and has left. Drop the row."
            )
        self._require_prices(weights > 0, window, row)
        code = self._rules.segments[0]
        return self._shares_for(weights, window, row), np.where(weights > 0, code, Segment.NONE).astype(
            np.int8
        )

    def _shares_for(self, weights: Floats, window: Window, row: int) -> Floats:
        """Shares that have given weights at the close of a row."""
        wealth = self._portfolio.value.sum() if self._portfolio.started else self._rules.base
        shares = np.zeros_like(weights)
        np.divide(weights * wealth, window.close[row], out=shares, where=weights > 0)
        return shares

    def _universe(self, window: Window, row: int) -> pd.DataFrame:
        """Cross-section for `rank`; securities and companies by position.

        Positions are in the order of names, so that ties fall as they would by name.
        """
        counts, day = self._counts, window.dates[row]
        seen = window.last_seen(row)
        known = ~np.isnan(counts.shares) & ~counts.gone
        fresh = seen >= day - np.timedelta64(self._rules.stale_days, "D")
        hole = known & ~fresh & ~np.isnat(seen) & ((self._portfolio.held > 0) | (self._last > day))
        self._refuse_hole(hole & counts.eligible, day)
        use = np.flatnonzero(known & (fresh | np.isnat(seen)))
        close = window.close[row, use]
        average = window.average(row, self._rules.average_days)[use] if self._rules.average_days else close
        return pd.DataFrame(
            {
                "close": close,
                "shares": counts.shares[use],
                "float_factor": counts.float_factor[use],
                "company": counts.company[use] if self._rules.by_company else use,
                "eligible": counts.eligible[use],
                "member": self._portfolio.held[use] > 0,
                "new_issue": window.first_seen(row)[use] > self._ranked_on,
                "average_close": average,
                **{name: column[use] for name, column in counts.further.items()},
            },
            index=use,
        )

    def _members(self) -> pd.Series:
        """Label of the segment by company of what is held."""
        who = np.flatnonzero(self._portfolio.held > 0)
        company = self._counts.company[who] if self._rules.by_company else who
        labels = {code: label for label, code in SEGMENTS.items()}
        members = pd.Series(self._portfolio.segment[who], index=company).map(labels)
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
        fresh = window.last_seen(row) >= day - np.timedelta64(self._rules.stale_days, "D")
        self._refuse_hole(members & ~fresh, day)

    def _refuse_hole(self, hole: NDArray[np.bool_], day: np.datetime64) -> None:
        if hole.any():
            raise DataError(
                f"prices: {self._ids[np.argmax(hole)]} has no close on the rebalancing date {day} ({int(hole.sum())} "
                "such securities). Add it, or its delisting or merger, or allow an older one with "
                f"stale_days={self._rules.stale_days + 5}."
            )


def _lines(universe: pd.DataFrame, rules: IndexRules) -> pd.DataFrame:
    """Eligible kinds with defaults filled in and every class valued."""
    require_columns(universe, ("close", "shares"), source="universe")
    if universe.index.has_duplicates:
        twice = universe.index[universe.index.duplicated()][0]
        raise DataError(f"universe: {twice} is a duplicate. Give one row a security.")
    lines = universe.assign(**{c: v for c, v in _DEFAULTS.items() if c not in universe.columns})
    if not rules.by_company or "company" not in lines.columns:
        lines = lines.assign(company=lines.index)
    if not rules.average_days or "average_close" not in lines.columns:
        lines = lines.assign(average_close=lines["close"])
    lines = lines[lines["eligible"].astype(bool)]
    size = lines["close"] * lines["shares"]
    priced = size.dropna()
    primary = priced.groupby(lines["company"].loc[priced.index]).idxmax()
    price = lines["close"].fillna(lines["company"].map(primary).map(lines["close"]))
    return lines.assign(value=price * lines["shares"])[price.notna()]


def _passes(table: pd.DataFrame, rules: IndexRules, of: str) -> tuple[pd.Series, dict[str, int]]:
    """Whether each row passes all screens of its kind, and how many fail each."""
    passes, fails = pd.Series(True, table.index), {}
    for key, screen in screens().items():
        if screen.of == of and key in rules.screens:
            found = screen.passes(table, rules.screens[key])
            passes, fails[key] = passes & found, int((~found).sum())
    return passes, fails
