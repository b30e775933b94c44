"""Where chains begin: dispersed around the mode of the posterior, on the line."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

import numpy as np

from capstar.errors import ConvergenceError
from capstar.kernels.arrays import Floats
from capstar.statespace.bayes.line import Line
from capstar.statespace.bayes.target import Target

_DISPERSION = 2.0  # standard deviations at the mode, times those of normal draws
_DEEP = 3.0  # below the mode, for each parameter, that the log density at a start may lie
_WIDEST = 3.0  # standard deviation on the line
_TRIES = 200
_DRAWN, _POINTS = 4000, 100  # from the prior, and of these tried at most
_CLIMBS, _STEPS = 5, 200
_FARTHEST = 2.0  # step on the line


class Starts(NamedTuple):
    """Mode and covariance on the line, and a start for each chain.

    Attributes
    ----------
    mode
        Shape (k,).
    cov
        Inverse of the information there, shape (k, k).
    points
        Parameters, shape (chains, k).
    """

    mode: Floats
    cov: Floats
    points: Floats


def dispersed_starts(target: Target, n_chains: int, rng: np.random.Generator) -> Starts:
    """The mode of the posterior, and starts about two standard deviations from it in every direction.

    Raises
    ------
    ConvergenceError
        The posterior density is zero wherever it was tried.
    """
    line = Line.of(target.ordered)
    mode = _mode(target, line, rng)
    cov = _covariance(target, line, mode)
    root, lowest = np.linalg.cholesky(cov), line.log_density(target, mode) - _DEEP * mode.size
    points = []
    for _ in range(n_chains):
        spread = _DISPERSION
        for _ in range(_TRIES):
            u = mode + spread * root @ rng.standard_normal(mode.size)
            spread *= 0.97
            if line.log_density(target, u) > lowest:
                break
        else:
            u = mode
        points.append(line.parameters(u))
    return Starts(mode, cov, np.array(points))


def _mode(target: Target, line: Line, rng: np.random.Generator) -> Floats:
    """Highest point of the density on the line that a climb from the best of some points reaches."""
    candidates = _middling(target, rng)
    given = target.table.start.to_numpy(dtype=float)[target.table.free]
    if np.isfinite(given).all() and np.isfinite(target.log_density(given)):
        candidates.insert(0, given)
    places = [line.position(x) for x in candidates]
    values = np.array([line.log_density(target, u) if np.isfinite(u).all() else -np.inf for u in places])
    if not np.isfinite(values).any():
        raise ConvergenceError(
            f"{target.problem.spec.name}: the posterior density is zero at {_DRAWN} points drawn from the prior. "
            "Give start values in the parameter table that satisfy bounds and constraints, or wider priors."
        )
    best = [places[i] for i in np.argsort(-np.nan_to_num(values, nan=-np.inf))[:_CLIMBS]]
    ends = [_climb(target, line, u) for u in best]
    return max(ends, key=lambda end: end[1])[0]


def _climb(target: Target, line: Line, u: Floats) -> tuple[Floats, float]:
    """BFGS with steps halved until the density rises: it is zero beyond constraints, which a line search must bear."""
    (value, slope), inverse = line.density(target, u), np.eye(u.size)
    if not np.isfinite(value):
        return u, value
    inverse *= 0.1 / max(float(np.abs(slope).max()), 1.0)
    for _ in range(_STEPS):
        direction = inverse @ slope
        size = min(1.0, _FARTHEST / max(float(np.abs(direction).max()), 1e-12))
        while size > 1e-10:
            new = u + size * direction
            higher, turned = line.density(target, new)
            if higher > value + 1e-4 * size * float(direction @ slope):
                break
            size *= 0.5
        else:
            break
        moved, change, gained = new - u, slope - turned, higher - value
        u, value, slope = new, higher, turned
        if (bend := float(moved @ change)) > 1e-12:
            left = np.eye(u.size) - np.outer(moved, change) / bend
            inverse = left @ inverse @ left.T + np.outer(moved, moved) / bend
        if gained < 1e-6:
            break
    return u, value


def _middling(target: Target, rng: np.random.Generator) -> list[Floats]:
    """Draws from the middle of the priors, inside the constraints, shape (k,) each."""
    shares = rng.uniform(0.02, 0.98, (_DRAWN, len(target.names)))
    drawn = np.column_stack([one.quantile(p) for one, p in zip(target.ordered, shares.T, strict=True)])
    return list(islice((x for x in drawn if target.log_prior(x) > -np.inf), _POINTS))


def _covariance(target: Target, line: Line, mode: Floats) -> Floats:
    """Inverse of the outer product of the periods' scores, and of what the prior says of each parameter on the line."""
    x, slope = line.parameters(mode), line.slope(mode)
    scores = target.problem.score_obs(target.fill(x)).to_numpy()[:, target.table.free] * slope
    ends = line.position(np.array([one.quantile([0.16, 0.84]) for one in target.ordered]).T)
    spread = np.minimum((ends[1] - ends[0]) / 2, _WIDEST)
    information = scores.T @ scores + np.diag(1.0 / spread**2)
    return np.asarray(np.linalg.inv(information))
