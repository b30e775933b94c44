"""A screen or a weighting that is registered is in the rules, the results and the command line."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from capstar import smallcaps
from capstar.cli.index import index
from capstar.errors import SpecificationError
from capstar.smallcaps import IndexCalculator, IndexRules, registry

DAYS = pd.bdate_range("2024-04-22", "2024-07-12")
NAMES = ["AAA", "BBB", "CCC", "DDD"]


class MinVotes:
    """FTSE Russell's screen of 2017: free holders have more than a twentieth of the votes."""

    key, default, label = "min_votes", 0.0, "least share of votes held freely, a fraction"
    of: ClassVar = "security"
    columns = ("votes",)

    def passes(self, table: pd.DataFrame, threshold: float) -> pd.Series:
        return ~(table["votes"] < threshold)


class Equal:
    """Every member the same."""

    key, label = "equal", "equally"

    def index_shares(self, shares: np.ndarray, float_factor: np.ndarray, close: np.ndarray) -> np.ndarray:
        return 1.0 / close + 0.0 * shares


@pytest.fixture(autouse=True)
def _registered(monkeypatch) -> None:
    monkeypatch.setattr(registry, "_RULES", dict(registry._RULES))
    smallcaps.register(MinVotes())
    smallcaps.register(Equal())


@pytest.fixture
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Four companies worth billions; CCC's public has 3 percent of the votes, nothing is known of DDD's."""
    rows = [(day, name, 20.0 + k + 0.1 * t) for t, day in enumerate(DAYS) for k, name in enumerate(NAMES)]
    shares = pd.DataFrame({"date": DAYS[0], "id": NAMES, "shares": [1e9, 2e9, 3e9, 4e9]})
    shares["votes"] = [0.5, 1.0, 0.03, None]
    return pd.DataFrame(rows, columns=["date", "id", "close"]), shares


def test_it_is_a_rule_by_its_key(tables) -> None:
    assert IndexRules.russell2000().min_votes == 0.0
    rules = IndexRules.russell3000(min_votes=0.05, weighting="equal")
    assert rules.screens == {"min_price": 1.0, "min_value": 30e6, "min_float": 0.05, "min_votes": 0.05}
    assert smallcaps.index_rules().loc[["min_votes", "equal"], "kind"].tolist() == ["screen", "weighting"]
    with pytest.raises(SpecificationError, match="min_votes=-1; expected 0 or more"):
        IndexRules.russell3000(min_votes=-1)
    with pytest.raises(SpecificationError, match=r"weighting='none'; choose one of .*'equal'"):
        IndexRules.russell3000(weighting="none")
    with pytest.raises(SpecificationError, match=r"no screen 'min_size'; choose from .*'min_votes'"):
        IndexRules.russell3000(screens={"min_size": 1.0})
    with pytest.raises(AttributeError, match="no 'min_size'"):
        _ = rules.min_size


def test_it_decides_and_is_told(tables) -> None:
    found = IndexCalculator(IndexRules.russell3000(min_votes=0.05, weighting="equal"), *tables).run()
    assert list(found.members("2024-06-28")) == ["AAA", "BBB", "DDD"]
    np.testing.assert_allclose(found.weights("2024-06-28"), 1 / 3, rtol=1e-12)
    assert found.rebalances["fails_min_votes"].tolist() == [1]
    assert found.rebalances["fails_min_price"].tolist() == [0]
    screens = found.frames()["Screens"]
    assert screens.loc["min_votes"].tolist() == [0.05, 1]
    assert "min_votes" in str(found.summary())
    everyone = IndexCalculator(IndexRules.russell3000(), *tables).run()
    assert list(everyone.members("2024-06-28")) == NAMES
    # Without the column nothing is known, so that nothing is excluded.
    prices, shares = tables
    unknown = IndexCalculator(IndexRules.russell3000(min_votes=0.05), prices, shares.drop(columns="votes"))
    assert list(unknown.run().members("2024-06-28")) == NAMES


def test_it_is_on_the_command_line(tables, tmp_path) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(index)

    @app.callback()
    def _options(context: typer.Context) -> None:
        context.obj = {"debug": False}

    def capstar(*arguments: object):
        return CliRunner().invoke(app, ["index", *map(str, arguments)])

    listed = capstar("--list-rules")
    assert listed.exit_code == 0
    assert (
        "min_votes       screen      0         least share of votes held freely, a fraction" in listed.output
    )
    assert "equal           weighting             equally" in listed.output
    for name, table in zip(("prices", "shares"), tables, strict=True):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    given = [
        "--prices",
        tmp_path / "prices.csv",
        "--shares",
        tmp_path / "shares.csv",
        "--out",
        tmp_path / "out",
    ]
    options = ["--rules", "russell3000", "--screen", "min-votes=0.05", "--weighting", "equal"]
    done = capstar(*given, *options)
    assert done.exit_code == 0, done.output
    weights = pd.read_parquet(tmp_path / "out" / "weights.parquet")
    assert sorted(weights["id"]) == ["AAA", "BBB", "DDD"]
    assert pd.read_parquet(tmp_path / "out" / "rebalances.parquet")["fails_min_votes"].tolist() == [1]
    for wrong, message in (
        (["--screen", "min_size=3"], "capstar: There is no screen 'min_size'"),
        (["--screen", "min_votes"], "capstar: --screen min_votes: write KEY=THRESHOLD"),
        (["--weighting", "none"], "capstar: weighting='none'; choose one of"),
    ):
        done = capstar(*given, *wrong)
        assert done.exit_code == 2
        assert message in done.output


def test_what_is_not_a_rule_is_refused() -> None:
    class Half:
        key = "half"

    with pytest.raises(
        SpecificationError, match=r"Half is not an index rule: of a screen \['default', 'label'"
    ):
        smallcaps.register(Half())
    with pytest.raises(SpecificationError, match="with key 'equal' is registered"):
        smallcaps.register(Equal())
