"""Stock and Watson (1998): break statistics, lookup and table 4."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, load_module
from statsmodels.regression.linear_model import OLS

from capstar.errors import DataError, SpecificationError
from capstar.rstar import MEDIANS, break_statistics, median_unbiased_lambda

STUDY = load_module(ROOT / "research/stock_watson_1998/time_varying_mean.py")
time_varying_mean = STUDY.time_varying_mean


@pytest.fixture
def growth(reference) -> np.ndarray:
    path = reference("stock_watson1998/gdp_growth.csv")
    return pd.read_csv(path, index_col=0).iloc[:, 0].to_numpy()


def test_medians_are_those_of_table_3(reference) -> None:
    """The lookup table is the paper's table 3, exactly."""
    table = pd.read_csv(reference("stock_watson1998/table3_lookup.csv"), index_col="lambda")
    for name, column in MEDIANS.items():
        np.testing.assert_array_equal(table[name], column)


@pytest.fixture
def study() -> ModuleType:
    return load_module(ROOT / "research/stock_watson_1998/reproduce.py")


def test_table_4(reference, growth: np.ndarray, study: ModuleType) -> None:
    """Table 4, all four statistics as printed; lambda and sigma of L and EW, whose lookup is table 3."""
    ours = time_varying_mean(growth, ar=study.published_autoregression(growth))
    published = pd.read_csv(reference("stock_watson1998/table4_published.csv"), index_col="test")
    for name in ("L", "MW", "EW", "QLR"):
        assert round(ours.loc[name, "statistic"], 2) == published.loc[name, "statistic"], name
    for name in ("L", "EW"):
        assert round(ours.loc[name, "lambda"], 1) == published.loc[name, "lambda"], name
        assert round(ours.loc[name, "sigma"], 2) == published.loc[name, "sigma_delta_beta"], name


def test_lambdas_of_the_original_program(growth: np.ndarray, study: ModuleType) -> None:
    """What the authors' program printed to ten digits; every fourth row of its grid is table 3."""
    ours = time_varying_mean(growth, ar=study.published_autoregression(growth))["statistic"]
    np.testing.assert_allclose(ours, [0.2093978964, 1.1587793780, 0.6821161167, 3.3105130875], rtol=1e-8)
    found = study.lambdas_of_the_original_grid(ours)
    # The grid is known to six decimals, its steps are about 0.01 (L) to 0.1 for 0.25 of lambda.
    np.testing.assert_allclose(found, [4.0558657193, 3.4335430139, 3.0712033611, 0.7786146171], atol=2e-5)
    grid = pd.read_csv(study.HERE / "original_grid.csv", index_col="lambda")
    for name in ("L", "MW", "EW", "QLR"):
        np.testing.assert_allclose(grid[name].iloc[::4], MEDIANS[name][:6], atol=5.1e-4)


def test_break_statistics_against_one_regression_a_date(growth: np.ndarray) -> None:
    """Weighted t statistics of a break against one regression a date, to 1e-9."""
    n = len(growth)
    X = np.column_stack([np.ones(n), np.sin(np.arange(n))])
    weights = np.linspace(0.5, 2, n)
    ours = break_statistics(growth, X, weights=weights, trim=10)
    root = np.sqrt(weights)
    for k, t in zip(ours.dates[::40], ours.t_statistic[::40], strict=True):
        design = np.column_stack([X, np.arange(n) >= k]) * root[:, None]
        beta, rss, *_ = np.linalg.lstsq(design, growth * root, rcond=None)
        variance = rss[0] / (weights.sum() - 3) * np.linalg.inv(design.T @ design)[-1, -1]
        assert t == pytest.approx(beta[-1] / np.sqrt(variance), rel=1e-9)


def test_observations_of_no_weight_do_not_matter(growth: np.ndarray) -> None:
    """Observations of zero weight change no statistic: as without them, to 1e-9."""
    n = len(growth)
    weights = np.where(np.arange(n) >= n - 8, 0.0, 1.0)
    spoiled = np.where(weights == 0, 1e6, growth)
    ones = np.ones((n, 1))
    ours = break_statistics(growth, ones, weights=weights)
    assert ours.exp_wald == break_statistics(spoiled, ones, weights=weights).exp_wald
    assert ours.nyblom == break_statistics(spoiled, ones, weights=weights).nyblom
    assert np.isfinite(ours.t_statistic).all()
    alone = break_statistics(growth[:-8], ones[:-8], trim=4)
    np.testing.assert_allclose(alone.t_statistic, ours.t_statistic[: len(alone.t_statistic)], rtol=1e-9)
    assert alone.nyblom == pytest.approx(ours.nyblom, rel=1e-9)


def test_nyblom_statistic_by_hand() -> None:
    # Deviations -1, 0, 1; partial sums -1, -1, 0; variance 1: L = 2 / 9.
    found = break_statistics([1.0, 2.0, 3.0], np.ones((3, 1)), trim=1)
    assert found.value("L") == found.nyblom == pytest.approx(2 / 9, rel=1e-14)


def test_nyblom_statistic_is_hansens_of_the_constant(growth: np.ndarray) -> None:
    """Nyblom's statistic is the individual one of Hansen (1992), with n - k for n, one regressor or two: 1e-10."""
    n = len(growth)
    X = np.column_stack([np.ones(n), growth.mean() + np.sin(np.arange(n))])
    for k in (1, 2):
        fit = OLS(growth, X[:, :k]).fit()
        hansen = (np.cumsum(fit.resid) ** 2).sum() / (n * fit.resid @ fit.resid)
        assert break_statistics(growth, X[:, :k]).nyblom == pytest.approx(hansen * (n - k) / n, rel=1e-10)


def test_a_weight_of_two_is_two_observations(growth: np.ndarray) -> None:
    """Nyblom's statistic of observations with weight two is that of each taken twice, within 5 percent."""
    n, weights = len(growth), np.where(np.arange(len(growth)) % 3 == 0, 2.0, 1.0)
    weighted = break_statistics(growth, np.ones((n, 1)), weights=weights).nyblom
    twice = np.repeat(growth, weights.astype(int))
    assert weighted == pytest.approx(break_statistics(twice, np.ones((len(twice), 1))).nyblom, rel=0.05)
    assert abs(weighted / break_statistics(growth, np.ones((n, 1))).nyblom - 1) > 0.1


@pytest.mark.parametrize("name", ["EW", "MW", "QLR", "L"])
def test_lookup_is_exact_at_the_knots_and_bounded(name: str) -> None:
    assert median_unbiased_lambda(MEDIANS[name][7], name) == 7
    assert median_unbiased_lambda(0.0, name) == 0
    with pytest.raises(SpecificationError, match="end of Stock and Watson's table 3"):
        median_unbiased_lambda(MEDIANS[name][-1] + 1, name)


def test_bad_calls_are_named(growth: np.ndarray) -> None:
    """Unknown statistics and unusable series are refused with the reason."""
    with pytest.raises(SpecificationError, match="choose one of"):
        median_unbiased_lambda(1.0, "POI7")
    with pytest.raises(DataError, match="too few"):
        time_varying_mean(growth[:20])
    with pytest.raises(DataError, match="Value 3 of the series is missing"):
        time_varying_mean(np.where(np.arange(len(growth)) == 2, np.nan, growth))
    with pytest.raises(SpecificationError, match="no stationary part"):
        time_varying_mean(growth, ar=[0.7, 0.4])


def test_sigma_scales_with_the_series(growth: np.ndarray) -> None:
    """Ten times the series: ten times sigma and the same lambda, to 1e-9."""
    one, ten = time_varying_mean(growth), time_varying_mean(10 * growth)
    np.testing.assert_allclose(ten["sigma"], 10 * one["sigma"], rtol=1e-9)
    np.testing.assert_allclose(ten["lambda"], one["lambda"], rtol=1e-9)
