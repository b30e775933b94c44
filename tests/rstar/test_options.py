"""The choices a referee asks for."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capstar.errors import CapstarWarning, SpecificationError, UnsuitableModelWarning
from capstar.rstar import HLW2017, HLW2023, LW2003, LW2023, InitialState, compare, median_unbiased_lambda
from capstar.statespace.algebra import show_slot
from capstar.statespace.smoothing import estimate_states


@pytest.fixture(scope="module")
def us(golden_set) -> pd.DataFrame:
    return golden_set("hlw2017_us_2019q4").data


@pytest.fixture(scope="module")
def recent(golden_set) -> pd.DataFrame:
    return golden_set("hlw2023_us_2023q2").data


def test_published_estimates_depart_in_nothing(golden_fit) -> None:
    for name in ("hlw2017_us_2019q4", "hlw2023_us_2023q2", "lw2023_us_2023q2"):
        assert golden_fit(name).departures == ()


@pytest.mark.parametrize(("functional", "field"), [("MW", "mean_wald"), ("QLR", "qlr")])
def test_other_functionals_change_the_lambdas(us, functional: str, field: str) -> None:
    fit = HLW2017.fit(us, "1961Q1", signal_to_noise=functional)
    stages = fit.stages
    assert stages.stage1.breaks.nobs == 235
    for lam, stage in ((fit.lambda_g, stages.stage1), (fit.lambda_z, stages.stage2)):
        value = getattr(stage.breaks, field)
        assert lam == median_unbiased_lambda(value, functional) / stage.breaks.nobs
    assert "in place of the exponential" in fit.departures[0]
    assert fit.departures[0] in " ".join(fit.summary().notes)


def test_lambdas_held_need_no_other_stage(us, golden_fit) -> None:
    published = golden_fit("hlw2017_us_2019q4")
    held = {"lambda_g": published.lambda_g, "lambda_z": published.lambda_z}
    fit = HLW2017.fit(us, "1961Q1", fixed=held)
    assert fit.stages.stage1 is None
    assert fit.stages.stage2 is None
    assert fit.lambda_g == published.lambda_g
    pd.testing.assert_frame_equal(fit.to_frame(), published.to_frame(), rtol=1e-9, atol=1e-9)
    assert "Held fixed: lambda_g = 0.05356" in fit.departures[0]
    text = str(fit.summary())
    assert "lambda_z" in text
    one = HLW2017.fit(us, "1961Q1", fixed={"lambda_g": 0.02})
    assert one.stages.stage1 is None
    assert one.stages.stage2 is not None
    assert one.lambda_g == 0.02


def test_one_step_maximum_likelihood_is_the_maximum_over_the_lambdas(us) -> None:
    fit = HLW2017.fit(us, "1961Q1", signal_to_noise="ML")
    assert {"lambda_g", "lambda_z"} <= set(fit.params.index)
    held = {"lambda_g": fit.lambda_g, "lambda_z": fit.lambda_z}
    problem, table = fit.stages.stage3.problem, fit.stages.stage3.ml
    assert problem.loglike(table.params) == pytest.approx(fit.llf, abs=1e-9)
    for name, value in held.items():
        for factor in (0.8, 1.25):
            moved = table.params.to_dict() | {name: value * factor}
            assert problem.loglike(moved) < fit.llf
    assert np.isfinite(fit.bse[["lambda_g", "lambda_z"]]).all()
    assert "one-step maximum likelihood" in str(fit.summary())


def test_bounds_of_the_data_pile_up_at_zero_is_survived(golden_set) -> None:
    """Canada: maximum likelihood puts sigma_z at zero (Buncic 2021 finds the same)."""
    one = golden_set("hlw2017_ca_2019q4")
    fit = HLW2017.fit(one.data, *one.numbers["sample"], signal_to_noise="ML")
    assert fit.converged
    assert fit.lambda_z < 1e-3
    assert np.isfinite(fit.llf)
    str(fit.summary())


def test_buncic_stage_2(us, golden_fit) -> None:
    fit = HLW2017.edit(stage2="buncic").fit(us, "1961Q1")
    second = fit.stages.stage2
    assert {"a_0", "a_g"}.isdisjoint(second.ml.params.index)
    # Buncic (2021, abstract): the corrected lambda_z of the US is about a third to a half of the published.
    assert fit.lambda_z < 0.6 * golden_fit("hlw2017_us_2019q4").lambda_z
    assert fit.rstar.filtered.iloc[-1] > golden_fit("hlw2017_us_2019q4").rstar.filtered.iloc[-1] + 0.4
    assert fit.departures == ("Stage 2 and its break test as corrected by Buncic (2021).",)


def test_buncic_break_test_is_that_of_the_mean_of_the_is_residual(us) -> None:
    fit = HLW2017.edit(stage2="buncic").fit(us, "1961Q1")
    stage, frame = fit.stages.stage2, fit.data
    a, s = stage.ml.params, stage.states.states("smoothed")
    y = frame["y"]
    gap = [y.shift(k).loc[s.index] - s["ystar" if k == 0 else f"ystar(-{k})"] for k in range(3)]
    r = (frame["r"].shift(1) + frame["r"].shift(2)).loc[s.index] / 2
    rest = gap[0] - a["a_y1"] * gap[1] - a["a_y2"] * gap[2] - a["a_r"] * (r - 2 * (s["g(-1)"] + s["g(-2)"]))
    k, n = 100, len(rest)
    before, after = rest.iloc[:k], rest.iloc[k:]
    rss = ((before - before.mean()) ** 2).sum() + ((after - after.mean()) ** 2).sum()
    t = (after.mean() - before.mean()) / np.sqrt(rss / (n - 2) * (1 / k + 1 / (n - k)))
    assert stage.breaks.t_statistic[list(stage.breaks.dates).index(k)] == pytest.approx(t, rel=1e-8)


@pytest.mark.parametrize(("model", "data", "instead"), [
    (HLW2017, "hlw2023_us_2023q2", "HLW2023"), (LW2003, "lw2023_us_2023q2", "LW2023"),
])  # fmt: skip
def test_a_model_of_before_2020_says_that_it_is_not_made_for_later_quarters(
    golden_set, model, data: str, instead: str
) -> None:
    held = {"lambda_g": 0.05, "lambda_z": 0.03}
    table = golden_set(data).data
    without = table.drop(columns="covid_index")

    def fit(one=model, **options):
        return one.fit(table, "1961Q1", fixed=held, n_starts=1, **options)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(without, "1961Q1", "2021Q4", fixed=held, n_starts=1)
    seen = [one for one in caught if one.category is UnsuitableModelWarning]
    assert len(seen) == 1
    assert re.search(f"not made for quarters after 2019.*Use {instead}", str(seen[0].message))
    assert seen[0].filename == __file__
    assert issubclass(UnsuitableModelWarning, CapstarWarning)
    # Warnings are errors here: none comes where the sample ends before, or the model has terms for these quarters.
    fit(end="2019Q4")
    with_index = fit(model.edit(covid=True), end="2021Q4")
    assert with_index.departures[-1] == "Output net of phi times the COVID index."
    assert "phi" in with_index.params
    fit(model.edit(missing=[("2020Q2", "2021Q4")]), end="2021Q4")
    fit(model.edit(kappa_windows={"kappa": ("2020Q2", "2021Q4")}), end="2021Q4")


def test_lw_2003_takes_the_covid_index_where_it_is_given(golden_set) -> None:
    """As published for 2020Q2; beyond, with the same terms, it was not."""
    table, held = golden_set("lw2023_us_2023q2").data, {"lambda_g": 0.05, "lambda_z": 0.03}

    def fit(data, end: str, model=LW2003):
        return model.fit(data, "1961Q1", end, fixed=held, n_starts=1)

    found = fit(table, "2020Q2")
    assert found.departures[-1] == "Output net of phi times the COVID index."
    assert found.llf == fit(table, "2020Q2", LW2003.edit(covid=True)).llf
    assert "phi" not in fit(table, "2019Q4").params
    with pytest.warns(
        UnsuitableModelWarning, match="not made for quarters after 2020Q2: the outliers.*Use LW2023"
    ):
        assert "phi" in fit(table, "2021Q4").params
    holed = table.assign(covid_index=table["covid_index"].where(table.index != pd.Period("2020Q1", "Q")))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert "phi" not in fit(holed, "2020Q2").params
    assert any("not made for quarters after 2019" in str(one.message) for one in caught)


def test_own_kappa_windows(recent) -> None:
    model = HLW2023.edit(
        kappa_windows={"kappa_spring": ("2020Q2", "2020Q3"), "kappa_rest": ("2020Q4", "2022Q4")}
    )
    fit = model.fit(recent, "1961Q1")
    assert {"kappa_spring", "kappa_rest"} <= set(fit.params.index)
    assert fit.params["kappa_spring"] > fit.params["kappa_rest"] >= 1
    assert "kappa_spring in 2020Q2-2020Q3" in str(fit.summary())
    published = HLW2023.edit(kappa_windows=HLW2023.variant.scale_windows).fit(recent, "1961Q1")
    assert published.departures == ()
    none = HLW2023.edit(kappa_windows={}).fit(recent, "1961Q1")
    assert not [name for name in none.params.index if name.startswith("kappa")]
    assert none.llf < fit.llf
    with pytest.raises(SpecificationError, match="overlap in 2020Q4"):
        HLW2023.edit(kappa_windows={"one": ("2020Q2", "2020Q4"), "two": ("2020Q4", "2021Q4")})
    with pytest.raises(SpecificationError, match="ends in 2020Q1, before it starts"):
        HLW2023.edit(kappa_windows={"one": ("2020Q2", "2020Q1")})
    with pytest.raises(SpecificationError, match="not a pair of quarters"):
        HLW2023.edit(kappa_windows={"one": ("spring", "2020Q1")})
    with pytest.raises(SpecificationError, match="a_r is a parameter of the model"):
        HLW2023.edit(kappa_windows={"a_r": ("2020Q2", "2020Q3")})


def test_missing_quarters_are_the_limit_of_a_large_kappa(recent) -> None:
    missing = HLW2023.edit(missing=[("2020Q2", "2022Q4")]).fit(recent, "1961Q1")
    assert not [name for name in missing.params.index if name.startswith("kappa")]
    assert "treated as missing" in missing.departures[0]
    large = HLW2023.edit(kappa_windows={"kappa": ("2020Q2", "2022Q4")})
    held = missing.stages.stage3.ml.params.to_dict() | {"kappa": 1e6}
    fit = large.fit(recent, "1961Q1", fixed=held)
    problem = fit.stages.stage3.problem
    problem = problem.with_initial_cov(missing.stages.stage3.problem.initial_cov)
    states = estimate_states(problem, held)
    for which in ("filtered", "smoothed"):
        # Terms of order 1 / kappa^2 remain.
        theirs = states.report("rstar", which)[0]
        np.testing.assert_allclose(getattr(missing.rstar, which), theirs, atol=1e-8)


def test_output_of_missing_quarters_matters_only_as_a_lag(recent) -> None:
    model = HLW2023.edit(missing=[("2023Q2", "2023Q2")])
    changed = recent.copy()
    changed.loc["2023Q2", ["log_gdp", "inflation"]] += 0.5
    held = {"lambda_g": 0.07, "lambda_z": 0.02}
    one = model.fit(recent, "1961Q1", fixed=held).stages.stage3.problem
    two = model.fit(changed, "1961Q1", fixed=held).stages.stage3.problem
    np.testing.assert_array_equal(one.y, two.y)
    assert np.isnan(one.y[-1]).all()


def test_c_free_and_fixed_and_phi_fixed(us, recent, golden_fit) -> None:
    free = HLW2017.edit(free=["c"]).fit(us, "1961Q1")
    assert "c" in free.params.index
    assert free.departures == ("Estimated where the published model fixes it: c.",)
    held = HLW2023.fit(recent, "1961Q1", fixed={"phi": -0.05, "c": 1.0})
    assert held.stages.stage3.ml.params["phi"] == -0.05
    assert held.stages.stage1.ml.params["phi"] == -0.05
    assert held.llf < golden_fit("hlw2023_us_2023q2").llf
    with pytest.raises(SpecificationError, match="HLW 2023 does not fix c"):
        HLW2023.edit(free=["c"])
    with pytest.raises(SpecificationError, match="has no parameter rho"):
        HLW2023.fit(recent, "1961Q1", fixed={"rho": 1.0})


def test_given_initial_state(us, golden_fit) -> None:
    published = golden_fit("hlw2017_us_2019q4")
    problem = published.stages.stage3.problem
    names = [show_slot(slot) for slot in problem.spec.state_slots()]
    given = InitialState(
        pd.Series(problem.initial_mean, names), pd.DataFrame(problem.initial_cov, names, names)
    )
    held = {"lambda_g": published.lambda_g, "lambda_z": published.lambda_z}
    fit = HLW2017.fit(us, "1961Q1", initial=given, fixed=held)
    assert fit.llf == pytest.approx(published.llf, abs=1e-9)
    assert fit.stages.stage3.first_pass is None
    assert "as given" in fit.departures[0]
    whole = HLW2017.fit(us, "1961Q1", initial=given)
    assert whole.stages.stage1.first_pass is None
    with pytest.raises(SpecificationError, match=r"gives no z\(-2\)"):
        HLW2017.fit(us, "1961Q1", fixed=held, initial=InitialState(given.mean[:-1], given.cov.iloc[:-1, :-1]))
    with pytest.raises(SpecificationError, match="Give both in the same order"):
        InitialState(given.mean, given.cov.iloc[::-1])


def test_edited_equations_are_told(us) -> None:
    variant = replace(HLW2017.variant, growth_delay=-1)
    fit = type(HLW2017)(variant).fit(us, "1961Q1")
    assert fit.departures == ("The equations differ from the published ones; print the spec to see them.",)
    own = type(HLW2017)(replace(variant, name="mine")).fit(us, "1961Q1")
    assert own.departures == ("mine is not one of the published models.",)


def test_unknown_choices_are_named(us) -> None:
    with pytest.raises(SpecificationError, match="signal_to_noise='POI'"):
        HLW2017.fit(us, "1961Q1", signal_to_noise="POI")
    with pytest.raises(SpecificationError, match="initial='flat'"):
        HLW2017.fit(us, "1961Q1", initial="flat")
    with pytest.raises(SpecificationError, match="stage2='other'"):
        LW2023.edit(stage2="other")


def test_compare(us, golden_fit) -> None:
    fits = {
        "published": golden_fit("hlw2017_us_2019q4"),
        "corrected": HLW2017.edit(stage2="buncic").fit(us, "1961Q1"),
        "2023": golden_fit("hlw2023_us_2023q2"),
    }
    found = compare(fits)
    assert list(found.table.columns) == list(fits)
    assert found.table.loc["lambda_z", "published"] == fits["published"].lambda_z
    assert found.table.loc["kappa_2021", "corrected"] == ""
    assert found.rstar["published"].last_valid_index() == pd.Period("2019Q4", "Q")
    assert "corrected: Stage 2" in str(found.summary())
    assert "<li>corrected" in found._repr_html_()
    assert len(found.plot().axes[0].lines) == 3 + 1  # and the zero line
    assert list(compare([fits["published"], fits["2023"]]).table.columns) == ["HLW 2017", "HLW 2023"]
    with pytest.raises(SpecificationError, match="Several estimates are of HLW 2017"):
        compare([fits["published"], fits["corrected"]])
    with pytest.raises(SpecificationError, match="nothing to compare"):
        compare({})
