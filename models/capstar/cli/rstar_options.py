"""Options of ``capstar rstar``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from capstar.cli.shared import LIST, MOST_DRAWS, MOST_SEED, period_option

EMBEDDED, FRED = "embedded", "fred"
InputOf = Annotated[
    str | None,
    typer.Option(
        metavar=f"FILE|{EMBEDDED}|{FRED}",
        help="CSV, Parquet or Excel file with a column 'date' and those of the model, one row a quarter (or what "
        "the model is of: a month, with a quarter's value in its last, or a year); "
        f"'{EMBEDDED}' for US data 1960-2009 that come along; '{FRED}' for live US data.",
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
