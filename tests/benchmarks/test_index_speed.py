"""The index calculator as a whole process: 3,000 securities and 25 years of days when timed, a small panel else.

And ten times that: 10,000 securities and 72 years, in the memory that a tenth of the years takes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from panels import simulate

SECONDS, GIGABYTES = 60.0, 4.0  # aimed at, on 2 cores

RUN = """
import json, resource, sys, time, warnings
warnings.simplefilter("error")
from capstar.smallcaps import IndexCalculator, IndexRules
import pyarrow.compute, pyarrow.dataset, pyarrow.parquet
folder, large, broad = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def peak():
    try:  # what getrusage says is, of a child on Linux, at least what its parent took
        with open("/proc/self/status") as told:
            return next(int(line.split()[1]) for line in told if line.startswith("VmHWM")) / 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2 ** (30 if sys.platform == "darwin" else 20)
before = peak()
begin = time.perf_counter()
index = IndexCalculator(
    IndexRules.russell2000(large=large, broad=broad),
    f"{folder}/prices.parquet", f"{folder}/shares.parquet", f"{folder}/actions.parquet",
).run()
seconds = time.perf_counter() - begin
most = peak()
held = float(sum(table.memory_usage().sum() for table in vars(index).values() if hasattr(table, "columns"))) / 2**30
level, by_member = index.levels["price"], index.contributions()
print(json.dumps({
    "seconds": seconds,
    "gigabytes": peak(),
    "held": held,
    "own": most - before - held,  # beyond what Python and the libraries take, and the results
    "days": len(index.levels),
    "members": int(index.levels["members"].min()),
    "events": len(index.event_log),
    "error": abs(float(by_member.sum()) - (level.iloc[-1] / level.iloc[0] - 1.0)) / level.iloc[-1] * level.iloc[0],
    "weights": float(index.weights(level.index[len(level) // 2]).sum()),
}))
"""


def run(folder: Path, securities: int) -> dict[str, float]:
    ranks = min(securities // 3, 1000), min(securities, 3000)  # those of the Russell 2000 at most
    command = [sys.executable, "-c", RUN, str(folder), *map(str, ranks)]
    found: dict[str, float] = json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
    return found


# Reads the same prices, and adds them up by day as pandas does.
PLAIN = """
import sys, pandas
prices = pandas.read_parquet(f"{sys.argv[1]}/prices.parquet", columns=["date", "id", "close"])
prices["value"] = prices["close"] / prices.groupby("id", observed=True)["close"].transform("first")
assert prices.groupby("date")["value"].sum().gt(0).all()
"""


def test_whole_history(tmp_path, against, timed) -> None:
    """A fresh process reads Parquet; contributions add up to the return, weights to one."""
    securities, years = (3000, 25) if timed else (240, 4)
    size = simulate(tmp_path, securities, years)
    plain = [sys.executable, "-c", PLAIN, str(tmp_path)]
    one = against(
        lambda: run(tmp_path, securities),
        lambda: subprocess.run(plain, check=True, capture_output=True),
        "sums by pandas in a process",
        rounds=2,
    )
    found = one.found
    assert found["days"] > 0.9 * 252 * years
    assert found["members"] > securities // 3
    assert found["error"] < 1e-10
    assert found["weights"] == pytest.approx(1.0, abs=1e-12)
    if timed:
        print(
            f"\n{size['rows']:,} prices, {size['actions']} actions, {found['days']} days, {found['events']} events: "
            f"{found['seconds']:.1f} s (aim: under {SECONDS:.0f}), {found['gigabytes']:.2f} GB (aim: under "
            f"{GIGABYTES:.0f})"
        )


def test_memory_does_not_grow_with_the_history(tmp_path, benchmark, timed) -> None:
    """Peaks of two processes, one with ten times the years, less the tables of results, which do grow.

    A small process's peak is mostly what libraries happen to hold: it is asserted of large ones, by ``make bench``.
    """
    securities, years = (10_000, 7) if timed else (300, 3)
    rows, found = {}, {}
    for factor in (1, 10):
        folder = tmp_path / str(factor)
        folder.mkdir()
        rows[factor] = simulate(
            folder, securities, factor * years + (timed and factor == 10) * 2, by_year=True
        )["rows"]
        found[factor] = run(folder, securities)
    benchmark.pedantic(lambda: None)
    assert rows[10] > 8 * rows[1]
    assert found[10]["error"] < 1e-10
    if timed:
        assert found[10]["own"] < 1.5 * found[1]["own"]
        for factor, one in found.items():
            print(
                f"\n{rows[factor]:,} prices of {securities:,} securities, {one['days']} days: {one['seconds']:.1f} s, "
                f"{1e9 * one['seconds'] / rows[factor]:.0f} ns a price; peak {one['gigabytes']:.2f} GB, of which "
                f"{one['own']:.2f} GB for the work and {one['held']:.2f} GB are results"
            )
