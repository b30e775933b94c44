"""Size and power of the tests where predictors persist and variances move, in sample and out of sample."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import product
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt
import pandas as pd
from research.size_of_tests.battery import aligned
from research.size_of_tests.moving_readme import tell
from research.workers import add_workers, start, working
from scipy.signal import lfilter

from capstar.leads import predictability_tests
from capstar.leads.forecasts.batched import prevailing_means, recursive_forecast_paths, sums
from capstar.leads.forecasts.long_run_variance import Variance, long_run_correlations, mean_test
from capstar.leads.forecasts.nested_search import normal_maximum_p
from capstar.leads.forecasts.out_of_sample import adjusted_losses
from capstar.leads.forecasts.wild_bootstrap import wild_bootstrap_p
from capstar.leads.inference.bootstrap import bootstrap_forecasts
from capstar.leads.inference.ivx_bootstrap import BootstrappedIVX
from capstar.leads.inference.null_model import Scheme
from capstar.tasks import run_tasks
from capstar.writing import csv_text, write_whole

Floats = npt.NDArray[np.float64]
Rejected = dict[str, npt.NDArray[np.bool_]]
HERE = Path(__file__).parent
LEVEL = 0.05
PERIODS, FIRST = 250, 100  # one-period observations; the first of them that is forecast
PREDICTORS = 4
REPLICATIONS = 99  # of every bootstrap in every sample; (99 + 1) 5 % is whole, which is all that size needs
SAMPLES = 2000
CELL = ["errors", "delta", "rho", "horizon", "b"]
ERRORS = ("constant variance", "GARCH(0.15, 0.8)", "variance 9:1 after a third")
VARIANCES: tuple[Variance, ...] = ("bartlett", "rectangular", "wce", "wpe", "ewc")
_BATCH = 100
_WARM = 200  # periods of GARCH before the sample


@dataclass(frozen=True)
class Cell:
    """Returns and persistent predictors whose innovations have correlation ``delta`` with them.

    ``x[t] = rho x[t-1] + v[t]`` from 0; one path of standard deviations, of the errors' kind, multiplies every shock.
    The first predictor has the slope ``b / PERIODS``; with ``b = 0`` nothing predicts.
    """

    errors: str
    delta: float
    rho: float
    horizon: int
    b: float = 0.0

    def draw(self, rng: np.random.Generator, samples: int) -> Samples:
        """Samples of ``PERIODS`` pairs; the same normal draws in all cells."""
        n = PERIODS + 1 + _WARM
        e = rng.standard_normal((samples, n))
        own = rng.standard_normal((PREDICTORS, samples, n))
        deviation = self._deviation(e)
        v = deviation * (self.delta * e + np.sqrt(1 - self.delta**2) * own)
        x = lfilter([1.0], [1.0, -self.rho], v[..., _WARM:], axis=-1)
        returns = (deviation * e)[:, _WARM:]
        returns[:, 1:] += self.b / PERIODS * x[0, :, :-1]
        return Samples(returns, x, self.horizon)

    def _deviation(self, e: Floats) -> Floats:
        if self.errors.startswith("constant"):
            return np.ones_like(e)
        if self.errors.startswith("variance"):
            third = _WARM + PERIODS // 3
            return np.broadcast_to(np.where(np.arange(e.shape[1]) < third, 3.0, 1.0), e.shape)
        out = np.ones_like(e)
        for t in range(1, e.shape[1]):
            out[:, t] = np.sqrt(0.05 + out[:, t - 1] ** 2 * (0.15 * e[:, t - 1] ** 2 + 0.8))
        return out


@dataclass(frozen=True)
class Samples:
    """Returns (R, n + 1) earned in each period, predictors (k, R, n + 1) known at its end, and the forecasts."""

    returns: Floats
    x: Floats
    horizon: int

    @property
    def first(self) -> int:
        """Position of the first pair forecast: its return begins after period ``FIRST``."""
        return FIRST

    @cached_property
    def target(self) -> Floats:
        """Sums of the returns of ``horizon`` periods after each value of the predictors, (R, n - horizon + 1)."""
        return sums(self.returns[:, 1:], self.horizon)

    @cached_property
    def actual(self) -> Floats:
        """Outcomes, (R, P)."""
        return self.target[:, self.first :]

    @cached_property
    def mean(self) -> Floats:
        """Forecasts of the prevailing mean, (R, P)."""
        return prevailing_means(self.target, self.first, horizon=self.horizon)

    @cached_property
    def made(self) -> Floats:
        """Forecasts with each predictor alone, (k, R, P)."""
        n = self.target.shape[1]
        return np.stack(
            [
                recursive_forecast_paths(self.target, x[:, :n], self.first, horizon=self.horizon)
                for x in self.x
            ]
        )

    @cached_property
    def adjusted(self) -> Floats:
        """Clark and West's adjusted losses, (k, R, P)."""
        return adjusted_losses(self.actual, self.mean, self.made)


def in_sample(drawn: Samples) -> Rejected:
    """Every registered test of the first predictor's slope, two-sided."""
    tests = [
        replace(test, n_replications=REPLICATIONS) if isinstance(test, BootstrappedIVX) else test
        for test in predictability_tests()
    ]
    p = [
        [test.run(sample, drawn.horizon).p for test in tests]
        for sample in (aligned(*one, drawn.horizon) for one in zip(drawn.returns, drawn.x[0], strict=True))
    ]
    return dict(zip((test.name for test in tests), np.array(p).T <= LEVEL, strict=True))


def clark_west(variance: Variance, drawn: Samples) -> Rejected:
    """One-sided, the first predictor against the mean."""
    found = mean_test(drawn.adjusted[0], variance, horizon=drawn.horizon)
    return {f"Clark-West, {variance}": found.p_upper <= LEVEL}


def diebold_mariano(variance: Variance, drawn: Samples) -> Rejected:
    """Two-sided, the first predictor against the second: they are exchangeable, so that no forecast is better."""
    lost = (drawn.actual - drawn.made) ** 2
    return {
        f"Diebold-Mariano, {variance}": mean_test(lost[0] - lost[1], variance, horizon=drawn.horizon).p
        <= LEVEL
    }


def hubrich_west(variance: Variance, drawn: Samples) -> Rejected:
    """Largest Clark-West statistic of all predictors against the largest of correlated normals."""
    t = mean_test(drawn.adjusted, variance, horizon=drawn.horizon).statistic.max(axis=0)
    p = [
        normal_maximum_p(one, long_run_correlations(f, variance, horizon=drawn.horizon), points=2000)
        for one, f in zip(t, drawn.adjusted.transpose(1, 0, 2), strict=True)
    ]
    return {f"Hubrich-West of {PREDICTORS}, {variance}": np.array(p) <= LEVEL}


def wild_bootstrap(variance: Variance, drawn: Samples) -> Rejected:
    """Clark and McCracken's, of the first predictor's statistic and of the largest of all."""
    n = drawn.target.shape[1]
    p = np.array(
        [
            wild_bootstrap_p(
                y, X[:, :n].T, drawn.first, horizon=drawn.horizon, variance=variance,
                n_replications=REPLICATIONS, seed=i,
            )
            for i, (y, X) in enumerate(zip(drawn.target, drawn.x.transpose(1, 0, 2), strict=True))
        ]
    )  # fmt: skip
    return {
        f"Clark-West, {variance}, wild bootstrap": p[:, 0] <= LEVEL,
        f"maximum of {PREDICTORS}, {variance}, wild bootstrap": p[:, -1] <= LEVEL,
    }


def recursive_design(scheme: Scheme, drawn: Samples) -> Rejected:
    """The first predictor's statistics, returns and predictor redrawn together without predictability."""
    hits = []
    for i, (returns, x) in enumerate(zip(drawn.returns, drawn.x[0], strict=True)):
        found = bootstrap_forecasts(
            pd.Series(returns), pd.Series(x), drawn.first + drawn.horizon, horizon=drawn.horizon, scheme=scheme,
            n_replications=REPLICATIONS, seed=i,
        )  # fmt: skip
        hits.append(found.table["p"].to_numpy() <= LEVEL)
    names = (f"{name}, {scheme} redrawn" for name in ("MSE-F", "ENC-NEW", "Clark-West"))
    return dict(zip(names, np.array(hits).T, strict=True))


TESTS: dict[str, Callable[[Samples], Rejected]] = {
    "in sample": in_sample,
    **{f"Clark-West, {v}": partial(clark_west, v) for v in VARIANCES},
    **{f"Diebold-Mariano, {v}": partial(diebold_mariano, v) for v in VARIANCES},
    "Hubrich-West": partial(hubrich_west, "bartlett"),
    "Hubrich-West, ewc": partial(hubrich_west, "ewc"),
    "wild bootstrap": partial(wild_bootstrap, "bartlett"),
    "bootstrap, pairs": partial(recursive_design, "pairs"),
    "bootstrap, wild": partial(recursive_design, "wild"),
}
CELLS = tuple(Cell(*one) for one in product(ERRORS, (-0.95, -0.5, 0.0), (0.9, 0.95, 1.0), (1, 4, 8, 12)))
POWER_CELLS = tuple(Cell(*one) for one in product(ERRORS, (-0.95, 0.0), (0.95,), (1, 4), (-10, 0, 10, 20)))
POWER_TESTS = ("in sample", "bootstrap, wild")  # those that hold are among them
POWER_SAMPLES = 500


def rejection_rates(
    cells: tuple[Cell, ...] = CELLS,
    *,
    tests: tuple[str, ...] = tuple(TESTS),
    samples: int = SAMPLES,
    seed: int = 2026,
    n_workers: int = 1,
) -> pd.DataFrame:
    """Share of samples in which each nominal 5 percent test rejects.

    Parameters
    ----------
    cells
        Designs and horizons.
    tests
        Names in ``TESTS``.
    samples
        Number; the same normal draws in every cell.
    seed
        The same seed gives the same table whatever the number of workers.
    n_workers
        Processes.

    Returns
    -------
    pandas.DataFrame
        Index ``CELL`` and ``test``; ``rate``, ``samples`` and ``seconds`` (of the cell, all tests).
    """
    sizes = [min(_BATCH, samples - done) for done in range(0, samples, _BATCH)]
    children = np.random.SeedSequence(seed).spawn(len(sizes))
    tasks = [(cell, child, size) for cell in cells for child, size in zip(children, sizes, strict=True)]
    found = run_tasks(partial(_batch, tests), tasks, n_workers=n_workers)
    table = pd.concat(found).groupby(level=[*CELL, "test"], sort=False)
    total = table.sum()
    return total.assign(rate=total["rejected"] / total["samples"])[["rate", "samples", "seconds"]]


def _batch(tests: tuple[str, ...], task: tuple[Cell, np.random.SeedSequence, int]) -> pd.DataFrame:
    cell, child, size = task
    began = perf_counter()
    drawn = cell.draw(np.random.default_rng(child), size)
    rejected = {name: hits for test in tests for name, hits in TESTS[test](drawn).items()}
    place = (cell.errors, cell.delta, cell.rho, cell.horizon, cell.b)
    index = pd.MultiIndex.from_tuples([(*place, name) for name in rejected], names=[*CELL, "test"])
    counts = [int(hits.sum()) for hits in rejected.values()]
    return pd.DataFrame({"rejected": counts, "samples": size, "seconds": perf_counter() - began}, index)


def main() -> None:
    """Command line; ``--out FOLDER`` writes ``size_moving_variances.csv``, or that of power."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--power", action="store_true", help="with slopes, tests in sample and the wild bootstrap"
    )
    parser.add_argument("--samples", type=int)
    parser.add_argument("--seed", type=int, default=2026)
    add_workers(parser)
    parser.add_argument("--horizons", type=int, nargs="+", default=[1, 4, 8, 12])
    parser.add_argument("--rho", type=float, nargs="+", default=[0.9, 0.95, 1.0])
    parser.add_argument("--delta", type=float, nargs="+", default=[-0.95, -0.5, 0.0])
    parser.add_argument("--tests", nargs="+", choices=list(TESTS))
    parser.add_argument("--out", type=Path, help="folder for the table")
    given = parser.parse_args()
    what, among, tests, samples = (
        ("power", POWER_CELLS, POWER_TESTS, POWER_SAMPLES)
        if given.power
        else ("size", CELLS, tuple(TESTS), SAMPLES)
    )
    cells = tuple(
        one
        for one in among
        if one.horizon in given.horizons and one.rho in given.rho and one.delta in given.delta
    )
    with working(given):
        table = rejection_rates(
            cells, tests=tuple(given.tests or tests), samples=given.samples or samples, seed=given.seed,
            n_workers=given.workers,
        )  # fmt: skip
    print((100 * table["rate"]).unstack("b" if given.power else "horizon").round(1).to_string())
    print(f"{table.groupby(level=CELL)['seconds'].first().mean():.1f} seconds a cell")
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        written = table.drop(columns="seconds").assign(seed=given.seed)
        written = written if given.power else written.droplevel("b")
        write_whole(given.out / f"{what}_moving_variances.csv", csv_text(written, float_format="%.4g"))
        tell(given.out)


if __name__ == "__main__":
    start(__spec__)
