"""A look round at what may be the maximum of a likelihood: off bounds, along ridges, and to bounds it cannot tell.

Each function takes in the state of a climb and says what is to be asked for next; see `capstar.kernels.climbing`.
"""

from __future__ import annotations

import numpy as np

from capstar.kernels.climb_state import (
    _BEST,
    _COORDINATE,
    _HIGHEST,
    _PHASE,
    _PROBE,
    _PROBING,
    _RIDGE,
    _ROUND,
    _STARTING,
    _STEPS,
    DONE,
    TOLERANCE,
    TOTAL,
    VALUE,
    _at_lower,
    _at_upper,
    _concave,
    _copy,
    _copy_square,
    _in_units,
    curvature,
    slope_in_units,
)
from capstar.kernels.compiling import inner, step
from capstar.kernels.likelihood import GRADIENT

_SADDLES, _FLAT, _RISE, _PROBES = 3, 1e-6, 1e-8, (1e-1, 1e-2, 1e-3)
_STRIDES = (1.0, 0.1, 0.01, -1.0, -0.1, -0.01)  # standard errors, where the likelihood is convex
_LEVEL = 1e-6  # log-likelihood below which a difference is taken for rounding


@inner
def _look_round(at):
    """At what may be a maximum: keep it if it is the highest yet, and look for a way up from it."""
    at.count[TOTAL] += at.count[_STEPS]
    at.count[_STEPS] = 0
    if at.count[_ROUND] > 0 and at.number[VALUE] < at.number[_BEST] - _LEVEL:
        at.number[VALUE] = at.number[_BEST]
        _copy(at.best, at.x)
        _copy(at.best_gradient, at.gradient)
        _copy_square(at.best_hessian, at.hessian)
        return DONE
    at.number[_BEST] = at.number[VALUE]
    _copy(at.x, at.best)
    _copy(at.gradient, at.best_gradient)
    _copy_square(at.hessian, at.best_hessian)
    if at.count[_ROUND] == _SADDLES:
        return DONE
    at.count[_ROUND] += 1
    _copy(at.x, at.moved)
    at.count[_COORDINATE], at.count[_PROBE] = 0, 0
    return _probe(at)


@inner
def _probe(at):
    """Ask for points off bounds where the score vanishes: the likelihood may rise inwards.

    It is even in a standard deviation: at zero its score is zero, whether that is a maximum or not.
    """
    while at.count[_COORDINATE] < at.x.size:
        j = at.count[_COORDINATE]
        low = _at_lower(at.box, at.x, j)
        if (low or _at_upper(at.box, at.x, j)) and abs(at.gradient[j]) < _FLAT:
            while at.count[_PROBE] < len(_PROBES):
                largest = 1e-2
                for i in range(at.x.size):
                    largest = max(largest, abs(at.x[i]))
                _copy(at.x, at.trial)
                at.trial[j] += (1.0 if low else -1.0) * _PROBES[at.count[_PROBE]] * largest
                if at.box[0, j] <= at.trial[j] <= at.box[1, j]:
                    at.count[_PHASE] = _PROBING
                    return GRADIENT
                at.count[_PROBE] += 1
        at.count[_COORDINATE] += 1
        at.count[_PROBE] = 0
    for j in range(at.x.size):
        if at.moved[j] != at.x[j]:
            return _again(at)
    at.count[_PROBE] = 0
    at.number[_HIGHEST] = -np.inf
    return _ridge(at)


@inner
def _probed(at, value):
    """Take in the likelihood off a bound."""
    j = at.count[_COORDINATE]
    at.count[_PROBE] += 1
    if value > at.number[VALUE] + _RISE:
        at.moved[j] = at.trial[j]
        at.count[_COORDINATE] += 1
        at.count[_PROBE] = 0
    return _probe(at)


@inner
def _ridge(at):
    """Ask for points along the direction in which the likelihood is most convex, if it is anywhere."""
    if at.count[_PROBE] == len(_STRIDES):
        return _again(at) if at.number[_HIGHEST] > at.number[VALUE] + _RISE else _to_bound(at)
    _in_units(at.hessian, at.unit)
    rows, values, vectors = curvature(at.hessian, -1.0, at.unit, at.box, at.x, at.gradient)
    if rows.size == 0 or not values[0] <= 0.0:
        return _to_bound(at)
    _copy(at.x, at.trial)
    for i in range(rows.size):
        j = rows[i]
        stride = _STRIDES[at.count[_PROBE]] * vectors[i, 0] * at.unit[j]
        at.trial[j] = min(max(at.x[j] + stride, at.box[0, j]), at.box[1, j])
    at.count[_PHASE] = _RIDGE
    return GRADIENT


@inner
def _along_ridge(at, value):
    """Take in the likelihood along the ridge."""
    at.count[_PROBE] += 1
    if np.isfinite(value) and value > at.number[_HIGHEST]:
        at.number[_HIGHEST] = value
        _copy(at.trial, at.moved)
    return _ridge(at)


@inner
def _to_bound(at):
    """Move coordinates so near a bound that the likelihood cannot tell to it; not at a maximum.

    As a standard deviation goes to zero, so do its score and what the likelihood tells of it from rounding.
    """
    _in_units(at.hessian, at.unit)
    if slope_in_units(at.box, at.x, at.gradient, at.unit) <= TOLERANCE and _concave(at):
        return DONE
    found = False
    for i in range(at.x.size):
        at.moved[i] = at.x[i]
        bound = at.box[0, i] if at.x[i] - at.box[0, i] < at.box[1, i] - at.x[i] else at.box[1, i]
        if np.isfinite(bound):
            way = bound - at.x[i]
            told = abs(at.gradient[i] * way) + 0.5 * abs(at.hessian[i, i]) * way * way
            if told < _LEVEL and way != 0.0:
                at.moved[i] = bound
                found = True
    return _again(at) if found else DONE


@step
def _again(at):
    """Newton's steps once more, from where a look round leads."""
    _copy(at.moved, at.trial)
    at.count[_PHASE] = _STARTING
    return GRADIENT
