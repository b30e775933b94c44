"""Tables to files of other programs: spreadsheets, Stata, Parquet, CSV, with periods as dates these understand."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.writing import csv_text, plain_text, write_whole

_STATA = {"Q": "tq", "M": "tm", "Y": "ty"}  # all others are days
_SHEET, _VARIABLE = 31, 32  # longest names of sheets, and of variables in Stata


def write(table: Any, path: str | Path) -> Path:
    """Write a table to a file, in the format that its name ends in; whole or not at all.

    Parameters
    ----------
    table : pandas.DataFrame, pandas.Series or Mapping
        A result will do too: its ``to_frame()``.  A dictionary of tables makes an ``.xlsx`` with a sheet each, such as
        ``result.frames()``.
    path
        ``.csv`` (periods as text, 2008Q3), ``.xlsx`` and ``.parquet`` (periods as dates, of their first days, as FRED
        has them; a workbook keeps 16 digits) or ``.dta`` (Stata 14 and later: periods as its own quarterly, monthly
        or yearly dates; names that are none in Stata are changed, and kept as labels).

    Returns
    -------
    pathlib.Path
        Of the file, which `capstar.data.read_input` reads where it is model input.

    Raises
    ------
    SpecificationError
        The ending is another, or several tables are to go into what is no workbook.
    DataError
        The format cannot hold the table, such as an infinite number in Stata's.
    OutputError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from capstar import data
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = data.write(data.us_macro(), f"{folder}/us.dta")
    ...     data.read_input(path).index[0]
    Period('1960Q1', 'Q-DEC')
    """
    path, made = Path(path), {".csv": _csv, ".xlsx": _xlsx, ".parquet": _parquet, ".dta": _dta}
    if (ending := path.suffix.lower()) not in made:
        raise SpecificationError(
            f"{path}: the name ends in {ending or 'nothing'}; end it in one of {list(made)}."
        )
    if isinstance(table, Mapping) and ending != ".xlsx":
        raise SpecificationError(
            f"{path}: {len(table)} tables go into an .xlsx alone. Write them one by one."
        )
    several = table if isinstance(table, Mapping) else {"": table}
    try:
        body = made[ending]({str(name): _frame(one) for name, one in several.items()})
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError(
            f"{path}: a {ending} file cannot hold the table ({error}). Change it, or write a CSV."
        ) from error
    write_whole(path, body)
    return path


def _frame(table: Any) -> pd.DataFrame:
    if isinstance(table, pd.DataFrame):
        return table
    if not hasattr(table, "to_frame"):
        raise DataError(f"a {type(table).__name__} is not a table. Give a DataFrame, a Series or a result.")
    out: pd.DataFrame = table.to_frame()
    return out


def _csv(tables: Mapping[str, pd.DataFrame]) -> bytes:
    ((_, table),) = tables.items()
    return csv_text(table).encode()


def _parquet(tables: Mapping[str, pd.DataFrame]) -> bytes:
    ((_, table),) = tables.items()
    buffer = io.BytesIO()
    _columns(table).to_parquet(buffer, index=False)
    return buffer.getvalue()


def _xlsx(tables: Mapping[str, pd.DataFrame]) -> bytes:
    made: dict[str, pd.DataFrame] = {}
    for name, table in tables.items():
        plain = re.sub(r"[\[\]:*?/\\']", " ", name).strip()[:_SHEET] or "Sheet1"
        made[_unlike(plain, made, _SHEET)] = plain_text(_columns(table))
    memory = io.BytesIO()
    with pd.ExcelWriter(memory, engine="openpyxl", datetime_format="yyyy-mm-dd") as buffer:
        for name, table in made.items():
            table.to_excel(buffer, sheet_name=name, index=False, freeze_panes=(1, 0))
            for head in buffer.sheets[name][1]:
                width = min(max(len(str(head.value)), 11), 30)
                buffer.sheets[name].column_dimensions[head.column_letter].width = width
    return memory.getvalue()


def _dta(tables: Mapping[str, pd.DataFrame]) -> bytes:
    ((_, table),) = tables.items()
    out, labels = _columns(table), dict[str, str]()
    for label in out.columns:
        word = re.sub(r"\W", "_", str(label), flags=re.ASCII)
        word = word if re.match("[A-Za-z_]", word) else f"_{word}"
        labels[_unlike(word[:_VARIABLE], labels, _VARIABLE)] = str(label)[:80]
    kinds = {n: _kind(out[c], table) for n, c in zip(labels, out, strict=True) if out[c].dtype.kind == "M"}
    title, buffer = str(table.attrs.get("title", ""))[:80], io.BytesIO()
    options = {"write_index": False, "version": 118, "variable_labels": labels, "data_label": title}
    out.set_axis([*labels], axis=1).to_stata(buffer, convert_dates=kinds, **options)
    return buffer.getvalue()


def _kind(dates: pd.Series, table: pd.DataFrame) -> str:
    """Which of Stata's dates: those of the index in its frequency, days, or milliseconds where there are hours."""
    if isinstance(table.index, pd.PeriodIndex) and dates.name == (table.index.name or "date"):
        return _STATA.get(table.index.freqstr[0], "td")
    return "td" if (dates.dropna() == dates.dropna().dt.normalize()).all() else "tc"


def _columns(table: pd.DataFrame) -> pd.DataFrame:
    """Labels of rows as columns, periods among them as their first days, and no cell that is an object."""
    out = table.set_axis(
        [" ".join(map(str, one)) if isinstance(one, tuple) else one for one in table], axis=1
    )
    if len(twice := out.columns[out.columns.duplicated()]):
        raise DataError(f"two columns are called {twice[0]}. Rename one.")
    if not isinstance(table.index, pd.RangeIndex):
        dated = isinstance(table.index, pd.PeriodIndex | pd.DatetimeIndex)
        names = [name or ("date" if dated else f"label_{k}") for k, name in enumerate(table.index.names)]
        out = out.reset_index(names=[f"{name} of the row" if name in out else name for name in names])
    return pd.DataFrame({name: _cells(out[name]) for name in out})


def _cells(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.PeriodDtype):
        return column.dt.to_timestamp(how="start")
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dt.tz_localize(None)
    if column.dtype != object:
        return column
    cells = [
        one if one is None or isinstance(one, str | bool | int | float | np.number) else str(one)
        for one in column
    ]
    return pd.Series(
        [None if one == "NaT" else one for one in cells], column.index, dtype=object
    ).infer_objects()


def _unlike(name: str, used: Iterable[str], longest: int) -> str:
    """The name, with a number where one like it is in use, small and capital letters the same."""
    taken, out, k = [one.lower() for one in used], name, 2
    while out.lower() in taken:
        out, k = f"{name[: longest - len(str(k)) - 1]}_{k}", k + 1
    return out
