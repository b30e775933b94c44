"""Tasks in threads and processes of this machine."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from threading import Thread
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")
_FOR_EVER = 1_000_000  # seconds; the milliseconds must fit into 31 bits
_LOOK_EVERY = 0.5  # seconds


def results_here(
    task: Callable[[S], T], items: Iterable[S], n_workers: int, *, threads: bool = False
) -> Iterator[T]:
    """Results in the order of the items, batch by batch: joblib itself would take the items in threads of its own."""
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
