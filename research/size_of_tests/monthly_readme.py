"""The README's section on samples of months, from `monthly.csv`: no number in it is typed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from research.size_of_tests.battery import OLS, Q

from capstar.writing import write_whole

KEYS = ["persistence", "delta", "horizon", "test"]
BEGIN, END = "<!-- from the table: months -->", "<!-- end of months -->"
PRIMARY = "IVX t, residual wild bootstrap"
LEVEL, LOW, HIGH = 0.05, 0.03, 0.07


def read(folder: Path) -> pd.DataFrame:
    """The table as it is written."""
    return pd.read_csv(folder / "monthly.csv", index_col=KEYS)


def section(table: pd.DataFrame) -> str:
    """Markdown between the marks."""
    samples = int(table["samples"].iloc[0])
    legend = (
        "Percent of samples rejected, two-sided, horizons "
        f"{' · '.join(map(str, table.index.unique('horizon')))} months; {samples} samples of 700 months, x[0] from "
        f"the "
        f"stationary distribution, standard error of a rate of 5 % {_error(table):.1f} points. **Bold**: the "
        f"primary test."
    )
    return "\n\n".join([BEGIN, legend, rates(table), outcome(table), END])


def rates(table: pd.DataFrame) -> str:
    """Every test that has a two-sided version, a column for each design."""
    shown = table["two-sided"].dropna()
    designs = shown.index.droplevel(["horizon", "test"]).unique()
    heads = [f"ρ {name.rpartition(' ')[2]}, δ {delta:g}".replace("-", "−") for name, delta in designs]
    rows = [f"| test | {' | '.join(heads)} |", "| --- |" + " --- |" * len(heads)]
    for test in shown.index.unique("test"):
        cells = (
            " · ".join(f"{100 * rate:.1f}" for rate in shown.loc[(*design, slice(None), test)])
            for design in designs
        )
        rows.append(f"| {f'**{test}**' if test == PRIMARY else test} | {' | '.join(cells)} |")
    return "\n".join(rows)


def outcome(table: pd.DataFrame) -> str:
    """Which tests hold, which do not, what the luck of the samples is, and what that says of months."""
    shown = table["two-sided"].dropna()
    spans = shown.groupby(level="test", sort=False).agg(["min", "max"])
    slack = 2 * _error(table) / 100
    held = spans[(spans["min"] >= LOW - slack) & (spans["max"] <= HIGH + slack)]
    named = "; ".join(f"{test} {_span(ends)} %" for test, ends in held.iterrows())
    worst = spans.drop(held.index)["max"].nlargest(3)
    astray = ", ".join(f"{test} {100 * rate:.0f} %" for test, rate in worst.items())
    first = table.index.unique("horizon")[0]
    exact = " and ".join(
        f"{100 * rate:.1f}" for rate in shown.xs((0.0, first, OLS), level=("delta", "horizon", "test"))
    )
    biased = _span(shown.xs((-0.95, PRIMARY), level=("delta", "test")).agg(["min", "max"]))
    q = table.xs(Q, level="test")
    return (
        f"**By the month the primary test, {PRIMARY}, {'holds' if PRIMARY in held.index else 'does not hold'} its "
        f"size**: "
        f"within 3–7 % but for two standard errors in every cell, as do these: {named or 'none'}. Where returns "
        f"and the "
        f"predictor's innovations correlate −0.95 it rejects {biased} %, and errs to the safe side where that is "
        f"below 5 %. "
        f"Furthest astray: {astray}; a year's overlap is beyond Newey–West's lags by the month as by the quarter.\n\n"
        f"The ordinary t is exact at δ = 0 over one month, and rejects {exact} % of these samples: so far goes the "
        f"luck of "
        "the draw in those two columns, for all tests alike, as all have the same samples. Q, at 5 % on each side, "
        "rejects "
        f"{_span(q['positive'].agg(['min', 'max']))} % against positive slopes and "
        f"{_span(q['negative'].agg(['min', 'max']))} % against negative ones, where the start is as far out as here."
    )


def tell(folder: Path) -> None:
    """Write the section into the README of a folder, where the marks are there."""
    path = folder / "README.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if BEGIN in text:
        write_whole(path, rewritten(text, read(folder)))


def rewritten(readme: str, table: pd.DataFrame) -> str:
    """The README with its section on months written anew."""
    before, _, rest = readme.partition(BEGIN)
    return before + section(table) + rest.partition(END)[2]


def _error(table: pd.DataFrame) -> float:
    """Monte Carlo standard error of a rate of 5 percent, points."""
    return float(100 * (LEVEL * (1 - LEVEL) / table["samples"].min()) ** 0.5)


def _span(ends: pd.Series) -> str:
    return f"{100 * ends['min']:.1f}–{100 * ends['max']:.1f}"
