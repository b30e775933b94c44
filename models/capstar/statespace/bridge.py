"""The same system as a model of statsmodels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.tsa.statespace.mlemodel import MLEModel
from statsmodels.tsa.statespace.simulation_smoother import SimulationSmoother

from capstar.statespace.algebra import show_slot
from capstar.statespace.diffuse import DiffuseProblem
from capstar.statespace.maximum_likelihood import MaximumLikelihood
from capstar.statespace.problem import Problem
from capstar.statespace.stationary import moments

Array = npt.NDArray[Any]


class _StartedAt(SimulationSmoother):  # type: ignore[misc]
    """A state space whose first state has the moments it is told, with any loading of the diffuse part."""

    first_mean: Array
    first_cov: Array
    first_diffuse: Array

    def _initialize_state(self, prefix: str | None = None, complex_step: bool = False) -> None:
        super()._initialize_state(prefix=prefix, complex_step=complex_step)
        inner = self._statespaces[self.prefix if prefix is None else prefix]
        dtype = np.asarray(inner.initial_state).dtype
        for name, value in (
            ("initial_state", self.first_mean),
            ("initial_state_cov", self.first_cov),
            ("initial_diffuse_state_cov", self.first_diffuse),
        ):
            np.asarray(getattr(inner, name))[...] = value if dtype.kind == "c" else np.real(value)


class DeclaredModel(MLEModel):  # type: ignore[misc]
    """The same system as a statsmodels model; its log-likelihood at equal parameters is the same.

    ``smooth(start_params)``, ``fit()``, ``simulate`` and all else of statsmodels.  Parameters held in the estimate stay
    held.  Bounds are not enforced by statsmodels.
    """

    def __init__(self, problem: Problem, ml: MaximumLikelihood) -> None:
        self.problem, self.ml = problem, ml
        model = problem.model
        endog = pd.DataFrame(problem.y, problem.index, list(model.observed))
        super().__init__(endog, k_states=len(model.states), k_posdef=max(len(model.state_shocks), 1))
        self.ssm.tolerance = 0.0  # the filter's matrices are computed in every period, as ours are
        self.ssm.initialize_diffuse() if isinstance(problem, DiffuseProblem) else self.ssm.initialize_known(
            np.zeros(self.k_states), np.zeros((self.k_states, self.k_states))
        )

    def initialize_statespace(self, **kwargs: Any) -> None:
        """With a first state of our own."""
        endog = self.endog.T
        self.ssm = _StartedAt(endog.shape[0], self.k_states, nobs=endog.shape[1], **kwargs)
        self.ssm.bind(endog)
        self.k_endog = self.ssm.k_endog

    @property
    def param_names(self) -> list[str]:
        """The estimated parameters."""
        return list(self.ml.free)

    @property
    def start_params(self) -> Array:
        """The estimate."""
        estimate: Array = self.ml.params[list(self.ml.free)].to_numpy(dtype=float)
        return estimate

    @property
    def state_names(self) -> list[str]:
        """As ``g`` and ``g(-1)``."""
        return [show_slot(slot) for slot in self.problem.model.states]

    def update(self, params: Array, **kwargs: Any) -> None:
        """Set the system matrices at parameter values (k,)."""
        params = super().update(params, **kwargs)
        problem = self.problem
        theta = self.ml.params.to_numpy(dtype=params.dtype, copy=True)
        theta[[problem.names.index(name) for name in self.ml.free]] = params
        values = _values(problem, theta)
        Z, D, H, T, c, G, B = (
            problem.model.blocks[name].dense(values) for name in ("Z", "D", "H", "T", "c", "G", "B")
        )
        self["design"], kept = Z, problem.kept
        self["transition"] = T[:, :, None] * np.roll(kept, -1, axis=0).T if problem.model.accumulated else T
        moves = c + B @ problem.x.T  # of a period; theirs is what leads to the next
        self["state_intercept"] = np.concatenate([moves[:, 1:], c], axis=1) if B.any() else c
        self["obs_intercept"] = D @ problem.x.T
        scale = np.append(theta, 1.0)[problem.scale_param]  # position -1 is that of the one
        self["obs_cov"] = (np.eye(len(H)) * H[:, 0])[:, :, None] * scale**2
        factor = problem.model.shock_scale(scale)
        if G.shape[1]:
            follows = (
                np.eye(G.shape[1])[:, :, None] * np.roll(factor, -1, axis=0).T ** 2
            )  # theirs leads to the next
            self["selection"] = G
            self["state_cov"] = follows if problem.model.scaled_shocks else np.eye(G.shape[1])
        first = _first_state(problem, values, T * kept[0], moves[:, 0], (G, G * factor[0]))
        self.ssm.first_mean, self.ssm.first_cov, self.ssm.first_diffuse = first


def _values(problem: Problem, theta: Array) -> Array:
    """System values at parameters that may be complex, which differentiation by complex steps asks for."""
    if theta.dtype.kind != "c":
        return problem.model.values(theta)
    slot, coef, power = problem.model.terms
    out = np.zeros(problem.model.n_values, dtype=theta.dtype)
    np.add.at(out, slot, coef * np.prod(np.where(power == 0, 1.0, theta ** power.astype(float)), axis=1))
    return out


def _first_state(
    problem: Problem, values: Array, T: Array, c: Array, G: tuple[Array, Array]
) -> tuple[Array, Array, Array]:
    """Mean (m,), covariance and diffuse covariance (m, m) of the state in the first period.

    ``G`` loads the shocks before it, and those of it.
    """
    where = np.array(problem.stationary, dtype=np.int64)
    mean = problem.initial_mean + values[problem.model.blocks["a"].where]
    cov = problem.initial_cov.astype(values.dtype)
    if where.size:
        at = moments(problem.model, values, where, problem.x)
        mean[where] += np.nan if at is None else at.mean
        cov[np.ix_(where, where)] += np.nan if at is None else at.cov
    steps = problem.warmup + 1 if isinstance(problem, DiffuseProblem) else 1
    for step in range(1, steps + 1):
        load = G[step == steps]
        mean, cov = T @ mean + c, T @ cov @ T.T + load @ load.T
    if not isinstance(problem, DiffuseProblem):
        return mean, cov, np.zeros_like(cov)
    loading = np.linalg.matrix_power(T, steps) @ problem.loading
    loading = loading @ np.linalg.inv(problem.loading.T @ loading)  # flat in the state of the first period
    return mean, cov, loading @ loading.T
