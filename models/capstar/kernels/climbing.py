"""Climbing a likelihood: short steps, then Newton's to the maximum, with a look round at its end.

Written as a dialogue (reverse communication): `advance` takes in what it asked for and says what it wants next, the
gradient at ``trial`` or the outer product of scores or the Hessian at ``x``.  So one climb serves any likelihood, and
for an ordinary one `climb` answers without a return to Python.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from capstar.kernels import climb_state, likelihood, looking_round, recursions, tangents, terms, vectors
from capstar.kernels.arrays import Bound, Floats
from capstar.kernels.climb_state import (
    _BEFORE,
    _CURVED,
    _ENDING,
    _EXACT,
    _HALVING,
    _INFORMED,
    _KNOWN,
    _LAST,
    _LENGTH,
    _PHASE,
    _PROBING,
    _RIDGE,
    _ROUGH,
    _SEARCHING,
    _SIZE,
    _STARTING,
    _STEPS,
    _WALKING,
    ASKED,
    DONE,
    END,
    INFORMATION,
    LIMIT,
    NO_ASCENT,
    TOTAL,
    UNDEFINED,
    VALUE,
    WITHIN,
    _concave,
    _copy,
    _in_units,
    curvature,
    slope_in_units,
)
from capstar.kernels.compiling import allocating, digest, inner, step
from capstar.kernels.likelihood import GRADIENT, HESSIAN, Room, differentiate
from capstar.kernels.looking_round import (
    _along_ridge,
    _look_round,
    _probed,
)

_NEWTON_STEPS, _NEAR, _ENOUGH, _DONE, _SLOW = 80, 1e-7, 1e-9, 1e-10, 0.5
_WALK_STEPS, _WALK_LENGTH, _WALK_REFRESH = 500, 0.5, 4
_HALVINGS = 25


@inner
def _uphill(at, matrix):
    """Fill the direction: the gradient by a matrix with every eigenvalue turned uphill; its length in units, or NaN."""
    rows, values, vectors = curvature(matrix, 1.0, at.unit, at.box, at.x, at.gradient)
    for i in range(at.x.size):
        at.direction[i] = 0.0
    if rows.size == 0:
        return 0.0
    for j in range(rows.size):
        along = 0.0
        for i in range(rows.size):
            along += vectors[i, j] * at.gradient[rows[i]] * at.unit[rows[i]]
        along /= max(abs(values[j]), 1e-6)
        for i in range(rows.size):
            at.direction[rows[i]] += vectors[i, j] * along
    length = 0.0
    for i in rows:
        length = max(length, abs(at.direction[i]))
        at.direction[i] *= at.unit[i]
    return np.nan if np.isnan(values[0]) else length


@step
def _try(at, length):
    """Ask for the gradient a part of the way along the direction."""
    for i in range(at.x.size):
        at.trial[i] = min(max(at.x[i] + at.direction[i] * length, at.box[0, i]), at.box[1, i])
    at.number[_LENGTH] = length
    at.count[_PHASE] = _SEARCHING
    return GRADIENT


@step
def _search(at):
    """Look for the longest of the halved steps that raises the likelihood."""
    before = 0.0
    for i in range(at.x.size):
        if at.direction[i] != 0.0:
            before = max(before, abs(at.gradient[i]))
    at.number[_BEFORE] = before
    at.count[_HALVING] = 0
    return _try(at, 1.0)


@step
def _rises(at, value):
    """Whether the step tried raises the likelihood, or shrinks the score where the rise is lost in rounding."""
    if not (np.isfinite(value) and abs(value - at.number[VALUE]) <= 1e-11 * abs(at.number[VALUE])):
        return value > at.number[VALUE]
    after = 0.0
    for i in range(at.x.size):
        if at.direction[i] != 0.0:
            after = max(after, abs(at.slope[i]))
    return after < 0.5 * at.number[_BEFORE]


@step
def _move(at, value):
    """Go to the point tried."""
    at.number[VALUE] = value
    _copy(at.trial, at.x)
    _copy(at.slope, at.gradient)


@step
def _curve(at):
    """Ask for the Hessian, for a further step of Newton's."""
    at.count[_PHASE] = _CURVED
    return HESSIAN


@step
def _fail(at):
    at.count[END] = UNDEFINED
    at.number[VALUE] = np.nan
    return DONE


@step
def _stop_walking(at, end):
    at.count[_WALKING], at.count[END] = 0, end
    at.count[TOTAL] += at.count[_STEPS]
    at.count[_STEPS] = 0
    return _curve(at)


@inner
def _walk(at):
    """A short step uphill (Berndt, Hall, Hall and Hausman 1974): half a standard error at most.

    A long step may jump over a ridge into the basin of another maximum; these do not.
    """
    length = _uphill(at, at.information)
    if np.isnan(length):
        return _fail(at)
    if length < _WALK_LENGTH:
        return _stop_walking(at, WITHIN)
    for i in range(at.x.size):
        at.direction[i] *= _WALK_LENGTH / length
    return _search(at)


@inner
def _walk_on(at):
    """The next short step, by the outer product of scores of up to three steps before."""
    if at.count[_STEPS] == _WALK_STEPS:
        return _stop_walking(at, LIMIT)
    if at.count[_STEPS] % _WALK_REFRESH == 0:
        at.count[_PHASE] = _INFORMED
        return INFORMATION
    return _walk(at)


@step
def _correct(at):
    """Give the Hessian the smallest symmetric correction of rank one that explains the change of the gradient."""
    k, product, size, distance = at.x.size, 0.0, 0.0, 0.0
    for i in range(k):
        missed = at.slope[i] - at.gradient[i]
        for j in range(k):
            missed -= at.hessian[i, j] * (at.trial[j] - at.x[j])
        at.moved[i] = missed
        product += missed * (at.trial[i] - at.x[i])
        size += missed * missed
        distance += (at.trial[i] - at.x[i]) ** 2
    if abs(product) > 1e-8 * np.sqrt(size * distance):
        for i in range(k):
            for j in range(k):
                at.hessian[i, j] += at.moved[i] * at.moved[j] / product


@inner
def _newton_on(at):
    """The next of Newton's steps; the end where the score of the coordinates not held at a bound vanishes.

    Between exact Hessians each step corrects the last one by what it found; the exact one is taken again where that
    shrinks the score slowly, and, but for a rough climb, for the last steps.
    """
    exact = at.count[_EXACT] == 1
    if at.count[_STEPS] == _NEWTON_STEPS:
        at.count[_PHASE] = _ENDING
        return HESSIAN
    if not _in_units(at.hessian, at.unit):
        return _fail(at)
    size = slope_in_units(at.box, at.x, at.gradient, at.unit)
    rough, slow = at.count[_ROUGH] == 1, size > _SLOW * at.number[_LAST]
    near = size < (_DONE if exact else _ENOUGH if rough else _NEAR)
    if near and (exact or (rough and _concave(at))):
        return _look_round(at)
    if not exact and (near or slow):
        at.count[_STEPS] += 1
        return _curve(at)
    at.number[_SIZE] = size
    if np.isnan(_uphill(at, at.hessian)):
        return _fail(at)
    return _search(at)


@inner
def _newton_moved(at, value, found):
    """Take in what a search along Newton's direction ended with."""
    if not found and at.count[_EXACT] == 1:
        return _look_round(at)
    at.count[_STEPS] += 1
    at.number[_LAST] = at.number[_SIZE] if found else 0.0
    if found:
        if at.number[_SIZE] >= (_ENOUGH if at.count[_ROUGH] else _NEAR):
            _correct(at)
            at.count[_EXACT] = 0
        _move(at, value)
    return _newton_on(at)


@inner
def _started(at, value):
    _move(at, value)
    if at.count[_KNOWN]:
        at.count[_KNOWN] = 0
        if _in_units(at.hessian, at.unit) and _concave(at) and _uphill(at, at.hessian) < _WALK_LENGTH:
            at.count[_WALKING], at.count[_EXACT], at.number[_LAST] = 0, 0, np.inf
            return _newton_on(at)
    return _walk_on(at) if at.count[_WALKING] else _curve(at)


@inner
def _informed(at, value):
    if value == -np.inf:
        return _fail(at)
    for i in range(at.x.size):
        at.unit[i] = 1.0 / np.sqrt(at.information[i, i])
    return _walk(at)


@inner
def _searched(at, value):
    """Take in the likelihood at a step tried."""
    found = _rises(at, value)
    if not found:
        at.count[_HALVING] += 1
        if at.count[_HALVING] < _HALVINGS:
            return _try(at, 0.5 * at.number[_LENGTH])
    if not at.count[_WALKING]:
        return _newton_moved(at, value, found)
    if not found:
        return _stop_walking(at, NO_ASCENT)
    _move(at, value)
    at.count[_STEPS] += 1
    return _walk_on(at)


def _advance(version):
    @allocating
    def advance(at, value):
        """Take in what was asked for, and say what is wanted next.

        Parameters
        ----------
        at
            From `begin`; the answer is in its arrays: the gradient at ``trial`` in ``slope``, or the outer product of
            scores at ``x`` in ``information``, or the Hessian there in ``hessian``.
        value
            Log-likelihood at the point asked for, minus infinity where it is not defined; of no
            account after a Hessian.
        """
        phase = (
            at.count[_PHASE] if version >= 0 else _ENDING
        )  # always: the digest is here for the cache alone
        if phase == _SEARCHING:
            ask = _searched(at, value)
        elif phase == _INFORMED:
            ask = _informed(at, value)
        elif phase == _STARTING:
            ask = _started(at, value)
        elif phase == _PROBING:
            ask = _probed(at, value)
        elif phase == _RIDGE:
            ask = _along_ridge(at, value)
        elif phase == _ENDING:
            ask = _look_round(at)
        else:
            at.count[_EXACT] = 1
            at.number[_LAST] = np.inf
            ask = _newton_on(at)
        if ask != DONE:
            at.count[ASKED + ask] += 1
        return ask

    return advance


advance = _advance(digest(climb_state, looking_round))


class Climbed(NamedTuple):
    """An ordinary likelihood in its free parameters.

    Attributes
    ----------
    theta
        All parameters; the free ones are overwritten.
    bound, room
        The likelihood, and what its kernels write.
    score, by_period
        Overwritten: derivatives in all parameters, and of each period in the free ones (k, n).
    """

    theta: Floats
    bound: Bound
    room: Room
    score: Floats
    by_period: Floats


def _climb(version):
    @allocating
    def climb(one, at):
        """Climb an ordinary likelihood to the end; the log-likelihood there is returned, and the rest in ``at``."""
        ask = GRADIENT if version >= 0 else DONE  # never: the digest is here for the cache alone
        while ask != DONE:
            x = at.trial if ask == GRADIENT else at.x
            for i in range(x.size):
                one.theta[one.bound.free[i]] = x[i]
            value = differentiate(ask, one.theta, one.bound, one.room, one.score, one.by_period, at.hessian)
            if ask == GRADIENT:
                for i in range(x.size):
                    at.slope[i] = one.score[one.bound.free[i]]
            if ask == INFORMATION:
                _square(one.by_period, at.information)
            ask = advance(at, value)
        return at.number[VALUE]

    return climb


@step
def _square(by_period, out):
    for i in range(len(out)):
        for j in range(i + 1):
            total = 0.0
            for t in range(by_period.shape[1]):
                total += by_period[i, t] * by_period[j, t]
            out[i, j], out[j, i] = total, total


climb = _climb(digest(climb_state, likelihood, looking_round, recursions, tangents, terms, vectors))
