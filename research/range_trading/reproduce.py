"""Does range trading pay? S&P 500, Nasdaq Composite and size portfolios, daily, net of costs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
from arch.data import nasdaq, sp500
from research.comparison import REFERENCE
from research.workers import add_workers, start, working

from capstar.data import french
from capstar.errors import CapstarError
from capstar.markets.range_trading import HOLD, STRATEGY, RangeTrading, RangeTradingResults
from capstar.markets.ranges import trading_ranges
from capstar.tasks import run_tasks
from capstar.writing import csv_text, write_whole

HERE = Path(__file__).parent
COMMITTED = HERE / "range_trading.csv"
AS_GIVEN = "as given"
# Options of the trader and of the levels; every one of them is in the table.
RULES: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    AS_GIVEN: ({}, {}),
    "no costs": ({"cost_bp": 0.0}, {}),
    "turning points of 3 bars": ({}, {"pivot": 3}),
    "turning points of 10 bars": ({}, {"pivot": 10}),
    "turning points of 20 bars": ({}, {"pivot": 20}),
    "three touches": ({}, {"touches": 3}),
    "near is a third": ({"zone": 1 / 3}, {}),
    "stop of two true ranges": ({"stop": 2.0}, {}),
}
PORTFOLIOS = ("Lo 20", "Qnt 2", "Qnt 3", "Qnt 4", "Hi 20")
LIBRARY = ("Portfolios_Formed_on_ME_Daily", "F-F_Research_Data_Factors_daily")


@dataclass(frozen=True)
class Market:
    """Prices, and what idle money earns, percent a day."""

    bars: pd.DataFrame | pd.Series
    cash: pd.Series | None = None


def embedded() -> dict[str, Market]:
    """Price indices that come with the arch package: no dividends, and no interest on idle money either."""
    tables = {"S&P 500": sp500.load(), "Nasdaq Composite": nasdaq.load()}
    return {
        name: Market(table.rename(columns=str.lower)[["open", "high", "low", "close"]])
        for name, table in tables.items()
    }


def size_portfolios(folder: Path) -> dict[str, Market]:
    """Value-weighted size portfolios, dividends reinvested, idle money in bills; from a folder or the library."""
    kept = folder / "small_caps/size_portfolios_daily.csv.gz"
    if kept.exists():
        tables = [
            pd.read_csv(path, index_col="date", parse_dates=True)
            for path in (kept, kept.with_name("factors_daily.csv.gz"))
        ]
    else:
        size, factors = (french(name) for name in LIBRARY)
        tables = [size.table("value weight"), next(iter(factors.tables.values()))]
        tables = [table.set_axis(table.index.to_timestamp()) for table in tables]
    returns, bills = tables
    common = returns.index.intersection(bills.index)
    wealth = (1 + returns.loc[common, list(PORTFOLIOS)] / 100).cumprod()
    return {name: Market(wealth[name], bills.loc[common, "RF"]) for name in PORTFOLIOS}


def markets(folder: Path) -> dict[str, Market]:
    """Every price history of the table; the portfolios also since 2000."""
    portfolios = size_portfolios(folder)
    recent = {
        f"{name}, since 2000": Market(portfolios[name].bars.loc["2000":], portfolios[name].cash.loc["2000":])
        for name in ("Lo 20", "Hi 20")
    }
    return embedded() | portfolios | recent


def backtest(market: Market, rule: str, *, n_replications: int, seed: int) -> RangeTradingResults:
    """One market traded by one rule."""
    trader, levels = RULES[rule]
    ranges = trading_ranges(market.bars, **levels)
    given = RangeTrading(market.bars, ranges, cash=market.cash)
    return replace(given, **trader).backtest(n_replications=n_replications, seed=seed, progress=False)


def row(name: str, rule: str, found: RangeTradingResults) -> dict[str, Any]:
    """A line of the table."""
    numbers, worst = found.intervals, found.drawdown.min()
    growth, sharpe = numbers.loc["growth difference"], numbers.loc["Sharpe difference"]
    return {
        "market": name,
        "rule": rule,
        "from": f"{found.close.index[0]:%Y-%m-%d}",
        "to": f"{found.close.index[-1]:%Y-%m-%d}",
        "cost_bp": found.cost_bp,
        "trades": len(found.ledger),
        "stopped": int((found.ledger["reason"] == "stop").sum()),
        "in_market": found.position.mean(),
        "growth": numbers.loc[f"growth {STRATEGY}", "estimate"],
        "growth_held": numbers.loc[f"growth {HOLD}", "estimate"],
        "difference": growth["estimate"],
        "low": growth["low"],
        "high": growth["high"],
        "sharpe": numbers.loc[f"Sharpe {STRATEGY}", "estimate"],
        "sharpe_held": numbers.loc[f"Sharpe {HOLD}", "estimate"],
        "sharpe_difference": sharpe["estimate"],
        "sharpe_low": sharpe["low"],
        "sharpe_high": sharpe["high"],
        "drawdown": worst[STRATEGY],
        "drawdown_held": worst[HOLD],
        "outcome": found.outcome,
    }


def table_of(
    traded: Mapping[str, Market], *, n_replications: int = 1000, seed: int = 2026, n_workers: int = 1
) -> pd.DataFrame:
    """Every market traded by every rule.

    Parameters
    ----------
    traded
        By name.
    n_replications, seed
        Of the stationary bootstrap.
    n_workers
        Processes; the table does not depend on them.
    """
    one = partial(_row, traded, n_replications=n_replications, seed=seed)
    rows = run_tasks(one, product(traded, RULES), n_workers=n_workers)
    return pd.DataFrame(rows).set_index(["market", "rule"])


def _row(traded: Mapping[str, Market], pair: tuple[str, str], **options: int) -> dict[str, Any]:
    name, rule = pair
    return row(name, rule, backtest(traded[name], rule, **options))


def verdict(table: pd.DataFrame) -> str:
    """What the table says, plainly."""
    lines = []
    for rules, what in (
        ([AS_GIVEN], "with the rules as given"),
        ([rule for rule in RULES if rule not in (AS_GIVEN, "no costs")], "with other rules"),
        (["no costs"], "even without costs"),
    ):
        part = table[table.index.get_level_values("rule").isin(rules)]
        ahead, pays, loses = part["difference"] > 0, part["low"] > 0, part["high"] < 0
        better = (part["sharpe_low"] > 0).sum()
        lines.append(
            f"{what}: wealth grows faster than held in {ahead.sum()} of {len(part)} cases, beyond chance in "
            f"{pays.sum()}; slower beyond chance in {loses.sum()}; Sharpe ratio higher beyond chance in {better}"
        )
    return "\n".join(lines)


def reproduce(
    folder: Path, *, n_replications: int = 1000, seed: int = 2026, n_workers: int = -1
) -> dict[str, pd.DataFrame]:
    """The table of the study; see `table_of`."""
    options = {"n_replications": n_replications, "seed": seed, "n_workers": n_workers}
    return {"Every market traded by every rule": table_of(markets(folder), **options)}


def main() -> None:
    """Command line; ``--out FILE`` writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=REFERENCE, help="folder of the reference data; without it, downloads"
    )
    parser.add_argument("--replications", type=int, default=1000, help="replications of the bootstrap")
    parser.add_argument("--seed", type=int, default=2026)
    add_workers(parser)
    parser.add_argument("--out", type=Path, help="write the table as CSV")
    given = parser.parse_args()
    try:
        with working(given):
            (table,) = reproduce(
                given.data, n_replications=given.replications, seed=given.seed, n_workers=given.workers
            ).values()
    except CapstarError as error:
        print(f"{error} Give a folder with the data by --data.", file=sys.stderr)
        raise SystemExit(2) from None
    print(table.round(2).to_string())
    print(verdict(table))
    if given.out is not None:
        write_whole(given.out, csv_text(table.round(4)))


if __name__ == "__main__":
    start(__spec__)
