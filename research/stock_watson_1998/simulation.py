"""Break statistics of a constant and a mean that moves: the distributions behind Stock and Watson's table 3.

``python -m research.stock_watson_1998.simulation`` writes ``lookup.csv``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from research.stock_watson_1998.time_varying_mean import STATISTICS, break_values

from capstar.writing import csv_text, write_whole

Floats = npt.NDArray[np.float64]
LAMBDAS = tuple(range(31))
DRAWS, SEED = 4_000, 1998
LENGTH = 500  # observations of a sample: near enough to the limit, see the README
TRIM = 75  # 15 percent of them
BATCH = 500  # samples drawn at a time
QUANTILES = {"p05": 0.05, "median": 0.5, "p95": 0.95}


def simulate(lambdas: Iterable[int], draws: int, seed: int) -> Floats:
    """Statistics of ``y_t = lambda / T * (eta_1 + ... + eta_t) + e_t``, shape (draws, number of lambdas, 4).

    A sample's ``e`` and ``eta``, standard normal, are the same for every lambda, whichever lambdas there are.
    """
    rng, lambdas = np.random.default_rng(seed), tuple(lambdas)
    out = np.empty((draws, len(lambdas), len(STATISTICS)))
    for first in range(0, draws, BATCH):
        noise, steps = rng.standard_normal((2, BATCH, LENGTH))
        walk = np.cumsum(steps, axis=1) / LENGTH
        for i in range(min(BATCH, draws - first)):
            for j, size in enumerate(lambdas):
                out[first + i, j] = list(break_values(noise[i] + size * walk[i], TRIM).values())
    return out


def summarize(statistics: Floats, lambdas: Iterable[int] = LAMBDAS) -> pd.DataFrame:
    """Quantiles of each statistic at each lambda, and the Monte Carlo standard error of each quantile.

    The error is half the distance of the order statistics one binomial standard deviation above and below.
    """
    ordered, columns = np.sort(statistics, axis=0), {}
    draws = len(ordered)
    for name, p in QUANTILES.items():
        place, step = p * draws, np.sqrt(p * (1 - p) * draws)
        low, high = (int(np.clip(round(place + s * step), 0, draws - 1)) for s in (-1, 1))
        columns[name] = np.quantile(ordered, p, axis=0).ravel()
        columns[f"error of {name}"] = ((ordered[high] - ordered[low]) / 2).ravel()
    index = pd.MultiIndex.from_product([tuple(lambdas), STATISTICS], names=["lambda", "statistic"])
    return pd.DataFrame(columns, index)


def read_off(value: float, quantile: pd.Series, error: pd.Series) -> tuple[float, float]:
    """Lambda at which a quantile equals a value, 0 below all of them, and its Monte Carlo standard error.

    ``quantile`` and ``error`` are by lambda.  The error of lambda is that of the quantile over its slope.
    """
    grid, known = quantile.index.to_numpy(dtype=float), np.maximum.accumulate(quantile.to_numpy())
    if value <= known[0]:
        return 0.0, 0.0
    found = float(np.interp(value, known, grid))
    after = int(np.clip(np.searchsorted(known, value), 1, len(known) - 1))
    slope = (known[after] - known[after - 1]) / (grid[after] - grid[after - 1])
    return found, float(np.interp(found, grid, error.to_numpy()) / slope)


if __name__ == "__main__":
    table = summarize(simulate(LAMBDAS, DRAWS, SEED)).round(6)
    write_whole(Path(__file__).parent / "lookup.csv", csv_text(table))
