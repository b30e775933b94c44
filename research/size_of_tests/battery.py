"""Every test of one slope: its statistic less its 5 percent critical value, so that a positive number rejects."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from capstar.leads import (
    AlignedSample,
    PredictabilityTest,
    TestResult,
    bias_correction,
    bootstrap_regression,
    equal_weighted_cosine,
    fixed_b_critical,
    hansen_hodrick,
    newey_west,
    predictability_tests,
    q_test,
)

Floats = npt.NDArray[np.float64]
Margins = tuple[float, float, float]  # of the alternatives, in their order
ALTERNATIVES = ("two-sided", "positive", "negative")
LEVEL = 0.05
TWO_SIDED, ONE_SIDED = -ndtri(LEVEL / 2), -ndtri(LEVEL)
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
# Of the tables; any other test has its own name, the cosine test with the null imposed too: COSINE is the plain one.
_ROWS = {"hodrick": HODRICK, "ivx": IVX}


def row_of(test: PredictabilityTest) -> str:
    """Name of a registered test in the tables."""
    return _ROWS.get(test.key, test.name)


def every_test() -> tuple[str, ...]:
    """Rows of the tables in their order: the tests here, and all that the library has registered."""
    return tuple(dict.fromkeys([*EVERY_HORIZON, *map(row_of, predictability_tests()), *ONE_PERIOD]))


def margins(
    returns: Floats, x: Floats, horizon: int, bounds: pd.DataFrame, tests: tuple[str, ...]
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
    sample = aligned(returns, x, horizon)
    for test in predictability_tests():
        if row_of(test) in tests:
            out[row_of(test)] = _registered(test, test.run(sample, horizon))
    if {NW_FIXED, NW_LONG} & set(tests):
        out |= _newey_west(y, lagged, horizon)
    slope = newey_west(y, lagged, lags=0)[0][1]
    # The first return stands beside no predictor; this t is that of least squares whatever y sums.
    out[OLS] = _normal(bias_correction(np.concatenate([[0.0], y]), x[: len(y) + 1]).t)
    if COSINE in tests:
        cosine = equal_weighted_cosine(y, lagged)
        out[COSINE] = _from_p(cosine.p, cosine.t)
    out[HANSEN] = _normal(slope / hansen_hodrick(y, lagged, horizon=horizon))
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
        NW_FIXED: _fixed_b(t[usual], usual, n),
        NW_LONG: _fixed_b(t[long], long, n),
    }


def aligned(returns: Floats, x: Floats, horizon: int) -> AlignedSample:
    """The sample as the library's tests get it; the return after the last predictor is unknown."""
    quarters = pd.period_range("1900Q1", periods=len(x), freq="Q")
    y, predictor = pd.Series(returns, quarters, name="returns"), pd.Series(x, quarters, name="x")
    return AlignedSample(predictor, {1: y.shift(-1), horizon: y.rolling(horizon).sum().shift(-horizon)})


def _registered(test: PredictabilityTest, found: TestResult) -> Margins:
    """From the p-value, two-sided, as that of a normal statistic; one-sided by the sign of the slope, if it has one."""
    slope = found.statistic if test.statistic == "t" else found.columns.get("slope", np.nan)
    return _from_p(found.p, slope)


def _from_p(p: float, slope: float) -> Margins:
    z = -ndtri(p / 2)
    return z - TWO_SIDED, *_normal(np.sign(slope) * z)[1:]


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
    return _signed(t, TWO_SIDED, ONE_SIDED)


def _fixed_b(t: float, lags: int, n: int) -> Margins:
    b = (lags + 1) / n
    return _signed(t, fixed_b_critical(b, level=LEVEL), fixed_b_critical(b, level=2 * LEVEL))
