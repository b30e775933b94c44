"""Value, score and scores by period in one compiled call: equal to those put together in Python."""

from __future__ import annotations

import numba
import numpy as np
import pandas as pd
import pytest

from capstar.statespace import Spec, bind, params, variables
from capstar.statespace.coordinates import Coordinates
from capstar.statespace.objective import Objective


def cycle():
    """A trend, a cycle whose transition is estimated, and a series that loads on its lag; some values missing."""
    rho1, rho2, load, b, drift, s_y, s_x, s_mu, s_c = params("rho1 rho2 load b drift s_y s_x s_mu s_c")
    w, mu, c, e_y, e_x, e_mu, e_c = variables("w mu c e_y e_x e_mu e_c")
    spec = Spec(
        "cycle",
        {"y": mu + c + b * w + e_y, "x": load * c(-1) + e_x},
        {"mu": mu(-1) + drift + e_mu, "c": rho1 * c(-1) + rho2 * c(-2) + e_c},
        {"e_y": s_y, "e_x": s_x, "e_mu": s_mu, "e_c": s_c},
        obs_scale={"kappa": ("2003Q1", "2004Q4")},
    )
    rng = np.random.default_rng(1)
    index = pd.period_range("2000Q1", periods=70, freq="Q")
    data = pd.DataFrame(rng.standard_normal((70, 3)).cumsum(axis=0), index, ["y", "x", "w"])
    data.iloc[[0, 9, 30], 0], data.iloc[[4, 30], 1] = np.nan, np.nan
    slots = spec.state_slots()
    problem = bind(spec, data, initial_mean=dict.fromkeys(slots, 0.3), initial_cov=2 * np.eye(len(slots)))
    values = {"rho1": 0.9, "rho2": -0.2, "load": 0.7, "b": 0.4, "drift": 0.1, "s_y": 0.5, "s_x": 0.8, "s_mu": 0.6,
              "s_c": 0.7, "kappa": 1.6}  # fmt: skip
    return problem, problem.vector(values)


# Uncompiled, a Hessian of the published models takes minutes.
MODELS = ["cycle"] if numba.config.DISABLE_JIT else ["hlw2017_us_2019q4", "hlw2023_us_2023q2", "cycle"]


@pytest.fixture(scope="module", params=MODELS)
def final(golden_set, request):
    """Away from a maximum: stage 3, with scale factors or missing values, and a transition that is estimated."""
    if request.param == "cycle":
        return cycle()
    one = golden_set(request.param)
    problem = one.problem(3)
    if request.param.startswith("hlw2017"):
        y = problem.y.copy()
        y[[0, 7, 50], [1, 0, 1]], y[20] = np.nan, np.nan
        problem = problem.with_data(y)
    return problem, problem.vector(one.params(3)) * 1.03


def objective(problem, theta) -> Objective:
    values = dict(zip(problem.names, theta.tolist(), strict=True))
    return Objective(problem, Coordinates(problem.table().release(problem.names).starting(values)))


def test_value_and_score(final) -> None:
    problem, theta = final
    one = objective(problem, theta)
    value, score = one.value_and_score(theta)
    expected, slopes = problem.value_and_score(theta)
    # The same sums in another order.
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(score, slopes, rtol=1e-11, atol=1e-9)
    again, twice = one.value_and_score(theta)
    assert again == value
    np.testing.assert_array_equal(twice, score)


def test_information_is_the_outer_product_of_scores(final) -> None:
    problem, theta = final
    scores = problem.scores_along(theta)
    np.testing.assert_allclose(problem.score_obs(theta), scores, rtol=1e-9, atol=1e-9 * np.abs(scores).max())
    expected = scores.T @ scores
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(
        objective(problem, theta).information(theta) / scale, expected / scale, atol=1e-11
    )


def test_hessian_is_the_derivative_of_the_score(final) -> None:
    """Fourth-order differences of the exact score; their truncation and rounding are below 1e-7 of standard units."""
    problem, theta = final
    exact, differences = objective(problem, theta).hessian(theta), problem.hessian(theta).to_numpy()
    np.testing.assert_array_equal(exact, exact.T)
    units = np.sqrt(np.abs(np.outer(np.diag(exact), np.diag(exact))))
    np.testing.assert_allclose(exact / units, differences / units, atol=1e-7)


def test_free_parameters_alone(final) -> None:
    problem, theta = final
    values = dict(zip(problem.names, theta.tolist(), strict=True))
    held = problem.names[2]
    at = Coordinates(problem.table().starting(values).release(problem.names).fix({held: values[held]}))
    one = Objective(problem, at)
    left = np.delete(np.arange(theta.size), 2)
    whole = objective(problem, theta)
    np.testing.assert_array_equal(one.value_and_score(theta[left])[1], whole.value_and_score(theta)[1][left])
    expected = whole.information(theta)[np.ix_(left, left)]
    np.testing.assert_allclose(one.information(theta[left]), expected, rtol=1e-10)


def test_where_there_is_no_likelihood(final) -> None:
    problem, theta = final
    lost = theta.copy()
    lost[[problem.names.index(name) for name in problem.names if name.startswith(("sigma", "s_"))]] = np.nan
    one = objective(problem, theta)
    value, score = one.value_and_score(lost)
    assert value == -np.inf
    assert not score.any()
    # What it left behind does not reach the next call.
    np.testing.assert_array_equal(
        one.value_and_score(theta)[1], objective(problem, theta).value_and_score(theta)[1]
    )
