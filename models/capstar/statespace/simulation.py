"""Samples drawn from a fitted model, own lags included."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from capstar.errors import SpecificationError
from capstar.statespace.algebra import CONSTANT, show_slot
from capstar.statespace.diffuse import DiffuseProblem
from capstar.statespace.problem import Problem
from capstar.statespace.smoothing import StateEstimates, simulate_data
from capstar.statespace.tables import SeriesResult


@dataclass(frozen=True)
class SimulatedSample(SeriesResult):
    """A sample the model could have produced.

    Attributes
    ----------
    data : pandas.DataFrame
        The observed series, by period.
    states : pandas.DataFrame
        The states behind them, as ``g`` and ``g(-1)``.
    reports : pandas.DataFrame
        The model's reports, at the drawn states and data.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_fit
    >>> found = nile_fit()
    >>> drawn = found.simulate(50, seed=1)
    >>> drawn.title
    'Simulated y, 1871-1920'
    >>> drawn.to_frame().columns.to_list()
    ['y', 'level', 'mu']
    """

    data: pd.DataFrame
    states: pd.DataFrame
    reports: pd.DataFrame

    @property
    def title(self) -> str:
        """Series and periods."""
        index = self.data.index
        return f"Simulated {', '.join(self.data)}, {index[0]}-{index[-1]}"

    def to_frame(self) -> pd.DataFrame:
        """Observed series, reports and states by period; what two of them call by one name is the first's."""
        both = pd.concat([self.data, self.reports, self.states], axis=1)
        return both.loc[:, ~both.columns.duplicated()]


def simulate_sample(
    estimates: StateEstimates, n: int, *, seed: int | np.random.Generator = 0
) -> SimulatedSample:
    """Draw states and observations from the first period of the sample on.

    The state before the sample is drawn from its distribution; where it is diffuse, from that given all data.  Lags of
    observed series follow the draws; series that the model does not explain are as in the data.

    Parameters
    ----------
    estimates
        States of the model, with the problem and the parameters.
    n
        Number of periods: any where the model explains every series it reads, else at most those of the sample.
    seed
        Or a generator.

    Raises
    ------
    SpecificationError
        ``n`` is beyond the data of a series that the model does not explain.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.statespace.examples import nile_fit
    >>> found = nile_fit()
    >>> cs.statespace.simulate_sample(found.estimates, 5, seed=1).data.shape
    (5, 1)
    """
    problem = _of_length(_proper(estimates), n)
    theta = estimates.theta
    states, y = simulate_data(problem, theta, seed=seed, own_lags=True)
    model, values = problem.model, problem.values(theta)
    data = pd.DataFrame(y, problem.index, list(model.observed))
    inputs = problem.report_inputs.copy()
    for k, (name, lag) in enumerate(model.report_inputs):
        if name in model.observed:
            inputs[-lag:, k] = data[name].to_numpy()[: max(n + lag, 0)]
    reports = states @ model.blocks["R"].dense(values).T + inputs @ model.blocks["X"].dense(values).T
    return SimulatedSample(
        data.rename_axis("date"),
        pd.DataFrame(states, problem.index, [show_slot(slot) for slot in model.states]).rename_axis("date"),
        pd.DataFrame(reports, problem.index, list(model.reports)).rename_axis("date"),
    )


def _proper(estimates: StateEstimates) -> Problem:
    """The problem with a distribution of the state before the sample."""
    problem = estimates.problem
    if not isinstance(problem, DiffuseProblem):
        return problem
    declared = problem.values(estimates.theta)[problem.model.blocks["a"].where]
    known = {"initial_mean": estimates.initial - declared, "initial_cov": estimates.initial_cov}
    return Problem(**problem.ordinary() | known | {"stationary": ()})


def _of_length(problem: Problem, n: int) -> Problem:
    """The first ``n`` periods; periods after the sample where the model reads no series it does not explain."""
    model, have = problem.model, problem.nobs
    index = pd.period_range(problem.index[0], periods=n, freq=problem.index.freq)
    if n > have and (strangers := [name for name in model.series if name not in model.observed]):
        raise SpecificationError(
            f"{problem.spec.name}: n={n} goes beyond the {have} periods of {strangers[0]}, which the model does "
            f"not explain. Choose n of at most {have}."
        )

    def stretched(array: np.ndarray, fill: float) -> np.ndarray:
        more = np.full((max(n - have, 0), *array.shape[1:]), fill, dtype=array.dtype)
        return np.ascontiguousarray(np.concatenate([array[:n], more]))

    x, inputs = stretched(problem.x, 0.0), stretched(problem.report_inputs, 0.0)
    for array, slots in ((x, model.regressors), (inputs, model.report_inputs)):
        array[:, [name == CONSTANT for name, _ in slots]] = 1.0
    return replace(
        problem,
        index=index,
        y=stretched(problem.y, np.nan),
        x=x,
        report_inputs=inputs,
        scale_param=stretched(problem.scale_param, -1),
    )
