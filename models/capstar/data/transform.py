"""From raw series to quarters."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from capstar.errors import DataError
from capstar.frames import require_quarters

Rule = Literal["day_weighted", "mean", "end"]


def to_quarterly(series: pd.Series, rule: Rule = "day_weighted") -> pd.Series:
    """Quarterly values of a monthly series.

    Parameters
    ----------
    series
        On a monthly PeriodIndex or DatetimeIndex, in order of time.
    rule
        ``"day_weighted"``: average of the months weighted by their days, as Holston, Laubach and
        Williams aggregate; ``"mean"``: plain average; ``"end"``: last month.

    Returns
    -------
    pandas.Series
        On a quarterly PeriodIndex named ``date``; a quarter without its three months is NaN.

    Raises
    ------
    DataError
        The series is not monthly, its months are out of order or repeated, or the rule is unknown.
    """
    index = series.index
    months = index.to_period("M") if isinstance(index, pd.DatetimeIndex) else index
    if not isinstance(months, pd.PeriodIndex) or months.freqstr != "M" or months.has_duplicates:
        raise DataError(
            f"{series.name}: expected one value a month on a monthly index. Convert with "
            "series.index = series.index.to_period('M')."
        )
    if not months.is_monotonic_increasing:
        raise DataError(f"{series.name}: the months are out of order. Sort them with series.sort_index().")
    monthly = pd.Series(series.to_numpy(dtype=float), months)
    quarters = months.asfreq("Q")
    count = monthly.groupby(quarters).count()
    if rule == "day_weighted":
        days = pd.Series(np.asarray(months.days_in_month, dtype=float), months)
        out = (monthly * days).groupby(quarters).sum() / days.groupby(quarters).sum()
    elif rule == "mean":
        out = monthly.groupby(quarters).mean()
    elif rule == "end":
        out = monthly.groupby(quarters).last()
    else:
        raise DataError(f"rule={rule!r}; choose 'day_weighted', 'mean' or 'end'.")
    return out.where(count == 3).rename(series.name).rename_axis("date")


def splice_growth(newer: pd.Series, older: pd.Series, at: str | pd.Period) -> pd.Series:
    """Extend an index backwards with the growth of another.

    Parameters
    ----------
    newer, older
        Index levels on a quarterly PeriodIndex.
    at
        First quarter of ``newer`` that is kept; both series have a value there.

    Raises
    ------
    DataError
        A series is not quarterly, or has no positive value at the joint.
    """
    joint = pd.Period(at, freq="Q")
    for series in (newer, older):
        name = str(series.name)
        require_quarters(series, name)
        if joint not in series.index or pd.isna(series[joint]):
            raise DataError(
                f"{name} has no value in {joint}, where the series are to be joined; it covers "
                f"{series.first_valid_index()}-{series.last_valid_index()}. Choose a quarter both have."
            )
        if series[joint] <= 0:
            raise DataError(f"{name} in {joint} is {series[joint]:.6g}; an index level must be positive.")
    scaled = older.loc[:joint].iloc[:-1] * (newer[joint] / older[joint])
    return pd.concat([scaled, newer.loc[joint:]]).rename(newer.name)
