"""Holston, Laubach and Williams (2017): published, ours, difference."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from research.comparison import compare, estimates, run

import capstar as cs

HERE = Path(__file__).parent


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """Tables of published and re-estimated figures, by heading."""
    published = pd.read_csv(HERE / "published.csv")
    workbook = cs.rstar.HLW2017.fit(cs.data.read_input(folder / "hlw_published/us_2019q2_input.csv"))
    paper = cs.rstar.HLW2017.fit(cs.data.read_input(folder / "hlw2017/us_input.csv"), end="2016Q3")
    canada = cs.rstar.HLW2017.fit(cs.data.read_input(folder / "hlw2017/ca_input.csv"), end="2016Q3")
    fits = {"workbook": workbook, "paper": paper, "canada": canada}
    headings = {
        "workbook": "New York Fed workbook of 2019Q2, United States, 1961Q1-2019Q2",
        "paper": "Table 1, United States, 1961Q1-2016Q3, on data as of May 2020 (revised since the paper)",
        "canada": "Table 1, Canada, 1961Q1-2016Q3, on later data (to 2019Q4, revised since the paper)",
    }
    return {
        headings[key]: compare(published[published["source"] == key], estimates(fit))
        for key, fit in fits.items()
    }


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
