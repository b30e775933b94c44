"""Results taken apart into JSON and arrays, and put together again without running anything that was read."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FunctionType, MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import DataError

_SHARED = ("record", "frame", "series", "array", "dict", "list")  # pandas makes new ones of all else
_PLAIN = (type(None), bool, int, str)
_HOUSE, _DOORS = "capstar.", ("capstar.cli.", "capstar.tasks.")  # rooms that start work are not entered
_RULES = ("capstar.rstar.", "capstar.statespace.")  # the rooms with functions that a result may hold


class Writer:
    """Takes a result apart; what is met twice is kept once."""

    def __init__(self) -> None:
        self.arrays: list[npt.NDArray[Any]] = []
        self._seen: dict[int, int] = {}
        self._held: list[Any] = []  # so that no identity is given away again

    def pack(self, value: Any) -> Any:
        """A value as what JSON holds; arrays go to ``arrays``."""
        if type(value) in _PLAIN or (type(value) is float and np.isfinite(value)):
            return value
        if id(value) in self._seen:
            return {"is": "same", "as": self._seen[id(value)]}
        packed = {"is": (kind := _kind(value)), **_PACK[kind](self, value)}
        self._held.append(value)
        if kind in _SHARED:
            self._seen[id(value)] = len(self._held) - 1
        return packed

    def array(self, values: npt.NDArray[Any]) -> int:
        """Keep an array; returns its number."""
        self.arrays.append(values)
        return len(self.arrays) - 1

    def items(self, values: Any) -> list[Any]:
        """Several values."""
        return [self.pack(one) for one in values]


class Reader:
    """Puts a result together; in the order in which it was taken apart."""

    def __init__(self, file: zipfile.ZipFile, written_by: str) -> None:
        self.file, self.written_by = file, written_by
        self._made: list[Any] = []

    def unpack(self, stored: Any) -> Any:
        """The value that `Writer.pack` took apart."""
        if not isinstance(stored, dict):
            return stored
        if stored["is"] == "same":
            return self._made[stored["as"]]
        out = _UNPACK[str(stored["is"])](self, stored)
        self._made.append(out)
        return out

    def array(self, number: int) -> npt.NDArray[Any]:
        """An array by its number; one of Python objects is refused."""
        with self.file.open(f"{int(number)}.npy") as member:
            out: npt.NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
        return out

    def items(self, stored: list[Any]) -> list[Any]:
        """Several values."""
        return [self.unpack(one) for one in stored]


def _kind(value: Any) -> str:
    """How a value is stored: the first of the kinds it is of."""
    for name, test in _TESTS.items():
        if test(value):
            return name
    raise DataError(
        f"a value of type {type(value).__module__}.{type(value).__qualname__} cannot be saved: only numbers, text, "
        "tables and this library's own records can. Save its tables with capstar.data.write."
    )


def _name(what: Any) -> str:
    """Module and name of a class or function of this library.

    Raises
    ------
    DataError
        It is of another library, or was made within a function.
    """
    name = f"{what.__module__}:{what.__qualname__}"
    if not what.__module__.startswith(_HOUSE) or _named(name) is not what:
        raise DataError(
            f"{what.__qualname__} of {what.__module__} cannot be saved: it is not a part of capstar. Save the tables "
            "with capstar.data.write."
        )
    return name


def _named(name: str) -> Any:
    """What a name stands for, in the rooms of this library alone."""
    module, _, path = name.partition(":")
    if not f"{module}.".startswith(_HOUSE) or f"{module}.".startswith(_DOORS):
        raise DataError(f"{name} is not a part of capstar that a result may be made of.")
    out = import_module(module)
    for part in path.split("."):
        out = vars(out).get(part)  # type: ignore[assignment]
        if getattr(out, "__module__", None) != module:
            raise DataError(f"{name} is not known to this version of capstar.")
    if not (isinstance(out, type) or (isinstance(out, FunctionType) and module.startswith(_RULES))):
        raise DataError(f"{name} is nothing that a result may hold.")
    return out


def _attributes(kind: Any) -> dict[str, Any]:
    """What an object of a class is made of, with defaults: of a dataclass, a named tuple, one that has ``_stored``.

    The latter names the arguments it is made with, which it has as attributes.
    """
    if not isinstance(kind, type):
        return {}
    if is_dataclass(kind):
        return {one.name: one.default for one in fields(kind)}
    return dict.fromkeys(getattr(kind, "_fields", getattr(kind, "_stored", ())), MISSING)


def _pack_record(w: Writer, value: Any) -> dict[str, Any]:
    kept = {name: w.pack(getattr(value, name)) for name in _attributes(type(value))}
    return {"class": _name(type(value)), "fields": kept}


def _unpack_record(r: Reader, stored: Mapping[str, Any]) -> Any:
    kind = _named(stored["class"])
    known = _attributes(kind)
    if not known:
        raise DataError(f"{stored['class']} is not a record of results.")
    values = {name: r.unpack(one) for name, one in stored["fields"].items()}
    values = {n: one for n, one in known.items() if n not in values and one is not MISSING} | values
    if set(values) != set(known):
        raise DataError(
            f"its {kind.__name__} has other attributes than today's, written by capstar {r.written_by}. Use that "
            "version, or compute it again."
        )
    if not is_dataclass(kind):
        return kind(*values.values())
    out: Any = object.__new__(kind)  # type: ignore[arg-type]
    for name, one in values.items():
        object.__setattr__(out, name, one)
    return out


def _pack_frame(w: Writer, value: pd.DataFrame) -> dict[str, Any]:
    kinds = set(value.dtypes)
    one = len(kinds) == 1 and isinstance(next(iter(kinds)), np.dtype) and next(iter(kinds)).kind in "biufc"
    columns = None if one else [w.pack(value.iloc[:, k].array) for k in range(value.shape[1])]
    block = w.array(value.to_numpy()) if one else None
    around = [w.pack(part) for part in (value.index, value.columns, value.attrs)]
    return {"block": block, "values": columns, "around": around}


def _unpack_frame(r: Reader, stored: Mapping[str, Any]) -> pd.DataFrame:
    values = None if stored["values"] is None else r.items(stored["values"])
    index, columns, attrs = r.items(stored["around"])
    if values is None:
        out = pd.DataFrame(r.array(stored["block"]), index, columns, copy=False)
    else:
        out = pd.DataFrame({k: pd.Series(v, index, v.dtype) for k, v in enumerate(values)}, index)
        out.columns = columns
    out.attrs = attrs
    return out


def _unpack_series(r: Reader, stored: Mapping[str, Any]) -> pd.Series:
    values, index, name, attrs = r.items(stored["items"])
    out = pd.Series(values, index, values.dtype, name, copy=False)
    out.attrs = attrs
    return out


def _pack_index(w: Writer, value: pd.Index) -> dict[str, Any]:
    return {
        "items": w.items([value.array, value.name, getattr(getattr(value, "freq", None), "freqstr", None)])
    }


def _unpack_index(r: Reader, stored: Mapping[str, Any]) -> pd.Index:
    values, name, freq = r.items(stored["items"])
    out = pd.Index(values, dtype=values.dtype, name=name)
    if freq is not None and not isinstance(out, pd.PeriodIndex):
        out.freq = freq
    return out


def _unpack_levels(r: Reader, stored: Mapping[str, Any]) -> pd.MultiIndex:
    levels, codes, names = r.items(stored["items"])
    return pd.MultiIndex(levels, codes, names=names, verify_integrity=True)


def _unpack_dates(r: Reader, stored: Mapping[str, Any]) -> Any:
    kind = pd.api.types.pandas_dtype(stored["dtype"])
    values = pd.Series(r.array(stored["array"]).view(f"{kind.kind}8[{np.datetime_data(kind.base)[0]}]"))
    zone = getattr(kind, "tz", None)
    return (values if zone is None else values.dt.tz_localize("UTC").dt.tz_convert(zone)).array


def _unpack_strings(r: Reader, stored: Mapping[str, Any]) -> Any:
    missing = pd.NA if stored["na"] else np.nan
    return pd.array(stored["items"], dtype=pd.StringDtype(stored["storage"], na_value=missing))


def _pack_objects(w: Writer, value: npt.NDArray[Any]) -> dict[str, Any]:
    return {"shape": list(value.shape), "items": w.items(value.ravel().tolist())}


def _unpack_objects(r: Reader, stored: Mapping[str, Any]) -> npt.NDArray[Any]:
    items = r.items(stored["items"])
    out = np.empty(len(items), dtype=object)
    out[:] = items
    return out.reshape(stored["shape"])


def _unpack_number(r: Reader, stored: Mapping[str, Any]) -> Any:
    return r.array(stored["array"])[()]


def _of(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds


def _sequence(make: Callable[[list[Any]], Any]) -> tuple[Any, Any]:
    """How a sequence is taken apart and put together."""
    return (lambda w, v: {"items": w.items(v)}), (lambda r, s: make(r.items(s["items"])))


def _pair(make: Callable[..., Any], take: Callable[[Any], list[Any]]) -> tuple[Any, Any]:
    """The same of what is made of a few values."""
    return (lambda w, v: {"items": w.items(take(v))}), (lambda r, s: make(*r.items(s["items"])))


_ARRAY = (lambda w, v: {"array": w.array(np.asarray(v))}), (lambda r, s: r.array(s["array"]))
_KINDS: dict[str, tuple[Callable[[Any], bool], Any, Any]] = {
    "float": (_of(float), lambda _, v: {"value": repr(v)}, lambda _, s: float(s["value"])),
    "list": (_of(list), *_sequence(list)),
    "tuple": (_of(tuple), *_sequence(tuple)),
    "slice": (_of(slice), *_pair(slice, lambda v: [v.start, v.stop, v.step])),
    "set": (_of(set), *_pair(lambda *v: set(v), lambda v: sorted(v, key=repr))),
    "frozenset": (_of(frozenset), *_pair(lambda *v: frozenset(v), lambda v: sorted(v, key=repr))),
    "dict": (_of(dict), *_pair(lambda keys, values: dict(zip(keys, values, strict=True)),
                               lambda v: [list(v), list(v.values())])),
    "proxy": (_of(MappingProxyType), *_pair(MappingProxyType, lambda v: [dict(v)])),
    "series": (_of(pd.Series), lambda w, v: {"items": w.items([v.array, v.index, v.name, v.attrs])}, _unpack_series),
    "frame": (_of(pd.DataFrame), _pack_frame, _unpack_frame),
    "range": (_of(pd.RangeIndex), *_pair(lambda a, b, c, name: pd.RangeIndex(a, b, c, name=name),
                                         lambda v: [v.start, v.stop, v.step, v.name])),
    "levels": (_of(pd.MultiIndex), lambda w, v: {"items": w.items(
        [list(v.levels), [np.array(one) for one in v.codes], list(v.names)])}, _unpack_levels),
    "index": (lambda v: isinstance(v, pd.Index), _pack_index, _unpack_index),
    "period": (_of(pd.Period), *_pair(lambda at, freq: pd.Period(ordinal=at, freq=freq),
                                      lambda v: [v.ordinal, v.freqstr])),
    "stamp": (_of(pd.Timestamp), *_pair(lambda at, unit, tz: pd.Timestamp(at, unit="ns", tz=tz).as_unit(unit),
                                        lambda v: [v.as_unit("ns").value, v.unit, v.tz and str(v.tz)])),
    "offset": (lambda v: isinstance(v, pd.offsets.BaseOffset), *_pair(pd.tseries.frequencies.to_offset,
                                                                      lambda v: [v.freqstr])),
    "nat": (lambda v: v is pd.NaT, *_pair(lambda: pd.NaT, lambda _: [])),
    "na": (lambda v: v is pd.NA, *_pair(lambda: pd.NA, lambda _: [])),
    "path": (lambda v: isinstance(v, Path), *_pair(Path, lambda v: [str(v)])),
    "periods": (_of(pd.arrays.PeriodArray), lambda w, v: {"array": w.array(v.asi8), "freq": v.freqstr},
                lambda r, s: pd.PeriodIndex.from_ordinals(r.array(s["array"]), freq=s["freq"]).array),
    "dates": (_of(pd.arrays.DatetimeArray, pd.arrays.TimedeltaArray),
              lambda w, v: {"array": w.array(v.asi8), "dtype": str(v.dtype)}, _unpack_dates),
    "categories": (_of(pd.Categorical), *_pair(
        lambda codes, kinds, ordered: pd.Categorical.from_codes(codes, kinds, ordered=ordered),
        lambda v: [v.codes, v.categories, bool(v.ordered)])),
    "strings": (lambda v: isinstance(getattr(v, "dtype", None), pd.StringDtype), lambda _, v: {
        "storage": v.dtype.storage, "na": v.dtype.na_value is pd.NA,
        "items": [None if pd.isna(one) else str(one) for one in v]}, _unpack_strings),
    "masked": (_of(pd.arrays.BooleanArray, pd.arrays.IntegerArray, pd.arrays.FloatingArray), *_pair(
        lambda kind, data, mask: pd.array(data, dtype=kind).copy() if not mask.any() else _masked(kind, data, mask),
        lambda v: [str(v.dtype), v.to_numpy(v.dtype.numpy_dtype, na_value=0), np.asarray(v.isna())])),
    "pandas": (_of(pd.arrays.NumpyExtensionArray), *_pair(lambda v: v, lambda v: [v.to_numpy()])),
    "objects": (lambda v: type(v) is np.ndarray and v.dtype == object, _pack_objects, _unpack_objects),
    "array": (_of(np.ndarray), *_ARRAY),
    "number": (lambda v: isinstance(v, np.generic), _ARRAY[0], _unpack_number),
    "record": (lambda v: bool(_attributes(type(v))), _pack_record, _unpack_record),
    "part": (lambda v: type(v) is partial, *_pair(lambda f, a, k: partial(f, *a, **k),
                                                  lambda v: [v.func, v.args, v.keywords])),
    "named": (lambda v: isinstance(v, type | FunctionType), lambda _, v: {"name": _name(v)},
              lambda _, s: _named(s["name"])),
}  # fmt: skip
_TESTS: dict[str, Callable[[Any], bool]] = {name: one[0] for name, one in _KINDS.items()}
_PACK: dict[str, Callable[[Writer, Any], dict[str, Any]]] = {name: one[1] for name, one in _KINDS.items()}
_UNPACK: dict[str, Callable[[Reader, Any], Any]] = {name: one[2] for name, one in _KINDS.items()}


def _masked(kind: str, data: npt.NDArray[Any], mask: npt.NDArray[Any]) -> Any:
    out = pd.array(data, dtype=kind)
    out[mask] = pd.NA
    return out
