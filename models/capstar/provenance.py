"""Where the numbers of a result are from: data, sample, and whether they are of the United States."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd

Table = TypeVar("Table", pd.Series, pd.DataFrame)

TITLE = "title"  # in attrs: what the data are, in words
AS_GIVEN = "data as given"
_US = re.compile(r"\b(US|USA|United States)\b")


@dataclass(frozen=True)
class Source:
    """Data and sample of a result, the line below its figure.

    Attributes
    ----------
    data
        Titles of the data, with semicolons between them.
    sample
        First and last period, or the number of observations; empty where neither is known.
    """

    data: str = AS_GIVEN
    sample: str = ""

    @property
    def is_us(self) -> bool:
        """Whether every title says that the data are of the United States."""
        return all(_US.search(title) for title in self.data.split("; "))

    def __str__(self) -> str:
        return f"Source: {self.data}." + (f" Sample: {self.sample}." if self.sample else "")


def source_of(*tables: pd.Series | pd.DataFrame, sample: str | None = None) -> Source:
    """The titles of some tables, and by default the sample of the first.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.provenance import source_of
    >>> source_of(cs.data.us_macro()).data
    'statsmodels macrodata (US)'
    """
    titles = dict.fromkeys(
        title for table in tables for title in str(table.attrs.get(TITLE, "")).split("; ") if title
    )
    return Source("; ".join(titles) or AS_GIVEN, sample_of(tables[0]) if sample is None else sample)


def entitled(table: Table, titles: Iterable[str]) -> Table:
    """A table with some titles of data, each once."""
    table.attrs[TITLE] = "; ".join(dict.fromkeys(titles))
    return table


def titled(table: Table, *tables: pd.Series | pd.DataFrame) -> Table:
    """A table with the titles of those it was computed from."""
    if (found := source_of(*tables).data) != AS_GIVEN:
        table.attrs[TITLE] = found
    return table


def sample_of(table: pd.Series | pd.DataFrame) -> str:
    """First and last period of a table by period, or of its columns ``first`` and ``last``, or observations."""
    index = table.index
    if isinstance(index, pd.PeriodIndex | pd.DatetimeIndex) and len(index):
        return f"{str(index[0])[:10]} to {str(index[-1])[:10]}"
    if isinstance(table, pd.Series) or table.empty:
        return ""
    if {"first", "last"} <= set(table):
        return f"{table['first'].astype(str).min()} to {table['last'].astype(str).max()}"
    counts = table["nobs"] if "nobs" in table else table.loc["nobs"] if "nobs" in index else None
    if counts is None:
        return ""
    low, high = int(counts.min()), int(counts.max())
    return f"{high} observations" if low == high else f"{low} to {high} observations"
