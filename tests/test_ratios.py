"""Ratios of benchmarks held against stored ones: a slower ratio fails and is named, the machine does not matter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import ratios
from conftest import ROOT

# Two benchmarks of a loop so many times as long as its unit; both machine and ratio are arguments.
BENCHMARK = """
import os
MACHINE, RATIO = float(os.environ["MACHINE"]), int(os.environ["RATIO"])
def unit():
    return sum(i * i for i in range(int(20_000 * MACHINE)))
def test_slow(against):
    against(lambda: [unit() for _ in range(RATIO)], unit, "loops")
def test_same(against):
    against(unit, unit, "loops")
def test_without_ratio(benchmark):
    raise AssertionError
"""


def table(**by_name: float) -> pd.DataFrame:
    return pd.DataFrame({"unit": "loops", "ratio": pd.Series(by_name).rename_axis("name")})


def measured(folder: Path, machine: float, ratio: int) -> pd.DataFrame:
    """What `against` writes of the two benchmarks."""
    (folder / "conftest.py").write_text((ratios.BENCHMARKS / "conftest.py").read_text())
    (folder / "test_loops.py").write_text(BENCHMARK)
    path = folder / "ratios.csv"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(folder), "--rootdir", str(folder), f"--ratios={path}"],
        env=ratios.alone() | {"MACHINE": str(machine), "RATIO": str(ratio)}, check=True, capture_output=True,
    )  # fmt: skip
    return ratios.read(path)


def test_a_slower_ratio_is_named_and_a_faster_machine_does_not_matter(tmp_path) -> None:
    """Real measurements: eight times the work against a limit of four, so that no noise decides."""
    stored = measured(tmp_path, machine=3.0, ratio=2)
    assert sorted(stored.index) == ["test_loops.py::test_same", "test_loops.py::test_slow"]
    changed = measured(tmp_path, machine=1.0, ratio=16)
    said = ratios.slower(changed, stored, most=4.0)
    assert list(said) == ["test_loops.py::test_slow"]
    assert said["test_loops.py::test_slow"].startswith("test_loops.py::test_slow: ")
    assert "allowed are 300%" in said["test_loops.py::test_slow"]
    assert ratios.slower(measured(tmp_path, machine=1.0, ratio=2), stored, most=4.0) == {}


def test_the_limit_is_twenty_percent() -> None:
    stored = table(a=1.0, b=10.0)
    assert ratios.slower(table(a=1.19, b=11.9), stored) == {}
    assert ratios.slower(table(a=0.1, b=0.1, new=100.0), stored) == {}
    said = ratios.slower(table(a=1.0, b=12.1), stored)
    assert said == {"b": "b: 12.1 loops, stored 10: 21% slower, allowed are 20%."}
    assert list(ratios.slower(table(a=float("nan"), b=1.0), stored)) == ["a"]


def test_a_benchmark_that_was_not_measured_or_has_another_unit_fails() -> None:
    stored = table(a=1.0, b=10.0)
    assert list(ratios.slower(table(a=1.0), stored)) == ["b"]
    assert "stored in loops" in ratios.slower(table(a=1.0, b=1.0).assign(unit="laps"), stored)["a"]


def test_medians_are_stored_and_the_least_of_what_is_measured_again_counts() -> None:
    found = ratios.median_of([table(a=1.0, b=2.0), table(a=3.0, b=2.0), table(a=1.5, b=2.0)])
    assert found["ratio"].to_dict() == {"a": 1.5, "b": 2.0}
    assert found["spread"].to_dict() == {"a": 3.0, "b": 1.0}
    assert ratios.least_of(table(a=2.0, b=3.0), table(a=1.0))["ratio"].to_dict() == {"a": 1.0, "b": 3.0}


def test_what_looks_slow_is_measured_again(tmp_path, monkeypatch, capsys) -> None:
    """Once slow is noise; three times slow fails."""
    path = tmp_path / "stored.csv"
    table(a=1.0, b=1.0).assign(spread=1.0).to_csv(path)
    for later, slow in ((1.1, 0), (1.5, 1)):
        runs = iter([table(a=1.4, b=1.0), table(a=later), table(a=later)])
        asked = []
        monkeypatch.setattr(
            ratios,
            "measure",
            lambda names=(), runs=runs, asked=asked: asked.append(list(names)) or next(runs),
        )
        assert ratios.compare(path) == slow
        assert asked == [[], *[["a"]] * (1 + slow)]
    assert "a: 1.4 loops, stored 1: 40% slower" in capsys.readouterr().out


def test_every_stored_ratio_is_of_a_benchmark() -> None:
    """And the other way round."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--collect-only",
        str(ratios.BENCHMARKS),
        "--ratios=unused",
    ]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    collected = {line.rpartition("benchmarks/")[2] for line in done.stdout.split("\n") if "::" in line}
    assert collected == set(ratios.read().index)


@pytest.mark.parametrize("what", ["store", "compare"])
def test_makefile_has_the_commands(what: str) -> None:
    assert f"tests/ratios.py {what}" in (ROOT / "Makefile").read_text()
