"""The Gibbs sampler of a random walk plus a cycle, against dense normal distributions."""

from __future__ import annotations

import numpy as np
import pytest

from capstar.kernels import random_walk_cycle as kernels

N = 9
THETA = np.array([0.8, 0.5, 0.1])  # phi, variances of cycle and walk
START = np.array([1.0, 4.0, 2.0])  # mean and variance of r_1, variance of c_1
Y = np.random.default_rng(1).standard_normal(N) + 1


def plain(function):
    """A kernel as Python, where it is compiled."""
    return getattr(function, "py_func", function)


def dense() -> tuple[np.ndarray, np.ndarray]:
    """Covariances of the walk and of the cycle, each (N, N)."""
    phi, cycle, walk = THETA
    ones, powers = np.tril(np.ones((N, N))), np.tril(phi ** np.subtract.outer(np.arange(N), np.arange(N)))
    by_walk, by_cycle = np.full(N, walk), np.full(N, cycle)
    by_walk[0], by_cycle[0] = START[1:]
    return ones * by_walk @ ones.T, powers * by_cycle @ powers.T


@pytest.mark.parametrize("as_python", [False, True])
def test_filtered_moments(as_python: bool) -> None:
    """Conditional normal distributions given the first t observations: same arithmetic but for the inverse."""
    mean, precision, rhs, pivot = np.empty((4, N))
    one = plain(kernels.filter_walk) if as_python else kernels.filter_walk
    one(Y, THETA, START, mean, precision, rhs, pivot)
    walk, cycle = dense()
    for t in range(N):
        seen = slice(t + 1)
        weights = np.linalg.solve((walk + cycle)[seen, seen], walk[seen, t])
        assert mean[t] == pytest.approx(START[0] + weights @ (Y[seen] - START[0]), rel=1e-10)
        assert 1 / precision[t] == pytest.approx(walk[t, t] - weights @ walk[seen, t], rel=1e-10)


class Fixed:
    """Stands in for a generator: one normal after another from a list."""

    def __init__(self, values) -> None:
        self.left = list(values)

    def standard_normal(self) -> float:
        return self.left.pop(0)


def test_a_path_is_an_affine_map_of_its_normals() -> None:
    """Mean and covariance of the map are those of the walk given all observations, exactly."""
    mean, precision, rhs, pivot = np.empty((4, N))
    kernels.filter_walk(Y, THETA, START, mean, precision, rhs, pivot)
    columns = []
    for normals in (np.zeros(N), *np.eye(N)):
        path = np.empty(N)
        plain(kernels.draw_walk)(THETA, rhs, pivot, Fixed(normals), path)
        columns.append(path)
    center, factor = columns[0], np.array(columns[1:]).T - columns[0][:, None]
    walk, cycle = dense()
    weights = walk @ np.linalg.inv(walk + cycle)
    np.testing.assert_allclose(center, START[0] + weights @ (Y - START[0]), rtol=1e-10)
    np.testing.assert_allclose(factor @ factor.T, walk - weights @ walk, atol=1e-10)


def test_filtered_draws_have_the_filters_moments() -> None:
    """The same, of each quarter: the sum of squares of its row is its variance."""
    mean, precision, rhs, pivot = np.empty((4, N))
    kernels.filter_walk(Y, THETA, START, mean, precision, rhs, pivot)
    rows = []
    for normals in (np.zeros(N), *np.eye(N)):
        path = np.empty(N)
        plain(kernels.draw_filtered)(THETA, mean, precision, Fixed(normals), path)
        rows.append(path)
    np.testing.assert_array_equal(rows[0], mean)
    factor = np.array(rows[1:]).T - mean[:, None]
    np.testing.assert_allclose((factor**2).sum(axis=1), 1 / precision, rtol=1e-10)


def test_chain_is_the_same_compiled_or_not() -> None:
    prior, kept = np.array([0.0, 1.0, 3.0, 2.0, 50.0, 0.5]), []
    for one in (kernels.gibbs, plain(kernels.gibbs)):
        thetas, smoothed, filtered = np.empty((30, 3)), np.empty((10, N)), np.empty((10, N))
        generator, theta, work = np.random.default_rng(2), THETA.copy(), np.empty((5, N))
        one(Y, START, prior, 1, 5, 3, generator, theta, work, thetas, smoothed, filtered)
        kept.append((thetas, smoothed, filtered))
    for compiled, python in zip(*kept, strict=True):
        np.testing.assert_allclose(compiled, python, rtol=1e-9)
    assert (np.abs(kept[0][0][:, 0]) < 1).all()
