"""Work on a Dask cluster: the same numbers, whatever becomes of its workers."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

import capstar as cs
from capstar.errors import ClusterError
from capstar.tasks import cluster, run_tasks

pytest.importorskip("distributed", reason="Dask is not installed: pip install 'capstar[cluster]'")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    script = ROOT / "tests" / "tasks" / "on_cluster.py"
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["same"], "the numbers are those of one process, to the last bit"
    assert told["by address"]
    assert told["received"] >= 4
    assert all(seed >= told["received"] for seed in told["twice"]), "what was finished is not done again"
    assert len(told["workers"]) >= 2
    assert told["again"], "with keep nothing is done twice, and the address of a scheduler will do"


def test_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE", 0.5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with (
        pytest.raises(ClusterError, match=rf"No Dask scheduler answers at {address}.*dask scheduler"),
        cs.parallel(address),
    ):
        pass


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr(cluster, "_PATIENCE", 1)
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=None) as none,
        cs.parallel(none.scheduler_address),
        pytest.raises(
            ClusterError, match=r"No worker has joined \S+ within 1 seconds. Start some with 'dask worker"
        ),
    ):
        run_tasks(abs, [1])
