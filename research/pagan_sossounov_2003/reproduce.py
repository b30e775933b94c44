"""Pagan and Sossounov (2003): turning points of the S&P 500, and the filters of Lunde and Timmermann."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from research.comparison import run

import capstar as cs

HERE = Path(__file__).parent


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """Turning points as printed beside ours, months whose state R has otherwise, and what the phases are like."""
    published = pd.read_csv(HERE / "published.csv", index_col="quantity")
    states, prices = read(folder)
    swings = cs.markets.bry_boschan(prices)
    points = swings.turning_points
    names = points["kind"] + " " + (points.groupby("kind").cumcount() + 1).astype(str)
    months = pd.Series(points.index.year * 100 + points.index.month, names)
    published.insert(1, "ours", months.reindex(published.index))
    rules = {f"bry_boschan_w{w}": cs.markets.bry_boschan(prices, window=w) for w in (4, 6, 8)} | {
        f"lunde_timmermann_{up}_{down}": cs.markets.lunde_timmermann(prices, up, down)
        for up, down in ((20, 20), (20, 15), (15, 15), (30, 20))
    }
    apart = {name: (rule.states != states[name]).sum() for name, rule in rules.items()}
    counts = {name: len(rule.turning_points) for name, rule in rules.items()}
    return {
        "Turning points, 1950-2019, year and month": published,
        "States against those computed with R's bbdetection": pd.DataFrame(
            {"months": len(prices), "months apart": apart, "turning points": counts}
        ),
        "Complete phases, ours": swings.frames()[""],
    }


def read(folder: Path) -> tuple[pd.DataFrame, pd.Series]:
    """States as computed in R, and month-end closes."""
    table = pd.read_csv(folder / "predictability/bull_bear/sp500_monthly_states.csv", index_col="month")
    table = table.set_axis(pd.PeriodIndex(table.index, freq="M", name="month"))
    return table, table["close"].rename("S&P 500")


def figure(folder: Path) -> Figure:
    """Closes, bear markets shaded."""
    return cs.markets.bry_boschan(read(folder)[1]).plot()


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
