"""Options of models that have no flag of their own: ``--set NAME=VALUE``, typed by the signature of the model."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from importlib import import_module
from types import NoneType, SimpleNamespace, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from capstar.cli.faults import say
from capstar.cli.options import LIST, MOST_DRAWS
from capstar.cli.shared import DAY, NUMBER, is_date, short
from capstar.errors import SpecificationError

if TYPE_CHECKING:
    from capstar.rstar import NaturalRateModel

FLAGS = {
    "signal_to_noise": "--signal-to-noise",
    "stage2": "--stage2",
    "initial": "--initial",
    "fixed": "--fix",
    "missing": "--missing",
    "covid": "--covid",
    "standard_errors": "--se",
    "n_draws": "--draws",
    "n_chains": "--chains",
}
"""Options of some models that have a flag of their own."""
_FLAGS = FLAGS | {"seed": "--seed", "units": "--units"}
_NONE, _WORDS = "none", {"true": True, "yes": True, "false": False, "no": False}
_SPANS = Mapping[str, tuple[str | None, str | None]]
_KINDS: dict[Any, str] = {
    bool: "true or false", int: "a whole number", float: "a number", str: "text",
    _SPANS: f"COLUMN:FIRST:LAST,..., either end may be left empty; or {_NONE}",
}  # fmt: skip


def settable(model: NaturalRateModel) -> dict[str, Any]:
    """Types by name of the options of a model that can be written as ``NAME=VALUE`` and have no flag of their own."""
    hints = _hints(type(model)) | _hints(model.fit)
    kinds = {name: _plain(hints.get(name)) for name in model.options if name not in _FLAGS}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def list_settings(model: NaturalRateModel) -> None:
    """One line an option: its name, what to write, and the default."""
    defaults = {n: p.default for n, p in inspect.signature(model.fit).parameters.items()}
    for name, kind in settable(model).items():
        usual = getattr(model, name, None) if name in _declared(model) else defaults.get(name)
        known = usual not in (None, inspect.Parameter.empty)
        say(f"{name}  {_in_words(kind)}; by default {_written(usual) if known else 'as the model has it'}")
    if not settable(model):
        say(f"{model.name} has no option for --set.")


def settings(model: NaturalRateModel, pairs: list[str]) -> dict[str, Any]:
    """Values by name of ``NAME=VALUE`` pairs.

    Raises
    ------
    SpecificationError
        The model has no such option, it has a flag of its own, or the value is not of its type.
    """
    kinds, out = settable(model), dict[str, Any]()
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name or not text.strip():
            raise SpecificationError(f"--set {short(pair)!r}: write NAME=VALUE. {_choices(model, kinds)}")
        if name in _FLAGS:
            raise SpecificationError(
                f"--set {short(pair)!r}: {name} has a flag of its own. Write {_FLAGS[name]}."
            )
        if name not in kinds:
            raise SpecificationError(
                f"--set {short(pair)!r}: {_unknown(model, name)} {_choices(model, kinds)}"
            )
        if name in out:
            raise SpecificationError(f"--set {short(pair)!r}: {name} is given twice. Leave one out.")
        out[name] = _value(name, text.strip(), kinds[name])
    return out


def settled(model: NaturalRateModel, given: dict[str, Any]) -> tuple[NaturalRateModel, dict[str, Any]]:
    """The model with those of the settings that it is declared with, and the others, which are its fit's."""
    own = _declared(model)
    declared = {name: value for name, value in given.items() if name in own}
    if not declared:
        return model, given
    return replace(model, **declared), {name: value for name, value in given.items() if name not in own}  # type: ignore[type-var]


def _declared(model: NaturalRateModel) -> set[str]:
    return {one.name for one in fields(model)} if is_dataclass(model) else set()


def _hints(of: type | Callable[..., Any]) -> dict[str, Any]:
    """Annotations as types, those that name what only a type checker knows left out."""
    out = dict[str, Any]()
    for owner in reversed(of.__mro__) if isinstance(of, type) else (of,):
        names = vars(import_module(owner.__module__))
        for name, text in getattr(owner, "__annotations__", {}).items():
            try:
                out |= get_type_hints(SimpleNamespace(__annotations__={name: text}), names)
            except (NameError, TypeError):
                continue
    return out


def _plain(hint: Any) -> Any:
    """What of a type can be written as text; None: nothing."""
    if get_origin(hint) in (Union, UnionType):
        return next((kind for one in get_args(hint) if one is not NoneType and (kind := _plain(one))), None)
    return hint if hint in _KINDS or get_origin(hint) is Literal else None


def _in_words(kind: Any) -> str:
    return _KINDS[kind] if kind in _KINDS else "one of " + ", ".join(map(str, get_args(kind)))


def _written(value: Any) -> str:
    """A value as one would write it after the sign."""
    if isinstance(value, Mapping):
        ends = [f"{name}:{first or ''}:{last or ''}" for name, (first, last) in value.items()]
        return ",".join(ends) or _NONE
    return (
        str(value).lower()
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def _choices(model: NaturalRateModel, kinds: Mapping[str, Any]) -> str:
    if not kinds:
        return f"{model.name} takes none; leave --set out, or choose another model."
    return f"{model.name} takes {', '.join(kinds)}; --set {LIST} says what to write."


def _unknown(model: NaturalRateModel, name: str) -> str:
    if name in model.options:
        return f"{name} cannot be written as text; give it from Python, to fit({name}=...)."
    return f"there is no option {short(name)!r}."


def _value(name: str, text: str, kind: Any) -> Any:
    """The value that a text stands for; numbers are checked as in Python (`capstar.arguments.accepted`)."""
    from capstar.arguments import accepted

    if kind is bool and text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if kind == _SPANS:
        return _spans(name, text)
    if kind in (bool, int, float):
        number = float(text) if kind is not bool and NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(number) or (kind is int and not (number.is_integer() and number <= MOST_DRAWS)):
            limit = f" of at most {MOST_DRAWS}" if kind is int else ""
            raise SpecificationError(f"--set {name}={short(text)!r}: write {_KINDS[kind]}{limit}.")
        return accepted(name, int(number) if kind is int else number, kind)
    return accepted(name, text, kind)


def _spans(name: str, text: str) -> dict[str, tuple[str | None, str | None]]:
    if text.lower() == _NONE:
        return {}
    parts = [one.split(":") for one in text.split(",")]
    if any(len(one) != 3 or not one[0].strip() or not all(_is_end(end) for end in one[1:]) for one in parts):
        raise SpecificationError(f"--set {name}={short(text)!r}: write {_KINDS[_SPANS]}.")
    return {column.strip(): (first.strip() or None, last.strip() or None) for column, first, last in parts}


def _is_end(text: str) -> bool:
    return not text.strip() or is_date(text.strip(), DAY)
