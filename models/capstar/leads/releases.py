"""When data are published: days after the period they are of, and the months until a return may begin."""

from __future__ import annotations

import pandas as pd

from capstar.errors import SpecificationError

_MONTHS = pd.period_range("2001-01", "2004-12", freq="M")  # a cycle of leap years
# Bureau of Economic Analysis, "Release Schedule" (bea.gov/news/schedule): advance estimate of GDP, Personal Income and
# Outlays.  Bureau of Labor Statistics, "Schedule of Releases for the Consumer Price Index" (bls.gov/schedule).  Federal
# Reserve Board, H.15, on the next business day.
_RELEASES = {
    "gdp": ("quarter", 30, "BEA, GDP, advance estimate"),
    "pce": ("month", 30, "BEA, Personal Income and Outlays"),
    "cpi": ("month", 13, "BLS, Consumer Price Index"),
    "rates": ("month", 1, "Federal Reserve Board, H.15"),
}


def release_calendar() -> pd.DataFrame:
    """Days from the end of a period to the first publication of its data, about, in the United States.

    Returns
    -------
    pandas.DataFrame
        By series: the ``period`` the data are of, ``days``, and the ``source``. Delays by shutdowns are not in it.

    References
    ----------
    Release schedules of the Bureau of Economic Analysis and the Bureau of Labor Statistics; Federal Reserve, H.15.

    Examples
    --------
    >>> import capstar as cs
    >>> cs.leads.release_calendar()["days"].to_dict()
    {'gdp': 30, 'pce': 30, 'cpi': 13, 'rates': 1}
    """
    return pd.DataFrame.from_dict(_RELEASES, orient="index", columns=["period", "days", "source"])


def release_delay(*series: str, frequency: str = "M", days: dict[str, int] | None = None) -> int:
    """Months until everything a predictor uses is published: a ``publication_lag``.

    A return begins with the first month that starts after publication, whatever the month: thirty days after the end of
    January are in March, so that monthly consumption needs two months. A quarterly series in a monthly predictor is
    new in the last month of its quarter alone, and counts with the delay of its quarter.

    Parameters
    ----------
    *series
        What the predictor uses, of `release_calendar`.
    frequency
        Of the predictor: ``"M"``, or ``"Q"``, whose periods end in four months of the year alone.
    days
        Other delays by series, instead of the calendar's.

    Raises
    ------
    SpecificationError
        No series, an unknown one, another frequency, or days that are negative.

    Examples
    --------
    >>> import capstar as cs
    >>> cs.leads.release_delay("gdp", "pce", "rates"), cs.leads.release_delay("gdp", "pce", "rates", frequency="Q")
    (2, 1)
    >>> cs.leads.release_delay("cpi", "rates"), cs.leads.release_delay("pce", days={"pce": 27})
    (1, 1)
    """
    own = days or {}
    unknown = [name for name in (*series, *own) if name not in _RELEASES]
    if unknown or not series or frequency not in ("M", "Q"):
        raise SpecificationError(
            f"series={list(series)}, days={own}, frequency={frequency!r}; choose series of {list(_RELEASES)}, and "
            "'M' or 'Q'."
        )
    if any(count < 0 for count in own.values()):
        raise SpecificationError(f"days={own}; give days after the end of the period, at least 0.")
    return max(_months(own.get(name, _RELEASES[name][1]), _RELEASES[name][0], frequency) for name in series)


def _months(days: int, period: str, frequency: str) -> int:
    """Months from the end of a period to the month of publication, the most that any has."""
    ends = [month for month in _MONTHS if (period == "month" and frequency == "M") or month.month % 3 == 0]
    published = [(month.end_time.normalize() + pd.Timedelta(days=days)).to_period("M") for month in ends]
    return max(int(late.ordinal - month.ordinal) for late, month in zip(published, ends, strict=True))
