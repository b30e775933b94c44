r"""The state before the sample by generalised least squares on the first observations.

The first :math:`k` observations, stacked, are linear in a state :math:`\xi` that the first of them loads on:
:math:`y = \mu + X\xi + e` with :math:`X` the rows :math:`ZT^j`, :math:`\mu` what regressors and the transition's
constant add, and :math:`\Omega` the covariance of measurement errors and accumulated shocks.  The mean is
:math:`\hat\xi = S^{-1}X'\Omega^{-1}(y - \mu)` with :math:`S = X'\Omega^{-1}X`, the covariance :math:`S^{-1}` times the
sum of squared residuals over a divisor.  Laubach and Williams (2003) take both as moments of the state one period
before the sample, re-estimated at every parameter vector; the likelihood is of all observations, these included.

The moments are analytic in the system's values, so one evaluation at a complex step gives their derivative to rounding
(Squire and Trapp 1998).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from capstar.errors import SpecificationError
from capstar.kernels.arrays import System, own
from capstar.statespace.compiled import Block
from capstar.statespace.problem import Inputs, Problem

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[Any]
_STEP = 1e-40  # complex: its square is lost, nothing is subtracted


@dataclass(frozen=True)
class GLSProblem(Problem):
    """A likelihood whose initial state is estimated from its first observations.

    Make one with `gls_start`.  ``initial_mean`` and ``initial_cov`` are not used.

    Attributes
    ----------
    n_first
        Number of periods the state is estimated from.
    divisor
        Of the sum of squared residuals that scales the covariance.
    """

    n_first: int
    divisor: float

    def inputs(self, theta: Floats) -> Inputs:
        """Arguments of the kernels; moments are NaN, and the likelihood minus infinity, where they do not exist."""
        given = super().inputs(theta)
        mean, cov = self._moments(self.values(theta), given.sample.scale)
        return given._replace(system=given.system._replace(a0=own(mean)), P0=own(cov))

    def value_and_score(self, theta: Floats) -> tuple[float, Floats]:
        """Log-likelihood and its exact gradient, that of the initial state included."""
        value, by_value, by_scale, on_cov = self.derivatives(self.inputs(theta))
        gradient = self.chain(theta, by_value, by_scale)
        if np.isfinite(value):
            mean, cov = self._slopes(theta, self._jacobian(theta), np.arange(theta.size))
            on_mean = by_value[self.model.blocks["a"].where]
            gradient = gradient + mean @ on_mean + np.einsum("kij,ij->k", cov, on_cov)
        return value, gradient

    def _direction(self, theta: Floats, jacobian: Floats, j: int) -> tuple[System, Floats]:
        direction, _ = super()._direction(theta, jacobian, j)
        mean, cov = self._slopes(theta, jacobian, np.array([j]))
        return direction._replace(a0=own(mean[0])), own(cov[0])

    def _slopes(self, theta: Floats, jacobian: Floats, which: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Derivatives of mean (k, m) and covariance (k, m, m) in some parameters."""
        scaled = self.scale_param == which[:, None]
        mean, cov = self._moments(
            self.values(theta) + 1j * _STEP * jacobian.T[which], self.scale(theta) + 1j * _STEP * scaled
        )
        return mean.imag / _STEP, cov.imag / _STEP

    def _moments(self, values: Numbers, scale: Numbers) -> tuple[Numbers, Numbers]:
        """Mean (..., m) and covariance (..., m, m) from system values (..., n_values) and scales (..., n)."""
        Z, D, H, T, c, Q, B, S = (_dense(self.model.blocks[name], values) for name in "ZDHTcQBS")
        Q, S = (one + np.tril(one, -1).swapaxes(-1, -2) for one in (Q, S))
        k, p = self.n_first, self.y.shape[1]
        rows = [Z]
        for _ in range(k - 1):
            rows.append(rows[-1] @ T)
        X = np.concatenate(rows, axis=-2)
        mu = np.concatenate([D @ self.x[t, :, None] for t in range(k)], axis=-2)
        variance = np.concatenate([H * scale[..., t, None, None] ** 2 for t in range(k)], axis=-2)
        omega = variance * np.eye(k * p)
        for s in range(
            1, k
        ):  # shocks and constant of the s-th transition, with what series add, move the observations after it
            later = np.concatenate([np.zeros_like(X[..., : s * p, :]), X[..., : -s * p, :]], axis=-2)
            shocks = Q + (scale[..., s, None, None] ** 2 - 1.0) * S
            omega = omega + later @ shocks @ later.swapaxes(-1, -2)
            mu = mu + later @ (c + B @ self.x[s, :, None])
        return self._regress(X, mu, omega)

    def _regress(self, X: Numbers, mu: Numbers, omega: Numbers) -> tuple[Numbers, Numbers]:
        y = self.y[: self.n_first].reshape(-1, 1)
        known = ~np.isnan(y[:, 0])
        X, rest = X[..., known, :], y[known] - mu[..., known, :]
        try:
            with np.errstate(divide="ignore", invalid="ignore"):
                root = _cholesky(omega[..., known, :][..., known])
                whitened = np.linalg.solve(root, np.concatenate([X, rest], axis=-1))
                triangle = _triangle(whitened)
            inverse = np.linalg.inv(triangle[..., :-1, :-1])
        except np.linalg.LinAlgError:
            nothing = np.full_like(X[..., 0, :], np.nan)
            return nothing, nothing[..., None] * nothing[..., None, :]
        mean = inverse @ triangle[..., :-1, -1:]
        rest = rest - X @ mean
        cov = inverse @ inverse.swapaxes(-1, -2) * (rest * rest).sum(axis=-2, keepdims=True) / self.divisor
        return mean[..., 0], (cov + cov.swapaxes(-1, -2)) / 2


def gls_start(problem: Problem, n_first: int, divisor: float) -> GLSProblem:
    """The same equations and data from the state that the first observations give.

    Parameters
    ----------
    problem
        Its initial moments are replaced.
    n_first
        Number of first periods; missing observations among them are left out.
    divisor
        Of the sum of squared residuals in the covariance.

    Raises
    ------
    SpecificationError
        There are no more observations than states, or the equations shift the initial mean.

    References
    ----------
    Laubach and Williams (2003), published code, ``unpack.parameters.stage1.R`` and ``unpack.parameters.stage2.R``;
    Squire and Trapp (1998), "Using complex variables to estimate derivatives of real functions", *SIAM Review* 40(1).
    """
    n_known, m = int((~np.isnan(problem.y[:n_first])).sum()), len(problem.model.states)
    if n_known <= m:
        raise SpecificationError(
            f"{problem.spec.name}: the first {n_first} periods hold {n_known} observations, too few for the {m} states "
            "they should start. Choose another initial state, such as initial='diffuse'."
        )
    if problem.model.accumulated or problem.spec.initial_mean or problem.stationary:
        raise SpecificationError(
            f"{problem.spec.name}: the initial state cannot be estimated and declared at once. Drop "
            "initial_mean and accumulated."
        )
    values: dict[str, Any] = {f.name: getattr(problem, f.name) for f in fields(Problem)}
    return GLSProblem(**values, n_first=n_first, divisor=divisor)


def _cholesky(matrix: Numbers) -> Numbers:
    """Lower triangle whose product with its transpose, not conjugated, is the matrix, shape (..., n, n)."""
    out = np.zeros_like(matrix)
    for j in range(matrix.shape[-1]):
        column = matrix[..., j:, j] - (out[..., j:, :j] @ out[..., j, :j, None])[..., 0]
        out[..., j:, j] = column / np.sqrt(column[..., :1])
    return out


def _triangle(matrix: Numbers) -> Numbers:
    """Upper triangle of a QR decomposition, not conjugated, by modified Gram-Schmidt; shape (..., m, m).

    Unlike the product of the matrix with its transpose it keeps what precise observations tell of single states.
    """
    left, m = matrix.copy(), matrix.shape[-1]
    out = np.zeros((*matrix.shape[:-2], m, m), dtype=matrix.dtype)
    for j in range(m - 1):
        length = np.sqrt((left[..., j] ** 2).sum(axis=-1))
        unit = left[..., j] / length[..., None]
        out[..., j, j] = length
        out[..., j, j + 1 :] = (unit[..., None, :] @ left[..., j + 1 :])[..., 0, :]
        left[..., j + 1 :] -= unit[..., None] * out[..., j, None, j + 1 :]
    return out


def _dense(block: Block, values: Numbers) -> Numbers:
    """Full matrices (..., rows, columns) from flat vectors of values (..., n_values)."""
    out = np.zeros((*values.shape[:-1], *block.shape), dtype=values.dtype)
    out[..., block.row, block.col] = values[..., block.where]
    return out
