"""Inference when the predictor is itself an estimate: everything is drawn and estimated again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.leads.alignment import cumulate_after, quarters_after
from capstar.leads.inference.regression import slope_1b
from capstar.leads.numerics import bootstrap_p, normal_p, slope_on
from capstar.leads.records import Estimates, Tabled, period_name, periods_of
from capstar.progress import Progress
from capstar.tasks import first_successes

Floats = npt.NDArray[np.float64]
_FEWEST = 99


class Source(Protocol):
    """Redraws the predictor, as `capstar.rstar.gap_source` does."""

    @property
    def innovations(self) -> pd.DataFrame:
        """Shocks of the fitted model by period."""

    def draw(self, rows: npt.NDArray[np.int64]) -> Any:
        """``estimated`` and ``true`` predictor of the sample with these rows of shocks, or None."""


@dataclass(frozen=True)
class EstimatedRegressor(Tabled):
    """Regressions on an estimated predictor beside their distribution when it is redrawn and re-estimated.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a portfolio and horizon: ``slope``, ``hodrick_t``, ``p_normal``; ``p`` two-sided from the
        distribution of t without predictability; ``p_family`` the same allowing for all rows (largest absolute t); and
        for one period ``lower`` and ``upper``, the basic bootstrap interval of the slope, and ``attenuation``, mean
        slope on the estimated predictor over that on the true one.
    t_draws : pandas.DataFrame
        t statistics without predictability, one row a replication.
    failed
        Samples on which the predictor could not be estimated; others were drawn in their place.
    level
        Coverage of the intervals.
    seed
        Of the draws.
    period
        What horizons count, ``"quarter"`` or ``"month"``.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import capstar as cs
    >>> import pandas as pd
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> class Shuffled:
    ...     innovations = gap.to_frame()
    ...     def draw(self, rows):
    ...         drawn = pd.Series(gap.to_numpy()[rows], gap.index)
    ...         return SimpleNamespace(estimated=drawn, true=drawn)
    ...
    >>> found = cs.leads.estimated_regressor(Shuffled(), gap, returns["excess"], (1,), n_replications=99)
    >>> print(found.failed, found.t_draws.shape)
    0 (99, 1)
    """

    _unit = "percent per point of the predictor"
    table: pd.DataFrame
    t_draws: pd.DataFrame
    failed: int
    level: float
    seed: int
    period: str = "quarter"

    @property
    def title(self) -> str:
        """Samples and seed."""
        return (
            f"Predictor redrawn and re-estimated in {len(self.t_draws)} samples ({self.failed} more gave no estimate), "
            f"seed {self.seed}; {self.level:.0%} intervals"
        )

    def _estimates(self) -> Estimates:
        rows = self.table.itertuples()
        return {
            (row.returns, periods_of(row.horizon, self.period)): (row.slope, row.lower, row.upper)
            for row in rows
        }


@checked
def estimated_regressor(
    source: Source,
    gap: pd.Series,
    returns: pd.Series | pd.DataFrame,
    horizons: Sequence[int] = (1, 2, 4, 8),
    *,
    publication_lag: int = 1,
    n_replications: int = 999,
    level: float = 0.9,
    seed: int = 0,
    n_workers: int = 1,
    progress: Progress | bool = True,
) -> EstimatedRegressor:
    """Joint bootstrap of an estimated predictor and returns.

    A replication draws periods with replacement. The model's innovations of those periods make a sample of
    macroeconomic data, on which the predictor is estimated from the start; the returns' residuals of the *same*
    periods make the returns, so that both keep their correlation.  Residuals are of the regression over one
    period; returns are drawn without predictability for p-values, with the estimated slope on the *true* drawn
    predictor for the intervals.

    Parameters
    ----------
    source
        Draws and re-estimates the predictor, such as ``capstar.rstar.gap_source(fit)``.
    gap
        The predictor as estimated on the data, by period.
    returns
        Percent a month on a monthly PeriodIndex; a column a portfolio.
    horizons
        Quarters.
    publication_lag
        Months until a period's data are known.
    n_replications
        Samples.
    level
        Coverage of the intervals.
    seed
        The same seed gives the same numbers whatever the number of workers.
    n_workers
        Processes.
    progress
        See `capstar.progress.reporting`.

    Raises
    ------
    DataError
        Predictor and returns overlap too little, or most samples cannot be estimated.
    SpecificationError
        An option is not valid.

    References
    ----------
    Stoffer and Wall (1991), *JASA* 86; Pagan (1984), *International Economic Review* 25, on why the null of no
    predictability needs no correction asymptotically; Westfall and Young (1993) on the largest statistic.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import capstar as cs
    >>> import pandas as pd
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> class Shuffled:
    ...     innovations = gap.to_frame()
    ...     def draw(self, rows):
    ...         drawn = pd.Series(gap.to_numpy()[rows], gap.index)
    ...         return SimpleNamespace(estimated=drawn, true=drawn)
    ...
    >>> found = cs.leads.estimated_regressor(Shuffled(), gap, returns["excess"], (1,), n_replications=99)
    >>> found.table[["slope", "p", "lower", "upper"]].round(2)
       slope     p  lower  upper
    0  -0.09  0.82   -0.8   0.44
    """
    table = returns.to_frame() if isinstance(returns, pd.Series) else returns
    span = quarters_after(gap.index, horizons)
    after = {name: cumulate_after(table[name], span, publication_lag=publication_lag) for name in table}
    return resample(
        source, gap, pd.DataFrame(after), horizons, n_replications=n_replications, level=level, seed=seed,
        n_workers=n_workers, progress=progress,
    )  # fmt: skip


def resample(
    source: Source,
    gap: pd.Series,
    after: pd.DataFrame,
    horizons: Sequence[int],
    *,
    n_replications: int,
    seed: int,
    n_workers: int,
    level: float = 0.9,
    progress: Progress | bool = True,
) -> EstimatedRegressor:
    """As `estimated_regressor`, of the returns over the period after each period's publication."""
    if n_replications < _FEWEST or not horizons or min(horizons) < 1 or not 0 < level < 1:
        raise SpecificationError(
            f"n_replications={n_replications}, horizons={tuple(horizons)}, level={level}: give at least {_FEWEST} "
            "replications, horizons of at least 1 period, and a level between 0 and 1."
        )
    design = _design(source, gap, after, tuple(horizons))
    found, drawn = first_successes(
        partial(_replicate, source, design), n_replications, seed=seed, n_workers=n_workers,
        stage="bootstrap of the estimated predictor", progress=progress,
    )  # fmt: skip
    failed = drawn - len(found)
    if len(found) < n_replications:
        raise DataError(f"{failed} of {drawn} samples drawn from the model could not be estimated.")
    under_null = np.stack([t for t, _, _ in found])
    return EstimatedRegressor(
        _table(
            design, under_null, np.stack([s for _, s, _ in found]), np.stack([s for _, _, s in found]), level
        ),
        pd.DataFrame(under_null, columns=[f"{name}({h})" for name, h in design.keys]),
        failed,
        level,
        seed,
        period_name(gap.index[0]),
    )


@dataclass(frozen=True)
class _Design:
    """The predictor and the one-period returns from its first period on that has one.

    ``y[k]`` follows ``x[k]``; it goes on where the predictor has ended, as far as the longest horizon needs.
    ``errors`` are the residuals of the rows whose next period is in the model, so that its shocks are known.
    """

    x: Floats
    y: Floats
    first: int
    names: tuple[str, ...]
    horizons: tuple[int, ...]
    mean: Floats
    slope: Floats
    errors: Floats

    @property
    def keys(self) -> list[tuple[str, int]]:
        return [(name, h) for name in self.names for h in self.horizons]


def _design(source: Source, gap: pd.Series, after: pd.DataFrame, horizons: tuple[int, ...]) -> _Design:
    quarters, whole = source.innovations.index, gap
    gap = gap.loc[
        quarters[0] :
    ]  # periods before these determine the diffuse start of a model, and are not drawn
    if not gap.index.equals(quarters) or whole.isna().any():
        raise DataError(
            f"{gap.name} covers {whole.index[0]}-{whole.index[-1]}, its model {quarters[0]}-{quarters[-1]}. "
            "Give the gap of the same fit."
        )
    y = np.ascontiguousarray(after.reindex(quarters_after(gap.index, horizons)).to_numpy())
    known = ~np.isnan(y).any(axis=1)
    first = int(np.argmax(known))
    end = first + int(np.argmin(np.append(known[first:], False)))
    x = gap.to_numpy(dtype=float)[first:end]
    # The last period of the model has no period after it whose shocks could go with its return.
    paired = min(len(x), len(quarters) - 1 - first)
    if paired < 40 + max(horizons):
        raise DataError(
            f"{gap.name} and the returns share {max(paired, 0)} {period_name(gap.index[0])}s; at least "
            f"{40 + max(horizons)} are needed."
        )
    y = y[first:end]
    slope = slope_on(y[:paired], x[:paired])
    mean = y[:paired].mean(axis=0) - slope * x[:paired].mean()
    errors = y[:paired] - mean - np.outer(x[:paired], slope)
    return _Design(x, y, first, tuple(str(name) for name in after), horizons, mean, slope, errors)


def _replicate(
    source: Source, design: _Design, child: np.random.SeedSequence
) -> tuple[Floats, Floats, Floats] | None:
    """Statistics under the null, one-period slopes on the estimated and on the true predictor."""
    rng = np.random.default_rng(child)
    quarters, n = len(source.innovations), len(design.y)
    # Row k of the errors is of the return that goes with the shocks of period first + k + 1.
    picked = rng.integers(0, len(design.errors), quarters + n)
    drawn = source.draw(picked[:quarters] + design.first + 1)
    if drawn is None:
        return None
    errors = design.errors[picked[design.first + 1 : design.first + 1 + n]]
    sample = slice(design.first, design.first + len(design.x))
    estimated, true = (np.asarray(one, dtype=float)[sample] for one in (drawn.estimated, drawn.true))
    null = design.y.mean(axis=0) + errors
    t = [_fit(column, estimated, horizon)[1] for column in null.T for horizon in design.horizons]
    led = design.mean + np.outer(true, design.slope) + errors[: len(true)]
    slopes = [np.array([_fit(column, one, 1)[0] for column in led.T]) for one in (estimated, true)]
    return np.array(t), slopes[0], slopes[1]


def _fit(y: Floats, x: Floats, horizon: int) -> tuple[float, float]:
    """Slope of the sum of the next returns, and its Hodrick t."""
    slope, se = slope_1b(y, x, horizon)
    return slope, slope / se


def _table(design: _Design, null: Floats, estimated: Floats, true: Floats, level: float) -> pd.DataFrame:
    largest = np.abs(null).max(axis=1)
    tails = [0.5 + level / 2, 0.5 - level / 2]
    # Against the slope returns were drawn with: carries sampling error, attenuation and Stambaugh's bias.
    low, high = design.slope - np.quantile(estimated - design.slope, tails, axis=0)
    rows = []
    for k, (name, horizon) in enumerate(design.keys):
        j = design.names.index(name)
        slope, t = _fit(design.y[:, j], design.x, horizon)
        row: dict[str, object] = {"returns": name, "horizon": horizon, "slope": slope, "hodrick_t": t}
        row["p_normal"] = normal_p(t)
        row["p"] = float(bootstrap_p(np.abs(null[:, k]) >= abs(t)))
        row["p_family"] = float(bootstrap_p(largest >= abs(t)))
        one = horizon == 1
        row["lower"], row["upper"] = (float(low[j]), float(high[j])) if one else (np.nan, np.nan)
        row["attenuation"] = float(estimated[:, j].mean() / true[:, j].mean()) if one else np.nan
        rows.append(row)
    return pd.DataFrame(rows)
