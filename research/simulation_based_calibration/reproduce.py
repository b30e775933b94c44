"""Simulation-based calibration: do posterior draws rank a parameter drawn from its prior uniformly?"""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import binom, chisquare

from capstar.plotting import save
from capstar.statespace import (
    Beta,
    Between,
    InverseGamma,
    Normal,
    Parameter,
    Problem,
    Spec,
    Uniform,
    params,
    posterior,
    simulate_data,
    start_from,
    variables,
)
from capstar.tasks import run_tasks
from capstar.writing import csv_text, write_whole

HERE = Path(__file__).parent
PERIODS, DRAWS, BINS = 60, 99, 20
SAMPLERS = {
    "random walk": {"n_draws": DRAWS, "warmup": 3000, "thin": 60},
    "nuts": {"n_draws": DRAWS, "warmup": 150, "thin": 2},
}


def model() -> Spec:
    """A constant, a stationary autoregression and noise: every kind of prior, and a bounded ratio."""
    level, rho, s_eps, s_eta = params("level rho s_eps s_eta")
    _, x, eps, eta = variables("y x eps eta")
    return Spec(
        "autoregression in noise",
        observation={"y": level + x + eps},
        transition={"x": rho * x(-1) + eta},
        shocks={"eps": s_eps, "eta": s_eta},
        parameters={
            "level": Parameter(prior=Normal(1.0, 2.0)),
            "rho": Parameter(prior=Beta(4.0, 2.0)),
            "s_eps": Parameter(prior=InverseGamma(4.0, 3.0)),
            "s_eta": Parameter(prior=Uniform(0.1, 3.0)),
        },
        constraints=(Between(s_eta / s_eps, 0.2, 4.0),),
    )


def bound(periods: int = PERIODS) -> Problem:
    """The model on a sample without values."""
    index = pd.period_range("2000Q1", periods=periods, freq="Q")
    return start_from(model(), pd.DataFrame({"y": np.zeros(periods)}, index), "stationary")


def from_prior(problem: Problem, rng: np.random.Generator) -> dict[str, float]:
    """Parameters drawn from the prior: those that a constraint excludes are drawn again, all of them."""
    declared = problem.spec.parameters
    while True:
        drawn = {n: float(one.prior.draws(1, seed=rng)[0]) for n, one in declared.items() if one.prior}
        if all(c.lower <= c.expression.number(drawn) <= c.upper for c in problem.spec.constraints):
            return drawn


def ranks(problem: Problem, sampler: str, child: np.random.SeedSequence) -> dict[str, int]:
    """How many of the draws given a sample lie below the parameters that the sample was drawn from."""
    rng = np.random.default_rng(child)
    truth = from_prior(problem, rng)
    y = simulate_data(problem, truth, seed=rng)[1]
    found = posterior(
        problem.with_data(y), sampler=sampler, n_chains=1, n_state_draws=1, n_workers=1,
        seed=int(rng.integers(2**31)), progress=False, **SAMPLERS[sampler],
    )  # fmt: skip
    return {name: int((found.draws.of(name) < value).sum()) for name, value in truth.items()}


def reproduce(
    *, simulations: dict[str, int], seed: int = 2026, n_workers: int = 1
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tests of uniform ranks, and the ranks themselves.

    Parameters
    ----------
    simulations
        Number of samples by sampler.
    seed, n_workers
        The same seed gives the same table whatever the number of workers.

    Returns
    -------
    table, counts
        By sampler and parameter: chi-squared statistic, p and number of samples; counts of ranks by bin.
    """
    problem = bound()
    rows, counts = {}, {}
    for sampler, size in simulations.items():
        children = np.random.SeedSequence([seed, len(sampler)]).spawn(size)
        found = pd.DataFrame(run_tasks(partial(ranks, problem, sampler), children, n_workers=n_workers))
        for name in found:
            each = np.bincount(found[name] * BINS // (DRAWS + 1), minlength=BINS)
            test = chisquare(each)
            counts[sampler, name] = each
            rows[sampler, name] = {"chi2": test.statistic, "p": test.pvalue, "samples": size}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(table.index, names=["sampler", "parameter"])
    return table, pd.DataFrame(counts)


def figure(counts: pd.DataFrame, path: Path) -> None:
    """Histograms of ranks in the band that nine of ten uniform counts lie in."""
    samplers = list(dict.fromkeys(counts.columns.get_level_values(0)))
    names = list(dict.fromkeys(counts.columns.get_level_values(1)))
    chart = Figure(figsize=(2.7 * len(names), 2.2 * len(samplers)), layout="constrained")
    axes = chart.subplots(len(samplers), len(names), squeeze=False)
    for row, sampler in zip(axes, samplers, strict=True):
        for ax, name in zip(row, names, strict=True):
            each = counts[sampler, name]
            low, high = binom.ppf([0.05, 0.95], each.sum(), 1 / BINS)
            ax.axhspan(low, high, color="#666666", alpha=0.18, linewidth=0)
            ax.bar(range(BINS), each, width=0.9, color="#0072B2")
            ax.set_title(f"{sampler}: {name}", fontsize=9, loc="left")
            ax.spines[["top", "right"]].set_visible(False)
            ax.tick_params(labelsize=7)
    save(chart, path, dpi=110)


def main() -> None:
    """Command line; ``--out FOLDER`` writes the table and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=1000, help="samples for the random walk")
    parser.add_argument("--nuts", type=int, default=100, help="samples for NUTS")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    table, counts = reproduce(
        simulations={"random walk": given.simulations, "nuts": given.nuts},
        seed=given.seed,
        n_workers=given.workers,
    )
    print(table.round(3).to_string())
    if given.out is not None:
        write_whole(given.out / "calibration.csv", csv_text(table.round(4)))
        figure(counts, given.out / "ranks.png")


if __name__ == "__main__":
    main()
