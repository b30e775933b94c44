"""Regressions on posterior draws of a predictor: Rubin's rules, and what they say of a predictor that is not known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from capstar import data, leads, rstar
from capstar.errors import DataError, SpecificationError

QUARTERS = pd.period_range("1970Q1", "2009Q4", freq="Q")
MONTHS = pd.period_range("1970-01", "2010-12", freq="M")


@pytest.fixture(scope="module")
def returns() -> pd.Series:
    return pd.Series(np.random.default_rng(1).standard_normal(len(MONTHS)), MONTHS, name="small")


def drawn(spread: float, count: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    center = np.cumsum(0.6 * rng.standard_normal((len(QUARTERS), 1)), axis=0)
    return pd.DataFrame(center + spread * rng.standard_normal((len(QUARTERS), count)), QUARTERS)


def test_equal_draws_are_the_regression_itself(returns) -> None:
    """Nothing between draws: the slope and Hodrick's error of the one series."""
    draws = drawn(0.0)
    row = leads.drawn_regressor(draws, returns, (4,)).table.iloc[0]
    one = leads.predictive_regression(draws[0], returns, horizon=4)
    assert row["slope"] == pytest.approx(one.slope, rel=1e-10)
    assert row["nobs"] == one.nobs
    assert row["se"] == pytest.approx(one.hodrick_se, rel=1e-10)
    assert row["missing"] == pytest.approx(0, abs=1e-12)
    assert row["slope_at_mean"] == pytest.approx(row["slope"])
    assert row["negative"] in (0.0, 1.0)


def test_rubins_rules_by_hand(returns) -> None:
    draws = drawn(0.8)
    found = leads.drawn_regressor(draws, returns, (1,))
    row, slopes = found.table.iloc[0], found.slopes["small(1)"]
    after = leads.cumulate_after(returns, QUARTERS, publication_lag=1).reindex(QUARTERS).dropna()
    errors = [leads.hodrick_1b(after, draws.loc[after.index, k], 1) for k in draws]
    between = np.var(slopes, ddof=1) * (1 + 1 / 40)
    total = np.mean(np.square(errors)) + between
    lost, complete = between / total, len(after) - 2
    observed = (complete + 1) / (complete + 3) * complete * (1 - lost)
    df = 1 / (1 / (39 / lost**2) + 1 / observed)
    assert row["slope"] == pytest.approx(slopes.mean())
    assert row["se"] == pytest.approx(np.sqrt(total))
    assert (row["missing"], row["df"]) == (pytest.approx(lost), pytest.approx(df))
    assert row["p"] == pytest.approx(2 * student(df).sf(abs(row["t"])))
    assert row["upper"] - row["slope"] == pytest.approx(student(df).ppf(0.95) * np.sqrt(total))
    assert row["negative"] == np.mean(slopes < 0)


def test_a_predictor_that_is_not_known_leads_less_surely() -> None:
    """Returns that follow the mean of the draws: noise in these widens the error and pulls the mean slope to zero."""
    center = drawn(0.0)[0]
    rng = np.random.default_rng(6)
    monthly = center.repeat(3).to_numpy()
    months = pd.period_range("1970-05", periods=len(monthly), freq="M")  # after each quarter's publication
    returns = pd.Series(0.5 * monthly + rng.standard_normal(len(monthly)), months, name="small")
    sharp, vague = (
        leads.drawn_regressor(drawn(spread, 200), returns, (1,)).table.iloc[0] for spread in (0.01, 2.0)
    )
    assert vague["missing"] > 10 * sharp["missing"]
    assert abs(vague["t"]) < abs(sharp["t"])
    assert abs(vague["slope"]) < 0.8 * abs(sharp["slope"])
    # Regression calibration: the slope on the mean of 200 draws is that on the predictor but for their noise.
    assert vague["slope_at_mean"] == pytest.approx(sharp["slope"], rel=0.1)


def test_takes_the_gap_of_a_posterior(returns) -> None:
    fit = rstar.model("uc").fit(data.us_macro(), n_draws=100, progress=False)
    found = leads.drawn_regressor(fit.gap_draws(), returns, (1, 4), most_draws=60)
    assert found.slopes.shape == (60, 2)
    assert found.table["missing"].between(0, 1).all()
    assert found.table["se"].gt(0).all()


def test_a_lead_study_takes_them_into_its_verdict(returns) -> None:
    fit = rstar.model("uc").fit(data.us_macro(), n_draws=100, progress=False)
    study = leads.LeadStudy(
        fit.gap(),
        returns.rename("small_minus_large"),
        (1, 4),
        draws=fit.gap_draws(),
        start=None,
        n_replications=99,
    )
    found = study.run(progress=False)
    row = found.drawn.table.iloc[0]
    assert (
        f"is {row['slope']:+.2f} ({row['lower']:+.2f} to {row['upper']:+.2f}, p {row['p']:.3f}"
        in found.verdict()
    )
    assert f"negative in {row['negative']:.0%} of draws" in found.verdict()
    assert found.counts["rows over posterior draws"] == 2
    assert found.drawn.title in found.frames()
    assert "regression calibration" in str(found.summary())
    changed = replace(found, drawn=replace(found.drawn, table=found.drawn.table.assign(slope=9.0)))
    assert "is +9.00" in changed.verdict()


def test_bad_input(returns) -> None:
    with pytest.raises(DataError, match="found 5 draws; give at least 20"):
        leads.drawn_regressor(drawn(1.0, 5), returns)
    with pytest.raises(DataError, match="a draw with a missing value"):
        leads.drawn_regressor(drawn(1.0).mask(lambda f: f > 1), returns)
    with pytest.raises(SpecificationError, match=r"horizons=\(0,\)"):
        leads.drawn_regressor(drawn(1.0), returns, (0,))
