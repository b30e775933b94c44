"""The No-U-Turn sampler on the exact score, a cross-check on the random walk."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from capstar.kernels.arrays import Floats
from capstar.statespace.bayes.line import Line
from capstar.statespace.bayes.random_walk import Chain
from capstar.statespace.bayes.target import Target

_DEPTH = 8  # doublings of a trajectory
_AIM = 0.8  # average acceptance statistic
_ERROR = 1000.0  # of the energy: beyond it the integrator is called divergent
_LEARN = (0.2, 0.45, 0.75)  # shares of the warm-up at which the mass matrix is learnt from what came before
_SHRINK = 20.0  # draws that the first covariance counts as
_GAMMA, _OFFSET, _KAPPA = 0.05, 10.0, 0.75  # of dual averaging, Hoffman and Gelman (2014)


@dataclass
class _Space:
    """Density on the line, with momenta of covariance ``inverse(cov)``."""

    target: Target
    line: Line
    root: Floats  # lower triangular, of the covariance of the places

    def velocity(self, momentum: Floats) -> Floats:
        out: Floats = self.root @ (self.root.T @ momentum)
        return out

    def momentum(self, rng: np.random.Generator) -> Floats:
        return np.asarray(np.linalg.solve(self.root.T, rng.standard_normal(len(self.root))), dtype=float)

    def energy(self, point: _Point) -> float:
        with np.errstate(over="ignore", invalid="ignore"):  # of a trajectory that diverges
            moved = self.root.T @ point.momentum
            return point.value - 0.5 * float(moved @ moved)

    def leap(self, point: _Point, step: float) -> _Point:
        half = point.momentum + 0.5 * step * point.score
        u = point.u + step * self.velocity(half)
        value, score = self.line.density(self.target, u)
        if not np.isfinite(value):
            return _Point(u, half, -np.inf, np.zeros(u.size))
        return _Point(u, half + 0.5 * step * score, value, score)


@dataclass
class _Point:
    u: Floats
    momentum: Floats
    value: float
    score: Floats


@dataclass
class _Tree:
    """A stretch of trajectory: both ends, a point drawn from it, its weight and the sum of momenta."""

    left: _Point
    right: _Point
    drawn: _Point
    weight: float  # log of the sum of densities
    total: Floats
    going: bool


@dataclass
class _Tally:
    """Average acceptance statistic of one trajectory."""

    accepted: float = 0.0
    steps: int = 0
    divergent: bool = False


@dataclass
class _StepSize:
    """Dual averaging of the logarithm of the step."""

    step: float
    center: float = field(init=False)
    average: float = field(init=False, default=0.0)
    error: float = field(init=False, default=0.0)
    count: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.center = math.log(10.0 * self.step)

    def update(self, accepted: float) -> None:
        self.count += 1
        share = 1.0 / (self.count + _OFFSET)
        self.error = (1 - share) * self.error + share * (_AIM - accepted)
        log = self.center - math.sqrt(self.count) / _GAMMA * self.error
        weight = self.count**-_KAPPA
        self.average = weight * log + (1 - weight) * self.average
        self.step = math.exp(log)


def nuts_chain(
    target: Target, start: Floats, cov: Floats, *, n_draws: int, warmup: int, thin: int, seed: np.random.SeedSequence
) -> Chain:  # fmt: skip
    """One chain of the No-U-Turn sampler, on the line.

    Parameters
    ----------
    target, start, n_draws, warmup, thin, seed
        As of `capstar.statespace.bayes.random_walk.walk_chain`.
    cov
        Of the places on the line; the first inverse mass matrix, shape (k, k).

    Notes
    -----
    Trajectories are doubled until they turn (Hoffman and Gelman 2014), and a point of one is drawn in proportion to its
    density (Betancourt 2017).  Constraints are walls: a trajectory that meets one ends there.
    """
    rng, line = np.random.default_rng(seed), Line.of(target.ordered)
    space = _Space(target, line, np.asarray(np.linalg.cholesky(cov), dtype=float))
    u = line.position(start)
    point = _Point(u, np.zeros_like(u), *line.density(target, u))
    size = _StepSize(_reasonable(space, point, rng))
    learn, past, begun = {round(warmup * share) for share in _LEARN}, [], 0
    for i in range(warmup):
        point, tally = _transition(space, point, size.step, rng)
        size.update(tally.accepted / tally.steps)
        past.append(point.u)
        if i + 1 in learn and i + 1 - begun >= 5:
            space.root = _learnt(np.array(past[begun:]), cov)
            size, begun = _StepSize(_reasonable(space, point, rng)), i + 1
    step = math.exp(size.average) if size.count else size.step
    draws, values, accepted, divergent = np.empty((n_draws, u.size)), np.empty(n_draws), 0.0, 0
    for i in range(n_draws * thin):
        point, tally = _transition(space, point, step, rng)
        accepted += tally.accepted / tally.steps
        divergent += tally.divergent
        if (i + 1) % thin == 0:
            x = line.parameters(point.u)
            draws[i // thin], values[i // thin] = x, target.log_density(x)
    return Chain(draws, values, accepted / (n_draws * thin), divergent)


def _learnt(past: Floats, cov: Floats) -> Floats:
    """Root of the covariance of what came before, shrunk towards the first so that a chain that stood still goes on."""
    n = len(past)
    found = np.atleast_2d(np.cov(past.T))
    return np.asarray(np.linalg.cholesky((n * found + _SHRINK * cov) / (n + _SHRINK)), dtype=float)


def _reasonable(space: _Space, point: _Point, rng: np.random.Generator) -> float:
    """A step at which one leap is accepted about half of the time."""
    step, at = 0.5, _Point(point.u, space.momentum(rng), point.value, point.score)
    before = space.energy(at)

    def better(size: float) -> bool:
        found = space.energy(space.leap(at, size)) - before
        return bool(found > math.log(0.5))

    up = better(step)
    for _ in range(30):
        step *= 2.0 if up else 0.5
        if better(step) != up:
            break
    return step


def _transition(space: _Space, point: _Point, step: float, rng: np.random.Generator) -> tuple[_Point, _Tally]:
    """The next state of the chain."""
    first = _Point(point.u, space.momentum(rng), point.value, point.score)
    origin, tally = space.energy(first), _Tally()
    tree = _Tree(first, first, first, 0.0, first.momentum.copy(), going=True)
    for depth in range(_DEPTH):
        forward = bool(rng.uniform() < 0.5)
        end = tree.right if forward else tree.left
        grown = _grow(space, end, step if forward else -step, depth, origin, rng, tally)
        if not grown.going:
            break
        # Biased towards the new half: it leads away from where the chain is.
        if math.log(rng.uniform()) < grown.weight - tree.weight:
            tree.drawn = grown.drawn
        tree = _joined(space, tree, grown, forward=forward)
        if not tree.going:
            break
    return tree.drawn, tally


def _grow(
    space: _Space, end: _Point, step: float, depth: int, origin: float, rng: np.random.Generator, tally: _Tally
) -> _Tree:  # fmt: skip
    """A stretch of ``2^depth`` leaps from an end, in one direction."""
    if depth == 0:
        point = space.leap(end, step)
        weight = space.energy(point) - origin
        weight = weight if math.isfinite(weight) else -math.inf
        tally.accepted += min(1.0, math.exp(min(weight, 0.0)))
        tally.steps += 1
        fine = weight > -_ERROR
        tally.divergent |= not fine
        return _Tree(point, point, point, weight, point.momentum.copy(), going=fine)
    one = _grow(space, end, step, depth - 1, origin, rng, tally)
    if not one.going:
        return one
    other = _grow(space, one.right if step > 0 else one.left, step, depth - 1, origin, rng, tally)
    if not other.going:
        return other
    both = float(np.logaddexp(one.weight, other.weight))
    if math.log(rng.uniform()) < other.weight - both:
        one.drawn = other.drawn
    return _joined(space, one, other, forward=step > 0)


def _joined(space: _Space, tree: _Tree, other: _Tree, *, forward: bool) -> _Tree:
    """Two neighbouring stretches as one, which goes on while its ends move apart."""
    left, right = (tree.left, other.right) if forward else (other.left, tree.right)
    total = tree.total + other.total
    drift = space.velocity(total)
    going = float(drift @ left.momentum) > 0 and float(drift @ right.momentum) > 0
    weight = float(np.logaddexp(tree.weight, other.weight))
    return _Tree(left, right, tree.drawn, weight, total, going)
