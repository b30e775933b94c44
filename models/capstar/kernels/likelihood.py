"""A likelihood from parameters to value, score, scores by period and Hessian, without a return to Python between.

Nothing is allocated: every array that is written is handed in, so that an optimiser's hundreds of calls share them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from capstar.kernels import recursions, tangents, terms, vectors
from capstar.kernels.arrays import Bound, Floats, Path, System
from capstar.kernels.compiling import digest, kernel, step
from capstar.kernels.recursions import backward, forward, scratch
from capstar.kernels.tangents import backward_along, forward_along
from capstar.kernels.terms import assemble
from capstar.kernels.vectors import U

GRADIENT, SCORES, HESSIAN = range(3)


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
    tangent, adjoint
        Derivative of the path along it, and the backward pass's own path, of which ``u`` and ``D`` are part.
    second, bend, by_dscale
        Derivatives, along it, of those in the system's values, of which ``bend`` holds views, and scales.
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
    tangent: Path
    adjoint: Path
    second: Floats
    bend: System
    by_dscale: Floats
    still: Floats
    W: Floats


def room(bound: Bound, moving: bool, views: Callable[[Floats], System]) -> Room:
    """Arrays for a bound likelihood; ``views`` gives those of each matrix in a flat vector."""
    (n, p), m, values = bound.sample.y.shape, bound.mean.size, bound.values.size
    row = (m + 3) // 4 * 4
    path, tangent, adjoint = (
        Path(*(np.zeros(n * size) for size in ((p + 1) * m, (p + 1) * m * width, p, p, p * m)))
        for width in (m, m, row)
    )
    by_value, change, second = np.zeros(values), np.zeros(values), np.zeros(values)
    return Room(
        moving=moving,
        path=path,
        by_value=by_value,
        out=views(by_value),
        by_scale=np.zeros(n),
        by_mean=np.zeros(m),
        by_cov=np.zeros(m * m),
        u=adjoint.v,
        D=adjoint.F,
        per_period=np.zeros(n),
        change=change,
        direction=views(change),
        dscale=np.zeros(n),
        tangent=tangent,
        adjoint=adjoint,
        second=second,
        bend=views(second),
        by_dscale=np.zeros(n),
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
def _bend(theta, bound, i, j, other):
    """Second derivative of one term in two parameters."""
    powers = bound.power[i, j] * (bound.power[i, other] - (1 if j == other else 0))
    out = bound.coef[i] * powers
    if powers != 0:
        for k in range(theta.size):
            exponent = bound.power[i, k] - (1 if k == j else 0) - (1 if k == other else 0)
            if exponent != 0:
                out *= theta[k] ** exponent
    return out


@step
def _turn(theta, bound, room, j):
    """Write what one parameter does to the system and the scales; whether it moves a variance."""
    _clear(room.change)
    for i in range(bound.slot.size):
        if bound.power[i, j] != 0:
            room.change[bound.slot[i]] += _slope(theta, bound, i, j)
    spread = room.moving
    for t in range(bound.scale_param.size):
        room.dscale[t] = 1.0 if bound.scale_param[t] == j else 0.0
        spread |= bound.scale_param[t] == j
    turned = room.direction
    return spread or turned.z.any() or turned.h.any() or turned.q.any()


@step
def _gradient(theta, bound, room, keep, gradient):
    """Add to ``gradient`` the derivative of the log-likelihood in every parameter (all,); see `backward`."""
    _clear(room.by_value)
    _clear(room.by_scale)
    _clear(room.W)
    backward(
        bound.pattern, bound.system, bound.P0, bound.sample, room.path, True, room.moving, keep, room.out,
        room.by_scale, room.by_mean, room.by_cov, room.u, room.D, room.adjoint, room.W,
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


@step
def _curve(theta, bound, room, row, spread, out):
    """Fill a row of the Hessian (k, k), but for what the curvature of the system's values adds."""
    _clear(room.second)
    _clear(room.by_dscale)
    _clear(room.W)
    backward_along(
        bound.pattern, bound.system, room.direction, room.moving, spread, bound.P0, room.still, bound.sample,
        room.dscale, room.path, room.tangent, room.adjoint, room.bend, room.by_dscale, room.W,
    )  # fmt: skip
    for col in range(bound.free.size):
        j, total = bound.free[col], 0.0
        for i in range(bound.slot.size):
            if bound.power[i, j] != 0 and room.second[bound.slot[i]] != 0.0:
                total += room.second[bound.slot[i]] * _slope(theta, bound, i, j)
        for t in range(bound.scale_param.size):
            if bound.scale_param[t] == j:
                total += room.by_dscale[t]
        out[row, col] = total


@step
def _symmetrise(theta, bound, room, out):
    """Add to the rows of a Hessian what the curvature of the system's values adds."""
    for row in range(bound.free.size):
        for col in range(row + 1):
            total = 0.5 * (out[row, col] + out[col, row])
            for i in range(bound.slot.size):
                weight = room.by_value[bound.slot[i]]
                if weight != 0.0:
                    total += weight * _bend(theta, bound, i, bound.free[row], bound.free[col])
            out[row, col], out[col, row] = total, total


def _differentiate(version):
    @kernel
    def differentiate(what, theta, bound, room, gradient, scores, hessian):
        """Log-likelihood at all parameters (all,), with exact derivatives; no second ones where it is not defined.

        Parameters
        ----------
        what
            ``GRADIENT``: ``gradient`` (all,) is filled with derivatives in all parameters.  ``SCORES``: ``scores``
            (k, n) with those of each period's in the free ones.  ``HESSIAN``: ``gradient``, and ``hessian`` (k, k) with
            second derivatives in the free ones; ``scores`` is overwritten.
        theta, bound, room
            Parameters, likelihood, and arrays that are overwritten.
        """
        value = _filtered(theta, bound, room)
        _clear(gradient)
        if (
            version < 0 or value == -np.inf
        ):  # a version is never negative: the digest is here for the cache alone
            return value
        if what != SCORES:
            _gradient(theta, bound, room, what == HESSIAN, gradient)
        if what != GRADIENT:
            for row in range(bound.free.size):
                spread = _turn(theta, bound, room, bound.free[row])
                _clear(room.W)
                forward_along(
                    bound.pattern, bound.system, room.direction, room.moving, spread, bound.P0, room.still,
                    bound.sample, room.dscale, room.path, what == HESSIAN, room.tangent, scores[row], room.W,
                )  # fmt: skip
                if what == HESSIAN:
                    _curve(theta, bound, room, row, spread, hessian)
        if what == HESSIAN:
            _symmetrise(theta, bound, room, hessian)
        return value

    return differentiate


differentiate = _differentiate(digest(recursions, tangents, terms, vectors))
