"""Command line: a thin layer over the library."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from capstar import __version__
from capstar.errors import CapstarError, CapstarWarning, ConvergenceError

if TYPE_CHECKING:
    import pandas as pd

    from capstar.rstar import RStarModel, RStarResults

BAD_INPUT, NO_CONVERGENCE = 2, 3
EMBEDDED = "embedded"

app = typer.Typer(
    help="Natural rates of interest (r*), small-cap returns, and whether one leads the other.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Model(StrEnum):
    """Published models."""

    hlw2017 = "hlw2017"
    hlw2023 = "hlw2023"
    lw2003 = "lw2003"
    lw2023 = "lw2023"


class SignalToNoise(StrEnum):
    """How the ratios of standard deviations are found."""

    EW = "EW"
    MW = "MW"
    QLR = "QLR"
    ML = "ML"


class StageTwo(StrEnum):
    """Second stages."""

    published = "published"
    buncic = "buncic"


class Initial(StrEnum):
    """States before the sample."""

    published = "published"
    diffuse = "diffuse"


def _version(value: bool) -> None:
    if value:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    context.obj = {"debug": debug}


@app.command()
def rstar(
    context: typer.Context,
    model: Annotated[Model, typer.Option(help="Published model.")],
    input: Annotated[str, typer.Option(help=f"CSV or Parquet file, or '{EMBEDDED}'.")],  # noqa: A002
    start: Annotated[str | None, typer.Option(help="First quarter of the sample, 1961Q1.")] = None,
    end: Annotated[str | None, typer.Option(help="Last quarter, 2019Q4.")] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", help="Write results as JSON; - for standard output.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the series as CSV.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Write the figure (.png, .pdf, .svg).")] = None,
    signal_to_noise: Annotated[
        SignalToNoise,
        typer.Option(help="How the lambdas are found: a break statistic, or maximum likelihood."),
    ] = SignalToNoise.EW,
    stage2: Annotated[StageTwo, typer.Option(help="Second stage: as published or as Buncic corrects it.")] = (
        StageTwo.published
    ),
    initial: Annotated[Initial, typer.Option(help="State before the sample.")] = Initial.published,
    fix: Annotated[
        list[str] | None, typer.Option(help="Hold a parameter, NAME=VALUE; may be repeated.")
    ] = None,
    missing: Annotated[
        list[str] | None, typer.Option(help="Quarters to pass over, 2020Q2:2020Q4; may be repeated.")
    ] = None,
    se: Annotated[int, typer.Option(min=0, help="Draws for the standard errors of the states; 0: none.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of those draws.")] = 0,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Estimate the natural rate of interest in three stages."""
    with _errors(debug=debug or context.obj["debug"]):
        _check_outputs(csv, plot, None if json_file in (None, "-") else Path(str(json_file)))
        chosen, fixed = _model(model).edit(stage2=stage2.value, missing=_windows(missing)), _fixed(fix)
        with _progress(total=4 if se else 3) as progress:
            results = chosen.fit(
                _read(input),
                start,
                end,
                fixed=fixed,
                signal_to_noise=signal_to_noise.value,
                initial=initial.value,
                progress=progress,
            )
            if se:
                if progress is not None:
                    progress(f"standard errors, {se} draws")
                results = results.with_standard_errors(se, seed=seed)
        _write_rstar(results, json_file, csv, plot)
        if json_file != "-":
            typer.echo(str(results.summary()))


@app.command()
def study(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for rstar.csv, lead.csv and study.png.")] = Path(
        "results"
    ),
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Run the main job: embedded data, r*, its gap, small-cap returns, a verdict."""
    with _errors(debug=debug or context.obj["debug"]):
        from capstar.study import run_study

        with _progress(total=5) as progress:
            results = run_study(progress=progress)
        paths = results.save(out)
        typer.echo(results.summary())
        typer.echo("\nWritten: " + ", ".join(map(str, paths)))


def main() -> None:
    """Entry point of the ``capstar`` command."""
    app()


def _model(model: Model) -> RStarModel:
    from capstar import rstar as room

    chosen: RStarModel = getattr(room, model.value.upper())
    return chosen


def _fixed(pairs: list[str] | None) -> dict[str, float]:
    """NAME=VALUE by name."""
    out = {}
    for pair in pairs or []:
        name, _, value = pair.partition("=")
        try:
            out[name.strip()] = float(value)
        except ValueError:
            raise CapstarError(f"--fix {pair}: write NAME=VALUE with a number, such as c=1.") from None
    return out


def _windows(spans: list[str] | None) -> list[tuple[str, str]] | None:
    """START:END, or one quarter."""
    if not spans:
        return None
    parts = [span.partition(":") for span in spans]
    return [(start, end or start) for start, _, end in parts]


def _read(source: str) -> pd.DataFrame:
    from capstar import data

    return data.us_macro() if source == EMBEDDED else data.read_input(source)


def _write_rstar(results: RStarResults, json_file: str | None, csv: Path | None, plot: Path | None) -> None:
    if json_file == "-":
        typer.echo(json.dumps(results.to_dict()))
    elif json_file is not None:
        _write_whole(Path(json_file), json.dumps(results.to_dict(), indent=1))
    if csv is not None:
        _write_whole(csv, results.to_frame().to_csv())
    if plot is not None:
        from capstar.plotting import save

        save(results.plot(), plot)


def _write_whole(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def _check_outputs(*paths: Path | None) -> None:
    """Refuse an unwritable output before the work rather than after it."""
    for path in paths:
        if path is not None and (path.is_dir() or not path.parent.is_dir()):
            problem = "is a folder" if path.is_dir() else f"the folder {path.parent} does not exist"
            raise CapstarError(f"{path}: {problem}. Give the name of a file in an existing folder.")


@contextmanager
def _errors(*, debug: bool) -> Iterator[None]:
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
def _progress(total: int) -> Iterator[Callable[[str], None] | None]:
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


if __name__ == "__main__":
    main()
