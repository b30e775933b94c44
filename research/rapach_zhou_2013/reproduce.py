"""Rapach and Zhou (2013): 14 predictors and their combinations forecast the monthly equity premium, 1957 to 2010."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from research.comparison import run
from research.earlier_evidence.combination import combine_forecasts

from capstar import leads

HERE = Path(__file__).parent
FIRST, HOLDOUT, START = "1926-12", "1947-01", "1957-01"
SIGNS = {
    "DP": 1, "DY": 1, "EP": 1, "DE": -1, "BM": 1, "NTIS": -1, "TBL": -1, "LTY": -1, "LTR": 1, "TMS": 1, "DFY": 1,
    "DFR": 1, "INFL": -1,
}  # fmt: skip
POOLS = {"pool_mean": "POOL-AVG", "pool_dmsfe(0.75)": "POOL-DMSFE"}


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """Published figures and ours, and our whole table by restriction and phase of the cycle."""
    raw = pd.read_csv(folder / "predictability/rapach_zhou2013/monthly.csv", index_col="month")
    raw = raw.set_axis(pd.PeriodIndex(raw.index, freq="M"))
    made = forecasts(raw)
    recession = raw.loc[START:, "nber_recession_with_peak"].astype(bool)
    made |= {"recession": made["unrestricted"][recession], "expansion": made["unrestricted"][~recession]}
    table = pd.concat({kind: accuracy(one) for kind, one in made.items()})
    ours = table.stack()
    ours.index = [" ".join(key) for key in ours.index]
    published = pd.read_csv(HERE / "published.csv", index_col="quantity")
    return {"Monthly, 1957-01 to 2010-12": published.assign(ours=ours), "All figures of ours": table}


def forecasts(raw: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Outcome, prevailing mean and every forecast, as they are and with the signs and the zero of theory."""
    y, x = premium_and_predictors(raw)
    pooled = combine_forecasts(leads.recursive_forecasts(y, x, HOLDOUT), discounts=(0.75,), holdout=120)
    others = pooled[list(POOLS)].rename(columns=POOLS).assign(**{"KITCHEN-SINK": kitchen_sink(y, x)})
    restricted = leads.recursive_forecasts(y, x.drop(columns="SVAR"), START, signs=SIGNS)
    return {
        "unrestricted": leads.recursive_forecasts(y, x, START).join(others),
        "restricted": restricted.join(others.clip(lower=0)),
    }


def kitchen_sink(y: pd.Series, x: pd.DataFrame) -> pd.Series:
    """Forecasts by all predictors but two that are sums of others, in one regression, by the month forecast."""
    last, others = x["DP"], x.drop(columns=["DP", "DE", "TMS"])
    made = leads.incremental_forecasts(y.shift(-1), last, others, pd.Period(START, "M") - 1)
    return made.set_axis(made.index + 1)["DP"]


def accuracy(made: pd.DataFrame) -> pd.DataFrame:
    """Percent of squared error saved against the prevailing mean, and the p-value of Clark and West."""
    rows = {}
    for name in made.columns[2:]:
        found = leads.compare_forecasts(made["actual"], made["mean"], made[name])
        rows[name] = {"r2_os": found.r2_os, "clark_west_p": found.clark_west_p}
    return pd.DataFrame.from_dict(rows, orient="index")


def premium_and_predictors(raw: pd.DataFrame) -> tuple[pd.Series, pd.DataFrame]:
    """Log return of the S&P 500 less last month's log bill rate; what is known each month, inflation a month later."""
    index, dividends, earnings = (np.log(raw[name]) for name in ("sp500", "d12", "e12"))
    premium = np.log1p(raw["crsp_spvw"]) - np.log1p(raw["rfree"].shift(1))
    taken = raw[["svar", "bm", "ntis", "tbl", "lty", "ltr"]].rename(columns=str.upper)
    made = {
        "DP": dividends - index, "DY": dividends - index.shift(1), "EP": earnings - index, "DE": dividends - earnings,
        "TMS": raw["lty"] - raw["tbl"], "DFY": raw["baa"] - raw["aaa"], "DFR": raw["corpr"] - raw["ltr"],
        "INFL": raw["infl"].shift(1),
    }  # fmt: skip
    return premium.rename("premium").loc[FIRST:], taken.assign(**made).loc[FIRST:]


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
