"""Options of the commands, each defined once: those of several, then those of ``rstar``, ``study`` and ``lead``."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from capstar.cli.shared import DAY, is_date, quarter, short
from capstar.errors import SpecificationError

LIST, EMBEDDED, FRED = "list", "embedded", "fred"
MOST_WORKERS, MOST_DRAWS, MOST_SEED = 256, 1_000_000, 2**63 - 1
FEWEST = 99  # replications that give a p-value of 1 percent


def period_option(context: typer.Context, option: typer.CallbackParam, value: str | None) -> str | None:
    """`quarter`, or a year, for an option as it is read."""
    return value if re.fullmatch(r"\d{4}", value or "") else quarter(value, option.opts[0])


def day_option(context: typer.Context, option: typer.CallbackParam, value: str | None) -> str | None:
    """A date that has been, for an option as it is read."""
    if value is None:
        return None
    try:
        told = date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else None
    except ValueError:
        told = None
    if told is None or not date(1900, 1, 1) <= told <= date.today():
        what = (
            "is not a day" if told is None else "is before 1900" if told.year < 1900 else "is in the future"
        )
        raise SpecificationError(
            f"{option.opts[0]}={short(value)!r} {what}. Write a day that has been, such as 2008-04-30."
        )
    return value


def span_option(context: typer.Context, option: typer.CallbackParam, value: str | None) -> str | None:
    """A year, quarter, month or day, for an option as it is read."""
    if value is not None and not is_date(value, DAY):
        raise SpecificationError(
            f"{option.opts[0]}={short(value)!r} is not a date. Write 1960Q1, or 1960-01-31 for a series of days."
        )
    return value


# Of several commands
Debug = Annotated[
    bool, typer.Option("--debug", help="Show the traceback of an error; so does CAPSTAR_DEBUG=1.")
]
Offline = Annotated[bool, typer.Option("--offline", help="Live data: use downloads kept in the cache alone.")]
Refresh = Annotated[
    bool, typer.Option("--refresh", help="Live data: download again whatever the cache holds.")
]
AsOf = Annotated[
    str | None,
    typer.Option(
        metavar="DAY",
        callback=day_option,
        help="Live data: GDP and prices as known on a day, such as 2008-04-30.",
    ),
]
ModelKey = Annotated[
    str | None,
    typer.Option(metavar="KEY", help=f"The model by its key, such as hlw2017; '{LIST}' shows them all."),
]
UnitsOf = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[COLUMN=]UNIT",
        help="Of a file's columns where they are not the models': fraction, 'basis points', log_gdp=log10, "
        "log_gdp=level and so on; may be repeated.",
    ),
]
Country = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Country the data are of, such as 'euro area' or ea, canada or ca, us: the model as published for it, "
        f"and with --input {FRED} its data; by default the United States and the plain model.",
    ),
]

# capstar rstar
InputOf = Annotated[
    str | None,
    typer.Option(
        metavar=f"FILE|{EMBEDDED}|{FRED}",
        help="CSV, Parquet or Excel file with a column 'date' and those of the model, one row a quarter (or what "
        "the model is of: a month, with a quarter's value in its last, or a year); "
        f"'{EMBEDDED}' for US data 1960-2009 that come along; '{FRED}' for live US data.",
    ),
]
First = Annotated[
    str | None,
    typer.Option(
        metavar="QUARTER",
        callback=period_option,
        help="First quarter of the sample, such as 1961Q1, month of a monthly model, or year of a yearly one; by "
        "default all the data allow.",
    ),
]
Last = Annotated[
    str | None,
    typer.Option(
        metavar="QUARTER",
        callback=period_option,
        help="Last quarter, such as 2019Q4, month or year; by default that of the data.",
    ),
]
JsonFile = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="FILE",
        help="Write all results as JSON; - for standard output, and nothing else there.",
    ),
]
CsvFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write r* and the other series by quarter as CSV.")
]
FigureFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write the figure; the ending decides: .png, .pdf, .svg."),
]
SignalToNoise = Annotated[
    Literal["EW", "MW", "QLR", "ML"] | None,
    typer.Option(
        help="How lambda_g and lambda_z, the ratios of standard deviations, are found: median-unbiased from the "
        "exponential Wald statistic (EW, as published), the mean one (MW) or Quandt's likelihood ratio (QLR); or "
        "by maximum likelihood in one step (ML)."
    ),
]
StageTwo = Annotated[
    Literal["published", "buncic"] | None,
    typer.Option(help="Second stage: as published (default), or as Buncic (2021) corrects it."),
]
InitialRule = Annotated[
    str | None,
    typer.Option(
        help="State before the sample: published (default) or diffuse; of a monthly model estimated-trend (default), "
        "diffuse-trend or fitted-trend."
    ),
]
Fix = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="Hold a parameter, such as lambda_z=0.03; may be repeated."),
]
Missing = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FIRST[:LAST]", help="Treat quarters as missing, such as 2020Q2:2020Q4; may be repeated."
    ),
]
Covid = Annotated[
    bool,
    typer.Option(
        "--covid",
        help="Output net of phi times the COVID index, as the models of before 2020 were published then.",
    ),
]
StandardErrors = Annotated[
    int,
    typer.Option(
        min=0,
        max=MOST_DRAWS,
        metavar="DRAWS",
        help="Monte Carlo draws for standard errors of r* (Hamilton 1986), such as 5000; 0: none.",
    ),
]
DrawsOf = Annotated[
    int | None,
    typer.Option(
        min=4,
        max=MOST_DRAWS,
        metavar="NUMBER",
        help="Draws a chain, of models estimated by their posterior.",
    ),
]
Chains = Annotated[
    int | None,
    typer.Option(min=1, max=64, metavar="NUMBER", help="Chains of such a model, four by default."),
]
Seed = Annotated[int, typer.Option(min=0, max=MOST_SEED, metavar="NUMBER", help="Seed of all draws.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar=f"NAME=VALUE|{LIST}",
        help="Another option of the model, such as window=20 of the moving average, as_published=true of a trend VAR; "
        f"may be repeated. '{LIST}': those the model takes.",
    ),
]

# capstar study
StudyInput = Annotated[
    str,
    typer.Option(
        metavar="FILE|FOLDER|embedded|fred",
        help="CSV, Parquet or Excel file with the columns of the model, one row a quarter; folder written by "
        "'capstar data snapshot'; 'fred' for live data; by default US data to 2009 that come along.",
    ),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY|FILE|all",
        help="The model by its key, or a CSV with date and rstar of a published r*; may be repeated, the first is "
        "the one the primary test is of. 'all': every model whose inputs are there. By default the one made for "
        f"the data; '{LIST}' shows them all.",
    ),
]
StudyReturns = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|embedded|french",
        help="Months with the columns small, large and risk_free, percent; 'french' for live ones. By default "
        "those with the input: live with live data.",
    ),
]
Vintages = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER|alfred|philadelphia|none",
        help="Data as known at the time: ALFRED, by default with live US data; the Philadelphia Fed, or a folder "
        "with its files.",
    ),
]
MonthlyInput = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Input of a monthly model, one row a month, output in the quarter's last one: the question is asked "
        "by the month too, beside the quarters, as one family. --model may name the monthly model.",
    ),
]
ResultsFolder = Annotated[
    Path, typer.Option(metavar="FOLDER", help="Where tables, figures and summary.txt are written.")
]
StudyReplications = Annotated[
    int,
    typer.Option(
        min=0,
        max=MOST_DRAWS,
        metavar="NUMBER",
        help=f"Replications of every bootstrap, at least {FEWEST}; 0 leaves out the longest, which "
        "re-estimates r* in every sample.",
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        min=1, max=MOST_WORKERS, metavar="NUMBER", help="Processes; the numbers are the same for any."
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Dask scheduler whose workers do the longest work, such as tcp://10.0.0.1:8786; the numbers are the "
        "same.",
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on with a study of the same data and options that was killed: what it had finished of the longest "
        "work is not done again, and the numbers are the same.",
    ),
]
Reports = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="The report: .html, one page to hand on; .tex, tables for a paper; .md. May be repeated; by default "
        "study.html in the folder of --out.",
    ),
]
Tables = Annotated[bool, typer.Option("--tables", help="Print every table and note, not the overview alone.")]

# capstar lead
Predictor = Annotated[
    Path, typer.Option(help="CSV, Parquet or Excel: date and the predictor, one row a quarter or month.")
]
Returns = Annotated[Path, typer.Option(help="The same with date and one column a portfolio, monthly.")]
Column = Annotated[str | None, typer.Option(help="Column of the predictor, if the file has several.")]
Portfolios = Annotated[
    list[str] | None,
    typer.Option(
        help="Column of the returns to test; may be repeated. By default all but the risk-free rate and factors "
        "(RF, Mkt-RF, SMB, HML, ...)."
    ),
]
Benchmarks = Annotated[
    list[str] | None, typer.Option(help="Another column of that file, as a competitor; may be repeated.")
]
Horizons = Annotated[str, typer.Option(help="Periods of the predictor: quarters, or months.")]
Information = Annotated[
    Literal["filtered", "smoothed", "recursive", "real-time"],
    typer.Option(
        help="What the predictor has seen: data to the date, parameters of all (filtered) or to the date "
        "(recursive: quasi-real time, the data are revised), vintages alone (real-time), the future too (smoothed)."
    ),
]
PublicationLag = Annotated[
    int | None, typer.Option(min=0, max=36, help="Months until a period's data are known; by default 1.")
]
Released = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SERIES",
        help="What the predictor uses, gdp, pce, cpi or rates, with commas or repeated: the months follow from "
        "the release calendar. Instead of --publication-lag.",
    ),
]
FirstForecast = Annotated[
    str | None,
    typer.Option(
        metavar="PERIOD",
        help="First quarter forecast, or month of a monthly predictor, such as 1980-01; by default that of 1980; "
        "'none': no forecasts.",
    ),
]
ReturnUnits = Annotated[Literal["percent", "decimal"], typer.Option(help="Of the returns.")]
LeadReplications = Annotated[int, typer.Option(min=FEWEST, max=MOST_DRAWS, help="Of the bootstraps.")]
LeadSeed = Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Of the bootstraps.")]
LeadFolder = Annotated[Path | None, typer.Option(help="Folder for tables, figures and summary.txt.")]
