"""Start values where none are given: a spread of points over the plausible range, and a short climb from the best."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import scipy

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats
from capstar.statespace.algebra import CONSTANT, Coef, as_coef, as_linear
from capstar.statespace.climbing import leap
from capstar.statespace.coordinates import Coordinates
from capstar.statespace.objective import Objective
from capstar.statespace.parameters import ParameterTable
from capstar.statespace.problem import Problem

_POINTS = 256
_CLIMBS, _STEPS = 4, 60
_SMALL, _LARGE = 0.02, 1.5  # standard deviations of shocks, in units of the data's
_SLOPE = 0.95  # coefficients without bounds lie within this of zero


def search_start(problem: Problem, table: ParameterTable, *, seed: int = 0) -> ParameterTable:
    """Fill in the start values that a table lacks.

    Points of a scrambled Sobol sequence are spread over the plausible range of the parameters without start values:
    standard deviations of shocks from 2 to 150 percent of the data's, constants over the range of the data, other
    parameters within their bounds and constraints, or between -0.95 and 0.95.  The best four are climbed for at most
    60 steps, and the highest point reached is the start.

    Raises
    ------
    SpecificationError
        The likelihood is defined at none of the points.
    """
    absent = table.start.isna().to_numpy() & table.free
    if not absent.any():
        return table
    at = Coordinates(table.complete())
    objective = Objective(problem, at)
    unknown = absent[table.free]
    low, high, logs = _ranges(problem, at)
    unit = scipy.stats.qmc.Sobol(int(unknown.sum()), seed=np.random.default_rng(seed)).random(_POINTS)
    points = np.tile(at.start, (_POINTS, 1))
    spread = low[unknown] + unit * (high - low)[unknown]
    of_logs = logs[unknown]
    spread[:, of_logs] = np.exp(spread[:, of_logs])
    points[:, unknown] = spread
    values = np.array([objective.value(x) for x in points])
    if not np.isfinite(values).any():
        raise SpecificationError(
            f"{problem.spec.name}: the likelihood is defined at none of {_POINTS} points tried as start values. Give "
            "start_params, or a start for each parameter in the spec's table of parameters."
        )
    best = np.argsort(-values, kind="stable")[:_CLIMBS]
    ends = [leap(objective, points[i], steps=_STEPS)[0] for i in best if np.isfinite(values[i])]
    reached = [objective.value(x) for x in ends]
    theta = at.fill(ends[int(np.nanargmax(reached))])
    return table.starting(dict(zip(table.names, theta.tolist(), strict=True)))


def _ranges(problem: Problem, at: Coordinates) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Range of each coordinate, and whether it is one of logarithms, shapes (k,)."""
    lower, upper = at.bounds
    known = np.isfinite(lower) & np.isfinite(upper)
    low, high = np.where(known, lower, np.clip(-_SLOPE, lower, upper)), np.where(known, upper, _SLOPE)
    high = np.where(known, high, np.clip(high, lower, upper))
    changes, values = _std(np.diff(problem.y, axis=0)), _std(problem.y)
    equations = (*problem.spec.observation.values(), *problem.spec.transition.values())
    terms = [item for rhs in equations for item in as_linear(rhs).terms.items()]
    scales = _alone(problem.spec.shocks.values())
    constants = _alone(coef for (name, _), coef in terms if name == CONSTANT)
    logs = np.array([name in scales for name in at.names])
    low = np.where(logs, np.log(np.maximum(_SMALL * changes.min(), np.maximum(lower, 1e-12))), low)
    largest = np.minimum(_LARGE * values.max(), upper)
    high = np.where(logs, np.log(np.where(logs, largest, 1.0)), high)
    for i, name in enumerate(at.names):
        if name in constants and not known[i]:
            low[i], high[i] = np.clip([np.nanmin(problem.y), np.nanmax(problem.y)], lower[i], upper[i])
    return low, np.maximum(high, low), logs


def _std(columns: Floats) -> Floats:
    """Standard deviation of each column that varies; one where none does."""
    seen = [column[np.isfinite(column)] for column in columns.T]
    found = np.array([column.std() for column in seen if column.size > 1])
    return found[found > 0] if (found > 0).any() else np.ones(1)


def _alone(coefs: Iterable[Coef | float]) -> set[str]:
    """Parameters that are one of the coefficients by themselves, up to a number and a power."""
    made = [as_coef(coef) for coef in coefs]
    return {coef.names[0] for coef in made if len(coef.terms) == 1 and len(coef.names) == 1}
