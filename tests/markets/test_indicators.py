"""Indicators against R's TTR, TA-Lib and arithmetic by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import histories

from capstar.errors import DataError, SpecificationError
from capstar.markets import indicators as ind

# Sums of at most a few hundred terms of size 1 to 100, in another order.
ATOL = 1e-8
Frames = dict[str, pd.Series | pd.DataFrame]


@pytest.fixture(scope="module")
def sp500(reference) -> pd.Series:
    return histories.sp500(reference)


@pytest.fixture(scope="module")
def russell(reference) -> pd.DataFrame:
    return histories.russell2000(reference)


@pytest.fixture(scope="module")
def ttr(reference) -> pd.DataFrame:
    path = reference("predictability/technical/indicators_golden.csv")
    return pd.read_csv(path, index_col="date", parse_dates=["date"])


def all_of(bars: pd.Series | pd.DataFrame, n: int = 14) -> Frames:
    close = bars if isinstance(bars, pd.Series) else bars["close"]
    frame = ind.as_bars(bars)
    return {
        "roc": ind.rate_of_change(close, n),
        "log roc": ind.rate_of_change(close, n, log=True),
        "true range": ind.true_range(frame["high"], frame["low"], frame["close"]),
        "average true range": ind.average_true_range(bars, n),
        "directional index": ind.directional_index(bars, n),
        "donchian": ind.donchian(bars, n),
        "choppiness": ind.choppiness(bars, n),
        "efficiency": ind.efficiency_ratio(close, n),
        "vertical horizontal": ind.vertical_horizontal_filter(close, n),
        "relative strength": ind.relative_strength_index(close, n),
    }


def same(a: pd.Series | pd.DataFrame, b: pd.Series | pd.DataFrame) -> None:
    """Equal to the last bit."""
    assert a.index.equals(b.index)
    np.testing.assert_array_equal(a.to_numpy(), b.to_numpy())


TTR: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "roc12": lambda b: ind.rate_of_change(b["close"], 12),
    "roc12_log": lambda b: ind.rate_of_change(b["close"], 12, log=True),
    "dip14": lambda b: ind.directional_index(b)["plus_di"],
    "din14": lambda b: ind.directional_index(b)["minus_di"],
    "adx14": lambda b: ind.directional_index(b)["adx"],
    "tr": lambda b: ind.true_range(b["high"], b["low"], b["close"]),
    "atr14": ind.average_true_range,
    "donchian_high20_lag": lambda b: ind.donchian(b, 20)["high"].shift(1),
    "donchian_low20_lag": lambda b: ind.donchian(b, 20)["low"].shift(1),
    "chop14": ind.choppiness,
    "vhf28": lambda b: ind.vertical_horizontal_filter(b["close"], 28),
    "rsi14": lambda b: ind.relative_strength_index(b["close"]),
}


@pytest.mark.parametrize("name", TTR)
def test_equal_to_ttr(ttr: pd.DataFrame, name: str) -> None:
    """R's TTR: twelve series of 600 bars, to 1e-8, and NaN on the same bars."""
    assert ttr[name].notna().sum() > 500
    np.testing.assert_allclose(TTR[name](ttr), ttr[name], atol=ATOL, rtol=0)


def test_every_column_of_the_golden_file_is_tested(ttr: pd.DataFrame) -> None:
    assert set(ttr.columns) == {"open", "high", "low", "close", *TTR}


@pytest.mark.parametrize("n", [2, 5, 14, 50])
def test_equal_to_talib_on_the_russell_2000(russell: pd.DataFrame, n: int) -> None:
    """TA-Lib on daily bars of the Russell 2000: ten series at lengths 2, 5, 14 and 50, to 1e-6."""
    high, low, close = (russell[name].to_numpy() for name in ("high", "low", "close"))
    di = ind.directional_index(russell, n)
    pairs = {
        "plus_di": (di["plus_di"], talib.PLUS_DI(high, low, close, n)),
        "minus_di": (di["minus_di"], talib.MINUS_DI(high, low, close, n)),
        "dx": (di["dx"], talib.DX(high, low, close, n)),
        "adx": (di["adx"], talib.ADX(high, low, close, n)),
        "atr": (ind.average_true_range(russell, n), talib.ATR(high, low, close, n)),
        "tr": (
            ind.true_range(russell["high"], russell["low"], russell["close"]),
            talib.TRANGE(high, low, close),
        ),
        "roc": (ind.rate_of_change(russell["close"], n), talib.ROC(close, n)),
        "rsi": (ind.relative_strength_index(russell["close"], n), talib.RSI(close, n)),
        "highest": (ind.donchian(russell, n)["high"], talib.MAX(high, n)),
        "lowest": (ind.donchian(russell, n)["low"], talib.MIN(low, n)),
    }
    for name, (ours, theirs) in pairs.items():
        assert np.isfinite(theirs).sum() > 9000, name
        np.testing.assert_allclose(ours, theirs, atol=1e-6, rtol=0, err_msg=name)


def test_equal_to_talib_on_monthly_closes(sp500: pd.Series) -> None:
    """TA-Lib on monthly closes of the S&P 500, each its own high and low: ADX and ATR, to 1e-6."""
    x = sp500.to_numpy()
    di = ind.directional_index(sp500)
    np.testing.assert_allclose(di["adx"], talib.ADX(x, x, x, 14), atol=1e-6, rtol=0)
    np.testing.assert_allclose(ind.average_true_range(sp500), talib.ATR(x, x, x, 14), atol=1e-6, rtol=0)


def test_by_hand() -> None:
    close = pd.Series([10.0, 12.0, 11.0, 14.0, 13.0], name="p")
    changes = ind.true_range(close, close, close)
    np.testing.assert_allclose(changes, [np.nan, 2, 1, 3, 1])  # the absolute change of the close
    # mean of 2, 1, then (1.5 + 3) / 2, then (2.25 + 1) / 2
    np.testing.assert_allclose(ind.average_true_range(close, 2), [np.nan, np.nan, 1.5, 2.25, 1.625])
    np.testing.assert_allclose(ind.efficiency_ratio(close, 2), [np.nan, np.nan, 1 / 3, 2 / 4, 2 / 4])
    np.testing.assert_allclose(
        ind.vertical_horizontal_filter(close, 2), [np.nan, np.nan, 1 / 3, 3 / 4, 1 / 4]
    )
    expected = 100 * np.log10([3 / 1, 4 / 3, 4 / 1]) / np.log10(2)
    np.testing.assert_allclose(ind.choppiness(close, 2), [np.nan, np.nan, *expected])
    # rises 2, 0, 3, 0 and falls 0, 1, 0, 1
    np.testing.assert_allclose(
        ind.relative_strength_index(close, 2),
        [np.nan, np.nan, 100 * 1 / 1.5, 100 * 2 / 2.25, 100 * 1 / 1.625],
    )
    # Movement starts with n - 1 = 1 change of weight 1/2: plus 2, minus 0; then 0 and 1, 3 and 0, 0 and 1.
    di = ind.directional_index(close, 2)
    np.testing.assert_allclose(
        di["plus_di"], [np.nan, np.nan, 100 * 0.5 / 1, 100 * 1.75 / 2, 100 * 0.875 / 1.5]
    )
    np.testing.assert_allclose(
        di["minus_di"], [np.nan, np.nan, 100 * 0.5 / 1, 100 * 0.25 / 2, 100 * 0.625 / 1.5]
    )
    np.testing.assert_allclose(di["dx"], [np.nan, np.nan, 0, 100 * 1.5 / 2, 100 * 0.25 / 1.5])
    np.testing.assert_allclose(di["adx"], [np.nan, np.nan, np.nan, 37.5, (37.5 + 100 * 0.25 / 1.5) / 2])


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(1, 839), n=st.integers(2, 40), factor=st.floats(0.01, 100))
def test_no_look_ahead_on_monthly_closes(sp500: pd.Series, cut: int, n: int, factor: float) -> None:
    """What is known at a date is the same when later data are deleted, or are others."""
    whole, deleted = all_of(sp500, n), all_of(sp500.iloc[:cut], n)
    other = sp500.where(np.arange(len(sp500)) < cut, sp500 * factor)
    changed = all_of(other, n)
    for name, value in whole.items():
        same(value.iloc[:cut], deleted[name])
        same(value.iloc[:cut], changed[name].iloc[:cut])


@settings(max_examples=20, deadline=None)
@given(cut=st.integers(1, 9809), n=st.integers(2, 100))
def test_no_look_ahead_on_daily_bars(russell: pd.DataFrame, cut: int, n: int) -> None:
    whole, deleted = all_of(russell, n), all_of(russell.iloc[:cut], n)
    for name, value in whole.items():
        same(value.iloc[:cut], deleted[name])


@settings(max_examples=30, deadline=None)
@given(scale=st.sampled_from([2.0**-9, 0.25, 4.0, 2.0**12]), n=st.integers(2, 30))
def test_a_unit_of_price_changes_ranges_alone(russell: pd.DataFrame, scale: float, n: int) -> None:
    """A power of two, so that nothing is rounded."""
    bars = russell.iloc[:400]
    one, other = all_of(bars, n), all_of(bars * scale, n)
    in_price = {"true range", "average true range", "donchian"}
    for name, value in one.items():
        same(value * scale if name in in_price else value, other[name])


def test_bounds(russell: pd.DataFrame) -> None:
    close = russell["close"]
    for values in (ind.directional_index(russell), ind.relative_strength_index(close)):
        assert float(values.min(axis=None)) >= 0
        assert float(values.max(axis=None)) <= 100
    assert ind.efficiency_ratio(close).between(0, 1 + 1e-12).iloc[10:].all()
    assert (ind.choppiness(russell).iloc[14:] > 0).all()


def test_a_price_that_stands_still() -> None:
    flat = pd.Series(np.full(60, 7.0), name="flat")
    di = ind.directional_index(flat).iloc[28:]
    assert (di == 0).all(axis=None)
    assert (ind.average_true_range(flat).iloc[14:] == 0).all()
    for undefined in (ind.choppiness(flat), ind.efficiency_ratio(flat), ind.relative_strength_index(flat)):
        assert undefined.isna().all()
    # A spell without movement after one with: nothing is left over from before.
    moved = pd.concat(
        [pd.Series(np.geomspace(1e-6, 1e9, 40)), pd.Series(np.full(60, 7.0))], ignore_index=True
    )
    assert ind.efficiency_ratio(moved, 10).iloc[51:].isna().all()
    assert ind.choppiness(moved, 10).iloc[51:].isna().all()


def test_a_straight_rise_is_all_trend() -> None:
    up = pd.Series(np.arange(1.0, 101.0), name="up")
    di = ind.directional_index(up).iloc[27:]
    np.testing.assert_allclose(di["plus_di"], 100)
    np.testing.assert_allclose(di[["dx", "adx"]], 100)
    np.testing.assert_allclose(di["minus_di"], 0)
    np.testing.assert_allclose(ind.efficiency_ratio(up).iloc[10:], 1)
    np.testing.assert_allclose(ind.relative_strength_index(up).iloc[14:], 100)


def test_less_data_than_periods() -> None:
    short = pd.Series([1.0, 2.0, 3.0], name="short")
    for name, value in all_of(short, 14).items():
        if name != "true range":
            assert value.isna().all(axis=None), name
        assert len(value) == 3


def test_missing_prices_in_a_rate_of_change() -> None:
    prices = pd.Series([1.0, np.nan, 4.0, 8.0])
    np.testing.assert_allclose(ind.rate_of_change(prices), [np.nan, np.nan, np.nan, 100])


def test_inputs_stay_as_they_were(russell: pd.DataFrame) -> None:
    bars = russell.iloc[:100].copy()
    all_of(bars)
    pd.testing.assert_frame_equal(bars, russell.iloc[:100])


def test_refusals() -> None:
    dates = pd.period_range("2000-01", periods=4, freq="M")
    good = pd.Series([1.0, 2.0, 3.0, 4.0], dates, name="index")
    with pytest.raises(DataError, match=r"index of 2000-02 is nan; a price is a positive number"):
        ind.choppiness(good.replace(2.0, np.nan))
    with pytest.raises(DataError, match=r"index of 2000-03 is -3\.0"):
        ind.efficiency_ratio(good.replace(3.0, -3.0))
    with pytest.raises(DataError, match="index: dates repeat or fall"):
        ind.donchian(good.iloc[::-1])
    with pytest.raises(DataError, match="bars: there are no values"):
        ind.average_true_range(good.iloc[:0])
    with pytest.raises(
        DataError, match=r"gap of 2000-01 is -1\.0: it has no rate of change\. Take differences"
    ):
        ind.rate_of_change(pd.Series([-1.0, 2.0], dates[:2], name="gap"))
    bars = pd.DataFrame({"high": good, "low": good + 1, "close": good})
    with pytest.raises(DataError, match=r"the high of 2000-01 is 1\.0, below the low, 2\.0"):
        ind.directional_index(bars)
    with pytest.raises(DataError, match="high"):
        ind.as_bars(bars[["low", "close"]])
    with pytest.raises(SpecificationError, match="n=1; choose at least 2"):
        ind.choppiness(good, 1)
    with pytest.raises(SpecificationError, match="n=0; choose at least 1"):
        ind.rate_of_change(good, 0)
