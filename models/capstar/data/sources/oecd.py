"""Series of the Organisation for Economic Co-operation and Development, whose copies on FRED have stopped."""

from __future__ import annotations

import pandas as pd

from capstar.data.sources import DataSource, register
from capstar.data.sources.sdmx import sdmx_series


class Oecd(DataSource[pd.Series]):
    """A series by agency and dataflow, a slash, and its dimensions: the end of an address of the Data Explorer."""

    key, name = "oecd", "OECD"
    url = (
        "https://sdmx.oecd.org/public/rest/data/{series}?dimensionAtObservation=AllDimensions&format=csvfile"
    )
    terms = "free, with attribution (CC BY 4.0)"
    pattern = r"[A-Z.]{2,40},[A-Za-z0-9_@]{1,80}(,[0-9.]{1,9})?/[A-Za-z0-9_.]{1,100}"
    example = "OECD.SDD.TPS,DSD_PRICES@DF_PRICES_ALL/GBR.M.N.CPI.IX._T.N._Z"

    def read(self, body: bytes, series: str) -> pd.Series:
        """The series on its own dates."""
        return sdmx_series(body, self.where(series), series.partition("/")[2]).rename(series)


OECD = register(Oecd())
