"""From raw series to quarters."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from capstar.errors import DataError
from capstar.frames import require_quarters

Rule = Literal["day_weighted", "mean", "end", "last_complete"]
_RULES = ("day_weighted", "mean", "end", "last_complete")


def to_quarterly(series: pd.Series, rule: Rule = "day_weighted") -> pd.Series:
    """Quarterly values of a monthly or daily series.

    Parameters
    ----------
    series
        On a monthly PeriodIndex, or a DatetimeIndex of months or days, in order of time.
    rule
        ``"day_weighted"``: average over days; a month counts with its number of days, as Holston, Laubach
        and Williams aggregate, a value of a daily series until the next.  ``"mean"``: plain average of the
        values.  ``"end"``: last value of a quarter that is over.  ``"last_complete"``: last value there is,
        also of a quarter that is not.

    Returns
    -------
    pandas.Series
        On a quarterly PeriodIndex named ``date``.  But for ``"last_complete"`` a quarter is NaN unless it has
        its three months, or in a daily series unless values follow it.  ``attrs`` are kept and tell the rule.

    Raises
    ------
    DataError
        The series is neither monthly nor daily, its dates are out of order or repeated, or the rule is unknown.

    Examples
    --------
    >>> import capstar as cs
    >>> rate = cs.data.small_cap_returns()["risk_free"]
    >>> cs.data.to_quarterly(rate, "mean").round(3).tail(3)
    date
    2016Q3    0.020
    2016Q4    0.020
    2017Q1    0.037
    Freq: Q-DEC, Name: risk_free, dtype: float64
    """
    if rule not in _RULES:
        raise DataError(f"rule={rule!r}; choose one of {list(_RULES)}.")
    index = series.index
    months = index.to_period("M") if isinstance(index, pd.DatetimeIndex) else index
    if not isinstance(months, pd.PeriodIndex) or index.has_duplicates or months.freqstr != "M":
        raise DataError(
            f"{series.name}: expected one value a month on a monthly index, or one a day. Convert with "
            "series.index = series.index.to_period('M')."
        )
    if not index.is_monotonic_increasing:
        raise DataError(f"{series.name}: the dates are out of order. Sort them with series.sort_index().")
    monthly = pd.Series(series.to_numpy(dtype=float), months)
    out = _from_days(series, rule) if months.has_duplicates else _from_months(monthly, rule)
    out = out.rename(series.name).rename_axis("date")
    out.attrs = series.attrs | {"aggregation": rule}
    return out


def _from_months(monthly: pd.Series, rule: Rule) -> pd.Series:
    months, quarters = monthly.index, monthly.index.asfreq("Q")
    if rule == "last_complete":
        return monthly.groupby(quarters).last()
    if rule == "day_weighted":
        days = pd.Series(np.asarray(months.days_in_month, dtype=float), months)
        out = (monthly * days).groupby(quarters).sum() / days.groupby(quarters).sum()
    else:
        grouped = monthly.groupby(quarters)
        out = grouped.mean() if rule == "mean" else grouped.last()
    return out.where(monthly.groupby(quarters).count() == 3)


def _from_days(series: pd.Series, rule: Rule) -> pd.Series:
    known = pd.Series(series.to_numpy(dtype=float), series.index).dropna()
    if known.empty:
        raise DataError(f"{series.name}: there is no value. Give a series that has some.")
    if rule == "day_weighted":
        # A rate holds until the next is set: weekends and holidays count with the day before.
        known = known.reindex(pd.date_range(known.index[0], known.index[-1])).ffill()
    quarters = known.index.to_period("Q")
    out = (
        known.groupby(quarters).last() if rule in ("end", "last_complete") else known.groupby(quarters).mean()
    )
    if rule == "last_complete":
        return out
    # The first quarter may have begun before the series, the last may not be over.
    first_whole = known.index[0] <= quarters[0].start_time + pd.Timedelta(days=5)
    over = out.index.to_numpy() < series.index[-1].to_period("Q")
    last_day = quarters[-1].end_time.normalize() - pd.Timedelta(days=4)
    over[-1] = over[-1] or series.index[-1] >= last_day
    out = out.where(over)
    return out if first_whole or rule == "end" else out.where(out.index != quarters[0])


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

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> quarters = pd.period_range("2019Q1", periods=4, freq="Q")
    >>> older = pd.Series([50.0, 51.0, 52.0, 53.0], quarters, name="old base")
    >>> newer = pd.Series([104.0, 107.0], quarters[2:], name="new base")
    >>> cs.data.splice_growth(newer, older, "2019Q3").tolist()
    [100.0, 102.0, 104.0, 107.0]
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
