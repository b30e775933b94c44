"""Standard errors under serial correlation: cosines with t critical values, and overlapping sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import scipy

from capstar.arguments import checked
from capstar.errors import SpecificationError
from capstar.leads.alignment import AlignedSample
from capstar.leads.checks import require_count, require_horizon, require_pairs
from capstar.leads.inference.protocol import TestResult
from capstar.leads.inference.registry import register
from capstar.leads.numerics import LeastSquares, least_squares, with_constant
from capstar.leads.records import Estimates, Slope

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CosineTest(Slope):
    """Equal-weighted cosine test of a slope.

    Attributes
    ----------
    slope, se, t
        Least squares and its standard error.
    p
        Two-sided, from Student's t with ``cosines`` degrees of freedom: the fixed-b limit.
    cosines
        Number of cosine transforms.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.pairs()
    >>> found = cs.leads.equal_weighted_cosine(y, x)
    >>> print(found.cosines, [round(end, 2) for end in found.interval])
    11 [-0.9, 0.72]
    >>> print(found.df_t)
    11
    """

    slope: float
    se: float
    t: float
    p: float
    cosines: int

    @property
    def df_t(self) -> float:
        """Degrees of freedom."""
        return self.cosines

    @property
    def interval(self) -> tuple[float, float]:
        """95 percent interval of the slope."""
        low, high = self.conf_int().iloc[0]
        return float(low), float(high)

    @property
    def title(self) -> str:
        """Number of cosines and p."""
        return (
            f"Equal-weighted cosine test of a slope, {self.cosines} cosines: t {self.t:.3f}, p {self.p:.4f}"
        )

    def _estimates(self) -> Estimates:
        return {"slope": (self.slope, *self.interval)}


@checked
def equal_weighted_cosine(
    y: npt.ArrayLike, x: npt.ArrayLike, *, cosines: int | None = None, null_imposed: bool = False
) -> CosineTest:
    r"""Test of a slope with the equal-weighted cosine long-run variance and fixed-b critical values.

    :math:`\hat\Omega = B^{-1} \sum_{j=1}^{B} \Lambda_j \Lambda_j'`,
    :math:`\Lambda_j = \sqrt{2/T} \sum_t z_t \cos(\pi j (t - 1/2) / T)`.

    Parameters
    ----------
    y, x
        Shape (T,), aligned; a constant is added.
    cosines
        B; by default :math:`\lfloor 0.4\, T^{2/3} \rfloor`.
    null_imposed
        Scores of the regression without ``x``, whose size is nearer the nominal one: with 250 periods, a root of 0.95
        and delta 0 the test rejects 4 to 5 percent at nominal 5, the plain one 7 to 8.

    Raises
    ------
    DataError
        Unequal lengths, a value missing, a regressor that does not vary, or fewer than 10 observations.
    SpecificationError
        The number of cosines is not valid.

    Notes
    -----
    Either way only where the regressor's innovations and the errors are nearly uncorrelated (\|delta\| small): at a
    correlation of -0.95 and a root near one it rejects 10 to 30 percent.  For a persistent predictor that moves with
    returns it is invalid; use `capstar.leads.ivx_bootstrap`.

    References
    ----------
    Lazarus, Lewis, Stock and Watson (2018), "HAR inference: recommendations for practice", *Journal of
    Business and Economic Statistics* 36(4), equations 4 and 10.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.pairs()
    >>> found = cs.leads.equal_weighted_cosine(y, x, null_imposed=True)
    >>> print(round(found.slope, 2), round(found.t, 2), round(found.p, 2))
    -0.09 -0.24 0.81
    """
    fit, scores = _scores(y, x, null_imposed=null_imposed)
    n = len(scores)
    if cosines is not None:
        require_count("cosines", cosines, 1, n - 1, f"{n} observations")
    b = int(0.4 * n ** (2 / 3)) if cosines is None else cosines
    transforms = scipy.fft.dct(scores, type=2, norm="ortho", axis=0)[1 : b + 1]
    omega = transforms.T @ transforms / b
    se = float(np.sqrt(n * (fit.bread @ omega @ fit.bread)[1, 1]))
    statistic = float(fit.beta[1] / se)
    return CosineTest(float(fit.beta[1]), se, statistic, float(2 * scipy.stats.t.sf(abs(statistic), b)), b)


@checked
def hansen_hodrick(y: npt.ArrayLike, x: npt.ArrayLike, *, horizon: int) -> float:
    """Standard error of Hansen and Hodrick (1980): ``horizon - 1`` autocovariances, equal weights.

    NaN where the estimate of the variance is negative, which nothing rules out.

    Parameters
    ----------
    y, x
        Shape (n,), aligned; ``y`` sums ``horizon`` periods.
    horizon
        Periods.

    Raises
    ------
    DataError
        As `equal_weighted_cosine`.
    SpecificationError
        The horizon is not between 1 and the number of observations less 1.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = cs.leads.AlignedSample.of(returns["excess"], gap, 4).pairs(4)
    >>> print(round(cs.leads.hansen_hodrick(y, x, horizon=4), 2))
    1.4
    """
    fit, scores = _scores(y, x)
    require_horizon(horizon, len(scores), fewest=2)
    omega = scores.T @ scores
    for lag in range(1, horizon):
        gamma = scores[lag:].T @ scores[:-lag]
        omega += gamma + gamma.T
    variance = float((fit.bread @ omega @ fit.bread)[1, 1])
    return float(np.sqrt(variance)) if variance > 0 else float("nan")


@checked
def fixed_b_critical(b: float, *, level: float = 0.05) -> float:
    """Two-sided critical value of a t statistic with Bartlett weights over a share ``b`` of the sample.

    Parameters
    ----------
    b
        Number of autocovariances plus one, over the number of observations.
    level
        0.05 or 0.10.

    Raises
    ------
    SpecificationError
        The share is not between 0 and 1, or there is no polynomial for the level.

    References
    ----------
    Kiefer and Vogelsang (2005), "A new asymptotic theory for heteroskedasticity-autocorrelation robust
    tests", *Econometric Theory* 21, table 1.

    Examples
    --------
    >>> import capstar as cs
    >>> print(round(cs.leads.fixed_b_critical(0.0), 2), round(cs.leads.fixed_b_critical(0.1), 2))
    1.96 2.26
    """
    polynomials = {0.05: (1.9600, 2.9694, 0.4160, -0.5324), 0.10: (1.6449, 2.1859, 0.3142, -0.3427)}
    if level not in polynomials or not 0 <= b <= 1:
        raise SpecificationError(
            f"b={b}, level={level}: choose b between 0 and 1 and a level of 0.05 or 0.1."
        )
    return float(sum(c * b**k for k, c in enumerate(polynomials[level])))


def _scores(y: npt.ArrayLike, x: npt.ArrayLike, *, null_imposed: bool = False) -> tuple[LeastSquares, Floats]:
    """Least squares with a constant, and regressors times errors, or times those of the constant alone."""
    y, x = require_pairs(y, x)
    design = with_constant(x)
    fit = least_squares(y, design)
    return fit, design * (y - y.mean() if null_imposed else fit.errors)[:, None]


class EqualWeightedCosine:
    """`equal_weighted_cosine` of the return over the horizon, with the null imposed."""

    key: ClassVar[str] = "cosine"
    statistic: ClassVar[str] = "t"
    label: ClassVar[str] = "EWC"
    name: ClassVar[str] = "equal-weighted cosine test, fixed-b, null imposed"
    citation: ClassVar[str] = "Lazarus, Lewis, Stock and Watson (2018)"
    assumes: ClassVar[str] = "a stationary predictor whose shocks are hardly correlated with returns"
    shown: ClassVar[tuple[str, ...]] = ("p",)
    adjusted: ClassVar[bool] = False

    def run(self, sample: AlignedSample, horizon: int) -> TestResult:
        """Test the least-squares slope."""
        found = equal_weighted_cosine(*sample.pairs(horizon), null_imposed=True)
        note = f"Student's t with {found.cosines} degrees of freedom"
        return TestResult(found.t, found.p, found.interval, note)


register(EqualWeightedCosine())
