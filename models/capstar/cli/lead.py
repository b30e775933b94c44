"""``capstar lead``: whether any series leads any returns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from capstar.cli.shared import Debug, check_folder, errors
from capstar.errors import CapstarError, DataError

if TYPE_CHECKING:
    import pandas as pd


def lead(
    context: typer.Context,
    gap: Annotated[
        Path, typer.Option(help="CSV, Parquet or Excel: date and the predictor, one row a quarter.")
    ],
    returns: Annotated[Path, typer.Option(help="The same with date and one column a portfolio, monthly.")],
    column: Annotated[
        str | None, typer.Option(help="Column of the predictor, if the file has several.")
    ] = None,
    benchmark: Annotated[
        list[str] | None, typer.Option(help="Another column of that file, as a competitor; may be repeated.")
    ] = None,
    horizons: Annotated[str, typer.Option(help="Quarters.")] = "1,2,4,8",
    information: Annotated[
        Literal["filtered", "smoothed", "recursive", "real-time"],
        typer.Option(
            help="What the predictor has seen: data to the quarter, parameters of all (filtered) or to the quarter "
            "(recursive: quasi-real time, the data are revised), vintages alone (real-time), the future too (smoothed)."
        ),
    ] = "filtered",
    publication_lag: Annotated[int, typer.Option(min=0, help="Months until a quarter is known.")] = 1,
    start: Annotated[str, typer.Option(help="First quarter forecast, or 'none'.")] = "1980Q1",
    units: Annotated[Literal["percent", "decimal"], typer.Option(help="Of the returns.")] = "percent",
    replications: Annotated[int, typer.Option(min=99, help="Of the bootstraps.")] = 499,
    seed: Annotated[int, typer.Option(help="Of the bootstraps.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for tables, figures and summary.txt.")] = None,
    debug: Debug = False,
) -> None:
    """Test whether a quarterly series leads monthly returns."""
    with errors(debug=debug or context.obj["debug"]):
        from capstar import data, leads

        check_folder(out)
        table = data.read_input(gap)
        chosen = _column(table, column, benchmark or [], gap)
        results = leads.LeadStudy(
            table[chosen],
            data.read_returns(returns),
            _horizons(horizons),
            information="real time" if information == "real-time" else information,
            publication_lag=publication_lag,
            benchmarks=table[benchmark] if benchmark else None,
            start=None if start.lower() == "none" else start,
            units=units,
            n_replications=replications,
            seed=seed,
        ).run()
        summary = str(results.summary())
        typer.echo(summary)
        if out is not None:
            from capstar.plotting import save_all

            paths = save_all(out, results.tables(), results.figures(), summary)
            typer.echo("\nWritten: " + ", ".join(map(str, paths)))


def _column(table: pd.DataFrame, column: str | None, benchmarks: list[str], path: Path) -> str:
    for name in [*([] if column is None else [column]), *benchmarks]:
        if name not in table:
            raise DataError(f"{path}: there is no column {name!r}; there are {list(table)}.")
    left = [str(name) for name in table if name not in benchmarks]
    if column is None and len(left) != 1:
        raise DataError(f"{path}: the columns are {left}. Name the predictor with --column.")
    return left[0] if column is None else column


def _horizons(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise CapstarError(f"--horizons {text}: write quarters such as 1,2,4,8.") from None
