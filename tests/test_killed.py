"""Killed processes lose nothing that was written, and leave no worker behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from killing import KINDS

KILLS = int(os.environ.get("CAPSTAR_KILLS", "2"))  # at random moments, each kind; 200 for the full measure
STRIDES = {"cache": 4, "snapshot": 4, "snapshot_in_place": 5, "study": 9, "index": 24}
PATIENCE = 40.0  # seconds; workers are to be gone after 5 on an idle machine

WORKING = """
import os, signal, threading
from capstar.tasks import run_tasks

signal.signal(signal.SIGINT, signal.default_int_handler)  # which what is started in the background ignores

def work(k):
    os.write(1, b"at work\\n")
    {task}

run_tasks(work, range(8), n_workers=2)
"""
TASKS = {
    "waiting": "threading.Event().wait(600)",
    "computing": "while True: sum(range(1000))",
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the killing is done by forks")
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_write_that_is_killed_leaves_old_or_new(kind: str, tmp_path: Path) -> None:
    stride = 1 if KILLS >= 200 else STRIDES.get(kind, 1)
    command = [sys.executable, str(ROOT / "tests" / "killing.py"), kind, str(tmp_path / "x")]
    done = subprocess.run(
        [*command, str(stride), str(KILLS), "14"], capture_output=True, text=True, timeout=7200, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"{KILLS} random moments, nothing lost" in done.stdout


@pytest.mark.parametrize("task", sorted(TASKS))
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_no_worker_outlives_its_parent(name: str, task: str, tmp_path: Path) -> None:
    """Workers hold the standard output they inherit: it ends with the last of them."""
    if not hasattr(signal, name) or sys.platform == "win32":
        pytest.skip("there is no such signal")
    script = tmp_path / "working.py"
    script.write_text(WORKING.format(task=TASKS[task]))
    job = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert job.stdout is not None
    try:
        assert [job.stdout.readline() for _ in range(2)] == [b"at work\n"] * 2
        job.send_signal(getattr(signal, name))
        left, said = job.communicate(timeout=PATIENCE)
    finally:
        job.kill()
    assert job.returncode != 0, said
    assert left.count(b"at work") <= 2
