"""``python tests/wheel.py DIST``: the wheel and the source distribution of a folder, tried outside the repository.

The wheel is installed in an empty environment elsewhere, with its extra for notebooks: there the main job runs and
writes its page, the examples of a first hour work, and notebooks give what is stored in them.  This is what a user
meets who has no checkout.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

import nbformat
from running_notebooks import ROOT, differences

CONSTRAINTS = ROOT / "constraints.txt"
NOTEBOOKS = ("01_rstar_in_ten_minutes.ipynb", "07_does_the_gap_lead.ipynb")
INSIDE = (
    "report/templates/page.html.j2",
    "report/templates/page.css",
    "report/templates/page.js",
    "py.typed",
)
METADATA = ("Keywords:", "Classifier:", "Project-URL:", "License-Expression: MIT", "Requires-Python:")
FIRST_HOUR = """
import capstar as cs
fit = cs.rstar.HLW2017.fit(cs.data.us_macro(), progress=False)
fit.plot().savefig("rstar.png")
assert fit.identified and "site-packages" in cs.__file__, cs.__file__
print(cs.__version__, fit.title)
"""


def check_files(dist: Path) -> Path:
    """What has to be inside is; the wheel."""
    (wheel,), (source,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as held:
        names = held.namelist()
        absent = [name for name in INSIDE if f"capstar/{name}" not in names]
        other = [name for name in names if not name.startswith(("capstar/", "capstar-"))]
        metadata = held.read(next(name for name in names if name.endswith("/METADATA"))).decode()
    assert not absent, f"{wheel.name} lacks {absent}"
    assert not other, f"{wheel.name} holds {other}"
    assert all(field in metadata for field in METADATA), metadata
    with tarfile.open(source) as held_source:
        inside = {name.partition("/")[2] for name in held_source.getnames()}
    assert {"docs/conf.py", "CITATION.cff", "Makefile", "constraints.txt", "tests/conftest.py"} <= inside
    return wheel


def run(*command: str | Path, cwd: Path) -> None:
    """A command that has to succeed, in an environment that knows nothing of the repository."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    print("$", *command, flush=True)
    subprocess.run(
        list(map(str, command)), cwd=cwd, env=kept | {"CAPSTAR_CACHE": str(cwd / "cache")}, check=True
    )


def run_notebooks(scripts: Path, folder: Path) -> None:
    """Notebooks run from top to bottom by the Jupyter of the environment; texts and numbers are those stored."""
    for name in NOTEBOOKS:
        shutil.copy(ROOT / "notebooks" / name, folder)
    run(scripts / "jupyter", "execute", "--inplace", *NOTEBOOKS, cwd=folder)
    for name in NOTEBOOKS:
        stored, fresh = (nbformat.read(where / name, as_version=4) for where in (ROOT / "notebooks", folder))
        assert not (found := differences(stored, fresh)), f"{name}: {found}"


def main(dist: Path) -> None:
    """All of it, in an environment and a folder of its own."""
    wheel = check_files(dist.resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        venv.create(folder / "venv", with_pip=True)
        scripts = folder / "venv" / "bin"
        pip = (scripts / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run(*pip, "-c", CONSTRAINTS, f"{wheel}[lab]", cwd=folder)
        run(scripts / "python", "-c", FIRST_HOUR, cwd=folder)
        run(scripts / "capstar", "study", "--replications", "0", "--out", "results", cwd=folder)
        assert "</html>" in (folder / "results/study.html").read_text(encoding="utf-8")
        run_notebooks(scripts, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
