"""What every command does alike: errors, progress, files."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from capstar.errors import CapstarError, CapstarWarning, ConvergenceError

BAD_INPUT, NO_CONVERGENCE = 2, 3
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Offline = Annotated[bool, typer.Option("--offline", help="Use cached downloads alone.")]
Refresh = Annotated[bool, typer.Option("--refresh", help="Download again whatever the cache holds.")]
AsOf = Annotated[
    str | None, typer.Option(help="Day, 2008-04-30: GDP and prices as then known (live data only).")
]


def check_outputs(*paths: Path | None) -> None:
    """Refuse an unwritable output before the work rather than after it."""
    for path in paths:
        if path is not None and (path.is_dir() or not path.parent.is_dir()):
            problem = "is a folder" if path.is_dir() else f"the folder {path.parent} does not exist"
            raise CapstarError(f"{path}: {problem}. Give the name of a file in an existing folder.")


def check_folder(path: Path | None) -> None:
    """Refuse a folder that cannot be one before the work rather than after it."""
    if path is not None and path.exists() and not path.is_dir():
        raise CapstarError(f"{path}: is a file. Choose another folder with --out.")


@contextmanager
def errors(*, debug: bool) -> Iterator[None]:
    """Exit codes and one-line messages in place of tracebacks."""
    with warnings.catch_warnings(record=not debug) as caught:
        try:
            yield
        except (CapstarError, OSError) as error:
            if debug:
                raise
            typer.echo(f"capstar: {' '.join(str(error).split())}", err=True)
            raise typer.Exit(NO_CONVERGENCE if isinstance(error, ConvergenceError) else BAD_INPUT) from None
        finally:
            for warning in caught or []:
                if issubclass(warning.category, CapstarWarning):
                    typer.echo(f"capstar: {warning.message}", err=True)


@contextmanager
def progress_bar(total: int) -> Iterator[Callable[[str], None] | None]:
    """A progress bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns: tuple[Any, ...] = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=total)
        done = 0

        def advance(line: str) -> None:
            nonlocal done
            bar.update(task, description=line, completed=done)
            done += 1

        yield advance
