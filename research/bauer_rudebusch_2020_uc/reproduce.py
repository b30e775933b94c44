"""Bauer and Rudebusch (2020): the unobserved-components model of the real rate, against the published posterior."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from research.comparison import REFERENCE, judged, verdict

import capstar as cs
from capstar.errors import CapstarError, DataError
from capstar.statespace import monte_carlo_error, quantile_error
from capstar.writing import csv_text, write_whole

HERE = Path(__file__).parent
TAILS = {"p025": 0.025, "p975": 0.975}
QUARTERS = ("1960Q1", "1970Q1", "1980Q1", "1990Q1", "2000Q1", "2010Q1", "2018Q1")
TOLERANCE = 0.1  # points: two Monte Carlo errors of the bounds


def reproduce(
    folder: Path, *, n_draws: int = 80_000, n_paths: int = 20_000, seed: int = 2026
) -> dict[str, pd.DataFrame]:
    """Parameters and path beside those computed independently and those published, and what T - 1 changes.

    Parameters
    ----------
    folder
        Reference data; the golden numbers stand beside it.
    n_draws, n_paths
        Of each of four chains.
    seed
        The same seed gives the same tables.
    """
    known = folder.parent / "golden/models2/bauer_rudebusch2020_uc"
    if not known.exists():
        raise DataError(f"There is no folder {known}.")
    data = pd.read_csv(known / "input.csv")
    options = {"n_draws": n_draws, "n_paths": n_paths, "seed": seed, "progress": False}
    model = cs.rstar.UnobservedComponents(column="rr")
    published = model.fit(data, as_published=True, **options)
    counted = model.fit(data, **options)
    golden, path = (
        pd.read_csv(known / "parameters_computed.csv", index_col=0),
        pd.read_csv(known / "rstar.csv"),
    )
    both = {"two fewer, as published": published, "one fewer": counted}
    return {
        "Published r*, every tenth year and the last": at_quarters(published, path),
        "Parameters": _parameters(published, golden),
        "r* by quarter, percentage points": pd.concat(
            {name: _paths(fit, path) for name, fit in both.items()}
        ),
        "Width of the 90% band of r* in 2018Q1, by phi": _widths(published),
    }


def at_quarters(fit: cs.rstar.UnobservedComponentsRate, path: pd.DataFrame) -> pd.DataFrame:
    """Published mean and band of r* in some quarters, and ours."""
    draws = fit.states["rstar"].smoothed
    quarters, rows = pd.PeriodIndex(path["date"], freq="Q"), {}
    for quarter in QUARTERS:
        t = quarters.get_loc(pd.Period(quarter))
        found = {"mean": draws[:, :, t].mean()} | {
            p: np.quantile(draws[:, :, t], q) for p, q in TAILS.items()
        }
        rows |= {(quarter, name): (path[f"published_{name}"].iloc[t], value) for name, value in found.items()}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["published", "ours"])
    table.index = pd.MultiIndex.from_tuples(rows, names=["quarter", "quantity"])
    return table.assign(tolerance=TOLERANCE)


def timed(folder: Path) -> float:
    """Seconds of 100,000 draws in four chains, compiled before."""
    data = pd.read_csv(folder.parent / "golden/models2/bauer_rudebusch2020_uc/input.csv")
    model = cs.rstar.UnobservedComponents(column="rr")
    model.fit(data, n_draws=10, progress=False)
    began = time.perf_counter()
    model.fit(data, progress=False)
    return time.perf_counter() - began


def _parameters(fit: cs.rstar.UnobservedComponentsRate, golden: pd.DataFrame) -> pd.DataFrame:
    ours = fit.parameter_table()
    out = pd.DataFrame({"ours": ours["mean"], "computed": golden["mean"]})
    out["Monte Carlo error"] = np.hypot(ours["mcse"], golden["mean_mcse"])
    out["errors apart"] = (out["ours"] - out["computed"]).abs() / out["Monte Carlo error"]
    return out.join(ours[["p05", "p95", "ess", "rhat"]])


def _paths(fit: cs.rstar.UnobservedComponentsRate, path: pd.DataFrame) -> pd.DataFrame:
    draws = fit.states["rstar"].smoothed
    mean, quarters = draws.mean(axis=(0, 1)), range(draws.shape[2])
    error = np.array([monte_carlo_error(draws[:, :, t]) for t in quarters])
    apart = np.abs(mean - path["own_mean"]) / np.hypot(error, path["own_mean_mcse"])
    rows = {"mean": (mean, path["published_mean"], path["own_mean"])}
    errors = {"mean": error.max()}
    for name, p in TAILS.items():
        rows[name] = (np.quantile(draws, p, axis=(0, 1)), path[f"published_{name}"], path[f"own_{name}"])
        errors[name] = max(quantile_error(draws[:, :, t], p) for t in quarters[::29])
    table = pd.DataFrame(
        {
            name: {
                "from published, on average": np.abs(ours - theirs).mean(),
                "from published, at most": np.abs(ours - theirs).max(),
                "from computed, at most": np.abs(ours - own).max(),
                "our Monte Carlo error": errors[name],
            }
            for name, (ours, theirs, own) in rows.items()
        }
    ).T
    table.loc["mean", "errors from computed, at most"] = apart.max()
    return table


def _widths(fit: cs.rstar.UnobservedComponentsRate) -> pd.DataFrame:
    draws = fit.states["rstar"].smoothed[:, :, -1]
    phi = fit.draws.of("phi")[:, :: fit.draws.n_draws // draws.shape[1]]
    rows = {}
    for low, high in ((-1.0, 0.9), (0.9, 0.94), (0.94, 0.97), (0.97, 0.99), (0.99, 1.0)):
        inside = draws[(phi > low) & (phi <= high)]
        quantiles = np.quantile(inside, (0.05, 0.5, 0.95))
        label = f"{low:g} to {high:g}" if low > 0 else f"up to {high:g}"
        rows[label] = [inside.size / draws.size, *quantiles, quantiles[2] - quantiles[0]]
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["share of draws", "p05", "p50", "p95", "width"]
    )


def main() -> None:
    """Print the tables, and write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=REFERENCE, help="folder of the reference data")
    parser.add_argument("--draws", type=int, default=80_000, help="draws in each of four chains")
    parser.add_argument("--out", type=Path, help="CSV file to write the tables to")
    chosen = parser.parse_args()
    try:
        tables = reproduce(chosen.data, n_draws=chosen.draws, n_paths=min(20_000, chosen.draws))
    except CapstarError as error:
        print(f"{error} Give another folder with --data.", file=sys.stderr)
        raise SystemExit(2) from None
    for heading, table in tables.items():
        print(f"\n{heading}\n{judged(table).to_string(float_format='{:.4f}'.format)}")
    print(f"\n{verdict(tables)}.")
    print(f"\n100,000 draws in four chains: {timed(chosen.data):.1f} seconds")
    if chosen.out is not None:
        rows = {
            (heading, *(row if isinstance(row, tuple) else (row,)), column): value
            for heading, table in tables.items()
            for row, values in table.iterrows()
            for column, value in values.dropna().items()
        }
        lines = [(key[0], ": ".join(map(str, key[1:-1])), key[-1], value) for key, value in rows.items()]
        written = pd.DataFrame(lines, columns=["table", "row", "column", "value"])
        write_whole(Path(chosen.out), csv_text(written, index=False, float_format="%.6g"))


if __name__ == "__main__":
    main()
