"""The banded sampler of trends and cycles against the Kalman filter and smoother, and against its own prior."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import cho_solve_banded

from capstar.errors import SpecificationError
from capstar.kernels import trend_cycle as kernels
from capstar.kernels.trend_cycle import Parameters
from capstar.statespace import Spec, StateEstimates, bind, estimate_states, params, variables
from capstar.statespace.bayes.trend_cycle import TrendCycle, TrendCycleDraws, sample_trend_cycle, trends_given

COLUMNS = ["Pi", "EPi", "BILL", "EBILL", "TBlong"]
LOADINGS = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 0], [1, 1, 1.0]])
MODEL = TrendCycle(
    loadings=LOADINGS, change_sd=np.array([2, 1, 1]) / 20, change_df=100.0, trend_mean=np.array([2, 0.5, 1]),
    trend_sd=np.array([1, 0.8, 1.2]), psi=np.array([2, 1, 1, 0.5, 1]), lags=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def data(golden) -> pd.DataFrame:
    """Five series of 1965-1990 with the values that their authors treat as missing; few of one are known."""
    table = pd.read_csv(golden("models2/del_negro2017/tvar_input.csv"))
    frame = table[COLUMNS].set_axis(pd.PeriodIndex(table["date"], freq="Q")).loc["1965Q1":"1990Q4"]
    frame.loc[:"1970Q4", "EPi"] = np.nan
    return frame


def parameters(lags: int = 2, seed: int = 3) -> Parameters:
    rng, n, r = np.random.default_rng(seed), 5, 3
    B = 0.1 * rng.standard_normal((lags * n, n))
    B[:n] += 0.6 * np.eye(n)
    root = rng.standard_normal((n, n)) / 3 + np.eye(n)
    change = rng.standard_normal((r, r)) / 20 + np.eye(r) / 8
    P = np.empty((lags * n, lags * n))
    assert kernels.stationary_covariance(B, root @ root.T, P)
    return Parameters(B, root @ root.T, change @ change.T, P, np.empty(0))


def kalman(data: pd.DataFrame, at: Parameters) -> StateEstimates:
    """The same model declared, and the library's filter and smoother."""
    n, r, lags = 5, 3, 2
    cycles, trends = variables("c0 c1 c2 c3 c4"), variables("t0 t1 t2")
    u, e = variables("u0 u1 u2 u3 u4"), variables("e0 e1 e2")
    half, change = np.linalg.cholesky(at.sigma), np.linalg.cholesky(at.Q)
    laws = {}
    for i in range(n):
        laws[f"c{i}"] = sum(float(half[i, j]) * u[j] for j in range(i + 1)) + sum(
            float(at.B[lag * n + j, i]) * cycles[j](-1 - lag) for lag in range(lags) for j in range(n)
        )
    for k in range(r):
        laws[f"t{k}"] = trends[k](-1) + sum(float(change[k, j]) * e[j] for j in range(k + 1))
    observed = {
        name: cycles[i] + sum(LOADINGS[i, k] * trends[k] for k in range(r) if LOADINGS[i, k])
        for i, name in enumerate(COLUMNS)
    }
    (unit,) = params("unit")
    shocks = dict.fromkeys(["u0", "u1", "u2", "u3", "u4", "e0", "e1", "e2"], unit)
    spec = Spec("trends and cycles", observed, laws, shocks)
    slots = spec.state_slots()
    mean = {(name, lag): MODEL.trend_mean[int(name[1])] if name[0] == "t" else 0.0 for name, lag in slots}
    cov = np.zeros((len(slots), len(slots)))
    for a, (one, lag) in enumerate(slots):
        for b, (other, second) in enumerate(slots):
            if one[0] == other[0] == "c":
                cov[a, b] = at.P[int(one[1]) - lag * n, int(other[1]) - second * n]
            elif a == b:
                cov[a, b] = MODEL.trend_sd[int(one[1])] ** 2
    problem = bind(spec, data, initial_mean=mean, initial_cov=cov)
    return estimate_states(problem, pd.Series({"unit": 1.0}))


def test_moments_are_those_of_the_kalman_smoother(data: pd.DataFrame) -> None:
    """Means and variances of trends, cycles and missing values against the Kalman smoother, to 1e-8."""
    at, series = parameters(), MODEL.series(data)
    n, r, lags = 5, 3, 2
    band, rhs, tau, c = workspace(series)
    kernels.factor(series, at, at.theta, band, rhs)
    x = np.empty(rhs.size)
    kernels.substitute_back(band, rhs, 0, rhs.size, x)
    kernels.unpack(series, LOADINGS, x, tau, c)
    known = kalman(data, at)
    means = known.states("smoothed")
    np.testing.assert_allclose(tau[1:], means[["t0", "t1", "t2"]], atol=1e-8)
    np.testing.assert_allclose(c[lags:], means[[f"c{i}" for i in range(n)]], atol=1e-8)
    full = cho_solve_banded((band.T.copy(), True), np.eye(rhs.size))
    where = [list(means).index(name) for name in ("t0", "t1", "t2")]
    ours = [full[e - r : e, e - r : e] for e in series.first[lags + 1 :]]
    np.testing.assert_allclose(ours, known.smoothed_cov[:, where][:, :, where], atol=1e-8)
    missing = [list(means).index("c3")]
    gaps = np.flatnonzero(data["EBILL"].isna())
    ours = [full[i, i] for i in (series.first[lags + t] + series.missing[lags + t, 3] for t in gaps)]
    np.testing.assert_allclose(ours, known.smoothed_cov[gaps, missing, missing], atol=1e-8)


def test_likelihood_of_free_loadings_is_that_of_the_filter(data: pd.DataFrame) -> None:
    """A change of loadings moves the likelihood as in the joint normal density of all data, to 1e-7.

    Differences between two parameters of the trends before the sample, as the constant depends on neither.
    """
    at, series = parameters(), MODEL.series(data)
    band, rhs, *_ = workspace(series)
    shifted = series._replace(shift=np.zeros((1, 5, 3)))
    shifted.shift[0, 0, 0] = 1.0
    values = [kernels.factor(shifted, at, np.array([theta]), band, rhs) for theta in (0.0, 0.3)]
    moved = LOADINGS.copy()
    moved[0, 0] += 0.3
    series = series._replace(loadings=moved)
    assert values[1] == pytest.approx(kernels.factor(series, at, at.theta, band, rhs), rel=1e-12)
    assert values[0] - values[1] == pytest.approx(
        dense_likelihood(data, LOADINGS, at) - dense_likelihood(data, moved, at), abs=1e-7
    )


def dense_likelihood(data: pd.DataFrame, loadings: np.ndarray, at: Parameters) -> float:
    """Log density of all the data as one normal vector."""
    y, T, n = data.to_numpy(), len(data), 5
    companion = np.zeros((10, 10))
    companion[:5], companion[5:, :5] = at.B.T, np.eye(5)
    steps = np.arange(1, T + 1)
    trend = (
        np.minimum.outer(steps, steps)[:, None, :, None] * (loadings @ at.Q @ loadings.T)[None, :, None, :]
    )
    start = loadings @ np.diag(MODEL.trend_sd**2) @ loadings.T
    cov = trend + start[None, :, None, :]
    ahead = [np.linalg.matrix_power(companion, k) @ at.P for k in range(T)]
    for t in range(T):
        for s in range(t + 1):
            cov[t, :, s] += ahead[t - s][:5, :5]
            if s < t:
                cov[s, :, t] += ahead[t - s][:5, :5].T
    flat = ~np.isnan(y.ravel())
    kept = cov.reshape(T * n, T * n)[np.ix_(flat, flat)]
    error = (y - loadings @ MODEL.trend_mean).ravel()[flat]
    return -0.5 * (error @ np.linalg.solve(kept, error) + np.linalg.slogdet(kept)[1])


def workspace(series: kernels.Series) -> tuple[np.ndarray, ...]:
    from capstar.statespace.bayes.trend_cycle import _workspace

    return _workspace(series)


def repeated(at: Parameters, count: int) -> TrendCycleDraws:
    fields = [np.broadcast_to(each, (1, count, *each.shape)) for each in (at.B, at.sigma, at.Q, at.theta)]
    return TrendCycleDraws(np.empty((1, count, 0, 3)), *fields, moved=np.ones((1, 2)))


@pytest.mark.parametrize("which", ["filtered", "smoothed"])
def test_draws_have_the_moments_of_the_filter_and_smoother(data: pd.DataFrame, which: str) -> None:
    """2,000 draws: means within five standard errors, standard deviations within eight percent (five errors)."""
    at, part = parameters(), data.iloc[:30]
    draws = trends_given(MODEL, part, repeated(at, 2000), filtered=which == "filtered", seed=5)[0]
    known = kalman(part, at)
    mean, sd = (getattr(known, f)(which)[["t0", "t1", "t2"]].to_numpy() for f in ("states", "std"))
    assert np.abs((draws.mean(axis=0) - mean) / sd).max() < 5 / np.sqrt(2000)
    assert np.abs(draws.std(axis=0) / sd - 1).max() < 0.08


SMALL = TrendCycle(
    loadings=np.array([[1.0], [1.0]]), change_sd=np.array([0.3]), change_df=8.0, trend_mean=np.zeros(1),
    trend_sd=np.ones(1), psi=np.array([1.0, 0.5]), lags=1, tightness=0.6,
)  # fmt: skip
FREE = TrendCycle(
    loadings=np.array([[0.0], [1.0]]), change_sd=np.array([0.3]), change_df=8.0, trend_mean=np.zeros(1),
    trend_sd=np.ones(1), psi=np.array([1.0, 0.5]), lags=1, tightness=0.6, shift=np.array([[[1.0], [0.0]]]),
    theta_mean=(1.0,), theta_sd=(0.25,), theta_step=(0.3,),
)  # fmt: skip


def summary(at: Parameters) -> list[float]:
    return [
        at.B[0, 0], at.B[1, 0], at.B[0, 0] ** 2, at.B[1, 1] ** 2, np.log(at.sigma[0, 0]), np.log(at.sigma[1, 1]),
        at.sigma[0, 1] / np.sqrt(at.sigma[0, 0] * at.sigma[1, 1]), np.log(at.Q[0, 0]), np.log(at.P[0, 0]), *at.theta,
    ]  # fmt: skip


def from_prior(model: TrendCycle, rng: np.random.Generator) -> Parameters:
    priors, P = model.priors, np.empty((2, 2))
    Q = kernels.inverse_wishart(rng, priors.q_scale, priors.q_df)
    theta = np.array([rng.normal(m, s) for m, s in zip(model.theta_mean, model.theta_sd, strict=True)])
    while True:
        sigma = kernels.inverse_wishart(rng, np.diag(priors.psi), priors.psi_df)
        B = kernels.matrix_normal(rng, np.zeros((2, 2)), np.diag(np.sqrt(priors.omega_inv)), sigma)
        if kernels.stationary_covariance(B, sigma, P):
            return Parameters(B, sigma, Q, P, theta)


def simulated(model: TrendCycle, at: Parameters, n_periods: int, rng: np.random.Generator) -> np.ndarray:
    noise, half = rng.standard_normal((n_periods + 1, 3)), np.linalg.cholesky(at.sigma)
    tau = model.trend_mean[0] + model.trend_sd[0] * noise[0, 0]
    c, y = np.linalg.cholesky(at.P) @ noise[0, 1:], np.empty((n_periods, 2))
    loadings = model.loadings[:, 0] + (at.theta @ model.shift[:, :, 0] if at.theta.size else 0.0)
    for t in range(n_periods):
        tau += np.sqrt(at.Q[0, 0]) * noise[t + 1, 0]
        c = c @ at.B + half @ noise[t + 1, 1:]
        y[t] = loadings * tau + c
    y[2, 0] = y[3, 1] = np.nan
    return y


@pytest.mark.parametrize("model", [SMALL, FREE], ids=["fixed loadings", "free loadings"])
def test_data_drawn_from_the_sampler_bring_back_the_prior(model: TrendCycle) -> None:
    """Geweke (2004): parameters, then data given them, then parameters given the data; margins are the prior's.

    Within 4.5 standard errors, those of the chain by batch means.
    """
    rng, rounds = np.random.default_rng(11), 5000
    series = model.series(simulated(model, from_prior(model, rng), 8, rng))
    now, work, found = from_prior(model, rng), workspace(series), []
    for _ in range(rounds):
        series.y[:] = simulated(model, now, 8, rng)
        kernels.run(rng, series, model.priors, now, True, 1, *work)
        found.append(summary(now))
    prior = np.array([summary(from_prior(model, rng)) for _ in range(rounds)])
    chain = np.array(found)
    batches = chain.reshape(40, -1, chain.shape[1]).mean(axis=1)
    error = np.hypot(batches.std(axis=0, ddof=1) / np.sqrt(40), prior.std(axis=0) / np.sqrt(rounds))
    assert np.abs((chain.mean(axis=0) - prior.mean(axis=0)) / error).max() < 4.5


def test_draws_do_not_depend_on_the_number_of_threads(data: pd.DataFrame) -> None:
    one, two = (
        sample_trend_cycle(MODEL, data.iloc[:20], n_draws=8, warmup=2, n_chains=2, seed=4, n_workers=n)
        for n in (1, 2)
    )
    np.testing.assert_array_equal(one.trends, two.trends)
    assert not np.allclose(one.trends[0], one.trends[1])


def test_largest_root_is_that_of_the_lag_polynomial() -> None:
    at = parameters()
    companion = np.zeros((10, 10))
    companion[:5], companion[5:, :5] = at.B.T, np.eye(5)
    expected = np.abs(np.linalg.eigvals(companion)).max()
    assert repeated(at, 1).largest_root()[0, 0] == pytest.approx(expected, rel=1e-12)


def test_wrong_input_is_said(data: pd.DataFrame) -> None:
    with pytest.raises(SpecificationError, match=r"expected \(periods, 5\)"):
        MODEL.series(data.iloc[:, :3])
    with pytest.raises(SpecificationError, match="at least one chain"):
        sample_trend_cycle(MODEL, data, n_draws=2, warmup=0)
