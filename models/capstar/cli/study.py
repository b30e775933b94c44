"""``capstar study``: the main job."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

import typer

from capstar.cli.faults import errors, reading, say
from capstar.cli.options import (
    FEWEST,
    LIST,
    AsOf,
    Cluster,
    Country,
    Debug,
    Models,
    MonthlyInput,
    Offline,
    Refresh,
    Reports,
    ResultsFolder,
    Resume,
    StudyInput,
    StudyReplications,
    StudyReturns,
    Tables,
    UnitsOf,
    Vintages,
    Workers,
)
from capstar.cli.shared import check_folder, check_outputs, list_models, named_units
from capstar.errors import SpecificationError


def study(
    context: typer.Context,
    input: StudyInput = "embedded",  # noqa: A002
    model: Models = None,
    returns: StudyReturns = None,
    vintages: Vintages = None,
    monthly: MonthlyInput = None,
    country: Country = None,
    as_of: AsOf = None,
    units: UnitsOf = None,
    offline: Offline = False,
    refresh: Refresh = False,
    out: ResultsFolder = Path("results"),
    replications: StudyReplications = 199,
    workers: Workers = 2,
    cluster: Cluster = None,
    resume: Resume = False,
    report: Reports = None,
    tables: Tables = False,
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
        from capstar.report import located, overview, write_report
        from capstar.study import run, study_data
        from capstar.tasks import parallel, resumable

        reports = report or [out / "study.html"]
        _check(out, reports, replications)
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


def _check(folder: Path, reports: list[Path], replications: int) -> None:
    """Refuse what cannot be written, and too few replications, before the work rather than after it."""
    from capstar.report import require_report

    check_folder(folder)
    for one in reports:
        require_report(one)
    check_outputs(*(one for one in reports if one.parent != folder))
    if 0 < replications < FEWEST:
        raise SpecificationError(
            f"--replications {replications}: at least {FEWEST} are needed, or 0 to leave out the bootstrap that "
            "re-estimates r*."
        )


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
