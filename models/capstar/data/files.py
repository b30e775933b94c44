"""Model input, prices and returns from the user's files."""

from __future__ import annotations

import lzma
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from capstar.errors import DataError
from capstar.frames import as_quarterly, require_rising
from capstar.units import Units, check_units, in_model_units

OHLC = ("open", "high", "low", "close")
_NOT_A_TABLE = (
    pd.errors.ParserError,
    pd.errors.EmptyDataError,
    UnicodeDecodeError,
    OSError,
    EOFError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    ImportError,  # the ending asks for a decompressor that is not installed
)


def read_input(
    path: str | Path, *, columns: Iterable[str] | None = None, units: Units = None
) -> pd.DataFrame:
    """Read model input from a CSV, Parquet or Excel file.

    Parameters
    ----------
    path
        A file with a ``date`` column and one row a quarter; see `capstar.rstar.RStarModel.fit` for the
        columns.  See `read_table`.
    columns
        Those that will be used, where the file has them, such as ``model.inputs``; by default all.
    units
        Where rates are not in percent or GDP is not a natural log; see `capstar.units.in_model_units`.

    Returns
    -------
    pandas.DataFrame
        Quarterly, float64; ``attrs["title"]`` is the file's name.

    Raises
    ------
    DataError
        The file is absent, empty or not a table, or its contents fail `capstar.frames.as_quarterly`.
    """
    frame = read_table(path)
    if "date" not in frame.columns and not isinstance(frame.index, pd.PeriodIndex | pd.DatetimeIndex):
        raise DataError(
            f"{path}: there is no column 'date'; the first line gives {_listed(frame)}. The file should be "
            "comma-separated with a header such as date,log_gdp,inflation,expected_inflation,interest_rate."
        )
    if frame.empty:
        raise DataError(f"{path}: there is a header but no rows. Add one row a quarter.")
    frame.attrs["title"] = str(path)
    out = in_model_units(as_quarterly(frame, source=str(path), columns=columns), units)
    if "log_gdp" in out or "interest_rate" in out:
        check_units(out, source=str(path))
    return out


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
        values = {name: pd.to_numeric(table[name]).to_numpy(dtype=float) for name in OHLC if name in table}
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
    require_rising(index, source, one="row a month")
    out.attrs = {"title": source, "source": source, "units": "as in the file", "transformation": "none"}
    return out


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table as it is; the ending decides how.

    Parameters
    ----------
    path
        ``.parquet`` or ``.pq``; ``.xlsx``, whose first sheet is read; anything else is read as CSV (also
        compressed, ``.csv.gz``).  A column ``Date`` is called ``date``.

    Raises
    ------
    DataError
        The file is absent, empty or not a table.
    """
    path = existing(path)
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty. It should start with a line of column names.")
    kind = path.suffix.lower()
    if kind in (".parquet", ".pq"):
        frame = _read_parquet(path)
    elif kind in (".xlsx", ".xlsm", ".xls"):
        from capstar.data.sources.workbook import read_first_sheet

        frame = read_first_sheet(path)
    else:
        frame = _read_csv(path)
    return frame.rename(columns={name: "date" for name in frame.columns if str(name).lower() == "date"})


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


def existing(path: str | Path) -> Path:
    """The path of a file; `DataError` if there is none."""
    if not Path(path).is_file():
        raise DataError(f"{path}: there is no such file. Check the path.")
    return Path(path)


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        header = _parse_csv(path, nrows=0)
        # Without its date column the file is refused for that, whatever its rows hold.
        dated = any(name.lower() == "date" for name in header.columns)
        frame = _parse_csv(path) if dated else header
    except pd.errors.ParserWarning as error:
        raise DataError(
            f"{path}: a row has more values than the header, which gives {_listed(header)}. Name every column, "
            "and write decimals with a point."
        ) from error
    except _NOT_A_TABLE as error:
        reason = str(error).strip().splitlines()[-1]
        raise DataError(
            f"{path}: this is not a CSV file ({reason}). Save the table as comma-separated text, or as Parquet."
        ) from error
    return frame


def _parse_csv(path: Path, nrows: int | None = None) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # values beyond the header's columns
        frame = pd.read_csv(
            path,
            dtype={"date": str, "Date": str, "DATE": str},
            encoding="utf-8-sig",
            skipinitialspace=True,
            index_col=False,
            nrows=nrows,
        )
    frame.columns = frame.columns.str.strip()
    return frame


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow

    try:
        return pd.read_parquet(path)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise DataError(
            f"{path}: this is not a Parquet file ({error}). Save it again, or give a CSV."
        ) from error


def _listed(frame: pd.DataFrame) -> str:
    names = [str(name)[:40] for name in frame.columns[:6]]
    return str(names) if len(frame.columns) <= 6 else f"{names} and {len(frame.columns) - 6} more"
