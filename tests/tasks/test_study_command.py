"""``capstar study`` killed in the middle and resumed, and on a cluster started by hand: to the last bit the same."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE

import pytest
from conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
SAMPLES = 99  # quarters in which r* is estimated again; without the joint bootstrap all that is kept
AFTER = 40
KILLS = int(os.environ.get("CAPSTAR_KILLS", "2"))  # at random moments
SOON, TAIL = 0.2, 1.5  # seconds after a part is kept; what comes after the last part takes longer than TAIL
NEVER = 10_000
WORKERS = """
import os, sys
from distributed import Client

with Client(sys.argv[1]) as client:
    client.wait_for_workers(2)
    print(*client.run(os.getpid).values())
    print(client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.transition_counter))
"""


@dataclass(frozen=True)
class Run:
    """One run of the command."""

    folder: Path
    status: int
    said: str
    made: int

    @property
    def tables(self) -> dict[str, bytes]:
        """The CSV files."""
        return {path.name: path.read_bytes() for path in (self.folder / "out").glob("*.csv")}


def study(folder: Path, cache: Path, *options: str, after: int = NEVER, whom: int = 0) -> Run:
    """Run it with one worker; ``made`` parts were not taken from those kept."""
    folder.mkdir()
    log = folder / "log"
    done = subprocess.run(
        [*command(log, folder, after, whom), *options],
        capture_output=True, text=True, check=False, env=os.environ | {"CAPSTAR_CACHE": str(cache)},
    )  # fmt: skip
    made = len(log.read_text().split()) if log.exists() else 0
    return Run(folder, done.returncode, done.stdout + done.stderr, made)


def command(log: object, folder: Path, after: int = NEVER, whom: int = 0) -> list[str]:
    """The study as a command that writes the parts it keeps to a log."""
    script, out = ROOT / "tests" / "tasks" / "commanded.py", folder / "out"
    options = ("--replications", 0, "--workers", 1, "--out", out)
    return [str(one) for one in (sys.executable, script, log, after, whom, "study", *options)]


def killed_at(folder: Path, cache: Path, kept: int, delay: float) -> set[str]:
    """Go on with a study, and kill it from outside some seconds after it has kept so many parts; all that it kept."""
    folder.mkdir()
    reading, writing = os.pipe()
    job = subprocess.Popen(
        [*command(f"/dev/fd/{writing}", folder), "--resume"], pass_fds=[writing], stdout=DEVNULL, stderr=DEVNULL,
        env=os.environ | {"CAPSTAR_CACHE": str(cache)},
    )  # fmt: skip
    os.close(writing)
    with os.fdopen(reading) as told:
        first = {told.readline().strip() for _ in range(kept)}
        with pytest.raises(subprocess.TimeoutExpired):
            job.wait(delay)
        job.kill()
        assert job.wait() == -signal.SIGKILL
        return (first | {*told.read().split()}) - {""}


def parts(cache: Path) -> list[Path]:
    """Files of finished work, and what is left of such as were being written."""
    return [path for path in (cache / "unfinished").rglob("*") if path.is_file()]


def whole(cache: Path) -> set[str]:
    """Names of finished work."""
    return {path.name for path in parts(cache) if path.suffix != ".partial"}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three copies of the cache that a killed study leaves, ``one``, ``two`` and ``three``."""
    folder = tmp_path_factory.mktemp("killed")
    assert study(folder / "killed", folder / "one", after=AFTER).status == -9
    assert len(whole(folder / "one")) == AFTER
    for name in ("two", "three"):
        shutil.copytree(folder / "one", folder / name)
    return folder


@pytest.fixture(scope="module")
def anew(killed: Path) -> Run:
    """A study as if there had been none before."""
    return study(killed / "anew", killed / "one")


def test_without_resume_nothing_old_is_read(anew: Run, killed: Path) -> None:
    assert anew.status == 0, anew.said
    assert anew.made == SAMPLES
    assert parts(killed / "one") == [], "what was kept is deleted when the study is done"


def test_a_killed_study_goes_on_where_it_was(anew: Run, killed: Path) -> None:
    resumed = study(killed / "resumed", killed / "two", "--resume")
    assert resumed.status == 0, resumed.said
    assert resumed.made == SAMPLES - AFTER
    assert f"Not done again: {AFTER} finished parts" in resumed.said
    assert len(anew.tables) == 18
    assert resumed.tables == anew.tables
    assert parts(killed / "two") == []


def test_a_study_killed_again_and_again_at_any_moment(anew: Run, killed: Path) -> None:
    """Between parts, within one, and after the last, as moments fall; no part that was kept is made again."""
    cache, rng = killed / "three", random.Random(17)
    for k in range(KILLS):
        before = whole(cache)
        left, last = SAMPLES - len(before), k == KILLS - 1
        kept, delay = (left, TAIL) if last else (rng.randint(0, left // 2), SOON)
        made = killed_at(killed / f"again {k}", cache, kept, rng.uniform(0, delay))
        assert len(made) >= kept
        assert not made & before
        assert before <= whole(cache) <= before | made
    resumed = study(killed / "at last", cache, "--resume")
    assert resumed.status == 0, resumed.said
    assert resumed.made == 0
    assert f"Not done again: {SAMPLES} finished parts" in resumed.said
    assert resumed.tables == anew.tables
    assert parts(cache) == []


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A part of a cluster, ended with the block; the studies of research/ can be imported."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    one = subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        stderr=PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    try:
        yield one
    finally:
        one.terminate()
        one.communicate(timeout=60)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a scheduler with two workers, as docs/cluster.md starts them, on a free port of this machine."""
    pytest.importorskip("distributed", reason="Dask is not installed: pip install 'capstar[cluster]'")
    with ExitStack() as stack:
        scheduler = stack.enter_context(
            started("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        )
        assert scheduler.stderr is not None
        found = (re.search(r"Scheduler at: +(tcp://\S+)", line) for line in scheduler.stderr)
        one = next(match[1] for match in found if match)
        options = ("--nworkers", "2", "--nthreads", "1", "--memory-limit", "2GiB", "--no-dashboard")
        stack.enter_context(started("worker", one, *options))
        yield one


def look(address: str) -> tuple[list[str], int]:
    """Workers, and how many steps the scheduler has taken."""
    asked = subprocess.run(
        [sys.executable, "-c", WORKERS, address], capture_output=True, text=True, check=True
    )
    workers, steps = asked.stdout.splitlines()
    return workers.split(), int(steps)


def test_a_study_on_a_cluster_that_loses_a_worker(anew: Run, address: str, tmp_path: Path) -> None:
    (first, _), before = look(address)
    options = ("--cluster", address)
    run = study(tmp_path / "run", tmp_path / "cache", *options, after=AFTER, whom=int(first))
    assert run.status == 0, run.said
    assert run.made == SAMPLES
    assert run.tables == anew.tables
    left, after = look(address)
    assert first not in left
    assert after - before >= SAMPLES, "the cluster has done the work"


def test_a_study_of_research_on_a_cluster(reference, address: str, tmp_path: Path) -> None:
    reference("hlw2017/us_input.csv")
    tables = []
    for where in (("--workers", "1"), ("--cluster", address)):
        _, before = look(address)
        command = [
            sys.executable,
            "-m",
            "research",
            "coverage_of_bands",
            "--replications",
            "2",
            *where,
            "--out",
        ]
        done = subprocess.run(
            [*command, tmp_path / "table.csv"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        tables.append((tmp_path / "table.csv").read_bytes())
    assert tables[0] == tables[1]
    assert look(address)[1] > before
