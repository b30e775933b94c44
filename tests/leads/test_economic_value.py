"""Investor's gains: hand-computed ledgers, closed forms, real forecasts through an independent loop."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kurtosis, skew

from capstar.errors import DataError, DataWarning, SpecificationError
from capstar.leads import economic_value, economic_value_of_tilt, sharpe_ratio


@pytest.fixture(scope="module")
def market(reference) -> tuple[pd.Series, pd.Series, pd.DataFrame]:
    """Return, bill and stored forecasts of Rapach and Zhou (2013), decimals a month."""
    folder = "predictability/rapach_zhou2013/"
    raw = pd.read_csv(reference(folder + "monthly.csv"), index_col="month")
    forecasts = pd.read_csv(reference(folder + "oos_forecasts_golden.csv"), index_col="month")
    raw.index, forecasts.index = (pd.PeriodIndex(t.index, freq="M") for t in (raw, forecasts))
    bill = raw["rfree"].shift(1).rename("bill")  # the bill bought a month before
    return (
        raw["crsp_spvw"].loc["1926-12":],
        bill.loc["1926-12":],
        forecasts[["actual", "mean", "TBL", "SVAR"]],
    )


def ledger(asset, bill, forecast, *, gamma, bounds, cost, window):
    """The investor's account, kept month by month in dollars."""
    excess = asset - bill
    wealth, held, net, weights, turnover = 1.0, 0.0, [], [], []
    for month in forecast.index:
        past = excess.loc[: month - 1].iloc[-window:]
        variance = np.mean(past**2) - np.mean(past) ** 2
        weight = min(max(forecast[month] / (gamma * variance), bounds[0]), bounds[1])
        before = wealth
        traded = abs(weight * wealth - held)
        wealth -= cost / 1e4 * traded
        held = weight * wealth * (1 + asset[month])
        wealth = held + (1 - weight) * wealth * (1 + bill[month])
        net.append(wealth / before - 1)
        weights.append(weight)
        turnover.append(traded / before)
    return np.array(net), np.array(weights), np.array(turnover)


def test_account_kept_in_dollars(market) -> None:
    asset, bill, forecasts = market
    found = economic_value(asset, forecasts, bill, units="decimal", cost=50, risk_aversion=(2, 5), window=60)
    rows = found.table.set_index(["strategy", "risk_aversion"])
    certain = {}
    for key in rows.index:
        net, weights, turnover = ledger(
            asset, bill, forecasts[key[0]], gamma=key[1], bounds=(0, 1.5), cost=50, window=60
        )
        np.testing.assert_allclose(found.weights[key], weights, rtol=1e-8)
        np.testing.assert_allclose(found.returns[key] / 100, net, rtol=0, atol=1e-12)
        assert rows.loc[key, "turnover"] == pytest.approx(turnover.mean(), rel=1e-8)
        certain[key] = 1200 * (net.mean() - key[1] / 2 * net.var(ddof=1))
        assert rows.loc[key, "certainty_equivalent"] == pytest.approx(certain[key], rel=1e-8)
        gain = certain[key] - certain["mean", key[1]]
        assert rows.loc[key, "gain"] == pytest.approx(gain, abs=1e-8)
        excess = net - bill.loc[forecasts.index].to_numpy()
        assert rows.loc[key, "sharpe"] == pytest.approx(
            np.sqrt(12) * excess.mean() / excess.std(ddof=1), rel=1e-8
        )
    assert rows.loc[("mean", 5.0), ["gain_p", "sharpe_p"]].isna().all()
    assert "cost 50 basis points" in str(found.summary())


def test_three_quarters_by_hand() -> None:
    """Weights 1, 0.5 and 1 by their bounds, 100 basis points; returns 10, -20 and 5 percent, bill 1 percent."""
    index = pd.period_range("2000Q1", periods=35, freq="Q")
    asset = pd.Series([*([4.0, -2.0] * 16), 10.0, -20.0, 5.0], index, name="asset")
    bill = pd.Series(1.0, index, name="bill")
    forecasts = pd.DataFrame({"mean": 0.5, "other": [9.0] * 21 + [-9.0, 9.0]}, index[12:])
    found = economic_value(
        asset, forecasts, bill, bounds=(0.5, 1.0), cost=100, window=12, risk_aversion=[3], lags=0
    )
    net, held = found.returns["other", 3.0], found.weights["other", 3.0]
    assert list(held.iloc[-3:]) == [1.0, 0.5, 1.0]
    assert net.iloc[0] == pytest.approx(100 * (1.04 * 0.99 - 1))  # buys all of it
    assert net.iloc[-3] == pytest.approx(10.0)  # fully held before: nothing traded
    assert net.iloc[-2] == pytest.approx(100 * ((0.5 * 0.8 + 0.5 * 1.01) * (1 - 0.01 * 0.5) - 1))
    drifted = 0.5 * 0.8 / (0.5 * 0.8 + 0.5 * 1.01)
    assert net.iloc[-1] == pytest.approx(100 * (1.05 * (1 - 0.01 * (1 - drifted)) - 1))


def test_no_weight_knows_the_future(market) -> None:
    asset, bill, forecasts = market
    options = {"units": "decimal", "cost": 20, "risk_aversion": (3,)}
    whole = economic_value(asset, forecasts, bill, **options)
    cut = economic_value(asset.loc[:"1987-09"], forecasts.loc[:"1987-09"], bill.loc[:"1987-09"], **options)
    pd.testing.assert_frame_equal(whole.weights.loc[:"1987-09"], cut.weights, rtol=1e-9)
    pd.testing.assert_frame_equal(whole.returns.loc[:"1987-09"], cut.returns, rtol=1e-9)
    spoiled = asset.where(asset.index != pd.Period("1987-10", "M"), 0.9)
    other = economic_value(spoiled, forecasts, bill, **options)
    pd.testing.assert_frame_equal(whole.weights.loc[:"1987-10"], other.weights.loc[:"1987-10"], rtol=1e-9)
    assert (whole.weights.loc["1987-11"] != other.weights.loc["1987-11"]).all()


def test_percent_and_decimal_are_the_same_investor(market) -> None:
    asset, bill, forecasts = market
    one = economic_value(asset, forecasts, bill, units="decimal", risk_aversion=(1, 10))
    other = economic_value(100 * asset, 100 * forecasts, 100 * bill, risk_aversion=(1, 10))
    pd.testing.assert_frame_equal(one.table, other.table, rtol=1e-8)
    assert len(economic_value(asset, forecasts, bill, units="decimal").table) == 3 * 10


def test_costs_and_caution_cost(market) -> None:
    asset, bill, forecasts = market
    free, dear = (economic_value(asset, forecasts, bill, units="decimal", cost=c).table for c in (0, 50))
    assert (dear["certainty_equivalent"] < free["certainty_equivalent"]).all()
    assert (free.groupby("strategy")["weight"].diff().dropna() < 0).all()


def test_sharpe_error_in_closed_form(market) -> None:
    """Without autocovariances: (1 + S^2 (kurtosis - 1) / 4 - S skewness) / T; Lo's 1 + S^2 / 2 if normal."""
    asset, bill, _ = market
    excess = (asset - bill).to_numpy()
    n = len(excess)
    found = sharpe_ratio(excess, lags=0)
    s = excess.mean() / excess.std()
    expected = np.sqrt((1 + s**2 * (kurtosis(excess, fisher=False) - 1) / 4 - s * skew(excess)) / n)
    assert found.se == pytest.approx(expected, rel=1e-10)
    assert found.ratio == pytest.approx(excess.mean() / excess.std(ddof=1), rel=1e-12)
    from scipy.special import ndtri

    normal = 0.2 + ndtri((np.arange(20_000) + 0.5) / 20_000)
    lo = np.sqrt((1 + 0.2**2 / 2) / 20_000)
    assert sharpe_ratio(normal, lags=0).se == pytest.approx(lo, rel=1e-3)  # a grid, not quite normal


def test_sharpe_error_with_autocovariances(market) -> None:
    """Against statsmodels' GMM-like covariance of the two moments and a numerical gradient."""
    from statsmodels.regression.linear_model import OLS

    asset, bill, forecasts = market
    x, y = (asset - bill).loc["1957-01":].to_numpy(), forecasts["actual"].to_numpy() * 0.5 + 0.001
    found = sharpe_ratio(x, y, lags=6)
    moments = np.column_stack([x, x**2, y, y**2])

    def difference(m) -> float:
        return m[0] / np.sqrt(m[1] - m[0] ** 2) - m[2] / np.sqrt(m[3] - m[2] ** 2)

    center = moments.mean(axis=0)
    steps = 1e-6 * np.eye(4) * np.abs(center)
    gradient = [(difference(center + s) - difference(center - s)) / (2 * s.sum()) for s in steps]
    combined = OLS(moments @ np.array(gradient), np.ones(len(x)))
    expected = combined.fit(cov_type="HAC", cov_kwds={"maxlags": 6, "use_correction": False}).bse[0]
    assert found.se == pytest.approx(expected, rel=1e-6)  # truncation of the differences
    assert found.ratio == pytest.approx(sharpe_ratio(x).ratio - sharpe_ratio(y).ratio, rel=1e-10)


def test_size_of_the_difference() -> None:
    """Two correlated series with equal Sharpe ratios: 5 percent in 2-8 percent of 400 samples."""
    rng = np.random.default_rng(11)
    rejected = 0
    for _ in range(400):
        common, a, b = rng.standard_t(6, (3, 300))
        rejected += sharpe_ratio(0.1 + common + a, 2 * (0.1 + common + b)).p < 0.05
    assert 0.03 < rejected / 400 < 0.09


def test_nothing_held(market) -> None:
    asset, bill, forecasts = market
    gloom = forecasts[["mean"]].assign(never=-0.01)
    row = economic_value(asset, gloom, bill, units="decimal", risk_aversion=[5]).table.set_index("strategy")
    assert row.loc["never", ["weight", "turnover"]].eq(0).all()
    assert row.loc["never", ["sharpe", "sharpe_se", "sharpe_p"]].isna().all()
    assert row.loc["never", "certainty_equivalent"] == pytest.approx(
        1200 * (bill.loc["1957":].mean() - 2.5 * bill.loc["1957":].var())
    )


def test_log_forecasts_gain_half_the_variance(market) -> None:
    """Weights of the log forecasts are those of simple forecasts with half the past variance added by hand."""
    asset, bill, forecasts = market
    options = {"units": "decimal", "risk_aversion": (2,), "window": 60, "bounds": (-9.0, 9.0)}
    excess = asset - bill
    half = (excess.rolling(60).var(ddof=0) / 2).shift(1).loc[forecasts.index]
    by_hand = economic_value(asset, forecasts.add(half, axis=0), bill, **options)
    found = economic_value(asset, forecasts, bill, logs="log", **options)
    pd.testing.assert_frame_equal(found.weights, by_hand.weights, rtol=1e-10)
    plain = economic_value(asset, forecasts, bill, **options)
    # (f + v/2) / (2 v) = f / (2 v) + 1/4
    np.testing.assert_allclose(found.weights, plain.weights + 0.25, rtol=1e-8)
    with pytest.raises(SpecificationError, match="logs='yes'"):
        economic_value(asset, forecasts, bill, logs="yes", **options)


def test_mean_of_a_simple_return_is_that_of_its_log_and_half_its_variance() -> None:
    """Why: log-normal returns, the forecast their log mean; the correction is right, without it too low."""
    rng = np.random.default_rng(0)
    log = 0.02 + 0.1 * rng.standard_normal(100_000)
    simple = np.expm1(log)
    # Standard error 0.0003, third moments 0.0002.
    assert log.mean() + simple.var() / 2 == pytest.approx(simple.mean(), abs=0.001)
    assert simple.mean() - log.mean() > 0.004


@pytest.mark.parametrize("bounds", [(-1.0, 1.0), (0.0, 1.0)])
@pytest.mark.parametrize("logs", ["none", "log", "difference of logs"])
def test_tilt_kept_in_dollars(market, bounds: tuple[float, float], logs: str) -> None:
    """Two accounts, month by month: small and large caps, each trade paid on both sides."""
    small, large, forecasts = market
    large = (0.6 * small + np.random.default_rng(1).normal(0.003, 0.03, len(small))).rename("large")
    made = forecasts[["mean", "TBL"]] - 0.002
    found = economic_value_of_tilt(
        small, large, made, bounds=bounds, cost=30, window=60, risk_aversion=(3,), units="decimal", logs=logs
    )
    wealth, held, net = 1.0, 0.0, []
    for month in made.index:
        s, r = (one.loc[: month - 1].iloc[-60:] for one in (small, large))
        d = s - r
        added = {
            "none": 0.0,
            "log": d.var(ddof=0) / 2,
            "difference of logs": (s.var(ddof=0) - r.var(ddof=0)) / 2,
        }
        expected = made.loc[month, "TBL"] + added[logs]
        hedge = ((d - d.mean()) * (r - r.mean())).mean()
        weight = np.clip((expected / 3 - hedge) / d.var(ddof=0), *bounds)
        before = wealth
        wealth -= 2 * 0.003 * abs(weight * wealth - held)
        held, rest = weight * wealth * (1 + small[month]), (1 - weight) * wealth * (1 + large[month])
        wealth = held + rest
        net.append(wealth / before - 1)
        assert found.weights.loc[month, ("TBL", 3.0)] == pytest.approx(weight, rel=1e-7, abs=1e-10)
    np.testing.assert_allclose(found.returns["TBL", 3.0] / 100, net, rtol=0, atol=1e-10)
    weights = found.weights["TBL", 3.0]
    assert weights.between(*bounds).all()
    assert weights.nunique() > 20


def test_the_tilt_is_optimal_beside_large_caps() -> None:
    """No other constant weight has a higher certainty equivalent when the moments are the sample's own."""
    rng = np.random.default_rng(3)
    index = pd.period_range("1900-01", periods=1200, freq="M")
    large = pd.Series(rng.normal(0.005, 0.04, 1200), index, name="large")
    small = (1.2 * large + rng.normal(0.001, 0.03, 1200)).rename("small")
    d, gamma = small - large, 3.0
    best = (d.mean() / gamma - np.cov(d, large, ddof=0)[0, 1]) / d.var(ddof=0)
    certain = [
        (large + w * d).mean() - gamma / 2 * (large + w * d).var(ddof=0)
        for w in (best - 0.05, best, best + 0.05)
    ]
    assert np.argmax(certain) == 1
    made = pd.DataFrame({"mean": d.mean(), "other": 0.0}, index[-1:].union(index[-40:]))
    found = economic_value_of_tilt(
        small, large, made, window=1160, risk_aversion=(gamma,), cost=0, units="decimal", bounds=(-5, 5)
    )
    assert found.weights["mean", gamma].mean() == pytest.approx(best, abs=0.1)


def test_bad_input(market) -> None:
    asset, bill, forecasts = market

    def run(returns=asset, table=forecasts, **options):
        return economic_value(returns, table, bill, **{"units": "decimal"} | options)

    with pytest.raises(SpecificationError, match="positive risk aversion"):
        run(risk_aversion=[0])
    with pytest.raises(SpecificationError, match=r"bounds=\(1, 0\)"):
        run(bounds=(1, 0))
    with pytest.raises(SpecificationError, match="benchmark='average'"):
        run(benchmark="average")
    with pytest.raises(DataError, match=r"units='decimal'"):
        run(returns=100 * asset)
    with pytest.warns(DataWarning, match="set units='decimal'"):
        run(units="percent")
    with pytest.warns(DataWarning, match="standard deviations of the returns"):
        run(table=forecasts / 100)
    with pytest.raises(DataError, match="within the returns"):
        run(returns=asset.loc[:"2000-12"])
    with pytest.raises(DataError, match="60 varying returns before 1957-01"):
        run(returns=asset.loc["1955-01":])
    with pytest.raises(DataError, match="crsp_spvw is missing in 1990-01"):
        run(returns=asset.where(asset.index != pd.Period("1990-01", "M")))
    with pytest.raises(DataError, match="do not vary"):
        sharpe_ratio([1.0] * 30)
    with pytest.raises(DataError, match="at least 20"):
        sharpe_ratio([1.0, 2.0])
