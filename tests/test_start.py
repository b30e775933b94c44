"""What is loaded, and when: the start of a program is the sum of what it imports."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

LOOK = "import json, sys; {code}; print(json.dumps(sorted(sys.modules)))"
SELDOM = {
    "IPython", "arch", "asyncio", "joblib", "linearmodels", "matplotlib", "openpyxl", "pandas_datareader", "patsy",
    "psutil", "requests", "rich", "scipy.integrate", "scipy.interpolate", "scipy.signal", "scipy.stats", "sklearn",
    "sqlite3", "statsmodels", "urllib3", "yfinance",
}  # fmt: skip
LARGE = {"numba", "numpy", "pandas", "pyarrow", "scipy"}


def loaded(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(code=code)], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("code", ["import capstar", "import capstar.cli", "from capstar import timings"])
def test_the_package_itself_loads_no_library(code: str) -> None:
    assert not loaded(code) & (SELDOM | LARGE)


def test_rooms_load_what_all_of_their_work_needs_and_no_more() -> None:
    rooms = "from capstar import data, leads, markets, rstar, smallcaps, statespace, study"
    found = loaded(rooms)
    assert {"numba", "pandas", "capstar.leads.study"} <= found
    assert not found & SELDOM


def test_rooms_without_kernels_load_no_compiler() -> None:
    found = loaded("from capstar import data, markets, smallcaps")
    assert "pandas" in found
    assert not found & {"numba", "scipy.optimize"}


def test_an_estimate_and_its_summary_load_nothing_more() -> None:
    code = "from capstar import data, rstar; str(rstar.HLW2017.fit(data.us_macro()).summary())"
    assert not loaded(code) & (SELDOM - {"statsmodels"})  # it lends its data and its tables
