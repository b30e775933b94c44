"""Ratios of the benchmarks, held against those stored: ``python tests/ratios.py store`` or ``compare``.

A ratio is the processor time of a benchmark in units of another piece of work, measured by turns with it.  Seconds are
never compared: they are the machine's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path

import pandas as pd

BENCHMARKS = Path(__file__).resolve().parent / "benchmarks"
STORED = BENCHMARKS / "stored.csv"
SLOWER = 1.2  # a ratio so many times the stored one is too slow
RUNS = 3  # of which the medians are stored; of what looks slow, the least counts


def read(path: Path = STORED) -> pd.DataFrame:
    """``unit``, ``ratio`` and, where stored, ``spread`` by the name of the benchmark."""
    return pd.read_csv(path, index_col="name")


def slower(found: pd.DataFrame, stored: pd.DataFrame, most: float = SLOWER) -> dict[str, str]:
    """A sentence for each benchmark whose ratio is more than ``most`` times the stored one, or was not measured."""
    out = {}
    for name, before in stored.iterrows():
        if name not in found.index:
            out[name] = f"{name}: stored but not measured. Store the ratios again where it was taken away."
            continue
        now = found.loc[name]
        if now["unit"] != before["unit"]:
            out[name] = (
                f"{name}: measured in {now['unit']}, stored in {before['unit']}. Store the ratios again."
            )
        elif not now["ratio"] <= most * before["ratio"]:
            out[name] = (
                f"{name}: {now['ratio']:.4g} {now['unit']}, stored {before['ratio']:.4g}: "
                f"{now['ratio'] / before['ratio'] - 1:.0%} slower, allowed are {most - 1:.0%}."
            )
    return out


def median_of(runs: Collection[pd.DataFrame]) -> pd.DataFrame:
    """The median of each ratio, and how many times the least of them the largest is."""
    by_name = pd.concat(runs)["ratio"].groupby(level="name", sort=False)
    spread = by_name.max() / by_name.min()
    return next(iter(runs))[["unit"]].assign(ratio=by_name.median(), spread=spread)


def least_of(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Of each benchmark the smaller ratio; one that only one of them has is as it is there."""
    both = pd.concat([one, other]).sort_values("ratio", kind="stable")
    return both[~both.index.duplicated()]


def alone() -> dict[str, str]:
    """The environment without what says that this process is one of several workers, which time nothing."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}


def measure(names: Collection[str] = ()) -> pd.DataFrame:
    """Run the benchmarks that have a ratio, or those named, in a process of their own.

    Raises
    ------
    SystemExit
        A benchmark failed.
    """
    targets = [str(BENCHMARKS / name) for name in names] or [str(BENCHMARKS)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratios.csv"
        options = ["-q", "-s", "--benchmark-enable", "--benchmark-columns=min,median,rounds"]
        command = [sys.executable, "-m", "pytest", *targets, *options, f"--ratios={path}"]
        done = subprocess.run(command, cwd=BENCHMARKS.parents[1], env=alone(), check=False)
        if done.returncode:
            raise SystemExit(done.returncode)
        return read(path)


def store(runs: int, path: Path = STORED) -> None:
    """Measure some times, and write the medians."""
    table = median_of([measure() for _ in range(runs)])
    table.to_csv(path, float_format="%.4g")
    print(f"{table.to_string(float_format='{:.4g}'.format)}\nWritten to {path}.")


def compare(path: Path = STORED) -> int:
    """Measure and hold against what is stored; what looks slow is measured again.  The number that stay slow."""
    stored, found = read(path), measure()
    slow = slower(found, stored)
    for _ in range(RUNS - 1):
        if again := [name for name in slow if name in found.index]:
            print("Measured again:\n" + "\n".join(slow[name] for name in again))
            found = least_of(found, measure(again))
            slow = slower(found, stored)
    beside = found.assign(stored=stored["ratio"], change=found["ratio"] / stored["ratio"] - 1)
    print(beside.to_string(float_format="{:.4g}".format))
    if new := [name for name in found.index if name not in stored.index]:
        print(f"Not stored yet: {', '.join(new)}.")
    print("\n".join(slow.values()) or f"None of {len(stored)} ratios is over {SLOWER - 1:.0%} slower.")
    return len(slow)


def main(arguments: list[str] | None = None) -> int:
    """Command line; ``compare`` returns 1 where a ratio is slower."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["store", "compare"])
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of which the medians are stored")
    given = parser.parse_args(arguments)
    if given.what == "store":
        store(given.runs)
        return 0
    return min(compare(), 1)


if __name__ == "__main__":
    raise SystemExit(main())
