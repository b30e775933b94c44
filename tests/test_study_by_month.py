"""The study by the month: beside the quarters, as one family, and what it takes."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from capstar import leads, rstar
from capstar.cli import app
from capstar.errors import DataError, DataWarning, SpecificationError
from capstar.report import overview, write_report
from capstar.report.sections import SECTIONS
from capstar.study import ByMonth, StudyResults, run, study_data
from capstar.study.by_month import monthly_model
from capstar.study.choice import choose
from capstar.study.examples import months_of_quarters


@pytest.fixture(scope="module")
def months() -> pd.DataFrame:
    return months_of_quarters()


def asked(tables, model) -> StudyResults:
    """A study of few samples, too few to forecast from the gap as estimated then."""
    options = {"horizons": (1,), "recursive_from": "1998Q1", "n_replications": 0, "progress": False}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*nothing is forecast", DataWarning)
        return run(tables, model=model, **options)


@pytest.fixture(scope="module")
def found(months) -> StudyResults:
    return asked(study_data(monthly=months), ["moving-average", "monthly-hlw2023"])


def test_quarters_are_as_without_the_months(found) -> None:
    alone = asked(study_data(), "moving-average")
    assert alone.by_month is None
    assert found.whose is None
    tables = found.tables()
    for name, table in alone.tables().items():
        pd.testing.assert_frame_equal(table, tables[name])
    more = {"monthly_rstar", "monthly_quasi_real_time", "monthly_lead", "quarterly_and_monthly"}
    assert more <= {*tables} - {*alone.tables()}
    assert "month" not in alone.overview().partition("Tried")[2]
    assert "by_month" not in alone.figures()


def test_the_months_are_asked_what_the_quarters_are(found, months) -> None:
    own = found.by_month
    assert isinstance(own, ByMonth)
    assert own.lead.publication_lag == 2
    assert own.lead.primary is leads.verdict.PRIMARY_MONTHLY
    assert own.lead.information == "recursive"
    assert sorted(own.lead.table["horizon"].unique()) == [1, 3]
    one = rstar.quasi_real_time(rstar.MonthlyHLW2023, months, "2003-07", "2003-07", progress=False)
    assert own.quasi_real_time.gap["2003-07"] == pytest.approx(one.gap.iloc[0], rel=1e-10)
    pair = found.recursive, own.lead
    both = leads.lead_family(*pair).table
    pd.testing.assert_frame_equal(own.family.table, both)
    raw = pd.concat([one.table["ivx_rwb_p"] for one in pair], ignore_index=True).to_frame("p")
    expected = leads.adjusted_p_values(raw).table["p_adjusted"]
    np.testing.assert_allclose(own.family.table["ivx_rwb_p_adjusted"], expected)
    at = own.table[(own.table["returns"] == "small_minus_large") & (own.table["months"] == 3)]
    assert list(at["period"]) == ["quarter", "month"]
    width = (at["upper"] - at["lower"]) / (2 * at["hodrick_se"])
    np.testing.assert_allclose(width, 1.6448536269514722)


def test_words_say_both_specifications(found) -> None:
    own, row = found.by_month, found.by_month.family.table
    second = row[
        (row["period"] == "month") & (row["horizon"] == 1) & (row["returns"] == "small_minus_large")
    ].iloc[0]
    shown = "is shown" if second["ivx_rwb_p"] < 0.05 else "is not shown"
    assert f"{second['slope']:+.2f} percent (p {second['ivx_rwb_p']:.3f}" in own.answer()
    assert f"that it leads {shown} at 5%" in own.answer()
    assert "By the quarter it is" in own.answer()
    assert "one is primary, and one the second, by the month." in found.verdict()
    assert found.counts["regressions by the month"] == 6
    lines = overview(found).splitlines()
    assert any(line.startswith("By month  Second primary") for line in lines)
    assert len(lines) <= 40


def test_the_page_shows_them_side_by_side(found, tmp_path) -> None:
    path = tmp_path / "study.html"
    write_report(found, path)
    page = path.read_text(encoding="utf-8")
    assert 'id="by_month"' in page
    assert "by the quarter" in page
    section = next(
        built for build in SECTIONS if (built := build(found)) is not None and built.key == "by_month"
    )
    (chart,) = section.figures
    assert [len(mark.frame) for mark in chart.panels[0].marks] == [1, 2]
    frame = chart.panels[2].marks[0].frame
    at = found.by_month.table.set_index(["returns", "months", "period"]).loc[
        ("small_minus_large", 3, "quarter")
    ]
    assert frame["estimate"].iloc[0] == pytest.approx(at["slope"] / 3)
    written = {one.name for one in found.save(tmp_path / "out")}
    assert {"quarterly_and_monthly.csv", "by_month.svg"} <= written


def test_figure_has_a_panel_a_portfolio(found) -> None:
    figure = found.by_month.plot()
    assert [ax.get_xlabel() for ax in figure.axes] == ["horizon, months"] * 3
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == [
        "by the quarter",
        "by the month",
    ]
    assert "2009Q3" not in figure.get_supxlabel()


def test_the_model_is_that_of_the_table(months) -> None:
    assert monthly_model(months) == rstar.MonthlyHLW2023
    prices = months.assign(oil_price_inflation=1.0, import_price_inflation=1.0)
    assert monthly_model(prices) == rstar.MonthlyLW
    late = prices.set_axis(prices.index + 192).assign(covid_index=0.0)
    assert monthly_model(late) == rstar.MonthlyHLW2023
    assert monthly_model(prices, rstar.MonthlyLWPublished) == rstar.MonthlyLWPublished
    with pytest.raises(
        DataError, match=r"monthly: there is no import_price_inflation and no .*which Monthly LW needs"
    ):
        monthly_model(months, rstar.MonthlyLW)
    with pytest.raises(DataError, match="there is no inflation, which Monthly HLW 2023 needs"):
        monthly_model(months.drop(columns="inflation"))


def test_what_is_refused_before_the_work(months) -> None:
    tables = study_data()
    with pytest.raises(
        SpecificationError, match=r"gives r\* of months.*it takes a monthly model with its table"
    ):
        choose("monthly-hlw2023", tables)
    both = study_data(monthly=months)
    with pytest.raises(SpecificationError, match=r"are monthly\. Name one of them"):
        choose(["monthly-lw", "monthly-hlw2023"], both)
    assert choose(None, both).monthly == rstar.MonthlyHLW2023
    assert choose(["hlw2017"], both).main == rstar.HLW2017
    with pytest.raises(SpecificationError, match="as_of: a table is of one day alone"):
        study_data("fred", as_of="2020-01-31", monthly=months)
    with pytest.raises(DataError, match="monthly"):
        study_data(monthly=tables["macro"])


def test_the_command_line_reads_the_file(months, tmp_path) -> None:
    path = tmp_path / "months.csv"
    months.drop(columns="inflation").to_csv(path)
    done = CliRunner().invoke(app, ["study", "--monthly", str(path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "there is no inflation, which Monthly HLW 2023 needs" in " ".join(done.output.split())
    assert not (tmp_path / "out").exists()
