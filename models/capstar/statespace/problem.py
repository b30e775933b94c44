"""A likelihood: equations, aligned arrays and the state before the sample, as `capstar.statespace.bind` makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import SpecificationError
from capstar.kernels import gaussian, likelihood, terms
from capstar.kernels.arrays import Bound, Floats, Path, Pattern, Sample, System, own
from capstar.statespace.compiled import Compiled
from capstar.statespace.mixed_frequency import begins
from capstar.statespace.parameters import ParameterTable
from capstar.statespace.spec import Spec
from capstar.statespace.stationary import moments, pull_back, push_forward

Params: TypeAlias = "Mapping[str, float] | pd.Series | npt.ArrayLike"
"""Values by parameter name, or the whole vector in order."""


class Inputs(NamedTuple):
    """What every Gaussian kernel takes first."""

    pattern: Pattern
    system: System
    P0: Floats
    sample: Sample


@dataclass(frozen=True)
class Problem:
    """A likelihood: equations, aligned data and the state before the sample.

    Make one with `bind`.  Parameter vectors are ordered as ``names``.

    Attributes
    ----------
    spec, model
        The equations and their compiled form.
    index
        Periods of the sample, length n.
    y, x
        Observations (n, p), NaN where missing, and regressors (n, q).
    report_inputs
        Data the reports read, shape (n, r).
    scale_param
        Position of the parameter that scales the measurement error in each period, or -1.
    initial_mean, initial_cov
        Moments of the state one period before the sample, shapes (m,) and (m, m).
    stationary
        Positions of states whose unconditional moments, which follow from the parameters, are added to these.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_problem
    >>> problem, known = nile_problem()
    >>> problem.names, problem.nobs, problem.y.shape, problem.is_ordinary, problem.table().names
    (('s_eps', 's_eta'), 100, (100, 1), True, ['s_eps', 's_eta'])
    >>> value, score = problem.value_and_score(problem.vector(known))
    >>> round(value, 2), score.round(3), problem.score(known).index.to_list()
    (-638.29, array([-0.001, -0.005]), ['s_eps', 's_eta'])
    >>> problem.loglike_obs(known).tail(2).round(2).to_list(), problem.score_obs(known).shape
    ([-6.39, -6.04], (100, 2))
    >>> problem.hessian(known).round(3).to_numpy().tolist()
    [[-0.01, -0.005], [-0.005, -0.006]]
    >>> round(problem.with_data(problem.y + 50.0).loglike(known), 1)
    -638.3
    >>> round(problem.with_initial_cov([[1e7]]).loglike(known), 1)
    -641.5

    What the kernels take, and what they give:

    >>> theta = problem.vector(known)
    >>> inputs, values = problem.inputs(theta), problem.values(theta)
    >>> problem.scale(theta).shape, problem.initial_moments(values)[0], problem.derivatives(inputs)[3].shape
    ((100,), array([1120.]), (1, 1))
    >>> value, by_value, by_scale = problem.sensitivities(theta, inputs)
    >>> problem.chain(theta, by_value, by_scale).round(3), problem.scores_along(theta).sum(axis=0).round(3)
    (array([-0.001, -0.005]), array([-0.001, -0.005]))
    >>> problem.filter_path(theta).a.shape == problem.empty_path().a.shape
    True
    >>> len(problem.arrays([0, 1])), sorted(problem.ordinary())[:3]
    (13, ['index', 'initial_cov', 'initial_mean'])

    No sum is reset in it, and every state counts what was before:

    >>> problem.reset.shape, float(problem.kept.min())
    ((100, 0), 1.0)
    """

    spec: Spec
    model: Compiled
    index: pd.PeriodIndex
    y: Floats
    x: Floats
    report_inputs: Floats
    scale_param: npt.NDArray[np.int64]
    initial_mean: Floats
    initial_cov: Floats
    stationary: tuple[int, ...] = field(default=(), kw_only=True)

    def ordinary(self) -> dict[str, Any]:
        """Arguments that make the same problem, without what a subclass adds."""
        return {one.name: getattr(self, one.name) for one in fields(Problem)}

    @property
    def names(self) -> tuple[str, ...]:
        """Parameter names in order."""
        return self.model.param_names

    @property
    def nobs(self) -> int:
        """Number of periods."""
        return len(self.index)

    def table(self) -> ParameterTable:
        """All parameters free at their default start values."""
        return self.model.table.copy()

    def vector(self, params: Params) -> Floats:
        """Parameter vector, shape (k,), from values by name (or a vector, as it is)."""
        if not isinstance(params, Mapping | pd.Series):
            theta = np.array(params, dtype=float)
            if theta.shape != (len(self.names),):
                raise SpecificationError(
                    f"{self.spec.name}: a parameter vector has shape {theta.shape}, expected "
                    f"({len(self.names)},) in the order {list(self.names)}. Pass values by name."
                )
            return theta
        if absent := sorted(set(self.names) - set(params.keys())):
            raise SpecificationError(f"{self.spec.name}: no value for the parameters {absent}.")
        return np.array([params[name] for name in self.names], dtype=float)

    def with_initial_cov(self, cov: Floats) -> Problem:
        """The same problem from another initial covariance, shape (m, m)."""
        return replace(self, initial_cov=own(cov))

    def with_data(self, y: Floats) -> Problem:
        """The same problem with other observations, shape (n, p); regressors stay."""
        return replace(self, y=own(y))

    @cached_property
    def reset(self) -> npt.NDArray[np.bool_]:
        """Which accumulated states begin from zero in which period, shape (n, r)."""
        out = np.zeros((self.nobs, len(self.model.accumulated)), dtype=np.bool_)
        for column, often in zip(out.T, self.model.accumulated.values(), strict=True):
            column[:] = begins(self.index, often)
        return out

    @property
    def kept(self) -> Floats:
        """One, or zero where a state is reset: what the past counts in each period, shape (n, m)."""
        out = np.ones((self.nobs, len(self.model.states)))
        out[:, [*self.model.accumulated]] = ~self.reset
        return out

    def values(self, theta: Floats) -> Floats:
        """Flat vector of system values at ``theta``."""
        return self.model.values(theta)

    def scale(self, theta: Floats) -> Floats:
        """Factor of the measurement standard deviation in each period, shape (n,)."""
        return np.asarray(np.append(theta, 1.0)[self.scale_param])  # position -1 is that of the one

    def inputs(self, theta: Floats) -> Inputs:
        """Arguments of the kernels at ``theta``."""
        values = self.values(theta)
        system = self.model.system(values)
        mean, cov = self.initial_moments(values)
        system = system._replace(a0=system.a0 + mean)
        sample = Sample(self.y, self.x, self.scale(theta), self.reset)
        return Inputs(self.model.pattern, system, cov, sample)

    def initial_moments(self, values: Floats) -> tuple[Floats, Floats]:
        """Mean (m,) and covariance (m, m) of the state before the sample, less ``spec.initial_mean``.

        NaN where a state that should be stationary is not: the likelihood is then minus infinity.
        """
        if not self.stationary:
            return self.initial_mean, self.initial_cov
        where = self._stationary
        at = moments(self.model, values, where, self.x)
        mean, cov = self.initial_mean.copy(), self.initial_cov.copy()
        mean[where] += np.nan if at is None else at.mean
        cov[np.ix_(where, where)] += np.nan if at is None else at.cov
        return mean, cov

    @property
    def _stationary(self) -> npt.NDArray[np.int64]:
        return np.array(self.stationary, dtype=np.int64)

    def loglike(self, params: Params) -> float:
        """Log-likelihood, constants included; minus infinity where it is not defined.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_problem
        >>> problem, known = nile_problem()
        >>> round(problem.loglike(known), 2), problem.loglike(known | {"s_eps": 0.0, "s_eta": 0.0})
        (-638.29, -inf)
        """
        inputs = self.inputs(self.vector(params))
        return float(gaussian.loglike(*inputs, np.empty(self.nobs)))

    def loglike_obs(self, params: Params) -> pd.Series:
        """Log-likelihood of each period given the past, length n."""
        out = np.empty(self.nobs)
        gaussian.loglike(*self.inputs(self.vector(params)), out)
        return pd.Series(out, self.index, name="log_likelihood")

    def value_and_score(self, theta: Floats) -> tuple[float, Floats]:
        """Log-likelihood and its exact gradient, shape (k,), at a parameter vector."""
        value, by_value, by_scale = self.sensitivities(theta, self.inputs(theta))
        return value, self.chain(theta, by_value, by_scale)

    def sensitivities(
        self, theta: Floats, inputs: Inputs, *, mean_moves: bool = True
    ) -> tuple[float, Floats, Floats]:
        """Log-likelihood and its derivatives in the system's values and in the scale of each period.

        ``mean_moves`` says whether the mean in ``inputs`` holds the unconditional one, which moves with the system.
        """
        value, by_value, by_scale, on_cov = self.derivatives(inputs)
        where = self._stationary
        if self.stationary and np.isfinite(value):
            at = moments(self.model, self.values(theta), where, self.x)
            assert at is not None
            on_mean = by_value[self.model.blocks["a"].where][where] if mean_moves else np.zeros(len(where))
            pull_back(self.model, where, at, on_mean, on_cov[np.ix_(where, where)], by_value)
        return value, by_value, by_scale

    def derivatives(self, inputs: Inputs) -> tuple[float, Floats, Floats, Floats]:
        """Log-likelihood and its derivatives in system values, scales, and initial covariance (m, m).

        Those in the initial mean are among the first, in block ``a``.
        """
        by_value, by_scale = np.zeros(self.model.n_values), np.zeros(self.nobs)
        out, on_cov = self.model.system(by_value), np.zeros_like(self.initial_cov)
        value = float(gaussian.score(*inputs, self.empty_path(), out, by_scale, on_cov))
        return value, by_value, by_scale, on_cov

    def chain(self, theta: Floats, by_value: Floats, by_scale: Floats) -> Floats:
        """Gradient in the parameters, shape (k,), from derivatives in values and scales."""
        gradient: Floats = self._jacobian(theta).T @ by_value
        scaled = self.scale_param >= 0
        np.add.at(gradient, self.scale_param[scaled], by_scale[scaled])
        return gradient

    def score(self, params: Params) -> pd.Series:
        """Exact gradient of the log-likelihood by parameter name."""
        return pd.Series(self.value_and_score(self.vector(params))[1], self.names, name="score")

    def score_obs(self, params: Params) -> pd.DataFrame:
        """Gradient of each period's log-likelihood, shape (n, k)."""
        theta = self.vector(params)
        out = self._scores_of_arrays(theta) if self.is_ordinary else self.scores_along(theta)
        return pd.DataFrame(out, self.index, list(self.names))

    @property
    def is_ordinary(self) -> bool:
        """Whether the moments of the state before the sample are known numbers."""
        return type(self) is Problem and not self.stationary

    def _scores_of_arrays(self, theta: Floats) -> Floats:
        bound, scores = self.arrays(np.arange(theta.size)), np.empty((theta.size, self.nobs))
        room, unused = likelihood.room(bound, self.model.moving, self.model.system), np.empty((0, 0))
        value = likelihood.differentiate(likelihood.SCORES, theta, bound, room, theta.copy(), scores, unused)
        if value == -np.inf:
            self.filter_path(theta)  # raises, naming the period
        return scores.T

    def arrays(self, free: npt.NDArray[np.int64]) -> Bound:
        """The likelihood in arrays of its own, for kernels that overwrite them.

        Of a problem of the plain class, whose initial moments are known or unconditional ones.

        Parameters
        ----------
        free
            Positions of the parameters that are sampled or estimated.
        """
        model, values, size = self.model, np.zeros(self.model.n_values), len(self.model.states)
        return Bound(
            free, *model.terms, values, model.blocks["a"].where.start, model.pattern,
            model.system(values)._replace(a0=np.zeros(size)), Sample(self.y, self.x, np.ones(self.nobs), self.reset),
            self.initial_mean.copy(), self.initial_cov.reshape(-1).copy(),
            np.array(self.stationary, dtype=np.int64), self.scale_param,
        )  # fmt: skip

    def scores_along(self, theta: Floats) -> Floats:
        """Gradient of each period's log-likelihood, shape (n, k), one direction after the other."""
        inputs, path = self.inputs(theta), self.filter_path(theta)
        derivative = self._jacobian(theta)
        out = np.empty((self.nobs, theta.size))
        for j in range(theta.size):
            column = np.empty(self.nobs)
            direction, on_cov = self._direction(theta, derivative, j)
            by_scale = np.where(self.scale_param == j, 1.0, 0.0)
            gaussian.score_per_period(
                inputs.pattern, inputs.system, direction, inputs.P0, on_cov, inputs.sample, by_scale, path, column
            )  # fmt: skip
            out[:, j] = column
        return out

    def _direction(self, theta: Floats, jacobian: Floats, j: int) -> tuple[System, Floats]:
        """What one parameter does to the system, and to the covariance of the state before the sample."""
        by_value = np.ascontiguousarray(jacobian[:, j])
        out, cov, where = self.model.system(by_value), np.zeros_like(self.initial_cov), self._stationary
        at = moments(self.model, self.values(theta), where, self.x) if self.stationary else None
        if at is not None:
            mean, moved = push_forward(self.model, where, at, by_value)
            out = out._replace(a0=out.a0.copy())
            out.a0[where] += mean
            cov[np.ix_(where, where)] = moved
        return out, cov

    def hessian(self, params: Params) -> pd.DataFrame:
        """Second derivatives of the log-likelihood: fourth-order differences of the exact score."""
        theta = self.vector(params)
        out = np.empty((theta.size, theta.size))
        for j in range(theta.size):
            step = np.zeros_like(theta)
            step[j] = 1e-4 * max(abs(theta[j]), 1e-2)
            near = self.value_and_score(theta + step)[1] - self.value_and_score(theta - step)[1]
            far = self.value_and_score(theta + 2 * step)[1] - self.value_and_score(theta - 2 * step)[1]
            out[j] = (8 * near - far) / (12 * step[j])
        return pd.DataFrame((out + out.T) / 2, list(self.names), list(self.names))

    def filter_path(self, theta: Floats) -> Path:
        """Kalman filter with everything it passes through.

        Raises
        ------
        SpecificationError
            An innovation variance is not positive.
        """
        inputs, path = self.inputs(theta), self.empty_path()
        if not gaussian.filter_path(*inputs, path):
            # The kernel stops at the first observation without variance; missing ones have none.
            bad = self.index[int(np.argmax(((path.F == 0.0) & ~np.isnan(self.y)).any(axis=1)))]
            raise SpecificationError(
                f"{self.spec.name}: the innovation variance of {bad} is not positive at "
                f"{dict(zip(self.names, theta.round(6).tolist(), strict=True))}. Check the standard "
                "deviations and the initial covariance."
            )
        return path

    def _jacobian(self, theta: Floats) -> Floats:
        out = np.empty((self.model.n_values, theta.size))
        terms.jacobian(own(theta), *self.model.terms, out)
        return out

    def empty_path(self) -> Path:
        """Arrays for the filter to fill."""
        n, p, m = self.nobs, self.y.shape[1], len(self.model.states)
        return Path(
            np.empty((n, p + 1, m)),
            np.empty((n, p + 1, m, m)),
            np.empty((n, p)),
            np.zeros((n, p)),
            np.empty((n, p, m)),
        )
