"""The maximum of a stage, and the others there are where the lambdas are estimated with the rest."""

from __future__ import annotations

import warnings
from itertools import product

import numpy as np

from capstar.errors import ConvergenceError, ConvergenceWarning
from capstar.rstar.laubach_williams.options import Options
from capstar.statespace.climbing import leap
from capstar.statespace.coordinates import Coordinates
from capstar.statespace.maximum_likelihood import MaximumLikelihood, maximize
from capstar.statespace.objective import Objective
from capstar.statespace.parameters import ParameterTable
from capstar.statespace.problem import Problem

LAMBDAS = ("lambda_g", "lambda_z")
_GRID = {"lambda_g": (0.01, 0.05, 0.15), "lambda_z": (0.005, 0.03, 0.15)}  # round what is published
_DENOMINATORS = {"lambda_g": "sigma_ystar", "lambda_z": "sigma_ygap"}
_LARGE = 1.0  # ratios are far below it where both standard deviations are estimated
_CLIMB = 60  # steps of the other parameters towards their maximum at a point of the grid
_DISTINCT = 1e-3  # log-likelihood by which maxima differ


def maxima(
    problem: Problem,
    table: ParameterTable,
    options: Options,
    *,
    after: MaximumLikelihood | None = None,
    exact: bool = True,
) -> list[MaximumLikelihood]:
    """The estimate; where lambdas are free among the parameters, the other maxima after it; see `maximize`."""
    names = [name for name in LAMBDAS if name in Coordinates(table).names]
    if names and options.searches and (found := _over_lambdas(problem, table, names)):
        return found
    one = maximize(
        problem,
        table,
        n_starts=options.n_starts,
        seed=options.seed,
        keep=options.maximum,
        allow_unconverged=options.allow_unconverged,
        after=after,
        exact=exact,
    )
    return [one]


def _over_lambdas(problem: Problem, table: ParameterTable, names: list[str]) -> list[MaximumLikelihood]:
    """Distinct maxima, highest first, from the start and a grid of lambdas with the others concentrated out there."""
    starts = [table]
    for values in product(*(_GRID[name] for name in names)):
        at = Coordinates(table.fix(dict(zip(names, values, strict=True))))
        try:
            theta = at.fill(leap(Objective(problem, at), at.start, steps=_CLIMB)[0])
        except np.linalg.LinAlgError:
            continue
        starts.append(table.starting(dict(zip(table.names, theta.tolist(), strict=True))))
    found = [fit for start in starts if (fit := _climb(problem, start)) is not None]
    ridges = [fit for fit in found if not fit.converged]
    if ridges:
        end = _climb(problem, _end_of_ridge(table, max(ridges, key=lambda fit: fit.llf)))
        found += [] if end is None else [end]
    ranked = sorted((fit for fit in found if fit.converged), key=lambda fit: -fit.llf)
    return [fit for k, fit in enumerate(ranked) if k == 0 or fit.llf < ranked[k - 1].llf - _DISTINCT]


def _climb(problem: Problem, start: ParameterTable) -> MaximumLikelihood | None:
    """Where a start leads, maximum or not; None where that is where there is no likelihood."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            return maximize(problem, start, n_starts=1, allow_unconverged=True, progress=False)
        except ConvergenceError:
            return None


def _end_of_ridge(table: ParameterTable, fit: MaximumLikelihood) -> ParameterTable:
    """Where the standard deviation below a large ratio vanishes and the one above it stays.

    A ratio that grows without end as its denominator goes to zero is a ridge no climb comes to the end of.
    """
    values = fit.params.copy()
    for ratio, below in _DENOMINATORS.items():
        if below in values and values.get(ratio, 0.0) > _LARGE:
            lowest = float(table.lower[below])
            values[ratio] *= values[below] / lowest
            values[below] = lowest
    return table.starting({name: float(value) for name, value in values.items()})
