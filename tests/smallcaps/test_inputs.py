"""Every bad input is one clear error that names the id, the date and the remedy."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError, DataWarning, SpecificationError
from capstar.smallcaps import IndexCalculator, IndexRules

DAYS = pd.bdate_range("2020-06-01", periods=10)
NAMES = ["AAA", "BBB", "CCC", "DDD"]


def day(number: int) -> str:
    return str(DAYS[number].date())


def rules(**changes) -> IndexRules:
    return IndexRules.custom(3, [(day(0), day(1)), (day(5), day(6))], **changes)


def prices() -> pd.DataFrame:
    rows = [(stamp, name, 10.0 + k) for stamp in DAYS for k, name in enumerate(NAMES)]
    return pd.DataFrame(rows, columns=["date", "id", "close"])


def shares() -> pd.DataFrame:
    return pd.DataFrame({"date": DAYS[0], "id": NAMES, "shares": 100.0})


def action(number: int, name: str, kind: str, **more) -> pd.DataFrame:
    return pd.DataFrame([{"date": DAYS[number], "id": name, "action": kind} | more])


def changed(table: pd.DataFrame, row: int, **values) -> pd.DataFrame:
    out = table.copy()
    for column, value in values.items():
        if column not in out:
            out[column] = pd.Series([np.nan] * len(out), dtype=object)
        out[column] = out[column].astype(object)
        out.loc[row, column] = value
    return out


def without(table: pd.DataFrame, name: str, *numbers: int) -> pd.DataFrame:
    """Prices without some days of one security."""
    return table[~((table["id"] == name) & table["date"].isin(DAYS[list(numbers)]))]


def from_day(table: pd.DataFrame, name: str, number: int) -> pd.DataFrame:
    """Prices of one security until a day."""
    return table[~((table["id"] == name) & (table["date"] >= DAYS[number]))]


def refused(message: str):
    """Expects a `DataError` with these words."""
    return pytest.raises(DataError, match=re.escape(message))


def run(p=None, s=None, a=None, *, weights=None, **changes):
    p, s = prices() if p is None else p, shares() if s is None else s
    return IndexCalculator(rules(**changes), p, s, a, weights=weights).run()


def test_the_tables_themselves_are_good() -> None:
    assert len(run().levels) == 9


BAD_PRICES = {
    "negative": (lambda p: changed(p, 5, close=-1.0), "the close of BBB on 2020-06-02 is -1. A price is positive"),
    "zero": (lambda p: changed(p, 5, close=0.0), "the close of BBB on 2020-06-02 is 0. A price is positive"),
    "infinite": (lambda p: changed(p, 5, close=np.inf), "the close of BBB on 2020-06-02 is inf"),
    "text": (lambda p: changed(p, 5, close="ten"), "row 6 has 'ten' as close. Give a number"),
    "twice": (lambda p: pd.concat([p, p.iloc[[5]]]), "BBB has a duplicate on 2020-06-02. Keep one"),
    "unknown id": (lambda p: changed(p, 5, id="ZZZ"), "ZZZ has no row in the table of shares (1 such ids)"),
    "no id": (lambda p: changed(p, 5, id=None), "row 6 has no id"),
    "no date": (lambda p: changed(p, 5, date=None), "row 6 has the date"),
    "bad date": (lambda p: changed(p, 5, date="soon"), "row 6 has the date 'soon', which cannot be read. Write"),
    "no column": (lambda p: p.drop(columns="close"), "the columns ['close'] are missing"),
    "no rows": (lambda p: p.iloc[:0], "there are no closes"),
    "no close": (lambda p: p.assign(close=np.nan), "there are no closes"),
    "negative dividend": (lambda p: p.assign(dividend=-0.1), "the dividend of AAA on 2020-06-01 is negative"),
    "missing on a rank day": (lambda p: without(p, "CCC", 5), "CCC has no close on the rebalancing date 2020-06-08"),
    "missing on an effective date": (lambda p: without(p, "DDD", 6), "no close on the rebalancing date 2020-06-09"),
    "ended without an action": (lambda p: from_day(p, "DDD", 4), "Add it, or its delisting or merger, or allow"),
    "too short": (lambda p: p[p["date"] < DAYS[1]], "no reconstitution ranked and effective between 2020-06-01 and"),
    "time zone": (lambda p: p.assign(date=p["date"].dt.tz_localize("UTC")), "the dates have a time zone"),
    "beyond numbers": (lambda p: changed(p, 5, close=1e300), "the close of BBB on 2020-06-02 is 1e+300"),
    "truth": (lambda p: changed(p, 5, close=True), "row 6 has 'True' as close. Give a number"),
    "dividend on a day without closes": (
        lambda p: pd.concat([p, pd.DataFrame({"date": ["2020-06-06"], "id": ["AAA"], "dividend": [1.0]})]),
        "there is a dividend on 2020-06-06, a day without any close (1 such days). Give it the day from which",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_PRICES)
def test_bad_prices(name) -> None:
    spoil, message = BAD_PRICES[name]
    with pytest.raises(DataError, match=r"^prices: .*" + re.escape(message)):
        run(spoil(prices()))


# What no table of dates may hold: its cell, and what the message quotes.
ODD_DATES = {
    "year 1": dt.date(1, 1, 1),
    "text of year 1": "0001-01-01",
    "end of time": "9999-12-31",
    "beyond nanoseconds": np.datetime64("20000-01-01"),
    "none": pd.NaT,
    "empty": "",
    "words": "soon",
    "number": 20200603,
    "fraction": 43984.5,
    "truth": True,
    "month first": "06/03/2020",
    "time of day": dt.time(1),
    "list": ["2020-06-03"],
    "digits": "9" * 400,
    "time zone": pd.Timestamp("2020-06-03", tz="UTC"),
}


@pytest.mark.parametrize("name", ODD_DATES)
def test_odd_dates_are_refused_in_every_table(name) -> None:
    tables = {"p": prices(), "s": shares(), "a": action(2, "DDD", "split", ratio=2.0)}
    for key, source in (("p", "prices"), ("s", "shares"), ("a", "actions")):
        cells = tables[key]["date"].astype(object).tolist()
        cells[0] = ODD_DATES[name]
        spoiled = tables | {key: tables[key].assign(date=pd.Series(cells, dtype=object))}
        with pytest.raises(DataError, match=rf"^{source}: ") as caught:
            run(spoiled["p"], spoiled["s"], spoiled["a"])
        assert len(str(caught.value)) < 300


def test_two_columns_of_one_name_are_refused() -> None:
    tables = {"prices": prices(), "shares": shares(), "actions": action(2, "DDD", "split", ratio=2.0)}
    for source, table in tables.items():
        for column in table:
            twice = tables | {source: pd.concat([table, table[[column]]], axis=1)}
            with pytest.raises(DataError, match=rf"^{source}: '{column}' names two columns. Rename one"):
                run(twice["prices"], twice["shares"], twice["actions"])


@pytest.mark.parametrize("thing", [5, ["prices.parquet"], {}, np.zeros(3), prices()["close"]], ids=str)
def test_what_is_no_table(thing) -> None:
    for arguments in ((thing, shares()), (prices(), thing), (prices(), shares(), thing)):
        with pytest.raises(DataError, match=r"is not a table\. Give a DataFrame, or a Parquet file"):
            run(*arguments)


BAD_SHARES = {
    "zero": (lambda s: changed(s, 1, shares=0.0), "shares of BBB on 2020-06-01 is 0.0. Shares are positive: correct"),
    "negative": (lambda s: changed(s, 1, shares=-5.0), "shares of BBB on 2020-06-01 is -5.0"),
    "missing": (lambda s: changed(s, 1, shares=np.nan), "shares of BBB on 2020-06-01 is nan"),
    "text": (lambda s: changed(s, 1, shares="many"), "shares of BBB on 2020-06-01 is many. That is not a number"),
    "percentage": (lambda s: changed(s, 1, float_factor=80.0), "float_factor of BBB on 2020-06-01 is 80.0. Give"),
    "twice": (lambda s: pd.concat([s, s.iloc[[1]]]), "BBB has a duplicate on 2020-06-01"),
    "flag": (lambda s: changed(s, 1, eligible="maybe"), "eligible of BBB on 2020-06-01 is maybe. Write true or false"),
    "no rows": (lambda s: s.iloc[:0], "there are no rows"),
    "no column": (lambda s: s.drop(columns="shares"), "the columns ['shares'] are missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_SHARES)
def test_bad_shares(name) -> None:
    spoil, message = BAD_SHARES[name]
    with pytest.raises(DataError, match=r"^shares: .*" + re.escape(message)):
        run(s=spoil(shares()))


def test_shares_without_prices_are_reported() -> None:
    extra = pd.DataFrame({"date": DAYS[:1], "id": ["ZZZ"], "shares": [1.0]})
    with pytest.warns(DataWarning, match="shares: ZZZ has no prices"):
        run(s=pd.concat([shares(), extra]))


def test_a_class_without_prices_needs_none() -> None:
    """It counts for its company's size at the price of the class that trades, and is not held."""
    extra = pd.DataFrame({"date": DAYS[:1], "id": ["AAA.B"], "shares": [1000.0], "company": ["AAA"]})
    index = run(s=pd.concat([shares(), extra], ignore_index=True))
    assert list(index.members(DAYS[1])) == ["AAA", "CCC", "DDD"]


TWO = pd.concat([action(3, "AAA", "split", ratio=2.0), action(2, "BBB", "split", ratio=2.0)])
AFTER_EXIT = pd.concat([action(3, "DDD", "delisting", price=1.0), action(7, "DDD", "split", ratio=2.0)])
TAKEN_BY_ONE_GONE = pd.concat(
    [action(2, "DDD", "delisting", price=1.0), action(3, "CCC", "merger", other="DDD", ratio=1.0)]
)
RENAMED = pd.concat([action(3, "DDD", "ticker-change", other="EEE"), action(5, "DDD", "split", ratio=2.0)])
BAD_ACTIONS = {
    "out of order": (TWO, "split of BBB on 2020-06-03 is listed after a later date. Sort the rows by date"),
    "after leaving": (AFTER_EXIT, "split of DDD on 2020-06-10 comes when DDD was delisted on 2020-06-04"),
    "acquirer gone": (TAKEN_BY_ONE_GONE, "merger of CCC and DDD on 2020-06-04 comes when DDD was delisted on"),
    "old name": (RENAMED, "split of DDD on 2020-06-08 comes when DDD became EEE on 2020-06-04"),
    "acquirer": (
        action(3, "DDD", "merger", other="ZZZ", ratio=1.0),
        "merger of DDD and ZZZ on 2020-06-04 has an acquirer that does not exist. Correct the id; leave",
    ),
    "child": (action(3, "DDD", "spin-off", other="ZZZ", ratio=1.0), "has a child without prices"),
    "unknown id": (action(3, "ZZZ", "split", ratio=2.0), "split of ZZZ on 2020-06-04 is of an unknown id"),
    "kind": (action(3, "DDD", "explosion"), "explosion of DDD on 2020-06-04 is an unknown action. Choose one of"),
    "no ratio": (action(3, "DDD", "split"), "split of DDD on 2020-06-04 has no ratio. Add it"),
    "zero ratio": (action(3, "DDD", "split", ratio=0.0), "has the ratio 0. Give a positive number"),
    "negative price": (action(3, "DDD", "delisting", price=-1.0), "has the price -1"),
    "worded ratio": (action(3, "DDD", "split", ratio="two"), "ratio of DDD on 2020-06-04 is two. That is not a number"),
    "no child": (action(3, "DDD", "spin-off", ratio=1.0), "names no other id"),
    "shares of nobody": (action(3, "DDD", "merger", ratio=1.0), "has a ratio but no acquirer. Put the acquirer"),
    "itself": (action(3, "DDD", "merger", other="DDD"), "names one id twice"),
    "of no use": (action(3, "DDD", "split", other="ZZZ", ratio=2.0), "names an id that does not exist. Leave 'other'"),
    "beyond numbers": (action(3, "DDD", "split", ratio=1e300), "ratio of DDD on 2020-06-04 is 1e+300. No share has"),
    "twice": (pd.concat([action(3, "DDD", "split", ratio=2.0)] * 2), "split of DDD on 2020-06-04 is a duplicate"),
    "new id in use": (
        pd.concat([action(3, "DDD", "ticker-change", other="EEE"), action(4, "CCC", "ticker-change", other="EEE")]),
        "brings an id that was in use before",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_ACTIONS)
def test_bad_actions(name) -> None:
    table, message = BAD_ACTIONS[name]
    with pytest.raises(DataError, match=r"^actions: .*" + re.escape(message)):
        run(from_day(prices(), "DDD", 3), a=table)


def test_prices_after_leaving() -> None:
    with pytest.raises(
        DataError, match=r"prices: DDD has a row on 2020-06-04, but was delisted on 2020-06-04"
    ):
        run(a=action(3, "DDD", "delisting", price=1.0))
    with pytest.raises(DataError, match=r"prices: DDD has a row on 2020-06-04, but was merged on 2020-06-04"):
        run(a=action(3, "DDD", "merger", other="AAA", ratio=1.0))
    with pytest.raises(DataError, match=r"prices: DDD has a row on 2020-06-04, but became EEE on 2020-06-04"):
        run(a=action(3, "DDD", "ticker-change", other="EEE"))
    with refused("AAA has a row on 2020-06-01, before the ticker change of 2020-06-04"):
        run(a=action(3, "DDD", "ticker-change", other="AAA"))


def test_a_child_without_a_close() -> None:
    late = without(prices(), "AAA", 0, 1, 2, 3)
    spin_off = action(3, "DDD", "spin-off", other="AAA", ratio=0.5)
    with refused("the child has no close on 2020-06-04. Add it, or put the value of a share"):
        run(late, a=spin_off)
    assert len(run(late, a=spin_off.assign(price=9.0)).carried) == 1


def test_nothing_of_value_left() -> None:
    members = NAMES[1:]  # AAA is the smallest of four
    gone = [action(3, name, "merger") for name in members]
    left = prices()[(prices()["date"] < DAYS[3]) | (prices()["id"] == "AAA")]
    with refused("After merger DDD the index holds nothing of value"):
        run(left, a=pd.concat(gone))
    few = from_day(prices(), "DDD", 3)
    costly = pd.concat([action(3, "DDD", "special-dividend", cash=50.0)])
    with refused("special-dividend DDD on 2020-06-04 pays 50 a share, not less than the close before it, 13"):
        run(few, a=costly)


def weights(*values: float, number: int = 1) -> pd.DataFrame:
    return pd.DataFrame({"date": DAYS[number], "id": NAMES, "weight": values})


def test_bad_weights() -> None:
    with refused("weights: the weights of 2020-06-02 sum to 0.9, not to one. Divide them by"):
        run(weights=weights(0.4, 0.3, 0.1, 0.1))
    with refused("weights: weight of DDD on 2020-06-02 is -0.5. Weights are not negative"):
        run(weights=weights(0.5, 0.5, 0.5, -0.5))
    with refused("weights: ZZZ on 2020-06-02 has no prices. Correct the id"):
        run(weights=weights(0.4, 0.3, 0.2, 0.1).assign(id=["AAA", "BBB", "CCC", "ZZZ"]))
    with refused("weights: there are no prices on 2020-06-06. Take a day"):
        run(weights=weights(0.4, 0.3, 0.2, 0.1).assign(date="2020-06-06"))
    with refused("DDD has no close on the rebalancing date 2020-06-05"):
        run(without(prices(), "DDD", 4), weights=weights(0.4, 0.3, 0.2, 0.1, number=4))
    with pytest.raises(
        DataError, match=r"rank_weights \(0.5, 0.4, 0.2\) sum to 1.1; expected positive weights"
    ):
        rules(rank_weights=(0.5, 0.4, 0.2))


def test_given_weights_are_taken() -> None:
    index = run(weights=pd.concat([weights(0.4, 0.3, 0.2, 0.1), weights(0.0, 0.5, 0.5, 0.0, number=5)]))
    assert index.weights(DAYS[4]).to_dict() == pytest.approx({"AAA": 0.4, "BBB": 0.3, "CCC": 0.2, "DDD": 0.1})
    assert index.weights(DAYS[9]).to_dict() == pytest.approx({"BBB": 0.5, "CCC": 0.5})
    assert index.levels["members"].tolist() == [4] * 4 + [2] * 5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"segment": "medium"}, "segment='medium'; choose one of"),
        ({"large": 5}, "expected 0 <= large <= broad <= extended"),
        ({"band": -0.1}, "band=-0.1; expected 0 or more"),
        ({"base": 0.0}, "base=0.0; a level is positive"),
        ({"reinvest": "never"}, "reinvest='never'"),
        ({"rank_weights": (0.5, 0.5)}, "there are 2 rank_weights for 3 ranks"),
    ],
)
def test_rules_that_cannot_be_meant(changes, message) -> None:
    with pytest.raises(SpecificationError, match=re.escape(message)):
        rules(**changes)


def test_files_that_are_none(tmp_path) -> None:
    with pytest.raises(DataError, match=r"prices: there is no file .*nothing.parquet. Check the path"):
        run(str(tmp_path / "nothing.parquet"))
    bad = tmp_path / "bad.parquet"
    bad.write_text("date,id,close\n")
    with pytest.raises(DataError, match=r"prices: .*bad.parquet is not a Parquet file"):
        run(bad)
    with pytest.raises(DataError, match=r"shares: .*bad.csv is not a Parquet file. Give one, or a table"):
        run(s=tmp_path / "bad.csv")


@pytest.mark.parametrize("dates", ["timestamp", "date32", "text"])
@pytest.mark.parametrize("ids", ["text", "number", "category"])
def test_parquet_gives_what_tables_give(tmp_path, dates, ids) -> None:
    names = {"AAA": "1", "BBB": "2", "CCC": "3", "DDD": "4"} if ids == "number" else {}
    p, s = prices().replace({"id": names}), shares().replace({"id": names})
    kinds = {"number": int, "category": "category", "text": str}
    stored = p.assign(id=p["id"].astype(kinds[ids]))
    stored["date"] = {
        "timestamp": p["date"],
        "date32": p["date"].dt.date,
        "text": p["date"].dt.strftime("%Y-%m-%d"),
    }[dates]
    stored.to_parquet(tmp_path / "prices.parquet")
    s.to_parquet(tmp_path / "shares.parquet")
    index = run(tmp_path / "prices.parquet", tmp_path / "shares.parquet")
    pd.testing.assert_frame_equal(index.levels, run(p, s).levels, check_exact=True)
    assert index.weights(DAYS[3]).equals(run(p, s).weights(DAYS[3]))


def test_inputs_are_left_as_they_were() -> None:
    p, s, a = prices(), shares(), action(3, "DDD", "split", ratio=2.0)
    kept = p.copy(), s.copy(), a.copy()
    run(p, s, a)
    for table, copy in zip((p, s, a), kept, strict=True):
        pd.testing.assert_frame_equal(table, copy)
