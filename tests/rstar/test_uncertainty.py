"""Hamilton's Monte Carlo: the arithmetic to rounding, the published figures within Monte Carlo error."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from capstar.errors import SpecificationError
from capstar.rstar.uncertainty import Draws, average_over, draw_parameters, state_uncertainty

SETS = ("hlw2017_us_2019q4", "hlw2023_us_2023q2", "lw2023_us_2023q2")
COLUMNS = {"rstar": "se_rstar", "g": "se_g", "potential": "se_ystar"}


@pytest.mark.parametrize("name", SETS)
def test_stored_draws_give_the_stored_errors(golden, golden_fit, name: str) -> None:
    fit, stored = golden_fit(name), pd.read_csv(golden(f"{name}_se50_draws.csv"))
    problem = fit.stages.stage3.problem
    theta = np.tile(problem.vector(fit.stages.stage3.ml.params), (len(stored), 1))
    for column in stored.filter(like="theta_"):
        theta[:, problem.names.index(column.removeprefix("theta_"))] = stored[column]
    draws = Draws(theta, stored.filter(like="xi00_").to_numpy(), 0)
    ours = average_over(fit, draws, covariance="published").se
    expected = pd.read_csv(golden(f"{name}_se50.csv"))
    for quantity, column in COLUMNS.items():
        np.testing.assert_allclose(ours[quantity], expected[column], atol=1e-6, err_msg=quantity)


def test_averages_of_the_published_procedure(golden, golden_fit) -> None:
    """5,000 draws against 5,000 draws of the R code's random numbers."""
    name = "hlw2017_us_2019q4"
    expected = json.loads(golden(f"{name}_se.json").read_text())["average_se"]
    ours = state_uncertainty(golden_fit(name), covariance="published").average
    for quantity, column in COLUMNS.items():
        # Two Monte Carlo averages; the tail of sigma_z in 1/a_r leaves about 1 percent in each.
        assert ours[quantity] == pytest.approx(expected[column.removeprefix("se_")], rel=0.03), quantity


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


def test_parts_add_up_and_covariance_matters(embedded_fit) -> None:
    draws = draw_parameters(embedded_fit, n_draws=100, seed=2)
    full = average_over(embedded_fit, draws)
    published = average_over(embedded_fit, draws, covariance="published")
    np.testing.assert_allclose(full.se**2, full.parameter_variance + full.filter_variance)
    pd.testing.assert_frame_equal(full.parameter_variance, published.parameter_variance)
    assert (full.filter_variance["rstar"] != published.filter_variance["rstar"]).all()
    assert full.final["rstar"] == full.se["rstar"].iloc[-1]


def test_bad_options_are_named(embedded_fit) -> None:
    with pytest.raises(SpecificationError, match="at least one draw"):
        state_uncertainty(embedded_fit, n_draws=0)
    with pytest.raises(SpecificationError, match="choose 'full' or 'published'"):
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
