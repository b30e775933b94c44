"""Tasks side by side, the same results for any number of workers."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from capstar.errors import CacheWarning, OutputError
from capstar.progress import Progress, reporting
from capstar.tasks.processes import results_here
from capstar.writing import cache_folder

if TYPE_CHECKING:
    from capstar.tasks.finished import Kept

S = TypeVar("S")
T = TypeVar("T")


_DAYS = 30  # for which what a killed run left is kept


@dataclass(frozen=True)
class Store:
    """Folder of finished work.

    Attributes
    ----------
    folder
        Of the results.
    read
        Whether results that are there are taken.
    paths
        Of the results that were asked for.
    found
        Those of them that were there and are taken.
    """

    folder: Path
    read: bool = True
    paths: set[Path] = field(default_factory=set)
    found: set[Path] = field(default_factory=set)

    def noted(self, kept: Kept[S, T], items: Iterable[S]) -> Iterator[tuple[Path, S]]:
        """The items and the paths of their results, as these are asked for."""
        for item in items:
            path = kept.path(item)
            if self.read and path not in self.paths and path.exists():
                self.found.add(path)
            self.paths.add(path)
            yield path, item


@dataclass(frozen=True)
class _Where:
    client: Any = None
    store: Store | None = None


_HERE = _Where()
_WHERE: ContextVar[_Where] = ContextVar("capstar.tasks", default=_HERE)


@contextmanager
def parallel(cluster: Any = None, *, keep: str | os.PathLike[str] | None = None) -> Iterator[None]:
    """Do the long work of the block on a cluster, or keep what is finished of it on disk, or both.

    What is meant is what takes ``n_workers`` processes: fits of many samples or vintages, such as the bootstrap of r*,
    the joint bootstrap, real-time estimates and size studies.  The numbers are the same to the last bit wherever it is
    done.  What takes threads (draws from a posterior, the bootstraps of the tests) stays in this process.

    Parameters
    ----------
    cluster
        A ``dask.distributed.Client``, or the address of a scheduler, such as ``"tcp://10.0.0.1:8786"``; None: this
        machine.  ``n_workers`` then counts for nothing: all workers of the cluster are used, and those that join
        later.  A worker that dies loses nothing but what it was at work on, which another does.
    keep
        Folder of finished work, made if it is not there.  What is found in it is not done again, so that a run that
        was killed goes on where it was when it is started again.  Results are kept under a hash of the inputs, the
        seeds, the code and the versions of the libraries: nothing old is taken for new.  Delete the folder when done.

    Raises
    ------
    ClusterError
        Dask is not installed, no scheduler answers, its workers have other code, or it ends.
    OutputError
        The folder cannot be written to.
    SpecificationError
        Neither a client nor an address is given.

    Examples
    --------
    What is finished of the bootstrap is kept, and found when the block is run again:

    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> with cs.parallel(keep="finished"):
    ...     errors = fit.bootstrap(4, progress=False)
    >>> errors.params.shape[0]
    4
    """
    outer = _WHERE.get()
    with ExitStack() as stack:
        client = outer.client if cluster is None else stack.enter_context(_connected(cluster))
        store = outer.store if keep is None else Store(Path(keep).expanduser().resolve())
        token = _WHERE.set(_Where(client, store))
        try:
            yield
        finally:
            _WHERE.reset(token)


@contextmanager
def resumable(*, resume: bool, folder: Path | None = None) -> Iterator[Store]:
    """Keep what is finished of the block's long work until the block ends well, and read it only where asked.

    Parameters
    ----------
    resume
        Take what is found of a run that was killed or failed; else all is done, and written over what is there.
    folder
        Of finished work, as of `parallel`; by default in the user's cache.  What was left in it more than 30 days ago
        is deleted.

    Yields
    ------
    Store
        At the end of the block it says which results were found.

    Warns
    -----
    CacheWarning
        The folder cannot be written to: nothing is kept.

    Examples
    --------
    A second run takes what a first, which was killed, had finished:

    >>> from pathlib import Path
    >>> from capstar.tasks import resumable, run_tasks
    >>> with resumable(resume=True, folder=Path("finished")) as store:
    ...     numbers = run_tasks(abs, [-1, 2])
    >>> numbers, len(store.paths), len(store.found)
    ([1, 2], 2, 0)
    """
    from capstar.tasks.finished import discard, prepare

    store = Store(cache_folder("unfinished") if folder is None else folder, read=resume)
    where = replace(_WHERE.get(), store=store)
    try:
        prepare(store.folder)
        discard(_old(store.folder))
    except OutputError as error:
        warnings.warn(f"{error} A run that is killed has to begin again.", CacheWarning, stacklevel=3)
        where = _WHERE.get()
    token = _WHERE.set(where)
    try:
        yield store
    finally:
        _WHERE.reset(token)
    discard(store.paths)


def _old(folder: Path) -> Iterator[Path]:
    limit = time.time() - _DAYS * 86_400
    for path in folder.glob("*/*"):
        with suppress(OSError):  # another run has just deleted it
            if path.stat().st_mtime < limit:
                yield path


def _connected(cluster: Any) -> AbstractContextManager[Any]:
    from capstar.tasks.cluster import connected

    return connected(cluster)


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

    Examples
    --------
    >>> import math
    >>> from capstar.tasks import run_tasks
    >>> run_tasks(math.sqrt, [1.0, 4.0, 9.0], n_workers=2, threads=True)
    [1.0, 2.0, 3.0]
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

    Examples
    --------
    >>> from capstar.tasks import first_successes
    >>> def positive(seed):
    ...     import numpy as np
    ...     drawn = np.random.default_rng(seed).standard_normal()
    ...     return drawn if drawn > 0 else None
    >>> found, tried = first_successes(positive, 3, seed=0, n_workers=1)
    >>> len(found), tried
    (3, 3)
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
    where = _WHERE.get()
    if threads or where == _HERE:
        return results_here(task, items, n_workers, threads=threads)
    from capstar.tasks.cluster import results_on

    if where.store is None:
        return results_on(where.client, task, ((None, item) for item in items), None)
    from capstar.tasks.finished import Kept

    kept = Kept.of(task, where.store.folder, read=where.store.read)
    placed = where.store.noted(kept, items)
    if where.client is None:
        return results_here(kept, placed, n_workers)
    return results_on(where.client, task, placed, kept)
