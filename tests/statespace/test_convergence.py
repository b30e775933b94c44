"""Effective sample sizes and split R-hat against processes whose values are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from capstar.errors import SpecificationError
from capstar.statespace import (
    PosteriorDraws,
    effective_sample_size,
    monte_carlo_error,
    quantile_error,
    split_rhat,
)


def chains(rho: float, n: int = 20_000, seed: int = 1, m: int = 4) -> np.ndarray:
    """Stationary autoregressions of variance 1."""
    shocks = np.random.default_rng(seed).standard_normal((m, n)) * np.sqrt(1 - rho**2)
    shocks[:, 0] /= np.sqrt(1 - rho**2)
    return lfilter([1.0], [1.0, -rho], shocks, axis=1)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9, 0.98])
def test_an_autoregression_is_worth_what_theory_says(rho: float) -> None:
    """n (1 - rho) / (1 + rho) independent draws; within six times the error of the estimate seen over seeds."""
    draws = chains(rho)
    expected = draws.size * (1 - rho) / (1 + rho)
    found = [effective_sample_size(chains(rho, seed=seed)) for seed in range(6)]
    assert np.mean(found) == pytest.approx(expected, rel=0.06)


def test_negative_autocorrelation_is_worth_more_than_its_draws() -> None:
    draws = chains(-0.5)
    assert effective_sample_size(draws) > draws.size


@pytest.mark.parametrize(
    "what",
    [
        lambda x: x + np.array([[0], [0], [0], [0.5]]),
        lambda x: x * np.array([[1], [1], [1], [2]]),
        lambda x: np.sort(x, axis=1),
    ],
)
def test_chains_of_another_centre_or_spread_or_trend_disagree(what) -> None:
    draws = chains(0.0, 2000)
    assert split_rhat(draws) < 1.005
    assert split_rhat(what(draws)) > 1.02


def test_neither_unit_nor_origin_matters() -> None:
    draws = chains(0.3, 500)
    assert split_rhat(5 - 2e6 * draws) == pytest.approx(split_rhat(draws), abs=1e-12)
    assert effective_sample_size(5 - 2e3 * draws) == pytest.approx(effective_sample_size(draws), rel=1e-9)


def test_errors_of_mean_and_quantile_are_those_over_repetitions() -> None:
    """Standard deviation over 200 repetitions of two chains; its own error is 5 percent."""
    runs = [chains(0.6, 1000, seed=seed, m=2) for seed in range(200)]
    assert np.mean([monte_carlo_error(x) for x in runs]) == pytest.approx(
        np.std([x.mean() for x in runs]), rel=0.15
    )
    assert np.mean([quantile_error(x, 0.05) for x in runs]) == pytest.approx(
        np.std([np.quantile(x, 0.05) for x in runs]), rel=0.2
    )


def test_what_cannot_be_summarised_is_refused_or_missing() -> None:
    assert np.isnan(split_rhat(np.ones((4, 100))))
    assert np.isnan(effective_sample_size(np.ones((4, 100))))
    for bad in (np.ones(100), np.ones((4, 3)), np.full((2, 50), np.nan)):
        with pytest.raises(SpecificationError):
            split_rhat(bad)


def test_a_table_tells_of_chains_that_disagree() -> None:
    draws = np.stack([chains(0.2, 1000), chains(0.2, 1000, seed=2) + np.array([[0], [0], [0], [3]])], axis=-1)
    found = PosteriorDraws(draws, ("a", "b"))
    assert list(found.table()) == ["mean", "sd", "p05", "p50", "p95", "ess", "rhat", "mcse"]
    assert "1 of 2 parameters: the split R-hat of b is" in found.disagreement()
    assert PosteriorDraws(draws[:, :, :1], ("a",)).disagreement() == ""
