"""Series of the European Central Bank's Data Portal."""

from __future__ import annotations

import pandas as pd

from capstar.data.sources import DataSource, register
from capstar.data.sources.sdmx import sdmx_series


class EuropeanCentralBank(DataSource[pd.Series]):
    """A series by its dataset, a slash, and the rest of its key: the Portal's key with the first point as a slash."""

    key, name = "ecb", "European Central Bank"
    url = "https://data-api.ecb.europa.eu/service/data/{series}?format=csvdata"
    terms = "free, with attribution"
    pattern = r"[A-Z0-9]{2,8}/[A-Za-z0-9_.]{1,100}"
    example = "FM/M.U2.EUR.RT.MM.EURIBOR3MD_.HSTA"

    def read(self, body: bytes, series: str) -> pd.Series:
        """The series on its own dates."""
        return sdmx_series(body, self.where(series), series.partition("/")[2]).rename(series)


ECB = register(EuropeanCentralBank())
