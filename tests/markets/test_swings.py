"""Turning points: published, by hand, against a slow rule, and without later data."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markets import histories

from capstar.errors import DataError, SpecificationError
from capstar.kernels import states as kernel
from capstar.markets.swings import Swings, bbq, bry_boschan, lunde_timmermann

Point = tuple[int, int]  # position; 1 for a peak, -1 for a trough
FILTERS = [(20, 20), (20, 15), (15, 15), (30, 20)]
MONTHLY = {"window": 8, "end": 6, "phase": 4, "cycle": 16, "threshold": 20.0}


@pytest.fixture(scope="module")
def sp500(reference) -> pd.Series:
    return histories.sp500(reference)


@pytest.fixture(scope="module")
def published(reference) -> pd.DataFrame:
    table = pd.read_csv(reference("predictability/bull_bear/sp500_monthly_states.csv"))
    return table.set_index(pd.PeriodIndex(table["month"], freq="M"))


def points(swings: Swings) -> list[tuple[str, str]]:
    return [(str(date), kind) for date, kind in swings.turning_points["kind"].items()]


@pytest.mark.parametrize("window", [4, 6, 8])
def test_bry_boschan_states(sp500: pd.Series, published: pd.DataFrame, window: int) -> None:
    """Bry and Boschan's states of the S&P 500, 1950-2019, at three windows: R's bbdetection, every month."""
    ours = bry_boschan(sp500, window=window)
    np.testing.assert_array_equal(ours.states, published[f"bry_boschan_w{window}"])


@pytest.mark.parametrize(("up", "down"), FILTERS)
def test_lunde_timmermann_states(sp500: pd.Series, published: pd.DataFrame, up: int, down: int) -> None:
    ours = lunde_timmermann(sp500, up, down)
    np.testing.assert_array_equal(ours.states, published[f"lunde_timmermann_{up}_{down}"])


def test_turning_points_of_the_sp500(sp500: pd.Series, reference) -> None:
    """All 36 turning points of the S&P 500 as R's bbdetection prints them, every date."""
    table = pd.read_csv(reference("predictability/bull_bear/sp500_turning_points.csv"), dtype=str)
    assert len(table) == 36
    assert points(bry_boschan(sp500)) == list(zip(table["month"], table["type"], strict=True))


def test_lunde_timmermann_turning_points(sp500: pd.Series) -> None:
    peaks = ["1961-12", "1968-11", "1972-12", "1980-11", "1987-08", "2000-08", "2007-10"]
    troughs = ["1962-06", "1970-06", "1974-09", "1982-07", "1987-11", "2002-09", "2009-02"]
    ours = lunde_timmermann(sp500)
    assert [str(d) for d in ours.peaks] == peaks
    assert [str(d) for d in ours.troughs] == troughs


def test_business_cycle_of_us_gdp(reference) -> None:
    """Turning points of US real GDP by Harding and Pagan's BBQ: R's BCDating, every date."""
    text = reference("fred_2020_05/GDPC1.txt").read_text()
    rows = re.findall(r"^(\d{4}-\d\d)-01\s+([\d.]+)\s*$", text, re.MULTILINE)
    gdp = pd.Series(
        [float(value) for _, value in rows],
        pd.PeriodIndex([month for month, _ in rows], freq="M").asfreq("Q"),
        name="GDPC1",
    )
    table = pd.read_csv(reference("predictability/bull_bear/us_real_gdp_bbq.csv"))
    assert points(bbq(gdp)) == list(zip(table["quarter"], table["type"], strict=True))


def test_filter_by_hand() -> None:
    prices = pd.Series([100.0, 110, 88, 87.9, 80, 100, 96, 96.1, 120, 120, 99, 96, 95.9])
    # 110 to 88 is 20 %, not more; 110 to 87.9 is.  120 to 96 is 20 %, not more; 120 to 95.9 is.
    swings = lunde_timmermann(prices, 20, 20)
    expected = pd.DataFrame(
        {"kind": ["peak", "trough", "peak"], "price": [110.0, 80, 120], "known": [3, 5, 12]}, index=[1, 4, 8]
    )
    pd.testing.assert_frame_equal(swings.turning_points, expected, check_index_type=False)
    assert swings.states.tolist() == [1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]
    assert swings.real_time.tolist() == [1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0]
    phases = swings.phases()
    assert phases["market"].tolist() == ["bear", "bull"]
    assert phases["periods"].tolist() == [3, 4]
    np.testing.assert_allclose(phases["change"], [100 * (80 / 110 - 1), 50])
    assert phases["delay"].tolist() == [1, 4]


def test_filter_that_falls_from_the_first_date() -> None:
    swings = lunde_timmermann(pd.Series([100.0, 95, 70, 60, 80]), 20, 20)
    assert swings.turning_points.index.tolist() == [3]  # the first date is no peak
    assert swings.states.tolist() == [0, 0, 0, 0, 1]
    assert swings.real_time.tolist() == [1, 1, 0, 0, 1]


def slow_bry_boschan(
    prices: list[float], window: int, end: int, phase: int, cycle: int, threshold: float
) -> list[Point]:
    """The rules as they read, starting over after each point dropped."""
    n, lag = len(prices), max(window, end)
    found: list[Point] = []
    for i in range(lag, n - lag):
        around, before = prices[i - window : i + window + 1], prices[i - window : i]
        if prices[i] == max(around) and prices[i] > max(before):
            found.append((i, 1))
        elif prices[i] == min(around) and prices[i] < min(before):
            found.append((i, -1))

    def outdoes(a: Point | float, b: Point) -> bool:
        value = a if isinstance(a, float) else prices[a[0]]
        return b[1] * value > b[1] * prices[b[0]]

    def tidy(points: list[Point]) -> list[Point]:
        for a, b in itertools.pairwise(points):
            if a[1] == b[1]:
                return tidy([p for p in points if p != (a if outdoes(b, a) else b)])
        if points and outdoes(prices[0], points[0]):
            return tidy(points[1:])
        if points and outdoes(prices[-1], points[-1]):
            return tidy(points[:-1])
        return points

    def move(a: Point, b: Point) -> float:
        return abs(prices[b[0]] / prices[a[0]] - 1) * 100

    def without_short(points: list[Point], reach: int, shortest: int, drop: int) -> list[Point]:
        for i in range(len(points) - reach):
            spell = points[i : i + reach + 1]
            moves = [move(a, b) for a, b in itertools.pairwise(spell)]
            if spell[-1][0] - spell[0][0] < shortest and max(moves) < threshold:
                rest = [p for p in points if p != spell[drop]]
                return without_short(tidy(rest), reach, shortest, drop)
        return points

    return without_short(without_short(tidy(found), 1, phase, 1), 2, cycle, 0)


def as_points(swings: Swings) -> list[Point]:
    at = swings.prices.index.get_indexer(swings.turning_points.index)
    return [
        (int(i), 1 if kind == "peak" else -1)
        for i, kind in zip(at, swings.turning_points["kind"], strict=True)
    ]


RULES = st.fixed_dictionaries(
    {
        "window": st.integers(1, 5),
        "end": st.integers(0, 6),
        "phase": st.integers(0, 8),
        "cycle": st.integers(0, 25),
        "threshold": st.sampled_from([1.0, 5.0, 20.0, np.inf]),
    }
)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rules=RULES, coarse=st.booleans())
@example(
    13, {"window": 1, "end": 0, "phase": 0, "cycle": 9, "threshold": 5.0}, False
)  # a cycle loses its excuse
def test_equal_to_the_slow_rule_at_every_date(seed: int, rules: dict, coarse: bool) -> None:
    """Random walks, some with many equal prices; also what was known at each date, and since when."""
    rng = np.random.default_rng(seed)
    path = np.exp(0.03 * rng.normal(size=70).cumsum())
    prices = pd.Series(np.round(10 * path) if coarse else path)
    swings = bry_boschan(prices, **rules)
    runs = [slow_bry_boschan(prices.tolist()[: t + 1], **rules) for t in range(len(prices))]
    assert as_points(swings) == runs[-1]
    state = [1.0 if run and run[-1][1] < 0 else 0.0 if run else np.nan for run in runs]
    np.testing.assert_array_equal(swings.real_time, state)
    first = [next(t for t, run in enumerate(runs) if point in run) for point in runs[-1]]
    assert swings.turning_points["known"].tolist() == first


def test_compiled_and_read_are_one(sp500: pd.Series) -> None:
    values = sp500.to_numpy()
    at = np.arange(5, len(values) - 5, 3)
    kind = np.where(np.random.default_rng(1).random(len(at)) < 0.5, 1, -1)
    rules = np.array([4.0, 16.0, 20.0])
    answers = []
    for run in (kernel.turning_points, getattr(kernel.turning_points, "py_func", kernel.turning_points)):
        known, state = np.empty(len(at), dtype=np.int64), np.empty(len(values))
        answers.append((run(values, at, kind, 8, rules, known, state), known, state))
    for compiled, read in zip(*answers, strict=True):
        np.testing.assert_array_equal(compiled, read)
    assert answers[0][0].sum() > 10


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(1, 839), up=st.floats(3, 40), down=st.floats(3, 40), factor=st.floats(0.2, 5))
def test_no_look_ahead_lunde_timmermann(
    sp500: pd.Series, cut: int, up: float, down: float, factor: float
) -> None:
    whole = lunde_timmermann(sp500, up, down)
    deleted = lunde_timmermann(sp500.iloc[:cut], up, down)
    changed = lunde_timmermann(sp500.where(np.arange(840) < cut, sp500 * factor), up, down)
    for other in (deleted, changed):
        pd.testing.assert_series_equal(whole.real_time.iloc[:cut], other.real_time.iloc[:cut])
        known = (s.turning_points[s.turning_points["known"] <= sp500.index[cut - 1]] for s in (whole, other))
        pd.testing.assert_frame_equal(*known)


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(1, 839), window=st.integers(2, 12), factor=st.floats(0.2, 5))
def test_no_look_ahead_bry_boschan(sp500: pd.Series, cut: int, window: int, factor: float) -> None:
    whole = bry_boschan(sp500, window)
    deleted = bry_boschan(sp500.iloc[:cut], window)
    changed = bry_boschan(sp500.where(np.arange(840) < cut, sp500 * factor), window)
    for other in (deleted, changed):
        pd.testing.assert_series_equal(whole.real_time.iloc[:cut], other.real_time.iloc[:cut])
    shared = whole.turning_points.index.intersection(deleted.turning_points.index)
    pd.testing.assert_frame_equal(whole.turning_points.loc[shared], deleted.turning_points.loc[shared])
    np.testing.assert_array_equal(deleted.states.iloc[-1], whole.real_time.iloc[cut - 1])


def test_known_no_sooner_than_the_window_has_passed(sp500: pd.Series) -> None:
    for window, end in ((8, 6), (4, 6)):
        swings = bry_boschan(sp500, window, end)
        at, known = (
            sp500.index.get_indexer(x) for x in (swings.turning_points.index, swings.turning_points["known"])
        )
        assert (known - at).min() == max(window, end)
    # The trough of February 2009 was known eight months later, and the state then turned.
    swings = bry_boschan(sp500)
    assert str(swings.turning_points["known"][pd.Period("2009-02")]) == "2009-10"
    assert swings.real_time["2009-09"] == 0
    assert swings.real_time["2009-10"] == 1
    assert swings.states["2009-03"] == 1


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), up=st.floats(1, 30), down=st.floats(1, 30))
def test_turning_points_alternate_and_move_enough(seed: int, up: float, down: float) -> None:
    path = pd.Series(np.exp(0.02 * np.random.default_rng(seed).normal(size=400).cumsum()))
    phases = lunde_timmermann(path, up, down).phases()
    assert (phases["market"] != phases["market"].shift()).all()
    bull = phases["market"] == "bull"
    assert (phases.loc[bull, "change"] > up).all()
    assert (phases.loc[~bull, "change"] < -down).all()


def test_a_rise_has_no_turning_point() -> None:
    rise = pd.Series(np.geomspace(1, 50, 100), pd.period_range("2000-01", periods=100, freq="M"), name="rise")
    swings = bry_boschan(rise)
    assert swings.turning_points.empty
    assert swings.states.isna().all()
    assert swings.real_time.isna().all()
    assert swings.phases().empty
    assert str(swings.summary()).endswith("no complete phase")
    assert lunde_timmermann(rise).states.eq(1).all()
    assert bry_boschan(rise.iloc[:5]).turning_points.empty


def test_summary_and_plot(sp500: pd.Series) -> None:
    swings = bry_boschan(sp500)
    text = str(swings.summary())
    assert "Bry-Boschan, window 8, phase 4, cycle 16: 1950-01 to 2019-12" in text
    assert re.search(r"^bear\s+18\s.*^bull\s+17\s", text, re.MULTILINE | re.DOTALL)
    (ax,) = swings.plot().axes
    assert ax.get_yscale() == "log"
    price, peaks, troughs = ax.lines
    assert len(price.get_xdata()) == 840
    assert len(peaks.get_xdata()) == len(troughs.get_xdata()) == 18


def test_refusals(sp500: pd.Series) -> None:
    with pytest.raises(DataError, match="sp500 of 1950-02 is nan"):
        lunde_timmermann(sp500.where(sp500.index != sp500.index[1]))
    for up, down in ((0, 20), (20, 0), (20, 100), (-5, 20)):
        with pytest.raises(SpecificationError, match="choose both positive, in percent"):
            lunde_timmermann(sp500, up, down)
    for wrong in ({"window": 0}, {"end": -1}, {"threshold": 0.0}, {"phase": -1}):
        with pytest.raises(SpecificationError, match=rf"{next(iter(wrong))}=.*choose"):
            bry_boschan(sp500, **wrong)
