"""Climbing a likelihood: to the maximum uphill of a start, or by long steps and then Newton's to one nearby."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import Bounds, minimize

from capstar.kernels import climb_state, climbing
from capstar.kernels.arrays import Floats
from capstar.kernels.likelihood import GRADIENT
from capstar.statespace.objective import Objective

_SLSQP_STEPS, _SLSQP_TOLERANCE = 500, 1e-12
_ENDS = {
    climb_state.WITHIN: "within half a standard error",
    climb_state.NO_ASCENT: "no ascent step",
    climb_state.LIMIT: "iteration limit",
}


class Climb(NamedTuple):
    """Where a climb ended, after how many steps, and why the part before Newton's steps did.

    Attributes
    ----------
    x, value, gradient, hessian
        Coordinates (k,), log-likelihood and its derivatives there.
    iterations, message
        Steps in all, and the reason.
    """

    x: Floats
    value: float
    gradient: Floats
    hessian: Floats
    iterations: int
    message: str


def climb(objective: Objective, start: Floats, *, known: Floats | None = None, rough: bool = False) -> Climb:
    """The maximum uphill of a start, in short steps and then Newton's; see `capstar.kernels.climb_state.begin`.

    Raises
    ------
    numpy.linalg.LinAlgError
        On the way the likelihood ceased to be defined.
    SpecificationError
        It is not defined at the start; the message names the period.
    """
    return _run(objective, climb_state.begin(objective.box, start, walking=True, known=known, rough=rough))


def finish(objective: Objective, start: Floats, iterations: int = 0, message: str = "") -> Climb:
    """The maximum that Newton steps reach from where another climb ended; raises as `climb`."""
    end = _run(objective, climb_state.begin(objective.box, start, walking=False))
    return end._replace(iterations=end.iterations + iterations, message=message)


def _run(objective: Objective, at: climb_state.Climb) -> Climb:
    arrays = objective.arrays
    value = answered(objective, at) if arrays is None else climbing.climb(arrays, at)
    if np.isnan(value):
        objective.problem.filter_path(objective.at.fill(at.x))  # raises, naming the period
        raise np.linalg.LinAlgError("a second derivative is not finite")
    said = _ENDS[int(at.count[climb_state.END])]
    return Climb(at.x, float(value), at.gradient, at.hessian, int(at.count[climb_state.TOTAL]), said)


def answered(objective: Any, at: climb_state.Climb) -> float:
    """Climb a likelihood that only Python can tell; see `capstar.kernels.climbing.climb`."""
    ask, value = GRADIENT, 0.0
    while ask != climb_state.DONE:
        if ask == GRADIENT:
            value, at.slope[:] = objective.value_and_score(at.trial)
        elif ask == climb_state.INFORMATION:
            at.information[:] = objective.information(at.x)
        else:
            at.hessian[:] = objective.hessian(at.x)
        ask = climbing.advance(at, value)
    return float(at.number[climb_state.VALUE])


def leap(objective: Objective, start: Floats, *, steps: int | None = None) -> tuple[Floats, int, str]:
    """Sequential quadratic programming; coordinates (k,), iterations, message."""

    def negative(x: Floats) -> tuple[float, Floats]:
        value, gradient = objective.value_and_score(x)
        return -value, -gradient

    bounds = Bounds(objective.box[0], objective.box[1])
    options = {"maxiter": steps or _SLSQP_STEPS, "ftol": _SLSQP_TOLERANCE}
    optimum = minimize(negative, start, jac=True, method="SLSQP", bounds=bounds, options=options)
    return np.clip(optimum.x, bounds.lb, bounds.ub), int(optimum.nit), str(optimum.message)
