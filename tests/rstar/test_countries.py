"""Models as published for a country, and the outliers that other countries' versions leave."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from capstar import rstar
from capstar.cli import app
from capstar.errors import SpecificationError
from capstar.rstar import HLW2017, HLW2023, LW2023, draw_sample
from capstar.rstar.countries import COUNTRIES, country_name
from capstar.rstar.laubach_williams.outliers import beside_windows
from capstar.units import in_model_units

KAPPA = 12.0


@pytest.fixture(scope="module")
def outliers(golden_set) -> pd.DataFrame:
    """Input drawn from HLW 2023 as estimated on US data, with errors twelve times as large in 2023, to 2023Q4."""
    one = golden_set("hlw2023_us_2023q2")
    later = one.data.iloc[[-1, -1]].set_axis(pd.period_range("2023Q3", periods=2, freq="Q"))
    model = HLW2023.for_country("euro area")
    fit = model.fit(pd.concat([one.data, later]), "1961Q1", n_starts=1)
    stage = fit.stages.stage3
    ml = replace(stage.ml, params=stage.ml.params.where(stage.ml.params.index != "kappa_2023", KAPPA))
    stages = replace(fit.stages, stage3=replace(stage, ml=ml))
    drawn = draw_sample(replace(fit, stages=stages), np.random.default_rng(3)).frame
    table = pd.DataFrame(
        {"log_gdp": drawn["y"] / 100, "inflation": drawn["pi"], "interest_rate": drawn["r"],
         "expected_inflation": 0.0, "covid_index": drawn["d"]}
    )  # fmt: skip
    return in_model_units(table, {"inflation": "percent"})  # a random walk that ends high


@pytest.fixture(scope="module")
def plain(outliers: pd.DataFrame):
    return HLW2023.fit(outliers, "1961Q1", n_starts=1)


@pytest.fixture(scope="module")
def euro_area(outliers: pd.DataFrame):
    return HLW2023.for_country("euro area").fit(outliers, "1961Q1", n_starts=1)


def test_the_euro_area_has_a_factor_for_2023(outliers: pd.DataFrame, plain, euro_area) -> None:
    before = HLW2023.fit(outliers, "1961Q1", "2022Q4", n_starts=1)
    assert euro_area.model_name == "HLW 2023, euro area"
    assert euro_area.departures == ()  # it is a published model
    assert euro_area.llf > plain.llf + 100
    # Four quarters of two series estimate the factor to a third of itself or so.
    assert KAPPA / 2 < euro_area.params["kappa_2023"] < KAPPA * 2
    # What 2023 does to r* of the quarters before it, through the parameters.
    moved = {
        name: (one.rstar.filtered - before.rstar.filtered).loc[:"2022Q4"].abs().max()
        for name, one in (("plain", plain), ("ours", euro_area))
    }
    assert moved["ours"] < 0.3
    assert moved["plain"] > 1.0


def test_an_outlier_next_to_the_windows_is_in_the_summary(plain, euro_area) -> None:
    found = beside_windows(plain)
    residuals = plain.disturbances().measurement_residuals
    assert len(found)
    for (quarter, series), value in found.items():
        assert str(quarter)[:4] == "2023"
        assert abs(value) > 3
        assert value == residuals.loc[quarter, series]
    (quarter, series), value = next(iter(found.items()))
    name = {"y": "output", "pi": "inflation"}[series]
    said = " ".join(str(plain.summary()).split())
    assert "Studentised residuals beyond 3 next to the quarters whose measurement errors are scaled" in said
    assert f"{name} {quarter} {value:.1f}" in said
    assert beside_windows(euro_area).empty
    assert "Studentised residuals beyond" not in str(euro_area.summary())


def test_no_windows_no_outliers_beside_them(embedded_fit, golden_fit) -> None:
    assert beside_windows(embedded_fit).empty
    assert beside_windows(golden_fit("hlw2023_us_2023q2")).empty


def test_plain_countries_and_short_names() -> None:
    for country in ("us", "US", "United States", "canada", "ca"):
        assert HLW2023.for_country(country) == HLW2023
    ea = HLW2023.for_country("Euro Area")
    assert ea == HLW2023.for_country("ea") == ea.for_country("euro-area")
    assert set(ea.variant.scale_windows) - set(HLW2023.variant.scale_windows) == {"kappa_2023"}
    assert HLW2017.for_country("uk") == HLW2017
    assert LW2023.countries == ("us",)
    assert [country_name(short) for names in COUNTRIES.values() for short in names[:1]] == list(COUNTRIES)


def test_a_country_it_is_not_published_for_is_one_error() -> None:
    message = r"HLW 2023 is not published for 'japan'; it is for 'us' .*'canada' .*'euro area' \(or 'ea'\)"
    with pytest.raises(SpecificationError, match=message):
        HLW2023.for_country("japan")
    with pytest.raises(SpecificationError, match="LW 2023 is not published for 'ea'"):
        LW2023.for_country("ea")
    own = rstar.from_spec(HLW2023.spec(), name="one step", initial="diffuse")
    with pytest.raises(SpecificationError, match="one step is not published for 'ea'; it is for no country"):
        own.for_country("ea")


def test_recipes_choose_the_variant(outliers: pd.DataFrame) -> None:
    marked = outliers.copy()
    marked.attrs["country"] = "euro area"
    fit = HLW2023.fit(marked, "1961Q1", n_starts=1)
    assert fit.model_name == "HLW 2023, euro area"
    assert "kappa_2023" in fit.params
    edited = HLW2023.edit(stage2="buncic").fit(marked, "1961Q1", "2019Q4", n_starts=1)
    assert edited.model_name == "HLW 2023"
    early = HLW2023.fit(marked, "1961Q1", "2019Q4", n_starts=1)
    assert early.departures == ()


def test_country_on_the_command_line(outliers: pd.DataFrame, tmp_path) -> None:
    outliers.to_csv(tmp_path / "ea.csv")
    common = ["rstar", "--model", "hlw2023", "--country"]
    file = ["--input", str(tmp_path / "ea.csv"), "--start", "1961Q1", "--json", "-"]
    done = CliRunner().invoke(app, [*common, "ea", *file])
    assert done.exit_code == 0, done.stderr
    assert '"kappa_2023"' in done.stdout
    assert '"kappa_2023"' not in CliRunner().invoke(app, [*common, "us", *file]).stdout
    wrong = CliRunner().invoke(app, [*common, "japan", *file])
    assert wrong.exit_code == 2
    assert "not published for 'japan'" in wrong.stderr
    assert wrong.stderr.count("\n") == 1
    embedded = CliRunner().invoke(app, [*common, "ea", "--input", "embedded"])
    assert embedded.exit_code == 2
    assert "the embedded data are of the United States" in embedded.stderr
