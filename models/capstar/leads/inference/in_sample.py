"""Every predictor, portfolio and horizon in one table, with every kind of inference beside the other."""

from __future__ import annotations

import pandas as pd

from capstar.arguments import checked
from capstar.leads.alignment import AlignedData
from capstar.leads.breaks import break_test
from capstar.leads.inference.persistence import bias_correction
from capstar.leads.inference.registry import columns_of, predictability_tests
from capstar.leads.inference.regression import regress
from capstar.leads.multiplicity import adjusted_p_values
from capstar.progress import Progress, reporting


@checked
def in_sample_table(
    returns: pd.DataFrame,
    predictors: pd.DataFrame,
    horizons: tuple[int, ...] = (1, 2, 4, 8),
    *,
    publication_lag: int = 1,
    progress: Progress | bool = True,
) -> pd.DataFrame:
    """Regressions of the returns after publication on each predictor alone.

    Parameters
    ----------
    returns
        Percent a month, a column a portfolio, monthly PeriodIndex.
    predictors
        Quarterly or monthly, a column each, no gaps.
    horizons
        Periods of the predictors.
    publication_lag
        Months until a period's data are known.
    progress
        See `capstar.progress.reporting`.

    Returns
    -------
    pandas.DataFrame
        One row a predictor, portfolio and horizon: ``slope`` (percent of return over the horizon per unit),
        ``r_squared``, ``nobs``, ``first``, ``last``; the columns of every test that
        `capstar.leads.predictability_tests` lists, such as ``hodrick_t`` and ``hodrick_p`` or ``ivx_wald`` and
        ``ivx_p`` (of the return over the horizon on the predictor's sum over it); and where the test says so
        ``_p_adjusted``, Benjamini-Hochberg over all rows.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> table = cs.leads.in_sample_table(returns[["excess"]], gap.to_frame(), (1, 4))
    >>> table[["horizon", "slope", "hodrick_p", "ivx_p"]].round(2)
       horizon  slope  hodrick_p  ivx_p
    0        1  -0.09       0.82   0.89
    1        4  -1.13       0.43   0.45
    """
    data = AlignedData.of(returns, predictors, horizons, publication_lag=publication_lag)
    return tabulate(data, horizons, progress=progress)


def tabulate(
    data: AlignedData, horizons: tuple[int, ...], *, progress: Progress | bool = False
) -> pd.DataFrame:
    """As `in_sample_table`, of data that are aligned; the columns are those of the registered tests."""
    tests, rows = predictability_tests(), []
    samples = list(data.samples())
    with reporting(progress) as tell:
        for done, (predictor, portfolio, sample) in enumerate(samples):
            tell("in sample", done / len(samples))
            for horizon in horizons:
                fit = regress(sample, horizon)
                row: dict[str, object] = {
                    "predictor": predictor, "returns": portfolio, "horizon": horizon, "slope": fit.slope,
                    "r_squared": fit.r_squared, "nobs": fit.nobs, "first": str(fit.first), "last": str(fit.last),
                }  # fmt: skip
                for test in tests:
                    row |= columns_of(test, test.run(sample, horizon))
                rows.append(row)
        tell("in sample", 1.0)
    table = pd.DataFrame(rows)
    for column in (f"{test.key}_p" for test in tests if test.adjusted):
        table[f"{column}_adjusted"] = adjusted_p_values(table, column=column).table[f"{column}_adjusted"]
    return table


@checked
def persistence_table(
    returns: pd.DataFrame,
    predictors: pd.DataFrame,
    *,
    publication_lag: int = 1,
    n_replications: int = 499,
    seed: int = 0,
    progress: Progress | bool = True,
) -> pd.DataFrame:
    """What a persistent predictor does to the one-period slope, and whether the slope is constant.

    Parameters
    ----------
    returns, predictors, publication_lag, progress
        As of `in_sample_table`.
    n_replications, seed
        Of the bootstrap of `capstar.leads.break_test`.

    Returns
    -------
    pandas.DataFrame
        One row a predictor and portfolio: least-squares ``slope`` and ``t``, ``rho`` of the predictor, ``delta``
        (correlation of its shocks with those of the return), ``stambaugh_bias``, Amihud and Hurvich's
        ``corrected`` slope and its ``corrected_t``; ``sup_wald``, ``break_after`` and ``break_p`` (Hansen 2000).

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> table = cs.leads.persistence_table(returns[["excess"]], gap.to_frame(), n_replications=99)
    >>> table[["slope", "corrected", "rho", "delta", "break_p"]].round(2)
       slope  corrected   rho  delta  break_p
    0  -0.09       -0.1  0.89  -0.02     0.78
    """
    data = AlignedData.of(returns, predictors, publication_lag=publication_lag)
    return persistence(data, n_replications=n_replications, seed=seed, progress=progress)


def persistence(
    data: AlignedData, *, n_replications: int, seed: int, progress: Progress | bool = False
) -> pd.DataFrame:
    """As `persistence_table`, of data that are aligned."""
    rows: list[dict[str, object]] = []
    samples = list(data.samples())
    with reporting(progress) as tell:
        for predictor, portfolio, sample in samples:
            tell("persistence and constancy", len(rows) / len(samples))
            y, x = sample.in_period()
            fit = bias_correction(y, x)
            broken = break_test(y.iloc[1:], x.shift(1).iloc[1:], n_replications=n_replications, seed=seed)
            shown = ("slope", "t", "rho", "delta", "stambaugh_bias", "corrected")
            rows.append(
                {"predictor": predictor, "returns": portfolio}
                | {name: getattr(fit, name) for name in shown}
                | {"corrected_t": fit.corrected / fit.corrected_se, "sup_wald": broken.sup_wald}
                | {"break_after": str(broken.date), "break_p": broken.p_bootstrap}
            )
        tell("persistence and constancy", 1.0)
    return pd.DataFrame(rows)
