"""The published monthly and quarterly models of Brave, Butters and Kelley (2022, example 5).

Golden numbers: three implementations (a filter with an accumulator, the dense joint normal, statsmodels) on the inputs
of the published code, commit 3f7718f of davidakelley/MFSS; inputs of 12 digits, which bounds what can agree.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from capstar.rstar import MonthlyLWPublished
from capstar.rstar.laubach_williams import equations as lw
from capstar.rstar.monthly.equations import months
from capstar.statespace import InitialState, Spec, estimate_states, fit, mean, start_from, variables

LIKELIHOOD, STATES = 1e-8, 1e-6  # of numbers of 500 to 1000, and points
NAMES = {
    "a1": "a_y1", "a2": "a_y2", "a3": "a_r", "b1": "b_pi_lag1", "b2": "b_pi_lag2to4", "b3": "b_y", "b4": "b_oil",
    "b5": "b_import", "c": "c",
}  # fmt: skip
VARIANCES = {"s2_is": "sigma_ygap", "s2_pc": "sigma_pi", "s2_ystar": "sigma_ystar"}
THETA = {name: one.start for name, one in MonthlyLWPublished.spec.parameters.items()}
REPORTS = {
    "rstar": "rstar", "rstar_now": "rstar_now", "g": "g", "z": "z", "output_gap": "gap", "potential": "ystar",
    "output": "gdp_month",
}  # fmt: skip
Golden = Callable[[str], Path]


def ours(theta: dict[str, float], scale: float = 1.0) -> dict[str, float]:
    """The parameters by our names; the lambdas times ``scale``."""
    out = THETA | {NAMES[k]: v for k, v in theta.items() if k in NAMES}
    out |= {VARIANCES[k]: v**0.5 for k, v in theta.items() if k in VARIANCES}
    return out | {name: scale * THETA[name] for name in ("lambda_g", "lambda_z")}


def case(name: str) -> str:
    return f"monthly_rstar/{name}"


@pytest.fixture(scope="module")
def table(golden: Golden) -> pd.DataFrame:
    """The published monthly inputs in the columns of the model; oil and imports are relative to inflation in both."""
    raw = pd.read_csv(golden(case("inputs_monthly_raw.csv")))
    return pd.DataFrame(
        {
            "date": raw["date"],
            "log_gdp": raw["gdpM"],
            "inflation": raw["inflationMA"],
            "expected_inflation": 0.0,
            "interest_rate": raw["realrateM"],
            "oil_price_inflation": raw["oilMA"] + raw["inflationMA"],
            "import_price_inflation": raw["importMA"] + raw["inflationMA"],
        }
    )


@pytest.fixture(scope="module")
def estimates(golden: Golden) -> dict[str, Any]:
    return json.loads(golden(case("ml_estimates.json")).read_text())


def at(table: pd.DataFrame, theta: dict[str, float]) -> Any:
    """The model with every parameter held."""
    return MonthlyLWPublished.fit(table, end="2018-03", fixed=theta, progress=False)


@pytest.fixture(scope="module")
def at_maximum(table: pd.DataFrame, estimates: dict[str, Any]) -> Any:
    return at(table, ours(estimates["monthly_ml"]["theta"]))


@pytest.mark.parametrize(
    ("scale", "expected"), [(1.0, -905.0092051832626), (1 / 3, -905.2537226185)], ids=["code", "listing"]
)
def test_likelihood_at_the_published_parameters(table, scale: float, expected: float) -> None:
    """Monthly log-likelihood at the published parameters, lambdas of code and paper, to 2e-8 (12-digit inputs)."""
    found = at(table, ours({}, scale))
    assert (found.nobs, found.ml.free) == (687, ())
    # The inputs' last digit, times a thousand observations of weight up to ten.
    assert found.llf == pytest.approx(expected, abs=2e-8)


@pytest.mark.parametrize(
    ("tag", "scale"),
    [("monthly_ml", 1.0), ("monthly_global_maximum", 1.0), ("monthly_paper_lambda_ml", 1 / 3)],
)
def test_likelihood_at_the_maxima(table, estimates, tag: str, scale: float) -> None:
    """Monthly log-likelihood at three maxima, with the lambdas of the code and of the paper, to 1e-6."""
    found = at(table, ours(estimates[tag]["theta"], scale))
    assert found.llf == pytest.approx(estimates[tag]["loglik"], abs=1e-6)


@pytest.mark.parametrize("tag", ["monthly_theta_published", "monthly_ml", "monthly_global_maximum"])
def test_states_month_by_month(table, estimates, golden: Golden, tag: str) -> None:
    """Monthly r*, g, z, output gap, potential and output, both sides, with standard errors, to 1e-6."""
    theta = THETA if tag == "monthly_theta_published" else ours(estimates[tag]["theta"])
    found, expected = at(table, theta), pd.read_csv(golden(case(f"states_{tag}.csv.gz")))
    for report, name in REPORTS.items():
        path = found.path(report)
        for which in ("filtered", "smoothed"):
            np.testing.assert_allclose(getattr(path, which), expected[f"{name}_{which}"], atol=STATES, rtol=0)
            se = expected[f"{name}_{which}_sd"]
            np.testing.assert_allclose(getattr(path, f"{which}_se"), se, atol=STATES, rtol=0)
    assert str(found.start) == expected["date"].iloc[0]


def test_maximum_uphill_of_the_published_parameters(table, estimates, golden: Golden) -> None:
    """The maximum uphill of the published parameters: likelihood to 1e-6, parameters to 1e-4, r* to 0.001."""
    found = MonthlyLWPublished.fit(table, end="2018-03", n_starts=1, progress=False)
    golden_ml = estimates["monthly_ml"]
    assert found.llf == pytest.approx(golden_ml["loglik"], abs=1e-6)
    assert found.ml.converged
    assert list(found.at_bound[found.at_bound].index) == ["b_y"]
    assert found.ml.gradient["b_y"] < -100
    expected = ours(golden_ml["theta"])
    for name, value in found.params.items():
        assert value == pytest.approx(expected[name], rel=1e-4), name
    states = pd.read_csv(golden(case("states_monthly_ml.csv.gz")))
    np.testing.assert_allclose(found.rstar.smoothed, states["rstar_smoothed"], atol=1e-3)


def test_figure_five(at_maximum, golden: Golden) -> None:
    """Figure 5, the only printed result, read off its bitmap (a pixel is 0.036): within 0.02 on average."""
    read = pd.read_csv(golden(case("figure5_readings.csv")))
    parts = at_maximum.by_series().table
    lines = {"gdp": parts["y"] + parts["start"], "inflation": parts["pi"], "real_rate": parts["r"]}
    lines |= {"oil": parts["oil"], "import": parts["imports"], "rstar": at_maximum.rstar.smoothed}
    monthly = read[(read["panel"] == "M") & read["read_off_figure"].notna()]
    own = [lines[line][date] for line, date in zip(monthly["line"], monthly["date"], strict=True)]
    far = np.abs(np.array(own) - monthly["read_off_figure"].to_numpy())[np.abs(own) > 0.15]
    assert far.mean() < 0.02


def test_several_maxima_are_told(table, estimates) -> None:
    """The fit lists the maxima its starts lead to and warns of a higher one: known likelihoods, to 1e-6.

    The highest known, with a steep Phillips curve and a cycle of six months, is one of them by its own start.
    """
    # Where a long step from afar ends hangs on rounding: about three seeds in eight lead higher.
    tries = (
        MonthlyLWPublished.fit(table, end="2018-03", n_starts=8, seed=seed, progress=False)
        for seed in range(40)
    )
    found = next(one for one in tries if one.ml.higher_maximum is not None)
    levels = found.ml.maxima["log_likelihood"].to_numpy()
    assert found.llf == pytest.approx(-444.2549013575, abs=1e-6)
    for known in (-444.2549013575, -446.7268):
        assert np.abs(levels - known).min() < 1e-3
    assert found.ml.higher_maximum == pytest.approx(levels[0])
    assert "Maxima found" in found.frames()
    assert f"above {found.llf:.4f}" in str(found.summary())
    steep = ours(estimates["monthly_global_maximum"]["theta"])
    free = {k: v for k, v in steep.items() if not k.startswith("lambda")}
    moved = MonthlyLWPublished.fit(table, end="2018-03", start_params=free, n_starts=1, progress=False)
    assert moved.llf == pytest.approx(-294.2533550572, abs=1e-6)
    assert moved.ml.converged


def test_r_star_is_the_sum_of_what_the_series_add(at_maximum, golden: Golden) -> None:
    """Monthly r*: what each series contributes, to 1e-6; the sum is r*, to 1e-8."""
    expected = pd.read_csv(golden(case("decomposition_rstar_monthly_ml.csv.gz")))
    parts = at_maximum.by_series().table
    np.testing.assert_allclose(parts.sum(axis=1), at_maximum.rstar.smoothed, atol=1e-8, rtol=0)
    groups = {"gdp": parts["y"] + parts["start"], "inflation": parts["pi"], "real_rate": parts["r"]}
    groups |= {"oil": parts["oil"], "import": parts["imports"]}
    for name, values in groups.items():
        np.testing.assert_allclose(values, expected[name], atol=STATES, rtol=0)
    assert (parts["constants"] == 0).all()


# The quarterly counterpart: growth and z of the state are those that move potential into the quarter.
y, pi, r, oil, imports, ystar, gamma, z = variables("y pi r oil imports ystar gamma z")
e_y, e_pi, e_ystar, e_g, e_z = variables("e_y e_pi e_ystar e_g e_z")


def quarterly() -> Spec:
    gap, natural = y - ystar, 4 * lw.c * gamma + z
    rates = mean(r(-1) - natural, r(-2) - natural(-1))
    return Spec(
        "quarterly counterpart",
        {
            "y": ystar + lw.a_y1 * gap(-1) + lw.a_y2 * gap(-2) + lw.a_r * rates + e_y,
            "pi": lw.b_near * pi(-1) + lw.b_next * months(pi, 2, 4)
            + (1 - lw.b_near - lw.b_next) * months(pi, 5, 8)
            + lw.b_y * gap(-1) + lw.b_oil * oil(-1) + lw.b_import * imports + e_pi,
        },
        # e_g and e_z of a quarter move potential and the natural rate of that quarter.
        {"ystar": ystar(-1) + gamma(-1) + e_g + e_ystar, "gamma": gamma(-1) + e_g, "z": z(-1) + e_z},
        {
            "e_y": lw.sigma_y, "e_pi": lw.sigma_pi, "e_ystar": lw.sigma_ystar,
            "e_g": lw.lambda_g * lw.sigma_ystar, "e_z": lw.lambda_z * lw.sigma_y / lw.a_r,
        },
        reports={
            "rstar": 2 * lw.c * (gamma + gamma(-1)) + z, "rstar_now": natural, "output_gap": gap, "potential": ystar,
            "g": 4 * gamma, "z": z,
        },
        parameters=MonthlyLWPublished.spec.parameters,
    )  # fmt: skip


@pytest.fixture(scope="module")
def quarters(golden: Golden) -> pd.DataFrame:
    raw = pd.read_csv(golden(case("inputs_quarterly_raw.csv")))
    index = pd.PeriodIndex(raw["date"], freq="Q", name="date")
    columns = {"pi": "inflationQ", "r": "realrateQ", "oil": "oilQ", "imports": "importQ"}
    out = pd.DataFrame({name: raw[column].to_numpy() for name, column in columns.items()}, index)
    return out.assign(y=100 * raw["gdpQ"].to_numpy())


def before(spec: Spec) -> InitialState:
    """State of 1960Q4 in the published code, whose covariance is made symmetric; it has seven digits."""
    labels = [n if lag == 0 else f"{n}({lag:+d})" for n, lag in spec.state_slots()]
    cov = np.zeros((7, 7))
    cov[:3, :3] = np.diag([0.7552736, 0.2, 0.2])
    cov[0, 1] = cov[1, 0] = cov[0, 4] = cov[4, 0] = 0.2
    cov[0, 3] = cov[3, 0] = (0.2 + 0.2000498) / 2
    cov[3:5, 3:5] = 0.2
    cov[5:, 5:] = [[0.2694159, 0.2], [0.2, 0.2]]
    center = [809.7823659, 808.8428725, 807.9033792, 0.9394933, 0.9394933, 0.0, 0.0]
    return InitialState(pd.Series(center, labels), pd.DataFrame(cov, labels, labels))


@pytest.mark.parametrize("tag", ["quarterly_theta_published", "quarterly_ml"])
def test_quarterly_counterpart(quarters, estimates, golden: Golden, tag: str) -> None:
    """Quarterly model: log-likelihood to 1e-8; filtered and smoothed states, standard errors, to 1e-6."""
    spec = quarterly()
    theta = THETA if tag == "quarterly_theta_published" else ours(estimates[tag]["theta"])
    problem = start_from(spec, quarters, before(spec), start="1961Q1")
    assert problem.nobs == 229
    assert problem.loglike(theta) == pytest.approx(-517.6600154849, abs=LIKELIHOOD)
    expected, found = pd.read_csv(golden(case(f"states_{tag}.csv.gz"))), estimate_states(problem, theta)
    for report, name in REPORTS.items():
        for which in ("filtered", "smoothed") if report in spec.reports else ():
            path, se = found.reported(report, which)
            np.testing.assert_allclose(path, expected[f"{name}_{which}"], atol=STATES, rtol=0)
            np.testing.assert_allclose(se, expected[f"{name}_{which}_sd"], atol=STATES, rtol=0)


def test_quarterly_maximum_is_the_published_estimate(quarters) -> None:
    """The quarterly maximum is the published estimate: likelihood to 1e-6, parameters to 1e-5."""
    found = fit(
        quarterly(), quarters, initial=before(quarterly()), start="1961Q1", n_starts=6, keep="best", progress=False
    )  # fmt: skip
    assert found.llf == pytest.approx(-517.6600154848, abs=1e-6)
    for name, value in found.params.items():
        assert value == pytest.approx(THETA[name], abs=1e-5), (
            name
        )  # c to 3e-6, as the notes of the source have it
    assert len(found.ml.maxima) == 1


def test_quarterly_r_star_by_series(quarters, golden: Golden) -> None:
    """Quarterly r*: what each series contributes, to 1e-6; the sum is r*, to 1e-8."""
    spec = quarterly()
    found = fit(spec, quarters, initial=before(spec), start="1961Q1", fixed=THETA, progress=False)
    expected = pd.read_csv(golden(case("decomposition_rstar_quarterly_theta_published.csv.gz")))
    parts = found.by_series("rstar").table
    np.testing.assert_allclose(parts.sum(axis=1), found.reports()["rstar"], atol=1e-8, rtol=0)
    np.testing.assert_allclose(parts["y"] + parts["start"], expected["gdp"], atol=STATES, rtol=0)
    for ours_, theirs in (("pi", "inflation"), ("r", "real_rate"), ("oil", "oil"), ("imports", "import")):
        np.testing.assert_allclose(parts[ours_], expected[theirs], atol=STATES, rtol=0)
