"""A cluster of two workers on this machine, one of which is killed half-way; prints what the test asserts."""

from __future__ import annotations

import json
import os
import signal
import sys
from functools import partial
from pathlib import Path

import numpy as np
from distributed import Client, LocalCluster

import capstar as cs
from capstar.rstar import RStarResults, draw_sample
from capstar.tasks import cluster, run_tasks

SAMPLES = 16
cluster._LOOK_EVERY = 1  # so that it is seen at once that a worker has gone


def replicate(fit: RStarResults, log: Path, seed: int) -> tuple[int, bytes]:
    """The process, and r* of the model estimated on a sample drawn from its own estimate."""
    with log.open("a") as stream:
        stream.write(f"{seed}\n")
    sample = draw_sample(fit, np.random.default_rng(seed)).frame
    return os.getpid(), fit.estimated_on(sample).rstar.filtered.to_numpy().tobytes()


def main(folder: Path) -> None:
    fit = cs.rstar.HLW2017.fit(cs.data.us_macro(), n_starts=1, progress=False)
    log = folder / "log"
    there: list[int] = []

    def kill_one(_: str, share: float) -> None:
        if share >= 0.2 and not there:
            there.append(round(share * SAMPLES))
            os.kill(workers[0], signal.SIGKILL)

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as two:
        with Client(two) as client:
            workers = list(client.run(os.getpid).values())
            with cs.parallel(client, keep=folder / "kept"):
                made = run_tasks(partial(replicate, fit, log), range(SAMPLES), progress=kill_one)
        started = log.read_text().split()
        with cs.parallel(two.scheduler_address, keep=folder / "kept"):  # no client of the caller's
            again = run_tasks(partial(replicate, fit, log), range(SAMPLES))
        with cs.parallel(two.scheduler_address):
            fresh = run_tasks(partial(replicate, fit, folder / "third"), range(3))
    here = [replicate(fit, folder / "other", seed)[1] for seed in range(SAMPLES)]
    sys.stdout.write(
        json.dumps(
            {
                "same": [one for _, one in made] == here,
                "by address": [one for _, one in fresh] == here[:3],
                "again": again == made and len(log.read_text().split()) == len(started),
                "killed": workers[0],
                "workers": sorted({pid for pid, _ in made}),
                "twice": [int(seed) for seed in set(started) if started.count(seed) > 1],
                "received": there[0],
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
