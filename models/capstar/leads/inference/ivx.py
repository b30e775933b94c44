"""IVX: inference that holds whether predictors are stationary, nearly integrated or integrated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy
from scipy.special import ndtr

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.leads.alignment import AlignedSample
from capstar.leads.checks import (
    require_count,
    require_known,
    require_same_dates,
    require_variation,
    require_variation_of,
)
from capstar.leads.inference.instrument import innovations, instrumented
from capstar.leads.inference.protocol import TestResult
from capstar.leads.inference.registry import register
from capstar.leads.numerics import least_squares, with_constant
from capstar.leads.records import SlopeTable

Floats = npt.NDArray[np.float64]
Covariance = Literal["conventional", "white"]


@dataclass(frozen=True)
class IVX(SlopeTable):
    """IVX estimates and Wald tests.

    Attributes
    ----------
    table : pandas.DataFrame
        By predictor: ``slope``, ``se``, ``t``, ``wald`` and ``p`` (chi-squared 1) of its own test, ``p_less`` and
        ``p_greater`` (normal) against negative and positive slopes, and from least squares ``ols_slope`` and
        ``ols_t``.
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
    covariance
        ``"conventional"`` or ``"white"``.
    corrected
        Whether the finite-sample correction was kept: it is dropped where it would leave no positive variance.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.in_period()
    >>> found = cs.leads.ivx(y, x, horizon=4)
    >>> print(round(found.wald, 2), round(found.p, 2), found.nobs, round(found.rho.iloc[0], 2))
    0.56 0.45 159 0.89
    """

    table: pd.DataFrame
    wald: float
    p: float
    delta: pd.Series
    rho: pd.Series
    horizon: int
    nobs: int
    covariance: Covariance
    corrected: bool

    @property
    def title(self) -> str:
        """Horizon, observations and the joint test."""
        return f"IVX over {self.horizon} period(s), {self.nobs} observations: Wald {self.wald:.3f}, p {self.p:.4f}"

    def to_frame(self) -> pd.DataFrame:
        """The table, with ``delta`` and ``rho``."""
        return self.table.assign(delta=self.delta, rho=self.rho)


@checked
def ivx(
    returns: pd.Series,
    predictors: pd.Series | pd.DataFrame,
    *,
    horizon: int = 1,
    covariance: Covariance = "conventional",
) -> IVX:
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
        K: the K-period return on the sum of K predictors (equations 20 to 23), so that slopes are per period.
    covariance
        ``"white"``: robust to conditional and unconditional heteroskedasticity, one period only; the conventional
        one asks for strong persistence and a constant unconditional variance.

    Raises
    ------
    DataError
        Indices differ, a value is missing, predictors are collinear or do not vary, or there are too few
        periods.
    SpecificationError
        The horizon or the covariance is not valid.

    Notes
    -----
    Where variances move, `capstar.leads.ivx_bootstrap` has p-values that hold.

    References
    ----------
    Kostakis, Magdalinos and Stamatogiannis (2015), "Robust econometric inference for stock return
    predictability", *Review of Financial Studies* 28(5); Phillips and Magdalinos (2009); Demetrescu, Georgiev,
    Rodrigues and Taylor (2023), *Journal of Econometrics* 237, 105271, equations 12 to 14.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.in_period()
    >>> cs.leads.ivx(y, x).table[["slope", "se", "t", "p", "ols_slope"]].round(2)
               slope   se     t     p  ols_slope
    rstar_gap  -0.05  0.4 -0.14  0.89      -0.09
    """
    y, x, names = aligned_arrays(returns, predictors, horizon)
    white = is_white(covariance, horizon)
    target, lagged = y[1:], x[:-1]
    ols = least_squares(target, with_constant(lagged))
    rho, u = innovations(x[None])
    found = instrumented(y[None, :, None], x[None], horizon=horizon, white=white)
    t, wald = found.t[0], float(found.wald[0])
    table = pd.DataFrame(
        {
            "slope": found.slope[0],
            "se": found.se[0],
            "t": t,
            "wald": t**2,
            "p": scipy.stats.chi2.sf(t**2, 1),
            "p_less": ndtr(t),
            "p_greater": ndtr(-t),
            "ols_slope": ols.beta[1:],
            "ols_t": ols.beta[1:] / np.sqrt(np.diag(ols.covariance))[1:],
        },
        names,
    )
    delta = pd.Series([np.corrcoef(ols.errors, u[0, :, j])[0, 1] for j in range(len(names))], names)
    p = float(scipy.stats.chi2.sf(wald, len(names)))
    corrected = not found.dropped[0]
    return IVX(table, wald, p, delta, pd.Series(rho[0], names), horizon, len(target), covariance, corrected)


def is_white(covariance: str, horizon: int) -> bool:
    """Whether the covariance is White's; raise `SpecificationError` at another name or with a longer horizon."""
    if covariance not in ("conventional", "white"):
        raise SpecificationError(f"covariance={covariance!r}; choose 'conventional' or 'white'.")
    if covariance == "white" and horizon > 1:
        raise SpecificationError(
            f"covariance='white' is of one period, not {horizon}. Bootstrap the conventional form instead."
        )
    return covariance == "white"


def aligned_arrays(
    returns: pd.Series, predictors: pd.Series | pd.DataFrame, horizon: int = 1
) -> tuple[Floats, Floats, list[str]]:
    """Returns (T,), the first 0 as it is not used, predictors (T, k) and their names; refusals as in `ivx`."""
    table = predictors.to_frame() if isinstance(predictors, pd.Series) else predictors
    names = [str(name) for name in table.columns]
    require_same_dates(returns, table)
    joined = pd.concat([returns.where(np.arange(len(returns)) > 0, 0.0), table], axis=1)
    require_known(joined)
    n, k = table.shape
    require_count("horizon", horizon, 1, max(n - 1, 1), f"{n} periods")
    if n < 30 + k + 2 * horizon:
        raise DataError(
            f"{n} periods are too few for {k} predictors over {horizon} periods; give at least {30 + k + 2 * horizon}."
        )
    require_variation(table)
    require_variation_of(joined.iloc[1:, 0].to_numpy(dtype=float), returns.name)
    return joined.iloc[:, 0].to_numpy(dtype=float), table.to_numpy(dtype=float), names


class InstrumentedWald:
    """`ivx` of one predictor."""

    key: ClassVar[str] = "ivx"
    statistic: ClassVar[str] = "wald"
    label: ClassVar[str] = "IVX"
    name: ClassVar[str] = "Wald test with a self-generated instrument"
    citation: ClassVar[str] = "Kostakis, Magdalinos and Stamatogiannis (2015)"
    assumes: ClassVar[str] = "a predictor of whatever persistence; variances that do not move"
    shown: ClassVar[tuple[str, ...]] = ("wald", "p")
    adjusted: ClassVar[bool] = True

    def run(self, sample: AlignedSample, horizon: int) -> TestResult:
        """Test the slope on the predictor's sum over the horizon."""
        found = ivx(*sample.in_period(), horizon=horizon)
        slope = float(found.table["slope"].iloc[0])
        return TestResult(found.wald, found.p, None, "chi-squared, 1 degree of freedom", {"slope": slope})


register(InstrumentedWald())
