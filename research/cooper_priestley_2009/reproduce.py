"""Cooper and Priestley (2009): the output gap and next month's excess returns, in sample and out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from research.comparison import run

from capstar import leads
from capstar.rstar import polynomial_trend

HERE = Path(__file__).parent
FIRST, LAST, START = "1948", "2005", "1968-01"  # the sample, and the first month forecast


def reproduce(folder: Path, *, n_replications: int = 999) -> dict[str, pd.DataFrame]:
    """The published figure and ours, all of ours in sample, and out of sample with the gap seen and known."""
    returns, production = excess_returns(folder), industrial_production(folder)
    log = 100 * np.log(production)
    gaps = {
        "whole sample": log - polynomial_trend(log),
        "recursive": (log - polynomial_trend(log, one_sided=True)).dropna(),
    }
    ours = in_sample(returns, gaps["whole sample"])
    published = pd.read_csv(HERE / "published.csv", index_col="quantity")
    rows = [
        out_of_sample(returns[name], gap.rename("gap"), n_replications).rename((kind, name))
        for kind, gap in gaps.items()
        for name in returns
    ]
    return {
        "In sample, monthly, 1948 to 2005": published.assign(ours=ours.loc["market", "adj_r2"]),
        "All figures of ours: slope, Newey-West t with one lag, adjusted R2 in percent": ours,
        f"Out of sample from {START}, against the prevailing mean; wild bootstrap p": pd.DataFrame(rows),
    }


def in_sample(returns: pd.DataFrame, gap: pd.Series) -> pd.DataFrame:
    """Next month's return on the gap, by portfolio."""
    rows = {}
    for name in returns:
        beta, se, r2 = leads.newey_west(returns[name].iloc[1:], gap.iloc[:-1], lags=1)
        n = len(gap) - 1
        adjusted = 100 * (1 - (1 - r2) * (n - 1) / (n - 2))
        rows[name] = {"slope": beta[1], "t": beta[1] / se, "adj_r2": adjusted, "n": n}
    return pd.DataFrame.from_dict(rows, orient="index")


def out_of_sample(returns: pd.Series, gap: pd.Series, n_replications: int) -> pd.Series:
    """Percent of squared error saved against the mean of the same pairs, and the tests of nested forecasts."""
    y = returns.loc[gap.index[0] :]
    made = leads.recursive_forecasts(y.where(y.index > gap.index[0]), gap.to_frame(), START)
    found = leads.compare_forecasts(made["actual"], made["mean"], made["gap"])
    drawn = leads.bootstrap_forecasts(
        y, gap, START, scheme="wild", n_replications=n_replications, progress=False
    )
    p = drawn.table["p"].add_suffix("_bootstrap_p")
    return pd.Series({"r2_os": found.r2_os, "clark_west": found.clark_west, **p})


def excess_returns(folder: Path) -> pd.DataFrame:
    """Log returns less the log bill rate, percent a month: market, smallest and largest fifth, and their difference."""
    size = pd.read_csv(folder / "small_caps/size_portfolios_monthly.csv", index_col="month")
    factors = pd.read_csv(folder / "small_caps/factors_daily.csv.gz", index_col="date", parse_dates=True)
    daily = pd.DataFrame({"market": factors["Mkt-RF"] + factors["RF"], "bill": factors["RF"]})
    log = 100 * np.log1p(daily / 100)
    log = log.groupby(log.index.to_period("M")).sum()
    fifths = 100 * np.log1p(size.set_axis(pd.PeriodIndex(size.index, freq="M"))[["Lo 20", "Hi 20"]] / 100)
    excess = log[["market"]].join(fifths).sub(log["bill"], axis=0).loc[FIRST:LAST]
    return excess.assign(**{"S-B": excess["Lo 20"] - excess["Hi 20"]})


def industrial_production(folder: Path) -> pd.Series:
    """The index of the sample, revised as of spring 2019."""
    raw = pd.read_csv(folder / "predictability/cooper_priestley2009/indpro_1919_2019.csv")
    return pd.Series(raw["indpro"].to_numpy(), pd.PeriodIndex(raw["date"], freq="M"), name="gap").loc[
        FIRST:LAST
    ]


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
