"""Series of the Bank of Canada's Valet service, at pandas-datareader's address."""

from __future__ import annotations

import pandas as pd

from capstar.data.sources import Address, DataSource, register
from capstar.data.sources.sdmx import rows_of, table_of
from capstar.errors import SourceError


def _address() -> str:
    from pandas_datareader.bankofcanada import BankOfCanadaReader

    return str(BankOfCanadaReader._URL.replace("http:", "https:") + "/{series}/csv")


class BankOfCanada(DataSource[pd.Series]):
    """A series by its name, such as ``"V39079"``, the target of the overnight rate."""

    key, name, example = "bankofcanada", "Bank of Canada", "V39079"
    url = Address(_address)
    terms = "free, with attribution"
    pattern = r"[A-Za-z0-9_.\-]{1,60}"

    def read(self, body: bytes, series: str) -> pd.Series:
        """The observations; terms and description stand before them, and errors may stand behind."""
        where = self.where(series)
        rows = [[cell.strip() for cell in row] for row in rows_of(body, where)]
        after = next((at for at, row in enumerate(rows) if row == ["OBSERVATIONS"]), len(rows)) + 1
        if rows[after : after + 1] != [["date", series]]:
            found = str(rows[after] if after < len(rows) else rows[:1])[:80]
            raise SourceError(f"{where}: expected OBSERVATIONS and then date, {series}; found {found}.")
        end = next((at for at, row in enumerate(rows) if at > after and row in ([], ["ERRORS"])), len(rows))
        if odd := [row for row in rows[after + 1 : end] if len(row) != 2]:
            raise SourceError(
                f"{where}: a row is {str(odd[0])[:80]}, not a date and a value. Try again later."
            )
        return table_of([(day, cell) for day, cell in rows[after + 1 : end]], where).rename(series)


BANK_OF_CANADA = register(BankOfCanada())
