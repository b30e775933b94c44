"""Series, tables and arrays of numbers from what is given: refused where they are none, with what to do.

A one-column table is taken as its series, a table of prices as its closes, a series as a table of one column; an
unnamed series gets the argument's name.  Text, paths, arrays and results in the place of a series are refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from capstar.errors import DataError

_PRICES = ("prices", "close")  # of a table of these the closes are taken


def as_series(value: Any, name: str, *, labels: bool = False) -> pd.Series:
    """A series with a name, from a series or a table of one column.

    Raises
    ------
    DataError
        It is none, or holds no numbers; ``labels`` allows any values.
    """
    if isinstance(value, pd.DataFrame):
        if name in _PRICES and "close" in value:
            value = value[["close"]]
        if value.shape[1] != 1:
            raise DataError(
                f"{name}: a table of the columns {short(list(value.columns))}, expected one series. Choose a column, "
                f"such as {name}[{short(value.columns[0])}]."
                if value.shape[1]
                else f"{name}: a table without columns, expected one series. Give a Series."
            )
        value = value.iloc[:, 0]
    if not isinstance(value, pd.Series):
        raise DataError(
            f"{name}: expected a Series with dates as its index, got {found(value)}. {_instead(value)}"
        )
    _require_dates_alike(value.index, name)
    if not labels:
        _require_rows(value, name)
        value = _numeric(value, name)
        _require_scale(value, name)
    return value.rename(name) if value.name is None else value


def as_table(value: Any, name: str, *, labels: bool = False) -> pd.DataFrame:
    """A table without two columns of one name, from a table or a series.

    Raises
    ------
    DataError
        It is none, or holds no numbers; ``labels`` allows any values.
    """
    if isinstance(value, pd.Series):
        return as_series(value, name, labels=labels).to_frame()
    if not isinstance(value, pd.DataFrame):
        raise DataError(
            f"{name}: expected a DataFrame with a column a series, got {found(value)}. {_instead(value)}"
        )
    if (twice := value.columns[value.columns.duplicated()]).size:
        raise DataError(f"{name}: {short(twice[0])} names two columns. Rename one, or leave it out.")
    _require_dates_alike(value.index, name)
    if labels:
        return value
    _require_rows(value, name)
    odd = [c for c in value if value[c].dtype.kind not in "fiub"]
    value = value.assign(**{c: _numeric(value[c], f"{name}: {c}") for c in odd}) if odd else value
    for column in value:
        _require_scale(value[column], f"{name}: {column}")
    return value


def found(value: Any) -> str:
    """What a value is, for messages."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, pd.DataFrame):
        return f"a table of the columns {short(list(value.columns))}"
    if isinstance(value, pd.Series):
        return f"a Series {short(value.name)} of {len(value)} values"
    if value is None:
        return "None"
    return f"{type(value).__name__} {short(value)}"


def short(value: Any) -> str:
    """A value in at most 80 characters."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _instead(value: Any) -> str:
    if isinstance(value, str | Path):
        return "Read the file first, with capstar.data.read_input, read_prices or read_returns."
    if hasattr(value, "gap"):
        return "Take its series, such as result.gap('filtered')."
    return (
        "Make one, such as pd.Series(values, index=pd.period_range('1960Q1', periods=len(values), freq='Q'))."
    )


def _require_dates_alike(index: pd.Index, name: str) -> None:
    """Refuse dates that do not compare with each other: of several time zones, or beside other things."""
    if index.dtype != object or len(index) < 2:
        return
    kinds = {type(one).__name__ for one in index[:1000]}
    zones = {str(getattr(one, "tzinfo", None)) for one in index[:1000]}
    if len(kinds) > 1 or len(zones) > 1:
        what = (
            f"several time zones, {sorted(zones)[:3]}"
            if len(zones) > 1
            else f"several types, {sorted(kinds)[:3]}"
        )
        raise DataError(
            f"{name}: the index holds dates of {what}. Set one with pd.PeriodIndex(dates, freq='Q')."
        )


def _numeric(series: pd.Series, name: str) -> pd.Series:
    """As floats where it holds objects; refuse text, dates and complex numbers."""
    if series.dtype.kind in "fiub":
        return series
    try:
        if series.dtype.kind in "Mmc" or isinstance(series.dtype, pd.PeriodDtype):
            raise TypeError
        return series.astype(float)
    except (TypeError, ValueError):
        pass
    bad = (
        series[pd.to_numeric(series, errors="coerce").isna() & series.notna()]
        if series.dtype == object
        else series
    )
    one = bad.iloc[0] if len(bad) else None
    raise DataError(
        f"{name}: the values are of type {series.dtype}, such as {short(one)}; expected numbers. See pd.to_numeric, "
        "or leave them out."
    )


def _require_rows(values: pd.Series | pd.DataFrame, name: str) -> None:
    if len(values) == 0:
        raise DataError(f"{name}: there are no values. Give at least one row.")


def _require_scale(series: pd.Series, name: str) -> None:
    """Refuse numbers whose squares are none."""
    size = series.abs()
    if ((size > 1e100) & (size < np.inf)).any():
        at = size.where(size < np.inf).idxmax()
        raise DataError(
            f"{name} in {at} is {series[at]:.3g}, too large to compute with. Correct it, or rescale the series."
        )
    if 0 < size.max() < 1e-100:
        raise DataError(
            f"{name}: no value is larger than {size.max():.3g}, too small to compute with. Rescale the series."
        )


def as_array(name: str, value: Any) -> Any:
    """Numbers in an array of any shape; a table of one column is its column, but for matrices (capital letters)."""
    if isinstance(value, pd.DataFrame) and value.shape[1] == 1 and name.islower():
        value = value.iloc[:, 0]
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "Mmc" and (floats := np.asarray(value, dtype=float)).ndim:
            if floats.ndim == 1:
                _require_scale(pd.Series(floats), name)
            return value
    except (TypeError, ValueError, OverflowError):
        pass
    raise DataError(f"{name}: expected numbers, a Series or an array, got {found(value)}. {_instead(value)}")
