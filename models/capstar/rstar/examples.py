"""Months to try a monthly model on, without a network."""

from __future__ import annotations

import numpy as np
import pandas as pd


def months(table: pd.DataFrame, last: str) -> pd.DataFrame:
    """A quarterly table by month: a quarter's rates in each of its months, and its output in the last.

    What is not out at the end of the last month is missing: prices of that month, and output of its quarter.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.rstar.examples import months
    >>> us = months(cs.data.us_macro(), "2009-02")
    >>> [str(us[name].last_valid_index()) for name in ("log_gdp", "inflation", "interest_rate")]
    ['2008-12', '2009-01', '2009-02']
    """
    index = pd.period_range(table.index[0].asfreq("M", "start"), last, freq="M", name="date")
    out = table.reindex(index.asfreq("Q")).set_axis(index)
    out.loc[index.month % 3 != 0, "log_gdp"] = np.nan
    out.loc[index[-1] :, ["log_gdp", "inflation"]] = np.nan
    out.loc[index[-1], "expected_inflation"] = out["expected_inflation"].iloc[-2]
    out.attrs = dict(table.attrs)
    return out
