"""What a fitted model answers: inference, forecasts, further data, draws, decompositions."""

from __future__ import annotations

from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from textbook import books, fitted, macro, phillips

from capstar.errors import DataError, SpecificationError
from capstar.statespace import Spec, fit, params, variables

NAMES = ("local level", "trend", "cycle", "arma", "factor")


def theirs(name: str, data: pd.DataFrame | None = None):
    """Statsmodels' results at our parameters."""
    one = books()[name]
    return one.model(data).smooth(one.to_theirs(fitted(name).params))


@pytest.mark.parametrize("name", NAMES)
def test_information_criteria(name: str) -> None:
    ours, other = fitted(name), theirs(name)
    # They leave log(2 pi) in and count diffuse states, as we do; a cycle is not treated as diffuse in either.
    assert ours.aic == pytest.approx(other.aic, abs=1e-7)
    assert ours.df_model == other.df_model
    n = other.nobs_effective
    expected = -2 * ours.llf + ours.df_model * np.log(ours.nobs)
    assert ours.bic == pytest.approx(expected, abs=1e-9)
    if n == ours.nobs:
        assert ours.bic == pytest.approx(other.bic, abs=1e-7)


@pytest.mark.parametrize("name", ["local level", "cycle", "arma", "factor"])
def test_covariances_of_the_parameters(name: str) -> None:
    """Statsmodels' numerical Hessian of its own likelihood, moved to our parameters; their score by observation."""
    from statsmodels.tools.numdiff import approx_hess3

    one, ours = books()[name], fitted(name)
    x, model = ours.params, one.model()

    def loglike(values: np.ndarray) -> float:
        return model.loglike(one.to_theirs(pd.Series(values, x.index)))

    hessian = approx_hess3(x.to_numpy(), loglike, epsilon=2e-4 * np.maximum(np.abs(x.to_numpy()), 0.05))
    cov = ours.cov_params()
    scale = np.sqrt(np.outer(np.diag(cov), np.diag(cov)))
    # Second differences of their likelihood are good to three or four digits.
    np.testing.assert_allclose(np.linalg.inv(-hessian) / scale, cov / scale, atol=2e-3)
    np.testing.assert_allclose(ours.bse, np.sqrt(np.diag(cov)), rtol=1e-12)
    scores = ours.problem.score_obs(ours.ml.params)
    outer = scores.T @ scores
    np.testing.assert_allclose(ours.cov_params("opg"), np.linalg.inv(outer), rtol=1e-6)
    np.testing.assert_allclose(ours.cov_params("sandwich"), cov @ outer @ cov, rtol=1e-6)


@pytest.mark.parametrize("kind", ["opg", "sandwich"])
def test_covariances_against_statsmodels(kind: str) -> None:
    """Of a model whose parameters are the same in both: the same system through the bridge."""
    ours = fitted("arma")
    other = ours.to_statsmodels().smooth(ours.params.to_numpy(), cov_type="none")
    expected = np.asarray(other.cov_params_opg if kind == "opg" else other.cov_params_robust_approx)
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    # Their Hessian is a difference of likelihoods, their scores are complex steps.
    tolerance = 1e-6 if kind == "opg" else 1e-3
    np.testing.assert_allclose(ours.cov_params(kind) / scale, expected / scale, atol=tolerance)


def test_tests_and_intervals_follow_from_the_standard_errors() -> None:
    ours = fitted("arma")
    z = ours.params / ours.bse
    np.testing.assert_allclose(ours.tvalues, z, rtol=1e-14)
    np.testing.assert_allclose(ours.pvalues, 2 * norm.sf(np.abs(z)), rtol=1e-12)
    interval = ours.conf_int(0.9)
    np.testing.assert_allclose(
        (interval["upper"] - interval["lower"]) / 2, norm.ppf(0.95) * ours.bse, rtol=1e-12
    )
    np.testing.assert_allclose(interval.mean(axis=1), ours.params, rtol=1e-12)
    other = ours.to_statsmodels().smooth(
        ours.params.to_numpy(), cov_type="approx", cov_kwds={"approx_complex_step": True}
    )
    np.testing.assert_allclose(other.bse, ours.bse, rtol=1e-4)
    np.testing.assert_allclose(other.conf_int(0.1), interval, rtol=1e-3)
    with pytest.raises(SpecificationError, match=r"level=5; .* such as 0\.95"):
        ours.conf_int(5)
    with pytest.raises(SpecificationError, match=r"kind='oim'; choose one of \['hessian'"):
        ours.cov_params("oim")


@pytest.mark.parametrize("missing", [False, True], ids=["complete", "last missing"])
@pytest.mark.parametrize("name", NAMES)
def test_forecasts(name: str, missing: bool) -> None:
    one, ours = books()[name], fitted(name)
    data = one.data.copy()
    if missing:
        data.iloc[-2:, -1] = np.nan
        ours = fit(one.spec, data, fixed=ours.ml.params.to_dict())
    found, other = ours.forecast(8), theirs(name, data).get_forecast(8)
    names = list(one.data)
    np.testing.assert_allclose(found.mean[names].squeeze(), other.predicted_mean, rtol=1e-9, atol=1e-8)
    interval = other.conf_int(alpha=0.1)
    ends = found.interval(0.9)
    for series in names:
        np.testing.assert_allclose(ends[series, "lower"], interval[f"lower {series}"], rtol=1e-8, atol=1e-7)
        np.testing.assert_allclose(ends[series, "upper"], interval[f"upper {series}"], rtol=1e-8, atol=1e-7)
    assert found.mean.index[0] == one.data.index[-1] + 1
    with pytest.raises(SpecificationError, match="h=0; give a number of periods"):
        ours.forecast(0)


@pytest.mark.parametrize("name", NAMES)
def test_append(name: str) -> None:
    one, ours = books()[name], fitted(name)
    short = fit(one.spec, one.data.iloc[:-20], fixed=ours.ml.params.to_dict())
    more = short.append(one.data.iloc[-20:])
    # Their `append` forgets `use_exact_diffuse`; the whole sample at the same parameters is what it should give.
    diffuse = name in ("local level", "trend", "cycle")
    other = theirs(name) if diffuse else theirs(name, one.data.iloc[:-20]).append(one.data.iloc[-20:])
    assert more.llf == pytest.approx(other.llf, abs=1e-8)
    assert more.nobs == other.nobs
    # The same as everything at once.
    pd.testing.assert_frame_equal(more.smoothed, ours.smoothed, rtol=1e-8, atol=1e-9)
    assert more.estimated is short
    twice = more.append(one.data.iloc[-1:].set_axis([one.data.index[-1] + 1]))
    assert twice.estimated is short


def test_standard_errors_stay_those_of_the_estimate() -> None:
    one = books()["arma"]
    short = fit(one.spec, one.data.iloc[:-20], n_starts=1)
    more = short.append(one.data.iloc[-20:])
    pd.testing.assert_series_equal(more.params, short.params)
    pd.testing.assert_series_equal(more.bse, short.bse)
    assert more.llf != short.llf


def test_what_cannot_be_appended() -> None:
    one = books()["factor"]
    short = fit(one.spec, one.data.iloc[:-20], fixed=fitted("factor").ml.params.to_dict())
    with pytest.raises(DataError, match="further data begin in 2005Q1, expected 2004Q4"):
        short.append(one.data.iloc[-19:])
    with pytest.raises(DataError, match=r"lack y_2\. Add the column"):
        short.append(one.data[["y_1"]].iloc[-20:])


def inflation() -> tuple[Spec, pd.DataFrame, dict[str, float]]:
    """Inflation that reads two own lags and unemployment, with a constant."""
    k, b_1, b_2, b_u, s_pi, s_n, rho = params("k b_1 b_2 b_u s_pi s_n rho")
    pi, un, n, e, v = variables("pi un n e v")
    spec = Spec(
        "inflation",
        {"pi": k + b_1 * pi(-1) + b_2 * pi(-2) + b_u * un(-1) + n + e},
        {"n": rho * n(-1) + v},
        {"e": s_pi, "v": s_n},
        reports={"noise": n, "gap": pi - n},
    )
    data = macro()[["infl", "unemp"]].set_axis(["pi", "un"], axis=1).iloc[1:]
    return spec, data, {"k": 1.0, "b_1": 0.5, "b_2": 0.3, "b_u": -0.05, "s_pi": 1.5, "s_n": 0.5, "rho": 0.7}


def test_forecast_after_a_missing_value_that_the_equations_read() -> None:
    """Against the same model with the lags as states: an AR(2) with a shock that is itself an AR(1)."""
    spec, data, values = inflation()
    gap = data.copy()
    gap.loc[data.index[-1], "pi"] = np.nan
    future = pd.DataFrame({"un": 6.0}, pd.period_range(data.index[-1] + 1, periods=6, freq="Q"))
    found = fit(spec, gap, fixed=values).forecast(6, future=future)
    # One period earlier, one step more: the same information, the last unemployment being known.
    before = fit(spec, data.iloc[:-1], fixed=values)
    path = pd.concat([data[["un"]].iloc[-1:], future])
    expected = before.forecast(7, future=path)
    np.testing.assert_allclose(found.mean, expected.mean.iloc[1:], rtol=1e-10)
    np.testing.assert_allclose(found.std, expected.std.iloc[1:], rtol=1e-9, atol=1e-12)


def test_forecast_after_a_missing_value_beside_one_that_is_there() -> None:
    """Inflation is missing in the last quarter, output is not and says something of it.

    Filled with its expectation inflation changes no mean, and its variance adds to those of the forecasts as the square
    of what a unit of it moves them by.
    """
    spec, data, values = phillips()
    spec = replace(spec, obs_scale={"kappa": ("2009Q1", "2009Q3")})
    last = data.index[-1]
    future = pd.DataFrame({"r": 1.0}, pd.period_range(last + 1, periods=5, freq="Q"))

    def given(inflation: float):
        results = fit(spec, data.assign(pi=data["pi"].where(data.index != last, inflation)), fixed=values)
        return results, results.forecast(5, future=future)

    results, found = given(np.nan)
    states = results.states("filtered").loc[last]
    pi, y = data["pi"], data["y"]
    expected = 0.6 * pi[last - 1] + 0.4 * pi[last - 2] + 0.1 * (y[last - 1] - states["star(-1)"])
    spread = (0.1 * states["star(-1)_se"]) ** 2 + (1.5 * 1.8) ** 2
    filled, more = given(expected)[1], given(expected + 1.0)[1]
    np.testing.assert_allclose(found.mean, filled.mean, rtol=1e-10)
    variance = filled.std**2 + (more.mean - filled.mean) ** 2 * spread
    np.testing.assert_allclose(found.std, np.sqrt(variance), rtol=1e-9)


def test_forecast_needs_the_series_it_does_not_explain() -> None:
    spec, data, values = inflation()
    results = fit(spec, data, fixed=values)
    assert results.forecast(1).mean.notna().all(axis=None)  # unemployment is read with a lag
    with pytest.raises(DataError, match=r"un is not given for 2009Q4\. Pass its path"):
        results.forecast(3)
    with_path = results.forecast(
        3, future=pd.DataFrame({"un": [9.8, 9.9]}, pd.period_range("2009Q4", periods=2, freq="Q"))
    )
    assert with_path.to_frame().shape == (3, 6)


def test_draws_have_the_moments_of_the_model() -> None:
    ours = fitted("arma")
    rho, theta, sigma = ours.params
    variance = sigma**2 * (1 + 2 * rho * theta + theta**2) / (1 - rho**2)
    first = rho * variance + theta * sigma**2
    draws = np.array([ours.simulate(40, seed=seed).data["y"] for seed in range(4000)])
    # Standard errors of a variance and a mean of 4000 independent draws; five of them are allowed.
    np.testing.assert_allclose(draws.var(axis=0), variance, rtol=5 * np.sqrt(2 / 4000))
    np.testing.assert_allclose(draws.mean(axis=0), 0.0, atol=5 * np.sqrt(variance / 4000))
    lagged = (draws[:, 1:] * draws[:, :-1]).mean(axis=0)
    np.testing.assert_allclose(lagged, first, atol=5 * np.sqrt((variance**2 + first**2) / 4000))


def test_a_seed_gives_one_draw() -> None:
    ours = fitted("cycle")
    one, same, other = ours.simulate(seed=4), ours.simulate(seed=4), ours.simulate(seed=5)
    pd.testing.assert_frame_equal(one.data, same.data, check_exact=True)
    assert not one.data.equals(other.data)
    assert len(one.data) == ours.nobs
    # Without measurement error an observation is trend plus cycle.
    np.testing.assert_allclose(one.data["y"], one.reports.sum(axis=1), rtol=1e-12)
    assert len(ours.simulate(500).data) == 500
    with pytest.raises(SpecificationError, match="n=0; give a number of periods"):
        ours.simulate(0)


def test_draws_follow_their_own_lags() -> None:
    spec, data, values = inflation()
    results = fit(spec, data, fixed=values | {"s_pi": 1e-9})
    drawn = results.simulate(seed=1)
    pi, noise = drawn.data["pi"], drawn.states["n"]
    un = data["un"].shift(1)
    expected = 1.0 + 0.5 * pi.shift(1) + 0.3 * pi.shift(2) - 0.05 * un + noise
    np.testing.assert_allclose(pi.iloc[2:], expected.loc[pi.index].iloc[2:], atol=1e-6)
    np.testing.assert_allclose(drawn.reports["gap"], pi - noise, atol=1e-12)
    with pytest.raises(SpecificationError, match=r"n=500 goes beyond the 200 periods of un"):
        results.simulate(500)


@pytest.mark.parametrize("which", ["filtered", "smoothed"])
@pytest.mark.parametrize(("name", "report"), [("cycle", "cycle"), ("trend", "growth"), ("factor", "second")])
def test_a_change_is_the_sum_of_its_parts(name: str, report: str, which: str) -> None:
    ours = fitted(name)
    change = ours.decompose(report, "1965Q1", "2001Q3", which=which)
    path = ours.reports(which)[report]
    total = change.observations.to_numpy().sum() + change.data + change.initial
    assert change.change == pytest.approx(path["2001Q3"] - path["1965Q1"], abs=1e-8)
    assert total == pytest.approx(change.change, abs=1e-8)
    np.testing.assert_allclose(change.by_year().sum(), change.observations.sum(), atol=1e-10)
    shown = change.to_frame().squeeze()
    assert shown.drop("change").sum() == pytest.approx(shown["change"], abs=1e-8)
    if which == "filtered":
        assert (change.observations.loc["2001Q4":] == 0).all(axis=None)


def test_a_report_that_reads_data() -> None:
    spec, data, values = inflation()
    results = fit(spec, data, fixed=values)
    change = results.decompose("gap", "1980Q1", "1985Q1")
    assert change.data == pytest.approx(data["pi"]["1985Q1"] - data["pi"]["1980Q1"], abs=1e-12)
    path = results.reports()["gap"]
    assert change.change == pytest.approx(path["1985Q1"] - path["1980Q1"], abs=1e-10)
    for start, end, message in (
        ("1985Q1", "1980Q1", "the earlier one first"),
        ("1900Q1", "1980Q1", "not within the sample"),
    ):
        with pytest.raises(SpecificationError, match=message):
            results.decompose("gap", start, end)
    with pytest.raises(
        SpecificationError, match=r"no report or state 'gaps'; it has \['noise', 'gap', 'n'\]"
    ):
        results.decompose("gaps", "1980Q1", "1985Q1")


def test_tables_by_period() -> None:
    ours = fitted("factor")
    frame = ours.to_frame()
    assert frame.index.name == "date"
    for which in ("filtered", "smoothed"):
        np.testing.assert_array_equal(frame[f"first_{which}"], ours.reports(which)["first"])
        np.testing.assert_array_equal(frame[f"f_{which}_se"], ours.states(which)["f_se"])
    np.testing.assert_array_equal(ours.states()["f"], ours.smoothed["f"])
    assert list(ours.filtered) == ["f"]


def test_figures_show_the_numbers() -> None:
    mpl.use("Agg")
    ours = fitted("factor")
    figure = ours.plot(level=0.8)
    assert [ax.get_title(loc="left") for ax in figure.axes[:3]] == ["factor", "first", "second"]
    line = figure.axes[0].lines[0]
    np.testing.assert_allclose(line.get_ydata(), ours.reports()["factor"])
    band = figure.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    half = norm.ppf(0.9) * ours.reports()["factor_se"].to_numpy()
    assert band.max() == pytest.approx((ours.reports()["factor"].to_numpy() + half).max())
    ahead = ours.forecast(4)
    drawn = ahead.plot()
    np.testing.assert_allclose(drawn.axes[0].lines[0].get_ydata(), ahead.mean["y_1"])
    assert fitted("local level").decompose("level", "1880", "1950").plot().axes
    rows = fit(
        fitted("local level").spec, pd.Series(np.arange(20.0) + np.sin(np.arange(20.0) * 7)), n_starts=1
    )
    assert rows.plot().axes


def test_diagnostics_print_as_a_table() -> None:
    found = fitted("local level").diagnostics()
    text = str(found.summary())
    assert repr(found) == "<Diagnostics: Residual diagnostics of local level, 1871-1970>"
    assert text.splitlines()[0] == "Residual diagnostics of local level, 1871-1970"
    assert "Ljung-Box Q(8)" in text
    row = next(line for line in text.splitlines() if line.startswith("H(h)"))
    assert f"{found.tests.loc['y', 'heteroskedasticity']:.4f}" in row
    assert fitted("local level").diagnostics(lags=4).lags == 4
