"""Every example in a docstring runs by copy and paste and shows what it says, and every public callable has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
import sys
import types
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from data.live import serve_all, serve_further
from data.sources import Server, running

import capstar
from capstar import data

# Modules without a list of public names, of which users meet all, and those of which they meet some.
WHOLE = ("capstar.markets.fx",)
FURTHER = (
    "dates.local_dates", "dates.read_dates", "errors.CapstarError", "errors.DataError", "errors.DataWarning",
    "errors.SourceError", "errors.SpecificationError", "frames.as_periods", "frames.as_quarterly", "frames.as_yearly",
    "frames.since", "names.name_of", "names.state_names", "progress.reporting", "provenance.source_of",
    "timing.timings", "units.Quantity", "units.check_units", "units.in_model_units",
)  # fmt: skip
REGISTRIES = (
    ("data.sources", "_SOURCES"),
    ("leads.inference.registry", "_TESTS"),
    ("smallcaps.registry", "_RULES"),
)
# These ask a source, which here is the loopback server.
SERVED = {
    "alfred", "canada_hlw", "current_estimates", "DataSource.fetch", "DataSource.get", "euro_area_hlw",
    "exchange_rates", "fetch", "fred", "french", "hlw_published", "lw_published",
    "monthly_vintages", "MonthlyVintages", "us_monthly", "us_monthly_hlw",
    "PublishedEstimates", "real_time_estimates", "size_portfolios",
    "size_returns", "small_cap_index", "three_factors", "uk_hlw", "us_hlw", "us_lw",
}  # fmt: skip
# In these they print tables, whose lines end in blanks that no file keeps.
PRINTED = {"data", "leads", "markets", "smallcaps", "study"}
OPTIONAL = (".to_arviz",)  # whose last line needs a package that need not be installed


def _named(thing: Any) -> bool:
    return inspect.isclass(thing) or inspect.isroutine(inspect.unwrap(thing))


def _members(cls: type) -> Iterator[tuple[str, Any]]:
    """Methods, properties and classes that a class itself defines."""
    kinds = (types.FunctionType, classmethod, staticmethod, property, cached_property, type)
    fields = inspect.get_annotations(cls)
    for name, one in vars(cls).items():
        if isinstance(one, kinds) and name not in fields and getattr(one, "__module__", "") != "builtins":
            yield name, one


def _within(thing: Any, name: str) -> Iterator[tuple[str, Any]]:
    """A function, method or class, and what a class holds."""
    yield name, thing
    if inspect.isclass(thing):
        for member, one in _members(thing):
            yield from _within(one, f"{name}.{member}")


def _everything() -> dict[str, Any]:
    """Modules, functions, classes and what these hold, by the name of where they are defined."""
    out: dict[str, Any] = {}
    for info in pkgutil.walk_packages(capstar.__path__, "capstar."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        out[info.name] = module
        for name, thing in vars(module).items():
            if getattr(thing, "__module__", "") == info.name and _named(thing):
                out |= _within(thing, f"{info.name}.{name}")
    return {"capstar": capstar} | out


def _listed(path: str, module: types.ModuleType) -> list[str]:
    """Public names of a package, or of a module of `WHOLE`."""
    if hasattr(module, "__path__"):
        return list(getattr(module, "__all__", ()))
    own = [
        name
        for name, one in vars(module).items()
        if getattr(one, "__module__", "") == path and name[0] != "_"
    ]
    return own if path in WHOLE else []


def _public(everything: dict[str, Any]) -> dict[str, Any]:
    """Every function and class that a package lists, or is known to users, once, by where it is defined."""
    out = {f"capstar.{name}": everything[f"capstar.{name}"] for name in FURTHER}
    for path, module in everything.items():
        for name in _listed(path, module) if inspect.ismodule(module) else ():
            thing = getattr(module, name)
            where = f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', '')}"
            if where in everything and _named(thing):
                out[where] = thing
    return out


EVERYTHING = _everything()
PUBLIC = _public(EVERYTHING)
EXAMPLES = {name: one for name, one in EVERYTHING.items() if ">>> " in (getattr(one, "__doc__", "") or "")}


def _code(of: Any) -> str:
    """The lines of code in the examples of a docstring."""
    return "\n".join(one.source for one in doctest.DocTestParser().get_examples(of.__doc__ or ""))


def _shown(cls: type, name: str) -> bool:
    """Whether an example calls it: its own, that of the class, or of what it overrides and a base class shows."""
    for base in cls.__mro__:
        if name in vars(base) and _code(vars(base)[name]):
            return True
        if re.search(rf"\.{name}\b", _code(base)):
            return True
    return False


@pytest.fixture(scope="module")
def server(reference: Callable[[str], Path]) -> Iterator[Server]:
    """Every source of the room of data, as the reference data have it."""
    with running() as state:
        serve_all(state, reference)
        serve_further(state, reference)
        yield state


def _yfinance() -> types.ModuleType:
    """The optional package in its documented form, since Yahoo itself is out of reach."""
    days = pd.bdate_range("2024-01-02", periods=3, name="Date")
    columns = ("Adj Close", "Close", "High", "Low", "Open", "Volume")
    module = types.ModuleType("yfinance")
    module.download = lambda symbol, **options: pd.DataFrame({key: [1.0, 2.0, 3.0] for key in columns}, days)  # type: ignore[attr-defined]
    return module


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_and_shows_what_it_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """From nothing but its own lines, in an empty folder and without a network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAPSTAR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "yfinance", _yfinance())
    keys = data.sources().index
    for module, table in REGISTRIES:
        registry = importlib.import_module(f"capstar.{module}")
        monkeypatch.setattr(registry, table, dict(getattr(registry, table)))
    served = name.startswith("capstar.data.") and any(name.endswith(f".{one}") for one in SERVED)
    if served:
        for key in keys:
            monkeypatch.setenv(f"CAPSTAR_{key.upper()}_URL", request.getfixturevalue("server").url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (example,) = doctest.DocTestFinder(recurse=False).find(EXAMPLES[name], name, module=False, globs={})
    example.globs["__name__"] = "__main__"
    said: list[str] = []
    with data.network(offline=not served, pause=0.0, cache=tmp_path / "cache" / "downloads"):
        flags = doctest.NORMALIZE_WHITESPACE if f"{name}.".split(".")[1] in PRINTED else 0
        done = doctest.DocTestRunner(optionflags=flags).run(example, out=said.append)
    assert not done.failed, "".join(said)
    assert done.attempted > 0


def test_there_is_something_to_look_at() -> None:
    assert {"capstar.rstar.comparison.compare", "capstar.statespace.results.StateSpaceResults"} <= set(PUBLIC)
    rooms = {f"capstar.{name}" for name in capstar.__all__ if inspect.ismodule(getattr(capstar, name))}
    assert rooms <= {".".join(name.split(".")[:2]) for name in PUBLIC}


@pytest.mark.parametrize("name", PUBLIC)
def test_what_a_user_calls_has_an_example(name: str) -> None:
    """Of its own; a method's may be that of its class, or of a base class such as `Result`."""
    found = PUBLIC[name]
    methods = [each for each, _ in _members(found) if each[0] != "_"] if inspect.isclass(found) else []
    assert name in EXAMPLES
    assert [each for each in methods if not _shown(found, each)] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_hides_nothing(name: str) -> None:
    """It is the last section, and no directive passes over a line of it."""
    doc = inspect.cleandoc(EXAMPLES[name].__doc__)
    assert name.endswith(OPTIONAL) or "# doctest:" not in doc
    assert ">>> " not in doc.partition("\nExamples\n--------\n")[0]
