"""``capstar study``: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from capstar.cli.shared import (
    LIST,
    Debug,
    ModelKey,
    check_folder,
    errors,
    find_model,
    list_models,
    progress_bar,
)


def study(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for tables, figures and summary.txt.")] = Path("results"),
    data: Annotated[
        Path | None, typer.Option(help="Snapshot to run from, in place of embedded data.")
    ] = None,
    replications: Annotated[
        int, typer.Option(min=0, help="Of each bootstrap; 0: r* is not estimated anew.")
    ] = 199,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    model: ModelKey = "hlw2017",
    debug: Debug = False,
) -> None:
    """Run the main job: data, r*, its gap, small-cap returns, a verdict."""
    with errors(debug=debug or context.obj["debug"]):
        if model == LIST:
            list_models()
            raise typer.Exit
        from capstar.study import run_study, study_data

        chosen = find_model(model)
        check_folder(out)
        with progress_bar(total=9) as progress:
            results = run_study(
                study_data(data),
                model=chosen,
                n_replications=replications,
                n_workers=workers,
                progress=progress,
            )
        paths = results.save(out)
        typer.echo(results.summary())
        typer.echo("\nWritten: " + ", ".join(map(str, paths)))
