"""The study by the month in research/: its primary row and one estimate computed again, and the words on the tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from capstar import leads, rstar

STUDY = ROOT / "research" / "monthly_rstar_gap_and_small_caps"
AGAIN = 1e-8  # the tables keep ten digits
PRIMARY = ("monthly HLW 2023, then", "small_minus_large", 1)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    from research.monthly_rstar_gap_and_small_caps.words import read_tables

    return read_tables(STUDY)


@pytest.fixture(scope="module")
def folder(reference) -> Path:
    reference("fred_2026/PCEPILFE.csv")
    reference("survey_rstar/hartley_2025_12.csv")
    return reference("small_caps/size_portfolios_daily.csv.gz").parents[1]


@pytest.fixture(scope="module")
def inputs(folder) -> dict[str, pd.DataFrame]:
    from research.rstar_gap_and_small_caps.across import inputs

    return inputs(folder)


def series(tables: dict[str, pd.DataFrame], table: str, name: str, freq: str) -> pd.Series:
    found = tables[table][name].dropna()
    return found.set_axis(pd.PeriodIndex(found.index, freq=freq))


def test_primary_rows_computed_again(tables, inputs) -> None:
    """Both primary specifications from the gaps as they are stored and the returns; least squares by NumPy."""
    from research.monthly_rstar_gap_and_small_caps.reproduce import lead

    from capstar.study import portfolio_returns

    returns = portfolio_returns(inputs["returns"])[["small_minus_large"]]
    for name, table, freq, lag in (
        (PRIMARY[0], "gaps_by_month", "M", 2),
        ("HLW 2023, then", "gaps_by_quarter", "Q", 1),
    ):
        gap = series(tables, table, name, freq).rename(name)
        found = lead(gap, returns, then=True)
        committed = tables["in_sample"].loc[(name, "small_minus_large", 1)]
        again = found.table.set_index(["returns", "horizon"]).loc[("small_minus_large", 1)]
        for column in ("slope", "hodrick_se", "ivx_wald", "ivx_rwb_p", "nobs"):
            assert again[column] == pytest.approx(committed[column], rel=AGAIN), (name, column)
        assert (again["first"], again["last"]) == (committed["first"], committed["last"])
        assert found.publication_lag == lag
        assert found.information == committed["seen"] == "recursive"
    logs = 100 * np.log1p(returns["small_minus_large"] / 100)
    gap = series(tables, "gaps_by_month", PRIMARY[0], "M")
    after = logs.shift(-3).reindex(gap.index).dropna()  # of the third month, after two of delay
    slope = np.polyfit(gap.loc[after.index], after, 1)[0]
    assert slope == pytest.approx(tables["in_sample"].loc[PRIMARY, "slope"], rel=AGAIN)


def test_a_month_estimated_again_is_as_stored(tables, folder, inputs) -> None:
    from research.monthly_rstar_gap_and_small_caps.material import monthly_input

    months = monthly_input(folder, inputs["macro"])
    stored = series(tables, "gaps_by_month", PRIMARY[0], "M")
    known = rstar.quasi_real_time(rstar.MonthlyHLW2023, months, "1994-05", "1994-06", progress=False)
    # Maximum likelihood stops where the score is small, which may be a step away on another processor.
    np.testing.assert_allclose(known.gap, stored.loc["1994-05":"1994-06"], atol=1e-4)


def test_input_of_the_month_is_that_of_the_quarter(folder, inputs) -> None:
    """The quarter's inflation is nearly the mean of its months', its rate that of theirs, and output the same."""
    from research.monthly_rstar_gap_and_small_caps.material import monthly_input

    macro = inputs["macro"]
    months = monthly_input(folder, macro)
    ends = months[months.index.month % 3 == 0]["log_gdp"].dropna()
    quarters = ends.index.asfreq("Q")
    np.testing.assert_array_equal(ends, macro.loc[quarters, "log_gdp"])
    assert months.loc[months.index.month % 3 != 0, "log_gdp"].isna().all()
    # A compounded rate is convex: the mean of the months' is above that of their mean, most in 1980.
    mean = months["interest_rate"].groupby(months.index.asfreq("Q")).mean()
    np.testing.assert_allclose(
        mean.loc["1961Q1":"2024Q4"], macro.loc["1961Q1":"2024Q4", "interest_rate"], atol=0.1
    )
    rate = (months["inflation"].groupby(months.index.asfreq("Q")).mean() - macro["inflation"]).loc[
        "1961Q1":"2024Q4"
    ]
    assert abs(rate.mean()) < 0.02
    assert (months["covid_index"].loc["2021-01":"2021-03"] == macro.loc["2021Q1", "covid_index"]).all()


def test_the_family_is_of_all_rows(tables) -> None:
    table = tables["in_sample"]
    assert table["period"].value_counts().to_dict() == {"month": 54, "quarter": 24}
    expected = leads.adjusted_p_values(table[["ivx_rwb_p"]].reset_index(drop=True), column="ivx_rwb_p").table
    np.testing.assert_allclose(table["ivx_rwb_p_adjusted"], expected["ivx_rwb_p_adjusted"], rtol=AGAIN)


def test_the_readme_is_written_from_the_tables(tables) -> None:
    from research.monthly_rstar_gap_and_small_caps.words import readme

    assert (STUDY / "README.md").read_text(encoding="utf-8") == readme(tables)


def test_words_follow_the_numbers(tables) -> None:
    from research.monthly_rstar_gap_and_small_caps.words import sentences

    other = {name: table.sort_index() for name, table in tables.items()}
    other["in_sample"].loc[PRIMARY, "ivx_rwb_p"] = 0.4
    other["out_of_sample"].loc[PRIMARY, "r2_os"] = 2.0
    other["maxima"].loc["monthly LW", ["slope", "ivx_rwb_p"]] = [1.0, 0.01]
    other["delays"].loc[4, "ivx_rwb_p"] = 0.3
    was, said = sentences(tables), sentences(other)
    assert "(p 0.400), that it leads is not shown at 5 %" in said["second"]
    assert "by monthly HLW 2023, then beat" in said["forecasts"]
    assert "by neither beat" in was["forecasts"]
    assert "less on the maximum than" in was["maxima"]
    assert "as much on the maximum as" in said["maxima"]
    assert "below 5 % for monthly LW" in said["maxima"]
    assert "crosses 5 %" in said["delays"]
    assert "stays on one side" in was["delays"]
    assert was["first"] == said["first"]


def test_the_maxima_are_the_two_of_the_golden_numbers(tables) -> None:
    """Log-likelihoods of the manifest of `golden/monthly_rstar`, 1e-6."""
    found = tables["maxima"]["log_likelihood"]
    assert found.iloc[0] == pytest.approx(-444.2549013575, abs=1e-6)
    assert found.iloc[1] == pytest.approx(-294.2533550572, abs=1e-6)


def test_the_figure_has_every_gap(tables) -> None:
    from research.monthly_rstar_gap_and_small_caps.figures import plot_both

    axes = plot_both(tables).axes
    assert [len(ax.get_legend().get_texts()) for ax in axes] == [4, 2, 4, 2, 1, 3]
    drawn = [
        float(y)
        for line in axes[1].lines
        for y in np.atleast_1d(line.get_ydata())
        if line.get_marker() == "o"
    ]
    rows = tables["in_sample"].xs("small_minus_large", level="returns").loc[["HLW 2023", "monthly HLW 2023"]]
    months = rows.index.get_level_values("horizon") * rows["period"].map({"quarter": 3, "month": 1})
    np.testing.assert_allclose(sorted(drawn), sorted(rows["slope"] / months))
