"""The state before the sample: stationary, diffuse, or given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.statespace.algebra import show_slot
from capstar.statespace.binding import bind
from capstar.statespace.diffuse import diffuse_problem
from capstar.statespace.problem import Problem
from capstar.statespace.spec import Spec
from capstar.statespace.stationary import (
    forgetful_states,
    moments,
    positions,
    require_moments,
    stationary_states,
)


@dataclass(frozen=True)
class InitialState:
    """Moments of the state one period before the sample.

    Attributes
    ----------
    mean : pandas.Series
        By state, such as ``ystar``, ``ystar(-1)``, ``g(-1)``, in the units of the model.
    cov : pandas.DataFrame
        Covariance of the same states.
    diffuse : tuple of str
        Names of states, as in the equations, that are exactly diffuse all the same: moments given for them are those at
        which the data are silent, and those of the others are of as many periods before the sample as the lags of the
        diffuse ones reach back; see `capstar.statespace.diffuse_problem`.

    Examples
    --------
    >>> import pandas as pd
    >>> from capstar.statespace import InitialState
    >>> state = InitialState(pd.Series({"mu": 1120.0}), pd.DataFrame({"mu": {"mu": 100.0**2}}))
    >>> state.mean.to_dict()
    {'mu': 1120.0}
    """

    mean: pd.Series
    cov: pd.DataFrame
    diffuse: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a covariance that does not belong to the mean."""
        names = list(self.mean.index)
        if list(self.cov.index) != names or list(self.cov.columns) != names:
            raise SpecificationError(
                f"The initial covariance is labelled {list(self.cov.index)} by {list(self.cov.columns)}, the mean "
                f"{names}. Give both in the same order."
            )
        mean, cov = self.mean.to_numpy(dtype=float), self.cov.to_numpy(dtype=float)
        if not (np.isfinite(mean).all() and np.isfinite(cov).all()):
            raise SpecificationError(
                "The initial mean or covariance holds a value that is not finite. Give numbers; initial='diffuse' "
                "stands for an infinite variance."
            )
        size = np.abs(cov).max(initial=0.0)
        if (
            np.abs(cov - cov.T).max(initial=0.0) > 1e-8 * size
            or np.linalg.eigvalsh(cov).min(initial=0.0) < -1e-8 * size
        ):
            raise SpecificationError(
                f"The initial covariance of {names} is not one: it must be symmetric, without negative eigenvalues. "
                "Check the order of its rows, and that it holds variances."
            )
        if unknown := sorted({*self.diffuse} - {str(name).split("(")[0] for name in names}):
            raise SpecificationError(
                f"diffuse names {unknown[0]}, which is not among the states {names}. Name states without their lags."
            )

    def cut_to(self, spec: Spec) -> tuple[dict[tuple[str, int], float], pd.DataFrame]:
        """Mean by state and covariance (m, m) of the states of one model, in its order.

        Raises
        ------
        SpecificationError
            A state is missing.

        Examples
        --------
        >>> import pandas as pd
        >>> from capstar.statespace import InitialState
        >>> from capstar.statespace.examples import nile_level
        >>> level, _ = nile_level()
        >>> cov = pd.DataFrame([[1.0, 0.0], [0.0, 1e4]], ["g", "mu"], ["g", "mu"])
        >>> mean, _ = InitialState(pd.Series({"g": 2.0, "mu": 1120.0}), cov).cut_to(level)
        >>> mean
        {('mu', 0): 1120.0}
        """
        slots = {show_slot(slot): slot for slot in spec.state_slots()}
        zero = {name for name, slot in slots.items() if slot[0] in spec.accumulated} - {*self.mean.index}
        if absent := [name for name in slots if name not in self.mean.index and name not in zero]:
            raise SpecificationError(
                f"{spec.name}: the initial state gives no {absent[0]}; the states are {list(slots)}. Add it."
            )
        mean = {slot: float(self.mean.get(name, 0.0)) for name, slot in slots.items()}
        return mean, self.cov.reindex(index=list(slots), columns=list(slots), fill_value=0.0)


Initial: TypeAlias = (
    Literal["stationary", "diffuse"] | InitialState | tuple[pd.Series | npt.ArrayLike, npt.ArrayLike]
)


def start_from(
    spec: Spec,
    data: pd.DataFrame,
    initial: Initial = "stationary",
    *,
    fixed: Mapping[str, float] | None = None,
    start: pd.Period | str | None = None,
    end: pd.Period | str | None = None,
) -> Problem:
    """Bind equations to data, with the state before the sample as the model has it, unknown, or given.

    Parameters
    ----------
    spec, data, start, end
        See `capstar.statespace.bind`.
    initial
        ``"stationary"``: states with a unit root, and those that follow from them, are exactly diffuse, the others
        have their unconditional moments.  ``"diffuse"``: every state that depends on its own past is exactly diffuse.
        An `InitialState`, or a mean (m,) and covariance (m, m) in the order of the states, which describe the state
        one period before the sample.
    fixed
        Parameters that will be held; an autoregressive coefficient held at one is a unit root.

    Returns
    -------
    Problem or DiffuseProblem

    Raises
    ------
    DataError
        As `capstar.statespace.bind`.
    SpecificationError
        ``initial`` is none of these, or the data cannot determine a diffuse state.

    Examples
    --------
    A random walk is diffuse, its log-likelihood that of Durbin and Koopman (2012):

    >>> import capstar as cs
    >>> from capstar.statespace.examples import nile_level
    >>> level, flow = nile_level()
    >>> problem = cs.statespace.start_from(level, flow.to_frame())
    >>> type(problem).__name__, round(problem.loglike({"s_eps": 122.876, "s_eta": 38.33}), 2)
    ('DiffuseProblem', -633.46)
    """
    if not isinstance(initial, str):
        given = given_state(spec, initial)
        mean, cov = given.cut_to(spec)
        bound = bind(spec, data, initial_mean=mean, initial_cov=cov, start=start, end=end)
        return diffuse_problem(bound, given.diffuse) if given.diffuse else bound
    if initial not in ("stationary", "diffuse"):
        raise SpecificationError(
            f"initial={initial!r}; choose 'stationary' or 'diffuse', or give an InitialState."
        )
    slots = spec.state_slots()
    mean, cov = dict.fromkeys(slots, 0.0), np.zeros((len(slots), len(slots)))
    problem = bind(spec, data, initial_mean=mean, initial_cov=cov, start=start, end=end)
    if not problem.nobs:
        raise DataError(
            f"{spec.name}: no period of the data, {data.index[0]} to {data.index[-1]}, lies from start={start} to "
            f"end={end}. Choose others."
        )
    table = problem.table().fix(
        {n: v for n, v in ({} if fixed is None else fixed).items() if n in problem.names}
    )
    model = problem.model
    settled = stationary_states(model, table) if initial == "stationary" else forgetful_states(model)
    diffuse = [
        name for name in dict.fromkeys(name for name, _ in slots) if name not in {*settled, *spec.accumulated}
    ]
    problem = replace(problem, stationary=tuple(positions(model, settled).tolist()))
    return diffuse_problem(problem, diffuse) if diffuse else problem


def require_stationary(problem: Problem, theta: npt.NDArray[np.float64]) -> None:
    """Raise `SpecificationError` where states that start from unconditional moments have none."""
    if problem.stationary:
        where = np.array(problem.stationary)
        names = tuple(dict.fromkeys(problem.model.states[i][0] for i in problem.stationary))
        require_moments(
            problem.spec.name, moments(problem.model, problem.values(theta), where, problem.x), names
        )


def given_state(spec: Spec, initial: InitialState | tuple[object, object]) -> InitialState:
    """A mean and a covariance as an `InitialState`, labelled in the order of the spec's states."""
    if isinstance(initial, InitialState):
        return initial
    names = [show_slot(slot) for slot in spec.state_slots()]
    try:
        mean, cov = initial
        if isinstance(mean, Mapping):
            mean = pd.Series(mean)
        if isinstance(mean, pd.Series) and isinstance(cov, pd.DataFrame):
            return InitialState(mean, cov)
        labels = list(mean.index) if isinstance(mean, pd.Series) else names
        shown = pd.Series(np.asarray(mean, dtype=float), labels)
        return InitialState(shown, pd.DataFrame(np.asarray(cov, dtype=float), labels, labels))
    except SpecificationError:
        raise
    except (TypeError, ValueError) as error:
        raise SpecificationError(
            f"{spec.name}: initial={initial!r} is not a mean and covariance of the states {names}. Give "
            f"(mean, cov) of shapes ({len(names)},) and ({len(names)}, {len(names)}), or an InitialState."
        ) from error
