"""Data as they were known: the vintages of the reference folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def as_known(folder: Path, series: str, vintage: str) -> pd.Series:
    """A quarterly series as known then.

    Parameters
    ----------
    folder
        Reference data.
    series
        A file of ``vintages``, such as ``real_gdp.csv`` of the Federal Reserve Bank of Philadelphia.
    vintage
        One of its columns: ``2016Q4``, the middle of that quarter, or ``2023-02``, the end of that month.
    """
    known = pd.read_csv(folder / "vintages" / series, index_col="date")[vintage].dropna()
    return known.set_axis(pd.PeriodIndex(known.index, freq="Q"))
