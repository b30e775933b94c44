"""Tasks side by side, in threads, processes or on a cluster, the same results for any number of workers."""

from __future__ import annotations

from capstar.tasks.running import first_successes, parallel, resumable, run_tasks

__all__ = ["first_successes", "parallel", "resumable", "run_tasks"]


def __dir__() -> list[str]:
    return __all__
