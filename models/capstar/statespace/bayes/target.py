"""The posterior density: likelihood, priors and what bounds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from capstar.errors import SpecificationError
from capstar.kernels import random_walk as kernels
from capstar.kernels.arrays import Bound, Floats, own
from capstar.kernels.recursions import scratch
from capstar.statespace.algebra import Coef, params
from capstar.statespace.bayes.priors import Prior, as_arrays
from capstar.statespace.constraints import Between, Constraint, Stationary, SumBelow
from capstar.statespace.parameters import ParameterTable
from capstar.statespace.problem import Problem


class Compiled(NamedTuple):
    """What the compiled sampler takes; arrays of its own in each, so that chains may run side by side."""

    theta: Floats
    priors: kernels.Priors
    limits: kernels.Limits
    bound: Bound
    room: kernels.Room


@dataclass(frozen=True)
class Target:
    """A posterior density in the parameters that are not held.

    Vectors ``x`` have shape (k,), in the order of `names`.

    Attributes
    ----------
    problem
        The likelihood.
    table
        Start values, and which parameters are held.
    priors
        By parameter that is not held, truncated to its bounds.
    """

    problem: Problem
    table: ParameterTable
    priors: Mapping[str, Prior]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parameters that are not held."""
        return tuple(n for n, is_free in zip(self.table.names, self.table.free, strict=True) if is_free)

    @cached_property
    def ordered(self) -> tuple[Prior, ...]:
        """Priors in the order of `names`."""
        return tuple(self.priors[name] for name in self.names)

    @cached_property
    def _arrays(self) -> tuple[kernels.Priors, kernels.Limits]:
        return as_arrays(self.ordered), self._limits()

    def fill(self, x: Floats) -> Floats:
        """All parameters."""
        return self.table.fill(x)

    def log_prior(self, x: Floats) -> float:
        """Log density of the priors; minus infinity outside the support."""
        priors, limits = self._arrays
        value = float(kernels.log_prior(own(x), priors))
        inside = value > -np.inf and bool(kernels.inside(own(self.fill(x)), limits, *_limit_room(limits)))
        return value if inside else -np.inf

    def log_density(self, x: Floats) -> float:
        """Log posterior density but for its constant; minus infinity outside the support."""
        prior = self.log_prior(x)
        if prior == -np.inf:
            return prior
        found = prior + self.problem.loglike(self.fill(x))
        return found if np.isfinite(found) else -np.inf

    def value_and_score(self, x: Floats) -> tuple[float, Floats]:
        """The log density and its exact gradient (k,)."""
        prior = self.log_prior(x)
        if prior == -np.inf:
            return prior, np.zeros(x.size)
        value, score = self.problem.value_and_score(self.fill(x))
        if not (np.isfinite(value) and np.isfinite(score).all()):
            return -np.inf, np.zeros(x.size)
        slopes = [one.slope(at) for one, at in zip(self.ordered, x.tolist(), strict=True)]
        return prior + value, score[self.table.free] + np.array(slopes)

    @property
    def compilable(self) -> bool:
        """Whether the likelihood is one of `capstar.kernels.random_walk`: any but a diffuse one."""
        return type(self.problem) is Problem

    def compiled(self) -> Compiled:
        """Arrays for one chain."""
        theta = self.table.start.to_numpy(dtype=float, copy=True)
        bound = self.problem.arrays(np.flatnonzero(self.table.free))
        priors, limits = self._arrays
        size = max(bound.stationary.size, 1)
        room = kernels.Room(
            scratch(bound.mean.size),
            np.empty(self.problem.nobs),
            *_limit_room(limits),
            np.empty((4, size, size)),
        )
        return Compiled(theta, priors, limits, bound, room)

    def _limits(self) -> kernels.Limits:
        """Constraints as polynomials between two numbers, and autoregressions that must be stationary."""
        names, stationary = self.table.names, list[list[int]]()
        polynomials: list[tuple[Coef, float, float]] = []
        for one in self.table.constraints:
            if isinstance(one, Stationary):
                stationary.append([names.index(name) for name in one.names])
            else:
                polynomials.append(_polynomial(one))
        terms = [
            (i, number, [dict(mono).get(name, 0) for name in names])
            for i, (coef, _, _) in enumerate(polynomials)
            for mono, number in coef.terms.items()
        ]
        return kernels.Limits(
            np.array([one[0] for one in terms], dtype=np.int64),
            np.array([one[1] for one in terms], dtype=float),
            np.array([one[2] for one in terms], dtype=np.int64).reshape(len(terms), len(names)),
            np.array([one[1] for one in polynomials], dtype=float),
            np.array([one[2] for one in polynomials], dtype=float),
            np.cumsum([0, *map(len, stationary)]).astype(np.int64),
            np.array([k for group in stationary for k in group], dtype=np.int64),
        )


def _polynomial(one: Constraint) -> tuple[Coef, float, float]:
    if isinstance(one, Between):
        return one.expression, one.lower, one.upper
    if isinstance(one, SumBelow):
        return sum(params(" ".join(one.names)), Coef()), -np.inf, one.limit
    raise SpecificationError(
        f"The constraint that {one} is of a kind that no sampler knows; use Between, SumBelow or Stationary."
    )


def _limit_room(limits: kernels.Limits) -> tuple[Floats, Floats]:
    longest = int(np.diff(limits.ar_ptr).max(initial=1))
    return np.empty(limits.lower.size), np.empty((2, longest))


def make_target(problem: Problem, table: ParameterTable, priors: Mapping[str, Prior] | None = None) -> Target:
    """The posterior density of a likelihood under priors.

    Parameters
    ----------
    problem
        The likelihood.
    table
        Which parameters are held, bounds and constraints.
    priors
        In place of those the spec's parameters have.

    Raises
    ------
    SpecificationError
        A parameter that is not held has no prior, or a prior belongs to no parameter.
    """
    given = {} if priors is None else dict(priors)
    if unknown := sorted(set(given) - set(table.names)):
        raise SpecificationError(
            f"{problem.spec.name} has no parameter {unknown[0]!r} to give a prior; it has {table.names}."
        )
    declared = {name: one.prior for name, one in problem.model.parameters.items() if one.prior is not None}
    known = declared | given
    free = [name for name, is_free in zip(table.names, table.free, strict=True) if is_free]
    if absent := [name for name in free if name not in known]:
        raise SpecificationError(
            f"{problem.spec.name}: {', '.join(absent)} have no prior. Declare Parameter(prior=...), give "
            f"priors={{{absent[0]!r}: Normal(0, 1)}}, or hold them with fixed."
        )
    if not free:
        raise SpecificationError(f"{problem.spec.name}: every parameter is held; there is nothing to draw.")
    return Target(
        problem, table, {n: known[n].within(float(table.lower[n]), float(table.upper[n])) for n in free}
    )
