"""Forecasts against paths drawn from the model's equations, and against the exact moments of such paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError, SpecificationError
from capstar.statespace import (
    Spec,
    bind,
    estimate_states,
    forecast,
    params,
    simulate_data,
    start_from,
    variables,
)

DRAWS = 200_000


@dataclass
class Paths:
    """Series drawn side by side: one column a draw, the newest row last."""

    rows: dict[str, list[np.ndarray]]

    def __call__(self, name: str, lag: int = 0) -> np.ndarray:
        return self.rows[name][-1 + lag]

    def add(self, name: str, value: np.ndarray) -> None:
        self.rows[name].append(value)


def from_filtered(estimates, draws: int, rng: np.random.Generator) -> dict[tuple[str, int], np.ndarray]:
    """States of the last period by name and lag, drawn from their filtered distribution."""
    values, vectors = np.linalg.eigh(estimates.filtered_cov[-1])
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn = estimates.filtered[-1][:, None] + root @ rng.standard_normal((len(root), draws))
    return dict(zip(estimates.problem.model.states, drawn, strict=True))


def draw_hlw2017(fit, horizon: int, real_rate: float) -> dict[str, np.ndarray]:
    """Holston, Laubach and Williams (2017), equations 3-7, drawn forward; shapes (horizon, DRAWS)."""
    rng, p = np.random.default_rng(17), fit.params
    start = from_filtered(fit.stages.stage3.states, DRAWS, rng)
    known = fit.data.loc[: fit.end]
    s = Paths(
        {
            "ystar": [start["ystar", -lag] for lag in (1, 0)],
            "g": [start["g", -lag] for lag in (2, 1)],
            "z": [start["z", -lag] for lag in (2, 1)],
            "y": [np.full(DRAWS, v) for v in known["y"].iloc[-2:]],
            "pi": [np.full(DRAWS, v) for v in known["pi"].iloc[-4:]],
        }
    )
    rate = [*known["r"].iloc[-2:], *[real_rate] * horizon]
    out: list[dict[str, np.ndarray]] = []
    for t in range(horizon):
        e = rng.standard_normal((5, DRAWS))
        # The rows of g and z end one quarter before those of the others: r* is known to matter a quarter later.
        s.add("g", s("g") + fit.lambda_g * p["sigma_ystar"] * e[0])
        s.add("z", s("z") + fit.lambda_z * p["sigma_ygap"] / p["a_r"] * e[1])
        gap = [s("y", -lag) - s("ystar", -lag) for lag in (0, 1)]
        pull = sum(rate[t + 1 - lag] - 4 * s("g", -lag) - s("z", -lag) for lag in (0, 1))
        s.add("ystar", s("ystar") + s("g") + p["sigma_ystar"] * e[2])
        output_gap = p["a_y1"] * gap[0] + p["a_y2"] * gap[1] + p["a_r"] / 2 * pull + p["sigma_ygap"] * e[3]
        s.add("y", s("ystar") + output_gap)
        older = (s("pi", -1) + s("pi", -2) + s("pi", -3)) / 3
        s.add("pi", p["b_pi"] * s("pi") + (1 - p["b_pi"]) * older + p["b_y"] * gap[0] + p["sigma_pi"] * e[4])
        states = {"potential": s("ystar"), "g": 4 * s("g"), "rstar": 4 * s("g") + s("z"), "z": s("z")}
        out.append({"y": s("y"), "pi": s("pi"), "output_gap": output_gap} | states)
    return {name: np.array([row[name] for row in out]) for name in out[0]}


def test_forecast_variance_agrees_with_simulation(golden_fit) -> None:
    """Means and variances of 200,000 paths.

    A sample variance of n normal draws has relative standard deviation sqrt(2 / n), a mean sd / sqrt(n); of the
    112 compared, all stay within 4.5 of these in 999 of 1,000 cases.
    """
    fit, horizon = golden_fit("hlw2017_us_2019q4"), 8
    ahead = fit.forecast(horizon, real_rate=0.5)
    for name, paths in draw_hlw2017(fit, horizon, 0.5).items():
        sd = ahead.std[name].to_numpy()
        mean_off = (paths.mean(axis=1) - ahead.mean[name]) / (sd / np.sqrt(DRAWS))
        assert np.abs(mean_off).max() < 4.5, name
        assert np.abs(paths.var(axis=1) / sd**2 - 1).max() < 4.5 * np.sqrt(2 / DRAWS), name


def test_states_spread_as_their_shocks(golden_fit) -> None:
    fit = golden_fit("hlw2017_us_2019q4")
    ahead = fit.forecast(8, real_rate=0.5)
    quarterly_z = (fit.lambda_z * fit.params["sigma_ygap"] / fit.params["a_r"]) ** 2
    np.testing.assert_allclose((ahead.std["z"] ** 2).diff().dropna(), quarterly_z, rtol=1e-9)


VALUES = {
    "rho": 0.5, "far": -0.3, "beta": 0.7, "late": 0.4, "level": 1.5, "phi": 0.6, "drift": 0.2, "b": 0.35,
    "kappa": 0.25, "sd_y": 0.8, "sd_q": 1.1, "sd_mu": 0.5, "sd_nu": 0.3,
}  # fmt: skip


def wide_model() -> Spec:
    """Everything a forecast reads: own lags beyond the state's, a drift, constants, exogenous series now and later."""
    rho, far, beta, late, level, phi, drift, b, kappa = params("rho far beta late level phi drift b kappa")
    sd_y, sd_q, sd_mu, sd_nu = params("sd_y sd_q sd_mu sd_nu")
    y, q, mu, nu, x, e_y, e_q, e_mu, e_nu = variables("y q mu nu x e_y e_q e_mu e_nu")
    return Spec(
        name="wide",
        observation={
            "y": level + mu + rho * y(-1) + far * y(-3) + beta * x + late * x(-2) + e_y,
            "q": phi * q(-1) + b * (y(-1) - mu(-1)) + kappa * nu + e_q,
        },
        transition={"mu": mu(-1) + drift + e_mu, "nu": phi * nu(-1) + kappa * mu(-1) + e_nu},
        shocks={"e_y": sd_y, "e_q": sd_q, "e_mu": sd_mu, "e_nu": sd_nu},
        reports={"away": y - mu + x(-1), "past": y(-2) + q(-1) + 2 * nu},
    )


def follow(begin: np.ndarray, shocks: np.ndarray, data: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """The wide model run on by hand: (mu, nu) of the last period, shocks (h, 4), two more values of x before."""
    v = VALUES
    mu, nu, y, q = [begin[0]], [begin[1]], list(data["y"]), list(data["q"])
    out = []
    for t, (e_y, e_q, e_mu, e_nu) in enumerate(shocks):
        mu.append(mu[-1] + v["drift"] + v["sd_mu"] * e_mu)
        nu.append(v["phi"] * nu[-1] + v["kappa"] * mu[-2] + v["sd_nu"] * e_nu)
        output = v["level"] + mu[-1] + v["rho"] * y[-1] + v["far"] * y[-3]
        output += v["beta"] * x[t + 2] + v["late"] * x[t] + v["sd_y"] * e_y
        q.append(v["phi"] * q[-1] + v["b"] * (y[-1] - mu[-2]) + v["kappa"] * nu[-1] + v["sd_q"] * e_q)
        y.append(output)
        out.append([y[-1], q[-1], y[-1] - mu[-1] + x[t + 1], y[-3] + q[-2] + 2 * nu[-1]])
    return np.array(out)


def exact_moments(
    run: Callable[[np.ndarray], np.ndarray], mean: np.ndarray, cov: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of an affine function of a normal vector, its slope by unit steps."""
    center = run(mean)
    slope = np.array([run(mean + unit) - center for unit in np.eye(len(mean))])
    return center, np.sqrt(np.einsum("ahi,ab,bhi->hi", slope, cov, slope))


@pytest.fixture(scope="module")
def wide():
    rng = np.random.default_rng(1)
    index = pd.period_range("1990Q1", periods=60, freq="Q")
    frame = pd.DataFrame(rng.standard_normal((60, 3)).cumsum(axis=0), index, ["y", "q", "x"])
    spec = wide_model()
    slots = spec.state_slots()
    problem = bind(
        spec, frame, initial_mean=dict.fromkeys(slots, 0.0), initial_cov=np.eye(len(slots)), start="1991Q1",
        end="2002Q4",
    )  # fmt: skip
    return estimate_states(problem, problem.vector(VALUES)), frame


def test_every_term_of_the_model_is_in_the_forecast(wide) -> None:
    """Exact: mean and standard deviation of the equations run on by hand, to rounding."""
    estimates, frame = wide
    horizon, slots = 7, estimates.problem.model.states
    last = estimates.problem.index[-1]
    x = frame["x"].loc[last - 1 : last + horizon].to_numpy()
    data = {name: frame[name].loc[:last].to_numpy()[-3:] for name in ("y", "q")}
    at = [slots.index(("mu", 0)), slots.index(("nu", 0))]
    cov = np.eye(2 + 4 * horizon)
    cov[:2, :2] = estimates.filtered_cov[-1][np.ix_(at, at)]
    mean = np.concatenate([estimates.filtered[-1][at], np.zeros(4 * horizon)])
    means, stds = exact_moments(lambda v: follow(v[:2], v[2:].reshape(horizon, 4), data, x), mean, cov)
    found = forecast(estimates, horizon, history=frame.loc[:last], future=frame.loc[last + 1 :, ["x"]])
    assert list(found.mean.columns) == ["y", "q", "away", "past"]
    np.testing.assert_allclose(found.mean, means, rtol=1e-10)
    np.testing.assert_allclose(found.std, stds, rtol=1e-10)


def test_a_forecast_reads_no_data_of_its_own_quarters(wide) -> None:
    estimates, frame = wide
    last = estimates.problem.index[-1]
    future = frame.loc[last + 1 :, ["x"]]
    one = forecast(estimates, 5, history=frame.loc[:last], future=future)
    absurd = frame.copy()
    absurd.loc[last + 1 :] = 1e6
    other = forecast(estimates, 5, history=absurd, future=future)
    pd.testing.assert_frame_equal(one.mean, other.mean, check_exact=True)
    with pytest.raises(DataError, match="is not given for 2003Q4"):
        forecast(estimates, 5, history=frame, future=future.iloc[:3])


def test_an_observation_of_the_same_period() -> None:
    """Inflation reads output of its own quarter: forecasts and samples against the equations written by hand."""
    a, b, kappa, rho, s_y, s_p, s_m = params("a b kappa rho s_y s_p s_m")
    y, p, x, m, e_y, e_p, e_m = variables("y p x m e_y e_p e_m")
    spec = Spec(
        name="recursive",
        observation={"y": a * y(-1) + m + x + e_y, "p": b * p(-1) + kappa * y + 0.5 * y(-1) + e_p},
        transition={"m": rho * m(-1) + e_m},
        shocks={"e_y": s_y, "e_p": s_p, "e_m": s_m},
    )
    values = {"a": 0.6, "b": 0.4, "kappa": 0.8, "rho": 0.7, "s_y": 0.5, "s_p": 0.3, "s_m": 0.4}
    rng, index = np.random.default_rng(11), pd.period_range("1990Q1", periods=80, freq="Q")
    data = pd.DataFrame(rng.standard_normal((80, 3)), index, ["y", "p", "x"])
    problem = start_from(spec, data)
    theta = problem.vector(values)
    states = estimate_states(problem, theta)
    future = pd.DataFrame({"x": [0.3, -0.2]}, pd.period_range("2010Q1", periods=2, freq="Q"))
    found = forecast(states, 2, history=data, future=future)
    # By hand: the mean, and the variance from the shocks of the two quarters and of the state.
    m_1, P_1 = 0.7 * states.filtered[-1, 0], 0.49 * states.filtered_cov[-1, 0, 0] + 0.16
    y_1 = 0.6 * data["y"].iloc[-1] + m_1 + 0.3
    p_1 = 0.4 * data["p"].iloc[-1] + 0.8 * y_1 + 0.5 * data["y"].iloc[-1]
    y_2 = 0.6 * y_1 + 0.7 * m_1 - 0.2
    p_2 = 0.4 * p_1 + 0.8 * y_2 + 0.5 * y_1
    np.testing.assert_allclose(found.mean[["y", "p"]], [[y_1, p_1], [y_2, p_2]], rtol=1e-12)
    on_m, on_e, on_u = 0.6 + 0.7, 0.6, 1.0  # of m_1, e_y and e_m of the next quarter, on y_2
    var_y = np.array([P_1 + 0.25, on_m**2 * P_1 + on_e**2 * 0.25 + on_u**2 * 0.16 + 0.25])
    p_m, p_e = 0.4 * 0.8 + 0.8 * on_m + 0.5, 0.4 * 0.8 + 0.8 * on_e + 0.5
    p_now = 0.64 * P_1 + 0.64 * 0.25 + 0.09
    p_next = p_m**2 * P_1 + p_e**2 * 0.25 + 0.64 * (0.16 + 0.25) + 0.09 * (1 + 0.16)
    np.testing.assert_allclose(found.std["y"] ** 2, var_y, rtol=1e-12)
    np.testing.assert_allclose(found.std["p"] ** 2, [p_now, p_next], rtol=1e-12)
    drawn, sample = simulate_data(problem, theta, seed=1, own_lags=True)
    errors = sample[1:, 1] - 0.4 * sample[:-1, 1] - 0.8 * sample[1:, 0] - 0.5 * sample[:-1, 0]
    # Standard deviation of the drawn errors of p; 78 of them are known to 8 percent, three deviations.
    assert np.std(errors) == pytest.approx(0.3, rel=0.24)
    assert drawn.shape == (79, 1)
    backwards = {"p": spec.observation["p"], "y": spec.observation["y"]}
    with pytest.raises(SpecificationError, match="reads y of the same period, which is listed below it"):
        start_from(replace(spec, observation=backwards), data)
