"""Recessions of the United States, and their shading behind a time axis."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import DateLocator, date2num

# National Bureau of Economic Research, "US Business Cycle Expansions and Contractions" (nber.org/cycles): month of the
# peak and of the trough after it.  The last trough, April 2020, was announced on 19 July 2021.
NBER = """
1857-06 1858-12  1860-10 1861-06  1865-04 1867-12  1869-06 1870-12  1873-10 1879-03  1882-03 1885-05  1887-03 1888-04
1890-07 1891-05  1893-01 1894-06  1895-12 1897-06  1899-06 1900-12  1902-09 1904-08  1907-05 1908-06  1910-01 1912-01
1913-01 1914-12  1918-08 1919-03  1920-01 1921-07  1923-05 1924-07  1926-10 1927-11  1929-08 1933-03  1937-05 1938-06
1945-02 1945-10  1948-11 1949-10  1953-07 1954-05  1957-08 1958-04  1960-04 1961-02  1969-12 1970-11  1973-11 1975-03
1980-01 1980-07  1981-07 1982-11  1990-07 1991-03  2001-03 2001-11  2007-12 2009-06  2020-02 2020-04
"""
STRIP = 0.03  # of the axes' height


def recessions() -> pd.DataFrame:
    """Recessions of the United States since 1857, dated by the NBER: months ``peak`` and ``trough``, a row each."""
    months = np.reshape(NBER.split(), (-1, 2))
    return pd.DataFrame(
        {name: pd.PeriodIndex(months[:, k], freq="M") for k, name in enumerate(("peak", "trough"))}
    )


def shade_recessions(ax: Axes, *, height: float = 1.0) -> bool:
    """Shade the months after each peak to the trough, as far as the data reach; whether there was one to shade.

    Parameters
    ----------
    ax
        Nothing is done where its horizontal axis has no dates.
    height
        Of the shading, a share of the axes, from below: a strip where the ground is shaded already.
    """
    if not isinstance(ax.xaxis.get_major_locator(), DateLocator):
        return False
    first, last = ax.dataLim.intervalx
    found = recessions()
    begins, ends = (
        date2num((found[name] + 1).dt.to_timestamp())  # type: ignore[no-untyped-call]
        for name in found
    )
    within = [
        (max(b, first), min(e, last)) for b, e in zip(begins, ends, strict=True) if b < last and e > first
    ]
    for begin, end in within:
        ax.axvspan(
            begin, end, ymax=height, color="#d9d9d9", alpha=0.6 if height == 1 else 1, linewidth=0, zorder=0
        )
    return bool(within)
