"""The R code's likelihoods, and the exact score against complex steps of a plain NumPy filter."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import GOLDEN_SETS

STAGES = (1, 2, 3)
EVERY = [(name, stage) for name in GOLDEN_SETS for stage in STAGES]


def twin(problem, theta: np.ndarray) -> complex:
    """The same likelihood with dense matrices, whole-vector updates, and complex parameters."""
    slot, coef, power = problem.model.terms
    values = np.zeros(problem.model.n_values, dtype=complex)
    np.add.at(values, slot, coef * np.prod(theta ** power.astype(float), axis=1))

    def dense(name: str) -> np.ndarray:
        block = problem.model.blocks[name]
        out = np.zeros(block.shape, dtype=complex)
        out[block.row, block.col] = values[block.where]
        return out

    Z, D, T, G, H = dense("Z"), dense("D"), dense("T"), dense("G"), np.diag(dense("H")[:, 0])
    a, P = problem.initial_mean + dense("a")[:, 0], problem.initial_cov.astype(complex)
    scale = np.where(problem.scale_param >= 0, theta[problem.scale_param], 1.0)
    total = 0.0 + 0.0j
    for t in range(problem.nobs):
        a, P = T @ a + dense("c")[:, 0], T @ P @ T.T + G @ G.T
        F = Z @ P @ Z.T + scale[t] ** 2 * H
        v = problem.y[t] - D @ problem.x[t] - Z @ a
        gain = P @ Z.T @ np.linalg.inv(F)
        total += -0.5 * (v.size * np.log(2 * np.pi) + np.log(np.linalg.det(F)) + v @ np.linalg.inv(F) @ v)
        a, P = a + gain @ v, P - gain @ Z @ P
    return total


@pytest.mark.parametrize("run", ["r_run", "converged"])
@pytest.mark.parametrize(("name", "stage"), EVERY)
def test_golden_log_likelihood(golden_set, name: str, stage: int, run: str) -> None:
    """The R code's log-likelihood of every stage, at its estimate and at convergence, to 1e-8."""
    one = golden_set(name)
    expected = one.numbers[run]["stages"][f"stage{stage}"]["log_likelihood"]
    # The R code's own double arithmetic; the issue of scale is 600, so 1e-8 is eleven digits.
    assert one.problem(stage, run).loglike(one.params(stage, run)) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(("name", "stage"), EVERY)
def test_golden_log_likelihood_away_from_the_maximum(golden_set, name: str, stage: int) -> None:
    """The R code's log-likelihood of every stage at two other points, to 1e-8."""
    one = golden_set(name)
    golden = one.numbers["r_run"]["stages"][f"stage{stage}"]
    for point in golden["log_likelihood_elsewhere"]:
        params = one.params(stage, "r_run") | dict(zip(golden["parameters"], point["theta"], strict=True))
        value = one.problem(stage, "r_run").loglike(params)
        assert value == pytest.approx(point["log_likelihood"], abs=1e-8)


@pytest.mark.parametrize(("name", "stage"), EVERY)
def test_score_equals_complex_steps(golden_set, name: str, stage: int) -> None:
    """The score against complex steps of the plain filter to 1e-8; the likelihood to 1e-12."""
    one = golden_set(name)
    problem = one.problem(stage)
    # A little off the maximum, where no component vanishes; kappas stay above 1.
    theta = 1.01 * problem.vector(one.params(stage))
    value, score = problem.value_and_score(theta)
    assert value == pytest.approx(twin(problem, theta.astype(complex)).real, rel=1e-12)
    for j, parameter in enumerate(problem.names):
        step = theta.astype(complex)
        step[j] += 1e-30j  # no subtraction, so no cancellation: exact to rounding
        expected = twin(problem, step).imag / 1e-30
        # 1e-8 of the component; the floor is rounding in sums of up to 250 terms of size 100.
        assert score[j] == pytest.approx(expected, rel=1e-8, abs=1e-9), parameter


@pytest.mark.parametrize(("name", "stage"), EVERY)
def test_scores_of_the_quarters_add_up(golden_set, name: str, stage: int) -> None:
    """Scores of the quarters add up to the score, to 1e-12 of the sum of their sizes."""
    one = golden_set(name)
    problem, params = one.problem(stage), one.params(stage)
    by_quarter = problem.score_obs(params)
    assert by_quarter.shape == (problem.nobs, len(problem.names))
    scale = by_quarter.abs().sum()
    np.testing.assert_allclose(by_quarter.sum() / scale, problem.score(params) / scale, atol=1e-12)


def test_likelihood_by_quarter_adds_up_and_matches_the_published_run(golden_set, golden) -> None:
    """HLW 2023: the R code's log-likelihood of every quarter, to 1e-7."""
    import pandas as pd

    one = golden_set("hlw2023_us_2023q2")
    by_quarter = one.problem(3, "r_run").loglike_obs(one.params(3, "r_run"))
    published = pd.read_csv(golden("hlw2023_us_2023q2_stage3.csv"))["log_likelihood_t"]
    np.testing.assert_allclose(by_quarter, published, atol=1e-8)  # stored with 17 digits


def test_missing_observations_leave_the_score_exact(golden_set) -> None:
    """Scores of the quarters add up where observations are missing, to 1e-9."""
    one = golden_set("hlw2023_us_2023q2")
    problem = one.problem(3)
    y = problem.y.copy()
    y[20:28, 1] = y[240:243] = np.nan
    problem = problem.with_data(y)
    theta = problem.vector(one.params(3))
    score = problem.value_and_score(theta)[1]
    np.testing.assert_allclose(problem.score_obs(theta).sum(), score, rtol=1e-9, atol=1e-9)
