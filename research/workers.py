"""Where the long work of a study is done: what the command lines of the studies share."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path

import capstar as cs
from capstar.errors import ClusterError, OutputError


def add_workers(parser: argparse.ArgumentParser, *, default: int | None = None) -> None:
    """Options ``--workers``, ``--cluster`` and ``--keep``; `working` does what they say."""
    parser.add_argument(
        "--workers", type=int, default=default or os.cpu_count() or 1,
        help="processes, or threads; the numbers are the same for any",
    )  # fmt: skip
    parser.add_argument(
        "--cluster", metavar="ADDRESS",
        help="Dask scheduler whose workers do the work in place of processes, such as tcp://10.0.0.1:8786",
    )  # fmt: skip
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER",
        help="write what is finished there, and do not do again what is found there",
    )  # fmt: skip


@contextmanager
def working(given: argparse.Namespace) -> Iterator[None]:
    """Do the long work of the block where the command line says; one line and status 2 where that cannot be."""
    try:
        with cs.parallel(given.cluster, keep=given.keep):
            yield
    except (ClusterError, OutputError) as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def start(spec: ModuleSpec) -> None:
    """Run ``main`` of a module under its own name: what is defined in ``__main__`` no worker can import."""
    import_module(spec.name).main()
