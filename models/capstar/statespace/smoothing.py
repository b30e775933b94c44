"""States, disturbances and simulated states given the data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import SpecificationError
from capstar.kernels import gaussian
from capstar.kernels.arrays import Floats, Path
from capstar.kernels.simulation import simulate
from capstar.statespace.algebra import show_slot
from capstar.statespace.problem import Params, Problem
from capstar.statespace.tables import SeriesResult

Which = Literal["filtered", "smoothed", "predicted"]


@dataclass(frozen=True)
class StateEstimates:
    """Moments of the state vector given the data.

    Attributes
    ----------
    problem, theta
        What they were computed from.
    predicted, filtered, smoothed
        Means given data to t-1, to t, and all data, shape (n, m).
    predicted_cov, filtered_cov, smoothed_cov
        Their covariances, shape (n, m, m).
    lag_one_cov
        Covariance of the states of t and t-1 given all data, shape (n, m, m); the first is with
        the state before the sample.
    initial, initial_cov
        State before the sample given all data, shapes (m,) and (m, m).
    innovations, innovation_var
        One-step prediction errors of each observation given the past *and the observations above
        it in the same period*, with variances, shape (n, p); NaN where missing.

    Examples
    --------
    >>> from capstar.statespace import estimate_states
    >>> from capstar.statespace.examples import nile_problem
    >>> estimates = estimate_states(*nile_problem())
    >>> estimates.smoothed.shape, estimates.smoothed_cov.shape
    ((100, 1), (100, 1, 1))
    >>> estimates.states("filtered")["mu"].tail(2).round(1).to_list()
    [819.6, 798.4]
    >>> estimates.std("smoothed")["mu"].iloc[[0, 50, -1]].round(1).to_list()
    [54.6, 48.2, 63.5]
    >>> mean, std = estimates.report("level", "smoothed")
    >>> float(mean["1900"].round(1)), float(std["1900"].round(1))
    (919.5, 48.2)
    >>> mean, std = estimates.reported("level", "filtered")  # as arrays
    >>> estimates.require("filtered")
    """

    problem: Problem
    theta: Floats
    predicted: Floats
    predicted_cov: Floats
    filtered: Floats
    filtered_cov: Floats
    smoothed: Floats
    smoothed_cov: Floats
    lag_one_cov: Floats
    initial: Floats
    initial_cov: Floats
    innovations: Floats
    innovation_var: Floats

    def states(self, which: Which = "smoothed") -> pd.DataFrame:
        """State means by name, such as ``g`` and ``g(-1)``, shape (n, m)."""
        self.require(which)
        names = [show_slot(slot) for slot in self.problem.model.states]
        return pd.DataFrame(getattr(self, which), self.problem.index, names)

    def std(self, which: Which = "smoothed") -> pd.DataFrame:
        """Standard deviations of the states at known parameters, shape (n, m)."""
        self.require(which)
        variances = np.einsum("tii->ti", getattr(self, f"{which}_cov"))
        out: pd.DataFrame = self.states(which)
        out[:] = np.sqrt(np.maximum(variances, 0.0))
        return out

    @staticmethod
    def require(which: str) -> None:
        """Raise `SpecificationError` unless ``which`` names one of the estimates."""
        if which not in ("filtered", "smoothed", "predicted"):
            raise SpecificationError(f"which={which!r}; choose 'filtered', 'smoothed' or 'predicted'.")

    def report(self, name: str, which: Which = "smoothed") -> tuple[pd.Series, pd.Series]:
        """Mean and standard deviation of one of the model's reports, each of length n.

        The standard deviation is that of the state estimate at known parameters.
        """
        both = self.reported(name, which)
        return tuple(pd.Series(one, self.problem.index, name=name) for one in both)

    def reported(self, name: str, which: Which = "smoothed") -> tuple[Floats, Floats]:
        """The same as arrays, shapes (n,)."""
        self.require(which)
        model, values = self.problem.model, self.problem.values(self.theta)
        row = model.reports.index(name)
        on_states = model.blocks["R"].dense(values)[row]
        on_data = model.blocks["X"].dense(values)[row]
        mean = getattr(self, which) @ on_states + self.problem.report_inputs @ on_data
        variance = np.einsum("i,tij,j->t", on_states, getattr(self, f"{which}_cov"), on_states)
        return mean, np.sqrt(np.maximum(variance, 0))


@dataclass(frozen=True)
class Disturbances(SeriesResult):
    """Smoothed shocks and their auxiliary residuals (Harvey and Koopman 1992).

    Attributes
    ----------
    measurement : pandas.DataFrame
        Expected measurement error given all data, by observed series, in its units.
    measurement_residuals : pandas.DataFrame
        The same over its standard deviation: N(0, 1) where the model holds; large means outlier.
    state : pandas.DataFrame
        Expected state shock given all data, in standard deviations of the shock, by shock.
    state_residuals : pandas.DataFrame
        The same over its standard deviation; large means structural break.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_fit
    >>> found = nile_fit()
    >>> shocks = found.disturbances()
    >>> shocks.title
    'Auxiliary residuals of y, eta, 1871-1970'
    >>> shocks.to_frame().loc["1899"].round(2).to_dict()
    {'y': -1.57, 'eta': -3.23}
    """

    measurement: pd.DataFrame
    measurement_residuals: pd.DataFrame
    state: pd.DataFrame
    state_residuals: pd.DataFrame

    @property
    def title(self) -> str:
        """Whose residuals, and when."""
        frame = self.to_frame()
        return f"Auxiliary residuals of {', '.join(frame)}, {frame.index[0]}-{frame.index[-1]}"

    def to_frame(self) -> pd.DataFrame:
        """Auxiliary residuals by period: of the observed series, then of the state shocks."""
        return pd.concat([self.measurement_residuals, self.state_residuals], axis=1)


@singledispatch
def estimate_states(problem: Problem, params: Params) -> StateEstimates:
    """Filter and smooth the states at given parameters.

    Parameters
    ----------
    problem
        Equations, data and the state before the sample; it may be diffuse.
    params
        By name, or the whole vector (k,).

    Raises
    ------
    SpecificationError
        An innovation variance is not positive, or the data do not determine a diffuse state.

    Examples
    --------
    >>> from capstar.statespace import estimate_states
    >>> from capstar.statespace.examples import nile_problem
    >>> estimates = estimate_states(*nile_problem())
    >>> estimates.states("smoothed").iloc[-1].round(1).to_dict()
    {'mu': 798.4}
    """
    theta = problem.vector(params)
    path = problem.filter_path(theta)
    r, N, _, _ = backward(problem, theta, path)
    inputs = problem.inputs(theta)
    transition = problem.model.blocks["T"].dense(problem.values(theta))
    predicted, predicted_cov = path.a[:, 0], path.P[:, 0]
    filtered, filtered_cov = path.a[:, -1], path.P[:, -1]
    before = np.concatenate([inputs.P0[None], filtered_cov[:-1]])
    if problem.model.accumulated:
        before = before * problem.kept[:, :, None]
    carried = predicted_cov @ N[1:]
    return StateEstimates(
        problem=problem,
        theta=theta,
        predicted=predicted,
        predicted_cov=predicted_cov,
        filtered=filtered,
        filtered_cov=filtered_cov,
        smoothed=predicted + np.einsum("tij,tj->ti", predicted_cov, r[1:]),
        smoothed_cov=predicted_cov - carried @ predicted_cov,
        lag_one_cov=(np.eye(len(transition)) - carried) @ transition @ before,
        initial=inputs.system.a0 + inputs.P0 @ r[0],
        initial_cov=inputs.P0 - inputs.P0 @ N[0] @ inputs.P0,
        innovations=np.where(path.F > 0, path.v, np.nan),
        innovation_var=np.where(path.F > 0, path.F, np.nan),
    )


@singledispatch
def smooth_disturbances(problem: Problem, params: Params) -> Disturbances:
    """Disturbance smoother with standardised auxiliary residuals.

    Parameters
    ----------
    problem, params
        As of `estimate_states`.

    Examples
    --------
    >>> from capstar.statespace import smooth_disturbances
    >>> from capstar.statespace.examples import nile_problem
    >>> shocks = smooth_disturbances(*nile_problem())
    >>> shocks.state_residuals["eta"].abs().idxmax().year
    1899
    """
    theta = problem.vector(params)
    r, N, u, D = backward(problem, theta, problem.filter_path(theta))
    return disturbances(problem, theta, r[1:], N[1:], u, D)


def disturbances(
    problem: Problem, theta: Floats, r: Floats, N: Floats, u: Floats, D: Floats, *, floor: float = 1e-12
) -> Disturbances:
    """Disturbances from what `backward` returns of each period, shapes (n, m), (n, m, m), (n, p), (n, p).

    A state shock whose estimate has a variance below ``floor`` of the shock's own has no residual.
    """
    values = problem.values(theta)
    variance = problem.scale(theta)[:, None] ** 2 * values[problem.model.blocks["H"].where]
    load = problem.model.blocks["G"].dense(values)
    factor = problem.model.shock_scale(problem.scale(theta))
    shocks = factor * (r @ load)
    spread = factor**2 * np.einsum("is,tij,js->ts", load, N, load)

    def frame(array: Floats, columns: tuple[str, ...]) -> pd.DataFrame:
        return pd.DataFrame(array, problem.index, list(columns))

    observed, driven = problem.model.observed, problem.model.state_shocks
    # In the last period a shock that reaches no observation yet has no spread: no residual.
    residuals = np.divide(
        shocks, np.sqrt(np.maximum(spread, 0.0)), out=np.full_like(shocks, np.nan), where=spread > floor
    )
    return Disturbances(
        frame(variance * u, observed), frame(u / np.sqrt(D), observed),
        frame(shocks, driven), frame(residuals, driven),
    )  # fmt: skip


@singledispatch
def smoothed_moments(problem: Problem, params: Params, slots: list[int]) -> tuple[Floats, Floats]:
    """Smoothed mean (n, s) and covariance (n, s, s) of some of the states: what a Monte Carlo needs."""
    theta = problem.vector(params)
    path = problem.filter_path(theta)
    r, N, _, _ = backward(problem, theta, path)
    rows = path.P[:, 0, slots]
    mean = path.a[:, 0, slots] + (rows @ r[1:, :, None])[:, :, 0]
    cov = rows[:, :, slots] - rows @ N[1:] @ rows.transpose(0, 2, 1)
    return mean, cov


def simulate_states(
    problem: Problem, params: Params, *, n_draws: int = 1, seed: int | np.random.Generator = 0
) -> Floats:
    """Draws of the states given the data, shape (n_draws, n, m).

    Simulation smoother of Durbin and Koopman (2002): a path drawn from the model, corrected by the
    smoothed difference between the data and the drawn data.

    Parameters
    ----------
    problem, params
        As of `estimate_states`; the state before the sample needs a distribution.
    n_draws
        Number of paths.
    seed
        Or a generator.

    Examples
    --------
    >>> from capstar.statespace import simulate_states
    >>> from capstar.statespace.examples import nile_problem
    >>> drawn = simulate_states(*nile_problem(), n_draws=200, seed=1)
    >>> drawn.shape, drawn[:, -1, 0].std().round(-1).item()
    ((200, 100, 1), 60.0)
    """
    theta = problem.vector(params)
    rng = np.random.default_rng(seed)
    smoothed = smoothed_mean(problem, theta)
    draws = np.empty((n_draws, *smoothed.shape))
    for k in range(n_draws):
        states, y = simulate_data(problem, theta, seed=rng)
        y[np.isnan(problem.y)] = np.nan
        draws[k] = smoothed + states - smoothed_mean(problem.with_data(y), theta)
    return draws


@singledispatch
def simulate_data(
    problem: Problem, params: Params, *, seed: int | np.random.Generator = 0, own_lags: bool = False
) -> tuple[Floats, Floats]:
    """States (n, m) and observations (n, p) drawn from the model.

    Parameters
    ----------
    problem, params
        Model, regressors and the state before the sample.
    seed
        Or a generator.
    own_lags
        Whether lags of observed series follow the draws, so that the sample is one the model could have
        produced; otherwise every regressor is as in the data.

    Examples
    --------
    >>> from capstar.statespace import simulate_data
    >>> from capstar.statespace.examples import nile_problem
    >>> states, y = simulate_data(*nile_problem(), seed=1)
    >>> states.shape, y.shape
    ((100, 1), (100, 1))
    """
    theta = problem.vector(params)
    rng = np.random.default_rng(seed)
    inputs = problem.inputs(theta)
    load = problem.model.blocks["G"].dense(problem.values(theta))
    first = inputs.system.a0 + _root(inputs.P0) @ rng.standard_normal(inputs.system.c.size)
    drawn = rng.standard_normal((problem.nobs, load.shape[1]))
    noise = (problem.model.shock_scale(inputs.sample.scale) * drawn) @ load.T
    states, y = np.empty_like(noise), np.empty_like(problem.y)
    errors = rng.standard_normal(y.shape)
    own, lag = (
        lags_of(problem, problem.model.observed) if own_lags else (np.full(problem.x.shape[1], -1),) * 2
    )
    sample = inputs.sample._replace(x=inputs.sample.x.copy())
    simulate(inputs.pattern, inputs.system, sample, own, lag, first, noise, errors, states, y)
    return states, y


def lags_of(problem: Problem, names: tuple[str, ...]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Which of the named series each regressor is a lag of, or the current value, and the lag; -1 where it is none."""
    slots, observed = problem.model.regressors, problem.model.observed
    drawn = [name in names and (lag < 0 or name in observed) for name, lag in slots]
    own = [names.index(name) if follows else -1 for (name, _), follows in zip(slots, drawn, strict=True)]
    return np.array(own, dtype=np.int64), np.array([-lag for _, lag in slots], dtype=np.int64)


def smoothed_mean(problem: Problem, theta: Floats) -> Floats:
    """Mean of the states given all data, shape (n, m)."""
    path = problem.filter_path(theta)
    r = backward(problem, theta, path)[0]
    mean: Floats = path.a[:, 0] + np.einsum("tij,tj->ti", path.P[:, 0], r[1:])
    return mean


def backward(problem: Problem, theta: Floats, path: Path) -> tuple[Floats, Floats, Floats, Floats]:
    """R (n + 1, m), N (n + 1, m, m), smoothing errors and their variances (n, p) from a filter's path."""
    inputs = problem.inputs(theta)
    n, p, m = *problem.y.shape, inputs.system.c.size
    r, N = np.empty((n + 1, m)), np.empty((n + 1, m, m))
    u, D = np.empty((n, p)), np.empty((n, p))
    gaussian.smooth_path(inputs.pattern, inputs.system, inputs.sample, path, r, N, u, D)
    return r, N, u, D


def _root(cov: Floats) -> Floats:
    """A square root of a covariance that may be singular."""
    eigenvalues, vectors = np.linalg.eigh(cov)
    root: Floats = vectors * np.sqrt(np.maximum(eigenvalues, 0.0))
    return root
