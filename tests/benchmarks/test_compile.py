"""What the first fit of a fresh installation waits for, and what later ones do; seconds are printed, not asserted."""

from __future__ import annotations

import os
import subprocess
import sys
import timeit
from pathlib import Path

import numpy as np

from capstar.kernels import gaussian

# Listens for the compiler, runs the command line, and says on the last line what was compiled.
PROCESS = """
import sys, time
begin = time.perf_counter()
from numba.core import event
compiled = set()
class Listener(event.Listener):
    def on_start(self, e):
        compiled.add(e.data["dispatcher"].py_func.__name__)
    def on_end(self, e):
        pass
event.register("numba:compile", Listener())
from capstar.cli import main
try:
    main()
except SystemExit as done:
    assert not done.code, done.code
print()
print(f"{time.perf_counter() - begin:.1f} s, compiled anew: {', '.join(sorted(compiled)) or 'none'}")
"""


def whole_process(cache: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, *arguments],
        capture_output=True, text=True, check=True, env=os.environ | {"NUMBA_CACHE_DIR": str(cache)},
    )  # fmt: skip
    return done.stdout.strip().split("\n")[-1]


def test_cold_first_fit(benchmark, tmp_path: Path, reference) -> None:
    hlw2017 = ("rstar", "--model", "hlw2017", "--input", "embedded")
    cold = benchmark.pedantic(lambda: whole_process(tmp_path, *hlw2017), rounds=1)
    warm = whole_process(tmp_path, *hlw2017)
    path = str(reference("lw2023/us_2023q2_input.csv"))
    other = whole_process(tmp_path, "rstar", "--model", "lw2023", "--input", path)
    print(f"\ncold first fit, HLW 2017: {cold}\nthe same again: {warm}\nanother model, LW 2023: {other}")
    assert not cold.endswith("none")
    assert warm.endswith("compiled anew: none")
    assert other.endswith("compiled anew: none")


def test_likelihood_now(benchmark, golden_set) -> None:
    one = golden_set("hlw2017_us_2019q4")
    for stage in (1, 2, 3):
        problem = one.problem(stage)
        inputs, out = problem.inputs(problem.vector(one.params(stage))), np.empty(problem.nobs)
        seconds = (
            min(timeit.repeat(lambda i=inputs, o=out: gaussian.loglike(*i, o), number=200, repeat=9)) / 200
        )
        print(
            f"\nlikelihood now, stage {stage}, {len(problem.model.states)} states: {seconds * 1e6:.1f} us",
            end="",
        )
    assert np.isfinite(benchmark(lambda: gaussian.loglike(*inputs, out)))
