"""What is said where the data do not identify r*, and what is done where the likelihood has several maxima."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from tests.conftest import GOLDEN_SETS

from capstar.errors import CapstarWarning, IdentificationWarning, UnsuitableModelWarning
from capstar.rstar import HLW2017, LW2003, PileUp
from capstar.rstar.laubach_williams.bootstrap import draw_sample
from capstar.rstar.laubach_williams.estimates import ThreeStageEstimates
from capstar.tasks import run_tasks


def without_the_real_rate(data: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The data with a real rate of white noise, to which output cannot respond."""
    noise = np.random.default_rng(seed).standard_normal(len(data))
    return data.assign(interest_rate=data["expected_inflation"] + noise)


@pytest.fixture(scope="module")
def us(golden_set) -> pd.DataFrame:
    return golden_set("hlw2017_us_2019q4").data


@pytest.fixture(scope="module")
def unidentified(us):
    """An estimate with a_r at its bound, and the warnings of it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = HLW2017.fit(without_the_real_rate(us, 3), "1961Q1", "1985Q4", progress=False)
    return fit, caught


def test_a_response_at_its_bound_warns_once_in_one_line(unidentified) -> None:
    fit, caught = unidentified
    assert fit.ml.at_bound["a_r"]
    (only,) = caught
    assert issubclass(only.category, IdentificationWarning)
    assert issubclass(IdentificationWarning, CapstarWarning)
    text = str(only.message)
    assert "1961Q1-1985Q4: r* is not identified: a_r = -0.0025 is at its bound" in text
    assert "\n" not in text
    assert only.filename == __file__


def test_results_json_and_summary_say_why(unidentified) -> None:
    fit, _ = unidentified
    assert not fit.identified
    assert "output does not respond to the real rate" in fit.identification
    out = json.loads(json.dumps(fit.to_dict()))
    assert out["identified"] is False
    assert out["identification"] == fit.identification
    assert f"NOT IDENTIFIED: r* is not identified: {fit.identification}." in fit.notes()


@pytest.mark.parametrize("name", GOLDEN_SETS)
def test_published_estimates_are_identified_and_stay_as_published(golden_fit, name: str) -> None:
    fit = golden_fit(name)
    assert fit.identified
    assert fit.identification == ""
    assert fit.departures == ()
    assert fit.to_dict()["identified"] is True
    assert fit.stages.last_error == fit.rstar.filtered_se.iloc[-1] < 2.0


def test_the_embedded_study_is_weakly_identified_and_says_so(embedded_fit) -> None:
    """4.9 points in 2009Q3 and a_r with t = -1.0: below the limit of five, so told without a warning."""
    assert embedded_fit.identified
    told = " ".join(embedded_fit.notes())
    assert "One-sided r* in 2009Q3: standard error 4.9 points" in told
    assert "a_r is weakly identified (t = -1.0)" in told


def test_bounds_of_all_stages(golden_fit) -> None:
    """Stage 1 on US data ends with b_y at its bound, as the published code does."""
    fit = golden_fit("hlw2017_us_2019q4")
    assert fit.at_bound[fit.at_bound].index.tolist() == ["b_y"]
    assert not fit.ml.at_bound.any()
    assert any(note.startswith("Stage 1: b_y = 0.025 at the bound") for note in fit.notes())
    assert set(fit.at_bound.index) == {n for stage in fit.stages.estimated for n in stage.ml.free}


def test_the_published_climb_gives_way_to_the_best_maxima(golden_set) -> None:
    """Canada to 1978: where the published start leads, one-sided r* has a standard error of 19 points."""
    data = golden_set("hlw2017_ca_2019q4").data
    call = partial(HLW2017.fit, data, "1961Q1", "1978Q1", progress=False)
    with pytest.warns(IdentificationWarning, match="published procedure ends where r. is not identified"):
        fit = call()
    with pytest.warns(IdentificationWarning, match="standard error of 19.* points, above 5"):
        published = call(keep="first")
    assert published.stages.last_error > 19
    assert published.departures == ()
    best = call(keep="best")
    assert fit.llf == best.llf
    pd.testing.assert_series_equal(fit.rstar.filtered, best.rstar.filtered, check_exact=True)
    assert fit.identified
    (said,) = fit.departures
    assert f"r* {published.rstar.filtered.iloc[-1]:.2f} in 1978Q1" in said
    assert f"takes its best maximum instead (r* {best.rstar.filtered.iloc[-1]:.2f})" in said


@pytest.mark.parametrize("end", ["2021Q4", "2023Q2"])
def test_lw_2003_on_later_data_ends_at_maxima(golden_set, end: str) -> None:
    """Stage 2 stood still where sigma_ygap is nearly zero, its score rounding and its curvature -1."""
    data = golden_set("lw2023_us_2023q2").data.drop(columns="covid_index")
    with pytest.warns(UnsuitableModelWarning):
        fit = LW2003.fit(data, "1961Q1", end, progress=False)
    assert fit.converged
    assert fit.stages.stage2.ml.projected_gradient < 1e-6
    assert fit.stages.stage2.ml.curvature > 0


@pytest.fixture(scope="module")
def drawn(golden_fit):
    """Samples of HLW 2017 as estimated on US data, by seed."""
    source = golden_fit("hlw2017_us_2019q4")

    def draw(seed: int) -> pd.DataFrame:
        frame = draw_sample(source, np.random.default_rng(seed)).frame
        return pd.DataFrame(
            {
                "log_gdp": frame["y"] / 100,
                "inflation": frame["pi"],
                "expected_inflation": 0.0,
                "interest_rate": frame["r"],
            }
        )

    return draw


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_standard_deviations_near_zero_end_at_their_bound(golden_fit, seed: int) -> None:
    """Samples without shocks to potential: the likelihood is flat in sigma_ystar round zero."""
    source = golden_fit("hlw2017_us_2019q4")
    fit = source.estimated_on(_without_potential_shocks(source, seed))
    assert fit.converged
    assert fit.stages.stage1.ml.at_bound["sigma_ystar"]


def _without_potential_shocks(source: ThreeStageEstimates, seed: int) -> pd.DataFrame:
    stage = source.stages.stage3
    params = stage.ml.params.copy()
    params["sigma_ystar"] = 0.002
    changed = replace(stage, ml=replace(stage.ml, params=params))
    drawn_from = replace(source, stages=replace(source.stages, stage3=changed))
    return draw_sample(drawn_from, np.random.default_rng(seed)).frame


def _one_step(data: pd.DataFrame, end: str, fixed: dict[str, float], seed: int):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        return HLW2017.fit(data, "1961Q1", end, signal_to_noise="ML", fixed=fixed, seed=seed, progress=False)


def _answer(data: pd.DataFrame, end: str, fixed: dict[str, float], seed: int) -> tuple[float, float, int]:
    fit = _one_step(data, end, fixed, seed)
    return fit.llf, float(fit.rstar.filtered.iloc[-1]), 1 + len(fit.stages.stage3.others)


@pytest.mark.parametrize(
    ("sample", "end", "fixed", "peaks"),
    [
        ("us", "1985Q4", {}, 1),
        (8, "1990Q4", {"lambda_g": 0.03}, 2),
        (11, "1990Q4", {"lambda_g": 0.05}, 2),
    ],
)
def test_one_step_maximum_likelihood_has_one_answer(us, drawn, sample, end, fixed, peaks) -> None:
    """US data, and two drawn samples whose likelihood has two peaks: the same for twenty seeds, to the last bit."""
    data = us if sample == "us" else drawn(sample)
    found = run_tasks(partial(_answer, data, end, fixed), range(20), n_workers=2)
    assert len(set(found)) == 1
    assert found[0][2] == peaks


def test_the_end_of_a_ridge_is_the_highest_maximum_and_all_are_told(drawn) -> None:
    """As sigma_ygap vanishes and lambda_z rises with their product, the likelihood comes to its highest value."""
    fit = _one_step(drawn(8), "1990Q4", {"lambda_g": 0.03}, 0)
    (other,) = fit.stages.stage3.others
    assert fit.ml.at_bound["sigma_ygap"]
    assert fit.llf > other.llf + 1
    nearer = fit.ml.params.to_dict()
    for factor in (10.0, 100.0):
        moved = nearer | {
            "sigma_ygap": factor * nearer["sigma_ygap"],
            "lambda_z": nearer["lambda_z"] / factor,
        }
        assert fit.stages.stage3.problem.loglike(moved) < fit.llf
    (told,) = [note for note in fit.notes() if note.startswith("Starting points over a grid")]
    assert f"lead to 2 distinct maxima, log-likelihood {fit.llf:.4f} (" in told
    assert f"{other.llf:.4f} (lambda_g 0.0300, lambda_z {other.params['lambda_z']:.4f}" in told
    assert f"r* in 1990Q4 {fit.rstar.filtered.iloc[-1]:.2f})" in told


def test_what_auxiliary_fits_did_not_establish_is_not_stated() -> None:
    nothing = PileUp(np.nan, np.nan, np.nan, a_r=-0.1, a_r_t=-4.0, a_r_at_bound=False)
    assert len(nothing.notes()) == 1
    no_zero = PileUp(0.02, np.nan, 0.1, a_r=-0.1, a_r_t=-4.0, a_r_at_bound=False)
    assert "rejected" not in no_zero.notes()[0]
    assert "0.0200" in no_zero.notes()[0]


def test_bands_say_what_they_include(golden_fit) -> None:
    fit = golden_fit("hlw2017_us_2019q4")
    honest = fit.with_standard_errors(200, progress=False)
    title = "90% band: filter only, parameters as known"
    assert fit.plot().axes[0].get_legend().get_title().get_text() == title
    assert "filter and parameters" in honest.plot().axes[0].get_legend().get_title().get_text()
    assert any("hold r* in about 73 percent" in note for note in fit.notes())
    assert any("84 percent" in note and "std err, and the bands" in note for note in honest.notes())
    latest = honest.frames()["Latest quarter (2019Q4), percent"]
    assert latest.loc["r*", "std err"] == honest.uncertainty.final["rstar"] > latest.loc["r*", "std dev"]
