"""Holston, Laubach and Williams (2017): published, ours, difference."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from research.comparison import compare, estimates, run, series_differences
from research.vintages import as_known

import capstar as cs

HERE = Path(__file__).parent
VINTAGE, END, DRAWS = "2016Q4", "2016Q3", 5000


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """Tables of published and re-estimated figures, by heading."""
    published = pd.read_csv(HERE / "published.csv")
    now = cs.data.read_input(folder / "hlw2017/us_input.csv")
    inputs = {
        "workbook": cs.data.read_input(folder / "hlw_published/us_2019q2_input.csv"),
        "us": as_known_then(folder, now["interest_rate"]),
        "ca": cs.data.read_input(folder / "hlw2017/ca_input.csv"),
    }
    headings = {
        "workbook": "New York Fed workbook of 2019Q2, United States, 1961Q1-2019Q2",
        "us": f"Table 1, United States, 1961Q1-{END}, on GDP and prices as known in {VINTAGE}",
        "ca": f"Table 1, Canada, 1961Q1-{END}, on later data (to 2019Q4, revised since the paper)",
    }
    ends = {"workbook": None, "us": END, "ca": END}
    fits = {
        key: cs.rstar.HLW2017.fit(data, end=ends[key]).with_standard_errors(DRAWS, covariance="published")
        for key, data in inputs.items()
    }
    tables = {
        headings[key]: compare(published[published["source"] == key], estimates(fit))
        for key, fit in fits.items()
    }
    revised = cs.rstar.HLW2017.fit(now, end=END)
    others = {"as known then": fits["us"], "as of May 2020": revised}
    return tables | {
        f"One-sided estimates published for {END}, United States: largest difference by data": pd.concat(
            {name: series_differences(fit, real_time(folder)) for name, fit in others.items()}
        ),
        f"What the revisions change, United States, 1961Q1-{END}": pd.DataFrame(
            {name: pd.Series(estimates(fit)) for name, fit in others.items()}
        ).loc[["lambda_g", "lambda_z", "a_r", "b_y", "sigma_g", "sigma_rstar"]],
    }


def as_known_then(folder: Path, rate: pd.Series) -> pd.DataFrame:
    """The input as of the paper's quarter; ``rate``, which is not revised, is percent a year as the model takes it."""
    gdp, prices = (as_known(folder, f"{name}.csv", VINTAGE) for name in ("real_gdp", "core_pce_price"))
    return cs.data.model_input(gdp, prices, rate, compounding="none")


def real_time(folder: Path) -> pd.DataFrame:
    """One-sided estimates of the United States as the New York Fed published them with data to the paper's quarter."""
    table = pd.read_csv(folder / "hlw_published/realtime_us_ca.csv")
    table = table[(table["country"] == "us") & (table["vintage"] == END)]
    index = pd.PeriodIndex(table["date"], freq="Q")
    return table.set_index(index)[["rstar_filtered", "g_filtered", "z_filtered", "output_gap_filtered"]]


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
