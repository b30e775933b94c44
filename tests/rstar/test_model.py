"""fit(): embedded data, options, bad input, results."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from capstar import data
from capstar.errors import ConvergenceError, DataError, IdentificationWarning, SpecificationError
from capstar.rstar import (
    HLW2017,
    HLW2023,
    LW2023,
    break_statistics,
    from_spec,
    hp_trend,
    median_unbiased_lambda,
    quasi_real_time,
)


@pytest.fixture(scope="module")
def macro() -> pd.DataFrame:
    return data.us_macro()


def test_ten_perturbed_starts_reach_the_same_rstar(macro: pd.DataFrame, embedded_fit) -> None:
    stages = embedded_fit.stages
    estimate = stages.stage1.ml.params.to_dict() | stages.stage3.ml.params.to_dict()
    rng = np.random.default_rng(2017)
    for _ in range(10):
        start = {
            n: v * (1 + 0.15 * rng.standard_normal())
            for n, v in estimate.items()
            if not n.startswith("lambda")
        }
        fit = HLW2017.fit(macro, start_params=start)
        assert np.abs(fit.rstar.filtered - embedded_fit.rstar.filtered).max() < 1e-3
        assert np.abs(fit.rstar.smoothed - embedded_fit.rstar.smoothed).max() < 1e-3


def test_embedded_rstar_falls_as_in_every_published_estimate(embedded_fit) -> None:
    r = embedded_fit.rstar.filtered
    assert str(r.index[0]) == "1961Q1"
    assert str(r.index[-1]) == "2009Q3"
    assert 4 < r.iloc[0] < 6
    assert -1.5 < r.iloc[-1] < 1
    assert embedded_fit.converged


def test_one_sided_equals_two_sided_in_the_last_quarter(embedded_fit) -> None:
    for name in ("rstar", "g", "z", "output_gap", "potential"):
        path = getattr(embedded_fit, name)
        assert path.filtered.iloc[-1] == pytest.approx(path.smoothed.iloc[-1], abs=1e-9)
        assert path.filtered_se.iloc[-1] == pytest.approx(path.smoothed_se.iloc[-1], abs=1e-9)
        assert (path.smoothed_se <= path.filtered_se + 1e-9).all()


def test_gap_is_real_rate_minus_rstar(macro: pd.DataFrame, embedded_fit) -> None:
    real = macro["interest_rate"] - macro["expected_inflation"]
    gap = embedded_fit.gap("filtered")
    np.testing.assert_allclose(gap, (real - embedded_fit.rstar.filtered).loc[gap.index])
    with pytest.raises(SpecificationError, match="choose 'filtered' or 'smoothed'"):
        embedded_fit.gap("both")


def test_covid_terms_go_where_the_sample_cannot_identify_them(macro: pd.DataFrame, golden_set) -> None:
    with pytest.warns(IdentificationWarning, match="standard error of 5.4 points"):
        before = HLW2023.fit(macro)
    with pytest.warns(IdentificationWarning):
        assert before.llf == HLW2023.fit(macro.assign(covid_index=0.0)).llf
    assert {"phi", "kappa_2021"}.isdisjoint(before.params.index)
    assert "c" in before.params.index
    one = golden_set("hlw2023_us_2023q2")
    part = HLW2023.fit(one.data, end="2020Q4")
    assert {"phi", "kappa_2020q2_q4"} <= set(part.params.index)
    assert "kappa_2021" not in part.params.index


def test_columns_a_model_does_not_use_may_hold_anything(macro: pd.DataFrame, tmp_path) -> None:
    spoilt = macro.assign(covid_index=np.nan, note="revised", ratio=np.inf, when=pd.Timestamp("2020-01-01"))
    spoilt.loc["1990Q1":, "covid_index"] = 500.0
    expected = HLW2017.fit(macro, n_starts=1)
    pd.testing.assert_frame_equal(HLW2017.fit(spoilt, n_starts=1).to_frame(), expected.to_frame())
    twice = pd.concat([spoilt, spoilt[["note", "covid_index"]]], axis=1)
    pd.testing.assert_frame_equal(HLW2017.fit(twice, n_starts=1).to_frame(), expected.to_frame())
    declared = from_spec(HLW2017.spec(), name="one step", initial="diffuse", fixed={"lambda_z": 0.03})
    ours, theirs = (declared.fit(table, n_starts=1).llf for table in (twice, macro))
    assert ours == theirs
    assert HLW2017.usable(twice) == HLW2017.usable(macro)
    recursive = [quasi_real_time(HLW2017, table, "2009Q3") for table in (twice, macro)]
    pd.testing.assert_frame_equal(recursive[0].table, recursive[1].table)
    spoilt.to_csv(tmp_path / "spoilt.csv")
    read = data.read_input(tmp_path / "spoilt.csv", columns=HLW2017.inputs)
    assert list(read) == [name for name in macro if name in HLW2017.inputs]
    with pytest.raises(DataError, match="note in 1960Q1 is 'revised'"):
        data.read_input(tmp_path / "spoilt.csv")


def test_covid_index_is_zero_before_2020(macro: pd.DataFrame, golden_set) -> None:
    """It need not be there: a sample that ends before does not use it, and an index may begin in 2020."""
    with pytest.warns(IdentificationWarning, match="standard error of 5.4 points"):
        expected = HLW2023.fit(macro, n_starts=1).llf
    with pytest.warns(IdentificationWarning):
        assert HLW2023.fit(macro.assign(covid_index=np.nan), n_starts=1).llf == expected
    one = golden_set("hlw2023_us_2023q2")
    begins = one.data.assign(covid_index=one.data["covid_index"].where(one.data.index >= "2020Q1"))
    llfs = [HLW2023.fit(table, end="2020Q4", n_starts=1).llf for table in (begins, one.data)]
    assert llfs[0] == llfs[1]
    begins.loc["2020Q2", "covid_index"] = np.nan
    with pytest.raises(DataError, match="covid_index has no value in 2020Q2"):
        HLW2023.fit(begins, end="2020Q4")


def test_fixed_parameters(macro: pd.DataFrame) -> None:
    fit = HLW2023.fit(macro.assign(covid_index=0.0), fixed={"c": 1.0})
    assert "c" not in fit.params.index
    assert fit.stages.stage3.ml.params["c"] == 1.0


def test_estimate_does_not_depend_on_rows_after_the_end(macro: pd.DataFrame) -> None:
    cut = HLW2017.fit(macro.loc[:"1999Q4"])
    whole = HLW2017.fit(macro, end="1999Q4")
    pd.testing.assert_frame_equal(cut.to_frame(), whole.to_frame())


def test_date_column_and_text_dates_do(macro: pd.DataFrame, embedded_fit) -> None:
    for dates in (
        macro.index.astype(str),
        macro.index.to_timestamp(),
        macro.index.to_timestamp(how="end").date,
    ):
        table = macro.reset_index(drop=True).assign(date=dates)
        assert HLW2017.fit(table, n_starts=1).llf == pytest.approx(embedded_fit.llf, abs=1e-9)


def test_to_dict_has_the_promised_keys(embedded_fit) -> None:
    out = json.loads(json.dumps(embedded_fit.to_dict(), allow_nan=False))
    assert {
        "model",
        "sample",
        "lambda_g",
        "lambda_z",
        "log_likelihood",
        "converged",
        "parameters",
        "states",
    } <= set(out)
    assert out["sample"] == {"start": "1961Q1", "end": "2009Q3", "quarters": 195}
    assert set(out["parameters"]["a_r"]) >= {"estimate", "std_error", "at_bound"}
    for name in ("rstar", "g", "z", "output_gap"):
        for which in ("filtered", "smoothed"):
            assert len(out["states"][f"{name}_{which}"]) == 195
    assert out["states"]["date"][0] == "1961Q1"


def test_summary_text_and_html(embedded_fit) -> None:
    text, html = str(embedded_fit.summary()), embedded_fit.summary()._repr_html_()
    for word in ("HLW 2017", "lambda_g", "a_r", "QLR", "2009Q3"):
        assert word in text
        assert word in html
    assert embedded_fit._repr_html_() == html
    assert "RStarResults: HLW 2017" in repr(embedded_fit)


def test_forecast_paths(embedded_fit) -> None:
    neutral = embedded_fit.forecast(12)
    assert (neutral.mean["rstar"] == neutral.mean["rstar"].iloc[0]).all()  # a random walk
    tight = embedded_fit.forecast(12, real_rate=8.0)
    assert tight.mean["output_gap"].iloc[-1] < neutral.mean["output_gap"].iloc[-1]
    path = pd.Series(8.0, tight.mean.index)
    pd.testing.assert_frame_equal(embedded_fit.forecast(12, real_rate=path).mean, tight.mean)
    with pytest.raises(SpecificationError, match="at least 1"):
        embedded_fit.forecast(0)
    with pytest.raises(SpecificationError, match="choose 'neutral'"):
        embedded_fit.forecast(1, real_rate="loose")
    with pytest.raises(DataError, match="not given for 2009Q4"):
        embedded_fit.forecast(4, real_rate=pd.Series(dtype=float))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: d.drop(columns="inflation"), r"columns \['inflation'\] are missing"),
        (lambda d: d.drop(d.index[40]), "quarters are missing between 1969Q4 and 1970Q2"),
        (lambda d: pd.concat([d.iloc[:9], d.iloc[8:]]), "1962Q1 is a duplicate"),
        (lambda d: d.iloc[::-1], "Sort the rows by date"),
        (lambda d: d.iloc[::4], "yearly"),
        (
            lambda d: d.set_axis(pd.period_range("1990-01", periods=len(d), freq="M", name="date")),
            "expected quarterly",
        ),
        (
            lambda d: d.assign(inflation=d["inflation"].mask(d.index == "1975Q2")),
            "inflation has no value in 1975Q2",
        ),
        (lambda d: d.assign(log_gdp=np.exp(d["log_gdp"])), "log_gdp grows by .* it seems to be in 'level'"),
        (lambda d: d.assign(interest_rate=np.inf), "interest_rate in 1960Q1 is infinite"),
        (lambda d: d.astype(object).assign(inflation="n/a"), "inflation in 1960Q1 is 'n/a', not a number"),
        (
            lambda d: d.iloc[:20],
            "1961Q1-1964Q4 has 16 quarters; HLW 2017 has 8 parameters and needs at least 32",
        ),
        (lambda d: d.iloc[:0], "there are no rows"),
        (lambda d: d.reset_index(drop=True), "there is no date"),
        (lambda d: d.reset_index(drop=True).assign(date="soon"), "row 1 has the date 'soon'"),
    ],
)
def test_bad_data_is_named(macro: pd.DataFrame, spoil, message: str) -> None:
    with pytest.raises(DataError, match=message):
        HLW2017.fit(spoil(macro))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": "1960Q1"}, "cannot start in 1960Q1.*earliest is 1961Q1"),
        ({"end": "2020Q1"}, "outside the data, 1960Q1-2009Q3"),
        ({"start": "1990Q1", "end": "1980Q1"}, "start=1990Q1 comes after end=1980Q1"),
        ({"start": "now"}, "start='now' is not a date"),
    ],
)
def test_bad_samples_are_named(macro: pd.DataFrame, options, message: str) -> None:
    with pytest.raises((DataError, SpecificationError), match=message):
        HLW2017.fit(macro, **options)


@pytest.mark.parametrize("model", [LW2023, from_spec(LW2023.spec(), name="one step", initial="diffuse")])
def test_absent_columns_are_named_beside_those_the_table_has(macro: pd.DataFrame, model) -> None:
    """Not beside the COVID index, which is zero before 2020 and made up where it is not given."""
    with pytest.raises(DataError, match="import_price_inflation") as caught:
        model.fit(macro.assign(oil_price_inflation=1.0))
    there = str(caught.value).partition("there are ")[2]
    assert "'oil_price_inflation'" in there
    assert "covid_index" not in there


def test_covid_index_is_needed_from_2020_on(golden_set) -> None:
    one = golden_set("hlw2023_us_2023q2")
    with pytest.raises(DataError, match=r"columns \['covid_index'\] are missing"):
        HLW2023.fit(one.data.drop(columns="covid_index"))
    assert "phi" not in HLW2023.fit(one.data.drop(columns="covid_index"), end="2019Q4", n_starts=1).params


def test_covid_index_outside_its_range(macro: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="stringency index lies between 0 and 100"):
        HLW2023.fit(macro.assign(covid_index=101.0))


def test_unconverged_stage_raises(macro: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    # A climb that stays where it starts, with the real derivatives there.
    from capstar.statespace import climbing, maximum_likelihood

    def stay(objective, start, **_):
        return climbing.Climb(start, *objective.value_and_score(start), objective.hessian(start), 0, "stayed")

    monkeypatch.setattr(maximum_likelihood, "climb", stay)
    with pytest.raises(ConvergenceError, match="HLW 2017, stage 1: no maximum reached in 1961Q1-2009Q3"):
        HLW2017.fit(macro)


def test_hp_trend_is_that_of_statsmodels(macro: pd.DataFrame) -> None:
    from statsmodels.tsa.filters.hp_filter import hpfilter

    expected = hpfilter(100 * macro["log_gdp"], lamb=36_000)[1]
    np.testing.assert_allclose(hp_trend(100 * macro["log_gdp"]), expected, rtol=1e-9)


def test_break_statistics_equal_a_loop_of_regressions() -> None:
    rng = np.random.default_rng(8)
    y, X, w = (
        rng.normal(size=60),
        np.column_stack([np.ones(60), rng.normal(size=60)]),
        rng.uniform(0.2, 1, 60),
    )
    ours = break_statistics(y, X, weights=w)
    for k, t in zip(ours.dates, ours.t_statistic, strict=True):
        full = np.column_stack([X, np.arange(60) >= k]) * np.sqrt(w)[:, None]
        beta, *_ = np.linalg.lstsq(full, y * np.sqrt(w), rcond=None)
        rest = y * np.sqrt(w) - full @ beta
        variance = rest @ rest / (w.sum() - 3) * np.linalg.inv(full.T @ full)[2, 2]
        assert t == pytest.approx(beta[2] / np.sqrt(variance), rel=1e-9)
    np.testing.assert_allclose(
        break_statistics(10 * y, X, weights=w).t_statistic, ours.t_statistic, rtol=1e-9
    )


def test_median_unbiased_lambda_reads_stock_and_watson_s_table(reference) -> None:
    table = pd.read_csv(reference("stock_watson1998/table3_lookup.csv"))
    column = "EW"
    for row, value in enumerate(table[column]):
        assert median_unbiased_lambda(value) == pytest.approx(row, abs=1e-12)
    assert median_unbiased_lambda(0.1) == 0.0
    with pytest.raises(SpecificationError, match="end of Stock and Watson's table 3"):
        median_unbiased_lambda(30.0)


def test_diagnostics_of_a_fit(embedded_fit) -> None:
    found = embedded_fit.diagnostics(lags=6)
    expected = embedded_fit.stages.stage3.states
    z = expected.innovations / np.sqrt(expected.innovation_var)
    np.testing.assert_array_equal(found.innovations, z)
    assert list(found.autocorrelations.index) == [1, 2, 3, 4, 5, 6]
    assert "HLW 2017, stage 3" in str(found.summary())


def test_progress_tells_each_stage_from_its_start_to_its_end(embedded_fit) -> None:
    told: list[tuple[str, float]] = []
    HLW2017.fit(data.us_macro(), n_starts=1, progress=lambda stage, share: told.append((stage, share)))
    assert told == [(f"HLW 2017: stage {k} of 3", share) for k in (1, 2, 3) for share in (0.0, 1.0)]
    told.clear()
    embedded_fit.profile("lambda_z", [0.0, 0.02], progress=lambda stage, share: told.append((stage, share)))
    assert [share for _, share in told] == [0.0, 0.5, 1.0]
    told.clear()
    embedded_fit.with_standard_errors(200, progress=lambda stage, share: told.append((stage, share)))
    assert told[0] == ("HLW 2017: standard errors, 200 draws", 0.0)
    assert [share for _, share in told] == [0.0, 0.5, 1.0]
