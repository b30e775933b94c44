"""The README, written from the tables: no number stands in it that is not read from one."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from research.monthly_rstar_gap_and_small_caps.material import (
    AT_ENDS,
    COUNTS,
    HIGHEST,
    LONG,
    MONTHLY,
    MONTHLY_LW,
    MONTHLY_LW_THEN,
    MONTHLY_THEN,
    PUBLISHED,
    QUARTERLY_THEN,
    SAMPLE,
)
from research.rstar_gap_and_small_caps.words import markdown, p, signed

KEYS = ["predictor", "returns", "horizon"]
INDEX = {
    "in_sample": KEYS,
    "out_of_sample": KEYS,
    "persistence": KEYS[:2],
    "maxima": ["maximum"],
    "delays": ["delay"],
    "gaps_by_quarter": ["date"],
    "gaps_by_month": ["date"],
}
DIFFERENCE, LEVEL, WIDTH, BAND = "small_minus_large", 0.05, 158, 1.6448536269514722
TESTS = {"newey_west": "NW", "hodrick": "1B", "ivx": "IVX", "ivx_rwb": "IVX-RWB"}
_SEEN = {"recursive": "as estimated then", "filtered": "whole sample"}
_DATA = (
    "**Data.** To 2025: FRED's series of 2026 in the reference folder (GDPC1; PCEPILFE, of the month, before 1959 "
    "PCECTPI by the quarter alone; FEDFUNDS, "
    "before 1965 the "
    "discount rate), made by the month as the quarterly study makes them by the quarter; the COVID index of HLW "
    "(2023), the "
    "quarter's value in each of its months. To 2018: the inputs of Brave, Butters and Kelley (2022), oil and "
    "import prices "
    "among them, which there are not by the month in the reference data after that. Returns: Kenneth R. French's "
    "size "
    "portfolios, daily, compounded to months; small the lowest and large the highest fifth of NYSE market equity."
)
_SEES = (
    "**What is real time and what is not.** No row is in real time: data are as revised since. *As estimated "
    "then*: r\\* "
    "estimated again on every sample that ends from 1985 on (quasi-real time), what the primary specifications ask "
    "for. "
    "*Whole sample*: one-sided states with parameters estimated once, which have seen the future. Returns begin "
    "when output, "
    "consumption prices and rates are published: a month after a quarter, two months after a month. When the study "
    "was first run the monthly models began from a straight line through ten years of output "
    '(`initial="fitted-trend"`); the start was changed to that of Laubach and Williams (2003), generalised least '
    "squares on the first two years, and what is shown at 5 % and what is not stayed the same."
)
_NOT = (
    "The bootstrap that estimates r\\* again in every sample is not here: samples cannot be drawn yet where output "
    "is missing in "
    "two months of three. p takes the gap as known."
)
_RUN = (
    "Run: `python -m research monthly_rstar_gap_and_small_caps --workers 2 --out FOLDER` (some five minutes on two "
    "free cores). The run writes this file too."
)
_LEGEND = (
    "Small minus large after publication, percent per point of the gap over so many quarters or months; 90 %: "
    "Hodrick's standard "
    "error 1B; NW: Newey–West; IVX: Kostakis, Magdalinos and Stamatogiannis (2015); IVX-RWB: its t by the residual "
    "wild "
    "bootstrap; adjusted: Benjamini–Hochberg on it over all rows of `in_sample.csv`. R²_OS in percent against the "
    "prevailing "
    "mean, CW: Clark and West by the wild bootstrap."
)
_TRUST = (
    "Which test to trust where the gap's root is 0.98 to 0.99 and there are 700 months: `research/size_of_tests`, "
    "By the month."
)


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Tables as they are written, by the names of their files."""
    return {name: pd.read_csv(folder / f"{name}.csv", index_col=keys) for name, keys in INDEX.items()}


def readme(tables: Mapping[str, pd.DataFrame]) -> str:
    """The whole file."""
    say = sentences(tables)
    parts = [
        "# Does the r* gap of the month lead small caps? Quarterly and monthly, one family, 1961–2025",
        _text(say["first"], say["second"], say["family"]),
        _text(say["forecasts"], say["month"]),
        _text(_RUN),
        _text(_SEES),
        "## Side by side",
        side_by_side(tables),
        _text(_LEGEND),
        "![Slopes by horizon, quarterly and monthly, and the gaps](both.png)",
        _text(say["persistence"], _TRUST),
        "## How much depends on the maximum",
        maxima_table(tables["maxima"]),
        _text(say["maxima"]),
        "## What a month of delay does",
        delays_table(tables["delays"]),
        _text(say["delays"]),
        _text(_NOT),
        _text(_DATA),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def sentences(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """By what they are about."""
    return _primary(tables) | _family(tables) | _maxima(tables["maxima"]) | _delays(tables["delays"])


def _primary(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    rows, made = tables["in_sample"], tables["out_of_sample"]
    first, second, ends = (
        rows.loc[(name, DIFFERENCE, 1)] for name in (QUARTERLY_THEN, MONTHLY_THEN, AT_ENDS)
    )
    ours = {name: made.loc[(name, DIFFERENCE, 1)] for name in (QUARTERLY_THEN, MONTHLY_THEN)}
    beat = [name for name, one in ours.items() if one["r2_os"] > 0]
    listed = " and ".join(
        _forecast(one, rows.loc[(name, DIFFERENCE, 1), "period"]) for name, one in ours.items()
    )
    quarters = tables["gaps_by_quarter"]
    alike = quarters[QUARTERLY_THEN].corr(quarters[AT_ENDS])
    whole, other = rows.loc[(MONTHLY, DIFFERENCE, 1)], rows.loc[(MONTHLY_LW_THEN, DIFFERENCE, 1)]
    return {
        "first": (
            "The primary specification of the quarterly study is as it was: small minus large over the next "
            "quarter on the gap "
            f"as estimated then, IVX-RWB. On HLW (2023) and these data, {first['first']}–{first['last']}, a rise "
            f"of the gap by "
            f"one point goes with {_of(first)}: {_shown(first)}."
        ),
        "second": (
            "The second, written down for a monthly predictor before it was run, asks the same over the next "
            "month. On the "
            f"monthly HLW (2023), {second['first']}–{second['last']}: {_of(second)}, {_shown(second)}; on "
            f"`monthly-lw`, "
            f"{other['first']}–{other['last']}: {_of(other)}, {_shown(other)}."
        ),
        "forecasts": (
            f"Out of sample R²_OS is {listed}: forecasts by "
            f"{' and '.join(beat) if beat else 'neither'} beat the prevailing mean."
        ),
        "month": (
            "The monthly gap in the last months of quarters, asked over quarters, has "
            f"{_of(ends)} against {_of(first)} of the quarterly model; with parameters of the whole sample the "
            f"monthly slope "
            f"is {_of(whole)}. The two questions are asked of one history: the gaps correlate {alike:.2f}, and "
            f"that both give the "
            "same answer is no further evidence. On vintages: `research/rstar_gap_and_small_caps`."
        ),
    }


def _family(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    rows, roots = tables["in_sample"], tables["persistence"]
    count = rows["period"].value_counts()
    adjusted = {
        label: rows[f"{key}_p_adjusted"] for key, label in TESTS.items() if f"{key}_p_adjusted" in rows
    }
    kept = "; ".join(
        f"{label} {int((one < LEVEL).sum())}, smallest p {p(one.min())}" for label, one in adjusted.items()
    )
    alone = int((rows["ivx_rwb_p"] < LEVEL).sum())
    by = rows["period"].groupby(level="predictor").first().map(str)
    months = roots.xs(DIFFERENCE, level="returns").loc[[name for name in SAMPLE if by[name] == "month"]]
    return {
        "family": (
            f"As one family of {len(rows)} regressions ({count['quarter']} by the quarter, {count['month']} by the "
            f"month: gaps, "
            f"portfolios, horizons) IVX-RWB p is below 5 % alone in {alone}, and after Benjamini–Hochberg there "
            f"remain: {kept}."
        ),
        "persistence": (
            f"The monthly gaps have roots {months['rho'].min():.3f} to {months['rho'].max():.3f}; their "
            f"innovations correlate "
            f"{signed(months['delta'].min())} to {signed(months['delta'].max())} with the difference, so that the "
            f"bias of "
            "persistent predictors is small here."
        ),
    }


def _maxima(table: pd.DataFrame) -> dict[str, str]:
    counts, highest, right = (table.loc[name] for name in (COUNTS, HIGHEST, MONTHLY_LW))
    spread = table["slope"].max() - table["slope"].min()
    error = table["hodrick_se"].mean()
    below = [str(name) for name in table.index[table["ivx_rwb_p"] < LEVEL]]
    return {
        "maxima": (
            f"The published likelihood's maximum that counts ({signed(counts['log_likelihood'])}) and its highest "
            f"({signed(highest['log_likelihood'])}, an output gap with a standard deviation of "
            f"{highest['sd_output_gap']:.2f} percent) have gaps {highest['distance']:.2f} points apart on average, "
            f"correlation "
            f"{highest['correlation']:.2f}, and slopes {signed(counts['slope'], 3)} (p {p(counts['ivx_rwb_p'])}) and "
            f"{signed(highest['slope'], 3)} (p {p(highest['ivx_rwb_p'])}); with the calendar set right it is "
            f"{signed(right['slope'], 3)} (p {p(right['ivx_rwb_p'])}). The lead depends {_less(spread, error)}: "
            f"slopes differ "
            f"by {spread:.3f} at most, {spread / error:.1f} of a slope's standard error, and p is below 5 % for "
            f"{', '.join(below) or 'none'}."
        )
    }


def _delays(table: pd.DataFrame) -> dict[str, str]:
    least, most = table["slope"].abs().idxmin(), table["slope"].abs().idxmax()
    same = (table["ivx_rwb_p"] < LEVEL).nunique() == 1
    said = "stays on one side of 5 %" if same else "crosses 5 %"
    return {
        "delays": (
            f"The slope goes from {signed(table.loc[least, 'slope'])} at a delay of {least} months to "
            f"{signed(table.loc[most, 'slope'])} at {most}; p {said}."
        )
    }


def side_by_side(tables: Mapping[str, pd.DataFrame]) -> str:
    """Small minus large, a row a gap and horizon, quarterly ones above monthly ones of their sample."""
    rows, made = (tables[name].xs(DIFFERENCE, level="returns") for name in ("in_sample", "out_of_sample"))
    head = [
        "sample", "gap of", "parameters", "over", "slope", "90 %", "NW p", "1B p", "IVX p", "IVX-RWB p", "adjusted",
        "R²_OS", "CW p",
    ]  # fmt: skip
    out = [
        [
            f"{row['first']}–{row['last']}", str(name), _SEEN[row["seen"]], _periods(int(horizon), row["period"]),
            signed(row["slope"]), _band(row), *(p(row[f"{key}_p"]) for key in TESTS), p(row["ivx_rwb_p_adjusted"]),
            signed(made.loc[(name, horizon), "r2_os"], 1), p(made.loc[(name, horizon), "clark_west_bootstrap_p"]),
        ]
        for sample in (LONG, PUBLISHED)
        for (name, horizon), row in rows[rows["sample"] == sample].iterrows()
    ]  # fmt: skip
    return markdown(head, out)


def maxima_table(table: pd.DataFrame) -> str:
    """A row a maximum."""
    head = [
        "maximum of", "log-likelihood", "sd of output gap", "gap: correlation", "distance", "slope, a month", "90 %",
        "IVX-RWB p", "slope, 12 months", "p", "R²_OS",
    ]  # fmt: skip
    return markdown(head, [
        [
            str(name), signed(row["log_likelihood"]), signed(row["sd_output_gap"]), signed(row["correlation"]),
            signed(row["distance"]), signed(row["slope"], 3), _band(row, 3), p(row["ivx_rwb_p"]),
            signed(row["year_slope"]), p(row["year_ivx_rwb_p"]), signed(row["r2_os"], 1),
        ]
        for name, row in table.iterrows()
    ])  # fmt: skip


def delays_table(table: pd.DataFrame) -> str:
    """The second primary row by delay."""
    head = ["months of delay", "slope", "90 %", *(f"{label} p" for label in TESTS.values())]
    return markdown(
        head,
        [
            [str(delay), signed(row["slope"]), _band(row), *(p(row[f"{key}_p"]) for key in TESTS)]
            for delay, row in table.iterrows()
        ],
    )


def _band(row: pd.Series, digits: int = 2) -> str:
    width = BAND * row["hodrick_se"]
    return f"{signed(row['slope'] - width, digits)} to {signed(row['slope'] + width, digits)}"


def _forecast(row: pd.Series, period: str) -> str:
    return f"{signed(row['r2_os'], 1)} % by the {period} (CW p {p(row['clark_west_bootstrap_p'])}, from {row['first']})"


def _of(row: pd.Series) -> str:
    return f"{signed(row['slope'])} percent (p {p(row['ivx_rwb_p'])})"


def _shown(row: pd.Series) -> str:
    return f"that it leads {'is shown' if row['ivx_rwb_p'] < LEVEL else 'is not shown'} at 5 %"


def _less(spread: float, error: float) -> str:
    return (
        "less on the maximum than on the sample"
        if spread < error
        else "as much on the maximum as on the sample"
    )


def _periods(horizon: int, period: str) -> str:
    return f"{horizon} {period}{'s' * (horizon > 1)}"


def _text(*said: str) -> str:
    return textwrap.fill(" ".join(said), WIDTH, break_long_words=False, break_on_hyphens=False)
