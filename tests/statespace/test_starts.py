"""Exact scores where the state before the sample follows from the parameters, or is unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capstar.errors import SpecificationError
from capstar.statespace import DiffuseProblem, Problem, Spec, estimate_states, params, start_from, variables

k, d, b, a_1, a_2, rho, theta, s, lam, s_e, kappa = params("k d b a_1 a_2 rho theta s lam s_e kappa")
y, c, x, z, mu, w, u, v, e, l_ = variables("y c x z mu w u v e l_")

SPECS = {
    "AR(2)": Spec(
        "AR(2)", {"y": d + b * c + e}, {"c": k + a_1 * c(-1) + a_2 * c(-2) + u}, {"u": lam * s_e, "e": s_e}
    ),
    "ARMA": Spec("ARMA", {"y": x}, {"x": k + rho * x(-1) + u + theta * w(-1), "w": u}, {"u": s}),
    "feedback": Spec(
        "feedback",
        {"y": x + e},
        {"x": k + rho * x(-1) + b * z(-1) + theta * v + u, "z": d + a_1 * z(-1) + a_2 * x(-1) + v},
        {"u": s, "v": lam * s, "e": s_e},
        initial_mean={("z", 0): k * theta},
    ),
    "mixed": Spec(
        "mixed",
        {"y": mu + b * c + e},
        {"mu": mu(-1) + rho * c(-1) + d + l_, "c": k + a_1 * c(-1) + a_2 * c(-2) + u},
        {"l_": lam * s, "u": s, "e": s_e},
        obs_scale={"kappa": ("1970Q1", "1974Q4")},
    ),
}
POINT = {"k": 0.3, "d": 0.2, "b": 0.8, "a_1": 0.5, "a_2": 0.2, "rho": 0.6, "theta": 0.3, "s": 0.9, "lam": 0.5}
POINT |= {"s_e": 0.7, "kappa": 1.8}


def data(*, walk: bool = False) -> pd.DataFrame:
    """Autocorrelated numbers, two of them missing."""
    draws = np.random.default_rng(3).standard_normal(60)
    values = 1.0 + (draws.cumsum() if walk else np.convolve(draws, [1.0, 0.6, 0.3])[:60])
    values[[0, 17]] = np.nan
    return pd.DataFrame({"y": values}, pd.period_range("1965Q1", periods=60, freq="Q", name="date"))


def problem(name: str, initial: str) -> Problem:
    return start_from(SPECS[name], data(walk=name == "mixed"), initial)


def differences(function: Callable[[np.ndarray], np.ndarray], at: np.ndarray) -> np.ndarray:
    """Sixth-order central differences, a row a parameter: truncation (3e-3)^6 and rounding both below 1e-10."""
    weights = {1: 45.0, 2: -9.0, 3: 1.0}
    rows = []
    for j, value in enumerate(at):
        step = np.zeros_like(at)
        step[j] = 3e-3 * max(abs(value), 0.1)
        total = sum(w * (function(at + h * step) - function(at - h * step)) for h, w in weights.items())
        rows.append(total / (60 * step[j]))
    return np.array(rows)


EVERY = [*[(name, "stationary") for name in SPECS], ("AR(2)", "diffuse"), ("mixed", "diffuse")]


@pytest.mark.parametrize(("name", "initial"), EVERY)
def test_score(name: str, initial: str) -> None:
    one = problem(name, initial)
    at = one.vector({n: POINT[n] for n in one.names})
    value, score = one.value_and_score(at)
    assert value == pytest.approx(one.loglike(at), abs=1e-10)
    expected = differences(one.loglike, at)
    np.testing.assert_allclose(score, expected, rtol=1e-6, atol=1e-7 * np.abs(score).max())
    by_period = one.score_obs(at)
    np.testing.assert_allclose(by_period.sum(), score, rtol=1e-6, atol=1e-7 * np.abs(score).max())
    moved = differences(lambda p: one.loglike_obs(p).to_numpy(), at).T
    np.testing.assert_allclose(by_period, moved, rtol=1e-6, atol=1e-6)
    assert one.loglike_obs(at).sum() == pytest.approx(value, abs=1e-9)


def test_which_states_are_diffuse() -> None:
    def diffuse(name: str, initial: str) -> set[str]:
        one = problem(name, initial)
        if not isinstance(one, DiffuseProblem):
            return set()
        return {one.model.states[i][0] for i in np.flatnonzero(one.loading.any(axis=1))}

    assert diffuse("AR(2)", "stationary") == diffuse("feedback", "stationary") == set()
    assert diffuse("mixed", "stationary") == {"mu"}
    assert diffuse("AR(2)", "diffuse") == {"c"}
    assert diffuse("mixed", "diffuse") == {"mu", "c"}
    assert diffuse("ARMA", "diffuse") == {"x"}  # the lagged shock is white noise


def test_unconditional_moments_of_an_autoregression() -> None:
    """Hamilton (1994), equations 3.4.15, 3.4.27 and 3.4.28, of the state a period before the sample."""
    one = problem("AR(2)", "stationary")
    at = one.vector({n: POINT[n] for n in one.names})
    mean, cov = one.initial_moments(one.values(at))
    p_1, p_2, variance = 0.5, 0.2, (0.5 * 0.7) ** 2
    gamma = (1 - p_2) * variance / ((1 + p_2) * ((1 - p_2) ** 2 - p_1**2))
    np.testing.assert_allclose(mean, 0.3 / 0.3, rtol=1e-12)
    np.testing.assert_allclose(
        cov, gamma * np.array([[1, p_1 / (1 - p_2)], [p_1 / (1 - p_2), 1]]), rtol=1e-12
    )


def test_a_stationary_start_forgets_nothing_and_adds_nothing() -> None:
    """The joint normal of all observations, mean and autocovariances from the equations alone."""
    one = problem("ARMA", "stationary")
    p = {"k": 0.3, "rho": 0.6, "theta": 0.3, "s": 0.9}
    gamma_0 = p["s"] ** 2 * (1 + 2 * p["rho"] * p["theta"] + p["theta"] ** 2) / (1 - p["rho"] ** 2)
    gamma_1 = p["rho"] * gamma_0 + p["theta"] * p["s"] ** 2
    lags = np.abs(np.subtract.outer(np.arange(60), np.arange(60)))
    cov = np.where(lags == 0, gamma_0, gamma_1 * p["rho"] ** (lags - 1.0))
    seen = np.isfinite(one.y[:, 0])
    cov, error = cov[np.ix_(seen, seen)], one.y[seen, 0] - p["k"] / (1 - p["rho"])
    expected = -0.5 * (
        seen.sum() * np.log(2 * np.pi) + np.linalg.slogdet(cov)[1] + error @ np.linalg.solve(cov, error)
    )
    assert one.loglike(p) == pytest.approx(expected, abs=1e-9)


def test_outside_the_stationary_region_the_likelihood_is_not_defined() -> None:
    one = problem("AR(2)", "stationary")
    at = one.vector({n: POINT[n] for n in one.names} | {"a_1": 0.9})
    assert one.loglike(at) == -np.inf
    assert one.value_and_score(at)[0] == -np.inf


def test_a_diffuse_autoregression_is_regression_on_its_first_values() -> None:
    """Without noise in the measurement: the likelihood given the first two observations."""
    spec = replace(SPECS["AR(2)"], observation={"y": c}, shocks={"u": s})
    frame = data().iloc[1:17]
    one = start_from(spec, frame, "diffuse")
    p = {"k": 0.3, "a_1": 0.5, "a_2": 0.2, "s": 0.9}
    series = frame["y"].to_numpy()
    errors = series[2:] - 0.3 - 0.5 * series[1:-1] - 0.2 * series[:-2]
    normal = -0.5 * (errors.size * np.log(2 * np.pi * 0.81) + (errors**2).sum() / 0.81)
    # log(2 pi) is counted for the two that determine the state too.  The prior is flat in the first two values before
    # the third; the older of them enters the second observation times a_2, so its integral is 1 / a_2.
    assert one.loglike(p) == pytest.approx(normal - np.log(2 * np.pi) - np.log(0.2), abs=1e-9)
    states = estimate_states(one, p)
    np.testing.assert_allclose(states.smoothed[:, 0], series, atol=1e-9)


@pytest.mark.parametrize(
    "initial", ["steady", None, ([0.0], [[1.0]]), ([0.0, np.nan], np.eye(2)), ([0.0, 0.0], -np.eye(2))]
)
def test_no_such_start(initial) -> None:
    with pytest.raises(SpecificationError, match=r"initial|covariance|finite"):
        start_from(SPECS["AR(2)"], data(), initial)
