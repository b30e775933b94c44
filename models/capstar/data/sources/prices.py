"""Prices of indices from FRED and Yahoo, and exchange rates of the Federal Reserve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from capstar.data.files import OHLC, check_prices
from capstar.data.sources.fred import DEMANDS, FRED, fred
from capstar.errors import DataError, SourceError

SMALL_CAP_INDEX = "NASDAQNQUSS"  # Nasdaq US Small Cap Index, price return, daily, on FRED
# FRED's H.10 series by their parts: the dollar's price of a currency, and a currency's of the dollar.
_IN_DOLLARS = {"EU": "EUR", "UK": "GBP", "AL": "AUD", "NZ": "NZD"}
_PER_DOLLAR = """CA CAD, JP JPY, SZ CHF, SD SEK, NO NOK, DN DKK, CH CNY, IN INR, KO KRW, MX MXN, BZ BRL, SF ZAR, SI SGD,
HK HKD, TA TWD, TH THB"""
PAIRS: Mapping[str, tuple[str, str]] = {f"DEXUS{k}": (code, "USD") for k, code in _IN_DOLLARS.items()} | {
    f"DEX{k}US": ("USD", code) for k, code in map(str.split, _PER_DOLLAR.split(","))
}
"""Base and quote of each series: quote per one of base."""


def _positive(series: pd.Series) -> None:
    """Demand of `DEMANDS`: there are values, and each is a price."""
    known = series.dropna()
    if known.empty or (known <= 0).any():
        found = "there is no value" if known.empty else f"{known.idxmin():%Y-%m-%d} is {known.min()}"
        raise SourceError(f"FRED, {series.name}: {found}; a price is positive. Report it to the source.")


DEMANDS |= dict.fromkeys([SMALL_CAP_INDEX, *PAIRS], _positive)


def small_cap_index(start: str | None = None, end: str | None = None) -> pd.DataFrame:
    """The Nasdaq US Small Cap Index of FRED: ``close``, daily, price return.

    Parameters
    ----------
    start, end
        First and last day.

    Examples
    --------
    >>> import capstar as cs
    >>> prices = cs.data.small_cap_index("2024-01-02", "2024-01-31")
    >>> prices.columns.tolist(), prices.attrs["series_id"]
    (['close'], 'NASDAQNQUSS')
    """
    raw = fred(SMALL_CAP_INDEX, start, end)
    out = raw.rename(columns={SMALL_CAP_INDEX: "close"}).dropna()
    own = {"title": "Nasdaq US Small Cap Index", "units": "index", "series_id": SMALL_CAP_INDEX}
    out.attrs = raw.attrs | own | {"downloaded": raw.attrs["downloaded"][SMALL_CAP_INDEX]}
    check_prices(out, "FRED, " + SMALL_CAP_INDEX)
    return out


def yahoo_prices(symbol: str, start: str = "1987-09-10", end: str | None = None) -> pd.DataFrame:
    """Daily prices from Yahoo through ``yfinance``, an optional extra.

    Parameters
    ----------
    symbol
        ``"^RUT"``, the Russell 2000, or ``"IWM"``, a fund that holds it.
    start, end
        First and last day.

    Raises
    ------
    SourceError
        ``yfinance`` is not installed, or gives nothing.

    Examples
    --------
    >>> import capstar as cs
    >>> prices = cs.data.yahoo_prices("^RUT", "2024-01-02")
    >>> prices.columns.tolist()
    ['open', 'high', 'low', 'close']
    """
    try:
        import yfinance
    except ImportError as error:
        raise SourceError("Yahoo: yfinance is not installed. Run: pip install 'capstar[prices]'.") from error
    table = yfinance.download(
        symbol, start=start, end=end, auto_adjust=False, progress=False, multi_level_index=False
    )
    if table is None or table.empty:
        raise SourceError(f"Yahoo, {symbol}: the answer is empty. Check the symbol, or try later.")
    out = table.rename(columns=str.lower)[list(OHLC)].rename_axis("date")
    source = "Yahoo through yfinance"
    out.attrs = {"title": symbol, "source": source, "units": "as quoted", "transformation": "none"}
    check_prices(out, f"Yahoo, {symbol}")
    return out


def exchange_rates(series: Iterable[str], start: str | None = None, end: str | None = None) -> pd.DataFrame:
    """Noon exchange rates of the Federal Reserve's H.10, from FRED.

    Parameters
    ----------
    series
        FRED's identifiers, such as ``"DEXUSEU"`` (dollars per euro) or ``"DEXJPUS"`` (yen per dollar); see
        `PAIRS`.
    start, end
        First and last day.

    Returns
    -------
    pandas.DataFrame
        One column a series; NaN on holidays.  ``attrs["pairs"]`` gives base and quote, as
        `capstar.markets.fx.Rate` takes them.

    Raises
    ------
    DataError
        The quotation of a series is not known.

    Examples
    --------
    >>> import capstar as cs
    >>> rates = cs.data.exchange_rates(["DEXUSEU", "DEXJPUS"], "2024-01-02")
    >>> rates.attrs["units"]
    {'DEXUSEU': 'USD per EUR', 'DEXJPUS': 'JPY per USD'}
    """
    names = list(map(FRED.canonical, series))
    if unknown := [name for name in names if name not in PAIRS]:
        raise DataError(
            f"{unknown[0]}: which currency is quoted in which is not known; known are {list(PAIRS)}."
        )
    out = fred(names, start, end)
    out.attrs["pairs"] = {name: list(PAIRS[name]) for name in names}
    out.attrs["units"] = {name: f"{PAIRS[name][1]} per {PAIRS[name][0]}" for name in names}
    return out
