"""The main job end to end on embedded data."""

from __future__ import annotations

import numpy as np
import pytest

from capstar import data, leads
from capstar.study import run


def test_the_gap_of_the_study_is_the_filtered_one(study) -> None:
    fit = study.rstar
    direct = leads.predictive_regression(
        fit.gap("filtered"), data.small_cap_returns()["small_minus_large"], horizon=4, publication_lag=1
    )
    row = study.lead.own.query("returns == 'small_minus_large' and horizon == 4").iloc[0]
    assert row["slope"] == pytest.approx(direct.slope, rel=1e-12)
    assert row["hodrick_se"] == pytest.approx(direct.hodrick_se, rel=1e-12)
    assert row["nobs"] == 195


def test_summary_says_what_was_used(study) -> None:
    text = str(study.summary())
    for words in (
        "HLW 2017",
        "statsmodels macrodata",
        "smaller than the Russell 2000",
        "Newey-West",
        "Hodrick",
        "re-estimated in 99 samples",
        "Out of sample from 1980Q1",
        "Logit of rally within 4",
        "Mean-variance investor",
    ):
        assert words in text
    assert "\n\n".join(study.summary().notes).endswith(study.verdict())


def test_figures_have_labels_and_units(study) -> None:
    assert list(study.figures()) == [
        "study",
        "now",
        "quasi_real_time",
        "projections",
        "by_state",
        "other_way",
        "lead",
        "out_of_sample",
    ]
    for figure in (*study.figures().values(), study.rstar.plot()):
        assert all(ax.get_xlabel() or ax.get_ylabel() for ax in figure.axes)
        assert figure.get_suptitle() or all(ax.get_title(loc="left") for ax in figure.axes)
    rstar = study.plot().axes[0].lines[0].get_ydata()
    np.testing.assert_allclose(rstar, study.rstar.rstar.filtered)


def test_progress_tells_every_step() -> None:
    told: list[tuple[str, float]] = []
    run(horizons=(1,), n_replications=0, progress=lambda stage, share: told.append((stage, share)))
    stages = list(dict.fromkeys(stage for stage, _ in told))
    assert any("stage 2 of 3" in stage for stage in stages)
    lead = ["in sample", "persistence and constancy", "out of sample"]
    assert [stage for stage in stages if stage in lead] == lead
    assert all(("in sample", share) in told for share in (0.0, 1.0))
    assert all(0 <= share <= 1 for _, share in told)


def test_nothing_is_left_half_written(study, tmp_path, monkeypatch) -> None:
    from capstar.errors import DataError

    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "lead.csv").mkdir()  # stands in the way
    with pytest.raises(DataError, match="cannot be written"):
        study.save(tmp_path / "out")
    assert not (tmp_path / "out" / "study.svg").exists()


def test_forecasts_from_other_starts_are_those_there_are(study) -> None:
    """An expanding sample forecasts a quarter alike wherever forecasts begin; a later start drops the earlier ones."""
    for found in (study.lead, study.recursive):
        made = found.forecast_comparison
        table = made.by_start(found.predictor).set_index(["returns", "horizon"])
        assert set(table.index) == set(made.forecasts)
        for at, forecasts in made.forecasts.items():
            columns = made.earliest[at].columns
            assert made.earliest[at].loc[forecasts.index].equals(forecasts[columns])
            assert made.earliest[at].index[0] < forecasts.index[0]
            rows = table.loc[[at]]
            assert rows["nobs"].min() >= 40
            assert 2 <= len(rows) <= 9
            (own,) = rows[rows["chosen"]].itertuples()
            row = made.table.query(
                "predictor == @found.predictor and returns == @at[0] and horizon == @at[1]"
            )
            assert own.start == row["first"].iloc[0]
            assert own.r2_os == pytest.approx(row["r2_os"].iloc[0], rel=1e-12)
            assert own.clark_west == pytest.approx(row["clark_west"].iloc[0], rel=1e-12)


def test_portfolios_name_their_data(study) -> None:
    from capstar.study import portfolio_returns

    assert portfolio_returns(study.returns).attrs["title"] == "French size portfolios (US)"


def test_tables_are_whole(study, tmp_path) -> None:
    import pandas as pd

    paths = study.save(tmp_path)
    assert {path.suffix for path in paths} == {".csv", ".svg", ".txt"}
    drawn = (tmp_path / "study.svg").read_bytes()
    study.save(tmp_path)
    assert (tmp_path / "study.svg").read_bytes() == drawn, "the same figure is the same file"
    lead = pd.read_csv(tmp_path / "lead.csv", index_col=["predictor", "returns", "horizon"])
    assert len(lead) == 45
    pd.testing.assert_series_equal(
        lead["ivx_p"], study.lead.table.set_index(lead.index.names)["ivx_p"], rtol=1e-12
    )
    again = pd.read_csv(tmp_path / "estimated_regressor.csv")
    assert (again["p_family"] >= again["p"] - 1e-12).all()
    assert set(pd.read_csv(tmp_path / "probability.csv")["state"]) == {"rally", "range_bound"}
    text = (tmp_path / "summary.txt").read_text()
    assert text == f"{study.overview()}\n\n{study.summary()}\n"


def test_the_economic_value_is_of_what_was_forecast(study) -> None:
    """The investor holds small caps over the very quarters that are forecast: excess returns correlate but for logs."""
    made = study.lead.forecast_comparison.forecasts["small", 1]
    held = study.economic_value.returns
    assert list(held.index) == list(made.index)
    weights = study.economic_value.weights["mean", 1.0]
    assert (weights > 0.3).all()
    # What was earned on a dollar at risk moves with the excess return that was forecast, but for logs and the bill.
    assert np.corrcoef(held["mean", 1.0] / weights, made["actual"])[0, 1] > 0.97


def test_the_recursive_gap_is_asked_too(study) -> None:
    assert str(study.quasi_real_time.table.index[0]) == "1985Q1"
    assert study.recursive.information == "recursive"
    assert study.recursive.forecast_comparison.table["first"].min() == "1995Q1"
    last = study.quasi_real_time.table.iloc[-1]
    assert last["rstar"] == pytest.approx(study.rstar.rstar.filtered.iloc[-1], abs=1e-6), (
        "one sample is the whole"
    )
    assert "the data are revised" not in study.lead.verdict()
    assert "on revised data" in study.verdict()
    assert "Over 12 quarter(s) nothing is forecast" in str(study.summary())


def test_what_is_estimated_on_revised_data_is_not_called_real_time(study) -> None:
    """In the files, the figure, the summary and the verdict; only the caveat speaks of forecasts made in real time."""
    assert study.quasi_real_time.kind == "quasi-real time"
    for names in (study.tables(), study.figures()):
        assert "quasi_real_time" in names
        assert "real_time" not in names
    legend = study.figures()["quasi_real_time"].axes[0].get_legend().get_texts()[0].get_text()
    assert legend.startswith("quasi-real time: one revised table")
    first, *_ = study.verdict().split("\n\n")
    assert first.startswith(
        "Primary specification, fixed before the run (small_minus_large over 1 quarter(s), IVX-RWB"
    )
    for words in (*study.rstar.pile_up.notes(), "standard error of r* in 2009Q3 is 4.9 points"):
        assert words in first
    assert "The one-quarter slope on the estimated predictor is" in study.verdict()
    assert "further horizons are no further evidence" in study.verdict()
    assert "who holds large caps and tilts to small ones" in study.verdict()
    assert "In quasi-real time, estimated again every quarter from 1985Q1 on" in study.verdict()
    text = str(study.summary()).replace("quasi-real time", "")
    assert text.count("real time") == text.count("so forecasts made in real time would have known less")
