"""Comparisons and averages of estimates of any kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy.stats import t as student

from capstar import data, leads, rstar
from capstar.errors import DataError, SpecificationError

KEYS = ("moving-average", "exponential-average", "hp-one-sided")


@pytest.fixture(scope="module")
def fits() -> dict[str, rstar.NaturalRate]:
    table = data.us_macro()
    return {"HLW": rstar.HLW2017.fit(table, n_starts=1, progress=False)} | {
        key: rstar.model(key).fit(table) for key in KEYS
    }


def cut(fit: rstar.NaturalRate, end: str) -> rstar.PublishedRate:
    """The estimate as if nothing after a quarter were there."""
    frame = pd.DataFrame({"rstar": fit.rstar.filtered, "real_rate": fit.real_rate}).loc[fit.start : end]
    return rstar.read_published(frame.rename_axis("date"), which="filtered")


def test_equal_weights(fits) -> None:
    one = rstar.average(fits)
    table = pd.DataFrame({name: fit.rstar.filtered for name, fit in fits.items()}).dropna()
    pd.testing.assert_series_equal(
        one.rstar.filtered, table.mean(axis=1), check_names=False, rtol=1e-13, check_freq=False
    )
    assert "not of one thing" in one.definition
    alike = rstar.average({key: fits[key] for key in KEYS})
    assert alike.definition == rstar.LONG_RUN
    pd.testing.assert_series_equal(
        one.gap(), one.real_rate.loc[one.start :] - one.rstar.filtered, check_names=False
    )
    pd.testing.assert_series_equal(one.real_rate, fits["HLW"].real_rate)


def test_standard_deviation_is_that_of_the_mixture(fits) -> None:
    """Half of each: E[x^2] - E[x]^2."""
    other = rstar.HLW2017.fit(data.us_macro(), "1965Q1", n_starts=1, progress=False)
    one = rstar.average({"a": fits["HLW"], "b": other})
    last = one.end
    means = [fit.rstar.filtered[last] for fit in one.members.values()]
    spreads = [fit.rstar.filtered_se[last] for fit in one.members.values()]
    expected = np.mean(np.square(spreads) + np.square(means)) - np.mean(means) ** 2
    assert one.rstar.filtered_se[last] == pytest.approx(np.sqrt(expected))
    assert "disagree" in one.bands("filtered").attrs["includes"]
    assert rstar.average(fits).bands().attrs["includes"].startswith("nothing")


def test_predictive_densities_are_those_of_recursive_least_squares(fits) -> None:
    one = rstar.average(fits, weights="predictive likelihood")
    path, rate = fits["HLW"].rstar.filtered, one.real_rate
    index = one.weights.index
    assert one.scores.iloc[:41].isna().all().all()
    for quarter in index[[41, 80, -1]]:
        known = index[index < quarter]
        x = (rate - path).loc[known].to_numpy()
        y = rate.loc[known + 1].to_numpy() - path.loc[known].to_numpy()
        (x, now), (y, y_now) = (x[:-1], x[-1]), (y[:-1], y[-1])
        rho = x @ y / (x @ x)
        variance = ((y - rho * x) ** 2).sum() / (len(x) - 1) * (1 + now**2 / (x @ x))
        expected = student(len(x) - 1, rho * now, np.sqrt(variance)).logpdf(y_now)
        assert one.scores.loc[quarter, "HLW"] == pytest.approx(expected, rel=1e-10)
    sums = one.scores.sum()
    np.testing.assert_allclose(one.weights.iloc[-1], np.exp(sums) / np.exp(sums).sum(), rtol=1e-10)
    np.testing.assert_allclose(one.weights.sum(axis=1), 1)
    assert (one.weights.iloc[:40] == 0.25).all().all()


@pytest.mark.parametrize("forgetting", [1.0, 0.95])
def test_weights_know_no_later_quarter(fits, forgetting: float) -> None:
    """Everything after a quarter deleted, or made absurd: the weights up to it are the same to the last digit."""
    options = {"weights": "predictive likelihood", "forgetting": forgetting}
    whole = rstar.average({name: cut(fit, "2009Q3") for name, fit in fits.items()}, **options)
    for end in ("1985Q4", "1999Q4"):
        short = rstar.average({name: cut(fit, end) for name, fit in fits.items()}, **options)
        pd.testing.assert_frame_equal(short.weights, whole.weights.loc[:end], check_exact=True)
        pd.testing.assert_series_equal(short.rstar.filtered, whole.rstar.filtered.loc[:end], check_exact=True)
        absurd = {}
        for name, fit in fits.items():
            frame = pd.DataFrame({"rstar": fit.rstar.filtered, "real_rate": fit.real_rate}).loc[fit.start :]
            frame.loc[pd.Period(end, freq="Q") + 1 :] = 50.0 * len(absurd)
            absurd[name] = rstar.read_published(frame.rename_axis("date"), which="filtered")
        changed = rstar.average(absurd, **options)
        pd.testing.assert_frame_equal(changed.weights.loc[:end], whole.weights.loc[:end], check_exact=True)


def test_the_better_forecast_gains_weight() -> None:
    """A real rate that is drawn to the one path and has nothing to do with the other."""
    rng, quarters = np.random.default_rng(2), pd.period_range("1960Q1", periods=200, freq="Q")
    good = np.cumsum(0.3 * rng.standard_normal(200))
    rate = good + 0.5 * rng.standard_normal(200)
    fits = {
        name: rstar.read_published(
            pd.DataFrame({"date": quarters, "rstar": path, "real_rate": rate}), which="filtered"
        )
        for name, path in {"good": good, "bad": good + np.cumsum(rng.standard_normal(200))}.items()
    }
    weights = rstar.average(fits, weights="predictive likelihood").weights["good"]
    assert weights.iloc[-1] > 0.99
    assert weights.iloc[0] == 0.5


def test_an_average_is_an_estimate_like_any_other(fits) -> None:
    chosen = {name: fits[name] for name in ("HLW", "moving-average")}
    one = rstar.average(chosen, weights="predictive likelihood", training=30)
    again = one.run_on(data.us_macro())
    pd.testing.assert_series_equal(again.rstar.filtered, one.rstar.filtered)
    assert (again.how, again.training) == (one.how, 30)
    quarters = one.gap()
    months = pd.period_range("1965-01", "2009-12", freq="M")
    returns = pd.Series(np.random.default_rng(4).standard_normal(len(months)), months, name="small")
    study = leads.LeadStudy(quarters, returns, (1,), start=None, n_replications=99)
    assert study.run(progress=False).table["nobs"].gt(100).all()


def test_bad_averages(fits) -> None:
    two = {name: fits[name] for name in KEYS[:2]}
    with pytest.raises(SpecificationError, match="choose 'equal' or 'predictive likelihood'"):
        rstar.average(two, weights="best")
    with pytest.raises(SpecificationError, match="training=2"):
        rstar.average(two, training=2)
    with pytest.raises(DataError, match="expected more than the 300 of training"):
        rstar.average(two, weights="predictive likelihood", training=300)
    smoothed = rstar.read_published(pd.DataFrame({"date": ["2000Q1"], "rstar": [1.0]}), name="seen")
    with pytest.raises(SpecificationError, match=r"seen has no filtered r\*, which the average needs"):
        rstar.average(two | {"seen": smoothed}, weights="predictive likelihood")
    with pytest.raises(SpecificationError, match="nothing to compare"):
        rstar.average({})


def test_comparison_of_families(fits, golden) -> None:
    table = pd.read_csv(golden("models2/comparison/us_rstar_wide.csv"))
    seen = rstar.read_published(
        table, date="quarter", column="kiley_smoothed", name="Kiley", definition=rstar.MEDIUM_RUN
    )
    found = rstar.compare(fits | {"Kiley": seen})
    assert found.table.loc["shown"].tolist() == ["filtered"] * 4 + ["smoothed"]
    assert rstar.LONG_RUN.startswith(f"{found.definitions['moving-average']}:")
    assert found.notes()[0].startswith("The estimates are not all of one thing")
    between = found.disagreement
    row = found.rstar.loc["2000Q4"]
    assert between.loc["2000Q4", "range"] == pytest.approx(row.max() - row.min())
    assert between.loc["2000Q4", "sd"] == pytest.approx(np.std(row, ddof=1))
    assert between["estimates"].min() >= 2
    assert found.correlations.loc["HLW", "Kiley"] == pytest.approx(
        found.rstar["HLW"].corr(found.rstar["Kiley"])
    )
    dates = found.on_dates()
    assert dates["definition"].tolist() == ["medium-run rate", *["long-run trend"] * 3, "medium-run rate"]
    assert {"1975Q4", "2000Q4", "2009Q3"} <= set(dates.columns)
    assert found.on_dates(["1990Q1"]).loc["HLW", "1990Q1"] == fits["HLW"].rstar.filtered["1990Q1"]
    with pytest.raises(SpecificationError, match="No estimate has 1930Q1"):
        found.on_dates(["1930Q1"])
    assert len(found.plot().axes) == 6
    figure = Figure()
    assert found.plot(figure.subplots()) is figure
