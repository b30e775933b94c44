"""Long-run variances by name, and the t statistic of a mean with the distribution that goes with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.fft import dct
from scipy.special import ndtr, stdtr

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.leads.inference.robust import fixed_b_critical
from capstar.leads.numerics import require_options
from capstar.leads.records import Record

Floats = npt.NDArray[np.float64]
Variance = Literal["bartlett", "rectangular", "wce", "wpe", "ewc", "quadratic spectral"]
_OVERLAP = ("bartlett", "rectangular")  # truncated at the horizon, corrected for its length


@dataclass(frozen=True)
class MeanTest(Record):
    """Test that a mean is zero, one series a row.

    Attributes
    ----------
    statistic
        t of the mean, shape (...); NaN where the series does not vary.
    p, p_upper
        Two-sided, and one-sided against a positive mean, same shape.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> forecasts = cs.leads.recursive_forecasts(returns["smb"], returns[["market"]], "1985-01")
    >>> losses = cs.leads.loss_table(forecasts)
    >>> cs.leads.mean_test(losses["mean"] - losses["market"], "ewc").to_frame().round(2)
       statistic     p  p_upper
    0       0.72  0.48     0.24
    """

    _unit = "t statistic"
    statistic: Floats
    p: Floats
    p_upper: Floats

    @property
    def title(self) -> str:
        """Number of series and the smallest p."""
        return f"Test that a mean is zero, {self.statistic.size} series: smallest p {np.min(self.p):.4f}"

    def to_frame(self) -> pd.DataFrame:
        """A row a series."""
        return pd.DataFrame({one: np.ravel(getattr(self, one)) for one in ("statistic", "p", "p_upper")})

    def _drawn(self) -> pd.DataFrame:
        return self.to_frame()[["statistic"]]


def smoothing(variance: Variance, n: int, horizon: int = 1) -> float:
    """Parameter of a long-run variance: lags plus one (M), ordinates (m), cosines (B) or bandwidth."""
    if variance not in get_args(Variance):
        raise SpecificationError(f"variance={variance!r}; choose one of {list(get_args(Variance))}.")
    sizes: dict[str, float] = {
        "bartlett": horizon,
        "rectangular": horizon,
        "wce": int(np.sqrt(n)),
        "wpe": int(n ** (1 / 3) + 1e-9),
        "ewc": int(0.4 * n ** (2 / 3)),
        "quadratic spectral": 1.3 * n**0.2,
    }
    return sizes[variance]


@checked
def long_run_variance(d: npt.ArrayLike, variance: Variance = "bartlett", *, horizon: int = 1) -> Floats:
    r"""Long-run variance of stationary series, one a row.

    With :math:`\gamma_j = n^{-1} \sum_{t > j} (d_t - \bar d)(d_{t-j} - \bar d)`:

    ======================  ======================================================================================
    ``bartlett``            :math:`\gamma_0 + 2 \sum_{j<h} (1 - j/h) \gamma_j`, h the horizon
    ``rectangular``         :math:`\gamma_0 + 2 \sum_{j<h} \gamma_j`; may be negative
    ``wce``                 Bartlett weights over :math:`M = \lfloor \sqrt n \rfloor`
    ``wpe``                 mean of the first :math:`m = \lfloor n^{1/3} \rfloor` ordinates of the periodogram, times
                            :math:`2\pi` (Daniell)
    ``ewc``                 mean square of the first :math:`B = \lfloor 0.4\, n^{2/3} \rfloor` cosine transforms
    ``quadratic spectral``  all lags, bandwidth :math:`1.3\, n^{0.2}`
    ======================  ======================================================================================

    Parameters
    ----------
    d
        Shape (..., n).
    variance
        Name.
    horizon
        h; of the first two alone.

    Returns
    -------
    ndarray
        Shape (...).

    Raises
    ------
    DataError
        A value is missing.
    SpecificationError
        The name is unknown, or the horizon is not from 1 to below n.

    References
    ----------
    Coroneo and Iacone (2020), "Comparing predictive accuracy in small samples using fixed-smoothing asymptotics",
    *Journal of Applied Econometrics* 35(4), section 2; Lazarus, Lewis, Stock and Watson (2018), *Journal of Business
    and Economic Statistics* 36(4), equation 10; Quaedvlieg (2021), *Journal of Business and Economic Statistics*
    39(1), section 2.3, for the last.

    Examples
    --------
    >>> import capstar as cs
    >>> smb = cs.data.small_cap_returns()["smb"]
    >>> variances = [cs.leads.long_run_variance(smb, name) for name in ("bartlett", "wce", "ewc")]
    >>> print([round(float(one), 1) for one in variances])
    [8.1, 11.5, 10.7]
    """
    series = np.asarray(d, dtype=float)
    n = series.shape[-1]
    require_options(n, what="values", horizon=horizon)
    if not np.isfinite(series).all():
        raise DataError("A value is missing or infinite. Give complete series.")
    size = smoothing(variance, n, horizon)
    centred = series - series.mean(axis=-1, keepdims=True)
    out: Floats
    if variance in ("wpe", "ewc"):
        out = (np.abs(_transforms(centred, variance, int(size))) ** 2).mean(axis=-1)
    else:
        weights = _weights(variance, size, n)
        length = 2 ** int(np.ceil(np.log2(n + len(weights))))
        power = np.abs(np.fft.rfft(centred, length, axis=-1)) ** 2
        gammas = np.fft.irfft(power, length, axis=-1)[..., : len(weights)] / n
        out = gammas @ weights
    return out


def long_run_correlations(d: Floats, variance: Variance = "bartlett", *, horizon: int = 1) -> Floats:
    """Long-run correlations of series, one a row; not by ``rectangular`` weights.

    Parameters
    ----------
    d
        Shape (k, n).
    variance, horizon
        As of `long_run_variance`.

    Returns
    -------
    ndarray
        Shape (k, k).
    """
    n = d.shape[1]
    require_options(n, what="values", horizon=horizon)
    size = smoothing(variance, n, horizon)
    centred = d - d.mean(axis=1, keepdims=True)
    omega: Floats
    if variance in ("wpe", "ewc"):
        transforms = _transforms(centred, variance, int(size))
        omega = np.asarray((transforms @ transforms.conj().T).real, dtype=float)
    else:
        weights = _weights(variance, size, n)
        half = sum(w * centred[:, j:] @ centred[:, : n - j].T for j, w in enumerate(weights))
        omega = half + half.T
    scale = np.sqrt(np.diag(omega))
    out: Floats = omega / np.outer(scale, scale)
    return out


@checked
def mean_test(d: npt.ArrayLike, variance: Variance = "bartlett", *, horizon: int = 1) -> MeanTest:
    r"""T statistics of means of serially correlated series, one a row.

    With Bartlett or rectangular weights up to the horizon the statistic carries Harvey, Leybourne and Newbold's
    (1997, equation 9) factor :math:`\sqrt{(n + 1 - 2h + h(h-1)/n)/n}`, autocovariances divided by n; two-sided p-values
    are Student's with n - 1 degrees of freedom, one-sided ones normal.  Where rectangular weights give no positive
    variance ``wce`` takes their place.  The others have the distribution of fixed smoothing: ``wce`` Kiefer and
    Vogelsang's with b = M/n, ``wpe`` Student's with 2m and ``ewc`` with B degrees of freedom; ``quadratic spectral``
    the normal.

    Parameters
    ----------
    d
        Shape (..., n).
    variance, horizon
        As of `long_run_variance`.

    Raises
    ------
    DataError, SpecificationError
        As of `long_run_variance`.

    References
    ----------
    Diebold and Mariano (1995), *Journal of Business and Economic Statistics* 13(3); Harvey, Leybourne and Newbold
    (1997), *International Journal of Forecasting* 13(2), equation 9; Coroneo and Iacone (2020), *Journal of Applied
    Econometrics* 35(4), section 2.

    Examples
    --------
    >>> import capstar as cs
    >>> found = cs.leads.mean_test(cs.data.small_cap_returns()["small_minus_large"], "wce")
    >>> print(round(float(found.statistic), 2), round(float(found.p), 2))
    0.95 0.36
    """
    series = np.asarray(d, dtype=float)
    n, h = series.shape[-1], horizon
    mean, omega = series.mean(axis=-1), long_run_variance(series, variance, horizon=h)
    floor = 1e-24 * (series**2).mean(axis=-1)  # rounding of a series that does not vary
    factor = np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n) if variance in _OVERLAP else 1.0
    t = factor * np.sqrt(n) * mean / np.sqrt(np.where(omega > floor, omega, np.nan))
    p, upper = _p_values(t, variance, n, h)
    if variance == "rectangular" and (negative := (omega <= floor) & (np.ptp(series, axis=-1) > 0)).any():
        other = mean_test(series, "wce", horizon=h)
        t, p, upper = (
            np.where(negative, theirs, ours)
            for theirs, ours in ((other.statistic, t), (other.p, p), (other.p_upper, upper))
        )
    return MeanTest(t, p, upper)


def _transforms(centred: Floats, variance: Variance, size: int) -> npt.NDArray[np.inexact]:
    """First Fourier or cosine transforms, whose squares average to the long-run variance."""
    n = centred.shape[-1]
    if variance == "wpe":
        ordinates: npt.NDArray[np.inexact] = np.fft.rfft(centred, axis=-1)[..., 1 : size + 1] / np.sqrt(n)
        return ordinates
    cosines: Floats = dct(centred, axis=-1)[..., 1 : size + 1] / np.sqrt(2 * n)
    return cosines


def _weights(variance: Variance, size: float, n: int) -> Floats:
    """Of autocovariances 0, 1, ..., those of either sign taken together."""
    lags = np.arange(n if variance == "quadratic spectral" else min(int(size), n))
    if variance == "quadratic spectral":
        a = 6 * np.pi / 5 * np.maximum(lags, 1) / size
        kernel = 3 / a**2 * (np.sin(a) / a - np.cos(a))
    else:
        kernel = np.ones(len(lags)) if variance == "rectangular" else 1 - lags / size
    out: Floats = 2.0 * kernel
    out[0] = 1.0
    return out


def _p_values(t: Floats, variance: Variance, n: int, horizon: int) -> tuple[Floats, Floats]:
    """Two-sided and upper p-values."""
    size = smoothing(variance, n, horizon)
    if variance == "wce":
        z = _normal_equivalent(t, size / n)
        return 2 * ndtr(-np.abs(z)), ndtr(-z)
    if variance in ("wpe", "ewc"):
        degrees = 2 * size if variance == "wpe" else size
        return 2 * stdtr(degrees, -np.abs(t)), stdtr(degrees, -t)
    two_sided = 2 * stdtr(n - 1, -np.abs(t)) if variance in _OVERLAP else 2 * ndtr(-np.abs(t))
    return two_sided, ndtr(-t)


def _normal_equivalent(t: Floats, b: float) -> Floats:
    """Normal quantile of a fixed-b t statistic: t = z (a + c z^2), exact at the published 5 and 10 percent."""
    levels = {0.05: 1.9600, 0.10: 1.6449}
    (high, low) = (fixed_b_critical(b, level=level) / z for level, z in levels.items())
    squares = [z**2 for z in levels.values()]
    c = (high - low) / (squares[0] - squares[1])
    a = low - c * squares[1]
    # The one real root of z^3 + (a/c) z = t/c.
    third = np.sqrt(a / (3 * c))
    out: Floats = 2 * third * np.sinh(np.arcsinh(t / (2 * c * third**3)) / 3)
    return out
