"""Command line: a thin layer over the library."""

from __future__ import annotations

import atexit
import gc
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

import typer

from capstar import __version__
from capstar.cli import data, index, lead, market, rstar, study
from capstar.cli.faults import Commands, say
from capstar.cli.options import Debug

_OBJECTS = 100_000  # new ones between two searches for garbage, in place of 700

app = typer.Typer(
    cls=Commands,
    help="Natural rates of interest (r*), small caps and their markets, and whether the one leads the other.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(rstar.rstar)
app.command()(study.study)
app.command()(index.index)
app.command()(lead.lead)
app.command()(market.market)
app.add_typer(data.app, name="data")


def _version(value: bool) -> None:
    if value:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    debug: Debug = False,
    timings: Annotated[
        bool,
        typer.Option(
            "--timings",
            help="Before the command, as in capstar --timings rstar ...: print to standard error where its time went: "
            "imports, loading and compiling kernels, reading data, each stage of the work, writing.",
        ),
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    context.obj = {"debug": debug}
    if timings:
        context.with_resource(_shown_timings())


@contextmanager
def _shown_timings() -> Iterator[None]:
    """Where the time goes, told at the end, also of a command that fails."""
    from capstar.timing import timings

    begun = time.process_time()
    with ExitStack() as at_end, timings() as spent:
        at_end.callback(lambda: say(f"capstar: where the time went\n{spent}", err=True))
        spent.add("start of Python and of the command line", begun)
        yield


def main() -> None:
    """Entry point of the ``capstar`` command."""
    # Libraries that load make a million objects that stay: to search them for garbage costs a third of the start,
    # and once more at the end.
    gc.set_threshold(_OBJECTS, 20, 20)
    atexit.register(gc.freeze)
    app()
