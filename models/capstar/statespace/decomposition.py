"""Which observation moved which state: exact contributions of every innovation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.kernels.arrays import Floats, Path
from capstar.statespace.problem import Problem


@dataclass(frozen=True)
class Contributions:
    """What every one-step prediction error adds to a linear function of the states.

    Attributes
    ----------
    innovations : pandas.DataFrame
        Contribution of each quarter's innovation in each observed series, shape (n, p); zero where the
        observation is missing.
    initial
        Contribution of the state before the sample and of constants.
    """

    innovations: pd.DataFrame
    initial: float

    @property
    def total(self) -> float:
        """Value of the function: all contributions together."""
        return float(self.innovations.to_numpy().sum() + self.initial)


def contributions(
    problem: Problem,
    params: Mapping[str, float] | pd.Series,
    loading: npt.ArrayLike,
    *,
    smoothed: bool = True,
) -> Contributions:
    """Trace a weighted sum of states back to the observations.

    States are linear in the innovations, and the innovation of an observation is what the
    past, and the observations above it in the same period, did not predict.

    Parameters
    ----------
    problem, params
        Model and parameters.
    loading
        Weight of every state at every date, shape (n, m): the function is ``sum_t loading[t] @ state[t]``.
    smoothed
        Of the states given all data; otherwise of the filtered ones.

    References
    ----------
    Durbin and Koopman (2012), section 4.8 (weights); Koopman and Harvey (2003), *Journal of Economic
    Dynamics and Control* 27.
    """
    theta = problem.vector(params)
    path, weight = problem.filter_path(theta), np.asarray(loading, dtype=float)
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
        q = transition.T @ (q + on_predicted[t])
    inputs = problem.inputs(theta)
    initial = q @ inputs.system.a0 + _from_constants(transition, inputs.system.c, weight)
    return Contributions(pd.DataFrame(out, problem.index, list(problem.model.observed)), float(initial))


def _spread_smoother(problem: Problem, theta: Floats, path: Path, weight: Floats) -> tuple[Floats, Floats]:
    """Derivatives of ``sum_t weight[t] @ smoothed[t]`` in predicted means (n, m) and, given those, in v (n, p).

    The smoothed state is ``a[t] + P[t] r[t]``, and ``r`` is a backward recursion in ``v / F``; its adjoint runs
    forward.
    """
    values = problem.values(theta)
    transition, observation = problem.model.blocks["T"].dense(values), problem.model.blocks["Z"].dense(values)
    n, p = path.F.shape
    on_error, s = np.zeros((n, p)), np.zeros(weight.shape[1])
    for t in range(n):
        s = transition @ s + path.P[t, 0] @ weight[t]
        for i in range(p):
            if path.F[t, i] > 0:
                on_error[t, i] = observation[i] @ s / path.F[t, i]
                s = s - path.M[t, i] * (observation[i] @ s) / path.F[t, i]
    return weight, on_error


def _from_constants(transition: Floats, constant: Floats, weight: Floats) -> float:
    """What the constants of the transition add."""
    total, state = 0.0, np.zeros(len(constant))
    for row in weight:
        state = transition @ state + constant
        total += float(row @ state)
    return total
