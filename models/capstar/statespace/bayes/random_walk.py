"""Adaptive random-walk Metropolis: proposals learn their covariance while the chain warms up, then stay."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from capstar.kernels import random_walk as kernels
from capstar.kernels.arrays import Floats, own
from capstar.statespace.bayes.target import Target

_BLOCK, _BLOCKS = 500, 40  # steps between two updates of the proposals at most, and updates at least
_ALONE = 0.5  # share of proposals along one direction
_AIM = 0.25  # acceptance rate
_SMALLEST = 1e-10  # relative to the variances: keeps covariances of short chains positive definite


class Chain(NamedTuple):
    """What one chain leaves.

    Attributes
    ----------
    draws
        Shape (draws, k).
    values
        Log posterior density, shape (draws,).
    accepted
        Share of proposals accepted after the warm-up, or the average acceptance statistic.
    divergent
        Trajectories that left the region where the integrator is accurate; 0 of a random walk.
    """

    draws: Floats
    values: Floats
    accepted: float
    divergent: int = 0


def walk_chain(
    target: Target, start: Floats, cov: Floats, *, n_draws: int, warmup: int, thin: int, seed: np.random.SeedSequence
) -> Chain:  # fmt: skip
    """One chain of Metropolis steps.

    Parameters
    ----------
    target
        The posterior density.
    start
        Inside the support, shape (k,).
    cov
        Of the first proposals, before scaling, shape (k, k).
    n_draws, warmup, thin
        Draws kept, steps before them, and steps for each.
    seed
        Of the chain.

    Notes
    -----
    Proposals have covariance ``s^2 C``.  In the warm-up C is the covariance of the later half of the states so far
    (Haario, Saksman and Tamminen 2001) and s follows the acceptance rate towards a quarter; both are then held, so
    that what is kept is an ordinary Markov chain.
    """
    rng, advance = np.random.default_rng(seed), _advance(target)
    x, value = own(start), np.array([target.log_density(start)])
    scale, used, past = 2.38 / math.sqrt(x.size), cov, np.empty((0, x.size))
    size = min(_BLOCK, max(warmup // _BLOCKS, 20))
    for block in range(math.ceil(warmup / size)):
        steps = min(size, warmup - block * size)
        factor = _root(scale, used)
        draws, moved = _run(advance, x, value, factor, rng, steps, 1)
        scale *= math.exp((moved / steps - _AIM) * 2.0 / math.sqrt(1 + block / 4))
        past = np.concatenate([past, draws])
        recent = past[len(past) // 2 :]
        if len(recent) >= 10 * x.size:
            learnt = np.atleast_2d(np.cov(recent.T))
            used = learnt + _SMALLEST * np.diag(np.diag(cov))
    factor = _root(scale, used)
    kept, values, moved = np.empty((n_draws, x.size)), np.empty(n_draws), 0
    step = max(_BLOCK // thin, 1)
    for first in range(0, n_draws, step):
        size = min(step, n_draws - first)
        normals, logs = _noise(rng, size * thin, x.size)
        rows = slice(first, first + size)
        moved += advance(x, value, factor, normals, logs, thin, kept[rows], values[rows])
    return Chain(kept, values, moved / (n_draws * thin))


def _run(
    advance: Callable[..., int], x: Floats, value: Floats, factor: Floats, rng: np.random.Generator, steps: int,
    thin: int,
) -> tuple[Floats, int]:  # fmt: skip
    draws, values = np.empty((steps, x.size)), np.empty(steps)
    return draws, advance(x, value, factor, *_noise(rng, steps, x.size), thin, draws, values)


def _noise(rng: np.random.Generator, steps: int, k: int) -> tuple[Floats, Floats]:
    """Directions of proposals, and logarithms of uniform numbers.

    Half of them move along one column of the root of the covariance alone, as far as the others: that goes round
    corners of a posterior better than steps in all directions at once.
    """
    normals, alone = rng.standard_normal((steps, k)), rng.uniform(size=steps) < _ALONE
    normals[alone] *= math.sqrt(k) * np.eye(k)[rng.integers(k, size=int(alone.sum()))]
    return normals, np.log(rng.uniform(size=steps))


def _advance(target: Target) -> Callable[..., int]:
    """Steps of a chain: compiled with the likelihood where that is possible."""
    if not target.compilable:
        return lambda *given: _advance_slowly(target, *given)
    theta, priors, limits, bound, room = target.compiled()
    proposal = np.empty(len(target.names))

    def advance(
        x: Floats, value: Floats, factor: Floats, normals: Floats, logs: Floats, thin: int, draws: Floats,
        values: Floats,
    ) -> int:  # fmt: skip
        return int(
            kernels.walk(
                theta, x, value, factor, normals, logs, thin, priors, limits, bound, room, proposal, draws, values
            )
        )  # fmt: skip

    return advance


def _advance_slowly(
    target: Target, x: Floats, value: Floats, factor: Floats, normals: Floats, logs: Floats, thin: int,
    draws: Floats, values: Floats,
) -> int:  # fmt: skip
    """The steps of `capstar.kernels.random_walk.walk` around a likelihood that is not compiled with them."""
    moved = 0
    for step, (noise, log) in enumerate(zip(normals, logs, strict=True)):
        proposal = x + factor @ noise
        new = target.log_density(proposal)
        if log < new - value[0]:
            moved += 1
            x[:], value[0] = proposal, new
        if (step + 1) % thin == 0:
            at = (step + 1) // thin - 1
            draws[at], values[at] = x, value[0]
    return moved


def _root(scale: float, cov: Floats) -> Floats:
    return np.asarray(scale * np.linalg.cholesky(cov), dtype=float)
