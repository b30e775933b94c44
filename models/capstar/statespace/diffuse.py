r"""Exact diffuse initialisation.

The state before the sample is :math:`a_0 + A\delta` with a flat prior on :math:`\delta`.  Everything is linear in
:math:`\delta`, so one ordinary filter at :math:`\delta = 0` and one on zero data for each column of :math:`A` give
the innovations :math:`v - V\delta`, hence :math:`S = \sum V'F^{-1}V`, the least-squares
:math:`\hat\delta = S^{-1}\sum V'F^{-1}v`, and all moments (de Jong 1991).  The numbers are those of the exact
initial Kalman filter of Koopman and Durbin (2003); no large variance stands for an infinite one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import SpecificationError
from capstar.kernels import gaussian
from capstar.kernels.arrays import Path, Sample
from capstar.statespace.algebra import show_slot
from capstar.statespace.problem import Inputs, Problem
from capstar.statespace.smoothing import (
    Disturbances,
    StateEstimates,
    backward,
    estimate_states,
    simulate_data,
    smooth_disturbances,
    smoothed_moments,
)

Floats = npt.NDArray[np.float64]
_Params: TypeAlias = "Mapping[str, float] | pd.Series | npt.ArrayLike"
_SINGULAR = 1e-10  # smallest eigenvalue, in units of the diagonal, of information called of full rank


@dataclass(frozen=True)
class DiffuseProblem(Problem):
    """A likelihood whose initial state is unknown.

    Make one with `diffuse_problem`.  Recursions start `warmup` periods before the sample, without
    observations, so that lags held in the state follow from older values by the model's own transition
    and only the newest value of each state is diffuse.

    Attributes
    ----------
    loading
        A, shape (m, d): which states are diffuse.
    warmup
        Periods before the sample.
    """

    loading: Floats
    warmup: int

    def loglike(self, params: _Params) -> float:
        """Diffuse log-likelihood; minus infinity where it is not defined.

        ``log(2 pi)`` is counted for every observation, as Durbin and Koopman (2012, section 7.2.2) do.
        """
        theta = self.vector(params)
        long = self.longer()
        known = _augment(self, long, theta)
        if known is None:
            return -np.inf
        return _centred(self, long, known).loglike(theta) - 0.5 * float(np.linalg.slogdet(known.S)[1])

    def loglike_obs(self, params: _Params) -> pd.Series:
        """Log-likelihood of each period given the past.

        Zero until the data determine the initial state; the period in which they do carries all until then.
        """
        theta = self.vector(params)
        known = _augment(self, self.longer(), theta)
        if known is None:
            return pd.Series(-np.inf, self.index, name="log_likelihood")
        F = np.where(known.F > 0, known.F, 1.0)
        at_zero = np.where(known.F > 0, -0.5 * (gaussian.LOG_2PI + np.log(F) + known.v**2 / F), 0.0)
        S, s = (each[:, -1] for each in _cumulated(known))
        full = _full_rank(S)
        total = np.zeros(len(S))
        fit = np.einsum("ti,ti->t", s[full], np.linalg.solve(S[full], s[full][..., None])[..., 0])
        total[full] = at_zero.sum(axis=1).cumsum()[full] + 0.5 * (fit - np.linalg.slogdet(S[full])[1])
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
        value, gradient = _centred(self, long, known).value_and_score(theta)
        root = np.linalg.cholesky(np.linalg.inv(known.S))
        by_value, by_scale = np.zeros(self.model.n_values), np.zeros(long.nobs)
        columns = [*(self.loading @ root).T, *np.zeros_like(self.loading.T)]
        for k, column in enumerate(columns):
            _, on_values, on_scale = long.sensitivities(_zero_data(long, theta, column))
            sign = 1.0 if k < len(root) else -1.0
            by_value += sign * on_values
            by_scale += sign * on_scale
        for fixed in ("c", "a"):
            by_value[self.model.blocks[fixed].where] = 0.0  # zero on zero data, whatever theta
        gradient = gradient + long.chain(theta, by_value, by_scale)
        return value - 0.5 * float(np.linalg.slogdet(known.S)[1]), gradient

    def score_obs(self, params: _Params) -> pd.DataFrame:
        """Gradient of each period's log-likelihood, shape (n, k), by fourth-order differences."""
        theta = self.vector(params)
        out = np.empty((self.nobs, theta.size))
        for j in range(theta.size):
            step = np.zeros_like(theta)
            step[j] = 1e-3 * max(abs(theta[j]), 1e-2)
            at = {h: self.loglike_obs(theta + h * step).to_numpy() for h in (-2, -1, 1, 2)}
            out[:, j] = (8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * step[j])
        return pd.DataFrame(out, self.index, list(self.names))

    def longer(self) -> Problem:
        """The ordinary problem with the warm-up periods, at delta = 0 and without initial variance."""
        w, m = self.warmup, len(self.model.states)
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(Problem)}
        index = pd.period_range(self.index[0] - w, self.index[-1], freq=self.index.freq)
        values |= {
            "index": index,
            "y": np.vstack([np.full((w, self.y.shape[1]), np.nan), self.y]),
            "x": np.vstack([np.zeros((w, self.x.shape[1])), self.x]),
            "report_inputs": np.vstack(
                [np.full((w, self.report_inputs.shape[1]), np.nan), self.report_inputs]
            ),
            "scale_param": np.concatenate([np.full(w, -1), self.scale_param]),
            "initial_cov": np.zeros((m, m)),
        }
        return Problem(**values)


def diffuse_problem(problem: Problem, states: Sequence[str] | None = None) -> DiffuseProblem:
    """The same equations and data from a diffuse initial state.

    Parameters
    ----------
    problem
        Its initial mean stays as the point everything is measured from; its initial covariance is dropped.
    states
        Names of the states that are diffuse; by default all.  The others start at the initial mean, known.

    Raises
    ------
    SpecificationError
        A name is not a state of the model, or the data do not determine the initial state.

    References
    ----------
    de Jong (1991), *Annals of Statistics* 19(2); Koopman and Durbin (2003), *Journal of Time Series
    Analysis* 24(1); Durbin and Koopman (2012), chapter 5.
    """
    slots = problem.model.states
    known = list(dict.fromkeys(name for name, _ in slots))
    chosen = known if states is None else list(states)
    if unknown := [name for name in chosen if name not in known]:
        raise SpecificationError(f"{problem.spec.name} has no state {unknown[0]!r}; it has {known}.")
    newest = {name: max(lag for other, lag in slots if other == name) for name in chosen}
    oldest = {name: min(lag for other, lag in slots if other == name) for name in chosen}
    loading = np.zeros((len(slots), len(chosen)))
    for k, name in enumerate(chosen):
        loading[slots.index((name, newest[name])), k] = 1.0
    values = {f.name: getattr(problem, f.name) for f in fields(Problem)}
    warmup = max(newest[name] - oldest[name] for name in chosen)
    out = DiffuseProblem(**values, loading=loading, warmup=warmup)
    if _augment(out, out.longer(), out.table().start.to_numpy(dtype=float)) is None:
        raise _complain(out)
    return out


class _Augmented(NamedTuple):
    """Innovations (n, p) at delta = 0, their variances and slopes (n, p, d), and the information."""

    v: Floats
    F: Floats
    V: Floats
    S: Floats
    s: Floats

    @property
    def delta(self) -> Floats:
        """Least-squares estimate of the initial state's unknown part, shape (d,)."""
        return np.asarray(np.linalg.solve(self.S, self.s), dtype=np.float64)


def _augment(problem: DiffuseProblem, long: Problem, theta: Floats) -> _Augmented | None:
    """None where an innovation variance is not positive or the data do not determine delta."""
    path = long.empty_path()
    if not gaussian.filter_path(*long.inputs(theta), path):
        return None
    slopes = [_zero_path(long, theta, column).v for column in problem.loading.T]
    V = np.where(path.F[..., None] > 0, -np.stack(slopes, axis=-1), 0.0)
    v = np.where(path.F > 0, path.v, 0.0)
    weight: Floats = np.divide(1.0, path.F, out=np.zeros_like(path.F), where=path.F > 0)
    S: Floats = np.einsum("tik,ti,til->kl", V, weight, V)
    s: Floats = np.einsum("tik,ti,ti->k", V, weight, v)
    return _Augmented(v, path.F, V, S, s) if _full_rank(S[None])[0] else None


def _zero_data(long: Problem, theta: Floats, initial: Floats) -> Inputs:
    inputs = long.inputs(theta)
    system = inputs.system._replace(a0=np.ascontiguousarray(initial), c=np.zeros_like(inputs.system.c))
    sample = Sample(0.0 * inputs.sample.y, np.zeros_like(inputs.sample.x), inputs.sample.scale)
    return inputs._replace(system=system, sample=sample)


def _zero_path(long: Problem, theta: Floats, initial: Floats) -> Path:
    path = long.empty_path()
    gaussian.filter_path(*_zero_data(long, theta, initial), path)
    return path


def _centred(problem: DiffuseProblem, long: Problem, known: _Augmented) -> Problem:
    """The ordinary problem started at the estimate of delta."""
    return replace(long, initial_mean=long.initial_mean + problem.loading @ known.delta)


def _cumulated(known: _Augmented) -> tuple[Floats, Floats]:
    """S (n, p, d, d) and s (n, p, d) of all observations up to each."""
    n, p, d = known.V.shape
    weight = np.divide(1.0, known.F, out=np.zeros_like(known.F), where=known.F > 0)
    outer = np.einsum("tik,ti,til->tikl", known.V, weight, known.V).reshape(n * p, d, d)
    cross = np.einsum("tik,ti->tik", known.V, weight * known.v).reshape(n * p, d)
    return outer.cumsum(axis=0).reshape(n, p, d, d), cross.cumsum(axis=0).reshape(n, p, d)


def _full_rank(S: Floats) -> npt.NDArray[np.bool_]:
    """Which of the matrices (n, d, d) are of full rank."""
    diagonal = np.einsum("tii->ti", S)
    unit = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    scaled = S * unit[:, :, None] * unit[:, None, :]
    full: npt.NDArray[np.bool_] = (diagonal > 0).all(axis=1) & (np.linalg.eigvalsh(scaled)[:, 0] > _SINGULAR)
    return full


def _complain(problem: DiffuseProblem) -> SpecificationError:
    return SpecificationError(
        f"{problem.spec.name}: the data of {problem.index[0]}-{problem.index[-1]} do not determine the diffuse initial "
        f"values of {[show_slot(problem.model.states[i]) for i in problem.loading.argmax(axis=0)]}. Give an initial "
        "mean and covariance, or make fewer states diffuse."
    )


@estimate_states.register
def _states(problem: DiffuseProblem, params: Any) -> StateEstimates:
    theta, long, w = problem.vector(params), problem.longer(), problem.warmup
    known = _augment(problem, long, theta)
    if known is None:
        raise _complain(problem)
    base = estimate_states(_centred(problem, long, known), theta)
    paths = [_zero_path(long, theta, column) for column in problem.loading.T]
    smoothed = np.stack([_smoothed(long, theta, path) for path in paths], axis=-1)
    S_inv = np.linalg.inv(known.S)
    spread = smoothed @ S_inv
    older = np.concatenate([np.zeros_like(smoothed[:1]), smoothed[:-1]])
    S, s = _cumulated(known)
    predicted, predicted_cov = _given_past(base, known, paths, _shifted(S), _shifted(s), 0)
    filtered, filtered_cov = _given_past(base, known, paths, S[:, -1], s[:, -1], -1)
    innovations, innovation_var = _innovations(known, S, s)
    cov = base.smoothed_cov + spread @ smoothed.transpose(0, 2, 1)
    return StateEstimates(
        problem=problem,
        theta=theta,
        predicted=predicted[w:],
        predicted_cov=predicted_cov[w:],
        filtered=filtered[w:],
        filtered_cov=filtered_cov[w:],
        smoothed=base.smoothed[w:],
        smoothed_cov=cov[w:],
        lag_one_cov=(base.lag_one_cov + spread @ older.transpose(0, 2, 1))[w:],
        initial=base.smoothed[w - 1] if w else base.initial,
        initial_cov=cov[w - 1] if w else problem.loading @ S_inv @ problem.loading.T,
        innovations=innovations[w:],
        innovation_var=innovation_var[w:],
    )


def _smoothed(long: Problem, theta: Floats, path: Path) -> Floats:
    r = backward(long, theta, path)[0]
    mean: Floats = path.a[:, 0] + np.einsum("tij,tj->ti", path.P[:, 0], r[1:])
    return mean


def _shifted(cumulated: Floats) -> Floats:
    """What was known a period before."""
    last = cumulated[:, -1]
    return np.concatenate([np.zeros_like(last[:1]), last[:-1]])


def _given_past(
    base: StateEstimates, known: _Augmented, paths: list[Path], S: Floats, s: Floats, step: int
) -> tuple[Floats, Floats]:
    """Moments of the state given data to each period: NaN and infinite until those determine delta."""
    full = _full_rank(S)
    slope = np.stack([path.a[:, step] for path in paths], axis=-1)
    mean = np.full(base.predicted.shape, np.nan)
    cov = np.full(base.predicted_cov.shape, np.inf)
    center, known_cov = (
        (base.predicted, base.predicted_cov) if step == 0 else (base.filtered, base.filtered_cov)
    )
    delta = np.linalg.solve(S[full], s[full][..., None])[..., 0] - known.delta
    mean[full] = center[full] + np.einsum("tik,tk->ti", slope[full], delta)
    cov[full] = known_cov[full] + slope[full] @ np.linalg.solve(S[full], slope[full].transpose(0, 2, 1))
    return mean, cov


def _innovations(known: _Augmented, S: Floats, s: Floats) -> tuple[Floats, Floats]:
    """Prediction errors given everything before, with variances; NaN until that determines delta."""
    n, p, d = known.V.shape
    before_S = np.concatenate([np.zeros((1, d, d)), S.reshape(n * p, d, d)[:-1]])
    before_s = np.concatenate([np.zeros((1, d)), s.reshape(n * p, d)[:-1]])
    V, v, F = known.V.reshape(n * p, d), known.v.ravel(), known.F.ravel()
    usable = _full_rank(before_S) & (F > 0)
    out, variance = np.full(n * p, np.nan), np.full(n * p, np.nan)
    solved = np.linalg.solve(before_S[usable], np.stack([before_s[usable], V[usable]], axis=-1))
    out[usable] = v[usable] - np.einsum("tk,tk->t", V[usable], solved[..., 0])
    variance[usable] = F[usable] + np.einsum("tk,tk->t", V[usable], solved[..., 1])
    return out.reshape(n, p), variance.reshape(n, p)


@smoothed_moments.register
def _moments(problem: DiffuseProblem, params: Any, slots: list[int]) -> tuple[Floats, Floats]:
    states = _states(problem, params)
    return states.smoothed[:, slots], states.smoothed_cov[:, slots][:, :, slots]


@smooth_disturbances.register
def _disturbances(problem: DiffuseProblem, params: Any) -> Disturbances:
    raise SpecificationError(
        f"{problem.spec.name}: auxiliary residuals are not given from a diffuse initial state. Start from the "
        "smoothed initial state: with_initial_cov(states.initial_cov) on the ordinary problem."
    )


@simulate_data.register
def _simulate(problem: DiffuseProblem, params: Any, **_: Any) -> tuple[Floats, Floats]:
    raise SpecificationError(
        f"{problem.spec.name}: a diffuse initial state has no distribution to draw samples from. Give one."
    )
