"""The climb is one dialogue: compiled, and answered from Python, it goes the same way."""

from __future__ import annotations

import numpy as np
import pytest

from capstar.kernels import climb_state
from capstar.kernels.compiling import UNCOMPILED
from capstar.statespace.climbing import answered, climb
from capstar.statespace.coordinates import Coordinates
from capstar.statespace.objective import Objective

BOX = np.array([[-np.inf, 0.0], [np.inf, np.inf], [1e-10, 1e-10], [1e-10, 1e-10]])


class Surface:
    """A likelihood of two coordinates, the second a standard deviation, by its value and two derivatives."""

    box = BOX

    def __init__(self, value, gradient, hessian, information=None) -> None:
        self.value, self.gradient, self.hessian = value, gradient, hessian
        self.information = information or (lambda x: np.eye(2))

    def value_and_score(self, x):
        return float(self.value(x)), np.asarray(self.gradient(x), dtype=float)


def reached(surface, start, *, walking: bool = False):
    at = climb_state.begin(BOX, np.array(start, dtype=float), walking=walking)
    return answered(surface, at), at


@pytest.mark.skipif(UNCOMPILED, reason="a climb of this length is for compiled code")
@pytest.mark.parametrize("stage", [1, 2, 3])
def test_compiled_and_answered_from_python(golden_set, stage: int) -> None:
    one = golden_set("hlw2017_us_2019q4")
    problem = one.problem(stage)
    values = {name: float(value) for name, value in one.params(stage).items() if name in problem.names}
    held = {name: value for name, value in values.items() if name.startswith("lambda")}
    moved = {name: 1.2 * value for name, value in values.items()}
    objective = Objective(problem, Coordinates(problem.table().starting(moved).fix(held)))
    compiled = climb(objective, objective.at.start)
    at = climb_state.begin(objective.box, objective.at.start, walking=True)
    value = answered(objective, at)
    assert value == pytest.approx(compiled.value, rel=1e-13)
    np.testing.assert_allclose(at.x, compiled.x, rtol=1e-7)
    assert at.count[climb_state.TOTAL] == compiled.iterations
    assert at.count[climb_state.ASKED :].sum() > compiled.iterations


def test_newton_ends_at_the_maximum_of_a_parabola_at_once() -> None:
    surface = Surface(
        lambda x: -((x[0] - 1) ** 2) - (x[1] - 2) ** 2,
        lambda x: [-2 * (x[0] - 1), -2 * (x[1] - 2)],
        lambda x: -2 * np.eye(2),
    )
    value, at = reached(surface, [5.0, 7.0])
    assert value == 0.0
    np.testing.assert_array_equal(at.x, [1.0, 2.0])
    assert (
        at.count[climb_state.TOTAL] == 2
    )  # one step, and one that finds the score zero with the Hessian there


def test_off_a_saddle_at_a_bound() -> None:
    """Even in the standard deviation, with a minimum at zero: the score vanishes there."""
    surface = Surface(
        lambda x: -(x[0] ** 2) + x[1] ** 2 - x[1] ** 4,
        lambda x: [-2 * x[0], 2 * x[1] - 4 * x[1] ** 3],
        lambda x: np.diag([-2.0, 2 - 12 * x[1] ** 2]),
    )
    value, at = reached(surface, [0.3, 0.0])
    assert value == pytest.approx(0.25, abs=1e-14)
    assert at.x[1] == pytest.approx(np.sqrt(0.5), abs=1e-9)


def test_off_a_ridge_between_two_maxima() -> None:
    surface = Surface(
        lambda x: -((x[0] ** 2 - 1) ** 2) - (x[1] - 2) ** 2,
        lambda x: [-4 * x[0] * (x[0] ** 2 - 1), -2 * (x[1] - 2)],
        lambda x: np.diag([4 - 12 * x[0] ** 2, -2.0]),
    )
    value, at = reached(surface, [0.0, 2.5])
    assert value == pytest.approx(0.0, abs=1e-14)
    assert abs(at.x[0]) == pytest.approx(1.0, abs=1e-9)


def test_to_a_bound_that_the_likelihood_cannot_tell() -> None:
    """It falls by less than rounding on the way to zero."""
    surface = Surface(
        lambda x: -(x[0] ** 2) - 1e-7 * x[1] ** 2,
        lambda x: [-2 * x[0], -2e-7 * x[1]],
        lambda x: np.diag([-2.0, 3e-7]),
    )
    _, at = reached(surface, [0.0, 0.5])
    assert at.x[1] <= BOX[2, 1]


def test_short_steps_stay_in_the_basin_that_long_ones_leave() -> None:
    """A narrow maximum near the start, a higher one beyond a valley."""

    def value(x):
        return np.exp(-8 * x[0] ** 2) + 2 * np.exp(-((x[0] - 4) ** 2)) - (x[1] - 1) ** 2

    def slope(x):
        near, far = np.exp(-8 * x[0] ** 2), 2 * np.exp(-((x[0] - 4) ** 2))
        return [-16 * x[0] * near - 2 * (x[0] - 4) * far, -2 * (x[1] - 1)]

    def bend(x):
        near, far = np.exp(-8 * x[0] ** 2), 2 * np.exp(-((x[0] - 4) ** 2))
        return np.diag([(256 * x[0] ** 2 - 16) * near + (4 * (x[0] - 4) ** 2 - 2) * far, -2.0])

    surface = Surface(value, slope, bend, lambda x: np.diag([16.0, 2.0]))
    _, at = reached(surface, [-0.4, 1.0], walking=True)
    assert abs(at.x[0]) < 0.01
    assert at.count[climb_state.END] == climb_state.WITHIN


@pytest.mark.parametrize("walking", [True, False])
def test_where_no_derivative_is_defined(walking: bool) -> None:
    nothing = Surface(
        lambda x: -(x[0] ** 2), lambda x: [-2 * x[0], 0.0], lambda x: np.full((2, 2), np.nan),
        lambda x: np.full((2, 2), np.nan),
    )  # fmt: skip
    value, at = reached(nothing, [1.0, 1.0], walking=walking)
    assert np.isnan(value)
    assert at.count[climb_state.END] == climb_state.UNDEFINED


def quartic(at: float):
    """Surface with its maximum at 1 and ``at``, nowhere a parabola."""
    return Surface(
        lambda x: -((x[0] - 1) ** 2) - (x[0] - 1) ** 4 - (x[1] - at) ** 2 - (x[1] - at) ** 4,
        lambda x: [-2 * (x[0] - 1) - 4 * (x[0] - 1) ** 3, -2 * (x[1] - at) - 4 * (x[1] - at) ** 3],
        lambda x: -np.diag([2 + 12 * (x[0] - 1) ** 2, 2 + 12 * (x[1] - at) ** 2]),
    )


def test_a_rough_climb_ends_at_the_same_maximum_with_fewer_hessians() -> None:
    ends, asked = [], []
    for rough in (False, True):
        at = climb_state.begin(BOX, np.array([1.9, 2.8]), walking=False, rough=rough)
        answered(quartic(2.0), at)
        ends.append(at.x)
        asked.append(at.count[climb_state.ASKED + 2])
    np.testing.assert_allclose(ends[1], ends[0], atol=1e-9)
    assert asked[1] < asked[0]


def test_a_hessian_known_from_nearby_takes_the_place_of_short_steps() -> None:
    first = climb_state.begin(BOX, np.array([1.9, 2.8]), walking=False)
    answered(quartic(2.0), first)
    asked = {}
    for known in (None, first.hessian):
        at = climb_state.begin(BOX, first.x, walking=True, known=known)
        answered(quartic(2.1), at)
        np.testing.assert_allclose(at.x, [1.0, 2.1], atol=1e-9)
        asked[known is None] = at.count[climb_state.ASKED :]
    assert asked[False][1] == 0 < asked[True][1]  # no outer product of scores
    assert asked[False][2] == 1  # the last Hessian is exact all the same


def test_a_known_hessian_that_is_not_of_a_maximum_is_not_trusted() -> None:
    at = climb_state.begin(BOX, np.array([1.3, 2.2]), walking=True, known=np.eye(2))
    answered(quartic(2.0), at)
    np.testing.assert_allclose(at.x, [1.0, 2.0], atol=1e-9)
    assert at.count[climb_state.ASKED + 1] > 0
