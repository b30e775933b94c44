"""Simple benchmarks against statsmodels and plain formulas (golden/models2/simple_benchmarks)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar import data, rstar
from capstar.errors import DataError, SpecificationError

PRINTED = 1e-8  # the golden file has eight decimals
INPUTS = {"hlw2017": "hlw2017/us_input.csv", "hlw2023": "hlw2023/us_2023q2_input.csv"}


@pytest.fixture(params=sorted(INPUTS))
def case(request, golden, reference) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Input, golden series by quarter, golden parameters."""
    folder = golden("models2/simple_benchmarks")
    series = pd.read_csv(folder / "real_rate_trends.csv").query("input == @request.param")
    series.index = pd.PeriodIndex(series["date"], freq="Q")
    known = pd.read_csv(folder / "uc_parameters.csv").query("input == @request.param")
    return (
        pd.read_csv(reference(INPUTS[request.param])),
        series,
        known.set_index(["model", "parameter"])["value"],
    )


def check(ours: pd.Series, theirs: pd.Series, tolerance: float = PRINTED) -> None:
    assert ours.index.equals(theirs.dropna().index)
    np.testing.assert_allclose(ours, theirs.dropna(), atol=tolerance, rtol=0)


def test_averages_and_filters(case) -> None:
    """Moving and exponential averages, HP filters of one and two sides on HLW inputs, to 1e-8 (as stored)."""
    table, theirs, _ = case
    ten = rstar.model("moving-average").fit(table)
    check(ten.real_rate, theirs["real_rate"])
    check(ten.rstar.filtered, theirs["ma_40q"])
    check(rstar.MovingAverage(20).fit(table).rstar.filtered, theirs["ma_20q"])
    check(rstar.model("exponential-average").fit(table).rstar.filtered, theirs["ewma_098"])
    for penalty in (1600, 36000):
        fit = rstar.model("hp-one-sided").fit(table, penalty=penalty)
        check(fit.rstar.filtered, theirs[f"hp_{penalty}_one_sided"])
        check(fit.rstar.smoothed, theirs[f"hp_{penalty}_two_sided"].loc[fit.start :])


def test_unobserved_components_by_likelihood(case) -> None:
    """Random walk plus AR(1): parameters of statsmodels to 2e-4, the flatness of the likelihood; r* to 5e-4.

    Its likelihood leaves out the constant of the first quarter, which the diffuse trend takes, and starts the trend
    with a variance of a million instead of an infinite one, which moves it by a few 1e-6.
    """
    table, theirs, known = case
    model = rstar.model("uc-ml")
    fit = model.fit(table, progress=False)
    ours = [fit.params["s_rstar"] ** 2, fit.params["s_cycle"] ** 2, fit.params["phi"]]
    golden = [known["uc_rw_ar1", name] for name in ("sigma2.level", "sigma2.ar", "ar.L1")]
    np.testing.assert_allclose(ours, golden, atol=2e-4)
    constant = 0.5 * np.log(2 * np.pi)
    assert fit.llf == pytest.approx(known["uc_rw_ar1", "log_likelihood"] - constant, abs=5e-6)
    held = {"s_rstar": golden[0] ** 0.5, "s_cycle": golden[1] ** 0.5, "phi": golden[2]}
    assert 0 <= fit.llf - model.fit(table, fixed=held, progress=False).llf < 1e-5
    check(fit.rstar.filtered, theirs["uc_rw_ar1_filtered"], 5e-4)
    check(fit.rstar.smoothed, theirs["uc_rw_ar1_smoothed"], 5e-4)
    assert fit.identified


def test_noise_piles_up_and_that_is_said(case) -> None:
    """Random walk plus noise: likelihood and trend of statsmodels to 1e-6; its zero noise variance is reported."""
    table, theirs, known = case
    fit = rstar.UnobservedComponentsML("noise").fit(table, progress=False)
    assert fit.llf == pytest.approx(
        known["uc_rw_noise", "log_likelihood"] - 0.5 * np.log(2 * np.pi), abs=1e-6
    )
    check(fit.rstar.filtered, theirs["uc_rw_noise_filtered"], 1e-6)
    assert not fit.identified
    assert "variance of the noise is estimated at zero" in fit.identification
    assert fit.identification in fit.notes()
    with pytest.raises(SpecificationError, match="the gap is zero"):
        fit.redraw()


def test_a_constant_rstar_is_no_evidence() -> None:
    """The other variance at zero."""
    rng = np.random.default_rng(0)
    table = data.us_macro().assign(expected_inflation=0.0)
    table["interest_rate"] = rng.standard_normal(len(table))
    fit = rstar.UnobservedComponentsML("noise").fit(table, progress=False)
    assert "r* is a constant" in fit.identification


@pytest.mark.parametrize("key", ["moving-average", "exponential-average", "hp-one-sided"])
def test_no_quarter_reads_later_data(key: str) -> None:
    table, model = data.us_macro(), rstar.model(key)
    whole, cut = model.fit(table), model.fit(table, end="1999Q4")
    pd.testing.assert_series_equal(cut.rstar.filtered, whole.rstar.filtered.loc[:"1999Q4"], check_exact=True)
    assert cut.definition == rstar.LONG_RUN
    later = cut.run_on(table)
    pd.testing.assert_series_equal(later.rstar.filtered, whole.rstar.filtered, check_exact=True)
    assert not cut.can_be_drawn


def test_start_keeps_the_past_of_an_average() -> None:
    table = data.us_macro()
    late = rstar.MovingAverage().fit(table, "1990Q1")
    assert str(late.start) == "1990Q1"
    assert late.rstar.filtered.iloc[0] == pytest.approx(late.real_rate.loc["1980Q2":"1990Q1"].mean())


def test_survey_is_the_long_run_rate_less_two() -> None:
    table = data.us_macro()
    table["survey_rate"] = np.nan
    table.loc["2000Q1":"2005Q4", "survey_rate"] = 4.25
    table.loc["2001Q2", "survey_rate"] = np.nan
    fit = rstar.model("survey").fit(table)
    assert (str(fit.start), str(fit.end)) == ("2000Q1", "2005Q4")
    assert fit.rstar.filtered.dropna().unique().tolist() == [2.25]
    assert rstar.SurveyRate(target=1.5).fit(table).rstar.filtered.iloc[0] == 2.75
    assert "survey_rate" in rstar.model("survey").usable(data.us_macro())


@pytest.mark.parametrize(
    ("key", "options", "message"),
    [
        ("moving-average", {"window": 0}, "window=0; give at least 1 quarter"),
        ("moving-average", {"weight": 0.5}, "has no option weight"),
        ("exponential-average", {"weight": 1.0}, "weight=1.0"),
        ("hp-one-sided", {"penalty": -1}, "penalty=-1"),
        ("uc-ml", {"cycle": "sine"}, "choose 'autoregression' or 'noise'"),
    ],
)
def test_options_out_of_range(key: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(SpecificationError, match=message):
        rstar.model(key).fit(data.us_macro(), **options)


def test_data_that_cannot_be_used() -> None:
    table = data.us_macro()
    with pytest.raises(DataError, match="give no r\\* in the sample asked for"):
        rstar.MovingAverage(400).fit(table)
    table.loc["1990Q1", "interest_rate"] = np.nan
    with pytest.raises(DataError, match="the real rate is missing in 1990Q1"):
        rstar.MovingAverage().fit(table)
