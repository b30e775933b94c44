"""Del Negro, Giannone, Giannoni and Tambalotti (2017): every trend's published quantiles beside ours, by chain."""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from research.comparison import REFERENCE, judged, verdict
from research.workers import add_workers, start, working

import capstar as cs
from capstar.errors import CapstarError
from capstar.rstar import TrendVarRate
from capstar.tasks import run_tasks
from capstar.writing import csv_text, write_whole

HERE = Path(__file__).parent
FOLDER = "golden/models2/del_negro2017"  # beside the reference folder
COLUMNS = {
    "Pi": "inflation",
    "EPi": "long_run_inflation_expectation",
    "BILL": "bill_rate",
    "EBILL": "long_run_bill_expectation",
    "TBlong": "treasury_20y",
    "AAA": "aaa_yield",
    "BAA": "baa_yield",
}
MODELS = {"1": cs.rstar.TREND_VAR_1, "2": cs.rstar.TREND_VAR_2, "3": cs.rstar.TREND_VAR_3}
PROBABILITIES = {"p025": 0.025, "p16": 0.16, "p50": 0.5, "p84": 0.84, "p975": 0.975}
BOUNDS = {"p025": 0.1, "p16": 0.06, "p50": 0.05, "p84": 0.06, "p975": 0.1}  # aimed at, percentage points
END = "2016Q4"
APART = 0.2  # points between two chains' medians of r* in some quarter: another mode
QUARTERS = ("1980Q4", "2000Q4", "2016Q4")  # of which r* is shown by chain


def read_input(path: Path) -> pd.DataFrame:
    """The authors' table with the names of this toolkit."""
    if not path.exists():
        raise CapstarError(f"There is no {path}.")
    table = pd.read_csv(path).rename(columns=COLUMNS)
    out = table[list(COLUMNS.values())].set_axis(pd.PeriodIndex(table["date"], freq="Q", name="date"))
    out.attrs["title"] = "Del Negro, Giannone, Giannoni and Tambalotti, data to 2016Q4"
    return out


def reproduce(
    folder: Path,
    *,
    n_draws: int = 20_000,
    n_chains: int = 4,
    seed: int = 1,
    models: tuple[str, ...] = tuple(MODELS),
    n_workers: int = -1,
) -> dict[str, pd.DataFrame]:
    """Largest differences from the published quantiles, and what each chain says.

    Parameters
    ----------
    folder
        Reference data; ``tvar_input.csv`` and ``tvar_models_published.csv`` stand beside it.
    n_draws, n_chains, seed, n_workers
        Of `capstar.rstar.TrendVarModel.fit`.
    models
        Numbers of the models.
    """
    known = folder.parent / FOLDER
    data, published = read_input(known / "tvar_input.csv"), read_published(known)
    options = {"end": END, "n_draws": n_draws, "n_chains": n_chains, "seed": seed, "n_workers": n_workers}
    done = run_tasks(partial(_compared, data, published, options), product(models, (True, False)))
    quantiles, chains = [gap for gaps, _, _ in done for gap in gaps], [one for _, one, _ in done]
    keys = ["model", "sampler"]
    return {
        "Largest difference from the published quantiles over all quarters": _labelled(
            quantiles, [*keys, "chains"]
        ),
        "What each chain says": _labelled(chains, keys),
        "Published quantiles of r* in some quarters, sampler as published, all chains": _labelled(
            [table for _, _, table in done if len(table)], ["model"]
        ),
    }


def _compared(
    data: pd.DataFrame, published: pd.DataFrame, options: dict[str, Any], one: tuple[str, bool]
) -> tuple[list[pd.DataFrame], pd.DataFrame, pd.DataFrame]:
    """Of one model and sampler: differences of all chains and of the main mode, what each says, r* in some quarters."""
    number, as_published = one
    begun = time.perf_counter()
    fit = MODELS[number].fit(data, **options, as_published=as_published, progress=False)
    label = {"model": number, "sampler": "as published" if as_published else "exact"}
    chains = by_chain(fit).assign(**label, seconds=time.perf_counter() - begun)
    main = main_mode(fit)
    found = {"all": None} if len(main) == len(chains) else {"all": None, "main mode": main}
    gaps = [
        differences(fit, published.loc[number], kept).assign(**label, chains=which)
        for which, kept in found.items()
    ]
    numbers = at_quarters(fit, published.loc[number]).assign(model=number)
    return gaps, chains, numbers if as_published else numbers.iloc[:0]


def at_quarters(fit: TrendVarRate, published: pd.DataFrame) -> pd.DataFrame:
    """Published quantiles of r* in some quarters, and ours."""
    ours = fit.quantiles("rstar", "smoothed", tuple(PROBABILITIES.values())).set_axis(
        list(PROBABILITIES), axis=1
    )
    rows = {}
    for quarter in QUARTERS:
        theirs = published.loc[("rstar", f"{pd.Period(quarter).start_time:%Y-%m-%d}")]
        rows |= {f"{quarter} {p}": (theirs[p], ours.loc[quarter, p], BOUNDS[p]) for p in PROBABILITIES}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["published", "ours", "tolerance"])
    return table.rename_axis("quantity")


def read_published(folder: Path) -> pd.DataFrame:
    """Published quantiles by model, variable and date."""
    return (
        pd.read_csv(folder / "tvar_models_published.csv")
        .set_index(["model", "variable", "date"])
        .sort_index()
    )


def differences(fit: TrendVarRate, published: pd.DataFrame, chains: list[int] | None = None) -> pd.DataFrame:
    """Largest distance from the published quantiles over all quarters, a row a trend.

    Parameters
    ----------
    fit
        Ours.
    published
        Of the same model, by variable and date.
    chains
        Those that are pooled; by default all.
    """
    rows = {}
    for name in fit.quantities:
        if name not in published.index.get_level_values(0):
            continue
        draws = fit.states[name].smoothed if chains is None else fit.states[name].smoothed[chains]
        ours = np.quantile(draws.reshape(-1, draws.shape[2]), list(PROBABILITIES.values()), axis=0).T
        gap = np.abs(ours - published.loc[name, list(PROBABILITIES)].to_numpy())
        rows[name] = dict(zip(PROBABILITIES, gap.max(axis=0), strict=True))
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("trend")


def main_mode(fit: TrendVarRate) -> list[int]:
    """The largest group of chains whose medians of r* are nowhere far from those of one of them.

    Of two as large, that whose cycle has the larger root: the published quantiles belong to it.
    """
    medians = np.median(fit.states["rstar"].smoothed, axis=1)
    near = np.abs(medians[:, None] - medians).max(axis=2) <= APART
    size = near.sum(axis=1) + fit.draws.of("largest_root").mean(axis=1)  # a root is below 1
    return [int(chain) for chain in np.flatnonzero(near[size.argmax()])]


def by_chain(fit: TrendVarRate) -> pd.DataFrame:
    """Largest root, share of taken Metropolis steps and r* of each chain, with the split R-hat of all."""
    draws = fit.states["rstar"].smoothed
    at = [fit.index.get_loc(pd.Period(quarter)) for quarter in QUARTERS]
    out = pd.DataFrame(np.median(draws[:, :, at], axis=1), columns=[f"r* {quarter}" for quarter in QUARTERS])
    out.insert(0, "largest root", fit.draws.of("largest_root").mean(axis=1))
    out.insert(
        1,
        "sd_cycle_long_run_bill_expectation",
        np.median(fit.draws.of("sd_cycle_long_run_bill_expectation"), axis=1),
    )
    out.insert(2, "taken", fit.sampled.moved[:, 0])
    out["main mode"] = [chain in main_mode(fit) for chain in range(len(draws))]
    rhat = [cs.statespace.split_rhat(draws[:, :, t]) for t in range(draws.shape[2])]
    size = [cs.statespace.effective_sample_size(draws[:, :, t]) for t in at]
    out["rhat of r*, worst quarter"] = max(rhat)
    out["effective draws of r*, all chains"] = min(size)
    return out.rename_axis("chain")


def _labelled(parts: list[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    table = pd.concat(parts).set_index(keys, append=True)
    return table.reorder_levels([*keys, table.index.names[0]])


def main() -> None:
    """Command line; ``--out FOLDER`` writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=REFERENCE, help="folder of the reference data")
    parser.add_argument("--models", default="1,2,3", help="numbers of the models")
    parser.add_argument("--draws", type=int, default=20_000, help="of each of four chains")
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    add_workers(parser, default=-1)
    parser.add_argument("--out", type=Path, help="write quantiles.csv and chains.csv there")
    given = parser.parse_args()
    try:
        with working(given):
            tables = reproduce(
                given.data, n_draws=given.draws, n_chains=given.chains, seed=given.seed,
                models=tuple(given.models.split(",")), n_workers=given.workers,
            )  # fmt: skip
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
        for name, table in zip(("quantiles", "chains"), tables.values(), strict=False):
            write_whole(given.out / f"{name}.csv", csv_text(table.round(4)))


if __name__ == "__main__":
    start(__spec__)
