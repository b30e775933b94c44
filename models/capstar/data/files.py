"""Model input, prices and returns from the user's files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from capstar.data.tables import ASSUMED, existing, load
from capstar.data.text_tables import listed
from capstar.dates import Dates, read_dates
from capstar.errors import DataError, SpecificationError, quoted
from capstar.frames import PERIODS, as_frequency, numbers, require_rising
from capstar.units import Units, check_units, in_model_units

__all__ = [
    "INPUT_NAMES",
    "OHLC",
    "check_prices",
    "existing",
    "read_input",
    "read_prices",
    "read_returns",
    "read_table",
]

OHLC = ("open", "high", "low", "close")
INPUT_NAMES = {
    "gdp.log": "log_gdp",
    "inflation": "inflation",
    "inflation.expectations": "expected_inflation",
    "oil.price.inflation": "oil_price_inflation",
    "import.price.inflation": "import_price_inflation",
    "interest": "interest_rate",
    "covid.ind": "covid_index",
}
"""Columns of the Federal Reserve Bank of New York's files, and ours."""
_NAMES = INPUT_NAMES | {
    # Del Negro, Giannone, Giannoni and Tambalotti (2017), rstarBrookings2017/tvar/DataCompleteLatest.xls
    "pi": "inflation",
    "epi": "long_run_inflation_expectation",
    "bill": "bill_rate",
    "ebill": "long_run_bill_expectation",
    "tblong": "treasury_20y",
    "aaa": "aaa_yield",
    "baa": "baa_yield",
}


def read_input(
    path: str | Path,
    *,
    columns: Iterable[str] | None = None,
    units: Units = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    frequency: str | None = "Q",
) -> pd.DataFrame:
    """Read model input from a file, whatever its format.

    Parameters
    ----------
    path
        With a column of dates, one row a quarter; see `capstar.rstar.RStarModel.fit` for the columns, which may also
        have the New York Fed's names (`INPUT_NAMES`), or those of the authors of a model.  See `read_table`.
    columns
        Those that will be used, where the file has them, such as ``model.inputs``; by default all.
    units
        Where rates are not in percent or GDP is not a natural log; see `capstar.units.in_model_units`.
    dayfirst
        Whether 01/02/1949 is the first of February; by default as the whole column tells.
    decimal
        Decimal sign, ``"."`` or ``","``; by default as all numbers tell.
    frequency
        ``"Q"``, ``"M"`` for one row a month or ``"Y"`` for one a year, such as ``model.frequency``; None: as the dates
        tell.

    Returns
    -------
    pandas.DataFrame
        Monthly, quarterly or yearly, float64; ``attrs["title"]`` is the file's name, ``attrs["assumed"]`` how it was
        read where there was a choice.

    Raises
    ------
    DataError
        The file is absent, empty or not a table, a date or number may be read in two ways, or its contents fail
        `capstar.frames.as_frequency`.
    SpecificationError
        ``frequency`` is another.

    Examples
    --------
    >>> import capstar as cs
    >>> cs.data.us_macro().to_csv("us.csv")
    >>> us = cs.data.read_input("us.csv")
    >>> us.attrs["title"], len(us)
    ('us.csv', 199)
    """
    if frequency is not None and frequency not in PERIODS:
        raise SpecificationError(f"frequency={quoted(frequency)}; choose 'Q', 'M', 'Y' or None.")
    frame, source = load(path, decimal=decimal), str(path)
    if "date" not in frame.columns:
        raise DataError(
            f"{source}: there is no column 'date'; the first line gives {listed(list(frame.columns))}. The table "
            "should have a header such as date,log_gdp,inflation,expected_inflation,interest_rate."
        )
    if frame.empty:
        raise DataError(
            f"{source}: there is a header but no rows. Add one row a {PERIODS[frequency or 'Q']}."
        )
    names = {name: _NAMES.get(name.lower(), name) for name in frame.columns}
    renamed = {name: ours for name, ours in names.items() if ours != name and ours not in frame.columns}
    frame = frame.rename(columns=renamed)
    _assume(frame, *(f"{name} is {ours}" for name, ours in renamed.items()))
    if frequency != "Q" and frame["date"].dtype.kind in "iu":
        frame["date"] = frame["date"].astype("str")
    frame["date"] = dates = _dates(frame, source, dayfirst)
    frame.attrs["title"] = source
    kind = _told(dates) if frequency is None else frequency
    out = in_model_units(as_frequency(frame, kind, source=source, columns=columns), units)
    if "log_gdp" in out or "interest_rate" in out:
        check_units(out, source=source)
    return out


def read_prices(
    path: str | Path, *, dayfirst: bool | None = None, decimal: str | None = None
) -> pd.DataFrame:
    """Prices from a file of the user's, whatever its format; Yahoo's and yfinance's among them.

    Parameters
    ----------
    path
        With ``date`` and ``close``; ``open``, ``high`` and ``low`` where there are any, in one unit.  Other columns,
        such as ``Adj Close``, are left out.  See `read_table`.
    dayfirst, decimal
        As of `read_input`.

    Returns
    -------
    pandas.DataFrame
        Lower-case columns on a DatetimeIndex named ``date``.

    Raises
    ------
    DataError
        No date or close, dates that may be read in two ways, repeat or fall, a price that is missing, not a number or
        not positive, or a high below, or a low above, another price of its day.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> days = pd.bdate_range("2024-01-02", periods=3, name="date")
    >>> pd.DataFrame({"close": [1.0, 1.1, 1.2], "high": [1.1, 1.2, 1.3]}, days).to_csv("prices.csv")
    >>> cs.data.read_prices("prices.csv").columns.tolist()
    ['high', 'close']
    """
    source = str(path)
    table = load(path, decimal=decimal)
    table.columns = pd.Index([name.lower().rstrip("*") for name in table.columns])
    if absent := [name for name in ("date", "close") if name not in table]:
        raise DataError(
            f"{source}: there is no column {absent[0]!r}; there are {listed(list(table))}. Rename yours."
        )
    used = _columns(table, ["date", *OHLC], source)
    dates = _dates(used, source, dayfirst)
    index = pd.DatetimeIndex(
        dates.to_timestamp() if isinstance(dates, pd.PeriodIndex) else dates, name="date"
    )
    out = pd.DataFrame({name: numbers(used[name], index, source) for name in OHLC if name in used}, index)
    out.attrs = _attrs(used, source)
    check_prices(out, source)
    return out


def read_returns(
    path: str | Path, *, dayfirst: bool | None = None, decimal: str | None = None
) -> pd.DataFrame:
    """Monthly returns from a file of the user's, whatever its format.

    Parameters
    ----------
    path
        With ``date`` (any day of the month, ``2020-03`` or ``202003``) and one column a portfolio.  See `read_table`.
    dayfirst, decimal
        As of `read_input`.

    Returns
    -------
    pandas.DataFrame
        On a monthly PeriodIndex named ``date``, floats in the file's unit.

    Raises
    ------
    DataError
        No date, a date or value that cannot be read, or may be in two ways, or months that repeat or fall.

    Examples
    --------
    >>> import capstar as cs
    >>> cs.data.small_cap_returns().to_csv("returns.csv")
    >>> cs.data.read_returns("returns.csv")["small"].round(2).tail(2)
    date
    2017-02    1.20
    2017-03    1.37
    Freq: M, Name: small, dtype: float64
    """
    source = str(path)
    table = load(path, decimal=decimal)
    if "date" not in table or table.shape[1] < 2:
        raise DataError(
            f"{source}: expected a column 'date' and one a portfolio; there are {listed(list(table))}."
        )
    used = _columns(table, list(table), source)
    if used["date"].dtype.kind in "iu" and used["date"].between(100_001, 999_912).all():
        used["date"] = used["date"].astype(str)
    dates = _dates(used, source, dayfirst)
    if isinstance(dates, pd.PeriodIndex) and dates.freqstr != "M":
        raise DataError(
            f"{source}: the dates are of frequency {dates.freqstr}, expected months, such as 2020-03."
        )
    index = (dates if isinstance(dates, pd.PeriodIndex) else dates.to_period("M")).rename("date")
    out = pd.DataFrame({c: numbers(used[c], index, source) for c in used if c != "date"}, index)
    require_rising(index, source, one="row a month")
    out.attrs = _attrs(used, source)
    return out


def read_table(path: str | Path, *, decimal: str | None = None) -> pd.DataFrame:
    """Read a table as it is.

    Parameters
    ----------
    path
        Text (comma, semicolon, tab or bar between columns, decimal point or comma, UTF-8, UTF-16 or Windows-1252, with
        titles above or comments in it, also compressed), ``.parquet``, ``.feather``, ``.xlsx`` (the first sheet that
        names a date), ``.dta``; or an https address of one.  The column ``Date``, ``observation_date`` or ``Datetime``
        is called ``date``.
    decimal
        As of `read_input`.

    Raises
    ------
    DataError
        The file is absent, empty or not a table.
    """
    return load(path, decimal=decimal, whole=True)


def check_prices(prices: pd.DataFrame, source: str) -> None:
    """Refuse prices that cannot be prices; see `read_prices`."""
    index = prices.index
    if prices.empty:
        raise DataError(f"{source}: there are no rows. Give one row a day.")
    if index.hasnans:
        raise DataError(
            f"{source}: row {int(np.argmax(index.isna())) + 2} has no date. Fill it or remove the row."
        )
    require_rising(index, source, one="row a day")
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


def _assume(frame: pd.DataFrame, *more: str) -> None:
    if said := "; ".join(filter(None, [frame.attrs.get(ASSUMED, ""), *more])):
        frame.attrs[ASSUMED] = said


def _dates(frame: pd.DataFrame, source: str, dayfirst: bool | None) -> Dates:
    dates, said = read_dates(frame["date"], source, dayfirst=dayfirst)
    _assume(frame, said)
    return dates


def _told(dates: Dates) -> str:
    """Frequency that dates tell.

    Years: several, each of a year of its own, and none in the quarter after another; months: several, one after the
    other.
    """
    quarters = 4 * np.asarray(dates.year) + np.asarray(dates.quarter)
    if len(dates) > 1 and dates.year.is_unique and bool((np.abs(np.diff(quarters)) > 1).all()):
        return "Y"
    months = 12 * np.asarray(dates.year) + np.asarray(dates.month)
    return "M" if len(dates) > 2 and bool((np.diff(months) == 1).all()) else "Q"


def _columns(table: pd.DataFrame, names: list[str], source: str) -> pd.DataFrame:
    """Some of the columns; `DataError` where two have one name, or there are no rows."""
    used = table.loc[:, table.columns.isin(names)]
    if (twice := used.columns[used.columns.duplicated()]).size:
        raise DataError(f"{source}: {twice[0]} names two columns. Rename one, or leave it out.")
    if used.empty:
        raise DataError(f"{source}: there are no rows below the header. Give one row a date.")
    return used.copy()


def _attrs(table: pd.DataFrame, source: str) -> dict[str, object]:
    said = {ASSUMED: table.attrs[ASSUMED]} if ASSUMED in table.attrs else {}
    return {"title": source, "source": source, "units": "as in the file", "transformation": "none"} | said
