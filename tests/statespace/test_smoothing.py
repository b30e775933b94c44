"""Disturbances, simulation, forecasts."""

from __future__ import annotations

import numpy as np
import pytest

from capstar.errors import DataError, SpecificationError
from capstar.statespace import estimate_states, forecast, simulate_data, simulate_states, smooth_disturbances


@pytest.fixture(scope="module")
def problem_and_theta(golden_set):
    one = golden_set("hlw2023_us_2023q2")
    problem = one.problem(3)
    return problem, problem.vector(one.params(3))


def test_signal_and_error_add_up_to_the_data(problem_and_theta) -> None:
    problem, theta = problem_and_theta
    values = problem.values(theta)
    states, shocks = estimate_states(problem, theta), smooth_disturbances(problem, theta)
    signal = states.smoothed @ problem.model.blocks["Z"].dense(values).T
    signal += problem.x @ problem.model.blocks["D"].dense(values).T
    np.testing.assert_allclose(signal + shocks.measurement.to_numpy(), problem.y, atol=1e-9)


def test_smoothed_state_shocks_are_the_changes_of_smoothed_states(problem_and_theta) -> None:
    problem, theta = problem_and_theta
    states, shocks = (
        estimate_states(problem, theta).states("smoothed"),
        smooth_disturbances(problem, theta).state,
    )
    params = dict(zip(problem.names, theta, strict=True))
    sigma_g = params["lambda_g"] * params["sigma_ystar"]
    np.testing.assert_allclose(states["g"].diff().iloc[1:], sigma_g * shocks["e_g"].iloc[1:], atol=1e-9)
    sigma_z = params["lambda_z"] * params["sigma_ygap"] / params["a_r"]
    np.testing.assert_allclose(states["z"].diff().iloc[1:], sigma_z * shocks["e_z"].iloc[1:], atol=1e-9)


def test_auxiliary_residuals_are_standard_where_the_model_holds(problem_and_theta) -> None:
    problem, theta = problem_and_theta
    _, y = simulate_data(problem, theta, seed=3)
    residuals = smooth_disturbances(problem.with_data(y), theta).measurement_residuals
    # Serially correlated by construction: 250 values carry the information of about 100; 4 sd of a variance.
    assert np.abs(residuals.mean()).max() < 0.4
    assert np.abs(residuals.var() - 1).max() < 0.6


def test_simulated_states_have_the_smoothed_moments(problem_and_theta) -> None:
    problem, theta = problem_and_theta
    draws = simulate_states(problem, theta, n_draws=400, seed=11)
    states = estimate_states(problem, theta)
    spread = np.sqrt(np.einsum("tii->ti", states.smoothed_cov))
    error = (draws.mean(axis=0) - states.smoothed) / (spread / np.sqrt(400))
    # Standard normal where the draws are right; 2,250 correlated values: 5 is beyond one in 1e5.
    assert np.abs(error).max() < 5
    ratio = draws.var(axis=0) / spread**2
    assert np.abs(ratio - 1).max() < 6 * np.sqrt(2 / 400)
    again = simulate_states(problem, theta, n_draws=2, seed=11)
    np.testing.assert_array_equal(again, draws[:2])


def test_one_step_forecast_is_the_filter_s_prediction(problem_and_theta, golden_set) -> None:
    problem, theta = problem_and_theta
    frame = golden_set("hlw2023_us_2023q2").frame
    whole = estimate_states(problem, theta)
    y = problem.y.copy()
    cut = len(y) - 1
    shorter = estimate_states(_until(problem, cut), theta)
    given = frame.loc[problem.index[cut] :, ["r", "d"]]
    ahead = forecast(shorter, 1, history=frame, future=given)
    values = problem.values(theta)
    expected = problem.model.blocks["Z"].dense(values) @ whole.predicted[cut]
    expected += problem.model.blocks["D"].dense(values) @ problem.x[cut]
    np.testing.assert_allclose(ahead.mean[["y", "pi"]].iloc[0], expected, rtol=1e-12)
    assert ahead.std["pi"].iloc[0] > theta[problem.names.index("sigma_pi")]


def test_forecast_asks_for_what_it_reads(problem_and_theta, golden_set) -> None:
    problem, theta = problem_and_theta
    frame = golden_set("hlw2023_us_2023q2").frame
    with pytest.raises(DataError, match="is not given for 2023Q3"):
        forecast(estimate_states(problem, theta), 4, history=frame, future=frame[["d"]])


def test_no_variance_is_an_error_that_names_the_quarter(problem_and_theta) -> None:
    problem, theta = problem_and_theta
    broken = np.where(np.char.startswith(problem.names, "sigma"), 0.0, theta)
    with pytest.raises(SpecificationError, match=r"innovation variance of \d{4}Q\d is not positive"):
        estimate_states(problem.with_initial_cov(np.zeros_like(problem.initial_cov)), broken)


def _until(problem, stop: int):
    from dataclasses import replace

    return replace(
        problem,
        index=problem.index[:stop],
        y=problem.y[:stop],
        x=problem.x[:stop],
        report_inputs=problem.report_inputs[:stop],
        scale_param=problem.scale_param[:stop],
    )


def test_filtered_states_do_not_see_the_future(problem_and_theta) -> None:
    problem, theta = problem_and_theta
    whole, shorter = estimate_states(problem, theta), estimate_states(_until(problem, 180), theta)
    np.testing.assert_array_equal(whole.filtered[:180], shorter.filtered)
