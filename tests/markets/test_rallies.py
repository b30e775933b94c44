"""Rallies: by hand, against the filter they contain, by their definition, and without later data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import histories

from capstar.errors import DataError, SpecificationError
from capstar.markets.indicators import choppiness
from capstar.markets.rallies import Rallies, rallies
from capstar.markets.swings import lunde_timmermann

KNOWN = ["start", "confirmed", "after", "efficiency", "rise_confirmed"]


@pytest.fixture(scope="module")
def sp500(reference) -> pd.Series:
    return histories.sp500(reference)


def dated(*prices: float) -> pd.Series:
    return pd.Series(prices, pd.period_range("2000-01", periods=len(prices), freq="M"), dtype=float, name="p")


def months(table: pd.DataFrame, name: str) -> list[str]:
    return [str(date) for date in table[name]]


def test_a_rally_by_hand() -> None:
    # 100 to 80 is the fall of 20 %; 80 to 96 the rise of 20 %; 110 to 99 is 10 %, not more; 110 to 98.9 is.
    found = rallies(dated(100, 90, 80, 88, 96, 110, 99, 98.9, 105))
    assert len(found.table) == 1
    row = found.table.iloc[0]
    assert [str(row[name]) for name in ("start", "confirmed", "high", "end")] == [
        "2000-03",
        "2000-05",
        "2000-06",
        "2000-08",
    ]
    assert row["after"] == "fall"
    assert row["efficiency"] == 1
    np.testing.assert_allclose(
        row[["rise", "rise_confirmed", "rise_to_end"]].astype(float), [37.5, 20, 100 * (98.9 / 96 - 1)]
    )
    assert found.states.tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0]
    assert found.real_time.tolist() == [0, 0, 0, 0, 1, 1, 1, 0, 0]


def test_a_fall_in_between_moves_the_trough() -> None:
    # 87 to 78 is more than 10 %: from 78, not from 75, 20 % are 93.6.
    found = rallies(dated(100, 75, 87, 78, 93, 94, 95))
    assert months(found.table, "start") == ["2000-04"]
    assert months(found.table, "confirmed") == ["2000-06"]
    assert found.table["end"].isna().all()
    assert found.real_time.tolist() == [0, 0, 0, 0, 0, 1, 1]
    # With 15 % allowed between it is from 75.
    assert months(rallies(dated(100, 75, 87, 78, 93, 94, 95), stop=15).table, "start") == ["2000-02"]


def test_a_fall_too_small_before() -> None:
    prices = dated(100, 85, 95, 105, 120, 130)
    assert rallies(prices).table.empty
    assert months(rallies(prices, down=15).table, "start") == ["2000-02"]


def test_the_fall_is_from_the_high_since_the_last_rally_began() -> None:
    # Rally 50 to 70; then 70 to 60 is 14 %, though 60 is 40 % below the 100 of the beginning.
    prices = dated(100, 50, 60, 70, 60, 66, 72.5)
    assert months(rallies(prices).table, "start") == ["2000-02"]
    assert months(rallies(prices, down=14).table, "start") == ["2000-02", "2000-05"]


def test_a_rise_that_is_not_straight() -> None:
    # Up 2, down 1.9, with no fall of 10 %: it takes long.
    steps = np.tile([2.0, -1.9], 120).cumsum()
    prices = dated(120, 80, *(80 + steps), 97, 130)
    found = rallies(prices)
    # Net 50 over 40 * 3.9 + ...: written out.
    path = prices.diff().abs().iloc[2:].sum()
    assert 50 / path < 0.3
    assert found.table.empty
    low = rallies(prices, efficiency=50 / path - 1e-9)
    assert months(low.table, "confirmed") == [str(prices.index[-1])]
    assert low.table["efficiency"].iloc[0] == pytest.approx(50 / path, rel=1e-12)
    assert rallies(prices, efficiency=50 / path + 1e-9).table.empty


def test_a_rally_after_a_range() -> None:
    prices = dated(100, 102, 99, 101, 99.5, 102, 110, 121, 130)
    assert rallies(prices).table.empty
    spell = pd.Series([False, True, True, True, True, True, False, False, False], prices.index)
    found = rallies(prices, range_bound=spell)
    assert months(found.table, "start") == ["2000-03"]  # 99, the lowest of the spell
    assert months(found.table, "confirmed") == ["2000-08"]
    assert found.table["after"].tolist() == ["range"]
    # Left below, the spell starts no rally.
    below = dated(100, 102, 99, 101, 99.5, 98, 110, 121, 130)
    early = pd.Series([False, True, True, True, True, False, False, False, False], prices.index)
    assert rallies(below, range_bound=early).table.empty
    # After a fall and in a range at once, it comes after the fall.
    fall = dated(100, 80, 88, 96)
    assert rallies(fall, range_bound=pd.Series(True, fall.index)).table["after"].tolist() == ["fall"]
    # Unknown is not true.
    unknown = spell.astype(object).where(spell, np.nan)
    pd.testing.assert_frame_equal(rallies(prices, range_bound=unknown).table, found.table)


# The filters of the golden file, on months; and on both, pairs with (1 + up)(1 - stop) below 1.
GOLDEN = [("months", *pair) for pair in ((20, 20), (20, 15), (15, 15), (30, 20))]
BOTH = [(h, *pair) for h in ("months", "days") for pair in ((20, 17), (10, 10), (12, 25), (5, 30))]


@pytest.mark.parametrize(("history", "up", "stop"), [*GOLDEN, *BOTH, ("days", 20, 20)])
def test_equal_to_the_filter_when_only_two_rules_bind(reference, history: str, up: int, stop: int) -> None:
    """Starts, confirmations, highs and ends are the bull markets of Lunde and Timmermann."""
    prices = histories.sp500(reference) if history == "months" else histories.market(reference)
    found = rallies(prices, up, 0, stop, 0).table
    points = lunde_timmermann(prices, up, stop).turning_points
    troughs, peaks = (points[points["kind"] == kind] for kind in ("trough", "peak"))
    assert len(troughs) >= 4
    assert found["start"].tolist() == troughs.index.tolist()
    assert found["confirmed"].tolist() == troughs["known"].tolist()
    ended = found["end"].notna()
    assert found.loc[ended, "high"].tolist() == peaks.index[1:].tolist()
    assert found.loc[ended, "end"].tolist() == peaks["known"].iloc[1:].tolist()
    # A fall asked for that the stop implies changes nothing.
    assert rallies(prices, up, stop, stop, 0).table["start"].tolist() == found["start"].tolist()


def falls(prices: np.ndarray) -> np.ndarray:
    high = np.maximum.accumulate(prices)
    return (high - prices) / high * 100


def check_definition(found: Rallies) -> None:
    """Each rally of the table, read against the definition with nothing but slices."""
    rule, p, index = found.rule, found.prices.to_numpy(), found.prices.index
    before = 0
    for row in found.table.itertuples():
        start, confirmed = index.get_loc(row.start), index.get_loc(row.confirmed)
        last = len(p) - 1 if pd.isna(row.end) else index.get_loc(row.end)
        assert falls(p[before : start + 1])[-1] >= rule.down
        assert p[start : confirmed + 1].min() == p[start]
        assert falls(p[start : confirmed + 1]).max() <= rule.stop
        travelled = np.abs(np.diff(p[start : confirmed + 1])).cumsum()
        rise = p[start + 1 : confirmed + 1] - p[start]
        meets = (rise / p[start] * 100 >= rule.up) & (rise / travelled >= rule.efficiency)
        assert meets.nonzero()[0].tolist() == [len(meets) - 1]
        fallen = falls(p[start : last + 1]) > rule.stop
        assert not fallen[:-1].any()
        assert fallen[-1] == (not pd.isna(row.end))
        assert p[start : last + 1].max() == p[index.get_loc(row.high)]
        assert row.rise == pytest.approx(100 * (p[start : last + 1].max() / p[start] - 1))
        before = start
    spells = zip(found.table["start"], found.table["high"], strict=True)
    assert found.states.sum() == sum(index.get_loc(b) - index.get_loc(a) for a, b in spells)


RULES = st.fixed_dictionaries(
    {
        "up": st.floats(3, 40),
        "down": st.just(0.0) | st.floats(1, 40),
        "stop": st.floats(2, 30),
        "efficiency": st.floats(0, 0.9),
    }
)


@settings(max_examples=30, deadline=None)
@given(rule=RULES)
def test_the_definition_holds_on_the_sp500(sp500: pd.Series, rule: dict) -> None:
    check_definition(rallies(sp500, **rule))


def test_the_definition_holds_on_a_century_of_days(reference) -> None:
    found = rallies(histories.market(reference))
    assert len(found.table) > 20
    check_definition(found)


def test_rallies_of_the_sp500(sp500: pd.Series) -> None:
    found = rallies(sp500)
    assert months(found.table, "start") == [
        "1962-06",
        "1970-06",
        "1974-09",
        "1982-07",
        "1987-11",
        "2003-02",
        "2009-02",
    ]
    assert found.table["confirmed"].iloc[-1] == pd.Period("2009-05")
    # By the time one is known most of its rise from the trough has gone.
    assert found.table["rise_to_end"].median() < found.table["rise"].median() / 2
    assert "7 rallies, 7 after a fall, 0 not ended" in str(found.summary())


@settings(max_examples=80, deadline=None)
@given(cut=st.integers(1, 839), rule=RULES, ranged=st.booleans(), factor=st.floats(0.2, 5))
def test_no_look_ahead(sp500: pd.Series, cut: int, rule: dict, ranged: bool, factor: float) -> None:
    """What is known at a date is the same when later data are deleted, or are others."""

    def run(prices: pd.Series) -> Rallies:
        flat = choppiness(prices) > 55 if ranged else None
        return rallies(prices, **rule, range_bound=flat)

    whole, now = run(sp500), sp500.index[cut - 1]
    for other in (run(sp500.iloc[:cut]), run(sp500.where(np.arange(840) < cut, sp500 * factor))):
        pd.testing.assert_series_equal(whole.real_time.iloc[:cut], other.real_time.iloc[:cut])
        known, before = (r.table[r.table["confirmed"] <= now] for r in (whole, other))
        pd.testing.assert_frame_equal(known[KNOWN], before[KNOWN])
        over = before["end"].notna() & (before["end"] <= now)
        assert known.loc[over, ["high", "end"]].equals(before.loc[over, ["high", "end"]])


def test_a_range_makes_more_rallies(sp500: pd.Series) -> None:
    flat = choppiness(sp500) > 55
    with_ranges = rallies(sp500, range_bound=flat)
    assert (with_ranges.table["after"] == "range").any()
    assert len(with_ranges.table) > len(rallies(sp500).table)


def test_nothing_found() -> None:
    none = rallies(dated(*np.linspace(100, 50, 30)))
    assert none.table.empty
    assert none.states.sum() == none.real_time.sum() == 0
    assert str(none.summary()).endswith("none")


def test_plot(sp500: pd.Series) -> None:
    (ax,) = rallies(sp500).plot().axes
    assert [len(line.get_xdata()) for line in ax.lines] == [840, 7, 7]


def test_refusals(sp500: pd.Series) -> None:
    for wrong in ({"up": 0}, {"down": 100}, {"down": -1}, {"stop": 0}, {"efficiency": 1.0}):
        with pytest.raises(SpecificationError, match="choose up above 0"):
            rallies(sp500, **wrong)
    with pytest.raises(DataError, match="range_bound is on other dates than the prices"):
        rallies(sp500, range_bound=pd.Series(True, sp500.index[:10]))
    with pytest.raises(DataError, match="sp500 of 1950-01 is 0"):
        rallies(sp500.where(sp500.index != sp500.index[0], 0.0))
