"""Revisions and news against statsmodels, and the identities they obey."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from textbook import books, fitted, phillips

from capstar.errors import DataError
from capstar.statespace import explain_revisions, fit

SIGNALS = {"local level": {"level": "y"}, "factor": {"first": "y_1", "second": "y_2"}, "arma": {"state": "y"}}


def sets(name: str, periods: int = 4) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A ragged earlier set with other values in two places, and a later one that ends in a ragged edge too."""
    data = books()[name].data
    later, earlier = data.iloc[:-2].copy(), data.iloc[: -2 - periods].copy()
    earlier.iloc[-12, 0] += 0.5
    earlier.iloc[-30, -1] -= 0.3
    earlier.iloc[-1, -1] = np.nan
    if data.shape[1] > 1:
        later.iloc[-1, -1] = np.nan
    return earlier, later


@pytest.mark.parametrize("name", list(SIGNALS))
def test_against_statsmodels(name: str) -> None:
    one, results = books()[name], fitted(name)
    # With more new periods the impacts of statsmodels 0.15 no longer sum to its own change; ours do, below.
    earlier, later = sets(name, 2)
    ours = results.news(earlier, later)
    theta = one.to_theirs(results.params)
    before, after = (one.model(frame).smooth(theta) for frame in (earlier, later))
    first = later.index[-10]
    theirs = after.news(before, start=str(first), end=str(later.index[-1]))
    np.testing.assert_allclose(ours.observations["forecast"], theirs.update_forecasts, atol=1e-8)
    np.testing.assert_allclose(ours.observations["observed"], theirs.update_realized, atol=1e-12)
    np.testing.assert_allclose(ours.observations["news"], theirs.news, atol=1e-8)
    assert [(str(p), s) for p, s in ours.observations.index] == [(str(p), s) for p, s in theirs.news.index]
    for report, series in SIGNALS[name].items():
        table = ours.table.loc[report].loc[first:]
        np.testing.assert_allclose(table["revisions"], theirs.revision_impacts[series], atol=1e-8)
        np.testing.assert_allclose(table["news"], theirs.update_impacts[series], atol=1e-8)
        change = table["later"] - table["earlier"]
        np.testing.assert_allclose(change, theirs.total_impacts[series], atol=1e-8)
        np.testing.assert_allclose(table["earlier"], theirs.prev_impacted_forecasts[series], atol=1e-8)
        weights = theirs.weights.xs(series, level="impacted variable", axis=1).T
        np.testing.assert_allclose(ours.weights.loc[report].loc[first:], weights, atol=1e-8)


def identities(found, atol: float = 1e-8) -> None:
    table = found.table
    np.testing.assert_allclose(table[["earlier", "revisions", "news"]].sum(axis=1), table["later"], atol=atol)
    np.testing.assert_allclose(found.impacts.sum(axis=1), table["news"], atol=atol)
    np.testing.assert_allclose(found.revisions.sum(axis=1), table["revisions"], atol=atol)
    said = found.observations
    np.testing.assert_allclose(said["observed"] - said["forecast"], said["news"], atol=1e-12)


@pytest.mark.parametrize("name", ["local level", "trend", "cycle", "arma", "factor"])
def test_identities(name: str) -> None:
    earlier, later = sets(name)
    found = fitted(name).news(earlier, later)
    identities(found, 1e-7 if name in ("trend", "cycle") else 1e-8)  # series of 900, growth of 1
    assert np.abs(found.table["news"]).max() > 1e-3
    assert np.abs(found.table["revisions"]).max() > 1e-4


@pytest.fixture(scope="module")
def own_lags():
    spec, data, values = phillips()
    return fit(spec, data.iloc[:-3], fixed=values), data


def test_a_model_that_reads_its_own_lags(own_lags) -> None:
    results, data = own_lags
    earlier, later = data.iloc[:-3].copy(), data
    earlier.loc["2001Q1", "y"] += 0.4
    earlier.loc["2007Q3", "pi"] -= 1.0
    earlier.loc["2006Q2", "r"] += 0.5
    found = results.news(earlier, later)
    identities(found)
    assert set(found.revisions.columns[(found.revisions != 0).any()]) == {"y", "pi", "r"}
    # Without revisions, what the earlier data say of the later is the forecast.
    clean = results.news(data.iloc[:-3], later)
    expected = results.forecast(3, future=later[["r"]].iloc[-3:])
    said = clean.observations["forecast"].unstack()
    np.testing.assert_allclose(said[["y", "pi"]], expected.mean[["y", "pi"]], rtol=1e-10)
    assert (clean.table["revisions"] == 0).all()
    for report in ("gap", "growth"):
        ahead = clean.table.loc[report, "earlier"].iloc[-3:]
        np.testing.assert_allclose(ahead, expected.mean[report], atol=1e-9)


def test_the_later_estimates_are_those_of_the_later_data(own_lags) -> None:
    results, data = own_lags
    found = results.news(data.iloc[:-3], data)
    later = results.append(data.iloc[-3:])
    for name in ("gap", "growth"):
        np.testing.assert_allclose(found.table.loc[name, "later"], later.reports()[name], atol=1e-10)


def test_function_and_method_agree_and_the_summary_adds_up() -> None:
    results = fitted("factor")
    earlier, later = sets("factor")
    found = explain_revisions(results.spec, results.ml.params, earlier, later, start=results.problem.index[0])
    pd.testing.assert_frame_equal(found.table, results.news(earlier, later).table)
    summary = found.summary("2008Q1")
    shown = summary.frames["Reports in 2008Q1"].loc["factor"]
    assert summary.frames["New observations"]["adds to factor"].sum() == pytest.approx(
        shown["news"], abs=1e-8
    )
    assert summary.frames["Revisions, by series"].loc["factor"].sum() == pytest.approx(
        shown["revisions"], abs=1e-8
    )
    assert repr(found) == "<News: News in 8 observations for 3 reports, 1959Q2-2009Q1>"
    with pytest.raises(DataError, match="1901Q1 is not in the data, 1959Q2 to 2009Q1"):
        found.summary("1901Q1")


def test_what_cannot_be_explained() -> None:
    results = fitted("factor")
    earlier, later = sets("factor")
    with pytest.raises(DataError, match="the two data sets are the same"):
        results.news(earlier, earlier)
    with pytest.raises(DataError, match=r"earlier data end in 2009Q1, the later in 2008Q1\. Swap them"):
        results.news(later, earlier)
    with pytest.raises(DataError, match=r"the later data lack y_2\. Add the column"):
        results.news(earlier, later[["y_1"]])
    gone = later.copy()
    gone.loc["1990Q1", "y_1"] = np.nan
    with pytest.raises(
        DataError, match=r"y_1 in 1990Q1 is in the earlier data and not in the later\. Fill it"
    ):
        results.news(earlier, gone)


def test_states_are_explained_where_there_are_no_reports() -> None:
    results = fitted("local level")
    bare = replace(results.spec, reports={})
    flow = results.data
    found = explain_revisions(bare, results.ml.params, flow.iloc[:90], flow)
    named = explain_revisions(results.spec, results.ml.params, flow.iloc[:90], flow)
    assert list(found.table.index.levels[0]) == ["mu"]
    np.testing.assert_allclose(found.table.xs("mu"), named.table.xs("level"), atol=1e-9)
    moved = results.decompose("mu", "1900", "1950")
    assert moved.change == pytest.approx(results.decompose("level", "1900", "1950").change, abs=1e-12)
