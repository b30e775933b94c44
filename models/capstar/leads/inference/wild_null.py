"""Unpredictable returns whose variance moves as the sample's: what wild bootstraps of IVX draw from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy

from capstar.errors import SpecificationError
from capstar.leads.checks import require_count
from capstar.leads.inference.instrument import least_squares_errors
from capstar.leads.numerics import residuals, with_constant

Floats = npt.NDArray[np.float64]
Scheme = Literal["residual", "fixed"]
Multipliers = Literal["rademacher", "normal"]
_LARGEST_ORDER = 5
_LARGEST_ROOT = 1 - 1e-6


@dataclass(frozen=True, slots=True)
class WildNull:
    """Residuals of the predictive regression, and the predictors' own dynamics.

    Attributes
    ----------
    errors
        Of the return on a constant and the predictors, unrestricted, shape (n,).
    x
        Predictors, shape (T, k); T = n + 1.
    coefficients
        Of the predictors' autoregression by lag, shape (q, k, k): row i is the equation of predictor i.  None:
        predictors are kept as they are.
    shocks
        Its errors, shape (n, k); zero where there is no lag.
    shrunk_from
        The largest root, in modulus, where it was one or more and was brought to 1 - 1e-6; NaN elsewhere.
    """

    errors: Floats
    x: Floats
    coefficients: Floats | None
    shocks: Floats
    shrunk_from: float = float("nan")

    @property
    def order(self) -> int:
        """Lags of the autoregression; 0 where predictors are kept."""
        return 0 if self.coefficients is None else len(self.coefficients)

    def draw(self, multipliers: Floats) -> tuple[Floats, Floats]:
        """Samples of returns (R, T, 1) and predictors (R or 1, T, k) from multipliers (R, n).

        The same multiplier is of the return's and of every predictor's residual of a period (Demetrescu, Georgiev,
        Rodrigues and Taylor 2023, algorithms 1 and 2, remark 19).
        """
        y = np.zeros((len(multipliers), len(self.x), 1))
        y[:, 1:, 0] = multipliers * self.errors
        if self.coefficients is None:
            return y, self.x[None]
        shocks = np.zeros((len(multipliers), *self.x.shape))
        shocks[:, 1:] = multipliers[:, :, None] * self.shocks
        if shocks.shape[2] == 1:
            return y, scipy.signal.lfilter([1.0], np.r_[1.0, -self.coefficients[:, 0, 0]], shocks, axis=1)
        x = np.ascontiguousarray(shocks.transpose(1, 0, 2))
        for t in range(2, len(x)):
            for lag, matrix in enumerate(self.coefficients[: t - 1], start=1):
                x[t] += x[t - lag] @ matrix.T
        return y, x.transpose(1, 0, 2)


def fit_wild_null(y: Floats, x: Floats, *, scheme: Scheme, lags: int | None = None) -> WildNull:
    """Residuals and, for the residual bootstrap, the predictors' vector autoregression with a constant.

    Parameters
    ----------
    y, x
        Shape (T,) and (T, k); the first return is not used.
    scheme
        ``"residual"`` simulates the predictors, ``"fixed"`` keeps them.
    lags
        Order; by default that with the smallest Schwarz criterion of 1 to 5 on the rows all have.

    Raises
    ------
    SpecificationError
        Another scheme, or too many lags.
    """
    if scheme not in ("residual", "fixed"):
        raise SpecificationError(f"scheme={scheme!r}; choose 'residual' or 'fixed'.")
    errors = least_squares_errors(y[None, 1:, None], x[None, :-1])[0, :, 0]
    null = WildNull(errors, x, None, np.zeros((len(errors), x.shape[1])))
    if scheme == "fixed":
        return null
    if lags is not None:
        require_count("lags", lags, 1, (len(x) - 10) // (x.shape[1] + 1), f"{len(x)} periods")
    coefficients, left = autoregression(x, schwarz_order(x) if lags is None else lags)
    shocks = np.concatenate([null.shocks[: len(errors) - len(left)], left])
    return _stable(replace(null, coefficients=coefficients, shocks=shocks))


def schwarz_order(x: Floats) -> int:
    """Lags of 1 to 5 with the smallest Schwarz criterion, on the rows that five lags leave."""
    rows, k = len(x) - _LARGEST_ORDER, x.shape[1]
    criteria = []
    for q in range(1, _LARGEST_ORDER + 1):
        left = autoregression(x[_LARGEST_ORDER - q :], q)[1]
        log_det = np.linalg.slogdet(left.T @ left / rows)[1]
        criteria.append(log_det + (1 + q * k) * k * np.log(rows) / rows)
    return int(np.argmin(criteria)) + 1


def lagged(x: Floats, q: int) -> Floats:
    """First to q-th lags side by side, (T, k) to (T - q, q k)."""
    out: Floats = np.column_stack([x[q - i : len(x) - i] for i in range(1, q + 1)])
    return out


def autoregression(x: Floats, q: int) -> tuple[Floats, Floats]:
    """Coefficients (q, k, k) and residuals (T - q, k) of a vector autoregression with a constant."""
    design, k = with_constant(lagged(x, q)), x.shape[1]
    solved = np.asarray(np.linalg.lstsq(design, x[q:], rcond=None)[0], dtype=float)
    return solved[1:].reshape(q, k, k).transpose(0, 2, 1), residuals(x[q:], design)


def draw_multipliers(rng: np.random.Generator, shape: tuple[int, int], kind: Multipliers) -> Floats:
    """Independent numbers of mean 0 and variance 1; raise `SpecificationError` at another kind."""
    if kind == "rademacher":
        return np.asarray(2.0 * rng.integers(0, 2, shape) - 1.0, dtype=float)
    if kind == "normal":
        return rng.standard_normal(shape)
    raise SpecificationError(f"multipliers={kind!r}; choose 'rademacher' or 'normal'.")


def _stable(null: WildNull) -> WildNull:
    """The same with every root of the autoregression scaled where one is explosive."""
    coefficients = null.coefficients
    assert coefficients is not None
    q, k = coefficients.shape[:2]
    companion = np.eye(q * k, k=-k)
    companion[:k] = np.concatenate(list(coefficients), axis=1)
    root = float(np.abs(np.linalg.eigvals(companion)).max())
    if root < 1:
        return null
    scale = (_LARGEST_ROOT / root) ** np.arange(1, q + 1)
    return replace(null, coefficients=coefficients * scale[:, None, None], shrunk_from=root)
