"""The start, as processor time of whole processes, beside that of ``import pandas``."""

from __future__ import annotations

import subprocess
import sys

import pytest

CASES = {
    "import capstar": ["-c", "import capstar"],
    "import capstar.rstar": ["-c", "import capstar.rstar"],
    "capstar --version": ["-m", "capstar.cli", "--version"],
    "capstar rstar --input embedded": ["-m", "capstar.cli", "rstar", "--input", "embedded"],
}
AIMS = {"import capstar": 0.3, "capstar rstar --input embedded": 2.0}  # seconds on a quiet core, cached
resource = pytest.importorskip("resource")


def processor_seconds(arguments: list[str], repeat: int) -> float:
    """The least of several processes."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    return min(once() for _ in range(repeat))


@pytest.mark.parametrize("name", CASES)
def test_start(name: str, benchmark, timed) -> None:
    repeat = 5 if timed else 1
    own = benchmark.pedantic(lambda: processor_seconds(CASES[name], repeat))
    assert own > 0
    if timed:
        pandas = processor_seconds(["-c", "import pandas"], repeat)
        aim = f" (aim: {AIMS[name]} s)" if name in AIMS else ""
        print(f"\n{name}: {own:.2f} s{aim}, {own / pandas:.2f} times 'import pandas' ({pandas:.2f} s)")
