"""``python -m research all``: studies made for the purpose, each in a process of its own, and the real ones' rows."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

MET = """
import pandas as pd
def reproduce(folder):
    table = pd.DataFrame({"published": [1.0, 2.0], "ours": [1.04, OURS], "tolerance": 0.05}, ["a", "b"])
    return {"Table 1": table, "Beside it": pd.DataFrame({"x": [1.0]})}
"""
STUDIES = {  # by name: the code, what its row of studies.csv says, and the file it needs
    "below": (MET.replace("OURS", "2.15"), "below,1,today,2,2,two numbers", ""),
    "broken": (
        "def reproduce(folder):\n    raise KeyError('no such column')\n",
        "broken,1,today,0,0,nothing",
        "",
    ),
    "lacking": (MET.replace("OURS", "2.0"), "lacking,1,today,2,2,two numbers", "away.csv"),
    "long": (MET.replace("OURS", "2.0"), "long,900,today,2,2,two numbers", ""),
    "measures": ("def reproduce(folder):\n    return {}\n", "measures,1,today,0,0,a size", ""),
    "partly": (MET.replace("OURS", "2.15"), "partly,1,today,2,1,two numbers", ""),
    "unlisted": (MET.replace("OURS", "2.0"), "", ""),
}


def house(folder: Path, *names: str) -> Path:
    """A project whose research/ has these studies and the true runner."""
    research = folder / "research"
    research.mkdir()
    for path in (ROOT / "research").glob("*.py"):
        shutil.copy(path, research)
    rows, needs = ["study,seconds,measured_on,published,met,what"], ["study,file,from,address,command"]
    for name in names:
        code, row, file = STUDIES[name]
        (research / name).mkdir()
        (research / name / "reproduce.py").write_text(code)
        (research / name / "README.md").write_text(f"# The study {name}\n")
        rows += [row] if row else []
        needs += [f"{name},{file},somebody,https://a.b,"] if file else []
    (research / "studies.csv").write_text("\n".join(rows) + "\n")
    (research / "data.csv").write_text("\n".join(needs) + "\n")
    (folder / "data").mkdir()
    return folder


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "research", *arguments]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT / "models")}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )


def test_one_table_of_what_became_of_each(tmp_path: Path) -> None:
    """None stops the others; what fails or falls below its row makes the exit code 1."""
    out = tmp_path / "written" / "table.csv"
    out.parent.mkdir()
    done = run(house(tmp_path, *STUDIES), "all", "--data", "data", "--out", str(out))
    assert done.returncode == 1, done.stderr
    table = pd.read_csv(out, index_col="study")
    assert table["status"].to_dict() == {
        "below": "1 of 2, below the 2 of studies.csv",
        "broken": "failed: KeyError: 'no such column'",
        "lacking": "data missing: away.csv",
        "long": "not run: 900 seconds, longer than 300: python -m research long --data data",
        "measures": "no published number",
        "partly": "1 of 2",
        "unlisted": "met",
    }
    assert table[["published", "met"]].sum().to_list() == [6, 4]
    assert table.loc["partly", "largest miss"] == pytest.approx(3.0)
    assert set(table.index[table["seconds"].isna()]) == {"lacking", "long"}
    for name, status in table["status"].items():
        (line,) = (line for line in done.stdout.splitlines() if line.startswith(f"{name} "))
        assert line.endswith(status)
    assert "4 of 6 published numbers are met" in done.stdout
    numbers = pd.read_csv(out.with_name("table_numbers.csv"), index_col=["study", "quantity"])
    assert numbers.loc[("partly", "b"), ["published", "ours", "tolerance", "met"]].to_list() == [
        2.0,
        2.15,
        0.05,
        False,
    ]
    assert set(numbers["heading"]) == {"Table 1"}


def test_a_run_that_does_what_is_promised(tmp_path: Path) -> None:
    done = run(
        house(tmp_path, "partly", "long", "lacking", "measures"), "all", "--data", "data", "--longest", "1000"
    )
    assert done.returncode == 0, done.stderr
    assert "3 of 4 published numbers are met" in done.stdout
    assert [line.split(",")[0] for line in done.stderr.splitlines()] == ["long", "measures", "partly"]


@pytest.mark.parametrize("name", ["below", "broken"])
def test_one_study_is_enough_to_fail(tmp_path: Path, name: str) -> None:
    done = run(house(tmp_path, name), "all", "--data", "data")
    assert done.returncode == 1, done.stdout


def test_the_list_says_data_seconds_and_status(tmp_path: Path) -> None:
    done = run(house(tmp_path, "measures", "lacking", "unlisted"))
    assert done.returncode == 0, done.stderr
    assert "  lacking: The study lacking\n      data: lacks 1 of 1 files\n" in done.stdout
    assert "      2 of 2 published numbers met: two numbers\n      1 seconds (today)\n" in done.stdout
    assert "      data: none\n      measures; compares no published number: a size\n" in done.stdout


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A run whose second study has begun and waits for what never comes, and the process of that study."""
    pipe = tmp_path / "begun"
    os.mkfifo(pipe)
    folder = house(tmp_path, "partly", "unlisted")
    (folder / "research/unlisted/reproduce.py").write_text(
        "import os, signal\ndef reproduce(folder):\n"
        f"    with open({str(pipe)!r}, 'w') as told:\n        told.write(str(os.getpid()))\n    signal.pause()\n"
    )
    given = subprocess.Popen(
        command("all", "--data", "data"), cwd=folder, env=environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    study = int(pipe.read_text())
    yield given, study
    given.kill()
    given.communicate()
    with suppress(ProcessLookupError):
        os.kill(study, signal.SIGKILL)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_the_study_and_shows_what_is_finished(waiting, asked: signal.Signals) -> None:
    given, study = waiting
    given.send_signal(asked)
    out, errors = given.communicate()
    assert given.returncode == 130
    assert "Interrupted; the table is of what was finished." in errors
    assert "Traceback" not in errors
    assert [line.split()[0] for line in out.splitlines()[:2]] == ["study", "partly"]
    with pytest.raises(ProcessLookupError):
        os.kill(study, 0)


def test_every_study_has_a_row() -> None:
    """And every row a study; what is said of it can be."""
    from research.needs import needs, studies
    from research.runner import promises

    table = promises()
    assert list(table.index) == sorted(studies())
    assert (table["met"] <= table["published"]).all()
    assert (table["seconds"] > 0).all()
    assert not table.isna().any(axis=None)
    known = pd.read_csv(ROOT / "research/data.csv")
    assert set(known["study"]) <= set(table.index)
    assert all(len(needs(name)) for name in table.index[table["published"] > 0])


def test_published_numbers_are_written_one_way() -> None:
    """Quantity, number, tolerance, table and page (empty where it is not known)."""
    for path in sorted((ROOT / "research").glob("*/published.csv")):
        table = pd.read_csv(path)
        assert {"quantity", "published", "tolerance", "table", "page"} <= set(table.columns), path
        assert (table["tolerance"] >= 0).all(), path
        assert not table[["quantity", "published", "table"]].isna().any(axis=None), path


def test_judgements_of_counts_of_nothing_and_of_what_is_missing() -> None:
    from research.comparison import judgements, verdict

    table = pd.DataFrame(
        {"published": [5.0, 5.0, 1.0, 1.0], "ours": [5.0, 6.0, np.nan, 1.05], "tolerance": [0, 0, 0.1, 0.05]},
        pd.MultiIndex.from_product([["us", "ca"], ["n", "x"]]),
    )
    found = judgements({"T": table})
    assert found["met"].tolist() == [True, False, False, True]
    assert found["quantity"].tolist() == ["us, n", "us, x", "ca, n", "ca, x"]
    np.testing.assert_allclose(found["distance"], [0, np.inf, np.nan, 1])
    assert verdict({"T": table}) == "2 of 4 published numbers are met"
    assert judgements({"T": table[["ours"]]}).empty
    assert verdict({}) == "no published number is compared"
