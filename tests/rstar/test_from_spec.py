"""Equations of one's own as natural-rate models: the README's examples, and all that such a model answers."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

import capstar as cs
from capstar.errors import DataError, IdentificationWarning, SpecificationError
from capstar.statespace import (
    InitialState,
    Parameter,
    Spec,
    StateSpaceResults,
    Stationary,
    estimate_states,
    params,
    variables,
)

s_e, s_r, s_g, rho = params("s_e s_r s_g rho")
r, rstar, g, e, u, v, x = variables("r rstar g e u v x")
TREND = Spec(
    name="trend",
    observation={"r": rstar + e},
    transition={"rstar": rstar(-1) + g(-1) + u, "g": g(-1) + v},
    shocks={"e": s_e, "u": s_r, "v": s_g},
)


@pytest.fixture(scope="module")
def us() -> pd.DataFrame:
    return cs.data.us_macro()


@pytest.fixture(scope="module")
def edited():
    """HLW (2023) with a stationary z, as the README has it."""
    spec = cs.rstar.HLW2023.spec()
    (rho_z,) = params("rho_z")
    z, e_z = variables("z e_z")
    return replace(
        spec,
        transition={**spec.transition, "z": rho_z * z(-1) + e_z},
        parameters={**spec.parameters, "rho_z": Parameter(0.9, lower=0.0, upper=0.999)},
    )


@pytest.fixture(scope="module")
def stationary_z(edited, us):
    return cs.rstar.from_spec(edited, name="HLW with a stationary z").fit(us)


@pytest.fixture(scope="module")
def alone(us):
    """The trend with its steps held, so that there is a gap."""
    return cs.rstar.from_spec(TREND, name="trend of the real rate").fit(us, fixed={"s_r": 0.3, "s_g": 0.02})


def test_the_readme_runs() -> None:
    """Every block of the section on equations, one after the other, as it stands on the page."""
    section = (ROOT / "README.md").read_text().split("## A model is its equations")[1].split("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", section, re.S)
    assert len(blocks) == 2
    names: dict[str, object] = {"cs": cs}
    for block in blocks:
        exec(block, names)
    est = names["est"]
    assert 0.0 < est.params["rho_z"] < 0.999
    assert est.rstar.filtered.notna().all()
    assert isinstance(names["found"], StateSpaceResults)


def test_the_edited_model_keeps_the_published_procedure(stationary_z, us) -> None:
    """Stages 1 and 2 read no z, so that the ratios are those of the published model on the same data."""
    with pytest.warns(IdentificationWarning):
        published = cs.rstar.HLW2023.fit(us)
    assert stationary_z.lambda_g == pytest.approx(published.lambda_g, rel=1e-9)
    assert stationary_z.lambda_z == pytest.approx(published.lambda_z, rel=1e-9)
    assert 0.0 < stationary_z.params["rho_z"] < 0.999
    assert not stationary_z.at_bound["rho_z"]
    # A random walk is rho_z = 1, just outside the bound: the likelihood cannot be lower than there by more than that.
    assert stationary_z.llf > published.llf - 1e-3


def test_rho_at_one_is_the_published_model(edited, us) -> None:
    with pytest.warns(IdentificationWarning):
        one = cs.rstar.from_spec(edited, name="one", fixed={"rho_z": 1.0}).fit(us)
    with pytest.warns(IdentificationWarning):
        published = cs.rstar.HLW2023.fit(us)
    assert one.llf == pytest.approx(published.llf, abs=1e-8)
    np.testing.assert_allclose(one.rstar.filtered, published.rstar.filtered, atol=1e-6)


def test_everything_an_rstar_model_has(stationary_z, edited, us) -> None:
    model = cs.rstar.from_spec(edited, name="HLW with a stationary z")
    gap = stationary_z.gap("filtered")
    real = us["interest_rate"] - us["expected_inflation"]
    np.testing.assert_allclose(gap, (real - stationary_z.rstar.filtered).loc[gap.index], atol=1e-12)
    known = cs.rstar.quasi_real_time(model, us, "2008Q1", "2008Q2")
    again = model.fit(us.loc[:"2008Q1"], n_starts=1)
    assert known.table.loc["2008Q1", "rstar"] == again.rstar.filtered.iloc[-1]
    source = cs.rstar.gap_source(stationary_z)
    drawn = source.draw(np.arange(len(source.innovations)))
    np.testing.assert_allclose(drawn.true, gap, atol=1e-8)
    table = cs.rstar.compare({"edited": stationary_z, "published": cs.rstar.HLW2017.fit(us)}).table
    assert float(table.loc["rho_z", "edited"]) == pytest.approx(stationary_z.params["rho_z"], abs=1e-4)
    assert table.loc["rho_z", "published"] == ""
    assert "rho_z" in str(stationary_z.summary())
    ahead = stationary_z.forecast(40)
    assert abs(ahead.mean["z"].iloc[-1]) < abs(ahead.mean["z"].iloc[0])  # it returns to its mean


def test_lead_study_and_joint_bootstrap(stationary_z) -> None:
    returns = cs.data.small_cap_returns()[["small_minus_large"]]
    study = cs.leads.LeadStudy(
        stationary_z.gap("filtered"),
        returns,
        (1,),
        source=cs.rstar.gap_source(stationary_z),
        n_replications=99,
    )
    found = study.run()
    joint = found.estimated.table.set_index("horizon")
    assert 0 < joint.loc[1, "p"] <= 1
    assert len(found.estimated.t_draws) == 99
    assert found.verdict()


def test_from_nothing_is_what_statespace_gives(alone, us) -> None:
    """The same numbers as from the state-space room, without economics."""
    from capstar.statespace import fit

    rate = (us["interest_rate"] - us["expected_inflation"]).rename("r")
    plain = fit(TREND, rate, fixed={"s_r": 0.3, "s_g": 0.02})
    assert alone.llf == pytest.approx(plain.llf, abs=1e-10)
    np.testing.assert_allclose(alone.rstar.smoothed, plain.smoothed["rstar"], atol=1e-9)
    gap = alone.gap("filtered")
    assert gap.notna().all()
    assert gap.index[0] == us.index[0] + 1  # two observations determine level and drift
    np.testing.assert_allclose(gap, (rate - plain.filtered["rstar"]).loc[gap.index], atol=1e-9)


def test_from_nothing_has_everything(alone, us) -> None:
    model = alone.model
    assert model.inputs == ("interest_rate", "expected_inflation")
    known = cs.rstar.quasi_real_time(model, us, "2009Q1")
    assert list(known.table.index.astype(str)) == ["2009Q1", "2009Q2", "2009Q3"]
    source = alone.redraw()
    drawn = source.draw(np.arange(len(source.innovations)))
    np.testing.assert_allclose(drawn.true, alone.gap().loc[drawn.true.index], atol=1e-9)
    returns = cs.data.small_cap_returns()[["small_minus_large"]]
    study = cs.leads.LeadStudy(alone.gap(), returns, (1,), source=source, n_replications=99).run()
    assert len(study.estimated.t_draws) == 99
    bands = alone.bands()
    assert (bands["lower"] < bands["upper"]).all()
    assert "parameters as known" in bands.attrs["includes"]
    assert list(alone.forecast(4).mean) == ["r", "rstar"]
    assert alone.to_dict()["parameters"]["s_e"] == pytest.approx(alone.params["s_e"])
    assert cs.rstar.compare({"a": alone, "b": alone}).table.shape[1] == 2


def test_bands_say_what_they_include(alone) -> None:
    wide = alone.with_standard_errors(100)
    assert "Hamilton" in wide.bands().attrs["includes"]
    assert "known" in wide.bands("filtered").attrs["includes"]
    narrow, found = alone.bands(level=0.9), wide.bands(level=0.9)
    assert (found["upper"] - found["lower"]).mean() > (narrow["upper"] - narrow["lower"]).mean()
    assert "Standard errors of the reports" in wide.frames()


def test_drawn_samples_keep_the_spread_of_the_model(alone) -> None:
    """Innovations drawn with replacement: the drawn gap has the spread of the one estimated, within a third."""
    source, rng = alone.redraw(), np.random.default_rng(3)
    n = len(source.innovations)
    spreads = [source.draw(rng.integers(0, n, n)).true.std() for _ in range(40)]
    assert np.mean(spreads) == pytest.approx(alone.gap().std(), rel=0.33)


def test_an_rstar_that_reads_data_is_drawn_with_them(us) -> None:
    """With the data's own innovations a draw is the data, also where r* takes in a series that nothing explains."""
    spec = replace(
        TREND,
        observation={"r": rstar + 0.5 * x + e},
        reports={"rstar": rstar + 0.5 * x + 0.1 * x(-1)},
    )
    table = us.assign(x=np.sin(np.arange(len(us)) / 5.0))
    found = cs.rstar.from_spec(spec, name="with data").fit(table, fixed={"s_r": 0.3, "s_g": 0.02})
    source = found.redraw()
    drawn = source.draw(np.arange(len(source.innovations)))
    np.testing.assert_allclose(drawn.true, found.gap().loc[drawn.true.index], atol=1e-9)


def test_run_on_holds_the_parameters_and_does_not_look_ahead(alone, us) -> None:
    short = alone.model.fit(us.loc[:"2000Q4"], fixed={"s_r": 0.3, "s_g": 0.02})
    longer = short.run_on(us)
    pd.testing.assert_series_equal(longer.params, short.params)
    np.testing.assert_allclose(
        longer.rstar.filtered.loc[:"2000Q4"].dropna(), short.rstar.filtered.dropna(), atol=1e-8
    )
    assert longer.end == us.index[-1]


def test_another_column_and_a_report(us) -> None:
    """A series that is no standard one is the column of its name; r* may be a report."""
    spec = Spec(
        name="with a yield",
        observation={"r": g + e, "long_yield": g + x + 0.5},
        transition={"g": g(-1) + v},
        shocks={"e": s_e, "v": s_g, "x": s_r},
        reports={"rstar": 1.0 * g},
    )
    model = cs.rstar.from_spec(spec, name="with a yield")
    assert model.inputs == ("interest_rate", "expected_inflation", "long_yield")
    with pytest.raises(DataError, match="long_yield"):
        model.fit(us)
    noise = np.random.default_rng(0).normal(0, 0.3, len(us))
    rate = us["interest_rate"] - us["expected_inflation"]
    found = model.fit(us.assign(long_yield=rate.rolling(8, min_periods=1).mean() + 0.5 + noise))
    assert found.quantities == ("rstar",)
    assert found.results.converged


def test_terms_the_sample_cannot_identify_are_left_out(us) -> None:
    """A COVID index that is zero throughout, and a scale of quarters after the sample."""
    (phi,) = params("phi")
    (d,) = variables("d")
    spec = replace(
        TREND, observation={"r": rstar + phi * d + e}, obs_scale={"kappa": ("2020Q2", "2020Q4")},
        parameters={"kappa": Parameter(1.0, lower=1.0)},
    )  # fmt: skip
    held = {"s_r": 0.3, "s_g": 0.02}
    found = cs.rstar.from_spec(spec, name="covid").fit(us, fixed=held)
    assert list(found.params.index) == ["s_e"]
    plain = cs.rstar.from_spec(TREND, name="plain").fit(us, fixed=held)
    assert found.llf == pytest.approx(plain.llf, abs=1e-10)


def test_initial_state_and_constraints(us) -> None:
    spec = replace(TREND, transition={"rstar": rho * rstar(-1) + u}, shocks={"e": s_e, "u": s_r}, constraints=(
        Stationary("rho"),))  # fmt: skip
    model = cs.rstar.from_spec(spec, name="stationary")
    found = model.fit(us)
    assert 0 < found.params["rho"] < 1
    assert found.gap().index[0] == us.index[0]  # a stationary state needs no observation to begin
    given = InitialState(pd.Series({"rstar": 2.0}), pd.DataFrame([[1.0]], ["rstar"], ["rstar"]))
    from_two = model.fit(us, initial=given, start="1965Q1")
    assert from_two.start == pd.Period("1965Q1")
    problem = from_two.results.problem
    assert estimate_states(problem, from_two.all_params).predicted_cov[0, 0, 0] == pytest.approx(
        from_two.params["rho"] ** 2 + from_two.params["s_r"] ** 2
    )


def test_registered_it_is_on_the_command_line(us) -> None:
    from typer.testing import CliRunner

    from capstar.cli import app

    model = cs.rstar.register(cs.rstar.from_spec(TREND, name="Trend 1"))
    try:
        assert "trend1" in cs.rstar.models().index
        listed = CliRunner().invoke(app, ["rstar", "--model", "list"])
        assert any(line.startswith("trend1 ") for line in listed.output.splitlines())
        done = CliRunner().invoke(
            app,
            ["rstar", "--model", "trend1", "--input", "embedded", "--fix", "s_r=0.3", "--fix", "s_g=0.02"],
        )
        assert done.exit_code == 0, done.output
        assert "Trend 1" in done.output
    finally:
        cs.rstar.unregister(model.key)


def test_what_cannot_be_meant() -> None:
    bare = replace(TREND, transition={"g": g(-1) + v}, observation={"r": g + e}, shocks={"e": s_e, "v": s_g})
    with pytest.raises(SpecificationError, match="have no r\\*"):
        cs.rstar.from_spec(bare, name="none")
    with pytest.raises(SpecificationError, match="on both sides"):
        cs.rstar.from_spec(replace(TREND, observation={"r": rstar + r + e}), name="both")
