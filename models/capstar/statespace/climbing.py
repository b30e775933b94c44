"""Climbing a likelihood: short steps, long ones, and Newton's to the maximum, with a look round at its end."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, minimize

from capstar.kernels.arrays import Floats
from capstar.statespace.objective import Objective

_SLSQP_STEPS, _SLSQP_TOLERANCE = 500, 1e-12
_NEWTON_STEPS, _NEAR, _DONE, _SLOW = 80, 1e-7, 1e-10, 0.5
_WALK_STEPS, _WALK_LENGTH, _WALK_REFRESH = 500, 0.5, 4
_SADDLES, _FLAT, _RISE, _PROBES = 3, 1e-6, 1e-8, (1e-1, 1e-2, 1e-3)
_STRIDES = (1.0, 0.1, 0.01)  # standard errors, along a direction in which the likelihood is convex
TOLERANCE = 1e-6  # of the projected gradient, in standard errors
_LEVEL = 1e-6  # log-likelihood below which a difference is taken for rounding


class Point(NamedTuple):
    """Where a climb stands: coordinates, log-likelihood, gradient, and what is taken for the Hessian there."""

    x: Floats
    value: float
    gradient: Floats
    hessian: Floats


class Climb(NamedTuple):
    """Where a climb ended, after how many steps, and why the part before Newton's steps did."""

    end: Point
    iterations: int
    message: str


class Metric(NamedTuple):
    """A matrix turned positive definite: its inverse is ``unit * vectors @ vectors' / curvature * unit``."""

    unit: Floats
    vectors: Floats
    curvature: Floats

    def ascent(self, gradient: Floats) -> Floats:
        """Direction uphill, shape (k,)."""
        uphill: Floats = self.unit * (
            self.vectors @ ((self.vectors.T @ (gradient * self.unit)) / self.curvature)
        )
        return uphill


def walk(objective: Objective, x: Floats) -> tuple[Floats, int, str]:
    """Short steps uphill (Berndt, Hall, Hall and Hausman 1974): half a standard error at most.

    A long step may jump over a ridge into the basin of another maximum; these do not.
    """
    value, gradient = objective.value_and_score(x)
    inside, metric = np.zeros(x.size, dtype=bool), None
    for step in range(_WALK_STEPS):
        if step % _WALK_REFRESH == 0:
            information, metric = objective.information(x), None
        before, inside = inside, objective.inside(x, gradient)
        if metric is None or (inside != before).any():
            unit = 1.0 / np.sqrt(np.diag(information))[inside]
            metric = _uphill(information[np.ix_(inside, inside)], unit)
        direction = np.zeros_like(x)
        direction[inside] = metric.ascent(gradient[inside])
        length = np.abs(direction[inside] / metric.unit).max(initial=0.0)
        if length < _WALK_LENGTH:
            return x, step, "within half a standard error"
        direction *= _WALK_LENGTH / length
        moved = _backtrack(objective, x, direction, value, gradient)
        if moved is None:
            return x, step, "no ascent step"
        x, value, gradient = moved
    return x, _WALK_STEPS, "iteration limit"


def leap(objective: Objective, start: Floats, *, steps: int | None = None) -> tuple[Floats, int, str]:
    """Sequential quadratic programming; coordinates (k,), iterations, message."""

    def negative(x: Floats) -> tuple[float, Floats]:
        value, gradient = objective.value_and_score(x)
        return -value, -gradient

    bounds = Bounds(objective.lower, objective.upper)
    options = {"maxiter": steps or _SLSQP_STEPS, "ftol": _SLSQP_TOLERANCE}
    optimum = minimize(negative, start, jac=True, method="SLSQP", bounds=bounds, options=options)
    return np.clip(optimum.x, bounds.lb, bounds.ub), int(optimum.nit), str(optimum.message)


def finish(objective: Objective, x: Floats, iterations: int, message: str) -> Climb:
    """Newton steps to the maximum, from where another climb ended."""
    end, steps = _newton(objective, x)
    for _ in range(_SADDLES):
        moved = _off_saddle(objective, end)
        if moved is None:
            moved = _to_bound(objective, end)
        if moved is None:
            break
        found, more = _newton(objective, moved)
        if found.value < end.value - _LEVEL:
            break
        end, steps = found, steps + more
    return Climb(end, iterations + steps, message)


def _off_saddle(objective: Objective, at: Point) -> Floats | None:
    """A step off bounds where the score vanishes and the likelihood rises inwards; None where there are none.

    The likelihood is even in a standard deviation: at zero its score is zero, whether that is a maximum or not.
    """
    x, low = at.x, objective.at_lower(at.x)
    moved = x.copy()
    for j in np.flatnonzero((low | objective.at_upper(x)) & (np.abs(at.gradient) < _FLAT)):
        inwards = 1.0 if low[j] else -1.0
        for length in _PROBES:
            trial = x.copy()
            trial[j] += inwards * length * max(np.abs(x).max(), 1e-2)
            within = objective.lower[j] <= trial[j] <= objective.upper[j]
            if within and objective.value(trial) > at.value + _RISE:
                moved[j] = trial[j]
                break
    return moved if (moved != x).any() else _off_ridge(objective, at)


def _off_ridge(objective: Objective, at: Point) -> Floats | None:
    """A step along the most convex direction of interior coordinates; None at a maximum, or where none leads up."""
    inside = objective.inside(at.x, at.gradient)
    unit, eigenvalues, vectors = curvature_of(at.hessian[np.ix_(inside, inside)])
    if eigenvalues.min(initial=1.0) > 0.0:
        return None
    trials = np.tile(at.x, (2 * len(_STRIDES), 1))
    trials[:, inside] += np.outer((*_STRIDES, *(-s for s in _STRIDES)), vectors[:, 0] * unit)
    trials = np.clip(trials, objective.lower, objective.upper)
    values = np.array([objective.value(trial) for trial in trials])
    best = int(np.argmax(np.where(np.isfinite(values), values, -np.inf)))
    return trials[best] if values[best] > at.value + _RISE else None


def _to_bound(objective: Objective, at: Point) -> Floats | None:
    """Coordinates so near a bound that the likelihood cannot tell, moved there; None at a maximum, or without any.

    As a standard deviation goes to zero, so do its score and what the likelihood tells of it from rounding.
    """
    x, gradient, hessian, lower, upper = at.x, at.gradient, at.hessian, objective.lower, objective.upper
    inside = objective.inside(x, gradient)
    unit, eigenvalues, _ = curvature_of(hessian[np.ix_(inside, inside)])
    if np.abs(gradient[inside] * unit).max(initial=0.0) <= TOLERANCE and eigenvalues.min(initial=1.0) > 0.0:
        return None
    bound = np.where(x - lower < upper - x, lower, upper)
    way = np.where(np.isfinite(bound), bound, x + 1.0) - x
    told = np.abs(gradient * way) + 0.5 * np.abs(np.diag(hessian)) * way**2
    moved = np.where(np.isfinite(bound) & (told < _LEVEL), bound, x)
    return moved if (moved != x).any() else None


def curvature_of(hessian: Floats) -> tuple[Floats, Floats, Floats]:
    """Units (k,) in which minus a Hessian has a unit diagonal, its eigenvalues upwards (k,), and vectors (k, k)."""
    unit = _units(hessian)
    return unit, *np.linalg.eigh(-hessian * np.outer(unit, unit))


def _units(hessian: Floats) -> Floats:
    unit: Floats = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-12))
    return unit


def _newton(objective: Objective, x: Floats) -> tuple[Point, int]:
    """Projected Newton steps until the score of the interior coordinates vanishes.

    Between exact Hessians each step corrects the last one by what it found (symmetric rank one); the exact one is
    taken again where that shrinks the score slowly, and for the last steps.
    """
    at = Point(x, *objective.value_and_score(x), objective.hessian(x))
    exact, last = True, np.inf
    for step in range(_NEWTON_STEPS):
        inside = objective.inside(at.x, at.gradient)
        unit = _units(at.hessian)[inside]
        size = float(np.abs(at.gradient[inside] * unit).max(initial=0.0))
        if exact and size < _DONE:
            return at, step
        if not exact and (size < _NEAR or size > _SLOW * last):
            at, exact, last = at._replace(hessian=objective.hessian(at.x)), True, np.inf
            continue
        direction = np.zeros_like(x)
        direction[inside] = _uphill(-at.hessian[np.ix_(inside, inside)], unit).ascent(at.gradient[inside])
        moved = _backtrack(objective, at.x, direction, at.value, at.gradient)
        if moved is None and exact:
            return at, step
        if moved is None:
            last = 0.0
            continue
        new = Point(*moved, at.hessian)
        if size >= _NEAR:
            new, exact = new._replace(hessian=_corrected(at, new)), False
        at, last = new, size
    return at._replace(hessian=objective.hessian(at.x)), _NEWTON_STEPS


def _corrected(before: Point, after: Point) -> Floats:
    """The Hessian with the smallest symmetric correction of rank one that explains the change of the gradient."""
    moved = after.x - before.x
    missed = after.gradient - before.gradient - before.hessian @ moved
    product = float(missed @ moved)
    if abs(product) <= 1e-8 * float(np.linalg.norm(missed) * np.linalg.norm(moved)):
        return before.hessian
    corrected: Floats = before.hessian + np.outer(missed, missed) / product
    return corrected


def _uphill(matrix: Floats, unit: Floats) -> Metric:
    """The metric of a matrix in the units given, with every eigenvalue turned uphill."""
    eigenvalues, vectors = np.linalg.eigh(matrix * np.outer(unit, unit))
    return Metric(unit, vectors, np.maximum(np.abs(eigenvalues), 1e-6))


def _backtrack(
    objective: Objective, x: Floats, direction: Floats, value: float, gradient: Floats
) -> tuple[Floats, float, Floats] | None:
    """The longest of the halved steps that raises the likelihood, or None.

    Near the maximum the rise is lost in rounding; a step is then taken if it shrinks the score.
    """
    moving = direction != 0
    before = np.abs(gradient[moving]).max()
    for halving in range(25):
        trial = np.clip(x + direction * 0.5**halving, objective.lower, objective.upper)
        new, slope = objective.value_and_score(trial)
        level = np.isfinite(new) and abs(new - value) <= 1e-11 * abs(value)
        if np.abs(slope[moving]).max() < 0.5 * before if level else new > value:
            return trial, new, slope
    return None
