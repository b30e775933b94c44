"""Where the time goes: imports, kernels, reading, each stage of the work, writing."""

from __future__ import annotations

import builtins
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

IMPORTS, KERNELS, REST = "imports", "kernels, loading and compiling", "all else"
_RUNNING: ContextVar[Timings | None] = ContextVar("timings", default=None)  # of this thread


class Timings:
    """Seconds of the clock by what they went into; what runs inside something else counts for itself alone.

    Attributes
    ----------
    seconds
        By name, in the order in which things began.
    compiled
        Names of the kernels that were compiled; the others came from the cache.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.compiled: list[str] = []
        self._open = [REST]  # from the outermost to the innermost
        self._mark = time.perf_counter()

    def __str__(self) -> str:
        total = sum(self.seconds.values())
        rows = sorted(self.seconds.items(), key=lambda row: row[0] == REST)
        lines = [f"{spent:9.3f} s {spent / max(total, 1e-9):6.1%}  {name}" for name, spent in rows]
        compiled = f"; compiled: {', '.join(self.compiled)}" if self.compiled else ""
        return "\n".join([f"{total:9.3f} s in all{compiled}", *lines])

    def begin(self, name: str) -> None:
        """From now on the time goes into this."""
        self._credit()
        self.seconds.setdefault(name, 0.0)
        self._open.append(name)

    def end(self, name: str) -> None:
        """It is over, and whatever began inside it and has not ended."""
        self._credit()
        if name in self._open[1:]:
            while self._open.pop() != name:
                pass

    def add(self, name: str, seconds: float) -> None:
        """Time that went into something before the clock ran."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def tell(self, stage: str, share: float) -> None:
        """Progress of a stage, as of `capstar.progress`: it begins when first told of, and ends with a share of 1."""
        if share >= 1:
            self.end(stage)
        elif stage not in self._open:
            self.begin(stage)

    def _credit(self) -> None:
        now = time.perf_counter()
        self.add(self._open[-1], now - self._mark)
        self._mark = now


@contextmanager
def timings() -> Iterator[Timings]:
    """Measure where the time of a block goes.

    Yields
    ------
    Timings
        Complete at the end of the block; prints as a table.  Work of other processes counts as the stage that waits
        for it, work of other threads likewise.

    Examples
    --------
    >>> import capstar as cs
    >>> with cs.timings() as spent:
    ...     prices = cs.data.small_cap_returns()
    >>> spent.seconds["reading data"] > 0
    True
    """
    out = Timings()
    before = _RUNNING.set(out)
    hooks = _Hooks(out)
    try:
        yield out
    finally:
        hooks.remove()
        _RUNNING.reset(before)
        out.end(REST)


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Count a block, or as a decorator a function, under a name, where times are wanted."""
    running = _RUNNING.get()
    if running is None:
        yield
        return
    running.begin(name)
    try:
        yield
    finally:
        running.end(name)


@contextmanager
def staged(tell: Callable[[str, float], None]) -> Iterator[Callable[[str, float], None]]:
    """What takes note of each stage besides the one given, where times are wanted."""
    running = _RUNNING.get()
    if running is None:
        yield tell
        return
    begun: set[str] = set()

    def both(stage: str, share: float) -> None:
        begun.add(stage or "tasks")
        running.tell(stage or "tasks", share)
        tell(stage, share)

    try:
        yield both
    finally:  # a stage that failed has told no end
        for stage in begun:
            running.end(stage)


class _Hooks:
    """Takes note of imports, and of numba's work once numba is there."""

    def __init__(self, out: Timings) -> None:
        self._out, self._import = out, builtins.__import__
        self._listening: list[tuple[str, Any]] = []
        builtins.__import__ = self._timed_import
        self._listen()

    def remove(self) -> None:
        builtins.__import__ = self._import
        for kind, listener in self._listening:
            sys.modules["numba.core.event"].unregister(kind, listener)

    def _timed_import(self, name: str, *arguments: Any, **options: Any) -> Any:
        if _RUNNING.get() is not self._out or self._out._open[-1] == IMPORTS:
            return self._import(name, *arguments, **options)
        self._out.begin(IMPORTS)
        try:
            return self._import(name, *arguments, **options)
        finally:
            self._out.end(IMPORTS)
            self._listen()

    def _listen(self) -> None:
        """Hear what numba does from the moment it is imported; to import it here would cost more than it tells."""
        event = sys.modules.get("numba.core.event")
        if self._listening or event is None or not hasattr(sys.modules.get("numba"), "njit"):
            return
        out = self._out

        class Locked(event.Listener):  # type: ignore[name-defined, misc]
            """The lock is held while a kernel is looked up, loaded or compiled, one inside another."""

            def on_start(self, event: Any) -> None:
                if _RUNNING.get() is out:
                    out.begin(KERNELS)

            def on_end(self, event: Any) -> None:
                if _RUNNING.get() is out:
                    out.end(KERNELS)

        class Compiled(event.Listener):  # type: ignore[name-defined, misc]
            def on_start(self, event: Any) -> None:
                out.compiled.append(event.data["dispatcher"].py_func.__name__)

            def on_end(self, event: Any) -> None:
                pass

        self._listening = [("numba:compiler_lock", Locked()), ("numba:compile", Compiled())]
        for kind, listener in self._listening:
            event.register(kind, listener)
