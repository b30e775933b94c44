"""Lewis and Vazquez-Grande (2018): the posterior on their data, beside an independent one and their own files."""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from research.comparison import REFERENCE, judged, verdict
from research.workers import add_workers, start, working

import capstar as cs
from capstar.errors import CapstarError
from capstar.rstar import BayesianModel, BayesianRate
from capstar.statespace import quantile_error
from capstar.tasks import run_tasks
from capstar.writing import csv_text, write_whole

HERE = Path(__file__).parent
FOLDER = "golden/models2/lewis_vazquez_grande2018"  # beside the reference folder
NAMES = {
    "a1": "a_y1", "a2": "a_y2", "ar": "a_r", "b1": "b_pi", "bY": "b_y", "s1": "sigma_ygap", "s2": "sigma_pi",
    "s3": "sigma_z", "s4": "sigma_ystar", "s5": "sigma_g", "rhoZ": "rho_z",
}  # fmt: skip
STATES = {"rstar": "rStar", "rstar_long_run": "rStarLR", "g": "g", "z": "z"}  # as their files name them
WITHIN = ["p16", "p50", "p84"]
EFFECTIVE = 40  # draws that the published chain of 100,000 counts for: 20 to 60, see the README
PAPER = {"alt": "alternative", "base": "baseline"}
PROBABILITIES = {"p05": 0.05, "p16": 0.16, "p50": 0.5, "p84": 0.84, "p95": 0.95}


def read_input(path: Path) -> pd.DataFrame:
    """Their input as a table of this toolkit: the real rate of quarter t is the lag that quarter t+1 reads.

    That of the last quarter is in no equation; the one before stands for it.
    """
    table = pd.read_csv(path)
    index = pd.PeriodIndex(table["date"], freq="Q")
    rate = table["ratel1"].shift(-1).ffill().to_numpy()
    columns = {"log_gdp": table["lgdp"], "inflation": table["infl"], "expected_inflation": 0.0}
    out = pd.DataFrame(columns).set_axis(index).assign(interest_rate=rate)
    out.attrs["title"] = "Lewis and Vazquez-Grande, data to 2018Q3"
    return out


def reproduce(
    folder: Path, *, n_draws: int = 16_000, n_state_draws: int = 5000, seed: int = 2026, n_workers: int = -1
) -> dict[str, pd.DataFrame]:
    """Parameters of both specifications, states of ``alt``, and what they differ by.

    Parameters
    ----------
    folder
        Reference data; ``lvg_input.csv``, and the computed and published files it is held to, stand beside it.
    n_draws, n_state_draws, seed, n_workers
        Of `capstar.rstar.LVG_ALT.fit`.
    """
    known = folder.parent / FOLDER
    data = read_input(_file(known, "lvg_input.csv"))
    # No states of base were computed or published.
    fits = [(cs.rstar.LVG_ALT, "alt", n_draws, n_state_draws), (cs.rstar.LVG_BASE, "base", n_draws // 4, 10)]
    done = run_tasks(partial(_compared, known, data, seed, n_workers), fits)  # whose chains are side by side
    parts, tables = zip(*done, strict=True)
    paper = partial(beside_the_paper, known, data, n_draws=n_draws // 4, seed=seed, n_workers=n_workers)
    return {"Parameters, data to 2018Q3": pd.concat(parts)} | tables[0] | {
        "Table 2(a), medians, data to 2017Q2": pd.concat(run_tasks(paper, PAPER))
    }  # fmt: skip


def beside_the_paper(
    folder: Path, data: pd.DataFrame, key: str, *, n_draws: int, seed: int, n_workers: int
) -> pd.DataFrame:
    """The paper's medians of a specification on data to its last quarter, and ours.

    The tolerance is half a unit of the last digit and two Monte Carlo errors of the paper's median, by its own 90
    percent interval and the `EFFECTIVE` draws of its chain.
    """
    model = cs.rstar.LVG_ALT if key == "alt" else cs.rstar.LVG_BASE
    fit = model.fit(
        data, end="2017Q2", n_draws=n_draws, thin=25, n_state_draws=10, seed=seed, n_workers=n_workers,
        progress=False,
    )  # fmt: skip
    paper = pd.read_csv(_file(folder, "paper_table2.csv"))
    paper = paper[(paper["specification"] == PAPER[key]) & (paper["estimator"] == "bayes_median")]
    names = paper["parameter"].map(NAMES)
    sd = (paper["upper_90"] - paper["lower_90"]) / (2 * 1.645)
    table = pd.DataFrame(
        {
            "specification": key,
            "parameter": names,
            "published": paper["value"],
            "ours": fit.parameter_table().loc[names, "p50"].to_numpy(),
            "tolerance": 0.0005 + 2 * 1.25 * sd / EFFECTIVE**0.5,  # a median's error is 1.25 times a mean's
        }
    )
    return table.set_index(["specification", "parameter"])


def _compared(
    folder: Path,
    data: pd.DataFrame,
    seed: int,
    n_workers: int,
    one: tuple[BayesianModel, str, int, int],
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Parameters of one specification, and, of ``alt``, its other tables."""
    model, key, n_draws, n_state_draws = one
    begun = time.perf_counter()
    fit = model.fit(
        data,
        n_draws=n_draws,
        thin=25,
        n_state_draws=n_state_draws,
        seed=seed,
        n_workers=n_workers,
        progress=False,
    )
    parameters = _parameters(folder, fit, key).assign(seconds=time.perf_counter() - begun)
    if key != "alt":
        return parameters, {}
    factor = pd.DataFrame({"value": [fit.results.savage_dickey("rho_z", 1.0)]}, ["base over alt"])
    return parameters, {
        "States, alt: largest difference over all quarters": _states(folder, fit),
        "Bayes factor of rho_z = 1 (Savage-Dickey)": factor,
    }


def _file(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.exists():
        raise CapstarError(f"There is no {path}.")
    return path


def _parameters(folder: Path, fit: BayesianRate, key: str) -> pd.DataFrame:
    """Medians beside the independent computation, in Monte Carlo errors of both, and the paper's (data to 2017Q2)."""
    known = pd.read_csv(_file(folder, "parameters_computed.csv"))
    known = known[(known["sampler"] == "exact") & (known["specification"] == key)].set_index("parameter")
    paper = pd.read_csv(_file(folder, "paper_table2.csv"))
    paper = paper[(paper["specification"] == PAPER[key]) & (paper["estimator"] == "bayes_median")]
    printed = paper.set_index("parameter")["value"]
    ours, rows = fit.parameter_table(), {}
    for theirs, name in NAMES.items():
        if name not in ours.index:
            continue
        median, error = ours.loc[name, "p50"], _median_error(fit, name)
        one = {"median": median, "p05": ours.loc[name, "p05"], "p95": ours.loc[name, "p95"]}
        if theirs in known.index:
            gap = median - known.loc[theirs, "p50"]
            both = np.hypot(error, 1.25 * known.loc[theirs, "mcse"])
            one |= {"computed": known.loc[theirs, "p50"], "difference": gap, "in standard errors": gap / both}
        one["paper, to 2017Q2"] = printed.get(theirs, np.nan)
        rows[key, name] = one | {"ess": ours.loc[name, "ess"], "rhat": ours.loc[name, "rhat"]}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(table.index, names=["specification", "parameter"])
    return table


def _errors(
    fit: BayesianRate, name: str, which: Literal["filtered", "smoothed"], known: pd.DataFrame
) -> np.ndarray:
    """Monte Carlo standard errors of both sides together, by quarter and quantile."""
    draws = fit.states[name].given(which)
    ours = [[quantile_error(draws[:, :, t], PROBABILITIES[p]) for p in WITHIN] for t in range(draws.shape[2])]
    return np.hypot(np.array(ours), known[[f"mcse_{p}" for p in WITHIN]].to_numpy())


def _median_error(fit: BayesianRate, name: str) -> float:
    return quantile_error(fit.draws.of(name), 0.5)


def _states(folder: Path, fit: BayesianRate) -> pd.DataFrame:
    known = pd.read_csv(_file(folder, "states_computed.csv.gz"))
    known = known[(known["sampler"] == "exact") & (known["specification"] == "alt")]
    published = {
        which: pd.read_csv(_file(folder, f"{name}.csv"), index_col=0)
        for which, name in (("filtered", "lvgEstimatesFiltered"), ("smoothed", "lvgEstimatesSmoothed"))
    }
    rows = {}
    kinds: tuple[Literal["filtered", "smoothed"], ...] = ("filtered", "smoothed")
    for which in kinds:
        for name, theirs in STATES.items():
            ours = fit.quantiles(name, which, tuple(PROBABILITIES.values()))
            ours.columns = pd.Index(PROBABILITIES)
            one = known[(known["kind"] == which) & (known["variable"] == name)].set_index("date")
            gaps = (ours - one[list(PROBABILITIES)].set_axis(ours.index)).abs()
            error = _errors(fit, name, which, one)
            median = published[which][f"{theirs}_50"].to_numpy()
            rows[which, name] = gaps.max().to_dict() | {
                "quarters within 0.15 (16, 50, 84)": float((gaps[WITHIN] <= 0.15).all(axis=1).mean()),
                "largest, standard errors": float((gaps[WITHIN].to_numpy() / error).max()),
                "p50, published": float(np.abs(ours["p50"] - median).max()),
                "p50, published, mean": float(np.abs(ours["p50"] - median).mean()),
            }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(table.index, names=["given", "quantity"])
    return table


def main() -> None:
    """Command line; ``--out FOLDER`` writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=REFERENCE, help="folder of the reference data")
    parser.add_argument("--draws", type=int, default=16_000, help="of each of four chains")
    parser.add_argument("--seed", type=int, default=2026)
    add_workers(parser, default=-1)
    parser.add_argument("--out", type=Path, help="write parameters.csv and states.csv there")
    given = parser.parse_args()
    try:
        with working(given):
            tables = reproduce(
                given.data, n_draws=given.draws, n_state_draws=min(given.draws, 5000), seed=given.seed,
                n_workers=given.workers,
            )  # fmt: skip
    except CapstarError as error:
        print(
            f"{error} The study reads its inputs from {given.data}; give another with --data.",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    for heading, table in tables.items():
        print(f"\n{heading}\n{judged(table).round(4).to_string()}")
    print(f"\n{verdict(tables)}.")
    if given.out is not None:
        for name, table in zip(("parameters", "states"), tables.values(), strict=False):
            write_whole(given.out / f"{name}.csv", csv_text(table.round(4)))


if __name__ == "__main__":
    start(__spec__)
