"""What several tests share: least squares, p-values, and the check of a sample."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from capstar.errors import DataError, SpecificationError

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


def checked_sample(
    columns: Mapping[Hashable, npt.ArrayLike] | pd.DataFrame,
    *,
    what: str,
    fewest: int = 1,
    horizon: int = 1,
    block: int | None = None,
) -> list[Floats]:
    """Columns as arrays, once they are known to be complete, of one length, and long enough for the options.

    Parameters
    ----------
    columns
        By name, shape (n,) each; those with an index share it.
    what
        The rows, for the message: ``"forecasts"``.
    fewest
        Rows needed.
    horizon
        Periods, from 1 to below n.
    block
        Length of bootstrap blocks, from 1 to n, if there is a bootstrap.

    Raises
    ------
    DataError
        Lengths or dates differ, a value is missing or infinite, or there are too few rows.
    SpecificationError
        The horizon or the block is not valid for that many rows.
    """
    given = dict(columns.items())
    arrays = [np.asarray(one, dtype=float) for one in given.values()]
    n = len(arrays[0]) if arrays and arrays[0].ndim == 1 else 0
    dates = [one.index for one in given.values() if isinstance(one, pd.Series)]
    if any(one.shape != (n,) for one in arrays) or any(not one.equals(dates[0]) for one in dates):
        shapes = ", ".join(f"{name} {one.shape}" for name, one in zip(given, arrays, strict=True))
        raise DataError(f"{shapes}: expected one dimension, one length and the same dates. Align them first.")
    if n < fewest:
        raise DataError(f"{n} {what} are too few to compare; at least {fewest} are needed. Start earlier.")
    for name, one in zip(given, arrays, strict=True):
        if not np.isfinite(one).all():
            at = int(np.argmax(~np.isfinite(one)))
            where = f"is missing in {dates[0][at]}" if dates else f"{at + 1} of {n} is missing"
            raise DataError(f"{name} {where}. Compare over dates with all {what}.")
    require_options(n, what=what, horizon=horizon, block=block)
    return arrays


def require_options(n: int, *, what: str, horizon: int = 1, block: int | None = None) -> None:
    """Raise `SpecificationError` unless 1 <= horizon < n and 1 <= block <= n."""
    if not 1 <= horizon < n:
        raise SpecificationError(f"horizon={horizon}; choose from 1 to below the {n} {what} there are.")
    if block is not None and not 1 <= block <= n:
        raise SpecificationError(f"block={block}; choose from 1 to the {n} {what} there are.")


def require_error(se: float) -> None:
    """Raise `DataError` where a slope has no standard error: nothing is left to explain."""
    if se == 0:
        raise DataError(
            "The slope has a standard error of zero: the returns do not vary, or follow from the predictor exactly. "
            "Give others."
        )
