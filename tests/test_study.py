"""The main job end to end on embedded data."""

from __future__ import annotations

import numpy as np
import pytest

from capstar import data, leads
from capstar.study import run_study


@pytest.fixture(scope="module")
def study():
    return run_study()


def test_the_gap_of_the_study_is_the_filtered_one(study) -> None:
    fit = study.rstar
    direct = leads.predictive_regression(
        fit.gap("filtered"), data.small_cap_returns()["small_minus_large"], horizon=4, publication_lag=1
    )
    row = study.lead.table.query("returns == 'small_minus_large' and horizon == 4").iloc[0]
    assert row["slope"] == pytest.approx(direct.slope, rel=1e-12)
    assert row["hodrick_se"] == pytest.approx(direct.hodrick_se, rel=1e-12)
    assert row["nobs"] == 195


def test_summary_says_what_was_used(study) -> None:
    text = study.summary()
    for words in (
        "HLW 2017",
        "statsmodels macrodata",
        "smaller than the Russell 2000",
        "Newey-West",
        "Hodrick",
    ):
        assert words in text
    assert study.verdict() in text


def test_figures_have_labels_and_units(study) -> None:
    for figure in (study.plot(), study.rstar.plot(), study.lead.plot()):
        for ax in figure.axes:
            assert ax.get_ylabel()
            assert ax.get_title(loc="left")
    rstar = study.plot().axes[0].lines[0].get_ydata()
    np.testing.assert_allclose(rstar, study.rstar.rstar.filtered)


def test_progress_tells_every_step() -> None:
    lines: list[str] = []
    run_study(horizons=(1,), progress=lines.append)
    assert len(lines) == 5
    assert "stage 2 of 3" in lines[2]


def test_nothing_is_left_half_written(study, tmp_path, monkeypatch) -> None:
    from capstar.errors import DataError

    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "lead.csv").mkdir()  # stands in the way
    with pytest.raises(DataError, match="cannot be written"):
        study.save(tmp_path / "out")
    assert not (tmp_path / "out" / "study.png").exists()
