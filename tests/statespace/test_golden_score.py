"""The score at the estimates of the New York Fed's code, and wider models that contain a published one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conftest import GOLDEN_SETS

from capstar.statespace import bind, params, variables

EVERY = [(name, stage) for name in GOLDEN_SETS for stage in (1, 2, 3)]


@pytest.mark.parametrize(("name", "stage"), EVERY)
def test_score_at_the_golden_estimate(golden_set, name: str, stage: int) -> None:
    """The score is zero inside the bounds; at a bound, the multiplier computed independently, to 1e-8."""
    one = golden_set(name)
    golden = one.numbers["converged"]["stages"][f"stage{stage}"]
    names = one.numbers["r_run"]["stages"][f"stage{stage}"]["parameters"]
    problem, at = one.problem(stage), one.params(stage)
    score = problem.score(at)[names]
    # The unit is the score's standard deviation over quarters, the root of the sum of squares.  What
    # rounding a parameter to 16 digits does to a score is 1e-16 |theta| |H|, and theta / se is at most
    # a few hundred: far below 1e-8 units, while an error in one term of the score is of order 1.
    unit = np.sqrt((problem.score_obs(at)[names] ** 2).sum())
    np.testing.assert_allclose(score / unit, golden["score"] / unit, atol=1e-8)
    inside = [n for n in names if n not in golden["active_bounds"]]
    np.testing.assert_allclose(score[inside] / unit[inside], 0.0, atol=1e-8)
    for held in golden["active_bounds"]:
        assert abs(score[held]) > 1e-3 * unit[held]


@pytest.mark.parametrize("name", GOLDEN_SETS)
def test_a_stationary_z_and_a_new_driver_contain_the_published_model(golden_set, name: str) -> None:
    """With rho_z = 1 and a_f = 0 the wider model is the published one: likelihood to 1e-8, score to 1e-6."""
    one = golden_set(name)
    narrow, at = one.problem(3), one.params(3)
    rho_z, a_f = params("rho_z a_f")
    z, e_z, driver = variables("z e_z driver")
    base = narrow.spec
    wide = replace(
        base,
        transition=base.transition | {"z": rho_z * z(-1) + e_z},
        observation=base.observation | {"y": base.observation["y"] + a_f * driver(-1)},
    )
    data = one.frame.assign(driver=np.random.default_rng(6).normal(size=len(one.frame)))
    mean = dict(zip(narrow.model.states, narrow.initial_mean, strict=True))
    start, end = one.numbers["sample"]
    problem = bind(wide, data, initial_mean=mean, initial_cov=narrow.initial_cov, start=start, end=end)
    expected = one.numbers["converged"]["stages"]["stage3"]["log_likelihood"]
    assert problem.loglike(at | {"rho_z": 1.0, "a_f": 0.0}) == pytest.approx(expected, abs=1e-8)  # as golden
    moved = at | {"rho_z": 0.95, "a_f": 0.02}
    assert abs(problem.loglike(moved) - expected) > 1e-3
    score = problem.score(moved)
    for parameter in ("rho_z", "a_f"):
        h = 1e-3
        f = [problem.loglike(moved | {parameter: moved[parameter] + k * h}) for k in (-3, -2, -1, 1, 2, 3)]
        difference = (-f[0] + 9 * f[1] - 45 * f[2] + 45 * f[3] - 9 * f[4] + f[5]) / (60 * h)
        # Sixth-order differences of a value of 500: 500 * 1e-16 / h is 1e-10 a unit of h, truncation less.
        assert score[parameter] == pytest.approx(difference, rel=1e-6, abs=1e-6)
