"""The global trend VAR of seven countries by year: its authors' published quantiles, its notes and tables."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, load_module
from typer.testing import CliRunner

from capstar import data, leads, rstar, study
from capstar.cli import app
from capstar.errors import DataError, SpecificationError
from capstar.statespace import monte_carlo_error

STUDY = ROOT / "research" / "del_negro_giannone_giannoni_tambalotti_2019"
MODEL = rstar.GLOBAL_TREND_VAR


@pytest.fixture(scope="module")
def reproduce():
    import sys

    sys.path.insert(0, str(ROOT))
    yield load_module(STUDY / "reproduce.py")
    sys.path.remove(str(ROOT))


@pytest.fixture(scope="module")
def table(reference, reproduce) -> pd.DataFrame:
    return reproduce.read_input(reference("del_negro2019_global/input.csv"))


@pytest.fixture(scope="module")
def fit(table) -> rstar.TrendVarRate:
    return MODEL.fit(
        table, n_draws=400, warmup=200, thin=2, n_chains=2, n_filtered=10, seed=3, progress=False
    )


@pytest.fixture(scope="module")
def late(table) -> rstar.TrendVarRate:
    return MODEL.fit(table, "1970", n_draws=40, warmup=10, n_chains=1, n_filtered=10, progress=False)


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stdout, done.stderr


def test_priors_are_the_papers() -> None:
    """MainModel1.m of the authors, whose code takes the variance of a loading, 0.25, for its standard deviation."""
    priors, model = MODEL.structure.priors, MODEL.structure
    mode = np.diag(priors.q_scale) / (100 + 24 + 1)
    np.testing.assert_allclose(100 * mode, [1, 2, 1, *[1] * 7, *[2] * 7, *[1] * 7], rtol=1e-14)
    assert (priors.q_df, priors.psi_df, model.lags) == (100, 23, 1)
    np.testing.assert_array_equal(model.trend_mean, [0.5, 2, 1, *[0] * 21])
    np.testing.assert_array_equal(model.trend_sd, [1, 2, 1, *[0.5] * 7, *[1] * 7, *[0.5] * 7])
    np.testing.assert_array_equal(priors.psi, [*[4] * 7, *[16] * 7, *[4] * 7])
    np.testing.assert_allclose(priors.omega_inv, priors.psi / 0.04, rtol=1e-14)
    assert set(MODEL.free.values()) == {(1.0, 0.25, 0.1)}
    assert sqrt(2) == pytest.approx(MODEL.trends["pi_world"].change)


def test_data_are_the_papers(table) -> None:
    """Data as in the paper: inflation beyond 30 percent is missing; the mean real rate of countries, to 1e-12."""
    rate, frame = MODEL.series_from(table, None, None, {})
    assert frame.loc["1870"].filter(like="inflation").isna().all()
    assert frame.loc["1872":"1875", "inflation_us"].notna().all()
    assert frame.loc["1923", "inflation_de"] != frame.loc["1923", "inflation_de"], "beyond 30 percent"
    assert frame.abs().max().max() <= 30
    real = frame.filter(like="short_rate").to_numpy() - frame.filter(like="inflation").to_numpy()
    np.testing.assert_allclose(rate.iloc[1:], np.nanmean(real[1:], axis=1), rtol=1e-12)


def test_short_chains_lie_about_the_published_medians(fit, reproduce, reference) -> None:
    """800 draws: published medians within four Monte Carlo errors plus 0.1; width of the band within 20 percent.

    Medians within 0.25 on average; long chains are in the study.
    """
    published = reproduce.read_published(reference("del_negro2019_global/published.csv").parent)
    for name, theirs in reproduce.VARIABLES.items():
        known, draws = published.loc[theirs, "p50"].to_numpy(), fit.states[name].smoothed
        for t in range(0, 147, 20):
            error = 1.25 * monte_carlo_error(draws[:, :, t])  # of the median of a normal
            assert abs(np.median(draws[:, :, t]) - known[t]) < 4 * error + 0.1, (name, t)
        assert np.abs(np.median(draws, axis=(0, 1)) - known).mean() < 0.25
    width = fit.quantiles("rstar", "smoothed", (0.16, 0.84)).diff(axis=1).iloc[:, 1]
    theirs = published.loc["world_real_rate", "p84"] - published.loc["world_real_rate", "p16"]
    assert width.mean() == pytest.approx(theirs.mean(), rel=0.2)


def test_what_it_answers(fit) -> None:
    """Title, notes, summary and exported table speak of years and countries, and show the median of the draws."""
    assert fit.title == "Global trend VAR: natural rate of interest, 1870-2016, 147 years"
    assert fit.quantities[:4] == ("rstar", "rstar_us", "rstar_de", "rstar_uk")
    said = " ".join(fit.notes())
    assert "r* of a year is rstar_world of that year" in said
    assert fit.definition == rstar.LONG_RUN
    assert "Latest year (2016), percent" in fit.frames()
    assert "quarter" not in str(fit.summary())
    out = fit.to_dict()
    assert out["sample"] == {"start": "1870", "end": "2016", "years": 147}
    assert out["states"]["date"][:2] == ["1870", "1871"]
    assert {"rstar_smoothed_p05", "rstar_jp_filtered_p50"} <= set(out["states"])
    assert out["parameters"]["theta_it"]["p50"] == pytest.approx(fit.draws.table().loc["theta_it", "p50"])
    assert fit.gap("smoothed").loc["1871":].notna().all()


def test_chains_that_disagree_are_said_to(table) -> None:
    short = MODEL.fit(table, "1970", n_draws=8, warmup=0, thin=1, n_chains=2, n_filtered=4, progress=False)
    said = " ".join(short.notes())
    assert "The chains disagree on r* in" in said
    assert "of 47 years" in said


def test_r_star_of_a_country(table, late) -> None:
    """Japan's r* asked for alone is that of the fit for all, draw by draw; its real rate to 1e-7."""
    japan = MODEL.for_country("jp")
    assert japan.name == "Global trend VAR, japan"
    assert MODEL.for_country("Germany").for_country("japan") == japan
    own = japan.fit(table, "1970", n_draws=40, warmup=10, n_chains=1, n_filtered=10, progress=False)
    np.testing.assert_array_equal(own.states["rstar"].smoothed, late.states["rstar_jp"].smoothed)
    np.testing.assert_array_equal(own.states["rstar_world"].smoothed, late.states["rstar"].smoothed)
    expected = table.loc[1970:, "short_rate_jp"] - table.loc[1970:, "inflation_jp"]
    np.testing.assert_allclose(own.real_rate.loc["1970":], expected)
    with pytest.raises(SpecificationError, match="not published for 'china'"):
        MODEL.for_country("china")


@pytest.mark.parametrize(
    "dates",
    [
        lambda y: y,
        lambda y: y.astype(str),
        lambda y: y.astype(str) + "-12-31",
        lambda y: y.astype(str) + "Q4",
    ],
)
def test_every_way_to_write_a_year(table, dates) -> None:
    rows = table.reset_index()
    rows["date"] = dates(rows["date"])
    assert MODEL.usable(rows) == "usable, 1870-2016"


def test_what_is_missing_is_named(table) -> None:
    said = MODEL.usable(data.us_macro())
    assert said.startswith("not usable: ")
    assert "short_rate_us" in said
    assert "long_rate_jp" in said
    assert "years are missing between 1874 and 1876" in MODEL.usable(table.drop(index=1875))
    monthly = table.iloc[:24].set_axis(pd.period_range("2000-01", periods=24, freq="M"))
    assert "the dates are of frequency M, expected yearly. Aggregate first" in MODEL.usable(monthly)
    yearly = MODEL.series_from(table, None, None, {})[1].assign(interest_rate=1.0, expected_inflation=1.0)
    assert "expected quarterly. Give quarterly data." in rstar.MovingAverage().usable(yearly)
    with pytest.raises(SpecificationError, match=r"leave_out names \['bills'\]"):
        MODEL.fit(table, leave_out={"bills": (None, None)})


def test_years_beside_quarters(late) -> None:
    quarterly = rstar.MovingAverage().fit(data.us_macro())
    found = rstar.compare({"world": late, "moving": quarterly})
    known = found.rstar["world"].dropna()
    assert set(known.index.quarter) == {4}
    np.testing.assert_array_equal(known, late.rstar.filtered)
    assert found.bands["world"].index[0] == pd.Period("1970Q4")
    assert "One value a year, shown in its fourth quarter: world." in found.notes()
    assert found.on_dates().loc["world", "1980Q4"] == late.rstar.filtered["1980"]
    assert found.plot().axes[0].has_data()
    alone = rstar.compare({"world": late})
    assert alone.yearly == ()
    assert alone.on_dates(["1999"]).loc["world", "1999"] == late.rstar.filtered["1999"]
    with pytest.raises(DataError, match=r"world: r\* of years has no average with r\* of quarters"):
        rstar.average({"world": late, "moving": quarterly})


def test_a_yearly_gap_leads_no_quarterly_study(late) -> None:
    with pytest.raises(DataError, match=r"Y-DEC\. A value a year says nothing of quarters within it"):
        leads.LeadStudy(late.gap(), data.small_cap_returns()["small"]).run(progress=False)
    with pytest.raises(SpecificationError, match=r"gives r\* of years.*Choose a quarterly model"):
        study.run(model=MODEL)


def test_command_line(table, tmp_path: Path) -> None:
    file, out = tmp_path / "seven.csv", tmp_path / "r.json"
    table.to_csv(file)
    common = ("--model", MODEL.key, "--input", str(file), "--start", "1985", "--draws", "40", "--chains", "2")
    code, said, errors = run("rstar", *common, "--json", str(out), "--csv", str(tmp_path / "r.csv"))
    assert code == 0, errors
    assert "Global trend VAR: natural rate of interest, 1985-2016, 32 years" in said
    assert json.loads(out.read_text())["states"]["date"][0] == "1985"
    assert pd.read_csv(tmp_path / "r.csv").loc[0, "date"] == 1985
    assert data.read_input(file, frequency=None).index.equals(data.read_input(file, frequency="Y").index)
    with pytest.raises(SpecificationError, match="frequency='D'; choose 'Q', 'M', 'Y' or None"):
        data.read_input(file, frequency="D")
    code, said, errors = run("data", "check", str(file))
    assert code == 0, errors
    assert "global-trend-var: usable, 1870-2016" in said
    assert "Give quarterly data." in said
    code, said, errors = run("rstar", *common, "--end", "2010-12-31", "--country", "uk")
    assert code == 0, errors
    assert "Global trend VAR, uk: natural rate of interest, 1985-2010, 26 years" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("rstar", "--model", MODEL.key, "--input", "embedded"),
            "The embedded data have no short_rate_us and no",
        ),
        (
            ("rstar", "--model", MODEL.key, "--input", "fred"),
            "live data are not yearly, as Global trend VAR is",
        ),
        (
            ("rstar", "--model", "hlw2017", "--input", "embedded", "--start", "1985"),
            "--start='1985' is not a quarter",
        ),
        (("rstar", "--input", "embedded", "--end", "1985"), "--end='1985' is not a quarter"),
        (("study", "--model", MODEL.key), "gives r* of years"),
    ],
)
def test_refusals_on_the_command_line(arguments, message, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, said, errors = run(*arguments)
    assert code == 2
    assert message in errors
    assert errors.count("\n") == 1
    assert said == ""


def test_committed_tables_meet_what_the_readme_claims() -> None:
    found = pd.read_csv(STUDY / "distances.csv", index_col=[0, 1])
    assert found.loc[("rstar", "p50"), "mean distance"] <= 0.1
    assert found.loc[("rstar_us", "p50"), "mean distance"] <= 0.1
    chains = pd.read_csv(STUDY / "chains.csv")
    assert (chains["mean distance of the median"] <= 0.15).all()
    assert chains["rhat of r*, worst year"].max() < 1.1
