"""The likelihood as an optimiser calls it: hundreds of times, in coordinates, without tables between."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from capstar.kernels import likelihood
from capstar.kernels.arrays import Bound, Floats, Sample
from capstar.statespace.coordinates import Coordinates
from capstar.statespace.problem import Problem

_AT_BOUND = 1e-8  # relative distance below which a parameter counts as at its bound
_STEP = 1e-5  # relative, of differences of the score
Mask = npt.NDArray[np.bool_]


class Objective:
    """A likelihood, its gradient and its curvature in the coordinates of a table.

    One for each maximisation: the arrays that the kernels write are made once, so no two threads may share one.

    Attributes
    ----------
    problem, at
        The likelihood, and the coordinates.
    """

    def __init__(self, problem: Problem, at: Coordinates) -> None:
        self.problem, self.at = problem, at
        self.lower, self.upper = at.bounds
        self._reach = tuple(
            _AT_BOUND * np.maximum(np.abs(np.where(np.isfinite(one), one, 0.0)), 1e-2) for one in at.bounds
        )
        self._compiled = type(problem) is Problem and not problem.stationary
        if self._compiled:
            self._bound = bound_arrays(problem, at.free)
            self._room = likelihood.room(self._bound, problem.model.moving, problem.model.system)

    def value(self, x: Floats) -> float:
        """Log-likelihood."""
        return self.problem.loglike(self.at.fill(x))

    def value_and_score(self, x: Floats) -> tuple[float, Floats]:
        """Log-likelihood and its gradient in the coordinates, shape (k,)."""
        theta = self.at.fill(x)
        if self._compiled:
            score = np.empty(theta.size)
            value = float(likelihood.value_and_score(theta, self._bound, self._room, score))
        else:
            value, score = self.problem.value_and_score(theta)
        return value, self.at.pull(x, score)

    def information(self, x: Floats) -> Floats:
        """Outer product of the scores of each period, shape (k, k)."""
        theta = self.at.fill(x)
        if self._compiled:
            by_period = np.empty((x.size, self.problem.nobs))
            if likelihood.scores(theta, self._bound, self._room, by_period) == -np.inf:
                self.problem.filter_path(theta)  # raises, naming the period
            scores = self.at.pull_free(x, by_period.T)
        else:
            scores = self.at.pull(x, self.problem.score_obs(theta).to_numpy())
        out: Floats = scores.T @ scores
        return out

    def hessian(self, x: Floats) -> Floats:
        """Second derivatives in the coordinates, shape (k, k).

        Exact where the coordinates are the parameters of an ordinary likelihood, else central differences of the score.
        """
        out = np.empty((x.size, x.size))
        if self._compiled and not self.at.groups:
            theta = self.at.fill(x)
            likelihood.hessian(theta, self._bound, self._room, np.empty(theta.size), out)
            return out
        for j in range(x.size):
            step = np.zeros_like(x)
            step[j] = _STEP * max(abs(x[j]), 1e-2)
            up, down = (self.value_and_score(x + sign * step)[1] for sign in (1, -1))
            out[j] = (up - down) / (2 * step[j])
        return (out + out.T) / 2

    def at_lower(self, x: Floats) -> Mask:
        """Coordinates that are at a finite lower bound, up to rounding."""
        return np.abs(x - self.lower) <= self._reach[0]

    def at_upper(self, x: Floats) -> Mask:
        """Coordinates that are at a finite upper bound, up to rounding."""
        return np.abs(x - self.upper) <= self._reach[1]

    def inside(self, x: Floats, gradient: Floats) -> Mask:
        """Coordinates but for those at a bound that the likelihood would like to cross."""
        return ~((self.at_lower(x) & (gradient <= 0)) | (self.at_upper(x) & (gradient >= 0)))


def bound_arrays(problem: Problem, free: npt.NDArray[np.int64]) -> Bound:
    """A likelihood in arrays of its own, for kernels that overwrite them.

    Parameters
    ----------
    problem
        Of the plain class, whose initial moments are known or unconditional ones.
    free
        Positions of the parameters that are sampled or estimated.
    """
    model, values, size = problem.model, np.zeros(problem.model.n_values), len(problem.model.states)
    return Bound(
        free, *model.terms, values, model.blocks["a"].where.start, model.pattern,
        model.system(values)._replace(a0=np.zeros(size)), Sample(problem.y, problem.x, np.ones(problem.nobs)),
        problem.initial_mean.copy(), problem.initial_cov.reshape(-1).copy(),
        np.array(problem.stationary, dtype=np.int64), problem.scale_param,
    )  # fmt: skip
