"""Lewis and Vazquez-Grande (2018) against their code's likelihood and an independent computation of the posterior."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import GOLDEN, ROOT, load_module

from capstar import data, rstar
from capstar.errors import DataError, SpecificationError, UnsuitableModelWarning
from capstar.rstar.lewis_vazquez_grande.model import rho_z
from capstar.statespace import Normal, Parameter, Stationary, params, quantile_error, start_from, variables

FOLDER = "models2/lewis_vazquez_grande2018"
SHORT = {"n_draws": 100, "warmup": 400, "thin": 2, "n_state_draws": 20, "progress": False}
# Medians of the paper's table 2, and the log-likelihood there by the authors' filter and by one of our own, on
# lvg.data.mat (kflewis/rStarLVGPublic 0fdd497c).
MEDIANS = {
    "a_y1": 1.193, "a_y2": -0.286, "a_r": -0.109, "b_pi": 0.671, "b_y": 0.077, "sigma_ygap": 0.282, "sigma_pi": 0.799,
    "sigma_z": 2.024, "sigma_ystar": 0.559, "sigma_g": 0.047, "rho_z": 0.710, "c": 1.0,
}  # fmt: skip
LOG_LIKELIHOOD = -527.5527399493668


@pytest.fixture
def theirs(golden: Callable[[str], Path]) -> pd.DataFrame:
    module = load_module(ROOT / "research" / "lewis_vazquez_grande_2018" / "reproduce.py")
    table: pd.DataFrame = module.read_input(golden(f"{FOLDER}/lvg_input.csv"))
    return table


@cache
def us() -> pd.DataFrame:
    return data.us_macro()


@cache
def short(key: str = "lvg-alt") -> rstar.BayesianRate:
    return rstar.model(key).fit(us(), **SHORT)


@cache
def long() -> rstar.BayesianRate:
    module = load_module(ROOT / "research" / "lewis_vazquez_grande_2018" / "reproduce.py")
    table = module.read_input(GOLDEN / f"{FOLDER}/lvg_input.csv")
    return rstar.LVG_ALT.fit(
        table, n_draws=1000, warmup=10_000, thin=25, n_state_draws=250, seed=1, progress=False
    )


def test_log_likelihood(theirs: pd.DataFrame) -> None:
    """Log-likelihood at the medians of the paper's table 2, to 1e-8; the initial state of their file, to 1e-7."""
    model = rstar.LVG_ALT
    frame, first = model._series(theirs, None, None)
    assert str(first) == "1961Q1"
    assert callable(model.initial)
    initial = model.initial(model.spec, frame, first)
    # The published state before the sample, of lvg.data.mat.
    np.testing.assert_allclose(
        initial.mean, [811.20800451, 810.04733571, 808.88676166, 1.16066881, 1.16057405, 0, 0], atol=6e-9
    )
    problem = start_from(model.spec, frame, initial, start=first, end=frame.index[-1])
    assert problem.nobs == 231
    assert problem.loglike(MEDIANS) == pytest.approx(LOG_LIKELIHOOD, abs=1e-8)


def test_parameters_are_those_of_an_independent_sampler(golden) -> None:
    """Posterior medians of an independent sampler, within four Monte Carlo errors of both."""
    known = pd.read_csv(golden(f"{FOLDER}/parameters_computed.csv"))
    known = known[(known["sampler"] == "exact") & (known["specification"] == "alt")].set_index("parameter")
    module = load_module(ROOT / "research" / "lewis_vazquez_grande_2018" / "reproduce.py")
    found = long()
    for name, ours in module.NAMES.items():
        draws = found.draws.of(ours)
        error = np.hypot(quantile_error(draws, 0.5), 1.25 * known.loc[name, "mcse"])
        assert np.median(draws) == pytest.approx(known.loc[name, "p50"], abs=4 * error), ours


@pytest.mark.parametrize("which", ["filtered", "smoothed"])
@pytest.mark.parametrize("name", ["rstar", "rstar_long_run", "g"])
def test_states_are_those_of_an_independent_sampler(golden, which: str, name: str) -> None:
    """Quantiles of r*, long-run r* and g of an independent sampler: 4.5 Monte Carlo errors plus 0.05.

    The 16th, 50th and 84th percentiles of every tenth quarter.
    """
    known = pd.read_csv(golden(f"{FOLDER}/states_computed.csv.gz"))
    rows = (known["sampler"] == "exact") & (known["kind"] == which) & (known["variable"] == name)
    known = known[rows & (known["specification"] == "alt")]
    found = long()
    for p, column in ((0.16, "p16"), (0.5, "p50"), (0.84, "p84")):
        ours = found.quantiles(name, which, (p,))[p].to_numpy()
        draws = found.states[name].given(which)
        error = np.array([quantile_error(draws[:, :, t], p) for t in range(0, 231, 10)])
        gap = np.abs(ours - known[column].to_numpy())[::10]
        # 24 quarters, much correlated; the errors of both sides, and three decimals of theirs.
        assert (gap < 4.5 * error + 0.05).all(), (column, gap / error)


def test_keys_and_what_the_models_read() -> None:
    assert {"lvg-base", "lvg-alt", "lvg-base-covid", "lvg-alt-covid"} <= set(rstar.models().index)
    assert rstar.LVG_ALT.inputs == ("log_gdp", "inflation", "interest_rate", "expected_inflation")
    assert "covid_index" in rstar.LVG_ALT_COVID.inputs
    assert "rho_z" not in rstar.model("lvg-base").spec.parameters
    assert {"phi", "kappa_2021"} <= set(rstar.LVG_BASE_COVID.spec.parameters)


def test_a_short_run_answers_as_every_bayesian_rate() -> None:
    found = short()
    assert found.quantities[:2] == ("rstar", "rstar_long_run")
    assert "medium-run" in found.notes()[0]
    assert "4 g + z of quarter t-1" in str(found.summary())
    plain = json.loads(json.dumps(found.to_dict()))
    assert {"rstar_filtered_p05", "rstar_smoothed_p95"} <= set(plain["states"])
    assert plain["chains"] == 4
    assert set(plain["parameters"]["rho_z"]) >= {"mean", "sd", "p05", "p50", "p95", "ess", "rhat"}
    assert found.gap("filtered").index[0] == found.start


def test_filtered_draws_of_single_quarters_are_no_path() -> None:
    """Each quarter is drawn by itself, as published: regressions on a draw would take its error for noise."""
    found = short()
    with pytest.raises(SpecificationError, match="which makes no path"):
        found.gap_draws()
    assert found.gap_draws("smoothed").shape[0] == found.nobs


def test_run_on_holds_the_draws_and_the_filtered_past() -> None:
    before = rstar.LVG_ALT.fit(us(), end="2005Q4", **SHORT)
    after = before.run_on(us())
    np.testing.assert_array_equal(after.draws.values, before.draws.values)
    past = after.rstar.filtered.loc[: before.end]
    np.testing.assert_allclose(past, before.rstar.filtered, rtol=1e-9, atol=1e-9)
    assert after.end == us().index[-1]


def test_same_estimate_for_any_number_of_workers() -> None:
    again = rstar.LVG_ALT.fit(us(), n_workers=1, **SHORT)
    pd.testing.assert_series_equal(again.rstar.smoothed, short().rstar.smoothed, check_exact=True)


def test_covid_terms_that_the_sample_cannot_tell_are_left_out() -> None:
    table = us().assign(covid_index=0.0)
    found = rstar.LVG_BASE_COVID.fit(table, **SHORT)
    assert set(found.draws.names) == set(rstar.LVG_BASE.spec.parameters) - {"c"}


def test_samples_beyond_2019_without_covid_terms_are_warned_of(golden_set) -> None:
    """Data beyond 2019 without COVID terms raise a warning that names the model with them."""
    table = golden_set("hlw2023_us_2023q2").data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnsuitableModelWarning)
        plain = rstar.LVG_BASE.fit(table, **SHORT | {"n_draws": 4, "warmup": 10, "n_state_draws": 1})
    with pytest.warns(UnsuitableModelWarning, match="Use lvg-base-covid"):
        rstar.LVG_BASE.fit(table, **SHORT | {"n_draws": 4, "warmup": 10, "n_state_draws": 1})
    covid = rstar.LVG_BASE_COVID.fit(table, **SHORT)
    assert "kappa_2020q2_q4" in covid.draws.names
    assert "phi" not in plain.draws.names
    assert covid.params["kappa_2020q2_q4"] > 1


def test_absent_columns_are_named() -> None:
    with pytest.raises(DataError, match="expected_inflation"):
        rstar.LVG_ALT.fit(us().drop(columns="expected_inflation"), progress=False)
    assert "usable, 1960Q1" in rstar.LVG_ALT.usable(us())


def test_a_prior_changed_and_a_state_added_are_a_few_lines() -> None:
    tight = rstar.LVG_ALT.fit(us(), priors={"rho_z": Normal(0.9, 0.01, lower=0)}, **SHORT)
    assert tight.params["rho_z"] == pytest.approx(0.9, abs=0.03)

    known = rstar.LVG_ALT.spec
    rho_2 = params("rho_2")[0]
    z, e_z = variables("z e_z")
    longer = replace(
        known,
        transition={**known.transition, "z": rho_z * z(-1) + rho_2 * z(-2) + e_z},
        parameters={**known.parameters, "rho_2": Parameter(prior=Normal(0, 0.3))},
        constraints=(*known.constraints, Stationary("rho_z", "rho_2")),
    )
    model = rstar.from_spec(longer, name="second order z", method="posterior")
    found = model.fit(us(), **SHORT)
    assert "rho_2" in found.draws.names
    roots = found.draws.pooled()[:, [found.draws.names.index(n) for n in ("rho_z", "rho_2")]]
    assert (np.abs(roots.sum(axis=1)) < 1).all()
    assert model.key == "secondorderz"


def test_equations_of_no_family_have_a_posterior_too() -> None:
    from capstar.statespace import InverseGamma, Spec

    s_e, s_r = params("s_e s_r")
    _, natural, e, u = variables("r rstar e u")
    spec = Spec(
        "walk", {"r": natural + e}, {"rstar": natural(-1) + u}, {"e": s_e, "u": s_r},
        parameters={"s_e": Parameter(prior=InverseGamma(3, 3)), "s_r": Parameter(prior=InverseGamma(3, 0.5))},
    )  # fmt: skip
    model = rstar.from_spec(spec, name="walk", method="posterior", initial=([2.0], [[9.0]]))
    found = model.fit(us(), **SHORT)
    assert found.nobs == len(us())
    with pytest.raises(SpecificationError, match=r"choose one of \['likelihood', 'posterior'\]"):
        rstar.from_spec(spec, name="walk", method="bayes")  # type: ignore[arg-type]
