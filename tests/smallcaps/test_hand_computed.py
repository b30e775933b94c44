"""Thirty securities over two reconstitutions and a review, with every corporate action, worked out by hand.

Twenty companies make the broad index, the first eight of them the large segment; the small segment is
computed.  Prices are exact fractions, and the arithmetic below is done with fractions too: value by value, day
by day.  Tolerance 1e-10: both sides do the same sums, ours in double precision.
"""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pytest

from capstar.errors import DataWarning
from capstar.smallcaps import IndexCalculator, IndexResults, IndexRules

F = Fraction
DAYS = pd.bdate_range("2020-12-21", periods=17)  # day 0 to day 16, across the end of a year
NAMES = [f"S{k:02}" for k in range(1, 31)]
QUIET = (0, 12, 14)  # ranking days: round prices
CASH = {("S13", 2): F("0.5"), ("S30", 2): F("0.1"), ("S19", 10): F("0.3")}
FLOAT = {"S05": F("0.04"), "S13": F("0.8"), "S14": F("0.5"), "S16": F("0.6")}
SHARES = {"S07": 40000, "S10": 100}  # all others 1000


def close(name: str, day: int) -> F | None:
    """Close of one security: 40 - k, moving by quarters, and what happens to some."""
    k = int(name[1:])
    first, stop = {"S26": (11, 17), "S27": (7, 17)}.get(name, (0, 17))
    gone = {"S15": 4, "S16": 5, "S18": 6, "S24": 6, "S21": 8, "S22": 9}
    if not first <= day < gone.get(name, stop):
        return None
    price = F({"S07": 0, "S26": 24, "S27": 8}.get(name, 40 - k))
    if name == "S07":
        return F("0.9")
    if name == "S14" and day >= 3:
        price /= 2  # split two for one
    if name == "S20" and day >= 7:
        price -= 2  # a quarter of the child's eight
    if name == "S29" and day >= 11:
        price -= 2  # special dividend
    if day >= 12:
        price = {"S11": F(15), "S12": F("26.5"), "S13": F("26.2")}.get(name, price)
    return price if day in QUIET else price + F((k + 2 * day) % 5 - 2, 8)


def tables() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Prices, shares and actions as a user gives them; S23 is X23 from day 10 on."""
    prices = [
        {
            "date": DAYS[day],
            "id": "X23" if name == "S23" and day >= 10 else name,
            "close": float(close(name, day)),
            "dividend": float(CASH.get((name, day), 0)),
        }
        for day in range(17)
        for name in NAMES
        if close(name, day) is not None
    ]
    shares = [
        {
            "date": DAYS[{"S26": 11, "S27": 7}.get(name, 0)],
            "id": name,
            "shares": 250 if name == "S27" else SHARES.get(name, 1000),
            "float_factor": 0.6 if name == "S27" else float(FLOAT.get(name, 1)),
            "company": "DUO" if name in ("S29", "S30") else name,
            "sector": "money" if name in ("S13", "S14", "S29", "S30") else "other",
            "eligible": name != "S03",
        }
        for name in NAMES
    ]
    own = {"company": None, "sector": "money", "eligible": True}
    shares += [
        {"date": DAYS[13], "id": "S13", "shares": 1000, "float_factor": 0.9} | own,
        {"date": DAYS[13], "id": "S17", "shares": 1200, "float_factor": 1.0} | own | {"sector": "other"},
    ]
    actions = [
        (3, "S14", "split", "", 2, None, None),
        (4, "S15", "merger", "", None, 24, None),  # for cash, by somebody outside the data
        (5, "S16", "merger", "S17", 0.5, None, None),  # for shares of a member
        (6, "S18", "merger", "S01", 0.25, 3, None),  # for shares of a large company, and cash
        (6, "S24", "merger", "S19", 0.5, None, None),  # of a company outside the index
        (7, "S20", "spin-off", "S27", 0.25, None, None),
        (8, "S21", "delisting", "", None, None, 3),
        (9, "S22", "delisting", "", None, None, None),
        (10, "S23", "ticker-change", "X23", None, None, None),
        (11, "S29", "special-dividend", "", None, 2, None),
    ]
    columns = ["date", "id", "action", "other", "ratio", "cash", "price"]
    table = pd.DataFrame([(DAYS[day], *rest) for day, *rest in actions], columns=columns)
    return pd.DataFrame(prices), pd.DataFrame(shares), table


def rules(**changes) -> IndexRules:
    day = [str(stamp.date()) for stamp in DAYS]
    return IndexRules.custom(
        20,
        [(day[0], day[1]), (day[14], day[15])],
        large=8,
        reviews=[(day[12], day[13])],
        **{"band": 0.06, "min_price": 1.0, "min_value": 5000.0, "min_float": 0.05, "base": 1000.0} | changes,
    )


@pytest.fixture(scope="module")
def index() -> IndexResults:
    with pytest.warns(DataWarning, match="S22 was delisted on 2021-01-01 without a final price"):
        return IndexCalculator(rules(), *tables()).run()


# Day 0. S03 is a fund, S05 has too little float, S07 costs 0.9, S10 has a value of 2,900: none is ranked. The classes
# S29 and S30 make one company of value 11,000 + 10,000 = 21,000, as S19: DUO comes first by name. The large eight
# are S01 S02 S04 S06 S08 S09 S11 S12; the small twelve S13 ... S18, DUO, S19 ... S23, thirteen lines.
FIRST = {
    "S13": F(800), "S14": F(500), "S15": F(1000), "S16": F(600), "S17": F(1000), "S18": F(1000), "S19": F(1000),
    "S20": F(1000), "S21": F(1000), "S22": F(1000), "S23": F(1000), "S29": F(1000), "S30": F(1000),
}  # fmt: skip


def value_of(held: dict[str, F], day: int, **other: F) -> F:
    """Sum of shares times close; closes that differ by name."""
    return sum((q * (other[n] if n in other else close(n, day)) for n, q in held.items()), F(0))


def by_hand() -> tuple[list[F], list[F], list[dict[str, F]]]:
    """Price level, total-return level and holdings after each close, from day 1 to day 16."""
    level, total, holdings = [F(1000)], [F(1000)], [dict(FIRST)]

    def step(growth: F, held: dict[str, F], dividends: F | int = 0) -> None:
        """One day: level times growth; total return adds dividends over the value the day before."""
        level.append(level[-1] * growth)
        total.append(total[-1] * (growth + dividends))
        holdings.append(dict(held))

    held = dict(FIRST)
    # Day 2: S13 pays 0.5 on 800 shares, S30 pays 0.1 on 1000: 500.
    step(value_of(held, 2) / value_of(held, 1), held, F(500) / value_of(held, 1))
    # Day 3: twice the shares of S14 at half the price of the day before.
    held["S14"] = F(1000)
    step(value_of(held, 3) / value_of(held, 2, S14=close("S14", 2) / 2), held)
    # Day 4: S15 has left at its last price, that of day 3.
    del held["S15"]
    step(value_of(held, 4) / value_of(held, 3), held)
    # Day 5: S16 has left; S17 has half a share more for each of its 600 float-adjusted shares.
    del held["S16"]
    held["S17"] = F(1300)
    step(value_of(held, 5) / value_of(held, 4), held)
    # Day 6: S18 has left, its acquirer is large; S19 took over S24, which was no member: nothing until the review.
    del held["S18"]
    step(value_of(held, 6) / value_of(held, 5), held)
    # Day 7: 250 shares of the child S27 for 1000 of S20, at no value the day before.
    held["S27"] = F(250)
    step(value_of(held, 7) / value_of(held, 6, S27=F(0)), held)
    # Day 8: S21 counts at its final price 3, then leaves.
    growth = value_of(held, 8, S21=F(3)) / value_of(held, 7)
    del held["S21"]
    step(growth, held)
    # Day 9: S22 counts at 0, then leaves.
    growth = value_of(held, 9, S22=F(0)) / value_of(held, 8)
    del held["S22"]
    step(growth, held)
    # Day 10: S23 has another name; S19 pays 0.3 on 1000 shares.
    step(value_of(held, 10) / value_of(held, 9), held, F(300) / value_of(held, 9))
    # Day 11: the special dividend takes 2 off the close of S29 before.
    step(value_of(held, 11) / value_of(held, 10, S29=close("S29", 10) - 2), held)
    # Day 12: the review ranks. S26, since day 11 of value 24,000, beats the smallest member S23 (17,000).
    step(value_of(held, 12) / value_of(held, 11), held)
    # Day 13: after the close S26 joins; new counts of S13 (float 0.9), S17 (1200), S19 (1000 + 500), S27 (0.6 x 250).
    growth = value_of(held, 13) / value_of(held, 12)
    held |= {"S26": F(1000), "S13": F(900), "S17": F(1200), "S19": F(1500), "S27": F(150)}
    step(growth, held)
    # Day 14: ranking.
    step(value_of(held, 14) / value_of(held, 13), held)
    # Day 15: after the close S19 has risen, the child S27 is too small; S11 has fallen, S25 and S28 join.
    growth = value_of(held, 15) / value_of(held, 14)
    for name in ("S19", "S27"):
        del held[name]
    held |= {"S11": F(1000), "S25": F(1000), "S28": F(1000)}
    step(growth, held)
    # Day 16.
    step(value_of(held, 16) / value_of(held, 15), held)
    return level, total, holdings


def test_second_ranking_by_hand() -> None:
    """Who rises, falls and stays on day 14, with C(8) = 0.58 and a band of 0.06."""
    value = {
        "S01": 39 * 1250,  # it took over a quarter share for each of S18
        "S02": 38000, "S04": 36000, "S06": 34000, "S08": 32000,
        "S19": 21 * 1500, "S09": 31000, "S17": 23 * 1200,
        "S12": 26500, "S13": 26200, "S14": 13 * 2000, "S26": 24000, "DUO": 9000 + 10000,
        "S20": 18000, "S23": 17000, "S11": 15000, "S25": 15000, "S28": 12000,
    }  # fmt: skip
    assert list(value.values()) == sorted(value.values(), reverse=True)
    share, running = {}, 0
    for name, one in value.items():
        running += one
        share[name] = F(running, sum(value.values()))
    edge = share["S17"]  # rank 8
    assert share["S19"] < edge - F("0.06")  # small, rank 6: rises
    assert edge - F("0.06") <= share["S17"]  # small, rank 8: stays
    assert share["S12"] <= edge + F("0.06")  # large, rank 9: stays
    assert share["S11"] > edge + F("0.06")  # large, rank 16: falls


def test_levels(index) -> None:
    level, total, _ = by_hand()
    assert list(index.levels.index) == list(DAYS[1:])
    assert index.levels["price"].tolist() == pytest.approx([float(x) for x in level], rel=1e-10)
    assert index.levels["total"].tolist() == pytest.approx([float(x) for x in total], rel=1e-10)
    # The same as numbers, so that the sums above cannot move unseen.
    assert level[1] == 1000 * F(235412 + F("0.5"), 234687 + F("0.5"))
    assert float(level[-1]) == pytest.approx(809.1891835951228, rel=1e-12)
    assert float(total[-1]) == pytest.approx(812.5975306019654, rel=1e-12)


def test_weights_of_every_day(index) -> None:
    _, _, holdings = by_hand()
    for day, held in enumerate(holdings, start=1):
        value = {name: shares * close(name, day) for name, shares in held.items()}
        expected = {name: float(one / sum(value.values())) for name, one in value.items()}
        weights = index.weights(DAYS[day])
        assert weights.to_dict() == pytest.approx(expected, abs=1e-12)
        assert weights.sum() == pytest.approx(1.0, abs=1e-14)
        row = index.levels.loc[DAYS[day]]
        assert row["members"] == len(held)
        assert row["effective_number"] == pytest.approx(1 / sum(w * w for w in expected.values()), rel=1e-12)
        money = sum(w for name, w in expected.items() if name in ("S13", "S14", "S29", "S30"))
        assert index.exposure(DAYS[day])["money"] == pytest.approx(money, abs=1e-12)
        assert float(row["price"] * row["divisor"]) == pytest.approx(float(sum(value.values())), rel=1e-10)


def test_divisors(index) -> None:
    """The divisor changes where the value changes without the market."""
    found = index.event_log.set_index("event")["divisor"]
    start = value_of(FIRST, 1) / 1000
    assert found["reconstitution"].iloc[0] == pytest.approx(float(start), rel=1e-12)
    assert found["split S14"] == found["reconstitution"].iloc[0]
    held = dict(FIRST, S14=F(1000))
    without = {name: q for name, q in held.items() if name != "S15"}
    after = start * value_of(without, 3) / value_of(held, 3)
    assert found["merger S15"] == pytest.approx(float(after), rel=1e-12)
    assert found["spin-off S20 S27"] == found["merger S18 S01"]
    assert "merger S24 S19" not in found.index


def test_membership(index) -> None:
    spells = index.membership.set_index("id")
    assert len(spells) == 13 + 1 + 1 + 3  # start, child, new issue, second reconstitution

    def spell(name: str) -> tuple:
        row = spells.loc[name]
        left = None if pd.isna(row["left"]) else DAYS.get_loc(row["left"])
        return DAYS.get_loc(row["joined"]), row["why_joined"], left, row["why_left"]

    assert spell("S13") == (1, "reconstitution", None, "")
    assert spell("S15") == (1, "reconstitution", 3, "merger S15")
    assert spell("S16") == (1, "reconstitution", 4, "merger S16 S17")
    assert spell("S21") == (1, "reconstitution", 8, "delisting S21")
    assert spell("S27") == (6, "spin-off S20 S27", 15, "reconstitution")
    assert spell("S26") == (13, "review", None, "")
    assert spell("S19") == (1, "reconstitution", 15, "reconstitution")
    assert spell("S11") == (15, "reconstitution", None, "")
    assert index.names.to_dict() == {"X23": "S23"}


def test_turnover(index) -> None:
    _, _, holdings = by_hand()
    assert index.rebalances["kind"].tolist() == ["reconstitution", "review", "reconstitution"]
    assert index.rebalances["joined"].tolist() == [13, 1, 3]
    assert index.rebalances["left"].tolist() == [0, 0, 2]
    assert pd.isna(index.rebalances["turnover"].iloc[0])
    for row, day in ((1, 13), (2, 15)):
        before, after = holdings[day - 2], holdings[day - 1]
        old, new = value_of(before, day), value_of(after, day)
        moved = sum(
            abs(after.get(n, F(0)) * close(n, day) / new - before.get(n, F(0)) * close(n, day) / old)
            for n in set(before) | set(after)
        )
        assert index.rebalances["turnover"].iloc[row] == pytest.approx(float(moved / 2), rel=1e-10)


def test_contributions(index) -> None:
    level, total, holdings = by_hand()
    by_member = index.contributions()
    assert by_member.sum() == pytest.approx(float(level[-1] / level[0] - 1), abs=1e-12)
    assert index.contributions(level="total").sum() == pytest.approx(
        float(total[-1] / total[0] - 1), abs=1e-12
    )
    assert index.contributions("sector").sum() == pytest.approx(by_member.sum(), abs=1e-12)
    # S22 until its value is zero on day 9: its points are shares times move over the divisor of each day.
    points = F(0)
    for day in range(2, 10):
        before, after = close("S22", day - 1), F(0) if day == 9 else close("S22", day)
        value = value_of(holdings[day - 1], day) + (3000 if day == 8 else 0)  # S21 on its last day
        points += 1000 * (after - before) * level[day - 1] / value
    assert by_member["S22"] == pytest.approx(float(points / 1000), rel=1e-10)
    # Months add up: December and January, each over the level at its start.
    december, january = index.contributions(end="2020-12"), index.contributions(start="2021-01")
    growth = (1 + december.sum()) * (1 + january.sum())
    assert growth == pytest.approx(float(level[-1] / level[0]), rel=1e-12)


def test_rows_in_any_order(index) -> None:
    prices, shares, actions = tables()
    with pytest.warns(DataWarning, match="S22"):
        other = IndexCalculator(
            rules(), prices.sample(frac=1, random_state=1), shares.sample(frac=1, random_state=2), actions
        ).run()
    pd.testing.assert_frame_equal(index.levels, other.levels, check_exact=True)
    pd.testing.assert_frame_equal(index.membership, other.membership, check_exact=True)
    pd.testing.assert_frame_equal(index.holdings, other.holdings, check_exact=True)
