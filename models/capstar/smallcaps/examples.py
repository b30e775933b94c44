"""The rules and tables of the examples in this room's docstrings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from capstar.smallcaps.rules import IndexRules


def three_companies() -> tuple[IndexRules, pd.DataFrame, pd.DataFrame]:
    """An index of three made-up companies in the first quarter of 2024: rules, prices, shares.

    One rises, one stands still and pays a dividend, one falls; the tables are as `capstar.smallcaps.schema` has them.
    """
    days = pd.bdate_range("2024-01-02", "2024-03-28")
    path = np.arange(len(days)) / len(days)
    closes = {"UP": 20 + 10 * path, "FLAT": np.full(len(days), 50.0), "DOWN": 40 - 10 * path}
    wide = pd.DataFrame(closes, days.rename("date"))
    prices = wide.melt(var_name="id", value_name="close", ignore_index=False).reset_index()
    prices["dividend"] = np.where((prices["id"] == "FLAT") & (prices["date"] == "2024-02-15"), 0.5, 0.0)
    shares = pd.DataFrame({"date": days[0], "id": list(closes), "shares": [3e6, 1e6, 1e6]})
    shares["sector"] = ["energy", "banks", "energy"]
    rules = IndexRules.custom(3, [("2024-01-02", "2024-01-03")], name="three companies")
    return rules, prices, shares
