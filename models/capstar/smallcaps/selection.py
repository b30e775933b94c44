"""Who is in the index: pure functions of one day's cross-section."""

from __future__ import annotations

import numpy as np
import pandas as pd

from capstar.errors import DataError
from capstar.frames import require_columns
from capstar.smallcaps.rules import IndexRules

LARGE, SMALL = "large", "small"
_DEFAULTS = {"float_factor": 1.0, "eligible": True, "member": False, "new_issue": False}


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
        ``rules.extended``, ``new_issue``.  Equal values stand in the order of their identifiers.

    Raises
    ------
    DataError
        Columns are missing, an identifier stands twice, or no company passes.
    """
    lines = _lines(universe, rules)
    passing = _passes(lines, rules)
    groups = lines.assign(passing=passing).groupby("company", sort=True)
    table = pd.DataFrame(
        {
            "value": groups["value"].sum(),
            "new_issue": groups["new_issue"].all(),
            "passing": groups["passing"].any(),
        }
    )
    table = table[table["passing"] & (table["value"] >= rules.min_value)]
    if table.empty:
        raise DataError(
            f"No company passes the rules of {rules.name} among {len(universe)} securities. Check the units of "
            f"shares (market value must be {rules.min_value:g} or more) and the thresholds."
        )
    order = np.argsort(-table["value"].to_numpy(), kind="stable")  # groups are in the order of identifiers
    table = table.iloc[order]
    value = table["value"].to_numpy()
    return pd.DataFrame(
        {
            "value": value,
            "rank": np.arange(1, len(table) + 1),
            "cumulative": np.cumsum(value) / value[: rules.extended].sum(),
            "new_issue": table["new_issue"].to_numpy(dtype=bool),
        },
        index=table.index,
    )


def eligible(universe: pd.DataFrame, rules: IndexRules) -> pd.Series:
    """Whether each security passes the rules on price, float and kind; the company's value is for `rank`.

    Parameters
    ----------
    universe, rules
        As in `rank`.
    """
    lines = _lines(universe, rules)
    return _passes(lines, rules).reindex(universe.index, fill_value=False).rename("eligible")


def reconstitute(ranked: pd.DataFrame, rules: IndexRules, before: pd.Series | None = None) -> pd.Series:
    r"""Segment of each member of the broad index: ``"large"`` or ``"small"``.

    With C(k) the cumulative share of market value, a large member falls only if
    :math:`C(k) > C(K) + b`, a small one rises only if :math:`C(k) < C(K) - b`, with K ``rules.large`` and b
    ``rules.band``; all others go by rank.

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
    """
    chosen = ranked[ranked["rank"] <= rules.broad]
    large = (chosen["rank"] <= rules.large).to_numpy()
    if before is not None and rules.band > 0 and rules.large > 0:
        share = chosen["cumulative"].to_numpy()
        edge = share[min(rules.large, len(share)) - 1]
        was = before.reindex(chosen.index).to_numpy()
        stays_large = (was == LARGE) & ~large & (share <= edge + rules.band)
        stays_small = (was == SMALL) & large & (share >= edge - rules.band)
        large = (large | stays_large) & ~stays_small
    return pd.Series(np.where(large, LARGE, SMALL), index=chosen.index, name="segment")


def quarterly_review(ranked: pd.DataFrame, rules: IndexRules, members: pd.Series) -> pd.Series:
    """New issues that join at a review, and their segment.

    A new issue joins if it is worth more than the smallest member of the broad index; it joins the large
    segment if it is worth more than the smallest of the L largest members, L their number in that segment.

    Parameters
    ----------
    ranked
        From `rank` on the review's rank day, members and new issues alike.
    rules
        Of the index; ``review_new_issues`` may forbid it.
    members
        Segment by company until now.
    """
    old = ranked.loc[ranked.index.isin(members.index), "value"].to_numpy()
    new = ranked[ranked["new_issue"] & ~ranked.index.isin(members.index)]
    if not rules.review_new_issues or not old.size:
        return pd.Series([], index=new.index[:0], dtype=object, name="segment")
    new = new[new["value"] > old[-1]]
    count = min(int((members == LARGE).sum()), old.size)
    large = new["value"].to_numpy() > old[count - 1] if count else np.zeros(len(new), dtype=bool)
    return pd.Series(np.where(large, LARGE, SMALL), index=new.index, name="segment")


def _lines(universe: pd.DataFrame, rules: IndexRules) -> pd.DataFrame:
    """Eligible kinds with defaults filled in and every class valued."""
    require_columns(universe, ("close", "shares"), source="universe")
    if universe.index.has_duplicates:
        twice = universe.index[universe.index.duplicated()][0]
        raise DataError(f"universe: {twice} stands twice. Give one row a security.")
    lines = universe.assign(**{c: v for c, v in _DEFAULTS.items() if c not in universe.columns})
    if not rules.by_company or "company" not in lines.columns:
        lines = lines.assign(company=lines.index)
    if "average_close" not in lines.columns:
        lines = lines.assign(average_close=lines["close"])
    lines = lines[lines["eligible"].astype(bool)]
    size = lines["close"] * lines["shares"]
    priced = size.dropna()
    primary = priced.groupby(lines["company"].loc[priced.index]).idxmax()
    price = lines["close"].fillna(lines["company"].map(primary).map(lines["close"]))
    return lines.assign(value=price * lines["shares"])[price.notna()]


def _passes(lines: pd.DataFrame, rules: IndexRules) -> pd.Series:
    dear = lines["close"] >= rules.min_price
    if rules.average_days:
        dear |= lines["member"].astype(bool) & (lines["average_close"] >= rules.min_price)
    return dear & (lines["float_factor"] >= rules.min_float)
