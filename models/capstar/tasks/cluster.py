"""Tasks on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from capstar.errors import ClusterError, SpecificationError
from capstar.tasks.finished import ABSENT, Kept, code_identity, keep

S = TypeVar("S")
T = TypeVar("T")
_AHEAD = 4  # tasks given out for each of the cluster's threads
_LOOK_EVERY = 64  # results; workers may have joined or gone
_PATIENCE = 60  # seconds until a scheduler answers and a first worker is there


def results_on(
    client: Any,
    task: Callable[[S], T],
    items: Iterable[tuple[Path | None, S]],
    kept: Kept[S, T] | None,
) -> Iterator[T]:
    """Results in the order of the items, each given with the path of its result where it is kept.

    A result is taken off its worker as soon as it is there, so that a worker that dies takes none of them along: what
    it was at work on is given to another.  The task, with what it holds, goes to the cluster once.
    """
    from distributed import as_completed

    with _told(client):
        _wait_for_one(client)
        carried = client.submit(_same, task, pure=False)
        ready: dict[int, T] = {}
        out: dict[Any, tuple[int, Path | None]] = {}
        coming = as_completed(
            with_results=True, loop=client.loop
        )  # else of the default client, if there is one
        left, following, ahead = enumerate(items), 0, 0
        try:
            while True:
                if following % _LOOK_EVERY == 0:
                    ahead = max(_AHEAD * sum(client.nthreads().values()), 2)
                batch = list(islice(left, max(ahead - len(out), 0)))  # workers may have gone
                for place, (path, item) in batch:
                    if kept and path and (found := kept.find(path)) is not ABSENT:
                        ready[place] = found
                    else:
                        future = client.submit(_done, carried, item, code_identity(), pure=False)
                        out[future] = place, path
                        coming.add(future)
                while following in ready:
                    yield ready.pop(following)
                    following += 1
                if out:
                    for future, made in coming.next_batch():  # all that are here
                        place, path = out.pop(future)
                        future.release()  # or it would be made again, should its worker die
                        ready[place] = made
                        if path:
                            keep(path, made)
                elif not batch:
                    return
        finally:
            with suppress(Exception):
                client.cancel([carried, *out])


@contextmanager
def connected(cluster: Any) -> Iterator[Any]:
    """A client of a cluster, given the client itself or the scheduler's address.

    Raises
    ------
    ClusterError
        Dask is not installed, or no scheduler answers at the address.
    SpecificationError
        What is given is neither.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError(
            "Work on a cluster needs Dask, which is not installed. Install it with: pip install 'capstar[cluster]'."
        ) from error
    if isinstance(cluster, Client):
        yield cluster
        return
    if not isinstance(cluster, str):
        raise SpecificationError(
            f"cluster={cluster!r:.60}: give a dask.distributed.Client, or the address that 'dask scheduler' prints, "
            "such as tcp://10.0.0.1:8786."
        )
    try:
        client = Client(cluster, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"No Dask scheduler answers at {cluster} ({error}). Start one with 'dask scheduler', and give the address "
            "it prints."
        ) from error
    with client:
        yield client


def _wait_for_one(client: Any) -> None:
    where = _address(client)
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError as error:
        raise ClusterError(
            f"No worker has joined {where} within {_PATIENCE:g} seconds. Start some with 'dask worker {where}'."
        ) from error


def _address(client: Any) -> str:
    return str(getattr(client.scheduler, "address", "the scheduler"))


def _same(task: T) -> T:
    return task


def _done(task: Callable[[S], T], item: S, code: str) -> T:
    """One result, on a worker."""
    if code != (own := code_identity()):
        raise ClusterError(
            f"A worker has other code or libraries than this process ({own[:8]}, not {code[:8]}), so that its numbers "
            "may differ. Install the same version of capstar and the same constraints.txt on every worker, and start "
            "them again."
        )
    return task(item)


@contextmanager
def _told(client: Any) -> Iterator[None]:
    """What ends the work on a cluster, in words."""
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    where = _address(client)
    try:
        yield
    except KilledWorker as error:
        raise ClusterError(
            f"One task has ended {error.allowed_failures + 1} workers of {where} ({error.task}), mostly for want of "
            "memory. Give each worker more memory, or start fewer on a machine."
        ) from error
    except (CancelledError, CommClosedError) as error:
        raise ClusterError(
            f"The scheduler at {where} has ended or cannot be reached ({type(error).__name__}). Start it again; with "
            "keep=FOLDER what was finished is not done again."
        ) from error
    except (RuntimeError, ImportError) as error:
        if not isinstance(error.__cause__ or error, ImportError):
            raise
        raise ClusterError(
            f"A worker of {where} lacks a module ({error.__cause__ or error}). Install capstar, and what your task "
            "is defined in, on every worker."
        ) from error
