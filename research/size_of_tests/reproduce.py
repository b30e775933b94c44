"""Size and power of every test of predictability: samples drawn, the public functions run on each."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from research.comparison import REFERENCE
from research.size_of_tests.battery import ALTERNATIVES, BOOTSTRAP, Q, bootstrap_margins, every_test, margins
from research.size_of_tests.designs import MONTHLY_DESIGNS, POWER_DESIGNS, SIZE_DESIGNS, Design, predictable
from research.size_of_tests.figures import plot_power, plot_size
from research.size_of_tests.monthly_readme import tell
from research.workers import add_workers, start, working

from capstar.errors import CapstarError
from capstar.plotting import save
from capstar.tasks import run_tasks
from capstar.writing import csv_text, write_whole

Row = tuple[str, float, int, float, str, float, float, float]  # CELL, test, ALTERNATIVES
HERE = Path(__file__).parent
BOUNDS = "predictability/campbell_yogo2006/q_test_c_bounds.csv"
SAMPLES = {"size": 2000, "power": 1000, "monthly": 400}
CELL = ["persistence", "delta", "horizon", "b"]
_BATCH = 25


@dataclass(frozen=True)
class Plan:
    """What is drawn and tested: every design with every slope ``b / periods``, at every horizon."""

    designs: tuple[Design, ...]
    horizons: tuple[int, ...]
    b: tuple[float, ...] = (0.0,)
    tests: tuple[str, ...] = field(default_factory=every_test)


PLANS = {
    "size": Plan(SIZE_DESIGNS, (1, 4, 8)),
    "power": Plan(POWER_DESIGNS, (1, 4), (-20.0, -15.0, -10.0, -5.0, 0.0, 5.0, 10.0, 15.0, 20.0)),
    "monthly": Plan(MONTHLY_DESIGNS, (1, 3, 12)),
}


def reproduce(
    folder: Path,
    plans: Sequence[str] = tuple(PLANS),
    *,
    samples: int | None = None,
    seed: int = 2026,
    n_workers: int = -1,
) -> dict[str, pd.DataFrame]:
    """Rejection rates by plan.

    Parameters
    ----------
    folder
        Reference data: Campbell and Yogo's table of bounds.
    plans
        Names of `PLANS`.
    samples
        Number of samples; by default those of `SAMPLES`.
    seed
        The same seed gives the same tables whatever the number of workers.
    n_workers
        Processes.

    Returns
    -------
    dict
        By plan.
    """
    bounds = pd.read_csv(folder / BOUNDS)
    found = {
        name: simulate(PLANS[name], bounds, samples=samples or SAMPLES[name], seed=seed, n_workers=n_workers)
        for name in plans
    }
    return {
        name: rejection_rates(one).droplevel("b") if len(PLANS[name].b) == 1 else power(one)
        for name, one in found.items()
    }


def simulate(
    plan: Plan, bounds: pd.DataFrame, *, samples: int, seed: int = 2026, n_workers: int = 1
) -> pd.DataFrame:
    """Statistic less critical value by sample, cell and test, a column for each alternative.

    The normal draws of sample i are the same in every design, so that designs are compared on common noise.
    """
    children = np.random.SeedSequence(seed).spawn(samples)
    batches = [children[i : i + _BATCH] for i in range(0, samples, _BATCH)]
    found = run_tasks(partial(_batch, plan, bounds), batches, n_workers=n_workers)
    rows = [row for batch in found for row in batch]
    return pd.DataFrame(rows, columns=[*CELL, "test", *ALTERNATIVES]).set_index([*CELL, "test"])


def _batch(plan: Plan, bounds: pd.DataFrame, children: list[np.random.SeedSequence]) -> list[Row]:
    return [
        row for child in children for design in plan.designs for row in _sample(plan, bounds, design, child)
    ]


def _sample(plan: Plan, bounds: pd.DataFrame, design: Design, child: np.random.SeedSequence) -> Iterable[Row]:
    rng = np.random.default_rng(child)
    unpredictable, x = design.draw(rng)
    seed = int(rng.integers(2**31))
    for b in plan.b:
        returns = predictable(unpredictable, x, b / design.periods)
        drawn = bootstrap_margins(returns, x, plan.horizons, seed) if BOOTSTRAP in plan.tests else {}
        for horizon in plan.horizons:
            found = margins(returns, x, horizon, bounds, plan.tests)
            if drawn:
                found[BOOTSTRAP] = drawn[horizon]
            for test, three in found.items():
                yield design.name, design.delta, horizon, b, test, *three


def rejection_rates(found: pd.DataFrame) -> pd.DataFrame:
    """Share of samples in which each test rejects; a statistic that does not exist rejects nothing.

    The Q test has no two-sided 5 percent version: its interval gives 5 percent on either side.
    """
    groups = (found > 0).groupby(level=[*CELL, "test"], sort=False)
    table = groups.mean()
    table.loc[table.index.get_level_values("test") == Q, "two-sided"] = np.nan
    table["undefined"] = found["positive"].isna().groupby(level=[*CELL, "test"], sort=False).mean()
    return _ordered(table)


def power(found: pd.DataFrame) -> pd.DataFrame:
    """Rejection rates, and those with critical values under which the test has size 5 percent in its design."""
    kept = found.fillna(-np.inf)
    cell = ["persistence", "delta", "horizon", "test"]
    critical = kept.xs(0.0, level="b").groupby(level=cell).quantile(0.95, interpolation="lower")
    excess = kept.droplevel("b") - critical.reindex(kept.droplevel("b").index)
    adjusted = (excess.set_axis(kept.index) > 0).groupby(level=[*CELL, "test"], sort=False).mean()
    raw = rejection_rates(found).drop(columns="undefined")
    return raw.join(adjusted.add_suffix(", size-adjusted"))


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Rows by cell as planned, tests in the order of `every_test`."""
    place = table.index.get_level_values("test").map(every_test().index)
    cells = table.groupby(level=CELL, sort=False).ngroup()
    return table.iloc[np.lexsort([place, cells])]


def main() -> None:
    """Command line; ``--out FOLDER`` writes the tables and the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=REFERENCE, help="folder of the reference data")
    parser.add_argument("--plans", nargs="+", choices=list(PLANS), default=list(PLANS), help="by default all")
    parser.add_argument("--samples", type=int, help=f"by default {SAMPLES}")
    parser.add_argument("--seed", type=int, default=2026)
    add_workers(parser)
    parser.add_argument("--out", type=Path, help="folder for the tables and figures")
    given = parser.parse_args()
    try:
        with working(given):
            tables = reproduce(
                given.data, given.plans, samples=given.samples, seed=given.seed, n_workers=given.workers
            )
    except (CapstarError, FileNotFoundError) as error:
        print(
            f"{error} The study reads its bounds from {given.data}; give another with --data.",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    for name, table in tables.items():
        print(f"{name}\n{table.round(3).to_string()}")
    if given.out is not None:
        write(tables, given.out, samples=given.samples, seed=given.seed)


def write(tables: dict[str, pd.DataFrame], folder: Path, *, samples: int | None, seed: int) -> None:
    """Tables as CSV with number of samples and seed, the figures, and the README's section on months."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        told = table.assign(samples=samples or SAMPLES[name], seed=seed)
        write_whole(folder / f"{name}.csv", csv_text(told, float_format="%.4g"))
    for name in {"size", "power"} & {*tables}:
        save({"size": plot_size, "power": plot_power}[name](tables[name]), folder / f"{name}.png", dpi=110)
    if "monthly" in tables:
        tell(folder)


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)
    start(__spec__)
