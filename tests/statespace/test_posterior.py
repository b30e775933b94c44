"""Posterior distributions: against a grid, one sampler against the other, and what is asked of the results."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp

from capstar.errors import ConvergenceError, DataError, SpecificationError
from capstar.statespace import (
    Between,
    InverseGamma,
    Normal,
    Parameter,
    PosteriorResults,
    Problem,
    Spec,
    Uniform,
    estimate_states,
    fit,
    params,
    posterior,
    simulate_data,
    start_from,
    variables,
)
from capstar.statespace.bayes.line import Line
from capstar.statespace.bayes.reports import draw_reports
from capstar.statespace.bayes.target import make_target

s_eps, s_eta = params("s_eps s_eta")
y, mu, eps, eta = variables("y mu eps eta")
PRIORS = {"s_eps": InverseGamma(3.0, 2.0), "s_eta": Uniform(0.0, 2.0)}
LEVEL = Spec(
    "local level", {"y": mu + eps}, {"mu": mu(-1) + eta}, {"eps": s_eps, "eta": s_eta},
    parameters={name: Parameter(prior=prior) for name, prior in PRIORS.items()},
    constraints=(Between(s_eta / s_eps, 0.1, 2.0),),
)  # fmt: skip
GIVEN = ([0.0], [[4.0]])


@cache
def data() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    index = pd.period_range("2000Q1", periods=50, freq="Q")
    walk = 0.4 * rng.standard_normal(50).cumsum()
    return pd.DataFrame({"y": walk + 0.8 * rng.standard_normal(50)}, index)


@cache
def problem() -> Problem:
    return start_from(LEVEL.reporting(), data(), GIVEN)


@cache
def walked() -> PosteriorResults:
    return posterior(
        LEVEL, data(), initial=GIVEN, n_draws=2000, warmup=4000, thin=10, n_state_draws=250, progress=False
    )


@cache
def grid() -> pd.DataFrame:
    """Posterior by quadrature: weight of every point of a fine grid, and the filtered and smoothed level at each."""
    points = [(a, b) for a in np.linspace(0.3, 1.6, 60) for b in np.linspace(0.02, 1.4, 60)]
    rows = []
    for a, b in points:
        if 0.1 <= b / a <= 2.0:
            log = sum(float(PRIORS[n].log_density(x)) for n, x in (("s_eps", a), ("s_eta", b)))
            rows.append((a, b, log + problem().loglike({"s_eps": a, "s_eta": b})))
    table = pd.DataFrame(rows, columns=["s_eps", "s_eta", "log"])
    return table.assign(weight=np.exp(table["log"] - logsumexp(table["log"])))


def test_moments_are_those_of_quadrature() -> None:
    table, exact = walked().parameters, grid()
    for name in PRIORS:
        mean = float((exact["weight"] * exact[name]).sum())
        sd = float(np.sqrt((exact["weight"] * (exact[name] - mean) ** 2).sum()))
        assert table.loc[name, "mean"] == pytest.approx(mean, abs=4 * table.loc[name, "mcse"])
        assert table.loc[name, "sd"] == pytest.approx(sd, rel=0.08)
    assert (table["ess"] > 1000).all()
    assert (table["rhat"] < 1.01).all()


def test_states_carry_the_uncertainty_of_the_parameters() -> None:
    exact = grid().sort_values("weight").iloc[-400:]
    moments: dict[str, list[float]] = {"mean": [], "second": []}
    for one in exact.itertuples():
        states = estimate_states(problem(), {"s_eps": one.s_eps, "s_eta": one.s_eta})
        mean, sd = (float(x.iloc[25]) for x in states.report("mu", "smoothed"))
        moments["mean"].append(mean)
        moments["second"].append(mean**2 + sd**2)
    weight = exact["weight"] / exact["weight"].sum()
    mean = float(weight @ moments["mean"])
    sd = float(np.sqrt(weight @ moments["second"] - mean**2))
    draws = walked().reports["mu"].smoothed[:, :, 25].ravel()
    assert draws.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(500))
    assert draws.std() == pytest.approx(sd, rel=0.1)
    # In the last period filtered and smoothed draws are of one distribution.
    last = walked().reports["mu"]
    assert last.filtered[:, :, -1].mean() == pytest.approx(
        last.smoothed[:, :, -1].mean(), abs=4 * sd / np.sqrt(250)
    )


def test_nuts_draws_from_the_same_distribution() -> None:
    found = posterior(
        problem(), sampler="nuts", n_draws=150, warmup=100, n_chains=2, n_state_draws=1, progress=False
    )
    a, b = found.parameters, walked().parameters
    error = np.hypot(a["mcse"], b["mcse"])
    assert ((a["mean"] - b["mean"]).abs() < 4 * error).all()
    np.testing.assert_allclose(a["sd"], b["sd"], rtol=0.2)
    ratio = found.draws.of("s_eta") / found.draws.of("s_eps")
    assert ((ratio >= 0.1) & (ratio <= 2.0)).all()


def test_same_draws_for_any_number_of_workers() -> None:
    few = {"n_draws": 20, "warmup": 60, "thin": 2, "n_state_draws": 5, "progress": False, "seed": 7}
    one, two = (posterior(problem(), n_workers=n, **few) for n in (1, 2))
    np.testing.assert_array_equal(one.draws.values, two.draws.values)
    np.testing.assert_array_equal(one.reports["mu"].smoothed, two.reports["mu"].smoothed)


def test_starts_are_dispersed() -> None:
    found = posterior(problem(), n_draws=4, warmup=0, thin=1, n_state_draws=1, n_chains=40, progress=False)
    spread = found.draws.values[:, 0].std(axis=0)
    assert (spread > walked().parameters["sd"]).all()


def test_slow_walk_of_a_diffuse_likelihood() -> None:
    """Exactly diffuse starts run outside of the compiled chain; a wide given start is nearly the same model."""
    few = {"n_draws": 150, "warmup": 300, "thin": 4, "n_chains": 2, "n_state_draws": 10, "progress": False}
    diffuse = posterior(LEVEL, data(), **few)
    wide = posterior(LEVEL, data(), initial=([0.0], [[1e4]]), **few)
    error = np.hypot(diffuse.parameters["mcse"], wide.parameters["mcse"])
    assert ((diffuse.parameters["mean"] - wide.parameters["mean"]).abs() < 4 * error).all()


def test_states_of_a_diffuse_start_have_the_smoother_s_moments() -> None:
    diffuse = start_from(LEVEL.reporting(), data())
    theta = np.array([0.8, 0.4])
    draws = draw_reports(diffuse, np.broadcast_to(theta, (1, 150, 2)), seed=3)[0]["mu"]
    for which in ("smoothed", "filtered"):
        mean, sd = (each.to_numpy() for each in estimate_states(diffuse, theta).report("mu", which))
        found, later = draws.given(which)[0], slice(1, None)  # the first filtered state is not determined yet
        assert (np.abs(found.mean(axis=0) - mean) / (sd / 150**0.5))[later].max() < 4.5
        np.testing.assert_allclose(found.std(axis=0)[later], sd[later], rtol=0.3)


def test_gradient_on_the_line() -> None:
    target = make_target(problem(), problem().table())
    line = Line.of(target.ordered)
    u = line.position(np.array([0.8, 0.5]))
    np.testing.assert_allclose(line.parameters(u), [0.8, 0.5], rtol=1e-14)
    slope = line.density(target, u)[1]
    for j, step in enumerate(1e-5 * np.eye(2)):
        difference = (line.log_density(target, u + step) - line.log_density(target, u - step)) / 2e-5
        assert slope[j] == pytest.approx(difference, abs=1e-6)


def test_savage_dickey_is_the_ratio_of_densities() -> None:
    free = replace(LEVEL, constraints=())
    found = posterior(
        free, data(), initial=GIVEN, n_draws=2000, warmup=2000, thin=10, n_state_draws=1, progress=False
    )
    points = np.linspace(0.4, 1.5, 80)
    table = np.array([
        [problem().loglike({"s_eps": a, "s_eta": b}) + float(PRIORS["s_eps"].log_density(a)) for a in points]
        for b in np.linspace(0.005, 1.995, 200)
    ])  # fmt: skip
    by_eta = np.exp(logsumexp(table, axis=1))
    density = by_eta / by_eta.sum() / 0.01
    at = 60  # s_eta = 0.605
    value = float(np.linspace(0.005, 1.995, 200)[at])
    assert found.savage_dickey("s_eta", value) == pytest.approx(density[at] / 0.5, rel=0.1)
    with pytest.raises(SpecificationError, match="has no density at 5"):
        found.savage_dickey("s_eta", 5.0)
    with pytest.raises(SpecificationError, match="A constraint names s_eta"):
        walked().savage_dickey("s_eta", 0.5)


def test_waic_is_near_the_predictive_density_of_new_data() -> None:
    """Watanabe: the expected log density of one more sample of the same kind, on average over samples."""
    values = walked().log_likelihood.reshape(-1, 50)
    by_hand = logsumexp(values, axis=0) - np.log(len(values)) - values.var(axis=0, ddof=1)
    assert walked().waic()["elpd"] == pytest.approx(by_hand.sum())
    assert 0.5 < walked().waic()["p_waic"] < 4  # two parameters


def test_predictive_likelihood_as_known_is_that_of_an_estimate_that_ends_before() -> None:
    """The density of the last observation, against quadrature over the posterior without it."""
    table, points = walked().predictive_likelihood(), grid()
    short = start_from(LEVEL.reporting(), data().iloc[:-1], GIVEN)
    both = points[["s_eps", "s_eta"]].to_dict("records")
    before, all_of_it = (np.array([one.loglike(theta) for theta in both]) for one in (short, problem()))
    last, posterior_log = all_of_it - before, points["log"].to_numpy()
    as_known = logsumexp(posterior_log) - logsumexp(posterior_log - last)
    hindsight = logsumexp(posterior_log + last) - logsumexp(posterior_log)
    assert table["as_known"].iloc[-1] == pytest.approx(as_known, abs=0.03)
    assert table["hindsight"].iloc[-1] == pytest.approx(hindsight, abs=0.03)
    assert table["effective_draws"].iloc[0] < table["effective_draws"].iloc[-1] <= 1000


def test_states_on_longer_data_keep_the_filtered_past() -> None:
    rows = data().iloc[:40]
    short = posterior(
        LEVEL, rows, initial=GIVEN, n_draws=20, warmup=50, thin=2, n_state_draws=10, progress=False
    )
    longer = short.on(problem())
    ours, theirs = short.reports["mu"].filtered, longer.reports["mu"].filtered
    np.testing.assert_allclose(theirs[:, :, :40], ours, rtol=1e-12)
    assert longer.quantiles("mu").shape == (50, 5)


def test_uniform_ranks_of_a_tiny_calibration() -> None:
    """Talts et al. (2018); the study under research/ has the full one."""
    rng, below = np.random.default_rng(11), []
    while len(below) < 40:
        truth = {name: float(prior.draws(1, seed=rng)[0]) for name, prior in PRIORS.items()}
        if not 0.1 <= truth["s_eta"] / truth["s_eps"] <= 2.0:
            continue
        drawn = problem().with_data(simulate_data(problem(), truth, seed=rng)[1])
        found = posterior(
            drawn, n_chains=1, n_draws=19, warmup=1000, thin=60, n_state_draws=1, n_workers=1, progress=False,
            seed=len(below),
        )  # fmt: skip
        below.append([int((found.draws.of(name) < truth[name]).sum()) for name in PRIORS])
    counts = np.apply_along_axis(lambda r: np.bincount(r // 5, minlength=4), 0, np.array(below))
    chi2 = ((counts - 10) ** 2 / 10).sum(axis=0)
    assert (chi2 < 16.3).all()  # p = 0.001 with three degrees of freedom


def test_summary_says_when_chains_disagree() -> None:
    found = walked()
    apart = replace(found.draws, values=found.draws.values + np.array([0, 0, 0, 5.0])[:, None, None])
    assert "The chains disagree on 2 of 2 parameters" in str(replace(found, draws=apart).summary())
    assert "disagree" not in str(found.summary())
    few = posterior(problem(), n_draws=10, warmup=10, thin=1, n_state_draws=1, progress=False)
    assert "effective draws" in str(few.summary())


def test_figures() -> None:
    assert len(walked().plot().axes) == 2
    assert len(walked().plot_ranks().axes) == 2
    assert walked().priors.loc["s_eps", "prior"] == "IG(3, 2)"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampler": "gibbs"}, "choose from"),
        ({"n_draws": 1}, "n_draws=1; give at least 4"),
        ({"priors": {"b": Normal(0, 1)}}, "no parameter 'b'"),
        ({"fixed": {"s_eps": 1.0, "s_eta": 1.0}}, "every parameter is held"),
        ({"initial": "diffuse"}, "takes no data, initial"),
    ],
)
def test_options_that_are_none(options: dict, message: str) -> None:
    with pytest.raises(SpecificationError, match=message):
        posterior(problem(), progress=False, **options)


def test_parameters_need_priors_and_data() -> None:
    bare = replace(LEVEL, parameters={})
    with pytest.raises(SpecificationError, match="s_eps, s_eta have no prior"):
        posterior(bare, data(), progress=False)
    with pytest.raises(DataError, match="there are no data"):
        posterior(LEVEL)
    impossible = replace(LEVEL, constraints=(Between(s_eta / s_eps, 1e6, 1e7),))
    with pytest.raises(ConvergenceError, match="the posterior density is zero"):
        posterior(impossible, data(), initial=GIVEN, progress=False)


def test_held_parameters_stay() -> None:
    found = posterior(
        LEVEL, data(), initial=GIVEN, fixed={"s_eps": 0.8}, n_draws=10, warmup=20, thin=1, n_state_draws=3,
        progress=False,
    )  # fmt: skip
    assert found.draws.names == ("s_eta",)
    assert (found.thetas[..., 0] == 0.8).all()


def test_a_bounded_ratio_holds_in_maximum_likelihood_too() -> None:
    tight = replace(LEVEL, constraints=(Between(s_eta / s_eps, 0.01, 0.05),), parameters={})
    results = fit(tight, data(), initial=GIVEN, progress=False)
    assert results.params["s_eta"] / results.params["s_eps"] == pytest.approx(0.05, rel=1e-6)
    # Against the likelihood along the edge.
    edge = np.linspace(1.4, 2.4, 4001)
    best = edge[int(np.argmax([results.problem.loglike({"s_eps": a, "s_eta": 0.05 * a}) for a in edge]))]
    assert results.params["s_eps"] == pytest.approx(best, abs=3e-4)
