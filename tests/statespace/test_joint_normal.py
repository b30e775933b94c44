"""Equations bound to data against the joint normal distribution, written out by hand.

The matrices below are copied from the equations by eye and share no code with the compiler, and
nothing recurses: states and observations of all periods are one normal vector.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from capstar.statespace import (
    Problem,
    Spec,
    bind,
    estimate_states,
    params,
    simulate_states,
    smooth_disturbances,
    variables,
)
from capstar.statespace.smoothing import smoothed_moments

rho, beta, drift, s_e, s_f, s_u, s_w, kappa = params("rho beta drift s_e s_f s_u s_w kappa")
y, q, x, mu, tau, e, f, u, w = variables("y q x mu tau e f u w")
SPEC = Spec(
    "trend and cycle",
    {"y": mu + tau + beta * x(-1) + e, "q": 0.5 * tau(-1) + rho * q(-1) + f},
    {"mu": mu(-1) + drift + u, "tau": rho * tau(-1) + w + 0.4 * u},
    {"e": s_e, "f": 2 * s_f, "u": s_u, "w": s_w},
    obs_scale={"kappa": ("2001Q1", "2001Q2")},
    reports={"gap": x(-1) - mu + beta * tau(-1)},
)
PARAMS = {
    "rho": 0.7, "beta": -0.4, "drift": 0.3, "s_e": 0.8, "s_f": 0.6, "s_u": 0.5, "s_w": 0.9, "kappa": 1.8,
}  # fmt: skip
N, M, P, START = 7, 3, 2, "2000Q2"
RTOL, ATOL = 1e-10, 1e-11  # the same sums in double precision in another order; entries are of size 1


@dataclass(frozen=True)
class Normal:
    """The stacked vector: states of periods 0..N, state shocks and measurement errors of 1..N."""

    mean: np.ndarray
    cov: np.ndarray
    loglike: float

    def states(self, t: int) -> slice:
        return slice(t * M, (t + 1) * M)

    def shocks(self, t: int) -> slice:
        first = (N + 1) * M + 2 * (t - 1)
        return slice(first, first + 2)

    def errors(self, t: int) -> slice:
        first = (N + 1) * M + 2 * N + P * (t - 1)
        return slice(first, first + P)


def data(kind: str) -> pd.DataFrame:
    """Two series and a regressor; one quarter comes first because the equations read lags."""
    rng = np.random.default_rng(8)
    index = pd.period_range("2000Q1", periods=N + 1, freq="Q")
    out = pd.DataFrame(rng.normal(size=(N + 1, 3)), index, ["y", "q", "x"])
    if kind == "missing":
        out.loc[["2000Q3", "2001Q2"], "y"] = np.nan
        out.iloc[-1] = np.nan  # both series at once, and at the end; q(-1) is still there
    return out


@pytest.fixture(params=["complete", "missing"], scope="module")
def frame(request: pytest.FixtureRequest) -> pd.DataFrame:
    return data(request.param)


FIRST_MEAN = np.array([0.2, -0.1, 0.4])
FIRST_COV = np.array([[1.0, 0.3, 0.1], [0.3, 0.8, 0.2], [0.1, 0.2, 0.5]])


@pytest.fixture(scope="module")
def problem(frame: pd.DataFrame) -> Problem:
    slots = (("mu", 0), ("tau", 0), ("tau", -1))
    mean = dict(zip(slots, FIRST_MEAN, strict=True))
    return bind(SPEC, frame, initial_mean=mean, initial_cov=FIRST_COV, start=START)


def given(frame: pd.DataFrame, upto: int = N) -> Normal:
    """Moments of everything given the observations of periods 1..upto."""
    v = PARAMS
    T = np.array([[1, 0, 0], [0, v["rho"], 0], [0, 1, 0]])
    load = np.array([[v["s_u"], 0], [0.4 * v["s_u"], v["s_w"]], [0, 0]])
    Z = np.array([[1, 1, 0], [0, 0, 0.5]])
    scale = np.where(np.isin(frame.index[1:].astype(str), ["2001Q1", "2001Q2"]), v["kappa"], 1.0)
    # Everything as a linear map of the independent sources: first state, shocks, errors.
    sources = M + 2 * N + P * N
    states, centre = np.zeros(((N + 1) * M, sources)), np.zeros((N + 1) * M)
    states[:M, :M], centre[:M] = np.eye(M), FIRST_MEAN
    for t in range(1, N + 1):
        now, before = slice(t * M, (t + 1) * M), slice((t - 1) * M, t * M)
        states[now] = T @ states[before]
        states[now, M + 2 * (t - 1) : M + 2 * t] += load
        centre[now] = T @ centre[before] + np.array([v["drift"], 0, 0])
    variance = np.zeros((sources, sources))
    variance[:M, :M] = FIRST_COV
    variance[M : M + 2 * N, M : M + 2 * N] = np.eye(2 * N)
    deviation = np.outer(scale, [v["s_e"], 2 * v["s_f"]]).ravel()
    variance[M + 2 * N :, M + 2 * N :] = np.diag(deviation**2)
    everything = np.vstack([states, np.eye(sources)[M:]])
    mean = np.concatenate([centre, np.zeros(2 * N + P * N)])
    signal = np.kron(np.eye(N), Z) @ states[M:] + np.eye(sources)[M + 2 * N :]
    lagged = frame.shift(1).iloc[1:]
    known = np.column_stack([v["beta"] * lagged["x"], v["rho"] * lagged["q"]]).ravel()
    seen = frame[["y", "q"]].iloc[1:].to_numpy().ravel()
    error = seen - known - np.kron(np.eye(N), Z) @ centre[M:]
    keep = ~np.isnan(seen) & (np.repeat(np.arange(N), P) < upto)
    A, error = signal[keep], error[keep]
    F = A @ variance @ A.T
    cross = everything @ variance @ A.T
    density = -0.5 * (error.size * np.log(2 * np.pi) + np.linalg.slogdet(F)[1])
    density -= 0.5 * error @ np.linalg.solve(F, error)
    return Normal(
        mean + cross @ np.linalg.solve(F, error),
        everything @ variance @ everything.T - cross @ np.linalg.solve(F, cross.T),
        float(density),
    )


def test_likelihood_is_the_joint_density(problem: Problem, frame: pd.DataFrame) -> None:
    assert problem.nobs == N
    assert problem.loglike(PARAMS) == pytest.approx(given(frame).loglike, rel=RTOL)
    so_far = [given(frame, t).loglike for t in range(1, N + 1)]
    np.testing.assert_allclose(problem.loglike_obs(PARAMS).cumsum(), so_far, rtol=RTOL)


def test_filter_and_prediction_are_conditional_moments(problem: Problem, frame: pd.DataFrame) -> None:
    ours = estimate_states(problem, PARAMS)
    for t in range(1, N + 1):
        for which, upto in (("filtered", t), ("predicted", t - 1)):
            oracle = given(frame, upto)
            now = oracle.states(t)
            np.testing.assert_allclose(getattr(ours, which)[t - 1], oracle.mean[now], rtol=RTOL, atol=ATOL)
            cov = getattr(ours, f"{which}_cov")[t - 1]
            np.testing.assert_allclose(cov, oracle.cov[now, now], rtol=RTOL, atol=ATOL)


def test_smoother_is_the_conditional_distribution_given_all(problem: Problem, frame: pd.DataFrame) -> None:
    ours, oracle = estimate_states(problem, PARAMS), given(frame)
    first = oracle.states(0)
    np.testing.assert_allclose(ours.initial, oracle.mean[first], rtol=RTOL, atol=ATOL)
    np.testing.assert_allclose(ours.initial_cov, oracle.cov[first, first], rtol=RTOL, atol=ATOL)
    for t in range(1, N + 1):
        now, before = oracle.states(t), oracle.states(t - 1)
        np.testing.assert_allclose(ours.smoothed[t - 1], oracle.mean[now], rtol=RTOL, atol=ATOL)
        np.testing.assert_allclose(ours.smoothed_cov[t - 1], oracle.cov[now, now], rtol=RTOL, atol=ATOL)
        np.testing.assert_allclose(ours.lag_one_cov[t - 1], oracle.cov[now, before], rtol=RTOL, atol=ATOL)


def test_smoothed_moments_of_some_states(problem: Problem, frame: pd.DataFrame) -> None:
    some, oracle = [2, 0], given(frame)
    mean, cov = smoothed_moments(problem, PARAMS, some)
    for t in range(1, N + 1):
        now = np.array(some) + t * M
        np.testing.assert_allclose(mean[t - 1], oracle.mean[now], rtol=RTOL, atol=ATOL)
        np.testing.assert_allclose(cov[t - 1], oracle.cov[np.ix_(now, now)], rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("which", ["predicted", "filtered", "smoothed"])
def test_reports_are_their_expressions(problem: Problem, frame: pd.DataFrame, which: str) -> None:
    mean, deviation = estimate_states(problem, PARAMS).report("gap", which)
    on_states = np.array([-1.0, 0.0, PARAMS["beta"]])
    for t in range(1, N + 1):
        oracle = given(frame, {"predicted": t - 1, "filtered": t, "smoothed": N}[which])
        now = oracle.states(t)
        expected = frame["x"].iloc[t - 1] + on_states @ oracle.mean[now]
        assert mean.iloc[t - 1] == pytest.approx(expected, rel=RTOL, abs=ATOL)
        variance = on_states @ oracle.cov[now, now] @ on_states
        assert deviation.iloc[t - 1] == pytest.approx(np.sqrt(variance), rel=RTOL)
    assert mean.index.equals(problem.index)


def test_smoothed_disturbances_are_conditional_means(problem: Problem, frame: pd.DataFrame) -> None:
    ours, oracle, prior = smooth_disturbances(problem, PARAMS), given(frame), given(frame, 0)
    assert list(ours.state) == ["u", "w"]
    for t in range(1, N + 1):
        for part, table, residuals in (
            (oracle.shocks(t), ours.state, ours.state_residuals),
            (oracle.errors(t), ours.measurement, ours.measurement_residuals),
        ):
            mean = oracle.mean[part]
            # An auxiliary residual is divided by the standard deviation of the mean itself.
            reached = np.diag(prior.cov[part, part] - oracle.cov[part, part])
            known = reached > 1e-9
            got, standard = table.iloc[t - 1].to_numpy(), residuals.iloc[t - 1].to_numpy()
            # A missing value has no measurement error to show.
            shown = ~np.isnan(got)
            np.testing.assert_allclose(got[shown], mean[shown], rtol=1e-9, atol=ATOL)
            np.testing.assert_allclose(got[~shown], np.nan)
            np.testing.assert_allclose(mean[~shown], 0.0, atol=ATOL)
            np.testing.assert_allclose(
                standard[known], (mean / np.sqrt(reached.clip(1e-9)))[known], rtol=1e-8
            )
            assert np.isnan(standard[~known]).all()
    assert ours.measurement.isna().to_numpy().tolist() == np.isnan(problem.y).tolist()


def test_simulated_states_have_the_conditional_joint_distribution(
    problem: Problem, frame: pd.DataFrame
) -> None:
    n_draws = 4000
    draws = simulate_states(problem, PARAMS, n_draws=n_draws, seed=21).reshape(n_draws, N * M)
    oracle = given(frame)
    cov = oracle.cov[M : (N + 1) * M, M : (N + 1) * M]
    spread = np.sqrt(np.diag(cov))
    # Each error is standard normal: 5 is beyond one in a million, for 21 means and 441 covariances.
    means = (draws.mean(axis=0) - oracle.mean[M : (N + 1) * M]) / (spread / np.sqrt(n_draws))
    assert np.abs(means).max() < 5
    # The variance of a sample covariance of normals is (s_ii s_jj + s_ij^2) / n.
    error = np.sqrt((np.outer(spread**2, spread**2) + cov**2) / n_draws)
    assert np.abs((np.cov(draws.T) - cov) / error).max() < 5
