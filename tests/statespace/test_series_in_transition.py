"""Series in transition equations, and shocks of states that are scaled between two dates.

The same model with the series as a state that is known without error.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capstar.errors import SpecificationError
from capstar.kernels import likelihood, random_walk
from capstar.kernels.recursions import scratch
from capstar.statespace import (
    InitialState,
    Spec,
    decompose_change,
    diffuse_problem,
    estimate_states,
    explain_revisions,
    fit,
    mean,
    params,
    simulate_data,
    smooth_disturbances,
    start_from,
    variables,
)
from capstar.statespace.bridge import DeclaredModel
from capstar.statespace.gls import gls_start
from capstar.statespace.problem import Problem

N = 60
RTOL = 1e-9  # the same sums in another order
a1, b, d, s_e, s_u, s_v = params("a1 b d s_e s_u s_v")
y, w, x, u, v, e, level, gap, known, fresh = variables("y w x u v e level gap known fresh")
THETA = {"a1": 0.7, "b": -0.4, "d": 0.3, "s_e": 0.5, "s_u": 0.8, "s_v": 0.2, "kappa": 1.7}
SCALED = {"obs_scale": {"kappa": ("1991-03", "1992-02")}, "scaled_shocks": ("u",)}
SPEC = Spec(
    "moved by a series",
    {"y": level + gap + d * y(-1) + e},
    {
        "gap": a1 * gap(-1) + b * mean(w(-1), w(-2)) + 0.1 * y(-1) + u,
        "level": level(-1) + 0.05 + d * w + v,
    },
    {"e": s_e, "u": s_u, "v": s_v},
    reports={"both": level + gap, "gap": gap},
    **SCALED,
)
STATE = InitialState(
    pd.Series({"gap": 0.5, "level": 1.0}), pd.DataFrame([[0.7, 0.1], [0.1, 2.0]], ["gap", "level"], ["gap", "level"])
)  # fmt: skip


@pytest.fixture
def data() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    index = pd.period_range("1990-01", periods=N, freq="M")
    frame = pd.DataFrame({"y": rng.normal(size=N).cumsum(), "w": rng.normal(size=N) + 2.0}, index)
    frame.loc[index[[10, 30, 31]], "y"] = np.nan
    return frame


@pytest.fixture
def problem(data: pd.DataFrame) -> Problem:
    spec = replace(SPEC, observation={"y": level + gap + e}, transition={
        "gap": a1 * gap(-1) + b * mean(w(-1), w(-2)) + u, "level": level(-1) + 0.05 + d * w + v})  # fmt: skip
    return start_from(spec, data, STATE, start="1990-03")


def as_state(data: pd.DataFrame) -> Problem:
    """The series a state, observed without error, whose own fit is a random walk with a known deviation of one."""
    spec = Spec(
        "the series a state",
        {"w": known, "y": level + gap + e},
        {
            "gap": a1 * gap(-1) + b * mean(known(-1), known(-2)) + u,
            "level": level(-1) + 0.05 + d * known(-1) + d * fresh + v,
            "known": known(-1) + fresh,
        },
        {"e": s_e, "u": s_u, "v": s_v, "fresh": params("one")[0]},
        reports={"gap": gap, "both": level + gap},
        **SCALED,
    )
    slots = spec.state_slots()
    labels = [f"{name}({lag:+d})" if lag else name for name, lag in slots]
    center, cov = pd.Series(0.0, labels), pd.DataFrame(0.0, labels, labels)
    center[["gap", "level"]], cov.loc[["gap", "level"], ["gap", "level"]] = STATE.mean, STATE.cov
    center["known"], center["known(-1)"] = data["w"].iloc[1], data["w"].iloc[0]
    return start_from(spec, data, InitialState(center, cov), start="1990-03")


def test_likelihood_and_states_are_those_with_the_series_as_a_state(data, problem) -> None:
    other, both = as_state(data), THETA | {"one": 1.0}
    steps = data["w"].diff().iloc[2:]
    own = -0.5 * (np.log(2 * np.pi) * len(steps) + (steps**2).sum())
    assert problem.loglike(THETA) == pytest.approx(other.loglike(both) - own, rel=RTOL)
    mine, theirs = estimate_states(problem, THETA), estimate_states(other, both)
    for which in ("filtered", "smoothed"):
        for report in ("gap",):
            for found, expected in zip(mine.report(report, which), theirs.report(report, which), strict=True):
                np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)
    ours, shown = smooth_disturbances(problem, THETA), smooth_disturbances(other, both)
    np.testing.assert_allclose(ours.state["u"], shown.state["u"], rtol=1e-7, atol=1e-9)


def test_score_scores_and_hessian_are_the_derivatives(data) -> None:
    for bound in variants(data):
        theta = bound.vector(THETA)
        exact, gradient = bound.value_and_score(theta)
        assert exact == pytest.approx(bound.loglike(THETA), rel=1e-12)
        for j, name in enumerate(bound.names):

            def at(h, j=j, bound=bound, theta=theta):
                moved = theta.copy()
                moved[j] += h
                return bound.loglike(moved)

            slope = (8 * (at(1e-4) - at(-1e-4)) - (at(2e-4) - at(-2e-4))) / 12e-4
            assert gradient[j] == pytest.approx(slope, rel=1e-6, abs=1e-6), (type(bound).__name__, name)
        np.testing.assert_allclose(bound.score_obs(THETA).sum(), gradient, rtol=1e-6, atol=1e-6)


def variants(data: pd.DataFrame) -> list[Problem]:
    """Known, unconditional, diffuse and estimated states before the sample."""
    full = data.interpolate()
    proper = start_from(SPEC, full, STATE, start="1990-03")
    return [proper, start_from(SPEC, full), diffuse_problem(proper), gls_start(proper, 6, 3.0)]


def test_a_series_that_stands_still_is_a_constant(data) -> None:
    """Whatever the state before the sample: in the likelihood, the states and what moved them."""
    still = data.interpolate().assign(w=1.3)
    constant = replace(
        SPEC,
        transition={
            "gap": a1 * gap(-1) + 1.3 * b + 0.1 * y(-1) + u,
            "level": level(-1) + 0.05 + 1.3 * d + v,
        },
    )
    proper, other = (start_from(spec, still, STATE, start="1990-03") for spec in (SPEC, constant))
    pairs = [(proper, other), (diffuse_problem(proper), diffuse_problem(other))]
    pairs += [(gls_start(proper, 6, 3.0), gls_start(other, 6, 3.0))]
    pairs += [tuple(start_from(spec, still, start="1990-03") for spec in (SPEC, constant))]
    for mine, theirs in pairs:
        assert mine.loglike(THETA) == pytest.approx(theirs.loglike(THETA), rel=RTOL)
        found, expected = estimate_states(mine, THETA), estimate_states(theirs, THETA)
        np.testing.assert_allclose(found.smoothed, expected.smoothed, rtol=1e-7, atol=1e-8)
        for name in ("b", "d"):
            j = mine.names.index(name)
            ours = mine.value_and_score(mine.vector(THETA))[1][j]
            assert ours == pytest.approx(theirs.value_and_score(theirs.vector(THETA))[1][j], rel=1e-6)
    moved, same = (decompose_change(one, THETA, "gap", "1991-01", "1994-01") for one in pairs[0])
    assert moved.initial == pytest.approx(same.initial, rel=1e-8)


def test_shocks_scaled_throughout_are_larger_shocks(data) -> None:
    full = data.interpolate()
    whole = replace(SPEC, obs_scale={"kappa": ("1990-01", "1999-12")})
    kappa = params("kappa")[0]
    larger = replace(
        SPEC, obs_scale={}, scaled_shocks=(), shocks={"e": kappa * s_e, "u": kappa * s_u, "v": s_v}
    )
    mine, theirs = (start_from(spec, full, STATE, start="1990-03") for spec in (whole, larger))
    for one, other in ((mine, theirs), (gls_start(mine, 6, 3.0), gls_start(theirs, 6, 3.0))):
        assert one.loglike(THETA) == pytest.approx(other.loglike(THETA), rel=RTOL)
        np.testing.assert_allclose(
            one.score(THETA), other.score(THETA)[list(one.names)], rtol=1e-7, atol=1e-7
        )
        ours, shown = smooth_disturbances(one, THETA), smooth_disturbances(other, THETA)
        np.testing.assert_allclose(ours.state, shown.state, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(ours.state_residuals, shown.state_residuals, rtol=1e-7, atol=1e-9)


def test_compiled_hessian_is_that_of_differences(data) -> None:
    bound = start_from(SPEC, data.interpolate(), STATE, start="1990-03")
    theta, free = bound.vector(THETA), np.arange(len(THETA))
    arrays, k = bound.arrays(free), len(THETA)
    room = likelihood.room(arrays, bound.model.moving, bound.model.system)
    hessian = np.empty((k, k))
    likelihood.differentiate(
        likelihood.HESSIAN, theta, arrays, room, np.empty(k), np.empty((k, bound.nobs)), hessian
    )
    np.testing.assert_allclose(hessian, bound.hessian(THETA), rtol=1e-5, atol=1e-4)


def test_series_stood_still_before_the_sample(data) -> None:
    """Unconditional moments: those after many periods at the first values."""
    spec = replace(SPEC, observation={"y": gap + e}, transition={"gap": a1 * gap(-1) + b * w(-1) + u}, reports={},
                   shocks={"e": s_e, "u": s_u})  # fmt: skip
    chosen = {name: THETA[name] for name in ("a1", "b", "s_e", "s_u", "kappa")}
    bound = start_from(spec, data.interpolate())
    still = bound.x[0, bound.model.regressors.index(("w", -1))]
    variance = THETA["s_u"] ** 2 / (1 - THETA["a1"] ** 2)
    center = (pd.Series({"gap": THETA["b"] * still / (1 - THETA["a1"])}), np.array([[variance]]))
    assert bound.loglike(chosen) == pytest.approx(
        start_from(spec, data.interpolate(), center).loglike(chosen)
    )
    arrays = bound.arrays(np.arange(5))
    room = random_walk.Room(
        scratch(1), np.empty(bound.nobs), np.empty(0), np.empty((2, 0)), np.empty((4, 1, 1))
    )  # fmt: skip
    found = random_walk.log_likelihood(bound.vector(chosen), arrays, room)
    assert found == pytest.approx(bound.loglike(chosen), rel=1e-10)


def test_statsmodels_has_the_same_likelihood_and_states(data) -> None:
    found = fit(SPEC, data.interpolate(), initial=STATE, start="1990-03", fixed=THETA, progress=False)
    theirs = DeclaredModel(found.problem, found.ml)
    assert theirs.loglike([]) == pytest.approx(found.llf, rel=1e-10)
    np.testing.assert_allclose(
        theirs.smooth([]).smoothed_state.T, found.estimates.smoothed, rtol=1e-7, atol=1e-8
    )


def test_forecasts_are_the_means_of_missing_observations(data) -> None:
    whole = data.interpolate()
    found = fit(SPEC, whole.iloc[:-6], initial=STATE, start="1990-03", fixed=THETA, progress=False)
    future = whole[["w"]].iloc[-6:]
    ahead = found.forecast(6, future=future)
    path = ahead.mean["y"].copy()
    # In the mean the lags of y are their forecasts: the filter over missing values with these put in.
    longer = whole.copy()
    longer.loc[path.index, "y"] = path
    again = fit(SPEC, longer, initial=STATE, start="1990-03", fixed=THETA, progress=False).problem
    hidden = again.y.copy()
    hidden[-6:] = np.nan
    states = estimate_states(again.with_data(hidden), THETA)
    np.testing.assert_allclose(ahead.mean["gap"], states.report("gap")[0].iloc[-6:], rtol=1e-8)
    np.testing.assert_allclose(
        path, states.report("both")[0].iloc[-6:] + THETA["d"] * longer["y"].shift().iloc[-6:], rtol=1e-8
    )


def test_contributions_sum_to_the_change(data, problem) -> None:
    moved = decompose_change(problem, THETA, "gap", "1991-01", "1994-01")
    gap_path = estimate_states(problem, THETA).report("gap")[0]
    assert moved.change == pytest.approx(gap_path["1994-01"] - gap_path["1991-01"], rel=1e-9)


def test_news_sum_to_the_change(data, problem) -> None:
    spec = problem.spec
    news = explain_revisions(
        spec, THETA, data.iloc[:-3], data, initial=STATE, start="1990-03", progress=False
    )
    parts = news.table
    np.testing.assert_allclose(parts[["earlier", "revisions", "news"]].sum(axis=1), parts["later"], rtol=1e-9)
    np.testing.assert_allclose(news.impacts.sum(axis=1), parts["news"], rtol=1e-7, atol=1e-9)


def test_draws_have_the_mean_of_the_equations(problem) -> None:
    quiet = {**THETA, "s_e": 0.0, "s_u": 0.0, "s_v": 0.0}
    still = problem.with_initial_cov(np.zeros((2, 2)))
    states, _ = simulate_data(still, quiet)
    a = problem.initial_mean.copy()
    series = problem.x[:, [problem.model.regressors.index(("w", -k)) for k in (0, 1, 2)]]
    for t, (now, before, second) in enumerate(series):
        a = np.array([0.7 * a[0] - 0.4 * (before + second) / 2, a[1] + 0.05 + 0.3 * now])
        np.testing.assert_allclose(states[t], a, rtol=RTOL)


def test_scaled_shocks_are_larger_in_their_window(problem) -> None:
    """In draws, and in what the smoother calls a standard deviation."""
    draws = [simulate_data(problem, THETA | {"kappa": 20.0}, seed=k)[0][:, 0] for k in range(60)]
    spread = np.std(np.diff(np.array(draws), axis=1), axis=0)
    inside = problem.scale(problem.vector(THETA))[1:] > 1
    assert spread[inside].min() > 5 * spread[~inside][: inside.argmax()].max()
    found = smooth_disturbances(problem, THETA)
    again = smooth_disturbances(problem, THETA | {"kappa": 1e3})
    window = problem.scale(problem.vector(THETA)) > 1
    # With a wide window its shocks are free: none needs more than its own standard deviation.
    assert again.state["u"][window].abs().max() < 0.1 < found.state["u"][window].abs().max()


def test_only_shocks_of_states_are_named_as_scaled(data) -> None:
    with pytest.raises(SpecificationError, match="scaled_shocks names e, which drives no state"):
        start_from(replace(SPEC, scaled_shocks=("e",)), data, STATE)


def test_a_future_value_in_a_transition_is_refused(data) -> None:
    wrong = replace(SPEC, transition={**SPEC.transition, "level": level(-1) + w(1) + v})
    with pytest.raises(SpecificationError, match=r"level reads w\(\+1\), a future value"):
        start_from(wrong, data, STATE)
    now = replace(SPEC, transition={**SPEC.transition, "level": level(-1) + y + v})
    with pytest.raises(SpecificationError, match="Substitute its own equation"):
        start_from(now, data, STATE)
