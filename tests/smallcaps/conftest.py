"""Real cross-sections shared by the tests of the index."""

from __future__ import annotations

import pandas as pd
import pytest

FOLDER = "small_caps/russell3000_2015"


@pytest.fixture(scope="session")
def closes_2015(reference) -> pd.DataFrame:
    """Daily closes of 2015 by id; GSPC, the S&P 500 itself, among them."""
    frame = pd.read_csv(reference(f"{FOLDER}/daily_close.csv.gz"), keep_default_na=False)
    frame.columns = ["id", "date", "close"]
    return frame.assign(
        date=pd.to_datetime(frame["date"]), close=pd.to_numeric(frame["close"], errors="coerce")
    )


@pytest.fixture(scope="session")
def shares_2015(reference) -> pd.DataFrame:
    """Shares outstanding at the ends of the fiscal years to 2014; of two figures the lower row."""
    frame = pd.read_csv(reference(f"{FOLDER}/shares_outstanding.csv"), keep_default_na=False)
    frame.columns = ["id", "year", "millions"]
    frame = frame[frame["year"] <= 2014].drop_duplicates(["id", "year"], keep="last")
    frame["date"] = pd.to_datetime(frame["year"].astype(str) + "-12-31")
    frame["shares"] = 1e6 * pd.to_numeric(frame["millions"])
    frame = frame[frame["shares"] > 0]
    return frame[["date", "id", "shares"]].sort_values(["date", "id"], ignore_index=True)


@pytest.fixture(scope="session")
def panel_2015(closes_2015, shares_2015) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Prices and shares of the securities that have both."""
    both = set(closes_2015["id"]) & set(shares_2015["id"])
    return closes_2015[closes_2015["id"].isin(both)], shares_2015[shares_2015["id"].isin(both)]
