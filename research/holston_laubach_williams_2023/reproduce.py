"""Holston, Laubach and Williams (2023): published, ours, difference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from research.comparison import compare, estimates, run, series_differences
from research.vintages import as_known

import capstar as cs

HERE = Path(__file__).parent
VINTAGE, END, DRAWS = "2023-02", "2022Q4", 5000


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """Tables of published and re-estimated figures, by heading."""
    published = pd.read_csv(HERE / "published.csv")
    data = cs.data.read_input(folder / "hlw2023/us_2023q2_input.csv")
    laubach_williams = cs.data.read_input(folder / "lw2023/us_2023q2_input.csv")
    fits = {
        "workbook": cs.rstar.HLW2023.fit(data),
        "paper": with_errors(cs.rstar.HLW2023.fit(as_known_then(folder, data))),
        "before": with_errors(cs.rstar.HLW2023.fit(data, end="2019Q4")),
        "lw": with_errors(cs.rstar.LW2023.fit(laubach_williams, "1961Q1", END)),
    }
    headings = {
        "workbook": "New York Fed workbook of 2023Q2, United States, 1961Q1-2023Q2",
        "paper": f"Table 1, United States, 1961Q1-{END}, on its last quarter as known at the end of {VINTAGE}",
        "before": "Table A1, no COVID terms, United States, 1961Q1-2019Q4, on data of 2023Q2",
        "lw": f"Table A2, Laubach and Williams, United States, 1961Q1-{END}, on data of 2023Q2",
    }
    tables = {
        headings[key]: compare(published[published["source"] == key], estimates(fit))
        for key, fit in fits.items()
    }
    series = cs.data.read_input(folder / "hlw2023/us_2023q2_published.csv")
    found = series_differences(fits["workbook"], series)
    return tables | {"One-sided estimates against the published series": found}


def with_errors(fit: cs.rstar.RStarResults) -> cs.rstar.RStarResults:
    """With standard errors of the states as the published code computes them."""
    return fit.with_standard_errors(DRAWS, covariance="published")


def as_known_then(folder: Path, data: pd.DataFrame) -> pd.DataFrame:
    """The input to the paper's last quarter, that one as known then; those before were not revised meanwhile."""
    gdp, prices = (as_known(folder, f"fred_qd_{name}.csv.gz", VINTAGE) for name in ("GDPC1", "PCEPILFE"))
    out = data.loc[:END].copy()
    out.loc[END, "log_gdp"] = np.log(gdp.iloc[-1])
    out.loc[END, "inflation"] = 400 * np.log(prices.iloc[-1] / prices.iloc[-2])
    out.loc[END, "expected_inflation"] = out["inflation"].iloc[-4:].mean()
    return out


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
