"""Simulation-based calibration: do posterior draws rank a parameter drawn from its prior uniformly?"""

from __future__ import annotations

import argparse
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from research.simulation_based_calibration.samplers import Simulation, declared, real_rate, trend_var
from research.workers import add_workers, start, working
from scipy.stats import binom, chisquare

from capstar.plotting import save
from capstar.statespace import effective_sample_size
from capstar.tasks import run_tasks
from capstar.writing import csv_text, write_whole

HERE = Path(__file__).parent
BINS, COLUMNS = 20, 6
COUNTS = [f"bin {i + 1}" for i in range(BINS)]

SAMPLERS: Mapping[str, tuple[Simulation, int]] = {
    "random walk": (partial(declared, sampler="random walk", n_draws=99, warmup=2000, thin=40), 1000),
    "NUTS": (partial(declared, sampler="nuts", n_draws=19, warmup=100, thin=6), 400),
    "Gibbs, UC of the real rate": (partial(real_rate, burn=500, thin=60), 1000),
    "Gibbs, trend VAR": (partial(trend_var, warmup=500, thin=25), 1000),
}


def ranks(simulate: Simulation, child: np.random.SeedSequence) -> pd.DataFrame:
    """By quantity: draws below the truth, number of draws, and how many independent ones they count for."""
    truth, draws = simulate(np.random.default_rng(child))
    rows = {
        name: {
            "rank": int((values < truth[name]).sum()),
            "draws": len(values),
            "ess": effective_sample_size(values[None]),
        }
        for name, values in draws.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def tested(sampler: str, found: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """By quantity: is the rank uniform?

    Parameters
    ----------
    sampler
        Name, the first level of the index.
    found
        Of each sample, what `ranks` gives.

    Returns
    -------
    pandas.DataFrame
        Chi-squared statistic, p, number of samples, of draws of each and the median of those they count for, and how
        many ranks lie in each bin.
    """
    rows = {}
    for name, one in pd.concat(found).groupby(level=0, sort=False):
        draws = int(one["draws"].iloc[0])
        counts = np.bincount(one["rank"].astype(int) * BINS // (draws + 1), minlength=BINS)
        test = chisquare(counts)
        rows[sampler, name] = {
            "chi2": test.statistic, "p": test.pvalue, "samples": len(one), "draws": draws, "ess": one["ess"].median(),
        } | dict(zip(COUNTS, counts, strict=True))  # fmt: skip
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(table.index, names=["sampler", "quantity"])
    return table


def reproduce(_: Path) -> dict[str, pd.DataFrame]:
    """The tests of every sampler, of as many samples as committed; no data are read."""
    sizes = {name: size for name, (_, size) in SAMPLERS.items()}
    return {"Ranks of parameters among posterior draws": calibration(simulations=sizes, n_workers=-1)}


def calibration(*, simulations: Mapping[str, int], seed: int = 2026, n_workers: int = 1) -> pd.DataFrame:
    """The tests of some samplers, one below the other; see `tested`.

    Parameters
    ----------
    simulations
        Number of samples by sampler; the first are those of a smaller number.
    seed, n_workers
        The same seed gives the same table whatever the number of workers.
    """
    parts = []
    for sampler, size in simulations.items():
        children = np.random.SeedSequence([seed, zlib.crc32(sampler.encode())]).spawn(size)
        parts.append(
            tested(sampler, run_tasks(partial(ranks, SAMPLERS[sampler][0]), children, n_workers=n_workers))
        )
    return pd.concat(parts)


def read(folder: Path = HERE) -> pd.DataFrame:
    """The table as written."""
    return pd.read_csv(folder / "calibration.csv", index_col=[0, 1])


def figure(table: pd.DataFrame) -> Figure:
    """Histograms of ranks, a block of rows a sampler, in the band that nine of ten uniform counts lie in."""
    samplers = [one for one in SAMPLERS if one in table.index.get_level_values(0)]
    rows = [
        table.loc[[one]].iloc[i : i + COLUMNS]
        for one in samplers
        for i in range(0, len(table.loc[one]), COLUMNS)
    ]
    chart = Figure(figsize=(12.5, 1.75 * len(rows) + 0.8), layout="constrained")
    axes = chart.subplots(len(rows), COLUMNS, squeeze=False, sharex=True)
    for line, part in zip(axes, rows, strict=True):
        for ax in line[len(part) :]:
            ax.remove()
        for ax, ((_, name), one) in zip(line, part.iterrows(), strict=False):
            low, high = binom.ppf([0.05, 0.95], one["samples"], 1 / BINS)
            ax.axhspan(low, high, color="#666666", alpha=0.25, linewidth=0)
            ax.bar((np.arange(BINS) + 0.5) / BINS, one[COUNTS], width=0.9 / BINS, color="#0072B2")
            ax.set_title(f"{name}   p = {one['p']:.2f}", fontsize=9, loc="left")
            ax.spines[["top", "right"]].set_visible(False)
            ax.tick_params(labelsize=7, labelbottom=True)
            ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        line[0].set_ylabel(f"{part.index[0][0]},\n{one['samples']:.0f} samples", fontsize=9)
    chart.supxlabel(
        "rank of the truth among the posterior draws, as a share of their number (99; 19 of NUTS and of x)",
        fontsize=11,
    )
    chart.supylabel("number of samples", fontsize=11)
    chart.suptitle("Ranks in twenty bins; nine of ten counts lie in the grey band where the rank is uniform")
    return chart


def words(table: pd.DataFrame) -> str:
    """The table of the README."""
    lines = [
        "| sampler | samples | draws, and those they count for | χ² of 19 degrees, from and to | smallest p |",
        "| --- | --- | --- | --- | --- |",
    ]
    for sampler in table.index.unique("sampler"):
        one = table.loc[sampler]
        draws = ", ".join(
            f"{n} ({part['ess'].min():.0f}–{part['ess'].max():.0f})"
            for n, part in one.groupby("draws", sort=False)
        )
        lines.append(
            f"| {sampler} | {one['samples'].iloc[0]:,} | {draws} | {one['chi2'].min():.1f}–{one['chi2'].max():.1f} | "
            f"{one['p'].min():.2g} ({one['p'].idxmin()}) |"
        )
    return "\n".join(lines)


def write(table: pd.DataFrame, folder: Path) -> None:
    """The table, also into a README, and the figure; samplers not in it stay as they were written before."""
    if (folder / "calibration.csv").exists():
        before = read(folder)
        kept = before[~before.index.get_level_values(0).isin(table.index.get_level_values(0))]
        table = pd.concat([kept, table])
        table = table.loc[sorted(table.index.unique("sampler"), key=list(SAMPLERS).index)]
    table = table.round({"chi2": 2, "p": 4, "ess": 1})
    write_whole(folder / "calibration.csv", csv_text(table))
    save(figure(table), folder / "ranks.png", dpi=110)
    if (readme := folder / "README.md").exists():
        write_whole(
            readme, re.sub(r"\| sampler \|.*?(?=\n\n)", words(table), readme.read_text(), flags=re.DOTALL)
        )


def main() -> None:
    """Command line; ``--out FOLDER`` writes the table and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, help="samples of each sampler; default: 1000, of NUTS 400")
    parser.add_argument("--only", choices=list(SAMPLERS), help="one sampler")
    parser.add_argument("--seed", type=int, default=2026)
    add_workers(parser)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    for name in SAMPLERS if given.only is None else [given.only]:
        size = given.simulations or SAMPLERS[name][1]
        with working(given):
            table = calibration(simulations={name: size}, seed=given.seed, n_workers=given.workers)
        print(table.drop(columns=COUNTS).round(3).to_string())
        if given.out is not None:
            write(table, given.out)


if __name__ == "__main__":
    start(__spec__)
