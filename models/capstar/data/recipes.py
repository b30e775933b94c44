"""Inputs of the published models from raw series, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd

from capstar.data.inputs import expected_inflation, model_input
from capstar.data.sources import source
from capstar.data.sources.alfred import alfred
from capstar.data.sources.fred import SOURCE as FRED
from capstar.data.sources.fred import fred
from capstar.data.sources.nyfed import published_inputs
from capstar.data.store.download import network
from capstar.data.transform import splice_growth, to_quarterly
from capstar.errors import DataError, SourceError

When: TypeAlias = str | pd.Timestamp | None


@dataclass(frozen=True)
class Country:
    """Series of a country outside the United States, by FRED's identifiers; ``name`` as models know it."""

    name: str
    title: str
    gdp: str  # real gross domestic product, quarterly
    core: str  # consumer prices without food and energy
    headline: str  # all items, used before core begins
    rate: str  # policy or three-month rate
    start: str  # first quarter
    note: str  # what differs from the published input


CANADA = Country(
    name="canada",
    title="Canada",
    gdp="NGDPRSAXDCCAQ",
    core="CANCPICORMINMEI",
    headline="CANCPIALLMINMEI",
    rate="IRSTCB01CAM156N",
    start="1960Q1",
    note="Core prices are the OECD's without food and energy, where the papers take the Bank of Canada's core.",
)
EURO_AREA = Country(
    name="euro area",
    title="Euro area",
    gdp="CLVMNACSCAB1GQEA19",
    core="00XEFDEZ19M086NEST",
    headline="CP0000EZ19M086NEST",
    rate="IR3TIB01EZM156N",
    start="1971Q1",
    note="FRED has no data before 1995; the papers splice the Area-Wide Model's database before, from 1970.",
)
UNITED_KINGDOM = Country(
    name="uk",
    title="United Kingdom",
    gdp="NGDPRSAXDCGBQ",
    core="GBRCPICORMINMEI",
    headline="GBRCPIALLMINMEI",
    rate="IRSTCB01GBM156N",
    start="1960Q1",
    note="The OECD's copies of national series; the paper takes those of the ONS and the Bank of England.",
)


@network()
def us_hlw(
    as_of: When = None, *, start: str = "1960Q1", end: str | None = None, covid: bool = False
) -> pd.DataFrame:
    """US input of Holston, Laubach and Williams (2017, 2023).

    1. Output: GDPC1, billions of chained dollars; its natural log.
    2. Prices: PCEPILFE, months weighted by their days; before 1959Q1 backwards with the growth of PCECTPI,
       so that inflation, 400 times the change of the log, is core from 1959Q2.
    3. Expected inflation: mean of the quarter and the three before.
    4. Rate: FEDFUNDS from 1965Q1, before that the discount rate of the Federal Reserve Bank of New York,
       M13009USM156NNBR, months weighted by their days; ``100 ((1 + i/36000)^365 - 1)``.

    Parameters
    ----------
    as_of
        Day of which GDP and prices are taken as then known, from ALFRED; by default the latest vintage.
    start, end
        First and last quarter; the last by default the last of which all is known.
    covid
        Add ``covid_index`` from the New York Fed's workbook, zero before and after it.

    Returns
    -------
    pandas.DataFrame
        Input of `capstar.rstar.RStarModel.fit`; see `describe_data`.

    Raises
    ------
    SourceError
        A series is unavailable.

    References
    ----------
    Holston, Laubach and Williams (2017), appendix "Data"; Laubach and Williams (2003), section III.
    """
    get = _Getter(as_of)
    core, older = to_quarterly(get("PCEPILFE", revised=True)), get("PCECTPI", revised=True)
    price = splice_growth(core.dropna(), older, "1959Q1")
    funds, discount = to_quarterly(get("FEDFUNDS")), to_quarterly(get("M13009USM156NNBR"))
    rate = pd.concat([discount.loc[:"1964Q4"], funds.loc["1965Q1":]])
    out = _cut(model_input(get("GDPC1", revised=True), price, rate.dropna()), start, end)
    columns = {
        "log_gdp": "GDPC1",
        "inflation": "PCEPILFE, before 1959Q2 PCECTPI",
        "expected_inflation": "PCEPILFE, before 1959Q2 PCECTPI",
        "interest_rate": "FEDFUNDS, before 1965Q1 M13009USM156NNBR",
    }
    out.attrs |= get.provenance("US: input of Holston, Laubach and Williams", columns) | {"country": "us"}
    return _with_covid(out, "us") if covid else out


@network()
def us_lw(as_of: When = None, *, start: str = "1959Q1", end: str | None = None) -> pd.DataFrame:
    """US input of Laubach and Williams (2003, 2023).

    As `us_hlw`, but expected inflation is a direct forecast of the next four quarters
    (`capstar.data.expected_inflation`, ``"direct"``), and oil and import price inflation and the COVID index
    are those of the New York Fed's workbook: the published price of imports other than petroleum, computers
    and semiconductors is not on FRED.

    Parameters
    ----------
    as_of
        Of GDP and prices, as in `us_hlw`; the workbook is always the latest.
    start, end
        First and last quarter.
    """
    base = us_hlw(as_of, start="1947Q2", end=end)
    direct = expected_inflation(base["inflation"], "direct")
    base["expected_inflation"] = direct.fillna(base["expected_inflation"])
    book = published_inputs("lw")
    extra = ["oil_price_inflation", "import_price_inflation", "covid_index"]
    out = base.join(book[extra], how="inner").loc[start:end]
    out.attrs = base.attrs | {"title": "US: input of Laubach and Williams"}
    for key, words in (("source", "Federal Reserve Bank of New York, workbook"), ("units", "percent a year")):
        out.attrs[key] = {**_by_column(base, key), **dict.fromkeys(extra, words)}
    out.attrs["units"]["covid_index"] = "index, 0-100"
    out.attrs["transformation"] |= {"expected_inflation": "direct; before 1960 four-quarter mean"}
    return out


def canada_hlw(
    as_of: When = None, *, start: str | None = None, end: str | None = None, covid: bool = False
) -> pd.DataFrame:
    """Canadian input of Holston, Laubach and Williams, from the series of `CANADA`; ``covid`` as in `us_hlw`."""
    return _abroad(CANADA, as_of, start, end, covid=covid)


def euro_area_hlw(
    as_of: When = None, *, start: str | None = None, end: str | None = None, covid: bool = False
) -> pd.DataFrame:
    """Euro-area input of Holston, Laubach and Williams, from the series of `EURO_AREA`; ``covid`` as in `us_hlw`."""
    return _abroad(EURO_AREA, as_of, start, end, covid=covid)


def uk_hlw(
    as_of: When = None, *, start: str | None = None, end: str | None = None, covid: bool = False
) -> pd.DataFrame:
    """British input of Holston, Laubach and Williams, from the series of `UNITED_KINGDOM`; ``covid`` as in `us_hlw`."""
    return _abroad(UNITED_KINGDOM, as_of, start, end, covid=covid)


RECIPES: Mapping[str, Callable[..., pd.DataFrame]] = {
    build.__name__: build for build in (us_hlw, us_lw, canada_hlw, euro_area_hlw, uk_hlw)
}


def fetch(recipe: str, **options: Any) -> pd.DataFrame:
    """Input of a model by the name of its recipe, or a series of any source.

    Parameters
    ----------
    recipe
        One of `RECIPES`, or source and series, ``"fred:GDPC1"``; see `capstar.data.sources`.
    **options
        Of the recipe: ``as_of``, ``start``, ``end``, ``covid``.  Of a series: ``start`` and ``end``.

    Raises
    ------
    DataError
        There is no such recipe or source, or a source was given another option.
    SourceError
        The source has no usable answer.
    """
    if recipe in RECIPES:
        return RECIPES[recipe](**options)
    key, colon, series = recipe.partition(":")
    if not colon:
        raise DataError(
            f"There is no recipe {recipe!r}; there are {list(RECIPES)}. A series has its source before it, such as "
            "fred:GDPC1."
        )
    span = slice(options.pop("start", None), options.pop("end", None))
    if named := [name for name, value in options.items() if value is not None]:
        raise DataError(
            f"{recipe}: {', '.join(named)} is for recipes. A series as of a day is alfred:GDPC1@2008-04-30."
        )
    return source(key).fetch(series).loc[span]


class _Getter:
    """Raw series, latest or as of a day, and the record of what was taken."""

    def __init__(self, as_of: When) -> None:
        self.as_of = None if as_of is None else pd.Timestamp(as_of)
        self.downloaded: list[str] = []

    def __call__(self, name: str, *, revised: bool = False) -> pd.Series:
        if self.as_of is None:
            table = fred(name)
            self.downloaded.append(table.attrs["downloaded"][name])
            series: pd.Series = table[name]
        elif revised:
            series = alfred(name, [self.as_of]).as_of(self.as_of)
        else:
            # Never revised: what was known is what had happened.
            series = fred(name)[name]
            ends = series.index.end_time if isinstance(series.index, pd.PeriodIndex) else series.index
            series = series[ends < self.as_of]
        known = series.loc[series.first_valid_index() : series.last_valid_index()]
        if known.isna().any():
            raise SourceError(f"FRED, {name}: {known.index[known.isna()][0]} is missing inside the series.")
        return known.rename(name)

    def provenance(self, title: str, columns: Mapping[str, str]) -> dict[str, object]:
        source = FRED if self.as_of is None else "ALFRED and FRED, Federal Reserve Bank of St. Louis"
        out: dict[str, object] = {"title": title, "source": source, "series_id": dict(columns)}
        if self.downloaded:
            out["downloaded"] = max(self.downloaded)
        if self.as_of is not None:
            out["vintage"] = f"{self.as_of:%Y-%m-%d}"
        return out


@network()
def _abroad(
    country: Country, as_of: When, start: str | None, end: str | None, *, covid: bool
) -> pd.DataFrame:
    """Core prices, before they begin headline ones; otherwise as `us_hlw`, the rate as quoted."""
    get = _Getter(as_of)
    core, headline = to_quarterly(get(country.core, revised=True)), get(country.headline, revised=True)
    core = core.dropna()
    price = splice_growth(core, to_quarterly(headline).dropna(), core.index[0])
    rate = to_quarterly(get(country.rate)).dropna()
    gdp = get(country.gdp, revised=True)
    out = _cut(model_input(gdp, price, rate, compounding="none"), start or country.start, end)
    prices = f"{country.core}, before {core.index[0]} {country.headline}"
    ids = dict.fromkeys(("inflation", "expected_inflation"), prices)
    ids |= {"log_gdp": country.gdp, "interest_rate": country.rate}
    title = f"{country.title}: input of Holston, Laubach and Williams"
    out.attrs |= get.provenance(title, ids) | {"note": country.note, "country": country.name}
    return _with_covid(out, country.name) if covid else out


def _cut(frame: pd.DataFrame, start: str, end: str | None) -> pd.DataFrame:
    out = frame.loc[start:end]
    if out.empty:
        raise DataError(f"{start} to {end}: the series cover {frame.index[0]}-{frame.index[-1]} only.")
    return out


def _with_covid(frame: pd.DataFrame, country: str) -> pd.DataFrame:
    short = {"canada": "ca", "euro area": "ea"}.get(country, country)
    index = published_inputs("hlw", short)["covid_index"]
    out = frame.assign(covid_index=index.reindex(frame.index).fillna(0.0))
    out.attrs = dict(frame.attrs)
    out.attrs["units"] = frame.attrs["units"] | {"covid_index": "index, 0-100"}
    out.attrs["source"] = _by_column(frame, "source") | {
        "covid_index": "Federal Reserve Bank of New York, workbook"
    }
    return out


def _by_column(frame: pd.DataFrame, key: str) -> dict[str, str]:
    said = frame.attrs[key]
    return dict(said) if isinstance(said, dict) else dict.fromkeys(map(str, frame.columns), str(said))
