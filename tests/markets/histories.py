"""Real price histories of the reference data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

Reference = Callable[[str], Path]


def sp500(reference: Reference) -> pd.Series:
    """S&P 500, month-end closes, 1950-2019."""
    table = pd.read_csv(reference("predictability/bull_bear/sp500_monthly_states.csv"))
    return pd.Series(table["close"].to_numpy(), pd.PeriodIndex(table["month"], freq="M"), name="sp500")


def russell2000(reference: Reference) -> pd.DataFrame:
    """Russell 2000, daily open, high, low and close."""
    table = pd.read_csv(
        reference("small_caps/russell2000_daily.csv.gz"), index_col="date", parse_dates=["date"]
    )
    return table[["open", "high", "low", "close"]]


def market(reference: Reference) -> pd.Series:
    """Value of 1 dollar in the US market, daily, 1926-2025."""
    table = pd.read_csv(reference("small_caps/factors_daily.csv.gz"), index_col="date", parse_dates=["date"])
    return (1 + (table["Mkt-RF"] + table["RF"]) / 100).cumprod().rename("market")
