"""``capstar study``: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from capstar.cli.shared import Debug, errors, progress_bar


def study(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for rstar.csv, lead.csv and study.png.")] = Path(
        "results"
    ),
    data: Annotated[
        Path | None, typer.Option(help="Snapshot to run from, in place of embedded data.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Run the main job: data, r*, its gap, small-cap returns, a verdict."""
    with errors(debug=debug or context.obj["debug"]):
        from capstar.study import run_study, study_data

        with progress_bar(total=5) as progress:
            results = run_study(study_data(data), progress=progress)
        paths = results.save(out)
        typer.echo(results.summary())
        typer.echo("\nWritten: " + ", ".join(map(str, paths)))
