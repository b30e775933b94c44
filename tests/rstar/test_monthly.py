"""The monthly models: what their lags and start are, and every way in."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from capstar import data, rstar
from capstar.cli import app
from capstar.errors import CapstarError, DataError, SpecificationError
from capstar.rstar.monthly.starting import trend_start
from capstar.statespace import simulate_data, start_from
from capstar.statespace.bridge import DeclaredModel as Statsmodels
from capstar.statespace.forecasting import Forecast


def drawn(model: Any, first: str, n: int, seed: int = 4) -> pd.DataFrame:
    """A sample of a monthly model at its start values, in the columns of the input."""
    rng = np.random.default_rng(seed)
    index = pd.period_range(first, periods=n, freq="M", name="date")
    rate = pd.Series(2.0 + np.cumsum(0.1 * rng.normal(size=n)), index)
    frame = pd.DataFrame(
        {"y": np.nan, "pi": 2.0, "r": rate, "oil": 5 * rng.normal(size=n), "imports": 2.0}, index
    )
    frame["d"] = np.where(
        (index >= pd.Period("2020-03", "M")) & (index <= pd.Period("2022-06", "M")), 40.0, 0.0
    )
    frame.loc[index.month % 3 == 0, "y"] = 900.0 + 0.25 * np.arange(n)[index.month % 3 == 0]
    start = index[0] + 25
    theta = {name: one.start for name, one in model.spec.parameters.items()}
    problem = start_from(model.spec, frame, trend_start(model.spec, frame, start), start=start)
    _, seen = simulate_data(problem, theta, seed=rng, own_lags=True)
    frame.loc[problem.index, ["y", "pi"]] = seen
    frame.loc[index.month % 3 != 0, "y"] = np.nan
    table = pd.DataFrame(
        {"log_gdp": frame["y"] / 100, "inflation": frame["pi"], "interest_rate": rate + 2.0}, index
    )
    table = table.assign(expected_inflation=2.0, covid_index=frame["d"])
    return table.assign(
        oil_price_inflation=frame["oil"] + frame["pi"], import_price_inflation=frame["imports"] + frame["pi"]
    )


@pytest.fixture(scope="module")
def months() -> pd.DataFrame:
    return drawn(rstar.MonthlyHLW2023, "1985-01", 480)


@pytest.fixture(scope="module")
def covid(months: pd.DataFrame) -> Any:
    return rstar.MonthlyHLW2023.fit(months, n_starts=1, progress=False)


def held(model: Any) -> dict[str, float]:
    return {name: one.start for name, one in model.spec.parameters.items()}


def test_covid_terms_move_the_months_of_the_pandemic(covid) -> None:
    """Against statsmodels, and against the sample's own truth."""
    theirs = Statsmodels(covid.results.problem, covid.ml)
    assert theirs.loglike(theirs.start_params) == pytest.approx(covid.llf, rel=1e-10)
    true = held(rstar.MonthlyHLW2023)
    se = covid.results.bse
    for name in ("a_y1", "b_pi", "phi", "sigma_pi", "sigma_ygap"):
        assert abs(covid.params[name] - true[name]) < 4 * se[name] + 1e-3, name
    scale = covid.results.problem.scale(covid.results.estimates.theta)
    window = covid.results.problem.index[scale != 1.0]
    assert (str(window[0]), str(window[-1])) == ("2020-04", "2022-12")
    assert covid.results.spec.scaled_shocks == ("e_y",)


def test_a_sample_before_2020_needs_no_covid_column(months) -> None:
    early = months.drop(columns="covid_index").loc[:"2012-06"]
    found = rstar.MonthlyHLW2023.fit(early, n_starts=1, progress=False)
    assert not {"phi", "kappa_2021"} & set(found.all_params.index)


def test_a_month_later_the_estimate_is_of_the_month(covid, months) -> None:
    """Ragged edge: monthly series of two months after the last quarter, and output without one of its quarters."""
    ragged = months.copy()
    ragged.loc["2024-10":, "log_gdp"] = np.nan
    ragged.loc["2010-06", "log_gdp"] = np.nan
    found = rstar.MonthlyHLW2023.fit(ragged, n_starts=1, fixed=covid.all_params.to_dict(), progress=False)
    assert str(found.end) == "2024-12"
    assert np.isfinite(found.rstar.filtered).all()
    assert found.path("output").filtered_se.iloc[-1] > 1.2 * found.path("output").filtered_se["2024-09"]


def test_answers_of_the_house(covid, months) -> None:
    assert (covid.period, covid.title.split(": ")[1][:12]) == ("month", "natural rate")
    sample = covid.to_dict()["sample"]
    assert sample == {"start": "1986-01", "end": "2024-12", "months": 468}
    assert covid.to_dict()["states"]["date"][:2] == ["1986-01", "1986-02"]
    np.testing.assert_allclose(
        covid.gap("filtered"), covid.real_rate.loc[covid.start :] - covid.rstar.filtered, rtol=1e-12
    )
    ahead = covid.forecast(6)
    assert isinstance(ahead, Forecast)
    assert list(ahead.mean.index.astype(str)) == [f"2025-{k:02d}" for k in range(1, 7)]
    parts = covid.by_series().table
    np.testing.assert_allclose(parts.sum(axis=1), covid.rstar.smoothed, atol=1e-8)
    shorter = rstar.MonthlyHLW2023.fit(
        months.loc[:"2024-06"], fixed=covid.all_params.to_dict(), n_starts=1, progress=False
    )
    again = shorter.run_on(months)
    np.testing.assert_allclose(again.rstar.filtered, covid.rstar.filtered, atol=1e-9)
    simple = rstar.MovingAverage().fit(data.us_macro(), progress=False)
    both = rstar.compare({"monthly": covid, "quarterly": simple}).rstar
    assert both.index.freqstr.startswith("Q")
    assert both.loc["2007Q3", "monthly"] == covid.rstar.filtered["2007-09"]
    assert both.loc["2007Q3", "quarterly"] == simple.rstar.filtered["2007Q3"]


def test_two_tables_are_one(covid, months) -> None:
    ends = months.index.month % 3 == 0
    quarters = months.loc[ends, ["log_gdp"]].set_axis(months.index[ends].asfreq("Q"))
    found = rstar.MonthlyHLW2023.fit(
        [months.drop(columns="log_gdp"), quarters],
        fixed=covid.all_params.to_dict(),
        n_starts=1,
        progress=False,
    )
    assert found.llf == pytest.approx(covid.llf, rel=1e-12)
    dated = months.reset_index().assign(date=lambda table: table["date"].astype(str))
    again = rstar.MonthlyHLW2023.fit(dated, fixed=covid.all_params.to_dict(), n_starts=1, progress=False)
    assert again.llf == pytest.approx(covid.llf, rel=1e-12)


def test_figures_and_summaries_are_of_months(covid) -> None:
    assert "Latest month (2024-12)" in covid.latest().__repr__()
    assert len(covid.plot().axes) > 0
    assert len(covid.by_series().plot().axes) > 0
    assert "Monthly HLW 2023" in str(rstar.compare([covid]).summary())


def test_news_of_a_release_sum_to_the_change(covid) -> None:
    frame = covid.data
    before = frame.copy()
    before.loc["2024-12", "y"] = np.nan
    news = covid.results.news(before, frame, progress=False).table.xs("2024-12", level="period")
    assert news.loc["output_gap", "news"] != 0.0
    np.testing.assert_allclose(news[["earlier", "revisions", "news"]].sum(axis=1), news["later"], rtol=1e-9)


def test_quasi_real_time_by_month(months, covid) -> None:
    table = covid.all_params.to_dict()
    spec = rstar.MonthlyHLW2023.spec
    parameters = {n: replace(one, start=table[n], fixed=True) for n, one in spec.parameters.items()}
    before = covid.results.initial
    model = replace(rstar.MonthlyHLW2023, spec=replace(spec, parameters=parameters), initial=before)
    found = rstar.quasi_real_time(model, months, "2024-10", "2024-12", progress=False)
    assert list(found.table.index.astype(str)) == ["2024-10", "2024-11", "2024-12"]
    np.testing.assert_allclose(found.table["rstar"], covid.rstar.filtered.iloc[-3:], atol=1e-9)


def test_corrected_lags_are_those_of_the_calendar() -> None:
    """The mean lag of inflation, real rate and gap in months is three times that in quarters, in the middle of them."""
    terms = rstar.MonthlyLW.spec.observation["pi"].terms
    weight = {lag: coef.number(held(rstar.MonthlyLW)) for (name, lag), coef in terms.items() if name == "pi"}
    assert sorted(weight) == list(range(-24, 0))
    assert sum(weight.values()) == pytest.approx(1.0)
    rates = [lag for name, lag in rstar.MonthlyLW.spec.transition["gap"].terms if name == "r"]
    assert sorted(rates) == list(range(-6, 0))
    published = rstar.MonthlyLWPublished.spec
    for name in ("lambda_g", "lambda_z"):
        assert rstar.MonthlyLW.spec.parameters[name].start == pytest.approx(
            published.parameters[name].start / 3
        )


def test_start_is_the_line_through_early_output(months) -> None:
    frame = rstar.MonthlyHLW2023.series_from(months)
    line = frame.assign(
        y=np.where(frame.index.month % 3 == 0, 800.0 + 0.2 * (np.arange(len(frame)) - 1), np.nan)
    )
    found = trend_start(rstar.MonthlyHLW2023.spec, line, line.index[30])
    assert found.mean["g"] == pytest.approx(0.2)
    assert found.mean["ystar"] == pytest.approx(800.0 + 0.2 * 29)
    assert found.mean["ystar(-1)"] == pytest.approx(800.0 + 0.2 * 28)


def test_mistakes_are_named(months, covid) -> None:
    wrong = months.copy()
    wrong.loc["1990-02", "log_gdp"] = 9.0
    with pytest.raises(DataError, match=r"is not the last period of 1990Q1.*combine_frequencies"):
        rstar.MonthlyHLW2023.fit(wrong, progress=False)
    quarters = months.loc[months.index.month % 3 == 0].set_axis(months.index[2::3].asfreq("Q"))
    with pytest.raises(DataError, match=r"frequency Q-DEC, expected monthly\. Give one row a month"):
        rstar.MonthlyHLW2023.fit(quarters, progress=False)
    dated = quarters.reset_index(drop=True).assign(date=quarters.index.to_timestamp())
    with pytest.raises(DataError, match="the data are quarterly"):
        rstar.MonthlyHLW2023.fit(dated, progress=False)
    with pytest.raises(DataError, match="given for 1960-12 alone"):
        rstar.MonthlyLWPublished.fit(months, progress=False)
    simple = rstar.MovingAverage().fit(data.us_macro(), progress=False)
    with pytest.raises(CapstarError, match=r"r\* of months has no average with r\* of quarters"):
        rstar.average([covid, simple])
    assert not covid.can_be_drawn
    with pytest.raises(SpecificationError, match="observations are skipped or missing"):
        covid.redraw()


def test_on_the_command_line(months, tmp_path: Path) -> None:
    path, out = tmp_path / "months.csv", tmp_path / "out.json"
    months.loc[:"2004-12"].to_csv(path)
    call = ["rstar", "--model", "monthly-lw", "--input", str(path), "--start", "1988-01", "--json", str(out)]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    assert "Monthly LW: natural rate of interest, 1988-01-2004-12, 204 months" in done.stdout
    found = json.loads(out.read_text())
    assert found["states"]["date"][0] == "1988-01"
    assert found["sample"]["months"] == 204
    wrong = CliRunner().invoke(app, [*call[:5], "--start", "1988Q1"])
    assert wrong.exit_code == 2
    assert "--start='1988Q1' is not a month. Write a month such as 1961-01" in wrong.output
    embedded = CliRunner().invoke(app, ["rstar", "--model", "monthly-hlw2023", "--input", "embedded"])
    assert embedded.exit_code == 2
    assert "The embedded data are quarterly, and Monthly HLW 2023 is monthly" in embedded.output
