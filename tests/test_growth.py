"""Nothing grows faster than its bound: counts of executed lines and calls, and bytes; no time is looked at."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, load_module

from capstar import leads
from capstar.errors import IdentificationWarning

# Prints, of a filter at some sizes, the lines of the kernels that Python executes where they are not compiled.
LINES = """
import sys
from research.growth import work
name, model, *sizes = sys.argv[1:]
def count(call):
    lines = 0
    def inside(frame, event, argument):
        nonlocal lines
        lines += event == "line"
        return inside
    sys.settrace(lambda frame, *_: inside if "kernels" in frame.f_code.co_filename else None)
    call()
    sys.settrace(None)
    return lines
for size in map(int, sizes):
    given = (work.natural_rate_problem(size), work.PARAMS) if model == "T" else work.vector_autoregression(size, 3)
    print(count(work.of_model(name, *given)))
"""


@pytest.fixture(scope="module")
def growth() -> ModuleType:
    return load_module(ROOT / "research" / "growth" / "reproduce.py")


def lines(name: str, model: str, *sizes: int, environment: dict[str, str]) -> np.ndarray:
    command = [sys.executable, "-c", LINES, name, model, *map(str, sizes)]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return np.array(done.stdout.split(), dtype=int)


def calls(work: Callable[[], object]) -> int:
    """Functions that Python calls, its own and those of libraries."""
    found = 0

    def count(_frame, event: str, _argument) -> None:
        nonlocal found
        found += event in ("call", "c_call")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        sys.setprofile(count)
        try:
            work()
        finally:
            sys.setprofile(None)
    return found


@pytest.fixture
def uncompiled() -> dict[str, str]:
    return os.environ | {"NUMBA_DISABLE_JIT": "1"}


@pytest.mark.parametrize("name", ["likelihood", "score", "smoother"])
def test_kernels_do_the_same_in_every_quarter(name: str, uncompiled) -> None:
    """To the line."""
    first, second, third = lines(name, "T", 20, 30, 40, environment=uncompiled)
    assert 0 < third - second == second - first


@pytest.mark.parametrize("name", ["likelihood", "score", "smoother"])
def test_kernels_grow_at_most_with_the_cube_of_the_states(name: str, growth, uncompiled) -> None:
    """Where every state depends on every other; sizes are whole vector instructions."""
    sizes = (4, 8, 16)
    found = lines(name, "states", *sizes, environment=uncompiled)
    assert 1 < growth.exponent(sizes, found) <= 3


def works(growth: ModuleType) -> dict[str, Callable[[int], Callable[[], object]]]:
    """What is cheap enough to look at in every test run, by name; a function of the number of quarters."""
    work = growth.work
    filters = {
        name: lambda n, name=name: work.of_model(name, work.natural_rate_problem(n), work.PARAMS)
        for name in work.FILTERS
    }
    tests = {
        test.key: lambda n, key=test.key: work.predictability(key, n) for test in leads.predictability_tests()
    }
    return filters | tests | {"break statistics": work.break_statistics, "forecasts": work.forecasts}


@pytest.mark.parametrize(
    "name",
    [
        "likelihood",
        "score",
        "smoother",
        "break statistics",
        "forecasts",
        *(t.key for t in leads.predictability_tests()),
    ],
)
def test_memory_and_calls_grow_at_most_as_the_quarters_do(name: str, growth) -> None:
    sizes, prepare = (500, 1000, 2000), works(growth)[name]
    given = [prepare(size) for size in sizes]
    given[0]()
    counts = [calls(one) for one in given]
    assert growth.exponent(sizes, counts) <= 1
    assert growth.exponent(sizes, [growth.peak(one) for one in given]) <= 1.02


@pytest.mark.parametrize(("name", "size"), [("standard_errors", 50), ("bootstrap", 2), ("vintages", 2)])
def test_calls_grow_at_most_as_what_is_repeated_does(name: str, size: int, growth) -> None:
    """Far from the square: in some samples the optimiser takes more steps, but the same on any machine."""
    prepare = getattr(growth.work, name)
    prepare(size)()
    sizes = (size, 2 * size)
    assert growth.exponent(sizes, [calls(prepare(one)) for one in sizes]) <= 1.4


def test_growth_is_seen(growth) -> None:
    """A matrix of every quarter by every quarter, and a loop over all pairs."""
    sizes = (50, 100, 200)
    assert growth.exponent(sizes, [growth.peak(lambda n=n: np.ones((n, n))) for n in sizes]) > 1.9
    assert (
        growth.exponent(
            sizes, [calls(lambda n=n: [abs(i) for _ in range(n) for i in range(n)]) for n in sizes]
        )
        > 1.9
    )


def test_index_is_measured_in_a_process_of_its_own(growth) -> None:
    cost = growth.index_cost(60, 2)
    assert cost.seconds > 0
    assert cost.megabytes > 0


def test_measured_work_is_in_the_tables(growth) -> None:
    """Every curve is in the committed tables; seconds and bytes of one are found by the same code."""
    table = pd.read_csv(growth.HERE / "growth.csv", index_col=["against", "what", "size"])
    chosen = growth.curves()
    assert [(c.against, c.what, size) for c in chosen for size in c.sizes] == list(table.index)
    assert {c.what for c in chosen if c.panel == "tests and forecasts"} >= {
        t.label for t in leads.predictability_tests()
    }
    short = growth.Curve("quarters", "models", "break statistics", (100, 200, 400), chosen[4].cost)
    found = growth.exponents(growth.growth([short]))
    assert (found[["seconds", "megabytes"]] > 0).all(axis=None)
    assert chosen[4].what == "break statistics"
    committed = growth.read()
    assert growth.too_fast(committed) == []
    again = growth.exponents(table)
    pd.testing.assert_frame_equal(again, committed, rtol=1e-3, atol=1e-3, check_dtype=False)


def test_sentences_come_from_the_tables(growth) -> None:
    committed = growth.read()
    assert growth.words(committed) in (growth.HERE / "README.md").read_text()
    changed = committed.copy()
    changed.loc[("draws", "bootstrap of three stages"), "time"] = 1.9
    assert "bootstrap of three stages: time against draws, exponent 1.90" in growth.words(changed)
    assert (
        "**5 to 4,000 draws.** The largest exponent of time 1.90 (bootstrap of three stages)"
        in growth.words(changed)
    )
    cube = committed.assign(time=committed["bound"], memory=0.0)
    assert growth.words(cube).startswith(
        "Nothing grows faster than linearly in quarters, draws, vintages, securities, years or with the cube in states"
    )
