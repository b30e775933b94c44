"""``capstar rstar``: estimate a natural rate."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capstar.cli.shared import AsOf, Debug, Offline, Refresh, check_outputs, errors, progress_bar
from capstar.errors import CapstarError
from capstar.writing import write_whole

if TYPE_CHECKING:
    import pandas as pd

    from capstar.rstar import RStarModel, RStarResults

EMBEDDED, FRED = "embedded", "fred"


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


def rstar(
    context: typer.Context,
    model: Annotated[Model, typer.Option(help="Published model.")],
    input: Annotated[  # noqa: A002
        str, typer.Option(help=f"CSV, Parquet or Excel file, '{EMBEDDED}', or '{FRED}' for live data.")
    ],
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
    as_of: AsOf = None,
    offline: Offline = False,
    refresh: Refresh = False,
    debug: Debug = False,
) -> None:
    """Estimate the natural rate of interest in three stages."""
    with errors(debug=debug or context.obj["debug"]):
        check_outputs(csv, plot, None if json_file in (None, "-") else Path(str(json_file)))
        chosen, fixed = _model(model).edit(stage2=stage2.value, missing=_windows(missing)), _fixed(fix)
        with progress_bar(total=4 if se else 3) as progress:
            results = chosen.fit(
                _read(input, chosen, as_of, offline=offline, refresh=refresh),
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


def _read(source: str, model: RStarModel, as_of: str | None, *, offline: bool, refresh: bool) -> pd.DataFrame:
    from capstar import data

    if source == FRED:
        with data.network(offline=offline, refresh=refresh):
            if model.variant.import_prices:
                return data.us_lw(as_of)
            return data.us_hlw(as_of, covid=model.variant.covid)
    if as_of is not None:
        raise CapstarError(f"--as-of needs --input {FRED}: a file is of whatever day it was written.")
    return data.us_macro() if source == EMBEDDED else data.read_input(source)


def _write_rstar(results: RStarResults, json_file: str | None, csv: Path | None, plot: Path | None) -> None:
    if json_file == "-":
        typer.echo(json.dumps(results.to_dict()))
    elif json_file is not None:
        write_whole(Path(json_file), json.dumps(results.to_dict(), indent=1))
    if csv is not None:
        write_whole(csv, results.to_frame().to_csv())
    if plot is not None:
        from capstar.plotting import save

        save(results.plot(), plot)
