"""The three-stage estimates against the New York Fed's R code carried to convergence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import GOLDEN_SETS

# What is asked: 1e-4 of estimates and 0.001 points of states.  Both optimisers reach the same maximum to
# rounding, so the bounds here are tighter and would show an optimisation that stops early.
ESTIMATE, STATE = 1e-6, 1e-5


@pytest.mark.parametrize("name", GOLDEN_SETS)
def test_lambdas_and_parameters_of_every_stage(golden_set, golden_fit, name: str) -> None:
    """Lambdas, likelihoods, parameters and initial covariance of every stage, to 1e-6; the same active bounds."""
    one, fit = golden_set(name), golden_fit(name)
    converged = one.numbers["converged"]
    assert fit.lambda_g == pytest.approx(converged["lambda_g"], abs=ESTIMATE)
    assert fit.lambda_z == pytest.approx(converged["lambda_z"], abs=ESTIMATE)
    for stage in (1, 2, 3):
        ours = getattr(fit.stages, f"stage{stage}")
        golden = converged["stages"][f"stage{stage}"]
        assert ours.ml.llf == pytest.approx(golden["log_likelihood"], abs=1e-6)
        names = one.numbers["r_run"]["stages"][f"stage{stage}"]["parameters"]
        for parameter, value in zip(names, golden["theta"], strict=True):
            assert ours.ml.params[parameter] == pytest.approx(value, abs=ESTIMATE), parameter
        first = ours.first_pass.params[names].to_numpy()
        np.testing.assert_allclose(first, golden["first_pass"]["theta"], atol=1e-5)
        np.testing.assert_allclose(ours.problem.initial_cov, golden["P00"], atol=ESTIMATE)
        assert ours.ml.at_bound[ours.ml.at_bound].index.tolist() == golden["active_bounds"]
        assert ours.ml.converged


@pytest.mark.parametrize("name", GOLDEN_SETS)
def test_states_every_quarter(golden, golden_fit, name: str) -> None:
    """Filtered and smoothed r*, g, z and output gap, every quarter, to 1e-5."""
    fit = golden_fit(name)
    expected = pd.read_csv(golden(f"{name}_converged.csv"))
    ours = fit.to_frame()
    assert [str(q) for q in ours.index] == expected["quarter"].tolist()
    for column in expected.columns[1:]:
        np.testing.assert_allclose(ours[column], expected[column], atol=STATE, err_msg=column)


@pytest.mark.parametrize("name", GOLDEN_SETS)
def test_variances_and_potential(golden, golden_fit, name: str) -> None:
    """Variances of potential output, g and z to 1e-5, of r* to 1e-4; log potential output to 1e-6."""
    fit, expected = golden_fit(name), pd.read_csv(golden(f"{name}_stage3.csv"))
    for which in ("filtered", "smoothed"):
        se = f"{which}_se"
        np.testing.assert_allclose(
            getattr(fit.potential, which) / 100, expected[f"potential_{which}"], atol=1e-7
        )
        np.testing.assert_allclose(
            getattr(fit.potential, se) ** 2, expected[f"var_ystar_{which}"], atol=STATE
        )
        g_variance = (getattr(fit.g, se) / 4) ** 2
        np.testing.assert_allclose(g_variance, expected[f"var_g_quarterly_{which}"], atol=STATE)
        np.testing.assert_allclose(getattr(fit.z, se) ** 2, expected[f"var_z_{which}"], atol=STATE)
        # r* = 4 c g + z, with the covariance of g and z.
        c = fit.params.get("c", 1.0)
        variance = 16 * c**2 * expected[f"var_g_quarterly_{which}"] + expected[f"var_z_{which}"]
        variance += 8 * c * expected[f"cov_g_quarterly_z_{which}"]
        np.testing.assert_allclose(getattr(fit.rstar, se) ** 2, variance, atol=1e-4)


@pytest.mark.parametrize("name", GOLDEN_SETS)
def test_series_of_the_first_two_stages(golden, golden_fit, name: str) -> None:
    """Potential output of the first two stages, filtered and smoothed, every quarter, to 2e-4 percent."""
    fit, expected = golden_fit(name), pd.read_csv(golden(f"{name}_stages12.csv"))
    for stage in (1, 2):
        states = getattr(fit.stages, f"stage{stage}").states
        for which in ("filtered", "smoothed"):
            ystar = states.states(which)["ystar"]
            np.testing.assert_allclose(ystar, expected[f"stage{stage}_ystar_{which}"], atol=1e-4)


@pytest.mark.parametrize("name", GOLDEN_SETS)
def test_break_statistics(golden_set, golden, golden_fit, name: str) -> None:
    """Exp-Wald, mean Wald and QLR of the first two stages to 1e-5, t of every break date to 1e-4."""
    one, fit, series = golden_set(name), golden_fit(name), pd.read_csv(golden(f"{name}_stages12.csv"))
    for stage in (1, 2):
        ours = getattr(fit.stages, f"stage{stage}").breaks
        expected = one.numbers["converged"]["median_unbiased"][f"stage{stage}"]
        for statistic in ("exp_wald", "mean_wald", "qlr"):
            assert getattr(ours, statistic) == pytest.approx(expected[statistic], abs=1e-5)
        assert ours.nobs == one.numbers["r_run"]["median_unbiased"][f"stage{stage}"]["observations"]
        t = series[f"stage{stage}_break_t"].dropna()
        np.testing.assert_allclose(np.abs(ours.t_statistic), np.abs(t), atol=1e-4)


@pytest.mark.parametrize("name", ["hlw2017_us_2019q4", "hlw2023_us_2023q2", "lw2023_us_2023q2"])
def test_standard_errors_of_parameters(golden, golden_fit, name: str) -> None:
    """Standard errors of the parameters, from exact scores, to 0.1 percent."""
    import json

    expected, fit = json.loads(golden(f"{name}_se.json").read_text()), golden_fit(name)
    for parameter, value in zip(expected["parameters"], expected["standard_error_exact_score"], strict=True):
        # Evaluated at the R run's estimate, 1e-5 from the maximum in kappa.
        assert fit.bse[parameter] == pytest.approx(value, rel=1e-3), parameter


def test_one_sided_rstar_of_hlw_2023_as_published(reference, golden_fit) -> None:
    """HLW 2023 as published for 2023Q2: one-sided r*, g, z and output gap, to 1e-5."""
    published = pd.read_csv(reference("hlw2023/us_2023q2_published.csv"))
    fit = golden_fit("hlw2023_us_2023q2")
    for column in ("rstar_filtered", "g_filtered", "z_filtered", "output_gap_filtered"):
        np.testing.assert_allclose(fit.to_frame()[column], published[column], atol=1e-5)


def test_one_and_two_sided_estimates_of_lw_2023_as_published(reference, golden_fit) -> None:
    """LW 2023 as published for 2023Q2: r*, g, z and output gap of one and two sides, to 1e-5."""
    published = pd.read_csv(reference("lw2023/us_2023q2_published.csv"))
    fit = golden_fit("lw2023_us_2023q2")
    for column in published.columns[1:]:
        np.testing.assert_allclose(fit.to_frame()[column], published[column], atol=1e-5, err_msg=column)


def test_lw_2003_as_published_at_the_published_lambdas(reference) -> None:
    """LW 2003 as published in August 2020, lambdas given: parameters, r*, g and z to 1e-4.

    The 2003 model with phi * d; the workbook has no expectations column.
    """
    from dataclasses import replace

    from capstar import data, rstar

    raw = pd.read_csv(reference("lw2003/us_2020q2_input.csv"))
    raw = raw.rename(columns={"expected_inflation_recomputed": "expected_inflation"}).fillna(
        {"covid_index": 0.0}
    )
    table = pd.read_csv(reference("lw2003/us_2020q2_parameters.csv")).query("kind == 'estimate'")
    published = table.set_index("parameter")["value"]
    lambdas = {name: published[name] for name in ("lambda_g", "lambda_z")}
    model = rstar.RStarModel(replace(rstar.LW2003.variant, covid=True))
    fit = model.fit(raw[raw["date"] >= "1959"], "1961Q1", fixed=lambdas)
    assert fit.llf == pytest.approx(published["log_likelihood"], abs=1e-5)
    names = {"a_1": "a_y1", "a_2": "a_y2", "a_3": "a_r", "b_1": "b_pi_lag1", "b_2": "b_pi_lag2to4", "b_3": "b_y",
             "b_4": "b_oil", "b_5": "b_import", "c": "c", "sigma_1": "sigma_ygap", "sigma_2": "sigma_pi",
             "sigma_4": "sigma_ystar", "phi": "phi"}  # fmt: skip
    for theirs, ours in names.items():
        assert fit.params[ours] == pytest.approx(published[theirs], abs=1e-4), theirs
    series = data.read_input(reference("lw2003/us_2020q2_published.csv"))
    for column in (
        "rstar_filtered",
        "g_filtered",
        "z_filtered",
        "rstar_smoothed",
        "g_smoothed",
        "z_smoothed",
    ):
        np.testing.assert_allclose(fit.to_frame()[column], series[column], atol=1e-4, err_msg=column)


@pytest.fixture(scope="module")
def lw_2003(reference):
    """Workbook of August 2020: the 2003 model with phi * d; its file has no expectations column."""
    from capstar import rstar

    raw = pd.read_csv(reference("lw2003/us_2020q2_input.csv"))
    raw = raw.rename(columns={"expected_inflation_recomputed": "expected_inflation"})
    table = pd.read_csv(reference("lw2003/us_2020q2_parameters.csv")).query("kind == 'estimate'")
    model = rstar.LW2003.edit(covid=True)
    fit = model.fit(raw[raw["date"] >= "1959"], "1961Q1")
    return fit, table.set_index("parameter")["value"]


def test_lw_2003_as_published(lw_2003, reference) -> None:
    """LW 2003 as published in August 2020: lambdas to 1e-7; likelihood, parameters, r*, g and z to 1e-5."""
    from capstar import data

    fit, published = lw_2003
    # Asked are 1e-5, 1e-4 and 0.001; expected inflation is recomputed, so not to the last published digit.
    assert fit.lambda_g == pytest.approx(published["lambda_g"], abs=1e-7)
    assert fit.lambda_z == pytest.approx(published["lambda_z"], abs=1e-7)
    assert fit.llf == pytest.approx(published["log_likelihood"], abs=1e-5)
    names = {"a_1": "a_y1", "a_2": "a_y2", "a_3": "a_r", "b_1": "b_pi_lag1", "b_2": "b_pi_lag2to4", "b_3": "b_y",
             "b_4": "b_oil", "b_5": "b_import", "c": "c", "sigma_1": "sigma_ygap", "sigma_2": "sigma_pi",
             "sigma_4": "sigma_ystar", "phi": "phi"}  # fmt: skip
    for theirs, ours in names.items():
        assert fit.params[ours] == pytest.approx(published[theirs], abs=1e-5), theirs
    series = data.read_input(reference("lw2003/us_2020q2_published.csv"))
    for column in ("rstar", "g", "z"):
        for which in (f"{column}_filtered", f"{column}_smoothed"):
            np.testing.assert_allclose(fit.to_frame()[which], series[which], atol=STATE, err_msg=which)


def test_first_stages_of_lw_2003(lw_2003) -> None:
    """LW 2003, first two stages: an independent program with SciPy's optimisers, to 0.0006 (four decimals)."""
    stages = lw_2003[0].stages
    expected = [
        (stages.stage1, -543.88589, {"a_y1": 1.5995, "a_y2": -0.6237, "b_pi_lag1": 0.5763, "b_pi_lag2to4": 0.3931,
         "b_y": 0.0054, "b_oil": 0.0024, "b_import": 0.0413, "g": 0.6878, "sigma_ygap": 0.4166, "sigma_pi": 0.7828,
         "sigma_ystar": 0.5564, "phi": -0.1859}),
        (stages.stage2, -536.82503, {"a_y1": 1.6298, "a_y2": -0.6781, "a_r": -0.0497, "a_0": -0.536, "a_g": 0.8745,
         "b_pi_lag1": 0.5433, "b_pi_lag2to4": 0.3663, "b_y": 0.0712, "b_oil": 0.0026, "b_import": 0.0335,
         "sigma_ygap": 0.2931, "sigma_pi": 0.7673, "sigma_ystar": 0.6107, "phi": -0.1789}),
    ]  # fmt: skip
    for stage, llf, values in expected:
        assert stage.ml.llf == pytest.approx(llf, abs=1e-4)
        assert stage.first_pass is None
        assert not stage.ml.at_bound.any()
        for name, value in values.items():
            # Printed to four decimals, at a maximum that the other optimiser leaves a little earlier.
            assert stage.ml.params[name] == pytest.approx(value, abs=6e-4), name
    assert stages.stage1.breaks.exp_wald == pytest.approx(1.04637, abs=1e-4)


def test_score_of_the_first_stages_of_lw_2003(lw_2003) -> None:
    """LW 2003, scores of the first two stages against eighth-order differences of the likelihood, to 1e-6.

    The likelihood itself, start included, away from the maximum.
    """
    weights = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
    for stage in (lw_2003[0].stages.stage1, lw_2003[0].stages.stage2):
        problem, theta = stage.problem, stage.problem.vector(stage.ml.params) * 0.97
        score = problem.value_and_score(theta)[1]
        for j in range(theta.size):
            step = np.zeros_like(theta)
            step[j] = 1e-3 * max(abs(theta[j]), 1e-2)
            moves = [
                w * (problem.loglike(theta + h * step) - problem.loglike(theta - h * step))
                for h, w in enumerate(weights, 1)
            ]
            assert sum(moves) / step[j] == pytest.approx(score[j], rel=1e-6, abs=1e-6), problem.names[j]
        np.testing.assert_allclose(problem.score_obs(theta).sum(), score, rtol=1e-8, atol=1e-8)


def test_published_estimate_is_kept_and_a_higher_maximum_told(golden_set, golden_fit) -> None:
    """HLW 2017, US, stage 1: b_y at its bound as published; the higher maximum inside is reported."""
    fit = golden_fit("hlw2017_us_2019q4")
    assert fit.stages.stage1.ml.at_bound["b_y"]
    higher = fit.stages.stage1.ml.higher_maximum
    assert higher is not None
    assert higher > fit.stages.stage1.ml.llf + 1
    assert "other starting points reach" in str(fit.summary())
    one = golden_set("hlw2017_us_2019q4")
    best = one.model.fit(one.data, *one.numbers["sample"], keep="best")
    assert best.stages.stage1.ml.llf > fit.stages.stage1.ml.llf + 1
    assert not best.stages.stage1.ml.at_bound["b_y"]


def test_start_values_are_those_of_the_published_code(golden_set) -> None:
    """Starting values of every stage to 1e-5, where the R code's least squares for phi stops."""
    from capstar.rstar import start_values

    for name in GOLDEN_SETS:
        one = golden_set(name)
        start, end = (pd.Period(q, "Q") for q in one.numbers["sample"])
        for stage in (1, 2, 3):
            golden = one.numbers["r_run"]["stages"][f"stage{stage}"]
            expected = dict(zip(golden["parameters"], golden["initial_parameters"], strict=True))
            table = (
                one.problem(stage)
                .table()
                .starting(start_values(one.frame, start, end, stage, one.model.variant))
            )
            for parameter, value in expected.items():
                # phi comes from an iterative least squares; the R code's stops at 1e-5.
                ours = table.start[parameter]
                if parameter == "a_g":  # minus a_r before its bound is applied
                    assert ours == pytest.approx(value, abs=1e-3)
                else:
                    assert ours == pytest.approx(value, abs=1e-5), (name, stage, parameter)
