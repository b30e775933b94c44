"""Laubach and Williams (2003), as published for 2020Q2: all three stages; published, ours, difference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from research.comparison import compare, estimates, run, series_differences
from research.published_draws import with_published_errors
from research.vintages import as_known

import capstar as cs

HERE = Path(__file__).parent
THEN = {"2016": ("2016Q4", "2016Q3"), "2003": ("2002Q3", "2002Q2")}


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """Tables of published and re-estimated figures, by heading."""
    published = pd.read_csv(HERE / "published.csv")
    table = pd.read_csv(folder / "lw2003/us_2020q2_input.csv", index_col="date", parse_dates=True)
    data = table.set_axis(pd.PeriodIndex(table.index, freq="Q"))
    data = data.rename(columns={"expected_inflation_recomputed": "expected_inflation"})
    inputs = {key: as_known_then(folder, data, vintage) for key, (vintage, _) in THEN.items()}
    ends = {"workbook": "2020Q2"} | {key: end for key, (_, end) in THEN.items()}
    fits = {
        key: with_published_errors(cs.rstar.LW2003.fit(one, "1961Q1", ends[key]), discard=False)
        for key, one in {"workbook": data, **inputs}.items()
    }
    headings = {
        "workbook": "New York Fed workbook of 2020Q2, United States, 1961Q1-2020Q2",
        "2016": "As estimated in 2016 (HLW 2016, table 6), 1961Q1-2016Q3, on GDP and prices as known in 2016Q4",
        "2003": "As in the paper (quoted in HLW 2016, table 6), 1961Q1-2002Q2, on GDP and prices as known in 2002Q3",
    }
    series = pd.read_csv(folder / "lw2003/us_2020q2_published.csv", index_col="date", parse_dates=True)
    series = series.set_axis(pd.PeriodIndex(series.index, freq="Q"))
    # Ours is the gap net of phi times the COVID index, which the workbook gives beside the gap itself.
    series = series.drop(columns=["output_gap_filtered", "output_gap_smoothed"])
    series = series.rename(columns=lambda name: name.replace("_covid_adjusted", ""))
    tables = {
        headings[key]: compare(published[published["source"].astype(str) == key], estimates(fit))
        for key, fit in fits.items()
    }
    found = series_differences(fits["workbook"], series)
    return tables | {"One- and two-sided estimates against the published series": found}


def as_known_then(folder: Path, data: pd.DataFrame, vintage: str) -> pd.DataFrame:
    """GDP and core prices of a vintage (core prices from 1959Q2 on); rates, oil and import prices as they are here."""
    gdp, prices = (as_known(folder, f"{name}.csv", vintage) for name in ("real_gdp", "core_pce_price"))
    out = data.loc[: gdp.index[-1]].assign(log_gdp=np.log(gdp))
    inflation = 400 * np.log(prices).diff().dropna()
    out["inflation"] = inflation.reindex(out.index).fillna(out["inflation"])
    return out.assign(expected_inflation=cs.data.expected_inflation(out["inflation"], "direct"))


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
