"""Sums that are reset each longer period: equal to sums of lags, in everything a model answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError, SpecificationError
from capstar.kernels import likelihood
from capstar.statespace import (
    InitialState,
    Spec,
    combine_frequencies,
    estimate_states,
    fit,
    params,
    simulate_data,
    start_from,
    total,
    variables,
)
from capstar.statespace.bridge import DeclaredModel as Statsmodels
from capstar.statespace.change import contributions
from capstar.statespace.gls import gls_start
from capstar.statespace.smoothing import simulate_states, smooth_disturbances

rho, drift, s_u, s_m, s_l, effect = params("rho drift s_u s_m s_l effect")
low, high, x, walk, so_far, u, w, e, v, known = variables("low high x walk so_far u w e v known")
THETA = {"rho": 0.8, "s_u": 0.7, "s_m": 0.4, "s_l": 0.3, "effect": 0.5, "drift": 0.2, "s_w": 0.3}
FORMS = ("lags", "sum")


def spec(form: str, *, often: str = "Y", k: int = 12) -> Spec:
    """Sales of a year as the sum of monthly ones, which a known series moves."""
    whole = so_far if form == "sum" else total(x, k)
    return Spec(
        "sales",
        {"low": whole / k + v, "high": x + e},
        {"x": rho * x(-1) + drift + effect * known(-1) + u},
        {"u": s_u, "e": s_m, "v": s_l},
        frequency={"low": often},
        accumulated={"so_far": (x, often)} if form == "sum" else {},
        reports={"x": x, "mean": whole / k},
        parameters={name: one for name, one in PARAMETERS.items() if name != "s_w"},
    )


PARAMETERS: dict[str, Any] = {}


def table(often: str = "Y", n: int = 180, first: str = "1999-01", seed: int = 3) -> pd.DataFrame:
    """A monthly table with holes and a ragged edge, and a longer period's series with a hole."""
    rng = np.random.default_rng(seed)
    months = pd.period_range(first, periods=n, freq="M")
    monthly = pd.DataFrame({"high": rng.normal(size=n), "known": rng.normal(size=n)}, months)
    monthly.loc[months[[0, 7, 8, n - 1]], "high"] = np.nan
    longer = months[months.asfreq(often).asfreq("M", how="end") == months].asfreq(often)
    values = rng.normal(size=len(longer))
    values[2] = np.nan
    return combine_frequencies(monthly, pd.DataFrame({"low": values}, longer))


def start(form: str, k: int = 12) -> InitialState:
    """The year before has no part in the first; lags of x are there and do not count."""
    labels = ["x", *(f"x(-{j})" for j in range(1, k))] if form == "lags" else ["x"]
    mean, cov = np.zeros(len(labels)), np.zeros((len(labels), len(labels)))
    mean[0], cov[0, 0] = 0.3, 1.4
    return InitialState(pd.Series(mean, labels), pd.DataFrame(cov, labels, labels))


def problems(**given: Any) -> list[Any]:
    frame = table(given.get("often", "Y"))
    return [
        start_from(spec(form, **given), frame, start(form, given.get("k", 12)), start="2000-01")
        for form in FORMS
    ]


def values(problem: Any) -> dict[str, float]:
    return {name: THETA[name] for name in problem.names}


@pytest.mark.parametrize(("often", "k"), [("Y", 12), ("Q", 3)])
def test_likelihood_score_and_states_are_those_of_lags(often: str, k: int) -> None:
    lags, sums = problems(often=often, k=k)
    theta = values(lags)
    assert (len(lags.model.states), len(sums.model.states)) == (k, 2)
    assert lags.names == sums.names
    assert sums.loglike(theta) == pytest.approx(lags.loglike(theta), rel=1e-9)
    at = lags.vector(theta)
    np.testing.assert_allclose(sums.value_and_score(at)[1], lags.value_and_score(at)[1], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(sums.score_obs(theta), lags.score_obs(theta), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(sums.scores_along(at), lags.scores_along(at), rtol=1e-9, atol=1e-9)
    one, other = estimate_states(sums, theta), estimate_states(lags, theta)
    for which in ("filtered", "smoothed"):
        for report in ("x", "mean") if which == "smoothed" else ("x",):
            known_at = lags.index.month % k == 0 if report == "mean" else lags.index.month > 0
            for mine, theirs in zip(one.reported(report, which), other.reported(report, which), strict=True):
                np.testing.assert_allclose(mine[known_at], theirs[known_at], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(one.lag_one_cov[:, 0, 0], other.lag_one_cov[:, 0, 0], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(one.initial[0], other.initial[0], rtol=1e-9)
    np.testing.assert_allclose(
        smooth_disturbances(sums, theta).state, smooth_disturbances(lags, theta).state, rtol=1e-8, atol=1e-9
    )


def test_score_is_the_derivative() -> None:
    """Against fourth-order differences of the likelihood, and the Hessian against those of the score."""
    problem = problems()[1]
    theta = problem.vector(values(problem))
    exact = problem.value_and_score(theta)[1]
    for j in range(theta.size):
        h = np.zeros_like(theta)
        h[j] = 1e-3
        f = {c: problem.loglike(theta + c * h) for c in (-2, -1, 1, 2)}
        assert exact[j] == pytest.approx(
            (8 * (f[1] - f[-1]) - (f[2] - f[-2])) / (12 * h[j]), rel=1e-7, abs=1e-6
        )
    bound = problem.arrays(np.arange(theta.size))
    room = likelihood.room(bound, problem.model.moving, problem.model.system)
    hessian = np.empty((theta.size, theta.size))
    likelihood.differentiate(
        likelihood.HESSIAN, theta, bound, room, theta.copy(), np.empty((theta.size, problem.nobs)), hessian
    )
    np.testing.assert_allclose(hessian, problem.hessian(theta), rtol=1e-6, atol=1e-4)


def test_statsmodels_has_the_same_with_matrices_by_date() -> None:
    problem = problems()[1]
    found = fit(
        problem.spec, table(), initial=start("sum"), start="2000-01", fixed=values(problem), progress=False
    )
    theirs = Statsmodels(found.problem, found.ml)
    assert theirs.loglike(theirs.start_params) == pytest.approx(found.llf, rel=1e-8)
    assert theirs["transition"].shape[2] == problem.nobs
    smoothed = theirs.smooth(theirs.start_params).smoothed_state
    np.testing.assert_allclose(found.estimates.smoothed, smoothed.T, rtol=1e-8, atol=1e-8)


@pytest.fixture(scope="module")
def fits() -> list[Any]:
    return [
        fit(spec(form), table(), initial=start(form), start="2000-01", fixed=values(problem), progress=False)
        for form, problem in zip(FORMS, problems(), strict=True)
    ]


def test_forecasts_news_and_contributions_are_those_of_lags(fits) -> None:
    future = pd.DataFrame({"known": 0.1}, pd.period_range("2014-01", periods=30, freq="M"))
    ahead = [one.forecast(30, future=future) for one in fits]
    at_ends = ahead[0].mean.index.month == 12
    for part in ("mean", "std"):
        mine, theirs = (getattr(one, part) for one in reversed(ahead))
        np.testing.assert_allclose(mine[["high", "x"]], theirs[["high", "x"]], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(mine.loc[at_ends, "low"], theirs.loc[at_ends, "low"], rtol=1e-9, atol=1e-9)
    before = table()
    before.loc["2013-12", "low"] = np.nan
    before.loc["2013-06", "high"] = 1.0
    told = [one.news(before, table(), progress=False).table for one in fits]
    np.testing.assert_allclose(
        told[1].xs("x", level=0).select_dtypes("number"), told[0].xs("x", level=0).select_dtypes("number"),
        rtol=1e-7, atol=1e-9,
    )  # fmt: skip
    parts = [one.by_series("x").table for one in fits]
    np.testing.assert_allclose(parts[1], parts[0], rtol=1e-8, atol=1e-9)
    for smoothed in (False, True):
        shares = []
        for one in fits:
            load = np.zeros((one.problem.nobs, len(one.problem.model.states)))
            load[40, one.problem.model.states.index(("x", 0))] = 1.0
            # The whole of a year, in its December.
            load[155] -= 2.0 * np.array(
                [one is fits[0] or name == "so_far" for name, _ in one.problem.model.states]
            )
            shares.append(contributions(one.problem, one.all_params, load, smoothed=smoothed))
        np.testing.assert_allclose(shares[1][0], shares[0][0], rtol=1e-8, atol=1e-9)
        assert shares[1][1] == pytest.approx(shares[0][1], rel=1e-8)


def test_simulated_sums_are_reset(fits) -> None:
    problem = fits[1].problem
    states, y = simulate_data(problem, fits[1].all_params, seed=5)
    slots = list(problem.model.states)
    monthly, summed = states[:, slots.index(("x", 0))], states[:, slots.index(("so_far", 0))]
    expected = pd.Series(monthly).groupby(problem.index.year).cumsum()
    np.testing.assert_allclose(summed, expected, rtol=1e-12)
    assert np.isfinite(y).all()
    given = simulate_states(problem, fits[1].all_params, seed=6)[0][
        :, [slots.index(("x", 0)), slots.index(("so_far", 0))]
    ]
    expected = pd.Series(given[:, 0]).groupby(problem.index.year).cumsum()
    np.testing.assert_allclose(
        given[:, 1], expected, rtol=1e-9, atol=1e-9
    )  # the filter's, not the draw's, rounding


def test_unit_roots_are_diffuse_and_sums_are_not() -> None:
    (s_w,) = params("s_w")
    made = {
        form: Spec(
            "a walk", {"low": so_far if form == "sum" else total(walk, 12), "high": walk + e},
            {"walk": walk(-1) + w}, {"w": s_w, "e": s_m},
            frequency={"low": "Y"}, accumulated={"so_far": (walk, "Y")} if form == "sum" else {},
        )
        for form in FORMS
    }  # fmt: skip
    frame = table()
    one, other = (start_from(made[form], frame) for form in ("sum", "lags"))
    assert one.loading.shape[1] == 1
    theta = values(one)
    assert one.loglike(theta) == pytest.approx(other.loglike(theta), rel=1e-9)
    at = one.vector(theta)
    np.testing.assert_allclose(one.value_and_score(at)[1], other.value_and_score(at)[1], rtol=1e-8)


def test_weeks_of_a_quarter_are_as_many_as_there_are() -> None:
    """Days of months: sums over 28 to 31 periods, by the joint normal of the observed sums."""
    days = pd.period_range("2001-01-01", "2001-06-30", freq="D")
    months = days.asfreq("M")
    ends = months.asfreq("D", how="end") == days
    frame = pd.DataFrame({"low": np.nan, "known": 0.0}, days)
    frame.loc[ends, "low"] = [3.0, -2.0, 1.0, 4.0, 0.5, -1.0]
    sums = Spec(
        "white",
        {"low": so_far},
        {"x": drift + u},
        {"u": s_u},
        frequency={"low": "M"},
        accumulated={"so_far": (x, "M")},
    )
    found = start_from(sums, frame).loglike(THETA)
    length = np.bincount(months.month)[1:]
    variance, rest = 0.49 * length, frame["low"].dropna().to_numpy() - 0.2 * length
    assert found == pytest.approx(-0.5 * (np.log(2 * np.pi * variance) + rest**2 / variance).sum(), rel=1e-10)


def test_an_estimate_keeps_its_sums_in_a_file(fits, tmp_path) -> None:
    again = type(fits[1]).load(fits[1].save(tmp_path / "one.json"))
    assert list(again.spec.accumulated) == ["so_far"]
    assert again.problem.loglike(again.all_params) == pytest.approx(fits[1].llf, rel=1e-12)
    assert "so_far begins from zero at frequency Y" in str(again.spec)
    assert r"\text{ begins from zero at frequency Y}" in again.spec._repr_latex_()


def test_mistakes_are_named() -> None:
    frame, good = table(), spec("sum")
    with pytest.raises(
        DataError, match=r"low has a value in 2000-12, a sum over a period \(Y\) that begins before"
    ):
        start_from(good, frame, start("sum"), start="2000-02")
    late = frame.copy()
    late.loc["2000-12", "low"] = np.nan
    assert np.isfinite(start_from(good, late, start("sum"), start="2000-02").loglike(THETA))
    with pytest.raises(SpecificationError, match="so_far, a sum that is reset, is read at a lag"):
        start_from(replace(good, reports={"r": so_far(-1)}), frame)
    with pytest.raises(SpecificationError, match="so_far, a sum that is reset, is read by x"):
        start_from(replace(good, transition={"x": rho * x(-1) + so_far(-1) + u}), frame)
    with pytest.raises(SpecificationError, match="Drop initial_mean and accumulated"):
        gls_start(problems()[1], 12, 1.0)
    with pytest.raises(
        SpecificationError, match="so_far is accumulated at frequency 'ZZ', which is none below M"
    ):
        start_from(replace(good, accumulated={"so_far": (x, "ZZ")}), frame, start("sum"))


def test_a_series_left_out_is_left_out_of_the_sums() -> None:
    bare = replace(spec("sum"), accumulated={"so_far": (x + known, "Y")}).without(["known"])
    assert "known" not in bare.depths()
    assert str(bare.transition["so_far"]) == str(spec("sum").without(["known"]).transition["so_far"])
    assert "effect" not in str(bare)
