"""Laubach and Williams (2003), as published for 2020Q2: all three stages; published, ours, difference."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from research.comparison import compare, estimates, run, series_differences

import capstar as cs

HERE = Path(__file__).parent


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """Tables of published and re-estimated figures, by heading."""
    published = pd.read_csv(HERE / "published.csv")
    table = pd.read_csv(folder / "lw2003/us_2020q2_input.csv", index_col="date", parse_dates=True)
    data = table.set_axis(pd.PeriodIndex(table.index, freq="Q"))
    data = data.rename(columns={"expected_inflation_recomputed": "expected_inflation"})
    fit = cs.rstar.LW2003.fit(data, "1961Q1", "2020Q2")
    series = pd.read_csv(folder / "lw2003/us_2020q2_published.csv", index_col="date", parse_dates=True)
    series = series.set_axis(pd.PeriodIndex(series.index, freq="Q"))
    # Ours is the gap net of phi times the COVID index, which the workbook gives beside the gap itself.
    series = series.drop(columns=["output_gap_filtered", "output_gap_smoothed"])
    series = series.rename(columns=lambda name: name.replace("_covid_adjusted", ""))
    return {
        "New York Fed workbook of 2020Q2, United States, 1961Q1-2020Q2": compare(published, estimates(fit)),
        "One- and two-sided estimates against the published series": series_differences(fit, series),
    }


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
