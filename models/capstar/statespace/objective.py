"""The likelihood as an optimiser calls it: hundreds of times, in coordinates, without tables between."""

from __future__ import annotations

import numpy as np

from capstar.kernels import likelihood
from capstar.kernels.arrays import Floats
from capstar.kernels.climbing import Climbed
from capstar.statespace.coordinates import Coordinates
from capstar.statespace.problem import Problem

_AT_BOUND = 1e-8  # relative distance below which a parameter counts as at its bound
_STEP = 1e-5  # relative, of differences of the score
_NONE = np.empty((0, 0))


class Objective:
    """A likelihood, its gradient and its curvature in the coordinates of a table.

    One for each maximisation: the arrays that the kernels write are made once, so no two threads may share one.

    Attributes
    ----------
    problem, at
        The likelihood, and the coordinates.
    box
        Lower and upper bounds of the coordinates, and the distances within which these count as at them, shape (4, k).
    arrays
        The likelihood in arrays, which a climb is compiled for; None where its Hessian is not that of an ordinary one.
    """

    def __init__(self, problem: Problem, at: Coordinates) -> None:
        self.problem, self.at = problem, at
        size = np.abs(np.where(np.isfinite(at.bounds), at.bounds, 0.0))
        self.box = np.vstack([*at.bounds, _AT_BOUND * np.maximum(size, 1e-2)])
        self.arrays: Climbed | None = None
        if problem.is_ordinary and not at.groups:
            bound = problem.arrays(at.free)
            self.arrays = Climbed(
                at.fill(at.start), bound, likelihood.room(bound, problem.model.moving, problem.model.system),
                np.empty(len(problem.names)), np.empty((at.start.size, problem.nobs)),
            )  # fmt: skip

    def value(self, x: Floats) -> float:
        """Log-likelihood."""
        return self.problem.loglike(self.at.fill(x))

    def value_and_score(self, x: Floats) -> tuple[float, Floats]:
        """Log-likelihood and its gradient in the coordinates, shape (k,)."""
        theta = self.at.fill(x)
        if self.arrays is None:
            value, score = self.problem.value_and_score(theta)
        else:
            value, score = self._differentiate(likelihood.GRADIENT, theta), self.arrays.score
        return value, self.at.pull(x, score)

    def information(self, x: Floats) -> Floats:
        """Outer product of the scores of each period, shape (k, k)."""
        theta = self.at.fill(x)
        if self.arrays is None:
            scores = self.at.pull(x, self.problem.score_obs(theta).to_numpy()).T
        else:
            if self._differentiate(likelihood.SCORES, theta) == -np.inf:
                self.problem.filter_path(theta)  # raises, naming the period
            scores = self.arrays.by_period
        out: Floats = scores @ scores.T
        return out

    def hessian(self, x: Floats) -> Floats:
        """Second derivatives in the coordinates, shape (k, k).

        Exact where the coordinates are the parameters of an ordinary likelihood, else central differences of the score.
        """
        out = np.zeros((x.size, x.size))
        if self.arrays is not None:
            self._differentiate(likelihood.HESSIAN, self.at.fill(x), out)
            return out
        for j in range(x.size):
            step = np.zeros_like(x)
            step[j] = _STEP * max(abs(x[j]), 1e-2)
            up, down = (self.value_and_score(x + sign * step)[1] for sign in (1, -1))
            out[j] = (up - down) / (2 * step[j])
        return (out + out.T) / 2

    def _differentiate(self, what: int, theta: Floats, hessian: Floats = _NONE) -> float:
        one = self.arrays
        assert one is not None
        return float(
            likelihood.differentiate(what, theta, one.bound, one.room, one.score, one.by_period, hessian)
        )
