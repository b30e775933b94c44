"""Diagnostics against statsmodels, hand formulas, simulation, and planted faults."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import load_module
from scipy import stats
from textbook import fitted

from capstar.errors import DataError, SpecificationError
from capstar.statespace import (
    Spec,
    bind,
    diagnose,
    estimate_states,
    params,
    simulate_data,
    smooth_disturbances,
    variables,
)

EXACT = {"rtol": 1e-8, "atol": 1e-10}  # the same arithmetic in another order; filters differ by 1e-12
PARAMS = {"sigma_eps": 1.0, "sigma_eta": 0.5}

sigma_eps, sigma_eta = params("sigma_eps sigma_eta")
y, mu, eps, eta = variables("y mu eps eta")
LOCAL_LEVEL = Spec("local level", {"y": mu + eps}, {"mu": mu(-1) + eta}, {"eps": sigma_eps, "eta": sigma_eta})


def local_level(values: np.ndarray, *, level: float = 0.0, variance: float = 4.0):
    index = pd.period_range("1960Q1", periods=len(values), freq="Q", name="date")
    data = pd.DataFrame({"y": values}, index)
    return bind(LOCAL_LEVEL, data, initial_mean={("mu", 0): level}, initial_cov=[[variance]])


def drawn(n: int, seed: int) -> np.ndarray:
    return simulate_data(local_level(np.zeros(n)), PARAMS, seed=seed)[1][:, 0]


def diagnosed(problem, at=PARAMS, **options):
    return diagnose(estimate_states(problem, at), smooth_disturbances(problem, at), **options)


def with_innovations(v: np.ndarray, **options):
    """Diagnostics of given innovations: what the tests say does not depend on where they come from."""
    problem = local_level(np.zeros(len(v)))
    estimates = replace(
        estimate_states(problem, PARAMS),
        innovations=np.asarray(v, dtype=float)[:, None],
        innovation_var=np.ones((len(v), 1)),
    )
    return diagnose(estimates, smooth_disturbances(problem, PARAMS), **options)


def normal(n: int, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n)


def statsmodels_local_level(values: np.ndarray, *, level: float = 0.0, variance: float = 4.0):
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    model = UnobservedComponents(values, "local level")
    # Theirs starts from the first predicted state, ours one period before.
    model.ssm.initialize_known(np.array([level]), np.array([[variance + PARAMS["sigma_eta"] ** 2]]))
    model.loglikelihood_burn = 0
    model.ssm.tolerance = 0  # run the variance to the end, as ours does, instead of stopping when it settles
    return model.smooth([PARAMS["sigma_eps"] ** 2, PARAMS["sigma_eta"] ** 2])


@pytest.mark.parametrize("seed", [1, 2])
def test_same_tests_as_statsmodels_on_a_local_level(seed: int) -> None:
    values = drawn(151, seed)
    theirs, ours = statsmodels_local_level(values), diagnosed(local_level(values))
    errors = theirs.standardized_forecasts_error[0]
    np.testing.assert_allclose(ours.innovations["y"], errors, **EXACT)
    row = ours.tests.loc["y"]
    jb, p, skewness, kurtosis = theirs.test_normality("jarquebera")[0]
    expected = {"jarque_bera": jb, "jarque_bera_p": p, "skewness": skewness, "excess_kurtosis": kurtosis - 3}
    expected["ljung_box"], expected["ljung_box_p"] = theirs.test_serial_correlation("ljungbox", lags=8)[
        0, :, -1
    ]
    expected["heteroskedasticity"], expected["heteroskedasticity_p"] = theirs.test_heteroskedasticity(None)[0]
    np.testing.assert_allclose(row[list(expected)].astype(float), list(expected.values()), **EXACT)


def test_missing_values_as_in_statsmodels() -> None:
    values = drawn(120, 3)
    values[[0, 17, 18, 119]] = np.nan
    theirs, ours = statsmodels_local_level(values), diagnosed(local_level(values))
    # Theirs are zero where missing, and counted by their tests; ours are NaN and left out.
    errors = np.where(np.isnan(values), np.nan, theirs.standardized_forecasts_error[0])
    np.testing.assert_allclose(ours.innovations["y"], errors, **EXACT)
    expected = stats.jarque_bera(errors[~np.isnan(errors)])
    row = ours.tests.loc["y"]
    assert row["n"] == 116
    np.testing.assert_allclose([row["jarque_bera"], row["jarque_bera_p"]], expected, **EXACT)


@pytest.mark.parametrize("missing", [False, True], ids=["complete", "missing"])
def test_two_series_are_standardised_by_the_cholesky_factor(golden_set, missing: bool) -> None:
    """One observation at a time or all at once: the same orthogonal errors, in the order of the series."""
    smoother = load_module(Path(__file__).with_name("test_against_statsmodels.py")).statsmodels_smoother
    one = golden_set("hlw2017_us_2019q4")
    problem = one.problem(3)
    if missing:
        observed = problem.y.copy()
        observed[10, 0] = observed[60:64] = observed[-1, 1] = np.nan
        problem = problem.with_data(observed)
    theta = problem.vector(one.params(3))
    errors = smoother(problem, theta).smooth().standardized_forecasts_error
    errors = np.where(np.isnan(problem.y), np.nan, errors.T)  # theirs are zero where missing
    ours = diagnosed(problem, theta).innovations
    # 1e-7: the joint filter inverts a two-by-two variance where ours divides.
    np.testing.assert_allclose(ours.to_numpy(), errors, rtol=1e-7, atol=1e-8)


def test_numbers_by_hand() -> None:
    v = normal(97, 12)
    row = with_innovations(v, lags=5).tests.loc["y"]
    n, h = 97, 32
    ratio = (v[-h:] ** 2).sum() / (v[:h] ** 2).sum()
    theirs = stats.jarque_bera(v)
    q, squares = ljung_box(v, 5), ljung_box(v**2, 5)
    expected = {
        "n": n,
        "h": h,
        "skewness": stats.skew(v),
        "excess_kurtosis": stats.kurtosis(v),
        "jarque_bera": theirs.statistic,
        "jarque_bera_p": theirs.pvalue,
        "ljung_box": q,
        "ljung_box_p": stats.chi2.sf(q, 5),
        "ljung_box_squares": squares,
        "ljung_box_squares_p": stats.chi2.sf(squares, 5),
        "heteroskedasticity": ratio,
        "heteroskedasticity_p": 2 * min(stats.f.sf(ratio, h, h), stats.f.cdf(ratio, h, h)),
    }
    np.testing.assert_allclose(row[list(expected)].astype(float), list(expected.values()), **EXACT)


def ljung_box(v: np.ndarray, lags: int) -> float:
    d, n = v - v.mean(), len(v)
    r = [sum(d[t] * d[t - k] for t in range(k, n)) / (d @ d) for k in range(1, lags + 1)]
    return n * (n + 2) * sum(rk**2 / (n - k) for k, rk in enumerate(r, start=1))


def test_estimated_parameters_cost_degrees_of_freedom_when_asked() -> None:
    v = normal(80)
    free, charged = (with_innovations(v, n_params=k).tests.loc["y"] for k in (0, 2))
    assert charged["ljung_box"] == free["ljung_box"]
    assert charged["ljung_box_p"] == pytest.approx(stats.chi2.sf(free["ljung_box"], 6), rel=1e-12)
    assert charged["ljung_box_squares_p"] == free["ljung_box_squares_p"]


def test_cusum_of_a_constant_mean_is_that_of_recursive_least_squares() -> None:
    from statsmodels.regression.recursive_ls import RecursiveLS

    values = 3.0 + normal(90, 8)
    theirs = RecursiveLS(values, np.ones(90)).fit()
    # The mean after one observation: that observation, with the variance of one error.
    at = {"sigma_eps": 1.0, "sigma_eta": 0.0}
    ours = diagnosed(local_level(values[1:], level=values[0], variance=1.0), at)
    np.testing.assert_allclose(ours.cusum["y"], theirs.cusum, **EXACT)
    np.testing.assert_allclose(ours.cusum_squares["y"], theirs.cusum_squares, **EXACT)
    points = np.arange(2, 91)
    lower, upper = theirs._cusum_significance_bounds(0.05, points=points)
    np.testing.assert_allclose(ours.cusum_bounds["y"], np.column_stack([lower, upper]), **EXACT)
    lower, upper = theirs._cusum_squares_significance_bounds(0.05, points=points)
    np.testing.assert_allclose(ours.cusum_squares_bounds["y"], np.column_stack([lower, upper]), **EXACT)


def test_cusum_statistic_exceeds_its_critical_value_where_the_path_crosses() -> None:
    seen = {"cusum": set(), "cusum_squares": set()}
    for seed in range(20):
        v = normal(60, seed)
        v[30:] = v[30:] * (1 + seed % 2) + 0.5 * (seed % 3)
        found = with_innovations(v)
        for key, crossings in seen.items():
            path, lines = getattr(found, key)["y"], getattr(found, f"{key}_bounds")["y"]
            outside = bool(((path > lines["upper"]) | (path < lines["lower"])).any())
            row = found.tests.loc["y"]
            assert row[f"{key}_crosses"] == outside == (row[key] > row[f"{key}_critical"])
            crossings.add(outside)
    assert seen == {"cusum": {True, False}, "cusum_squares": {True, False}}


def test_leading_and_inner_gaps_are_dropped() -> None:
    v = normal(70, 4)
    gaps = np.insert(np.concatenate([[np.nan] * 3, v]), 40, np.nan)
    whole, holed = with_innovations(v), with_innovations(gaps)
    pd.testing.assert_frame_equal(whole.tests, holed.tests)
    usable = ~np.isnan(gaps)
    for name in ("cusum", "cusum_bounds", "cusum_squares", "cusum_squares_bounds"):
        ours, expected = getattr(holed, name), getattr(whole, name)
        np.testing.assert_array_equal(ours[usable], expected)
        assert ours[~usable].isna().all(axis=None)


def test_size_where_the_model_holds() -> None:
    problem, rng, n_draws = local_level(np.zeros(200)), np.random.default_rng(2024), 300
    rejected = []
    for _ in range(n_draws):
        found = diagnosed(problem.with_data(simulate_data(problem, PARAMS, seed=rng)[1])).tests.loc["y"]
        p = found[["jarque_bera_p", "ljung_box_p", "ljung_box_squares_p", "heteroskedasticity_p"]] < 0.05
        rejected.append([*p, found["cusum_crosses"], found["cusum_squares_crosses"]])
    rates = np.mean(rejected, axis=0)
    # 300 draws at 5 percent: standard deviation 1.3 points, four of them up.  Jarque-Bera and CUSUM are
    # known to reject somewhat less often than that in 200 observations.
    assert (rates < 0.10).all(), rates
    assert (rates > 0.005).all(), rates


def test_planted_outlier_is_the_largest_residual() -> None:
    values = drawn(160, 6)
    values[90] += 8.0
    found = diagnosed(local_level(values))
    first = found.outliers().iloc[0]
    assert (first["residual"], first["kind"]) == ("y", "outlier")
    assert first["date"] == pd.Period("1960Q1", "Q") + 90
    assert first["value"] > 4
    assert any("not normal" in line and str(first["date"]) in line for line in found.sentences())


def test_planted_level_break_is_the_largest_residual() -> None:
    values = drawn(160, 6)
    values[90:] -= 8.0
    first = diagnosed(local_level(values)).outliers().iloc[0]
    assert (first["residual"], first["kind"]) == ("eta", "break")
    assert first["date"] == pd.Period("1960Q1", "Q") + 90
    assert first["value"] < -4


def test_outliers_are_sorted_and_beyond_the_threshold() -> None:
    found = diagnosed(local_level(drawn(160, 7)))
    table = found.outliers(1.5)
    assert list(table.columns) == ["date", "residual", "value", "kind"]
    assert table["value"].abs().is_monotonic_decreasing
    assert len(table) == int((found.auxiliary.abs() > 1.5).sum().sum()) > 0
    for row in table.itertuples():
        assert found.auxiliary.loc[row.date, row.residual] == row.value
    assert found.outliers(50).empty


def test_later_data_do_not_change_earlier_innovations() -> None:
    values = drawn(160, 9)
    whole, shorter = diagnosed(local_level(values)), diagnosed(local_level(values[:100]))
    np.testing.assert_array_equal(whole.innovations[:100], shorter.innovations)


def test_nothing_fails() -> None:
    found = with_innovations(normal(120, 0))
    assert found.sentences() == ("No test of the innovations fails at 5 percent.",)
    assert "*" not in found.frames()["Tests"].to_string()


@pytest.mark.parametrize(
    ("v", "said"),
    [
        (np.append(normal(99, 3), -7.0), r"not normal \(Jarque-Bera .*p < 0\.001; largest in 1984Q4, -7\.0 st"),
        (normal(100, 3)[1:] + normal(100, 3)[:-1], r"serially correlated \(Ljung-Box Q\(8\).*at lag 1, 0\.\d\d\)"),
        (np.sign(normal(100, 3)) * np.repeat([1, 2, 1, 2, 1], 20), r"squares serially correlated \(Ljung"),
        (normal(99, 3) * np.repeat([2, 1, 1], 33), r"H\(33\) 0\..*the last 33 vary less than the first 33"),
        (normal(100, 3) - 0.8, r"mean not zero throughout \(CUSUM .*line 0\.948; first .*data below their pre"),
        (normal(100, 3) * np.repeat([1, 3], 50), r"variance not constant \(CUSUM of squares.*larger after 197"),
    ],
    ids=["normality", "correlation", "squares", "heteroskedasticity", "cusum", "cusum of squares"],
)  # fmt: skip
def test_a_failure_is_said_in_words(v: np.ndarray, said: str) -> None:
    lines = with_innovations(v).sentences()
    assert any(re.match(f"Innovations of y: .*{said}", line) for line in lines), lines


def test_natural_rate_model(embedded_fit) -> None:
    found = diagnose(embedded_fit.stages.stage3.states, embedded_fit.disturbances())
    assert list(found.tests.index) == ["y", "pi"]
    assert found.innovations.shape == (embedded_fit.nobs, 2)
    # Unit variance is what maximum likelihood aims at; 195 quarters, four standard deviations of a variance.
    assert np.abs((found.innovations**2).mean() - 1).max() < 4 * np.sqrt(2 / embedded_fit.nobs)
    printed = str(found.summary())
    for text in ("Ljung-Box Q(8)", "1978Q2", "Innovations of pi: not normal", "Harvey and Koopman"):
        assert text in printed
    assert "<table" in found._repr_html_()
    assert found.title in printed.splitlines()[0]


def test_figure_has_a_row_for_each_series(embedded_fit) -> None:
    found = diagnose(embedded_fit.stages.stage3.states, embedded_fit.disturbances())
    figure = found.plot()
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert [t.split(":")[0] for t in titles] == ["y"] * 3 + ["pi"] * 3
    drawn_path = figure.axes[2].lines[0].get_ydata()
    np.testing.assert_array_equal(drawn_path, found.cusum["y"])
    bars = [bar.get_height() for bar in figure.axes[1].patches if bar.get_width() < 1]
    np.testing.assert_allclose(bars, found.autocorrelations["y"])
    assert figure._repr_mimebundle_()["image/png"].startswith(b"\x89PNG")


def test_too_few_innovations_are_named() -> None:
    v = np.append(normal(15), [np.nan] * 10)
    with pytest.raises(DataError, match=r"local level: the tests need at least 20 .* of y \(15\)\. Give"):
        with_innovations(v)
    with pytest.raises(DataError, match=r"at least 31 .* y \(25\)"):
        with_innovations(normal(25), lags=30)


def test_options_that_cannot_be_meant() -> None:
    v = normal(40)
    with pytest.raises(SpecificationError, match=r"lags=0, n_params=0; expected 0 <= n_params < lags"):
        with_innovations(v, lags=0)
    with pytest.raises(SpecificationError, match="n_params=8"):
        with_innovations(v, n_params=8)
    with pytest.raises(SpecificationError, match="threshold=0"):
        with_innovations(v).outliers(0)


def test_states_and_disturbances_of_different_samples() -> None:
    estimates = estimate_states(local_level(drawn(50, 1)), PARAMS)
    other = smooth_disturbances(local_level(drawn(40, 1)), PARAMS)
    with pytest.raises(SpecificationError, match=r"in 1960Q1-1972Q2, the disturbances .* 1960Q1-1969Q4"):
        diagnose(estimates, other)


def test_quantiles_against_normal_ones() -> None:
    """Every innovation above its normal quantile, and the band of the order statistics of normal samples."""
    found = fitted("arma").diagnostics()
    panel = found.plot_qq().axes[0]
    v = np.sort(found.innovations.iloc[:, 0].dropna())
    points = panel.collections[1].get_offsets()
    np.testing.assert_allclose(points[:, 1], v)
    np.testing.assert_allclose(
        points[:, 0], stats.norm.ppf((np.arange(1, v.size + 1) - 0.375) / (v.size + 0.25))
    )
    band = panel.collections[0].get_paths()[0].vertices
    draws = np.sort(np.random.default_rng(0).standard_normal((20_000, v.size)), axis=1)
    for k in (0, v.size // 2):
        low, high = np.quantile(draws[:, k], [0.025, 0.975])
        drawn = band[np.isclose(band[:, 0], points[k, 0]), 1]
        np.testing.assert_allclose([drawn.min(), drawn.max()], [low, high], atol=0.03)  # Monte Carlo error
