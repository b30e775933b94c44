"""Maximum likelihood of any declared model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.frames import as_periods
from capstar.progress import Progress, reporting
from capstar.statespace.compiled import compile_spec
from capstar.statespace.coordinates import Coordinates
from capstar.statespace.initial import Initial, InitialState, given_state, require_stationary, start_from
from capstar.statespace.maximum_likelihood import maximize
from capstar.statespace.mixed_frequency import combine_frequencies
from capstar.statespace.problem import Problem
from capstar.statespace.results import StateSpaceResults
from capstar.statespace.search import search_start
from capstar.statespace.spec import Spec


def fit(
    spec: Spec,
    data: pd.DataFrame | pd.Series | Sequence[pd.DataFrame | pd.Series],
    *,
    start: str | pd.Period | None = None,
    end: str | pd.Period | None = None,
    initial: Initial | None = None,
    fixed: Mapping[str, float] | None = None,
    start_params: Mapping[str, float] | None = None,
    n_starts: int = 4,
    seed: int = 0,
    keep: Literal["best", "first"] = "best",
    allow_unconverged: bool = False,
    progress: Progress | bool = True,
) -> StateSpaceResults:
    """Estimate any declared model by maximum likelihood.

    Parameters
    ----------
    spec
        The equations.
    data
        A column for every series they read, by name, on dates without gaps: a PeriodIndex, regular timestamps, or
        row numbers.  Observed series may have missing values; a Series is the one observed series.  Several tables, of
        different frequencies, are put together by `combine_frequencies`.
    start, end
        First and last period of the likelihood; by default the first with every lag, and the last of the data.
    initial
        State before the sample.  ``"stationary"``, the default: states with unit roots exactly diffuse (Koopman and
        Durbin 2003), the others at their unconditional moments.  ``"diffuse"``: every state that depends on its own
        past exactly diffuse.  Or a mean (m,) and covariance (m, m) of the state one period before the sample, in the
        order of the spec's states, or an `InitialState`.
    fixed
        Parameters held at a value.
    start_params
        Start values; those not given are the spec's own, and where it has none they are searched for.
    n_starts, seed, keep, allow_unconverged
        See `capstar.statespace.maximize`; ``seed`` is also that of the search.
    progress
        See `capstar.progress`.

    Returns
    -------
    StateSpaceResults

    Raises
    ------
    SpecificationError
        An equation is invalid, a parameter is unknown, or the initial state is not determined.
    DataError
        A series is missing, has gaps, or is too short.
    ConvergenceError
        No maximum was reached.

    Examples
    --------
    The annual flow of the Nile as a local level (Durbin and Koopman 2012, section 2.10.3):

    >>> from capstar.statespace import Spec, fit, params, variables
    >>> from capstar.statespace.examples import nile_level
    >>> _, flow = nile_level()
    >>> s_eps, s_eta = params("s_eps s_eta")
    >>> y, mu, eps, eta = variables("y mu eps eta")
    >>> level = Spec("local level", {"y": mu + eps}, {"mu": mu(-1) + eta}, {"eps": s_eps, "eta": s_eta})
    >>> (fit(level, flow).params ** 2).round(0).to_dict()
    {'s_eps': 15099.0, 's_eta': 1469.0}
    """
    given, held = values_by_name("start_params", start_params), values_by_name("fixed", fixed)
    held = _held(spec, held, given)
    problem, frame, initial = bound_to(spec, data, initial=initial, fixed=held, start=start, end=end)
    chosen = problem.table().release(given).starting(given).fix(held)
    with reporting(progress) as tell:
        tell("start values", 0.0)
        chosen = search_start(problem, chosen, seed=seed)
        tell("start values", 1.0)
        at = Coordinates(chosen)
        require_stationary(problem, at.fill(at.start))
        ml = maximize(
            problem, chosen, n_starts=n_starts, seed=seed, keep=keep, allow_unconverged=allow_unconverged,
            progress=tell,
        )  # fmt: skip
    return StateSpaceResults(problem, ml, frame, initial)


def bound_to(
    spec: Spec, data: pd.DataFrame | pd.Series | Sequence[pd.DataFrame | pd.Series], *, initial: Initial | None,
    fixed: Mapping[str, float],
    start: str | pd.Period | None, end: str | pd.Period | None,
) -> tuple[Problem, pd.DataFrame, Initial]:  # fmt: skip
    """The likelihood that a user's data give, the series it reads, and the state before the sample; see `fit`."""
    frame = _columns(spec, data)
    if initial is None:
        initial = "stationary"
    elif not isinstance(initial, str | InitialState):
        initial = given_state(spec, initial)
    problem = start_from(spec, frame, initial, fixed=fixed, start=start, end=end)
    if not np.isfinite(problem.y).any():
        raise DataError(
            f"{spec.name}: there is no observation of {list(problem.model.observed)} in the sample. Choose other "
            "periods."
        )
    return problem, frame, initial


def values_by_name(option: str, values: Mapping[str, float] | pd.Series | None) -> dict[str, float]:
    """Values by parameter name."""
    if values is None:
        return {}
    if not isinstance(values, Mapping | pd.Series):
        raise SpecificationError(f"{option}={values!r}; give values by parameter name, {{'sigma': 1.0}}.")
    return {str(name): float(value) for name, value in values.items()}


def _held(spec: Spec, fixed: Mapping[str, float], start_params: Mapping[str, float]) -> dict[str, float]:
    """Parameters that are held: the spec's own, unless a start value frees them, and those asked for."""
    own = {
        n: float(p.start) for n, p in compile_spec(spec).parameters.items() if p.fixed and p.start is not None
    }
    return {n: v for n, v in own.items() if n not in start_params} | dict(fixed)


def _columns(spec: Spec, data: pd.DataFrame | pd.Series | Sequence[pd.DataFrame | pd.Series]) -> pd.DataFrame:
    """The series the equations read, on periods."""
    if isinstance(data, list | tuple):
        data = combine_frequencies(*data)
    model = compile_spec(spec)
    wanted = model.series
    if isinstance(data, pd.Series):
        data = data.to_frame(model.observed[0]) if len(model.observed) == 1 else data.to_frame()
    if isinstance(data, pd.DataFrame):
        if absent := [name for name in wanted if name not in data]:
            raise DataError(
                f"{spec.name} reads the series {absent}, which the data lack; they have {[str(c) for c in data]}. Add "
                "them, or rename yours."
            )
        data = data.loc[:, data.columns.isin([*wanted, "date"])]
    return as_periods(data, source=spec.name)[wanted]
