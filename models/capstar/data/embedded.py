"""Real data shipped inside dependencies: offline, nothing copied."""

from __future__ import annotations

import pandas as pd

from capstar.data.inputs import model_input
from capstar.errors import DataError

_UNITS = {
    "log_gdp": "natural log of billions of chained 2005 dollars",
    "inflation": "percent a year",
    "expected_inflation": "percent a year",
    "interest_rate": "percent a year",
}
_SMALLEST = ("S1V1", "S1V3", "S1V5", "S1M1", "S1M3", "S1M5")
_LARGEST = ("S5V1", "S5V3", "S5V5", "S5M1", "S5M3", "S5M5")


def us_macro() -> pd.DataFrame:
    """US model input from ``statsmodels.datasets.macrodata``, 1960Q1-2009Q3.

    Real GDP, consumer prices (all items) and the three-month Treasury bill: not the core PCE deflator and
    federal funds rate of the published estimates, so levels of r* differ from them.

    Returns
    -------
    pandas.DataFrame
        ``log_gdp``, ``inflation``, ``expected_inflation`` (four-quarter mean) and ``interest_rate``
        (365-day compounding), quarterly PeriodIndex named ``date``; ``attrs`` hold title, source, units.
    """
    from statsmodels.datasets import macrodata

    raw = macrodata.load_pandas().data
    raw.index = pd.PeriodIndex.from_fields(
        year=raw["year"].astype(int), quarter=raw["quarter"].astype(int), freq="Q"
    )
    out = model_input(raw["realgdp"], raw["cpi"], raw["tbilrate"])
    out.attrs |= {
        "title": "statsmodels macrodata (US)",
        "source": "statsmodels.datasets.macrodata: FRED series GDPC1, CPI (all items), 3-month Treasury bill",
        "units": _UNITS,
    }
    return out


def small_cap_returns() -> pd.DataFrame:
    """Monthly US returns by size from the French data in ``linearmodels``, 1949-01 to 2017-03.

    Small is the mean of the six value-weighted portfolios of the *smallest quintile* of NYSE market
    equity (three by value, three by momentum): firms smaller than those of the Russell 2000.  Large is
    the same of the largest quintile.

    Returns
    -------
    pandas.DataFrame
        Percent a month, monthly PeriodIndex named ``date``: ``small``, ``large``,
        ``small_minus_large``, ``excess`` (small minus risk-free), ``market`` (excess over the risk-free
        rate, Mkt-RF), ``smb`` and ``risk_free``.
    """
    from linearmodels.datasets import french

    raw = french.load()
    index = pd.PeriodIndex(pd.to_datetime(raw["dates"]), freq="M", name="date")
    percent = 100.0 * raw.drop(columns="dates").set_axis(index)
    small = percent[list(_SMALLEST)].mean(axis=1)
    large = percent[list(_LARGEST)].mean(axis=1)
    out = pd.DataFrame(
        {
            "small": small,
            "large": large,
            "small_minus_large": small - large,
            "excess": small - percent["RF"],
            "market": percent["MktRF"],
            "smb": percent["SMB"],
            "risk_free": percent["RF"],
        }
    )
    out.attrs = {
        "title": "French size portfolios (US)",
        "source": "linearmodels.datasets.french: Kenneth R. French's data library",
        "units": "percent a month",
        "note": "small = smallest quintile of NYSE market equity, smaller than the Russell 2000",
    }
    return out


def french_factors() -> pd.DataFrame:
    """Fama-French factors shipped in ``arch``, 1926-07 to 2018-11.

    The index there is YYYYMM read as nanoseconds since 1970; it is put right and checked.

    Returns
    -------
    pandas.DataFrame
        ``market`` (Mkt-RF), ``smb``, ``hml``, ``risk_free``; percent a month, monthly PeriodIndex.

    Raises
    ------
    DataError
        The months do not follow one another, that is, the data set has changed.
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
    names = {"Mkt-RF": "market", "SMB": "smb", "HML": "hml", "RF": "risk_free"}
    out = raw.set_axis(index)[list(names)].rename(columns=names)
    out.attrs = {
        "title": "Fama-French three factors (US)",
        "source": "arch.data.frenchdata: Kenneth R. French's data library",
        "units": "percent a month",
    }
    return out
