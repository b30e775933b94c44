"""A likelihood from parameters to value, score, scores by period and Hessian, without a return to Python between.

Nothing is allocated: every array that is written is handed in, so that an optimiser's hundreds of calls share them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from capstar.kernels import recursions, terms
from capstar.kernels.arrays import Bound, Floats, Path, System
from capstar.kernels.compiling import digest, kernel, step
from capstar.kernels.recursions import U, along, backward, forward, scratch
from capstar.kernels.terms import assemble


class Room(NamedTuple):
    """What the kernels write.

    Attributes
    ----------
    moving
        Whether the transition depends on parameters.
    path
        Of the filter, flat.
    by_value, out, by_scale, by_mean, by_cov
        Derivatives in the system's values, of which ``out`` holds views, scales and initial moments.
    u, D
        Smoothing errors and their variances, flat.
    per_period
        Shape (n,).
    change, direction, dscale
        A change of the system's values, of which ``direction`` holds views, and of scales.
    still
        Zeros, shape (m * m,).
    W
        Scratch.
    """

    moving: bool
    path: Path
    by_value: Floats
    out: System
    by_scale: Floats
    by_mean: Floats
    by_cov: Floats
    u: Floats
    D: Floats
    per_period: Floats
    change: Floats
    direction: System
    dscale: Floats
    still: Floats
    W: Floats


def room(bound: Bound, moving: bool, views: Callable[[Floats], System]) -> Room:
    """Arrays for a bound likelihood; ``views`` gives those of each matrix in a flat vector."""
    (n, p), m, values = bound.sample.y.shape, bound.mean.size, bound.values.size
    path = Path(*(np.zeros(n * size) for size in ((p + 1) * m, (p + 1) * m * m, p, p, p * m)))
    by_value, change = np.zeros(values), np.zeros(values)
    return Room(
        moving=moving,
        path=path,
        by_value=by_value,
        out=views(by_value),
        by_scale=np.zeros(n),
        by_mean=np.zeros(m),
        by_cov=np.zeros(m * m),
        u=np.zeros(n * p),
        D=np.zeros(n * p),
        per_period=np.zeros(n),
        change=change,
        direction=views(change),
        dscale=np.zeros(n),
        still=np.zeros(m * m),
        W=scratch(m),
    )


@step
def _clear(values):
    for i in range(U(values.size)):
        values[i] = 0.0


@step
def _filtered(theta, bound, room):
    """Log-likelihood; the path is kept."""
    assemble(theta, bound.slot, bound.coef, bound.power, bound.values)
    for i in range(bound.mean.size):
        bound.system.a0[i] = bound.values[bound.a_start + i] + bound.mean[i]
    for t in range(bound.scale_param.size):
        if bound.scale_param[t] >= 0:
            bound.sample.scale[t] = theta[bound.scale_param[t]]
    _clear(room.path.F)
    _clear(room.W)
    return forward(
        bound.pattern, bound.system, bound.P0, bound.sample, room.path, True, room.per_period, room.W
    )


@step
def _slope(theta, bound, i, j):
    """Derivative of one term in one parameter."""
    out = bound.coef[i] * bound.power[i, j]
    for k in range(theta.size):
        exponent = bound.power[i, k] - (1 if k == j else 0)
        if exponent != 0:
            out *= theta[k] ** exponent
    return out


@step
def _derivatives(theta, bound, room, gradient):
    """Log-likelihood, and its derivative in every parameter (all,), zero where it is not defined."""
    value = _filtered(theta, bound, room)
    _clear(gradient)
    if value == -np.inf:
        return value
    _clear(room.by_value)
    _clear(room.by_scale)
    _clear(room.W)
    backward(
        bound.pattern, bound.system, bound.P0, bound.sample, room.path, True, room.moving, room.out,
        room.by_scale, room.by_mean, room.by_cov, room.u, room.D, room.W,
    )  # fmt: skip
    for i in range(bound.slot.size):
        weight = room.by_value[bound.slot[i]]
        if weight != 0.0:
            for j in range(theta.size):
                if bound.power[i, j] != 0:
                    gradient[j] += weight * _slope(theta, bound, i, j)
    for t in range(bound.scale_param.size):
        if bound.scale_param[t] >= 0:
            gradient[bound.scale_param[t]] += room.by_scale[t]
    return value


def _value_and_score(version):
    @kernel
    def value_and_score(theta, bound, room, gradient):
        """Log-likelihood at all parameters (all,); fills its exact derivative in each."""
        if version < 0:  # never: the digest is here for the cache alone
            return 0.0
        return _derivatives(theta, bound, room, gradient)

    return value_and_score


def _scores(version):
    @kernel
    def scores(theta, bound, room, out):
        """Log-likelihood; fills ``out`` (k, n) with the derivative of each period's in every free parameter."""
        value = _filtered(theta, bound, room)
        if version < 0 or value == -np.inf:
            return value
        for row in range(bound.free.size):
            j = bound.free[row]
            _clear(room.change)
            for i in range(bound.slot.size):
                if bound.power[i, j] != 0:
                    room.change[bound.slot[i]] += _slope(theta, bound, i, j)
            for t in range(bound.scale_param.size):
                room.dscale[t] = 1.0 if bound.scale_param[t] == j else 0.0
            _clear(room.W)
            along(
                bound.pattern, bound.system, room.direction, room.moving, bound.P0, room.still, bound.sample,
                room.dscale, room.path, out[row], room.W,
            )  # fmt: skip
        return value

    return scores


_VERSION = digest(recursions, terms)
value_and_score = _value_and_score(_VERSION)
scores = _scores(_VERSION)
