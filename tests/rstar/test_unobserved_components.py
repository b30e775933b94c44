"""The unobserved-components model of the real rate: its sampler, and the posterior of Bauer and Rudebusch (2020)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from capstar import data, rstar
from capstar.errors import DataError, SpecificationError
from capstar.kernels.random_walk_cycle import draw_phi, filter_walk, gibbs, paths
from capstar.statespace import (
    Spec,
    effective_sample_size,
    fit,
    monte_carlo_error,
    params,
    quantile_error,
    variables,
)

THETA = np.array([0.9, 0.6, 0.02])  # phi, variances of cycle and trend
START = np.array([2.0, 100.0, 100.0])


@pytest.fixture(scope="module")
def folder(golden):
    return golden("models2/bauer_rudebusch2020_uc")


@pytest.fixture(scope="module")
def posterior(folder) -> rstar.UnobservedComponentsRate:
    return rstar.UnobservedComponents(as_published=True, column="rr").fit(
        pd.read_csv(folder / "input.csv"), seed=1, n_workers=2, progress=False
    )


def test_moments_are_those_of_the_kalman_smoother() -> None:
    """The same model in the library's own filter: filtered and smoothed moments at one set of parameters."""
    rate = rstar.UnobservedComponents().real_rate(data.us_macro())
    y, n = rate.to_numpy(), len(rate)
    mean, precision, rhs, pivot = np.empty((4, n))
    filter_walk(y, THETA, START, mean, precision, rhs, pivot)
    phi, cycle, walk = THETA
    s_u, s_v, rho = params("s_u s_v rho")
    _, natural, c, u, v = variables("r natural c u v")
    spec = Spec(
        "uc", {"r": natural + c}, {"natural": natural(-1) + u, "c": rho * c(-1) + v}, {"u": s_u, "v": s_v},
        reports={"natural": natural},
    )  # fmt: skip
    before = (np.array([START[0], 0.0]), np.diag([START[1] - walk, (START[2] - cycle) / phi**2]))
    held = {"s_u": walk**0.5, "s_v": cycle**0.5, "rho": phi}
    states = fit(spec, rate, fixed=held, initial=before, progress=False).estimates
    np.testing.assert_allclose(mean, states.report("natural", "filtered")[0], atol=1e-8)
    np.testing.assert_allclose(precision**-0.5, states.report("natural", "filtered")[1], atol=1e-8)
    off, ours, spread = -(1 / walk + phi / cycle), np.empty(n), np.empty(n)
    ours[-1], spread[-1] = rhs[-1] / pivot[-1], 1 / pivot[-1]
    for t in range(n - 2, -1, -1):
        ours[t] = (rhs[t] - off * ours[t + 1]) / pivot[t]
        spread[t] = 1 / pivot[t] + (off / pivot[t]) ** 2 * spread[t + 1]
    smoothed, se = states.report("natural", "smoothed")
    np.testing.assert_allclose(ours, smoothed, atol=1e-8)
    np.testing.assert_allclose(np.sqrt(spread), se, atol=1e-8)


def test_paths_have_these_moments() -> None:
    y = rstar.UnobservedComponents().real_rate(data.us_macro()).to_numpy()
    mean, precision, rhs, pivot = np.empty((4, len(y)))
    filter_walk(y, THETA, START, mean, precision, rhs, pivot)
    many = np.tile(THETA, (20_000, 1))
    smoothed, filtered = np.empty((2, len(many), len(y)))
    paths(y, START, np.random.default_rng(3), many, np.empty((4, len(y))), smoothed, filtered)
    # Largest of some 200 standard normals, which hang together.
    error = (filtered.mean(0) - mean) * np.sqrt(precision * len(many))
    assert np.abs(error).max() < 4.5
    assert smoothed[:, -1].mean() == pytest.approx(mean[-1], abs=5 * (precision[-1] * len(many)) ** -0.5)
    # 4.5 errors of 1 / sqrt(2 * 20000)
    np.testing.assert_allclose(filtered.std(0), precision**-0.5, rtol=0.03)


def test_errors_of_filtered_draws_hang_together_as_those_of_the_filter() -> None:
    """On data drawn from the model; correlations of 4,000 samples, within five of their errors."""
    rng, errors, n = np.random.default_rng(7), [], 30
    phi, cycle, walk = THETA
    mean, precision, rhs, pivot = np.empty((4, n))
    for _ in range(4_000):
        r = START[0] + np.cumsum(
            np.append(10 * rng.standard_normal(), walk**0.5 * rng.standard_normal(n - 1))
        )
        shocks = np.append(10 * rng.standard_normal(), cycle**0.5 * rng.standard_normal(n - 1))
        filter_walk(r + lfilter([1], [1, -phi], shocks), THETA, START, mean, precision, rhs, pivot)
        errors.append(r - mean)
    smoothed, filtered = np.empty((2, 4_000, n))
    paths(r, START, rng, np.tile(THETA, (4_000, 1)), np.empty((4, n)), smoothed, filtered)
    ours = np.corrcoef(filtered.T)
    np.testing.assert_allclose(ours, np.corrcoef(np.array(errors).T), atol=5 * 2**0.5 * 4_000**-0.5)
    assert 0.3 < ours[20, 29] < ours[28, 29]


@pytest.mark.parametrize(("mean", "sd"), [(0.94, 0.03), (0.0, 1.0), (3.0, 0.2), (-1.5, 0.1)])
def test_truncated_normal(mean: float, sd: float) -> None:
    """Against SciPy; in the last two cases nothing of the normal is inside, and a uniform is thinned."""
    from scipy.stats import kstest, truncnorm

    generator = np.random.default_rng(5)
    drawn = np.array([draw_phi(mean, sd, generator) for _ in range(2_000)])
    assert (np.abs(drawn) < 1).all()
    law = truncnorm((-1 - mean) / sd, (1 - mean) / sd, mean, sd)
    assert kstest(drawn, law.cdf).pvalue > 0.001


def test_joint_distribution() -> None:
    """Geweke (2004): data drawn again from each draw leave the parameters with their prior."""
    prior = rstar.RealRatePrior((0.3, 0.2), (5.0, 4.0), (6.0, 2.5), (0.0, 1.0, 1.0))
    rng, n, draws = np.random.default_rng(8), 8, 15_000
    vector, start, work = prior.vector(), np.array(prior.start), np.empty((5, n))
    theta, path, kept = np.array([0.3, 1.0, 0.5]), np.empty((1, n)), np.empty((draws, 3))
    thetas, filtered = np.empty((1, 3)), np.empty((1, n))
    walk = np.zeros(n)
    for draw in range(draws):
        shocks = np.append(rng.standard_normal(), theta[1] ** 0.5 * rng.standard_normal(n - 1))
        y = walk + lfilter([1], [1, -theta[0]], shocks)
        gibbs(y, start, vector, 1, 0, 1, rng, theta, work, thetas, path, filtered)
        kept[draw] = thetas[0]
        walk = path[0].copy()
    found = kept[None]
    from scipy.stats import invgamma, truncnorm

    scale = np.sqrt(0.2)
    laws = (truncnorm(-1.3 / scale, 0.7 / scale, 0.3, scale), invgamma(5, scale=4), invgamma(6, scale=2.5))
    for k, law in enumerate(laws):
        assert effective_sample_size(found[:, :, k]) > 500
        prior_values = law.rvs(200_000, random_state=np.random.default_rng(9))
        for power in (lambda x: x, lambda x: np.log(np.abs(x)), lambda x: (x - 1) ** 2):
            ours = power(found[:, :, k])
            prior_draws = power(prior_values)
            # Four errors of six correlated moments and three more.
            assert abs(ours.mean() - prior_draws.mean()) < 4 * np.hypot(
                monte_carlo_error(ours), prior_draws.std() / np.sqrt(200_000)
            )


def test_parameters_of_the_computed_posterior(folder, posterior) -> None:
    """Posterior means and quantiles, computed independently, within three Monte Carlo errors of both runs."""
    golden = pd.read_csv(folder / "parameters_computed.csv", index_col="parameter")
    ours = posterior.parameter_table()
    error = np.hypot(ours["mcse"], golden["mean_mcse"])
    assert ((ours["mean"] - golden["mean"]).abs() < 3 * error).all()
    for name in golden.index:
        for p in (0.05, 0.5, 0.95):
            draws = posterior.draws.of(name)
            # The golden run has 320,000 draws of the same efficiency: half our error at most.
            allowed = 3 * 1.2 * quantile_error(draws, p)
            assert abs(np.quantile(draws, p) - golden.loc[name, f"p{round(100 * p):02d}"]) < allowed
    assert (ours["rhat"] < 1.01).all()
    assert posterior.draws.disagreement() == ""


def test_path_of_the_computed_and_the_published_posterior(folder, posterior) -> None:
    golden = pd.read_csv(folder / "rstar.csv")
    draws = posterior.states["rstar"].smoothed
    ours = draws.mean(axis=(0, 1))
    error = np.array([monte_carlo_error(draws[:, :, t]) for t in range(draws.shape[2])])
    assert (np.abs(ours - golden["own_mean"]) < 3 * np.hypot(error, golden["own_mean_mcse"])).all()
    assert np.abs(ours - golden["published_mean"]).mean() < 0.15
    assert np.abs(ours - golden["published_mean"]).max() < 0.15
    table = posterior.quantiles(probabilities=(0.16, 0.5, 0.84))
    for p, name in ((0.16, "own_p16"), (0.5, "own_p50"), (0.84, "own_p84")):
        bound = [quantile_error(draws[:, :, t], p) for t in (0, 100, 232)]
        assert np.abs(table[p].to_numpy() - golden[name])[[0, 100, 232]].max() < 3 * 1.2 * max(bound)


def test_differences_counted_once_and_as_published(folder, posterior) -> None:
    """One more difference of small squares: the variances are smaller by about one part in their shapes."""
    counted = rstar.UnobservedComponents(column="rr").fit(
        pd.read_csv(folder / "input.csv"), seed=1, n_workers=2, progress=False
    )
    ratio = counted.params["var_cycle"] / posterior.params["var_cycle"]
    assert 1 - 3 / 233 < ratio < 1 + 1e-3
    assert "one difference too few" in " ".join(posterior.notes())
    assert "one difference too few" not in " ".join(counted.notes())


def test_what_the_level_is_not_identified_by_is_printed(posterior) -> None:
    said = " ".join(posterior.identification_notes())
    assert "90% band of r* in 2018Q1" in said
    assert "as phi nears one" in said
    assert said in " ".join(posterior.summary().notes)
    draws, phi = posterior.states["rstar"].smoothed[:, :, -1], posterior.draws.of("phi")[:, ::10]
    near, far = (np.ptp(np.quantile(draws[s], [0.05, 0.95])) for s in (phi > 0.97, phi <= 0.97))
    assert near > 2 * far
    assert f"{near:.1f} points over" in said


def test_workers_do_not_matter_and_filtered_knows_no_future() -> None:
    table, model = data.us_macro(), rstar.model("uc")
    one, two = (model.fit(table, n_draws=200, n_burn=50, n_workers=k, seed=4, progress=False) for k in (1, 3))
    np.testing.assert_array_equal(one.states["rstar"].filtered, two.states["rstar"].filtered)
    np.testing.assert_array_equal(one.draws.values, two.draws.values)
    again = replace(one, model=model).run_on(table.loc[:"1999Q4"])
    longer = one.run_on(table)
    spread = one.rstar.filtered_se.loc[:"1999Q4"]
    assert ((again.rstar.filtered - longer.rstar.filtered.loc[:"1999Q4"]).abs() < 0.3 * spread).all()
    assert str(again.end) == "1999Q4"
    assert one.definition == rstar.LONG_RUN
    assert one.gap_draws().shape == (len(one.index), 800)
    apart = replace(one, states={"rstar": replace(one.states["rstar"], joint=False)})
    with pytest.raises(SpecificationError, match="which makes no path"):
        apart.gap_draws()
    assert apart.gap_draws("smoothed").shape == (len(one.index), 800)


def test_real_rate_by_default_is_the_rate_less_four_quarters_of_inflation() -> None:
    table = data.us_macro()
    rate = rstar.model("uc").real_rate(table)
    assert str(rate.index[0]) == "1960Q4"
    quarter = pd.Period("1985Q2", freq="Q")
    expected = table.loc[quarter, "interest_rate"] - table.loc["1984Q3":"1985Q2", "inflation"].mean()
    assert rate[quarter] == pytest.approx(expected)


def test_bad_input() -> None:
    table, model = data.us_macro(), rstar.model("uc")
    with pytest.raises(DataError, match="rr"):
        model.fit(table, column="rr")
    with pytest.raises(DataError, match="12 quarters are too few, expected at least 20"):
        model.fit(table, "1990Q1", "1992Q4")
    with pytest.raises(SpecificationError, match="n_draws=1"):
        model.fit(table, n_draws=1)
    with pytest.raises(SpecificationError, match="has no option window"):
        model.fit(table, window=3)
    with pytest.raises(SpecificationError, match="must be positive"):
        rstar.RealRatePrior(var_cycle=(0.0, 1.0))
    table.loc["1990Q1", "inflation"] = np.nan
    with pytest.raises(DataError, match="missing in 1990Q1"):
        model.fit(table)
