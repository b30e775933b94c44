"""What is read some years at a time gives what tables in memory give, to the last digit."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from panels import simulate
from typer.testing import CliRunner

from capstar.cli import app
from capstar.errors import DataError
from capstar.smallcaps import IndexCalculator, IndexResults, IndexRules, share_table

SECURITIES, YEARS = 60, 3
RULES = IndexRules.russell2000(large=20, broad=60)


@pytest.fixture(scope="module")
def panel(tmp_path_factory) -> Path:
    """Prices a file a year, shares and actions."""
    folder = tmp_path_factory.mktemp("panel")
    simulate(folder, SECURITIES, YEARS, by_year=True)
    return folder


def tables(folder: Path) -> tuple[pd.DataFrame, ...]:
    names = ("prices", "shares", "actions")
    prices, shares, actions = (pd.read_parquet(folder / f"{name}.parquet") for name in names)
    return prices.astype({"id": str}), shares, actions


@pytest.fixture(scope="module")
def in_memory(panel: Path) -> IndexResults:
    return IndexCalculator(RULES, *tables(panel)).run()


def assert_same(one: IndexResults, other: IndexResults) -> None:
    found = {name: table for name, table in vars(other).items() if isinstance(table, pd.DataFrame)}
    assert len(found) >= 8
    for name, table in found.items():
        pd.testing.assert_frame_equal(getattr(one, name), table, check_exact=True, obj=name)
    last = other.levels.index[-1]
    pd.testing.assert_series_equal(one.weights(last), other.weights(last), check_exact=True)


def test_a_file_a_year(panel: Path, in_memory: IndexResults) -> None:
    assert len(list((panel / "prices.parquet").iterdir())) == YEARS
    index = IndexCalculator(
        RULES, *(panel / f"{name}.parquet" for name in ("prices", "shares", "actions"))
    ).run()
    assert_same(index, in_memory)


@pytest.mark.parametrize("order", ["by date", "by id", "shuffled"])
def test_any_order_and_small_row_groups(
    order: str, panel: Path, in_memory: IndexResults, tmp_path: Path
) -> None:
    """Text identifiers, whose dictionaries differ from group to group."""
    prices, shares, actions = tables(panel)
    columns = {"by date": ["date", "id"], "by id": ["id", "date"]}.get(order)
    ordered = prices.sample(frac=1, random_state=1) if columns is None else prices.sort_values(columns)
    ordered.to_parquet(tmp_path / "prices.parquet", row_group_size=5000, index=False)
    assert_same(IndexCalculator(RULES, tmp_path / "prices.parquet", shares, actions).run(), in_memory)


@pytest.mark.parametrize("year", [2014, 2015])
def test_dividends_in_some_of_the_files_alone(year: int, tmp_path: Path) -> None:
    days = pd.bdate_range("2014-12-22", "2015-01-16")
    long = pd.DataFrame({"date": days.repeat(3), "id": np.tile(list("ABC"), len(days)), "close": 10.0})
    pieces = dict(list(long.groupby(long["date"].dt.year)))
    pieces[year]["dividend"] = np.where(pieces[year]["date"].dt.day == {2014: 31, 2015: 5}[year], 0.1, np.nan)
    (tmp_path / "prices").mkdir()
    for at, rows in pieces.items():
        rows.to_parquet(tmp_path / "prices" / f"{at}.parquet")
    rules = IndexRules.custom(3, [("2014-12-22", "2014-12-23")])
    shares = pd.DataFrame({"date": days[:1].repeat(3), "id": list("ABC"), "shares": 1e6})
    from_files = IndexCalculator(rules, tmp_path / "prices", shares).run()
    assert_same(from_files, IndexCalculator(rules, pd.concat(list(pieces.values())), shares).run())
    assert from_files.levels["total"].iloc[-1] > from_files.levels["price"].iloc[-1]


def test_files_of_different_types(tmp_path: Path) -> None:
    day, ids = pd.Timestamp("2015-01-02"), ["A", "B"]
    (tmp_path / "prices").mkdir()
    for name, close in (("1", [1.0, 2.0]), ("2", ["one", "two"])):
        pd.DataFrame({"date": day, "id": ids, "close": close}).to_parquet(
            tmp_path / "prices" / f"{name}.parquet"
        )
    shares = pd.DataFrame({"date": day, "id": ids, "shares": 1e6})
    with pytest.raises(
        DataError, match=r"prices: the files of .* have columns of different types .* Save all alike"
    ):
        IndexCalculator(RULES, tmp_path / "prices", shares)


def test_a_duplicate_across_files_is_found(panel: Path, tmp_path: Path) -> None:
    prices, shares, actions = tables(panel)
    (tmp_path / "prices").mkdir()
    prices.to_parquet(tmp_path / "prices" / "all.parquet")
    prices.iloc[[7]].to_parquet(tmp_path / "prices" / "once-more.parquet")
    with pytest.raises(
        DataError, match=rf"prices: {prices['id'].iloc[7]} has a duplicate on 2000-01-03. Keep one"
    ):
        IndexCalculator(RULES, tmp_path / "prices", shares, actions).run()


@pytest.mark.parametrize("rows", [1, 300, 2000])
@pytest.mark.parametrize("order", [["date", "id"], ["id", "date"]], ids=["by date", "by id"])
def test_shares_some_years_at_a_time(
    rows: int, order: list[str], panel: Path, in_memory: IndexResults, tmp_path: Path, monkeypatch
) -> None:
    """At most so many rows at once; a year at least."""
    prices, shares, actions = tables(panel)
    shares.sort_values(order).to_parquet(tmp_path / "shares.parquet", row_group_size=200)
    monkeypatch.setattr(share_table, "WHOLE", rows)
    monkeypatch.setattr(share_table, "_BATCH", 77)
    assert_same(IndexCalculator(RULES, prices, tmp_path / "shares.parquet", actions).run(), in_memory)
    pieces = share_table.ShareTable(tmp_path / "shares.parquet", names_of(actions)).pieces()
    assert len(list(pieces)) == (1 if rows > len(shares) else YEARS)


def names_of(actions: pd.DataFrame):
    from capstar.smallcaps.actions import as_actions, identities

    return identities(as_actions(actions))


def test_faults_of_a_large_file_of_shares(panel: Path, tmp_path: Path, monkeypatch) -> None:
    prices, shares, actions = tables(panel)
    monkeypatch.setattr(share_table, "WHOLE", 100)
    monkeypatch.setattr(share_table, "_BATCH", 150)
    path = tmp_path / "shares.parquet"

    def refused(table: pd.DataFrame, message: str) -> None:
        table.to_parquet(path)
        with pytest.raises(DataError, match=re.escape(message)):
            IndexCalculator(RULES, prices, path, actions).run()

    row = shares.iloc[400]
    where = f"{row['id']} on {row['date']:%Y-%m-%d}"
    wrong, unnamed = shares.copy(), shares.astype({"id": object})
    wrong.loc[400, "shares"], unnamed.loc[400, "id"] = -1.0, None
    refused(wrong, f"shares: shares of {where} is -1.0. Shares are positive")
    refused(
        unnamed,
        "shares: row 101 has no id. Give every row the id of its security. (Rows are counted from row 301",
    )
    refused(pd.concat([shares, shares.iloc[[400]]]), where.replace(" on ", " has a duplicate on "))
    refused(shares.drop(columns="shares"), "the columns ['shares'] are missing")


def test_the_command_takes_a_folder(panel: Path, in_memory: IndexResults, tmp_path: Path) -> None:
    words = [f"--{name}={panel}/{name}.parquet" for name in ("prices", "shares", "actions")]
    small = ["--rules", "russell3000", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, ["index", *words, *small])
    assert done.exit_code == 0, done.output
    expected = IndexCalculator(IndexRules.russell3000(), *tables(panel)).run().levels
    written = pd.read_parquet(tmp_path / "out" / "levels.parquet")
    pd.testing.assert_frame_equal(written, expected, check_exact=True, check_freq=False)
