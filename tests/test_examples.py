"""The examples in the docstrings run as they stand, show what they say, and every public callable has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pytest

import capstar

ROOMS_DONE = {"rstar", "statespace", "tasks", "reporting", "plotting"}  # a further room is one more name here

EXCEPTIONS: dict[str, str] = {}
"""Public callables without an example, ``module.Class.method``, and the reason of each."""


def _modules(room: str) -> Iterator[str]:
    package = importlib.import_module(f"capstar.{room}")
    yield package.__name__
    if hasattr(package, "__path__"):
        yield from (info.name for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))


AT_THE_TOP = ["capstar"] + [
    f"capstar.{info.name}" for info in pkgutil.iter_modules(capstar.__path__) if not info.ispkg
]
MODULES = AT_THE_TOP + [name for room in sorted(ROOMS_DONE) for name in _modules(room)]


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_examples(name: str, tmp_path, monkeypatch) -> None:
    """Each in an empty namespace, so that it can be copied, and in an empty folder, as some write a file."""
    monkeypatch.chdir(tmp_path)
    finder, runner = doctest.DocTestFinder(exclude_empty=True), doctest.DocTestRunner()
    for example in finder.find(importlib.import_module(name), name, extraglobs={}):
        example.globs = {"__name__": "__main__"}
        runner.run(example)
    assert runner.summarize(verbose=False).failed == 0


def _public() -> dict[str, Any]:
    """Every class and function of a done room that a package names, once, under the module that defines it."""
    out = {}
    for name in MODULES:
        module = importlib.import_module(name) if not name.endswith("__main__") else capstar
        if not hasattr(module, "__path__"):
            continue
        for each in getattr(module, "__all__", []):
            found = getattr(module, each)
            if (
                callable(found)
                and getattr(found, "__module__", "") in MODULES
                and hasattr(found, "__qualname__")
            ):
                out[f"{found.__module__}.{found.__qualname__}"] = found
    return out


PUBLIC = _public()


def _code(of: Any) -> str:
    """The lines of code in the examples of a docstring."""
    return "\n".join(one.source for one in doctest.DocTestParser().get_examples(of.__doc__ or ""))


def _members(cls: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties that a class itself defines."""
    for name, member in vars(cls).items():
        bare = getattr(member, "__func__", member)
        if not name.startswith("_") and (
            inspect.isfunction(bare) or isinstance(bare, property | cached_property)
        ):
            yield name, bare


def _shown(cls: type, name: str) -> bool:
    """Whether an example calls it: its own, that of the class, or of what it overrides and a base class shows."""
    for base in cls.__mro__:
        if name in vars(base) and _code(getattr(vars(base)[name], "__func__", vars(base)[name])):
            return True
        if re.search(rf"\.{name}\b", _code(base)):
            return True
    return False


def test_there_is_something_to_look_at() -> None:
    assert {"capstar.rstar.comparison.compare", "capstar.statespace.results.StateSpaceResults"} <= set(PUBLIC)
    assert {f"capstar.{room}" for room in ROOMS_DONE} <= {".".join(name.split(".")[:2]) for name in PUBLIC}


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_what_a_user_calls_has_an_example(name: str) -> None:
    found = PUBLIC[name]
    without = [] if _code(found) else [name]
    if inspect.isclass(found):
        without += [f"{name}.{each}" for each, _ in _members(found) if not _shown(found, each)]
    assert sorted(set(without) - set(EXCEPTIONS)) == []


def test_exceptions_exist() -> None:
    for name in EXCEPTIONS:
        owner = next(one for one in PUBLIC if name == one or name.startswith(f"{one}."))
        assert name == owner or hasattr(PUBLIC[owner], name.removeprefix(f"{owner}."))
