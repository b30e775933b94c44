"""Every public callable of these rooms has an example, which runs by copy and paste and shows what it says."""

from __future__ import annotations

import doctest
import importlib
import inspect
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

from capstar import data
from capstar.reporting import Result

ROOMS = ("data", "leads", "markets", "report", "report.sections", "smallcaps", "study")
REGISTRIES = (
    ("data.sources", "_SOURCES"),
    ("leads.inference.registry", "_TESTS"),
    ("smallcaps.registry", "_RULES"),
)
MODULES = ("markets.fx",)  # without a list of public names: all they define
# Of modules that are not rooms, what users meet.
FURTHER = (
    "dates.local_dates", "dates.read_dates", "errors.CapstarError", "errors.DataError", "errors.DataWarning",
    "errors.SourceError", "errors.SpecificationError", "frames.as_periods", "frames.as_quarterly", "frames.as_yearly",
    "frames.since", "names.name_of", "names.state_names", "progress.reporting", "provenance.source_of",
    "timing.timings", "units.Quantity", "units.check_units", "units.in_model_units",
)  # fmt: skip
# These ask a source, which here is the loopback server.
SERVED = {
    "alfred", "canada_hlw", "current_estimates", "DataSource.fetch", "DataSource.get", "euro_area_hlw",
    "exchange_rates", "fetch", "fred", "french", "hlw_published", "lw_published",
    "monthly_vintages", "MonthlyVintages", "us_monthly", "us_monthly_hlw",
    "PublishedEstimates", "real_time_estimates", "size_portfolios",
    "size_returns", "small_cap_index", "three_factors", "uk_hlw", "us_hlw", "us_lw",
}  # fmt: skip


def _names(room: str) -> list[str]:
    module = importlib.import_module(f"capstar.{room}")
    return list(module.__all__) if room in ROOMS else [name for name in vars(module) if name[0] != "_"]


def _public() -> dict[str, Any]:
    """Functions and classes by room and name."""
    out = {}
    for room in (*ROOMS, *MODULES):
        module = importlib.import_module(f"capstar.{room}")
        for name in _names(room):
            one = getattr(module, name)
            own = room in ROOMS or getattr(one, "__module__", "") == module.__name__
            if own and (inspect.isclass(one) or inspect.isroutine(one)):
                out[f"{room}.{name}"] = one
    for path in FURTHER:
        module, name = path.split(".")
        out[path] = getattr(importlib.import_module(f"capstar.{module}"), name)
    return out


def _members(cls: type) -> dict[str, Any]:
    """Public methods and properties that a class defines itself."""
    fields = inspect.get_annotations(cls)
    kinds = (types.FunctionType, classmethod, staticmethod, property, cached_property)
    return {
        name: one
        for name, one in vars(cls).items()
        if name[0] != "_" and name not in fields and isinstance(one, kinds)
    }


PUBLIC = _public()
MEMBERS = {
    f"{owner}.{name}": member
    for owner, cls in PUBLIC.items()
    if inspect.isclass(cls)
    for name, member in _members(cls).items()
}
EXAMPLES = {
    name: one for name, one in (PUBLIC | MEMBERS).items() if ">>> " in (getattr(one, "__doc__", "") or "")
}


@pytest.fixture(scope="module")
def server(reference: Callable[[str], Path]) -> Iterator[Server]:
    """Every source of the room, as the reference data have it."""
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
    served = name.split(".", 1)[1] in SERVED and name.startswith("data.")
    if served:
        for key in keys:
            monkeypatch.setenv(f"CAPSTAR_{key.upper()}_URL", request.getfixturevalue("server").url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (example,) = doctest.DocTestFinder(recurse=False).find(EXAMPLES[name], name, module=False, globs={})
    said: list[str] = []
    with data.network(offline=not served, pause=0.0, cache=tmp_path / "cache" / "downloads"):
        # Lines of a table end in blanks, which no file keeps.
        runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
        done = runner.run(example, out=said.append)
    assert not done.failed, "".join(said)
    assert done.attempted > 0


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_an_example(name: str) -> None:
    assert name in EXAMPLES


@pytest.mark.parametrize("name", MEMBERS)
def test_every_method_is_in_an_example(name: str) -> None:
    """Its own, or that of its class; what every result answers is shown by `Result`."""
    owner, _, method = name.rpartition(".")
    of_class = PUBLIC[owner].__doc__ or ""
    of_result = issubclass(PUBLIC[owner], Result) and hasattr(Result, method)
    assert name in EXAMPLES or of_result or re.search(rf"\.{method}\b", of_class.partition("Examples\n")[2])


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_hides_nothing(name: str) -> None:
    """It is the last section, and no directive passes over a line of it."""
    doc = inspect.cleandoc(EXAMPLES[name].__doc__)
    assert "# doctest:" not in doc
    assert ">>> " not in doc.partition("\nExamples\n--------\n")[0]
