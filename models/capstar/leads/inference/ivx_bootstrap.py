"""Wild bootstraps of IVX: p-values that hold when variances move and predictors persist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.arguments import checked
from capstar.errors import SpecificationError
from capstar.leads.alignment import AlignedSample
from capstar.leads.inference.instrument import Instrumented, instrumented
from capstar.leads.inference.ivx import Covariance, aligned_arrays, is_white
from capstar.leads.inference.protocol import TestResult
from capstar.leads.inference.registry import register
from capstar.leads.inference.wild_null import (
    Multipliers,
    Scheme,
    WildNull,
    draw_multipliers,
    fit_wild_null,
)
from capstar.leads.numerics import bootstrap_p
from capstar.leads.records import Tabled
from capstar.progress import Progress
from capstar.tasks import run_tasks

Floats = npt.NDArray[np.float64]
_BATCH, _FEWEST = 50, 99  # replications from one seed, whatever the number of workers; fewest of all


@dataclass(frozen=True)
class IVXBootstrap(Tabled):
    """IVX statistics beside their distribution without predictability.

    Attributes
    ----------
    table : pandas.DataFrame
        By predictor: ``slope``, ``t``, two-sided ``p`` (of the absolute t), ``p_less`` and ``p_greater`` against
        negative and positive slopes, and quantiles ``5%`` and ``95%`` of t under the null.
    wald, p
        Joint test.
    draws : pandas.DataFrame
        t of each predictor and ``wald`` in every replication.
    order
        Lags of the predictors' autoregression; 0 with fixed regressors.
    shrunk_from
        Its largest root where that was one or more and was brought to 1 - 1e-6; NaN elsewhere.
    dropped
        Replications without the finite-sample correction, which would have left no positive variance.
    horizon, covariance, scheme, multipliers, seed
        As asked.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.in_period()
    >>> found = cs.leads.ivx_bootstrap(y, x, n_replications=199)
    >>> found.note
    'residual wild bootstrap, 199 replications, seed 0; autoregression of order 1'
    >>> print(found.order, found.dropped, round(found.p, 2))
    1 0 0.9
    """

    _unit = "t statistic"
    table: pd.DataFrame
    wald: float
    p: float
    draws: pd.DataFrame
    order: int
    shrunk_from: float
    dropped: int
    horizon: int
    covariance: Covariance
    scheme: Scheme
    multipliers: Multipliers
    seed: int

    @property
    def note(self) -> str:
        """How p was found, in one line."""
        parts = [f"{self.scheme} wild bootstrap, {len(self.draws)} replications, seed {self.seed}"]
        if self.order:
            parts.append(f"autoregression of order {self.order}")
        if np.isfinite(self.shrunk_from):
            parts.append(f"its largest root {self.shrunk_from:.6f} brought to 1 - 1e-6")
        if self.dropped:
            parts.append(f"finite-sample correction dropped in {self.dropped}")
        return "; ".join(parts)

    @property
    def title(self) -> str:
        """Horizon and the joint test."""
        return (
            f"IVX over {self.horizon} period(s), {self.covariance} covariance: joint Wald {self.wald:.4f}, p "
            f"{self.p:.4f}"
        )

    def notes(self) -> tuple[str, ...]:
        """How p was found."""
        return (self.note,)

    def _drawn(self) -> pd.DataFrame:
        return self.table[["5%", "t", "95%"]]


@checked
def ivx_bootstrap(
    returns: pd.Series,
    predictors: pd.Series | pd.DataFrame,
    *,
    horizon: int = 1,
    covariance: Covariance = "conventional",
    scheme: Scheme = "residual",
    multipliers: Multipliers = "rademacher",
    lags: int | None = None,
    n_replications: int = 999,
    seed: int = 0,
    n_workers: int = 1,
    progress: Progress | bool = True,
) -> IVXBootstrap:
    """IVX tests with p-values by wild bootstrap.

    Parameters
    ----------
    returns, predictors, horizon, covariance
        As in `capstar.leads.ivx`.  The bootstrap makes the conventional statistic valid under heteroskedasticity.
    scheme
        ``"residual"``: predictors are simulated from their autoregression, with the return's own multipliers.
        ``"fixed"``: they stay as they are; weaker under strong persistence, safer under weak persistence with
        variances that react to the sign of shocks.
    multipliers
        ``"rademacher"`` (signs) or ``"normal"``.
    lags
        Of the autoregression; by default of 1 to 5 by the Schwarz criterion.
    n_replications, seed, n_workers
        The same seed gives the same numbers whatever the number of workers (threads).
    progress
        See `capstar.progress.reporting`.

    Raises
    ------
    DataError
        As in `capstar.leads.ivx`.
    SpecificationError
        An option is not valid.

    References
    ----------
    Demetrescu, Georgiev, Rodrigues and Taylor (2023), "Extensions to IVX methods of inference for return
    predictability", *Journal of Econometrics* 237, 105271, algorithms 1 and 2 and table 4.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.in_period()
    >>> cs.leads.ivx_bootstrap(y, x, scheme="fixed", n_replications=199).table.round(2)
               slope     t     p  p_less  p_greater    5%   95%
    rstar_gap  -0.05 -0.14  0.91    0.45       0.56 -1.53  1.72
    """
    y, x, names = aligned_arrays(returns, predictors, horizon)
    white = is_white(covariance, horizon)
    null = fit_wild_null(y, x, scheme=scheme, lags=lags)
    found = instrumented(y[None, :, None], x[None], horizon=horizon, white=white)

    def statistics(drawn: Floats) -> Floats:
        one = replicate(null, drawn, horizon=horizon, white=white)
        return np.column_stack([one.t, one.wald, one.dropped])

    draws = multiplied(
        statistics, len(y) - 1, multipliers, n_replications=n_replications, seed=seed, n_workers=n_workers,
        progress=progress,
    )  # fmt: skip
    t, k = found.t[0], len(names)
    table = pd.DataFrame({"slope": found.slope[0], "t": t, **tails(t, draws[:, :k])}, names)
    return IVXBootstrap(
        table, float(found.wald[0]), float(bootstrap_p(draws[:, k] >= found.wald[0])),
        pd.DataFrame(draws[:, : k + 1], columns=[*names, "wald"]), null.order, null.shrunk_from,
        int(draws[:, -1].sum()), horizon, covariance, scheme, multipliers, seed,
    )  # fmt: skip


def replicate(null: WildNull, multipliers: Floats, *, horizon: int = 1, white: bool = False) -> Instrumented:
    """IVX of the samples that multipliers (R, n) give."""
    return instrumented(*null.draw(multipliers), horizon=horizon, white=white)


def multiplied(
    statistics: Callable[[Floats], Floats],
    n: int,
    kind: Multipliers,
    *,
    n_replications: int,
    seed: int,
    n_workers: int,
    progress: Progress | bool,
) -> Floats:
    """Rows of statistics, one a replication, of multipliers (R, n) drawn batch by batch.

    Raises
    ------
    SpecificationError
        Fewer than 99 replications, or another kind of multipliers.
    """
    if n_replications < _FEWEST:
        raise SpecificationError(f"n_replications={n_replications}; at least {_FEWEST} are needed.")
    children = np.random.SeedSequence(seed).spawn(-(-n_replications // _BATCH))

    def batch(child: np.random.SeedSequence) -> Floats:
        return statistics(draw_multipliers(np.random.default_rng(child), (_BATCH, n), kind))

    stage = "wild bootstrap without predictability"
    draws = run_tasks(batch, children, n_workers=n_workers, threads=True, stage=stage, progress=progress)
    return np.concatenate(draws)[:n_replications]


def tails(t: Floats, draws: Floats) -> dict[str, Floats]:
    """Columns of p-values and quantiles of statistics (k,) from their draws (R, k)."""
    return {
        "p": bootstrap_p(np.abs(draws) >= np.abs(t)),
        "p_less": bootstrap_p(draws <= t),
        "p_greater": bootstrap_p(draws >= t),
        "5%": np.quantile(draws, 0.05, axis=0),
        "95%": np.quantile(draws, 0.95, axis=0),
    }


@dataclass(frozen=True)
class BootstrappedIVX:
    """`ivx_bootstrap` of one predictor: residual scheme, conventional covariance, signs."""

    n_replications: int = 999
    seed: int = 0

    key: ClassVar[str] = "ivx_rwb"
    statistic: ClassVar[str] = "t"
    label: ClassVar[str] = "IVX-RWB"
    name: ClassVar[str] = "IVX t, residual wild bootstrap"
    citation: ClassVar[str] = "Demetrescu, Georgiev, Rodrigues and Taylor (2023)"
    assumes: ClassVar[str] = "a predictor of whatever persistence; variances that may move"
    shown: ClassVar[tuple[str, ...]] = ("t", "p")
    adjusted: ClassVar[bool] = True

    def run(self, sample: AlignedSample, horizon: int) -> TestResult:
        """Test the slope on the predictor's sum over the horizon."""
        y, x = sample.in_period()
        found = ivx_bootstrap(
            y, x, horizon=horizon, n_replications=self.n_replications, seed=self.seed, progress=False
        )
        row = found.table.iloc[0]
        sides = {name: float(row[name]) for name in ("slope", "p_less", "p_greater")}
        return TestResult(float(row["t"]), float(row["p"]), None, found.note, sides)


register(BootstrappedIVX())
