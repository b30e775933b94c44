"""Range-bound states and trading ranges: known levels, limits, an oracle, nothing from the future."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from capstar.cli.market import market
from capstar.errors import DataError, SpecificationError
from capstar.markets.indicators import average_true_range, choppiness, directional_index
from capstar.markets.rallies import rallies
from capstar.markets.ranges import in_range, plot_ranges, range_bound, trading_ranges
from capstar.markets.variance_ratio import variance_ratio


def sp500() -> pd.DataFrame:
    from arch.data import sp500 as embedded

    return embedded.load().rename(columns=str.lower)[["open", "high", "low", "close"]]


def dated(values: Any) -> pd.Series:
    return pd.Series(np.asarray(values, float), pd.bdate_range("2000-01-03", periods=len(values)), name="x")


def zigzag(*turns: float) -> pd.Series:
    """Steps of one between turning points, so that the average true range is one."""
    legs = [np.arange(a, b, np.sign(b - a)) for a, b in itertools.pairwise(turns)]
    return dated(np.concatenate([*legs, [turns[-1]]]))


def test_levels_of_a_zigzag_are_known_when_they_can_be() -> None:
    """Lows of 100 at bars 5, 25, 45, highs of 110 at 15, 35, 55; each is known two bars later."""
    prices = zigzag(105, 100, 110, 100, 110, 100, 110, 90)
    table = trading_ranges(prices, pivot=2, n=5)
    bar = np.arange(len(prices))
    known = (bar >= 27) & (bar < 66)  # 99, at bar 66, is through 100
    np.testing.assert_array_equal(table["support"], np.where(known, 100.0, np.nan))
    np.testing.assert_array_equal(table["resistance"], np.where(bar >= 37, 110.0, np.nan))
    np.testing.assert_array_equal(table["support_touches"], np.where(known, np.where(bar >= 47, 3, 2), 0))
    np.testing.assert_array_equal(
        table["resistance_touches"], np.where(bar >= 37, np.where(bar >= 57, 3, 2), 0)
    )
    assert table["support_since"].dropna().unique() == prices.index[[5]]
    assert table["resistance_since"].dropna().unique() == prices.index[[15]]
    np.testing.assert_array_equal(table["trading_range"], (bar >= 37) & (bar < 66))
    assert table["range_since"].dropna().unique() == prices.index[[37]]
    assert table["range_since"].notna().sum() == 66 - 37


def test_a_level_is_the_mean_of_its_touches() -> None:
    prices = zigzag(105, 100, 110, 101, 111, 104)
    merged = trading_ranges(prices, pivot=2, n=5, tolerance=1.0, breach=1.0).iloc[-1]
    assert (merged["support"], merged["resistance"]) == (100.5, 110.5)
    through = trading_ranges(prices, pivot=2, n=5, tolerance=1.0, breach=0.9)
    assert through["resistance"].isna().all()  # a close of 111 was through 110
    apart = trading_ranges(prices, pivot=2, n=5, tolerance=0.9, breach=1.0).iloc[-1]
    assert np.isnan(apart["support"])
    assert apart["resistance_touches"] == 0
    single = trading_ranges(prices, pivot=2, n=5, tolerance=0.9, touches=1, breach=1.0).iloc[-1]
    assert (single["support"], single["resistance"]) == (101.0, 110.0)  # the highest, the lowest


def test_a_break_below_the_highest_support_leaves_the_next() -> None:
    prices = zigzag(105, 100, 110, 100, 120, 110, 120, 110, 115, 105)
    table = trading_ranges(prices, pivot=2, n=5)
    first = table["support"].drop_duplicates().dropna()
    assert first.tolist() == [100.0, 110.0]
    assert table["support"].iloc[-1] == 100.0
    deeper = trading_ranges(prices, pivot=2, n=5, breach=4.5)
    assert deeper["support"].iloc[-2] == 110.0
    assert deeper["support"].iloc[-1] == 100.0  # 105 is more than 4.5 below 110


def test_width_is_asked_for_at_the_beginning_alone() -> None:
    prices = zigzag(105, 100, 110, 100, 110, 100, 110, 105)
    assert trading_ranges(prices, pivot=2, n=5, width=10.0)["trading_range"].any()
    assert not trading_ranges(prices, pivot=2, n=5, width=10.1)["trading_range"].any()
    # Steps of three from bar 60 on: the average true range grows, the levels stay, and so does the range.
    wilder = dated(np.concatenate([prices.iloc[:60], [108, 105, 108, 105, 108, 105, 108, 105]]))
    table = trading_ranges(wilder, pivot=2, n=5, width=6.0)
    assert (6.0 * average_true_range(wilder, 5) > 10.0).iloc[-1]
    assert table["trading_range"].iloc[-1]


def slow_levels(bars: pd.DataFrame, pivot: int, tolerance: float, touches: int, breach: float) -> Any:
    """Support and resistance at the last bar, from the definition: lists of touches, both sides written out."""
    atr = average_true_range(bars, 14).to_numpy()
    high, low, close = (bars[name].tolist() for name in ("high", "low", "close"))
    floors: list[list[float]] = []
    ceilings: list[list[float]] = []
    for t in range(14, len(bars)):
        floors = [x for x in floors if close[t] >= np.mean(x) - breach * atr[t]]
        ceilings = [x for x in ceilings if close[t] <= np.mean(x) + breach * atr[t]]
        p = t - pivot
        if p < pivot:
            continue
        for levels, price, is_turn in (
            (floors, low[p], low[p] < min(low[p - pivot : p]) and low[p] <= min(low[p + 1 : t + 1])),
            (ceilings, high[p], high[p] > max(high[p - pivot : p]) and high[p] >= max(high[p + 1 : t + 1])),
        ):
            if is_turn:
                gaps = [abs(np.mean(x) - price) for x in levels]
                if gaps and min(gaps) <= tolerance * atr[t]:
                    levels[int(np.argmin(gaps))].append(price)
                else:
                    levels.append([price])
    support = max((np.mean(x) for x in floors if len(x) >= touches), default=np.nan)
    return support, min((np.mean(x) for x in ceilings if len(x) >= touches), default=np.nan)


@pytest.mark.parametrize("rule", [(5, 1.0, 2, 0.5), (3, 0.5, 3, 0.0)])
def test_levels_equal_the_definition_on_the_sp500(rule) -> None:
    bars = sp500().loc["2008-06":"2010-05"]
    pivot, tolerance, touches, breach = rule
    table = trading_ranges(bars, pivot, tolerance, touches, breach=breach)
    assert table[["support", "resistance"]].nunique().min() >= 2
    for t in range(20, len(bars), 13):
        slow = slow_levels(bars.iloc[: t + 1], *rule)
        # Means of the same numbers, added in another order.
        np.testing.assert_allclose(table[["support", "resistance"]].iloc[t].astype(float), slow, rtol=1e-12)


@settings(max_examples=15, deadline=None)
@given(cut=st.integers(40, 1200), closes=st.booleans(), factor=st.floats(0.5, 2.0))
def test_nothing_known_changes_with_later_data(cut: int, closes: bool, factor: float) -> None:
    """Later data deleted, or altered."""
    bars = sp500().loc["2007":"2011"]
    given_bars = bars["close"] if closes else bars
    altered = given_bars.copy()
    altered.iloc[cut:] *= factor
    for states in (range_bound, trading_ranges):
        known = states(given_bars).iloc[:cut]
        pd.testing.assert_frame_equal(states(given_bars.iloc[:cut]), known, check_exact=True)
        pd.testing.assert_frame_equal(states(altered).iloc[:cut], known, check_exact=True)


def test_scale_does_not_matter() -> None:
    bars = sp500().loc["2007":"2009"]
    ours, scaled = trading_ranges(bars), trading_ranges(bars * 4.0)  # a power of two is exact
    levels = ["support", "resistance"]
    pd.testing.assert_frame_equal(scaled[levels], ours[levels] * 4.0, check_exact=True)
    pd.testing.assert_frame_equal(scaled.drop(columns=levels), ours.drop(columns=levels), check_exact=True)
    pd.testing.assert_series_equal(range_bound(bars)["range_bound"], range_bound(bars * 4.0)["range_bound"])


def test_state_is_the_vote_of_the_three_signs() -> None:
    bars = sp500().loc["2003":"2006"]
    table = range_bound(bars)
    pd.testing.assert_series_equal(table["choppiness"], choppiness(bars, 14))
    pd.testing.assert_series_equal(table["adx"], directional_index(bars, 14)["adx"])
    last = variance_ratio(bars["close"].iloc[-71:], [14]).table["vr"].iloc[0]
    assert table["variance_ratio"].iloc[-1] == pytest.approx(last, rel=1e-10)
    votes = (table["choppiness"] > 61.8).astype(int) + (table["adx"] < 20) + (table["variance_ratio"] <= 1)
    shares = []
    for needed in (1, 2, 3):
        state = range_bound(bars, votes=needed)["range_bound"]
        np.testing.assert_array_equal(state, votes >= needed)
        shares.append(state.mean())
    assert shares[0] > shares[1] > shares[2] > 0
    assert not table["range_bound"].iloc[:14].any()


def flagged(drift: float, pull: float, shocks: np.ndarray) -> tuple[float, float]:
    """Share of bars range-bound, and in a trading range, over paths of log prices with unit-less steps."""
    bound, ranging = [], []
    for path in shocks:
        level = np.zeros(len(path))
        for t in range(1, len(path)):
            level[t] = (1 - pull) * level[t - 1] + drift + path[t]
        prices = dated(100 * np.exp(0.01 * level))
        bound.append(range_bound(prices)["range_bound"].iloc[100:].mean())
        ranging.append(trading_ranges(prices)["trading_range"].iloc[100:].mean())
    return float(np.mean(bound)), float(np.mean(ranging))


def test_flags_fall_with_drift_over_volatility_and_rise_with_mean_reversion() -> None:
    shocks = np.random.default_rng(5).standard_normal((10, 1500))
    walks = [flagged(drift, 0.0, shocks) for drift in (0.0, 0.1, 0.2, 0.4, 0.8)]
    reverting = [flagged(0.0, pull, shocks) for pull in (0.02, 0.05, 0.1, 0.2)]
    for state in (0, 1):
        falling, rising = [x[state] for x in walks], [x[state] for x in reverting]
        assert all(a > b for a, b in itertools.pairwise(falling)), falling
        assert all(a < b for a, b in itertools.pairwise(rising)), rising
        assert rising[0] > falling[1]
        assert falling[-1] < 0.01


@pytest.mark.parametrize("period", [7, 10, 14, 25])
def test_a_sine_is_a_range(period: int) -> None:
    prices = dated(100 + 10 * np.sin(2 * np.pi * np.arange(20 * period) / period))
    assert range_bound(prices, n=period)["range_bound"].iloc[8 * period :].all()
    table = trading_ranges(prices, pivot=max(2, period // 5)).iloc[8 * period :]
    assert table["trading_range"].all()
    assert (table["support"] <= prices.iloc[8 * period :].min() + 1e-9).all()
    assert (table["resistance"] >= prices.max() - 1e-9).all()


@pytest.mark.parametrize("growth", [0.02, 0.0003, -0.01])
def test_an_exponential_never_is(growth: float) -> None:
    close = dated(100 * np.exp(growth * np.arange(400)))
    ohlc = pd.DataFrame({"high": close * 1.001, "low": close * 0.999, "close": close})
    for bars in (close, ohlc if abs(growth) > 0.001 else close):
        assert not range_bound(bars)["range_bound"].any()
        assert not trading_ranges(bars, touches=1)["trading_range"].any()


def test_a_price_that_never_moves_has_no_levels() -> None:
    still = dated(np.full(100, 50.0))
    assert trading_ranges(still)[["support", "resistance"]].isna().all(axis=None)
    assert range_bound(still)[["choppiness", "variance_ratio"]].isna().all(axis=None)


def test_monthly_closes(reference) -> None:
    prices = pd.read_csv(reference("predictability/bull_bear/sp500_monthly_states.csv"))
    close = next(prices[c] for c in prices if prices[c].dtype == float)
    monthly = pd.Series(close.to_numpy(), pd.period_range("1950-01", periods=len(close), freq="M"))
    table = trading_ranges(monthly, pivot=3)
    assert isinstance(table["range_since"].dtype, pd.PeriodDtype)
    assert 0.05 < table["trading_range"].mean() < 0.95
    short = trading_ranges(monthly.iloc[:6])
    assert short["support"].isna().all()
    assert not short["trading_range"].any()


def test_what_cannot_be_meant_is_refused() -> None:
    prices = zigzag(105, 100, 110)
    for option in ({"pivot": 0}, {"touches": 0}, {"tolerance": -1.0}, {"breach": -0.1}):
        with pytest.raises(SpecificationError, match=f"{next(iter(option))}=.*at least"):
            trading_ranges(prices, **option)
    with pytest.raises(SpecificationError, match="votes=4; there are three signs"):
        range_bound(prices, votes=4)
    with pytest.raises(SpecificationError, match="window=10 must exceed n=14"):
        range_bound(prices, window=10)
    with pytest.raises(DataError, match=r"columns \['high', 'low'\] are missing"):
        trading_ranges(prices.to_frame("close"))


def test_figure_shades_the_ranges() -> None:
    from matplotlib.collections import PolyCollection

    prices = zigzag(105, 100, 110, 100, 110, 100, 110, 90)
    levels = trading_ranges(prices, pivot=2, n=5)
    (ax,) = plot_ranges(prices, levels).axes
    (shade,) = [x for x in ax.collections if isinstance(x, PolyCollection)]
    box = shade.get_paths()[0].get_extents()
    assert (box.y0, box.y1) == (100.0, 110.0)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), prices)
    np.testing.assert_array_equal(in_range(levels), levels["trading_range"])


def command(*arguments: object) -> Any:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(market)

    @app.callback()
    def options(context: typer.Context) -> None:
        context.obj = {"debug": False}

    return CliRunner().invoke(app, ["market", *map(str, arguments)])


def test_command_prints_the_states_now(tmp_path) -> None:
    """Every figure against the library's own."""
    bars = sp500()
    bars.rename_axis("date").to_csv(tmp_path / "p.csv")
    done = command("--prices", tmp_path / "p.csv", "--plot", tmp_path / "p.png")
    assert done.exit_code == 0, done.output
    lines = {line[:20].strip(): line[20:] for line in done.output.splitlines() if line[:20].strip()}
    assert lines["last price"] == "2506.85, 2018-12-31, 5031 bars from 1999-01-04"
    year = 100 * (bars["close"].iloc[-1] / bars["close"].iloc[-1 - 252] - 1)
    assert f"{year:+.1f} % over 12 months (252 bars)" in lines["rate of change"]
    assert lines["swing"].startswith("bull market since the trough of 2009-03-09 at 676.53, known 2009-03-23")
    last = rallies(bars["close"], range_bound=range_bound(bars)["range_bound"]).table.iloc[-1]
    assert f"from {last['start']:%Y-%m-%d} after a {last['after']}" in lines["last rally"]
    signs = range_bound(bars).iloc[-1]
    assert lines["range-bound"].startswith("yes" if signs["range_bound"] else "no")
    assert f"choppiness {signs['choppiness']:.1f}" in lines["range-bound"]
    level = trading_ranges(bars).iloc[-1]
    assert lines["trading range"] == (
        f"known since {level['range_since']:%Y-%m-%d}; support {level['support']:g}, touched 2 times since "
        f"{level['support_since']:%Y-%m-%d}; resistance {level['resistance']:g}, touched 2 times since "
        f"{level['resistance_since']:%Y-%m-%d}"
    )
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_command_with_little_and_with_bad_data(tmp_path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("date,close\n2020-01-31,100\n2020-02-28,101\n2020-03-31,99\n")
    done = command("--prices", path)
    assert done.exit_code == 0, done.output
    assert "-2.0 % over 1 month (1 bars)" in done.output
    for state in ("no turning point yet", "none", "not known: too few bars", "no range"):
        assert state in done.output
    path.write_text("date,close\n2020-01-31,100\n2020-02-28,-1\n")
    bad = command("--prices", path)
    assert bad.exit_code == 2
    assert "close of 2020-02-28 is -1.0; a price is positive" in bad.output
    nowhere = command("--prices", path, "--plot", tmp_path / "no" / "p.png")
    assert nowhere.exit_code == 2
    assert "does not exist" in nowhere.output
