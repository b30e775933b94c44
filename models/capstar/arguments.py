"""Arguments of public functions, checked against their annotations before any work: a sentence, never a traceback.

A one-column table is taken as its series, a table of prices as its closes, a series as a table of one column, a number
as a sequence of one; an unnamed series gets the argument's name.  Text, paths, arrays and results in the place of a
series are refused with what to do.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import wraps
from importlib import import_module
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, SimpleNamespace, UnionType
from typing import (
    Any,
    Literal,
    ParamSpec,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    overload,
)

import numpy as np
import pandas as pd

from capstar.errors import CapstarError, DataError, SpecificationError

Input: TypeAlias = pd.DataFrame | str | Path
P = ParamSpec("P")
R = TypeVar("R")
_SEQUENCES = ("Iterable", "Sequence", "Collection", "tuple", "list")
_LEAST = {"seed": 0, "n_replications": 0, "publication_lag": 0, "lags": 0, "horizons": 1, "n_starts": 1,
          "window": 1, "block": 1}  # fmt: skip
_MOST = 1_000_000_000  # of whole numbers but seeds
_PRICES = ("prices", "close")  # of a table of these the closes are taken
_QUARTERS = ("start", "end", "first", "last")


@overload
def checked(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def checked(*, labels: Iterable[str]) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def checked(function: Any = None, /, *, labels: Iterable[str] = ()) -> Any:
    """Check every argument against its annotation.

    Parameters
    ----------
    function
        Public.
    labels
        Arguments that hold text or dates: their values need be no numbers.

    Raises
    ------
    DataError
        By the function made: an argument that holds data is not what its annotation says.
    SpecificationError
        The same of an option.
    """
    if function is None:
        return lambda f: _checked(f, frozenset(labels))
    return _checked(function, frozenset(labels))


def _checked(function: Callable[P, R], labels: frozenset[str]) -> Callable[P, R]:
    signature, hints = inspect.signature(function), dict[str, Any]()

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = signature.bind(*args, **kwargs)
        if not hints:
            hints.update(_hints(function.__annotations__, function.__globals__))
        for name, value in bound.arguments.items():
            if name in hints:
                bound.arguments[name] = accepted(name, value, hints[name], labels=name in labels)
        return function(*bound.args, **bound.kwargs)

    return call


def check_fields(record: Any, *, labels: Iterable[str] = ()) -> None:
    """The same of the fields of a dataclass, frozen or not, at the end of its construction."""
    hints = _hints(
        {one.name: one.type for one in fields(record)}, vars(import_module(type(record).__module__))
    )
    for name, hint in hints.items():
        value = getattr(record, name)
        found = accepted(name, value, hint, labels=name in labels)
        if found is not value:
            object.__setattr__(record, name, found)


def _hints(annotations: Mapping[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    """Annotations as types; those that name what only a type checker knows are left out."""
    out: dict[str, Any] = {}
    for name, text in annotations.items():
        if name == "return" or text == "Input":  # which `as_input` checks
            continue
        if "ArrayLike" in str(text):
            out[name] = ArrayLike(missing="None" in str(text))
            continue
        try:
            out |= get_type_hints(SimpleNamespace(__annotations__={name: text}), names)
        except (NameError, TypeError):
            continue
    return out


class ArrayLike:
    """Annotation of numbers in an array, or None where there may be none."""

    def __init__(self, *, missing: bool) -> None:
        self.missing = missing


def accepted(name: str, value: Any, hint: Any, *, labels: bool = False) -> Any:
    """An argument as its annotation says, or the error; see `checked`."""
    origin = get_origin(hint)
    if isinstance(hint, ArrayLike):
        return value if value is None and hint.missing else _array(name, value)
    if origin in (Union, UnionType):
        return _one_of(name, value, get_args(hint), labels=labels)
    if hint in (pd.Series, pd.DataFrame):
        return (as_series if hint is pd.Series else as_table)(value, name, labels=labels)
    if getattr(origin, "__name__", "") in _SEQUENCES:
        return _sequence(name, value, get_args(hint), as_tuple=origin is tuple)
    return _plain(name, value, hint if origin is None else origin, get_args(hint))


def _plain(name: str, value: Any, kind: Any, of: tuple[Any, ...]) -> Any:
    """A number, one of a choice, numbers by name, or a value of a class."""
    if kind is Literal:
        _require_choice(name, value, of)
        return value
    if (
        kind is Mapping
        and isinstance(value, Mapping)
        and (of[1] in (int, float) or get_origin(of[1]) is tuple)
    ):
        return {key: accepted(f"{name}[{_short(key)}]", one, of[1]) for key, one in value.items()}
    return _number(name, value, kind) if kind in (int, float) else _instance(name, value, kind)


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
                f"{name}: a table of the columns {_short(list(value.columns))}, expected one series. Choose a column, "
                f"such as {name}[{_short(value.columns[0])}]."
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
        raise DataError(f"{name}: {_short(twice[0])} names two columns. Rename one, or leave it out.")
    _require_dates_alike(value.index, name)
    if labels:
        return value
    _require_rows(value, name)
    odd = [c for c in value if value[c].dtype.kind not in "fiub"]
    value = value.assign(**{c: _numeric(value[c], f"{name}: {c}") for c in odd}) if odd else value
    for column in value:
        _require_scale(value[column], f"{name}: {column}")
    return value


def as_input(data: Any, columns: Iterable[str], units: Any = None) -> pd.DataFrame:
    """Model input: a table, or the path of a file, which `capstar.data.read_input` reads.

    Parameters
    ----------
    data
        Either.
    columns, units
        Those needed, and what a file's are in.

    Raises
    ------
    DataError
        It is neither.
    """
    if isinstance(data, str | Path):
        # By name: the rooms of models and of data do not know each other.
        read: Callable[..., pd.DataFrame] = import_module("capstar.data").read_input
        return read(data, columns=columns, units=units)
    if isinstance(data, pd.DataFrame):
        return data
    what = f"a series {_short(data.name)}" if isinstance(data, pd.Series) else found(data)
    raise DataError(
        f"data: expected a DataFrame with the columns {list(columns)}, or the path of a file with them, got {what}. "
        "Put the series together, such as pd.DataFrame({'log_gdp': ..., 'inflation': ...}), with quarters as its index."
    )


def require_percent(least: float = 1.0, unit: str = "percent", **values: float | None) -> None:
    """Refuse what seems to be a fraction where percent (or basis points) are meant: above 0 and below ``least``.

    Raises
    ------
    SpecificationError
        Names the argument, what its value means, and what was meant.
    """
    for name, value in values.items():
        if value is not None and 0 < value < least:
            meant = 100 * value if unit == "percent" else 10_000 * value
            raise SpecificationError(
                f"{name}={value:g} means {value:g} {unit}, which is too little for what it is used for; if it is a "
                f"fraction, write {name}={meant:g}."
            )


def found(value: Any) -> str:
    """What a value is, for messages."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, pd.DataFrame):
        return f"a table of the columns {_short(list(value.columns))}"
    if isinstance(value, pd.Series):
        return f"a Series {_short(value.name)} of {len(value)} values"
    if value is None:
        return "None"
    return f"{type(value).__name__} {_short(value)}"


def _short(value: Any) -> str:
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
        f"{name}: the values are of type {series.dtype}, such as {_short(one)}; expected numbers. See pd.to_numeric, "
        "or leave them out."
    )


def _require_rows(values: pd.Series | pd.DataFrame, name: str) -> None:
    if values.size == 0:
        raise DataError(f"{name}: there are no values. Give at least one row and column.")


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


def _array(name: str, value: Any) -> Any:
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


def _one_of(name: str, value: Any, options: tuple[Any, ...], *, labels: bool) -> Any:
    """The first of several types that a value is of, or can be made."""
    if value is None and NoneType in options:
        return None
    options = tuple(one for one in options if one is not NoneType)
    if {pd.Series, pd.DataFrame} <= set(options):
        return (as_table if isinstance(value, pd.DataFrame) else as_series)(value, name, labels=labels)
    errors: list[CapstarError] = []
    for one in options:
        try:
            return (
                _dated(name, value)
                if one is str and pd.Period in options
                else accepted(name, value, one, labels=labels)
            )
        except CapstarError as error:
            errors.append(error)
    raise errors[0]


def _dated(name: str, value: Any) -> Any:
    """Text that is a date where a Period is meant too."""
    if not isinstance(value, str):
        raise SpecificationError(
            f"{name}={_short(value)}; expected a date. Write it as '1980Q1' or '1980-01'."
        )
    try:
        pd.Period(value)
    except ValueError:
        raise SpecificationError(
            f"{name}={_short(value)} is not a date. Write it as '1980Q1' or '1980-01'."
        ) from None
    return value


def _require_choice(name: str, value: Any, options: tuple[Any, ...]) -> None:
    if not any(type(value) is type(one) and value == one for one in options):
        raise SpecificationError(f"{name}={_short(value)}; choose one of {list(options)}.")


def _number(name: str, value: Any, kind: type) -> Any:
    whole = kind is int
    good = isinstance(value, Integral if whole else Real) and not isinstance(value, bool | np.bool_)
    if whole and not good and isinstance(value, float | np.floating) and float(value).is_integer():
        value, good = int(value), True
    if isinstance(value, Integral):
        good = good and abs(int(value)) <= (_MOST**4 if name == "seed" else _MOST)
    elif good:
        good = not np.isnan(value)
    if not good:
        raise SpecificationError(
            f"{name}={_short(value)}; expected a {'whole ' if whole else ''}number, such as 1."
        )
    if value < _LEAST.get(name, -np.inf):
        raise SpecificationError(f"{name}={value}; give at least {_LEAST[name]}.")
    if name == "n_workers" and value == 0:
        raise SpecificationError(
            "n_workers=0; give a number of processes, or -1 for as many as there are processors."
        )
    return value


def _sequence(name: str, value: Any, of: tuple[Any, ...], *, as_tuple: bool) -> Any:
    """Several values of one kind; a number alone is a sequence of one."""
    item = of[0] if of else Any
    if isinstance(value, Real) and not isinstance(value, bool) and item in (int, float):
        value = (value,)
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise SpecificationError(f"{name}={_short(value)}; expected several values, such as a tuple.")
    parts = of if as_tuple and of[-1] is not Ellipsis else None
    values = list(value)
    if parts is not None and len(values) != len(parts):
        raise SpecificationError(f"{name}={_short(value)}; expected {len(parts)} values.")
    items = [accepted(name, one, parts[i] if parts else item) for i, one in enumerate(values)]
    return tuple(items) if as_tuple or not isinstance(value, list | range) else value


def _instance(name: str, value: Any, kind: Any) -> Any:
    """A value of a class; what is no class is not checked."""
    if not isinstance(kind, type) or kind is object:
        if kind is Callable and not callable(value):
            raise SpecificationError(f"{name}: expected a function, got {found(value)}. Give one.")
        return value
    if kind is bool and isinstance(value, np.bool_):
        return bool(value)
    try:
        good = isinstance(value, kind)
    except TypeError:  # a protocol that cannot be asked
        return value
    if good:
        return value if kind is not str or name not in _QUARTERS else _dated(name, value)
    if kind is pd.PeriodIndex:
        raise DataError(f"{name}: expected a PeriodIndex, got {found(value)}. Give the index of a series.")
    raise SpecificationError(
        f"{name}: expected {_called(kind)}, got {found(value)}. See help() of what was called."
    )


def _called(kind: type) -> str:
    return {bool: "True or False", str: "text"}.get(kind, f"a {kind.__name__}")
