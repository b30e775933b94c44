"""Snapshots: bit for bit, and refused when touched."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from capstar import data
from capstar.errors import DataError
from capstar.study import run_study, study_data


def test_a_study_reruns_bit_for_bit(tmp_path) -> None:
    tables = study_data()
    data.write_snapshot(tmp_path / "kept", tables)
    again = study_data(tmp_path / "kept")
    for name, table in tables.items():
        pd.testing.assert_frame_equal(again[name], table, check_exact=True)
        assert again[name].attrs == table.attrs
    one, two = run_study(tables, n_replications=0), run_study(again, n_replications=0)
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
    with pytest.raises(DataError, match="this is not a snapshot"):
        study_data(tmp_path / "none")
    data.write_snapshot(tmp_path, {"other": study_data()["macro"]})
    with pytest.raises(DataError, match="no table macro"):
        study_data(tmp_path)
    (tmp_path / "taken").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        data.write_snapshot(tmp_path / "taken", study_data())


def test_the_manifest_tells_provenance(tmp_path) -> None:
    data.write_snapshot(tmp_path, study_data())
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["tables"]["macro"]["attrs"]["source"].startswith("statsmodels.datasets.macrodata")
    table = data.describe_data(study_data(tmp_path)["macro"])
    assert table.loc["interest_rate", "unit"] == "percent a year"
    assert table.loc["log_gdp", "missing"] == 0
