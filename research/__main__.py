"""List the studies, run one, ``python -m research NAME [--data FOLDER]``, or all: ``python -m research all``."""

from __future__ import annotations

import os
import runpy
import sys

from research import runner
from research.needs import refused, studies


def main(arguments: list[str]) -> int:
    """Entry point; returns the exit code."""
    known = studies()
    if not arguments or arguments[0] in ("-h", "--help"):
        print(
            "python -m research NAME [--data FOLDER]\npython -m research all [--longest SECONDS] [--out FILE]\n"
        )
        for name, title in known.items():
            print(f"  {name}: {title}\n{runner.described(name)}")
        return 0
    name, *rest = arguments
    if name == "all":
        return runner.main(rest)
    if name not in known:
        print(f"There is no study {name!r}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    if not {"-h", "--help"} & set(rest) and refused(name, rest):
        return 2
    sys.argv = [f"research {name}", *rest]
    runpy.run_module(f"research.{name}.reproduce", run_name="__main__")
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1:]))
    except BrokenPipeError:  # whoever read what is printed has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
