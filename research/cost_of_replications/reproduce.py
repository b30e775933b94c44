"""What many replications cost: measured growth of the joint bootstrap of r* and returns, and a plan for 100,000."""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from distributed import LocalCluster
from research.cost_of_replications.words import CLUSTER, KEYS, PLAN, WORK, rewritten
from research.workers import start

import capstar as cs
from capstar.errors import DataError
from capstar.study import portfolio_returns, study_data
from capstar.tasks import first_successes
from capstar.writing import csv_text, write_whole

HERE = Path(__file__).parent
SIZES, EMPTY, CORES = (100, 300, 900), (1000, 2000, 4000), (1, 16, 256)
Answer = tuple[np.ndarray, ...]


def replicated(sizes: tuple[int, ...], workers: int, *, rounds: int) -> pd.DataFrame:
    """Seconds of the joint bootstrap of HLW (2017) on the study's data; the fastest of some rounds.

    Parameters
    ----------
    sizes
        Numbers of replications.
    workers
        Processes: from 1 to so many.
    rounds
        Of each size.

    Returns
    -------
    pandas.DataFrame
        Index ``KEYS``; columns ``seconds`` and ``rounds``.
    """
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
            rows[WORK, n_workers, size] = min(seconds(size, n_workers) for _ in range(rounds))
    return _table(rows, rounds)


def handed_out(sizes: tuple[int, ...], *, rounds: int) -> pd.DataFrame:
    """Seconds in which tasks that do nothing are handed to a Dask cluster of two workers, and their results taken.

    Tasks take a seed and give arrays as large as a replication does.  Index and columns are those of `replicated`.
    """
    answer = partial(_answer, (np.zeros(12), np.zeros(3), np.zeros(3)))

    def seconds(size: int) -> float:
        began = perf_counter()
        first_successes(answer, size, seed=0, n_workers=1)
        return perf_counter() - began

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as two,
        cs.parallel(two.scheduler_address),
    ):
        seconds(min(sizes))
        rows = {(CLUSTER, 2, size): min(seconds(size) for _ in range(rounds)) for size in sizes}
    return _table(rows, rounds)


def _answer(made: Answer, _: np.random.SeedSequence) -> Answer:
    return made


def _table(seconds: dict[tuple[str, int, int], float], rounds: int) -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples(seconds, names=KEYS)
    return pd.DataFrame({"seconds": list(seconds.values()), "rounds": rounds}, index)


def growth(table: pd.DataFrame) -> pd.DataFrame:
    """Line through the seconds: before the first, and for each, and how far the seconds are from it, as a share.

    Raises
    ------
    DataError
        The seconds do not grow with the number.
    """
    rows = {}
    for (what, workers), one in table["seconds"].groupby(level=KEYS[:2], sort=False):
        n = one.index.get_level_values("number").to_numpy(dtype=float)
        each, before = np.polyfit(n, one.to_numpy(), 1)
        if each <= 0:
            raise DataError(
                f"{what} with {workers} workers: {one.iloc[0]:.3g} s for {n[0]:g}, {one.iloc[-1]:.3g} s for {n[-1]:g}, "
                "so that nothing can be planned. Give sizes further apart, on a machine with nothing beside it."
            )
        off = float(np.abs(one.to_numpy() / (before + each * n) - 1).max())
        rows[what, workers] = {"before": max(before, 0.0), "each": each, "largest distance": off}
    lines = pd.DataFrame.from_dict(rows, orient="index")
    return lines.set_axis(pd.MultiIndex.from_tuples(lines.index, names=KEYS[:2]))


def plan(lines: pd.DataFrame, *, replications: int = PLAN, cores: tuple[int, ...] = CORES) -> pd.DataFrame:
    """Hours on a number of cores as fast as these.

    One core takes the line of one worker.  More, on a cluster, take the replication of as many workers as were
    measured, which share memory and caches, divided by the cores; but no less than it costs to hand a task out.
    """
    work = lines.loc[WORK]
    busy = work["each"].iloc[-1] * work.index[-1]  # seconds of a core for a replication beside others
    handing = lines.loc[(CLUSTER, 2), "each"]
    rows = {}
    for n in cores:
        shared = work.loc[1, "each"] if n == 1 else busy / n
        bound = n > 1 and handing > shared
        hours = (work.loc[1, "before"] + replications * (handing if bound else shared)) / 3600
        rows[n] = {"hours": hours, "core hours": n * hours, "limit": "handing out" if bound else "work"}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("cores")


def reproduce(
    _: Path | None = None, *, sizes: tuple[int, ...] = SIZES, empty: tuple[int, ...] = EMPTY, workers: int = 2,
    rounds: int = 3,
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Seconds, the lines through them, and the plan; no data are read.

    Parameters
    ----------
    sizes, empty
        Numbers of replications, and of tasks that do nothing.
    workers, rounds
        Up to so many, and the fastest of so many.
    """
    handed = handed_out(empty, rounds=rounds)
    table = pd.concat([replicated(sizes, workers, rounds=rounds), handed])
    lines = growth(table)
    return {"measured": table, "growth": lines, "plan": plan(lines)}


def write(tables: dict[str, pd.DataFrame], folder: Path) -> None:
    """The tables, and what they say in the README where there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, one in tables.items():
        write_whole(folder / f"{name}.csv", csv_text(one, float_format="%.4g"))
    if (path := folder / "README.md").exists():
        write_whole(path, rewritten(path.read_text(encoding="utf-8"), folder))


def main() -> None:
    """Command line; ``--out FOLDER`` writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=SIZES, help="numbers of replications, 99 or more"
    )
    parser.add_argument(
        "--empty", type=int, nargs="+", default=EMPTY, help="numbers of tasks that do nothing"
    )
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 2), help="up to so many")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    for name in ("sizes", "empty"):
        if len(set(getattr(given, name))) < 2:
            parser.error(f"--{name}: a line needs two numbers or more")
    tables = reproduce(
        sizes=tuple(given.sizes), empty=tuple(given.empty), workers=given.workers, rounds=given.rounds
    )
    for one in tables.values():
        print(one.round(4).to_string(), end="\n\n")
    if given.out is not None:
        write(tables, given.out)


if __name__ == "__main__":
    start(__spec__)
