"""Whose r*, and on what data: what can be asked of the study, and what is refused before the work."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar import data, rstar
from capstar.errors import DataError, DataWarning, SpecificationError
from capstar.rstar.series import COVID
from capstar.study import study_data
from capstar.study.choice import choose


@pytest.fixture(scope="module")
def embedded():
    return study_data()


@pytest.fixture(scope="module")
def later(embedded):
    """Embedded data, dated sixteen years later, with a COVID index: they end in 2025."""
    macro = embedded["macro"].set_axis(embedded["macro"].index + 64)
    return embedded | {"macro": macro.assign(covid_index=0.0)}


def test_the_model_made_for_the_data_is_chosen_and_why(embedded, later) -> None:
    old, new = choose(None, embedded), choose(None, later)
    assert old.main == rstar.HLW2017
    assert old.reason == (
        "No model was named: HLW 2017, since the sample ends in 2009Q3; after 2019 it would be HLW 2023."
    )
    assert new.main == rstar.HLW2023
    assert new.reason == "No model was named: HLW 2023, since the sample goes past 2019, to 2025Q3."
    assert not old.several
    assert choose("hlw2017", later).cautions == (
        "HLW 2017 is not made for quarters after 2019, whose outliers distort every estimate; hlw2023 is.",
    )
    assert choose("hlw2017", embedded).cautions == ()


def test_all_are_those_with_inputs_and_made_for_the_sample(embedded, later) -> None:
    for tables, covid in ((embedded, False), (later, True)):
        found = choose("all", tables)
        models = (found.main, *found.others)
        assert {one.name for one in models} | {*found.left_out} == {*rstar.models()["name"]}
        assert len({one.name for one in models}) == len(models)
        assert {"LVG base, COVID" if covid else "LVG base", "one-sided HP"} <= {one.name for one in models}
        assert all(
            set(one.inputs) <= set(tables["macro"]) and not (covid and one.successor) for one in models
        )
    assert found.left_out["HLW 2017"] == "is not made for quarters after 2019; hlw2023 is"
    assert found.left_out["LW 2003"] == "has no input oil_price_inflation, import_price_inflation"
    assert found.left_out["Global trend VAR"] == "gives r* of years"
    assert choose("all", embedded).left_out["HLW 2023"] == "is made for quarters after 2019"


def test_what_is_named_is_not_left_out(later) -> None:
    found = choose(["hlw2017", "all"], later)
    assert found.main == rstar.HLW2017
    assert rstar.HLW2023 in found.others
    assert "HLW 2017" not in found.left_out
    assert len(found.cautions) == 1


def test_all_without_a_covid_index_begins_with_another(later) -> None:
    found = choose("all", later | {"macro": later["macro"].drop(columns="covid_index")})
    assert "the inputs of HLW 2023 are not there" in found.reason
    assert "covid_index" not in found.main.inputs


def test_several_by_name_and_a_published_series(embedded, tmp_path) -> None:
    quarters = embedded["macro"].index
    pd.DataFrame({"date": quarters.astype(str), "rstar": 2.0}).to_csv(tmp_path / "mine.csv", index=False)
    found = choose(["uc-ml", "hlw2017", str(tmp_path / "mine.csv")], embedded)
    assert [found.main.key, *(one.key for one in found.others)] == ["uc-ml", "hlw2017"]
    (mine,) = found.published
    macro = embedded["macro"]
    expected = macro["interest_rate"] - macro["expected_inflation"] - 2.0
    np.testing.assert_allclose(mine.gap("smoothed"), expected, rtol=1e-14)
    assert mine.model_name == "mine"
    assert choose([tmp_path / "mine.csv"], embedded).main == rstar.HLW2017
    both = choose(["lvg-base", "all"], embedded)
    assert both.main == rstar.LVG_BASE
    assert rstar.HLW2017 in both.others
    assert "LVG base" not in both.left_out


@pytest.mark.parametrize(
    ("model", "kind", "message"),
    [
        ("hlw2023", DataError, "there is no covid_index, which HLW 2023 needs"),
        ("lw2003", DataError, "no oil_price_inflation and no import_price_inflation, which LW 2003 needs"),
        (["hlw2017", "hlw2017"], SpecificationError, "holds one twice"),
        ("hlw2107", SpecificationError, "Did you mean 'hlw2017'"),
        ("global-trend-var", SpecificationError, r"gives r\* of years.*Choose a quarterly model"),
    ],
)
def test_models_that_cannot_be_had(later, model, kind, message: str) -> None:
    bare = later | {"macro": later["macro"].drop(columns="covid_index")}
    with pytest.raises(kind, match=message):
        choose(model, bare)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"as_of": "2008-04-30"}, "embedded is of one day alone"),
        ({"country": "canada"}, "the embedded data are of the United States"),
        ({"input": "fred", "country": "ea"}, "there are no small-cap returns of it here"),
        ({"units": "fraction"}, "units are of a file's columns"),
        ({"vintages": "zz"}, "choose 'alfred', 'philadelphia', 'none', or a folder"),
        ({"vintages": {"output": None}}, "'prices' is missing"),
    ],
)
def test_options_that_do_not_go_together(options, message: str) -> None:
    with pytest.raises(SpecificationError, match=message):
        study_data(**options)


def test_a_file_and_returns_of_ones_own(embedded, tmp_path) -> None:
    embedded["macro"].to_csv(tmp_path / "m.csv")
    returns = embedded["returns"].loc[:"2009-12", ["small", "large", "risk_free"]]
    returns.to_csv(tmp_path / "r.csv")
    tables = study_data(tmp_path / "m.csv", tmp_path / "r.csv")
    pd.testing.assert_frame_equal(tables["macro"], embedded["macro"], check_exact=True)
    for name in ("small_minus_large", "excess"):
        np.testing.assert_allclose(
            tables["returns"][name], embedded["returns"].loc[:"2009-12", name], rtol=1e-12
        )
    returns.drop(columns="large").to_csv(tmp_path / "r.csv")
    with pytest.raises(DataError, match=r"r\.csv: there is no column large"):
        study_data(tmp_path / "m.csv", tmp_path / "r.csv")
    with pytest.raises(DataError, match="no file ROUTPUTQvQd"):
        study_data(vintages=tmp_path)


def test_returns_that_end_early_are_told(embedded, later) -> None:
    with pytest.warns(DataWarning, match="returns end in 2017-03 and the data in 2025Q3"):
        study_data(later["macro"])
    assert later["macro"].index[-1] > COVID


def test_philadelphia_files_in_a_folder(reference, tmp_path, vintages) -> None:
    """Under the Bank's names, with prices of output where there are no core prices."""
    for file, variable in (("real_gdp", "ROUTPUT"), ("gdp_price", "P")):
        table = pd.read_csv(reference(f"vintages/{file}.csv"), index_col=0)
        table.columns = [f"{variable}{name[2:]}" for name in table.columns]
        table.rename_axis("DATE").to_csv(tmp_path / f"{variable}QvQd.csv")
    tables = study_data(vintages=tmp_path)
    for file, name in (("real_gdp", "vintages_output"), ("gdp_price", "vintages_prices")):
        known = vintages(file).as_of("2000-05-15")
        np.testing.assert_array_equal(tables[name]["2000-05-15"].loc[known.index], known)
    data.write_snapshot(tmp_path / "kept", tables)
    again = study_data(tmp_path / "kept")
    for name, table in tables.items():
        pd.testing.assert_frame_equal(again[name], table, check_exact=True)
