"""Finished work is kept under what it was made from: read where nothing has changed, done again where something has."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import capstar as cs
from capstar.errors import CacheWarning, OutputError, SpecificationError
from capstar.tasks import first_successes, resumable, run_tasks
from capstar.tasks.finished import Kept


def noted(log: Path, factor: float, item: int) -> float:
    """A number; every call writes a line."""
    with log.open("a") as stream:
        stream.write(f"{item}\n")
    return factor * item


def drawn(log: Path, seed: np.random.SeedSequence) -> float | None:
    """None in about a third of samples."""
    noted(log, 1.0, seed.spawn_key[-1])
    value = float(np.random.default_rng(seed).random())
    return value if value > 0.3 else None


def done(log: Path) -> list[int]:
    """Items worked on since the last look."""
    found = [int(line) for line in log.read_text().split()] if log.exists() else []
    log.unlink(missing_ok=True)
    return sorted(found)


@pytest.mark.parametrize("n_workers", [1, 2])
def test_what_is_finished_is_not_done_again(tmp_path: Path, n_workers: int) -> None:
    log, task = tmp_path / "log", partial(noted, tmp_path / "log", 2.0)
    with cs.parallel(keep=tmp_path / "kept"):
        assert run_tasks(task, range(6), n_workers=n_workers) == [2.0 * k for k in range(6)]
        assert done(log) == [*range(6)]
        assert run_tasks(task, range(9), n_workers=n_workers) == [2.0 * k for k in range(9)]
        assert done(log) == [6, 7, 8]
        assert run_tasks(partial(noted, log, 3.0), [1], n_workers=n_workers) == [3.0]
        assert done(log) == [1]
    assert run_tasks(task, [1]) == [2.0]
    assert done(log) == [1]


def test_failed_samples_are_kept_too(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with cs.parallel(keep=tmp_path / "kept"):
        first, again = (first_successes(partial(drawn, log), 12, seed=3, n_workers=1) for _ in range(2))
    assert first == again
    assert len(done(log)) == first[1] > 12


@pytest.mark.parametrize("damage", [b"", b"x", b"half", b"value", None])
def test_damaged_files_are_done_again(tmp_path: Path, damage: bytes | None) -> None:
    log, task = tmp_path / "log", partial(noted, tmp_path / "log", 2.0)
    with cs.parallel(keep=tmp_path / "kept"):
        run_tasks(task, [5])
        (file,) = (path for path in (tmp_path / "kept").rglob("*") if path.is_file())
        body = file.read_bytes()
        damaged = {
            b"half": body[: len(body) // 2],
            b"value": body[:-4]
            + bytes([body[-4] ^ 1])
            + body[-3:],  # another number, which pickle would read
            None: body[:-1] + bytes([body[-1] ^ 1]),
        }
        file.write_bytes(damaged.get(damage, body[:-1] + (damage or b"")))
        done(log)
        assert run_tasks(task, [5, 5]) == [10.0, 10.0]
        assert done(log) == [5]
        assert file.read_bytes() == body


MODULE = """
from pathlib import Path

def task(item):
    with Path("log").open("a") as stream:
        stream.write(f"{{item}}\\n")
    return {result}
"""
RUN = """
import capstar as cs, own
from capstar.tasks import run_tasks

with cs.parallel(keep="kept"):
    print(run_tasks(own.task, range(4)))
"""


def test_edited_code_of_the_user_is_run_again(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text(RUN)
    said, counts = [], []
    for result in ("item", "item", "item + 1"):
        (tmp_path / "own.py").write_text(MODULE.format(result=result))
        one = subprocess.run(
            [sys.executable, "run.py"], cwd=tmp_path, capture_output=True, text=True, check=True,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        said.append(one.stdout.strip())
        counts.append(len(done(tmp_path / "log")))
    assert said == ["[0, 1, 2, 3]", "[0, 1, 2, 3]", "[1, 2, 3, 4]"]
    assert counts == [4, 0, 4]


def test_identity_has_the_code_and_all_that_a_task_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def identity(factor: float) -> str:
        return Kept.of(partial(noted, tmp_path, factor), tmp_path).identity

    assert identity(1.0) == identity(1.0) != identity(1.0 + 1e-16 * 4)
    before = identity(1.0)
    monkeypatch.setattr("capstar.tasks.finished.code_identity", lambda: "another release")
    assert identity(1.0) != before


def test_what_cannot_be_identified_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = ModuleType("cell")  # as of a notebook
    exec("def task(item):\n    return item", cell.__dict__)
    monkeypatch.setitem(sys.modules, "cell", cell)
    with (
        cs.parallel(keep=tmp_path),
        pytest.raises(SpecificationError, match=r"defined in cell.*Define it in a module"),
    ):
        run_tasks(cell.task, [1])
    with (
        cs.parallel(keep=tmp_path),
        pytest.raises(SpecificationError, match=r"cannot be pickled.*leave out keep"),
    ):
        run_tasks(lambda item: item, [1])
    with (
        pytest.raises(SpecificationError, match=r"give a dask\.distributed\.Client, or the address"),
        cs.parallel(7),
    ):
        pass


def test_what_is_resumable_is_kept_until_it_ends_well(tmp_path: Path) -> None:
    log, task, folder = tmp_path / "log", partial(noted, tmp_path / "log", 2.0), tmp_path / "kept"

    def interrupted(resume: bool) -> None:
        with resumable(resume=resume, folder=folder):
            assert run_tasks(task, range(3)) == [0.0, 2.0, 4.0]
            raise KeyboardInterrupt

    for resume, made in ((False, [0, 1, 2]), (False, [0, 1, 2]), (True, [])):
        with pytest.raises(KeyboardInterrupt):
            interrupted(resume)
        assert done(log) == made
    old = sorted(folder.glob("*/*"))
    assert len(old) == 3
    os.utime(old[0], (0, time.time() - 31 * 86_400))
    with resumable(resume=True, folder=folder) as store:
        assert run_tasks(task, range(5), n_workers=2) == [2.0 * k for k in range(5)]
    assert store.found == set(old[1:]), "a month is the most that anything is kept"
    assert len(done(log)) == 3
    assert list(folder.iterdir()) == []


def test_a_part_is_the_same_in_whichever_process_it_is_done(tmp_path: Path) -> None:
    """Pickled tables have another hash."""
    table = cs.data.us_macro()
    items = [table.iloc[:n] for n in (5, 6)]
    with cs.parallel(keep=tmp_path / "kept"):
        run_tasks(len, items, n_workers=2)
    with resumable(resume=True, folder=tmp_path / "kept") as store:
        assert run_tasks(len, items) == [5, 6]
    assert len(store.found) == 2
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.warns(CacheWarning, match=r"kept: cannot be written to.*begin again"),
        resumable(resume=True, folder=tmp_path / "file" / "kept"),
    ):
        assert run_tasks(abs, [-1]) == [1]
    with (
        pytest.raises(OutputError, match="cannot be written to"),
        cs.parallel(keep=tmp_path / "file" / "kept"),
    ):
        run_tasks(abs, [-1])


KILLED = """
import os, sys
import capstar as cs
from capstar.rstar.laubach_williams import bootstrap

whole, left = bootstrap._replicate, [int(sys.argv[1])]

def dying(results, child):
    if left[0] == 0:
        os.kill(os.getpid(), 9)
    left[0] -= 1
    return whole(results, child)

fit = cs.rstar.HLW2017.fit(cs.data.us_macro(), n_starts=1, progress=False)
dying.__module__, dying.__qualname__, dying.__name__ = whole.__module__, "_replicate", "_replicate"
bootstrap._replicate = dying
with cs.parallel(keep="kept"):
    errors = fit.bootstrap(5, seed=4, progress=False).errors["filtered"]
print(errors.tobytes().hex())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_a_killed_bootstrap_goes_on_where_it_was(tmp_path: Path) -> None:
    """Of five replications three are there when the process is killed; the other two are drawn by the next one."""
    (tmp_path / "run.py").write_text(KILLED)
    codes, said = [], []
    for left in ("3", "2"):
        one = subprocess.run(
            [sys.executable, "run.py", left], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        codes.append(one.returncode)
        said.append(one.stdout)
    fit = cs.rstar.HLW2017.fit(cs.data.us_macro(), n_starts=1, progress=False)
    fresh = fit.bootstrap(5, seed=4, progress=False)
    assert codes == [-9, 0]
    assert said[1] == fresh.errors["filtered"].tobytes().hex() + "\n"
