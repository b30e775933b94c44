"""Predictive regressions: slopes and errors against R, dates, verdict."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError, DataWarning, SpecificationError
from capstar.leads import LeadStudy, cumulate_after, hodrick_1b, newey_west, predictive_regression

RTOL = 1e-8  # the golden numbers carry 13 digits; 1e-8 is asked


@pytest.fixture(scope="module")
def kms(reference):
    """Kostakis, Magdalinos and Stamatogiannis (2015): monthly data and numbers computed in R."""
    golden = json.loads(reference("predictability/kms2015/predictive_regression_golden.json").read_text())
    return golden, pd.read_csv(reference("predictability/kms2015/monthly.csv"))


@pytest.mark.parametrize("name", ["dp", "tbl", "tms"])
def test_one_period_regressions(kms, name: str) -> None:
    """One month: slope, White's and Newey-West t of dp, tbl, tms against R, to 1e-8; Hodrick's near White's (5 %)."""
    golden, table = kms
    x, y = table[name].to_numpy()[:-1], table["ret"].to_numpy()[1:]
    for lags, key in ((0, "t_hc0"), (4, "t_nw4"), (12, "t_nw12")):
        beta, se, _ = newey_west(y, x, lags=lags)
        assert beta[1] == pytest.approx(golden[name]["beta"], rel=RTOL)
        assert beta[1] / se == pytest.approx(golden[name][key], rel=RTOL)
    # With one period Hodrick's error is White's with demeaned returns in place of residuals.
    assert hodrick_1b(y, x, 1) == pytest.approx(newey_west(y, x, lags=0)[1], rel=0.05)


@pytest.mark.parametrize("horizon", [12, 24])
@pytest.mark.parametrize("name", ["dp", "tbl", "tms"])
def test_overlapping_regressions(kms, name: str, horizon: int) -> None:
    """Overlapping 12 and 24 months: slope, R2, Newey-West and Hodrick t against R, to 1e-8."""
    golden, table = kms
    expected = golden[name][f"h{horizon}"]
    x, one = table[name].to_numpy()[:-1], table["ret"].to_numpy()[1:]
    y = np.convolve(one, np.ones(horizon), "valid")
    beta, se, r_squared = newey_west(y, x[: len(y)], lags=horizon - 1)
    assert len(y) == expected["n"]
    assert beta[1] == pytest.approx(expected["beta"], rel=RTOL)
    assert r_squared == pytest.approx(expected["r2"], rel=RTOL)
    assert beta[1] / se == pytest.approx(expected["t_nw"], rel=RTOL)
    assert beta[1] / hodrick_1b(one, x, horizon) == pytest.approx(expected["t_hodrick"], rel=RTOL)


QUARTERS = pd.period_range("1980Q1", periods=80, freq="Q")
MONTHS = pd.period_range("1980-01", periods=240, freq="M")


def gaps(seed: int = 0) -> pd.Series:
    return pd.Series(np.random.default_rng(seed).normal(size=80), QUARTERS, name="gap")


def monthly(seed: int = 1) -> pd.Series:
    return pd.Series(np.random.default_rng(seed).normal(0.5, 4, size=240), MONTHS, name="small")


def test_a_return_starts_after_publication() -> None:
    """1980Q1 is published by the end of April 1980: one quarter is May, June and July."""
    returns = pd.Series(0.0, MONTHS, name="r")
    returns.loc[["1980-05", "1980-06", "1980-07"]] = [1.0, 2.0, 3.0]
    out = cumulate_after(returns, QUARTERS)
    expected = 100 * np.log(1.01 * 1.02 * 1.03)
    assert out["1980Q1"] == pytest.approx(expected)
    assert out.drop(pd.Period("1980Q1")).abs().max() < 1e-12
    assert cumulate_after(returns, QUARTERS, publication_lag=0)["1980Q1"] == pytest.approx(
        100 * np.log(1.01 * 1.02)
    )
    assert cumulate_after(returns, QUARTERS, horizon=2)["1980Q1"] == pytest.approx(expected)


def test_returns_before_publication_do_not_matter() -> None:
    gap, returns = gaps(), monthly()
    base = predictive_regression(gap, returns, horizon=1)
    changed = returns.copy()
    changed.loc[:"1980-04"] += 50.0
    assert predictive_regression(gap, changed, horizon=1).slope == base.slope


def test_later_data_leave_earlier_rows_alone() -> None:
    returns = monthly()
    whole = cumulate_after(returns, QUARTERS, horizon=4)
    cut = cumulate_after(returns.loc[:"1995-12"], QUARTERS, horizon=4)
    known = cut.dropna().index
    assert str(known[-1]) == "1994Q3"  # May-December 1994 lacks no month: Nov 1994-Oct 1995 is the last year
    pd.testing.assert_series_equal(whole.loc[known], cut.loc[known])


def test_a_planted_lead_is_found_with_its_size() -> None:
    gap = gaps()
    returns = monthly() * 0.1
    effect = pd.Series(np.repeat(gap.to_numpy(), 3), MONTHS).shift(4).fillna(0.0)
    found = predictive_regression(gap, returns + effect, horizon=1)
    # Three months of one percent per point, in logs; noise of 0.4 a month leaves a standard error of 0.1.
    assert found.slope == pytest.approx(3.0, abs=0.3)
    late = predictive_regression(gap, returns + effect.shift(3).fillna(0.0), horizon=1)
    assert abs(late.slope) < 1.0


@pytest.mark.parametrize(("months", "rows"), [(240, 68), (258, 74), (300, 80)])
def test_slope_and_hodrick_error_are_of_the_same_rows(months: int, rows: int) -> None:
    """Returns that go on after the predictor: both are of all rows whose return over 12 quarters is known."""
    quarters = pd.period_range("1980Q1", periods=80, freq="Q")
    rng = np.random.default_rng(3)
    gap = pd.Series(rng.normal(size=80).cumsum(), quarters, name="gap")
    returns = pd.Series(
        rng.normal(0.5, 4, size=months), pd.period_range("1980-01", periods=months, freq="M"), name="small"
    )
    found = predictive_regression(gap, returns, horizon=12, publication_lag=0)
    assert found.nobs == rows
    one = cumulate_after(returns, quarters, publication_lag=0).dropna().to_numpy()
    x, errors = np.column_stack([np.ones(len(one)), gap.to_numpy()[: len(one)]]), one - one.mean()
    bread = np.linalg.inv(sum(np.outer(row, row) for row in x[:rows] if len(x) >= rows))
    windows = [x[t - 11 : t + 1].sum(axis=0) * errors[t] for t in range(11, len(one))]
    middle = rows * np.mean([np.outer(one, one) for one in windows], axis=0)
    assert found.hodrick_se == pytest.approx(np.sqrt((bread @ middle @ bread)[1, 1]), rel=1e-10)


def test_hodrick_keeps_its_size_without_predictability() -> None:
    """Regressor with autocorrelation 0.95, innovations correlated -0.5 with returns; 600 samples of 200."""
    rng = np.random.default_rng(1992)
    rejected = 0
    for _ in range(600):
        shocks = rng.multivariate_normal([0, 0], [[1, -0.5], [-0.5, 1]], size=400)
        x = np.zeros(400)
        for t in range(1, 400):
            x[t] = 0.95 * x[t - 1] + shocks[t, 0]
        r, lagged = shocks[200:, 1], x[199:-1]
        y = np.convolve(r, np.ones(4), "valid")
        slope = np.polyfit(lagged[: len(y)], y, 1)[0]
        rejected += abs(slope / hodrick_1b(r, lagged, 4)) > 1.96
    # Nominal 5 percent; Stambaugh's bias adds a little; three binomial standard errors are 2.7 points.
    assert 0.02 < rejected / 600 < 0.10


def test_study_table_and_verdict() -> None:
    returns = pd.DataFrame({"excess": monthly(1), "small_minus_large": monthly(2)})
    results = LeadStudy(gaps(), returns, start=None).run()
    assert len(results.table) == 8
    assert (results.table["hodrick_p_adjusted"] >= results.table["hodrick_p"] - 1e-12).all()
    assert "none is significant" in results.verdict()
    assert "Hodrick" in str(results.summary())
    gap = gaps()
    planted = monthly() * 0.1 + pd.Series(np.repeat(gap.to_numpy(), 3), MONTHS).shift(4).fillna(0.0)
    found = LeadStudy(gap, planted.rename("excess"), (1,), start=None).run()
    assert "remain significant" in found.verdict()
    assert "not a lead one could have used" in found.verdict()


def test_smoothed_predictors_are_warned_of() -> None:
    with pytest.warns(DataWarning, match="has seen the returns' future"):
        results = LeadStudy(gaps(), monthly(), (1,), information="smoothed", start=None).run()
    assert "cannot show a lead" in results.verdict()


@pytest.mark.parametrize(
    ("gap", "returns", "message"),
    [
        (gaps().reset_index(drop=True), monthly(), "must be on a quarterly or monthly PeriodIndex"),
        (gaps(), monthly().reset_index(drop=True), "must be on a monthly PeriodIndex"),
        (gaps().mask(QUARTERS == "1985Q2"), monthly(), "gap is missing in 1985Q2"),
        (gaps(), monthly().drop(MONTHS[30]), "missing or repeated after 1982-06"),
        (gaps() * 0, monthly(), "gap does not vary"),
        (gaps().set_axis(QUARTERS + 200), monthly(), "share 0 quarters"),
        (gaps(), monthly() - 200, "no log exists"),
    ],
)
def test_bad_series_are_named(gap, returns, message: str) -> None:
    with pytest.raises(DataError, match=message):
        LeadStudy(gap, returns, (1,)).run()


def test_bad_options_are_named() -> None:
    with pytest.raises(SpecificationError, match="at least 1 each"):
        LeadStudy(gaps(), monthly(), (0,)).run()
    with pytest.raises(SpecificationError, match="choose one of \\['filtered'"):
        LeadStudy(gaps(), monthly(), information="perfect").run()
