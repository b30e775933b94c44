"""What of the US economy a return may lead beyond output, and what rivals it: unemployment and the term spread."""

from __future__ import annotations

import warnings
from typing import Literal

import pandas as pd

from capstar.data.continued import Input, Reader
from capstar.data.store.download import network
from capstar.data.transform import to_quarterly
from capstar.errors import DataError, DataWarning, SourceError
from capstar.timing import timed

UNEMPLOYMENT, TERM_SPREAD = "unemployment", "term_spread"
_UNITS = {UNEMPLOYMENT: "percent of the labour force", TERM_SPREAD: "percentage points"}
_SERIES = {
    UNEMPLOYMENT: (Input(UNEMPLOYMENT, ("fred:UNRATE",), fill=True),),
    TERM_SPREAD: (
        Input("ten-year yield", ("fred:GS10",), "level", revised=False),
        Input("three-month bill", ("fred:TB3MS",), "level", revised=False),
    ),
}
_IDS = {UNEMPLOYMENT: "UNRATE", TERM_SPREAD: "GS10 less TB3MS"}


def us_economy(
    source: Literal["embedded", "fred"] = "embedded", *, as_of: str | pd.Timestamp | None = None
) -> pd.DataFrame:
    """US unemployment and term spread, quarterly means.

    Parameters
    ----------
    source
        ``"embedded"``, 1959Q1-2009Q3: of ``statsmodels.datasets.macrodata``, and, as it has no Treasury yield, Moody's
        Aaa yield of ``arch.data.default`` less the three-month bill, which carries a spread for default too.
        ``"fred"``, from 1953Q2: UNRATE (October 2025, when there was no survey, is the mean of its
        neighbours), and GS10 less TB3MS, months weighted by their days.
    as_of
        Day of which live data are taken as then known.

    Returns
    -------
    pandas.DataFrame
        ``unemployment`` and ``term_spread``, percent; quarterly PeriodIndex named ``date``.  ``attrs`` as those of
        `us_macro`; ``attrs["term_spread"]`` says of which yields it is.

    Raises
    ------
    DataError
        The source is unknown, or ``as_of`` is given of embedded data.
    SourceError
        FRED has neither column.

    Warns
    -----
    DataWarning
        FRED has one of the columns alone.

    Examples
    --------
    >>> import capstar as cs
    >>> cs.data.us_economy().loc["2009Q2"].round(2).to_dict()
    {'unemployment': 9.2, 'term_spread': 5.33}
    """
    if source not in ("embedded", "fred") or (source == "embedded" and as_of is not None):
        raise DataError(f"source={source!r}, as_of={as_of}; choose 'embedded', without as_of, or 'fred'.")
    return _embedded() if source == "embedded" else _live(as_of)


@timed("reading data")
def _embedded() -> pd.DataFrame:
    from arch.data import default
    from statsmodels.datasets import macrodata

    raw = macrodata.load_pandas().data
    quarters = pd.PeriodIndex.from_fields(
        year=raw["year"].astype(int), quarter=raw["quarter"].astype(int), freq="Q"
    )
    yields = default.load()["AAA"]
    aaa = to_quarterly(yields.set_axis(yields.index.to_period("M")), "mean")
    columns = {
        UNEMPLOYMENT: raw["unemp"].set_axis(quarters),
        TERM_SPREAD: aaa.reindex(quarters) - raw["tbilrate"].set_axis(quarters),
    }
    out = pd.DataFrame(columns).rename_axis("date")
    out.attrs = {
        "title": "statsmodels macrodata and arch default (US)",
        "source": "statsmodels.datasets.macrodata and arch.data.default (from FRED): unemp, AAA less tbilrate",
        "units": dict(_UNITS),
        "transformation": dict.fromkeys(columns, "mean of the quarter"),
        TERM_SPREAD: "Moody's Aaa yield less the three-month bill",
    }
    return out


@network()
def _live(as_of: str | pd.Timestamp | None) -> pd.DataFrame:
    get, columns, failed = Reader(as_of), dict[str, pd.Series](), list[str]()
    for name, series in _SERIES.items():
        try:
            first, *second = map(get, series)
        except SourceError as error:
            failed.append(f"{name.replace('_', ' ').capitalize()} is left out: {error}")
            continue
        columns[name] = first - second[0] if second else first
    if not columns:
        raise SourceError(" ".join(failed))
    for said in failed:
        warnings.warn(said, DataWarning, stacklevel=5)
    out = pd.DataFrame(columns).rename_axis("date")
    out.attrs = get.provenance("US: unemployment and term spread", {name: _IDS[name] for name in columns})
    out.attrs |= {
        "units": {name: _UNITS[name] for name in columns},
        "transformation": dict.fromkeys(columns, "months weighted by their days"),
        TERM_SPREAD: "the ten-year Treasury yield less the three-month bill",
    }
    return out
