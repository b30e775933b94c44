"""Earlier published evidence on policy and forecasts, computed again with the library's functions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from research.comparison import run
from research.earlier_evidence.combination import combine_forecasts
from research.earlier_evidence.critical_values import nested_critical_values
from research.earlier_evidence.regimes import compare_regimes, policy_regimes

from capstar import leads


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """Every table by its heading; ``folder`` holds the reference data."""
    monthly = _by_period(folder / "small_caps" / "size_portfolios_monthly.csv", "month", "M")
    monthly["S-B"] = monthly["Lo 20"] - monthly["Hi 20"]
    return {
        "FOMC days 1988-2019, surprises of Bauer and Swanson (2023)": fomc_days(folder).table,
        "Discount-rate regimes, 1954-02 to 1991-12 (Jensen, Mercer and Johnson 1996)": compare_regimes(
            monthly.loc["1954-02":"1991-12", ["Lo 20", "Hi 20", "S-B"]],
            policy_regimes(_discount_rate(folder)),
        ),
        "Combinations of five forecasts, 1965Q1 to 2005Q4 (after Rapach, Strauss and Zhou 2010)": combined(
            folder
        ),
        "Critical values of nested forecasts, P/R = 1 (McCracken 2007)": nested_critical_values(1.0),
    }


def fomc_days(folder: Path) -> leads.EventStudy:
    """Returns of small and large caps on days of announcements."""
    size = _daily(folder / "small_caps" / "size_portfolios_daily.csv.gz")[["Lo 20", "Hi 20"]]
    surprises = _daily(folder / "predictability" / "fomc_surprises" / "announcements_original.csv")["mps"]
    return leads.event_study(size.assign(**{"S-B": size["Lo 20"] - size["Hi 20"]}), surprises.dropna())


def combined(folder: Path) -> pd.DataFrame:
    """Percent of squared error saved, and its p-value (Clark and West 2007)."""
    raw = _by_period(folder / "predictability" / "welch_goyal2008" / "quarterly_2005.csv", "quarter", "Q")
    y = (raw["crsp_spvw"] - raw["rfree"]).rename("premium").loc["1947Q2":]
    x = _predictors(raw).assign(tbl=raw["tbl"], ik=raw["ik"]).loc["1947Q2":]
    made = combine_forecasts(leads.recursive_forecasts(y, x, "1955Q1"))
    rows = {
        name: leads.compare_forecasts(made["actual"], made["mean"], made[name]) for name in list(made)[2:]
    }
    return pd.DataFrame(
        {name: {"r2_os": one.r2_os, "clark_west_p": one.clark_west_p} for name, one in rows.items()}
    ).T


def _predictors(raw: pd.DataFrame) -> pd.DataFrame:
    log = np.log
    return pd.DataFrame(
        {
            "dp": log(raw["d12"] / raw["sp500"]),
            "de": log(raw["d12"] / raw["e12"]),
            "ep": log(raw["e12"] / raw["sp500"]),
        }
    )


def _discount_rate(folder: Path) -> pd.Series:
    lines = (folder / "fred_2020_05" / "INTDSRUSM193N.txt").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("DATE"))
    rows = [line.split() for line in lines[start + 1 :] if line.strip()]
    months = pd.PeriodIndex([date for date, _ in rows], freq="M")
    return pd.Series([float(value) for _, value in rows], months, name="discount rate")


def _daily(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, index_col="date", parse_dates=True)


def _by_period(path: Path, column: str, frequency: str) -> pd.DataFrame:
    table = pd.read_csv(path, index_col=column)
    return table.set_axis(pd.PeriodIndex(table.index, freq=frequency))


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
