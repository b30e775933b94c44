"""Persistent predictors: the bias of least squares and how to correct it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from capstar.arguments import checked
from capstar.leads.checks import require_pairs
from capstar.leads.numerics import least_squares, with_constant
from capstar.leads.records import Estimates, Slope, around


@dataclass(frozen=True)
class BiasCorrection(Slope):
    """Least squares of returns on a persistent predictor, corrected.

    Attributes
    ----------
    slope, t
        Least squares.
    rho
        First-order autoregressive coefficient of the predictor.
    delta
        Correlation of the errors of returns and predictor.
    stambaugh_bias
        Bias of the slope, ``-(1 + 3 rho) / n * cov(e, u) / var(u)`` (Stambaugh 1999, equation 18).
    rho_corrected
        ``rho + (1 + 3 rho) / n + 3 (1 + 3 rho) / n^2``.
    corrected, corrected_se
        Slope and standard error of Amihud and Hurvich (2004).
    phi
        Coefficient of the corrected error of the predictor.
    nobs
        n.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.in_period()
    >>> found = cs.leads.bias_correction(y, x)
    >>> print(round(found.rho, 2), round(found.rho_corrected, 2), round(found.delta, 2))
    0.89 0.91 -0.02
    """

    _columns = ("corrected", "corrected_se")
    slope: float
    t: float
    rho: float
    delta: float
    stambaugh_bias: float
    rho_corrected: float
    corrected: float
    corrected_se: float
    phi: float
    nobs: int

    @property
    def title(self) -> str:
        """Persistence and observations."""
        return (
            f"Slope on a predictor of root {self.rho:.3f}, {self.nobs} observations, corrected for its bias"
        )

    def _estimates(self) -> Estimates:
        return {
            "least squares": around(self.slope, self.slope / self.t),
            "corrected": around(self.corrected, self.corrected_se),
        }


@checked
def bias_correction(returns: npt.ArrayLike, predictor: npt.ArrayLike) -> BiasCorrection:
    """Correct the slope of a predictive regression for the predictor's persistence.

    Parameters
    ----------
    returns, predictor
        Shape (T,): the return of a period and the predictor at its end; the return of t is regressed on the
        predictor of t - 1, so that the first return is not used and may be missing.

    Raises
    ------
    DataError
        A value is missing, there are fewer than 20 periods, or the predictor does not vary.

    References
    ----------
    Stambaugh (1999), *Journal of Financial Economics* 54; Amihud and Hurvich (2004), *Journal of Financial
    and Quantitative Analysis* 39(4), equations 6 to 10.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.in_period()
    >>> found = cs.leads.bias_correction(y, x)
    >>> print(round(found.slope, 2), round(found.corrected, 2), round(found.corrected_se, 2))
    -0.09 -0.1 0.4
    """
    y, x = require_pairs(returns, predictor, fewest=20, unused=1)
    before, after, target = x[:-1], x[1:], y[1:]
    n = len(target)
    fit, own = (least_squares(one, with_constant(before)) for one in (target, after))
    errors, u, rho = fit.errors, own.errors, float(own.beta[1])
    corrected = rho + (1 + 3 * rho) / n + 3 * (1 + 3 * rho) / n**2
    intercept = after.mean() - corrected * before.mean()
    u_corrected = after - intercept - corrected * before
    wide = least_squares(target, with_constant(before, u_corrected))
    rho_var = float((u @ u) / (n - 2) / ((before - before.mean()) ** 2).sum())
    variance = wide.beta[2] ** 2 * rho_var * (1 + 3 / n + 9 / n**2) ** 2 + wide.covariance[1, 1]
    return BiasCorrection(
        slope=float(fit.beta[1]),
        t=float(fit.beta[1] / np.sqrt(fit.covariance[1, 1])),
        rho=rho,
        delta=float(np.corrcoef(errors, u)[0, 1]),
        stambaugh_bias=float(-(1 + 3 * rho) / n * (errors @ u) / (u @ u)),
        rho_corrected=corrected,
        corrected=float(wide.beta[1]),
        corrected_se=float(np.sqrt(variance)),
        phi=float(wide.beta[2]),
        nobs=n,
    )
