"""Bootstrap of predictability tests: statistics, distribution, size and reproducibility."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, load_module

from capstar.errors import DataError, SpecificationError
from capstar.leads import (
    bias_correction,
    bootstrap_forecasts,
    bootstrap_regression,
    compare_forecasts,
    recursive_forecasts,
)
from capstar.leads.forecasts.batched import nested_statistics, prevailing_means, recursive_forecast_paths
from capstar.leads.inference.null_model import fit_null

nested_critical_values = load_module(
    ROOT / "research" / "earlier_evidence" / "critical_values.py"
).nested_critical_values
EXACT = 1e-8  # the same arithmetic in double


@pytest.fixture(scope="module")
def kms(reference) -> pd.DataFrame:
    frame = pd.read_csv(reference("predictability/kms2015/monthly.csv"), index_col="date")
    frame.index = pd.PeriodIndex(frame.index, freq="M")
    return frame


@pytest.fixture(scope="module")
def quarters(reference) -> pd.DataFrame:
    return pd.read_csv(reference("predictability/kms2015/quarterly.csv"), index_col="date")


def _simulated(
    rng: np.random.Generator, rho: float, delta: float, n: int = 250
) -> tuple[pd.Series, pd.Series]:
    """Returns that nothing predicts and a predictor with root ``rho``, errors correlated by ``delta``."""
    e = rng.standard_normal(n)
    v = delta * e + np.sqrt(1 - delta**2) * rng.standard_normal(n)
    x = np.zeros(n)
    for t in range(1, n):
        x[t] = rho * x[t - 1] + v[t]
    return pd.Series(e, name="y"), pd.Series(x, name="x")


@pytest.mark.parametrize(("horizon", "window"), [(1, None), (1, 120), (3, None), (12, 240)])
@pytest.mark.parametrize("name", ["dp", "tbl"])
def test_statistics_are_those_of_the_forecasts(kms, name: str, horizon: int, window: int | None) -> None:
    found = bootstrap_forecasts(
        kms["ret"], kms[name], "1957-01", horizon=horizon, window=window, n_replications=99
    ).table["statistic"]
    target = kms["ret"].rolling(horizon).sum().dropna()
    f = recursive_forecasts(target, kms[[name]].loc[target.index], "1957-01", window=window, horizon=horizon)
    expected = compare_forecasts(f["actual"], f["mean"], f[name])
    assert found["mse_f"] == pytest.approx(expected.mse_f, rel=EXACT)
    assert found["enc_new"] == pytest.approx(expected.enc_new, rel=EXACT)


@pytest.mark.parametrize("name", ["dp", "tbl", "tms"])
def test_t_statistics_are_those_of_sandwich(kms, reference, name: str) -> None:
    path = reference("predictability/kms2015/predictive_regression_golden.json")
    golden = json.loads(path.read_text())[name]
    found = bootstrap_regression(kms["ret"], kms[name], (12, 24), n_replications=99).table
    for h in (12, 24):
        assert found.loc[f"t({h})", "slope"] == pytest.approx(golden[f"h{h}"]["beta"], rel=EXACT)
        assert found.loc[f"t({h})", "statistic"] == pytest.approx(golden[f"h{h}"]["t_nw"], rel=EXACT)


@pytest.mark.parametrize(
    ("ratio", "mse_f", "enc_new"),
    [(0.2, 1.13, 0.76), (0.4, 1.38, 1.06), (1.0, 1.545, 1.57), (2.0, 1.54, 2.05), (5.0, 1.14, 2.63)],
)
def test_asymptotic_critical_values(ratio: float, mse_f: float, enc_new: float) -> None:
    """95 percent, one extra predictor, expanding; by simulation of 60,000 draws, McCracken (2007) prints 1.548 at 1."""
    found = nested_critical_values(ratio, draws=40_000, steps=600)["5%"]
    assert found["mse_f"] == pytest.approx(mse_f, abs=0.06)
    assert found["enc_new"] == pytest.approx(enc_new, abs=0.06)


@pytest.mark.parametrize("window", [None, 300])
def test_asymptotic_critical_values_are_the_limit_of_real_forecasts(window: int | None) -> None:
    """6,000 samples of 300 + 300 periods: Monte Carlo error of the 90 percent point about 0.04."""
    rng = np.random.default_rng(3)
    y, x = rng.standard_normal((2, 6_000, 600))
    mean = prevailing_means(y, 300, window=window)
    drawn = nested_statistics(y[:, 300:], mean, recursive_forecast_paths(y, x, 300, window=window))
    limit = nested_critical_values(1.0, rolling=window is not None, draws=20_000, levels=(0.10,))["10%"]
    np.testing.assert_allclose(np.quantile(drawn, 0.9, axis=0), limit, rtol=0, atol=0.12)


def test_bootstrap_tends_to_the_limit() -> None:
    """White noise and one forecast for each earlier period: the 5 percent point of McCracken's table."""
    y, x = np.random.default_rng(11).standard_normal((2, 800))
    found = bootstrap_forecasts(
        pd.Series(y, name="y"), pd.Series(x, name="x"), 400, lags=1, n_replications=3_999
    )
    # Monte Carlo error of 4,000 draws: 0.07.
    assert found.table.loc["mse_f", "5%"] == pytest.approx(1.548, abs=0.2)
    assert found.table.loc["enc_new", "5%"] == pytest.approx(1.584, abs=0.2)


@pytest.mark.parametrize("scheme", ["pairs", "block", "wild"])
def test_same_numbers_for_one_and_two_workers(quarters, scheme) -> None:
    y, x = quarters["ret"], quarters["dp"]
    for call in (
        lambda **k: bootstrap_forecasts(y, x, y.index[150], scheme=scheme, n_replications=180, **k),
        lambda **k: bootstrap_regression(y, x, (1, 4), scheme=scheme, n_replications=180, **k),
    ):
        one, two = call(n_workers=1), call(n_workers=2)
        pd.testing.assert_frame_equal(one.draws, two.draws, check_exact=True)
        pd.testing.assert_frame_equal(one.table, two.table, check_exact=True)
        assert not one.draws.equals(call(seed=1).draws)


def test_null_model_finds_what_made_the_data() -> None:
    rng = np.random.default_rng(2)
    y, x = _simulated(rng, 0.95, -0.9, n=4_000)
    found = fit_null(y, x)
    assert len(found.coefficients) == 1
    assert found.persistence == pytest.approx(0.95, abs=0.01)  # standard error 0.002 with the null imposed
    assert found.correlation == pytest.approx(-0.9, abs=0.01)
    second = np.zeros(4_000)
    for t in range(2, 4_000):
        second[t] = 1.3 * second[t - 1] - 0.4 * second[t - 2] + rng.standard_normal()
    two = fit_null(y, pd.Series(second, name="x"))
    np.testing.assert_allclose(two.coefficients, [1.3, -0.4], atol=0.05)  # standard error 0.015
    walk = fit_null(*_simulated(rng, 1.0, 0.0))
    assert walk.persistence <= 1 + 1e-12


def test_imposing_the_null_removes_the_bias_of_the_root() -> None:
    """At a unit root and correlation -0.95, 200 samples: least squares is 0.02 too low."""
    rng = np.random.default_rng(7)
    roots, plain = [], []
    for _ in range(200):
        y, x = _simulated(rng, 1.0, -0.95)
        roots.append(fit_null(y, x, lags=1).persistence)
        plain.append(np.polyfit(x[:-1], x[1:], 1)[0])
    assert np.mean(plain) < 0.985
    assert np.mean(roots) > 0.995
    assert np.std(roots) < 0.5 * np.std(plain)


def test_draws_keep_what_their_scheme_promises(kms) -> None:
    null = fit_null(kms["ret"], kms["dp"], lags=1)
    rng = np.random.default_rng(0)
    e = kms["ret"].to_numpy()[1:] - kms["ret"].mean()
    y, x = null.draw(rng, 3, scheme="wild", block=1)
    np.testing.assert_allclose(
        np.abs(y[:, 1:] - null.mean), np.abs(np.tile(e - e.mean(), (3, 1))), atol=1e-12
    )
    v = x[:, 1:] - null.coefficients[0] * x[:, :-1]
    np.testing.assert_allclose(np.abs(v), np.tile(np.abs(null.v), (3, 1)), atol=1e-12)
    assert (np.sign(y[0, 1:] - null.mean) * np.sign(v[0]) == np.sign(null.e * null.v)).mean() > 0.99
    y, _ = null.draw(rng, 3, scheme="block", block=12)
    where = [np.argmin(np.abs(null.e - (value - null.mean))) for value in y[0, :12]]
    np.testing.assert_array_equal(np.diff(where) % len(null.e), np.ones(11))
    y, x = null.draw(rng, 2_000, scheme="pairs", block=1)
    assert y.mean() == pytest.approx(kms["ret"].mean(), abs=2e-4)  # standard error 0.00004
    v = x[:, 1:] - null.coefficients[0] * x[:, :-1]
    assert np.corrcoef((y - null.mean)[:, 1:].ravel(), v.ravel())[0, 1] == pytest.approx(
        null.correlation, abs=0.005
    )


def test_mean_slope_under_the_null_is_stambaugh_bias(kms) -> None:
    """Stambaugh's (1999) equation 18 at the null's own root; larger for the dividend yield, whose root is near one."""
    y, x = _simulated(np.random.default_rng(4), 0.9, -0.9, n=400)
    found = bootstrap_regression(y, x, lags=1, n_replications=4_000)
    null = found.null
    expected = -(1 + 3 * null.persistence) / 399 * (null.e @ null.v) / (null.v @ null.v)
    assert found.table["bias"].iloc[0] == pytest.approx(expected, rel=0.1)  # Monte Carlo error 3 percent
    near_one = bootstrap_regression(kms["ret"], kms["dp"], lags=1, n_replications=4_000)
    formula = bias_correction(kms["ret"], kms["dp"]).stambaugh_bias
    # At a root of one, least squares is off by 5.38 / n (the mean of the Dickey-Fuller limit), not by 4 / n.
    pull = -(near_one.null.e @ near_one.null.v) / (near_one.null.v @ near_one.null.v)
    assert formula < near_one.table["bias"].iloc[0] < 5.38 / 1032 * pull


def test_size_near_a_unit_root() -> None:
    """250 samples, errors correlated -0.95, nominal 5 percent: standard error 1.4 points."""
    rng = np.random.default_rng(5)
    ordinary, t, forecasts = [], [], []
    for seed in range(250):
        y, x = _simulated(rng, 1.0, -0.95)
        one = bootstrap_regression(y, x, (1, 8), lags=1, n_replications=99, seed=seed).table
        two = bootstrap_forecasts(y, x, 125, lags=1, n_replications=99, seed=seed).table
        ordinary.append(one["statistic"].abs() > 1.96)
        t.append(one["p"] <= 0.05)
        forecasts.append(two["p"] <= 0.05)
    assert (np.mean(ordinary, axis=0) > 0.25).all()
    for rejected in (*np.mean(t, axis=0), *np.mean(forecasts, axis=0)):
        assert 0.02 < rejected < 0.095


def test_power_against_a_true_slope() -> None:
    rng = np.random.default_rng(9)
    rejected = []
    for seed in range(60):
        y, x = _simulated(rng, 0.95, -0.9)
        predicted = y + 0.15 * x.shift(1).fillna(0.0)
        rejected.append(
            bootstrap_regression(predicted, x, lags=1, n_replications=99, seed=seed).table["p"].iloc[0]
        )
    assert np.mean(np.array(rejected) <= 0.05) > 0.8


def test_annual_premium_of_welch_and_goyal(reference) -> None:
    """Equity issuing activity forecasts, stock variance does not: the stars of their table 1, annual."""
    raw = pd.read_csv(reference("predictability/welch_goyal2008/annual_2005.csv"), index_col="year")
    premium = (np.log((raw["sp500"] + raw["d12"]) / raw["sp500"].shift(1)) - np.log1p(raw["rfree"])).rename(
        "p"
    )
    p = {
        name: bootstrap_forecasts(premium.loc[first:], raw.loc[first:, name], first + 20).table["p"]
        for name, first in (("eqis", 1927), ("svar", 1885))
    }
    assert (p["eqis"] < 0.05).all()
    assert (p["svar"] > 0.5).all()


def test_summary_and_plot(quarters) -> None:
    found = bootstrap_regression(quarters["ret"], quarters["dp"], (1, 4), n_replications=199, seed=3)
    text = str(found.summary())
    assert "199 replications, scheme pairs, seed 3" in text
    assert f"{found.table.loc['t(4)', 'p']:.4f}" in text
    figure = found.plot()
    assert figure.axes[1].lines[0].get_xdata()[0] == found.table.loc["t(4)", "statistic"]
    shares = found.table[["p_upper", "p_lower"]].sum(axis=1)
    np.testing.assert_allclose(shares, 1 + 1 / 200, atol=1e-12)  # no ties; the sample counts on both sides


def test_bad_input(quarters) -> None:
    y, x = quarters["ret"], quarters["dp"]
    with pytest.raises(DataError, match="ret and dp are on different dates"):
        bootstrap_regression(y.iloc[1:], x)
    with pytest.raises(DataError, match=f"dp is missing in {y.index[9]}"):
        bootstrap_regression(y, x.where(x.index != y.index[9]))
    with pytest.raises(DataError, match="dp does not vary"):
        bootstrap_regression(y, 0 * x + 3.0)
    with pytest.raises(DataError, match="share 39 periods"):
        bootstrap_regression(y.iloc[:39], x.iloc[:39])
    with pytest.raises(DataError, match="horizon of 200 periods is too long"):
        bootstrap_regression(y, x, (1, 200))
    with pytest.raises(DataError, match="5 forecasts after"):
        bootstrap_forecasts(y, x, y.index[-5])
    with pytest.raises(SpecificationError, match="scheme='moving'"):
        bootstrap_regression(y, x, scheme="moving")
    with pytest.raises(SpecificationError, match="n_replications=20"):
        bootstrap_regression(y, x, n_replications=20)
    with pytest.raises(SpecificationError, match="block=900"):
        bootstrap_regression(y, x, scheme="block", block=900)
    with pytest.raises(SpecificationError, match="lags=0"):
        bootstrap_regression(y, x, lags=0)
    with pytest.raises(SpecificationError, match="at least 1 each"):
        bootstrap_regression(y, x, ())
    with pytest.raises(SpecificationError, match="ratio=0"):
        nested_critical_values(0)
