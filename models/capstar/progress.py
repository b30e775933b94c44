"""How far a long task is: a bar in a terminal or notebook, a line a stage elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Progress = Callable[[str, float], None]
"""Called with the name of the stage and the share of it that is done, from 0 to 1."""

_PATIENCE = 2.0  # seconds before anything is said


@contextmanager
def reporting(progress: Progress | bool) -> Iterator[Progress]:
    """What a task tells its progress to.

    Parameters
    ----------
    progress
        A function of a stage and the share of it that is done; True: a bar on standard error once the task has taken
        two seconds, in a terminal or notebook, and elsewhere one line for each stage that took as long; False:
        nothing.
    """
    if progress is False:
        yield lambda _stage, _share: None
    elif callable(progress):
        yield progress
    elif _interactive():
        with _Bar() as bar:
            yield bar
    else:
        yield _Lines()


def _interactive() -> bool:
    return sys.stderr.isatty() or "ipykernel" in sys.modules


class _Lines:
    """A line for each stage that took its time, once it is done."""

    def __init__(self) -> None:
        self.begun: dict[str, float] = {}

    def __call__(self, stage: str, share: float) -> None:
        now = time.monotonic()
        taken = now - self.begun.setdefault(stage, now)
        if share >= 1 and taken > _PATIENCE:
            sys.stderr.write(f"capstar: {stage}, {taken:.0f} s\n")


class _Bar:
    """rich's bar, begun when the task turns out long."""

    def __init__(self) -> None:
        self.begun, self.bar, self.tasks = time.monotonic(), None, {}

    bar: Any
    tasks: dict[str, Any]

    def __enter__(self) -> _Bar:
        return self

    def __call__(self, stage: str, share: float) -> None:
        if self.bar is None:
            if time.monotonic() - self.begun < _PATIENCE or share >= 1:
                return
            from rich.console import Console
            from rich.progress import Progress as RichProgress

            self.bar = RichProgress(console=Console(stderr=True), transient=True)
            self.bar.start()
        if stage not in self.tasks:
            self.tasks[stage] = self.bar.add_task(stage, total=1.0)
        self.bar.update(self.tasks[stage], completed=share)

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()
