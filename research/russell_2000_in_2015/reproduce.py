"""The Russell 2000 of 2015 from about 3,000 companies: published, ours, difference."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from research.comparison import compare, run

from capstar.errors import DataWarning
from capstar.smallcaps import FixedCalendar, IndexCalculator, IndexResults, IndexRules, rank

FIRST, RANK_DAY = "2015-01-02", "2015-05-29"
HERE = Path(__file__).parent


def read_closes(folder: Path) -> pd.DataFrame:
    """Daily closes of 2015 by id; GSPC, the S&P 500 itself, among them."""
    frame = pd.read_csv(folder / "small_caps/russell3000_2015/daily_close.csv.gz", keep_default_na=False)
    frame.columns = ["id", "date", "close"]
    numbers = pd.to_numeric(frame["close"], errors="coerce")
    return frame.assign(date=pd.to_datetime(frame["date"]), close=numbers)


def read_shares(folder: Path) -> pd.DataFrame:
    """Shares outstanding at the ends of the fiscal years to 2014; of two figures the lower row."""
    frame = pd.read_csv(folder / "small_caps/russell3000_2015/shares_outstanding.csv", keep_default_na=False)
    frame.columns = ["id", "year", "millions"]
    frame = frame[frame["year"] <= 2014].drop_duplicates(["id", "year"], keep="last")
    frame["date"] = pd.to_datetime(frame["year"].astype(str) + "-12-31")
    frame["shares"] = 1e6 * pd.to_numeric(frame["millions"])
    frame = frame[frame["shares"] > 0]
    return frame[["date", "id", "shares"]].sort_values(["date", "id"], ignore_index=True)


def panel(closes: pd.DataFrame, shares: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Prices and shares of the securities that have both."""
    both = set(closes["id"]) & set(shares["id"])
    return closes[closes["id"].isin(both)], shares[shares["id"].isin(both)]


def cross_section(closes: pd.DataFrame, shares: pd.DataFrame, day: str) -> pd.DataFrame:
    """Close and latest shares of every company on a day."""
    counts = shares.drop_duplicates("id", keep="last").set_index("id")["shares"]
    close = closes[closes["date"] == day].dropna().set_index("id")["close"]
    return pd.DataFrame({"close": close, "shares": counts}).dropna()


def held_through_2015(closes: pd.DataFrame, shares: pd.DataFrame, **rules: object) -> IndexResults:
    """Ranked on the first trading day of the year and held to the last."""
    chosen = IndexRules.russell2000(calendar=FixedCalendar.of([(FIRST, FIRST)]), **rules)
    prices, counts = panel(closes, shares)
    return IndexCalculator(chosen, prices[prices["date"] < "2016-01-01"], counts).run()


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """Tables of published and computed figures, by heading."""
    closes, shares = read_closes(folder), read_shares(folder)
    plain = IndexRules.russell2000(min_price=0.0, min_value=0.0, min_float=0.0)
    value = rank(cross_section(closes, shares, RANK_DAY), plain)["value"].to_numpy() / 1e9
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # prices that end before the year does: see the README
        small = held_through_2015(closes, shares)
        top = held_through_2015(closes, shares, segment="large", large=500)
    change = 100 * (small.levels["price"].iloc[-1] / small.levels["price"].iloc[0] - 1)
    sp500 = closes[closes["id"] == "GSPC"].set_index("date")["close"].dropna().rename("sp500")
    both = pd.concat([top.levels["price"], sp500], axis=1, join="inner").pct_change().dropna()
    ours = {
        f"value of rank 1000 on {RANK_DAY}, billions": value[999],
        "ranks 1001 down, price change 2015-01-02 to 2015-12-31, percent": change,
    }
    error = 100 * (both["price"] - both["sp500"]).std() * np.sqrt(252)
    tracked = pd.DataFrame(
        {
            "correlation": [both.corr().iloc[0, 1]],
            "tracking error, percent a year": [error],
            "days": [len(both)],
        },
        ["largest 500 against the S&P 500, daily"],
    )
    members = small.levels["members"].iloc[[0, -1]].rename_axis("date").to_frame()
    return {
        "FTSE Russell": compare(pd.read_csv(HERE / "published.csv"), ours),
        "The 500 largest": tracked,
        "Members of the small-cap index": members,
    }


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
