"""Hamilton's Monte Carlo: the arithmetic to rounding, the published figures within Monte Carlo error."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from capstar.errors import SpecificationError
from capstar.rstar import Draws, draw_parameters, state_uncertainty

SETS = ("hlw2017_us_2019q4", "hlw2023_us_2023q2", "lw2023_us_2023q2")
COLUMNS = {"rstar": "se_rstar", "g": "se_g", "potential": "se_ystar"}


@pytest.mark.parametrize("name", SETS)
def test_stored_draws_give_the_stored_errors(golden, golden_fit, name: str) -> None:
    """The R code's own draws give its standard errors of r*, g and potential output, every quarter, to 1e-6."""
    fit, stored = golden_fit(name), pd.read_csv(golden(f"{name}_se50_draws.csv"))
    problem = fit.stages.stage3.problem
    theta = np.tile(problem.vector(fit.stages.stage3.ml.params), (len(stored), 1))
    for column in stored.filter(like="theta_"):
        theta[:, problem.names.index(column.removeprefix("theta_"))] = stored[column]
    draws = Draws(theta, stored.filter(like="xi00_").to_numpy(), 0)
    ours = state_uncertainty(fit, draws, covariance="published").se
    expected = pd.read_csv(golden(f"{name}_se50.csv"))
    for quantity, column in COLUMNS.items():
        np.testing.assert_allclose(ours[quantity], expected[column], atol=1e-6, err_msg=quantity)


def test_averages_of_the_published_procedure(golden, golden_fit) -> None:
    """HLW 2017: average standard errors of r*, g and potential output, 5,000 draws here and in R: 3 percent."""
    name = "hlw2017_us_2019q4"
    expected = json.loads(golden(f"{name}_se.json").read_text())["average_se"]
    ours = state_uncertainty(golden_fit(name), covariance="published").average
    for quantity, column in COLUMNS.items():
        # Two Monte Carlo averages; the tail of sigma_z in 1/a_r leaves about 1 percent in each.
        assert ours[quantity] == pytest.approx(expected[column.removeprefix("se_")], rel=0.03), quantity


@pytest.mark.parametrize("name", SETS)
def test_standard_errors_of_the_parameters(golden, golden_fit, name: str) -> None:
    """Standard errors of parameters: exact scores to 1e-5, the R code's finite differences to 1e-4."""
    stored = json.loads(golden(f"{name}_se.json").read_text())
    bse = golden_fit(name).bse[stored["parameters"]]
    np.testing.assert_allclose(bse, stored["standard_error_exact_score"], rtol=1e-5)
    # The R code's finite differences.
    np.testing.assert_allclose(bse, stored["standard_error"], rtol=1e-4)


def test_published_errors_of_lw2023(reference, golden_fit) -> None:
    """LW 2023 as published for 2023Q2: standard errors of parameters within 1 percent, of states within 3.

    5,000 draws on both sides.
    """
    table = pd.read_csv(reference("lw_published/parameters.csv"))
    values = {kind: rows.set_index("parameter")["value"] for kind, rows in table.groupby("kind")}
    fit = golden_fit("lw2023_us_2023q2")
    theirs = {"a_y1": "a_1", "a_r": "a_3", "b_pi_lag1": "b_1", "b_import": "b_5", "sigma_ystar": "sigma_4"}
    theirs |= {"c": "c", "phi": "phi", "kappa_2021": "kappa_2021"}
    for ours, name in theirs.items():
        assert fit.bse[ours] == pytest.approx(abs(values["se"][name]), rel=0.01), ours
    found = state_uncertainty(fit, covariance="published")
    for ours, name in {"rstar": "rstar", "g": "g", "potential": "ystar"}.items():
        assert found.average[ours] == pytest.approx(values["se_sample_average"][name], rel=0.03), ours
        assert found.final[ours] == pytest.approx(values["se_final"][name], rel=0.03), ours
    assert (found.monte_carlo_error / found.average).max() < 0.015


def test_published_errors_of_hlw2023(golden_fit) -> None:
    """HLW 2023 as published: standard errors of r*, g and potential output, average and final, within 3 percent.

    20,000 draws: with 5,000 a few draws of a_r near zero move the average of r* by up to 3 percent
    from seed to seed.
    """
    found = state_uncertainty(golden_fit("hlw2023_us_2023q2"), n_draws=20_000, covariance="published")
    average = {"rstar": 1.166, "g": 0.423, "potential": 1.636}
    final = {"rstar": 1.569, "g": 0.644, "potential": 2.746}
    for name, value in average.items():
        assert found.average[name] == pytest.approx(value, rel=0.03), name
        assert found.final[name] == pytest.approx(final[name], rel=0.03), name


def test_same_seed_same_numbers_whatever_the_workers(embedded_fit) -> None:
    one = state_uncertainty(embedded_fit, n_draws=250, seed=4, n_workers=1)
    two = state_uncertainty(embedded_fit, n_draws=250, seed=4, n_workers=2)
    pd.testing.assert_frame_equal(one.se, two.se, check_exact=True)
    other = state_uncertainty(embedded_fit, n_draws=250, seed=5)
    assert (one.se != other.se).any(axis=None)


def test_draws_respect_bounds(embedded_fit) -> None:
    draws = draw_parameters(embedded_fit, n_draws=300, seed=1)
    table = pd.DataFrame(draws.theta, columns=list(embedded_fit.stages.stage3.problem.names))
    assert (table["a_r"] <= -0.0025).all()
    assert (table["b_y"] >= 0.025).all()
    assert (table["a_y1"] + table["a_y2"] < 1).all()
    assert draws.discarded > 0


def test_every_draw_may_be_kept(embedded_fit) -> None:
    """As many are outside the bounds as are discarded otherwise, and they are those of the same seed."""
    every = draw_parameters(embedded_fit, n_draws=300, seed=1, discard=False)
    table = pd.DataFrame(every.theta, columns=list(embedded_fit.stages.stage3.problem.names))
    bounds = embedded_fit.stages.stage3.problem.model.parameters
    inside = (table["a_y1"] + table["a_y2"] < 1) & np.logical_and.reduce(
        [table[name].between(bounds[name].lower, bounds[name].upper) for name in embedded_fit.params.index]
    )
    assert every.discarded == 0
    assert 0 < inside.sum() < 300
    kept = draw_parameters(embedded_fit, n_draws=int(inside.sum()), seed=1)
    np.testing.assert_array_equal(kept.theta, every.theta[inside])
    wide = embedded_fit.with_standard_errors(300, seed=1, discard=False).uncertainty
    pd.testing.assert_frame_equal(wide.se, state_uncertainty(embedded_fit, every).se, check_exact=True)


def test_parts_add_up_and_covariance_matters(embedded_fit) -> None:
    draws = draw_parameters(embedded_fit, n_draws=100, seed=2)
    full = state_uncertainty(embedded_fit, draws)
    published = state_uncertainty(embedded_fit, draws, covariance="published")
    np.testing.assert_allclose(full.se**2, full.parameter_variance + full.filter_variance)
    pd.testing.assert_frame_equal(full.parameter_variance, published.parameter_variance)
    assert (full.filter_variance["rstar"] != published.filter_variance["rstar"]).all()
    assert full.final["rstar"] == full.se["rstar"].iloc[-1]


def test_bad_options_are_named(embedded_fit) -> None:
    with pytest.raises(SpecificationError, match="at least one draw"):
        state_uncertainty(embedded_fit, n_draws=0)
    with pytest.raises(SpecificationError, match=r"choose one of \['full', 'published'\]"):
        state_uncertainty(embedded_fit, n_draws=1, covariance="none")


def test_results_carry_them_into_summary_json_and_figure(embedded_fit) -> None:
    fit = embedded_fit.with_standard_errors(200, seed=3)
    assert embedded_fit.uncertainty is None
    assert "Hamilton 1986" in str(fit.summary())
    out = json.loads(json.dumps(fit.to_dict(), allow_nan=False))["standard_errors"]
    assert out["average"]["rstar"] == fit.uncertainty.average["rstar"]
    assert set(out["final"]) == {"rstar", "g", "potential"}
    assert (fit.uncertainty.se["rstar"] > fit.rstar.smoothed_se).mean() > 0.9

    def height(one) -> float:
        return one.plot().axes[0].collections[0].get_paths()[0].vertices[:, 1].max()

    assert height(fit) > height(embedded_fit)


def test_monte_carlo_error_shrinks_with_the_draws(embedded_fit) -> None:
    few = state_uncertainty(embedded_fit, n_draws=400).monte_carlo_error
    many = state_uncertainty(embedded_fit, n_draws=3200).monte_carlo_error
    # sqrt(8) = 2.8 in expectation; both are themselves estimated from few groups.
    assert (many["g"] < few["g"]) & (many["potential"] < few["potential"])
