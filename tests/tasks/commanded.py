"""``capstar`` with a process killed in the midst of it, and what finished work it wrote.

``python tests/tasks/commanded.py LOG AFTER WHOM ...``: a line in LOG for each finished part that the command ``...``
keeps; before it keeps one more than AFTER, process WHOM is killed, or the command itself where that is 0.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path


def watch(log: Path, after: int, whom: int) -> None:
    """Look at every file that takes its place."""
    kept = 0

    def hook(event: str, given: tuple[object, ...]) -> None:
        nonlocal kept
        if event == "os.rename" and "unfinished" in Path(str(given[1])).parts:
            if kept == after:
                os.kill(whom or os.getpid(), signal.SIGKILL)
            kept += 1
            with log.open("a") as stream:
                stream.write(f"{Path(str(given[1])).name}\n")

    sys.addaudithook(hook)


if __name__ == "__main__":
    watch(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    sys.argv = ["capstar", *sys.argv[4:]]
    from capstar.cli import main

    main()
