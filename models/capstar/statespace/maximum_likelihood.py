"""Maximum likelihood with bounds, exact scores and a check at the end."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import Bounds, minimize

from capstar.errors import ConvergenceError, ConvergenceWarning, DataError
from capstar.kernels.ready import make_ready
from capstar.statespace.parameters import ParameterTable
from capstar.statespace.problem import Problem

Floats = npt.NDArray[np.float64]
_SLSQP = {"maxiter": 500, "ftol": 1e-12}
_NEWTON_STEPS = 40
_WALK_STEPS, _WALK_LENGTH, _WALK_REFRESH = 500, 0.5, 4
_SPREAD = 5.0  # of the further starting points, in standard errors at the first
_AT_BOUND = 1e-8  # relative distance below which a parameter counts as at its bound


@dataclass(frozen=True)
class MaximumLikelihood:
    """An estimate and the evidence that it is a maximum.

    Attributes
    ----------
    params : pandas.Series
        Every parameter of the model, the fixed ones included.
    free : tuple of str
        The estimated ones.
    llf : float
        Log-likelihood, constants included.
    gradient : pandas.Series
        Score of the free parameters at the estimate.
    projected_gradient : float
        Largest score among parameters not held by a bound, each times its standard error
        ``1 / sqrt(-H_jj)``: roughly the distance to the maximum in standard errors.
    curvature : float
        Smallest eigenvalue of minus the Hessian of those parameters in the same units; positive
        at a strict maximum, 1 where parameters are uncorrelated.
    hessian : pandas.DataFrame
        Second derivatives of the log-likelihood in the free parameters.
    at_bound : pandas.Series of bool
        Free parameters that ended at a bound.
    converged : bool
        Projected gradient within tolerance and curvature positive.
    starts : pandas.DataFrame
        Log-likelihood and iterations of every starting point; the first is the given one.
    """

    params: pd.Series
    free: tuple[str, ...]
    llf: float
    gradient: pd.Series
    projected_gradient: float
    curvature: float
    hessian: pd.DataFrame
    at_bound: pd.Series
    converged: bool
    starts: pd.DataFrame

    @property
    def higher_maximum(self) -> float | None:
        """Log-likelihood of a higher maximum that another start led to, if there is one."""
        best = float(self.starts["log_likelihood"].max()) if len(self.starts) else self.llf
        return best if best > self.llf + 1e-4 else None


def maximize(
    problem: Problem,
    table: ParameterTable,
    *,
    n_starts: int = 4,
    seed: int = 0,
    keep: Literal["best", "first"] = "best",
    tolerance: float = 1e-6,
    allow_unconverged: bool = False,
) -> MaximumLikelihood:
    """Maximise the likelihood of the free parameters within their bounds.

    From the table's start the likelihood is climbed in short steps, so that the maximum reached is the
    one uphill of it; from further starting points by sequential quadratic programming (SLSQP).
    Projected Newton steps with a Hessian from differences of the exact score finish each.

    Parameters
    ----------
    problem
        Equations bound to data.
    table
        Start values, bounds and fixed parameters.
    n_starts
        Number of starting points: the table's, then draws around it with five times the standard
        errors that the outer product of scores gives there.
    seed
        Of those draws.
    keep
        ``"best"``: the highest maximum.  ``"first"``: the one the table's start leads to, as
        published estimates do; the others are then only reported.
    tolerance
        Largest `MaximumLikelihood.projected_gradient` called converged, in standard errors.
    allow_unconverged
        Warn instead of raising.

    Raises
    ------
    ConvergenceError
        No starting point reached a maximum, unless ``allow_unconverged``.
    DataError
        There are fewer observations than free parameters.
    """
    make_ready()
    if not table.free.any():
        return _report(problem, table, table.start.to_numpy(dtype=float), _tried([]), tolerance)
    if problem.nobs < int(table.free.sum()):
        raise DataError(
            f"{problem.spec.name}: {problem.nobs} periods cannot identify {int(table.free.sum())} "
            "parameters. Give a longer sample or fix parameters."
        )
    first, *others = _starting_points(problem, table, n_starts, seed)
    tries = [_finish(problem, table, *_walk(problem, table, first))]
    tries += [_finish(problem, table, *_leap(problem, table, start)) for start in others]
    best = tries[0] if keep == "first" else max(tries, key=lambda one: one[1])
    result = _report(problem, table, best[0], _tried(tries), tolerance)
    if not result.converged:
        _complain(problem, result, allow=allow_unconverged)
    return result


def _starting_points(problem: Problem, table: ParameterTable, n_starts: int, seed: int) -> list[Floats]:
    """The table's start, then draws around it, in approximate standard errors of the parameters."""
    free = table.free
    start = table.start.to_numpy(dtype=float)[free]
    lower, upper = _bounds(table)
    scores = problem.score_obs(table.fill(start)).to_numpy()[:, free]
    spread = 1.0 / np.maximum(np.sqrt((scores**2).sum(axis=0)), 1e-8)
    spread = np.minimum(_SPREAD * spread, np.maximum(np.abs(start), 0.1))
    draws = np.random.default_rng(seed).standard_normal((n_starts - 1, start.size))
    return [start, *np.clip(start + draws * spread, lower, upper)]


def _walk(problem: Problem, table: ParameterTable, x: Floats) -> tuple[Floats, int, str]:
    """Short steps uphill (Berndt, Hall, Hall and Hausman 1974): half a standard error at most.

    A long step may jump over a ridge into the basin of another maximum; these do not.
    """
    lower, upper = _bounds(table)
    value, score = problem.value_and_score(table.fill(x))
    for step in range(_WALK_STEPS):
        if step % _WALK_REFRESH == 0:
            scores = problem.score_obs(table.fill(x)).to_numpy()[:, table.free]
            information = scores.T @ scores
        gradient = score[table.free]
        inside = ~_held(x, gradient, lower, upper)
        unit = 1.0 / np.sqrt(np.diag(information))[inside]
        metric = information[np.ix_(inside, inside)]
        direction = np.zeros_like(x)
        direction[inside] = _ascent(-metric, gradient[inside], unit)
        length = np.abs(direction[inside] / unit).max(initial=0.0)
        if length < _WALK_LENGTH:
            return x, step, "within half a standard error"
        direction *= _WALK_LENGTH / length
        moved = _backtrack(problem, table, x, direction, lower, upper, value, gradient)
        if moved is None:
            return x, step, "no step uphill"
        x, value, score = moved
    return x, _WALK_STEPS, "steps used up"


def _leap(problem: Problem, table: ParameterTable, start: Floats) -> tuple[Floats, int, str]:
    """Sequential quadratic programming."""

    def objective(x: Floats) -> tuple[float, Floats]:
        value, score = problem.value_and_score(table.fill(x))
        return -value, -score[table.free]

    bounds = Bounds(*_bounds(table))
    optimum = minimize(objective, start, jac=True, method="SLSQP", bounds=bounds, options=_SLSQP)
    return np.clip(optimum.x, bounds.lb, bounds.ub), int(optimum.nit), str(optimum.message)


def _finish(
    problem: Problem, table: ParameterTable, x: Floats, iterations: int, message: str
) -> tuple[Floats, float, int, str]:
    """Newton steps to the maximum; full parameter vector, log-likelihood, iterations, message."""
    x, value, steps = _newton(problem, table, x, *_bounds(table))
    return table.fill(x), value, iterations + steps, message


def _bounds(table: ParameterTable) -> tuple[Floats, Floats]:
    free = table.free
    return table.lower.to_numpy(dtype=float)[free], table.upper.to_numpy(dtype=float)[free]


def _newton(
    problem: Problem, table: ParameterTable, x: Floats, lower: Floats, upper: Floats
) -> tuple[Floats, float, int]:
    """Projected Newton steps until the score of the interior parameters vanishes."""
    value, score = problem.value_and_score(table.fill(x))
    for step in range(_NEWTON_STEPS):
        gradient = score[table.free]
        inside = ~_held(x, gradient, lower, upper)
        if not inside.any():
            return x, value, step
        hessian = _hessian(problem, table, x)[np.ix_(inside, inside)]
        unit = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-12))
        if np.abs(gradient[inside] * unit).max() < 1e-10:
            return x, value, step
        direction = np.zeros_like(x)
        direction[inside] = _ascent(hessian, gradient[inside], unit)
        moved = _backtrack(problem, table, x, direction, lower, upper, value, gradient)
        if moved is None:
            return x, value, step
        x, value, score = moved
    return x, value, _NEWTON_STEPS


def _ascent(hessian: Floats, gradient: Floats, unit: Floats) -> Floats:
    """Newton direction with every eigenvalue turned uphill."""
    eigenvalues, vectors = np.linalg.eigh(-hessian * np.outer(unit, unit))
    curvature = np.maximum(np.abs(eigenvalues), 1e-6)
    uphill: Floats = unit * (vectors @ ((vectors.T @ (gradient * unit)) / curvature))
    return uphill


def _backtrack(
    problem: Problem,
    table: ParameterTable,
    x: Floats,
    direction: Floats,
    lower: Floats,
    upper: Floats,
    value: float,
    gradient: Floats,
) -> tuple[Floats, float, Floats] | None:
    """The longest of the halved steps that raises the likelihood, or None.

    Near the maximum the rise is lost in rounding; a step is then taken if it shrinks the score.
    """
    moving = direction != 0
    before = np.abs(gradient[moving]).max()
    for halving in range(25):
        trial = np.clip(x + direction * 0.5**halving, lower, upper)
        new, score = problem.value_and_score(table.fill(trial))
        level = np.isfinite(new) and abs(new - value) <= 1e-11 * abs(value)
        if new > value and not level:
            return trial, new, score
        if level and np.abs(score[table.free][moving]).max() < 0.5 * before:
            return trial, new, score
    return None


def _held(x: Floats, gradient: Floats, lower: Floats, upper: Floats) -> npt.NDArray[np.bool_]:
    """Parameters at a bound that the likelihood would like to cross."""
    return (_near(x, lower) & (gradient <= 0)) | (_near(x, upper) & (gradient >= 0))


def _near(x: Floats, bound: Floats) -> npt.NDArray[np.bool_]:
    finite = np.isfinite(bound)
    reference = np.where(finite, bound, 0.0)
    return finite & (np.abs(x - reference) <= _AT_BOUND * np.maximum(np.abs(reference), 1e-2))


def _hessian(problem: Problem, table: ParameterTable, x: Floats) -> Floats:
    """Central differences of the exact score in the free parameters."""
    out = np.empty((x.size, x.size))
    for j in range(x.size):
        step = np.zeros_like(x)
        step[j] = 1e-5 * max(abs(x[j]), 1e-2)
        up = problem.value_and_score(table.fill(x + step))[1][table.free]
        down = problem.value_and_score(table.fill(x - step))[1][table.free]
        out[j] = (up - down) / (2 * step[j])
    return (out + out.T) / 2


def _tried(tries: list[tuple[Floats, float, int, str]]) -> pd.DataFrame:
    rows = [(value, iterations, message) for _, value, iterations, message in tries]
    return pd.DataFrame(rows, columns=["log_likelihood", "iterations", "message"])


def _report(
    problem: Problem, table: ParameterTable, theta: Floats, starts: pd.DataFrame, tolerance: float
) -> MaximumLikelihood:
    free = table.free
    names = [name for name, is_free in zip(table.names, free, strict=True) if is_free]
    lower, upper = _bounds(table)
    value, score = problem.value_and_score(theta)
    hessian = problem.hessian(theta).loc[names, names]
    x, gradient = theta[free], score[free]
    inside = ~_held(x, gradient, lower, upper)
    interior = hessian.to_numpy()[np.ix_(inside, inside)]
    unit = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(interior)), 1e-12))
    slope = float(np.abs(gradient[inside] * unit).max(initial=0.0))
    bend = float(np.linalg.eigvalsh(-interior * np.outer(unit, unit)).min(initial=1.0))
    return MaximumLikelihood(
        params=pd.Series(theta, table.names, name="estimate"),
        free=tuple(names),
        llf=value,
        gradient=pd.Series(gradient, names, name="score"),
        projected_gradient=slope,
        curvature=bend,
        hessian=hessian,
        at_bound=pd.Series(_near(x, lower) | _near(x, upper), names, name="at_bound"),
        converged=bool(np.isfinite(value) and slope <= tolerance and bend > 0.0),
        starts=starts,
    )


def _complain(problem: Problem, result: MaximumLikelihood, *, allow: bool) -> None:
    worst = str(result.gradient.abs().idxmax())
    text = (
        f"{problem.spec.name}: no maximum reached in {problem.index[0]}-{problem.index[-1]}: the "
        f"projected gradient is {result.projected_gradient:.2g} standard errors (largest score: "
        f"{worst} = {result.params[worst]:.4g}), the curvature {result.curvature:.2g}. Give other start "
        "values, fix a parameter, or use a longer sample; allow_unconverged=True returns it as it is."
    )
    if not allow:
        raise ConvergenceError(text)
    warnings.warn(text, ConvergenceWarning, stacklevel=3)
