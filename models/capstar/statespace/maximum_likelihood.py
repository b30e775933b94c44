"""Maximum likelihood with bounds and constraints, exact scores and a check at the end."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from capstar.arguments import half_width
from capstar.errors import ConvergenceError, ConvergenceWarning, DataError
from capstar.kernels.arrays import Floats
from capstar.kernels.climb_state import TOLERANCE, curvature, slope_in_units
from capstar.kernels.ready import make_ready
from capstar.progress import Progress, reporting
from capstar.reporting import Result
from capstar.statespace.climbing import Climb, climb, finish, leap
from capstar.statespace.coordinates import Coordinates
from capstar.statespace.objective import Objective
from capstar.statespace.parameters import ParameterTable
from capstar.statespace.problem import Problem

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DISTINCT = 1e-3  # log-likelihood by which maxima differ
_SPREAD = 5.0  # of the further starting points, in standard errors at the first


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
    tried : pandas.DataFrame, or a function that makes it
        See `starts`.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_fit
    >>> found = nile_fit()
    >>> found.ml
    <MaximumLikelihood: Maximum likelihood of 2 parameters, log-likelihood -633.4646>
    >>> found.ml.converged, found.ml.higher_maximum, found.ml.starts.shape
    (True, None, (4, 4))
    >>> found.ml.to_frame()[["estimate", "std err"]].round(1)
           estimate  std err
    s_eps     122.9     10.1
    s_eta      38.3     13.2
    >>> list(found.ml.frames()), found.ml.notes()
    (['Parameters, each standard error at the others', 'Starting points'], ())
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
    tried: pd.DataFrame | Callable[[], pd.DataFrame]

    @cached_property
    def starts(self) -> pd.DataFrame:
        """Log-likelihood and iterations of every starting point, and whether it ends at a maximum.

        The first is the given one.
        Where that one's maximum counts, the others are climbed from when they are first asked for.
        """
        return self.tried() if callable(self.tried) else self.tried

    @property
    def maxima(self) -> pd.DataFrame:
        """Log-likelihoods of the maxima that starting points led to, highest first, and how many led to each.

        Those that differ by less than a thousandth count as one.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_fit
        >>> list(nile_fit().ml.maxima.columns)
        ['log_likelihood', 'starts']
        """
        ends = self.starts
        if "maximum" in ends:  # estimates stored by earlier versions do not say
            ends = ends[ends["maximum"].astype(bool)]
        values = np.sort(ends["log_likelihood"].to_numpy(dtype=float))[::-1]
        group = np.concatenate([[0], np.cumsum(-np.diff(values) > _DISTINCT)]) if values.size else values
        found = pd.Series(values).groupby(group).agg(["first", "size"])
        return found.set_axis(["log_likelihood", "starts"], axis=1).reset_index(drop=True)

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

    def plot(self, ax: Any = None, *, level: float = 0.95) -> Figure:
        """Estimates in their intervals of a coverage, each at the other parameters' values.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_fit
        >>> found = nile_fit()
        >>> found.ml.plot(level=0.9).savefig("parameters.png")
        """
        from capstar.plotting.leads import plot_estimates

        table = self.to_frame()
        half = half_width(level) * table["std err"]
        table = table.assign(lower=table["estimate"] - half, upper=table["estimate"] + half)
        unit = f"value of the parameter; {level:.0%} intervals"
        return plot_estimates(table, title=self.title, unit=unit, source=self.provenance, ax=ax)

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
    tolerance: float = TOLERANCE,
    allow_unconverged: bool = False,
    after: MaximumLikelihood | None = None,
    exact: bool = True,
    progress: Progress | bool = True,
) -> MaximumLikelihood:
    """Maximise the likelihood of the free parameters within their bounds and constraints.

    From the table's start the likelihood is climbed in short steps, so that the maximum reached is the
    one uphill of it; from further starting points by sequential quadratic programming (SLSQP).
    Projected Newton steps with a Hessian from differences of the exact score finish each.

    Parameters
    ----------
    problem
        The likelihood.
    table
        Start values, bounds, constraints, and which parameters are free.
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
    after
        A maximum in the same free parameters of nearly the same likelihood, from which the table's start is; its
        Hessian saves the first one here.
    exact
        Whether the Hessian of the result is exact, or else the last approximation of it: enough for a maximum that is
        only to lead to another.
    progress
        See `capstar.progress`.

    Raises
    ------
    ConvergenceError
        No starting point reached a maximum, unless ``allow_unconverged``.
    DataError
        There are fewer observations than free parameters.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.statespace.examples import nile_problem
    >>> problem, _ = nile_problem()
    >>> table = problem.table().starting({"s_eps": 100.0, "s_eta": 50.0})
    >>> found = cs.statespace.maximize(problem, table, n_starts=2)
    >>> found.params.round(0).to_dict()
    {'s_eps': 123.0, 's_eta': 37.0}
    """
    make_ready()
    at = Coordinates(table)
    objective = Objective(problem, at)
    if not table.free.any():
        return _report(objective, finish(objective, at.start), _tried(objective, [], tolerance), tolerance)
    if problem.nobs < int(table.free.sum()):
        raise DataError(
            f"{problem.spec.name}: {problem.nobs} periods cannot identify {int(table.free.sum())} "
            "parameters. Give a longer sample or fix parameters."
        )
    try:
        with reporting(progress) as tell:
            known = None if after is None or at.groups else after.hessian.to_numpy()
            best = climb(objective, at.start, known=known, rough=not exact)
            tried: pd.DataFrame | Callable[[], pd.DataFrame]
            tried = partial(_all_tried, problem, table, n_starts, seed, best, tolerance)
            if keep == "best":
                tries = [best, *_elsewhere(objective, n_starts, seed, tell)]
                best, tried = max(tries, key=lambda one: one.value), _tried(objective, tries, tolerance)
            tell("maximum likelihood", 1.0)
        result = _report(objective, best, tried, tolerance)
    except np.linalg.LinAlgError as error:
        raise ConvergenceError(
            f"{problem.spec.name}: on the way to the maximum the likelihood ceased to be defined ({error}). Give other "
            "start values or bounds; a diffuse likelihood grows without bound where two diffuse states become one: "
            "initial='stationary' avoids that."
        ) from error
    if not result.converged:
        _complain(problem, result, allow=allow_unconverged)
    return result


def _all_tried(
    problem: Problem, table: ParameterTable, n_starts: int, seed: int, first: Climb, tolerance: float
) -> pd.DataFrame:
    """Where every start leads, the first known."""
    objective = Objective(problem, Coordinates(table))
    return _tried(objective, [first, *_elsewhere(objective, n_starts, seed)], tolerance)


def _elsewhere(objective: Objective, n_starts: int, seed: int, tell: Progress | None = None) -> list[Climb]:
    """The maxima that further starting points lead to, but for those that lead to where there is no likelihood."""
    found = list[Climb]()
    for k, start in enumerate(_further_points(objective, n_starts, seed), 1):
        if tell is not None:
            tell("maximum likelihood", k / n_starts)
        try:
            found.append(finish(objective, *leap(objective, start)))
        except np.linalg.LinAlgError:
            continue
    return found


def _further_points(objective: Objective, n_starts: int, seed: int) -> Floats:
    """Draws around the table's start in approximate standard errors of the coordinates, shape (n_starts - 1, k)."""
    start = objective.at.start
    if n_starts < 2:
        return np.empty((0, start.size))
    spread = 1.0 / np.maximum(np.sqrt(np.diag(objective.information(start))), 1e-8)
    spread = np.minimum(_SPREAD * spread, np.maximum(np.abs(start), 0.1))
    draws = np.random.default_rng(seed).standard_normal((n_starts - 1, start.size))
    points: Floats = np.clip(start + draws * spread, objective.box[0], objective.box[1])
    return points


def _tried(objective: Objective, tries: list[Climb], tolerance: float) -> pd.DataFrame:
    rows = [
        (e.value, e.iterations, _is_maximum(*_evidence(objective, e), tolerance), e.message) for e in tries
    ]
    return pd.DataFrame(rows, columns=["log_likelihood", "iterations", "maximum", "message"])


def _evidence(objective: Objective, end: Climb) -> tuple[float, float, float]:
    """Log-likelihood, projected gradient and curvature where a climb ends."""
    x, value, gradient, hessian, *_ = end
    # At a maximum the score vanishes, and with it the curvature of the constraints' maps.
    unit = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-12))
    slope = float(slope_in_units(objective.box, x, gradient, unit))
    bend = float(curvature(hessian, -1.0, unit, objective.box, x, gradient)[1].min(initial=1.0))
    return value, slope, bend


def _is_maximum(value: float, slope: float, bend: float, tolerance: float) -> bool:
    return bool(np.isfinite(value) and slope <= tolerance and bend > 0.0)


def _report(
    objective: Objective, end: Climb, tried: pd.DataFrame | Callable[[], pd.DataFrame], tolerance: float
) -> MaximumLikelihood:
    at, problem, (x, value, gradient, hessian, *_) = objective.at, objective.problem, end
    names, theta = at.names, at.fill(x)
    _, slope, bend = _evidence(objective, end)
    near = np.abs(x - objective.box[:2]) <= objective.box[2:]
    at_bound = at.spread(near[0] | near[1])
    score = gradient
    if at.groups:
        score = problem.value_and_score(theta)[1][at.free]
        hessian = problem.hessian(theta).to_numpy()[np.ix_(at.free, at.free)]
    labels = problem.model.labels(at.table.free)
    return MaximumLikelihood(
        params=pd.Series(theta, at.table.start.index, name="estimate"),
        free=tuple(names),
        llf=value,
        gradient=pd.Series(score, labels, name="score"),
        projected_gradient=slope,
        curvature=bend,
        hessian=pd.DataFrame(hessian, labels, labels),
        at_bound=pd.Series(at_bound, labels, name="at_bound", dtype=bool),
        converged=_is_maximum(value, slope, bend, tolerance),
        tried=tried,
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
