"""The compiled random walk: densities, limits, unconditional moments and the chain."""

from __future__ import annotations

import numba
import numpy as np
import pandas as pd
import pytest

from capstar.kernels import random_walk as kernels
from capstar.kernels.arrays import Pattern, System
from capstar.statespace import (
    Between,
    Normal,
    Parameter,
    Spec,
    Uniform,
    monte_carlo_error,
    params,
    start_from,
    variables,
)
from capstar.statespace.bayes import random_walk
from capstar.statespace.bayes.random_walk import walk_chain
from capstar.statespace.bayes.target import Target, make_target


def _one(kind: int, first: float, second: float, lower: float, upper: float) -> kernels.Priors:
    numbers = (first, second, lower, upper, 0.0)
    return kernels.Priors(np.array([kind]), *(np.array([float(x)]) for x in numbers))


@pytest.mark.parametrize(
    ("prior", "x", "expected"),
    [
        (_one(kernels.UNIFORM, 0, 1, 0, 5), 2.0, 0.0),
        (_one(kernels.NORMAL, 1, 2, -9, 9), 5.0, -2.0),
        (_one(kernels.BETA, 3, 2, 0, 1), 0.25, 2 * np.log(0.25) + np.log(0.75)),
        (_one(kernels.INVERSE_GAMMA, 2, 3, 0, np.inf), 0.5, -3 * np.log(0.5) - 6.0),
        (_one(kernels.NORMAL, 1, 2, -9, 9), 9.5, -np.inf),
    ],
)
def test_log_densities_by_hand(prior: kernels.Priors, x: float, expected: float) -> None:
    assert kernels.log_prior(np.array([x]), prior) == pytest.approx(expected, rel=1e-14)


def _limits(groups: list[list[int]], power: list[list[int]]) -> kernels.Limits:
    n = len(power)
    return kernels.Limits(
        np.arange(n), np.ones(n), np.array(power, dtype=np.int64).reshape(n, 3), np.full(n, 0.1), np.full(n, 2.0),
        np.cumsum([0, *map(len, groups)]), np.array([k for one in groups for k in one], dtype=np.int64),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("theta", "expected"),
    [([1.0, 2.0, 0.5], True), ([1.0, 0.4, 0.5], False), ([0.1, 2.0, 0.5], False)],
)
def test_a_ratio_between_two_limits(theta: list[float], expected: bool) -> None:
    limits = _limits([], [[1, -1, 0]])  # theta_0 / theta_1 in [0.1, 2]
    assert kernels.inside(np.array(theta), limits, np.empty(1), np.empty((2, 1))) is expected


@pytest.mark.parametrize("seed", range(5))
def test_stationarity_is_that_of_the_roots(seed: int) -> None:
    rng, limits = np.random.default_rng(seed), _limits([[2, 0, 1]], [])
    for _ in range(40):
        a = rng.uniform(-1.5, 1.5, 3)
        companion = np.eye(3, k=-1)
        companion[0] = a[[2, 0, 1]]
        expected = bool(np.abs(np.linalg.eigvals(companion)).max() < 1)
        assert kernels.inside(a, limits, np.empty(0), np.empty((2, 3))) is expected


def test_unconditional_moments_solve_their_equations() -> None:
    T = np.array([[0.5, 0.3, 0.0], [0.1, 0.6, 0.0], [0.0, 0.0, 1.0]])
    Q, c, where = np.array([[1.0, 0.2], [0.2, 0.5]]), np.array([0.3, -0.1, 9.0]), np.array([0, 1])
    row, col = (each.astype(np.uint32) for each in np.nonzero(T))
    none = np.zeros(1, dtype=np.int64)
    pattern = Pattern(
        none, col[:0], none, col[:0], np.searchsorted(row, np.arange(4)), row, col,
        np.array([0, 1, 1], dtype=np.uint32), np.array([0, 0, 1], dtype=np.uint32),
        np.array([1, 2], dtype=np.uint32), np.array([1, 0], dtype=np.uint32), col[:0], col[:0], col[:0],
    )  # fmt: skip
    empty = np.empty(0)
    system = System(
        empty,
        empty,
        empty,
        T[row, col],
        c,
        np.array([1.0, 0.2, 0.5]),
        np.zeros(3),
        np.array([0.7, 5.0]),
        empty,
    )
    x = np.array([[3.0, -2.0], [8.0, 8.0]])
    mean, P0, room = np.full(3, 7.0), np.full(9, 7.0), np.empty((4, 2, 2))
    assert kernels.unconditional(pattern, system, x, where, mean, P0, room)
    small, V = T[:2, :2], P0.reshape(3, 3)[:2, :2]
    np.testing.assert_allclose(
        mean[:2], np.linalg.solve(np.eye(2) - small, c[:2] + np.array([0.0, -1.4])), rtol=1e-13
    )
    np.testing.assert_allclose(V, small @ V @ small.T + Q, rtol=1e-13)
    assert (mean[2], P0[8]) == (7.0, 7.0)
    system.t[0] = 1.1
    assert not kernels.unconditional(pattern, system, x, where, mean, P0, room)


@pytest.mark.parametrize("bounds", [(-np.inf, np.inf), (0.5, np.inf), (-np.inf, -0.0025), (-1.0, 5.0)])
def test_places_on_the_line(bounds: tuple[float, float]) -> None:
    """The map and its inverse undo each other, and the slope is that of central differences."""
    u, lower, upper = np.linspace(-6, 6, 9), *(np.full(9, one) for one in bounds)
    x, back, moved = np.empty(9), np.empty(9), np.empty((2, 9))
    slope = kernels.from_line(u, lower, upper, x)
    assert kernels.to_line(x, lower, upper, back) == pytest.approx(slope, rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(
        back, u, atol=1e-10
    )  # a distance of exp(-6) from a bound near 1 keeps 13 digits
    for sign, out in zip((1, -1), moved, strict=True):
        kernels.from_line(u + sign * 1e-5, lower, upper, out)
    assert np.log((moved[0] - moved[1]) / 2e-5).sum() == pytest.approx(
        slope, abs=1e-7
    )  # of order 1e-10, rounding


@pytest.fixture
def target() -> Target:
    """A posterior with bounds on both sides, on one, and a constraint."""
    s_eps, s_eta, rho = params("s_eps s_eta rho")
    _, x, eps, eta = variables("y x eps eta")
    free = {"s_eps": Uniform(0, 3), "s_eta": Normal(0, 2, lower=0), "rho": Uniform(-1, 1)}
    spec = Spec(
        "noise", {"y": x + eps}, {"x": rho * x(-1) + eta}, {"eps": s_eps, "eta": s_eta},
        parameters={name: Parameter(prior=one) for name, one in free.items()},
        constraints=(Between(s_eta / s_eps, 0.5, 2.0),),
    )  # fmt: skip
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"y": rng.standard_normal(40)}, pd.period_range("2000", periods=40, freq="Q"))
    return make_target(start_from(spec, data, "stationary"), start_from(spec, data).table())


def test_chain_follows_the_likelihood_of_the_room_above(target: Target) -> None:
    """The log posterior the chain keeps is that of the state-space room, and proposals outside leave it where it is."""
    theta, *rest = target.compiled()
    start, rng = np.array([1.0, 1.0, 0.5]), np.random.default_rng(0)
    value, on_line, moved = np.array([target.log_density(start)]), np.arange(80) % 2 == 1, np.zeros(2, int)
    draws, values, factors = np.empty((20, 3)), np.empty(20), 0.3 * np.stack([np.eye(3)] * 2)
    kernels.walk(
        theta, start, value, factors, on_line, rng.standard_normal((80, 3)), np.log(rng.uniform(size=80)), 4, *rest,
        np.empty((2, 3)), moved, draws, values,
    )  # fmt: skip
    assert ((moved > 0) & (moved < 40)).all()
    ratio = draws[:, 1] / draws[:, 0]
    assert ((ratio >= 0.5) & (ratio <= 2.0)).all()
    np.testing.assert_allclose(values, [target.log_density(one) for one in draws], rtol=1e-12)


def test_compiled_steps_are_those_of_the_plain_ones(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"n_draws": 50, "warmup": 200, "thin": 2}
    at, cov = np.array([1.0, 1.0, 0.5]), 0.1 * np.eye(3)
    compiled = walk_chain(target, at, cov, seed=np.random.SeedSequence(1), **options)
    monkeypatch.setattr(Target, "compilable", False)
    plain = walk_chain(target, at, cov, seed=np.random.SeedSequence(1), **options)
    assert compiled.accepted == plain.accepted
    np.testing.assert_allclose(compiled.draws, plain.draws, rtol=1e-8)  # rounding, through 300 steps


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="88,000 uncompiled likelihoods take minutes")
def test_steps_of_both_kinds_have_one_posterior(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    at, cov, found = np.array([1.0, 1.0, 0.5]), 0.1 * np.eye(3), []
    for share in (0.0, 1.0):
        monkeypatch.setattr(random_walk, "_ON_LINE", share)
        chain = walk_chain(
            target, at, cov, n_draws=4000, warmup=4000, thin=10, seed=np.random.SeedSequence(2)
        )
        draws = chain.draws[None]
        found.append((draws.mean(axis=1)[0], [monte_carlo_error(draws[:, :, k]) for k in range(3)]))
    (plain, error), (on_line, other) = found
    # Without the derivative of the map, means differ by over ten errors.
    assert (np.abs(plain - on_line) < 4 * np.hypot(error, other)).all()
