"""Historical decomposition and the filter run on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar import data
from capstar.errors import DataError, IdentificationWarning, SpecificationError
from capstar.rstar import HLW2017, HLW2023


@pytest.mark.parametrize("which", ["filtered", "smoothed"])
@pytest.mark.parametrize(("start", "end"), [("1961Q1", "2009Q3"), ("1990Q1", "2000Q4"), ("2009Q2", "2009Q3")])
def test_parts_add_up(embedded_fit, which: str, start: str, end: str) -> None:
    found = embedded_fit.decompose(start, end, which=which)
    path = getattr(embedded_fit.rstar, which)
    assert found.change == pytest.approx(path[end] - path[start], abs=1e-10)
    assert found.components.sum() == pytest.approx(found.change, abs=1e-10)
    assert found.observations.to_numpy().sum() + found.initial == pytest.approx(found.change, abs=1e-9)
    assert found.by_year().to_numpy().sum() + found.initial == pytest.approx(found.change, abs=1e-9)


def test_filtered_change_owes_nothing_to_later_observations(embedded_fit) -> None:
    found = embedded_fit.decompose("1980Q1", "1990Q4", which="filtered")
    assert (found.observations.loc["1991Q1":] == 0).all(axis=None)
    smoothed = embedded_fit.decompose("1980Q1", "1990Q4", which="smoothed")
    assert (smoothed.observations.loc["1991Q1":].abs().max() > 1e-6).all()


def test_contribution_is_the_effect_of_changing_the_observation(embedded_fit) -> None:
    """Add 0.3 to one innovation: the last r* moves by the contribution's share of it."""
    stage = embedded_fit.stages.stage3
    problem, params = stage.problem, stage.ml.params
    found = embedded_fit.decompose("1980Q1", "2009Q3", which="filtered")
    t = embedded_fit.rstar.filtered.index.get_loc("2009Q3")
    y = problem.y.copy()
    y[t, 1] += 0.3
    from capstar.statespace import estimate_states

    moved = estimate_states(problem.with_data(y), params).report("rstar", "filtered")[0].iloc[-1]
    innovation = stage.states.innovations[t, 1]
    share = found.observations.iloc[t]["pi"] / innovation
    assert moved - embedded_fit.rstar.filtered.iloc[-1] == pytest.approx(0.3 * share, abs=1e-10)


def test_decomposition_tables_and_figure(embedded_fit) -> None:
    found = embedded_fit.decompose("1990Q1", "2009Q3")
    table = found.to_frame().iloc[:, 0]
    assert table["change of r*"] == pytest.approx(found.change)
    assert table.iloc[3:].sum() == pytest.approx(found.change, abs=1e-9)
    years = found.by_year()
    matter = years.index[years.abs().sum(axis=1) > 0.005 * years.abs().sum(axis=1).max()]
    assert len(found.plot().axes[0].patches) == 2 * len(years.loc[matter[0] : matter[-1]])


def test_decomposition_bad_calls(embedded_fit) -> None:
    with pytest.raises(SpecificationError, match="not within the sample"):
        embedded_fit.decompose("1950Q1", "1990Q1")
    with pytest.raises(SpecificationError, match="choose 'filtered'"):
        embedded_fit.decompose("1980Q1", "1990Q1", which="predicted")


def test_decomposition_from_a_diffuse_start() -> None:
    """After the quarters that determine it, a diffuse start is like any other."""
    with pytest.warns(IdentificationWarning):
        fit = HLW2017.fit(data.us_macro(), n_starts=1, initial="diffuse")
    for which in ("filtered", "smoothed"):
        found = fit.decompose("1970Q1", "2009Q3", which=which)
        path = getattr(fit.rstar, which)
        assert found.change == pytest.approx(path["2009Q3"] - path["1970Q1"], abs=1e-8)
        assert found.observations.to_numpy().sum() + found.initial == pytest.approx(found.change, abs=1e-8)
    with pytest.raises(SpecificationError, match="not within the sample"):
        fit.decompose(fit.start, "1990Q1")


def test_run_on_leaves_the_past_as_it_was() -> None:
    macro = data.us_macro()
    early = HLW2017.fit(macro, end="1995Q4")
    late = early.run_on(macro)
    sample = early.rstar.filtered.index
    # The same numbers to the last bit: nothing of the longer data reaches back.
    pd.testing.assert_series_equal(late.rstar.filtered.loc[sample], early.rstar.filtered, check_exact=True)
    assert late.params.empty
    assert late.end == macro.index[-1]
    assert late.departures == ("Parameters held at their estimates of 1961Q1-1995Q4.",)
    assert "Parameters held" in str(late.summary())
    pd.testing.assert_frame_equal(
        early.run_on(macro, end="2000Q4").to_frame(), early.run_on(macro.loc[:"2000Q4"]).to_frame()
    )
    assert late.llf != HLW2017.fit(macro).llf
    with pytest.raises(DataError, match="outside the data"):
        early.run_on(macro, end="2030Q1")


def test_parameters_before_covid_run_on(golden_set) -> None:
    """HLW (2023), section 2: without their COVID terms r* would have moved much further in 2020."""
    one = golden_set("hlw2023_us_2023q2")
    before = HLW2023.fit(one.data, "1961Q1", "2019Q4")
    on = before.run_on(one.data)
    whole = HLW2023.fit(one.data, "1961Q1")
    swing = [fit.rstar.filtered.loc["2019Q4":"2021Q4"] for fit in (on, whole)]
    assert np.ptp(swing[0]) > 1.5 * np.ptp(swing[1])
    assert np.isfinite(on.to_frame()).all(axis=None)
