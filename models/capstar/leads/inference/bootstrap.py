"""Critical values and p-values of tests of predictability, by bootstrap under no predictability."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.frames import described
from capstar.leads.checks import require_count, require_same_dates
from capstar.leads.forecasts.batched import (
    nested_statistics,
    prevailing_means,
    recursive_forecast_paths,
    slope_and_t,
    sums,
)
from capstar.leads.forecasts.long_run_variance import mean_test
from capstar.leads.forecasts.out_of_sample import adjusted_losses
from capstar.leads.inference.null_model import NullModel, Scheme, fit_null
from capstar.leads.numerics import bootstrap_p
from capstar.leads.records import Tabled
from capstar.progress import Progress
from capstar.tasks import run_tasks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
Statistics = Callable[[Floats, Floats], Floats]
_BATCH = 50  # replications drawn from one seed, whatever the number of workers
_LEVELS = (0.10, 0.05, 0.01)


@dataclass(frozen=True)
class BootstrapTest(Tabled):
    """Statistics beside their distribution without predictability.

    Attributes
    ----------
    table : pandas.DataFrame
        By statistic: ``statistic``, ``p`` and critical values.  Forecast tests reject in the upper tail: ``10%``,
        ``5%``, ``1%``.  t statistics have a two-sided equal-tailed ``p``, one-sided ``p_upper`` and ``p_lower``,
        and the 2.5 and 97.5 percent quantiles; ``slope`` and ``bias`` are given as well.
    draws : pandas.DataFrame
        Statistics in every replication.
    null
        The model the samples were drawn from.
    scheme, seed
        Of the draws.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.in_period()
    >>> found = cs.leads.bootstrap_regression(y.iloc[1:], x.iloc[1:], n_replications=199)
    >>> print(found.scheme, found.draws.shape)
    pairs (199, 1)
    >>> figure = found.plot()
    """

    table: pd.DataFrame
    draws: pd.DataFrame
    null: NullModel
    scheme: Scheme
    seed: int

    @property
    def title(self) -> str:
        """Replications and their scheme."""
        how = f"{len(self.draws)} replications, scheme {self.scheme}, seed {self.seed}"
        return f"Bootstrap without predictability: {how}"

    def notes(self) -> tuple[str, ...]:
        """What it rests on."""
        words = (
            f"Predictor of order {len(self.null.coefficients)}, largest root {self.null.persistence:.4f}, correlation "
            f"of errors {self.null.correlation:.3f}."
        )
        return (words,)

    def plot(self, ax: Any = None) -> Figure:
        """Distribution of each statistic, and where the sample's stands."""
        from capstar.plotting.leads import plot_bootstrap

        return plot_bootstrap(self.table, self.draws, title=self.title, source=self.provenance, ax=ax)


@checked
def bootstrap_forecasts(
    returns: pd.Series,
    predictor: pd.Series,
    start: pd.Period | str | int,
    *,
    horizon: int = 1,
    window: int | None = None,
    lags: int | None = None,
    scheme: Scheme = "pairs",
    block: int | None = None,
    n_replications: int = 999,
    seed: int = 0,
    n_workers: int = 1,
    progress: Progress | bool = True,
) -> BootstrapTest:
    """MSE-F, ENC-NEW and Clark-West t of forecasts against the prevailing mean, with bootstrapped critical values.

    Parameters
    ----------
    returns
        One-period returns: ``returns[t]`` is earned in period t.
    predictor
        Known at the end of each period, same index; its last ``horizon`` values forecast nothing and may be missing.
    start
        First period forecast; with a horizon, the period in which the first return forecast ends.
    horizon
        Periods; forecasts are of the sum of the returns.
    window
        Latest pairs used; by default all (expanding).
    lags
        Order of the predictor's autoregression; by default by the Schwarz criterion.
    scheme
        ``"pairs"``, ``"block"`` or ``"wild"``; see `NullModel.draw`.
    block
        Length of blocks; by default the cube root of the number of periods, rounded up.
    n_replications
        Samples drawn.
    seed
        The same seed gives the same numbers whatever the number of workers.
    n_workers
        Threads.
    progress
        See `capstar.progress.reporting`.

    Raises
    ------
    DataError
        Indices differ, a value is missing, or ``start`` leaves fewer than 10 pairs or 20 forecasts.
    SpecificationError
        An option is not valid.

    References
    ----------
    Clark and McCracken (2001), *Journal of Econometrics* 105; McCracken (2007), *Journal of Econometrics*
    140; Clark and West (2007), *Journal of Econometrics* 138; Rapach and Wohar (2006), *Journal of Empirical Finance*
    13, section 2.3.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.in_period()
    >>> found = cs.leads.bootstrap_forecasts(
    ...     y.iloc[1:], x.iloc[1:], "1985Q1", scheme="wild", n_replications=199
    ... )
    >>> found.table.round(2)
                statistic     p   10%    5%    1%
    mse_f           -0.85  0.60  1.35  2.46  6.25
    enc_new         -0.31  0.66  1.26  2.31  4.68
    clark_west      -0.54  0.64  1.23  1.56  2.69
    """
    _check_horizons((horizon,), len(returns))
    if (
        not isinstance(start, int)
        and not isinstance(returns.index, pd.PeriodIndex)
        and start not in returns.index
    ):
        raise DataError(
            f"{returns.name}: on a {described(returns.index)}, start={start} is none of its dates. Set a PeriodIndex, "
            "or give start as a row number."
        )
    first = int((returns.index < start).sum()) - (horizon - 1)
    if len(returns) - first - (horizon - 1) < 20 or first - 2 * horizon + 1 < 10:
        raise DataError(
            f"start={start}: {len(returns) - first - horizon + 1} forecasts after {max(first - 2 * horizon + 1, 0)} "
            "pairs; at least 20 and 10 are needed. Choose another start."
        )

    def statistics(y: Floats, x: Floats) -> Floats:
        target = sums(y, horizon)
        before = x[:, horizon - 1 : -horizon]
        mean = prevailing_means(target, first, window=window, horizon=horizon)
        forecast = recursive_forecast_paths(
            target[:, horizon:], before, first - horizon, window=window, horizon=horizon
        )
        actual = target[:, first:]
        t = mean_test(adjusted_losses(actual, mean, forecast), horizon=horizon).statistic
        return np.column_stack([nested_statistics(actual, mean, forecast), t])

    observed, draws, null = _run(
        returns, predictor, statistics, lags=lags, scheme=scheme, block=block, n_replications=n_replications,
        seed=seed, n_workers=n_workers, progress=progress,
    )  # fmt: skip
    names = ["mse_f", "enc_new", "clark_west"]
    table = pd.DataFrame({"statistic": observed, "p": bootstrap_p(draws >= observed)}, names)
    for level in _LEVELS:
        table[f"{level:.0%}"] = np.quantile(draws, 1 - level, axis=0)
    return BootstrapTest(table, pd.DataFrame(draws, columns=names), null, scheme, seed)


@checked
def bootstrap_regression(
    returns: pd.Series,
    predictor: pd.Series,
    horizons: Sequence[int] = (1,),
    *,
    lags: int | None = None,
    scheme: Scheme = "pairs",
    block: int | None = None,
    n_replications: int = 999,
    seed: int = 0,
    n_workers: int = 1,
    progress: Progress | bool = True,
) -> BootstrapTest:
    """Slopes of the sum of the next h returns on a predictor, their t with bootstrapped critical values.

    The t statistic is that of Newey and West (1987) with h - 1 autocovariances.

    Parameters
    ----------
    returns
        One-period returns: ``returns[t]`` is earned in period t.
    predictor
        Known at the end of each period, same index.
    horizons
        Numbers of periods, h.
    lags, scheme, block, n_replications, seed, n_workers, progress
        As in `bootstrap_forecasts`.

    Raises
    ------
    DataError
        Indices differ, a value is missing, or a horizon exceeds a quarter of the periods.
    SpecificationError
        An option is not valid.

    References
    ----------
    Stambaugh (1999), *Journal of Financial Economics* 54; Kilian (1999), *Journal of Applied Econometrics* 14.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.in_period()
    >>> found = cs.leads.bootstrap_regression(y.iloc[1:], x.iloc[1:], (1, 4), n_replications=199)
    >>> found.table[["statistic", "p", "slope", "bias"]].round(2)
          statistic     p  slope  bias
    t(1)       -0.2  0.97  -0.08 -0.05
    t(4)       -0.9  0.62  -1.20 -0.20
    """
    _check_horizons(horizons, len(returns))

    def statistics(y: Floats, x: Floats) -> Floats:
        found = [slope_and_t(sums(y[:, 1:], h), x[:, : x.shape[1] - h], h - 1) for h in horizons]
        return np.concatenate([np.stack(part, axis=1) for part in zip(*found, strict=True)], axis=1)

    observed, both, null = _run(
        returns, predictor, statistics, lags=lags, scheme=scheme, block=block, n_replications=n_replications,
        seed=seed, n_workers=n_workers, progress=progress,
    )  # fmt: skip
    k, names = len(horizons), [f"t({h})" for h in horizons]
    draws, t = both[:, k:], observed[k:]
    upper, lower = bootstrap_p(draws >= t), bootstrap_p(draws <= t)
    table = pd.DataFrame(
        {
            "slope": observed[:k],
            "bias": both[:, :k].mean(axis=0),
            "statistic": t,
            "p": np.minimum(2 * np.minimum(upper, lower), 1.0),
            "p_upper": upper,
            "p_lower": lower,
            "2.5%": np.quantile(draws, 0.025, axis=0),
            "97.5%": np.quantile(draws, 0.975, axis=0),
        },
        names,
    )
    return BootstrapTest(table, pd.DataFrame(draws, columns=names), null, scheme, seed)


def _run(
    returns: pd.Series, predictor: pd.Series, statistics: Statistics, *, lags: int | None, scheme: Scheme,
    block: int | None, n_replications: int, seed: int, n_workers: int, progress: Progress | bool,
) -> tuple[Floats, Floats, NullModel]:  # fmt: skip
    """Statistics of the sample and of every replication, and the null they were drawn from."""
    length = int(np.ceil(len(returns) ** (1 / 3))) if block is None else block
    if scheme not in ("pairs", "block", "wild"):
        raise SpecificationError(f"scheme={scheme!r}; choose 'pairs', 'block' or 'wild'.")
    if n_replications < 99:
        raise SpecificationError(f"n_replications={n_replications}; at least 99 are needed.")
    require_count("block", length, 1, len(returns) // 2, f"{len(returns)} periods")
    require_same_dates(returns, predictor)
    paired = predictor.loc[: predictor.last_valid_index()]
    later = returns.iloc[len(paired) :].to_numpy(dtype=float)
    null = fit_null(returns.loc[paired.index], paired, lags=lags, seed=seed)
    unknown = np.full((1, len(later)), np.nan)
    y, x = returns.to_numpy(dtype=float)[None], np.c_[null.deviations[None], unknown]
    children = np.random.SeedSequence(seed).spawn(-(-n_replications // _BATCH))

    def batch(child: np.random.SeedSequence) -> Floats:
        rng = np.random.default_rng(child)
        drawn, path = null.draw(rng, _BATCH, scheme=scheme, block=length)
        if not len(later):
            return statistics(drawn, path)
        after = null.draw_later(rng, _BATCH, later, scheme=scheme)
        return statistics(np.c_[drawn, after], np.c_[path, np.broadcast_to(unknown, after.shape)])

    stage = "bootstrap without predictability"
    draws = run_tasks(batch, children, n_workers=n_workers, threads=True, stage=stage, progress=progress)
    return statistics(y, x)[0], np.concatenate(draws)[:n_replications], null


def _check_horizons(horizons: Sequence[int], periods: int) -> None:
    if not horizons or min(horizons) < 1:
        raise SpecificationError(f"horizons={tuple(horizons)}; give numbers of periods, at least 1 each.")
    if max(horizons) > periods // 4:
        raise DataError(
            f"A horizon of {max(horizons)} periods is too long for {periods}; choose at most {periods // 4}."
        )
