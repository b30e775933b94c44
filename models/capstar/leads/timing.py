"""Which return belongs after which quarter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from capstar.errors import DataError


def cumulate_after(
    returns: pd.Series, quarters: pd.PeriodIndex, *, horizon: int = 1, publication_lag: int = 1
) -> pd.Series:
    """Log return over ``horizon`` quarters that begins once the quarter's data are published.

    Parameters
    ----------
    returns
        Simple returns in percent a month, on a monthly PeriodIndex without gaps.
    quarters
        Quarters whose data predict.
    horizon
        Length, quarters.
    publication_lag
        Months between the end of a quarter and the first month of the return: with 1, the first quarter's
        figures are taken as known at the end of April, and the return starts with May.

    Returns
    -------
    pandas.Series
        ``sum 100 log(1 + r/100)`` over ``3 * horizon`` months, by quarter; NaN where a month is unknown.

    Raises
    ------
    DataError
        The returns are not monthly, have a gap, or fall to -100 percent.
    """
    index = returns.index
    if not isinstance(index, pd.PeriodIndex) or index.freqstr != "M":
        raise DataError(
            f"{returns.name}: returns must be on a monthly PeriodIndex, got {type(index).__name__}. Convert "
            "with returns.index = returns.index.to_period('M')."
        )
    if (np.diff(index.asi8) != 1).any():
        where = index[int(np.argmax(np.diff(index.asi8) != 1))]
        raise DataError(
            f"{returns.name}: a month is missing or repeated after {where}. Give every month once."
        )
    if (returns <= -100).any():
        raise DataError(
            f"{returns.name} in {(returns <= -100).idxmax()} is {returns.min():.4g} percent; no log exists. "
            "Give returns in percent."
        )
    months = 3 * horizon
    total = (100 * np.log1p(returns / 100)).rolling(months).sum()
    last = quarters.asfreq("M", how="end") + publication_lag + months
    return pd.Series(total.reindex(last).to_numpy(), quarters, name=returns.name)
