"""Real data shipped inside dependencies: offline, nothing copied."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from capstar.data.inputs import model_input
from capstar.errors import DataError
from capstar.timing import timed

ReturnSource = Literal["french", "french_size_value", "french_size_momentum"]
_SORTS = {"french": ("V", "M"), "french_size_value": ("V",), "french_size_momentum": ("M",)}
FACTOR_NAMES = {"Mkt-RF": "market", "SMB": "smb", "HML": "hml", "RF": "risk_free"}
SIZE_NOTE = "small = smallest quintile of NYSE market equity, smaller than the Russell 2000"


@timed("reading data")
def us_macro() -> pd.DataFrame:
    """US model input from ``statsmodels.datasets.macrodata``, 1960Q1-2009Q3.

    Real GDP, consumer prices (all items, last month of the quarter) and the three-month Treasury bill
    (mean of the quarter): not the core PCE deflator and federal funds rate of the published estimates, so
    levels of r* differ from them.  One revised vintage, not what was known at the time.

    Returns
    -------
    pandas.DataFrame
        ``log_gdp``, ``inflation``, ``expected_inflation`` (four-quarter mean) and ``interest_rate``
        (365-day compounding), quarterly PeriodIndex named ``date``; ``attrs`` hold ``title``,
        ``source``, ``start``, and ``units`` and ``transformation`` by column.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> us.round(2).tail(2)
            log_gdp  inflation  expected_inflation  interest_rate
    date
    2009Q2     9.47       3.37               -1.91           0.18
    2009Q3     9.47       3.56               -0.23           0.12
    """
    from statsmodels.datasets import macrodata

    raw = macrodata.load_pandas().data
    raw.index = pd.PeriodIndex.from_fields(
        year=raw["year"].astype(int), quarter=raw["quarter"].astype(int), freq="Q"
    )
    out = model_input(raw["realgdp"], raw["cpi"], raw["tbilrate"])
    out.attrs |= {
        "title": "statsmodels macrodata (US)",
        "source": "statsmodels.datasets.macrodata (from FRED): realgdp, cpi (all items, end of quarter), "
        "tbilrate (3-month bill, quarterly mean)",
        "start": str(out.index[0]),
        "units": out.attrs["units"] | {"log_gdp": "natural log of billions of chained 2005 dollars a year"},
    }
    return out


@timed("reading data")
def small_cap_returns(source: ReturnSource = "french") -> pd.DataFrame:
    """Monthly US returns by size from the French data in ``linearmodels``, 1949-01 to 2017-03.

    Small is the mean of portfolios of the *smallest quintile* of NYSE market equity (S1): firms smaller
    than those of the Russell 2000.  Large is the same of the largest quintile (S5).

    Parameters
    ----------
    source
        Which portfolios of a quintile are averaged, weighted equally: ``"french_size_value"`` (lowest,
        middle and highest value), ``"french_size_momentum"`` (losers, neutral, winners), or ``"french"``,
        all six.

    Returns
    -------
    pandas.DataFrame
        Percent a month, monthly PeriodIndex named ``date``: ``small``, ``large``,
        ``small_minus_large`` (its log is the difference of their logs), ``excess`` (small minus risk-free),
        ``market`` (excess over the risk-free
        rate, Mkt-RF), ``smb`` and ``risk_free``.  ``small`` and ``large`` are returns before the
        risk-free rate is taken off.  ``attrs`` hold ``title``, ``source``, ``units``,
        ``transformation`` and the note on size.

    Raises
    ------
    DataError
        The source is unknown.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns("french_size_value")
    >>> returns[["small", "large", "small_minus_large"]].round(2).tail(2)
             small  large  small_minus_large
    date
    2017-02   0.93   4.03              -2.97
    2017-03   1.43  -0.64               2.08
    """
    if source not in _SORTS:
        raise DataError(f"source={source!r}; choose one of {list(_SORTS)}.")
    from linearmodels.datasets import french

    raw = french.load()
    index = pd.PeriodIndex(pd.to_datetime(raw["dates"]), freq="M", name="date")
    percent = 100.0 * raw.drop(columns="dates").set_axis(index)
    small, large = (
        percent[[f"{size}{sort}{third}" for sort in _SORTS[source] for third in (1, 3, 5)]].mean(axis=1)
        for size in ("S1", "S5")
    )
    out = by_size(small, large, percent["MktRF"], percent["SMB"], percent["RF"])
    out.attrs = {
        "title": "French size portfolios (US)",
        "source": "linearmodels.datasets.french: Kenneth R. French's data library",
        "units": "percent a month",
        "transformation": f"{source}: equal-weighted mean of the quintile's portfolios, decimals to percent",
        "note": SIZE_NOTE,
    }
    return out


def by_size(
    small: pd.Series, large: pd.Series, market: pd.Series, smb: pd.Series, risk_free: pd.Series
) -> pd.DataFrame:
    """Returns in the columns of `small_cap_returns`; small minus large is a difference of logs, as it is summed."""
    difference = 100 * ((100 + small) / (100 + large) - 1)
    found = {"small": small, "large": large, "small_minus_large": difference, "excess": small - risk_free}
    return pd.DataFrame(found | {"market": market, "smb": smb, "risk_free": risk_free})


@timed("reading data")
def french_factors() -> pd.DataFrame:
    """Fama-French factors shipped in ``arch``, 1926-07 to 2018-11.

    The index there is YYYYMM read as nanoseconds since 1970; it is corrected and checked.

    Returns
    -------
    pandas.DataFrame
        ``market`` (Mkt-RF), ``smb``, ``hml``, ``risk_free``; percent a month, monthly PeriodIndex.

    Raises
    ------
    DataError
        The months do not follow one another, that is, the data set has changed.

    Examples
    --------
    >>> import capstar as cs
    >>> cs.data.french_factors().tail(2)
             market   smb   hml  risk_free
    date
    2018-10   -7.68 -4.68  3.41       0.19
    2018-11    1.69 -0.75  0.22       0.18
    """
    from arch.data import frenchdata

    raw = frenchdata.load()
    # 192607 was read as nanoseconds since 1970.
    months = (
        raw.index.as_unit("ns").asi8 if raw.index[0].year == 1970 else raw.index.strftime("%Y%m").astype(int)
    )
    index = pd.PeriodIndex([f"{m // 100}-{m % 100:02d}" for m in months], freq="M", name="date")
    if len(index) != (index[-1] - index[0]).n + 1 or not index.is_monotonic_increasing:
        raise DataError(f"arch.data.frenchdata: the months {index[0]}-{index[-1]} are not consecutive.")
    out = raw.set_axis(index)[list(FACTOR_NAMES)].rename(columns=FACTOR_NAMES)
    out.attrs = {
        "title": "Fama-French three factors (US)",
        "source": "arch.data.frenchdata: Kenneth R. French's data library",
        "units": "percent a month",
        "transformation": "none; months read from YYYYMM",
    }
    return out
