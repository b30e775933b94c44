"""The start by generalised least squares: against a regression stacked by hand, and its derivative in the score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capstar.errors import SpecificationError
from capstar.statespace import Spec, bind, params, variables
from capstar.statespace.gls import GLSProblem, gls_start
from capstar.statespace.problem import Problem
from capstar.statespace.smoothing import estimate_states

THETA = {"rho": 0.6, "b": 0.4, "drift": 0.3, "s_y": 0.8, "s_p": 0.5, "s_mu": 0.6, "s_g": 0.2, "kappa": 1.7}


def equations() -> Spec:
    """Two series, a trend read at two dates with a moving slope, a regressor, and a scale in the first periods."""
    rho, b, drift, s_y, s_p, s_mu, s_g = params("rho b drift s_y s_p s_mu s_g")
    x, mu, g, e, f, u, v = variables("x mu g e f u v")
    return Spec(
        "two series",
        {"y": mu - rho * mu(-1) + b * x + e, "p": b * mu(-1) + rho * g(-1) + f},
        {"mu": mu(-1) + g(-1) + drift + u, "g": g(-1) + v},
        {"e": s_y, "f": s_p, "u": s_mu, "v": s_g},
        obs_scale={"kappa": ("2000Q2", "2000Q3")},
    )


@pytest.fixture
def problem() -> GLSProblem:
    index = pd.period_range("2000Q1", periods=40, freq="Q", name="date")
    rng = np.random.default_rng(4)
    trend = 5 + np.cumsum(0.4 + 0.6 * rng.standard_normal(40))
    data = pd.DataFrame(
        {"y": 0.4 * trend + rng.standard_normal(40), "p": 0.4 * trend + rng.standard_normal(40)}, index
    )
    data["x"] = rng.standard_normal(40)
    slots = equations().state_slots()
    bound = bind(
        equations(),
        data,
        initial_mean=dict.fromkeys(slots, 0.0),
        initial_cov=np.eye(len(slots)),
    )
    return gls_start(bound, 5, 6.0)


def by_hand(problem: GLSProblem, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance from the stacked regression, its covariance accumulated period by period."""
    values, k = problem.values(theta), problem.n_first
    Z, D, H, T, c, G = (problem.model.blocks[name].dense(values) for name in ("Z", "D", "H", "T", "c", "G"))
    power, p = np.linalg.matrix_power, len(Z)
    state_cov = [np.zeros_like(T)]  # of the state around its path from the first period
    path = [np.zeros(len(T))]
    for _ in range(k - 1):
        state_cov.append(T @ state_cov[-1] @ T.T + G @ G.T)
        path.append(T @ path[-1] + c[:, 0])
    omega = np.zeros((k * p, k * p))
    for i in range(k):
        for j in range(i + 1):
            block = Z @ power(T, i - j) @ state_cov[j] @ Z.T
            block = block + (i == j) * problem.scale(theta)[i] ** 2 * np.diag(H[:, 0])
            omega[i * p : (i + 1) * p, j * p : (j + 1) * p] = block
            omega[j * p : (j + 1) * p, i * p : (i + 1) * p] = block.T
    X = np.vstack([Z @ power(T, j) for j in range(k)])
    rest = np.concatenate([problem.y[j] - D @ problem.x[j] - Z @ path[j] for j in range(k)])
    known = ~np.isnan(rest)
    X, rest, inverse = X[known], rest[known], np.linalg.inv(omega[np.ix_(known, known)])
    cov = np.linalg.inv(X.T @ inverse @ X)
    mean = cov @ X.T @ inverse @ rest
    return mean, cov * ((rest - X @ mean) ** 2).sum() / problem.divisor


def held(problem: GLSProblem, theta: np.ndarray) -> Problem:
    """The ordinary problem from these moments, whatever its parameters."""
    mean, cov = by_hand(problem, theta)
    slots = problem.model.states
    data = pd.DataFrame(problem.y, problem.index, ["y", "p"]).assign(x=problem.x[:, 0])
    return bind(problem.spec, data, initial_mean=dict(zip(slots, mean, strict=True)), initial_cov=cov)


def test_moments_are_those_of_the_stacked_regression(problem: GLSProblem) -> None:
    holed = problem.y.copy()
    holed[1, 0] = np.nan
    for one in (problem, problem.with_data(holed)):
        theta = one.vector(THETA)
        mean, cov = by_hand(one, theta)
        np.testing.assert_allclose(one.inputs(theta).system.a0, mean, rtol=1e-9)
        np.testing.assert_allclose(one.inputs(theta).P0, cov, rtol=1e-9)


def test_likelihood_is_of_all_observations_from_these_moments(problem: GLSProblem) -> None:
    plain = held(problem, problem.vector(THETA))
    assert problem.loglike(THETA) == pytest.approx(plain.loglike(THETA), abs=1e-8)
    ours, expected = estimate_states(problem, THETA), estimate_states(plain, THETA)
    np.testing.assert_allclose(ours.smoothed, expected.smoothed, atol=1e-8)
    np.testing.assert_allclose(ours.initial, expected.initial, atol=1e-8)


def eighth_order(function, x: np.ndarray, j: int) -> np.ndarray:
    """Central differences of order eight, in one coordinate."""
    step = np.zeros_like(x)
    step[j] = 4e-3 * max(abs(x[j]), 0.1)
    weights = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
    moves = [w * (function(x + h * step) - function(x - h * step)) for h, w in enumerate(weights, 1)]
    return np.sum(moves, axis=0) / step[j]


def test_score_holds_the_derivative_of_the_start(problem: GLSProblem) -> None:
    theta = problem.vector(THETA)
    _, score = problem.value_and_score(theta)
    per_period = problem.score_obs(theta).to_numpy()
    for j in range(theta.size):
        # The truncation of the stencil and rounding of a likelihood of 100 are both near 1e-10.
        assert score[j] == pytest.approx(eighth_order(problem.loglike, theta, j), rel=1e-8, abs=1e-8)
        expected = eighth_order(lambda at: problem.loglike_obs(at).to_numpy(), theta, j)
        np.testing.assert_allclose(per_period[:, j], expected, rtol=1e-7, atol=1e-8)
    assert np.abs(held(problem, theta).value_and_score(theta)[1] - score).max() > 0.1  # and it matters


def test_no_likelihood_where_the_observations_do_not_give_the_state(problem: GLSProblem) -> None:
    nowhere = problem.vector(THETA | {"rho": 0.0, "b": 0.0})  # mu(-1) and g(-1) move no observation
    value, score = problem.value_and_score(nowhere)
    assert value == problem.loglike(nowhere) == -np.inf
    assert score.shape == nowhere.shape


def test_too_few_observations_and_a_declared_mean_are_refused(problem: GLSProblem) -> None:
    with pytest.raises(SpecificationError, match="hold 4 observations, too few for the 4 states"):
        gls_start(problem, 2, 6.0)
    shifted = replace(problem.spec, initial_mean={("mu", -1): params("rho")[0]})
    with pytest.raises(SpecificationError, match="estimated and declared at once"):
        gls_start(replace(problem, spec=shifted), 5, 6.0)
