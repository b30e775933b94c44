"""What the study is made from: returns by size, published r* and its gap."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from capstar import data

SMALL, LARGE, DIFFERENCE = MAIN = ("small", "large", "small_minus_large")
COLUMNS = {SMALL: "Lo 20", LARGE: "Hi 20"} | {
    f"decile {i}": {1: "Lo 10", 10: "Hi 10"}.get(i, f"Dec {i}") for i in range(1, 11)
}
DECILES = [name for name in COLUMNS if name.startswith("decile")]
GAP, RATE, OUTPUT = "rstar_gap", "real_rate", "output_gap"


@dataclass(frozen=True)
class Material:
    """What the study is made from.

    Attributes
    ----------
    returns
        Percent a month: ``small``, ``large``, ``market`` and deciles over the bill, ``small_minus_large``; their logs
        are differences of logs, as everything here is regressed in logs.
    held
        Simple returns, percent a month: ``small``, ``large`` and the ``bill``.
    published
        As ``returns``, of the library's monthly files, which are rounded and end in 2022.
    predictors
        Published one-sided r* gap, ex-ante real rate, published one-sided output gap; quarterly, percent.
    macro
        Input of the model.
    vintages
        One-sided r* of the last quarter of each published vintage, by quarter.
    rstar
        Published one-sided r* of 2023Q2.
    gdp, prices
        Real output and its price as the Philadelphia Fed recorded them in the middle of every quarter.
    """

    returns: pd.DataFrame
    held: pd.DataFrame
    published: pd.DataFrame
    predictors: pd.DataFrame
    macro: pd.DataFrame
    vintages: pd.Series
    rstar: pd.Series
    gdp: data.Vintages
    prices: data.Vintages


def read(folder: Path) -> Material:
    """Read the reference data."""
    size, factors = (
        pd.read_csv(folder / f"small_caps/{name}.csv.gz", index_col="date", parse_dates=True)
        for name in ("size_portfolios_daily", "factors_daily")
    )
    days = _logs(size, factors)
    logs = days.groupby(days.index.to_period("M")).sum()
    monthly = data.read_french(folder / "small_caps/Portfolios_Formed_on_ME.csv")
    factors = data.read_french(folder / "small_caps/french/F-F_Research_Data_Factors.csv")
    size = monthly.table("value weight", "monthly")
    published, macro = (
        pd.read_csv(folder / f"hlw2023/us_2023q2_{name}.csv", index_col="date", parse_dates=True).to_period(
            "Q"
        )
        for name in ("published", "input")
    )
    rate = macro["interest_rate"] - macro["expected_inflation"]
    r = published["rstar_filtered"]
    predictors = pd.DataFrame({GAP: rate - r, RATE: rate, OUTPUT: published["output_gap_filtered"]}).dropna()
    return Material(
        _excess(logs),
        _simple(logs[[SMALL, LARGE, "bill"]]),
        _excess(_logs(size, next(iter(factors.tables.values()))).dropna()),
        predictors,
        data.read_input(folder / "hlw2023/us_2023q2_input.csv"),
        _vintages(pd.read_csv(folder / "hlw_published/realtime_us_ca.csv")),
        r,
        matrix(folder / "vintages/real_gdp.csv"),
        matrix(folder / "vintages/gdp_price.csv"),
    )


def _logs(size: pd.DataFrame, factors: pd.DataFrame) -> pd.DataFrame:
    """Log returns, percent, by the names of the study."""
    table = size[list(COLUMNS.values())].set_axis(list(COLUMNS), axis=1)
    table = table.assign(market=factors["Mkt-RF"] + factors["RF"], bill=factors["RF"])
    return 100 * np.log1p(table / 100)


def _excess(logs: pd.DataFrame) -> pd.DataFrame:
    """Percent a month over the bill, and small over large."""
    over = logs.drop(columns="bill").sub(logs["bill"], axis=0)
    over.insert(2, DIFFERENCE, logs[SMALL] - logs[LARGE])
    return _simple(over)


def _simple(logs: pd.DataFrame) -> pd.DataFrame:
    return 100 * np.expm1(logs / 100)


def _vintages(table: pd.DataFrame) -> pd.Series:
    last = table[table["country"] == "us"].groupby("vintage")["rstar_filtered"].last()
    return last.set_axis(pd.PeriodIndex(last.index, freq="Q"))


def matrix(path: Path) -> data.Vintages:
    """Quarterly vintages, each known in the middle of its quarter."""
    table = pd.read_csv(path, index_col=0)
    days = [pd.Period(q, freq="Q").start_time + pd.DateOffset(months=1, days=14) for q in table.columns]
    table.columns = pd.DatetimeIndex(days)
    table.index = pd.PeriodIndex(table.index, freq="Q", name="date")
    return data.Vintages(table, {"series_id": path.stem})
