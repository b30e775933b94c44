"""Variance ratios against R's vrtest, arch, computed results and arithmetic by hand."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from arch.unitroot import VarianceRatio as Arch
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import histories

from capstar.errors import DataError, SpecificationError
from capstar.markets.variance_ratio import rolling_variance_ratio, variance_ratio

HORIZONS = (2, 5, 10, 30)
GOLDEN = {"vr": "vr", "m1": "M1", "m2": "M2", "r1": "R1", "r2": "R2", "s1": "S1"}


@pytest.fixture(scope="module")
def sp500(reference) -> pd.Series:
    return histories.sp500(reference)


@pytest.fixture(scope="module")
def rates(reference) -> pd.DataFrame:
    return pd.read_csv(reference("predictability/variance_ratio/exchange_rates_weekly.csv"))


@pytest.mark.parametrize("currency", ["ca", "dm", "jp"])
def test_equal_to_vrtest(rates: pd.DataFrame, reference, currency: str) -> None:
    """R's vrtest on three exchange rates of Wright (2000): ratio, M1, M2, R1, R2 and S1, to 1e-8."""
    golden = pd.read_csv(reference("predictability/variance_ratio/variance_ratio_golden.csv"))
    golden = golden[golden["currency"] == currency].set_index("k")
    ours = variance_ratio(rates[currency], HORIZONS, debiased=False).table
    assert golden.index.tolist() == list(HORIZONS)
    for mine, theirs in GOLDEN.items():
        np.testing.assert_allclose(ours[mine], golden[theirs], rtol=0, atol=1e-8, err_msg=mine)


@pytest.mark.parametrize("debiased", [True, False])
def test_equal_to_arch(rates: pd.DataFrame, debiased: bool) -> None:
    """arch on the five exchange rates of Wright (2000), debiased and not: ratio to 1e-10, statistics to 1e-8."""
    for currency in rates:
        ours = variance_ratio(rates[currency], HORIZONS, debiased=debiased)
        assert ours.nobs == 1138
        for k, row in ours.table.iterrows():
            theirs = Arch(np.log(rates[currency].to_numpy()), lags=k, debiased=debiased)
            assert row["vr"] == pytest.approx(theirs.vr, rel=1e-10)
            assert row["m2"] == pytest.approx(theirs.stat, rel=1e-8)
            assert row["p2"] == pytest.approx(theirs.pvalue, rel=1e-6, abs=1e-12)
            plain = Arch(np.log(rates[currency].to_numpy()), lags=k, debiased=debiased, robust=False)
            assert row["m1"] == pytest.approx(plain.stat, rel=1e-8)


def weekly(prices: pd.DataFrame) -> pd.DataFrame:
    """Closes of Wednesdays; of Thursday, else Tuesday, where there was none."""
    week, day = prices.index.to_period("W-SUN"), prices.index.day_of_week
    order = pd.Series(day, prices.index).map({2: 0, 3: 1, 1: 2})
    best = order.dropna().groupby(week[order.notna()]).idxmin()
    return prices.loc[best]


def test_small_caps_trend_and_large_do_not(reference) -> None:
    """Weekly size quintiles, 1962-1985, after Lo and MacKinlay: ratios and robust statistics, to 1e-4."""
    table = pd.read_csv(
        reference("small_caps/size_portfolios_daily.csv.gz"), index_col="date", parse_dates=["date"]
    )
    prices = (1 + table / 100).cumprod().assign(market=histories.market(reference))
    closes = weekly(prices["1962-09-03":"1985-12-29"])
    golden = json.loads(reference("small_caps/evidence_golden.json").read_text())[
        "variance_ratio_weekly_1962_1985"
    ]
    for name, values in golden["values"].items():
        ours = variance_ratio(closes[name])
        assert ours.nobs == golden["n_returns"]
        expected = pd.DataFrame(values, ["vr", "m2"]).T
        np.testing.assert_allclose(ours.table[["vr", "m2"]], expected, rtol=0, atol=1e-4, err_msg=name)
    small, large = (variance_ratio(closes[name]).table for name in ("Lo 20", "Hi 20"))
    assert (small["p2"] < 1e-6).all()
    assert (large["p2"] > 0.3).all()


def test_by_hand() -> None:
    # Returns 1, 1, -2, 4 times log 2; mean 1.  Deviations 0, 0, -3, 3; sums of two 0, -3, 0.
    prices = pd.Series(2.0 ** np.array([0, 1, 2, 0, 4]), name="p")
    plain, fair = (variance_ratio(prices, [2], debiased=d).table.loc[2] for d in (False, True))
    assert plain["vr"] == pytest.approx((9 / (4 * 2)) / (18 / 4))
    # Unbiased: 18 / 3, and 9 by 2 (4 - 2 + 1)(1 - 2 / 4) = 3.
    assert fair["vr"] == pytest.approx((9 / 3) / (18 / 3))
    assert plain["m1"] == pytest.approx(-0.75 / np.sqrt(1 / 4))  # 2 (3)(1) / (3 * 2 * 4)
    assert plain["m2"] == pytest.approx(-0.75 / np.sqrt(81 / 18**2))
    # Signs 1, 1, -1, 1: sums of two 2, 0, 0 squared are 4 by 2, against 4.
    assert plain["s1"] == pytest.approx((0.5 - 1) / np.sqrt(1 / 4))
    # Ranks 2.5, 2.5, 1, 4, less 2.5: 0, 0, -1.5, 1.5; sums of two 0, -1.5, 0.  Their scale cancels.
    assert plain["r1"] == pytest.approx((2.25 / (2 * 4.5) - 1) / np.sqrt(1 / 4))


def test_a_random_walk_is_not_rejected_too_often() -> None:
    """Five percent of 300 samples, give or take three standard errors."""
    rng = np.random.default_rng(11)
    walks = np.exp(0.01 * rng.normal(size=(300, 400)).cumsum(axis=1))
    tables = [variance_ratio(pd.Series(walk), [2, 5]).table for walk in walks]
    for name in ("p1", "p2"):
        share = np.mean([table[name] < 0.05 for table in tables])
        assert abs(share - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 300)


def test_trend_and_reversal_have_their_side() -> None:
    rng = np.random.default_rng(3)
    noise = rng.normal(size=3000)
    for rho, above in ((0.3, True), (-0.3, False)):
        r = np.zeros(3000)
        for t in range(1, 3000):
            r[t] = rho * r[t - 1] + noise[t]
        table = variance_ratio(pd.Series(np.exp(0.01 * r.cumsum())), [2, 8]).table
        # VR(2) of an autoregression is 1 + rho.
        assert table.loc[2, "vr"] == pytest.approx(1 + rho, abs=0.06)
        assert (table["vr"] > 1).eq(above).all()
        assert (table[["p1", "p2"]] < 1e-6).all(axis=None)
        assert (table[["r1", "r2", "s1"]] * (1 if above else -1) > 3).all(axis=None)


@settings(max_examples=30, deadline=None)
@given(end=st.integers(0, 839), n=st.integers(3, 120), k=st.integers(2, 20))
def test_rolling_is_the_ratio_of_its_window(sp500: pd.Series, end: int, n: int, k: int) -> None:
    """Rolling ratios of the S&P 500 against the variance ratio of each window alone, to 1e-10."""
    k = min(k, n - 1)
    rolling = rolling_variance_ratio(sp500, n, k)
    assert rolling.iloc[:n].isna().all()
    if end < n:
        assert np.isnan(rolling.iloc[end])
        return
    alone = variance_ratio(sp500.iloc[end - n : end + 1], [k])
    assert alone.nobs == n
    assert rolling.iloc[end] == pytest.approx(alone.table.loc[k, "vr"], rel=1e-10)


@settings(max_examples=30, deadline=None)
@given(cut=st.integers(1, 839), n=st.integers(3, 120), factor=st.floats(0.2, 5))
def test_no_look_ahead(sp500: pd.Series, cut: int, n: int, factor: float) -> None:
    whole = rolling_variance_ratio(sp500, n)
    changed = rolling_variance_ratio(sp500.where(np.arange(840) < cut, sp500 * factor), n)
    deleted = rolling_variance_ratio(sp500.iloc[:cut], n)
    np.testing.assert_array_equal(whole.iloc[:cut], deleted)
    np.testing.assert_array_equal(whole.iloc[:cut], changed.iloc[:cut])


def test_a_straight_rise_has_no_variance() -> None:
    rise = pd.Series(np.geomspace(1, 9, 50), name="rise")
    assert rolling_variance_ratio(rise, 10).isna().all()
    with pytest.raises(DataError, match="rise: every return is the same"):
        variance_ratio(rise)


def test_summary(rates: pd.DataFrame) -> None:
    found = variance_ratio(rates["jp"], HORIZONS, debiased=False)
    text = str(found.summary())
    assert text.startswith("Variance ratios, 1138 returns, variances not corrected for bias")
    for name in ("vr", "m2", "s1"):
        assert f"{found.table.loc[5, name]:.4f}" in text


def test_figure(rates: pd.DataFrame) -> None:
    """The figure shows the ratios of the table, with 1.96 robust standard errors either way."""
    found = variance_ratio(rates["jp"], HORIZONS)
    (ax,) = found.plot().axes
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), found.table["vr"])
    (low, high), *_ = (path[:, 1] for path in ax.collections[0].get_segments())
    row = found.table.loc[2]
    assert high - low == pytest.approx(2 * 1.959963985 * (row["vr"] - 1) / row["m2"])


def test_refusals(sp500: pd.Series) -> None:
    for wrong in ([], [1], [2, 839]):
        with pytest.raises(SpecificationError, match="with 839 returns; choose some from 2 to 838"):
            variance_ratio(sp500, wrong)
    for n, k in ((10, 1), (10, 10)):
        with pytest.raises(SpecificationError, match="choose k from 2 to n - 1"):
            rolling_variance_ratio(sp500, n, k)
    with pytest.raises(DataError, match="sp500 of 1950-01 is nan"):
        variance_ratio(sp500.where(sp500.index != sp500.index[0]))
