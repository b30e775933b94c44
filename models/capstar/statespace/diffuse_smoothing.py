"""Smoothing from a diffuse initial state: what `capstar.statespace.smoothing` does, for a `DiffuseProblem`."""

from __future__ import annotations

from typing import Any

import numpy as np

from capstar.kernels.arrays import Floats, Path
from capstar.statespace.diffuse import (
    Augmented,
    DiffuseProblem,
    centred,
    cumulated,
    determined,
    full_rank,
    no_distribution,
    zero_path,
)
from capstar.statespace.problem import Problem
from capstar.statespace.smoothing import (
    Disturbances,
    StateEstimates,
    backward,
    disturbances,
    estimate_states,
    simulate_data,
    smooth_disturbances,
    smoothed_moments,
)

_NO_SPREAD = 1e-9  # share of a variance below which what is left of it is rounding


@estimate_states.register
def _states(problem: DiffuseProblem, params: Any) -> StateEstimates:
    theta, long, w = problem.vector(params), problem.longer(), problem.warmup
    known = determined(problem, long, theta)
    base = estimate_states(centred(problem, long, known), theta)
    paths = [zero_path(long, theta, column) for column in problem.loading.T]
    # Row 0 of the slope is that of the state before the recursions start.
    slope = np.stack(
        [_smoothed(long, theta, path, A) for path, A in zip(paths, problem.loading.T, strict=True)], -1
    )
    spread = slope @ np.linalg.inv(known.S)
    S, s = cumulated(known)
    predicted, predicted_cov = _given_past(base, known, paths, _shifted(S), _shifted(s), 0)
    filtered, filtered_cov = _given_past(base, known, paths, S[:, -1], s[:, -1], -1)
    innovations, innovation_var = _innovations(known, S, s)
    mean = np.concatenate([base.initial[None], base.smoothed])
    cov = np.concatenate([base.initial_cov[None], base.smoothed_cov]) + spread @ slope.transpose(0, 2, 1)
    return StateEstimates(
        problem=problem,
        theta=theta,
        predicted=predicted[w:],
        predicted_cov=predicted_cov[w:],
        filtered=filtered[w:],
        filtered_cov=filtered_cov[w:],
        smoothed=mean[w + 1 :],
        smoothed_cov=cov[w + 1 :],
        lag_one_cov=(base.lag_one_cov + spread[1:] @ slope[:-1].transpose(0, 2, 1))[w:],
        initial=mean[w],
        initial_cov=cov[w],
        innovations=innovations[w:],
        innovation_var=innovation_var[w:],
    )


def _smoothed(long: Problem, theta: Floats, path: Path, initial: Floats) -> Floats:
    """Smoothed means from a path, after that of the state before it, shape (n + 1, m)."""
    r = backward(long, theta, path)[0]
    mean = path.a[:, 0] + np.einsum("tij,tj->ti", path.P[:, 0], r[1:])
    cov = long.initial_moments(long.values(theta))[1]
    return np.concatenate([(initial + cov @ r[0])[None], mean])


def _shifted(cumulated: Floats) -> Floats:
    """What was known a period before."""
    last = cumulated[:, -1]
    return np.concatenate([np.zeros_like(last[:1]), last[:-1]])


def _given_past(
    base: StateEstimates, known: Augmented, paths: list[Path], S: Floats, s: Floats, step: int
) -> tuple[Floats, Floats]:
    """Moments of the state given data to each period: NaN and infinite until those determine delta."""
    full = full_rank(S)
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


def _innovations(known: Augmented, S: Floats, s: Floats) -> tuple[Floats, Floats]:
    """Prediction errors given everything before, with variances; NaN until that determines delta."""
    n, p, d = known.V.shape
    before_S = np.concatenate([np.zeros((1, d, d)), S.reshape(n * p, d, d)[:-1]])
    before_s = np.concatenate([np.zeros((1, d)), s.reshape(n * p, d)[:-1]])
    V, v, F = known.V.reshape(n * p, d), known.v.ravel(), known.F.ravel()
    usable = full_rank(before_S) & (F > 0)
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
    """Means at the estimate of delta; their variances leave out what that estimate takes up.

    A residual is NaN where the estimate of the initial state absorbs the whole disturbance.
    """
    theta, long, w = problem.vector(params), problem.longer(), problem.warmup
    known = determined(problem, long, theta)
    at_delta = centred(problem, long, known)
    r, N, u, D = backward(at_delta, theta, at_delta.filter_path(theta))
    slopes = [backward(long, theta, zero_path(long, theta, column)) for column in problem.loading.T]
    R, U = (np.stack([slope[i] for slope in slopes], axis=-1) for i in (0, 2))
    S_inv = np.linalg.inv(known.S)
    left = D - np.einsum("tik,kl,til->ti", U, S_inv, U)
    return disturbances(
        problem,
        theta,
        r[w + 1 :],
        (N - R @ S_inv @ R.transpose(0, 2, 1))[w + 1 :],
        u[w:],
        np.where(left > _NO_SPREAD * D, left, np.nan)[w:],
        floor=_NO_SPREAD,
    )


@simulate_data.register
def _simulate(problem: DiffuseProblem, params: Any, **_: Any) -> tuple[Floats, Floats]:
    raise no_distribution(problem)
