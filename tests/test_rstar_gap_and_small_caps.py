"""The study of the r* gap and small caps: golden numbers, rows computed again, and the README's words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from capstar import leads, rstar
from capstar.errors import DataError

STUDY = ROOT / "research" / "rstar_gap_and_small_caps"
KEYS = ["predictor", "returns", "horizon"]
STORED = 1e-4  # what the golden numbers are asked to
FIGURES = ("by_horizon", "deciles", "stability", "across_models")
AGAIN = 1e-8  # the tables keep ten digits
PUBLISHED = 1e-5  # our estimate of the gap is the published one to 1e-7


@pytest.fixture(scope="module")
def folder(reference) -> Path:
    reference("small_caps/size_portfolios_daily.csv.gz")
    reference("hlw_published/realtime_us_ca.csv")
    return reference("hlw2023/us_2023q2_input.csv").parents[1]


@pytest.fixture(scope="module")
def material(folder) -> Any:
    from research.rstar_gap_and_small_caps.material import read

    return read(folder)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    from research.rstar_gap_and_small_caps.readme import read_tables

    return read_tables(STUDY)


def same(found: pd.DataFrame, committed: pd.DataFrame) -> None:
    """Rows of ``found`` as committed, in the columns of ``found``."""
    kept = committed.loc[found.index, list(found)]
    pd.testing.assert_frame_equal(
        found, kept, rtol=AGAIN, atol=AGAIN, check_dtype=False, check_index_type=False
    )


def test_golden_numbers(tables, reference) -> None:
    """No delay, to 2019Q4: the stored evidence, every predictor and portfolio."""
    golden = json.loads(reference("small_caps/evidence_golden.json").read_text())
    names = {"small": "Lo 20", "large": "Hi 20", "market": "market", "small_minus_large": "S-B"}
    table = tables["timing"].loc["no delay, to 2019Q4"]
    for predictor, rows in golden["hlw2023_gap_next_quarter_1961q1_2019q4"].items():
        for ours, theirs in names.items():
            row, stored = table.loc[(predictor, ours, 1)], rows[theirs]
            assert row["nobs"] == stored["n"]
            assert row["newey_west_lags"] == 4
            found = {
                "slope": row["slope"], "t_nw4": row["newey_west_t"], "r2": 100 * row["r_squared"],
                "ivx_slope": row["ivx_slope"], "ivx_wald": row["ivx_wald"],
            }  # fmt: skip
            for key, value in found.items():
                assert value == pytest.approx(stored[key], abs=STORED), f"{predictor} {ours} {key}"


def test_rows_in_sample(material, tables) -> None:
    chosen = ["small", "small_minus_large", "decile 1", "decile 10"]
    found = leads.in_sample_table(
        material.returns[chosen], material.predictors[["rstar_gap", "real_rate"]], (1, 7, 12)
    )
    same(
        found.set_index(KEYS).drop(columns=["hodrick_p_adjusted", "ivx_p_adjusted", "ivx_rwb_p_adjusted"]),
        tables["in_sample"],
    )
    # The monthly files of the library, read as published, with the month's delay.
    published = material.published.loc[:"2020-04", ["small"]]
    found = leads.in_sample_table(published, material.predictors[["rstar_gap"]], (1, 8)).set_index(KEYS)
    same(
        found[["slope", "hodrick_p", "ivx_wald", "nobs"]],
        tables["timing"].loc["a month's delay, monthly files to 2019Q4"],
    )


def test_every_portfolio_horizon_and_rival_is_there_and_adjusted_for(tables) -> None:
    table = tables["in_sample"]
    assert len(table) == 13 * 12 * 3
    assert table.index.is_unique
    for kind in ("hodrick_p", "ivx_p", "ivx_rwb_p"):
        adjusted = leads.adjusted_p_values(table[kind].rename("p")).table["p_adjusted"]
        np.testing.assert_allclose(table[f"{kind}_adjusted"], adjusted, rtol=AGAIN)
    own = tables["out_of_sample"]
    assert len(own) == 13 * 12 * 4  # and their mean
    assert (own["first"] == "1980Q1").all()
    assert tables["search"]["forecasts"].eq(13 * 12 * 3).all()


def test_rows_out_of_sample_and_economic_value(material, tables) -> None:
    from research.rstar_gap_and_small_caps.reproduce import economic_value, lead

    found = lead(material, ["small", "large", "small_minus_large"], (1,))
    assert found.forecast_comparison is not None
    same(found.forecast_comparison.table.set_index(KEYS), tables["out_of_sample"])
    same(found.persistence.set_index(KEYS[:2]), tables["persistence"])
    same(economic_value(material, found.forecast_comparison), tables["economic_value"])
    restricted = tables["out_of_sample"]["r2_os_restricted"].dropna()
    assert set(restricted.index.get_level_values("returns")) == {"small"}, "theory gives the others no sign"


def test_rows_of_projections(material, tables) -> None:
    from research.rstar_gap_and_small_caps.reproduce import HORIZONS, projections

    assert tuple(tables["projections"].index.unique("horizon")) == HORIZONS
    found = pd.concat([one.table for one in projections(material).values()]).set_index(
        ["response", "shock", "state", "horizon"]
    )
    same(found, tables["projections"])
    adjusted = leads.adjusted_p_values(tables["projections"]["p"]).table["p_adjusted"]
    np.testing.assert_allclose(tables["projections"]["p_adjusted"], adjusted, rtol=AGAIN)


def test_rows_of_constancy_and_both_predictors(material, tables) -> None:
    from research.rstar_gap_and_small_caps.reproduce import stability, together

    for (name, kind), slopes in stability(material).items():
        if kind != "rolling":
            committed = tables["stability"].loc[(name, kind)]
            np.testing.assert_allclose(
                committed[["slope", "se", "p"]], slopes.table[["slope", "se", "p"]], AGAIN
            )
    same(together(material), tables["together"])


def test_returns_dated_a_month_late_are_returns_without_delay(material) -> None:
    quarters = material.predictors.index
    late = material.returns["small"].set_axis(material.returns.index + 1)
    one = leads.cumulate_after(late, quarters, horizon=4, publication_lag=1)
    other = leads.cumulate_after(material.returns["small"], quarters, horizon=4, publication_lag=0)
    np.testing.assert_allclose(one, other, rtol=1e-12)


def test_redrawn_predictor_has_the_regressions_of_the_published_gap(material, tables) -> None:
    """Slopes and t on our own estimate, both timings, are those on the published gap over the same returns."""
    fit = rstar.HLW2023.fit(material.macro, n_starts=1)
    gap = fit.gap("filtered")
    np.testing.assert_allclose(gap, material.predictors["rstar_gap"].loc[gap.index], atol=1e-6)
    table, chosen = tables["estimated_regressor"], ["small", "small_minus_large", "large"]
    for lag, ending in ((1, ""), (0, ", no delay")):
        found = leads.in_sample_table(
            material.returns[chosen], gap.to_frame("gap"), (1, 4, 12), publication_lag=lag
        )
        for row in found.itertuples():
            committed = table.loc[(f"{row.returns}{ending}", row.horizon)]
            assert committed["slope"] == pytest.approx(row.slope, abs=PUBLISHED)
            assert committed["hodrick_t"] == pytest.approx(row.hodrick_t, abs=PUBLISHED)
            assert committed["p_normal"] == pytest.approx(row.hodrick_p, abs=PUBLISHED)
    assert len(table) == 16 * 12
    assert (table["replications"] == 999).all()
    assert (table["p_family"] >= table["p"]).all()
    # p-values are shares of the replications and the sample itself.
    np.testing.assert_allclose(1000 * table["p"], (1000 * table["p"]).round(), atol=1e-6)


def test_what_was_known_then(material, tables) -> None:
    """Some quarters estimated again on their vintages, and the laboratory on the committed gap."""
    from research.rstar_gap_and_small_caps.reproduce import FEW, SIGNS, known_then

    then = tables["known_then"]
    assert list(then.index[[0, -1]]) == ["1985Q1", "2019Q4"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("research.rstar_gap_and_small_caps.reproduce.VINTAGES", ("2008Q3", "2009Q2"))
        patch.setattr("research.rstar_gap_and_small_caps.reproduce.leads.LeadStudy.run", lambda self: self)
        some, study = known_then(material)
    assert study.publication_lag == 2
    np.testing.assert_allclose(some.table["rstar"], then.loc["2008Q3":"2009Q2", "rstar"], atol=1e-6)
    gap = then["gap"].set_axis(pd.PeriodIndex(then.index, freq="Q")).rename("rstar_gap")
    found = leads.LeadStudy(
        gap, material.returns[["small", "large", "small_minus_large"]], FEW[:2], information="real time",
        publication_lag=2, start="1995Q1", signs=SIGNS, n_replications=499,
    ).run()  # fmt: skip
    same(found.table.set_index(KEYS), tables["known_then_in_sample"])
    assert found.forecast_comparison is not None
    same(found.forecast_comparison.table.set_index(KEYS), tables["known_then_out_of_sample"])


def test_vintages_are_too_few(material, tables) -> None:
    then = tables["real_time"]
    assert list(then.index[[0, -1]]) == ["2015Q4", "2019Q2"]
    rate = material.predictors["real_rate"]
    gap = (rate - material.vintages).dropna().rename("real-time gap")
    assert len(gap) == len(then) == 15
    np.testing.assert_allclose(then["as published then"], material.vintages, rtol=AGAIN)
    with pytest.raises(DataError, match="15 quarters"):
        leads.LeadStudy(gap, material.returns["small"], (1,), information="real time").run()


def test_forecasts_use_every_return_that_is_over(tables) -> None:
    """Independent values: of 156 cases the gap beats the mean in 3, the real rate in none."""
    made = tables["out_of_sample"]["r2_os"]
    assert [int((made.loc[name] > 0).sum()) for name in ("rstar_gap", "real_rate")] == [3, 0]
    long = [made.loc["rstar_gap", "small_minus_large", h] for h in (8, 12)]
    np.testing.assert_allclose(long, [-1.67, -2.36], atol=0.005)


REFEREE = {
    ("index", "Russell 2000 − Russell 1000"): (-0.22, -1.45),
    ("index", "Wilshire small cap − Wilshire 5000"): (-0.16, None),
    ("index", "lowest − highest fifth, same window"): (-0.37, None),
    ("period", "1961–79"): (-0.78, None),
    ("period", "1980–84"): (-0.43, None),
    ("period", "1985–99"): (-1.42, None),
    ("period", "2000–"): (-0.24, None),
    ("season", "November–January"): (-0.92, None),
    ("control alone", "stock variance"): (None, 2.96),
    ("delay", "2 months"): (-0.35, -1.49),
    ("delay", "3 months"): (-0.29, -1.24),
    ("of today, same returns", "1985–2019"): (-0.85, -1.96),
    ("as known then", "1985–99"): (-1.86, None),
    ("as known then", "2000–19"): (-0.73, None),
}


@pytest.mark.parametrize(("row", "expected"), REFEREE.items())
def test_rows_of_a_referee(tables, row, expected) -> None:
    """Independent values, to the two digits they are given with; their t differ in details of the errors."""
    slope, t = expected
    found = tables["referee"].loc[row]
    if slope is not None:
        assert found["slope"] == pytest.approx(slope, abs=0.0075)
    if t is not None:
        assert found["t"] == pytest.approx(t, abs=0.025)


def test_rows_of_a_referee_again(material, folder, tables) -> None:
    from research.rstar_gap_and_small_caps import referee

    then = tables["known_then"]["gap"]
    known = then.set_axis(pd.PeriodIndex(then.index, freq="Q")).rename("rstar_gap")
    same(referee.rows(material, known, folder), tables["referee"])
    same(referee.surprises(folder), tables["surprises"])
    assert tables["states"].loc["Russell 2000", "share"] == pytest.approx(0.22, abs=0.005)


def test_readme_is_written_from_the_tables(tables) -> None:
    from research.rstar_gap_and_small_caps.readme import readme

    assert (STUDY / "README.md").read_text(encoding="utf-8") == readme(tables)
    assert all((STUDY / f"{name}.png").stat().st_size > 0 for name in FIGURES)


GAP_ONE = ("rstar_gap", "small_minus_large", 1)
FIRST, SECOND = (("to 2025", name) for name in ("HLW 2023", "one-sided HP"))
NEXT = ("small_minus_large", 1)
EARLY = ("no delay, to 2019Q4", *GAP_ONE)
LATE = ("a month's delay", *GAP_ONE)
CELLS = [
    ("primary", "known_then_in_sample", GAP_ONE, "slope"),
    ("primary", "known_then_in_sample", GAP_ONE, "ivx_rwb_p"),
    ("whole sample", "in_sample", GAP_ONE, "ivx_rwb_p"),
    ("whole sample", "estimated_regressor", ("small_minus_large", 1), "p_family"),
    ("evidence", "referee", ("index", "Russell 2000 − Russell 1000"), "p"),
    ("evidence", "referee", ("control", "real rate"), "p"),
    ("evidence", "referee", ("season", "May–July"), "slope"),
    ("without the delay", "timing", EARLY, "newey_west_t"),
    ("with the delay", "timing", LATE, "slope"),
    ("delay and years", "timing", LATE, "slope"),
    ("alone", "in_sample", GAP_ONE, "ivx_p"),
    ("adjusted", "in_sample", GAP_ONE, "ivx_rwb_p_adjusted"),
    ("redrawn", "estimated_regressor", ("small_minus_large", 1), "failed"),
    ("redrawn early", "estimated_regressor", ("small_minus_large, no delay", 1), "p_family"),
    ("attenuation", "estimated_regressor", ("small_minus_large", 1), "attenuation"),
    ("forecasts", "out_of_sample", ("rstar_gap", "small_minus_large", 8), "r2_os"),
    ("search", "search", "raw", "upper"),
    ("economic value", "economic_value", ("small", "rstar_gap", 3.0), "gain"),
    ("tilt", "tilt", ("[0, 1]", 60, "rstar_gap", 3.0), "gain_se"),
    ("tilt", "tilt", ("[-1, 1]", 40, "rstar_gap", 3.0), "gain"),
    ("both at once", "together", ("small_minus_large", 1, "real_rate"), "p"),
    ("shock", "projections", ("small_minus_large", "real_rate", "all", 4), "p_adjusted"),
    ("states", "projections", ("small_minus_large", "rstar_gap", "true", 4), "estimate"),
    ("periods", "stability", ("small", "subsample"), "slope"),
    ("breaks", "persistence", ("rstar_gap", "small"), "break_p"),
    ("known then", "known_then_in_sample", ("rstar_gap", "large", 1), "slope"),
    ("known then, adjusted", "known_then_in_sample", GAP_ONE, "ivx_rwb_p_adjusted"),
    ("known then, compared", "referee", ("of today, same returns", "1985–2019"), "slope"),
    ("known then, out of sample", "known_then_out_of_sample", GAP_ONE, "r2_os"),
    ("at bound", "known_then", "1990Q1", "at_bound"),
    ("vintages", "real_time", "2016Q1", "difference"),
    ("indices", "referee", ("index", "Wilshire small cap − Wilshire 5000"), "slope"),
    ("indices", "referee", ("index", "Wilshire small cap − Wilshire 5000"), "p"),
    ("delays", "referee", ("delay", "3 months"), "t"),
    ("seasons", "referee", ("season", "November–January"), "slope"),
    ("parts", "referee", ("period", "2000–"), "slope"),
    ("controls", "referee", ("control", "cay"), "t"),
    ("measures", "referee", ("r*", "LW (2023)"), "slope"),
    ("policy", "surprises", ("mps", "small"), "slope"),
    ("random walks", "states", "Russell 2000", "share"),
    ("verdict by model", "across_models", (*FIRST, *NEXT), "p_models"),
    ("models", "across_models", (*SECOND, *NEXT), "slope"),
    ("models", "across_models", (*FIRST, *NEXT), "p_models"),
    ("models", "across_models", (*FIRST, *NEXT), "replications"),
    ("between models", "across_models", (*SECOND, *NEXT), "upper"),
    ("correlations", "across_models", (*SECOND, *NEXT), "correlation"),
    ("averages", "across_models", ("to 2025", "average, equal weights", *NEXT), "p"),
    ("averages", "across_models", ("to 2025", "LVG alt, COVID", *NEXT), "weight"),
    ("known, by model", "across_models", ("to 2025", "HLW 2023, quasi-real time", *NEXT), "slope"),
    ("known, by model", "across_models", (*SECOND, *NEXT), "p"),
    ("published", "across_models", ("everything", "Lubik-Matthes", *NEXT), "slope"),
    ("averages of all", "across_models", ("everything", "average, predictive likelihood", *NEXT), "slope"),
    ("forecasts, by model", "across_models", (*SECOND, *NEXT), "r2_os"),
    ("forecasts, by model", "across_models", ("to 2025",), "p_search"),
]


@pytest.mark.parametrize(("name", "table", "row", "column"), CELLS)
def test_a_cell_changes_and_the_sentence_with_it(tables, name, table, row, column) -> None:
    from research.rstar_gap_and_small_caps.readme import readme
    from research.rstar_gap_and_small_caps.sentences import sentences

    broken = tables[table].copy()
    here = np.array([key == row or key[: len(row)] == row for key in broken.index])
    old = broken.loc[here, column]
    assert len(old), "a row of the table"
    if column == "at_bound":
        new = not old.item()
    elif column.startswith("p") or "_p" in column or column == "upper":
        new = 0.0011 if np.min(old) >= 0.05 else 0.777
    else:
        new = -98.7
    broken[column] = broken[column].astype(object if column == "at_bound" else float).where(~here, new)
    other = dict(tables) | {table: broken}
    assert sentences(other)[name] != sentences(tables)[name]
    assert readme(other) != readme(tables)


def test_every_sentence_with_a_number_has_a_cell(tables) -> None:
    from research.rstar_gap_and_small_caps.sentences import sentences

    said = {name for name, words in sentences(tables).items() if any(one.isdigit() for one in words)}
    assert said - {"counted"} == {name for name, *_ in CELLS}
    shorter = dict(tables) | {"timing": tables["timing"].iloc[:-1]}
    assert sentences(shorter)["counted"] != sentences(tables)["counted"]


def test_absent_data_is_said() -> None:
    command = [sys.executable, "-m", "research", "rstar_gap_and_small_caps", "--data", "nowhere"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert "give another folder with --data" in done.stderr
    assert "Traceback" not in done.stderr
