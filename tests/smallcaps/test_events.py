"""Single events and rules, each in a small index."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError, DataWarning
from capstar.smallcaps import IndexCalculator, IndexRules, RussellCalendar, eligible, rank

DAYS = pd.bdate_range("2019-12-23", periods=20)
NAMES = ["AAA", "BBB", "CCC", "DDD"]


def day(number: int) -> str:
    return str(DAYS[number].date())


def rules(
    *later: tuple[int, int], reviews: tuple[tuple[int, int], ...] = (), broad: int = 4, **changes
) -> IndexRules:
    pairs = [(day(a), day(b)) for a, b in ((0, 1), *later)]
    return IndexRules.custom(broad, pairs, reviews=[(day(a), day(b)) for a, b in reviews], **changes)


def closes() -> pd.DataFrame:
    """Four securities that move by different steps."""
    steps = np.arange(20)[:, None] * np.array([0.1, -0.05, 0.2, 0.0])
    return pd.DataFrame(np.array([10.0, 20.0, 30.0, 40.0]) + steps, DAYS, NAMES)


def long(table: pd.DataFrame, name: str = "close") -> pd.DataFrame:
    out = table.rename_axis("date").melt(var_name="id", value_name=name, ignore_index=False)
    return out.dropna().reset_index()


def shares(names=NAMES, **columns) -> pd.DataFrame:
    return pd.DataFrame({"date": DAYS[0], "id": names, "shares": 100.0} | columns)


def actions(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame([row | {"date": DAYS[row["date"]]} for row in rows])


def levels(prices: pd.DataFrame, events: pd.DataFrame | None = None, chosen=None, counts=None) -> pd.Series:
    counts = shares() if counts is None else counts
    return IndexCalculator(chosen or rules(), long(prices), counts, events).run().levels["price"]


def test_a_hole_is_carried() -> None:
    prices = closes()
    prices.loc[DAYS[5:8], "CCC"] = np.nan
    index = IndexCalculator(rules(), long(prices), shares()).run()
    filled = closes()
    filled.loc[DAYS[5:8], "CCC"] = filled.loc[DAYS[4], "CCC"]
    value = filled.sum(axis=1).iloc[1:]
    np.testing.assert_allclose(index.levels["price"], 100 * value / value.iloc[0], rtol=1e-14)
    assert index.carried["close"].tolist() == [filled.loc[DAYS[4], "CCC"]] * 3
    expected = filled.loc[DAYS[6]] / filled.loc[DAYS[6]].sum()
    assert index.weights(DAYS[6]).to_dict() == pytest.approx(expected.to_dict())


@pytest.mark.parametrize("hole", [slice(0, 0), slice(4, 6), slice(3, 9), slice(5, 12)])
def test_a_split_within_a_hole_is_neutral(hole) -> None:
    """The close carried across the split is adjusted; day 7 is the first of the new year."""
    plain = closes()
    plain.loc[DAYS[hole], "CCC"] = np.nan
    divided = plain.copy()
    divided.loc[DAYS[5] :, "CCC"] /= 3
    split = actions({"date": 5, "id": "CCC", "action": "split", "ratio": 3.0})
    np.testing.assert_allclose(levels(divided, split), levels(plain), rtol=1e-13)


def test_splits_carry_share_counts_to_the_next_row() -> None:
    """The ranking after a split uses the count of before, split; a row of the day of the split is new already."""
    prices = closes()
    prices.loc[DAYS[5] :, "BBB"] /= 4
    split = actions({"date": 5, "id": "BBB", "action": "split", "ratio": 4.0})
    chosen = rules((9, 10), broad=3)
    kept = levels(prices, split, chosen)
    np.testing.assert_allclose(kept, levels(closes(), None, chosen), rtol=1e-13)
    row = pd.DataFrame({"date": [DAYS[5]], "id": ["BBB"], "shares": [400.0]})
    again = levels(prices, split, chosen, pd.concat([shares(), row]))
    np.testing.assert_allclose(again, kept, rtol=1e-13)


def test_actions_on_days_without_prices_come_with_the_next_close() -> None:
    prices = closes()
    prices.loc[DAYS[5] :, "CCC"] /= 2
    saturday = pd.DataFrame(
        [{"date": DAYS[5] - pd.Timedelta(days=2), "id": "CCC", "action": "split", "ratio": 2.0}]
    )
    assert DAYS[5].day_name() == "Monday"
    np.testing.assert_allclose(levels(prices, saturday), levels(closes()), rtol=1e-13)


def test_a_delisting_takes_the_loss() -> None:
    prices = closes()
    prices.loc[DAYS[6] :, "DDD"] = np.nan
    lost = actions({"date": 6, "id": "DDD", "action": "delisting", "price": 4.0})
    level = levels(prices, lost)
    others = prices[["AAA", "BBB", "CCC"]].sum(axis=1)
    assert level.iloc[5] / level.iloc[4] == pytest.approx((others.iloc[6] + 4.0) / (others.iloc[5] + 40.0))
    assert level.iloc[6] / level.iloc[5] == pytest.approx(others.iloc[7] / others.iloc[6])
    nothing = lost.drop(columns="price")
    with pytest.warns(
        DataWarning, match=r"DDD was delisted on 2019-12-31 without a final price: its value is taken"
    ):
        level = levels(prices, nothing)
    assert level.iloc[5] / level.iloc[4] == pytest.approx(others.iloc[6] / (others.iloc[5] + 40.0))


def test_a_merger_with_or_without_absorption() -> None:
    prices = closes()
    prices.loc[DAYS[6] :, "DDD"] = np.nan
    merger = actions({"date": 6, "id": "DDD", "action": "merger", "other": "AAA", "ratio": 4.0})
    held = {True: 500.0, False: 100.0}
    for absorb, count in held.items():
        level = levels(prices, merger, rules(absorb_mergers=absorb))
        value = count * prices["AAA"] + 100 * prices["BBB"] + 100 * prices["CCC"]
        assert level.iloc[5] / level.iloc[4] == pytest.approx(value.iloc[6] / value.iloc[5], rel=1e-14)
    # The reconstitution counts the new shares though no row says so.
    index = IndexCalculator(rules((9, 10), absorb_mergers=False), long(prices), shares(), merger).run()
    value = (
        pd.Series({"AAA": 500.0, "BBB": 100.0, "CCC": 100.0}) * prices.loc[DAYS[10], ["AAA", "BBB", "CCC"]]
    )
    assert index.weights(DAYS[10]).to_dict() == pytest.approx((value / value.sum()).to_dict())


def test_chain_of_mergers_on_one_day() -> None:
    prices = closes()
    prices.loc[DAYS[6] :, ["CCC", "DDD"]] = np.nan
    chain = actions(
        {"date": 6, "id": "DDD", "action": "merger", "other": "CCC", "ratio": 1.0},
        {"date": 6, "id": "CCC", "action": "merger", "other": "AAA", "ratio": 2.0},
    )
    level = levels(prices, chain)
    value = (100 + 2 * 200) * prices["AAA"] + 100 * prices["BBB"]
    assert level.iloc[5] / level.iloc[4] == pytest.approx(value.iloc[6] / value.iloc[5], rel=1e-14)


def spun_off() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    prices = closes()
    prices["EEE"] = np.nan
    prices.loc[DAYS[5] :, "EEE"] = 6.0
    prices.loc[DAYS[5] :, "DDD"] -= 3.0
    event = actions({"date": 5, "id": "DDD", "action": "spin-off", "other": "EEE", "ratio": 0.5})
    row = pd.DataFrame({"date": [DAYS[5]], "id": ["EEE"], "shares": [50.0]})
    return prices, event, pd.concat([shares(), row])


def test_a_spin_off_is_neutral() -> None:
    prices, event, counts = spun_off()
    np.testing.assert_allclose(levels(prices, event, None, counts), levels(closes()), rtol=1e-13)
    index = IndexCalculator(rules(hold_spin_offs=False), long(prices), counts, event).run()
    spell = index.membership.set_index("id").loc["EEE"]
    assert (spell["joined"], spell["left"]) == (DAYS[4], DAYS[5])
    np.testing.assert_allclose(index.levels["price"].iloc[:5], levels(closes()).iloc[:5], rtol=1e-13)


def test_a_child_that_trades_later_has_the_price_given() -> None:
    prices, event, counts = spun_off()
    prices.loc[DAYS[5:9], "EEE"] = np.nan
    np.testing.assert_allclose(
        levels(prices, event.assign(price=6.0), None, counts), levels(closes()), rtol=1e-13
    )


def test_a_ticker_change_changes_nothing() -> None:
    prices = closes()
    prices["EEE"] = prices["DDD"].where(prices.index >= DAYS[5])
    prices["FFF"] = prices["EEE"].where(prices.index >= DAYS[9])
    prices.loc[DAYS[5] :, "DDD"] = np.nan
    prices.loc[DAYS[9] :, "EEE"] = np.nan
    changes = actions(
        {"date": 5, "id": "DDD", "action": "ticker-change", "other": "EEE"},
        {"date": 9, "id": "EEE", "action": "ticker-change", "other": "FFF"},
    )
    row = pd.DataFrame({"date": [DAYS[11]], "id": ["FFF"], "shares": [120.0]})
    counts = pd.concat([shares(), row])
    index = IndexCalculator(rules((11, 12)), long(prices), counts, changes).run()
    same = IndexCalculator(rules((11, 12)), long(closes()), counts.replace({"FFF": "DDD"})).run()
    pd.testing.assert_frame_equal(index.levels, same.levels, check_exact=True)
    pd.testing.assert_frame_equal(index.membership, same.membership, check_exact=True)
    assert index.names.to_dict() == {"EEE": "DDD", "FFF": "DDD"}


def test_special_dividends_lower_the_close_before() -> None:
    prices = closes()
    prices.loc[DAYS[5] :, "DDD"] -= 4.0
    special = actions({"date": 5, "id": "DDD", "action": "special-dividend", "cash": 4.0})
    level = levels(prices, special)
    before = prices.loc[DAYS[4]].sum() - 4.0
    assert level.iloc[4] / level.iloc[3] == pytest.approx(prices.loc[DAYS[5]].sum() / before, rel=1e-14)


def test_dividends_at_the_open_or_at_the_close() -> None:
    """FTSE Russell's two formulas on one ex-date: (I + XD) / I before, and I / (I before - XD)."""
    table = long(closes()).assign(dividend=0.0)
    paid = (table["id"] == "DDD") & (table["date"] == DAYS[5])
    table.loc[paid, "dividend"] = 2.0
    value = closes().sum(axis=1)
    before, after = value.iloc[4], value.iloc[5]
    for reinvest, growth in (("close", (after + 2) / before), ("open", after / (before - 2))):
        found = IndexCalculator(rules(reinvest=reinvest), table, shares()).run()
        total = found.levels["total"]
        assert total.iloc[4] / total.iloc[3] == pytest.approx(growth, rel=1e-14)
        assert found.contributions(level="total").sum() == pytest.approx(total.iloc[-1] / 100 - 1, abs=1e-14)


def test_old_closes_are_allowed_for_as_long_as_the_rules_say() -> None:
    prices = closes()
    prices.loc[DAYS[8:11], "DDD"] = np.nan
    with pytest.raises(
        DataError, match=r"DDD has no close on the rebalancing date 2020-01-06 .* stale_days=6"
    ):
        levels(prices, chosen=rules((10, 11), stale_days=1))
    assert len(levels(prices, chosen=rules((10, 11), stale_days=5))) == 19


def test_members_below_a_dollar_stay_on_their_average() -> None:
    """Day 10 at 0.9: the mean over the 30 days to it is above 1 for BBB, below for CCC."""
    prices = closes()
    prices["BBB"], prices["CCC"] = 1.2, 0.95
    prices.loc[: DAYS[1], "CCC"] = 1.1
    prices.loc[DAYS[10] :, ["BBB", "CCC"]] = 0.9
    chosen = {days: rules((10, 11), min_price=1.0, average_days=days) for days in (0, 30)}
    found = {days: IndexCalculator(r, long(prices), shares()).run() for days, r in chosen.items()}
    assert list(found[0].members(DAYS[11])) == ["AAA", "DDD"]
    assert list(found[30].members(DAYS[11])) == ["AAA", "BBB", "DDD"]
    universe = pd.DataFrame(
        {"close": 0.9, "shares": 1e9, "average_close": 1.1, "member": [True, False]}, index=["old", "new"]
    )
    assert eligible(universe, IndexRules.russell2000()).to_dict() == {"old": True, "new": False}
    assert not eligible(universe, IndexRules.russell2000(average_days=0)).any()


def test_share_classes_are_ranked_together_and_weighted_apart() -> None:
    counts = shares(company=["X", "B", "X", "D"], float_factor=[1.0, 1.0, 0.01, 1.0])
    universe = counts.set_index("id").assign(close=[15.0, 20.0, 30.0, 40.0])
    ranked = rank(universe, rules(min_float=0.05))
    assert ranked["value"].to_dict() == {"X": 4500.0, "D": 4000.0, "B": 2000.0}
    index = IndexCalculator(rules(broad=2, min_float=0.05), long(closes()), counts).run()
    assert list(index.members(DAYS[1])) == ["AAA", "DDD"]  # CCC has too little float
    apart = IndexCalculator(rules(broad=2, by_company=False), long(closes()), counts).run()
    assert list(apart.members(DAYS[1])) == ["CCC", "DDD"]


def test_rank_weights_are_shared_among_classes() -> None:
    counts = shares(company=["X", "B", "X", "D"])
    chosen = rules(broad=2, rank_weights=(0.6, 0.4))
    index = IndexCalculator(chosen, long(closes()), counts).run()
    price = closes().loc[DAYS[1]]  # on day 0 both X and D are worth 4,000: D comes first by name
    shared = 0.4 * price[["AAA", "CCC"]] / price[["AAA", "CCC"]].sum()
    assert index.weights(DAYS[1]).to_dict() == pytest.approx(shared.to_dict() | {"DDD": 0.6})


def test_reviews_add_and_update_as_the_rules_say() -> None:
    prices = closes()
    prices["NEW"] = np.nan
    prices.loc[DAYS[4] :, "NEW"] = 25.0
    rows = pd.DataFrame({"date": DAYS[4], "id": ["NEW", "AAA"], "shares": [100.0, 300.0]})
    counts = pd.concat([shares(), rows])

    def after_review(**changes) -> dict[str, float]:
        chosen = rules(reviews=((6, 8),), **changes)
        index = IndexCalculator(chosen, long(prices), counts).run()
        held = index.weights(DAYS[8]) / prices.loc[DAYS[8]]
        return (held / held["BBB"]).dropna().round(9).to_dict()

    plain = {"AAA": 1.0, "BBB": 1.0, "CCC": 1.0, "DDD": 1.0}
    assert after_review() == plain | {"AAA": 3.0, "NEW": 1.0}
    assert after_review(review_shares=False) == plain | {"NEW": 1.0}
    assert after_review(review_new_issues=False) == plain | {"AAA": 3.0}


def test_total_or_float_weights() -> None:
    counts = shares(float_factor=[0.5, 1.0, 1.0, 0.25])
    price = closes().loc[DAYS[1]]
    for weighting, factor in (("total", 1.0), ("float", counts["float_factor"].to_numpy())):
        value = price * factor
        index = IndexCalculator(rules(weighting=weighting), long(closes()), counts).run()
        assert index.weights(DAYS[1]).to_dict() == pytest.approx((value / value.sum()).to_dict())


def test_a_closed_market_is_replaced_by_the_day_before() -> None:
    prices = closes().drop(DAYS[1])
    index = IndexCalculator(rules(), long(prices), shares()).run()
    assert index.levels.index[0] == DAYS[0]
    gap = closes().drop(DAYS[3:15])
    with pytest.raises(
        DataError, match="there are none between 2019-12-25 and the rebalancing date 2020-01-07"
    ):
        IndexCalculator(rules((11, 12)), long(gap), shares()).run()


def test_russell_rules_on_their_own_calendar() -> None:
    """Two years with reconstitutions and reviews; every change on its announced day."""
    days = pd.bdate_range("2024-01-02", "2025-12-31")
    rng = np.random.default_rng(5)
    names = [f"N{k:02}" for k in range(40)]
    walk = np.exp(3 + rng.normal(0, 0.02, (len(days), 40)).cumsum(axis=0))
    counts = pd.DataFrame({"date": days[0], "id": names, "shares": np.exp(rng.normal(17, 1, 40))})
    index = IndexCalculator(
        IndexRules.russell2000(large=10, broad=30), long(pd.DataFrame(walk, days, names)), counts
    ).run()
    changes = index.rebalances[["kind", "rank", "effective"]].astype(str).to_numpy().tolist()
    assert changes == [
        ["reconstitution", "2024-04-30", "2024-06-28"],
        ["review", "2024-07-31", "2024-09-20"],
        ["review", "2024-10-31", "2024-12-20"],
        ["review", "2025-01-31", "2025-03-21"],
        ["reconstitution", "2025-04-30", "2025-06-27"],
        ["review", "2025-07-31", "2025-09-19"],
        ["review", "2025-10-31", "2025-12-19"],
    ]
    assert isinstance(index.rules.calendar, RussellCalendar)
    assert index.levels["members"].iloc[0] == 20
    for name, segment in (("russell1000", "large"), ("russell3000", "broad")):
        assert getattr(IndexRules, name)().segment == segment
