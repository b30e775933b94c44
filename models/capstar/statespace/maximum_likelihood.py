"""Maximum likelihood with bounds and constraints, exact scores and a check at the end."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import Bounds, minimize

from capstar.errors import ConvergenceError, ConvergenceWarning, DataError
from capstar.kernels.arrays import Floats
from capstar.kernels.ready import make_ready
from capstar.progress import Progress, reporting
from capstar.reporting import Result
from capstar.statespace.coordinates import Coordinates
from capstar.statespace.parameters import ParameterTable
from capstar.statespace.problem import Problem

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SLSQP_STEPS, _SLSQP_TOLERANCE = 500, 1e-12
_NEWTON_STEPS = 40
_WALK_STEPS, _WALK_LENGTH, _WALK_REFRESH = 500, 0.5, 4
_SPREAD = 5.0  # of the further starting points, in standard errors at the first
_SADDLES, _FLAT, _RISE, _PROBES = 3, 1e-6, 1e-8, (1e-1, 1e-2, 1e-3)
_STRIDES = (1.0, 0.1, 0.01)  # standard errors, along a direction in which the likelihood is convex
_TOLERANCE = 1e-6  # of the projected gradient, in standard errors
_LEVEL = 1e-6  # log-likelihood below which a difference is taken for rounding
_AT_BOUND = 1e-8  # relative distance below which a parameter counts as at its bound


@dataclass(frozen=True)
class MaximumLikelihood(Result):
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
        Free parameters that ended at a bound, or together at the edge of a constraint.
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
    def title(self) -> str:
        """How many parameters, and how high."""
        end = "" if self.converged else ", NOT CONVERGED"
        return f"Maximum likelihood of {len(self.free)} parameters, log-likelihood {self.llf:.4f}{end}"

    def to_frame(self) -> pd.DataFrame:
        """Estimate, score, standard error ``1 / sqrt(-H_jj)`` with the other parameters known, and whether at a bound.

        NaN beside parameters that were held.
        """
        alone = 1.0 / np.sqrt(np.where(np.diag(self.hessian) < 0, -np.diag(self.hessian), np.nan))
        columns = {"estimate": self.params, "score": self.gradient, "std err": pd.Series(alone, self.free)}
        return pd.DataFrame(columns | {"at_bound": self.at_bound}, self.params.index)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The parameters, and where each starting point led."""
        return {
            "Parameters, each standard error at the others": self.to_frame(),
            "Starting points": self.starts,
        }

    def notes(self) -> tuple[str, ...]:
        """What speaks against the estimate."""
        bound = ", ".join(f"{name} = {self.params[name]:.4g}" for name in self.free if self.at_bound[name])
        said = {
            f"At a bound, without a meaningful standard error: {bound}.": bound,
            f"Other starting points reach a log-likelihood of {self.higher_maximum or 0:.4f}, above {self.llf:.4f}; "
            "keep='best' takes the higher one.": self.higher_maximum is not None,
            "NOT CONVERGED: the estimate is not a maximum.": not self.converged,
        }
        return tuple(note for note, applies in said.items() if applies)

    def plot(self, ax: Any = None) -> Figure:
        """Estimates with 95 percent intervals at the other parameters' values."""
        from capstar.plotting.statespace import plot_estimates

        return plot_estimates(self.to_frame(), title=self.title, ax=ax)

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
    tolerance: float = _TOLERANCE,
    allow_unconverged: bool = False,
    progress: Progress | bool = False,
) -> MaximumLikelihood:
    """Maximise the likelihood of the free parameters within their bounds and constraints.

    From the table's start the likelihood is climbed in short steps, so that the maximum reached is the
    one uphill of it; from further starting points by sequential quadratic programming (SLSQP).
    Projected Newton steps with a Hessian from differences of the exact score finish each.

    Parameters
    ----------
    n_starts, seed
        Number of starting points: the table's, then draws around it with five times the standard
        errors that the outer product of scores gives there.
    keep
        ``"best"``: the highest maximum.  ``"first"``: the one the table's start leads to, as
        published estimates do; the others are then only reported.
    tolerance
        Largest `MaximumLikelihood.projected_gradient` called converged, in standard errors.
    allow_unconverged
        Warn instead of raising.
    progress
        See `capstar.progress`.

    Raises
    ------
    ConvergenceError
        No starting point reached a maximum, unless ``allow_unconverged``.
    DataError
        There are fewer observations than free parameters.
    """
    make_ready()
    at = Coordinates(table)
    if not table.free.any():
        return _report(problem, at, table.start.to_numpy(dtype=float), _tried([]), tolerance)
    if problem.nobs < int(table.free.sum()):
        raise DataError(
            f"{problem.spec.name}: {problem.nobs} periods cannot identify {int(table.free.sum())} "
            "parameters. Give a longer sample or fix parameters."
        )
    try:
        with reporting(progress) as tell:
            first, *others = _starting_points(problem, at, n_starts, seed)
            tries = [_finish(problem, at, *_walk(problem, at, first))]
            for k, start in enumerate(others, 1):
                tell("maximum likelihood", k / n_starts)
                tries += _elsewhere(problem, at, start)
            tell("maximum likelihood", 1.0)
        best = tries[0] if keep == "first" else max(tries, key=lambda one: one[1])
        result = _report(problem, at, best[0], _tried(tries), tolerance)
    except np.linalg.LinAlgError as error:
        raise ConvergenceError(
            f"{problem.spec.name}: on the way to the maximum the likelihood ceased to be defined ({error}). Give other "
            "start values or bounds; a diffuse likelihood grows without bound where two diffuse states become one: "
            "initial='stationary' avoids that."
        ) from error
    if not result.converged:
        _complain(problem, result, allow=allow_unconverged)
    return result


def _value_and_score(problem: Problem, at: Coordinates, x: Floats) -> tuple[float, Floats]:
    """Log-likelihood and its gradient in the coordinates, shape (k,)."""
    value, score = problem.value_and_score(at.fill(x))
    return value, at.pull(x, score)


def _starting_points(problem: Problem, at: Coordinates, n_starts: int, seed: int) -> list[Floats]:
    """The table's start, then draws around it, in approximate standard errors of the coordinates."""
    start = at.start
    scores = at.pull(start, problem.score_obs(at.fill(start)).to_numpy())
    spread = 1.0 / np.maximum(np.sqrt((scores**2).sum(axis=0)), 1e-8)
    spread = np.minimum(_SPREAD * spread, np.maximum(np.abs(start), 0.1))
    draws = np.random.default_rng(seed).standard_normal((n_starts - 1, start.size))
    return [start, *np.clip(start + draws * spread, *at.bounds)]


def _walk(problem: Problem, at: Coordinates, x: Floats) -> tuple[Floats, int, str]:
    """Short steps uphill (Berndt, Hall, Hall and Hausman 1974): half a standard error at most.

    A long step may jump over a ridge into the basin of another maximum; these do not.
    """
    value, gradient = _value_and_score(problem, at, x)
    for step in range(_WALK_STEPS):
        if step % _WALK_REFRESH == 0:
            scores = at.pull(x, problem.score_obs(at.fill(x)).to_numpy())
            information = scores.T @ scores
        inside = ~_held(x, gradient, *at.bounds)
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
        value, gradient = _value_and_score(problem, at, x)
        return -value, -gradient

    bounds, options = Bounds(*at.bounds), {"maxiter": steps or _SLSQP_STEPS, "ftol": _SLSQP_TOLERANCE}
    optimum = minimize(objective, start, jac=True, method="SLSQP", bounds=bounds, options=options)
    return np.clip(optimum.x, bounds.lb, bounds.ub), int(optimum.nit), str(optimum.message)


def _finish(
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
    value, gradient = _value_and_score(problem, at, x)
    moved = x.copy()
    for j in np.flatnonzero((_near(x, lower) | _near(x, upper)) & (np.abs(gradient) < _FLAT)):
        inwards = 1.0 if _near(x, lower)[j] else -1.0
        for length in _PROBES:
            trial = x.copy()
            trial[j] += inwards * length * max(np.abs(x).max(), 1e-2)
            inside = lower[j] <= trial[j] <= upper[j]
            if inside and _value_and_score(problem, at, trial)[0] > value + _RISE:
                moved[j] = trial[j]
                break
    return moved if (moved != x).any() else _off_ridge(problem, at, x, value, gradient)


def _off_ridge(problem: Problem, at: Coordinates, x: Floats, value: float, gradient: Floats) -> Floats | None:
    """A step along the most convex direction of interior coordinates; None at a maximum, or where none leads up."""
    inside = ~_held(x, gradient, *at.bounds)
    unit, eigenvalues, vectors = _curvature(_hessian(problem, at, x)[np.ix_(inside, inside)])
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
    gradient, (lower, upper) = _value_and_score(problem, at, x)[1], at.bounds
    inside = ~_held(x, gradient, lower, upper)
    hessian = _hessian(problem, at, x)
    unit, eigenvalues, _ = _curvature(hessian[np.ix_(inside, inside)])
    if np.abs(gradient[inside] * unit).max(initial=0.0) <= _TOLERANCE and eigenvalues.min(initial=1.0) > 0.0:
        return None
    bound = np.where(x - lower < upper - x, lower, upper)
    way = np.where(np.isfinite(bound), bound, x + 1.0) - x
    told = np.abs(gradient * way) + 0.5 * np.abs(np.diag(hessian)) * way**2
    moved = np.where(np.isfinite(bound) & (told < _LEVEL), bound, x)
    return moved if (moved != x).any() else None


def _curvature(hessian: Floats) -> tuple[Floats, Floats, Floats]:
    """Units (k,) in which minus a Hessian has a unit diagonal, its eigenvalues upwards (k,), and vectors (k, k)."""
    unit = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-12))
    return unit, *np.linalg.eigh(-hessian * np.outer(unit, unit))


def _newton(problem: Problem, at: Coordinates, x: Floats) -> tuple[Floats, float, int]:
    """Projected Newton steps until the score of the interior coordinates vanishes."""
    value, gradient = _value_and_score(problem, at, x)
    for step in range(_NEWTON_STEPS):
        inside = ~_held(x, gradient, *at.bounds)
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
        new, slope = _value_and_score(problem, at, trial)
        level = np.isfinite(new) and abs(new - value) <= 1e-11 * abs(value)
        if np.abs(slope[moving]).max() < 0.5 * before if level else new > value:
            return trial, new, slope
    return None


def _held(x: Floats, gradient: Floats, lower: Floats, upper: Floats) -> npt.NDArray[np.bool_]:
    """Coordinates at a bound that the likelihood would like to cross."""
    return (_near(x, lower) & (gradient <= 0)) | (_near(x, upper) & (gradient >= 0))


def _near(x: Floats, bound: Floats) -> npt.NDArray[np.bool_]:
    finite = np.isfinite(bound)
    reference = np.where(finite, bound, 0.0)
    return finite & (np.abs(x - reference) <= _AT_BOUND * np.maximum(np.abs(reference), 1e-2))


def _hessian(problem: Problem, at: Coordinates, x: Floats) -> Floats:
    """Central differences of the exact score in the coordinates."""
    out = np.empty((x.size, x.size))
    for j in range(x.size):
        step = np.zeros_like(x)
        step[j] = 1e-5 * max(abs(x[j]), 1e-2)
        up, down = (_value_and_score(problem, at, x + sign * step)[1] for sign in (1, -1))
        out[j] = (up - down) / (2 * step[j])
    return (out + out.T) / 2


def _elsewhere(problem: Problem, at: Coordinates, start: Floats) -> list[tuple[Floats, float, int, str]]:
    """The maximum a further starting point leads to; none where it leads to where there is no likelihood."""
    try:
        return [_finish(problem, at, *leap(problem, at, start))]
    except np.linalg.LinAlgError:
        return []


def _tried(tries: list[tuple[Floats, float, int, str]]) -> pd.DataFrame:
    return pd.DataFrame([one[1:] for one in tries], columns=["log_likelihood", "iterations", "message"])


def _report(
    problem: Problem, at: Coordinates, theta: Floats, starts: pd.DataFrame, tolerance: float
) -> MaximumLikelihood:
    names, free = at.names, at.table.free
    value, score = problem.value_and_score(theta)
    hessian = problem.hessian(theta).loc[names, names]
    x = at.of(theta)
    gradient, (lower, upper) = at.pull(x, score), at.bounds
    inside = ~_held(x, gradient, lower, upper)
    # At a maximum the score vanishes, and with it the curvature of the constraints' maps.
    slopes = at.pull(x, np.eye(len(score)))[free]
    interior = (slopes.T @ hessian.to_numpy() @ slopes)[np.ix_(inside, inside)]
    unit, eigenvalues, _ = _curvature(interior)
    slope = float(np.abs(gradient[inside] * unit).max(initial=0.0))
    bend = float(eigenvalues.min(initial=1.0))
    at_bound = at.spread(_near(x, lower) | _near(x, upper))
    return MaximumLikelihood(
        params=pd.Series(theta, at.table.names, name="estimate"),
        free=tuple(names),
        llf=value,
        gradient=pd.Series(score[free], names, name="score"),
        projected_gradient=slope,
        curvature=bend,
        hessian=hessian,
        at_bound=pd.Series(at_bound, names, name="at_bound", dtype=bool),
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
