"""The start of whole processes, beside one that imports pandas."""

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
SAYS = {"capstar --version": "0.", "capstar rstar --input embedded": "natural rate of interest"}


def process(*arguments: str) -> str:
    """What it prints."""
    return subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("name", CASES)
def test_start(name: str, against, timed) -> None:
    one = against(
        lambda: process(*CASES[name]), lambda: process("-c", "import pandas"), "imports of pandas", rounds=4
    )
    assert SAYS.get(name, "") in one.found
    if timed and name in AIMS:
        print(f"aim: {AIMS[name]} s")
