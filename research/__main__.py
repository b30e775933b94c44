"""List the studies, or run one: ``python -m research NAME [--data FOLDER]``."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from research.needs import absent, needs, refused

HERE = Path(__file__).parent


def studies() -> dict[str, str]:
    """First line of each study's README by folder name."""
    found = sorted(path.parent for path in HERE.glob("*/reproduce.py"))
    return {folder.name: (folder / "README.md").read_text().splitlines()[0].lstrip("# ") for folder in found}


def main(arguments: list[str]) -> int:
    """Entry point; returns the exit code."""
    known = studies()
    if not arguments or arguments[0] in ("-h", "--help"):
        print("python -m research NAME [--data FOLDER]\n")
        for name, title in known.items():
            lacking = len(absent(name))
            print(
                f"  {name}: {title}"
                + (f"\n      data: lacks {lacking} of {len(needs(name))} files" if lacking else "")
            )
        return 0
    name, *rest = arguments
    if name not in known:
        print(f"There is no study {name!r}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    if not {"-h", "--help"} & set(rest) and refused(name, rest):
        return 2
    sys.argv = [f"research {name}", *rest]
    runpy.run_module(f"research.{name}.reproduce", run_name="__main__")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
