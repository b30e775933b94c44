"""Data put under equations: alignment of lags, samples, and what is said when it cannot be done."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError, SpecificationError
from capstar.statespace import Parameter, ParameterTable, Spec, bind, estimate_states, params, variables

s_e, s_u, b = params("s_e s_u b")
y, q, x, mu, e, f, u = variables("y q x mu e f u")
REGRESSION = Spec(
    "local level with regressor", {"y": mu + b * x(-2) + e}, {"mu": mu(-1) + u}, {"e": s_e, "u": s_u}
)
INITIAL = {"initial_mean": {("mu", 0): 0.0}, "initial_cov": [[1.0]]}


@pytest.fixture
def frame() -> pd.DataFrame:
    index = pd.period_range("2000Q1", periods=8, freq="Q")
    return pd.DataFrame({"y": np.arange(8.0), "x": np.arange(8.0) ** 2}, index)


def test_lags_come_from_before_the_sample(frame: pd.DataFrame) -> None:
    problem = bind(REGRESSION, frame, **INITIAL, start="2001Q1", end="2001Q2")
    assert problem.index.astype(str).tolist() == ["2001Q1", "2001Q2"]
    np.testing.assert_array_equal(problem.y[:, 0], [4, 5])
    np.testing.assert_array_equal(problem.x[:, 0], [2**2, 3**2])


def test_sample_starts_by_default_where_every_lag_is_there(frame: pd.DataFrame) -> None:
    problem = bind(REGRESSION, frame, **INITIAL)
    assert (str(problem.index[0]), str(problem.index[-1])) == ("2000Q3", "2001Q4")


def test_missing_observation_is_kept_as_missing(frame: pd.DataFrame) -> None:
    frame.loc["2001Q1", "y"] = np.nan
    problem = bind(REGRESSION, frame, **INITIAL)
    assert np.isnan(problem.y[:, 0]).tolist() == [False, False, True, False, False, False]


def test_absent_column_is_named(frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match=r"needs the columns \['x'\]; the data have \['y'\]"):
        bind(REGRESSION, frame[["y"]], **INITIAL)


def test_lag_before_the_data_is_named(frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match=r"x\(-2\) is missing in 2000Q2, and the sample starts in 2000Q2"):
        bind(REGRESSION, frame, **INITIAL, start="2000Q2")


def test_regressor_of_a_missing_observation_may_be_missing(frame: pd.DataFrame) -> None:
    """It is read by no equation: likelihood, score and states are those of any number in its place."""
    frame.loc["2001Q2":, "y"] = np.nan
    frame.loc["2000Q4":, "x"] = np.nan
    theta = {"s_e": 0.5, "s_u": 0.3, "b": 0.2}
    whole = bind(REGRESSION, frame.fillna({"x": 7.0}), **INITIAL)
    start = {"start": "2000Q3", "end": "2001Q4"}
    ragged = bind(REGRESSION, frame, **INITIAL, **start)
    assert ragged.loglike(theta) == whole.loglike(theta)
    np.testing.assert_array_equal(ragged.score(theta), whole.score(theta))
    np.testing.assert_array_equal(
        estimate_states(ragged, theta).smoothed, estimate_states(whole, theta).smoothed
    )
    moving = Spec(
        "regressor of the level", {"y": mu + e}, {"mu": mu(-1) + b * x(-2) + u}, {"e": s_e, "u": s_u}
    )
    with pytest.raises(DataError, match=r"x\(-2\) is missing in 2001Q2"):
        bind(moving, frame, **INITIAL, **start)


def test_hole_in_a_regressor_is_named(frame: pd.DataFrame) -> None:
    frame.loc["2000Q4", "x"] = np.nan
    with pytest.raises(DataError, match=r"x\(-2\) is missing in 2001Q2.*start later"):
        bind(REGRESSION, frame, **INITIAL)


def test_sample_shorter_than_the_lags(frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="No period has all the lags"):
        bind(REGRESSION, frame.iloc[:2], **INITIAL)


def test_first_quarter_without_variance_is_named_though_part_of_it_is_missing() -> None:
    both = Spec("two", {"y": mu + e, "q": mu + f}, {"mu": mu(-1) + u}, {"e": s_e, "f": s_e, "u": s_u})
    index = pd.period_range("2000Q1", periods=4, freq="Q")
    data = pd.DataFrame({"y": 1.0, "q": [np.nan, np.nan, 1.0, 1.0]}, index)
    # Nothing is random but the first level, which y of 2000Q1 tells: y of 2000Q2 has no variance left.
    problem = bind(both, data, **INITIAL)
    with pytest.raises(SpecificationError, match="innovation variance of 2000Q2 is not positive"):
        estimate_states(problem, {"s_e": 0.0, "s_u": 0.0})


def test_past_measurement_errors_are_refused_and_the_advice_works(frame: pd.DataFrame) -> None:
    moving_average = Spec("MA(1)", {"y": e + b * e(-1)}, {}, {"e": s_e})
    with pytest.raises(SpecificationError, match=r"e\(-1\), a measurement shock of another date.*e_state"):
        moving_average.check()
    (e_state,) = variables("e_state")
    advised = replace(moving_average, observation={"y": e_state + b * e_state(-1)}, transition={"e_state": e})
    initial = {("e_state", 0): 0.0, ("e_state", -1): 0.0}
    problem = bind(advised, frame, initial_mean=initial, initial_cov=np.diag([1.5**2, 1.0]))
    # y_t = e_t + b e_{t-1}: variance (1 + b^2) s^2, first autocovariance b s^2.
    side = np.eye(8, k=1) + np.eye(8, k=-1)
    V = 1.5**2 * ((1 + 0.4**2) * np.eye(8) + 0.4 * side)
    v = frame["y"].to_numpy()
    expected = -0.5 * (8 * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + v @ np.linalg.solve(V, v))
    assert problem.loglike({"s_e": 1.5, "b": 0.4}) == pytest.approx(expected, rel=1e-12)  # 8 periods


def test_an_unheld_lag_is_reached_through_the_one_before_it(frame: pd.DataFrame) -> None:
    """The state holds x(-1); x(-1) read anew is x(-2) + u(-1), so both states move by the same shock."""
    (nu,) = variables("nu")
    spec = Spec(
        "delayed", {"y": nu + e}, {"nu": nu(-1) + b * mu(-1), "mu": mu(-1) + u}, {"e": s_e, "u": s_u},
        layout=(("nu", 0), ("mu", -1)),
    )  # fmt: skip
    problem = bind(spec, frame, initial_mean={("nu", 0): 0.0, ("mu", -1): 0.0}, initial_cov=np.eye(2))
    values = problem.values(problem.vector({"s_e": 1.0, "s_u": 2.0, "b": 0.3}))
    np.testing.assert_allclose(problem.model.blocks["T"].dense(values), [[1, 0.3], [0, 1]])
    np.testing.assert_allclose(problem.model.blocks["Q"].dense(values), [[0.36, 0], [1.2, 4]])


TABLE = ParameterTable.build({"a": Parameter(0.5, lower=0.0, upper=1.0), "k": Parameter(2.0)})


def test_start_values_are_moved_inside_the_bounds() -> None:
    table = TABLE.starting({"a": 3.0, "k": -7.0})
    assert table.start.to_dict() == {"a": 1.0, "k": -7.0}
    assert TABLE.start.to_dict() == {"a": 0.5, "k": 2.0}  # the first table is as it was


def test_fixing_holds_a_value_out_of_the_vector_that_is_estimated() -> None:
    table = TABLE.fix({"a": 0.25})
    np.testing.assert_array_equal(table.free, [False, True])
    np.testing.assert_array_equal(table.fill(np.array([9.0])), [0.25, 9.0])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(value: float) -> None:
    with pytest.raises(SpecificationError, match=rf"a = {value} is not a finite number"):
        TABLE.starting({"a": value})
