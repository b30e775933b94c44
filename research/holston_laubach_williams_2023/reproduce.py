"""Holston, Laubach and Williams (2023): published, ours, difference."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from research.comparison import compare, estimates, run, series_differences

import capstar as cs

HERE = Path(__file__).parent


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """Tables of published and re-estimated figures, by heading."""
    published = pd.read_csv(HERE / "published.csv")
    data = cs.data.read_input(folder / "hlw2023/us_2023q2_input.csv")
    laubach_williams = cs.data.read_input(folder / "lw2023/us_2023q2_input.csv")
    fits = {
        "workbook": cs.rstar.HLW2023.fit(data),
        "paper": cs.rstar.HLW2023.fit(data, end="2022Q4"),
        "before": cs.rstar.HLW2023.fit(data, end="2019Q4"),
        "lw": cs.rstar.LW2023.fit(laubach_williams, "1961Q1", "2022Q4"),
    }
    headings = {
        "workbook": "New York Fed workbook of 2023Q2, United States, 1961Q1-2023Q2",
        "paper": "Table 1, United States, 1961Q1-2022Q4, on data of 2023Q2 (revised since the paper)",
        "before": "Table A1, no COVID terms, United States, 1961Q1-2019Q4, on data of 2023Q2",
        "lw": "Table A2, Laubach and Williams, United States, 1961Q1-2022Q4, on data of 2023Q2",
    }
    tables = {
        headings[key]: compare(published[published["source"] == key], estimates(fit))
        for key, fit in fits.items()
    }
    series = cs.data.read_input(folder / "hlw2023/us_2023q2_published.csv")
    found = series_differences(fits["workbook"], series)
    return tables | {"One-sided estimates against the published series": found}


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
