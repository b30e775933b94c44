"""What is known of the terms under which data may be used: a table of facts, which claims nothing else."""

from __future__ import annotations

import re

import pandas as pd

from capstar.data.describe import describe_data
from capstar.data.sources import sources

OWN = "as you brought it: its terms are known to you alone"
UNKNOWN = "not known here; ask the source"
_BEA = "US Bureau of Economic Analysis: public domain in the United States, citation asked"
_BLS = "US Bureau of Labor Statistics: public domain in the United States, citation asked"
_BOARD = "Board of Governors of the Federal Reserve System: public domain, citation asked"
_FRED_PAGE = "https://fred.stlouisfed.org/series/{}"
_FRED_TERMS = "https://fred.stlouisfed.org/legal/"
_FRED_REST = "of the source that FRED names beside the series, with its terms; some series are copyrighted"

# By identifier at FRED; what is not here has its terms on its own page there.
SERIES = {
    **dict.fromkeys(("GDPC1", "GDP", "GDPDEF", "GDPCTPI", "PCEPILFE", "PCECTPI", "PCEPI", "JCXFE"), _BEA),
    **dict.fromkeys(("CPIAUCSL", "CPILFESL", "CPIAUCNS", "UNRATE", "PAYEMS"), _BLS),
    **dict.fromkeys(("FEDFUNDS", "TB3MS", "DTB3", "GS10", "DGS10", "GS1", "TB6MS"), _BOARD),
}
# By what the name of a source has in it, the first that fits.
SOURCES = (
    (
        "statsmodels.datasets.macrodata",
        "statsmodels calls this data set public domain; compiled from FRED and the US Bureau of Labor Statistics",
        "https://www.statsmodels.org/stable/datasets/generated/macrodata.html",
    ),
    (
        "French",
        "copyright Eugene F. Fama and Kenneth R. French; cite the library",
        "https://mba.tuck.dartmouth.edu/pages/faculty/ken.french/data_library.html",
    ),
    (
        "Federal Reserve Bank of New York",
        "the Bank's terms of use hold; cite the Bank and the paper",
        "https://www.newyorkfed.org/research/policy/rstar",
    ),
    (
        "Federal Reserve Bank of Philadelphia",
        "for information, education and research, by the Bank's terms of use; cite the Bank",
        "https://www.philadelphiafed.org",
    ),
)


def licence(source: str, series: str = "") -> tuple[str, str]:
    """Terms of a series in a few words, and an address at which they, or the source, can be asked.

    Parameters
    ----------
    source
        As in ``attrs["source"]``; empty for a file or table of the user's.
    series
        As in ``attrs["series_id"]``.
    """
    if not source:
        return OWN, ""
    found = next(((said, where) for name, said, where in SOURCES if name in source), None)
    if found is not None:
        return found
    if "FRED" in source:
        names = re.findall(r"\b[A-Z][A-Z0-9_]{2,}\b", series)
        said = dict.fromkeys(SERIES.get(name, _FRED_REST) for name in names or [""])
        return "; ".join(said), _FRED_PAGE.format(names[0]) if len(names) == 1 else _FRED_TERMS
    named = sources()
    fitting = named[[str(name) in source for name in named["name"]]]
    return (str(fitting["terms"].iloc[0]), str(fitting["host"].iloc[0])) if len(fitting) else (UNKNOWN, "")


def licences(table: pd.DataFrame) -> pd.DataFrame:
    """Terms of every source of a table: ``series``, ``terms`` and ``at``, by ``source``.

    Examples
    --------
    >>> import capstar as cs
    >>> terms = cs.data.licences(cs.data.us_macro())
    >>> print(terms.index[0].split()[0], list(terms))
    statsmodels.datasets.macrodata ['series', 'terms', 'at']
    """
    rows: dict[tuple[str, str, str], list[str]] = {}
    for name, row in describe_data(table).iterrows():
        source = str(row["source"])
        said = licence(source, str(row["series"]))
        rows.setdefault((source or str(table.attrs.get("title", "table given")), *said), []).append(str(name))
    found = [(source, ", ".join(names), terms, at) for (source, terms, at), names in rows.items()]
    return pd.DataFrame(found, columns=["source", "series", "terms", "at"]).set_index("source")
