"""Every test of one slope: its statistic less its 5 percent critical value, so that a positive number rejects."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm
from scipy.stats import t as student

from capstar.leads import (
    bias_correction,
    bootstrap_regression,
    equal_weighted_cosine,
    fixed_b_critical,
    hansen_hodrick,
    hodrick_1b,
    ivx,
    newey_west,
    q_test,
)

Floats = npt.NDArray[np.float64]
Margins = tuple[float, float, float]  # of the alternatives, in their order
ALTERNATIVES = ("two-sided", "positive", "negative")
LEVEL = 0.05
REPLICATIONS = 399  # (REPLICATIONS + 1) * LEVEL / 2 is a whole number
OLS, NW, NW_FIXED, NW_LONG = (
    "ordinary t",
    "Newey-West",
    "Newey-West, fixed-b",
    "Newey-West, 1.3 root T lags, fixed-b",
)
HODRICK, HANSEN, COSINE, IVX = "Hodrick 1B", "Hansen-Hodrick", "equal-weighted cosine", "IVX"
BOOTSTRAP, STAMBAUGH, AMIHUD, Q = "bootstrap of t", "Stambaugh", "Amihud-Hurvich", "Campbell-Yogo Q"
EVERY_HORIZON = (OLS, NW, NW_FIXED, NW_LONG, HODRICK, HANSEN, COSINE, IVX, BOOTSTRAP)
ONE_PERIOD = (STAMBAUGH, AMIHUD, Q)
TESTS = EVERY_HORIZON + ONE_PERIOD


def margins(
    returns: Floats, x: Floats, horizon: int, bounds: pd.DataFrame, tests: tuple[str, ...] = TESTS
) -> dict[str, Margins]:
    """Statistic less critical value of each test but the bootstrap; NaN where a test has no statistic.

    Parameters
    ----------
    returns, x
        Shape (T + 1,): the return of t is regressed on the predictor of t - 1.
    horizon
        Periods summed.
    bounds
        Campbell and Yogo's table.
    tests
        Names of those wanted.
    """
    out: dict[str, Margins] = {}
    y = np.convolve(returns[1:], np.ones(horizon), "valid")
    lagged = x[: len(y)]
    out |= _newey_west(y, lagged, horizon)
    slope = newey_west(y, lagged, lags=0)[0][1]
    # The first return stands beside no predictor; this t is that of least squares whatever y sums.
    out[OLS] = _normal(bias_correction(np.concatenate([[0.0], y]), x[: len(y) + 1]).t)
    out[HODRICK] = _normal(slope / hodrick_1b(returns[1:], x[:-1], horizon))
    out[HANSEN] = _normal(slope / hansen_hodrick(y, lagged, horizon=horizon))
    cosine = equal_weighted_cosine(y, lagged)
    out[COSINE] = _signed(
        cosine.t, student.isf(LEVEL / 2, cosine.cosines), student.isf(LEVEL, cosine.cosines)
    )
    if IVX in tests:
        out[IVX] = _ivx(returns, x, horizon)
    if horizon == 1:
        out |= _one_period(returns, x, bounds)
    return {name: out[name] for name in tests if name in out}


def bootstrap_margins(returns: Floats, x: Floats, horizons: tuple[int, ...], seed: int) -> dict[int, Margins]:
    """The bootstrap of the Newey-West t by horizon; positive exactly where its p-value is at most 5 percent."""
    found = bootstrap_regression(
        pd.Series(returns), pd.Series(x), horizons, n_replications=REPLICATIONS, seed=seed
    )
    one, two = round(LEVEL * (REPLICATIONS + 1)), round(LEVEL / 2 * (REPLICATIONS + 1))
    out = {}
    for h, t in zip(horizons, found.table["statistic"], strict=True):
        drawn = np.sort(found.draws[f"t({h})"])
        out[h] = (max(t - drawn[-two], drawn[two - 1] - t), t - drawn[-one], drawn[one - 1] - t)
    return out


def _newey_west(y: Floats, x: Floats, horizon: int) -> dict[str, Margins]:
    n = len(y)
    usual = max(horizon - 1, int(4 * (n / 100) ** (2 / 9)))  # the default of predictive_regression
    long = int(1.3 * np.sqrt(n))  # Lazarus, Lewis, Stock and Watson (2018), equation 3
    t = {}
    for lags in (usual, long):
        beta, se, _ = newey_west(y, x, lags=lags)
        t[lags] = beta[1] / se
    return {
        NW: _normal(t[usual]),
        NW_FIXED: _fixed_b(t[usual], usual, n),
        NW_LONG: _fixed_b(t[long], long, n),
    }


def _ivx(returns: Floats, x: Floats, horizon: int) -> Margins:
    row = ivx(pd.Series(returns), pd.Series(x), horizon=horizon).table.iloc[0]
    return _normal(np.sign(row["slope"]) * np.sqrt(row["wald"]))


def _one_period(returns: Floats, x: Floats, bounds: pd.DataFrame) -> dict[str, Margins]:
    found = bias_correction(returns, x)
    se = found.slope / found.t
    interval = q_test(returns, x, bounds)
    above, below = interval.low / se, -interval.high / se
    return {
        STAMBAUGH: _normal((found.slope - found.stambaugh_bias) / se),
        AMIHUD: _normal(found.corrected / found.corrected_se),
        Q: (max(above, below), above, below),  # each side at 5 percent, so 10 percent two-sided
    }


def _signed(t: float, two_sided: float, one_sided: float) -> Margins:
    return abs(t) - two_sided, t - one_sided, -t - one_sided


def _normal(t: float) -> Margins:
    return _signed(t, norm.isf(LEVEL / 2), norm.isf(LEVEL))


def _fixed_b(t: float, lags: int, n: int) -> Margins:
    b = (lags + 1) / n
    return _signed(t, fixed_b_critical(b, level=LEVEL), fixed_b_critical(b, level=2 * LEVEL))
