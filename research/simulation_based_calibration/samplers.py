"""The samplers that are calibrated: each draws parameters from a prior, a sample given these, and a posterior."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from scipy.linalg import solve_discrete_lyapunov
from scipy.signal import lfilter
from scipy.stats import invwishart

from capstar.kernels.arrays import Floats
from capstar.rstar import RealRatePrior, UnobservedComponents
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
from capstar.statespace.bayes.posterior import Sampler
from capstar.statespace.bayes.trend_cycle import TrendCycle, TrendCycleDraws, sample_trend_cycle

DRAWS, STATE_DRAWS, PERIODS = 99, 19, 60


class Simulated(NamedTuple):
    """One simulation: by quantity what the sample was drawn from, and draws given the sample, shape (draws,)."""

    truth: Mapping[str, float]
    draws: Mapping[str, Floats]


Simulation: TypeAlias = Callable[[np.random.Generator], Simulated]


def spec() -> Spec:
    """A constant, a stationary autoregression and noise: every kind of prior, and a bounded ratio."""
    level, rho, s_eps, s_eta = params("level rho s_eps s_eta")
    _, x, eps, eta = variables("y x eps eta")
    return Spec(
        "autoregression in noise",
        observation={"y": level + x + eps},
        transition={"x": rho * x(-1) + eta},
        shocks={"eps": s_eps, "eta": s_eta},
        reports={"x": x},
        parameters={
            "level": Parameter(prior=Normal(1.0, 2.0)),
            "rho": Parameter(prior=Beta(4.0, 2.0)),
            "s_eps": Parameter(prior=InverseGamma(4.0, 3.0)),
            "s_eta": Parameter(prior=Uniform(0.1, 3.0)),
        },
        constraints=(Between(s_eta / s_eps, 0.2, 4.0),),
    )


@cache
def bound(periods: int = PERIODS) -> Problem:
    """The model on a sample without values."""
    index = pd.period_range("2000Q1", periods=periods, freq="Q")
    return start_from(spec(), pd.DataFrame({"y": np.zeros(periods)}, index), "stationary")


def from_prior(problem: Problem, rng: np.random.Generator) -> dict[str, float]:
    """Parameters drawn from the prior: those that a constraint excludes are drawn again, all of them."""
    declared = problem.spec.parameters
    while True:
        drawn = {n: float(one.prior.draws(1, seed=rng)[0]) for n, one in declared.items() if one.prior}
        if all(c.lower <= c.expression.number(drawn) <= c.upper for c in problem.spec.constraints):
            return drawn


def declared(
    rng: np.random.Generator, sampler: Sampler, *, n_draws: int, warmup: int, thin: int
) -> Simulated:
    """A declared model by one of the samplers of `posterior`; of states, the one in the middle of the sample."""
    problem, middle = bound(), PERIODS // 2
    truth = from_prior(problem, rng)
    states, y = simulate_data(problem, truth, seed=rng)
    found = posterior(
        problem.with_data(y), sampler=sampler, n_chains=1, n_draws=n_draws, warmup=warmup, thin=thin,
        n_state_draws=STATE_DRAWS, n_workers=1, seed=int(rng.integers(2**31)), progress=False,
    )  # fmt: skip
    draws = {name: found.draws.of(name)[0] for name in truth}
    return Simulated(
        {**truth, "x": float(states[middle, 0])}, {**draws, "x": found.reports["x"].smoothed[0, :, middle]}
    )


RATE = UnobservedComponents(
    RealRatePrior(phi=(0.5, 0.25), var_cycle=(3.0, 2.0), var_trend=(4.0, 0.3), start=(2.0, 4.0, 1.0)), column="rr"
)  # fmt: skip


def real_rate(rng: np.random.Generator, *, burn: int, thin: int) -> Simulated:
    """Random walk and autoregressive cycle by Gibbs sampling, with the r* of the last quarter."""
    prior = RATE.prior
    phi = 1.0
    while abs(phi) >= 1:
        phi = rng.normal(prior.phi[0], prior.phi[1] ** 0.5)
    cycle, walk = (scale / rng.gamma(shape) for shape, scale in (prior.var_cycle, prior.var_trend))
    first, spread, cycle_spread = prior.start
    steps, shocks = rng.standard_normal((2, PERIODS)) * np.sqrt([[walk], [cycle]])
    steps[0] *= np.sqrt(spread / walk)
    shocks[0] *= np.sqrt(cycle_spread / cycle)
    r = first + np.cumsum(steps)
    index = pd.period_range("2000Q1", periods=PERIODS, freq="Q")
    found = RATE.fit(
        pd.DataFrame({"rr": r + lfilter([1.0], [1.0, -phi], shocks)}, index), n_draws=DRAWS * thin, n_burn=burn,
        n_paths=DRAWS, n_chains=1, n_workers=1, seed=int(rng.integers(2**31)), progress=False,
    )  # fmt: skip
    truth = {"phi": phi, "var_cycle": cycle, "var_trend": walk, "rstar": r[-1]}
    draws = {name: found.draws.of(name)[0, ::thin] for name in found.draws.names}
    return Simulated(truth, {**draws, "rstar": found.states["rstar"].smoothed[0, :, -1]})


# Inflation and an interest rate on the trends of inflation and of the real rate; the loading of the interest rate on
# the former is free.
TRENDS = TrendCycle(
    loadings=np.array([[1.0, 0.0], [0.0, 1.0]]), change_sd=np.array([0.3, 0.2]), change_df=8.0,
    trend_mean=np.array([2.0, 0.5]), trend_sd=np.array([1.0, 0.8]), psi=np.array([1.0, 0.6]), lags=2, tightness=0.5,
    shift=np.array([[[0.0, 0.0], [1.0, 0.0]]]), theta_mean=(1.0,), theta_sd=(0.3,), theta_step=(0.35,),
)  # fmt: skip
QUARTERS = 40


def drawn_parameters(rng: np.random.Generator) -> tuple[Floats, Floats, Floats, float, Floats]:
    """B, sigma, Q, theta from the prior, and the covariance of the cycles before the sample, latest first.

    Drawn without the sampler's own functions; B and sigma together again where the cycle is not stationary.
    """
    n, lags = TRENDS.loadings.shape[0], TRENDS.lags
    q_scale = np.diag(TRENDS.change_sd**2) * (TRENDS.change_df + 3)
    Q = invwishart(TRENDS.change_df, q_scale).rvs(random_state=rng)
    theta = rng.normal(TRENDS.theta_mean[0], TRENDS.theta_sd[0])
    sd = TRENDS.tightness / (np.repeat(np.arange(1.0, lags + 1), n) * np.sqrt(np.tile(TRENDS.psi, lags)))
    companion, noise = np.zeros((2, lags * n, lags * n))
    companion[n:, :-n] = np.eye((lags - 1) * n)
    while True:
        sigma = invwishart(n + 2, np.diag(TRENDS.psi)).rvs(random_state=rng)
        B = sd[:, None] * (rng.standard_normal((lags * n, n)) @ np.linalg.cholesky(sigma).T)
        companion[:n] = B.T
        if np.abs(np.linalg.eigvals(companion)).max() < 1:
            break
    noise[:n, :n] = sigma
    return B, sigma, Q, theta, solve_discrete_lyapunov(companion, noise)


def drawn_sample(
    rng: np.random.Generator, B: Floats, sigma: Floats, Q: Floats, theta: float, P: Floats
) -> tuple[Floats, Floats]:
    """Series with missing values and the trends behind them, each of shape (QUARTERS, 2)."""
    before = (np.linalg.cholesky(P) @ rng.standard_normal(len(P))).reshape(TRENDS.lags, 2)
    cycles = list(before[::-1])
    for shock in rng.standard_normal((QUARTERS, 2)) @ np.linalg.cholesky(sigma).T:
        lags = np.concatenate([cycles[-1 - lag] for lag in range(TRENDS.lags)])
        cycles.append(lags @ B + shock)
    start = rng.normal(TRENDS.trend_mean, TRENDS.trend_sd)
    trends = start + np.cumsum(rng.standard_normal((QUARTERS, 2)) @ np.linalg.cholesky(Q).T, axis=0)
    y = trends @ np.array([[1.0, 0.0], [theta, 1.0]]).T + np.array(cycles[TRENDS.lags :])
    y[:5, 1] = y[20:23, 0] = y[30] = np.nan
    return y, trends


def trend_var(rng: np.random.Generator, *, warmup: int, thin: int) -> Simulated:
    """Two trends and the cycle of two series by Gibbs sampling, with the trends of the last quarter."""
    B, sigma, Q, theta, P = drawn_parameters(rng)
    y, trends = drawn_sample(rng, B, sigma, Q, theta, P)
    found = sample_trend_cycle(
        TRENDS, y, n_draws=DRAWS * thin, warmup=warmup, thin=thin, n_chains=1, n_workers=1,
        seed=int(rng.integers(2**31)),
    )  # fmt: skip
    at = TrendCycleDraws(
        *(np.asarray(one)[None, None] for one in (trends, B, sigma, Q, [theta])), moved=found.moved
    )
    truth = {name: float(values[0]) for name, values in _quantities(at).items()}
    return Simulated(truth, _quantities(found))


def _quantities(draws: TrendCycleDraws) -> dict[str, Floats]:
    """Everything that is ranked by name, shape (draws,)."""
    out = {"theta": draws.theta[0, :, 0], "root": draws.largest_root()[0]}
    pairs = ((0, 0), (1, 0), (1, 1))
    for name, values in (("Q", draws.Q), ("Sigma", draws.sigma)):
        out |= {f"{name}{i + 1}{j + 1}": values[0, :, i, j] for i, j in pairs}
    for row in range(TRENDS.lags * 2):
        lag, series = divmod(row, 2)
        out |= {f"B{lag + 1},{i + 1}{series + 1}": draws.B[0, :, row, i] for i in range(2)}
    return out | {f"trend{k + 1}": draws.trends[0, :, -1, k] for k in range(2)}
