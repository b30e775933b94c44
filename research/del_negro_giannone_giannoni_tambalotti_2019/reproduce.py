"""Del Negro, Giannone, Giannoni and Tambalotti (2019): published quantiles of real-rate trends beside ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from research.comparison import run

import capstar as cs

HERE = Path(__file__).parent
THEIRS = {"us": "usa", "de": "deu", "uk": "uk", "fr": "fr", "ca": "ca", "it": "it", "jp": "jp"}
VARIABLES = {"rstar": "world_real_rate", "rstar_us": "us_real_rate"}
PROBABILITIES = {"p025": 0.025, "p16": 0.16, "p50": 0.5, "p84": 0.84, "p975": 0.975}


def read_input(path: Path) -> pd.DataFrame:
    """Rates, and inflation as simple growth of the price index, percent; years as index."""
    raw = pd.read_csv(path, index_col="year")
    out = {}
    for country, theirs in THEIRS.items():
        out[f"short_rate_{country}"] = raw[f"stir_{theirs}"]
        out[f"long_rate_{country}"] = raw[f"ltir_{theirs}"]
        out[f"inflation_{country}"] = 100 * (raw[f"cpi_{theirs}"] / raw[f"cpi_{theirs}"].shift() - 1)
    return pd.DataFrame(out)


def reproduce(folder: Path, *, n_draws: int = 10_000, seed: int = 2019) -> dict[str, pd.DataFrame]:
    """Mean and largest distance from the published quantiles over all years.

    Parameters
    ----------
    folder
        Reference data, with ``del_negro2019_global``.
    n_draws, seed
        Of `capstar.rstar.TrendVarModel.fit`.
    """
    data = read_input(folder / "del_negro2019_global" / "input.csv")
    published = pd.read_csv(folder / "del_negro2019_global" / "published.csv").set_index(["variable", "year"])
    fit = cs.rstar.GLOBAL_TREND_VAR.fit(data, n_draws=n_draws, seed=seed, progress=False)
    rows = {}
    for name, theirs in VARIABLES.items():
        ours = fit.quantiles(name, "smoothed", tuple(PROBABILITIES.values())).to_numpy()
        gap = np.abs(ours - published.loc[theirs, list(PROBABILITIES)].to_numpy())
        for p, mean, largest in zip(PROBABILITIES, gap.mean(axis=0), gap.max(axis=0), strict=True):
            rows[name, p] = {"mean distance": mean, "largest": largest}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(table.index, names=["quantity", "quantile"])
    return {
        "Distance from the published quantiles, 1870-2016": table,
        "Parameters": fit.parameter_table(),
    }


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
