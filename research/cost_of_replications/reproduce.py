"""What many replications cost: measured growth of the joint bootstrap of r* and returns, and a plan for 100,000."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pandas as pd
from distributed import LocalCluster

import capstar as cs
from capstar.study import portfolio_returns, study_data
from capstar.tasks import run_tasks
from capstar.writing import csv_text, write_whole

HERE = Path(__file__).parent
SIZES, EMPTY, PLAN, CORES = (100, 200, 300), 2000, 100_000, (1, 16, 256)


def measured(sizes: tuple[int, ...], workers: int, *, rounds: int = 3) -> pd.DataFrame:
    """Seconds of the joint bootstrap of HLW (2017), by replications and workers; the median of some rounds."""
    tables = study_data()
    fit = cs.rstar.HLW2017.fit(tables["macro"], progress=False)
    source, gap, returns = fit.redraw(), fit.gap("filtered"), portfolio_returns(tables["returns"])

    def seconds(size: int, n_workers: int) -> float:
        began = perf_counter()
        cs.leads.estimated_regressor(
            source, gap, returns, n_replications=size, n_workers=n_workers, progress=False
        )
        return perf_counter() - began

    rows = {}
    for n_workers in range(1, workers + 1):
        seconds(min(sizes), n_workers)  # compiles, and starts the workers
        for size in sizes:
            rows[n_workers, size] = {"seconds": median(seconds(size, n_workers) for _ in range(rounds))}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(table.index, names=["workers", "replications"])
    return table


def handed_out(address: str | None) -> float:
    """Seconds it costs to hand out a task and take its result, of tasks that do nothing; on a cluster where given."""
    with cs.parallel(address):
        run_tasks(abs, range(100), n_workers=1 if address is None else 2)
        began = perf_counter()
        run_tasks(abs, range(EMPTY), n_workers=1 if address is None else 2)
        return (perf_counter() - began) / EMPTY


def growth(table: pd.DataFrame) -> pd.DataFrame:
    """Line through the seconds of each number of workers: before the first replication, and a replication."""
    rows = {}
    for workers, one in table["seconds"].groupby(level="workers"):
        n = one.index.get_level_values("replications").to_numpy(dtype=float)
        each, before = np.polyfit(n, one.to_numpy(), 1)
        off = float(np.abs(one.to_numpy() / (before + each * n) - 1).max())
        rows[workers] = {"before": max(before, 0.0), "each": each, "largest distance": off}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("workers")


def plan(lines: pd.DataFrame, each_task: float, *, replications: int = PLAN) -> pd.DataFrame:
    """Hours on a number of cores, as fast as these: the work shared out, or the rate at which tasks are handed out.

    One core takes the line of one worker.  More take the replication of as many workers as were measured, which share
    memory and caches, divided by the cores, but never less than it costs to hand a task out.
    """
    one, most = lines.loc[1], lines.loc[lines.index.max()]
    busy = most["each"] * lines.index.max()  # seconds of a core for a replication beside others
    rows = {}
    for cores in CORES:
        work = one["each"] if cores == 1 else busy / cores
        seconds = one["before"] + replications * max(work, each_task if cores > 1 else 0.0)
        rows[cores] = {"hours": seconds / 3600, "core hours": cores * seconds / 3600}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("cores")


def main() -> None:
    """Command line; ``--out FOLDER`` writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="numbers of replications")
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 2), help="up to so many")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        each_task = handed_out(cluster.scheduler_address)
    table = measured(tuple(given.sizes), given.workers, rounds=given.rounds)
    lines = growth(table).assign(**{"a task on a cluster": each_task})
    cost = plan(lines, each_task)
    for one in (table, lines, cost):
        print(one.round(4).to_string(), end="\n\n")
    if given.out is not None:
        for name, one in {"measured": table, "growth": lines, "plan": cost}.items():
            write_whole(given.out / f"{name}.csv", csv_text(one, float_format="%.4g"))


if __name__ == "__main__":
    main()
