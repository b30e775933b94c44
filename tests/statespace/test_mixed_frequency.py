"""Low-frequency observations: words against hand-made accumulators of statsmodels, and one model at two frequencies."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.statespace.mlemodel import MLEModel

from capstar.errors import DataError, SpecificationError
from capstar.statespace import (
    InitialState,
    Spec,
    average,
    combine_frequencies,
    estimate_states,
    fit,
    growth_of_average,
    last,
    params,
    start_from,
    total,
    variables,
)

RTOL = 1e-8  # as the task of the comparison asks; the two filters agree far closer
rho, s_u, s_m = params("rho s_u s_m")
low, high, x, u, e, level, w = variables("low high x u e level w")
THETA = {"rho": 0.8, "s_u": 0.7, "s_m": 0.4}
N = 90
START = InitialState(pd.Series({"x": 0.3}), pd.DataFrame({"x": {"x": 1.4}}))


def months() -> pd.PeriodIndex:
    return pd.period_range("1999-01", periods=N, freq="M")


def tables(seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A monthly table with a ragged edge and holes, and a quarterly one."""
    rng = np.random.default_rng(seed)
    monthly = pd.DataFrame({"high": rng.normal(size=N)}, months())
    monthly.iloc[[0, 7, 8, N - 1]] = np.nan
    quarters = pd.period_range("1999Q1", periods=N // 3 - 1, freq="Q")
    return monthly, pd.DataFrame({"low": rng.normal(size=len(quarters))}, quarters)


def mixed(form) -> Spec:
    return Spec(
        "one state at two frequencies",
        {"low": form, "high": x + e},
        {"x": rho * x(-1) + u},
        {"u": s_u, "e": s_m},
        frequency={"low": "Q"},
        reports={"x": x},
    )


def accumulator(kind: str) -> MLEModel:
    """States x and a sum that starts anew each quarter, of system matrices that follow the calendar."""
    both = combine_frequencies(*tables())[["low", "high"]]
    model = MLEModel(both, k_states=2, k_posdef=1)
    n, first = len(both), both.index.month.to_numpy() % 3 == 1
    weight = 1 / 3 if kind == "average" else 1.0
    T, R = np.zeros((2, 2, n)), np.zeros((2, 1, n))
    T[0, 0], R[0, 0] = THETA["rho"], 1.0
    T[1, 0], R[1, 0] = weight * THETA["rho"], weight
    T[1, 1] = np.where(first, 0.0, 1.0)
    # Theirs leads from a period to the next.
    model["transition"], model["selection"] = np.roll(T, -1, axis=2), np.roll(R, -1, axis=2)
    model["state_cov"] = np.array([[THETA["s_u"] ** 2]])
    model["design"] = np.array([[0.0, 1.0], [1.0, 0.0]])
    model["obs_cov"] = np.diag([0.0, THETA["s_m"] ** 2])
    before, spread = np.array([START.mean["x"], 0.0]), np.diag([START.cov.to_numpy()[0, 0], 0.0])
    R0, T0 = R[:, :, 0], T[:, :, 0]
    model.ssm.initialize_known(T0 @ before, T0 @ spread @ T0.T + R0 @ R0.T * THETA["s_u"] ** 2)
    model.ssm.tolerance = 0.0
    return model


@pytest.mark.parametrize("kind", ["average", "total"])
def test_lag_sums_equal_accumulators_of_statsmodels(kind: str) -> None:
    form = {"average": average, "total": total}[kind](x, 3)
    theirs = accumulator(kind)
    smoothed = theirs.ssm.smooth()
    spec = mixed(form)
    slots = spec.state_slots()
    labels = ["x", "x(-1)", "x(-2)"]
    center = InitialState(
        pd.Series([0.3, 0.0, 0.0], labels), pd.DataFrame(np.diag([1.4, 0, 0]), labels, labels)
    )
    assert len(slots) == 3
    ours = start_from(spec, combine_frequencies(*tables()), center)
    assert ours.loglike(THETA) == pytest.approx(smoothed.llf, rel=RTOL)
    states = estimate_states(ours, THETA)
    np.testing.assert_allclose(states.filtered[:, 0], smoothed.filtered_state[0], rtol=RTOL, atol=1e-10)
    np.testing.assert_allclose(states.smoothed[:, 0], smoothed.smoothed_state[0], rtol=RTOL, atol=1e-10)
    np.testing.assert_allclose(
        states.smoothed_cov[:, 0, 0], smoothed.smoothed_state_cov[0, 0], rtol=RTOL, atol=1e-12
    )


def test_growth_of_averages_is_that_of_the_levels() -> None:
    """The triangle on growth equals the change of the mean of levels."""
    rng = np.random.default_rng(5)
    steps = rng.normal(size=30)
    levels = pd.Series(steps.cumsum())
    change = levels.rolling(3).mean().diff(3)
    weights = {lag: coef.number({}) for (_, lag), coef in growth_of_average(x, 3).terms.items()}
    assert weights == pytest.approx({0: 1 / 3, -1: 2 / 3, -2: 1.0, -3: 2 / 3, -4: 1 / 3})
    found = sum(weight * pd.Series(steps).shift(-lag) for lag, weight in weights.items())
    both = pd.DataFrame({"found": found, "change": change}).dropna()
    assert len(both) == 25
    np.testing.assert_allclose(both["found"], both["change"], rtol=1e-12)
    assert last(x) == x


def test_a_quarterly_model_in_months_is_the_quarterly_model() -> None:
    """Everything observed in the third month, a level that moves in the last month alone."""
    a, s_e = params("a s_e")
    quarters = pd.period_range("1990Q1", periods=40, freq="Q")
    rng = np.random.default_rng(2)
    y, moved = pd.Series(rng.normal(size=40).cumsum(), quarters), pd.Series(rng.normal(size=40), quarters)
    observed = {"seen": level + e}
    quarterly = Spec("q", observed, {"level": level(-1) + a * w + u}, {"u": s_u, "e": s_e})
    theta = {"a": 0.4, "s_u": 0.9, "s_e": 0.5}
    frame = pd.DataFrame({"seen": y, "w": moved})
    start = InitialState(pd.Series({"level": 0.2}), pd.DataFrame({"level": {"level": 3.0}}))
    one = start_from(quarterly, frame, start)
    # A third of the variance, and of the move, in each of three months is that of the quarter.
    monthly = Spec(
        "m", observed, {"level": level(-1) + a * w + u}, {"u": s_u * 3.0**-0.5, "e": s_e}, frequency={"seen": "Q"}
    )  # fmt: skip
    spread_out = pd.Series(
        moved.repeat(3).to_numpy() / 3, pd.period_range("1990-01", periods=120, freq="M"), name="w"
    )
    table = combine_frequencies(spread_out, frame[["seen"]])
    other = start_from(monthly, table, start)
    assert other.loglike(theta) == pytest.approx(one.loglike(theta), rel=1e-9)
    ours, theirs = estimate_states(other, theta), estimate_states(one, theta)
    for which in ("filtered", "smoothed"):
        np.testing.assert_allclose(getattr(ours, which)[2::3], getattr(theirs, which), rtol=1e-9)
    score = other.value_and_score(other.vector(theta))[1]
    np.testing.assert_allclose(score, one.value_and_score(one.vector(theta))[1], rtol=1e-9)


def test_tables_of_two_frequencies_are_bound_in_one_call() -> None:
    spec = mixed(average(x, 3))
    found = fit(spec, tables(), fixed=THETA, progress=False)
    assert found.data.index.freqstr == "M"
    assert found.data["low"].dropna().index.month.isin([3, 6, 9, 12]).all()
    assert found.llf == pytest.approx(
        fit(spec, combine_frequencies(*tables()), fixed=THETA, progress=False).llf
    )


def test_a_value_in_a_wrong_month_is_refused() -> None:
    wrong = combine_frequencies(*tables())
    wrong.loc["2001-02", "low"] = 1.0
    with pytest.raises(DataError, match="low has a value in 2001-02, which is not the last period of 2001Q1"):
        fit(mixed(average(x, 3)), wrong, fixed=THETA, progress=False)


def test_mistakes_are_named() -> None:
    with pytest.raises(SpecificationError, match="k=0; give the number of periods"):
        average(x, 0)
    with pytest.raises(SpecificationError, match="frequency names nothing, which is not observed"):
        start_from(
            Spec("s", {"high": x + e}, {"x": x(-1) + u}, {"u": s_u, "e": s_m}, frequency={"nothing": "Q"}),
            tables()[0],
        )
    with pytest.raises(DataError, match="high is in two tables"):
        combine_frequencies(tables()[0], tables()[0])
    with pytest.raises(DataError, match="There is no table"):
        combine_frequencies()


def test_an_estimate_keeps_its_frequencies_in_a_file(tmp_path) -> None:
    found = fit(mixed(average(x, 3)), tables(), fixed=THETA, progress=False)
    again = type(found).load(found.save(tmp_path / "one.json"))
    assert again.spec.frequency == {"low": "Q"}
