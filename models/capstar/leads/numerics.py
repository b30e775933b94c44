"""Arithmetic that several tests share: least squares and p-values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LeastSquares:
    """Coefficients (k,), inverse of the regressors' cross product (k, k), and residuals (n,)."""

    beta: Floats
    bread: Floats
    errors: Floats

    @property
    def covariance(self) -> Floats:
        """Of the coefficients under homoskedastic errors, shape (k, k)."""
        return np.asarray(self.bread * (self.errors @ self.errors) / (len(self.errors) - len(self.beta)))


def least_squares(y: Floats, X: Floats) -> LeastSquares:
    """Regress y (n,) on X (n, k); the regressors are not collinear."""
    bread = np.asarray(np.linalg.inv(X.T @ X), dtype=float)
    beta = bread @ X.T @ y
    return LeastSquares(beta, bread, y - X @ beta)


def with_constant(*columns: npt.ArrayLike) -> Floats:
    """Columns, or tables of them, after a column of ones: shape (n, 1 + k)."""
    parts = [np.asarray(column, dtype=float) for column in columns]
    return np.column_stack([np.ones(len(parts[0])), *parts])


def residuals(y: Floats, X: Floats) -> Floats:
    """What is left of y, (n,) or (n, m), after its regression on X, of whatever rank."""
    return np.asarray(y - X @ np.linalg.lstsq(X, y, rcond=None)[0])


def slope_on(y: Floats, x: Floats) -> Floats:
    """Slope of y, (n,) or (n, m), on a constant and x (n,)."""
    centred = x - x.mean()
    return np.asarray(centred @ y / (centred @ centred))


def normal_p(t: float) -> float:
    """Two-sided normal p-value."""
    return float(2 * ndtr(-abs(t)))


def bootstrap_p(hits: npt.NDArray[np.bool_]) -> Floats:
    """Share of replications (rows) that reach the statistic, the sample itself counted as one."""
    return np.asarray((1 + hits.sum(axis=0)) / (1 + len(hits)))
