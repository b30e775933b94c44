"""Snapshots: bit for bit, and refused when touched."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from capstar import data
from capstar.errors import DataError
from capstar.study import run, study_data


def test_a_study_reruns_bit_for_bit(tmp_path) -> None:
    tables = study_data()
    data.write_snapshot(tmp_path / "kept", tables)
    again = study_data(tmp_path / "kept")
    for name, table in tables.items():
        pd.testing.assert_frame_equal(again[name], table, check_exact=True)
        assert again[name].attrs == table.attrs
    one, two = run(tables, n_replications=0), run(tmp_path / "kept", n_replications=0)
    pd.testing.assert_frame_equal(one.lead.table, two.lead.table, check_exact=True)
    assert str(one.summary()) == str(two.summary())


def test_a_changed_file_is_refused(tmp_path) -> None:
    data.write_snapshot(tmp_path, study_data())
    text = (tmp_path / "macro.csv").read_text()
    (tmp_path / "macro.csv").write_text(text.replace("1", "2", 1))
    with pytest.raises(DataError, match="its checksum differs"):
        study_data(tmp_path)
    (tmp_path / "macro.csv").unlink()
    with pytest.raises(DataError, match="cannot be read"):
        study_data(tmp_path)


def test_what_is_no_snapshot(tmp_path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="this is not a snapshot"):
        study_data(tmp_path / "none")
    data.write_snapshot(tmp_path, {"other": study_data()["macro"]})
    with pytest.raises(DataError, match="no table macro"):
        study_data(tmp_path)
    (tmp_path / "taken").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        data.write_snapshot(tmp_path / "taken", study_data())


def test_names_of_any_kind(tmp_path) -> None:
    macro = study_data()["macro"].iloc[:3, :2]
    tables = {"a:b": macro, "a_b": 2 * macro, "=x": macro.set_axis(["=1+1", "same"], axis=1)}
    paths = data.write_snapshot(tmp_path / "deep" / "kept", tables)
    assert len({path.name.lower() for path in paths}) == 4
    assert all(",'=1+1" in path.read_text() for path in paths if path.name.startswith("_x"))
    again = data.read_snapshot(tmp_path / "deep" / "kept")
    for name, table in tables.items():
        pd.testing.assert_frame_equal(again[name], table, check_exact=True)


def test_an_earlier_snapshot_is_replaced_and_other_files_stay(tmp_path) -> None:
    macro = study_data()["macro"]
    data.write_snapshot(tmp_path, {"macro": macro, "more": macro})
    (tmp_path / "notes.txt").write_text("mine")
    data.write_snapshot(tmp_path, {"macro": 2 * macro})
    assert list(data.read_snapshot(tmp_path)) == ["macro"]
    assert (tmp_path / "notes.txt").read_text() == "mine"
    macro.attrs["day"] = pd.Timestamp("2020-01-01")
    with pytest.raises(DataError, match=r"attributes of the tables cannot be kept .* Clear \.attrs"):
        data.write_snapshot(tmp_path, {"macro": macro})


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> tuple[Path, pd.DataFrame, str]:
    """Folder of a snapshot, its one table and its manifest."""
    folder, macro = tmp_path_factory.mktemp("kept"), study_data()["macro"].iloc[:8]
    data.write_snapshot(folder, {"macro": macro})
    return folder, macro, (folder / "manifest.json").read_text()


ODD = [None, 3, -1e400, True, "", "zz", "x\x1b[2J", [], [1], {}, {"a": 1}, "\x00", "../macro.csv"]


@pytest.mark.parametrize("odd", ODD, ids=map(repr, ODD))
@pytest.mark.parametrize("at", ["", "tables", "macro", "file", "sha256", "frequency", "columns", "attrs"])
def test_a_manifest_of_other_types_is_refused_in_a_sentence(kept, at, odd) -> None:
    folder, macro, text = kept
    manifest = json.loads(text)
    path = {"": [], "tables": ["tables"], "macro": ["tables", "macro"]}.get(at, ["tables", "macro", at])
    inner = manifest
    for step in path[:-1]:
        inner = inner[step]
    if path:
        inner[path[-1]] = odd
    (folder / "manifest.json").write_text(json.dumps(manifest if path else odd))
    said = refusal(folder)
    if said is None:  # it says the same in other words
        found = data.read_snapshot(folder)
        assert list(found) == (["macro"] if at not in ("", "tables") else [])
        assert all((table.to_numpy() == macro.to_numpy()).all() for table in found.values())
    else:
        assert str(folder) in said
        assert len(said) < len(str(folder)) * 3 + 300
        assert "\x1b" not in said
        assert any(words in said for words in ("Write one", "Restore", "cannot be read"))


def refusal(folder: Path) -> str | None:
    try:
        data.read_snapshot(folder)
    except DataError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    "body", ["", "[" * 100_000, '{"tables": 1e999}', "\ufeff{}", "null", '{"tables": {"a": 1}}']
)
def test_a_manifest_that_is_none_is_refused(tmp_path, body: str) -> None:
    data.write_snapshot(tmp_path, {"macro": study_data()["macro"]})
    (tmp_path / "manifest.json").write_text(body, encoding="utf-8")
    with pytest.raises(DataError, match=r"manifest|snapshot"):
        data.read_snapshot(tmp_path)


def test_the_manifest_tells_provenance(tmp_path) -> None:
    data.write_snapshot(tmp_path, study_data())
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["tables"]["macro"]["attrs"]["source"].startswith("statsmodels.datasets.macrodata")
    table = data.describe_data(study_data(tmp_path)["macro"])
    assert table.loc["interest_rate", "unit"] == "percent a year"
    assert table.loc["log_gdp", "missing"] == 0
