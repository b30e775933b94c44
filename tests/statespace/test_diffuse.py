"""Exact diffuse initialisation against statsmodels' Koopman-Durbin filter and smoother."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.statespace.initialization import Initialization
from statsmodels.tsa.statespace.kalman_smoother import KalmanSmoother

from capstar.errors import SpecificationError
from capstar.statespace import Spec, bind, estimate_states, params, variables
from capstar.statespace.diffuse import DiffuseProblem, diffuse_problem
from capstar.statespace.maximum_likelihood import maximize
from capstar.statespace.smoothing import simulate_data, smooth_disturbances, smoothed_moments

INDEX = pd.period_range("1980Q1", periods=60, freq="Q")


def local_level() -> tuple[DiffuseProblem, np.ndarray]:
    sigma_eps, sigma_eta = params("sigma_eps sigma_eta")
    mu, eps, eta = variables("mu eps eta")
    spec = Spec("local level", {"y": mu + eps}, {"mu": mu(-1) + eta}, {"eps": sigma_eps, "eta": sigma_eta})
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"y": 50 + rng.standard_normal(60).cumsum() + rng.standard_normal(60)}, INDEX)
    data.iloc[[0, 10, 11]] = np.nan
    problem = bind(spec, data, initial_mean={("mu", 0): 0.0}, initial_cov=np.eye(1))
    return diffuse_problem(problem), problem.vector({"sigma_eps": 0.9, "sigma_eta": 1.2})


def trend_with_lags() -> tuple[DiffuseProblem, np.ndarray]:
    """Two series on a local linear trend that the observations read with two lags."""
    a, b, s1, s2, s3, s4 = params("a b s1 s2 s3 s4")
    y, mu, g, e1, e2, e3, e4 = variables("y mu g e1 e2 e3 e4")
    spec = Spec(
        "trend",
        {"y": mu + a * (y - mu)(-1) + b * (y - mu)(-2) + e1, "x": 0.5 * mu(-2) + g + e2},
        {"mu": mu(-1) + g(-1) + e3, "g": g(-1) + e4},
        {"e1": s1, "e2": s2, "e3": s3, "e4": s4},
    )
    rng = np.random.default_rng(2)
    level = 30 + (0.5 + 0.1 * rng.standard_normal(60).cumsum()).cumsum()
    data = pd.DataFrame(
        {"y": level + rng.standard_normal(60), "x": level / 2 + rng.standard_normal(60)}, INDEX
    )
    data.iloc[30:33, 1] = np.nan
    mean = {("mu", 0): 30.0, ("mu", -1): 29.0, ("mu", -2): 28.0, ("g", 0): 0.5}
    problem = bind(spec, data, initial_mean=mean, initial_cov=np.eye(4))
    theta = problem.vector({"a": 0.6, "b": -0.1, "s1": 0.8, "s2": 0.7, "s3": 0.4, "s4": 0.2})
    return diffuse_problem(problem), theta


@pytest.fixture(params=["level", "trend", "hlw2017"])
def case(request, embedded_fit) -> tuple[DiffuseProblem, np.ndarray]:
    if request.param == "hlw2017":
        stage = embedded_fit.stages.stage3
        return diffuse_problem(stage.problem), stage.problem.vector(stage.ml.params)
    return {"level": local_level, "trend": trend_with_lags}[request.param]()


def oracle(problem: DiffuseProblem, theta: np.ndarray):
    """The same system in statsmodels, from one period before the recursions start."""
    long = problem.longer()
    values = problem.values(theta)
    dense = {name: problem.model.blocks[name].dense(values) for name in "ZDHTcG"}
    m, shocks = dense["G"].shape
    y = np.vstack([np.full((1, long.y.shape[1]), np.nan), long.y])
    x = np.vstack([np.zeros((1, long.x.shape[1])), long.x])
    model = KalmanSmoother(k_endog=y.shape[1], k_states=m, k_posdef=shocks)
    model.bind(np.asfortranarray(y.T))
    model["design"], model["transition"], model["selection"] = dense["Z"], dense["T"], dense["G"]
    model["state_cov"] = np.eye(shocks)
    scale = np.concatenate([[1.0], long.scale(theta)])
    model["obs_cov"] = np.stack([s**2 * np.diag(dense["H"][:, 0]) for s in scale], axis=-1)
    model["obs_intercept"] = dense["D"] @ x.T
    model["state_intercept"] = dense["c"]
    initial = Initialization(m)
    loaded = problem.loading.any(axis=1)
    for i in range(m):
        kind = ("diffuse",) if loaded[i] else ("known", [0.0 + long.initial_mean[i]], np.zeros((1, 1)))
        initial.set(i, *kind)
    model.initialize(initial)
    model.filter_univariate = True
    return model.smooth()


def test_likelihood_and_states_are_those_of_koopman_and_durbin(case) -> None:
    problem, theta = case
    theirs, ours, skip = oracle(problem, theta), estimate_states(problem, theta), problem.warmup + 1
    assert problem.loglike(theta) == pytest.approx(theirs.llf, rel=1e-9)
    assert problem.loglike_obs(theta).sum() == pytest.approx(theirs.llf, rel=1e-9)
    smoothed = theirs.smoothed_state.T[skip:]
    # Known initial means of the states that are not the newest make theirs and ours the same from the start.
    np.testing.assert_allclose(ours.smoothed, smoothed, rtol=1e-7, atol=1e-6)
    cov = theirs.smoothed_state_cov.transpose(2, 0, 1)[skip:]
    np.testing.assert_allclose(ours.smoothed_cov, cov, rtol=1e-5, atol=1e-6 * np.abs(cov).max())
    known = np.isfinite(ours.filtered).all(axis=1)
    assert known.sum() > len(known) - 10
    filtered = theirs.filtered_state.T[skip:]
    # While information is scarce both carry numbers of the order of the variance, here up to 1e4.
    np.testing.assert_allclose(ours.filtered[known], filtered[known], rtol=1e-5, atol=1e-4)


def test_score_is_exact(case) -> None:
    problem, theta = case
    value, score = problem.value_and_score(theta)
    assert value == pytest.approx(problem.loglike(theta), rel=1e-12)
    for j in range(theta.size):
        h = np.zeros_like(theta)
        h[j] = 1e-4 * max(abs(theta[j]), 1e-2)
        near = problem.loglike(theta + h) - problem.loglike(theta - h)
        far = problem.loglike(theta + 2 * h) - problem.loglike(theta - 2 * h)
        difference = (8 * near - far) / (12 * h[j])
        # The likelihood has about 12 digits, the quotient loses five of them.
        assert score[j] == pytest.approx(difference, rel=1e-6, abs=1e-5), problem.names[j]
    by_period = problem.score_obs(theta)
    np.testing.assert_allclose(by_period.sum(), score, rtol=1e-4, atol=1e-4)


def test_large_variance_is_the_limit() -> None:
    problem, theta = local_level()
    long = problem.longer()
    vague = replace(long, initial_cov=1e8 * problem.loading @ problem.loading.T)
    ours, theirs = estimate_states(problem, theta), estimate_states(vague, theta)
    np.testing.assert_allclose(ours.smoothed, theirs.smoothed[problem.warmup :], rtol=1e-6)
    expected = vague.loglike(theta) + 0.5 * np.log(1e8)
    assert problem.loglike(theta) == pytest.approx(expected, abs=1e-4)


def test_nothing_is_known_before_the_data_tell_it() -> None:
    problem, theta = local_level()
    states = estimate_states(problem, theta)
    # The first observation is missing, the second determines the level and leaves no innovation.
    assert np.isnan(states.filtered[0]).all()
    assert np.isinf(states.filtered_cov[0]).all()
    assert states.filtered[1, 0] == pytest.approx(problem.y[1, 0])
    assert np.isnan(states.innovations[:2]).all()
    np.testing.assert_array_equal(problem.loglike_obs(theta).iloc[0], 0.0)


def test_filtered_states_do_not_see_later_data(case) -> None:
    problem, theta = case
    cut = 40
    fields = {n: getattr(problem, n)[:cut] for n in ("index", "y", "x", "report_inputs", "scale_param")}
    early = estimate_states(replace(problem, **fields), theta)
    late = estimate_states(problem, theta)
    known = np.isfinite(early.filtered).all(axis=1)
    # The same linear algebra centred at another estimate of the initial state: rounding alone.
    np.testing.assert_allclose(early.filtered[known], late.filtered[:cut][known], rtol=1e-7, atol=1e-6)


def test_innovations_are_white_with_their_variances() -> None:
    problem, theta = trend_with_lags()
    states = estimate_states(problem, theta)
    seen = np.isfinite(states.innovations)
    z = states.innovations[seen] / np.sqrt(states.innovation_var[seen])
    total = -0.5 * (np.log(2 * np.pi * states.innovation_var[seen]) + z**2)
    by_period = problem.loglike_obs(theta)
    last_full = ~np.isnan(problem.y).any(axis=1) & seen.all(axis=1)
    rows = np.zeros(problem.y.shape)
    rows[seen] = total
    np.testing.assert_allclose(rows.sum(axis=1)[last_full], by_period[last_full], rtol=1e-7, atol=1e-8)


def test_maximum_likelihood_from_a_diffuse_start() -> None:
    problem, theta = local_level()
    table = problem.table().starting(dict(zip(problem.names, theta, strict=True)))
    table = replace(table, lower=table.lower.clip(lower=1e-3))
    fit = maximize(problem, table)
    assert fit.converged
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    theirs = UnobservedComponents(problem.y[:, 0], "llevel", use_exact_diffuse=True).fit(
        disp=False, maxiter=200
    )
    # Their optimiser stops at a relative 1e-7 or so of the likelihood.
    assert fit.llf == pytest.approx(theirs.llf, abs=1e-4)
    variances = [fit.params["sigma_eps"] ** 2, fit.params["sigma_eta"] ** 2]
    np.testing.assert_allclose(variances, theirs.params, rtol=5e-3)


def test_moments_for_a_monte_carlo_are_those_of_the_smoother(case) -> None:
    problem, theta = case
    mean, cov = smoothed_moments(problem, theta, [0])
    states = estimate_states(problem, theta)
    np.testing.assert_array_equal(mean[:, 0], states.smoothed[:, 0])
    np.testing.assert_array_equal(cov[:, 0, 0], states.smoothed_cov[:, 0, 0])


def test_covariances_and_residuals_are_those_of_the_joint_distribution() -> None:
    """A flat prior on a random walk: the precision of states and data, inverted."""
    problem, theta = local_level()
    s_eps, s_eta = 0.9, 1.2
    n, seen = 60, ~np.isnan(problem.y[:, 0])
    step = np.diff(np.eye(n + 1), axis=0)  # eta from the state before the sample on
    read = np.eye(n + 1)[1:][seen]
    cov = np.linalg.inv(step.T @ step / s_eta**2 + read.T @ read / s_eps**2)
    mean = cov @ read.T @ problem.y[seen, 0] / s_eps**2
    ours = estimate_states(problem, theta)
    np.testing.assert_allclose(ours.smoothed[:, 0], mean[1:], rtol=1e-9)
    np.testing.assert_allclose(ours.smoothed_cov[:, 0, 0], np.diag(cov)[1:], rtol=1e-8)
    np.testing.assert_allclose(ours.lag_one_cov[:, 0, 0], np.diag(cov, 1), rtol=1e-8)
    np.testing.assert_allclose([ours.initial[0], ours.initial_cov[0, 0]], [mean[0], cov[0, 0]], rtol=1e-8)
    found = smooth_disturbances(problem, theta)
    eta, spread = step @ mean, s_eta**2 * np.eye(n) - step @ cov @ step.T
    clear = np.diag(spread) > 1e-6  # the first shock cannot be told from the diffuse start
    np.testing.assert_allclose(found.state.iloc[:, 0] * s_eta, eta, rtol=1e-7, atol=1e-9)
    expected = eta[clear] / np.sqrt(np.diag(spread)[clear])
    np.testing.assert_allclose(found.state_residuals.iloc[clear, 0], expected, rtol=1e-6)
    assert found.state_residuals.iloc[~clear, 0].isna().all()
    eps = problem.y[seen, 0] - read @ mean
    left = s_eps**2 * np.eye(seen.sum()) - read @ cov @ read.T
    np.testing.assert_allclose(found.measurement.iloc[seen, 0], eps, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(
        found.measurement_residuals.iloc[seen, 0], eps / np.sqrt(np.diag(left)), rtol=1e-6
    )


def test_what_cannot_be_done_is_said() -> None:
    problem, theta = local_level()
    with pytest.raises(SpecificationError, match="no distribution to draw samples from"):
        simulate_data(problem, theta)
    with pytest.raises(SpecificationError, match="has no state 'nu'"):
        diffuse_problem(problem.longer(), ["nu"])
    empty = replace(problem.longer(), y=np.full((60, 1), np.nan))
    with pytest.raises(
        SpecificationError, match="never determine the diffuse initial state in the direction mu"
    ):
        diffuse_problem(empty)


def test_three_stages_from_a_diffuse_start(golden_set) -> None:
    """LW 2023 from a diffuse start: r* of 2023Q2 near 0.2 (to 0.5), lambda_g near the published start's (to 0.03)."""
    one = golden_set("lw2023_us_2023q2")
    fit = one.model.fit(one.data, *one.numbers["sample"], initial="diffuse")
    assert "diffuse" in fit.departures[0]
    assert fit.stages.stage3.first_pass is None
    published = one.numbers["converged"]
    # From the published start it is 1.14.
    assert fit.rstar.filtered.iloc[-1] == pytest.approx(0.2, abs=0.5)
    assert abs(fit.lambda_g - published["lambda_g"]) < 0.03
    assert fit.with_standard_errors(50).uncertainty.se.notna().all(axis=None)
    assert fit.to_dict()["states"]["rstar_filtered"][0] is None
    with pytest.raises(SpecificationError, match="diffuse initial state"):
        fit.bootstrap(2)
    found = fit.decompose("1980Q1", "1990Q1")
    assert found.observations.to_numpy().sum() + found.initial == pytest.approx(found.change, abs=1e-8)
