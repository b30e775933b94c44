"""Nowcasts from ragged data, and what each release changed: against brute force, on drawn months."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from rstar.test_monthly import drawn

from capstar import data, rstar
from capstar.errors import DataError
from capstar.rstar.release_news import AGAIN
from capstar.statespace import Spec, params, variables


@pytest.fixture(scope="module")
def months() -> pd.DataFrame:
    """With the mean of twelve months as expected inflation, so that prices move the real rate too."""
    out = drawn(rstar.MonthlyLW, "1985-01", 420)
    expected = out["inflation"].rolling(12).mean().bfill()
    return out.assign(
        interest_rate=out["interest_rate"] - out["expected_inflation"] + expected, expected_inflation=expected
    )


def known(months: pd.DataFrame, gdp: str, prices: str, last: str) -> pd.DataFrame:
    """The table to a month, output and prices to an earlier one."""
    out = months.loc[:last].copy()
    out.loc[pd.Period(gdp, "M") + 1 :, "log_gdp"] = np.nan
    out.loc[pd.Period(prices, "M") + 1 :, "inflation"] = np.nan
    out.loc[pd.Period(prices, "M") + 1 :, "expected_inflation"] = out.loc[prices, "expected_inflation"]
    return out


@pytest.fixture(scope="module")
def earlier(months: pd.DataFrame) -> pd.DataFrame:
    """Early in 2015-10: output of 2015Q2, prices of August, rates of September; an early month was revised since."""
    out = known(months, "2015-06", "2015-08", "2015-09")
    out.loc["2015-05", "inflation"] += 0.4
    out.loc["2015-03", "log_gdp"] += 0.002
    out.loc["2015-07", "interest_rate"] -= 0.1
    out.loc["2015-06", "oil_price_inflation"] += 5.0
    return out


@pytest.fixture(scope="module")
def later(months: pd.DataFrame) -> pd.DataFrame:
    """Two months on: output of 2015Q3, prices of October, rates of November."""
    return known(months, "2015-09", "2015-10", "2015-11")


@pytest.fixture(scope="module")
def fit(earlier: pd.DataFrame) -> rstar.DeclaredRate:
    return rstar.MonthlyLW.fit(earlier, n_starts=1, progress=False)


@pytest.fixture(scope="module")
def news(fit, earlier, later) -> rstar.ReleaseNews:
    return rstar.release_news(fit, earlier, later, progress=False)


def completed(table: pd.DataFrame, last: str) -> pd.DataFrame:
    out = table.reindex(pd.period_range(table.index[0], last, freq="M", name="date"))
    held = ["interest_rate", "expected_inflation", "covid_index"]
    out[held] = out[held].ffill()
    return out


def test_parts_sum_to_the_change(fit, news, earlier, later) -> None:
    """In every month, to what two separate runs of the smoother and a separate estimate say."""
    again = rstar.MonthlyLW.fit(
        later, fit.start, n_starts=1, start_params=fit.params.to_dict(), fixed=fit.results.fixed.to_dict(),
        progress=False,
    )  # fmt: skip
    before = fit.run_on(completed(earlier, "2015-11"))
    total = news.contributions.groupby(level="period").sum()
    for name in ("rstar", "output_gap"):
        change = again.path(name).smoothed - before.path(name).smoothed
        np.testing.assert_allclose(total[name], change, atol=1e-8)
    gap = again.gap("smoothed") - before.gap("smoothed")
    np.testing.assert_allclose(total["gap"], gap, atol=1e-8)
    difference = news.estimates.loc["later"] - news.estimates.loc["earlier"]
    np.testing.assert_allclose(news.table.sum(), difference, atol=1e-8)
    np.testing.assert_allclose(news.table["gap"], news.table["real_rate"] - news.table["rstar"], atol=1e-10)
    assert news.table.index[-1] == AGAIN


def test_a_release_adds_what_it_adds_alone(fit, earlier, later) -> None:
    """With nothing but output out, all the change is output's; so of the rate and of prices."""
    moved = fit.run_on(completed(earlier, "2015-09"))
    cases = {
        "output": ["log_gdp"], "interest rate": ["interest_rate"], "prices": ["inflation", "expected_inflation"],
    }  # fmt: skip
    for release, columns in cases.items():
        alone = earlier.copy()
        alone[columns] = later[columns].reindex(alone.index)
        found = rstar.release_news(fit, earlier, alone, reestimate=False, progress=False)
        assert release in str(found.summary())
        changed = found.table.loc[found.table.abs().max(axis=1) > 1e-9]
        assert list(changed.index) == [release]
        after = fit.run_on(alone)
        for name in ("rstar", "output_gap"):
            expected = after.path(name).smoothed.iloc[-1] - moved.path(name).smoothed.iloc[-1]
            assert found.table.loc[release, name] == pytest.approx(expected, abs=1e-8)
        assert abs(expected) > 1e-5


def test_forecasts_of_new_prices_are_the_models(fit, news, earlier) -> None:
    """The first new inflation against the forecast of a sample that ends before it, its other inputs as they came."""
    assert [str(at) for at, name in news.observations.index if name == "pi"] == ["2015-09", "2015-10"]
    assert [str(at) for at, name in news.observations.index if name == "y"] == ["2015-09"]
    row = news.observations.loc[(pd.Period("2015-09", "M"), "pi")]
    assert row["observed"] - row["forecast"] == pytest.approx(row["news"])
    assert abs(row["news"]) < 5 * fit.params["sigma_pi"]
    adds = news.observations.groupby(level="series")["adds to rstar"].sum()
    held = news.contributions.xs(pd.Period("2015-11", "M"), level="period")["rstar"]
    assert abs(held["prices"] - adds["pi"]) < abs(held["prices"]) + abs(adds["pi"])


def test_a_nowcast_uses_all_that_is_out(fit, later) -> None:
    now = rstar.nowcast(fit, later, "2015-12")
    run = fit.run_on(completed(later, "2015-12"))
    np.testing.assert_allclose(now.table["rstar"], run.rstar.smoothed, atol=1e-12)
    assert now.table["assumed"].to_numpy().nonzero()[0].tolist() == [len(now.table) - 1]
    assert now.table["real_rate"].iloc[-1] == now.table["real_rate"].iloc[-2]
    assert now.published["log_gdp"] == "2015-09"
    assert now.published["inflation"] == "2015-10"
    assert "2015-12 on is held" in now.notes()[1]
    # Less is known of a month the further it is from output.
    assert now.table["output_gap_se"].iloc[-1] > now.table["output_gap_se"].loc["2015-09"]
    wide = rstar.nowcast(fit, later, n_draws=60, seed=1)
    assert wide.table["rstar_se"].iloc[-1] > now.table["rstar_se"].loc["2015-11"]
    assert "Hamilton" in wide.notes()[0]


def test_what_no_equation_reads_may_be_anything(fit, later) -> None:
    """Oil and import prices of months whose inflation is not out."""
    other = later.copy()
    other.loc["2015-11", ["oil_price_inflation", "import_price_inflation"]] = [80.0, -40.0]
    gone = later.copy()
    gone.loc["2015-11", ["oil_price_inflation", "import_price_inflation"]] = np.nan
    first, second = (rstar.nowcast(fit, one).table["rstar"] for one in (other, gone))
    pd.testing.assert_series_equal(first, second, check_exact=True)
    read = later.copy()
    read.loc["2015-09", "import_price_inflation"] = np.nan
    with pytest.raises(DataError, match="imports is missing in 2015-09"):
        rstar.nowcast(fit, read)


def test_a_model_that_explains_the_real_rate() -> None:
    """Its new values are observations of the interest rate's release, and nothing is held."""
    s_e, s_r = params("s_e s_r")
    natural, e, u = variables("rstar e u")
    walk = Spec("walk", {"r": natural + e}, {"rstar": natural(-1) + u}, {"e": s_e, "u": s_r})
    us = data.us_macro()
    fit = rstar.from_spec(walk, name="walk").fit(
        us[:"2008Q4"], fixed={"s_e": 1.0, "s_r": 0.4}, progress=False
    )
    news = rstar.release_news(fit, us[:"2008Q4"], us[:"2009Q1"], reestimate=False, progress=False)
    assert list(news.table.index) == ["interest rate"]
    difference = news.estimates.loc["later"] - news.estimates.loc["earlier"]
    np.testing.assert_allclose(news.table.sum(), difference, atol=1e-8)


def test_mistakes_are_named(fit, earlier, later) -> None:
    with pytest.raises(DataError, match=r"period=2015-01: the data go to 2015-11\. Cut them"):
        rstar.nowcast(fit, later, "2015-01")
    with pytest.raises(DataError, match=r"The earlier data go to 2015-11, the later to 2015-09\. Swap them"):
        rstar.release_news(fit, later, earlier)
    found = rstar.release_news(fit, earlier, later, reestimate=False, progress=False)
    with pytest.raises(DataError, match="2030-01 is not in the sample"):
        found.at("2030-01")
