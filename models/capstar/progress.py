"""How far a long task is: a bar in a terminal or notebook, a line a stage elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from threading import RLock, Timer
from typing import Any

from capstar.timing import staged

Progress = Callable[[str, float], None]
"""Called with the name of the stage and the share of it that is done, from 0 to 1."""

LOG = logging.getLogger(__name__)
_LOGGING: ContextVar[bool] = ContextVar("logging", default=False)  # of this thread, by a task around this one
PATIENCE = 2.0  # seconds before anything is said


@contextmanager
def reporting(progress: Progress | bool) -> Iterator[Progress]:
    """What a task tells its progress to.

    Parameters
    ----------
    progress
        A function of a stage and the share of it that is done; True: a bar on standard error once the task has taken
        two seconds, in a terminal or notebook, and elsewhere one line for each stage that took as long; False:
        nothing.

    Examples
    --------
    >>> from capstar.progress import reporting
    >>> with reporting(lambda what, share: print(what, f"{share:.0%}")) as tell:
    ...     tell("estimating", 0.5)
    ...
    estimating 50%
    """
    with _shown(progress) as show, staged(show) as tell, _logged(tell) as told:
        yield told


@contextmanager
def _logged(tell: Progress) -> Iterator[Progress]:
    """The same, and a line at level INFO of the logger ``capstar.progress`` for each stage of the outermost task."""
    if _LOGGING.get() or not LOG.isEnabledFor(logging.INFO):
        yield tell
        return
    begun: dict[str, float] = {}

    def both(stage: str, share: float) -> None:
        since = begun.setdefault(stage, time.monotonic())
        if share >= 1:
            LOG.info("%s: %.2f s", stage or "tasks", time.monotonic() - begun.pop(stage, since))
        tell(stage, share)

    outermost = _LOGGING.set(True)
    try:
        yield both
    finally:
        _LOGGING.reset(outermost)


@contextmanager
def _shown(progress: Progress | bool) -> Iterator[Progress]:
    if progress is False:
        yield lambda _stage, _share: None
    elif callable(progress):
        yield progress
    elif _interactive():
        with Bar() as bar:
            yield bar
    else:
        yield Lines()


def _interactive() -> bool:
    """A terminal that can redraw a line, or a notebook with the widgets rich draws in."""
    if not sys.stderr.isatty() and "IPython" not in sys.modules:
        return False
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_jupyter:
        return find_spec("ipywidgets") is not None
    return sys.stderr.isatty() and not console.is_dumb_terminal


class Lines:
    """A line for each stage that took longer than ``patience`` seconds, once it is done."""

    def __init__(self, patience: float = PATIENCE, clock: Callable[[], float] = time.monotonic) -> None:
        self.patience, self.clock = patience, clock
        self.begun: dict[str, float] = {}

    def __call__(self, stage: str, share: float) -> None:
        """Take note, and write the line of a stage that is done."""
        now = self.clock()
        begun = self.begun.setdefault(stage, now)
        if share >= 1:
            del self.begun[stage]  # the next of this name is another
            if now - begun > self.patience:
                sys.stderr.write(f"capstar: {stage or 'tasks'}, {now - begun:.0f} s\n")


class Bar:
    """rich's bars, one for each stage under way, drawn when the task has lasted ``patience`` seconds."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.shares: dict[str, float] = {}
        self.drawn: Any = None
        self.tasks: dict[str, Any] = {}
        self.lock = RLock()
        self.timer = Timer(patience, self._draw)  # a stage may be long without a word in between
        self.timer.daemon = True

    def __enter__(self) -> Bar:
        self.timer.start()
        return self

    def __call__(self, stage: str, share: float) -> None:
        """Take note, and redraw what is drawn."""
        with self.lock:
            self.shares[stage] = share
            if self.drawn is not None:
                self._update(stage)

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()
        with self.lock:
            if self.drawn is not None:
                self.drawn.stop()
            self.drawn, self.shares = None, {}

    def _draw(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with self.lock:
            if self.timer.finished.is_set():
                return
            self.drawn = RichProgress(*columns, console=Console(stderr=True), transient=True)
            self.drawn.start()
            for stage in self.shares:
                self._update(stage)

    def _update(self, stage: str) -> None:
        """A stage of which nothing is known yet pulses; one that is done makes room."""
        share = self.shares[stage]
        if share < 1:
            if stage not in self.tasks:
                self.tasks[stage] = self.drawn.add_task(stage)
            self.drawn.update(self.tasks[stage], completed=share, total=1.0 if share > 0 else None)
        elif stage in self.tasks:
            self.drawn.remove_task(self.tasks.pop(stage))
