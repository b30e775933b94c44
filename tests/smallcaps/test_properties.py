"""Relations that hold for any index."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from capstar.errors import DataWarning
from capstar.smallcaps import IndexCalculator, IndexRules, quarterly_review, rank, reconstitute
from capstar.smallcaps.actions import Action
from capstar.smallcaps.portfolio import Portfolio

DAYS = pd.bdate_range("2019-11-01", periods=60)
SEEDS = st.integers(0, 2**32 - 1)


# -- events at a close -------------------------------------------------------------------------------------------


def a_portfolio(seed: int, count: int = 12) -> tuple[Portfolio, np.ndarray, np.random.Generator]:
    """A started portfolio of the broad index and the closes it was valued at."""
    rng = np.random.default_rng(seed)
    close = np.exp(rng.normal(3, 1, count))
    segment = rng.integers(0, 3, count).astype(np.int8)
    segment[:3] = 1, 2, 0
    portfolio = Portfolio(count, IndexRules.custom(8, [("2020-01-01", "2020-01-02")], base=1000.0))
    portfolio.replace(np.where(segment > 0, rng.uniform(1, 1e6, count), 0.0), segment, close, "start")
    return portfolio, close, rng


def level(portfolio: Portfolio) -> float:
    return float(portfolio.value.sum() / portfolio.divisor)


def an_action(kind: str, security: int, other: int = -1, **numbers: float) -> Action:
    values = {"ratio": np.nan, "cash": np.nan, "price": np.nan} | numbers
    return Action(np.datetime64("2020-02-03"), kind, security, other, kind, **values)


EVENTS = {
    "addition": lambda index, close, rng: index.replace(
        np.where(index.held > 0, index.held, 5e4), np.maximum(index.segment, 1), close, "addition"
    ),
    "float change": lambda index, close, rng: index.replace(
        index.held * rng.uniform(0.1, 1.0, len(close)), index.segment, close, "float"
    ),
    "deletion": lambda index, close, rng: index.leave(0, "deletion"),
    "split": lambda index, close, rng: index.apply(an_action("split", 0, ratio=rng.uniform(0.1, 10))),
    "merger for cash": lambda index, close, rng: index.apply(an_action("merger", 0)),
    "merger for stock": lambda index, close, rng: index.apply(an_action("merger", 0, 1, ratio=rng.uniform(0.1, 3))),
    "spin-off": lambda index, close, rng: index.apply(an_action("spin-off", 0, 1, ratio=rng.uniform(0.1, 3))),
    "special dividend": lambda index, close, rng: index.apply(
        an_action("special-dividend", 0, cash=close[0] * rng.uniform(0.01, 0.9))
    ),
}  # fmt: skip


@pytest.mark.parametrize("event", EVENTS)
@given(seed=SEEDS)
def test_the_level_does_not_jump(event, seed) -> None:
    portfolio, close, rng = a_portfolio(seed)
    before, shares = level(portfolio), portfolio.held.copy()
    EVENTS[event](portfolio, close, rng)
    assert level(portfolio) == pytest.approx(before, rel=1e-12)
    assert not np.array_equal(portfolio.held, shares) or event == "special dividend"


# -- whole runs --------------------------------------------------------------------------------------------------


def panel(seed: int, count: int = 15) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Random walks with dividends, and share counts that change."""
    rng = np.random.default_rng(seed)
    names = [f"N{k:02}" for k in range(count)]
    paths = np.exp(rng.normal(3, 1, count) + rng.normal(0, 0.03, (len(DAYS), count)).cumsum(axis=0))
    prices = pd.DataFrame(paths, DAYS, names).rename_axis("date")
    prices = prices.melt(var_name="id", value_name="close", ignore_index=False).reset_index()
    prices["dividend"] = np.where(rng.random(len(prices)) < 0.1, 0.01 * prices["close"], 0.0)
    shares = pd.DataFrame(
        {
            "date": np.repeat(DAYS[[0, 20, 35]], count),
            "id": names * 3,
            "shares": np.exp(rng.normal(8, 1, 3 * count)),
            "float_factor": rng.uniform(0.2, 1.0, 3 * count),
            "sector": [f"sector {k % 3}" for k in range(count)] * 3,
        }
    )
    return prices, shares


def rules(**changes) -> IndexRules:
    day = [str(stamp.date()) for stamp in DAYS]
    return IndexRules.custom(
        12,
        [(day[3], day[5]), (day[40], day[44])],
        reviews=[(day[20], day[22])],
        **{"large": 5, "band": 0.02, "extended": 14} | changes,
    )


def an_index(seed: int, **changes):
    return IndexCalculator(rules(**changes), *panel(seed)).run()


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_weights_and_sectors_sum_to_one(seed) -> None:
    index = an_index(seed)
    for day in (5, 22, 30, 44, 59):
        weights = index.weights(DAYS[day])
        assert weights.sum() == pytest.approx(1.0, abs=1e-12)
        assert (weights > 0).all()
        assert 1.0 <= index.levels.loc[DAYS[day], "effective_number"] <= len(weights) + 1e-9
    np.testing.assert_allclose(index.sectors.sum(axis=1), 1.0, rtol=0, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, factor=st.floats(1e-3, 1e3))
def test_units_do_not_matter(seed, factor) -> None:
    prices, shares = panel(seed)
    index = IndexCalculator(rules(), prices, shares).run()
    higher = prices.assign(close=factor * prices["close"], dividend=factor * prices["dividend"])
    more = shares.assign(shares=factor * shares["shares"])
    for other in (
        IndexCalculator(rules(), higher, shares).run(),
        IndexCalculator(rules(), prices, more).run(),
    ):
        pd.testing.assert_series_equal(other.weights(DAYS[50]), index.weights(DAYS[50]), rtol=1e-11)
        np.testing.assert_allclose(other.levels["total"], index.levels["total"], rtol=1e-11)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_order_of_rows_does_not_matter(seed) -> None:
    prices, shares = panel(seed)
    index = IndexCalculator(rules(), prices, shares).run()
    shuffled = (table.sample(frac=1, random_state=seed % 1000) for table in (prices, shares))
    other = IndexCalculator(rules(), *shuffled).run()
    for name in ("levels", "membership", "holdings", "sectors", "gains"):
        pd.testing.assert_frame_equal(getattr(other, name), getattr(index, name), check_exact=True)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, reinvest=st.sampled_from(["close", "open"]))
def test_dividends_only_add(seed, reinvest) -> None:
    levels = an_index(seed, reinvest=reinvest).levels
    growth = levels[["price", "total"]].pct_change().dropna()
    assert (growth["total"] >= growth["price"] - 1e-14).all()
    assert (growth["total"] > growth["price"]).any()
    prices, shares = panel(seed)
    without = IndexCalculator(rules(reinvest=reinvest), prices.drop(columns="dividend"), shares).run().levels
    np.testing.assert_allclose(without["total"], without["price"], rtol=1e-12)
    np.testing.assert_allclose(without["price"], levels["price"], rtol=0, atol=0)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_large_and_small_make_broad(seed) -> None:
    """Value by value: growth of the broad index is that of the two segments, weighted by their values."""
    parts = {name: an_index(seed, segment=name).levels for name in ("large", "small", "broad")}
    value = {name: levels["price"] * levels["divisor"] for name, levels in parts.items()}
    np.testing.assert_allclose(value["large"] + value["small"], value["broad"], rtol=1e-12)
    for level_name in ("price", "total"):
        growth = {name: levels[level_name].pct_change() for name, levels in parts.items()}
        share = (value["large"] / value["broad"]).shift(1)
        both = share * growth["large"] + (1 - share) * growth["small"]
        np.testing.assert_allclose(both.dropna(), growth["broad"].dropna(), rtol=0, atol=1e-12)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_contributions_sum_to_returns(seed) -> None:
    index = an_index(seed)
    for kind in ("price", "total"):
        levels = index.levels[kind]
        whole = levels.iloc[-1] / levels.iloc[0] - 1
        assert index.contributions(level=kind).sum() == pytest.approx(whole, abs=1e-12)
        assert index.contributions("sector", level=kind).sum() == pytest.approx(whole, abs=1e-12)
        december = (
            levels[levels.index < "2020-01-01"].iloc[-1] / levels[levels.index < "2019-12-01"].iloc[-1] - 1
        )
        assert index.contributions(start="2019-12", end="2019-12", level=kind).sum() == pytest.approx(
            december, abs=1e-12
        )


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, last=st.integers(6, 58))
def test_later_data_change_nothing(seed, last) -> None:
    prices, shares = panel(seed)
    index = IndexCalculator(rules(), prices, shares).run()
    known = [table[table["date"] <= DAYS[last]] for table in (prices, shares)]
    early = IndexCalculator(rules(), *known).run()
    pd.testing.assert_frame_equal(early.levels, index.levels.loc[: DAYS[last]], check_exact=True)
    pd.testing.assert_frame_equal(early.sectors, index.sectors.loc[: DAYS[last]], check_exact=True)
    pd.testing.assert_series_equal(early.weights(), index.weights(DAYS[last]), check_exact=True)


def test_later_prices_change_nothing_on_real_data(panel_2015) -> None:
    """Three hundred companies of 2015, reconstituted in March, June and September, cut on three days."""
    prices, shares = panel_2015
    names = sorted(shares["id"].unique())[::9]
    prices, shares = (table[table["id"].isin(names)] for table in (prices, shares))
    changes = [("2015-01-30", "2015-02-27"), ("2015-05-29", "2015-06-26"), ("2015-08-31", "2015-09-18")]
    small = IndexRules.custom(250, changes, large=100, band=0.02, stale_days=400, min_price=1.0)
    index = quietly(small, prices, shares)
    assert len(index.rebalances) == 3
    assert index.rebalances["turnover"].iloc[1:].between(0.01, 0.6).all()
    for day in ("2015-05-29", "2015-06-29", "2015-11-13"):
        cut = quietly(small, prices[prices["date"] <= day], shares)
        pd.testing.assert_frame_equal(cut.levels, index.levels.loc[:day], check_exact=True)
        pd.testing.assert_series_equal(cut.weights(), index.weights(day), check_exact=True)


def quietly(chosen: IndexRules, prices: pd.DataFrame, shares: pd.DataFrame):
    """A run on data that lack delistings, and so warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return IndexCalculator(chosen, prices, shares).run()


# -- banding -----------------------------------------------------------------------------------------------------


def cross_section(seed: int, count: int = 60, move: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    size = rng.normal(0, 1, count) + move * np.random.default_rng(seed + 1).normal(0, 1, count)
    return pd.DataFrame({"close": np.exp(size), "shares": 1000.0}, index=[f"N{k:02}" for k in range(count)])


BANDED = IndexRules.custom(50, [("2020-01-01", "2020-01-02")], large=20, band=0.05)
PLAIN = IndexRules.custom(50, [("2020-01-01", "2020-01-02")], large=20)


@given(seed=SEEDS, move=st.floats(0.0, 0.5))
def test_band(seed, move) -> None:
    first, second = rank(cross_section(seed), BANDED), rank(cross_section(seed, move=move), BANDED)
    by_rank = pd.Series(np.where(second["rank"] <= 20, "large", "small"), second.index)[second["rank"] <= 50]
    before = reconstitute(first, BANDED)
    assert (before == reconstitute(first, PLAIN)).all()  # none before: pure rank
    assert (reconstitute(second, PLAIN, before) == by_rank).all()  # no band: pure rank
    after = reconstitute(second, BANDED, before)
    assert (reconstitute(second, BANDED, after) == after).all()  # once is enough
    assert list(after.index) == list(by_rank.index)  # the band does not touch the edge of the broad index
    new = ~after.index.isin(before.index)
    assert (after[new] == by_rank[new]).all()  # newcomers go by rank
    both = after.index.intersection(before.index)
    moved, moved_plain = (after[both] != before[both]).sum(), (by_rank[both] != before[both]).sum()
    assert moved <= moved_plain


def test_band_saves_turnover() -> None:
    """Over two reconstitutions, in most of forty indexes; share counts do not change."""
    saved = []
    for seed in range(40):
        prices, shares = panel(seed, 40)
        first = shares.drop_duplicates("id").assign(shares=1000.0, float_factor=1.0)
        size = {"broad": 40, "large": 15, "extended": 40}
        turnover = {}
        for band in (0.0, 0.05):
            edited = replace(rules(band=band), **size)
            turnover[band] = IndexCalculator(edited, prices, first).run().rebalances["turnover"].iloc[-1]
        saved.append(turnover[0.0] - turnover[0.05])
    assert np.mean(saved) > 0.02
    assert np.mean(np.array(saved) >= 0) > 0.8


# -- ranking and review ------------------------------------------------------------------------------------------


@given(seed=SEEDS, extended=st.integers(20, 30))
def test_rank(seed, extended) -> None:
    universe = cross_section(seed)
    universe["company"] = [f"C{k // 2:02}" for k in range(len(universe))]
    ranked = rank(universe, IndexRules.custom(20, [("2020-01-01", "2020-01-02")], extended=extended))
    assert (ranked["value"].diff().dropna() <= 0).all()
    assert ranked["rank"].tolist() == list(range(1, 31))
    totals = (universe["close"] * universe["shares"]).groupby(universe["company"]).sum()
    np.testing.assert_allclose(ranked["value"], totals[ranked.index], rtol=1e-14)
    assert ranked["cumulative"].iloc[extended - 1] == pytest.approx(1.0)


def test_ties_go_by_identifier() -> None:
    universe = pd.DataFrame({"close": 1.0, "shares": 5.0}, index=["C", "A", "D", "B"])
    assert list(rank(universe, PLAIN).index) == ["A", "B", "C", "D"]


@given(seed=SEEDS, price=st.floats(0.01, 100.0))
def test_review(seed, price) -> None:
    """A new issue joins where its value puts it."""
    universe = cross_section(seed, 50)
    members = reconstitute(rank(universe, PLAIN), PLAIN)
    new = pd.DataFrame({"close": [price], "shares": [1000.0], "new_issue": [True]}, index=["NEW"])
    ranked = rank(pd.concat([universe.assign(new_issue=False), new]), PLAIN)
    joined = quarterly_review(ranked, PLAIN, members)
    value = (universe["close"] * 1000).sort_values(ascending=False)
    assume(abs(value - 1000 * price).min() > 1e-6)
    if 1000 * price < value.iloc[-1]:
        assert joined.empty
    else:
        assert joined.to_dict() == {"NEW": "large" if 1000 * price > value.iloc[19] else "small"}
