"""Range trading: ledgers by hand, accounts that close, the limit of buying and holding, no look-ahead."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, load_module
from hypothesis import given, settings
from hypothesis import strategies as st

from capstar.data.sources.french import parse_french
from capstar.errors import DataError, SpecificationError
from capstar.markets.range_trading import HOLD, STRATEGY, RangeTrading
from capstar.markets.ranges import trading_ranges

KEEP = 0.999  # after 10 basis points
#         0    1    2    3    4    5    6    7    8   9   10   11   12   13
CLOSES = [105, 103, 102, 101, 104, 108, 109, 102, 101, 99, 98, 101, 102, 103]


def sp500() -> pd.DataFrame:
    from arch.data import sp500 as embedded

    return embedded.load().rename(columns=str.lower)[["open", "high", "low", "close"]]


def dated(values: Any) -> pd.Series:
    return pd.Series(np.asarray(values, float), pd.bdate_range("2000-01-03", periods=len(values)), name="x")


def between(bars: pd.Series | pd.DataFrame, support: float, resistance: float) -> pd.DataFrame:
    return pd.DataFrame({"support": support, "resistance": resistance}, bars.index)


def by_hand(**options: Any) -> RangeTrading:
    """Range 100 to 110: bought at a close of 102 or less, sold at 108 or more, stopped below 100."""
    prices = dated(CLOSES)
    return RangeTrading(prices, between(prices, 100.0, 110.0), **{"zone": 0.2, "stop": 0.0} | options)


def test_ledger_by_hand() -> None:
    """Signals at bars 2, 7, 11, each carried out at the close after; sold at 6, stopped at 10, still held."""
    found = by_hand().backtest(n_replications=0)
    day = found.close.index
    expected = pd.DataFrame(
        {
            "signal": day[[2, 7, 11]],
            "entry": day[[3, 8, 12]],
            "entry_price": [101.0, 101.0, 102.0],
            "support": 100.0,
            "resistance": 110.0,
            "target": 108.0,
            "stop": 100.0,
            "exit_signal": [day[5], day[9], pd.NaT],
            "exit": [day[6], day[10], pd.NaT],
            "exit_price": [109.0, 98.0, 103.0],
            "reason": ["resistance", "stop", "open"],
            "bars": [3, 2, 1],
            "gross": [100 * (109 / 101 - 1), 100 * (98 / 101 - 1), 100 * (103 / 102 - 1)],
            "net": [
                100 * (109 / 101 * KEEP**2 - 1),
                100 * (98 / 101 * KEEP**2 - 1),
                100 * (103 / 102 * KEEP - 1),
            ],
        }
    )
    pd.testing.assert_frame_equal(found.ledger, expected, rtol=1e-14, check_dtype=False)
    wealth = [1.0, 1.0, 1.0, KEEP]
    wealth += [KEEP * 104 / 101, KEEP * 108 / 101, KEEP**2 * 109 / 101, KEEP**2 * 109 / 101]
    sold = wealth[-1]
    wealth += [sold * KEEP, sold * KEEP * 99 / 101, sold * KEEP**2 * 98 / 101]
    stopped = wealth[-1]
    wealth += [stopped, stopped * KEEP, stopped * KEEP * 103 / 102]
    np.testing.assert_allclose(found.equity[STRATEGY], wealth, rtol=1e-14)
    np.testing.assert_allclose(found.equity[HOLD], [1, *(KEEP * np.array(CLOSES[1:]) / 103)], rtol=1e-14)
    held = [0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1]
    np.testing.assert_array_equal(found.position, np.array(held, bool))
    assert found.costs == pytest.approx(100 * (1 - KEEP**5), rel=1e-12)
    top = KEEP * 108 / 101
    assert top < sold
    assert found.drawdown[STRATEGY].min() == pytest.approx(100 * (stopped * KEEP / sold - 1), rel=1e-12)


def test_trades_at_the_next_open() -> None:
    prices = dated(CLOSES)
    bars = pd.DataFrame({"open": prices.shift(1).fillna(105) + 0.5, "close": prices})
    bars["high"], bars["low"] = bars.max(axis=1), bars.min(axis=1)
    found = replace(by_hand(), bars=bars, execution="open").backtest(n_replications=0)
    assert found.ledger["entry_price"].tolist() == [102.5, 102.5, 101.5]
    assert found.ledger["exit_price"].tolist() == [108.5, 99.5, 103.0]
    steps = found.returns[STRATEGY].to_numpy() + 1
    assert steps[3] == pytest.approx(KEEP * 101 / 102.5, rel=1e-14)
    assert steps[4] == pytest.approx(104 / 101, rel=1e-14)
    assert steps[6] == pytest.approx(KEEP * 108.5 / 108, rel=1e-14)
    assert steps[7] == 1.0
    held = found.returns[HOLD].to_numpy() + 1
    assert held[1] == pytest.approx(KEEP * 103 / 105.5, rel=1e-14)


def test_no_trade_outside_a_range_and_none_below_the_stop() -> None:
    outside = by_hand()
    assert outside.levels is not None
    never = replace(outside, levels=outside.levels.assign(trading_range=False)).backtest(n_replications=0)
    assert never.ledger.empty
    assert (never.equity[STRATEGY] == 1.0).all()
    assert never.costs == 0.0
    assert "trades 0" in str(never.summary())
    falling = dated([105, 99, 98, 97, 96, 95])
    below = RangeTrading(falling, between(falling, 100.0, 110.0), stop=0.0).backtest(n_replications=0)
    assert below.ledger.empty


def test_stop_is_in_average_true_ranges_below_support() -> None:
    """Closes move by one a bar: a stop of 1.5 ranges is at 98.5, so that 99 holds and 98 does not."""
    prices = dated([105, 104, 103, 102, 101, 100, 99, 100, 99, 98, 97, 96])
    rule = RangeTrading(prices, between(prices, 100.0, 110.0), zone=0.1, stop=1.5, n=3)
    ledger = rule.backtest(n_replications=0).ledger
    assert ledger["stop"].tolist() == [98.5]
    assert ledger["entry_price"].tolist() == [100.0]
    assert ledger["exit_signal"].tolist() == [prices.index[9]]
    assert ledger["exit_price"].tolist() == [97.0]


def test_idle_money_earns_cash() -> None:
    prices = dated(CLOSES)
    cash = pd.Series(np.arange(1.0, 15.0), prices.index)
    plain, paid = (by_hand(cash=c).backtest(n_replications=0) for c in (None, cash))
    # Bars begun without the asset, the first apart, which earns nothing.
    idle = [1, 2, 3, 7, 8, 11, 12]
    ratio = (1 + paid.returns[STRATEGY]) / (1 + plain.returns[STRATEGY])
    expected = np.ones(14)
    expected[idle] = 1 + cash.to_numpy()[idle] / 100
    np.testing.assert_allclose(ratio, expected, rtol=1e-14)
    assert (
        paid.intervals.loc[f"Sharpe {STRATEGY}", "estimate"]
        < plain.intervals.loc[f"Sharpe {STRATEGY}", "estimate"]
    )


@pytest.mark.parametrize("execution", ["close", "open"])
def test_buying_and_holding_is_the_limit(execution) -> None:
    """Support at nothing, resistance out of reach: bought at once, never sold."""
    bars = sp500()
    found = RangeTrading(bars, between(bars, 0.0, 1e12), execution=execution).backtest(n_replications=0)
    assert found.ledger["reason"].tolist() == ["open"]
    np.testing.assert_array_equal(found.returns[STRATEGY], found.returns[HOLD])
    first = bars["close" if execution == "close" else "open"].iloc[1]
    assert found.equity[STRATEGY].iloc[-1] == pytest.approx(KEEP * bars["close"].iloc[-1] / first, rel=1e-12)


@pytest.mark.parametrize("execution", ["close", "open"])
def test_ledger_and_equity_are_one_account(execution) -> None:
    bars = sp500()
    found = RangeTrading(bars, execution=execution).backtest(n_replications=0)
    assert set(found.ledger["reason"]) >= {"resistance", "stop"}
    assert (1 + found.ledger["net"] / 100).prod() == pytest.approx(found.equity[STRATEGY].iloc[-1], rel=1e-11)
    free = RangeTrading(bars, execution=execution, cost_bp=0.0).backtest(n_replications=0)
    pd.testing.assert_series_equal(free.ledger["gross"], found.ledger["gross"])
    kept = found.equity[STRATEGY].iloc[-1] / free.equity[STRATEGY].iloc[-1]
    assert found.costs == pytest.approx(100 * (1 - kept), rel=1e-10)
    assert found.costs > 0
    opened = found.ledger["entry"].to_numpy()[1:]
    assert (opened >= found.ledger["exit"].to_numpy()[:-1]).all()


def test_every_trade_keeps_the_rules() -> None:
    bars = sp500()
    found = RangeTrading(bars).backtest(n_replications=0)
    levels, ledger = trading_ranges(bars), found.ledger
    close, day = bars["close"], bars.index
    pd.testing.assert_frame_equal(found.levels, levels)
    for trade in ledger.itertuples():
        then = levels.loc[trade.signal]
        assert then["trading_range"]
        assert (trade.support, trade.resistance) == (then["support"], then["resistance"])
        near = 0.2 * (trade.resistance - trade.support)
        assert close[trade.signal] <= trade.support + near
        assert day.get_loc(trade.entry) == day.get_loc(trade.signal) + 1
        assert day.get_loc(trade.exit) == day.get_loc(trade.exit_signal) + 1
        before = close[trade.entry : trade.exit_signal].iloc[:-1]
        assert ((before < trade.target) & (before >= trade.stop)).all()
        if trade.reason == "resistance":
            assert close[trade.exit_signal] >= trade.resistance - near
        else:
            assert close[trade.exit_signal] < trade.stop < trade.support


@settings(max_examples=12, deadline=None)
@given(cut=st.integers(60, 1200), factor=st.floats(0.5, 2.0))
def test_no_trade_knows_the_future(cut: int, factor: float) -> None:
    bars = sp500().loc["2007":"2011"]
    altered = bars.copy()
    altered.iloc[cut:] *= factor
    whole, short, other = (
        RangeTrading(x).backtest(n_replications=0) for x in (bars, bars.iloc[:cut], altered)
    )
    for found in (short, other):
        pd.testing.assert_series_equal(
            found.position.iloc[:cut], whole.position.iloc[:cut], check_exact=True, check_freq=False
        )
        pd.testing.assert_frame_equal(
            found.returns.iloc[:cut], whole.returns.iloc[:cut], check_exact=True, check_freq=False
        )
    begun = whole.ledger[whole.ledger["entry"] < bars.index[cut]].reset_index(drop=True)
    columns = ["signal", "entry", "entry_price", "support", "resistance", "target", "stop"]
    pd.testing.assert_frame_equal(short.ledger[columns], begun[columns], check_exact=True)


def reverting(seed: int, size: int = 3000) -> pd.Series:
    shocks, level = np.random.default_rng(seed).standard_normal(size), np.zeros(size)
    for t in range(1, size):
        level[t] = 0.9 * level[t - 1] + shocks[t]
    return dated(100 * np.exp(0.02 * level))


def test_it_pays_where_prices_revert_and_not_where_they_drift() -> None:
    won = RangeTrading(reverting(1)).backtest(n_replications=300)
    assert won.intervals.loc["growth difference", "low"] > 0
    assert won.verdict.startswith("Range trading pays: net of 10 bp")
    drift = dated(100 * np.exp(np.cumsum(0.001 + 0.01 * np.random.default_rng(2).standard_normal(6000))))
    lost = RangeTrading(drift).backtest(n_replications=300)
    assert lost.intervals.loc["growth difference", "high"] < 0
    assert "loses to buying and holding" in lost.verdict


def test_verdict_admits_that_it_cannot_tell() -> None:
    found = RangeTrading(reverting(3, 300)).backtest(n_replications=50)
    table = found.intervals.copy()
    table.loc["growth difference"] = [1.0, -2.0, 4.0]
    assert "is not shown to pay" in replace(found, intervals=table).verdict
    table.loc["growth difference"] = [-1.0, -4.0, 2.0]
    assert "does not pay" in replace(found, intervals=table).verdict


def test_intervals_of_independent_returns_are_the_normal_ones() -> None:
    """Mean log return of white noise: its standard error is known; 2,000 draws leave three percent."""
    rng = np.random.default_rng(8)
    prices = dated(100 * np.exp(np.cumsum(0.01 * rng.standard_normal(2500))))
    found = RangeTrading(prices, cost_bp=0.0).backtest(n_replications=2000, block=1, level=0.9)
    log = np.log1p(found.returns[HOLD].iloc[1:])
    year = 365.25 * 2499 / (prices.index[-1] - prices.index[0]).days
    row = found.intervals.loc[f"growth {HOLD}"]
    assert row["estimate"] == pytest.approx(100 * year * log.mean(), rel=1e-10)
    half = 1.6449 * 100 * year * log.std() / np.sqrt(len(log))
    assert (row["high"] - row["low"]) / 2 == pytest.approx(half, rel=0.06)
    sharpe = found.intervals.loc[f"Sharpe {HOLD}", "estimate"]
    simple = found.returns[HOLD].iloc[1:]
    assert sharpe == pytest.approx(np.sqrt(year) * simple.mean() / simple.std(ddof=0), rel=1e-10)
    for what in ("growth", "Sharpe"):
        parts = found.intervals.loc[[f"{what} {STRATEGY}", f"{what} {HOLD}"], "estimate"]
        gap = found.intervals.loc[f"{what} difference", "estimate"]
        assert gap == pytest.approx(parts.iloc[0] - parts.iloc[1], abs=1e-12)


def test_seed_gives_the_intervals_and_blocks_can_be_chosen() -> None:
    rule = RangeTrading(sp500().loc["2007":"2009"])
    one, same, other, long = (
        rule.backtest(n_replications=100, **o).intervals for o in ({}, {}, {"seed": 1}, {"block": 60})
    )
    pd.testing.assert_frame_equal(one, same, check_exact=True)
    assert not one["low"].equals(other["low"])
    assert long.attrs["block"] == 60
    assert one.attrs["block"] >= 1
    assert (one["low"] <= one["estimate"]).all()
    assert (one["estimate"] <= one["high"]).all()
    assert rule.backtest(n_replications=0).intervals[["low", "high"]].isna().all(axis=None)


def test_summary_and_figure() -> None:
    found = RangeTrading(sp500()).backtest(n_replications=100)
    text = str(found.summary())
    assert "1999-01-04 to 2018-12-31, 5031 bars" in text
    assert f"trades {len(found.ledger)} (stopped {(found.ledger['reason'] == 'stop').sum()}" in text
    assert found.summary().notes[-1] == found.verdict
    with pytest.raises(FrozenInstanceError):
        found.cost_bp = 0.0  # type: ignore[misc]
    price, wealth = found.plot().axes
    lines = {line.get_label(): line for line in price.lines}
    np.testing.assert_array_equal(lines["close"].get_ydata(), found.close)
    np.testing.assert_array_equal(lines["buy"].get_ydata(), found.ledger["entry_price"])
    for label, reason in (("sell", "resistance"), ("stop", "stop")):
        rows = found.ledger[found.ledger["reason"] == reason]
        np.testing.assert_array_equal(lines[label].get_ydata(), rows["exit_price"])
        assert lines[label].get_xdata().tolist() == rows["exit"].tolist()
    (shade,) = price.collections
    assert len(shade.get_paths()) > 20
    np.testing.assert_array_equal(wealth.lines[0].get_ydata(), found.equity[STRATEGY])
    assert "net of 10 bp" in wealth.get_title(loc="left")


def test_monthly_periods_run_and_are_drawn() -> None:
    monthly = sp500()["close"].groupby(sp500().index.to_period("M")).last()
    found = RangeTrading(monthly, trading_ranges(monthly, pivot=2, width=1.0)).backtest(n_replications=0)
    year = found.intervals.loc[f"growth {HOLD}", "estimate"]
    total = 100 * np.log(monthly.iloc[-1] / monthly.iloc[1] * KEEP)
    assert year == pytest.approx(total / ((len(monthly) - 1) / 12), rel=2e-3)
    assert len(found.plot().axes) == 2
    assert "1999-01 to 2018-12, 240 bars" in str(found.summary())


def test_what_cannot_be_meant_is_refused() -> None:
    prices = dated(CLOSES)
    for options, message in (
        ({"zone": 0.5}, "zone=0.5"),
        ({"stop": -1.0}, "neither is negative"),
        ({"cost_bp": -1.0}, "neither is negative"),
        ({"execution": "now"}, "execution='now'; choose one of"),
    ):
        with pytest.raises(SpecificationError, match=message):
            by_hand(**options).backtest()
    for rule, message in (
        (RangeTrading(prices, execution="open"), "no column 'open'"),
        (RangeTrading(prices.iloc[:2]), "2 rows on a DatetimeIndex"),
        (RangeTrading(prices.reset_index(drop=True)), "14 rows on a RangeIndex"),
        (RangeTrading(prices, between(prices[1:], 0.0, 1.0)), "levels and bars are on different dates"),
        (RangeTrading(prices, pd.DataFrame({"support": prices})), r"columns \['resistance'\] are missing"),
        (RangeTrading(prices, cash=prices[1:]), "cash and bars are on different dates"),
        (RangeTrading(prices, cash=prices.where(prices > 100)), "cash: 2000-01-14.*has no value"),
    ):
        with pytest.raises(DataError, match=message):
            rule.backtest()


@pytest.fixture
def study() -> Any:
    return load_module(ROOT / "research/range_trading/reproduce.py")


def test_committed_table_is_what_the_study_gives_for_embedded_prices(study) -> None:
    """Four decimals are committed."""
    committed = pd.read_csv(study.COMMITTED, index_col=["market", "rule"])
    ours = {
        rule: study.row(
            "S&P 500", rule, study.backtest(study.embedded()["S&P 500"], rule, n_replications=1000, seed=2026)
        )
        for rule in ("as given", "stop of two true ranges")
    }
    for rule, row in ours.items():
        there = committed.loc[("S&P 500", rule)]
        for name in there.index:
            here = pytest.approx(row[name], abs=6e-5) if isinstance(row[name], float) else row[name]
            assert there[name] == here, (rule, name)


def test_committed_table_says_that_it_does_not_pay(study) -> None:
    committed = pd.read_csv(study.COMMITTED, index_col=["market", "rule"])
    assert len(committed) == 9 * len(study.RULES)
    assert (committed["difference"] < 0).all()
    given = committed.xs("as given", level="rule")
    assert (given["high"] < 0).sum() == 7
    assert (given["sharpe_high"] < 0).sum() == 8
    others = committed[~committed.index.get_level_values("rule").isin(["as given", "no costs"])]
    assert len(others) == 54
    assert (others["sharpe_difference"] > 0).sum() == 2
    assert (others["sharpe_low"] < 0).all()
    says = study.verdict(committed)
    assert "with the rules as given: wealth grows faster than held in 0 of 9 cases" in says
    assert "slower beyond chance in 7" in says


def test_size_portfolios_of_the_committed_table(study, reference) -> None:
    folder = reference("small_caps/size_portfolios_daily.csv.gz").parents[1]
    committed = pd.read_csv(study.COMMITTED, index_col=["market", "rule"])
    traded = study.markets(folder)
    assert list(traded) == list(dict.fromkeys(committed.index.get_level_values("market")))
    for name in ("Lo 20", "Hi 20, since 2000"):
        row = study.row(name, "as given", study.backtest(traded[name], "as given", n_replications=0, seed=0))
        there = committed.loc[(name, "as given")]
        for column in ("trades", "stopped", "growth", "growth_held", "difference", "sharpe", "drawdown_held"):
            assert row[column] == pytest.approx(there[column], abs=6e-5), column


def test_without_the_folder_the_library_is_asked(study, monkeypatch, tmp_path) -> None:
    """The library's layout: days as eight digits, percent."""
    head = "made of CRSP\n\n  Value Weighted Returns -- Daily\n"
    days = ["20240102", "20240103", "20240104"]
    size = (
        head + "," + ",".join(study.PORTFOLIOS) + "\n" + "".join(f"{d},1.0,2.0,3.0,4.0,5.0\n" for d in days)
    )
    factors = "made of CRSP\n\n,Mkt-RF,SMB,HML,RF\n" + "".join(f"{d},1.0,0.0,0.0,0.02\n" for d in days)
    bodies = dict(zip(study.LIBRARY, (size, factors), strict=True))
    monkeypatch.setattr(study, "french", lambda name: parse_french(bodies[name], name))
    found = study.size_portfolios(tmp_path)
    assert list(found) == list(study.PORTFOLIOS)
    np.testing.assert_allclose(found["Hi 20"].bars, [1.05, 1.05**2, 1.05**3], rtol=1e-14)
    assert found["Lo 20"].cash.tolist() == [0.02] * 3
    assert found["Lo 20"].bars.index[0] == pd.Timestamp("2024-01-02")
