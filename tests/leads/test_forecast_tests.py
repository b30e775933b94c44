"""Out-of-sample tests: fixed smoothing, search over nested forecasts, several horizons."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter
from scipy.stats import kstest, multivariate_normal, norm

from capstar import leads
from capstar.errors import DataWarning
from capstar.leads.forecasts.batched import prevailing_means, recursive_regressions
from capstar.leads.forecasts.long_run_variance import long_run_correlations, smoothing
from capstar.leads.forecasts.nested_search import normal_maximum_p
from capstar.leads.forecasts.out_of_sample import adjusted_losses
from capstar.leads.forecasts.wild_bootstrap import moving_average, wild_bootstrap_p

SAME = 1e-10  # the same arithmetic in double, summed in another order
GOLDEN = 1e-8  # asked of statistics
RAPACH_ZHOU = "predictability/rapach_zhou2013/"


@pytest.fixture(scope="module")
def made(reference) -> pd.DataFrame:
    table = pd.read_csv(reference(RAPACH_ZHOU + "oos_forecasts_golden.csv"), index_col="month")
    return table.set_axis(pd.PeriodIndex(table.index, freq="M"))


@pytest.fixture(scope="module")
def market(reference) -> tuple[pd.Series, pd.DataFrame]:
    """Log excess return and the 14 predictors of Rapach and Zhou (2013)."""
    raw = pd.read_csv(reference(RAPACH_ZHOU + "monthly.csv"), index_col="month")
    raw.index = pd.PeriodIndex(raw.index, freq="M")
    log = np.log
    y = log(1 + raw["crsp_spvw"]) - log(1 + raw["rfree"].shift(1))
    x = pd.DataFrame(
        {
            "DP": log(raw["d12"] / raw["sp500"]), "DY": log(raw["d12"] / raw["sp500"].shift(1)),
            "EP": log(raw["e12"] / raw["sp500"]), "DE": log(raw["d12"] / raw["e12"]), "SVAR": raw["svar"],
            "BM": raw["bm"], "NTIS": raw["ntis"], "TBL": raw["tbl"], "LTY": raw["lty"], "LTR": raw["ltr"],
            "TMS": raw["lty"] - raw["tbl"], "DFY": raw["baa"] - raw["aaa"], "DFR": raw["corpr"] - raw["ltr"],
            "INFL": raw["infl"].shift(1),
        }
    )  # fmt: skip
    return y.rename("y").loc["1926-12":], x.loc["1926-12":]


def test_fixed_smoothing_golden(made, golden) -> None:
    """Every variance, statistic and p-value of Coroneo and Iacone (2020) against R's ForeComp, to 1e-8."""
    stored = json.loads(golden("tests2/diebold_mariano_fixed_smoothing.json").read_text())
    tables = {1: made, 12: pd.read_csv(golden("tests2/oos_forecasts_h12.csv"), index_col=0)}
    names = {"rectangular": ("rect", "hln", "p_hln_t"), "wce": ("wce", "wce", ""), "wpe": ("wpe", "wpe", "p_wpe_t2m"),
             "ewc": ("ewc", "ewc", "p_ewc_tB")}  # fmt: skip
    for key, row in stored.items():
        h = row["h"]
        if key == "worked_20":
            d = np.array(row["d"])
        else:
            name = key.removeprefix("rapach_zhou_").removesuffix("_clark_west").split("_")[1]
            y, f0, f1 = (tables[h][column].to_numpy() for column in ("actual", "mean", name))
            d = (y - f0) ** 2 - (y - f1) ** 2 + (f0 - f1) ** 2 * key.endswith("clark_west")
        for variance, (omega, t, p) in names.items():
            found = leads.long_run_variance(d, variance, horizon=h)
            assert found == pytest.approx(row[omega + "_variance"], rel=GOLDEN), (key, variance)
            if found < 0:
                continue
            test = leads.mean_test(d, variance, horizon=h)
            assert test.statistic == pytest.approx(row["dm_" + t], rel=GOLDEN), (key, variance)
            if p:
                assert test.p == pytest.approx(row[p], rel=GOLDEN), (key, variance)
        assert [smoothing(one, len(d)) for one in ("wce", "wpe", "ewc")] == [
            row["wce_M"], row["wpe_m"], row["ewc_B"],
        ]  # fmt: skip


def test_negative_rectangular_variance_gives_way(golden) -> None:
    """A negative rectangular variance gives way to the weighted covariance one: ForeComp's statistic, to 1e-8."""
    stored = json.loads(golden("tests2/diebold_mariano_fixed_smoothing.json").read_text())["worked_20"]
    d = np.array(stored["d"])
    assert leads.long_run_variance(d, "rectangular", horizon=3) == pytest.approx(-0.552)
    both = leads.mean_test(np.stack([d, np.sin(np.arange(20.0))]), "rectangular", horizon=3)
    assert both.statistic[0] == pytest.approx(stored["dm_wce"], rel=GOLDEN)
    alone = leads.mean_test(np.sin(np.arange(20.0)), "rectangular", horizon=3)
    assert both.statistic[1] == pytest.approx(float(alone.statistic), rel=SAME)


@pytest.mark.parametrize("level", ["5", "10"])
def test_fixed_b_p_values_meet_the_published_critical_values(golden, level: str) -> None:
    """Fixed-b p at Kiefer and Vogelsang's (2005) critical values: 5 and 10 percent, to 2e-5 (four decimals)."""
    row = json.loads(golden("tests2/diebold_mariano_fixed_smoothing.json").read_text())["h12_TBL"]
    n = row["n"]
    d = np.random.default_rng(0).standard_normal(n)
    omega = leads.long_run_variance(d, "wce")
    at = d - d.mean() + row[f"wce_cv_{level}pct_two_sided"] * np.sqrt(omega / n)
    assert leads.mean_test(at, "wce").p == pytest.approx(int(level) / 100, abs=2e-5)


@pytest.mark.parametrize("variance", ["wce", "wpe", "ewc"])
def test_fixed_smoothing_p_values_are_uniform(variance) -> None:
    """Independent normals, 8,000 samples: Kolmogorov-Smirnov distance; 0.02 has a chance below 0.5 percent."""
    p = leads.mean_test(np.random.default_rng(4).standard_normal((8000, 100)), variance).p
    assert kstest(p, "uniform").statistic < 0.02


def test_correlations_are_those_of_the_quadratic_form() -> None:
    rng = np.random.default_rng(2)
    d = np.cumsum(rng.standard_normal((3, 200)), axis=1) * 0.1 + rng.standard_normal((3, 200))
    np.testing.assert_allclose(long_run_correlations(d), np.corrcoef(d), rtol=0, atol=1e-12)
    centred = d - d.mean(axis=1, keepdims=True)
    h = 4
    omega = centred @ centred.T
    for j in range(1, h):
        gamma = centred[:, j:] @ centred[:, :-j].T
        omega += (1 - j / h) * (gamma + gamma.T)
    scale = np.sqrt(np.diag(omega))
    expected = omega / np.outer(scale, scale)
    np.testing.assert_allclose(long_run_correlations(d, horizon=h), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("variance", ["bartlett", "wce", "wpe", "ewc", "quadratic spectral"])
def test_the_variance_of_a_sum_gives_the_correlation(variance: str) -> None:
    d = np.random.default_rng(2).standard_normal((3, 90)).cumsum(axis=1)
    one, two, both = (leads.long_run_variance(x, variance, horizon=3) for x in (d[0], d[1], d[0] + d[1]))
    found = long_run_correlations(d, variance, horizon=3)
    assert found[0, 1] == pytest.approx((both - one - two) / (2 * np.sqrt(one * two)), rel=1e-9)
    assert np.linalg.eigvalsh(found).min() > 0


def test_a_search_over_many_models_is_simulated() -> None:
    """Sixty independent models: the largest is Phi^60; 40,000 draws leave 0.0025."""
    f = pd.DataFrame(np.random.default_rng(0).standard_normal((4000, 60))).add_prefix("m")
    found = leads.maximum_adjusted_mspe(f, n_replications=99)
    assert found.p == pytest.approx(1 - norm.cdf(found.statistic) ** 60, abs=0.02)


@pytest.fixture(scope="module")
def stored_maximum(golden):
    return json.loads(golden("tests2/max_adjusted_mspe.json").read_text())


def test_hubrich_west_golden(made, stored_maximum) -> None:
    """Hubrich and West's test of 14 predictors: t to 1e-8, p against SciPy's normal integral to 2e-4.

    Critical values to 0.02.
    """
    adjusted = leads.adjusted_loss_table(made)
    found = leads.maximum_adjusted_mspe(adjusted, n_replications=9999, seed=1)
    for name, t in stored_maximum["statistics"].items():
        assert found.table.loc[name, "t"] == pytest.approx(t, rel=GOLDEN)
    assert (found.best, found.statistic) == ("DY", pytest.approx(stored_maximum["max_t"], rel=GOLDEN))
    stored = stored_maximum["hubrich_west"]
    assert found.p == pytest.approx(stored["p_genz_scipy"], abs=2e-4)  # quasi-Monte Carlo, 100,000 points
    for level in ("10", "5", "1"):
        # 200,000 draws leave 0.003 to 0.01 in these quantiles.
        assert found.critical.loc["normal", level + "%"] == pytest.approx(
            stored["critical_" + level], abs=0.02
        )
    four = stored_maximum["hubrich_west_4"]
    table = adjusted[four["models"]]
    np.testing.assert_allclose(long_run_correlations(table.to_numpy().T), four["correlation"], atol=1e-9)
    p = normal_maximum_p(four["max_t"], np.array(four["correlation"]))
    assert p == pytest.approx(four["p_genz_scipy"], abs=2e-5)
    assert "p 0.521 (maximum of correlated normals)" in found.summary().notes[0]


@pytest.mark.parametrize("block", [1, 12])
def test_block_bootstrap_golden(made, stored_maximum, block: int) -> None:
    """Block bootstrap of the largest adjusted MSPE: p within four standard errors of two sets of 9,999 draws.

    The 95 percent quantile within 3 percent.
    """
    found = leads.maximum_adjusted_mspe(
        leads.adjusted_loss_table(made), block=block, n_replications=9999, seed=1
    )
    stored = stored_maximum[f"block_bootstrap_L{block}_sample_sd"]
    assert found.p_bootstrap == pytest.approx(stored["p"], abs=4 * np.sqrt(2) * stored["mc_se"])
    assert found.critical.loc["bootstrap", "5%"] == pytest.approx(stored["q95"], rel=0.03)


def test_singular_correlations_and_one_model() -> None:
    """Perfectly correlated models count once."""
    assert normal_maximum_p(1.5, np.ones((3, 3))) == pytest.approx(norm.sf(1.5), abs=1e-4)
    assert normal_maximum_p(1.5, np.ones((1, 1))) == pytest.approx(norm.sf(1.5), abs=1e-8)


def test_clark_mccracken_golden(market, golden) -> None:
    """Clark and McCracken's wild bootstrap: statistics to 1e-8, p-values within four standard errors.

    1,999 draws against 9,999; the 95 percent quantile within 6 percent.
    """
    stored = json.loads(golden("tests2/clark_mccracken_wild.json").read_text())
    found = leads.wild_bootstrap_forecasts(*market, "1957-01", n_replications=1999, seed=3)
    for name, row in stored["statistics"].items():
        for key, value in row.items():
            assert found.table.loc[name, key] == pytest.approx(value, rel=GOLDEN), (name, key)
    expected = stored["wild_unrestricted_residuals_normal"]

    def near(p: float) -> object:
        return pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) * (1 / 1999 + 1 / 9999)))

    top = found.maximum
    assert (top.loc["adjusted_mspe", "best"], top.loc["mse_f", "best"]) == ("DY", "SVAR")
    assert top.loc["adjusted_mspe", "p"] == near(expected["p_max_adjusted_mspe"])
    assert top.loc["mse_f", "p"] == near(expected["p_max_mse_f"])
    for name, p in expected["p_single"].items():
        assert found.table.loc[name, "adjusted_mspe_p"] == near(p), name
    assert top.loc["adjusted_mspe", "5%"] == pytest.approx(expected["q95"], rel=0.06)


def test_wild_bootstrap_over_several_periods(market) -> None:
    """Wild bootstrap at horizon 12: a known MA(3) to 0.05, statistics of the plain forecasts to 1e-8.

    The seed alone decides: draws are the same with one worker and two.
    """
    rng = np.random.default_rng(1)
    theta = np.array([0.8, 0.5, 0.3])
    shocks = rng.standard_normal(6000)
    u = np.convolve(shocks, np.r_[1.0, theta])[3:-3]
    found, innovations = moving_average(u, 3)
    np.testing.assert_allclose(found, theta, atol=0.05)  # four standard errors of n^-1/2
    assert np.corrcoef(innovations[100:], shocks[103:])[0, 1] > 0.998
    y, x = market
    year = y.rolling(12).sum()
    options = {"horizon": 12, "n_replications": 200}
    one, other = (
        leads.wild_bootstrap_forecasts(year, x[["TBL", "TMS"]], "1990-01", n_workers=n, **options)
        for n in (1, 2)
    )
    pd.testing.assert_frame_equal(one.draws, other.draws, check_exact=True)
    made = leads.recursive_forecasts(year, x[["TBL"]], "1990-01", horizon=12)
    # The benchmark is the mean over the pairs of the regression.
    mean = year.iloc[12:].expanding().mean().shift(12).loc[made.index]
    expected = leads.compare_forecasts(made["actual"], mean, made["TBL"], horizon=12)
    assert one.table.loc["TBL", "adjusted_mspe"] == pytest.approx(expected.clark_west, rel=GOLDEN)
    assert one.table.loc["TBL", "mse_f"] == pytest.approx(expected.mse_f, rel=GOLDEN)


def test_a_true_predictor_is_found_by_the_maximum_and_not_by_superior_ability() -> None:
    """One of 12 predictors has an R squared of 0.11: 72 percent against 14 in a study of 200 samples."""
    rng, found = np.random.default_rng(6), {"maximum": 0, "spa": 0, "wild": 0}
    index = pd.period_range("1960Q1", periods=240, freq="Q")
    for draw in range(12):
        x = rng.standard_normal((240, 12))
        y = np.r_[0.0, 0.35 * x[:-1, 0]] + rng.standard_normal(240)
        table = pd.DataFrame(x, index, [f"x{i}" for i in range(12)])
        made = leads.recursive_forecasts(pd.Series(y, index, name="y"), table, "1990Q1")
        found["maximum"] += (
            leads.maximum_adjusted_mspe(leads.adjusted_loss_table(made), n_replications=99).p < 0.05
        )
        found["spa"] += (
            leads.superior_ability(leads.loss_table(made), "mean", block=2, n_replications=199).spa < 0.05
        )
        found["wild"] += wild_bootstrap_p(y[1:], x[:-1], 119, n_replications=199, seed=draw)[-1] < 0.05
    assert min(found["maximum"], found["wild"]) >= 5  # 8.6 expected, at most 5 in 3 of 100 sets
    assert found["spa"] <= min(found["maximum"], found["wild"]) - 3


@pytest.mark.parametrize("data", ["uspa", "aspa"])
def test_multi_horizon_golden(golden, data: str) -> None:
    """Quaedvlieg's (2021) uniform and average SPA on his data: statistics to 1e-8, p within four standard errors."""
    d = pd.read_csv(golden(f"tests2/quaedvlieg2021_{data}_loss_differences.csv.gz"))
    stored = json.loads(golden("tests2/multi_horizon_spa_numpy.json").read_text())[data]
    found = leads.multi_horizon_ability(d, n_replications=1999)
    np.testing.assert_allclose(found.table["t"], stored["t_by_horizon"], rtol=GOLDEN)
    assert found.uniform == pytest.approx(stored["uSPA"], rel=GOLDEN)
    assert found.average == pytest.approx(stored["aSPA_equal"], rel=GOLDEN)
    assert found.uniform_p == pytest.approx(stored["p_standard_normal_min_dm"], rel=GOLDEN)
    assert found.uniform_p == found.table["p"].max()
    assert found.average_p == pytest.approx(stored["p_aSPA_normal"], rel=GOLDEN)
    for p, expected in (
        (found.uniform_p_published, stored["p_bootstrap_L3_9999"]),
        (found.average_p_bootstrap, stored["p_aSPA_bootstrap"]),
    ):
        bound = 4 * np.sqrt(expected * (1 - expected) * (1 / 1999 + 1 / 9999)) + 1 / 2000
        assert p == pytest.approx(expected, abs=bound)
    table = pd.read_csv(golden("tests2/multi_horizon_spa.csv")).query("data == @data and block == 3")
    weights = {"aSPA_from5": np.arange(20) >= 4, "aSPA_first4": np.arange(20) < 4}
    for test, chosen in weights.items():
        one = leads.multi_horizon_ability(d, weights=chosen / chosen.sum(), n_replications=99).average
        expected = table.loc[table["test"] == test, "statistic"].iloc[0]
        assert one == pytest.approx(expected, rel=GOLDEN)


def test_the_published_uniform_test_rejects_too_often() -> None:
    """Better at three horizons, equal at the fourth: 52 percent at a nominal 5; the largest p keeps its size.

    150 samples; three standard errors of 5 percent are 5.3 points, the bootstrap's bound is far below 52.
    """
    rng, published, valid = np.random.default_rng(8), 0, 0
    for draw in range(150):
        d = pd.DataFrame(rng.normal([0.0, 0.5, 0.5, 0.5], 1.0, (200, 4)))
        found = leads.multi_horizon_ability(d, n_replications=199, seed=draw)
        published += found.uniform_p_published < 0.05
        valid += found.uniform_p < 0.05
    assert published > 45
    assert valid / 150 < 0.105


def test_a_window_of_one_value_has_no_slope() -> None:
    """The mean of the window is forecast, with a reason; elsewhere it is least squares on the window's pairs."""
    index = pd.period_range("1990Q1", "2019Q4", freq="Q")
    rng = np.random.default_rng(3)
    rate = pd.Series(np.round(5 + np.cumsum(rng.normal(0, 0.3, 120)), 2), index, name="rate")
    rate["2009Q2":"2016Q2"] = 0.1
    y = pd.Series(rng.normal(2, 8, 120), index, name="y")
    with pytest.warns(
        DataWarning, match=r"rate does not vary among the pairs of 10 forecasts, the first in 2014Q3"
    ):
        found = leads.recursive_forecasts(y, rate.to_frame(), "2005Q1", window=20)
    constant = 0
    for quarter in found.index:
        k = index.get_loc(quarter)
        left, right = rate.to_numpy()[k - 21 : k - 1], y.to_numpy()[k - 20 : k]
        if np.ptp(left) == 0:
            constant += 1
            expected = right.mean()
        else:
            slope, intercept = np.polyfit(left, right, 1)
            expected = intercept + slope * rate.iloc[k - 1]
        assert found.loc[quarter, "rate"] == pytest.approx(expected, rel=1e-7), quarter
    assert constant == 10
    with pytest.warns(DataWarning, match="rate does not vary in .* windows"):
        slopes = leads.rolling_slopes(y, rate, window=20).table
    assert slopes["slope"].isna().sum() > 5
    assert slopes.loc[slopes["slope"].isna()].isna().all(axis=None)


def test_windows_that_hardly_vary_keep_their_digits() -> None:
    """Twenty values a millionth apart among values of order one, several samples at once."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 120)), rng.standard_normal((2, 120))
    x[1, 60:90] = 3.0 + 1e-6 * rng.standard_normal(30)
    slopes = recursive_regressions(y, x, 50, window=20)[1]
    for row, t in ((0, 80), (1, 80), (1, 88), (1, 95)):
        expected = np.polyfit(x[row, t - 20 : t] - x[row, t - 1], y[row, t - 20 : t], 1)[0]
        assert slopes[row, t - 50] == pytest.approx(expected, rel=1e-6)


def test_the_normal_maximum_is_scipys() -> None:
    correlation = np.array([[1.0, 0.6], [0.6, 1.0]])
    expected = 1 - multivariate_normal(np.zeros(2), correlation, seed=0).cdf([1.2, 1.2])
    assert normal_maximum_p(1.2, correlation) == pytest.approx(expected, abs=1e-5)


def test_clark_west_keeps_its_size_with_twenty_forecasts() -> None:
    """The fewest that `compare_forecasts` takes: 5 percent rejects in 4.5 of 10,000 samples, standard error 0.2."""
    rng, first, fewest = np.random.default_rng(20), 60, 20
    y = rng.standard_normal((10_000, first + fewest))
    x = lfilter([1.0], [1.0, -0.9], rng.standard_normal(y.shape), axis=1)
    mean, made = prevailing_means(y, first), recursive_regressions(y[:, 1:], x[:, :-1], first - 1)[0]
    assert (
        leads.mean_test(adjusted_losses(y[:, first:], mean, made)).p_upper <= 0.05
    ).mean() == pytest.approx(0.045, abs=0.008)
    actual, benchmark, forecast = y[0, first:], mean[0], made[0]
    assert leads.compare_forecasts(actual, benchmark, forecast).nobs == fewest
