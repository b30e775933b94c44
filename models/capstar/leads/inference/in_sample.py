"""Every predictor, portfolio and horizon in one table, with every kind of inference beside the other."""

from __future__ import annotations

import pandas as pd

from capstar.leads.alignment import cumulate_after, one_quarter
from capstar.leads.inference.ivx import ivx
from capstar.leads.inference.persistence import bias_correction
from capstar.leads.inference.regression import predictive_regression
from capstar.leads.inference.robust import equal_weighted_cosine
from capstar.leads.multiplicity import adjusted_p_values
from capstar.leads.stability import break_test


def in_sample_table(
    returns: pd.DataFrame,
    predictors: pd.DataFrame,
    horizons: tuple[int, ...] = (1, 2, 4, 8),
    *,
    publication_lag: int = 1,
) -> pd.DataFrame:
    """Regressions of the returns after publication on each predictor alone.

    Parameters
    ----------
    returns
        Percent a month, a column a portfolio, monthly PeriodIndex.
    predictors
        Quarterly, a column each, no holes.
    horizons
        Quarters.
    publication_lag
        Months until a quarter's data are known.

    Returns
    -------
    pandas.DataFrame
        One row a predictor, portfolio and horizon: ``slope`` (percent of return over the horizon per unit),
        ``r_squared``, ``nobs``, ``first``, ``last``; Newey-West, Hodrick 1B and equal-weighted cosine ``_t`` and
        ``_p``; ``ivx_slope``, ``ivx_wald`` and ``ivx_p`` (of the return over the horizon on the predictor's sum over
        it); ``hodrick_p_adjusted`` and ``ivx_p_adjusted``, Benjamini-Hochberg over all rows.
    """
    rows = [
        _row(returns[portfolio], predictors[name], horizon, publication_lag)
        for name in predictors
        for portfolio in returns
        for horizon in horizons
    ]
    table = pd.DataFrame(rows)
    for kind in ("hodrick", "ivx"):
        adjusted = adjusted_p_values(table, column=f"{kind}_p").table
        table[f"{kind}_p_adjusted"] = adjusted[f"{kind}_p_adjusted"]
    return table


def persistence_table(
    returns: pd.DataFrame,
    predictors: pd.DataFrame,
    *,
    publication_lag: int = 1,
    replications: int = 499,
    seed: int = 0,
) -> pd.DataFrame:
    """What a persistent predictor does to the one-quarter slope, and whether the slope is constant.

    Returns
    -------
    pandas.DataFrame
        One row a predictor and portfolio: least-squares ``slope`` and ``t``, ``rho`` of the predictor, ``delta``
        (correlation of its shocks with those of the return), ``stambaugh_bias``, Amihud and Hurvich's
        ``corrected`` slope and its ``corrected_t``; ``sup_wald``, ``break_after`` and ``break_p`` (Hansen 2000).
    """
    rows: list[dict[str, object]] = []
    for name in predictors:
        for portfolio in returns:
            y, x = one_quarter(returns[portfolio], predictors[name], publication_lag)
            fit = bias_correction(y, x)
            broken = break_test(y.iloc[1:], x.shift(1).iloc[1:], replications=replications, seed=seed)
            rows.append(
                {
                    "predictor": name,
                    "returns": portfolio,
                    "slope": fit.slope,
                    "t": fit.t,
                    "rho": fit.rho,
                    "delta": fit.delta,
                    "stambaugh_bias": fit.stambaugh_bias,
                    "corrected": fit.corrected,
                    "corrected_t": fit.corrected / fit.corrected_se,
                    "sup_wald": broken.sup_wald,
                    "break_after": str(broken.date),
                    "break_p": broken.p_bootstrap,
                }
            )
    return pd.DataFrame(rows)


def _row(returns: pd.Series, predictor: pd.Series, horizon: int, lag: int) -> dict[str, object]:
    fit = predictive_regression(predictor, returns, horizon=horizon, publication_lag=lag)
    after = cumulate_after(returns, predictor.index, horizon=horizon, publication_lag=lag).loc[
        fit.first : fit.last
    ]
    cosine = equal_weighted_cosine(after, predictor.loc[fit.first : fit.last])
    y, x = one_quarter(returns, predictor, lag)
    instrumented = ivx(y, x, horizon=horizon)
    return {
        "predictor": predictor.name,
        "returns": returns.name,
        "horizon": horizon,
        "slope": fit.slope,
        "r_squared": fit.r_squared,
        "nobs": fit.nobs,
        "first": str(fit.first),
        "last": str(fit.last),
        "newey_west_se": fit.newey_west_se,
        "newey_west_t": fit.slope / fit.newey_west_se,
        "newey_west_p": fit.newey_west_p,
        "hodrick_se": fit.hodrick_se,
        "hodrick_t": fit.slope / fit.hodrick_se,
        "hodrick_p": fit.hodrick_p,
        "cosine_t": cosine.t,
        "cosine_p": cosine.p,
        "ivx_slope": float(instrumented.table["slope"].iloc[0]),
        "ivx_wald": instrumented.wald,
        "ivx_p": instrumented.p,
        "newey_west_lags": fit.newey_west_lags,
    }
