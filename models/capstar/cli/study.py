"""``capstar study``: the main job."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from capstar.cli.faults import errors, reading, say
from capstar.cli.shared import (
    LIST,
    MOST_DRAWS,
    MOST_WORKERS,
    Debug,
    ModelKey,
    check_folder,
    check_outputs,
    list_models,
    require_inputs,
)
from capstar.errors import SpecificationError

_FEWEST = 99  # replications that give a p-value of 1 percent


def study(
    context: typer.Context,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where tables, figures and summary.txt are written.")
    ] = Path("results"),
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Data kept by 'capstar data snapshot FOLDER'; by default US data to 2009 that come along.",
        ),
    ] = None,
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
    model: ModelKey = "hlw2017",
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
    with parameters of the whole sample, then in quasi-real time (estimated again every quarter, on revised data).
    Prints the answer and what speaks for and against it; writes a report, every table, the figures and a summary.
    """
    with errors(debug=debug or context.obj["debug"]):
        if model == LIST:
            list_models()
            raise typer.Exit
        from capstar import rstar
        from capstar.report import located, overview, require_report, write_report
        from capstar.study import require_quarterly, run_study, study_data
        from capstar.tasks import parallel, resumable

        chosen = rstar.model(str(model))
        require_quarterly(chosen)
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
        with reading(data, "Write a snapshot again with 'capstar data snapshot FOLDER'."):
            frames = study_data(data)
        where = "The embedded data" if data is None else f"The data of {data}"
        require_inputs(
            chosen, frames["macro"], where, f"Choose another model; --model {LIST} shows what each needs."
        )
        with parallel(cluster), resumable(resume=resume) as kept:
            results = run_study(frames, model=chosen, n_replications=replications, n_workers=workers)
            paths = results.save(out)
            for one in reports:
                paths += write_report(results, one, command=_command(context))
        written = located(paths)
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
