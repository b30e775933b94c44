"""Climbing a likelihood: short steps, then Newton's to the maximum, with a look round at its end.

Written as a dialogue (reverse communication): `advance` takes in what it asked for and says what it wants next, the
gradient at ``trial`` or the outer product of scores or the Hessian at ``x``.  So one climb serves any likelihood, and
for an ordinary one `climb` answers without a return to Python.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from capstar.kernels import likelihood, recursions, tangents, terms
from capstar.kernels.arrays import Bound, Floats, Places
from capstar.kernels.compiling import allocating, digest, inner, kernel, step
from capstar.kernels.likelihood import GRADIENT, HESSIAN, SCORES, Room, differentiate

INFORMATION, DONE = SCORES, -1  # what is asked for, besides GRADIENT and HESSIAN
WITHIN, NO_ASCENT, LIMIT, UNDEFINED = range(4)  # how the short steps end
_STARTING, _INFORMED, _SEARCHING, _CURVED, _PROBING, _RIDGE, _ENDING = range(7)  # what the answer is for
VALUE, _BEST, _LENGTH, _BEFORE, _LAST, _SIZE, _HIGHEST = range(7)
END, TOTAL, _PHASE, _WALKING, _STEPS, _HALVING, _EXACT, _ROUND, _COORDINATE, _PROBE, _KNOWN, _ROUGH, ASKED = (
    range(13)
)
_NEWTON_STEPS, _NEAR, _ENOUGH, _DONE, _SLOW = 80, 1e-7, 1e-9, 1e-10, 0.5
_WALK_STEPS, _WALK_LENGTH, _WALK_REFRESH = 500, 0.5, 4
_SADDLES, _FLAT, _RISE, _PROBES = 3, 1e-6, 1e-8, (1e-1, 1e-2, 1e-3)
_STRIDES = (1.0, 0.1, 0.01, -1.0, -0.1, -0.01)  # standard errors, where the likelihood is convex
_HALVINGS = 25
TOLERANCE = 1e-6  # of the projected gradient, in standard errors
_LEVEL = 1e-6  # log-likelihood below which a difference is taken for rounding


class Climb(NamedTuple):
    """Where a climb stands; k coordinates.

    Attributes
    ----------
    box
        Lower and upper bounds, and the distances within which a coordinate counts as at them, shape (4, k).
    x, gradient, hessian
        The point reached, and derivatives there; the Hessian may be an approximation until the end.
    information
        Outer product of scores, shape (k, k).
    trial, slope
        The point asked for, and its gradient.
    direction, unit, moved
        Of the step; standard errors at known other parameters; where a look round leads.
    best, best_gradient, best_hessian
        The highest maximum so far.
    number, count
        By the names of this module: ``VALUE``, ``END`` and ``TOTAL`` say what came out, others how far it is; from
        ``ASKED`` on, how often each kind of derivative was asked for.
    """

    box: Floats
    x: Floats
    gradient: Floats
    hessian: Floats
    information: Floats
    trial: Floats
    slope: Floats
    direction: Floats
    unit: Floats
    moved: Floats
    best: Floats
    best_gradient: Floats
    best_hessian: Floats
    number: Floats
    count: Places


def begin(
    box: Floats, start: Floats, *, walking: bool, known: Floats | None = None, rough: bool = False
) -> Climb:
    """A climb from a start (k,) in a box (4, k): in short steps first, or, if not ``walking``, by Newton's alone.

    Its first wish is the gradient at ``trial``.  A Hessian ``known`` (k, k) of nearly the same likelihood takes the
    place of the first one, and of the short steps where it puts the maximum within half a standard error.  If ``rough``
    the Hessian at the end may be an approximation, of a maximum that is only to lead to another.
    """
    k = start.size
    vectors, squares = np.zeros((9, k)), np.zeros((3, k, k))
    at = Climb(
        box=box,
        x=vectors[0],
        gradient=vectors[1],
        hessian=squares[0],
        information=squares[1],
        trial=vectors[2],
        slope=vectors[3],
        direction=vectors[4],
        unit=vectors[5],
        moved=vectors[6],
        best=vectors[7],
        best_gradient=vectors[8],
        best_hessian=squares[2],
        number=np.zeros(_HIGHEST + 1),
        count=np.zeros(ASKED + 3, dtype=np.int64),
    )
    at.trial[:] = start
    at.count[_PHASE], at.count[_WALKING], at.count[ASKED + GRADIENT] = _STARTING, walking, 1
    at.count[_ROUGH] = rough
    if known is not None:
        at.count[_KNOWN] = 1
        at.hessian[:] = known
    return at


@step
def _copy(source, target):
    for i in range(source.size):
        target[i] = source[i]


@step
def _copy_square(source, target):
    for i in range(len(source)):
        for j in range(len(source)):
            target[i, j] = source[i, j]


@step
def _at_lower(box, x, i):
    """Whether a coordinate is at its lower bound, up to rounding."""
    return abs(x[i] - box[0, i]) <= box[2, i]


@step
def _at_upper(box, x, i):
    """Whether a coordinate is at its upper bound, up to rounding."""
    return abs(x[i] - box[1, i]) <= box[3, i]


@step
def _held(box, x, gradient, i):
    """Whether a coordinate is at a bound that the likelihood would like to cross."""
    return (_at_lower(box, x, i) and gradient[i] <= 0.0) or (_at_upper(box, x, i) and gradient[i] >= 0.0)


@allocating
def curvature(matrix, sign, unit, box, x, gradient):
    """Coordinates not held at a bound (r,), and eigenvalues upwards (r,) and vectors (r, r) there.

    Those of a matrix (k, k) times ``sign`` in the units given (k,); the first eigenvalue is NaN where there are none.
    """
    n = 0
    for i in range(x.size):
        n += not _held(box, x, gradient, i)
    rows, scaled = np.empty(n, dtype=np.int64), np.empty((n, n))
    n = 0
    for i in range(x.size):
        if not _held(box, x, gradient, i):
            rows[n] = i
            n += 1
    for i in range(n):
        for j in range(n):
            scaled[i, j] = sign * matrix[rows[i], rows[j]] * unit[rows[i]] * unit[rows[j]]
            if not np.isfinite(scaled[i, j]):
                scaled[0, 0] = np.nan
                return rows, scaled[0], scaled
    if n == 0:
        return rows, np.empty(0), scaled
    values, vectors = np.linalg.eigh(scaled)
    return rows, values, vectors


@step
def _in_units(hessian, unit):
    """Fill the units in which minus a Hessian has a unit diagonal; False where that is not defined."""
    for i in range(unit.size):
        if not np.isfinite(hessian[i, i]):
            return False
        unit[i] = 1.0 / np.sqrt(max(abs(hessian[i, i]), 1e-12))
    return True


@kernel
def slope_in_units(box, x, gradient, unit):
    """Largest gradient of the coordinates not held at a bound, times the unit of each."""
    out = 0.0
    for i in range(x.size):
        if not _held(box, x, gradient, i):
            out = max(out, abs(gradient[i] * unit[i]))
    return out


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
def _concave(at):
    """Whether the Hessian, in the coordinates not held at a bound, is that of a maximum."""
    rows, values, _ = curvature(at.hessian, -1.0, at.unit, at.box, at.x, at.gradient)
    return rows.size == 0 or values[0] > 0.0


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


@allocating
def advance(at, value):
    """Take in what was asked for, and say what is wanted next.

    Parameters
    ----------
    at
        From `begin`; the answer is in its arrays: the gradient at ``trial`` in ``slope``, or the outer product of
        scores at ``x`` in ``information``, or the Hessian there in ``hessian``.
    value
        Log-likelihood at the point asked for, minus infinity where it is not defined; of no account after a Hessian.
    """
    phase = at.count[_PHASE]
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


climb = _climb(digest(likelihood, recursions, tangents, terms))
