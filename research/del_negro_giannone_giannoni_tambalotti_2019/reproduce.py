"""Del Negro, Giannone, Giannoni and Tambalotti (2019): published quantiles of real-rate trends beside ours."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from research.comparison import REFERENCE, judged, verdict

import capstar as cs
from capstar.errors import CapstarError
from capstar.rstar import TrendVarRate
from capstar.writing import csv_text, write_whole

FOLDER = "del_negro2019_global"
WRITTEN = ("distances", "chains", "parameters")
THEIRS = {"us": "usa", "de": "deu", "uk": "uk", "fr": "fr", "ca": "ca", "it": "it", "jp": "jp"}
VARIABLES = {"rstar": "world_real_rate", "rstar_us": "us_real_rate"}
PROBABILITIES = {"p025": 0.025, "p16": 0.16, "p50": 0.5, "p84": 0.84, "p975": 0.975}
YEARS = ("1890", "1940", "1980", "2016")  # of which r* is shown
TOLERANCE = 0.1  # points: two Monte Carlo errors of a quantile, of both sides


def read_input(path: Path) -> pd.DataFrame:
    """Rates, and inflation as simple growth of the price index, percent, by year."""
    if not path.exists():
        raise CapstarError(f"There is no {path}.")
    raw = pd.read_csv(path, index_col="year")
    out = {}
    for country, theirs in THEIRS.items():
        out[f"short_rate_{country}"] = raw[f"stir_{theirs}"]
        out[f"long_rate_{country}"] = raw[f"ltir_{theirs}"]
        out[f"inflation_{country}"] = 100 * (raw[f"cpi_{theirs}"] / raw[f"cpi_{theirs}"].shift() - 1)
    table = pd.DataFrame(out).rename_axis("date")
    table.attrs["title"] = "Del Negro, Giannone, Giannoni and Tambalotti, seven countries, data to 2016"
    return table


def reproduce(
    folder: Path, *, n_draws: int = 12_000, n_chains: int = 2, seed: int = 2019, n_workers: int = -1
) -> dict[str, pd.DataFrame]:
    """Distances from the published quantiles, what each chain says, and the parameters.

    Parameters
    ----------
    folder
        Reference data, with ``input.csv`` and ``published.csv`` in ``del_negro2019_global``.
    n_draws, n_chains, seed, n_workers
        Of `capstar.rstar.TrendVarModel.fit`; every fifth draw is kept, and 1,500 go before them.
    """
    fit = cs.rstar.GLOBAL_TREND_VAR.fit(
        read_input(folder / FOLDER / "input.csv"), n_draws=n_draws, n_chains=n_chains, warmup=1500, thin=5, seed=seed,
        n_workers=n_workers, progress=False,
    )  # fmt: skip
    return compared(fit, read_published(folder / FOLDER))


def read_published(folder: Path) -> pd.DataFrame:
    """Published quantiles by variable and year."""
    return pd.read_csv(folder / "published.csv").set_index(["variable", "year"])


def compared(fit: TrendVarRate, published: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The study's tables of an estimate."""
    return {
        "Published quantiles in some years": at_years(fit, published),
        "Distance from the published quantiles, 1870-2016": distances(fit, published),
        "What each chain says": by_chain(fit, published),
        "Parameters": fit.parameter_table(),
    }


def at_years(fit: TrendVarRate, published: pd.DataFrame) -> pd.DataFrame:
    """Published quantiles in some years, and ours."""
    parts = []
    for name, theirs in VARIABLES.items():
        ours = fit.quantiles(name, "smoothed", tuple(PROBABILITIES.values())).set_axis(
            list(PROBABILITIES), axis=1
        )
        ours = ours.set_axis(ours.index.year)
        for year in map(int, YEARS):
            table = pd.DataFrame(
                {"published": published.loc[(theirs, year), list(PROBABILITIES)], "ours": ours.loc[year]}
            )
            parts.append(table.assign(quantity=name, year=year).rename_axis("quantile"))
    table = pd.concat(parts).set_index(["quantity", "year"], append=True)
    return table.reorder_levels(["quantity", "year", "quantile"]).assign(tolerance=TOLERANCE)


def distances(fit: TrendVarRate, published: pd.DataFrame) -> pd.DataFrame:
    """Of each quantile, over the years: mean and largest distance, mean of ours minus theirs, our Monte Carlo error."""
    rows = {}
    for name, theirs in VARIABLES.items():
        draws = fit.states[name].smoothed
        ours = fit.quantiles(name, "smoothed", tuple(PROBABILITIES.values())).to_numpy()
        gap = ours - published.loc[theirs, list(PROBABILITIES)].to_numpy()
        for k, (label, p) in enumerate(PROBABILITIES.items()):
            error = [cs.statespace.quantile_error(draws[:, :, t], p) for t in range(0, draws.shape[2], 5)]
            far = np.abs(gap[:, k])
            rows[name, label] = [far.mean(), far.max(), gap[:, k].mean(), np.mean(error)]
    columns = ["mean distance", "largest", "ours - theirs", "Monte Carlo error"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    table.index = pd.MultiIndex.from_tuples(table.index, names=["quantity", "quantile"])
    return table


def by_chain(fit: TrendVarRate, published: pd.DataFrame) -> pd.DataFrame:
    """Each chain's medians, largest root and steps taken, with R-hat and effective draws of r* of all."""
    draws = fit.states["rstar"].smoothed
    medians = np.median(draws, axis=1)
    at = [fit.index.get_loc(pd.Period(year, freq="Y")) for year in YEARS]
    out = pd.DataFrame(medians[:, at], columns=[f"r* {year}" for year in YEARS])
    theirs = published.loc["world_real_rate", "p50"].to_numpy()
    out["mean distance of the median"] = np.abs(medians - theirs).mean(axis=1)
    out["largest root"] = fit.draws.of("largest_root").mean(axis=1)
    out["cycle taken"], out["loadings taken"] = fit.sampled.moved.round(2).T
    years = range(draws.shape[2])
    out["rhat of r*, worst year"] = max(cs.statespace.split_rhat(draws[:, :, t]) for t in years)
    out["effective draws of r*, worst year"] = min(
        cs.statespace.effective_sample_size(draws[:, :, t]) for t in years
    )
    return out.rename_axis("chain")


def main() -> None:
    """Command line; ``--out FOLDER`` writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=REFERENCE, help="folder of the reference data")
    parser.add_argument("--draws", type=int, default=12_000, help="of each chain")
    parser.add_argument("--chains", type=int, default=2)
    parser.add_argument("--seed", type=int, default=2019)
    parser.add_argument("--workers", type=int, default=-1)
    parser.add_argument("--out", type=Path, help="write distances.csv, chains.csv and parameters.csv there")
    given = parser.parse_args()
    try:
        tables = reproduce(
            given.data, n_draws=given.draws, n_chains=given.chains, seed=given.seed, n_workers=given.workers
        )
    except CapstarError as error:
        print(
            f"{error} The study reads its inputs from {given.data}; give another with --data.",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    for heading, table in tables.items():
        print(f"\n{heading}\n{judged(table).round(3).to_string()}")
    print(f"\n{verdict(tables)}.")
    if given.out is not None:
        for name, table in zip(WRITTEN, list(tables.values())[1:], strict=True):
            write_whole(given.out / f"{name}.csv", csv_text(table.round(4)))


if __name__ == "__main__":
    main()
