"""What each series adds to a report: sums, and the weights of a dense inverse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar.errors import SpecificationError
from capstar.statespace import (
    Spec,
    contributions_by_series,
    diffuse_problem,
    estimate_states,
    params,
    variables,
)
from capstar.statespace.gls import gls_start
from capstar.statespace.initial import InitialState, start_from
from capstar.statespace.problem import Problem

N = 40
a, b, c, s_e, s_u, s_f = params("a b c s_e s_u s_f")
y, q, w, level, e, f, u = variables("y q w level e f u")
THETA = {"a": 0.5, "b": -0.3, "c": 0.2, "s_e": 0.6, "s_u": 0.4, "s_f": 1.1}
SPEC = Spec(
    "two series",
    {"y": level + a * y(-1) + c + e, "q": 2 * level + w + f},
    {"level": 0.9 * level(-1) + b * w(-1) + c + u},
    {"e": s_e, "f": s_f, "u": s_u},
    reports={"level": level, "rest": y - level + 0.5 * w(-1)},
)
START = InitialState(pd.Series({"level": 1.5}), pd.DataFrame({"level": {"level": 2.0}}))


@pytest.fixture
def data() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    frame = pd.DataFrame(
        rng.normal(size=(N, 3)) + 3.0, pd.period_range("2000Q1", periods=N, freq="Q"), list("yqw")
    )
    frame.loc["2003Q1":"2003Q3", "q"] = np.nan
    return frame


def problems(data: pd.DataFrame) -> list[Problem]:
    proper = start_from(SPEC, data, START)
    return [proper, start_from(SPEC, data), diffuse_problem(proper), gls_start(proper, 5, 3.0)]


@pytest.mark.parametrize("which", ["filtered", "smoothed"])
@pytest.mark.parametrize("report", ["level", "rest"])
def test_contributions_sum_to_the_report(data, report: str, which) -> None:
    for problem in problems(data):
        parts = contributions_by_series(problem, THETA, report, which=which).table
        whole = estimate_states(problem, THETA).report(report, which)[0]
        assert list(parts) == ["y", "q", "w", "start", "constants"]
        np.testing.assert_allclose(parts.sum(axis=1), whole, rtol=1e-9, atol=1e-9)


def test_a_series_adds_its_weights_times_its_values(data) -> None:
    """A series moved by one percent moves the report by one percent of what it adds."""
    problem = start_from(SPEC, data, START)
    parts = contributions_by_series(problem, THETA, "level").table
    for name in ("y", "q", "w"):
        moved = start_from(SPEC, data.assign(**{name: 1.01 * data[name]}), START)
        change = (
            estimate_states(moved, THETA).report("level")[0]
            - estimate_states(problem, THETA).report("level")[0]
        )
        np.testing.assert_allclose(change, 0.01 * parts[name], rtol=1e-8, atol=1e-11)


def test_the_start_fades(data) -> None:
    parts = contributions_by_series(start_from(SPEC, data, START), THETA, "level").table
    assert parts["start"].iloc[0] > 0.05
    assert abs(parts["start"].iloc[-1]) < 1e-6


def test_an_unknown_report_is_named(data) -> None:
    with pytest.raises(
        SpecificationError, match=r"no report or state 'gap'; it has \['level', 'rest', 'level'\]"
    ):
        contributions_by_series(start_from(SPEC, data, START), THETA, "gap")
