"""Where a climb of a likelihood stands, and the geometry of its box: what `capstar.kernels.climbing` is made of."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from capstar.kernels.arrays import Floats, Places
from capstar.kernels.compiling import allocating, inner, kernel, step
from capstar.kernels.likelihood import GRADIENT, SCORES

INFORMATION, DONE = SCORES, -1  # what is asked for, besides GRADIENT and HESSIAN
WITHIN, NO_ASCENT, LIMIT, UNDEFINED = range(4)  # how the short steps end
_STARTING, _INFORMED, _SEARCHING, _CURVED, _PROBING, _RIDGE, _ENDING = range(7)  # what the answer is for
VALUE, _BEST, _LENGTH, _BEFORE, _LAST, _SIZE, _HIGHEST = range(7)
END, TOTAL, _PHASE, _WALKING, _STEPS, _HALVING, _EXACT, _ROUND, _COORDINATE, _PROBE, _KNOWN, _ROUGH, ASKED = (
    range(13)
)
TOLERANCE = 1e-6  # of the projected gradient, in standard errors


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
def _concave(at):
    """Whether the Hessian, in the coordinates not held at a bound, is that of a maximum."""
    rows, values, _ = curvature(at.hessian, -1.0, at.unit, at.box, at.x, at.gradient)
    return rows.size == 0 or values[0] > 0.0
