"""A payment of at least the price is refused, whatever it is called; a smaller one is the market's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError, DataWarning
from capstar.smallcaps import IndexCalculator, IndexRules

DAYS = pd.bdate_range("2020-01-01", periods=12)
REFUSED = (
    r"A on 2020-01-08 pays {:g} a share, not less than the close before it, {:g}\. Correct its amount or date"
)


def prices(**columns: list[float | None]) -> pd.DataFrame:
    rows = [
        (DAYS[k], name, close) for name, closes in columns.items() for k, close in enumerate(closes) if close
    ]
    return pd.DataFrame(rows, columns=["date", "id", "close"])


def run(table: pd.DataFrame, events: pd.DataFrame | None = None, **changes: str) -> pd.DataFrame:
    members = table["id"].unique()
    rules = IndexRules.custom(len(members), [(str(DAYS[0].date()), str(DAYS[1].date()))], **changes)
    shares = pd.DataFrame({"date": DAYS[0], "id": members, "shares": 100.0})
    return IndexCalculator(rules, table, shares, events).run(progress=False).levels


def paying(table: pd.DataFrame, amount: float, day: int = 5) -> pd.DataFrame:
    return table.assign(dividend=np.where((table["id"] == "A") & (table["date"] == DAYS[day]), amount, 0.0))


def special(amount: float, day: int = 5) -> pd.DataFrame:
    return pd.DataFrame([{"date": DAYS[day], "id": "A", "action": "special-dividend", "cash": amount}])


@pytest.mark.parametrize("reinvest", ["close", "open"])
@pytest.mark.parametrize("amount", [10.0, 15.0, 99999.0])
@pytest.mark.parametrize("others", [{}, {"B": [20.0] * 12}], ids=["alone", "of two"])
def test_a_payment_of_at_least_the_price_is_refused(reinvest, amount, others) -> None:
    table = prices(A=[10.0] * 12, **others)
    with pytest.raises(DataError, match="prices: the dividend of " + REFUSED.format(amount, 10)):
        run(paying(table, amount), reinvest=reinvest)
    with pytest.raises(DataError, match="actions: special-dividend " + REFUSED.format(amount, 10)):
        run(table, special(amount), reinvest=reinvest)


def test_it_is_refused_whether_or_not_the_day_has_a_close() -> None:
    table = prices(A=[10.0] * 4 + [None] * 3 + [10.0] * 5, B=[20.0] * 12)
    with pytest.raises(DataError, match=REFUSED.format(12, 10)):
        run(table, special(12.0))
    dividend = pd.DataFrame({"date": DAYS[[5]], "id": ["A"], "close": [np.nan], "dividend": [12.0]})
    with pytest.raises(DataError, match=REFUSED.format(12, 10)):
        run(pd.concat([table, dividend]))


@pytest.mark.parametrize(("reinvest", "total"), [("close", 100 * (1 + 9 / 30)), ("open", 100 * 30 / 21)])
def test_a_smaller_one_is_paid(reinvest, total) -> None:
    """A hundred each at 10 and 20: 900 paid on 3,000, or on the 2,100 that are left at the open."""
    table = prices(A=[10.0] * 12, B=[20.0] * 12)
    assert run(paying(table, 9.0), reinvest=reinvest)["total"].iloc[-1] == pytest.approx(total, rel=1e-13)
    ex = prices(A=[10.0] * 5 + [1.0] * 7, B=[20.0] * 12)
    assert run(ex, special(9.0))["price"].to_numpy() == pytest.approx(100.0, rel=1e-13)


def test_the_close_before_is_adjusted_by_actions_of_the_day() -> None:
    """After ten old for one new a share of 10 is one of 100, which may pay 15; after two for one, 5 may not pay 6."""
    joined = pd.DataFrame([{"date": DAYS[5], "id": "A", "action": "split", "ratio": 0.1}])
    table = prices(A=[10.0] * 5 + [85.0] * 7, B=[20.0] * 12)
    after = pd.concat([joined, special(15.0)])
    assert run(table, after)["price"].to_numpy() == pytest.approx(100.0, rel=1e-13)
    paid = run(paying(table, 15.0), joined)["total"]
    assert paid.iloc[-1] == pytest.approx(100.0, rel=1e-13)
    for events in (pd.concat([joined.assign(ratio=2.0), special(6.0)]), joined.assign(ratio=2.0)):
        with pytest.raises(DataError, match=REFUSED.format(6, 5)):
            run(paying(table, 6.0), events)


def test_payments_at_the_turn_of_a_year_and_on_a_first_day() -> None:
    days = pd.bdate_range("2019-12-27", periods=6)
    table = pd.DataFrame(
        {"date": days, "id": "A", "close": 10.0, "dividend": np.where(days.year == 2019, 0, 10.0)}
    )
    rules = IndexRules.custom(1, [(str(days[0].date()), str(days[1].date()))])
    counts = pd.DataFrame({"date": days[:1], "id": ["A"], "shares": [1.0]})
    with pytest.raises(DataError, match="the dividend of A on 2020-01-01 pays 10 a share"):
        IndexCalculator(rules, table, counts).run(progress=False)
    first = table.assign(dividend=np.where(table.index == 0, 9.0, 0.0))
    assert IndexCalculator(rules, first, counts).run(progress=False).levels["total"].eq(100.0).all()


def test_a_name_that_returns_after_a_long_gap_is_reported() -> None:
    days = pd.bdate_range("2019-06-03", "2020-12-31")
    table = pd.DataFrame({"date": np.tile(days, 2), "id": np.repeat(["A", "B"], len(days)), "close": 10.0})
    gap = table[(table["id"] == "B") | ~table["date"].between("2019-10-01", "2020-03-16")]
    rules = IndexRules.custom(2, [(str(days[0].date()), str(days[1].date()))])
    counts = pd.DataFrame({"date": days[0], "id": ["A", "B"], "shares": 1.0})
    with pytest.warns(
        DataWarning,
        match=r"1 ids have a price again after more than 90 days without one: A \(2019-09-30 to 2020-03-17\). If",
    ):
        IndexCalculator(rules, gap, counts).run(progress=False)
    # A halt is shorter, and an action says that it is the same security.
    halt = table[(table["id"] == "B") | ~table["date"].between("2020-01-06", "2020-03-16")]
    IndexCalculator(rules, halt, counts).run(progress=False)
    split = pd.DataFrame([{"date": "2020-03-17", "id": "A", "action": "split", "ratio": 1.0}])
    IndexCalculator(rules, gap, counts, split).run(progress=False)
