"""Model input from the user's files."""

from __future__ import annotations

import lzma
import warnings
import zipfile
from pathlib import Path

import pandas as pd

from capstar.errors import DataError
from capstar.frames import as_quarterly

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


def read_input(path: str | Path) -> pd.DataFrame:
    """Read model input from a CSV, Parquet or Excel file.

    Parameters
    ----------
    path
        A file with a ``date`` column and one row a quarter; see `capstar.rstar.RStarModel.fit` for the
        columns.  See `read_table`.

    Returns
    -------
    pandas.DataFrame
        Quarterly, float64; ``attrs["title"]`` is the file's name.

    Raises
    ------
    DataError
        The file is absent, empty or no table, or its contents fail `capstar.frames.as_quarterly`.
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
    return as_quarterly(frame, source=str(path))


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
        The file is absent, empty or no table.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: there is no such file. Check the path.")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty. It should start with a line of column names.")
    kind = path.suffix.lower()
    if kind in (".parquet", ".pq"):
        frame = _read_parquet(path)
    elif kind in (".xlsx", ".xlsm", ".xls"):
        from capstar.data.workbook import read_first_sheet

        frame = read_first_sheet(path)
    else:
        frame = _read_csv(path)
    return frame.rename(columns={name: "date" for name in frame.columns if str(name).lower() == "date"})


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
