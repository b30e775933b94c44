"""IVX: inference that holds whether predictors are stationary, nearly integrated or integrated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.signal import lfilter
from scipy.stats import chi2

from capstar.errors import DataError
from capstar.leads.alignment import AlignedSample, require_known, require_same_dates, require_variation
from capstar.leads.inference.protocol import TestResult
from capstar.leads.numerics import least_squares, with_constant
from capstar.leads.records import Estimates, Record, around

Floats = npt.NDArray[np.float64]
_BETA, _C = 0.95, 1.0  # Kostakis, Magdalinos and Stamatogiannis (2015), section 2: rho_z = 1 - 1 / n^0.95


@dataclass(frozen=True)
class IVX(Record):
    """IVX estimates and Wald tests.

    Attributes
    ----------
    table : pandas.DataFrame
        By predictor: ``slope``, ``wald`` and ``p`` (chi-squared 1) of its own test, and from least squares
        ``ols_slope`` and ``ols_t``.
    wald, p
        Joint test that no predictor predicts; chi-squared with as many degrees of freedom as predictors.
    delta
        Correlation of the return's error with each predictor's innovation.
    rho
        First-order autoregressive coefficient of each predictor, fitted without a constant.
    horizon
        Periods summed on both sides.
    nobs
        Observations of the one-period regression.
    """

    table: pd.DataFrame
    wald: float
    p: float
    delta: pd.Series
    rho: pd.Series
    horizon: int
    nobs: int

    @property
    def title(self) -> str:
        """Horizon, observations and the joint test."""
        return f"IVX over {self.horizon} period(s), {self.nobs} observations: Wald {self.wald:.3f}, p {self.p:.4f}"

    def to_frame(self) -> pd.DataFrame:
        """The table, with ``delta`` and ``rho``."""
        return self.table.assign(delta=self.delta, rho=self.rho)

    def _estimates(self) -> Estimates:
        return {
            str(row.Index): around(row.slope, abs(row.slope) / row.wald**0.5)
            for row in self.table.itertuples()
        }


def ivx(returns: pd.Series, predictors: pd.Series | pd.DataFrame, *, horizon: int = 1) -> IVX:
    r"""IVX-Wald test of predictability, one or several predictors, short or long horizon.

    The instrument :math:`z_t = \rho_z z_{t-1} + \Delta x_t`, :math:`\rho_z = 1 - n^{-0.95}`, is less persistent
    than the predictor, however persistent that is; the Wald statistic is chi-squared throughout.

    Parameters
    ----------
    returns
        One-period returns, length T: ``returns[t]`` is earned *in* period t.  The first is not used and may be missing.
    predictors
        Known at the end of each period, same index: the return of period t is regressed on the value of t - 1.
    horizon
        K: the K-period return on the sum of K predictors (equations 20 to 23).

    Raises
    ------
    DataError
        Indices differ, a value is missing, predictors are collinear or do not vary, or there are too few
        periods.

    References
    ----------
    Kostakis, Magdalinos and Stamatogiannis (2015), "Robust econometric inference for stock return
    predictability", *Review of Financial Studies* 28(5); Phillips and Magdalinos (2009).
    """
    y, x, names = _aligned(returns, predictors, horizon)
    target, lagged = y[1:], x[:-1]
    ols = least_squares(target, with_constant(lagged))
    ols_t = ols.beta / np.sqrt(np.diag(ols.covariance))
    rho, u = _innovations(x)
    sigma, long_run = _covariances(ols.errors, u)
    slope, cov = _estimate(target, lagged, x, sigma, long_run, horizon)
    wald = float(slope @ np.linalg.solve(cov, slope))
    single = slope**2 / np.diag(cov)
    table = pd.DataFrame(
        {
            "slope": slope,
            "wald": single,
            "p": chi2.sf(single, 1),
            "ols_slope": ols.beta[1:],
            "ols_t": ols_t[1:],
        },
        names,
    )
    delta = pd.Series([np.corrcoef(ols.errors, u[:, j])[0, 1] for j in range(u.shape[1])], names)
    return IVX(
        table, wald, float(chi2.sf(wald, len(names))), delta, pd.Series(rho, names), horizon, len(target)
    )


def _innovations(x: Floats) -> tuple[Floats, Floats]:
    """Autoregressive coefficients without a constant, and errors, each predictor on its own lag."""
    before, after = x[:-1], x[1:]
    rho = (before * after).sum(axis=0) / (before**2).sum(axis=0)
    return rho, after - before * rho


def _covariances(errors: Floats, u: Floats) -> tuple[float, float]:
    """Variance of the errors, and the part of it the fully modified correction keeps."""
    n, m = len(errors), int(np.floor(len(errors) ** (1 / 3)))
    sigma = float(errors @ errors) / n
    cov_u, cross = u.T @ u / n, u.T @ errors / n
    weights = [1 - h / (m + 1) for h in range(1, m + 1)]
    omega_uu = cov_u.copy()
    omega_eu = cross.copy()
    for h, weight in enumerate(weights, start=1):
        gamma = u[h:].T @ u[:-h] / n
        omega_uu += weight * (gamma + gamma.T)
        omega_eu += weight * (u[h:].T @ errors[:-h]) / n
    return sigma, sigma - float(omega_eu @ np.linalg.solve(omega_uu, omega_eu))


def _estimate(
    y: Floats, lagged: Floats, x: Floats, sigma: float, long_run: float, horizon: int
) -> tuple[Floats, Floats]:
    """Slope and covariance of the horizon-K regression."""
    n = len(y)
    decay = 1 - _C / n**_BETA
    z = lfilter([1.0], [1.0, -decay], np.diff(x, axis=0, prepend=x[:1]), axis=0)[:-1]

    def summed(a: Floats) -> Floats:
        total = np.cumsum(a, axis=0)
        out: Floats = np.concatenate([total[horizon - 1 : horizon], total[horizon:] - total[:-horizon]])
        return out

    Y, X, Z = summed(y), summed(lagged), z[: n - horizon + 1]
    Yc, Xc = Y - Y.mean(), X - X.mean(axis=0)
    inverse = np.linalg.inv(Xc.T @ Z)
    slope = (Yc @ Z) @ inverse
    ZK = summed(z)
    mean = ZK.mean(axis=0)
    meat = ZK.T @ ZK * sigma - len(ZK) * np.outer(mean, mean) * long_run
    return slope, inverse.T @ meat @ inverse


def _aligned(
    returns: pd.Series, predictors: pd.Series | pd.DataFrame, horizon: int
) -> tuple[Floats, Floats, list[str]]:
    table = predictors.to_frame() if isinstance(predictors, pd.Series) else predictors
    names = [str(name) for name in table.columns]
    require_same_dates(returns, table)
    joined = pd.concat([returns.where(np.arange(len(returns)) > 0, 0.0), table], axis=1)
    require_known(joined)
    n, k = table.shape
    if horizon < 1 or n < 30 + k + 2 * horizon:
        raise DataError(
            f"{n} periods are too few for {k} predictors over {horizon} periods; give at least {30 + k + 2 * horizon}."
        )
    require_variation(table)
    return joined.iloc[:, 0].to_numpy(dtype=float), table.to_numpy(dtype=float), names


class InstrumentedWald:
    """`ivx` of one predictor."""

    key: ClassVar[str] = "ivx"
    statistic: ClassVar[str] = "wald"
    label: ClassVar[str] = "IVX"
    name: ClassVar[str] = "Wald test with a self-generated instrument"
    citation: ClassVar[str] = "Kostakis, Magdalinos and Stamatogiannis (2015)"
    assumes: ClassVar[str] = "a predictor that is stationary, nearly integrated or integrated"
    shown: ClassVar[tuple[str, ...]] = ("wald", "p")
    adjusted: ClassVar[bool] = True

    def run(self, sample: AlignedSample, horizon: int) -> TestResult:
        """Test the slope on the predictor's sum over the horizon."""
        found = ivx(*sample.in_period(), horizon=horizon)
        slope = float(found.table["slope"].iloc[0])
        return TestResult(found.wald, found.p, None, "chi-squared, 1 degree of freedom", {"slope": slope})
