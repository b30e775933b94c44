"""The README, written from the tables: no number stands in it that is not read from one."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from research.rstar_gap_and_small_caps.across_words import across_table
from research.rstar_gap_and_small_caps.material import DIFFERENCE, GAP, RATE, SMALL
from research.rstar_gap_and_small_caps.sentences import sentences
from research.rstar_gap_and_small_caps.words import markdown, p, readme_tables, signed

WIDTH = 158
INDEX = {
    "in_sample": ["predictor", "returns", "horizon"],
    "persistence": ["predictor", "returns"],
    "out_of_sample": ["predictor", "returns", "horizon"],
    "search": ["gains"],
    "timing": ["variant", "predictor", "returns", "horizon"],
    "projections": ["response", "shock", "state", "horizon"],
    "stability": ["returns", "kind"],
    "together": ["returns", "horizon", "predictor"],
    "economic_value": ["returns", "strategy", "risk_aversion"],
    "tilt": ["weights", "window", "strategy", "risk_aversion"],
    "real_time": ["quarter"],
    "estimated_regressor": ["returns", "horizon"],
    "known_then": ["date"],
    "known_then_in_sample": ["predictor", "returns", "horizon"],
    "known_then_out_of_sample": ["predictor", "returns", "horizon"],
    "referee": ["section", "row"],
    "surprises": ["surprise", "returns"],
    "states": ["market"],
    "across_models": ["family", "model", "returns", "horizon"],
}
_DATA = (
    "**Data.** Returns: Kenneth R. French's value-weighted portfolios formed on size, small the lowest and large the "
    "highest "
    "fifth of NYSE market equity, daily, compounded to months, logs over the bill; small minus large is a difference "
    "of "
    "logs everywhere. Gap: real rate of the published HLW (2023) input less published one-sided r\\*; our own "
    "estimate on "
    "the same input agrees (a test holds it). Read from the reference folder (`--data`)."
)
_THEN = (
    "The model of 2017, estimated again in the middle of every quarter from 1985 to 2019 on the vintage of that day "
    "(output "
    "and its price as the Philadelphia Fed recorded them; returns begin two months after the quarter), gives a gap "
    "that "
    "was known."
)
_FIXED = (
    "The specification was named primary, and fixed in code, after an earlier version of this study had shown its "
    "number: "
    "it binds what comes after, and does not make that number a test of a hypothesis older than the data."
)
_ONE = (
    "With one predictor the slopes that one quarter implies at all horizons are one number times the one-quarter "
    "slope: "
    "further horizons are no further evidence."
)
_RUN = (
    "Run: `python -m research rstar_gap_and_small_caps --workers 2 --out FOLDER` (`--replications 0` leaves out the "
    "bootstrap of r\\*, the longest part, and leaves its table as it is). The run writes this file too."
)
_IN_SAMPLE = (
    "Percent of return over h quarters per point of gap. 1B: Hodrick (1992); IVX: Kostakis, Magdalinos and "
    "Stamatogiannis "
    "(2015); IVX-RWB: its t by the residual wild bootstrap (Demetrescu, Georgiev, Rodrigues and Taylor 2023); "
    "adjusted: "
    "Benjamini–Hochberg."
)
_FORECASTS = (
    "R²_OS in percent: with all earlier quarters, with the last 20 years, and restricted. CW (Clark and West 2007), "
    "MSE-F "
    "and ENC-NEW by the wild bootstrap; DM: Diebold and Mariano."
)
_WHOSE = (
    "90 %: Hodrick's standard error 1B; adjusted: Benjamini–Hochberg over all rows of the family in "
    "`across_models.csv`: gaps, portfolios and horizons of 1, 4, 8 and 12 quarters. Known then: *but for revisions*, "
    "nothing later than the quarter but the revision of the data; *parameters of the whole sample*, a filtered r\\* "
    "with parameters estimated once. The COVID index is continued from 2023Q2 in a line to zero in 2024Q4. Run: "
    "`python -m research.rstar_gap_and_small_caps.across --workers 2 --keep KEPT --out FOLDER`."
)
_RULES = (
    "Restrictions of Campbell and Thompson (2008) are on small caps over bills alone: theory gives no sign to large "
    "caps' "
    "slope or to the difference."
)


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Tables as they are written, by the names of their files."""
    return {name: pd.read_csv(folder / f"{name}.csv", index_col=keys) for name, keys in INDEX.items()}


def readme(tables: Mapping[str, pd.DataFrame]) -> str:
    """The whole file."""
    say, shown = sentences(tables), readme_tables(tables)
    shown |= {"changes": _changes(tables), "whose": across_table(tables["across_models"])}
    parts = [
        "# Does the r* gap lead small-cap returns? HLW (2023), US size portfolios, 1961–2025",
        _text(say["primary"], _FIXED),
        _text(say["whole sample"], say["evidence"], say["forecasts"], say["search"],
              say["verdict by model"]),
        _text(_RUN),
        "## What changed since the last version, and why",
        shown["changes"],
        "## What a month of delay does",
        _text(say["without the delay"], say["with the delay"], say["delay and years"], say["delays"]),
        shown["timing"],
        "## In sample, a month's delay",
        shown["horizons"],
        _text(_IN_SAMPLE, say["redrawn"], say["redrawn early"], say["attenuation"]),
        _text(say["alone"], say["adjusted"], _ONE),
        "![Slopes by horizon, and errors out of sample](by_horizon.png)",
        "## Out of sample from 1980Q1, every return that is over",
        shown["out of sample"],
        _text(_FORECASTS, _RULES, say["economic value"], say["tilt"]),
        "## Does taking r\\* off the real rate help?",
        shown["rivals"],
        _text(say["both at once"], say["shock"], say["measures"]),
        "## Whose r\\*?",
        _text(say["models"], say["between models"], say["correlations"]),
        _text(say["averages"], say["known, by model"], say["forecasts, by model"]),
        shown["whose"],
        _text(_WHOSE),
        _text(say["published"], say["averages of all"]),
        "![Next-quarter slopes by whose r\\*](across_models.png)",
        "## Size deciles and the state of the market",
        shown["deciles"],
        _text("Responses: local projections on the gap with four lags, lag-augmented errors, adjusted over all local "
              "projections.", say["states"]),
        "![Local projections across size deciles](deciles.png)",
        "## Is it constant?",
        _text(say["periods"], say["breaks"]),
        "![Rolling slopes and quantiles](stability.png)",
        "## As known then",
        _text(_THEN, say["known then"], say["known then, adjusted"], say["known then, compared"],
              say["known then, out of sample"], say["at bound"], say["vintages"]),
        "## What a referee asks for",
        *(_text(say[name]) for name in ("indices", "parts", "seasons", "controls", "policy", "random walks")),
        _text("All rows, next quarter, small minus large, Newey–West t with four lags: `referee.csv`, `surprises.csv`, "
              "`states.csv`."),
        "## How many tests were made",
        _text(say["counted"], "Start dates, periods and delays count as tests."),
        _text(_DATA),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _changes(tables: Mapping[str, pd.DataFrame]) -> str:
    """Numbers of the last version beside today's; the last version's are history and stay."""
    made, search, value = tables["out_of_sample"], tables["search"], tables["economic_value"]
    one, drawn = (
        tables["in_sample"].loc[(GAP, DIFFERENCE, 1)],
        tables["estimated_regressor"].loc[(DIFFERENCE, 1)],
    )
    better = {name: int((made.xs(name)["r2_os"] > 0).sum()) for name in (GAP, RATE)}
    long = " and ".join(signed(made.loc[(GAP, DIFFERENCE, h), "r2_os"]) for h in (8, 12))
    gain = value.loc[(SMALL, GAP, 1.0), "gain"]
    late = " and ".join(signed(tables["referee"].loc[("delay", f"{lag} months"), "slope"]) for lag in (2, 3))
    every = "forecasts ended with the last r\\* label; now they use every return that is over"
    ours = f"IVX-RWB {p(one['ivx_rwb_p'])}, family {p(drawn['p_family'])}"
    rows = [
        ["the gap beats the mean, of 156", "17", str(better[GAP]), every],
        ["the real rate does, of 156", "20", str(better[RATE]), every],
        ["R²_OS, small − large, h = 8 and 12", "1.26 and 0.81", long, every],
        ["p of the search over forecasts", "SPA 0.640", f"largest adjusted MSPE {p(search['adjusted_mspe'].iloc[0])}",
         "SPA has little power where forecasts nest the mean"],
        ["p of small − large, one quarter", "IVX 0.084", ours,
         "IVX over-rejects when variances move; the verdict reads every p it speaks of"],
        ["gain at risk aversion 1, small caps", "0.36", signed(gain), "forecasts of logs get half the variance"],
        ["delay of 2 and 3 months", "not shown", late, "“stands in every timing” was wrong"],
        ["restrictions", "all portfolios", "small caps", "theory gives the others no sign"],
    ]  # fmt: skip
    return markdown(["what", "last version", "now", "why"], rows)


def _text(*said: str) -> str:
    return textwrap.fill(" ".join(said), WIDTH, break_long_words=False, break_on_hyphens=False)
