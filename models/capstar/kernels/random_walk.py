"""Random-walk Metropolis on the posterior of a linear Gaussian state space, compiled from proposal to likelihood.

Draws of the noise come from outside, so that a chain depends on its seed alone.  The covariances of the proposals
are given and do not change within a call.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from capstar.kernels import recursions, terms, vectors
from capstar.kernels.arrays import Floats, Path
from capstar.kernels.compiling import digest, kernel, part
from capstar.kernels.recursions import forward
from capstar.kernels.terms import assemble

Ints = npt.NDArray[np.int64]
UNIFORM, NORMAL, BETA, INVERSE_GAMMA = range(4)
_NO_PATH = Path(*(np.empty(0) for _ in Path._fields))
_SETTLED = 1e-17  # relative size of what a further doubling adds, below which it is none
_DOUBLINGS = 64
_ENDLESS, _FORGOTTEN = (
    1e100,
    1e-12,
)  # a sum that grows without end; a power of T that adds nothing to the mean


class Priors(NamedTuple):
    """Independent densities of the sampled parameters, arrays of shape (k,).

    Attributes
    ----------
    kind
        One of the constants of this module.
    first, second
        Mean and standard deviation, both shapes, or shape and scale.
    lower, upper
        Outside of these the density is zero.
    constant
        Added to the log density.
    """

    kind: Ints
    first: Floats
    second: Floats
    lower: Floats
    upper: Floats
    constant: Floats


class Limits(NamedTuple):
    """Where the density is zero whatever the prior says.

    Attributes
    ----------
    slot, coef, power
        Polynomials in all parameters, as of `capstar.kernels.terms.assemble`.
    lower, upper
        Of each, shape (c,).
    ar_ptr, ar_index
        Positions of the coefficients of autoregressions that must be stationary, as compressed rows.
    """

    slot: Ints
    coef: Floats
    power: Ints
    lower: Floats
    upper: Floats
    ar_ptr: Ints
    ar_index: Ints


class Room(NamedTuple):
    """Scratch arrays: the filter's, (n,), limits (c,), autoregression (2, p), doubling (4, s, s)."""

    filter: Floats
    per_period: Floats
    limits: Floats
    ar: Floats
    doubling: Floats


@kernel
def log_prior(x, priors):
    """Log density of the priors at the sampled parameters (k,); minus infinity outside."""
    total = 0.0
    for i in range(x.size):
        if not priors.lower[i] <= x[i] <= priors.upper[i]:
            return -np.inf
        a, b, kind = priors.first[i], priors.second[i], priors.kind[i]
        total += priors.constant[i]
        if kind == NORMAL:
            total -= 0.5 * ((x[i] - a) / b) ** 2
        elif kind == BETA:
            total += (a - 1.0) * math.log(x[i]) + (b - 1.0) * math.log(1.0 - x[i])
        elif kind == INVERSE_GAMMA:
            total -= (a + 1.0) * math.log(x[i]) + b / x[i]
    return total


@kernel
def to_line(x, lower, upper, place):
    """Write the places on the line of parameters inside their bounds (k,); returns the log of the inverse's slope.

    A parameter with one bound is there the logarithm of its distance from it, one with two the log ratio of those.
    """
    total = 0.0
    for i in range(x.size):
        below, above = x[i] - lower[i], upper[i] - x[i]
        if below == np.inf and above == np.inf:
            place[i] = x[i]
        elif above == np.inf:
            place[i] = math.log(below)
            total += place[i]
        elif below == np.inf:
            place[i] = -math.log(above)
            total -= place[i]
        else:
            place[i] = math.log(below) - math.log(above)
            total += math.log(below) + math.log(above) - math.log(below + above)
    return total


@kernel
def from_line(place, lower, upper, x):
    """Write the parameters at places on the line (k,) to ``x``; returns the log of the slope, all parameters'."""
    total = 0.0
    for i in range(place.size):
        u = place[i]
        if lower[i] == -np.inf and upper[i] == np.inf:
            x[i] = u
        elif upper[i] == np.inf:
            x[i] = lower[i] + math.exp(u)
            total += u
        elif lower[i] == -np.inf:
            x[i] = upper[i] - math.exp(-u)
            total -= u
        else:
            small = math.exp(-abs(u))
            x[i] = lower[i] + (upper[i] - lower[i]) * (1.0 if u > 0.0 else small) / (1.0 + small)
            total += math.log(upper[i] - lower[i]) - abs(u) - 2.0 * math.log1p(small)
    return total


@part
def _propose(x, factor, normals, on_line, priors, place, proposal):
    """A step from ``x`` to ``proposal``, in the parameters or on the line; returns what the step adds to the log ratio.

    All but ``factor`` (k, k) and ``priors`` have shape (k,); ``place`` is scratch.
    """
    from_here = to_line(x, priors.lower, priors.upper, place) if on_line else 0.0
    for i in range(x.size):
        proposal[i] = place[i] if on_line else x[i]
        for j in range(i + 1):
            proposal[i] += factor[i, j] * normals[j]
    if not on_line:
        return 0.0
    for i in range(x.size):
        place[i] = proposal[i]
    return from_line(place, priors.lower, priors.upper, proposal) - from_here


@kernel
def inside(theta, limits, values, ar):
    """Whether all parameters (all,) satisfy the limits; ``values`` (c,) and ``ar`` (2, p) are overwritten."""
    for i in range(values.size):
        values[i] = 0.0
    for i in range(limits.slot.size):
        term = limits.coef[i]
        for j in range(theta.size):
            if limits.power[i, j] != 0:
                term *= theta[j] ** limits.power[i, j]
        values[limits.slot[i]] += term
    for i in range(values.size):
        if not limits.lower[i] <= values[i] <= limits.upper[i]:
            return False
    for group in range(limits.ar_ptr.size - 1):
        first = limits.ar_ptr[group]
        order = limits.ar_ptr[group + 1] - first
        for k in range(order):
            ar[0, k] = theta[limits.ar_index[first + k]]
        for k in range(order - 1, -1, -1):
            partial = ar[0, k]
            if not abs(partial) < 1.0:
                return False
            for j in range(k):
                ar[1, j] = (ar[0, j] + partial * ar[0, k - 1 - j]) / (1.0 - partial * partial)
            for j in range(k):
                ar[0, j] = ar[1, j]
    return True


@part
def _multiply(s, A, B, transposed, out):
    """``out``: ``A B`` or ``A B'``, shapes (s, s)."""
    for i in range(s):
        for j in range(s):
            total = 0.0
            for k in range(s):
                total += A[i, k] * (B[j, k] if transposed else B[k, j])
            out[i, j] = total


@part
def _gather(pattern, system, x, where, mean, T, V):
    """Transition and covariance of the shocks of some states, dense; constants, with what series add, into ``mean``."""
    for i in range(where.size):
        mean[where[i]] = system.c[where[i]]
        for k in range(pattern.b_row.size):
            if np.int64(pattern.b_row[k]) == where[i]:
                mean[where[i]] += system.b[k] * x[0, pattern.b_col[k]]
        for j in range(where.size):
            T[i, j], V[i, j] = 0.0, 0.0
            for k in range(pattern.t_ptr[where[i]], pattern.t_ptr[where[i] + 1]):
                if np.int64(pattern.t_col[k]) == where[j]:
                    T[i, j] += system.t[k]
            for k in range(pattern.q_row.size):
                row, col = np.int64(pattern.q_row[k]), np.int64(pattern.q_col[k])
                if (row == where[i] and col == where[j]) or (row == where[j] and col == where[i]):
                    V[i, j] = system.q[k]


@part
def _double(where, mean, T, V, A, B):
    """Twice as many terms of both sums; returns the largest entry, the largest change, and that of the next power."""
    s = where.size
    for i in range(s):
        A[0, i] = 0.0
        for j in range(s):
            A[0, i] += T[i, j] * mean[where[j]]
    for i in range(s):
        mean[where[i]] += A[0, i]
    _multiply(s, T, V, False, A)
    _multiply(s, A, T, True, B)
    _multiply(s, T, T, False, A)
    largest, change, power = 0.0, 0.0, 0.0
    for i in range(s):
        for j in range(s):
            V[i, j] += B[i, j]
            T[i, j] = A[i, j]
            largest, change = max(largest, abs(V[i, j])), max(change, abs(B[i, j]))
            power = max(power, abs(A[i, j]))
    return largest, change, power


@kernel
def unconditional(pattern, system, x, where, mean, P0, room):
    """Write the unconditional moments of the states ``where`` (s,); False where they have none.

    They are the sums of ``T^k (c + B x)``, with the first of the regressors ``x``, and of ``T^k Q T'^k``.  ``mean``
    (m,) and ``P0`` (m * m,) are those of all states; ``room`` has shape (4, s, s).
    """
    T, V, A, B = room[0], room[1], room[2], room[3]
    _gather(pattern, system, x, where, mean, T, V)
    for _ in range(_DOUBLINGS):
        largest, change, power = _double(where, mean, T, V, A, B)
        if not largest < _ENDLESS:
            return False
        if change <= _SETTLED * largest and power < _FORGOTTEN:
            for i in range(where.size):
                for j in range(where.size):
                    P0[where[i] * mean.size + where[j]] = V[i, j]
            return True
    return False


def _log_likelihood(version):
    @kernel
    def log_likelihood(theta, bound, room):
        """Log-likelihood at all parameters (all,); minus infinity where it is not defined."""
        if version < 0:  # never: the digest is here for the cache alone
            return 0.0
        assemble(theta, bound.slot, bound.coef, bound.power, bound.values)
        if bound.stationary.size and not unconditional(
            bound.pattern, bound.system, bound.sample.x, bound.stationary, bound.mean, bound.P0, room.doubling
        ):
            return -np.inf
        for i in range(bound.mean.size):
            bound.system.a0[i] = bound.values[bound.a_start + i] + bound.mean[i]
        for t in range(bound.scale_param.size):
            if bound.scale_param[t] >= 0:
                bound.sample.scale[t] = theta[bound.scale_param[t]]
        return forward(
            bound.pattern, bound.system, bound.P0, bound.sample, _NO_PATH, False, room.per_period, room.filter
        )

    return log_likelihood


def _walk(version):
    @kernel
    def walk(
        theta, x, value, factors, on_line, normals, logs, thin, priors, limits, bound, room, scratch, moved, draws,
        values,
    ):  # fmt: skip
        """Metropolis steps, as many as there are rows of ``normals`` (n, k).

        ``x`` (k,), inside the support, and ``value`` (1,), its log posterior, are overwritten with the last state;
        ``factors`` (2, k, k) are the lower triangular roots of the proposals' covariances in the parameters and on the
        line, which ``on_line`` (n,) chooses between, and ``moved`` (2,) counts the steps of each that were taken;
        ``logs`` (n,) are the logarithms of uniform numbers.  Every ``thin``-th state is written to ``draws``
        (n // thin, k) and ``values``.  A proposal outside the support is a rejection.  ``scratch`` has shape (2, k).
        """
        if version < 0:
            return
        proposal = scratch[0]
        for step in range(logs.size):
            kind = np.int64(on_line[step])
            gain = _propose(x, factors[kind], normals[step], kind == 1, priors, scratch[1], proposal)
            new = log_prior(proposal, priors)
            if new > -np.inf:
                for i in range(x.size):
                    theta[bound.free[i]] = proposal[i]
                if inside(theta, limits, room.limits, room.ar):
                    new += log_likelihood(theta, bound, room)
                    if logs[step] < new - value[0] + gain:
                        moved[kind] += 1
                        value[0] = new
                        for i in range(x.size):
                            x[i] = proposal[i]
            if (step + 1) % thin == 0:
                at = (step + 1) // thin - 1
                values[at] = value[0]
                for i in range(x.size):
                    draws[at, i] = x[i]

    return walk


_VERSION = digest(recursions, terms, vectors)
log_likelihood = _log_likelihood(_VERSION)
walk = _walk(_VERSION)
