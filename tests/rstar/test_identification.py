"""Likelihood profiles and the pile-up check."""

from __future__ import annotations

import numpy as np
import pytest

from capstar import rstar
from capstar.errors import IdentificationWarning, SpecificationError
from capstar.rstar import PileUp


def test_profile_has_its_maximum_at_the_estimate_of_a_free_parameter(embedded_fit) -> None:
    profile = embedded_fit.profile("a_r")
    table = profile.table
    assert table["log_likelihood"].idxmax() == pytest.approx(embedded_fit.params["a_r"])
    assert table["log_likelihood"].max() == pytest.approx(embedded_fit.llf, abs=1e-8)
    assert table.loc[profile.estimate, "rstar"] == pytest.approx(
        embedded_fit.rstar.filtered.iloc[-1], abs=1e-8
    )
    assert (table.index <= -0.0025).all()


def test_profile_points_are_constrained_maxima(embedded_fit) -> None:
    """The same numbers from whole estimations with the parameter held."""
    stages = embedded_fit.stages
    profile = embedded_fit.profile("lambda_z", [0.0, 0.01, 0.08])
    for value, found in profile.table["log_likelihood"].items():
        problem = stages.stage3.problem
        table = problem.table().starting(stages.stage3.ml.params.to_dict())
        table = table.fix({"c": 1.0, "lambda_g": embedded_fit.lambda_g, "lambda_z": value})
        from capstar.statespace.maximum_likelihood import maximize

        assert found == pytest.approx(maximize(problem, table, n_starts=3).llf, abs=1e-6)


def test_interval_and_figure(embedded_fit) -> None:
    profile = embedded_fit.profile("lambda_z")
    low, high = profile.interval()
    assert low <= profile.estimate <= high
    top = profile.table["log_likelihood"].max()
    outside = profile.table.loc[(profile.table.index < low) | (profile.table.index > high)]
    assert (outside["log_likelihood"] < top - 1.92).all()
    figure = profile.plot()
    assert [ax.get_xlabel() for ax in figure.axes] == ["λ_z", "λ_z"]


def test_pile_up_where_the_data_say_so(golden_fit) -> None:
    us = golden_fit("hlw2017_us_2019q4")
    found = us.pile_up
    free = us.profile("lambda_z", np.linspace(0.0, 0.05, 51)).table["log_likelihood"]
    assert found.lambda_z_ml == pytest.approx(free.idxmax(), abs=0.001)
    assert found.gain == pytest.approx(free.max() - free.loc[0.0], abs=1e-3)
    assert not found.sigma_z_at_zero
    assert "zero is not rejected" in found.notes()[0]
    canada = golden_fit("hlw2017_ca_2019q4").pile_up
    assert canada.sigma_z_at_zero
    assert "piles up at zero" in canada.notes()[0]
    assert canada.notes()[0] in " ".join(golden_fit("hlw2017_ca_2019q4").summary().notes)


def test_a_r_in_words() -> None:
    base = {"lambda_z_ml": 0.02, "gain": 3.0, "loss": 0.1}
    assert "is rejected" in PileUp(**base, a_r=-0.1, a_r_t=-4.0, a_r_at_bound=False).notes()[0]
    assert "is identified" in PileUp(**base, a_r=-0.1, a_r_t=-4.0, a_r_at_bound=False).notes()[1]
    assert "weakly identified" in PileUp(**base, a_r=-0.02, a_r_t=-1.0, a_r_at_bound=False).notes()[1]
    assert "not identified" in PileUp(**base, a_r=-0.0025, a_r_t=-0.1, a_r_at_bound=True).notes()[1]
    assert "is held" in PileUp(**base, a_r=-0.1, a_r_t=np.nan, a_r_at_bound=False).notes()[1]


def test_a_r_at_its_bound_is_told(golden_set) -> None:
    """Real rates without their relation to output: a_r goes to its bound."""
    data = golden_set("hlw2017_us_2019q4").data
    noise = data.copy()
    noise["interest_rate"] = data["expected_inflation"] + np.random.default_rng(3).standard_normal(len(data))
    with pytest.warns(IdentificationWarning, match="a_r = -0.0025 is at its bound"):
        fit = rstar.HLW2017.fit(noise, "1961Q1", fixed={"lambda_g": 0.05, "lambda_z": 0.03}, n_starts=1)
    assert fit.at_bound["a_r"]
    assert "r* is not identified" in str(fit.summary())


def test_unknown_parameter(embedded_fit) -> None:
    with pytest.raises(SpecificationError, match="has no parameter 'rho'"):
        embedded_fit.profile("rho")
