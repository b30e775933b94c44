"""The project itself: imports, doors, files."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import ROOT, load_module

HEAVY = ("numba", "numpy", "pandas", "scipy", "statsmodels", "matplotlib", "linearmodels", "arch")


@pytest.mark.parametrize("module", ["capstar", "capstar.cli"])
def test_import_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_estimation_needs_neither_statsmodels_nor_matplotlib() -> None:
    code = (
        "import sys, capstar; capstar.rstar.HLW2017; "
        "print([m for m in ('statsmodels', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_second_copies_of_classes_from_the_root() -> None:
    """`import models.capstar` from the repository root either fails or is never a second capstar."""
    code = (
        "import capstar.errors as one\n"
        "try:\n"
        "    import models.capstar.errors as two\n"
        "except ImportError:\n"
        "    print('refused')\n"
        "else:\n"
        "    print('same' if one.DataError is two.DataError else 'second copy')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() in ("refused", "same")


def test_unknown_room_is_named() -> None:
    import capstar

    with pytest.raises(AttributeError, match="has no attribute 'rstars'"):
        capstar.rstars  # noqa: B018
    assert "rstar" in dir(capstar)


def test_doors() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(lint), "--no-cache"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout


def test_every_public_name_has_a_docstring() -> None:
    import capstar

    for room in ("data", "leads", "markets", "plotting", "rstar", "smallcaps", "statespace"):
        module = getattr(capstar, room)
        for name in module.__all__:
            thing = getattr(module, name)
            assert getattr(thing, "__doc__", None), f"{room}.{name}"


def tracked_files() -> list[Path]:
    done = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\n") if name]


def test_no_file_names_a_registry_host_or_a_lock() -> None:
    host = re.compile("|".join(["py" + "pi" + r"\.org", "python" + "hosted", r"npm" + r"js\.org"]))
    for path in tracked_files():
        assert path.name not in {"uv.lock", "poetry.lock", "package-lock.json", "pylock.toml"}
        if path.suffix not in {".png", ".gz", ".parquet"} and path.exists():
            assert not host.search(path.read_text(encoding="utf-8")), path


def test_constraints_are_versions_only() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._\-]+==[A-Za-z0-9.+!]+", line), line


def test_one_version_and_one_date_and_a_tag_is_named_by_it() -> None:
    """Of the project, the citation and the newest heading of the changelog; a release is the tag of its commit."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    cited = dict(re.findall(r"^(version|date-released): (\S+)$", (ROOT / "CITATION.cff").read_text(), re.M))
    newest = re.search(r"^## (\S+) - (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert newest is not None
    assert newest.groups() == (version, cited["date-released"])
    assert cited["version"] == version
    done = subprocess.run(
        ["git", "tag", "--points-at", "HEAD"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert [tag for tag in done.stdout.split() if tag.startswith("v")] in ([], [f"v{version}"])


def test_a_python_that_is_not_to_be_had_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    versions = load_module(ROOT / "tests" / "versions.py")
    assert versions.main(["tests/test_units.py", "--python", "3.99"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [re.split(r" *\| *", line)[1:3] for line in lines[2:]] == [
        ["3.99", one] for one in versions.RESOLUTIONS
    ]
    assert all(versions.ABSENT in line for line in lines[2:])
