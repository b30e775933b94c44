"""Laubach and Williams, COVID-adjusted (2023): published, ours, difference."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from research.comparison import compare, estimates, run, series_differences
from research.published_draws import DRAWS, with_published_errors

import capstar as cs

HERE = Path(__file__).parent


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """Tables of published and re-estimated figures, by heading."""
    published = pd.read_csv(HERE / "published.csv")
    data = cs.data.read_input(folder / "lw2023/us_2023q2_input.csv")
    fit = with_published_errors(cs.rstar.LW2023.fit(data, "1961Q1"))
    monte_carlo = published["quantity"].str.contains("average_se|final_se")
    ours = estimates(fit)
    series = cs.data.read_input(folder / "lw2023/us_2023q2_published.csv")
    return {
        "New York Fed workbook of 2023Q2, United States, 1961Q1-2023Q2": compare(
            published[~monte_carlo], ours
        ),
        f"Standard errors of the states, the published {DRAWS} draws": compare(published[monte_carlo], ours),
        "One- and two-sided estimates against the published series": series_differences(fit, series),
    }


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
