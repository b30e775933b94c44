"""Run one study and write what became of each published number: ``python -m research.entry NAME FOLDER FILE``."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from pathlib import Path

from capstar.errors import CapstarError
from capstar.writing import csv_text, write_whole
from research.comparison import judgements


def main(name: str, folder: str, file: str) -> int:
    """Every judged row of the study's tables goes to ``file``; one line and status 2 where it lacks something."""
    warnings.simplefilter("ignore")  # what a study lives with is said in its README
    try:
        tables = import_module(f"research.{name}.reproduce").reproduce(Path(folder))
    except (CapstarError, FileNotFoundError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    write_whole(Path(file), csv_text(judgements(tables), index=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
