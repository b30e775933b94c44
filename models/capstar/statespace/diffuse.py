r"""Exact diffuse initialisation.

The state before the sample is :math:`a_0 + A\delta` with a flat prior on :math:`\delta`.  Everything is linear in
:math:`\delta`, so one ordinary filter at :math:`\delta = 0` and one on zero data for each column of :math:`A` give
the innovations :math:`v - V\delta`, hence :math:`S = \sum V'F^{-1}V`, the least-squares
:math:`\hat\delta = S^{-1}\sum V'F^{-1}v`, and all moments (de Jong 1991).  The numbers are those of the exact
initial Kalman filter of Koopman and Durbin (2003); no large variance stands for an infinite one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import SpecificationError
from capstar.kernels import gaussian
from capstar.kernels.arrays import Floats, Path, Sample
from capstar.statespace.algebra import show_slot
from capstar.statespace.compiled import Compiled
from capstar.statespace.problem import Inputs, Params, Problem

_SINGULAR = 1e-10  # smallest eigenvalue, in units of the diagonal, of information called of full rank


@dataclass(frozen=True)
class DiffuseProblem(Problem):
    """A likelihood whose initial state is unknown.

    Make one with `diffuse_problem`.  The flat prior is on the state of the first period, as in Koopman and Durbin
    (2003).  Recursions start `warmup` periods before the sample, without
    observations, so that lags held in the state follow from older values by the model's own transition
    and only the newest value of each state is diffuse.  Index, `nobs` and all results are of the sample alone.

    ``initial_mean`` and ``initial_cov`` are the moments at delta = 0 of the state before the first of these periods.

    Attributes
    ----------
    loading
        A, shape (m, d): which states are diffuse.
    warmup
        Periods before the sample.

    Examples
    --------
    The answers of a `Problem`, but for those that need a distribution of the initial state:

    >>> import numpy as np
    >>> from capstar.statespace.examples import nile_problem
    >>> problem, known = nile_problem(diffuse=True)
    >>> problem.loading.shape, problem.warmup, problem.longer().nobs
    ((1, 1), 0, 100)
    >>> round(problem.loglike(known), 2), problem.loglike_obs(known).tail(1).round(2).to_list()
    (-633.46, [-6.04])
    >>> theta = np.array([100.0, 50.0])
    >>> problem.value_and_score(theta)[1].round(2)
    array([0.23, 0.07])
    >>> problem.score_obs(theta).sum().round(2).to_list()
    [0.23, 0.07]
    >>> problem.filter_path(theta).F.shape
    (100, 1)
    """

    loading: Floats
    warmup: int

    def loglike(self, params: Params) -> float:
        """Diffuse log-likelihood; minus infinity where it is not defined.

        ``log(2 pi)`` is counted for every observation, as Durbin and Koopman (2012, section 7.2.2) do.
        """
        theta = self.vector(params)
        long = self.longer()
        known = _augment(self, long, theta)
        if known is None:
            return -np.inf
        volume = _volume(self, theta)[0]
        return centred(self, long, known).loglike(theta) - 0.5 * float(np.linalg.slogdet(known.S)[1]) + volume

    def loglike_obs(self, params: Params) -> pd.Series:
        """Log-likelihood of each period given the past.

        Zero until the data determine the initial state; the period in which they do carries all until then.
        """
        theta = self.vector(params)
        known = _augment(self, self.longer(), theta)
        if known is None:
            return pd.Series(-np.inf, self.index, name="log_likelihood")
        F = np.where(known.F > 0, known.F, 1.0)
        at_zero = np.where(known.F > 0, -0.5 * (gaussian.LOG_2PI + np.log(F) + known.v**2 / F), 0.0)
        S, s = (each[:, -1] for each in cumulated(known))
        full = full_rank(S)
        total = np.zeros(len(S))
        fit = np.einsum("ti,ti->t", s[full], np.linalg.solve(S[full], s[full][..., None])[..., 0])
        total[full] = at_zero.sum(axis=1).cumsum()[full] + 0.5 * (fit - np.linalg.slogdet(S[full])[1])
        total[full] += _volume(self, theta)[0]
        return pd.Series(np.diff(total, prepend=0.0)[self.warmup :], self.index, name="log_likelihood")

    def value_and_score(self, theta: Floats) -> tuple[float, Floats]:
        """Diffuse log-likelihood and its exact gradient, shape (k,).

        The estimate of delta maximises the likelihood, so the ordinary score at it is the derivative of the
        first part; ``S`` is minus the second derivative in delta of the likelihood of zero data, so that of
        ``log|S|`` is a sum of ordinary scores on zero data.
        """
        long = self.longer()
        known = _augment(self, long, theta)
        if known is None:
            return -np.inf, np.zeros_like(theta)
        value, gradient = centred(self, long, known).value_and_score(theta)
        scaled, unit = (each[0] for each in _in_units(known.S[None]))
        root = unit[:, None] * np.linalg.inv(np.linalg.cholesky(scaled)).T
        by_value, by_scale = np.zeros(self.model.n_values), np.zeros(long.nobs)
        columns = [*(self.loading @ root).T, *np.zeros_like(self.loading.T)]
        for k, column in enumerate(columns):
            _, on_values, on_scale = long.sensitivities(
                theta, _zero_data(long, theta, column), mean_moves=False
            )
            sign = 1.0 if k < len(root) else -1.0
            by_value += sign * on_values
            by_scale += sign * on_scale
        for fixed in ("c", "a"):
            by_value[self.model.blocks[fixed].where] = 0.0  # zero on zero data, whatever theta
        volume, on_transition = _volume(self, theta)
        t = self.model.blocks["T"]
        by_value[t.where] += on_transition[t.row, t.col]
        gradient = gradient + long.chain(theta, by_value, by_scale)
        return value - 0.5 * float(np.linalg.slogdet(known.S)[1]) + volume, gradient

    def score_obs(self, params: Params) -> pd.DataFrame:
        """Gradient of each period's log-likelihood, shape (n, k), by fourth-order differences."""
        theta = self.vector(params)
        out = np.empty((self.nobs, theta.size))
        for j in range(theta.size):
            step = np.zeros_like(theta)
            step[j] = 1e-3 * max(abs(theta[j]), 1e-2)
            at = {h: self.loglike_obs(theta + h * step).to_numpy() for h in (-2, -1, 1, 2)}
            with np.errstate(invalid="ignore"):  # minus infinity on both sides, where it is not defined
                out[:, j] = (8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * step[j])
        return pd.DataFrame(out, self.index, list(self.names))

    def filter_path(self, theta: Floats) -> Path:
        """Kalman filter started at the estimate of delta, as if known.

        The estimate has seen the whole sample, so means before the last period look ahead, and covariances
        leave its uncertainty out; `estimate_states` does neither.
        """
        long = self.longer()
        path = centred(self, long, determined(self, long, theta)).filter_path(theta)
        return Path(*(each[self.warmup :] for each in path))

    def inputs(self, theta: Floats) -> Inputs:
        """Not defined: the ordinary kernels need a mean and a covariance of the state before the sample."""
        raise no_distribution(self)

    def longer(self) -> Problem:
        """The ordinary problem with the warm-up periods, at delta = 0."""
        values, w = self.ordinary(), self.warmup
        values["index"] = pd.period_range(self.index[0] - w, self.index[-1], freq=self.index.freq)
        first = self.x[:1]  # where series that move states are taken to have stood before
        for name, fill in (("y", np.nan), ("x", first), ("report_inputs", np.nan), ("scale_param", -1)):
            before = np.full((w, *values[name].shape[1:]), fill, dtype=values[name].dtype)
            values[name] = np.concatenate([before, values[name]])
        return Problem(**values)


def diffuse_problem(problem: Problem, states: Sequence[str] | None = None) -> DiffuseProblem:
    """The same equations and data from a diffuse initial state.

    Parameters
    ----------
    problem
        Its initial mean stays as the point everything is measured from; its initial covariance stays for the states
        that are not diffuse.
    states
        Names of the states that are diffuse; by default all.  The others have the initial mean and covariance of
        ``problem`` before the warm-up periods, and its unconditional moments if they are stationary.

    Raises
    ------
    SpecificationError
        A name is not a state of the model, or the data do not determine the initial state at the model's start
        values.

    References
    ----------
    de Jong (1991), *Annals of Statistics* 19(2); Koopman and Durbin (2003), *Journal of Time Series
    Analysis* 24(1); Durbin and Koopman (2012), chapter 5.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.statespace.examples import nile_problem
    >>> problem, known = nile_problem()
    >>> round(cs.statespace.diffuse_problem(problem, ["mu"]).loglike(known), 2)
    -633.46
    """
    slots = problem.model.states
    known = list(dict.fromkeys(name for name, _ in slots))
    chosen = known if states is None else list(states)
    if unknown := [name for name in chosen if name not in known]:
        raise SpecificationError(f"{problem.spec.name} has no state {unknown[0]!r}; it has {known}.")
    spans = {name: _span(problem.model, name) for name in chosen}
    loaded = [
        slots.index((name, newest - k)) for name, (newest, order, _) in spans.items() for k in range(order)
    ]
    loading = np.zeros((len(slots), len(loaded)))
    loading[loaded, np.arange(len(loaded))] = 1.0
    others = np.array([name not in chosen for name, _ in slots])
    values = problem.ordinary()
    values["initial_cov"] = np.where(np.outer(others, others), problem.initial_cov, 0.0)
    warmup = max(newest - oldest - order + 1 for newest, order, oldest in spans.values())
    out = DiffuseProblem(**values, loading=loading, warmup=warmup)
    at_start = _regress(out, out.longer(), out.table().complete().start.to_numpy(dtype=float))
    if at_start is not None and not at_start.determined:
        raise _undetermined(out, at_start.S)
    return out


def _span(model: Compiled, name: str) -> tuple[int, int, int]:
    """Newest lag of a state that is held, number of its lags that move the states, and oldest lag."""
    lags = [lag for other, lag in model.states if other == name]
    t = model.blocks["T"]
    read = [
        lag
        for i, j in zip(t.row.tolist(), t.col.tolist(), strict=True)
        for other, lag in [model.states[j]]
        if other == name and model.states[i] != (name, lag - 1)
    ]
    return max(lags), max(lags) - min([*read, max(lags)]) + 1, min(lags)


def _volume(problem: DiffuseProblem, theta: Floats) -> tuple[float, Floats]:
    """Log of what the transition makes of a unit volume of delta in the first period, and its derivative in T (m, m).

    Zero where the diffuse states have unit roots alone; without it an autoregressive state could make its own past,
    and so delta, arbitrarily likely.
    """
    A, n = problem.loading, problem.warmup + 1
    T = problem.model.blocks["T"].dense(problem.values(theta))
    powers = [np.eye(len(T))]
    for _ in range(n):
        powers.append(powers[-1] @ T)
    J = A.T @ powers[n] @ A
    sign, log_volume = np.linalg.slogdet(J)
    if sign == 0:
        return -np.inf, np.zeros_like(T)
    middle = A @ np.linalg.inv(J) @ A.T
    return float(log_volume), np.sum([(powers[k] @ middle @ powers[n - 1 - k]).T for k in range(n)], axis=0)


class Augmented(NamedTuple):
    """Innovations (n, p) at delta = 0, their variances and slopes (n, p, d), and the information."""

    v: Floats
    F: Floats
    V: Floats
    S: Floats
    s: Floats

    @property
    def delta(self) -> Floats:
        """Least-squares estimate of the initial state's unknown part, shape (d,)."""
        scaled, unit = (each[0] for each in _in_units(self.S[None]))
        return np.asarray(unit * np.linalg.solve(scaled, unit * self.s), dtype=np.float64)

    @property
    def determined(self) -> bool:
        """Whether the data determine delta."""
        return bool(full_rank(self.S[None])[0])


def _augment(problem: DiffuseProblem, long: Problem, theta: Floats) -> Augmented | None:
    """None where an innovation variance is not positive or the data do not determine delta."""
    known = _regress(problem, long, theta)
    return known if known is not None and known.determined else None


def determined(problem: DiffuseProblem, long: Problem, theta: Floats) -> Augmented:
    """The same, with an error that says which of the two it is."""
    known = _regress(problem, long, theta)
    if known is None:
        long.filter_path(theta)  # raises, naming the period
        raise AssertionError("unreachable")
    if not known.determined:
        raise _undetermined(problem, known.S)
    return known


def _regress(problem: DiffuseProblem, long: Problem, theta: Floats) -> Augmented | None:
    """Innovations and their slopes; None where an innovation variance is not positive."""
    path = long.empty_path()
    if not gaussian.filter_path(*long.inputs(theta), path):
        return None
    slopes = [zero_path(long, theta, column).v for column in problem.loading.T]
    V = np.where(path.F[..., None] > 0, -np.stack(slopes, axis=-1), 0.0)
    v = np.where(path.F > 0, path.v, 0.0)
    weight: Floats = np.divide(1.0, path.F, out=np.zeros_like(path.F), where=path.F > 0)
    S: Floats = np.einsum("tik,ti,til->kl", V, weight, V)
    s: Floats = np.einsum("tik,ti,ti->k", V, weight, v)
    return Augmented(v, path.F, V, S, s)


def _zero_data(long: Problem, theta: Floats, initial: Floats) -> Inputs:
    inputs = long.inputs(theta)
    system = inputs.system._replace(a0=np.ascontiguousarray(initial), c=np.zeros_like(inputs.system.c))
    sample = Sample(
        0.0 * inputs.sample.y, np.zeros_like(inputs.sample.x), inputs.sample.scale, inputs.sample.reset
    )
    return inputs._replace(system=system, sample=sample)


def zero_path(long: Problem, theta: Floats, initial: Floats) -> Path:
    """Filter on zero data from an initial mean."""
    path = long.empty_path()
    gaussian.filter_path(*_zero_data(long, theta, initial), path)
    return path


def centred(problem: DiffuseProblem, long: Problem, known: Augmented) -> Problem:
    """The ordinary problem started at the estimate of delta."""
    return replace(long, initial_mean=long.initial_mean + problem.loading @ known.delta)


def cumulated(known: Augmented) -> tuple[Floats, Floats]:
    """S (n, p, d, d) and s (n, p, d) of all observations up to each."""
    n, p, d = known.V.shape
    weight = np.divide(1.0, known.F, out=np.zeros_like(known.F), where=known.F > 0)
    outer = np.einsum("tik,ti,til->tikl", known.V, weight, known.V).reshape(n * p, d, d)
    cross = np.einsum("tik,ti->tik", known.V, weight * known.v).reshape(n * p, d)
    return outer.cumsum(axis=0).reshape(n, p, d, d), cross.cumsum(axis=0).reshape(n, p, d)


def full_rank(S: Floats) -> npt.NDArray[np.bool_]:
    """Which of the matrices (n, d, d) are of full rank."""
    scaled, diagonal = _in_units(S)[0], np.einsum("tii->ti", S)
    full: npt.NDArray[np.bool_] = (diagonal > 0).all(axis=1) & (np.linalg.eigvalsh(scaled)[:, 0] > _SINGULAR)
    return full


def _in_units(S: Floats) -> tuple[Floats, Floats]:
    """The matrices with a diagonal of one (or zero), and the units that make it so, shape (n, d)."""
    diagonal = np.einsum("tii->ti", S)
    unit: Floats = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    return S * unit[:, :, None] * unit[:, None, :], unit


def _undetermined(problem: DiffuseProblem, S: Floats) -> SpecificationError:
    """The data leave the likelihood flat along the last eigenvectors of the information."""
    scaled, unit = (each[0] for each in _in_units(S[None]))
    eigenvalues, vectors = np.linalg.eigh(scaled)
    names = [show_slot(problem.model.states[i]) for i in problem.loading.argmax(axis=0)]
    flat = [_show(unit * vector, names) for vector in vectors.T[eigenvalues <= _SINGULAR]]
    return SpecificationError(
        f"{problem.spec.name}: the data of {problem.index[0]}-{problem.index[-1]} never determine the diffuse initial "
        f"state in the direction {' and '.join(flat)}: moving it so changes no observation. Give an initial mean and "
        "covariance, or make fewer states diffuse."
    )


def _show(direction: Floats, names: list[str]) -> str:
    """A direction as a sum, its largest weight one: ``mu - 0.5 g``."""
    weights = direction / direction[np.abs(direction).argmax()]
    shown = [(w, name) for w, name in zip(weights, names, strict=True) if abs(w) > 1e-4]
    text = "".join(
        f" {'-' if w < 0 else '+'} {'' if abs(abs(w) - 1) < 1e-4 else f'{abs(w):.3g} '}{name}"
        for w, name in shown
    )
    return text.removeprefix(" + ").strip()


def no_distribution(problem: DiffuseProblem) -> SpecificationError:
    """The error where a distribution of the initial state is asked for."""
    return SpecificationError(
        f"{problem.spec.name}: a diffuse initial state has no distribution to draw samples from or to start an "
        "ordinary filter at. Give one: an initial mean and covariance."
    )


def proper_remainder(problem: Problem, theta: Floats) -> Problem:
    """The periods after those that determine a diffuse state, from the state as then known; others as they are.

    From there on the filter is an ordinary one, so states and smoothed states of these periods are the same.
    """
    if not isinstance(problem, DiffuseProblem):
        return problem
    long = problem.longer()
    known = determined(problem, long, theta)
    S, s = (each[:, -1] for each in cumulated(known))
    first = int(np.argmax(full_rank(S)))
    path = long.filter_path(theta)
    slope = np.stack([zero_path(long, theta, column).a[first, -1] for column in problem.loading.T], axis=-1)
    mean = path.a[first, -1] + slope @ np.linalg.solve(S[first], s[first])
    cov = path.P[first, -1] + slope @ np.linalg.solve(S[first], slope.T)
    values = long.ordinary()
    for name in ("index", "y", "x", "report_inputs", "scale_param"):
        values[name] = values[name][first + 1 :]
    declared = problem.values(theta)[problem.model.blocks["a"].where]
    return Problem(**values | {"initial_mean": mean - declared, "initial_cov": cov, "stationary": ()})
