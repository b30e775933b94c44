"""Prices of indices and rates of exchange."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from capstar.data.files import read_table
from capstar.data.fred import fred
from capstar.errors import DataError, SourceError

SMALL_CAP_INDEX = "NASDAQNQUSS"  # Nasdaq US Small Cap Index, price return, daily, on FRED
_OHLC = ("open", "high", "low", "close")
# FRED's H.10 series: (base, quote), quote per one of base.
PAIRS: Mapping[str, tuple[str, str]] = {
    "DEXUSEU": ("EUR", "USD"),
    "DEXUSUK": ("GBP", "USD"),
    "DEXUSAL": ("AUD", "USD"),
    "DEXUSNZ": ("NZD", "USD"),
    "DEXCAUS": ("USD", "CAD"),
    "DEXJPUS": ("USD", "JPY"),
    "DEXSZUS": ("USD", "CHF"),
    "DEXSDUS": ("USD", "SEK"),
    "DEXNOUS": ("USD", "NOK"),
    "DEXDNUS": ("USD", "DKK"),
    "DEXCHUS": ("USD", "CNY"),
    "DEXINUS": ("USD", "INR"),
    "DEXKOUS": ("USD", "KRW"),
    "DEXMXUS": ("USD", "MXN"),
    "DEXBZUS": ("USD", "BRL"),
    "DEXSFUS": ("USD", "ZAR"),
    "DEXSIUS": ("USD", "SGD"),
    "DEXHKUS": ("USD", "HKD"),
    "DEXTAUS": ("USD", "TWD"),
    "DEXTHUS": ("USD", "THB"),
}


def read_prices(path: str | Path) -> pd.DataFrame:
    """Prices from a CSV, Parquet or Excel file of the user's.

    Parameters
    ----------
    path
        With ``date`` and ``close``; ``open``, ``high`` and ``low`` where there are any, in one unit.

    Returns
    -------
    pandas.DataFrame
        Lower-case columns on a DatetimeIndex named ``date``.

    Raises
    ------
    DataError
        No date or close, dates that repeat or fall, a price that is missing, not a number or not positive, or
        a high below, or a low above, another price of its day.
    """
    source = str(path)
    table = read_table(path)
    table.columns = [str(name).strip().lower() for name in table.columns]
    if absent := [name for name in ("date", "close") if name not in table]:
        raise DataError(f"{source}: there is no column {absent[0]!r}; there are {list(table)}. Rename yours.")
    try:
        index = pd.DatetimeIndex(pd.to_datetime(table["date"]), name="date")
        values = {name: pd.to_numeric(table[name]).to_numpy(dtype=float) for name in _OHLC if name in table}
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{source}: a date or price cannot be read ({error}). Write 2020-03-31 and 1234.5."
        ) from error
    out = pd.DataFrame(values, index)
    out.attrs = {"title": source, "source": source, "units": "as in the file", "transformation": "none"}
    check_prices(out, source)
    return out


def read_returns(path: str | Path) -> pd.DataFrame:
    """Monthly returns from a CSV, Parquet or Excel file of the user's.

    Parameters
    ----------
    path
        With ``date`` (any day of the month, ``2020-03`` or ``202003``) and one column a portfolio.

    Returns
    -------
    pandas.DataFrame
        On a monthly PeriodIndex named ``date``, floats in the file's unit.

    Raises
    ------
    DataError
        No date, a date or value that cannot be read, or months that repeat or fall.
    """
    source = str(path)
    table = read_table(path)
    if "date" not in table or table.shape[1] < 2:
        raise DataError(f"{source}: expected a column 'date' and one a portfolio; there are {list(table)}.")
    text = table["date"].astype(str).str.strip()
    text = text.where(~text.str.fullmatch(r"\d{6}"), text.str[:4] + "-" + text.str[4:])
    columns = table.drop(columns="date")
    try:
        index = pd.DatetimeIndex(pd.to_datetime(text, format="ISO8601")).to_period("M").rename("date")
        out = pd.DataFrame({str(c): pd.to_numeric(columns[c]).to_numpy(dtype=float) for c in columns}, index)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{source}: a date or return cannot be read ({error}). Write 2020-03 and 1.5."
        ) from error
    falls = np.flatnonzero(np.diff(index.asi8) <= 0)
    if falls.size:
        raise DataError(
            f"{source}: {index[falls[0] + 1]} repeats or falls. Sort by date and keep one row a month."
        )
    out.attrs = {"title": source, "source": source, "units": "as in the file", "transformation": "none"}
    return out


def check_prices(prices: pd.DataFrame, source: str) -> None:
    """Refuse prices that cannot be prices; see `read_prices`."""
    index = prices.index
    if prices.empty:
        raise DataError(f"{source}: there are no rows. Give one row a day.")
    if index.hasnans:
        raise DataError(
            f"{source}: row {int(np.argmax(index.isna())) + 2} has no date. Fill it or remove the row."
        )
    falls = np.flatnonzero(np.diff(index.asi8) <= 0)
    if falls.size:
        at = index[falls[0] + 1]
        what = "comes twice" if at == index[falls[0]] else f"comes after {index[falls[0]]:%Y-%m-%d}"
        raise DataError(f"{source}: {at:%Y-%m-%d} {what}. Sort by date and keep one row a day.")
    for name in prices:
        bad = ~(prices[name] > 0) | np.isinf(prices[name])
        if bad.any():
            at = bad.idxmax()
            raise DataError(
                f"{source}: {name} of {at:%Y-%m-%d} is {prices.loc[at, name]}; a price is positive. Fill it."
            )
    for name, wrong in (("high", prices.gt), ("low", prices.lt)):
        if name in prices:
            odd = wrong(prices[name] * (1 + 1e-9 if name == "high" else 1 - 1e-9), axis=0).any(axis=1)
            if odd.any():
                side = "below" if name == "high" else "above"
                raise DataError(
                    f"{source}: {name} of {odd.idxmax():%Y-%m-%d} is {side} another price of the day."
                )


def small_cap_index(start: str | None = None, end: str | None = None) -> pd.DataFrame:
    """The Nasdaq US Small Cap Index of FRED: ``close``, daily, price return.

    Parameters
    ----------
    start, end
        First and last day.
    """
    raw = fred(SMALL_CAP_INDEX, start, end)
    out = raw.rename(columns={SMALL_CAP_INDEX: "close"}).dropna()
    out.attrs = raw.attrs | {
        "title": "Nasdaq US Small Cap Index",
        "units": "index",
        "series_id": SMALL_CAP_INDEX,
    }
    out.attrs["downloaded"] = raw.attrs["downloaded"][SMALL_CAP_INDEX]
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
    out = table.rename(columns=str.lower)[list(_OHLC)].rename_axis("date")
    out.attrs = {
        "title": symbol,
        "source": "Yahoo through yfinance",
        "units": "as quoted",
        "transformation": "none",
    }
    check_prices(out, f"Yahoo, {symbol}")
    return out


def exchange_rates(series: Iterable[str], start: str | None = None, end: str | None = None) -> pd.DataFrame:
    """Noon rates of exchange of the Federal Reserve's H.10, from FRED.

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
    """
    names = list(series)
    if unknown := [name for name in names if name not in PAIRS]:
        raise DataError(
            f"{unknown[0]}: which currency is quoted in which is not known; known are {list(PAIRS)}."
        )
    out = fred(names, start, end)
    out.attrs["pairs"] = {name: list(PAIRS[name]) for name in names}
    out.attrs["units"] = {name: f"{PAIRS[name][1]} per {PAIRS[name][0]}" for name in names}
    return out
