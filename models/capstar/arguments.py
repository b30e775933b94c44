"""Arguments of public functions, checked against their annotations before any work: a sentence, never a traceback.

Data are as `capstar.coercion` makes them; a number alone is taken as a sequence of one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import wraps
from importlib import import_module
from numbers import Integral, Real
from pathlib import Path
from statistics import NormalDist
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

from capstar.coercion import as_array, as_series, as_table, found, short
from capstar.errors import CapstarError, DataError, SpecificationError

Input: TypeAlias = pd.DataFrame | str | Path
P = ParamSpec("P")
R = TypeVar("R")
_SEQUENCES = ("Iterable", "Sequence", "Collection", "tuple", "list")
_LEAST = {"seed": 0, "n_replications": 0, "publication_lag": 0, "lags": 0, "n_starts": 1, "window": 1}
_MOST = 1_000_000_000  # of whole numbers but seeds
_OWN = ("Input", "Inputs", "Known")  # which the functions that take them check
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
        if name == "return" or text in _OWN:
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
        return value if value is None and hint.missing else as_array(name, value)
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
        return {key: accepted(f"{name}[{short(key)}]", one, of[1]) for key, one in value.items()}
    return _number(name, value, kind) if kind in (int, float) else _instance(name, value, kind)


def as_input(data: Any, columns: Iterable[str], units: Any = None, frequency: str = "Q") -> pd.DataFrame:
    """Model input: a table, or the path of a file, which `capstar.data.read_input` reads.

    Parameters
    ----------
    data
        Either.
    columns, units, frequency
        Those needed, and what a file's are in and what its rows are of.

    Raises
    ------
    DataError
        It is neither.
    """
    if isinstance(data, str | Path):
        # By name: the rooms of models and of data do not know each other.
        read: Callable[..., pd.DataFrame] = import_module("capstar.data").read_input
        return read(data, columns=columns, units=units, frequency=frequency)
    if isinstance(data, pd.DataFrame):
        return data
    what = f"a series {short(data.name)}" if isinstance(data, pd.Series) else found(data)
    raise DataError(
        f"data: expected a DataFrame with the columns {list(columns)}, or the path of a file with them, got {what}. "
        "Put the series together, such as pd.DataFrame({'log_gdp': ..., 'inflation': ...}), with "
        "their quarters or months as its index."
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
            f"{name}={short(value)}; expected a date. Write it as '1980Q1' or '1980-01'."
        )
    try:
        pd.Period(value)
    except ValueError:
        raise SpecificationError(
            f"{name}={short(value)} is not a date. Write it as '1980Q1' or '1980-01'."
        ) from None
    return value


def _require_choice(name: str, value: Any, options: tuple[Any, ...]) -> None:
    if not any(type(value) is type(one) and value == one for one in options):
        raise SpecificationError(f"{name}={short(value)}; choose one of {list(options)}.")


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
        raise SpecificationError(f"{name}={short(value)}; choose a {'whole ' if whole else ''}number.")
    if value < _LEAST.get(name, -np.inf):
        raise SpecificationError(f"{name}={value}; choose at least {_LEAST[name]}.")
    if name == "level" and not 0 < value < 1:
        raise SpecificationError(f"level={value}; choose a number between 0 and 1, such as 0.95.")
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
    if isinstance(value, str | bytes | Mapping | pd.Series | pd.DataFrame) or not isinstance(value, Iterable):
        raise SpecificationError(f"{name}={short(value)}; give several values, such as a tuple.")
    parts = of if as_tuple and of[-1] is not Ellipsis else None
    values = list(value)
    if parts is not None and len(values) != len(parts):
        raise SpecificationError(f"{name}={short(value)}; expected {len(parts)} values.")
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


def half_width(level: float) -> float:
    """Half the width of a normal interval of a coverage, in standard errors.

    Raises
    ------
    SpecificationError
        The level is no probability.
    """
    if not 0 < level < 1:
        raise SpecificationError(f"level={level}; give a share between 0 and 1, such as 0.9.")
    return NormalDist().inv_cdf(0.5 + level / 2)
