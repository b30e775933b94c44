"""The last quarter, whose r* it is by, and what was known at the time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import result_examples.study as examples
from scipy import stats
from statsmodels.regression.linear_model import OLS

from capstar import data, leads, rstar
from capstar.study import portfolio_returns, run
from capstar.study.now import look_now
from capstar.study.vintages import KnownThen, day_known
from capstar.study.whose import compare_models


@pytest.fixture(scope="module")
def fits():
    us = data.us_macro()
    return {
        one: rstar.model(one).fit(us, progress=False) for one in ("moving-average", "hp-one-sided", "uc-ml")
    }


@pytest.fixture(scope="module")
def portfolios():
    return portfolio_returns(data.small_cap_returns())


@pytest.fixture(scope="module")
def recursive(fits, portfolios):
    gap = fits["moving-average"].gap().copy()
    gap.attrs["kind"] = "quasi-real time"
    return gap, leads.LeadStudy(gap, portfolios, (1, 4), start=None).run(progress=False)


@pytest.fixture(scope="module")
def price():
    return (1 + data.small_cap_returns()["small"] / 100).cumprod()


@pytest.fixture(scope="module")
def now(fits, portfolios, recursive, price):
    return look_now(fits, *recursive, portfolios, price)


def test_the_interval_is_that_of_a_regression(now, recursive, portfolios) -> None:
    """Of one quarter: statsmodels' prediction, but with Hodrick's error of the slope."""
    gap, _ = recursive
    y = leads.cumulate_after(portfolios["small_minus_large"], quarters=gap.index).dropna()
    x = gap.loc[y.index]
    fit = OLS(y, np.column_stack([np.ones(len(x)), x])).fit()
    row = now.implied.loc[1]
    assert row["estimate"] == pytest.approx(fit.predict([1.0, gap.iloc[-1]])[0], rel=1e-10)
    slope = leads.predictive_regression(gap, portfolios["small_minus_large"], horizon=1)
    plain = fit.get_prediction([1.0, gap.iloc[-1]]).conf_int(obs=True, alpha=0.1)[0]
    moved = (gap.iloc[-1] - x.mean()) ** 2 * (slope.hodrick_se**2 - fit.scale / (len(x) * x.var(ddof=0)))
    width = (plain[1] - plain[0]) / 2
    t = width / np.sqrt(fit.get_prediction([1.0, gap.iloc[-1]]).se_obs[0] ** 2)
    expected = t * np.sqrt((width / t) ** 2 + moved)
    assert (row["upper"] - row["lower"]) / 2 == pytest.approx(expected, rel=1e-9)
    assert row["lower"] < row["expected_lower"] < row["expected_upper"] < row["upper"]
    assert row["history_lower"] == pytest.approx(y.quantile(0.05), rel=1e-12)


def test_the_mean_of_overlapping_returns_is_less_sure(now, recursive, portfolios) -> None:
    """Sums of four independent quarters: the variance of their mean is four times that of as many separate ones."""
    gap, _ = recursive
    y = leads.cumulate_after(portfolios["small_minus_large"], quarters=gap.index, horizon=4).dropna()
    x, row = gap.loc[y.index], now.implied.loc[4]
    fit = OLS(y, np.column_stack([np.ones(len(x)), x])).fit()
    slope = leads.predictive_regression(gap, portfolios["small_minus_large"], horizon=4)
    variance = 4 * fit.scale / len(y) + (slope.hodrick_se * (gap.iloc[-1] - x.mean())) ** 2
    width = stats.t.ppf(0.95, len(y) - 2) * np.sqrt(variance)
    assert (row["expected_upper"] - row["expected_lower"]) / 2 == pytest.approx(width, rel=1e-10)


def test_what_cannot_be_used_is_said_there(now, recursive, fits, portfolios, price) -> None:
    gap, found = recursive
    assert now.p == found.own.query("returns == 'small_minus_large' and horizon == 1")["ivx_rwb_p"].iloc[0]
    assert now.usable == (now.p < 0.05)
    table = found.table.copy()
    for p, words in (
        (0.2, "is not shown and cannot be used (p 0.200"),
        (0.01, "is shown by the primary test"),
    ):
        table["ivx_rwb_p"] = p
        said = look_now(fits, gap, replace(found, table=table), portfolios, price).implication()
        assert words in said
        assert "gap in quasi-real time" in said
        assert f"{now.implied.loc[1, 'estimate']:+.1f} percent [" in said


def test_a_study_without_the_primary_test_says_so(fits, portfolios, price, recursive) -> None:
    gap = recursive[0]
    found = leads.LeadStudy(gap, portfolios, (4,), start=None).run(progress=False)
    now = look_now({"uc-ml": fits["uc-ml"]}, gap, found, portfolios, price)
    assert not now.usable
    assert "is not in this study, and the relation cannot be used" in now.implication()


def test_the_gap_stands_in_its_own_history(now, fits) -> None:
    for name, fit in fits.items():
        gap, row = fit.gap(), now.table.loc[name]
        assert row["gap"] == gap.iloc[-1]
        assert row["percentile"] == pytest.approx(100 * (gap <= gap.iloc[-1]).sum() / len(gap), rel=1e-12)
        assert row["real_rate"] - row["rstar"] == pytest.approx(row["gap"], abs=1e-12)
    assert np.isnan(now.table.loc["moving-average", "lower"])
    band = fits["uc-ml"].bands("filtered").iloc[-1]
    assert tuple(now.table.loc["uc-ml", ["lower", "upper"]]) == (band["lower"], band["upper"])
    assert f"over 3 estimates {now.table['rstar'].min():.1f} to {now.table['rstar'].max():.1f}" in now.rate()


def test_bands_carry_the_parameters_where_they_can(fits, recursive, portfolios, price) -> None:
    known = fits["uc-ml"].with_standard_errors(200, progress=False)
    row = look_now({"uc-ml": known}, *recursive, portfolios, price).table.iloc[0]
    assert "parameters" in row["includes"]
    assert row["upper"] - row["lower"] > np.ptp(fits["uc-ml"].bands("filtered").iloc[-1].to_numpy())


def test_the_market_as_known_in_the_last_month(fits, recursive, portfolios) -> None:
    """A fall of a third, then a rise of five percent a month: a rally from the trough, confirmed at 20 percent."""
    months = pd.period_range("2000-01", periods=120, freq="M")
    steps = np.concatenate([np.full(100, 0.01), np.full(10, -0.04), np.full(10, 0.05)])
    rising = pd.Series(np.exp(np.cumsum(steps)), months)
    found = look_now(fits, *recursive, portfolios, rising)
    row = found.market.loc["rally"]
    assert (row["state"], row["since"], row["confirmed"], row["month"]) == (
        True,
        "2009-02",
        "2009-06",
        "2009-12",
    )
    fallen = look_now(fits, *recursive, portfolios, rising.iloc[:110])
    assert not fallen.market.loc["rally", "state"]
    assert "Small caps in 2009-12: in a rally since 2009-02, confirmed 2009-06" in found.state()


def test_the_next_data(now, fits, recursive, portfolios, price) -> None:
    assert now.next_data() == "Data of 2009Q4 are due about 2010-01-30."
    abroad = look_now(fits, *recursive, portfolios, price, country="canada")
    assert abroad.due == pd.Timestamp("2010-03-01")


@pytest.fixture(scope="module")
def whose(fits, recursive, portfolios):
    quarters = fits["uc-ml"].rstar.filtered.index[60:]
    table = pd.DataFrame({"date": quarters.astype(str), "rstar": 2 + np.sin(np.arange(len(quarters)))})
    read = rstar.read_published(table, name="mine", rate=fits["uc-ml"].real_rate)
    short = rstar.read_published(table.iloc[-20:], name="short", rate=fits["uc-ml"].real_rate)
    everything = {**fits, "mine": read, "short": short}
    return compare_models(
        everything, recursive[0], portfolios, (1, 4), left_out={"LW 2003": "has no oil"}, n_replications=199,
        progress=False,
    )  # fmt: skip


def test_every_model_portfolio_and_horizon_is_one_family(whose, fits, portfolios) -> None:
    table = whose.table
    assert len(table) == 7 * 3 * 2  # three models, one published, two averages, and the gap as known then
    assert table.groupby("model").size().eq(6).all()
    gap = fits["uc-ml"].gap().loc[whose.gaps["mine"].dropna().index]
    direct = leads.predictive_regression(gap, portfolios["large"], horizon=4)
    row = table.query("model == 'uc-ml' and returns == 'large' and horizon == 4").iloc[0]
    assert row["slope"] == pytest.approx(direct.slope, rel=1e-12)
    assert (row["upper"] - row["lower"]) / 2 == pytest.approx(1.6448536 * direct.hodrick_se, rel=1e-6)
    expected = leads.adjusted_p_values(table["p"]).table["p_adjusted"]
    np.testing.assert_array_equal(table["p_adjusted"], expected)
    assert (table["p_family"] >= table["p"] - 1e-12).all()
    assert whose.p_family == table["p_family"].min()
    primary = whose.compared
    assert primary["p"].min() <= whose.p_models <= primary["p_family"].min() + 1e-12


def test_the_shortest_horizon_stands_in_for_the_primary_one(fits, recursive, portfolios) -> None:
    found = compare_models(
        dict(list(fits.items())[:2]),
        recursive[0],
        portfolios,
        (4, 8),
        left_out={},
        n_replications=99,
        progress=False,
    )
    assert set(found.compared["horizon"]) == {4}
    assert "Small minus large over 4 quarters" in found.answer()


def test_averages_are_of_what_is_known_at_the_time(whose, fits) -> None:
    means = pd.DataFrame({name: fit.rstar.filtered for name, fit in fits.items()}).mean(axis=1, skipna=False)
    gap = (next(iter(fits.values())).real_rate - means).loc[
        whose.gaps["average, equal weights"].dropna().index
    ]
    np.testing.assert_allclose(whose.gaps["average, equal weights"].dropna(), gap, atol=1e-12)
    weights = whose.models["weight"].dropna()
    assert set(weights.index) == {*fits}
    assert weights.sum() == pytest.approx(1, abs=1e-12)


def test_the_words_are_of_the_table(whose) -> None:
    rows = whose.compared.loc[["moving-average", "hp-one-sided", "uc-ml", "mine"]]
    said = " ".join(whose.notes())
    assert whose.notes()[0] == whose.answer(), "what the screen shows of it"
    assert f"slopes {rows['slope'].min():+.2f} to {rows['slope'].max():+.2f} over 4 models" in said
    assert f"below 5% alone in {(rows['p'] < 0.05).sum()}" in said
    assert f"That no model's gap leads: p {whose.p_models:.3f}" in said
    assert "Has seen the future and cannot show a lead: mine." in said
    assert "LW 2003 has no oil; short has a gap of 20 quarters, of at least 60 needed." in said
    models = whose.gaps[["moving-average", "hp-one-sided", "uc-ml", "mine"]].dropna()
    scaled = (models - models.mean()) / models.std()
    first = np.linalg.svd(scaled.to_numpy(), compute_uv=False) ** 2
    assert whose.shared == pytest.approx(first[0] / first.sum(), rel=1e-10)


def test_the_steps_of_a_revision_add_up() -> None:
    found = examples.real_time()
    steps = found.table[["revised_data", "parameters"]].sum(axis=1)
    np.testing.assert_allclose(steps, found.table["revision"], atol=1e-14)
    assert (found.table["revised_data"] == 0).all(), "one table, cut"
    assert found.estimates.kind == "real time"


@pytest.fixture(scope="module")
def on_vintages(vintages):
    """The moving average, whose inputs have vintages from before 1985 on."""
    known = {"output": vintages("real_gdp"), "prices": vintages("gdp_price")}
    return run(model="moving-average", vintages=known, horizons=(1, 4), n_replications=0, progress=False)


def test_vintages_that_reach_back_are_what_the_primary_test_is_of(on_vintages, vintages) -> None:
    found = on_vintages
    assert found.recursive.information == "real time"
    assert found.recursive.publication_lag == 2
    assert found.known is found.real_time.estimates
    day = day_known(pd.Period("1999Q4"))
    assert day == pd.Timestamp("2000-02-15")
    growth = 400 * np.log(vintages("gdp_price").as_of(day)).diff().loc["1999Q1":"1999Q4"]
    then = KnownThen.of(found.inputs)(pd.Period("1999Q4"))
    assert then.loc["1999Q4", "expected_inflation"] == pytest.approx(growth.mean(), rel=1e-12)
    assert then.index[-1] == pd.Period("1999Q4")
    macro = found.inputs["macro"]
    rate = (then["interest_rate"] - then["expected_inflation"]).iloc[-40:]
    assert found.known.table.loc["1999Q4", "rstar"] == pytest.approx(rate.mean(), rel=1e-10)
    assert (then["interest_rate"] == macro["interest_rate"].loc[then.index]).all(), "never revised"
    assert "the data available at the time differed" not in found.verdict()
    assert "In real time, estimated again every quarter from 1985Q1 on" in found.verdict()


def test_no_vintage_is_of_after_its_day(on_vintages) -> None:
    known = KnownThen.of(on_vintages.inputs)
    cut = replace(known, macro=known.macro.loc[:"1999Q4"])
    pd.testing.assert_frame_equal(known(pd.Period("1995Q2")), cut(pd.Period("1995Q2")))
    assert known.quarters[-1] <= known.macro.index[-1]
    assert not known.serves(("log_gdp", "oil_price_inflation"))


def test_tables_and_figures_of_all_parts(on_vintages, tmp_path) -> None:
    names = {path.stem for path in on_vintages.save(tmp_path)}
    assert {"now", "implied", "market", "real_time", "real_time_lead"} <= names
    assert "whose" not in names
    assert "r* is revised by" in str(on_vintages.summary())
    table = pd.read_csv(tmp_path / "real_time.csv", index_col="date")
    np.testing.assert_allclose(table["quasi_real_time"] + table["parameters"], table["one_sided"], atol=1e-12)
