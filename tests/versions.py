"""``python tests/versions.py TESTS``: each Python that is declared, with the lowest versions declared and the newest.

Each pair has an environment of its own outside the repository, where the installed package is imported, estimates r*
and runs the tests given.  One table tells what was installed and what came of it; what fails makes the run fail.
Pythons are those that uv finds or downloads; a declared one that it cannot have is told.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
# Of the tools of development those that the tests import.
TOOLS = [one for one in PROJECT["optional-dependencies"]["dev"] if re.match("hypothesis|pytest|TA-Lib", one)]
RESOLUTIONS = ("lowest-direct", "highest")
PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "statsmodels",
    "numba",
    "matplotlib",
    "arch",
    "linearmodels",
    "pyarrow",
)
STEPS = ("import", "rstar", "tests")
ABSENT = "not to be had here"
# What old releases say of newer ones that they use is not about this project; what it uses that goes away is said by
# the newest, where every warning is an error.
OLD = [f"-Wignore::{kind}" for kind in ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning")]
UV = (sys.executable, "-m", "uv")


class FailedError(Exception):
    """A command did not succeed; what it said."""


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path = ROOT) -> str:
    """What a command printed.

    Raises
    ------
    FailedError
        It did not return 0.
    """
    print("$", *command, file=sys.stderr, flush=True)
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=env, text=True, check=False, **both)
    if done.returncode:
        raise FailedError(done.stdout)
    return done.stdout


def install(resolution: str, venv: Path) -> dict[str, str]:
    """Fill the environment; the version of each package in it.  Releases without a wheel are passed over."""
    into = ("pip", "install", "--quiet", "--python", venv)
    wheels = ("--resolution", resolution, "--only-binary", ":all:")
    run(*UV, *into, *wheels, "--requirements", ROOT / "pyproject.toml", *TOOLS)
    run(*UV, *into, "--no-deps", ROOT)
    lines = run(*UV, "pip", "freeze", "--quiet", "--python", venv).splitlines()
    return {name: version for name, _, version in (line.partition("==") for line in lines)}


def steps(resolution: str, tests: list[str], folder: Path) -> dict[str, tuple[str | Path, ...]]:
    """The commands of ``STEPS``, the folder being outside the repository."""
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    rooms = (
        "import capstar as cs; assert 'site-packages' in cs.__file__; [getattr(cs, room) for room in dir(cs)]"
    )
    quiet = (
        "-q",
        "-n",
        "2",
        "--dist",
        "worksteal",
        "-p",
        "no:cacheprovider",
        *(OLD if resolution == "lowest-direct" else ()),
    )
    return {
        "import": (scripts / "python", "-c", rooms),
        "rstar": (scripts / "capstar", "rstar", "--input", "embedded"),
        "tests": (scripts / "python", "-m", "pytest", *quiet, *tests),
    }


def attempt(python: str, resolution: str, tests: list[str]) -> dict[str, str]:
    """A row of the table; what follows a failure is left out."""
    row = {"Python": python, "versions": resolution}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
        env = kept | {"NUMBA_CACHE_DIR": str(folder / "numba"), "CAPSTAR_CACHE": str(folder / "cache")}
        try:
            run(*UV, "venv", "--quiet", "--python", python, folder / "venv")
        except FailedError as failure:
            print(failure, file=sys.stderr)
            return row | {"import": ABSENT}
        step = "install"
        try:
            found = install(resolution, folder / "venv")
            row |= {package: found[package] for package in PACKAGES}
            for step, command in steps(resolution, tests, folder).items():
                said = run(*command, env=env, cwd=ROOT if step == "tests" else folder)
                row[step] = said.rstrip().rpartition("\n")[2].strip("= ") if step == "tests" else "ok"
        except FailedError as failure:
            print(failure, file=sys.stderr)
            row[step if step in STEPS else "import"] = f"FAILED ({step})"
    return row


def table(rows: list[dict[str, str]]) -> str:
    """The rows as a Markdown table, columns aligned."""
    columns = ("Python", "versions", *PACKAGES, *STEPS)
    cells = [columns, *([row.get(column, "") for column in columns] for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(columns))]
    lines = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Every Python with every resolution; 1 where one failed, or one that was named, or all, are not to be had."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tests", nargs="+", help="files of tests")
    parser.add_argument("--python", action="append", help=f"one to try; all of {PYTHONS} where none is named")
    given = parser.parse_args(arguments)
    rows = [
        attempt(python, resolution, given.tests)
        for python in given.python or PYTHONS
        for resolution in RESOLUTIONS
    ]
    print(table(rows))
    absent = [row["import"] == ABSENT for row in rows]
    failed = any("FAILED" in cell for row in rows for cell in row.values())
    return int(failed or all(absent) or (bool(given.python) and any(absent)))


if __name__ == "__main__":
    raise SystemExit(main())
