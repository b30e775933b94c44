"""Five published findings on size, policy and output gaps: public functions against statsmodels and arch."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, load_module

from capstar.errors import DataError, DataWarning
from capstar.leads import compare_forecasts, event_study, ivx, newey_west, recursive_forecasts
from capstar.markets.variance_ratio import variance_ratio
from capstar.rstar import polynomial_trend

RESEARCH = ROOT / "research"
regimes_module = load_module(RESEARCH / "earlier_evidence" / "regimes.py")
compare_regimes, policy_regimes = regimes_module.compare_regimes, regimes_module.policy_regimes
STORED = 1e-4  # the tolerance asked for; six decimals are stored


@pytest.fixture(scope="module")
def evidence(reference) -> dict[str, Any]:
    return json.loads(reference("small_caps/evidence_golden.json").read_text())


@pytest.fixture(scope="module")
def daily(reference) -> pd.DataFrame:
    """Percent a day: smallest, middle and largest fifth, market, bill, and small minus big."""
    size = pd.read_csv(
        reference("small_caps/size_portfolios_daily.csv.gz"), index_col="date", parse_dates=True
    )
    factors = pd.read_csv(reference("small_caps/factors_daily.csv.gz"), index_col="date", parse_dates=True)
    out = size[["Lo 20", "Qnt 3", "Hi 20"]].assign(
        market=factors["Mkt-RF"] + factors["RF"], bill=factors["RF"]
    )
    return out.assign(**{"S-B": out["Lo 20"] - out["Hi 20"]})


@pytest.fixture(scope="module")
def monthly(reference) -> pd.DataFrame:
    """Percent a month as published."""
    out = pd.read_csv(reference("small_caps/size_portfolios_monthly.csv"), index_col="month")
    out.index = pd.PeriodIndex(out.index, freq="M")
    return out.assign(**{"S-B": out["Lo 20"] - out["Hi 20"]})


@pytest.fixture(scope="module")
def log_daily(daily) -> pd.DataFrame:
    """100 log(1 + r), which adds up over months and quarters."""
    return 100 * np.log1p(daily.drop(columns="S-B") / 100)


def test_fomc_days_by_size(daily, reference, evidence) -> None:
    """Returns on FOMC days by size on Bauer and Swanson's (2023) surprises, 1988-2019: slope, t, R2, to 1e-4.

    The file has no surprise for 17 September 2001; the stored numbers let it enter as zero.
    """
    path = reference("predictability/fomc_surprises/announcements_original.csv")
    surprises = pd.read_csv(path, index_col="date", parse_dates=True)
    golden = evidence["fomc_event_study_1988_2019"]
    for name in ("mps", "mps_orth"):
        with_zero = event_study(daily[["market", "Lo 20", "Hi 20", "S-B"]], surprises[name].fillna(0.0)).table
        for portfolio, row in golden[name].items():
            found = with_zero.loc[portfolio]
            assert found["n"] == row["n"]
            assert found["slope"] == pytest.approx(row["slope"], abs=STORED)
            assert found["t"] == pytest.approx(row["t_hc1"], abs=STORED)
            assert found["r2"] == pytest.approx(row["r2"], abs=STORED)
    # Without that day the finding stands: small caps react less.
    left_out = event_study(daily[["Lo 20", "Hi 20"]], surprises["mps"].dropna()).table
    assert list(left_out["n"]) == [315, 315]
    assert left_out.loc["Hi 20", "slope"] < left_out.loc["Lo 20", "slope"] < 0


@pytest.fixture(scope="module")
def discount_rate(reference) -> pd.Series:
    lines = reference("fred_2020_05/INTDSRUSM193N.txt").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("DATE"))
    rows = [line.split() for line in lines[start + 1 :] if line.strip()]
    months = pd.PeriodIndex([date for date, _ in rows], freq="M")
    return pd.Series([float(value) for _, value in rows], months, name="discount rate")


def test_discount_rate_regimes(discount_rate, monthly, evidence) -> None:
    """Mean returns by size under rising and falling discount rates, 1954-1991, and Welch's t, to 1e-4."""
    returns = monthly.loc["1954-02":"1991-12", ["Lo 10", "Lo 20", "Hi 20", "Hi 10", "S-B"]]
    found = compare_regimes(returns, policy_regimes(discount_rate))
    golden = evidence["discount_rate_regime_1954_02_1991_12"]
    assert list(found.index) == list(golden)
    for portfolio, row in golden.items():
        for name, value in row.items():
            assert found.loc[portfolio, name] == pytest.approx(value, abs=STORED), f"{portfolio} {name}"


@pytest.fixture(scope="module")
def production(reference) -> pd.Series:
    raw = pd.read_csv(reference("predictability/cooper_priestley2009/indpro_1919_2019.csv"))
    return pd.Series(raw["indpro"].to_numpy(), pd.PeriodIndex(raw["date"], freq="M"), name="gap")


def test_cooper_priestley_gap(production, monthly, log_daily, evidence) -> None:
    """Cooper and Priestley's (2009) output gap, 1948-2005: slope, t, R2, R2_OS and Clark-West by size, to 1e-4."""
    log = log_daily.groupby(log_daily.index.to_period("M")).sum()[["market", "bill"]]
    log = log.join(100 * np.log1p(monthly[["Lo 20", "Hi 20"]] / 100)).loc["1948":"2005"]
    excess = log[["market", "Lo 20", "Hi 20"]].sub(log["bill"], axis=0)
    excess["S-B"] = excess["Lo 20"] - excess["Hi 20"]
    sample = production.loc["1948":"2005"]
    log = 100 * np.log(sample)
    seen, known = (log - polynomial_trend(log, one_sided=one) for one in (False, True))
    known = known.to_frame()
    for portfolio, row in evidence["cooper_priestley_monthly_1948_2005"].items():
        y = excess[portfolio]
        beta, se, r2 = newey_west(y[1:], seen[:-1], lags=1)
        assert len(y) - 1 == row["n"]
        assert beta[1] == pytest.approx(row["slope"], abs=STORED)
        assert beta[1] / se == pytest.approx(row["t_nw1"], abs=STORED)
        assert 100 * (1 - (1 - r2) * 694 / 693) == pytest.approx(row["adj_r2"], abs=STORED)
        # The benchmark is the mean over the pairs of the regression, which the first gap begins.
        mean = y.loc[known.first_valid_index() :].iloc[1:].expanding().mean().shift(1)
        f = recursive_forecasts(y, known, row["oos_start"])
        found = compare_forecasts(f["actual"], mean.loc[f.index], f["gap"])
        assert found.r2_os == pytest.approx(row["oos_r2_recursive_gap"], abs=STORED)
        assert found.clark_west == pytest.approx(row["clark_west"], abs=STORED)


def test_hlw_gap_and_next_quarter(log_daily, reference, evidence) -> None:
    """Next quarter's return by size on the published one-sided r* of HLW 2023: Newey-West and IVX, to 1e-4.

    Parameters and revised data of the whole sample of 2023Q2.
    """
    given, published = (
        pd.read_csv(reference(f"hlw2023/us_2023q2_{name}.csv"), index_col="date", parse_dates=True).to_period(
            "Q"
        )
        for name in ("input", "published")
    )
    rate = given["interest_rate"] - given["expected_inflation"]
    predictors = {
        "rstar_gap": rate - published["rstar_filtered"],
        "real_rate": rate,
        "output_gap": published["output_gap_filtered"],
    }
    log = log_daily.groupby(log_daily.index.to_period("Q")).sum().loc["1961Q1":"2020Q1"]
    excess = log[["Lo 20", "Hi 20", "market"]].sub(log["bill"], axis=0)
    excess["S-B"] = excess["Lo 20"] - excess["Hi 20"]
    for name, rows in evidence["hlw2023_gap_next_quarter_1961q1_2019q4"].items():
        x = predictors[name].loc[excess.index].rename(name)
        for portfolio, row in rows.items():
            y = excess[portfolio]
            beta, se, r2 = newey_west(y[1:], x[:-1], lags=4)
            robust = ivx(y, x)
            found = {
                "n": robust.nobs, "slope": beta[1], "t_nw4": beta[1] / se, "r2": 100 * r2,
                "ivx_slope": robust.table.loc[name, "slope"], "ivx_wald": robust.wald,
            }  # fmt: skip
            for key, value in row.items():
                assert found[key] == pytest.approx(value, abs=STORED), f"{name} {portfolio} {key}"


def test_variance_ratios_by_size(daily, evidence) -> None:
    """Weekly variance ratios by size, 1962-1985, and their robust statistics, to 1e-4.

    Lo and MacKinlay's weeks: Wednesday's close, else Thursday's, else Tuesday's, 5 September 1962 to 1985.
    """
    level = (1 + daily.loc["1962-08":"1986-01"].drop(columns=["S-B", "bill"]) / 100).cumprod()
    days = level.index.day_of_week
    choices = [level[days == day].set_axis(level.index[days == day].to_period("W")) for day in (2, 3, 1)]
    weekly = choices[0].combine_first(choices[1]).combine_first(choices[2]).loc["1962-09-05":"1985-12-25"]
    golden = evidence["variance_ratio_weekly_1962_1985"]
    for portfolio, rows in golden["values"].items():
        found = variance_ratio(weekly[portfolio], map(int, rows))
        assert found.nobs == golden["n_returns"] == 1216
        np.testing.assert_allclose(found.table[["vr", "m2"]], list(rows.values()), rtol=0, atol=STORED)


def test_regimes_see_nothing_later(discount_rate, monthly) -> None:
    regimes = policy_regimes(discount_rate)
    assert regimes.loc[:"1975-06"].equals(policy_regimes(discount_rate.loc[:"1975-06"]))
    assert regimes["1980-04"] == "restrictive"
    assert regimes["1980-06"] == "expansive"  # cut from 13 to 12 and 11 percent
    assert regimes.iloc[0] is None or pd.isna(regimes.iloc[0])
    # A change in the last month of the sample has no return to belong to.
    sample = monthly.loc["1954-02":"1991-12", "Lo 20"]
    spoiled = discount_rate.copy()
    spoiled["1991-12"] = 99.0
    one, other = (compare_regimes(sample, policy_regimes(rate)) for rate in (discount_rate, spoiled))
    pd.testing.assert_frame_equal(one, other)
    assert not one.equals(compare_regimes(sample, policy_regimes(spoiled), lag=0))


def test_regime_bad_input(discount_rate, monthly) -> None:
    regimes = policy_regimes(discount_rate)
    with pytest.raises(DataError, match="give both on the same PeriodIndex"):
        compare_regimes(monthly["Lo 20"].to_timestamp(), regimes)
    with pytest.raises(DataError, match="expected two regimes"):
        compare_regimes(monthly["Lo 20"], regimes.where(regimes == "expansive"))
    with pytest.raises(DataError, match="Lo 20 is missing in 1960-01"):
        compare_regimes(monthly["Lo 20"].where(monthly.index != "1960-01"), regimes)


def test_event_bad_input(daily) -> None:
    days = daily.index[-40:]
    surprise = pd.Series(np.linspace(-0.1, 0.1, 40), days, name="mps")
    with pytest.raises(DataError, match="mps is missing on"):
        event_study(daily["market"], surprise.where(days != days[3]))
    with pytest.raises(DataError, match="0 event days have a return"):
        event_study(daily["market"], surprise.set_axis(days + pd.DateOffset(years=50)))
    with pytest.raises(DataError, match="market is missing on"):
        event_study(daily["market"].where(daily.index != days[5]), surprise)
    sunday = pd.concat([surprise, pd.Series([0.3], [pd.Timestamp("2020-03-15")], name="mps")])
    with pytest.warns(DataWarning, match="1 events, the first on 2020-03-15"):
        found = event_study(daily["market"], sunday)
    pd.testing.assert_frame_equal(found.table, event_study(daily["market"], surprise).table)


def test_summary_and_plot_of_an_event_study(daily) -> None:
    """Summary and figure of an event study show the estimates in its table."""
    surprise = pd.Series(np.linspace(-0.1, 0.1, 40), daily.index[-40:], name="mps")
    study = event_study(daily[["Lo 20", "Hi 20"]], surprise)
    assert f"{study.table.loc['Hi 20', 't']:.4f}" in str(study.summary())
    drawn = np.asarray(study.plot().axes[0].lines[0].get_xdata(), dtype=float)
    np.testing.assert_allclose(drawn, study.table["slope"])
