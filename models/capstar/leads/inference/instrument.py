"""The arithmetic of IVX, for many samples at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

Floats = npt.NDArray[np.float64]
_BETA, _C = 0.95, 1.0  # Kostakis, Magdalinos and Stamatogiannis (2015), section 2: rho_z = 1 - 1 / n^0.95


@dataclass(frozen=True, slots=True)
class Instrumented:
    """IVX estimates of R samples, k predictors and m responses.

    Attributes
    ----------
    slope
        Shape (R, k m): of each predictor, the responses inside.
    cov
        Its covariance, shape (R, k m, k m).
    dropped
        Where the finite-sample correction would have left no variance and was dropped, shape (R,).
    """

    slope: Floats
    cov: Floats
    dropped: npt.NDArray[np.bool_]

    @property
    def se(self) -> Floats:
        """Standard errors, shape (R, k m)."""
        out: Floats = np.sqrt(np.diagonal(self.cov, axis1=1, axis2=2))
        return out

    @property
    def t(self) -> Floats:
        """Slopes over their standard errors, shape (R, k m)."""
        return self.slope / self.se

    @property
    def wald(self) -> Floats:
        """Joint test of all slopes, shape (R,)."""
        out: Floats = (self.slope * np.linalg.solve(self.cov, self.slope[:, :, None])[:, :, 0]).sum(axis=1)
        return out


def instrumented(y: Floats, x: Floats, *, horizon: int = 1, white: bool = False) -> Instrumented:
    """IVX of returns on the values of the predictors one period before.

    Parameters
    ----------
    y
        Returns, shape (R, T, m); the first is not used.
    x
        Predictors in levels, shape (R, T, k), or (1, T, k) where they are the same in every sample.
    horizon
        K; consecutive periods summed on both sides.
    white
        Covariance robust to heteroskedasticity, one period only.

    Notes
    -----
    Kostakis, Magdalinos and Stamatogiannis (2015), equations 17 to 23; Demetrescu, Georgiev, Rodrigues and Taylor
    (2023), equations 12 to 14.  Where the middle matrix is not positive definite after the correction for the
    instrument's mean, the correction is dropped.
    """
    target, lagged = y[:, 1:], x[:, :-1]
    errors = least_squares_errors(target, lagged)
    sigma, kept = variances(errors, innovations(x)[1])
    z = instrument(x)
    Y, X = centred(sums(target, horizon)), centred(sums(lagged, horizon))
    first, summed = z[:, : X.shape[1]], sums(z, horizon)
    inverse = np.asarray(np.linalg.inv(cross(first, X)), dtype=float)
    slope = inverse @ cross(first, Y)
    if white:
        weighted = z[:, :, :, None] * errors[:, :, None, :]
        weighted = weighted.reshape(*weighted.shape[:2], -1)
        meat = cross(weighted, weighted)
    else:
        meat = kron(cross(summed, summed), sigma)
    middle, dropped = corrected(meat, summed, kept)
    outer = kron(inverse, np.eye(y.shape[2], dtype=float)[None])
    cov = outer @ middle @ outer.transpose(0, 2, 1)
    return Instrumented(slope.reshape(len(slope), -1), cov, dropped)


def corrected(meat: Floats, z: Floats, kept: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Middle of the covariance less what the instrument's mean adds, and where that leaves none and is dropped."""
    mean = z.mean(axis=1)
    middle = meat - z.shape[1] * kron(mean[:, :, None] * mean[:, None, :], kept)
    dropped = np.linalg.eigvalsh(middle)[:, 0] <= 0
    return np.where(dropped[:, None, None], meat, middle), dropped


def instrument(x: Floats) -> Floats:
    """Mildly integrated instrument of each regression row, shape (R, T - 1, k); the first is 0."""
    n = x.shape[1] - 1
    changes = np.diff(x[:, :-1], axis=1, prepend=x[:, :1])
    out: Floats = scipy.signal.lfilter([1.0], [1.0, _C / n**_BETA - 1.0], changes, axis=1)
    return out


def innovations(x: Floats) -> tuple[Floats, Floats]:
    """Autoregressive coefficients without a constant, (R, k), and errors, each predictor on its own lag."""
    before, after = x[:, :-1], x[:, 1:]
    rho = (before * after).sum(axis=1) / (before**2).sum(axis=1)
    return rho, after - before * rho[:, None]


def variances(errors: Floats, u: Floats) -> tuple[Floats, Floats]:
    """Covariance of the errors (R, m, m), and what the fully modified correction keeps of it.

    Bartlett weights over the integer part of the cube root of n lags; of the cross-covariances those with the
    predictors' innovations ``u`` (R, n, k) after the errors.
    """
    n, k = u.shape[1:]
    samples = max(len(u), len(errors))
    both = np.concatenate([np.broadcast_to(a, (samples, *a.shape[1:])) for a in (u, errors)], axis=2)
    long_run = cross(both, both)
    sigma = long_run[:, k:, k:] / n
    lags = round(np.cbrt(n))
    lags -= lags**3 > n
    for h in range(1, lags + 1):
        gamma = (1 - h / (lags + 1)) * cross(both[:, h:], both[:, :-h])
        long_run = long_run + gamma
        long_run[:, :k, :k] += gamma[:, :k, :k].transpose(0, 2, 1)
    omega = long_run[:, :k, k:] / n
    kept = sigma - omega.transpose(0, 2, 1) @ np.linalg.solve(long_run[:, :k, :k] / n, omega)
    return sigma, kept


def least_squares_errors(y: Floats, x: Floats) -> Floats:
    """Residuals of y (R, n, m) on a constant and x (R, n, k)."""
    Y, X = centred(y), centred(x)
    out: Floats = Y - X @ np.linalg.solve(cross(X, X), cross(X, Y))
    return out


def centred(a: Floats) -> Floats:
    """Less the means over the rows of each sample."""
    out: Floats = a - a.mean(axis=1, keepdims=True)
    return out


def cross(a: Floats, b: Floats) -> Floats:
    """Cross products a'b of every sample: (R, n, i) and (R, n, j) to (R, i, j)."""
    return a.transpose(0, 2, 1) @ b


def kron(a: Floats, b: Floats) -> Floats:
    """Kronecker products of every sample."""
    out = np.einsum("rij,rkl->rikjl", a, b)
    flat: Floats = out.reshape(len(out), a.shape[1] * b.shape[1], -1)
    return flat


def sums(a: Floats, horizon: int) -> Floats:
    """Sums of ``horizon`` consecutive rows: (R, n, k) to (R, n - horizon + 1, k)."""
    if horizon == 1:
        return a
    total = np.cumsum(a, axis=1)
    out: Floats = np.concatenate(
        [total[:, horizon - 1 : horizon], total[:, horizon:] - total[:, :-horizon]], axis=1
    )
    return out
