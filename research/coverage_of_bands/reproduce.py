"""Coverage of 90 percent bands of r*: samples drawn from a fitted model, the whole procedure on each."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
from research.comparison import REFERENCE
from research.workers import add_workers, start, working

import capstar as cs
from capstar.errors import CapstarError
from capstar.rstar import RStarResults, draw_sample
from capstar.tasks import run_tasks
from capstar.writing import csv_text, write_whole

HERE = Path(__file__).parent
LEVEL, INNER, DRAWS = 0.90, 2, 500
QUANTITIES = ("rstar", "g")


@dataclass(frozen=True)
class Sample:
    """Error of the smoothed states in one sample and the widths of its bands, shapes (n, 2)."""

    error: np.ndarray
    known: np.ndarray
    monte_carlo: np.ndarray
    bootstrap_errors: np.ndarray  # (INNER, n, 2)


def reproduce(
    folder: Path, *, n_replications: int = 500, seed: int = 2026, n_workers: int = -1
) -> dict[str, pd.DataFrame]:
    """Coverage and width of every kind of band, by quantity.

    Parameters
    ----------
    folder
        Reference data.
    n_replications
        Number of samples drawn.
    seed
        The same seed gives the same table whatever the number of workers.
    n_workers
        Processes.
    """
    data = cs.data.read_input(folder / "hlw2017/us_input.csv")
    fit = cs.rstar.HLW2017.fit(data, "1961Q1")
    children = np.random.SeedSequence(seed).spawn(n_replications)
    tried = run_tasks(partial(_sample, fit), children, n_workers=n_workers)
    found = [one for one in tried if one is not None]
    table = _table(found)
    table.attrs["estimated"] = len(found)
    return {f"HLW 2017 US, {n_replications} samples, seed {seed}, {len(found)} estimated": table}


def _sample(source: RStarResults, child: np.random.SeedSequence) -> Sample | None:
    """One sample; None where the procedure gives no estimate or no Monte Carlo."""
    rng = np.random.default_rng(child)
    drawn = draw_sample(source, rng)
    try:
        fit = source.estimated_on(drawn.frame)
        seed = int(rng.integers(2**31))
        full = fit.with_standard_errors(DRAWS, seed=seed, progress=False).uncertainty
        inner = [_error(fit, rng) for _ in range(INNER)]
    except CapstarError:
        return None
    assert full is not None
    columns = list(QUANTITIES)
    estimates = np.column_stack([getattr(fit, name).smoothed for name in columns])
    known = np.column_stack([getattr(fit, name).smoothed_se for name in columns])
    truth = drawn.truth[columns].to_numpy()
    return Sample(estimates - truth, known, full.se[columns].to_numpy(), np.stack(inner))


def _error(source: RStarResults, rng: np.random.Generator) -> np.ndarray:
    """Error of the smoothed states on one sample drawn from an estimate."""
    drawn = draw_sample(source, rng)
    again = source.estimated_on(drawn.frame)
    estimates = np.column_stack([again.path(name).smoothed for name in QUANTITIES])
    return estimates - drawn.truth[list(QUANTITIES)].to_numpy()


def _table(found: list[Sample]) -> pd.DataFrame:
    z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    error = np.stack([one.error for one in found])
    rows = {}
    widths = {
        "known parameters": z * np.stack([one.known for one in found]),
        "Monte Carlo (Hamilton 1986)": z * np.stack([one.monte_carlo for one in found]),
    }
    for kind, half in widths.items():
        rows |= _rows(kind, np.abs(error) <= half, 2 * half)
    # One bootstrap band for all samples: quantiles of the errors pooled over samples, by quarter.
    pooled = np.concatenate([one.bootstrap_errors for one in found])
    low, high = np.quantile(pooled, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2], axis=0)
    inside = (error >= low) & (error <= high)
    rows |= _rows("bootstrap of the three stages", inside, np.broadcast_to(high - low, error.shape))
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(table.index, names=["quantity", "band"])
    return table.sort_index(ascending=False)


def _rows(kind: str, inside: np.ndarray, width: np.ndarray) -> dict[tuple[str, str], dict[str, float]]:
    return {
        (name, kind): {
            "coverage": float(inside[:, :, k].mean()),
            "standard error": float(inside[:, :, k].mean(axis=1).std(ddof=1) / np.sqrt(len(inside))),
            "coverage, last quarter": float(inside[:, -1, k].mean()),
            "median width": float(np.median(width[:, :, k])),
            "median width, last quarter": float(np.median(width[:, -1, k])),
        }
        for k, name in enumerate(QUANTITIES)
    }


def main() -> None:
    """Command line; ``--out FILE`` writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=REFERENCE, help="folder of the reference data")
    parser.add_argument("--replications", type=int, default=500)
    parser.add_argument("--seed", type=int, default=2026)
    add_workers(parser)
    parser.add_argument("--out", type=Path, help="write the table as CSV")
    given = parser.parse_args()
    try:
        with working(given):
            tables = reproduce(
                given.data, n_replications=given.replications, seed=given.seed, n_workers=given.workers
            )
    except CapstarError as error:
        print(
            f"{error} The study reads its inputs from {given.data}; give another with --data.",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    for heading, table in tables.items():
        print(f"{heading}\n{table.round(3).to_string()}")
        if given.out is not None:
            told = table.round(4).assign(
                samples=given.replications, estimated=table.attrs["estimated"], seed=given.seed
            )
            write_whole(given.out, csv_text(told))


if __name__ == "__main__":
    start(__spec__)
