"""Whether forecasts beat a benchmark over several horizons at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.leads.forecasts.long_run_variance import mean_test
from capstar.leads.numerics import bootstrap_p, checked_sample
from capstar.leads.records import Tabled

Floats = npt.NDArray[np.float64]
_FEWEST = 40
_BATCH = 50


@dataclass(frozen=True)
class MultiHorizonAbility(Tabled):
    """Superior predictive ability on average and at every horizon.

    Attributes
    ----------
    table : pandas.DataFrame
        By horizon: ``gain``, ``t`` and one-sided normal ``p``.
    average, average_p, average_p_bootstrap
        aSPA: t of the weighted mean gain, its normal and its bootstrap p-value.
    uniform, uniform_p
        uSPA: smallest t, and the largest p of the horizons, which is valid.
    uniform_p_published
        Bootstrap p-value of Quaedvlieg (2021), **not valid**: it centres every horizon at zero, which is not the least
        favourable point of "not better at some horizon".  With one horizon at zero and the others well above it
        rejects about half the time at a nominal 5 percent, and it can reject where a horizon is worse.
    block, n_replications, nobs
        Of the bootstrap; number of dates.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> forecasts = cs.leads.recursive_forecasts(returns["smb"], returns[["market"]], "1985-01")
    >>> losses = cs.leads.loss_table(forecasts)
    >>> gain = losses["mean"] - losses["market"]
    >>> gains = gain.to_frame(1).assign(**{"3": gain.rolling(3).mean()}).dropna()
    >>> found = cs.leads.multi_horizon_ability(gains, n_replications=199)
    >>> found.table.round(2)
       gain     t     p
    1  0.18  0.73  0.23
    3  0.18  0.77  0.22
    """

    _unit = "t statistic, positive: better than the benchmark"
    table: pd.DataFrame
    average: float
    average_p: float
    average_p_bootstrap: float
    uniform: float
    uniform_p: float
    uniform_p_published: float
    block: int
    n_replications: int
    nobs: int

    @property
    def title(self) -> str:
        """Horizons, dates and both p."""
        return (
            f"{len(self.table)} horizons, {self.nobs} dates: better on average p {self.average_p:.4f}, at every "
            f"horizon p {self.uniform_p:.4f}"
        )

    def notes(self) -> tuple[str, ...]:
        """Both tests."""
        words = (
            f"Better on average: t {self.average:.3f}, p {self.average_p:.4f} (bootstrap "
            f"{self.average_p_bootstrap:.4f}). Better at every horizon: smallest t {self.uniform:.3f}, p "
            f"{self.uniform_p:.4f}, the largest of the horizons (the published bootstrap, "
            f"{self.uniform_p_published:.4f}, rejects too often). Blocks of {self.block}, "
            f"{self.n_replications} replications."
        )
        return (words,)

    def _drawn(self) -> pd.DataFrame:
        return self.table[["t"]]


@checked
def multi_horizon_ability(
    gains: pd.DataFrame,
    *,
    weights: Sequence[float] | None = None,
    block: int = 3,
    n_replications: int = 999,
    seed: int = 0,
) -> MultiHorizonAbility:
    r"""Average and uniform superior predictive ability over horizons.

    :math:`t_h = \sqrt T \bar d_h / \hat\omega_h`, quadratic-spectral long-run variances; on average the t of
    :math:`\sum_h w_h d_{h,t}`, uniformly :math:`\min_h t_h`.  The minimum is compared with the normal quantile, p
    being the largest of the single ones (an intersection-union test).  Neither is for nested models: use
    `maximum_adjusted_mspe` there.

    Parameters
    ----------
    gains
        Loss of the benchmark less that of the model by date, a column a horizon; positive where the model is better.
    weights
        Of the average, one a horizon; by default equal.
    block
        Length of the circular blocks.
    n_replications, seed
        Of the bootstrap.

    Raises
    ------
    DataError
        Fewer than 40 dates, no horizon, a missing value, or gains that do not vary.
    SpecificationError
        The block is longer than the sample, or weights do not fit or are negative.

    References
    ----------
    Quaedvlieg (2021), "Multi-horizon forecast comparison", *Journal of Business and Economic Statistics* 39(1),
    equations 4 and 6 and algorithm 1; Monschang, Trede and Wilfling (2025), "Multi-horizon uSPA revisited", *ibid.*,
    for the p-value of the minimum.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> forecasts = cs.leads.recursive_forecasts(returns["smb"], returns[["market"]], "1985-01")
    >>> losses = cs.leads.loss_table(forecasts)
    >>> gain = losses["mean"] - losses["market"]
    >>> gains = gain.to_frame(1).assign(**{"3": gain.rolling(3).mean()}).dropna()
    >>> found = cs.leads.multi_horizon_ability(gains, n_replications=199)
    >>> print(round(found.average_p, 2), round(found.uniform_p, 2))
    0.22 0.23
    """
    d = np.column_stack(checked_sample(gains, what="dates", fewest=_FEWEST, block=block))
    n, k = d.shape
    share = np.full(k, 1 / k) if weights is None else np.asarray(weights, dtype=float)
    if share.shape != (k,) or (share < 0).any() or not share.sum() > 0:
        raise SpecificationError(f"weights={weights}; give {k}, one a horizon, none negative.")
    if (still := gains.columns[np.ptp(d, axis=0) == 0]).size:
        raise DataError(f"{still[0]}: its gains do not vary. Leave it out.")
    together = np.column_stack([d, d @ share])
    found = mean_test(together.T, "quadratic spectral")
    t, p = found.statistic, found.p_upper
    drawn = _bootstrapped(together, block, n_replications, seed)
    return MultiHorizonAbility(
        pd.DataFrame({"gain": d.mean(axis=0), "t": t[:-1], "p": p[:-1]}, gains.columns),
        float(t[-1]),
        float(p[-1]),
        float(bootstrap_p(drawn[:, -1] >= t[-1])),
        float(t[:-1].min()),
        float(p[:-1].max()),
        float(bootstrap_p(drawn[:, :-1].min(axis=1) >= t[:-1].min())),
        block,
        n_replications,
        n,
    )


def _bootstrapped(d: Floats, block: int, n_replications: int, seed: int) -> Floats:
    """T statistics of resampled columns, variances from the sums of consecutive blocks; shape (B, columns)."""
    n, centred = len(d), d - d.mean(axis=0)
    rng, count = np.random.default_rng(seed), n // block
    parts = []
    for done in range(0, n_replications, _BATCH):
        size = min(_BATCH, n_replications - done)
        starts = rng.integers(n, size=(size, -(-n // block), 1))
        rows = ((starts + np.arange(block)) % n).reshape(size, -1)[:, :n]
        sample = centred[rows]
        mean = sample.mean(axis=1)
        blocks = (sample[:, : count * block] - mean[:, None]).reshape(size, count, block, -1).sum(axis=2)
        parts.append(np.sqrt(n) * mean / np.sqrt((blocks**2).mean(axis=1) / block))
    return np.concatenate(parts)
