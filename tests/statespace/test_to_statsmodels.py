"""The same system in statsmodels: likelihood, states, score."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from textbook import fitted, macro

from capstar.statespace import (
    InitialState,
    Spec,
    Stationary,
    estimate_states,
    fit,
    maximize,
    params,
    variables,
)
from capstar.statespace.bridge import DeclaredModel

NAMES = ("local level", "trend", "cycle", "arma", "factor")


def same(results, factor: float) -> None:
    model = results.to_statsmodels()
    theta = model.start_params * factor
    full = results.ml.params.copy()
    full[model.param_names] = theta
    assert model.loglike(theta) == pytest.approx(results.problem.loglike(full), abs=1e-9)
    ours, theirs = estimate_states(results.problem, full), model.smooth(theta)
    scale = np.abs(ours.smoothed).max(axis=0)
    np.testing.assert_allclose(theirs.smoothed_state.T / scale, ours.smoothed / scale, atol=1e-8)
    std = np.sqrt(np.einsum("iit->ti", theirs.smoothed_state_cov).clip(0))
    np.testing.assert_allclose(std, ours.std("smoothed"), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("factor", [1.0, 0.95, 0.99])
@pytest.mark.parametrize("name", NAMES)
def test_same_likelihood_and_states(name: str, factor: float) -> None:
    same(fitted(name), factor)


@pytest.mark.parametrize("name", ["local level", "cycle", "arma", "factor"])
def test_their_score_vanishes_at_our_maximum(name: str) -> None:
    results = fitted(name)
    score = results.to_statsmodels().score(results.params.to_numpy())
    # In standard errors; `converged` means 1e-6.
    assert np.abs(score * results.bse.to_numpy()).max() < 2e-6


def autoregression() -> tuple[Spec, pd.DataFrame]:
    """Inflation as an AR(2) about a constant, seen through noise."""
    k, a_1, a_2, s_u, s_e = params("k a_1 a_2 s_u s_e")
    _, c, u, e = variables("y c u e")
    spec = Spec(
        "autoregression",
        {"y": c + e},
        {"c": k + a_1 * c(-1) + a_2 * c(-2) + u},
        {"u": s_u, "e": s_e},
        constraints=(Stationary("a_1", "a_2"),),
    )
    return spec, macro()[["infl"]].set_axis(["y"], axis=1)


HELD = {"k": 0.4, "a_1": 0.6, "a_2": 0.25, "s_u": 1.5, "s_e": 1.0}
GIVEN = InitialState(
    pd.Series({"c": 2.0, "c(-1)": 1.0}),
    pd.DataFrame([[2.0, 0.5], [0.5, 1.0]], ["c", "c(-1)"], ["c", "c(-1)"]),
)


@pytest.mark.parametrize("initial", ["stationary", "diffuse", GIVEN, ([2.0, 1.0], [[2.0, 0.5], [0.5, 1.0]])])
def test_every_start(initial) -> None:
    spec, data = autoregression()
    results = fit(spec, data, initial=initial, fixed=HELD)
    model = results.to_statsmodels()
    assert model.loglike([]) == pytest.approx(results.llf, abs=1e-9)
    free = fit(
        spec,
        data,
        initial=initial,
        fixed={"s_e": 0.5},
        start_params={k: HELD[k] for k in ("k", "a_1", "a_2")},
    )
    for factor in (1.0, 0.9):
        same(free, factor)


def test_the_system_of_the_new_york_fed(golden_set) -> None:
    """Own lags, regressors, and a measurement variance that is larger from 2020 on."""
    one = golden_set("hlw2023_us_2023q2")
    problem = one.problem(3)
    theta = one.params(3)
    ml = maximize(problem, problem.table().fix(theta))
    model = DeclaredModel(problem, ml)
    found = model.smooth([])
    assert found.llf == pytest.approx(problem.loglike(theta), abs=1e-9)
    ours = estimate_states(problem, theta)
    np.testing.assert_allclose(found.smoothed_state.T, ours.smoothed, rtol=1e-8, atol=1e-8)
