"""Adaptive random-walk Metropolis: proposals learn their covariance while the chain warms up, then stay."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from capstar.kernels import random_walk as kernels
from capstar.kernels.arrays import Floats, own
from capstar.statespace.bayes.line import Line
from capstar.statespace.bayes.target import Target

_BLOCK, _BLOCKS = 500, 40  # steps between two updates of the proposals at most, and updates at least
_ALONE = 0.5  # share of proposals along one direction
_ON_LINE = 0.3  # share of proposals on the line
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


class _Noise(NamedTuple):
    """Whether each step is on the line (n,), its direction (n, k), and the logarithm of a uniform number (n,)."""

    on_line: npt.NDArray[np.bool_]
    normals: Floats
    logs: Floats


class _Kept(NamedTuple):
    """Where draws (n, k) and their log posterior densities (n,) are written, and steps taken (2,) counted."""

    draws: Floats
    values: Floats
    moved: npt.NDArray[np.int64]


@dataclass
class _Proposals:
    """Covariance of one kind of proposals, learnt from the chain, and their size.

    Attributes
    ----------
    first
        Covariance before anything is learnt, shape (k, k).
    """

    first: Floats

    def __post_init__(self) -> None:
        self.cov, self.scale = self.first, 2.38 / math.sqrt(len(self.first))

    @property
    def factor(self) -> Floats:
        """Lower triangular root."""
        return np.asarray(self.scale * np.linalg.cholesky(self.cov), dtype=float)

    def learn(self, states: Floats, accepted: float, block: int) -> None:
        """From states (n, k), and the share of the last block's proposals that were accepted."""
        self.scale *= math.exp((accepted - _AIM) * 2.0 / math.sqrt(1 + block / 4))
        if len(states) >= 10 * len(self.first):
            self.cov = np.atleast_2d(np.cov(states.T)) + _SMALLEST * np.diag(np.diag(self.first))


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
        Of the first proposals on the line, before scaling, shape (k, k).
    n_draws, warmup, thin
        Draws kept, steps before them, and steps for each.
    seed
        Of the chain.

    Notes
    -----
    Three proposals in ten are steps on the line (`capstar.statespace.bayes.line`), the others steps in the parameters,
    with the ratio of densities there.  A standard deviation that piles up at zero wants the first; a ridge along which
    one variance takes another's place, which logarithms bend into a corner, the second.

    Proposals of each kind have covariance ``s^2 C``.  In the warm-up C is the covariance of the later half of the
    states so far (Haario, Saksman and Tamminen 2001) and s follows the acceptance rate towards a quarter; both are then
    held, so that what is kept is an ordinary Markov chain.
    """
    rng, line, k = np.random.default_rng(seed), Line.of(target.ordered), start.size
    advance, x, value = _advance(target, line), own(start), np.array([target.log_density(start)])
    slope = line.slope(line.position(start))
    kinds = (_Proposals(cov * np.outer(slope, slope)), _Proposals(cov))
    size, past = min(_BLOCK, max(warmup // _BLOCKS, 20)), np.empty((0, k))
    for block in range(math.ceil(warmup / size)):
        steps = min(size, warmup - block * size)
        noise, kept = _noise(rng, steps, k), _room(steps, k)
        advance(x, value, np.stack([one.factor for one in kinds]), noise, 1, kept)
        past = np.concatenate([past, kept.draws])
        recent = past[len(past) // 2 :]
        tried = np.bincount(noise.on_line, minlength=2)
        for one, states, accepted in zip(
            kinds, (recent, line.position(recent)), kept.moved / np.maximum(tried, 1), strict=True
        ):
            one.learn(states, accepted, block)
    factors, all_kept = np.stack([one.factor for one in kinds]), _room(n_draws, k)
    step = max(_BLOCK // thin, 1)
    for first in range(0, n_draws, step):
        rows = slice(first, min(first + step, n_draws))
        kept = all_kept._replace(draws=all_kept.draws[rows], values=all_kept.values[rows])
        advance(x, value, factors, _noise(rng, len(kept.values) * thin, k), thin, kept)
    return Chain(all_kept.draws, all_kept.values, float(all_kept.moved.sum()) / (n_draws * thin))


def _room(n: int, k: int) -> _Kept:
    return _Kept(np.empty((n, k)), np.empty(n), np.zeros(2, dtype=np.int64))


def _noise(rng: np.random.Generator, steps: int, k: int) -> _Noise:
    """Kinds and directions of proposals, and logarithms of uniform numbers.

    Half of them move along one column of the root of the covariance alone, as far as the others: that goes round
    corners of a posterior better than steps in all directions at once.
    """
    normals, alone = rng.standard_normal((steps, k)), rng.uniform(size=steps) < _ALONE
    normals[alone] *= math.sqrt(k) * np.eye(k)[rng.integers(k, size=int(alone.sum()))]
    return _Noise(rng.uniform(size=steps) < _ON_LINE, normals, np.log(rng.uniform(size=steps)))


def _advance(target: Target, line: Line) -> Callable[[Floats, Floats, Floats, _Noise, int, _Kept], None]:
    """Steps of a chain: compiled with the likelihood where that is possible."""
    if not target.compilable:
        return lambda *given: _advance_slowly(target, line, *given)
    theta, *rest = target.compiled()
    scratch = np.empty((2, len(target.names)))

    def advance(x: Floats, value: Floats, factors: Floats, noise: _Noise, thin: int, kept: _Kept) -> None:
        kernels.walk(
            theta, x, value, factors, *noise, thin, *rest, scratch, kept.moved, kept.draws, kept.values
        )

    return advance


def _advance_slowly(
    target: Target,
    line: Line,
    x: Floats,
    value: Floats,
    factors: Floats,
    noise: _Noise,
    thin: int,
    kept: _Kept,
) -> None:
    """The steps of `capstar.kernels.random_walk.walk` around a likelihood that is not compiled with them."""
    for step, (on_line, normals, log) in enumerate(zip(*noise, strict=True)):
        jump, gain = factors[int(on_line)] @ normals, 0.0
        if on_line:
            here = line.position(x)
            proposal = line.parameters(here + jump)
            gain = float(line.log_slope(here + jump) - line.log_slope(here))
        else:
            proposal = x + jump
        new = target.log_density(proposal)
        if log < new - value[0] + gain:
            kept.moved[int(on_line)] += 1
            x[:], value[0] = proposal, new
        if (step + 1) % thin == 0:
            at = (step + 1) // thin - 1
            kept.draws[at], kept.values[at] = x, value[0]
