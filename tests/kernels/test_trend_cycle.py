"""Conjugate draws and the elimination of a banded system, compiled and not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import invwishart

from capstar.kernels import trend_cycle as kernels

SCALE = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.2], [0.0, 0.2, 0.7]])


def test_inverse_wishart_has_its_mean_and_variances() -> None:
    """4,000 draws; within five standard errors of the closed forms."""
    rng, df, n = np.random.default_rng(1), 14.0, 4000
    draws = np.array([kernels.inverse_wishart(rng, SCALE, df) for _ in range(n)])
    known = invwishart(df, SCALE)
    error = np.sqrt(known.var() / n)
    assert np.abs((draws.mean(axis=0) - known.mean()) / error).max() < 5
    assert np.abs(draws.var(axis=0) / known.var() - 1).max() < 0.3  # fourth moments are large


def test_inverse_gamma_has_its_mean_and_variance() -> None:
    """Mean scale / (shape - 1), variance mean^2 / (shape - 2); within five standard errors."""
    rng, n = np.random.default_rng(2), 4000
    draws = np.array([kernels.inverse_gamma(rng, 9.0, 4.0) for _ in range(n)])
    mean, variance = 4.0 / 8, (4.0 / 8) ** 2 / 7
    assert abs(draws.mean() - mean) < 5 * np.sqrt(variance / n)
    assert draws.var() == pytest.approx(variance, rel=0.2)


def test_matrix_normal_has_its_mean_and_kronecker_covariance() -> None:
    rng, n = np.random.default_rng(3), 4000
    precision = np.array([[4.0, 1.0], [1.0, 2.0]])
    mean = np.arange(6.0).reshape(2, 3)
    root = np.linalg.cholesky(precision)
    draws = np.array([kernels.matrix_normal(rng, mean, root, SCALE).ravel() for _ in range(n)])
    expected = np.kron(np.linalg.inv(precision), SCALE)
    scale = np.sqrt(np.diag(expected))
    assert np.abs((draws.mean(axis=0) - mean.ravel()) / scale).max() < 5 / np.sqrt(n)
    error = (np.cov(draws.T) - expected) / np.outer(scale, scale)
    assert np.abs(error).max() < 5 * np.sqrt(2 / n)


def test_doubling_solves_the_covariance_and_refuses_explosive_cycles() -> None:
    rng = np.random.default_rng(4)
    B, P = np.vstack([0.5 * np.eye(3), 0.1 * rng.standard_normal((3, 3))]), np.empty((6, 6))
    assert kernels.stationary_covariance(B, SCALE, P)
    companion, noise = np.zeros((6, 6)), np.zeros((6, 6))
    companion[:3], companion[3:, :3], noise[:3, :3] = B.T, np.eye(3), SCALE
    np.testing.assert_allclose(P, companion @ P @ companion.T + noise, atol=1e-12)
    assert not kernels.stationary_covariance(np.vstack([1.001 * np.eye(3), np.zeros((3, 3))]), SCALE, P)
    assert kernels.stationary_covariance(np.vstack([0.9999 * np.eye(3), np.zeros((3, 3))]), SCALE, P)


def test_elimination_solves_a_banded_system() -> None:
    rng, size, width = np.random.default_rng(5), 12, 4
    lower = np.tril(rng.standard_normal((size, size))) + 3 * np.eye(size)
    lower[np.subtract.outer(np.arange(size), np.arange(size)) >= width] = 0.0
    full, b = lower @ lower.T, rng.standard_normal(size)
    band = np.zeros((size, width))
    for k in range(width):
        band[: size - k, k] = np.diag(full, -k)
    x = np.empty(size)
    kernels.eliminate(band, b_ := b.copy(), 0, size, size)
    kernels.substitute_back(band, b_, 0, size, x)
    np.testing.assert_allclose(full @ x, b, atol=1e-10)
