"""The slope over a long horizon that the one-period slope and the predictor's persistence imply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.leads.checks import require_horizon
from capstar.leads.inference.ivx import aligned_arrays
from capstar.leads.inference.ivx_bootstrap import multiplied, tails
from capstar.leads.inference.wild_null import Multipliers
from capstar.leads.records import Estimates, SlopeTable, periods_of
from capstar.progress import Progress

Floats = npt.NDArray[np.float64]
Null = Literal["null", "recentred"]
_LARGEST_ROOT = 1 - 1e-6


@dataclass(frozen=True)
class ImpliedLongHorizon(SlopeTable):
    """Implied slopes and their tests.

    Attributes
    ----------
    table : pandas.DataFrame
        By horizon: implied ``slope`` of the h-period return; ``t`` (homoskedastic) with bootstrap ``p``, ``p_less``,
        ``p_greater``, ``5%`` and ``95%``; ``se_white`` and ``t_white``, the delta method with White's covariance.
    slope, rho
        Least squares over one period, and the predictor's autoregressive coefficient.
    rho_corrected
        The latter corrected for bias: what bootstrap samples are drawn with.
    shrunk_from
        The corrected coefficient where it was one or more and was brought to 1 - 1e-6; NaN elsewhere.
    null, n_replications, seed
        As asked.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.in_period()
    >>> found = cs.leads.implied_long_horizon(y, x, n_replications=199)
    >>> print(round(found.slope, 2), round(found.rho, 2), round(found.rho_corrected, 2))
    -0.09 0.89 0.91
    """

    _columns = ("slope", "se_white")
    table: pd.DataFrame
    slope: float
    rho: float
    rho_corrected: float
    shrunk_from: float
    null: Null
    n_replications: int
    seed: int

    @property
    def title(self) -> str:
        """Replications, null and root."""
        return (
            f"Bias-corrected wild bootstrap ({self.null}), {self.n_replications} replications, seed {self.seed}; root "
            f"{self.rho:.4f}"
        )

    def notes(self) -> tuple[str, ...]:
        """What it rests on."""
        shrunk = f", brought to 1 - 1e-6 from {self.shrunk_from:.6f}" if np.isfinite(self.shrunk_from) else ""
        words = (
            f"Root corrected {self.rho_corrected:.4f}{shrunk}. Every row is the one-period slope {self.slope:.4g} "
            "times a number: further horizons are no further evidence."
        )
        return (words,)

    def _estimates(self) -> Estimates:
        return {f"slope, {periods_of(h)}": ends for h, ends in super()._estimates().items()}


@checked
def implied_long_horizon(
    returns: pd.Series,
    predictor: pd.Series,
    horizons: Sequence[int] = (1,),
    *,
    null: Null = "null",
    multipliers: Multipliers = "normal",
    n_replications: int = 999,
    seed: int = 0,
    n_workers: int = 1,
    progress: Progress | bool = True,
) -> ImpliedLongHorizon:
    r"""Test of the slope over h periods that a first-order autoregression implies.

    :math:`\beta_h = \beta \sum_{j<h} \phi^j` from :math:`y_t = \alpha + \beta x_{t-1} + u_t` and
    :math:`x_t = \mu + \phi x_{t-1} + v_t`.  With one predictor rows of several horizons test one hypothesis, and
    differ only by how the root's sampling error is counted.

    Parameters
    ----------
    returns, predictor
        As in `capstar.leads.ivx`, one predictor.
    horizons
        Numbers of periods, h.
    null
        ``"null"``: bootstrap returns are not predictable.  ``"recentred"``: they keep the estimated slope, and the
        statistic is centred at the estimate.
    multipliers, n_replications, seed, n_workers, progress
        As in `capstar.leads.ivx_bootstrap`.

    Raises
    ------
    DataError, SpecificationError
        As there; several predictors, or a horizon that is not valid.

    References
    ----------
    Xu (2020), "Testing for return predictability with the moving predictors of long-run returns", *Review of Financial
    Studies* 33, 4403-4443, equations 8 to 10 and 13 to 15, algorithm 1 and remark 12.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.in_period()
    >>> found = cs.leads.implied_long_horizon(y, x, (1, 4), n_replications=199)
    >>> found.table[["slope", "t", "p"]].round(2)
             slope     t     p
    horizon
    1        -0.09 -0.23  0.85
    4        -0.31 -0.23  0.85
    """
    y, x, names = aligned_arrays(returns, predictor)
    if len(names) != 1:
        raise DataError(f"{names}: expected one predictor. Test several together with ivx.")
    if null not in ("null", "recentred"):
        raise SpecificationError(f"null={null!r}; choose 'null' or 'recentred'.")
    if not horizons:
        raise SpecificationError("horizons is empty; give numbers of periods.")
    for horizon in horizons:
        require_horizon(horizon, len(y))
    h, x = np.asarray(horizons), x[:, 0]
    fit = _fit(y[None], x[None])
    implied, t = fit.implied(h)
    corrected = fit.rho[0] + (1 + 3 * fit.rho[0]) / (len(y) - 1)
    rho = min(corrected, _LARGEST_ROOT)
    shift = fit.slope[0] if null == "recentred" else 0.0
    center = implied[0] if null == "recentred" else np.zeros(len(h))

    def statistics(drawn: Floats) -> Floats:
        inputs = np.empty((len(drawn), len(x)))
        inputs[:, 0], inputs[:, 1:] = x[0], fit.constant[0] + drawn * fit.v
        path = scipy.signal.lfilter([1.0], [1.0, -rho], inputs, axis=1)
        sample = np.zeros_like(inputs)
        sample[:, 1:] = shift * path[:, :-1] + drawn * fit.u
        return _fit(sample, path).implied(h, center)[1]

    draws = multiplied(
        statistics, len(y) - 1, multipliers, n_replications=n_replications, seed=seed, n_workers=n_workers,
        progress=progress,
    )  # fmt: skip
    se = fit.white(h)
    table = pd.DataFrame(
        {"slope": implied[0], "t": t[0], **tails(t[0], draws), "se_white": se, "t_white": implied[0] / se},
        pd.Index(h, name="horizon"),
    )
    raw = float(corrected) if corrected > rho else float("nan")
    return ImpliedLongHorizon(
        table, float(fit.slope[0]), float(fit.rho[0]), float(rho), raw, null, n_replications, seed
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    """Least squares of R samples: coefficients (R,), errors (R, n) and the predictor's deviations (R, n)."""

    slope: Floats
    rho: Floats
    constant: Floats
    u: Floats
    v: Floats
    deviations: Floats

    def gradient(self, h: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Derivatives of the implied slopes by the slope and by the root, (R, H) each."""
        j = np.arange(h.max())
        within = j < h[:, None]
        powers = self.rho[:, None] ** j
        return powers @ within.T, self.slope[:, None] * ((j[1:] * powers[:, :-1]) @ within[:, 1:].T)

    def implied(self, h: npt.NDArray[np.int64], center: Floats | float = 0.0) -> tuple[Floats, Floats]:
        """Implied slopes and their t, (R, H) each; the covariance of the errors is over T."""
        periods = self.u.shape[1] + 1
        by_slope, by_rho = self.gradient(h)
        uu, uv, vv = (
            (a * b).sum(axis=1) / periods for a, b in ((self.u, self.u), (self.u, self.v), (self.v, self.v))
        )
        spread = by_slope**2 * uu[:, None] + 2 * by_slope * by_rho * uv[:, None] + by_rho**2 * vv[:, None]
        slopes = self.slope[:, None] * by_slope
        return slopes, (slopes - center) / np.sqrt(spread / (self.deviations**2).sum(axis=1)[:, None])

    def white(self, h: npt.NDArray[np.int64]) -> Floats:
        """Standard errors of the first sample's implied slopes with White's covariance, (H,)."""
        scores = self.deviations[0, :, None] * np.column_stack([self.u[0], self.v[0]])
        scores = scores / (self.deviations[0] ** 2).sum()
        gradient = np.stack([one[0] for one in self.gradient(h)])
        out: Floats = np.sqrt(((scores @ gradient) ** 2).sum(axis=0))
        return out


def _fit(y: Floats, x: Floats) -> _Fit:
    """Returns and predictor on the predictor one period before, each sample (R, T)."""
    before, after, target = x[:, :-1], x[:, 1:], y[:, 1:]
    mean = before.mean(axis=1, keepdims=True)
    deviations = before - mean
    square = (deviations**2).sum(axis=1)
    slope, rho = ((deviations * one).sum(axis=1) / square for one in (target, after))
    u = target - target.mean(axis=1, keepdims=True) - slope[:, None] * deviations
    v = after - after.mean(axis=1, keepdims=True) - rho[:, None] * deviations
    constant = after.mean(axis=1) - rho * mean[:, 0]
    return _Fit(slope, rho, constant, u, v, deviations)
