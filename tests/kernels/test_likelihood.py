"""Value, score and scores by period in one compiled call: equal to those put together in Python."""

from __future__ import annotations

import numpy as np
import pytest

from capstar.statespace.coordinates import Coordinates
from capstar.statespace.objective import Objective


@pytest.fixture(scope="module", params=["hlw2017_us_2019q4", "hlw2023_us_2023q2"])
def final(golden_set, request):
    """Stage 3 away from its maximum: scale factors in one of them, missing values in the other."""
    one = golden_set(request.param)
    problem = one.problem(3)
    if request.param.startswith("hlw2017"):
        y = problem.y.copy()
        y[[0, 7, 50], [1, 0, 1]], y[20] = np.nan, np.nan
        problem = problem.with_data(y)
    return problem, problem.vector(one.params(3)) * 1.03


def objective(problem, theta) -> Objective:
    values = dict(zip(problem.names, theta.tolist(), strict=True))
    return Objective(problem, Coordinates(problem.table().starting(values).release(problem.names)))


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
    scores = problem.score_obs(theta).to_numpy()
    expected = scores.T @ scores
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(
        objective(problem, theta).information(theta) / scale, expected / scale, atol=1e-11
    )


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
    lost[[problem.names.index(name) for name in problem.names if name.startswith("sigma")]] = np.nan
    one = objective(problem, theta)
    value, score = one.value_and_score(lost)
    assert value == -np.inf
    assert not score.any()
    # What it left behind does not reach the next call.
    np.testing.assert_array_equal(
        one.value_and_score(theta)[1], objective(problem, theta).value_and_score(theta)[1]
    )
