"""Equations of one's own in stage 3, estimated by the family's three stages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capstar import data
from capstar.errors import DataError, SpecificationError
from capstar.rstar import HLW2017, HLW2023, LaubachWilliamsSpec, RStarModel
from capstar.statespace import Parameter, params, variables

rho_z, kappa, sigma_z, a_x = params("rho_z kappa_x sigma_z a_x")
z, e_z, g, x, y, ystar = variables("z e_z g x y ystar")


@pytest.fixture(scope="module")
def us() -> pd.DataFrame:
    return data.us_macro()


def _stationary(model: RStarModel, **parameters: Parameter) -> RStarModel:
    spec = model.spec()
    edited = replace(
        spec,
        transition={**spec.transition, "z": rho_z * z(-1) + e_z},
        parameters={**spec.parameters, **parameters},
    )
    return RStarModel(replace(model.variant, name=f"{model.name} with a stationary z", final=edited))


def test_an_edited_spec_remembers_its_model() -> None:
    spec = HLW2023.spec()
    assert isinstance(spec, LaubachWilliamsSpec)
    assert spec.variant == HLW2023.variant
    edited = replace(spec, transition={**spec.transition, "z": rho_z * z(-1) + e_z})
    assert edited.variant == HLW2023.variant
    again = _stationary(HLW2023).spec()
    assert again.variant.final is None
    assert again.name == "HLW 2023 with a stationary z, stage 3"
    assert "variant" not in repr(spec)
    assert HLW2023.spec(2).variant is None


@pytest.mark.parametrize("name", ["hlw2023_us_2023q2", "hlw2017_us_2019q4", "lw2023_us_2023q2"])
def test_unedited_equations_give_the_published_estimates(golden_set, golden_fit, name: str) -> None:
    one, published = golden_set(name), golden_fit(name)
    model = RStarModel(replace(one.model.variant, final=one.model.spec()))
    fit = model.fit(one.data, *one.numbers["sample"])
    pd.testing.assert_series_equal(fit.all_params, published.all_params, rtol=0, atol=0)
    pd.testing.assert_series_equal(fit.ratios, published.ratios, rtol=0, atol=0)
    pd.testing.assert_frame_equal(fit.to_frame(), published.to_frame(), rtol=0, atol=0)
    assert fit.departures == ()


@pytest.mark.filterwarnings("ignore::capstar.errors.IdentificationWarning")  # 5.4 points in 2009Q3
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "undeclared"])
def test_a_stationary_z_runs_the_three_stages(us, declared: bool) -> None:
    known = {"rho_z": Parameter(0.9, lower=0.0, upper=0.999)} if declared else {}
    fit = _stationary(HLW2023, **known).fit(us)
    published = HLW2023.fit(us)
    # Stages 1 and 2 are the published ones, and the ratios with them.
    for stage in ("stage1", "stage2"):
        ours, theirs = getattr(fit.stages, stage), getattr(published.stages, stage)
        pd.testing.assert_series_equal(ours.ml.params, theirs.ml.params, rtol=0, atol=0)
    assert (fit.lambda_g, fit.lambda_z) == (published.lambda_g, published.lambda_z)
    assert fit.converged
    problem = fit.stages.stage3.problem
    assert np.abs(problem.score(fit.all_params)[list(fit.params.index)]).max() < 1e-3
    assert "phi" not in fit.all_params  # the sample ends before 2020
    assert not problem.spec.obs_scale
    assert fit.departures == ("HLW 2023 with a stationary z is not one of the published models.",)
    assert 0 <= fit.params["rho_z"] <= 0.999 if declared else "rho_z" in fit.params


def test_undeclared_parameters_reach_the_maximum_of_declared_ones(golden_set) -> None:
    one = golden_set("hlw2023_us_2023q2")
    sample = one.numbers["sample"]
    declared = _stationary(HLW2023, rho_z=Parameter(0.9, lower=0.0, upper=0.999)).fit(
        one.data, *sample, keep="best"
    )
    found = _stationary(HLW2023).fit(one.data, *sample)
    assert found.llf >= declared.llf - 1e-6
    assert {"phi", "kappa_2021"} <= set(declared.params.index)
    assert "with a stationary z" in str(declared.summary())
    assert declared.run_on(one.data).llf == pytest.approx(declared.llf, abs=1e-8)


def test_a_series_of_ones_own_enters(golden_set) -> None:
    """A regressor in the IS curve: its column is asked for, and its coefficient starts at least squares."""
    one = golden_set("hlw2017_us_2019q4")
    table = one.data.assign(x=np.random.default_rng(2).standard_normal(len(one.data)))
    spec = HLW2017.spec()
    edited = replace(spec, observation={**spec.observation, "y": spec.observation["y"] + a_x * x(-1)})
    model = RStarModel(replace(HLW2017.variant, name="HLW with x", final=edited))
    assert model.inputs[-1] == "x"
    with pytest.raises(DataError, match="x"):
        model.fit(one.data, *one.numbers["sample"])
    fit = model.fit(table, *one.numbers["sample"], n_starts=1)
    assert abs(fit.params["a_x"]) < 3 * fit.bse["a_x"]
    assert fit.all_params["c"] == 1.0
    assert "c" not in fit.params
    forecast = fit.forecast(2)
    assert forecast is not None
    # With zeros for x the term cannot be identified, and goes.
    none = model.fit(table.assign(x=0.0), *one.numbers["sample"], n_starts=1)
    assert "a_x" not in none.all_params
    assert none.llf == pytest.approx(HLW2017.fit(one.data, *one.numbers["sample"], n_starts=1).llf, abs=1e-8)


def test_a_ratio_that_no_equation_reads_is_not_estimated(golden_set) -> None:
    one = golden_set("hlw2017_us_2019q4")
    spec = HLW2017.spec()
    edited = replace(spec, shocks={**spec.shocks, "e_z": sigma_z})
    model = RStarModel(replace(HLW2017.variant, name="free sigma_z", final=edited))
    fit = model.fit(one.data, *one.numbers["sample"], fixed={"sigma_z": 0.15}, n_starts=1)
    assert fit.stages.stage2 is None
    assert fit.stages.stage1 is not None
    assert np.isnan(fit.lambda_z)
    assert fit.derived["sigma_z"] == 0.15
    assert fit.to_dict()["lambda_z"] is None
    assert "lambda_z" not in str(fit.summary())
    with pytest.raises(SpecificationError, match="no lambda_z or no a_r"):
        _ = fit.pile_up


def test_without_z_there_is_no_z(golden_set) -> None:
    one = golden_set("hlw2017_us_2019q4")
    spec = HLW2017.spec()
    keep = {name: side for name, side in spec.transition.items() if name != "z"}
    edited = replace(
        spec.without([]), observation={n: _less_z(rhs) for n, rhs in spec.observation.items()}, transition=keep,
        shocks={n: s for n, s in spec.shocks.items() if n != "e_z"}, layout=(),
        reports={n: _less_z(rhs) for n, rhs in spec.reports.items() if n != "z"},
    )  # fmt: skip
    model = RStarModel(replace(HLW2017.variant, name="growth alone", final=edited))
    fit = model.fit(one.data, *one.numbers["sample"], n_starts=1)
    assert fit.quantities == ("rstar", "g", "output_gap", "potential")
    np.testing.assert_allclose(fit.rstar.filtered, fit.g.filtered, rtol=1e-12)
    assert set(fit.derived.index) == {"sigma_g", "sigma_rstar"}
    assert fit.derived["sigma_rstar"] == pytest.approx(fit.derived["sigma_g"], rel=1e-12)
    assert fit.decompose("2000Q1", "2019Q4").components["z"] == 0.0
    assert fit.plot() is not None


def _less_z(rhs):
    return type(rhs)({slot: coef for slot, coef in rhs.terms.items() if slot[0] != "z"})


def test_parameters_the_model_holds_are_in_its_spec(golden_set) -> None:
    c = HLW2017.spec().parameters["c"]
    assert c.fixed
    assert c.start == 1.0
    assert not HLW2017.edit(free=("c",)).spec().parameters["c"].fixed
    edited = _stationary(HLW2017, rho_z=Parameter(0.9, lower=0.0, upper=0.999))
    assert edited.spec().parameters["c"].fixed
    assert not edited.edit(free=("c",)).spec().parameters["c"].fixed
    windows = {"kappa_oil": ("1974Q1", "1974Q4")}
    assert edited.edit(kappa_windows=windows).spec().obs_scale == windows
    one = golden_set("hlw2017_us_2019q4")
    fit = edited.edit(kappa_windows=windows).fit(one.data, *one.numbers["sample"], n_starts=1)
    assert "kappa_oil" in fit.stages.stage1.ml.params
    assert "kappa_oil" in fit.params


def test_edited_equations_under_the_published_name_are_told(us) -> None:
    edited = _stationary(HLW2017, rho_z=Parameter(0.9, lower=0.0, upper=0.999)).variant.final
    fit = RStarModel(replace(HLW2017.variant, final=edited)).fit(us, n_starts=1)
    assert any("equations differ" in said for said in fit.departures)
