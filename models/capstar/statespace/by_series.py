"""A report of the states split by the series it is computed from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats
from capstar.statespace.algebra import CONSTANT, Slot, show_slot
from capstar.statespace.diffuse import DiffuseProblem
from capstar.statespace.problem import Params, Problem
from capstar.statespace.smoothing import Which, estimate_states
from capstar.statespace.tables import SeriesResult

START, CONSTANTS = "start", "constants"


@dataclass(frozen=True)
class SeriesContributions(SeriesResult):
    """What each series adds to a report in every period, through all its values, past and future, and all its lags.

    Attributes
    ----------
    report
        Its name.
    which
        Given data to each period, or all data.
    table : pandas.DataFrame
        A column for each series, for the state before the sample (``start``) and for constants; a row sums to the
        report.

    Notes
    -----
    Estimates are linear in the data at given parameters.  A series adds its weights times its values, not their
    deviations from a mean: that of a series which never moves is not zero, and series with trends add large amounts of
    opposite sign.  `decompose_change` asks another question: which prediction errors moved the report.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_fit
    >>> parts = nile_fit().by_series("mu")
    >>> print(parts.title)
    mu, smoothed, by series, 1871-1970
    >>> list(parts.to_frame())
    ['y', 'start', 'constants']
    """

    _unit: ClassVar[str] = "units of the report"

    report: str
    which: Which
    table: pd.DataFrame

    @property
    def title(self) -> str:
        """What is split, and when."""
        index = self.table.index
        return f"{self.report}, {self.which}, by series, {index[0]}-{index[-1]}"

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table


def contributions_by_series(
    problem: Problem, params: Params, report: str, *, which: Which = "smoothed"
) -> SeriesContributions:
    """Split a report into what each series adds to it.

    The filter and smoother are run with all inputs but one at zero, gains and missing values as they are.

    Parameters
    ----------
    problem, params
        Model and parameters.
    report
        Name of one of the model's reports, or of a state, such as ``g`` or ``g(-1)``.
    which
        ``"smoothed"``, ``"filtered"`` or ``"predicted"``.

    Raises
    ------
    SpecificationError
        The model has no such report or state.

    References
    ----------
    Koopman, S. J. and Harvey, A. (2003). Computing observation weights for signal extraction and filtering. *Journal
    of Economic Dynamics and Control* 27(7), 1317-1333.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_level
    >>> import pandas as pd
    >>> from capstar.statespace import contributions_by_series, start_from
    >>> level, flow = nile_level()
    >>> problem = start_from(level, flow.to_frame(), (pd.Series({"mu": 1000.0}), [[1e4]]))
    >>> parts = contributions_by_series(problem, {"s_eps": 122.876, "s_eta": 38.33}, "mu").table
    >>> parts.loc["1871"].round(1).to_dict()
    {'y': 822.5, 'start': 260.1, 'constants': 0.0}
    """
    model, theta = problem.model, problem.vector(params)
    states = [show_slot(slot) for slot in model.states]
    if report not in (*model.reports, *states):
        raise SpecificationError(
            f"{problem.spec.name} has no report or state {report!r}; it has {[*model.reports, *states]}. Declare it in "
            "reports."
        )

    def of(one: Problem) -> Floats:
        found = estimate_states(one, theta)
        if report in model.reports:
            return found.reported(report, which)[0]
        return np.asarray(found.states(which)[report], dtype=np.float64)

    known = _with_known_start(problem, theta)
    nothing = _only(known, theta, ())
    base = of(nothing)
    columns = {name: of(_only(known, theta, (name,))) - base for name in model.series}
    columns[START] = of(replace(nothing, initial_mean=known.initial_mean)) - base
    columns[CONSTANTS] = base
    return SeriesContributions(report, which, pd.DataFrame(columns, problem.index).rename_axis("date"))


def _with_known_start(problem: Problem, theta: Floats) -> Problem:
    """The problem with numbers for the state before the sample; a diffuse one as it is."""
    if isinstance(problem, DiffuseProblem):
        return problem
    inputs, declared = problem.inputs(theta), problem.values(theta)[problem.model.blocks["a"].where]
    moments = {"initial_mean": inputs.system.a0 - declared, "initial_cov": inputs.P0}
    return Problem(**problem.ordinary() | moments | {"stationary": ()})


def _only(problem: Problem, theta: Floats, names: tuple[str, ...]) -> Problem:
    """The problem with every series but some at zero, and a mean of zero of the state before the sample."""
    model = problem.model

    def kept(array: Floats, slots: tuple[Slot, ...]) -> Floats:
        mask = np.array([1.0 if name in (*names, CONSTANT) else 0.0 for name, _ in slots])
        return np.ascontiguousarray(array * mask)

    declared = problem.values(theta)[model.blocks["a"].where]
    return replace(
        problem,
        y=kept(problem.y, tuple((name, 0) for name in model.observed)),
        x=kept(problem.x, model.regressors),
        report_inputs=kept(problem.report_inputs, model.report_inputs),
        initial_mean=-declared,
    )
