"""Where samples of the gap are drawn from: the lags of its autoregression, and what a drawn sample is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar import data, rstar
from capstar.statespace.innovations import simulate_from_innovations


def gap_with_past(fit) -> pd.Series:
    """The gap, and before it four quarters of the real rate less the first r*."""
    before = fit.data["r"].loc[: fit.start - 1].dropna() - fit.rstar.filtered.iloc[0]
    return pd.concat([before.iloc[-4:], fit.gap()])


@pytest.mark.parametrize(
    ("name", "bic", "aic"),
    [("hlw2017_us_2019q4", 2, 3), ("hlw2017_ca_2019q4", 1, 2), ("hlw2023_us_2023q2", 2, 3)],
)
def test_lags_are_those_of_bic(golden_fit, name: str, bic: int, aic: int) -> None:
    """Against statsmodels, on data where AIC takes a lag more."""
    from statsmodels.tsa.ar_model import AutoReg, ar_select_order

    fit = golden_fit(name)
    series = gap_with_past(fit).to_numpy()
    for criterion, lags in (("bic", bic), ("aic", aic)):
        assert ar_select_order(series, maxlag=4, ic=criterion).ar_lags == list(range(1, lags + 1))
    source = rstar.gap_source(fit)
    theirs = AutoReg(series, lags=bic, hold_back=4).fit()
    np.testing.assert_allclose(source.rule.coefficients, theirs.params, rtol=1e-8)
    np.testing.assert_allclose(source.innovations["gap"], theirs.resid, atol=1e-9)
    np.testing.assert_array_equal(source.rule.past, series[:4])


@pytest.fixture(scope="module")
def fit() -> rstar.RStarResults:
    return rstar.HLW2017.fit(data.us_macro(), n_starts=1)


def test_a_drawn_sample_is_estimated_as_any_other(fit) -> None:
    """Three stages on the drawn output, inflation and rate, in the format of a user's own data."""
    source, table = rstar.gap_source(fit), data.us_macro()
    rows = np.random.default_rng(12).integers(0, len(source.innovations), len(source.innovations))
    drawn = source.draw(rows)
    assert drawn is not None
    shocks = source.innovations.to_numpy()[rows]
    filtered, y, rate = simulate_from_innovations(
        source.problem, source.theta, shocks[:, :-1].copy(), source.rule, shocks[:, -1].copy()
    )
    quarters = source.innovations.index
    table.loc[quarters, "log_gdp"] = y[:, 0] / 100
    table.loc[quarters, "inflation"] = y[:, 1]
    table.loc[quarters, "interest_rate"] = rate + table.loc[quarters, "expected_inflation"]
    right = {"expected_inflation": "percent"}  # of the sample, while inflation is drawn
    again = rstar.HLW2017.fit(table, fit.start, fit.end, n_starts=1, units=right)
    # The input differs by the rounding of a hundredfold; the optimiser stops within 1e-6.
    np.testing.assert_allclose(drawn.estimated, again.gap(), atol=1e-5)
    slots = source.problem.model.states
    true_rstar = 4 * filtered[:, slots.index(("g", -1))] + filtered[:, slots.index(("z", -1))]
    np.testing.assert_allclose(drawn.true, rate - true_rstar, atol=1e-10)
    assert np.abs(drawn.estimated - fit.gap()).max() > 0.5
