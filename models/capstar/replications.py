"""Bootstrap samples side by side, the same for any number of processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from joblib import Parallel, delayed

T = TypeVar("T")


def first_successes(
    task: Callable[[np.random.SeedSequence], T | None],
    wanted: int,
    *,
    seed: int,
    n_workers: int,
    progress: Callable[[float], None] | None = None,
) -> tuple[list[T], int]:
    """Results of the first samples that succeed, in the order of their seeds, and the number tried.

    Parameters
    ----------
    task
        Of one sample, drawn from its own seed; None where it fails. Must be picklable.
    wanted
        Successes; given up after 20 more than twice as many tries, so that fewer may come back.
    seed
        The same seed gives the same results whatever the number of workers.
    n_workers
        Processes.
    progress
        Called with the share done.
    """
    limit, step = 2 * wanted + 20, max(4 * n_workers, 8)
    children = np.random.SeedSequence(seed).spawn(limit)
    found: list[T] = []
    tried = 0
    with Parallel(n_jobs=n_workers) as pool:
        while len(found) < wanted and tried < limit:
            batch = children[tried : tried + min(step, wanted - len(found))]
            done = pool(delayed(task)(child) for child in batch)
            tried += len(batch)
            found += [one for one in done if one is not None]
            if progress is not None:
                progress(len(found) / wanted)
    return found, tried
