"""What an index says of itself, on 2015's small caps with made-up sectors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError, DataWarning, SpecificationError
from capstar.smallcaps import IndexCalculator, IndexRules

CHANGES = [("2015-01-30", "2015-02-27"), ("2015-05-29", "2015-06-26")]


@pytest.fixture(scope="module")
def inputs(panel_2015) -> tuple[pd.DataFrame, pd.DataFrame]:
    prices, shares = panel_2015
    names = sorted(shares["id"].unique())[::12]
    sector = {name: f"sector {name[0]}" for name in names}
    prices, shares = (table[table["id"].isin(names)] for table in (prices, shares))
    return prices, shares.assign(sector=shares["id"].map(sector))


@pytest.fixture(scope="module")
def index(inputs):
    rules = IndexRules.custom(200, CHANGES, large=60, band=0.02, stale_days=400, name="two hundred")
    with pytest.warns(DataWarning, match="no price for more than"):
        return IndexCalculator(rules, *inputs).run()


def test_exposure(index, inputs) -> None:
    weights = index.weights("2015-09-30")
    by_hand = weights.groupby(weights.index.str[0]).sum()
    found = index.exposure("2015-09-30")
    assert found.sum() == pytest.approx(1.0, abs=1e-12)
    for letter, weight in by_hand.items():
        assert found[f"sector {letter}"] == pytest.approx(weight, abs=1e-12)
    assert found.is_monotonic_decreasing
    labels = pd.Series({name: name[0] for name in weights.index[5:]})
    labelled = index.exposure("2015-09-30", by=labels)
    assert labelled.sum() == pytest.approx(1.0, abs=1e-12)
    assert labelled["unclassified"] == pytest.approx(weights.iloc[:5].sum(), abs=1e-14)
    assert index.levels.loc["2015-09-30", "effective_number"] == pytest.approx(
        1 / (weights**2).sum(), rel=1e-12
    )


def test_weights_members_and_largest(index) -> None:
    weights = index.weights("2015-06-26")
    assert weights.is_monotonic_decreasing
    assert index.top_holdings(5, "2015-06-26").equals(weights.head(5))
    spells = index.membership
    day = pd.Timestamp("2015-06-26")
    there = spells[(spells["joined"] <= day) & ~(spells["left"] <= day)]
    assert sorted(there["id"]) == list(index.members("2015-06-26"))
    assert len(there) == index.levels.loc[day, "members"]
    assert index.weights().equals(index.weights(index.levels.index[-1]))


def test_a_day_without_a_level(index) -> None:
    with pytest.raises(DataError, match="two hundred has no level on 2015-07-04; it runs from 2015-02-27 to"):
        index.weights("2015-07-04")


def test_contributions_by_kind(index) -> None:
    by_member, by_sector = index.contributions(), index.contributions("sector")
    grouped = by_member.groupby("sector " + by_member.index.str[0]).sum()
    pd.testing.assert_series_equal(
        by_sector.sort_index(), grouped.sort_index(), check_names=False, check_index_type=False, rtol=1e-9
    )
    level = index.levels["price"]
    assert by_member.sum() == pytest.approx(level.iloc[-1] / level.iloc[0] - 1, abs=1e-12)
    with pytest.raises(SpecificationError, match="by='country'"):
        index.contributions("country")


def test_summary(index) -> None:
    text = str(index.summary())
    assert text.splitlines()[0] == "two hundred, 2015-02-27 to 2016-01-05 (215 days)"
    level = index.levels["price"]
    assert f"100.0000 {level.iloc[-1]:.4f}" in text
    yearly = index.annualised().loc["price"]
    years = (level.index[-1] - level.index[0]).days / 365.25
    assert yearly["return"] == pytest.approx(100 * ((level.iloc[-1] / 100) ** (1 / years) - 1))
    spread = level.pct_change().std() * np.sqrt(len(level) / years)
    assert yearly["volatility"] == pytest.approx(100 * spread)
    for line in (
        "return a year, %",
        "Members",
        "mean turnover",
        "Largest weights, %",
        "Sectors, %",
        "min_price",
    ):
        assert line in text


def test_plot(index) -> None:
    (ax,) = index.plot().axes
    price = next(line for line in ax.lines if line.get_label() == "price return")
    np.testing.assert_array_equal(price.get_ydata(), index.levels["price"])
    assert ax.get_title(loc="left") == "two hundred"
    assert sum(len(set(line.get_xdata())) == 1 for line in ax.lines) == 2  # the reconstitutions
    manifold = index.levels["total"].max() > 4 * index.levels["price"].min()
    assert ax.get_yscale() == ("log" if manifold else "linear")


def test_save(index, tmp_path) -> None:
    paths = index.save(tmp_path / "out")
    assert {path.name for path in paths} == {
        *(f"{name}.parquet" for name in (
            "levels", "event_log", "membership", "holdings", "sectors", "gains", "rebalances", "carried", "weights",
        )),
        "index.csv", "index.png", "summary.txt",
    }  # fmt: skip
    levels = pd.read_parquet(tmp_path / "out" / "levels.parquet")
    pd.testing.assert_frame_equal(levels, index.levels, check_exact=True)
    weights = pd.read_parquet(tmp_path / "out" / "weights.parquet")
    assert weights["weight"].tolist() == index.weights().tolist()
    assert (tmp_path / "out" / "summary.txt").read_text() == f"{index.summary()}\n"


def test_parquet_in(index, inputs, tmp_path) -> None:
    """The same panel from Parquet, one file a year in a folder."""
    prices, shares = inputs
    folder = tmp_path / "prices"
    folder.mkdir()
    for year, rows in prices.groupby(prices["date"].dt.year):
        rows.to_parquet(folder / f"{year}.parquet", row_group_size=10_000)
    shares.to_parquet(tmp_path / "shares.parquet")
    with pytest.warns(DataWarning, match="no price for more than"):
        other = IndexCalculator(index.rules, folder, tmp_path / "shares.parquet").run()
    pd.testing.assert_frame_equal(other.levels, index.levels, check_exact=True)
    pd.testing.assert_frame_equal(other.gains, index.gains, check_exact=True)
    assert other.weights("2015-08-24").equals(index.weights("2015-08-24"))
