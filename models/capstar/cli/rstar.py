"""``capstar rstar``: estimate a natural rate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from capstar.cli.shared import (
    LIST,
    AsOf,
    Debug,
    ModelKey,
    Offline,
    Refresh,
    UnitsOf,
    check_figure,
    check_outputs,
    errors,
    find_model,
    list_models,
    named_numbers,
    named_units,
    require_inputs,
)
from capstar.errors import CapstarError, SpecificationError
from capstar.progress import reporting
from capstar.writing import write_whole

if TYPE_CHECKING:
    import pandas as pd

    from capstar.rstar import NaturalRate, NaturalRateModel

EMBEDDED, FRED = "embedded", "fred"
_FLAGS = {
    "signal_to_noise": "--signal-to-noise",
    "stage2": "--stage2",
    "initial": "--initial",
    "fixed": "--fix",
    "missing": "--missing",
    "standard_errors": "--se",
}
_OIL, _COVID = "oil_price_inflation", "covid_index"


def rstar(
    context: typer.Context,
    model: ModelKey = None,
    input: Annotated[  # noqa: A002
        str | None,
        typer.Option(
            metavar=f"FILE|{EMBEDDED}|{FRED}",
            help=f"CSV, Parquet or Excel file with a column 'date' and those of the model, one row a quarter; "
            f"'{EMBEDDED}' for US data 1960-2009 that come along; '{FRED}' for live US data.",
        ),
    ] = None,
    country: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Country the data are of, such as 'euro area' or ea, canada or ca, us: the model as published for it, "
            f"and with --input {FRED} its data; by default the United States and the plain model.",
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="QUARTER",
            help="First quarter of the sample, such as 1961Q1; by default all the data allow.",
        ),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option(metavar="QUARTER", help="Last quarter, such as 2019Q4; by default that of the data."),
    ] = None,
    json_file: Annotated[
        str | None,
        typer.Option(
            "--json",
            metavar="FILE",
            help="Write all results as JSON; - for standard output, and nothing else there.",
        ),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write r* and the other series by quarter as CSV.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the figure; the ending decides: .png, .pdf, .svg."),
    ] = None,
    signal_to_noise: Annotated[
        Literal["EW", "MW", "QLR", "ML"] | None,
        typer.Option(
            help="How lambda_g and lambda_z, the ratios of standard deviations, are found: median-unbiased from the "
            "exponential Wald statistic (EW, as published), the mean one (MW) or Quandt's likelihood ratio (QLR); or "
            "by maximum likelihood in one step (ML)."
        ),
    ] = None,
    stage2: Annotated[
        Literal["published", "buncic"] | None,
        typer.Option(help="Second stage: as published (default), or as Buncic (2021) corrects it."),
    ] = None,
    initial: Annotated[
        Literal["published", "diffuse"] | None,
        typer.Option(help="State before the sample: as published (default), or exact diffuse."),
    ] = None,
    fix: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Hold a parameter, such as lambda_z=0.03; may be repeated."),
    ] = None,
    missing: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIRST[:LAST]", help="Treat quarters as missing, such as 2020Q2:2020Q4; may be repeated."
        ),
    ] = None,
    se: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="DRAWS",
            help="Monte Carlo draws for standard errors of r* (Hamilton 1986), such as 5000; 0: none.",
        ),
    ] = 0,
    seed: Annotated[int, typer.Option(metavar="NUMBER", help="Seed of those draws.")] = 0,
    units: UnitsOf = None,
    as_of: AsOf = None,
    offline: Offline = False,
    refresh: Refresh = False,
    debug: Debug = False,
) -> None:
    """Estimate the natural rate of interest (r*).

    Prints a summary. To try it: capstar rstar --model hlw2017 --input embedded. With --model list: the models and the
    input columns of each.

    Models differ in what else can be chosen: --signal-to-noise, --stage2, --initial, --fix, --missing and --se are for
    those of the Laubach-Williams family; another model says which of them it takes.
    """
    with errors(debug=debug or context.obj["debug"]):
        if model == LIST:
            list_models()
            raise typer.Exit
        check_figure(plot)
        check_outputs(csv, plot, None if json_file in (None, "-") else Path(str(json_file)))
        chosen = find_model(model)
        if country is not None:
            chosen = chosen.for_country(country)
        spans = [span.partition(":") for span in missing or []]
        options: dict[str, Any] = {
            "signal_to_noise": signal_to_noise,
            "stage2": stage2,
            "initial": initial,
            "fixed": named_numbers(fix or [], "--fix", "NAME=VALUE with a number, such as c=1") or None,
            "missing": [(first, last or first) for first, _, last in spans] or None,
        }
        given = {name: value for name, value in options.items() if value is not None}
        _require_flags(chosen, [*given, *(["standard_errors"] if se else [])])
        table = _read(input, chosen, country, as_of, offline=offline, refresh=refresh, units=units)
        with reporting(True) as tell:
            results = chosen.fit_with(given, table, start, end, progress=tell)
            if se:
                results = results.with_standard_errors(se, seed=seed, progress=tell)
        _write_rstar(results, json_file, csv, plot)
        if json_file != "-":
            typer.echo(str(results.summary()))


def _require_flags(model: NaturalRateModel, names: list[str]) -> None:
    """Refuse options the model does not have, by the names they have on the command line."""
    if unknown := [_FLAGS[name] for name in names if name not in model.options]:
        known = [flag for name, flag in _FLAGS.items() if name in model.options]
        raise SpecificationError(
            f"{model.name} has no {', '.join(unknown)}; of the options that are for some models alone it takes "
            f"{', '.join(known) or 'none'}. Leave out what it does not take, or choose another model."
        )


def _read(
    source: str | None,
    model: NaturalRateModel,
    country: str | None,
    as_of: str | None,
    *,
    offline: bool,
    refresh: bool,
    units: list[str] | None,
) -> pd.DataFrame:
    from capstar import data
    from capstar.rstar.countries import country_name

    place = "us" if country is None else country_name(country)

    if source is None:
        raise SpecificationError(
            f"--input is missing. Give a CSV, Parquet or Excel file with the columns {', '.join(model.inputs)}, or "
            f"'{EMBEDDED}', or '{FRED}' for live data."
        )
    if source == FRED:
        with data.network(offline=offline, refresh=refresh):
            return (
                data.us_lw(as_of)
                if _OIL in model.inputs
                else data.fetch(f"{place.replace(' ', '_')}_hlw", as_of=as_of, covid=_COVID in model.inputs)
            )
    if as_of is not None:
        raise CapstarError(
            f"--as-of needs --input {FRED}: {source} is of one day alone. Leave --as-of out, or give --input {FRED}."
        )
    if source != EMBEDDED:
        return data.read_input(source, columns=[*model.inputs, _COVID], units=named_units(units))
    if place != "us":
        raise SpecificationError(
            f"--country {country}: the embedded data are of the United States. Give --input {FRED}, or a file."
        )
    table = data.us_macro()
    require_inputs(model, table, "The embedded data", f"Give --input {FRED}, or a file that has them.")
    return table


def _write_rstar(results: NaturalRate, json_file: str | None, csv: Path | None, plot: Path | None) -> None:
    if json_file == "-":
        typer.echo(json.dumps(results.to_dict()))
    elif json_file is not None:
        write_whole(Path(json_file), json.dumps(results.to_dict(), indent=1))
    if csv is not None:
        write_whole(csv, results.to_frame().to_csv())
    if plot is not None:
        from capstar.plotting import save

        save(results.plot(), plot)
