"""The laboratory: tables in sample and out, the joint bootstrap, verdicts, bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar import data, leads, rstar
from capstar.errors import CapstarError, DataError, DataWarning, IdentificationWarning, SpecificationError
from capstar.statespace.innovations import simulate_from_innovations
from capstar.statespace.smoothing import estimate_states

QUARTERS = pd.period_range("1961Q1", "2009Q3", freq="Q", name="date")
MONTHS = pd.period_range("1960-01", "2010-12", freq="M", name="date")


@pytest.fixture(scope="module")
def fit():
    return rstar.HLW2017.fit(data.us_macro(), n_starts=1)


@pytest.fixture(scope="module")
def returns() -> pd.DataFrame:
    return data.small_cap_returns()[["excess", "small_minus_large"]]


@pytest.fixture(scope="module")
def benchmarks(fit) -> pd.DataFrame:
    gap = fit.gap()
    return pd.DataFrame({"real_rate": fit.data["r"].loc[gap.index], "output_gap": fit.output_gap.filtered})


@pytest.fixture(scope="module")
def results(fit, returns, benchmarks) -> leads.LeadResults:
    return leads.LeadStudy(
        fit.gap(), returns, (1, 4), benchmarks=benchmarks, signs={"rstar_gap": -1}, n_replications=199
    ).run()


def planted(slope: float, seed: int = 3) -> tuple[pd.Series, pd.Series]:
    """A persistent predictor and monthly returns that follow it after publication."""
    rng = np.random.default_rng(seed)
    x = np.zeros(len(QUARTERS))
    for t in range(1, len(x)):
        x[t] = 0.9 * x[t - 1] + rng.standard_normal()
    gap = pd.Series(x, QUARTERS, name="gap")
    monthly = pd.Series(rng.normal(0.5, 3, len(MONTHS)), MONTHS, name="small")
    for quarter, value in gap.items():
        first = quarter.asfreq("M", how="end") + 2
        monthly.loc[first : first + 2] += slope * value / 3
    return gap, monthly


def test_in_sample_rows_are_those_of_the_functions(results, fit, returns) -> None:
    row = results.own.query("returns == 'small_minus_large' and horizon == 4").iloc[0]
    one = leads.predictive_regression(fit.gap(), returns["small_minus_large"], horizon=4)
    assert row["slope"] == one.slope
    assert row["hodrick_p"] == one.hodrick_p
    after = leads.cumulate_after(returns["small_minus_large"], fit.gap().index, horizon=4)
    assert row["cosine_p"] == leads.equal_weighted_cosine(after, fit.gap(), null_imposed=True).p
    y, x = leads.AlignedSample.of(returns["small_minus_large"], fit.gap()).in_period()
    assert row["ivx_p"] == leads.ivx(y, x, horizon=4).p
    assert len(results.table) == 12
    from scipy.stats import false_discovery_control

    adjusted = false_discovery_control(results.table["hodrick_p"])
    np.testing.assert_allclose(results.table["hodrick_p_adjusted"], adjusted)


def test_the_timing_of_forecasts(fit, returns) -> None:
    """The return of row t is the one after the quarter before; nothing else moves."""
    y, x = leads.AlignedSample.of(returns["excess"], fit.gap(), 2).in_period(2)
    after = leads.cumulate_after(returns["excess"], x.index, horizon=2)
    np.testing.assert_array_equal(y.iloc[2:], after.iloc[:-2])
    pd.testing.assert_series_equal(x, fit.gap(), check_names=False)
    assert y.iloc[:2].isna().all()


def test_forecasts_are_those_of_the_functions(results, fit, returns) -> None:
    made = results.forecast_comparison.forecasts["small_minus_large", 1]
    assert str(made.index[0]) == "1980Q1"
    y, x = leads.AlignedSample.of(returns["small_minus_large"], fit.gap()).in_period(to_last=True)
    alone = leads.recursive_forecasts(y, x.to_frame("rstar_gap"), "1980Q1")
    pd.testing.assert_series_equal(made["rstar_gap"], alone["rstar_gap"])
    # By hand: the mean of the returns over by the end of 1979.
    after = leads.cumulate_after(returns["small_minus_large"], fit.gap().index)
    assert made["mean"].iloc[0] == pytest.approx(after.loc[:"1979Q3"].mean())
    assert made["actual"].iloc[0] == after.loc["1979Q4"]
    row = results.forecast_comparison.table.query(
        "predictor == 'rstar_gap' and returns == 'small_minus_large' and horizon == 1"
    )
    compared = leads.compare_forecasts(made["actual"], made["mean"], made["rstar_gap"])
    assert row["r2_os"].item() == compared.r2_os
    assert row["clark_west_p"].item() == compared.clark_west_p
    assert 0 < row["enc_new_p"].item() < 0.2
    pooled = made[["rstar_gap", "real_rate", "output_gap"]].mean(axis=1)
    pd.testing.assert_series_equal(made["pool_mean"], pooled, check_names=False)


@pytest.mark.parametrize("horizon", [1, 4])
def test_a_forecast_by_hand(results, fit, returns, horizon: int) -> None:
    """1990Q1: least squares on all pairs over by the end of the quarter the forecast is made in."""
    gap, quarter = fit.gap(), pd.Period("1990Q1", freq="Q")
    after = leads.cumulate_after(returns["small_minus_large"], gap.index, horizon=horizon)
    over = after.loc[: quarter - 2 * horizon]  # a return after t is over when the quarter t + h is published
    slope, constant = np.polyfit(gap.loc[over.index], over, 1)
    made = results.forecast_comparison.forecasts["small_minus_large", horizon].loc[quarter]
    assert made["rstar_gap"] == pytest.approx(constant + slope * gap[quarter - horizon], rel=1e-9)
    assert made["mean"] == pytest.approx(over.mean(), rel=1e-12)
    assert made["actual"] == after[quarter - horizon]


@pytest.mark.parametrize("horizon", [1, 4])
def test_every_return_that_is_over_is_forecast(results, fit, returns, horizon: int) -> None:
    """Forecasts go on after the predictor's last quarter, to the last return whose months are all known."""
    gap = fit.gap()
    after = leads.cumulate_after(returns["small_minus_large"], gap.index, horizon=horizon).dropna()
    made = results.forecast_comparison.forecasts["small_minus_large", horizon]
    assert made.index[-1] == after.index[-1] + horizon > gap.index[-1]
    assert made["actual"].iloc[-1] == after.iloc[-1]
    assert made["rstar_gap"].notna().all()


def test_critical_values_are_of_as_many_forecasts() -> None:
    """Under every scheme samples go on after the predictor's end, as the returns do."""
    rng = np.random.default_rng(5)
    returns = pd.Series(rng.standard_normal(len(QUARTERS)), QUARTERS, name="r")
    x = pd.Series(np.cumsum(rng.standard_normal(len(QUARTERS))), QUARTERS, name="x").where(
        QUARTERS <= "2008Q3"
    )
    for scheme in ("pairs", "block", "wild"):
        found = leads.bootstrap_forecasts(
            returns, x, "1985Q1", horizon=4, scheme=scheme, n_replications=99, progress=False
        )
        paired = x.iloc[3:].reindex(QUARTERS)  # the first return over four quarters has ended in the fourth
        made = leads.recursive_forecasts(returns.rolling(4).sum(), paired.to_frame(), "1985Q1", horizon=4)
        observed = leads.compare_forecasts(made["actual"], made["mean"], made["x"], horizon=4)
        assert found.table.loc["mse_f", "statistic"] == pytest.approx(observed.mse_f, rel=1e-9)
        assert found.draws.notna().all(axis=None)


def test_no_look_ahead(fit, returns, results) -> None:
    """Forecasts of the rows that remain are the same when all later data are deleted."""
    cut = leads.forecast_comparison(
        returns.loc[:"2000-04"],
        fit.gap().loc[:"1999Q4"].to_frame(),
        (1, 4),
        start="1980Q1",
        n_replications=99,
    )
    for key, table in cut.forecasts.items():
        whole = results.forecast_comparison.forecasts[key]
        shared = table.index[table.index < "2000Q1"]
        assert len(shared) >= 76
        pd.testing.assert_frame_equal(
            table.loc[shared, ["actual", "mean", "rstar_gap"]],
            whole.loc[shared, ["actual", "mean", "rstar_gap"]],
        )


def test_a_planted_lead_is_found_in_and_out_of_sample() -> None:
    gap, returns = planted(1.5)
    found = leads.LeadStudy(gap, returns, (1, 2), n_replications=199).run()
    row = found.own.iloc[0]
    assert row["slope"] == pytest.approx(1.5, abs=0.5)
    assert row["ivx_p_adjusted"] < 0.001
    made = found.forecast_comparison.table.iloc[0]
    assert made["r2_os"] > 2
    assert made["enc_new_p"] <= 0.01
    assert found.forecast_comparison.ability.spa < 0.05
    assert "remain significant" in found.verdict()
    assert "the best of all 2 forecasts beats the mean (largest" in found.verdict()
    assert "The primary specification (small_minus_large over 1 quarter(s)" in found.verdict()
    assert "is not in this study, of small over 1, 2 quarter(s)" in found.verdict()


def test_nothing_is_found_where_nothing_is() -> None:
    gap, returns = planted(0.0)
    found = leads.LeadStudy(gap, returns, (1, 2), n_replications=199).run()
    assert found.own["hodrick_p_adjusted"].min() > 0.05
    assert "none is significant" in found.verdict()
    assert "beats the mean is not shown (largest" in found.verdict()


def test_summary_and_figures_tell_everything(results) -> None:
    text = str(results.summary())
    for words in (
        "12 regressions",
        "1B p adj",
        "IVX p adj",
        "ENC-NEW p",
        "reality check p",
        "in MCS",
        "stambaugh_bias",
    ):
        assert words in text
    assert " ".join(results.summary().notes).endswith(results.verdict())
    for figure in results.figures().values():
        for ax in figure.axes:
            assert ax.get_ylabel()
    with pytest.raises(SpecificationError, match="horizon=3: no forecasts were made"):
        results.forecast_comparison.plot(horizon=3)


def test_innovations_make_the_sample_they_come_from(fit) -> None:
    """The innovations form gives data, filtered states and the real rate back exactly."""
    source = rstar.gap_source(fit)
    shocks = source.innovations.to_numpy()
    filtered, y, rate = simulate_from_innovations(
        source.problem, source.theta, np.ascontiguousarray(shocks[:, :-1]), source.rule, shocks[:, -1].copy()
    )
    np.testing.assert_allclose(y, source.problem.y, atol=1e-9)
    np.testing.assert_allclose(rate, fit.data["r"].loc[fit.start : fit.end], atol=1e-9)
    np.testing.assert_allclose(filtered, estimate_states(source.problem, source.theta).filtered, atol=1e-9)


def test_gap_source_gives_back_the_gap(fit) -> None:
    source = rstar.gap_source(fit)
    drawn = source.draw(np.arange(len(source.innovations)))
    np.testing.assert_allclose(drawn.estimated, fit.gap(), atol=1e-6)
    np.testing.assert_allclose(drawn.true, fit.gap(), atol=1e-9)


def test_gap_source_of_a_diffuse_start_keeps_the_quarters_that_determine_it() -> None:
    with pytest.warns(IdentificationWarning):
        diffuse = rstar.HLW2017.fit(data.us_macro(), n_starts=1, initial="diffuse")
    source = rstar.gap_source(diffuse)
    first = source.innovations.index[0]
    assert diffuse.start < first <= diffuse.start + 4
    drawn = source.draw(np.arange(len(source.innovations)))
    np.testing.assert_allclose(drawn.true, diffuse.gap().loc[first:], atol=1e-8)
    np.testing.assert_allclose(drawn.estimated, diffuse.gap().loc[first:], atol=1e-5)


def test_drawn_gaps_are_like_the_one_estimated(fit) -> None:
    """Mean, spread and persistence of the true drawn gaps around those of the data; estimates differ from the truth."""
    source, rng = rstar.gap_source(fit), np.random.default_rng(4)
    n, gap = len(source.innovations), fit.gap()
    drawn = [source.draw(rng.integers(0, n, n)) for _ in range(40)]
    true = [one.true for one in drawn if one is not None]
    assert len(true) > 35
    assert np.median([one.std() for one in true]) == pytest.approx(gap.std(), rel=0.25)
    assert np.mean([one.mean() for one in true]) == pytest.approx(gap.mean(), abs=0.7)
    assert np.median([one.autocorr() for one in true]) == pytest.approx(gap.autocorr(), abs=0.07)
    for one in drawn[:5]:
        assert one is None or not np.allclose(one.estimated, one.true, atol=0.05)


class Known:
    """A predictor that needs no estimate: an autoregression drawn from its shocks."""

    def __init__(self, gap: pd.Series) -> None:
        shocks = gap - 0.9 * gap.shift(1).fillna(0.0)
        self.innovations = shocks.to_frame("shock")

    def draw(self, rows: np.ndarray):
        x, out = 0.0, []
        for shock in self.innovations["shock"].to_numpy()[rows]:
            x = 0.9 * x + shock
            out.append(x)
        series = pd.Series(out, self.innovations.index)
        from capstar.rstar import DrawnGap

        return DrawnGap(series, series)


def test_joint_bootstrap_with_a_known_predictor() -> None:
    """Nothing is estimated, so nothing is attenuated, and p-values are near the usual ones."""
    gap, returns = planted(0.9)
    found = leads.estimated_regressor(Known(gap), gap, returns, (1, 4), n_replications=499)
    row = found.table.iloc[0]
    assert row["attenuation"] == 1.0
    assert row["lower"] < row["slope"] < row["upper"]
    one = leads.predictive_regression(gap, returns, horizon=1)
    assert row["slope"] == pytest.approx(one.slope, rel=0.05)
    width = 2 * 1.645 * one.newey_west_se
    assert row["upper"] - row["lower"] == pytest.approx(width, rel=0.25)
    assert row["p_family"] >= row["p"]
    none = leads.estimated_regressor(Known(gap), gap, planted(0.0)[1], (1, 4), n_replications=499)
    np.testing.assert_allclose(none.table["p"], none.table["p_normal"], atol=0.08)


def test_joint_bootstrap_is_the_same_for_any_number_of_workers(fit, returns) -> None:
    source, gap = rstar.gap_source(fit), fit.gap()
    one = leads.estimated_regressor(source, gap, returns, (1,), n_replications=99, seed=5, n_workers=1)
    two = leads.estimated_regressor(source, gap, returns, (1,), n_replications=99, seed=5, n_workers=2)
    pd.testing.assert_frame_equal(one.table, two.table, check_exact=True)
    assert one.failed == two.failed
    assert 0.4 < one.table["attenuation"].iloc[1] < 1.0
    assert "re-estimated in 99 samples" in str(one.summary())


def test_joint_bootstrap_refuses(fit, returns) -> None:
    source = rstar.gap_source(fit)
    with pytest.raises(DataError, match="Give the gap of the same fit"):
        leads.estimated_regressor(source, fit.gap().iloc[1:], returns)
    with pytest.raises(SpecificationError, match="at least 99"):
        leads.estimated_regressor(source, fit.gap(), returns, n_replications=5)
    with pytest.raises(DataError, match="share 15 quarters"):
        leads.estimated_regressor(source, fit.gap(), returns.loc["2006-01":])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"units": "decimal"}, "Declare units='percent'"),
        ({"units": "basis points"}, "choose one of"),
        ({"horizons": (90,)}, "share 117 quarters|share .* quarters with a return over 90"),
    ],
)
def test_declarations_that_cannot_hold(fit, returns, change, message: str) -> None:
    with pytest.raises(CapstarError, match=message):
        leads.LeadStudy(fit.gap(), returns, **{"horizons": (1,), **change}).run()


def test_decimals_are_refused_as_percent_and_taken_as_decimals(fit, returns) -> None:
    with pytest.raises(DataError, match=r"is that of decimals. Declare units='decimal'"):
        leads.LeadStudy(fit.gap(), returns / 100, (1,)).run()
    study = leads.LeadStudy(fit.gap(), returns / 100, (1,), units="decimal", start=None)
    np.testing.assert_allclose(
        study.run().table["slope"], leads.LeadStudy(fit.gap(), returns, (1,), start=None).run().table["slope"]
    )


def test_twins_are_warned_of(fit, returns) -> None:
    twin = (fit.gap() + 1e-3).to_frame("again")
    with pytest.warns(DataWarning, match="rstar_gap and again are nearly the same series"):
        leads.LeadStudy(fit.gap(), returns, (1,), benchmarks=twin, start=None).run()


def test_too_few_forecasts_are_said(fit, returns) -> None:
    with pytest.warns(DataWarning, match=r"Over 1 quarter\(s\) nothing is forecast: start=2005Q1"):
        results = leads.LeadStudy(fit.gap(), returns, (1,), start="2005Q1").run()
    assert results.forecast_comparison is None
    assert "No out-of-sample forecasts were made" in results.verdict()


def test_long_horizons_that_leave_too_little_are_left_out(fit, returns) -> None:
    results = leads.LeadStudy(
        fit.gap().loc["1985Q1":], returns, (1, 12), start="1995Q1", n_replications=99
    ).run()
    assert set(results.forecast_comparison.table["horizon"]) == {1}
    assert "Over 12 quarter(s) nothing is forecast: start=1995Q1" in str(results.summary())


def test_series_that_do_not_meet(fit, returns) -> None:
    gap, excess = fit.gap(), returns["excess"]
    apart = gap.set_axis(gap.index + 400).to_frame("apart")
    months = pd.period_range("1961-01", periods=len(gap), freq="M")
    cases = [
        ({"benchmarks": apart}, r"rstar_gap has no period with a value that \['apart'\] have too"),
        ({"benchmarks": gap.set_axis(months).to_frame("monthly")}, "are on PeriodIndex of frequency M"),
        ({"gap": gap * np.nan}, "rstar_gap has no period with a value. Give"),
        ({"gap": gap.set_axis(gap.index.asfreq("D"))}, "monthly PeriodIndex, got PeriodIndex of frequency D"),
        ({"returns": excess.mask(excess.index == "1985-05")}, "excess is missing in 1985-05"),
        ({"returns": excess.iloc[:0]}, "returns: there are no values"),
        ({"returns": gap.rename("quarterly")}, "monthly PeriodIndex, got PeriodIndex of frequency Q"),
        ({"returns": excess.loc[:"1955-12"]}, "share 0 quarters"),
    ]
    for change, message in cases:
        with pytest.raises(DataError, match=message):
            leads.LeadStudy(**{"gap": gap, "returns": excess, "horizons": (1,), **change}).run()


def test_benchmarks_that_cannot_be(fit, returns) -> None:
    with pytest.raises(SpecificationError, match="the predictor's own name"):
        leads.LeadStudy(fit.gap(), returns, (1,), benchmarks=fit.gap().to_frame()).run()
    with pytest.raises(DataError, match="flat does not vary"):
        leads.LeadStudy(fit.gap(), returns, (1,), benchmarks=(0 * fit.gap()).to_frame("flat")).run()
    holed = fit.gap().mask(fit.gap().index == "1990Q1").to_frame("holed")
    with pytest.raises(DataError, match="holed is missing in 1990Q1"):
        leads.LeadStudy(fit.gap(), returns, (1,), benchmarks=holed).run()
