"""Inputs of the published models from raw series, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import pandas as pd

from capstar.data.continued import Input, Reader
from capstar.data.inputs import expected_inflation, model_input
from capstar.data.sources.nyfed import published_inputs
from capstar.data.store.download import network
from capstar.data.transform import splice_growth
from capstar.errors import DataError

When: TypeAlias = str | pd.Timestamp | None


@dataclass(frozen=True)
class Country:
    """Inputs of a country outside the United States; ``name`` as models know it."""

    name: str
    title: str
    gdp: Input  # real gross domestic product, quarterly
    core: Input  # consumer prices without food and energy
    headline: Input  # all items, used before core begins
    rate: Input  # policy or three-month rate
    start: str  # first quarter
    note: str  # what differs from the published input

    @property
    def inputs(self) -> tuple[Input, ...]:
        """All of them."""
        return self.gdp, self.core, self.headline, self.rate


def _output(*sources: str) -> Input:
    return Input("output", sources)


def _core(*sources: str) -> Input:
    return Input("core prices", sources)


def _headline(*sources: str) -> Input:
    return Input("prices before core begins", sources, history=True)


def _rate(*sources: str) -> Input:
    return Input("interest rate", sources, "level", revised=False)


US_INPUTS = (
    _core("fred:PCEPILFE"),
    _headline("fred:PCECTPI"),
    _rate("fred:FEDFUNDS"),
    Input("interest rate before 1965Q1", ("fred:M13009USM156NNBR",), "level", revised=False, history=True),
    _output("fred:GDPC1"),
)
# FRED's copies of the OECD's consumer prices end in March 2025, of Canada's policy rate in December 2023, of the
# Bank Rate in January 2017.
CANADA = Country(
    name="canada",
    title="Canada",
    gdp=_output("fred:NGDPRSAXDCCAQ"),
    core=_core(
        "fred:CANCPICORMINMEI",
        "oecd:OECD.SDD.TPS,DSD_PRICES_COICOP2018@DF_PRICES_C2018_ALL/CAN.M.N.CPI.IX._TXCP01_NRG.N._Z",
    ),
    headline=_headline("fred:CANCPIALLMINMEI"),
    rate=_rate("fred:IRSTCB01CAM156N", "fred:IRSTCI01CAM156N", "bankofcanada:V39079"),
    start="1960Q1",
    note="Core prices are the OECD's without food and energy, where the papers take the Bank of Canada's core.",
)
EURO_AREA = Country(
    name="euro area",
    title="Euro area",
    gdp=_output("fred:CLVMNACSCAB1GQEA19", "ecb:MNA/Q.Y.I9.W2.S1.S1.B.B1GQ._Z._Z._Z.EUR.LR.N"),
    core=_core("fred:00XEFDEZ19M086NEST", "ecb:HICP/M.U2.N.XEF000.4D0.INX"),
    headline=_headline("fred:CP0000EZ19M086NEST"),
    rate=_rate("fred:IR3TIB01EZM156N", "ecb:FM/M.U2.EUR.RT.MM.EURIBOR3MD_.HSTA", "fred:ECBDFR"),
    start="1971Q1",
    note="FRED has no data before 1995; the papers splice the Area-Wide Model's database before, from 1970.",
)
UNITED_KINGDOM = Country(
    name="uk",
    title="United Kingdom",
    gdp=_output("fred:NGDPRSAXDCGBQ"),
    core=_core(
        "fred:GBRCPICORMINMEI", "oecd:OECD.SDD.TPS,DSD_PRICES@DF_PRICES_ALL/GBR.M.N.CPI.IX._TXCP01_NRG.N._Z"
    ),
    headline=_headline("fred:GBRCPIALLMINMEI"),
    rate=_rate("fred:BOERUKM", "fred:IUDSOIA"),
    start="1960Q1",
    note="The OECD's copies of national series; the paper takes those of the ONS. Bank Rate, and after it SONIA.",
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

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_hlw(end="2019Q4", covid=True)
    >>> print(us.index[0], *us.columns)
    1960Q1 log_gdp inflation expected_inflation interest_rate covid_index
    >>> cs.data.describe_data(us)["series"].loc["interest_rate"]
    'FEDFUNDS, before 1965Q1 M13009USM156NNBR'
    """
    get = Reader(as_of, end)
    core, older, funds, discount, gdp = map(get, US_INPUTS)
    price = splice_growth(core, older, "1959Q1")
    rate = pd.concat([discount.loc[:"1964Q4"], funds.loc["1965Q1":]])
    out = _cut(model_input(gdp, price, rate), start, end)
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

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_lw(end="2019Q4")
    >>> print(*us.columns[4:])
    oil_price_inflation import_price_inflation covid_index
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
    """Canadian input of Holston, Laubach and Williams, from the series of `CANADA`; arguments as of `us_hlw`.

    Where a series has stopped, the next of its sources continues it: prices with its growth, the rate moved by the mean
    distance of the last four common quarters (`capstar.data.continued`); ``attrs["series_id"]`` says so.  A
    `DataWarning` names what has no successor.

    Examples
    --------
    >>> import capstar as cs
    >>> canada = cs.data.canada_hlw(end="2019Q4")
    >>> canada.attrs["country"], str(canada.index[-1])
    ('canada', '2019Q4')
    """
    return _abroad(CANADA, as_of, start, end, covid=covid)


def euro_area_hlw(
    as_of: When = None, *, start: str | None = None, end: str | None = None, covid: bool = False
) -> pd.DataFrame:
    """Euro-area input of Holston, Laubach and Williams, from the series of `EURO_AREA`; else as `canada_hlw`.

    Examples
    --------
    >>> import capstar as cs
    >>> area = cs.data.euro_area_hlw(end="2019Q4")
    >>> area.attrs["country"], area.attrs["units"]["interest_rate"]
    ('euro area', 'percent a year')
    """
    return _abroad(EURO_AREA, as_of, start, end, covid=covid)


def uk_hlw(
    as_of: When = None, *, start: str | None = None, end: str | None = None, covid: bool = False
) -> pd.DataFrame:
    """British input of Holston, Laubach and Williams, from the series of `UNITED_KINGDOM`; else as `canada_hlw`.

    Examples
    --------
    >>> import capstar as cs
    >>> uk = cs.data.uk_hlw(end="2019Q4")
    >>> uk.attrs["country"], uk.attrs["transformation"]["inflation"]
    ('uk', '400 * dlog(price index)')
    """
    return _abroad(UNITED_KINGDOM, as_of, start, end, covid=covid)


@network()
def hlw_published(
    as_of: When = None, *, start: str | None = None, end: str | None = None, country: str = "us"
) -> pd.DataFrame:
    """Input of Holston, Laubach and Williams as the New York Fed publishes it with its current estimates.

    The workbook of the day: data are revised since those of an earlier paper or release.

    Parameters
    ----------
    as_of
        None: earlier workbooks are not kept at its address.
    start, end
        First and last quarter.
    country
        ``"us"``, ``"ca"``, ``"ea"`` or ``"uk"``.

    Raises
    ------
    DataError
        It was asked for as of a day.
    SourceError
        The workbook is unavailable, or has no inputs of the country.

    Examples
    --------
    >>> import capstar as cs
    >>> list(cs.data.hlw_published().columns)[:3]
    ['log_gdp', 'inflation', 'expected_inflation']
    """
    return _published("hlw", country, as_of, start, end)


@network()
def lw_published(as_of: When = None, *, start: str | None = None, end: str | None = None) -> pd.DataFrame:
    """Input of Laubach and Williams as the New York Fed publishes it; else as `hlw_published`.

    Examples
    --------
    >>> import capstar as cs
    >>> list(cs.data.lw_published().columns)[:3]
    ['log_gdp', 'inflation', 'expected_inflation']
    """
    return _published("lw", "us", as_of, start, end)


def _published(
    model: Literal["hlw", "lw"], country: str, as_of: When, start: str | None, end: str | None
) -> pd.DataFrame:
    if as_of is not None:
        raise DataError(
            f"{model}_published as of {as_of}: the New York Fed publishes the current workbook alone. us_{model} takes "
            "GDP and prices as known on a day."
        )
    return _cut(published_inputs(model, country), start, end)


@network()
def _abroad(
    country: Country, as_of: When, start: str | None, end: str | None, *, covid: bool
) -> pd.DataFrame:
    """Core prices, before they begin headline ones; otherwise as `us_hlw`, the rate as quoted."""
    get = Reader(as_of, end)
    gdp, core, headline, rate = map(get, country.inputs)
    price = splice_growth(core, headline, core.index[0])
    out = _cut(model_input(gdp, price, rate, compounding="none"), start or country.start, end)
    taken = get.taken
    prices = f"{taken[country.core.name]}, before {core.index[0]} {taken[country.headline.name]}"
    ids = dict.fromkeys(("inflation", "expected_inflation"), prices)
    ids |= {"log_gdp": taken[country.gdp.name], "interest_rate": taken[country.rate.name]}
    title = f"{country.title}: input of Holston, Laubach and Williams"
    out.attrs |= get.provenance(title, ids) | {"note": country.note, "country": country.name}
    return _with_covid(out, country.name) if covid else out


def _cut(frame: pd.DataFrame, start: str | None, end: str | None) -> pd.DataFrame:
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
