"""Tasks side by side, the same results for any number of workers."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import suppress
from itertools import islice
from threading import Thread
from typing import TypeVar

import numpy as np

from capstar.progress import Progress, reporting

_FOR_EVER = 1_000_000  # seconds; the milliseconds must fit into 31 bits
S = TypeVar("S")
T = TypeVar("T")
_LOOK_EVERY = 0.5  # seconds


def run_tasks(
    task: Callable[[S], T],
    items: Iterable[S],
    *,
    n_workers: int = 1,
    threads: bool = False,
    stage: str = "",
    progress: Progress | bool = False,
    total: int | None = None,
) -> list[T]:
    """Results of a task for each of some items, in their order.

    Parameters
    ----------
    task
        Of one item; picklable unless in threads.
    items
        Taken as they are needed, in the caller's own thread.
    n_workers
        Processes, or threads; -1: as many as there are processors.
    threads
        Threads in place of processes, for tasks that release the interpreter's lock.
    stage, progress
        What the tasks are, and whom to tell how many are done; see `capstar.progress.reporting`.
    total
        Number of items, for progress where they are a generator.
    """
    count = len(items) if isinstance(items, Sized) else total
    done: list[T] = []
    with reporting(progress) as tell:
        tell(stage, 0.0)
        for one in _results(task, items, n_workers, threads=threads):
            done.append(one)
            if count and len(done) < count:
                tell(stage, len(done) / count)
        tell(stage, 1.0)
    return done


def first_successes(
    task: Callable[[np.random.SeedSequence], T | None],
    wanted: int,
    *,
    seed: int,
    n_workers: int,
    stage: str = "",
    progress: Progress | bool = False,
) -> tuple[list[T], int]:
    """Results of the first samples that succeed, in the order of their seeds, and the number of samples.

    Parameters
    ----------
    task
        Of one sample, drawn from its own seed; None where it fails. Must be picklable.
    wanted
        Successes; given up after 20 more than twice as many samples, so that fewer may come back.
    seed
        The same seed gives the same results whatever the number of workers.
    n_workers, stage, progress
        As of `run_tasks`.
    """
    limit = 2 * wanted + 20
    children = np.random.SeedSequence(seed).spawn(limit)
    found: list[T] = []
    tried = 0
    with reporting(progress) as tell:
        tell(stage, 0.0)
        while len(found) < wanted and tried < limit:
            batch = children[tried : tried + wanted - len(found)]
            tried += len(batch)
            for one in _results(task, batch, n_workers):
                if one is not None:
                    found.append(one)
                    if len(found) < wanted:
                        tell(stage, len(found) / wanted)
        tell(stage, 1.0)
    return found, tried


def _results(
    task: Callable[[S], T], items: Iterable[S], n_workers: int, *, threads: bool = False
) -> Iterator[T]:
    """Batch by batch: joblib itself would take the items in threads of its own."""
    from joblib import Parallel, delayed, effective_n_jobs

    left, size = iter(items), max(4 * effective_n_jobs(n_workers), 8)
    with Parallel(
        n_jobs=n_workers,
        prefer="threads" if threads else None,
        initializer=None if threads else end_with,
        initargs=() if threads else (os.getpid(),),
        # Workers end with this process; ones that end for idleness may do so while they are given work, which is lost.
        **({} if threads else {"idle_worker_timeout": _FOR_EVER}),
    ) as pool:
        while batch := list(islice(left, size)):
            yield from pool(delayed(task)(item) for item in batch)


def end_with(parent: int) -> None:
    """Let this worker end when the process that started it has ended, however that was: killed ones tell nobody."""
    Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    if sys.platform == "win32":
        import _winapi

        synchronise, for_ever = 0x00100000, 0xFFFFFFFF
        with suppress(OSError):  # there is no such process any more
            _winapi.WaitForSingleObject(_winapi.OpenProcess(synchronise, False, parent), for_ever)
    else:
        while os.getppid() == parent:
            time.sleep(_LOOK_EVERY)
    os._exit(1)  # in the midst of a task, too
