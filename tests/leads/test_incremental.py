"""A predictor beside controls, against statsmodels and loops by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS

from capstar import leads
from capstar.errors import DataError, SpecificationError
from capstar.leads.incremental import _samples

N = 140
QUARTERS = pd.period_range("1980Q1", periods=N, freq="Q")


def world(slope: float, seed: int = 0, horizon: int = 1, delay: int = 1, n: int = N):
    """Target of a predictor and a control, with errors that overlap and variances that move."""
    rng = np.random.default_rng(seed)
    index = pd.period_range("1980Q1", periods=n, freq="Q")
    x, z = pd.Series(rng.normal(size=n), index, name="x"), pd.Series(rng.normal(size=n), index)
    shocks = rng.normal(size=n + horizon + delay) * (1 + (np.arange(n + horizon + delay) > n / 2))
    errors = np.convolve(shocks, np.ones(horizon + delay), "valid")[:n]
    y = slope * x + 0.5 * z + errors
    return y.rename("y"), x, pd.DataFrame({"z": z, "w": rng.normal(size=n)}, index)


def design(x: pd.Series, controls: pd.DataFrame) -> np.ndarray:
    return np.column_stack([np.ones(len(x)), controls, x])


@pytest.mark.parametrize(("horizon", "delay", "lags"), [(1, 0, 4), (1, 1, 4), (4, 1, 4), (8, 1, 8)])
def test_the_regression_is_statsmodels(horizon: int, delay: int, lags: int) -> None:
    """Newey-West errors with as many autocovariances as the errors overlap, or more."""
    y, x, controls = world(0.4, horizon=horizon, delay=delay)
    found = leads.incremental_test(y, x, controls, horizon=horizon, delay=delay, n_replications=99)
    kinds = {"maxlags": lags, "use_correction": False}
    fit = OLS(y.to_numpy(), design(x, controls)).fit(cov_type="HAC", cov_kwds=kinds)
    assert found.slope == pytest.approx(fit.params[-1], rel=1e-10)
    assert found.se == pytest.approx(fit.bse[-1], rel=1e-10)
    assert found.p == pytest.approx(fit.pvalues[-1], rel=1e-9)
    less = OLS(y.to_numpy(), design(x, controls)[:, :-1]).fit()
    assert found.partial_r2 == pytest.approx(1 - fit.ssr / less.ssr, rel=1e-10)
    assert (found.nobs, found.first, found.last) == (N, QUARTERS[0], QUARTERS[-1])


def test_the_bootstrap_is_that_of_a_loop() -> None:
    """Without overlap: residuals of the whole regression with signs, on what the controls alone fit."""
    y, x, controls = world(0.1, delay=0)
    found = leads.incremental_test(y, x, controls, start="1995Q1", n_replications=99, seed=3)
    X, values = design(x, controls), y.to_numpy()
    alone = OLS(values, X[:, :-1]).fit()
    signs = 2.0 * np.random.default_rng(3).integers(0, 2, (99, N)) - 1.0
    t, cw = [], []
    for one in alone.fittedvalues + signs * OLS(values, X).fit().resid:
        t.append(OLS(one, X).fit(cov_type="HAC", cov_kwds={"maxlags": 4}).tvalues[-1])
        made = leads.incremental_forecasts(pd.Series(one, QUARTERS), x, controls, "1995Q1")
        cw.append(leads.compare_forecasts(made["actual"], made["controls"], made["x"]).clark_west)
    assert found.bootstrap_p == (1 + np.sum(np.abs(t) >= abs(found.t))) / 100
    assert found.clark_west_bootstrap_p == (1 + np.sum(np.array(cw) >= found.clark_west)) / 100


def test_forecasts_are_those_of_least_squares_on_what_was_known() -> None:
    y, x, controls = world(0.4, horizon=2)
    y = y.mask(np.arange(N) == 50)  # a row that is left out
    made = leads.incremental_forecasts(y, x, controls, "1995Q1", horizon=2, delay=1)
    rows = pd.concat([y, x, controls], axis=1).dropna()
    for quarter in (made.index[0], made.index[30], made.index[-1]):
        known = rows.loc[: quarter - 3]  # over two quarters, published one later
        for name, columns in (("controls", ["z", "w"]), ("x", ["z", "w", "x"])):
            X = np.column_stack([np.ones(len(known)), known[columns]])
            beta = np.linalg.lstsq(X, known["y"], rcond=None)[0]
            expected = beta @ np.r_[1.0, rows.loc[quarter, columns]]
            assert made.loc[quarter, name] == pytest.approx(expected, rel=1e-9)
    found = leads.incremental_test(y, x, controls, horizon=2, delay=1, start="1995Q1", n_replications=99)
    accuracy = leads.compare_forecasts(made["actual"], made["controls"], made["x"], horizon=3)
    assert found.r2_os == pytest.approx(accuracy.r2_os, rel=1e-9)
    assert found.clark_west_p == pytest.approx(accuracy.clark_west_p, rel=1e-9)
    assert (found.n_forecasts, found.first_forecast) == (len(made), pd.Period("1995Q1", "Q"))


def test_nothing_published_later_moves_a_forecast() -> None:
    y, x, controls = world(0.4)
    made = leads.incremental_forecasts(y, x, controls, "1995Q1", delay=1)
    quarter = pd.Period("2005Q1", "Q")
    later = y.index > quarter - 2  # the target of 2004Q3 is over 2004Q4, out in 2005Q1
    other, moved = y.where(~later, 99.0), x.where(y.index <= quarter, -x)
    again = leads.incremental_forecasts(other, moved, controls, "1995Q1", delay=1)
    upto = made.index <= quarter
    # Columns are scaled by the whole sample for accuracy: rounding alone differs.
    np.testing.assert_allclose(
        again.loc[upto, ["controls", "x"]], made.loc[upto, ["controls", "x"]], rtol=1e-9
    )
    assert abs(again.loc[quarter + 1, "x"] - made.loc[quarter + 1, "x"]) > 1e-3


def test_a_series_cut_short_gives_the_same_numbers_as_one_that_lacks_them() -> None:
    y, x, controls = world(0.2)
    cut = leads.incremental_test(y[:100], x, controls, start="1995Q1", n_replications=99)
    absent = leads.incremental_test(
        y.where(y.index < y.index[100]), x, controls, start="1995Q1", n_replications=99
    )
    assert cut == absent


def test_overlap_is_in_the_samples() -> None:
    """Errors over four quarters are correlated as in the sample; at a lag beyond the overlap they are not."""
    y, x, controls = world(0.0, horizon=4, delay=0, n=400)
    drawn = _samples(y.to_numpy(), x.to_numpy(), design(x, controls)[:, :-1], 3, n_replications=999, seed=0)[
        1:
    ]
    errors = drawn - drawn.mean(axis=0)
    near, far = (np.mean(errors[:, k:] * errors[:, :-k]) / np.mean(errors**2) for k in (1, 6))
    assert near == pytest.approx(0.75, abs=0.12)
    assert abs(far) < 0.05


@pytest.mark.parametrize(("slope", "low", "high"), [(0.0, 0.02, 0.09), (0.8, 0.9, 1.0)])
def test_size_and_power(slope: float, low: float, high: float) -> None:
    """Of 150 samples, 5 percent tests; 0.02 to 0.09 holds 98 percent of binomial draws at 0.05."""
    rejected = []
    for seed in range(150):
        y, x, controls = world(slope, seed)
        found = leads.incremental_test(y, x, controls, delay=1, n_replications=99, seed=seed)
        rejected.append(found.bootstrap_p <= 0.05)
    assert low <= np.mean(rejected) <= high


def test_too_few_forecasts_are_not_made() -> None:
    y, x, controls = world(0.4)
    found = leads.incremental_test(y, x, controls, start="2010Q1", n_replications=99)
    assert found.n_forecasts == 0
    assert np.isnan(found.clark_west_p)
    with pytest.raises(DataError, match="fewer than 40 forecasts"):
        leads.incremental_forecasts(y, x, controls, "2010Q1")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"horizon": 0}, SpecificationError, "horizon=0, delay=0; choose at least 1 and 0"),
        ({"n_replications": 50}, SpecificationError, "give at least 99"),
        (
            {"target": pd.Series(np.arange(20.0), QUARTERS[:20], name="y")},
            DataError,
            "share 20 complete rows",
        ),
        ({"predictor": pd.Series(1.0, QUARTERS, name="x")}, DataError, "x does not vary"),
        ({"predictor": world(0.0)[2]["z"]}, DataError, "collinear"),
        ({"target": world(0.0)[0].set_axis(QUARTERS.asfreq("M"))}, DataError, "expected one frequency"),
        ({"target": world(0.0)[0].reset_index(drop=True)}, DataError, "expected Periods"),
    ],
)
def test_what_cannot_be_tested_is_said(change, error, message: str) -> None:
    y, x, controls = world(0.0)
    given = {"target": y, "predictor": x, "controls": controls} | change
    with pytest.raises(error, match=message):
        leads.incremental_test(**given)


def test_what_is_collinear_before_a_forecast_is_said() -> None:
    y, x, controls = world(0.0)
    controls["w"] = controls["w"].where(controls.index >= pd.Period("1999Q1", "Q"), 0.0)
    with pytest.raises(DataError, match="on the rows before a forecast"):
        leads.incremental_forecasts(y, x, controls, "1995Q1")
