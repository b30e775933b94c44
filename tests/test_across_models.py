"""The lead by whose r* in research/: the table, rows of it computed again, and the sentences on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from capstar import data, leads, rstar
from capstar.leads.inference.regression import regress
from capstar.study import portfolio_returns

STUDY = ROOT / "research" / "rstar_gap_and_small_caps"
AGAIN = 1e-8  # the table keeps ten digits
Z = 1.6448536269514722  # of 90 percent


@pytest.fixture(scope="module")
def folder(reference) -> Path:
    reference("fred_2026/GDPC1.csv")
    reference("survey_rstar/hartley_2025_12.csv")
    return reference("small_caps/size_portfolios_daily.csv.gz").parents[1]


@pytest.fixture(scope="module")
def inputs(folder) -> Any:
    from research.rstar_gap_and_small_caps.across import inputs

    return inputs(folder)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(STUDY / "across_models.csv", index_col=["family", "model", "returns", "horizon"])


def again(gap: pd.Series, inputs: Any, committed: pd.DataFrame) -> None:
    """In sample and out on a gap by the functions themselves, no study."""
    for portfolio, returns in portfolio_returns(inputs["returns"]).items():
        for horizon in (1, 12):
            found = regress(leads.AlignedSample.of(returns, gap, horizon), horizon)
            row = committed.loc[(portfolio, horizon)]
            ends = [found.slope - Z * found.hodrick_se, found.slope + Z * found.hodrick_se]
            np.testing.assert_allclose(
                row[["slope", "lower", "upper"]].astype(float), [found.slope, *ends], AGAIN
            )
            assert row["nobs"] == found.nobs
            assert (row["first"], row["last"]) == (str(found.first), str(found.last))
        study = leads.LeadStudy(gap.rename("gap"), returns, (1,), start="1980Q1", n_replications=99)
        made = study.run(progress=False).forecast_comparison
        assert made is not None
        expected = made.table.set_index("predictor").loc["gap", "r2_os"]
        assert committed.loc[(portfolio, 1), "r2_os"] == pytest.approx(expected, rel=AGAIN)


@pytest.mark.parametrize("key", ["exponential-average", "hp-one-sided"])
def test_cheap_models_again(key, inputs, table) -> None:
    model = rstar.model(key)
    committed = table.loc["to 2025"].loc[model.name]
    first = committed.loc[("small_minus_large", 1), "first"]
    again(model.fit(inputs["macro"]).gap("filtered").loc[first:], inputs, committed)


def test_a_published_series_again(folder, inputs, table) -> None:
    """r* of the New York Fed in 2023, taken from the real rate of today's data, over the quarters of all gaps."""
    committed = table.loc["everything"].loc["HLW 2023, New York Fed"]
    macro, first = inputs["macro"], committed.loc[("small_minus_large", 1), "first"]
    published = pd.read_csv(folder / "hlw2023/us_2023q2_published.csv", index_col="date", parse_dates=True)
    rate = macro["interest_rate"] - macro["expected_inflation"]
    gap = (rate - published["rstar_filtered"].to_period("Q")).dropna().rename("gap")
    again(gap.loc[first:"2023Q2"], inputs, committed)


def test_input_is_what_the_recipe_makes(folder, inputs) -> None:
    """Rates are those of the published input; prices and output have been revised since, growth by little."""
    macro, old = inputs["macro"], data.read_input(folder / "hlw2023/us_2023q2_input.csv")
    both = macro.loc[old.index]
    np.testing.assert_allclose(both["interest_rate"], old["interest_rate"], atol=1e-9)
    np.testing.assert_allclose(both["covid_index"], old["covid_index"], atol=1e-9)
    assert (both["inflation"] - old["inflation"]).abs().median() < 0.1
    assert both["log_gdp"].diff().corr(old["log_gdp"].diff()) > 0.99
    assert macro.loc["2024Q3", "covid_index"] == pytest.approx(old["covid_index"].iloc[-1] / 6)
    assert (macro.loc["2024Q4":, "covid_index"] == 0).all()
    assert str(inputs["returns"].index[-1]) == "2025-05"


def test_each_family_is_adjusted_as_one(table) -> None:
    for family, count in (("to 2025", 10), ("everything", 17)):
        rows = table.loc[family]
        assert len(rows) == count * 3 * 4
        assert (rows["replications"] == 999).all()
        np.testing.assert_allclose(
            rows["p_adjusted"], leads.adjusted_p_values(rows["p"]).table["p_adjusted"], AGAIN
        )
        assert (rows["p_family"] >= rows["p"] - 1e-12).all()
        np.testing.assert_allclose(1000 * rows["p"], (1000 * rows["p"]).round(), atol=1e-6)
        own = rows[rows["kind"].isin(["model", "published", "average"])].xs(1, level="horizon")
        assert len(own[["first", "last"]].drop_duplicates()) == 1, "the quarters that all have"
        known = rows.xs("small_minus_large", level="returns")["weight"].xs(1, level="horizon").dropna()
        assert known.sum() == pytest.approx(1, abs=1e-6)


def test_what_a_gap_had_seen(table) -> None:
    seen = table["seen"].groupby(level="model").first()
    assert set(seen[seen == "but for revisions"].index) == {
        "exponential average", "moving average", "one-sided HP", "HLW 2023, quasi-real time",
    }  # fmt: skip
    assert set(seen[seen == "has seen the future"].index) == {
        "Lubik-Matthes", "Trend VAR, New York Fed", "New York Fed DSGE, five years ahead",
    }  # fmt: skip


def test_words_turn_with_the_table(table) -> None:
    from research.rstar_gap_and_small_caps.across_words import across_sentences

    other = table.copy()
    other.loc[("to 2025", slice(None), "small_minus_large", 1), "p"] = 0.5
    assert "below 5 % on one-sided HP." in across_sentences(table)["models"]
    assert "below 5 % on none." in across_sentences(other)["models"]
    other["p_search"], other["p_models"] = 0.01, 0.02
    assert "leads is not shown allowing for all (p 0.050)" in across_sentences(table)["verdict by model"]
    assert "leads is shown allowing for all (p 0.020)" in across_sentences(other)["verdict by model"]
    assert "is not shown" in across_sentences(table)["forecasts, by model"]
    assert "is shown" in across_sentences(other)["forecasts, by model"]
    other["slope"] *= 40
    assert "less than sampling error" in across_sentences(table)["between models"]
    assert "as much as sampling error" in across_sentences(other)["between models"]


def test_every_sentence_stands_in_the_readme(table) -> None:
    from research.rstar_gap_and_small_caps.across_words import across_sentences, across_table

    text = (STUDY / "README.md").read_text(encoding="utf-8")
    words = " ".join(text.split())
    assert [name for name, said in across_sentences(table).items() if said not in words] == []
    assert across_table(table) in text


def test_the_figure_has_every_gap_in_both_strips(table) -> None:
    from research.rstar_gap_and_small_caps.figures import plot_models

    for ax, family, count in zip(plot_models(table).axes, ("to 2025", "everything"), (10, 17), strict=True):
        labels = [one.get_text() for one in ax.get_yticklabels()]
        assert len(labels) == count
        assert labels[-1] == "HLW 2023, quasi-real time, from 1985Q1"
        points = [line for line in ax.lines if line.get_marker() in ("o", "x")]
        drawn = sorted(float(line.get_xdata()[0]) for line in points)
        np.testing.assert_allclose(drawn, sorted(table.loc[family].xs(1, level="horizon")["slope"]))
        assert sum(line.get_marker() == "x" for line in points) == (9 if family == "everything" else 0)
