"""Unpredictable returns, beside a persistent predictor: what bootstrap samples are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy
from scipy.linalg import companion, hankel

from capstar.errors import DataError
from capstar.leads.checks import require_count, require_known, require_same_dates, require_variation_of
from capstar.leads.numerics import residuals, with_constant

Floats = npt.NDArray[np.float64]
Scheme = Literal["pairs", "block", "wild"]
_LARGEST_ORDER, _FEWEST, _PILOT = 8, 40, 400


@dataclass(frozen=True)
class NullModel:
    r"""Estimated model of no predictability.

    :math:`y_t = \mu + e_t`, :math:`x_t - \bar x = \sum_{i=1}^p \phi_i (x_{t-i} - \bar x) + v_t`, errors
    correlated with one another.

    Attributes
    ----------
    coefficients
        The :math:`\phi_i`, shape (p,), corrected for bias; no root above one.
    e, v
        Errors with mean zero, shape (T - p,), aligned.
    deviations
        Predictor less its mean, shape (T,): starting values are drawn from it.
    mean
        Mean return.
    """

    coefficients: Floats
    e: Floats
    v: Floats
    deviations: Floats
    mean: float

    @property
    def correlation(self) -> float:
        """Correlation of the errors."""
        return float(np.corrcoef(self.e, self.v)[0, 1])

    @property
    def persistence(self) -> float:
        """Largest root of the autoregression, in modulus."""
        return _largest_root(self.coefficients)

    def draw(
        self, rng: np.random.Generator, replications: int, *, scheme: Scheme, block: int
    ) -> tuple[Floats, Floats]:
        """Samples of returns and of the predictor's deviations from its mean.

        Parameters
        ----------
        rng
            Source of randomness.
        replications
            R.
        scheme
            ``"pairs"``: pairs of errors, independent draws.  ``"block"``: circular blocks of pairs, which keep what
            serial dependence there is, that of returns on earlier errors of the predictor included.  ``"wild"``: every
            pair where it stands, times one random sign for both, which keeps changes of variance.
        block
            Length of the blocks.

        Returns
        -------
        y, x
            Shape (R, T) each.
        """
        periods, p = len(self.deviations), len(self.coefficients)
        rows, sign = self._resampled(rng, (replications, periods), scheme, block)
        first = rng.integers(periods - p + 1, size=replications)
        past = self.deviations[first[:, None] + np.arange(p)[::-1]]
        state = past @ hankel(self.coefficients)
        x, _ = scipy.signal.lfilter(
            [1.0], np.r_[1.0, -self.coefficients], self.v[rows] * sign, axis=1, zi=state
        )
        return self.mean + self.e[rows] * sign, x

    def draw_later(
        self, rng: np.random.Generator, replications: int, returns: Floats, *, scheme: Scheme
    ) -> Floats:
        """Returns after the predictor has ended, shape (R, k): their own errors, signed, or any of the others."""
        shape = replications, len(returns)
        if scheme == "wild":
            errors: Floats = (returns - self.mean) * rng.choice([-1.0, 1.0], size=shape)
        else:
            errors = self.e[rng.integers(len(self.e), size=shape)]
        return self.mean + errors

    def _resampled(
        self, rng: np.random.Generator, shape: tuple[int, int], scheme: Scheme, block: int
    ) -> tuple[npt.NDArray[np.int64], Floats]:
        """Which pair of errors goes where, and its sign."""
        replications, periods = shape
        n = len(self.e)
        if scheme == "wild":
            stay = np.maximum(np.arange(periods) - (periods - n), 0)
            return np.broadcast_to(stay, shape), rng.choice([-1.0, 1.0], size=shape)
        if scheme == "pairs":
            return rng.integers(n, size=shape), np.ones((1, 1))
        starts = rng.integers(n, size=(replications, -(-periods // block)))
        rows = (starts[:, :, None] + np.arange(block)) % n
        return rows.reshape(replications, -1)[:, :periods], np.ones((1, 1))


def fit_null(
    returns: pd.Series, predictor: pd.Series, *, lags: int | None = None, seed: int = 0
) -> NullModel:
    r"""Fit the model of no predictability.

    The autoregression is estimated with the null imposed: :math:`x_t` on its lags and on
    :math:`y_t - \mu`, which is maximum likelihood when the return's error is known.  Beside least squares this
    removes most of the bias, and with it most of the dependence of a test on a root near one.  What bias is
    left is estimated in drawn samples and subtracted (Kilian 1998).

    Parameters
    ----------
    returns
        ``returns[t]`` is earned in period t.
    predictor
        Known at the end of each period, same index.
    lags
        p; by default chosen by the Schwarz criterion, up to 8.
    seed
        Of the samples that estimate the bias.

    Raises
    ------
    DataError
        Indices differ, a value is missing, the predictor does not vary, or there are fewer than 40 periods.
    SpecificationError
        ``lags`` is not between 1 and a quarter of the periods.

    References
    ----------
    Stambaugh (1999), *Journal of Financial Economics* 54, equations 1 and 2; Kilian (1998), *Review of
    Economics and Statistics* 80(2).
    """
    y, x = _checked(returns, predictor)
    if lags is not None:
        require_count("lags", lags, 1, len(x) // 4, f"{len(x)} periods")
    mean, deviations = float(y.mean()), x - x.mean()
    p = _order(deviations) if lags is None else lags
    found = _autoregression((y - mean)[None], deviations[None], p)[0]
    model = _with_errors(_pulled_back(found), y - mean, deviations, mean)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    drawn_y, drawn_x = model.draw(rng, _PILOT, scheme="pairs", block=1)
    drawn_y -= drawn_y.mean(axis=1, keepdims=True)
    drawn_x -= drawn_x.mean(axis=1, keepdims=True)
    bias = _autoregression(drawn_y, drawn_x, p).mean(axis=0) - model.coefficients
    return _with_errors(_pulled_back(found - bias), y - mean, deviations, mean)


def _with_errors(coefficients: Floats, e: Floats, deviations: Floats, mean: float) -> NullModel:
    p = len(coefficients)
    v = scipy.signal.lfilter(np.r_[1.0, -coefficients], [1.0], deviations)[p:]
    kept = e[p:]
    return NullModel(coefficients, kept - kept.mean(), v - v.mean(), deviations, mean)


def _autoregression(e: Floats, x: Floats, p: int) -> Floats:
    """Coefficients on p lags beside the return's error, shape (R, p); e and x are demeaned, shape (R, T)."""
    periods = x.shape[1]
    design = np.stack([x[:, p - i : periods - i] for i in range(1, p + 1)] + [e[:, p:]], axis=2)
    design = design - design.mean(axis=1, keepdims=True)
    transposed = design.transpose(0, 2, 1)
    return np.asarray(np.linalg.solve(transposed @ design, transposed @ x[:, p:, None])[:, :p, 0])


def _order(x: Floats) -> int:
    """Lags by the Schwarz criterion, over the periods the largest order leaves."""
    most = min(_LARGEST_ORDER, len(x) // 10)
    target, n = x[most:], len(x) - most
    lagged = np.column_stack([x[most - i : len(x) - i] for i in range(1, most + 1)])
    criteria = []
    for p in range(1, most + 1):
        errors = residuals(target, with_constant(lagged[:, :p]))
        criteria.append(n * np.log(errors @ errors) + p * np.log(n))
    return int(np.argmin(criteria)) + 1


def _largest_root(coefficients: Floats) -> float:
    return float(np.abs(np.linalg.eigvals(companion(np.r_[1.0, -coefficients]))).max())


def _pulled_back(coefficients: Floats) -> Floats:
    """The same autoregression with all roots scaled so that none exceeds one."""
    scale = min(1.0, 1.0 / max(_largest_root(coefficients), np.finfo(float).tiny))
    return coefficients * scale ** np.arange(1, len(coefficients) + 1)


def _checked(returns: pd.Series, predictor: pd.Series) -> tuple[Floats, Floats]:
    require_same_dates(returns, predictor)
    require_known(pd.concat([returns, predictor], axis=1))
    if len(returns) < _FEWEST:
        raise DataError(
            f"{returns.name} and {predictor.name} share {len(returns)} periods; at least {_FEWEST} are needed."
        )
    x = predictor.to_numpy(dtype=float)
    require_variation_of(x, predictor.name)
    require_variation_of(returns.to_numpy(dtype=float), returns.name)
    return returns.to_numpy(dtype=float), x
