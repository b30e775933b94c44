"""Do small caps lead the economy? GDP growth, unemployment, the output gap and r*, 1961-2025."""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path

import pandas as pd
from research.comparison import REFERENCE
from research.rstar_gap_and_small_caps import material
from research.rstar_gap_and_small_caps.words import markdown

from capstar import study
from capstar.data import model_input
from capstar.errors import CapstarError
from capstar.writing import csv_text, write_whole

HERE = Path(__file__).parent
REPLICATIONS = 1999
_WORDS = {
    "term_spread": "the ten-year Treasury yield less the three-month bill",
    "output_gap": "the published one-sided estimate of HLW (2023)",
    "rstar": "HLW (2017) as estimated on the vintage of each quarter, 1985Q1-2019Q4; its change is what the next "
    "data revise",
}
_DATA = (
    "**Data.** Returns: Kenneth R. French's value-weighted portfolios formed on size, small the lowest and large the "
    "highest fifth of NYSE market equity, logs over the bill. Real GDP, unemployment and yields: FRED-QD of 2026-02, "
    "quarterly means. First releases and lags as known then: the Philadelphia Fed's vintages of the middle of each "
    "quarter, 1965Q4-2026Q1. Output gap: published (`hlw2023`). r\\*: `known_then.csv` of "
    "`research/rstar_gap_and_small_caps`. Read from the reference folder (`--data`)."
)


def economy(folder: Path) -> study.Economy:
    """Targets, the term spread and vintages of output."""
    raw = pd.read_csv(folder / "fred_2026/FRED-QD_2026-02.csv.gz", index_col="sasdate", skiprows=[1, 2])
    raw.index = pd.PeriodIndex(pd.to_datetime(raw.index, format="%m/%d/%Y"), freq="Q", name="date")
    gdp = raw["GDPC1"].dropna()
    level = model_input(gdp, gdp, raw["TB3MS"].loc[gdp.index], compounding="none")["log_gdp"]
    then = pd.read_csv(Path(material.__file__).with_name("known_then.csv"), index_col="date")
    levels = {
        "gdp_growth": level,
        "unemployment": raw["UNRATE"].dropna(),
        "output_gap": material.read(folder).predictors["output_gap"],
        "rstar": then["rstar"].set_axis(pd.PeriodIndex(then.index, freq="Q")),
    }
    return study.Economy(
        levels,
        (raw["GS10"] - raw["TB3MS"]).dropna(),
        material.matrix(folder / "vintages/real_gdp_2026q1.csv.gz"),
        _WORDS,
        titles=("US size portfolios of French", "FRED-QD", "real-time data of the Philadelphia Fed"),
    )


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """The table of `led`; ``folder`` holds the reference data."""
    return {"Every regression and forecast": led(folder).table}


def led(folder: Path, *, n_replications: int = REPLICATIONS) -> study.OtherWay:
    """Every regression and forecast; ``folder`` holds the reference data."""
    returns = material.read(folder).returns
    found = study.lead_the_economy(returns, economy(folder), n_replications=n_replications)
    assert found is not None
    return found


def readme(found: study.OtherWay) -> str:
    """The README, every number of it from the table."""
    row = found.table[found.primary.rows(found.table)].iloc[0]
    span = f"{row['first'][:4]}–{row['last'][:4]}"
    tables = [f"**{heading}**\n\n{_markdown(frame)}" for heading, frame in found.frames().items()]
    said = [one.replace("r* ", "r\\* ") for one in found.notes()]
    return "\n\n".join(
        [
            f"# Do small caps lead the economy? US size portfolios and what came after, {span}",
            _wrapped(said[0]),
            _wrapped(f"**{said[1].partition(',')[0]}**,{said[1].partition(',')[2]}"),
            "Run: `python -m research small_caps_and_the_economy --out research/small_caps_and_the_economy`",
            *map(_wrapped, said[2:]),
            *tables,
            _wrapped(_READING),
            _wrapped(_DATA) + "\n",
        ]
    )


_READING = (
    "p: wild bootstrap of the Newey-West t; adjusted over all rows but the primary one (`other_way.csv`). R²_OS: "
    "percent of squared error saved against forecasts by the controls alone, expanding samples from 1985Q1; CW p: "
    "Clark-West by the same bootstrap, one-sided. At the end of a quarter its returns are known, and of the economy "
    "the quarter before."
)


def _markdown(frame: pd.DataFrame) -> str:
    shown = ["effect", "lower", "upper", "p", "p adj", "R2_OS", "CW p", "n", "first", "last"]
    head = [*map(str, frame.index.names), "effect [90 %]", "p", "adjusted", "R²_OS, %", "CW p", "n", "sample"]
    rows = []
    for label, (effect, low, high, p, adjusted, gain, cw, n, first, last) in zip(
        frame.index, frame[shown].itertuples(index=False), strict=True
    ):
        band, numbers = (
            f"{effect:+.2f} [{low:+.2f}, {high:+.2f}]",
            (f"{p:.3f}", _known(adjusted), _known(gain, "+.1f")),
        )
        rows.append([*map(str, label), band, *numbers, _known(cw), str(n), f"{first}–{last}"])
    return markdown(head, [[one.replace("r*", "r\\*") for one in row] for row in rows])


def _known(value: float, form: str = ".3f") -> str:
    return "" if pd.isna(value) else format(value, form)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 158, break_on_hyphens=False, break_long_words=False)


def main() -> None:
    """Command line; ``--out FOLDER`` writes the table, the README and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=REFERENCE, help="folder of the reference data")
    parser.add_argument("--out", type=Path, help="folder for the table and the README")
    given = parser.parse_args()
    try:
        found = led(given.data)
    except (CapstarError, FileNotFoundError) as error:
        print(
            f"{error} The study reads its inputs from {given.data}; give another with --data.",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    print(found.summary())
    if given.out is not None:
        write_whole(given.out / "other_way.csv", csv_text(found.table, index=False, float_format="%.10g"))
        write_whole(given.out / "README.md", readme(found))


if __name__ == "__main__":
    main()
