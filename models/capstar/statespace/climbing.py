"""Climbing a likelihood: short steps, long ones, and Newton's to the maximum, with a look round at its end."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, minimize

from capstar.kernels.arrays import Floats
from capstar.statespace.coordinates import Coordinates
from capstar.statespace.problem import Problem

_SLSQP_STEPS, _SLSQP_TOLERANCE = 500, 1e-12
_NEWTON_STEPS = 40
_WALK_STEPS, _WALK_LENGTH, _WALK_REFRESH = 500, 0.5, 4
_SADDLES, _FLAT, _RISE, _PROBES = 3, 1e-6, 1e-8, (1e-1, 1e-2, 1e-3)
_STRIDES = (1.0, 0.1, 0.01)  # standard errors, along a direction in which the likelihood is convex
TOLERANCE = 1e-6  # of the projected gradient, in standard errors
_LEVEL = 1e-6  # log-likelihood below which a difference is taken for rounding
_AT_BOUND = 1e-8  # relative distance below which a parameter counts as at its bound


def value_and_score(problem: Problem, at: Coordinates, x: Floats) -> tuple[float, Floats]:
    """Log-likelihood and its gradient in the coordinates, shape (k,)."""
    value, score = problem.value_and_score(at.fill(x))
    return value, at.pull(x, score)


def walk(problem: Problem, at: Coordinates, x: Floats) -> tuple[Floats, int, str]:
    """Short steps uphill (Berndt, Hall, Hall and Hausman 1974): half a standard error at most.

    A long step may jump over a ridge into the basin of another maximum; these do not.
    """
    value, gradient = value_and_score(problem, at, x)
    for step in range(_WALK_STEPS):
        if step % _WALK_REFRESH == 0:
            scores = at.pull(x, problem.score_obs(at.fill(x)).to_numpy())
            information = scores.T @ scores
        inside = ~held(x, gradient, *at.bounds)
        unit = 1.0 / np.sqrt(np.diag(information))[inside]
        metric = information[np.ix_(inside, inside)]
        direction = np.zeros_like(x)
        direction[inside] = _ascent(-metric, gradient[inside], unit)
        length = np.abs(direction[inside] / unit).max(initial=0.0)
        if length < _WALK_LENGTH:
            return x, step, "within half a standard error"
        direction *= _WALK_LENGTH / length
        moved = _backtrack(problem, at, x, direction, value, gradient)
        if moved is None:
            return x, step, "no ascent step"
        x, value, gradient = moved
    return x, _WALK_STEPS, "iteration limit"


def leap(
    problem: Problem, at: Coordinates, start: Floats, *, steps: int | None = None
) -> tuple[Floats, int, str]:
    """Sequential quadratic programming; coordinates (k,), iterations, message."""

    def objective(x: Floats) -> tuple[float, Floats]:
        value, gradient = value_and_score(problem, at, x)
        return -value, -gradient

    bounds, options = Bounds(*at.bounds), {"maxiter": steps or _SLSQP_STEPS, "ftol": _SLSQP_TOLERANCE}
    optimum = minimize(objective, start, jac=True, method="SLSQP", bounds=bounds, options=options)
    return np.clip(optimum.x, bounds.lb, bounds.ub), int(optimum.nit), str(optimum.message)


def finish(
    problem: Problem, at: Coordinates, x: Floats, iterations: int, message: str
) -> tuple[Floats, float, int, str]:
    """Newton steps to the maximum; full parameter vector, log-likelihood, iterations, message."""
    x, value, steps = _newton(problem, at, x)
    for _ in range(_SADDLES):
        moved = _off_saddle(problem, at, x)
        if moved is None:
            moved = _to_bound(problem, at, x)
        if moved is None:
            break
        found, reached, more = _newton(problem, at, moved)
        if reached < value - _LEVEL:
            break
        x, value, steps = found, reached, steps + more
    return at.fill(x), value, iterations + steps, message


def _off_saddle(problem: Problem, at: Coordinates, x: Floats) -> Floats | None:
    """A step off bounds where the score vanishes and the likelihood rises inwards; None where there are none.

    The likelihood is even in a standard deviation: at zero its score is zero, whether that is a maximum or not.
    """
    lower, upper = at.bounds
    value, gradient = value_and_score(problem, at, x)
    moved = x.copy()
    for j in np.flatnonzero((near(x, lower) | near(x, upper)) & (np.abs(gradient) < _FLAT)):
        inwards = 1.0 if near(x, lower)[j] else -1.0
        for length in _PROBES:
            trial = x.copy()
            trial[j] += inwards * length * max(np.abs(x).max(), 1e-2)
            inside = lower[j] <= trial[j] <= upper[j]
            if inside and value_and_score(problem, at, trial)[0] > value + _RISE:
                moved[j] = trial[j]
                break
    return moved if (moved != x).any() else _off_ridge(problem, at, x, value, gradient)


def _off_ridge(problem: Problem, at: Coordinates, x: Floats, value: float, gradient: Floats) -> Floats | None:
    """A step along the most convex direction of interior coordinates; None at a maximum, or where none leads up."""
    inside = ~held(x, gradient, *at.bounds)
    unit, eigenvalues, vectors = curvature_of(_hessian(problem, at, x)[np.ix_(inside, inside)])
    if eigenvalues.min(initial=1.0) > 0.0:
        return None
    trials = np.tile(x, (2 * len(_STRIDES), 1))
    trials[:, inside] += np.outer((*_STRIDES, *(-s for s in _STRIDES)), vectors[:, 0] * unit)
    trials = np.clip(trials, *at.bounds)
    values = np.array([problem.loglike(at.fill(trial)) for trial in trials])
    best = int(np.argmax(np.where(np.isfinite(values), values, -np.inf)))
    return trials[best] if values[best] > value + _RISE else None


def _to_bound(problem: Problem, at: Coordinates, x: Floats) -> Floats | None:
    """Coordinates so near a bound that the likelihood cannot tell, moved there; None at a maximum, or without any.

    As a standard deviation goes to zero, so do its score and what the likelihood tells of it from rounding.
    """
    gradient, (lower, upper) = value_and_score(problem, at, x)[1], at.bounds
    inside = ~held(x, gradient, lower, upper)
    hessian = _hessian(problem, at, x)
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
    unit = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-12))
    return unit, *np.linalg.eigh(-hessian * np.outer(unit, unit))


def _newton(problem: Problem, at: Coordinates, x: Floats) -> tuple[Floats, float, int]:
    """Projected Newton steps until the score of the interior coordinates vanishes."""
    value, gradient = value_and_score(problem, at, x)
    for step in range(_NEWTON_STEPS):
        inside = ~held(x, gradient, *at.bounds)
        if not inside.any():
            return x, value, step
        hessian = _hessian(problem, at, x)[np.ix_(inside, inside)]
        unit = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-12))
        if np.abs(gradient[inside] * unit).max() < 1e-10:
            return x, value, step
        direction = np.zeros_like(x)
        direction[inside] = _ascent(hessian, gradient[inside], unit)
        moved = _backtrack(problem, at, x, direction, value, gradient)
        if moved is None:
            return x, value, step
        x, value, gradient = moved
    return x, value, _NEWTON_STEPS


def _ascent(hessian: Floats, gradient: Floats, unit: Floats) -> Floats:
    """Newton direction with every eigenvalue turned uphill."""
    eigenvalues, vectors = np.linalg.eigh(-hessian * np.outer(unit, unit))
    curvature = np.maximum(np.abs(eigenvalues), 1e-6)
    uphill: Floats = unit * (vectors @ ((vectors.T @ (gradient * unit)) / curvature))
    return uphill


def _backtrack(
    problem: Problem, at: Coordinates, x: Floats, direction: Floats, value: float, gradient: Floats
) -> tuple[Floats, float, Floats] | None:
    """The longest of the halved steps that raises the likelihood, or None.

    Near the maximum the rise is lost in rounding; a step is then taken if it shrinks the score.
    """
    moving = direction != 0
    before = np.abs(gradient[moving]).max()
    for halving in range(25):
        trial = np.clip(x + direction * 0.5**halving, *at.bounds)
        new, slope = value_and_score(problem, at, trial)
        level = np.isfinite(new) and abs(new - value) <= 1e-11 * abs(value)
        if np.abs(slope[moving]).max() < 0.5 * before if level else new > value:
            return trial, new, slope
    return None


def held(x: Floats, gradient: Floats, lower: Floats, upper: Floats) -> npt.NDArray[np.bool_]:
    """Coordinates at a bound that the likelihood would like to cross."""
    return (near(x, lower) & (gradient <= 0)) | (near(x, upper) & (gradient >= 0))


def near(x: Floats, bound: Floats) -> npt.NDArray[np.bool_]:
    """Coordinates that are at a finite bound, up to rounding."""
    finite = np.isfinite(bound)
    reference = np.where(finite, bound, 0.0)
    return finite & (np.abs(x - reference) <= _AT_BOUND * np.maximum(np.abs(reference), 1e-2))


def _hessian(problem: Problem, at: Coordinates, x: Floats) -> Floats:
    """Central differences of the exact score in the coordinates."""
    out = np.empty((x.size, x.size))
    for j in range(x.size):
        step = np.zeros_like(x)
        step[j] = 1e-5 * max(abs(x[j]), 1e-2)
        up, down = (value_and_score(problem, at, x + sign * step)[1] for sign in (1, -1))
        out[j] = (up - down) / (2 * step[j])
    return (out + out.T) / 2
