"""``capstar index``, in an application of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from capstar.cli.index import index
from capstar.smallcaps import IndexCalculator, IndexRules

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(index)


@app.callback()
def _options(context: typer.Context) -> None:
    context.obj = {"debug": False}


def capstar(*arguments: object):
    return CliRunner().invoke(app, ["index", *map(str, arguments)])


@pytest.fixture
def files(tmp_path):
    """Sixty securities from May to July 2024, worth 60 million to 3.5 billion."""
    days = pd.bdate_range("2024-04-22", "2024-07-12")
    names = [f"N{k:02}" for k in range(60)]
    steps = np.arange(len(days))
    closes = {name: 20 + (0.01 * k - 0.2) * steps for k, name in enumerate(names)}
    wide = pd.DataFrame(closes, days).rename_axis("date")
    prices = wide.melt(var_name="id", value_name="close", ignore_index=False).reset_index()
    prices = prices[(prices["id"] != "N59") | (prices["date"] < "2024-07-03")]
    shares = pd.DataFrame({"date": days[0], "id": names, "shares": [6e6 * (k + 1) for k in range(60)]})
    actions = pd.DataFrame({"date": ["2024-07-03"], "id": ["N59"], "action": ["delisting"], "price": [5.0]})
    for name, table in (("prices", prices), ("shares", shares), ("actions", actions)):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    prices.to_parquet(tmp_path / "prices.parquet")
    return tmp_path


def given(files, prices: str = "prices.csv") -> tuple[object, ...]:
    return ("--prices", files / prices, "--shares", files / "shares.csv", "--actions", files / "actions.csv")


@pytest.mark.parametrize("prices", ["prices.csv", "prices.parquet"])
def test_tables_and_figure(files, prices) -> None:
    out = files / "out"
    done = capstar(*given(files, prices), "--rules", "russell3000", "--out", out)
    assert done.exit_code == 0, done.output
    assert "Russell 3000 rules, 2024-06-28 to 2024-07-12" in done.output
    tables = [pd.read_csv(files / f"{name}.csv") for name in ("prices", "shares", "actions")]
    expected = IndexCalculator(IndexRules.russell3000(), *tables).run()
    levels = pd.read_csv(out / "index.csv", index_col="date", parse_dates=True)
    pd.testing.assert_frame_equal(levels, expected.levels, check_index_type=False, rtol=1e-12)
    assert levels["members"].tolist() == [60] * 3 + [59] * 8
    assert (out / "index.png").stat().st_size > 5000
    assert len(pd.read_parquet(out / "membership.parquet")) == 60


def test_small_caps_by_default(files) -> None:
    """Sixty companies are all large by the rules of the Russell 2000."""
    done = capstar(*given(files), "--out", files / "out")
    assert done.exit_code == 2
    assert "capstar: After the reconstitution of 2024-06-28 the index holds nothing of value" in done.output


def test_mistakes_are_one_line(files) -> None:
    (files / "shares.csv").write_text("date,id,shares\n2024-04-22,N00,-5\n")
    done = capstar(*given(files), "--out", files / "out")
    assert done.exit_code == 2
    assert "capstar: shares: shares of N00 on 2024-04-22 is -5.0. Shares are positive" in done.output
    done = capstar(*given(files), "--out", files / "prices.csv")
    assert done.exit_code == 2
    assert "prices.csv: is a file. Choose another folder with --out." in done.output
    done = capstar("--prices", files / "none.csv", "--shares", files / "shares.csv", "--out", files / "out")
    assert done.exit_code == 2
    assert "none.csv: there is no such file" in done.output
