"""``capstar rstar``: estimate a natural rate."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from capstar.cli.faults import complain, errors, reading, say
from capstar.cli.options import (
    EMBEDDED,
    FRED,
    LIST,
    AsOf,
    Chains,
    Country,
    Covid,
    CsvFile,
    Debug,
    DrawsOf,
    FigureFile,
    First,
    Fix,
    InitialRule,
    InputOf,
    JsonFile,
    Last,
    Missing,
    ModelKey,
    Offline,
    Refresh,
    Seed,
    Settings,
    SignalToNoise,
    StageTwo,
    StandardErrors,
    UnitsOf,
)
from capstar.cli.settings import FLAGS, list_settings, settable, settings, settled
from capstar.cli.shared import (
    MONTH,
    check_figure,
    check_outputs,
    is_date,
    list_models,
    named_numbers,
    named_units,
    quarter,
    require_inputs,
    short,
    write_json,
)
from capstar.errors import CapstarError, SpecificationError
from capstar.progress import reporting
from capstar.writing import csv_text, write_whole

if TYPE_CHECKING:
    import pandas as pd

    from capstar.rstar import NaturalRate, NaturalRateModel

_OIL, _COVID = "oil_price_inflation", "covid_index"
_STANDING = {"M": ", a quarter's value in its last month"}
_BASIC = ("log_gdp", "inflation", "expected_inflation", "interest_rate")


def rstar(
    context: typer.Context,
    model: ModelKey = None,
    input: InputOf = None,  # noqa: A002
    country: Country = None,
    start: First = None,
    end: Last = None,
    json_file: JsonFile = None,
    csv: CsvFile = None,
    plot: FigureFile = None,
    signal_to_noise: SignalToNoise = None,
    stage2: StageTwo = None,
    initial: InitialRule = None,
    fix: Fix = None,
    missing: Missing = None,
    covid: Covid = False,
    se: StandardErrors = 0,
    draws: DrawsOf = None,
    chains: Chains = None,
    set_: Settings = None,
    seed: Seed = 0,
    units: UnitsOf = None,
    as_of: AsOf = None,
    offline: Offline = False,
    refresh: Refresh = False,
    debug: Debug = False,
) -> None:
    """Estimate the natural rate of interest (r*).

    Prints a summary. To try it: capstar rstar --input embedded. With --model list: the models, what the r* of each is
    and its input columns; without --model: HLW 2023 where the sample goes past 2019, else HLW 2017.

    Models differ in what else can be chosen: --signal-to-noise, --stage2, --initial, --fix, --missing, --covid and --se
    are for those of the Laubach-Williams family, --draws and --chains for those estimated by their posterior, --set is
    for what one model alone has; another model says which of them it takes.
    """
    with errors(debug=debug or context.obj["debug"]):
        if model == LIST:
            list_models()
            raise typer.Exit
        _check_files(input, json_file, csv, plot)
        spans = [_span(text) for text in missing or []]
        _require_quarters(model, start, end)
        chosen = _chosen(model, input, end or as_of, units)
        if set_ == [LIST]:
            list_settings(chosen)
            raise typer.Exit
        if country is not None:
            chosen = chosen.for_country(country)
        flags = {
            "signal_to_noise": signal_to_noise, "stage2": stage2, "initial": initial,
            "fixed": named_numbers(fix or [], "--fix", "NAME=VALUE with a number, such as c=1") or None,
            "missing": spans or None, "covid": covid or None, "n_draws": draws, "n_chains": chains,
        }  # fmt: skip
        given: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
        _require_flags(chosen, [*given, *(["standard_errors"] if se else [])])
        own = settings(chosen, set_ or [])
        chosen, fitted = settled(chosen, own)
        table = _read(
            input, chosen, country, as_of, covid=covid, offline=offline, refresh=refresh, units=units
        )
        _require_within(spans, table)
        results = _estimate(chosen, given | fitted, table, (start, end), se=se, seed=seed)
        drawn = {"seed": seed} if se or "n_chains" in chosen.options else {}
        told = given | own | drawn | ({"standard_errors": se} if se else {})
        _write_rstar(results, told, json_file, csv, plot)
        if json_file != "-":
            say(results.summary())


def _check_files(source: str | None, json_file: str | None, csv: Path | None, plot: Path | None) -> None:
    """Refuse outputs that cannot be written."""
    check_figure(plot)
    written = (csv, plot, None if json_file in (None, "-") else Path(str(json_file)))
    check_outputs(*written, inputs=() if source is None else (Path(source),))


def _estimate(
    model: NaturalRateModel,
    options: dict[str, Any],
    table: pd.DataFrame,
    sample: tuple[str | None, str | None],
    *,
    se: int,
    seed: int,
) -> NaturalRate:
    seeded = {"seed": seed} if "n_chains" in model.options else {}
    with reporting(True) as tell:
        results = model.fit_with(options | seeded, table, *sample, progress=tell)
        return results.with_standard_errors(se, seed=seed, progress=tell) if se else results


def _chosen(
    key: str | None, source: str | None, end: str | None, units: list[str] | None
) -> NaturalRateModel:
    """The model of a key, or by default the one for the sample's last quarter, which is then told."""
    from capstar import rstar
    from capstar.rstar.registry import default_model

    if key is not None:
        return rstar.model(key)
    if source is None:
        raise SpecificationError(
            f"--input is missing. Give a CSV, Parquet or Excel file, or '{EMBEDDED}', or '{FRED}' for live data; "
            f"--model {LIST} shows what columns each model needs."
        )
    chosen, why = default_model(_last_quarter(source, end, units))
    complain(f"no --model: {chosen.name}, since {why}.")
    return chosen


def _require_quarters(key: str | None, start: str | None, end: str | None) -> None:
    """Refuse years alone where the model's periods are quarters."""
    from capstar import rstar

    if key is None or rstar.model(key).frequency == "Q":
        quarter(start, "--start")
        quarter(end, "--end")
    elif rstar.model(key).frequency == "M":
        for text, flag in ((start, "--start"), (end, "--end")):
            if text is not None and not is_date(text, MONTH):
                raise SpecificationError(
                    f"{flag}={short(text)!r} is not a month. Write a month such as 1961-01, or a day of it."
                )


def _last_quarter(source: str, end: str | None, units: list[str] | None) -> pd.Period:
    """Where the sample ends, as far as can be told before a model is chosen."""
    import pandas as pd

    from capstar import data

    if source == FRED:
        return pd.Period(end or pd.Timestamp.today(), freq="Q")
    if source == EMBEDDED:
        last: pd.Period = data.us_macro().index[-1]
    else:
        with reading(source):
            known = data.read_input(source, columns=_BASIC, units=named_units(units))
            last = (known.dropna() if set(_BASIC) <= set(known) and len(known.dropna()) else known).index[-1]
    return last if end is None else min(last, pd.Period(end, freq="Q"))


def _span(text: str) -> tuple[str, str]:
    """First and last quarter of ``FIRST[:LAST]``."""
    first, colon, last = text.partition(":")
    if re.fullmatch(r"\d{4}:[Qq][1-4]", text) or (colon and not last):
        raise SpecificationError(
            f"--missing={short(text)!r} is not a pair of quarters. Write 2020Q2:2020Q4, or 2020Q2 alone."
        )
    try:
        return str(quarter(first, "--missing")), str(quarter(last or first, "--missing"))
    except SpecificationError:
        raise SpecificationError(
            f"--missing={short(text)!r} is not a pair of quarters. Write 2020Q2:2020Q4, or 2020Q2 alone."
        ) from None


def _require_within(spans: list[tuple[str, str]], table: pd.DataFrame) -> None:
    """Refuse quarters to pass over of which the data have none."""
    for first, last in spans:
        if table.loc[first:last].empty:
            raise SpecificationError(
                f"--missing={first}:{last}: the data are of {table.index[0]}-{table.index[-1]} and have none of these "
                "quarters. Write quarters of the sample."
            )


def _require_flags(model: NaturalRateModel, names: list[str]) -> None:
    """Refuse options the model does not have, by the names they have on the command line."""
    if unknown := [FLAGS[name] for name in names if name not in model.options]:
        known = [flag for name, flag in FLAGS.items() if name in model.options]
        known += ["--set"] if settable(model) else []
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
    covid: bool,
    offline: bool,
    refresh: bool,
    units: list[str] | None,
) -> pd.DataFrame:
    from capstar import data
    from capstar.rstar.countries import country_name

    place = "us" if country is None else country_name(country, model.countries)
    if source is None:
        raise SpecificationError(
            f"--input is missing. Give a CSV, Parquet or Excel file with the columns {', '.join(model.inputs)}, or "
            f"'{EMBEDDED}', or '{FRED}' for live data."
        )
    if source == FRED:
        _require_live(model)
        oil, covid = _OIL in model.inputs, covid or _COVID in model.inputs
        with data.network(offline=offline, refresh=refresh):
            if model.frequency == "M":
                return data.us_monthly(as_of) if oil else data.us_monthly_hlw(as_of)
            return (
                data.us_lw(as_of)
                if oil
                else data.fetch(f"{place.replace(' ', '_')}_hlw", as_of=as_of, covid=covid)
            )
    if as_of is not None:
        raise CapstarError(
            f"--as-of needs --input {FRED}: {source} is of one day alone. Leave --as-of out, or give --input {FRED}."
        )
    if source != EMBEDDED:
        with reading(source):
            return data.read_input(
                source, columns=[*model.inputs, _COVID], units=named_units(units), frequency=model.frequency
            )
    return _embedded(model, country, place)


def _embedded(model: NaturalRateModel, country: str | None, place: str) -> pd.DataFrame:
    from capstar import data
    from capstar.frames import PERIODS

    if place != "us":
        raise SpecificationError(
            f"--country {country}: the embedded data are of the United States. Give --input {FRED}, or a file."
        )
    table, often = data.us_macro(), model.frequency
    live = "" if often == "Y" or _own_start(model) else f"--input {FRED}, or "
    rows = " that has them" if often == "Q" else f", one row a {PERIODS[often]}{_STANDING.get(often, '')}"
    instead = f"Give {live}a file{rows}."
    require_inputs(model, table, "The embedded data", instead)
    if often == "M":
        raise SpecificationError(f"The embedded data are quarterly, and {model.name} is monthly. {instead}")
    return table


def _own_start(model: NaturalRateModel) -> bool:
    """Whether the state before the sample is that of one file's dollars."""
    from capstar import rstar

    return model == rstar.MonthlyLWPublished


def _require_live(model: NaturalRateModel) -> None:
    """Refuse a model that live data do not serve."""
    from capstar.frames import PERIODS

    one = PERIODS[model.frequency]
    file = f"a file with the columns {', '.join(model.inputs)}, one row a {one}{_STANDING.get(model.frequency, '')}"
    if model.frequency == "Y":
        raise SpecificationError(
            f"--input {FRED}: live data are not yearly, as {model.name} is. Give {file}."
        )
    if _own_start(model):
        raise SpecificationError(
            f"--input {FRED}: the state before the sample of {model.name} is in dollars of 2009, and live output in "
            f"those of another year. Choose --model monthly-lw, or give {file}."
        )


def _write_rstar(
    results: NaturalRate, options: dict[str, Any], json_file: str | None, csv: Path | None, plot: Path | None
) -> None:
    if json_file is not None:
        write_json(json_file, results.to_dict() | {"options": options})
    if csv is not None:
        write_whole(csv, csv_text(results.to_frame()))
    if plot is not None:
        from capstar.plotting import save

        save(results.plot(), plot)
