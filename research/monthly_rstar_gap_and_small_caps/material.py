"""What the study is made from: monthly and quarterly input of the models, and every gap of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from research.brave_butters_kelley_2022.reproduce import END, read_input, starts
from research.rstar_gap_and_small_caps.across import fred, fred_text, inputs

from capstar import data, rstar
from capstar.rstar import DeclaredRate, NaturalRate
from capstar.study import portfolio_returns

GOLDEN = "../golden/monthly_rstar"
KNOWN_FROM = "1985-01"  # as in the quarterly study: earlier samples are too short
LONG, PUBLISHED = "to 2025", "to 2018"
QUARTERLY, QUARTERLY_THEN = "HLW 2023", "HLW 2023, then"
MONTHLY, MONTHLY_THEN, AT_ENDS = (
    "monthly HLW 2023",
    "monthly HLW 2023, then",
    "monthly HLW 2023, then, at quarter ends",
)
LW, MONTHLY_LW, MONTHLY_LW_THEN = "LW 2003", "monthly LW", "monthly LW, then"
COUNTS, HIGHEST = "published, the maximum that counts", "published, the highest maximum"
MAXIMA = (COUNTS, HIGHEST, MONTHLY_LW)
SAMPLE = {
    **dict.fromkeys((QUARTERLY, QUARTERLY_THEN, AT_ENDS, MONTHLY, MONTHLY_THEN), LONG),
    **dict.fromkeys((LW, MONTHLY_LW, MONTHLY_LW_THEN, COUNTS, HIGHEST), PUBLISHED),
}  # in the order of the tables, quarterly ones first within each
THEN = (QUARTERLY_THEN, AT_ENDS, MONTHLY_THEN, MONTHLY_LW_THEN)
_STARTS = 12


@dataclass(frozen=True)
class Material:
    """What the study is made from.

    Attributes
    ----------
    returns
        Small and large caps over the bill, and small minus large, percent a month.
    gaps
        By name, a quarterly or monthly series; ``attrs["kind"]`` says what it has seen.
    fits
        Estimates on whole samples by the name of their gap.
    """

    returns: pd.DataFrame
    gaps: Mapping[str, pd.Series]
    fits: Mapping[str, NaturalRate]


def read(folder: Path, *, n_workers: int = 1) -> Material:
    """Read the reference data, and estimate everything."""
    tables, golden = inputs(folder), folder / GOLDEN
    quarters, months = tables["macro"], monthly_input(folder, tables["macro"])
    by_month = read_input(golden, overlapping=False)
    fits = estimates(quarters, months, golden)
    gaps = {name: fit.gap("filtered") for name, fit in fits.items()}
    for name, model, table, first, last in (
        (QUARTERLY_THEN, rstar.HLW2023, quarters, pd.Period(KNOWN_FROM, freq="Q"), None),
        (MONTHLY_THEN, rstar.MonthlyHLW2023, months, KNOWN_FROM, None),
        (MONTHLY_LW_THEN, rstar.MonthlyLW, by_month, KNOWN_FROM, END),
    ):
        found = rstar.quasi_real_time(model, table, first, last, n_workers=n_workers, progress=False)
        gaps[name] = found.gap
    gaps[AT_ENDS] = at_ends(gaps[MONTHLY_THEN])
    return Material(
        portfolio_returns(tables["returns"]), {name: gaps[name].rename(name) for name in SAMPLE}, fits
    )


def monthly_input(folder: Path, quarters: pd.DataFrame) -> pd.DataFrame:
    """Input of the monthly HLW (2023) from FRED's series of 2026, each made as that of the quarterly model.

    Parameters
    ----------
    folder
        Reference data.
    quarters
        Of the quarterly model, which has output, in the quarter's last month here, and the COVID index, in all three.
    """
    core, funds = (fred(folder / f"fred_2026/{name}.csv") for name in ("PCEPILFE", "FEDFUNDS"))
    discount = fred_text(folder / "fred_2020_05/M13009USM156NNBR.txt")
    inflation = 1200.0 * np.log(core).diff()
    out = pd.DataFrame(
        {"log_gdp": np.nan, "inflation": inflation, "expected_inflation": inflation.rolling(12).mean()}
    )
    out["interest_rate"] = data.annualised_yield(pd.concat([discount.loc[:"1964-12"], funds.loc["1965-01":]]))
    out = out.iloc[1:].loc[: str(quarters.index[-1].asfreq("M", "end"))].rename_axis("date")
    of = quarters.reindex(out.index.asfreq("Q")).set_axis(out.index)
    out["log_gdp"] = of["log_gdp"].where(out.index.month % 3 == 0)
    out["covid_index"] = of["covid_index"].fillna(0.0)
    out.attrs |= {"title": "US: FRED as of 2026", "country": "us"}
    return out


def quarterly_lw_input(golden: Path) -> pd.DataFrame:
    """Quarterly input of Brave, Butters and Kelley in the columns of the model."""
    raw = pd.read_csv(golden / "inputs_quarterly_raw.csv")
    out = pd.DataFrame({"date": raw["date"], "log_gdp": raw["gdpQ"], "inflation": raw["inflationQ"]})
    out["expected_inflation"], out["interest_rate"] = 0.0, raw["realrateQ"]
    for ours, theirs in (("oil", "oilQ"), ("import", "importQ")):  # relative to inflation in their file
        out[f"{ours}_price_inflation"] = raw[theirs] + raw["inflationQ"]
    return out


def estimates(quarters: pd.DataFrame, months: pd.DataFrame, golden: Path) -> dict[str, NaturalRate]:
    """On whole samples, by the name of the gap; of the published model the maximum that counts and the highest."""
    overlapping = read_input(golden, overlapping=True)
    found = [_published(overlapping, point) for point in starts(golden)]
    return {
        QUARTERLY: rstar.HLW2023.fit(quarters, progress=False),
        LW: rstar.LW2003.fit(quarterly_lw_input(golden), progress=False),
        MONTHLY: rstar.MonthlyHLW2023.fit(months, n_starts=_STARTS, progress=False),
        MONTHLY_LW: rstar.MonthlyLW.fit(
            read_input(golden, overlapping=False), end=END, n_starts=_STARTS, progress=False
        ),
        COUNTS: _published(overlapping, None),
        HIGHEST: max(found, key=lambda one: one.llf),
    }


def _published(table: pd.DataFrame, point: dict[str, float] | None) -> DeclaredRate:
    return rstar.MonthlyLWPublished.fit(table, end=END, start_params=point, n_starts=1, progress=False)


def at_ends(gap: pd.Series) -> pd.Series:
    """A monthly series in the last months of quarters, by quarter."""
    index = pd.PeriodIndex(gap.index)
    held = gap[index.month % 3 == 0]
    return held.set_axis(pd.PeriodIndex(held.index).asfreq("Q"))
