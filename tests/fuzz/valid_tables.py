"""Small tables that every command takes, to be made faulty."""

from __future__ import annotations

import numpy as np
import pandas as pd

FIXED = {  # near the estimates on US data; nothing is left to maximise, so that a run is short
    "a_y1": 1.59, "a_y2": -0.67, "a_r": -0.018, "b_pi": 0.36, "b_y": 0.17,
    "sigma_ygap": 0.43, "sigma_pi": 2.34, "sigma_ystar": 0.59, "lambda_g": 0.05, "lambda_z": 0.03,
}  # fmt: skip


def macro() -> pd.DataFrame:
    """Model input of HLW, quarterly."""
    from capstar import data

    return data.us_macro().reset_index().astype({"date": str})


def gap() -> pd.DataFrame:
    """A predictor, quarterly."""
    rng = np.random.default_rng(11)
    quarters = pd.period_range("1990Q1", periods=60, freq="Q").astype(str)
    values = np.zeros(60)
    for t in range(1, 60):
        values[t] = 0.8 * values[t - 1] + rng.standard_normal()
    return pd.DataFrame({"date": quarters, "gap": values})


def returns() -> pd.DataFrame:
    """Two portfolios and the risk-free rate, percent a month."""
    rng = np.random.default_rng(12)
    months = pd.period_range("1989-01", periods=210, freq="M").astype(str)
    table = pd.DataFrame({"date": months, "small": 1 + 6 * rng.standard_normal(210)})
    return table.assign(large=0.5 * table["small"] + rng.standard_normal(210), RF=0.3)


def prices() -> pd.DataFrame:
    """Daily prices of a market."""
    rng = np.random.default_rng(13)
    close = 100 * np.exp(np.cumsum(0.012 * rng.standard_normal(260)))
    days = pd.bdate_range("2020-01-01", periods=260).astype(str)
    return pd.DataFrame({"date": days, "close": close, "high": 1.01 * close, "low": 0.99 * close})


def index_prices() -> pd.DataFrame:
    """Fourteen securities, daily, one of which pays."""
    days = pd.bdate_range("2024-04-22", "2024-07-12")
    steps = np.arange(len(days))
    wide = pd.DataFrame({f"N{k:02}": 20 + (0.01 * k - 0.05) * steps for k in range(14)}, days.astype(str))
    out = wide.rename_axis("date").melt(var_name="id", value_name="close", ignore_index=False).reset_index()
    out = out[(out["id"] != "N13") | (out["date"] < "2024-07-03")]  # it is delisted
    return out.assign(dividend=np.where((out["id"] == "N03") & (out["date"] == "2024-07-08"), 0.5, 0.0))


def index_shares() -> pd.DataFrame:
    """Share counts of those securities."""
    names = [f"N{k:02}" for k in range(14)]
    return pd.DataFrame(
        {"date": "2024-04-22", "id": names, "shares": [6e6 * (k + 1) for k in range(14)], "float_factor": 0.9}
    )


def index_actions() -> pd.DataFrame:
    """A split and a delisting."""
    columns = ["date", "id", "action", "other", "ratio", "cash", "price"]
    rows = [
        ["2024-07-03", "N13", "delisting", "", np.nan, np.nan, 5.0],
        ["2024-07-08", "N05", "split", "", 2.0, np.nan, np.nan],
    ]
    return pd.DataFrame(rows, columns=columns)


TABLES = {
    "macro": macro,
    "gap": gap,
    "returns": returns,
    "prices": prices,
    "index_prices": index_prices,
    "index_shares": index_shares,
    "index_actions": index_actions,
}
