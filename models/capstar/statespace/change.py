"""Why an estimate differs between two periods of one data set: the observations behind the change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats, Path
from capstar.reporting import Result
from capstar.statespace.algebra import show_slot
from capstar.statespace.diffuse import proper_remainder
from capstar.statespace.problem import Params, Problem

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Change(Result):
    """A change of a report between two periods, and what each observation adds to it.

    Attributes
    ----------
    report
        Its name.
    start, end
        The periods.
    change
        The report at ``end`` less that at ``start``.
    observations : pandas.DataFrame
        Contribution of the one-step prediction error of each series in each period.
    data
        Contribution of the series the report reads beside the states.
    initial
        Contribution of the state before the observations, and of constants and series in transition equations.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_fit
    >>> found = nile_fit()
    >>> moved = found.decompose("level", "1890", "1905")
    >>> moved.title
    'level from 1890 to 1905: -222.09'
    >>> moved.to_frame().round(1)
                             level, 1890 to 1905
    y, to 1890                               0.0
    y, since                              -222.1
    data in the report                       0.0
    state before the sample                  0.0
    change                                -222.1
    >>> moved.by_year().sum().round(1).to_dict()
    {'y': -222.1}
    >>> moved.plot().savefig("level.png")
    """

    _unit: ClassVar[str] = "units of the report"

    report: str
    start: pd.Period
    end: pd.Period
    change: float
    observations: pd.DataFrame
    data: float
    initial: float

    @property
    def title(self) -> str:
        """What changed, when and by how much."""
        return f"{self.report} from {self.start} to {self.end}: {self.change:+.2f}"

    def by_year(self) -> pd.DataFrame:
        """Contributions of the observations of each year."""
        return self.observations.groupby(pd.PeriodIndex(self.observations.index).year).sum()

    def to_frame(self) -> pd.DataFrame:
        """The change and its parts."""
        before, since = self.observations.loc[: self.start], self.observations.loc[self.start + 1 :]
        parts = {f"{name}, to {self.start}": before[name].sum() for name in self.observations}
        parts |= {f"{name}, since": since[name].sum() for name in self.observations}
        parts |= {"data in the report": self.data, "state before the sample": self.initial}
        return pd.DataFrame({f"{self.report}, {self.start} to {self.end}": parts | {"change": self.change}})

    def plot(self, ax: Any = None) -> Figure:
        """Bars: contributions of each year's observations."""
        from capstar.plotting import plot_contributions

        title = f"{self.title}, by year of the observation"
        return plot_contributions(self._drawn(), title=title, unit=self._unit, source=self.provenance, ax=ax)

    def _drawn(self) -> pd.DataFrame:
        return self.by_year()

    def _dated(self) -> pd.Series | pd.DataFrame:
        return self.observations


def decompose_change(
    problem: Problem,
    params: Mapping[str, float] | pd.Series,
    report: str,
    start: str | pd.Period,
    end: str | pd.Period,
    *,
    which: Literal["filtered", "smoothed"] = "smoothed",
) -> Change:
    """Split the change of a report between two periods into contributions of the observations.

    Parameters
    ----------
    problem, params
        Model and parameters.
    report
        Name of one of the model's reports, or of a state, such as ``g`` or ``g(-1)``.
    start, end
        Periods of the sample; with a diffuse start, after those that determine the initial state.
    which
        ``"smoothed"``, given all data, or ``"filtered"``, given data to each period.

    Raises
    ------
    SpecificationError
        The report is unknown, or a period lies outside the sample.

    Examples
    --------
    The dam at Aswan was begun in 1899:

    >>> import capstar as cs
    >>> from capstar.statespace.examples import nile_problem
    >>> problem, known = nile_problem(diffuse=True)
    >>> moved = cs.statespace.decompose_change(problem, known, "level", "1890", "1905")
    >>> round(moved.change, 1), round(float(moved.observations["y"].sum()) + moved.initial, 1)
    (-222.1, -222.1)
    """
    model, theta = problem.model, problem.vector(params)
    states = [show_slot(slot) for slot in model.states]
    if report not in (*model.reports, *states):
        raise SpecificationError(
            f"{problem.spec.name} has no report or state {report!r}; it has {[*model.reports, *states]}. Declare it in "
            "reports."
        )
    if which not in ("filtered", "smoothed"):
        raise SpecificationError(f"which={which!r}; choose 'filtered' or 'smoothed'.")
    proper = proper_remainder(problem, theta)
    first, last = (pd.Period(date, freq=proper.index.freqstr) for date in (start, end))
    if not proper.index[0] <= first < last <= proper.index[-1]:
        raise SpecificationError(
            f"{first} to {last} is not within the sample, {proper.index[0]} to {proper.index[-1]}. Choose other "
            "periods, the earlier one first."
        )
    if report in model.reports:
        values, row = problem.values(theta), model.reports.index(report)
        on_states, on_data = (model.blocks[name].dense(values)[row] for name in ("R", "X"))
    else:
        on_states, on_data = np.eye(len(states))[states.index(report)], np.zeros(len(model.report_inputs))
    at = [proper.index.get_loc(date) for date in (first, last)]
    loading = np.zeros((proper.nobs, len(on_states)))
    loading[at[1]], loading[at[0]] = on_states, -on_states
    added, initial = contributions(proper, params, loading, smoothed=which == "smoothed")
    data = float((proper.report_inputs[at[1]] - proper.report_inputs[at[0]]) @ on_data)
    total = float(added.to_numpy().sum() + initial) + data
    return Change(report, first, last, total, added, data, initial)


def contributions(
    problem: Problem, params: Params, loading: Floats, *, smoothed: bool = True
) -> tuple[pd.DataFrame, float]:
    """Trace a weighted sum of states back to the observations.

    States are linear in the innovations, and the innovation of an observation is what the
    past, and the observations above it in the same period, did not predict.

    Parameters
    ----------
    loading
        Weight of every state at every date, shape (n, m): the function is ``sum_t loading[t] @ state[t]``.
    smoothed
        Of the states given all data; otherwise of the filtered ones.

    Returns
    -------
    pandas.DataFrame, float
        What the innovation of each series in each period adds, shape (n, p), zero where the observation is missing;
        and what the state before the sample, and constants and series in transition equations, add.

    References
    ----------
    Durbin and Koopman (2012), section 4.8 (weights); Koopman and Harvey (2003), *Journal of Economic
    Dynamics and Control* 27.
    """
    theta = problem.vector(params)
    path, weight, kept = problem.filter_path(theta), loading, problem.kept
    transition = problem.model.blocks["T"].dense(problem.values(theta))
    on_predicted, on_error = (
        _spread_smoother(problem, theta, path, weight) if smoothed else (0 * weight, None)
    )
    # Backwards: q holds the derivative of the function in the filtered state of the period.
    n, p = path.F.shape
    out, q = np.zeros((n, p)), np.zeros(weight.shape[1])
    for t in range(n - 1, -1, -1):
        q = q if smoothed else q + weight[t]
        for i in range(p - 1, -1, -1):
            if path.F[t, i] > 0:
                gain = path.M[t, i] / path.F[t, i]
                out[t, i] = (q @ gain) * path.v[t, i]
                if on_error is not None:
                    out[t, i] += on_error[t, i] * path.v[t, i]
        q = kept[t] * (transition.T @ (q + on_predicted[t]))
    inputs = problem.inputs(theta)
    moves = inputs.system.c + problem.x @ problem.model.blocks["B"].dense(problem.values(theta)).T
    initial = q @ inputs.system.a0 + _from_constants(transition, kept, moves, weight)
    return pd.DataFrame(out, problem.index, list(problem.model.observed)), float(initial)


def _spread_smoother(problem: Problem, theta: Floats, path: Path, weight: Floats) -> tuple[Floats, Floats]:
    """Derivatives of ``sum_t weight[t] @ smoothed[t]`` in predicted means (n, m) and, given those, in v (n, p).

    The smoothed state is ``a[t] + P[t] r[t]``, and ``r`` is a backward recursion in ``v / F``; its adjoint runs
    forward.
    """
    values = problem.values(theta)
    transition, observation = problem.model.blocks["T"].dense(values), problem.model.blocks["Z"].dense(values)
    kept, (n, p) = problem.kept, path.F.shape
    on_error, s = np.zeros((n, p)), np.zeros(weight.shape[1])
    for t in range(n):
        s = transition @ (kept[t] * s) + path.P[t, 0] @ weight[t]
        for i in range(p):
            if path.F[t, i] > 0:
                on_error[t, i] = observation[i] @ s / path.F[t, i]
                s = s - path.M[t, i] * (observation[i] @ s) / path.F[t, i]
    return weight, on_error


def _from_constants(transition: Floats, kept: Floats, moves: Floats, weight: Floats) -> float:
    """What constants and series in the transition, shape (n, m), add."""
    total, state = 0.0, np.zeros(len(transition))
    for past, move, row in zip(kept, moves, weight, strict=True):
        state = transition @ (past * state) + move
        total += float(row @ state)
    return total
