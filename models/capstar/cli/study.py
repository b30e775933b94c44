"""``capstar study``: the main job."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Annotated

import typer

from capstar.cli.faults import errors, reading, say
from capstar.cli.rstar_options import Country
from capstar.cli.shared import (
    LIST,
    MOST_DRAWS,
    MOST_WORKERS,
    AsOf,
    Debug,
    Offline,
    Refresh,
    UnitsOf,
    check_folder,
    check_outputs,
    list_models,
    named_units,
)
from capstar.errors import SpecificationError

_FEWEST = 99  # replications that give a p-value of 1 percent


def study(
    context: typer.Context,
    input: Annotated[  # noqa: A002
        str,
        typer.Option(
            metavar="FILE|FOLDER|embedded|fred",
            help="CSV, Parquet or Excel file with the columns of the model, one row a quarter; folder written by "
            "'capstar data snapshot'; 'fred' for live data; by default US data to 2009 that come along.",
        ),
    ] = "embedded",
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY|FILE|all",
            help="The model by its key, or a CSV with date and rstar of a published r*; may be repeated, the first is "
            "the one the primary test is of. 'all': every model whose inputs are there. By default the one made for "
            f"the data; '{LIST}' shows them all.",
        ),
    ] = None,
    returns: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|embedded|french",
            help="Months with the columns small, large and risk_free, percent; 'french' for live ones. By default "
            "those with the input: live with live data.",
        ),
    ] = None,
    vintages: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER|alfred|philadelphia|none",
            help="Data as known at the time: ALFRED, by default with live US data; the Philadelphia Fed, or a folder "
            "with its files.",
        ),
    ] = None,
    monthly: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Input of a monthly model, one row a month, output in the quarter's last one: the question is asked "
            "by the month too, beside the quarters, as one family. --model may name the monthly model.",
        ),
    ] = None,
    country: Country = None,
    as_of: AsOf = None,
    units: UnitsOf = None,
    offline: Offline = False,
    refresh: Refresh = False,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where tables, figures and summary.txt are written.")
    ] = Path("results"),
    replications: Annotated[
        int,
        typer.Option(
            min=0,
            max=MOST_DRAWS,
            metavar="NUMBER",
            help=f"Replications of every bootstrap, at least {_FEWEST}; 0 leaves out the longest, which "
            "re-estimates r* in every sample.",
        ),
    ] = 199,
    workers: Annotated[
        int,
        typer.Option(
            min=1, max=MOST_WORKERS, metavar="NUMBER", help="Processes; the numbers are the same for any."
        ),
    ] = 2,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Dask scheduler whose workers do the longest work, such as tcp://10.0.0.1:8786; the numbers are the "
            "same.",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with a study of the same data and options that was killed: what it had finished of the longest "
            "work is not done again, and the numbers are the same.",
        ),
    ] = False,
    report: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="The report: .html, one page to hand on; .tex, tables for a paper; .md. May be repeated; by default "
            "study.html in the folder of --out.",
        ),
    ] = None,
    tables: Annotated[
        bool, typer.Option("--tables", help="Print every table and note, not the overview alone.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Test whether the r* gap leads small-cap returns: the main job.

    Estimates r*, takes it from the real rate, and asks in sample and out whether that gap leads returns of small caps:
    with parameters of the whole sample, then as known at the time (estimated again every quarter, on vintages or, in
    quasi-real time, on revised data); by several models as one family; and what it says now. Prints the answer
    and what speaks for and against it; writes a report, every table, the figures and a summary. With --input fred it
    needs nothing else.
    """
    began = time.perf_counter()
    with errors(debug=debug or context.obj["debug"]):
        if model == [LIST]:
            list_models()
            raise typer.Exit
        from capstar import data
        from capstar.report import located, overview, require_report, write_report
        from capstar.study import run, study_data
        from capstar.tasks import parallel, resumable

        check_folder(out)
        reports = report or [out / "study.html"]
        for one in reports:
            require_report(one)
        check_outputs(*(one for one in reports if one.parent != out))
        if 0 < replications < _FEWEST:
            raise SpecificationError(
                f"--replications {replications}: at least {_FEWEST} are needed, or 0 to leave out the bootstrap that "
                "re-estimates r*."
            )
        with data.network(offline=offline, refresh=refresh), reading(input):
            frames = study_data(
                input, returns, as_of=as_of, country=country, vintages=vintages, monthly=monthly,
                units=named_units(units),
            )  # fmt: skip
        with parallel(cluster), resumable(resume=resume) as kept:
            results = run(
                frames, model=model, country=country, n_replications=replications, n_workers=workers
            )
            paths = results.save(out)
            for one in reports:
                paths += write_report(results, one, command=_command(context))
        written = located(paths, time.perf_counter() - began)
        say("\n".join([str(results.summary()), "", *written]) if tables else overview(results, written))
        if resume:
            say(f"\nNot done again: {len(kept.found)} finished parts of a study before.")


def _command(context: typer.Context) -> str:
    """The command as it may be given again, without what is as by default."""
    source = context.get_parameter_source
    given = [one for one in context.command.params if str(source(one.name or "")).endswith("COMMANDLINE")]
    words = ["capstar", "study"]
    for one in given:
        value = context.params[one.name or ""]
        for each in value if isinstance(value, list) else [value]:
            words += [one.opts[0], *([] if each is True else [str(each)])]
    return shlex.join(words)
