"""Lines that a slip would leave plausible, each against a value found another way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from arch.bootstrap import StationaryBootstrap
from scipy.stats import t as student
from scipy.stats import ttest_1samp
from statsmodels.regression.linear_model import OLS

from capstar import data, leads
from capstar.leads.inference.null_model import fit_null
from capstar.rstar import DrawnGap

QUARTERS = pd.period_range("1961Q1", "2009Q3", freq="Q", name="date")
SAME = 1e-10  # the same arithmetic in double, summed in another order


class ForeseesTheShock:
    """A predictor that is the shock of the next quarter of the drawn sample."""

    def __init__(self, shocks: pd.Series) -> None:
        self.innovations = shocks.to_frame("shock")

    def draw(self, rows: np.ndarray) -> DrawnGap:
        shocks = self.innovations["shock"].to_numpy()[rows]
        foreseen = pd.Series(np.append(shocks[1:], 0.0), self.innovations.index)
        return DrawnGap(foreseen, foreseen)


@pytest.mark.parametrize("first_return", ["1961-01", "1970-01"])
def test_drawn_returns_go_with_the_shocks_of_their_own_quarter(first_return: str) -> None:
    """The return after quarter k is the shock of k + 1, so that a drawn predictor of that shock fits perfectly.

    With a perfect fit Hodrick's t is the root of n over the kurtosis, about 7 and 8 here; a return paired with any
    other quarter's shock has a t that is standard normal.
    """
    rng = np.random.default_rng(1)
    shocks = pd.Series(rng.standard_normal(len(QUARTERS)), QUARTERS)
    months = pd.period_range(first_return, "2010-12", freq="M", name="date")
    monthly = pd.Series(0.0, months, name="small")
    for quarter, shock in shocks.items():
        begins = (quarter - 1).asfreq("M", how="end") + 2  # after the publication of the quarter before
        monthly.loc[begins : begins + 2] = 100 * np.expm1(shock / 300)
    gap = pd.Series(rng.standard_normal(len(QUARTERS)), QUARTERS, name="gap")
    found = leads.estimated_regressor(ForeseesTheShock(shocks), gap, monthly, (1,), n_replications=99)
    assert found.t_draws["small(1)"].min() > 5
    n = len(gap.loc[pd.Period(first_return, "M").asfreq("Q") :])
    assert found.t_draws["small(1)"].median() == pytest.approx(np.sqrt(n / 3), rel=0.15)


@pytest.fixture(scope="module")
def compared() -> leads.ForecastComparison:
    """Two portfolios of unlike variance over one and four quarters."""
    steps = np.random.default_rng(5).standard_normal(len(QUARTERS))
    gap = pd.Series(steps, QUARTERS, name="gap").ewm(alpha=0.2).mean()
    rival = (gap.shift(2).fillna(0.0) ** 2).rename("rival")
    returns = data.small_cap_returns()[["excess", "small_minus_large"]]
    return leads.forecast_comparison(returns, pd.concat([gap, rival], axis=1), (1, 4), n_replications=99)


def gains_of(compared: leads.ForecastComparison) -> np.ndarray:
    """Squared errors that each predictor saves, in shares of the mean's squared error."""
    columns = []
    for made in compared.forecasts.values():
        lost = (made.drop(columns="actual").sub(made["actual"], axis=0)) ** 2
        columns += [(lost["mean"] - lost[name]) / lost["mean"].mean() for name in ("gap", "rival")]
    return pd.concat(columns, axis=1).dropna().to_numpy()


def bootstrap_variance(gains: np.ndarray, block: int) -> np.ndarray:
    """Of the root-n mean: values k apart share a block with chance (1 - 1/block)^k, on a circle; else independent."""
    n, centred = len(gains), gains - gains.mean(axis=0)
    terms = [
        (1 - k / n) * (1 - 1 / block) ** k * (centred * np.roll(centred, -k, axis=0)).mean(axis=0)
        for k in range(n)
    ]
    return 2 * np.sum(terms, axis=0) - terms[0]


def test_the_search_over_nested_forecasts_is_in_shares_too(compared) -> None:
    """Clark and West's (2007) adjusted losses over the mean's squared error; the longest horizon's variance."""
    columns = []
    for made in compared.forecasts.values():
        actual, mean = made["actual"], made["mean"]
        scale = ((actual - mean) ** 2).mean()
        columns += [
            ((actual - mean) ** 2 - (actual - made[name]) ** 2 + (mean - made[name]) ** 2) / scale
            for name in ("gap", "rival")
        ]
    terms, search = pd.concat(columns, axis=1).dropna().to_numpy(), compared.search
    assert (search.nobs, search.horizon, len(search.table)) == (len(terms), 4, 8)
    np.testing.assert_allclose(search.table["adjusted"], terms.mean(axis=0), rtol=SAME)
    options = {"maxlags": 3, "use_correction": False}
    fits = [OLS(f, np.ones(len(f))).fit(cov_type="HAC", cov_kwds=options) for f in terms.T]
    factor = np.sqrt((len(terms) + 1 - 8 + 12 / len(terms)) / len(terms))
    np.testing.assert_allclose(search.table["t"], [factor * fit.tvalues[0] for fit in fits], rtol=SAME)
    assert search.best == search.table["t"].idxmax()


def test_restrictions_only_where_a_sign_is_given(compared) -> None:
    steps = np.random.default_rng(5).standard_normal(len(QUARTERS))
    gap = pd.Series(steps, QUARTERS, name="gap").ewm(alpha=0.2).mean()
    returns = data.small_cap_returns()[["excess", "small_minus_large"]]
    found = leads.forecast_comparison(
        returns, gap.to_frame(), (1,), signs={("excess", "gap"): -1}, n_replications=99
    )
    table = found.table.set_index("returns")["r2_os_restricted"]
    assert np.isfinite(table["excess"])
    assert np.isnan(table["small_minus_large"])
    for_all = leads.forecast_comparison(
        returns, gap.to_frame(), (1,), signs={"gap": -1}, n_replications=99
    ).table
    assert for_all["r2_os_restricted"].notna().all()
    assert for_all["r2_os_restricted"].iloc[0] == table["excess"]


def test_the_search_is_in_shares_of_squared_error_with_blocks_of_the_longest_horizon(compared) -> None:
    """Reality check and SPA of the forecasts by White's (2000) and Hansen's (2005) own steps, on arch's indices."""
    gains = gains_of(compared)
    n, ability = len(gains), compared.ability
    assert (ability.block, ability.nobs) == (4, n)
    np.testing.assert_allclose(ability.table["gain"], gains.mean(axis=0), rtol=SAME)
    deviation = np.sqrt(bootstrap_variance(gains, 4))
    t = np.sqrt(n) * gains.mean(axis=0) / deviation
    np.testing.assert_allclose(ability.table["t"], t, rtol=SAME)
    drawn = np.array(
        [one[0][0].mean(axis=0) for one in StationaryBootstrap(4, gains, seed=0).bootstrap(2000)]
    )
    mean = gains.mean(axis=0)
    worst = (drawn - mean).max(axis=1)
    assert ability.reality_check == pytest.approx((worst > mean.max()).mean(), abs=1e-12)
    kept = mean * (t >= -np.sqrt(2 * np.log(np.log(n))))
    largest = ((drawn - kept) / deviation).max(axis=1)
    # arch recentres by its own estimate of the deviation: a model at the edge may fall on either side.
    assert ability.spa == pytest.approx((largest > (mean / deviation).max()).mean(), abs=0.02)


def test_models_of_unlike_variance_are_compared_in_their_own_deviations() -> None:
    """Hansen's (2005) steps on arch's indices; no model is so bad that its recentring matters."""
    rng, n = np.random.default_rng(12), 120
    gains = rng.standard_normal((n, 3)) * [0.1, 1.0, 10.0] + [0.02, 0.0, 0.3]
    losses = pd.DataFrame(-gains, columns=["a", "b", "c"]).assign(mean=0.0)
    found = leads.superior_ability(losses, "mean", block=3, n_replications=500, seed=4)
    deviation, mean = np.sqrt(bootstrap_variance(gains, 3)), gains.mean(axis=0)
    assert (np.sqrt(n) * mean / deviation > -1.5).all()
    drawn = np.array([one[0][0].mean(axis=0) for one in StationaryBootstrap(3, gains, seed=4).bootstrap(500)])
    largest = ((drawn - mean) / deviation).max(axis=1)
    p = (largest > (mean / deviation).max()).mean()
    assert (found.spa, found.p_values.loc["studentized", "upper"]) == pytest.approx((p, p), abs=1e-12)
    raw = ((drawn - mean).max(axis=1) > mean.max()).mean()
    assert found.reality_check == pytest.approx(raw, abs=1e-12)
    assert abs(p - raw) > 0.05


def test_the_block_is_that_of_politis_and_white() -> None:
    """For an autoregression, b = (2 rho / (1 - rho^2))^(2/3) n^(1/3) (Politis and White 2004, equation 9).

    11 series of 4,000: their median is within 2 of 31; the circular bootstrap's rule would give 35.
    """
    rng, rho, n = np.random.default_rng(3), 0.7, 4_000
    noise = rng.standard_normal((n, 11))
    series = np.zeros((n, 11))
    for row in range(1, n):
        series[row] = rho * series[row - 1] + noise[row]
    losses = pd.DataFrame(series).add_prefix("m").assign(mean=0.0)
    expected = (2 * rho / (1 - rho**2)) ** (2 / 3) * n ** (1 / 3)
    found = leads.superior_ability(losses, "mean", n_replications=99)
    assert found.block == pytest.approx(expected, abs=2)


@pytest.mark.parametrize("horizon", [2, 4, 12])
def test_diebold_mariano_over_several_periods(horizon: int) -> None:
    """statsmodels' Newey-West t of the mean difference, times Harvey, Leybourne and Newbold's (1997) equation 9."""
    rng, n = np.random.default_rng(horizon), 60
    y, better, worse = (
        np.convolve(rng.standard_normal(n + horizon - 1), np.ones(horizon), "valid") for _ in "abc"
    )
    found = leads.compare_forecasts(y, 0.2 * worse, 0.8 * y + 0.2 * better, horizon=horizon)
    d = (y - 0.2 * worse) ** 2 - (0.2 * y - 0.2 * better) ** 2
    options = {"maxlags": horizon - 1, "use_correction": False}
    t = OLS(d, np.ones(n)).fit(cov_type="HAC", cov_kwds=options).tvalues[0]
    factor = np.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    assert found.diebold_mariano == pytest.approx(t * factor, rel=SAME)
    assert factor < 1 - 1.2 / n  # or the factor could be left out unseen
    assert found.diebold_mariano_p == pytest.approx(2 * student.sf(found.diebold_mariano, n - 1), rel=1e-12)


def test_diebold_mariano_over_one_period_is_the_t_test_of_a_mean() -> None:
    rng = np.random.default_rng(0)
    y, f0, f1 = rng.standard_normal((3, 60))
    found = leads.compare_forecasts(y, f0, f1)
    expected = ttest_1samp((y - f0) ** 2 - (y - f1) ** 2, 0.0)
    assert found.diebold_mariano == pytest.approx(expected.statistic, rel=SAME)
    assert found.diebold_mariano_p == pytest.approx(expected.pvalue, rel=SAME)


@pytest.mark.parametrize("rho", [0.5, 0.8])
def test_the_root_is_raised_by_kendalls_bias(rho: float) -> None:
    """With returns uncorrelated with the predictor's shocks, least squares is low by (1 + 3 rho) / n (Kendall 1954).

    Ten sets of 400 drawn samples: error of the mean correction about 0.001 of 0.025 and 0.034.
    """
    rng, n = np.random.default_rng(8), 100
    x, e = np.zeros(n), rng.standard_normal(n)
    for row in range(1, n):
        x[row] = rho * x[row - 1] + rng.standard_normal()
    y = pd.Series(e, name="y")
    plain = OLS(x[1:], np.column_stack([np.ones(n - 1), x[:-1], e[1:]])).fit().params[1]
    found = [fit_null(y, pd.Series(x, name="x"), lags=1, seed=seed).coefficients[0] for seed in range(10)]
    assert np.mean(found) - plain == pytest.approx((1 + 3 * plain) / n, rel=0.15)
