"""Constraints as coordinates with exact Jacobians, and a maximum at the edge of one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from capstar.errors import SpecificationError
from capstar.statespace import (
    Between,
    Parameter,
    ParameterTable,
    Spec,
    Stationary,
    SumBelow,
    fit,
    params,
    variables,
)
from capstar.statespace.constraints import companion
from capstar.statespace.coordinates import Coordinates

PARTIALS = st.lists(st.floats(-0.98, 0.98), min_size=1, max_size=4)


def autoregression(order: int) -> Stationary:
    return Stationary(*[f"a_{k}" for k in range(order)])


@given(PARTIALS)
def test_partial_autocorrelations_give_a_stationary_autoregression(partials: list[float]) -> None:
    at = np.array(partials)
    values, _ = autoregression(at.size).values(at)
    # A root of multiplicity four is known to the fourth root of the rounding error.
    assert np.abs(np.linalg.eigvals(companion(values))).max() < 1.0 + 1e-4


@given(PARTIALS)
def test_coordinates_come_back(partials: list[float]) -> None:
    at = np.array(partials)
    constraint = autoregression(at.size)
    # Division by 1 - partial^2 in each step loses two digits at 0.98.
    np.testing.assert_allclose(constraint.coordinates(constraint.values(at)[0]), at, atol=1e-6)


@given(PARTIALS)
def test_jacobian_of_the_stationary_map(partials: list[float]) -> None:
    at = np.array(partials)
    constraint = autoregression(at.size)
    slope = constraint.values(at)[1]
    for j in range(at.size):
        step = np.eye(at.size)[j] * 1e-4
        # The map is linear in each coordinate alone, so a central difference is exact but for rounding.
        expected = (constraint.values(at + step)[0] - constraint.values(at - step)[0]) / 2e-4
        np.testing.assert_allclose(slope[:, j], expected, atol=1e-10)


def test_an_ar2_by_hand() -> None:
    """Monahan (1984): a_2 is the second partial autocorrelation, a_1 the first times one less a_2."""
    values, slope = Stationary("a", "b").values(np.array([0.5, -0.4]))
    np.testing.assert_allclose(values, [0.5 * 1.4, -0.4])
    np.testing.assert_allclose(slope, [[1.4, -0.5], [0.0, 1.0]])


@pytest.mark.parametrize(
    "explosive", [[1.2], [1.0], [1.5, 0.2], [0.5, 0.5], [0.9, 0.8, -0.3], [0.0, 0.0, 0.0, 1.5]]
)
def test_an_explosive_start_is_moved_inside(explosive: list[float]) -> None:
    constraint = autoregression(len(explosive))
    moved, _ = constraint.values(constraint.coordinates(np.array(explosive)))
    assert np.abs(np.linalg.eigvals(companion(moved))).max() == pytest.approx(0.98)


def table(constraints: tuple, **changed: Parameter) -> ParameterTable:
    names = ("s", "a_0", "b", "a_1", "c")
    return ParameterTable.build({n: changed.get(n, Parameter(0.2)) for n in names}, constraints)


def test_score_pulled_back_to_coordinates() -> None:
    at = Coordinates(table((Stationary("a_0", "a_1"), SumBelow("b", "c", limit=0.9))))
    weights = np.array([0.3, -1.2, 0.7, 2.0, -0.4])

    def value(x: np.ndarray) -> float:
        return float(np.sin(at.fill(x)) @ weights)

    x = np.array([0.1, 0.6, 0.3, -0.5, 0.7])
    pulled = at.pull(x, np.cos(at.fill(x)) * weights)
    steps = np.eye(5) * 1e-3
    expected = [
        (8 * (value(x + h) - value(x - h)) - value(x + 2 * h) + value(x - 2 * h)) / 12e-3 for h in steps
    ]
    np.testing.assert_allclose(pulled, expected, atol=1e-10)
    by_period = at.pull(x, np.stack([np.cos(at.fill(x)) * weights] * 3))
    np.testing.assert_allclose(by_period, [pulled] * 3, rtol=1e-14)


def test_start_and_fill_are_inverse() -> None:
    at = Coordinates(table((Stationary("a_0", "a_1"), SumBelow("b", "c"))))
    np.testing.assert_allclose(at.fill(at.start), 0.2, rtol=1e-12)
    assert at.start[4] == pytest.approx(0.4)


def test_a_sum_with_one_member_held() -> None:
    held = table((SumBelow("b", "c", limit=0.9),)).fix({"b": 0.6})
    at = Coordinates(held)
    assert at.names == ["s", "a_0", "a_1", "c"]
    assert at.bounds[1][3] == pytest.approx(0.3, abs=1e-5)
    assert at.fill(np.array([0.2, 0.2, 0.2, 0.25]))[4] == 0.25
    none = Coordinates(held.fix({"c": 0.1}))
    assert none.groups == ()


@pytest.mark.parametrize(
    ("constraints", "changed", "fixed", "message"),
    [
        ((Stationary("a_0", "a_1"), SumBelow("a_1", "b")), {}, {}, "a_1 is under two constraints"),
        ((Stationary("a_0", "a_1"),), {"a_0": Parameter(0.1, lower=0.0)}, {}, "a_0 has bounds of its own"),
        (
            (SumBelow("b", "c"),),
            {"c": Parameter(0.1, upper=0.5)},
            {},
            "c has bounds .* name another parameter last",
        ),
        ((Stationary("a_0", "a_1"),), {}, {"a_1": 0.1}, "a_1 cannot be held fixed alone"),
    ],
)
def test_constraints_that_cannot_be_met(constraints, changed, fixed, message: str) -> None:
    at = Coordinates(table(constraints, **changed).fix(fixed))
    with pytest.raises(SpecificationError, match=message):
        at.bounds  # noqa: B018


def test_own_bounds_of_a_parameter_that_is_its_own_coordinate() -> None:
    at = Coordinates(table((SumBelow("c", "b"),), c=Parameter(0.1, lower=0.0)))
    assert at.bounds[0][4] == 0.0
    single = Coordinates(table((Stationary("a_0"),), a_0=Parameter(0.1, lower=0.0)))
    assert single.bounds[0][1] == 0.0
    assert single.bounds[1][1] == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("names", [(), ("a", "a"), (1,)])
def test_names_once_each(names) -> None:
    with pytest.raises(SpecificationError, match="each once, as text"):
        Stationary(*names)


def test_a_constraint_on_nothing() -> None:
    spec = Spec(
        "odd", {"y": variables("mu")[0]}, {"mu": variables("mu")[0](-1)}, {}, constraints=(Stationary("r"),)
    )
    with pytest.raises(SpecificationError, match="names r, which is in no equation"):
        spec.check()


@pytest.fixture(scope="module")
def explosive():
    """An AR(1) with coefficient 1.03, and its declaration with a stationary autoregression."""
    rho, s = params("rho s")
    a, u = variables("a u")
    series = np.zeros(80)
    shocks = np.random.default_rng(5).standard_normal(80)
    for t in range(1, 80):
        series[t] = 1.03 * series[t - 1] + shocks[t]
    spec = Spec("AR(1)", {"y": a}, {"a": rho * a(-1) + u}, {"u": s}, constraints=(Stationary("rho"),))
    initial = ([0.0], [[0.0]])
    return spec, pd.Series(series[1:]), initial


def test_a_maximum_at_the_edge(explosive) -> None:
    spec, series, initial = explosive
    found = fit(spec, series, initial=initial)
    assert found.ml.at_bound.to_dict() == {"rho": True, "s": False}
    assert found.params["rho"] == pytest.approx(1 - 1e-6, abs=1e-9)
    assert "At a bound" in str(found.summary())
    assert np.isnan(found.bse["rho"])
    assert found.bse["s"] > 0

    # Given the coefficient the variance is the mean of squares, so one dimension is left: the best on the allowed side.
    x, lag = series.to_numpy(), np.concatenate([[0.0], series.to_numpy()[:-1]])

    def concentrated(rho: float) -> float:
        return 0.5 * x.size * (np.log(2 * np.pi * np.mean((x - rho * lag) ** 2)) + 1.0)

    free = minimize_scalar(concentrated, bounds=(-2, 2), method="bounded")
    assert free.x > 1.01
    grid = np.linspace(-1 + 1e-6, 1 - 1e-6, 20_001)
    assert found.llf == pytest.approx(-min(concentrated(r) for r in grid), abs=1e-8)
    # The multiplier: the score points out of the region.
    assert found.ml.gradient["rho"] > 0
    assert found.ml.gradient["s"] == pytest.approx(0.0, abs=1e-4)


def test_a_sum_at_its_limit_is_a_lagrange_point(explosive) -> None:
    _, series, _ = explosive
    b_1, b_2, s = params("b_1 b_2 s")
    y, e, mu, v = variables("y e mu v")
    spec = Spec(
        "sum", {"y": b_1 * y(-1) + b_2 * y(-2) + mu + e}, {"mu": 0.0 * v}, {"e": s, "v": 1.0},
        constraints=(SumBelow("b_1", "b_2"),),
    )  # fmt: skip
    found = fit(spec, series, initial=([0.0], [[0.0]]))
    assert found.params[["b_1", "b_2"]].sum() == pytest.approx(1 - 1e-6, abs=1e-9)
    assert found.ml.at_bound.to_dict() == {"b_1": True, "b_2": True, "s": False}
    # Equal scores of both members: the multiplier of the sum.
    slopes = found.ml.gradient
    assert slopes["b_1"] > 1.0
    assert slopes["b_1"] == pytest.approx(slopes["b_2"], rel=1e-4)
    # Least squares of the change on the lagged change, the sum at one.
    x = series.to_numpy()
    change, before = x[2:] - (1 - 1e-6) * x[1:-1], x[:-2] - x[1:-1]
    b = change @ before / (before @ before)
    assert found.params["b_2"] == pytest.approx(b, rel=1e-6)
    variance = np.mean((change - b * before) ** 2)
    assert found.llf == pytest.approx(-0.5 * change.size * (np.log(2 * np.pi * variance) + 1), abs=1e-8)


@pytest.mark.parametrize("powers", [(1, -1, 2), (-1, 1, 1), (1, 1, -2)])
def test_a_function_between_limits_as_coordinates(powers: tuple[int, int, int]) -> None:
    a, b, c = params("a b c")
    constraint = Between(3 * a ** powers[0] * b ** powers[1] * c ** powers[2], 0.1, 5.0)
    values = np.array([0.4, 0.7, 0.9])
    at = constraint.coordinates(values)
    inside = 3 * np.prod(values ** np.array(powers))
    assert at[0] == pytest.approx(min(max(inside, 0.1), 5.0))
    back, slope = constraint.values(at)
    assert 3 * np.prod(back ** np.array(powers)) == pytest.approx(at[0])
    for j, step in enumerate(1e-6 * np.eye(3)):
        difference = (constraint.values(at + step)[0] - constraint.values(at - step)[0]) / 2e-6
        np.testing.assert_allclose(slope[:, j], difference, rtol=1e-6, atol=1e-8)


def test_a_function_with_held_parameters_and_one_that_has_no_coordinates() -> None:
    a, b = params("a b")
    rest = Between(a / b, 1.0, 2.0).among({"a": True, "b": False}, {"b": 4.0})
    assert str(rest) == "1 <= 0.25*a <= 2"
    assert Between(a / b, 1.0, 2.0).among({"a": False, "b": False}, {"a": 4.0, "b": 4.0}) is None
    with pytest.raises(SpecificationError, match="one product of powers"):
        Between(a + b, 0.0, 1.0).bounds()
    with pytest.raises(SpecificationError, match="the lower first"):
        Between(a, 2.0, 1.0)
