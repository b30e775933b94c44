"""The work whose growth is measured: each piece by its size, prepared so that only the work itself is timed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from capstar import data, leads, rstar
from capstar.statespace import (
    InverseGamma,
    Problem,
    Spec,
    bind,
    estimate_states,
    params,
    posterior,
    variables,
)
from capstar.writing import whole

Work = Callable[[], object]

# HLW 2017 as estimated on US data, to two digits.
PARAMS = {
    "a_y1": 1.54, "a_y2": -0.6, "a_r": -0.07, "b_pi": 0.67, "b_y": 0.08, "sigma_ygap": 0.33, "sigma_pi": 0.79,
    "sigma_ystar": 0.57, "c": 1.0, "lambda_g": 0.053, "lambda_z": 0.036,
}  # fmt: skip


@cache
def economy(periods: int) -> pd.DataFrame:
    """Made-up quarters of the model's input, drawn from the equations of HLW 2017 with an interest rate near r*.

    lambda_g and lambda_z are of the order of one over the sample's length, as the median-unbiased estimator has them.
    """
    p, n = PARAMS, periods + 8
    lambda_g, lambda_z = (p[name] * 236 / periods for name in ("lambda_g", "lambda_z"))
    shock = np.random.default_rng(2017).standard_normal((5, n))
    g = 0.75 + np.cumsum(lambda_g * p["sigma_ystar"] * shock[0])
    z = np.cumsum(lambda_z * p["sigma_ygap"] / p["a_r"] * shock[1])
    potential, rstar_path = np.cumsum(g + p["sigma_ystar"] * shock[2]), 4 * g + z
    rate_gap, gap, pi = np.zeros(n), np.zeros(n), np.full(n, 2.0)
    tightness = np.random.default_rng(2023).standard_normal(n)
    for t in range(4, n):
        rate_gap[t] = 0.9 * rate_gap[t - 1] + 0.8 * tightness[t]
        moved = p["a_r"] / 2 * (rate_gap[t - 1] + rate_gap[t - 2])
        gap[t] = p["a_y1"] * gap[t - 1] + p["a_y2"] * gap[t - 2] + moved + p["sigma_ygap"] * shock[3, t]
        # Inflation is drawn back to two percent, or it would drift away over thousands of quarters.
        past = 0.97 * (p["b_pi"] * pi[t - 1] + (1 - p["b_pi"]) * pi[t - 4 : t - 1].mean()) + 0.06
        pi[t] = past + p["b_y"] * gap[t - 1] + p["sigma_pi"] * shock[4, t]
    expected = pd.Series(pi).rolling(4, min_periods=1).mean().to_numpy()
    columns = {
        "log_gdp": 9.0 + (potential + gap) / 100,
        "inflation": pi,
        "expected_inflation": expected,
        "interest_rate": rstar_path + rate_gap + expected,
    }
    return pd.DataFrame(columns, pd.period_range(end="2019Q4", periods=n, freq="Q", name="date")).iloc[4:]


def natural_rate_problem(periods: int) -> Problem:
    """The last stage of HLW 2017 on made-up data: seven states, two series."""
    table, spec = economy(periods), rstar.HLW2017.spec(3)
    real = table["interest_rate"] - table["expected_inflation"]
    frame = pd.DataFrame({"y": 100 * table["log_gdp"], "pi": table["inflation"], "r": real})
    slots = spec.state_slots()
    level = {"ystar": float(frame["y"].iloc[3]), "g": 0.75, "z": 0.0}
    return bind(
        spec,
        frame,
        initial_mean={slot: level[slot[0]] for slot in slots},
        initial_cov=0.2 * np.eye(len(slots)),
    )


def noise(series: int, periods: int) -> pd.DataFrame:
    """Made-up data of models whose numbers do not matter."""
    values = np.random.default_rng(2003).standard_normal((periods, series))
    index = pd.period_range("1900Q1", periods=periods, freq="Q", name="date")
    return pd.DataFrame(values, index, [f"y{i + 1}" for i in range(series)])


def lagged_cycle(states: int, periods: int) -> tuple[Problem, dict[str, float]]:
    """A random walk and a cycle with so many lags less one: the transition is nearly all zeros."""
    mu, cycle, e_y, e_mu, e_c = variables("mu cycle e_y e_mu e_c")
    names = [f"phi_{lag}" for lag in range(1, states)]
    moves = e_c
    for lag, phi in enumerate(params(" ".join(names)), start=1):
        moves = moves + phi * cycle(-lag)
    s_y, s_mu, s_c = params("s_y s_mu s_c")
    spec = Spec(
        "cycle with lags", {"y1": mu + cycle + e_y}, {"mu": mu(-1) + e_mu, "cycle": moves},
        {"e_y": s_y, "e_mu": s_mu, "e_c": s_c},
    )  # fmt: skip
    values = dict.fromkeys(names, 0.5 / states) | {"s_y": 0.5, "s_mu": 0.3, "s_c": 1.0}
    return bound(spec, noise(1, periods)), values


def vector_autoregression(states: int, periods: int) -> tuple[Problem, dict[str, float]]:
    """Every state depends on every state before, with coefficients given: no zero to skip."""
    names = [f"x{i}" for i in range(states)]
    shocks = [f"e{i}" for i in range(states)]
    state, shock = variables(" ".join(names)), variables(" ".join(shocks))
    weights = np.random.default_rng(1998).normal(0, 0.4 / np.sqrt(states), (states, states))
    transition = {}
    for name, own, row in zip(names, shock, weights, strict=True):
        moves = own
        for other, weight in zip(state, row, strict=True):
            moves = moves + float(weight) * other(-1)
        transition[name] = moves
    s_y, s_x = params("s_y s_x")
    observation = {}
    for i, (mine, error) in enumerate(zip(state[:2], variables("u1 u2"), strict=True), start=1):
        observation[f"y{i}"] = mine + error
    spec = Spec(
        "vector autoregression",
        observation,
        transition,
        dict.fromkeys(("u1", "u2"), s_y) | dict.fromkeys(shocks, s_x),
    )
    return bound(spec, noise(2, periods)), {"s_y": 0.5, "s_x": 1.0}


def bound(spec: Spec, frame: pd.DataFrame) -> Problem:
    """From a state before the sample with mean zero and covariance one."""
    slots = spec.state_slots()
    return bind(spec, frame, initial_mean=dict.fromkeys(slots, 0.0), initial_cov=np.eye(len(slots)))


FILTERS: Mapping[str, Callable[[Problem, np.ndarray], Work]] = {
    "likelihood": lambda problem, theta: partial(problem.loglike, theta),
    "score": lambda problem, theta: partial(problem.value_and_score, theta),
    "smoother": lambda problem, theta: partial(estimate_states, problem, theta),
}


def of_model(name: str, problem: Problem, values: Mapping[str, float]) -> Work:
    """One of `FILTERS` at these values."""
    return FILTERS[name](problem, problem.vector(values))


def three_stages(periods: int) -> Work:
    table = economy(periods)
    return lambda: rstar.HLW2017.fit(table, n_starts=1, progress=False)


def break_statistics(periods: int) -> Work:
    rng = np.random.default_rng(4)
    y, X = (
        rng.standard_normal(periods),
        np.column_stack([np.ones(periods), rng.standard_normal((periods, 3))]),
    )
    return lambda: rstar.break_statistics(y, X)


def sample(periods: int) -> leads.AlignedSample:
    """A persistent predictor and returns over one and four periods."""
    frame = noise(2, periods)
    x = frame["y1"].ewm(alpha=0.1).mean().rename("x")
    y = frame["y2"].rename("r")
    return leads.AlignedSample(x, {h: y.rolling(h).sum().shift(-h).rename("r") for h in (1, 4)})


def predictability(key: str, periods: int) -> Work:
    test = next(one for one in leads.predictability_tests() if one.key == key)
    given = sample(periods)
    return lambda: test.run(given, 4)


def forecasts(periods: int) -> Work:
    y, x = sample(periods).in_period()
    return lambda: leads.recursive_forecasts(y, x.to_frame(), x.index[len(x) // 2])


@cache
def estimate() -> rstar.RStarResults:
    return rstar.HLW2017.fit(data.us_macro(), progress=False)


def standard_errors(draws: int) -> Work:
    return lambda: estimate().with_standard_errors(draws, n_workers=1, progress=False)


def bootstrap(replications: int) -> Work:
    return lambda: estimate().bootstrap(n_replications=replications, n_workers=1, progress=False)


def posterior_draws(draws: int) -> Work:
    problem, _ = lagged_cycle(2, 100)
    priors = {name: InverseGamma(3.0, 2.0) for name in ("s_y", "s_mu", "s_c")}
    return lambda: posterior(
        problem, priors=priors, fixed={"phi_1": 0.5}, n_draws=draws, thin=10, n_chains=2, warmup=500,
        n_state_draws=50, n_workers=1, progress=False,
    )  # fmt: skip


def vintages(count: int) -> Work:
    table = data.us_macro()
    first = table.index[-count]
    return lambda: rstar.quasi_real_time(rstar.HLW2017, table, first, progress=False)


INDEX = """
import json, resource, sys, time
from capstar.smallcaps import IndexCalculator, IndexRules
def peak():
    try:  # what getrusage says is, of a child on Linux, at least what its parent took
        with open("/proc/self/status") as told:
            return next(int(line.split()[1]) for line in told if line.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2 ** (20 if sys.platform == "darwin" else 10)
import pyarrow.compute, pyarrow.dataset, pyarrow.parquet
folder, securities = sys.argv[1], int(sys.argv[2])
rules = IndexRules.russell2000(large=securities // 3, broad=securities)
before, began = peak(), time.process_time()
index = IndexCalculator(rules, f"{folder}/prices.parquet", f"{folder}/shares.parquet").run()
seconds = time.process_time() - began
print(json.dumps([seconds, peak() - before, len(index.levels)]))
"""


def prices(folder: Path, securities: int, years: int) -> None:
    """Made-up closes and share counts, from 2000 on, as Parquet: prices a file a year."""
    rng, names = np.random.default_rng(1926), [f"S{i:05d}" for i in range(securities)]
    close = np.exp(rng.normal(3.0, 1.0, securities))
    (folder / "prices.parquet").mkdir()
    for year in range(2000, 2000 + years):
        days = pd.bdate_range(f"{year}-01-03", f"{year}-12-31")
        path = close * np.exp(np.cumsum(rng.normal(0.0, 0.02, (len(days), securities)), axis=0))
        close = path[-1]
        table = {
            "date": np.repeat(days.to_numpy(), securities),
            "id": names * len(days),
            "close": path.ravel(),
        }
        with whole(folder / "prices.parquet" / f"{year}.parquet") as partial:
            pd.DataFrame(table).astype({"id": "category"}).to_parquet(partial)
    first = pd.Timestamp("2000-01-03")
    counts = {
        "date": first,
        "id": names,
        "shares": np.exp(rng.normal(18.0, 1.0, securities)),
        "float_factor": 1.0,
    }
    with whole(folder / "shares.parquet") as partial:
        pd.DataFrame(counts).to_parquet(partial)


class Cost(NamedTuple):
    """Seconds, and megabytes at the peak beyond what was there before."""

    seconds: float
    megabytes: float


def index_cost(securities: int, years: int) -> Cost:
    """The index calculator in a process of its own: its time without start and imports, and its own peak."""
    with tempfile.TemporaryDirectory() as folder:
        prices(Path(folder), securities, years)
        command = [sys.executable, "-c", INDEX, folder, str(securities)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, megabytes, days = json.loads(done.stdout)
    assert days > 200 * (years - 1)  # from the first selection on, in June
    return Cost(seconds, megabytes)
