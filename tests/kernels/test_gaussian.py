"""The kernels against the joint normal distribution, written out with no recursion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from capstar.kernels import gaussian, simulation
from capstar.kernels.arrays import Path, Pattern, Sample, System

M, P, N = 3, 2, 6
RTOL = 1e-10  # the same sums in double precision, in another order

NOTHING = np.zeros((N, 0), dtype=np.bool_)  # no state is reset


@dataclass(frozen=True)
class Case:
    """A small random model with every feature: missing values, scales, correlated shocks, drift, series."""

    Z: np.ndarray
    D: np.ndarray
    h: np.ndarray
    T: np.ndarray
    c: np.ndarray
    Q: np.ndarray
    a0: np.ndarray
    P0: np.ndarray
    sample: Sample
    B: np.ndarray
    S: np.ndarray

    def inputs(self) -> tuple:
        def rows(matrix):
            row, col = np.nonzero(matrix)
            pointer = np.searchsorted(row, np.arange(len(matrix) + 1)).astype(np.int64)
            return pointer, row.astype(np.uint32), col.astype(np.uint32), matrix[row, col]

        z_ptr, _, z_col, z = rows(self.Z)
        d_ptr, _, d_col, d = rows(self.D)
        t_ptr, t_row, t_col, t = rows(self.T)
        q_row, q_col = np.nonzero(np.tril(self.Q))
        q = self.Q[q_row, q_col]
        _, b_row, b_col, b = rows(self.B)
        _, s_row, s_col, scaled = rows(np.tril(self.S))
        pattern = Pattern(
            z_ptr, z_col, d_ptr, d_col, t_ptr, t_row, t_col, q_row.astype(np.uint32), q_col.astype(np.uint32),
            b_row, b_col, s_row, s_col, s_col[:0],
        )  # fmt: skip
        return pattern, System(z, d, self.h, t, self.c, q, self.a0, b, scaled), self.P0, self.sample


@pytest.fixture(params=["complete", "missing", "white"])
def case(request: pytest.FixtureRequest) -> Case:
    rng = np.random.default_rng(4)
    T = np.array([[1.0, 0.9, 0.0], [0.0, 0.7, 0.2], [1.0, 0.0, 0.0]])
    Z = np.array([[1.0, 0.0, -0.4], [0.0, 0.6, 0.0]])
    load = np.array([[0.8, 0.3], [0.0, 0.5], [0.0, 0.0]])
    y = rng.normal(size=(N, P))
    if request.param == "white":  # the last state has no memory: a row of the transition is empty
        T[2] = 0.0
    if request.param == "missing":
        y[1, 0] = y[3] = y[5, 1] = np.nan
    sample = Sample(y, rng.normal(size=(N, 2)), 1 + rng.random(N), NOTHING)
    root = rng.normal(size=(M, M))
    return Case(
        Z, np.array([[0.5, 0.0], [0.2, -1.0]]), np.array([0.3, 0.9]), T, np.array([0.1, 0.0, 0.0]),
        load @ load.T, rng.normal(size=M), root @ root.T, sample, np.array([[0.0, 0.4], [-0.3, 0.0], [0.0, 0.7]]),
        np.outer(load[:, 1], load[:, 1]),
    )  # fmt: skip


def joint(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean and covariance of (states 0..N) and of the observed values, and their covariance."""
    power = [np.eye(M)]
    for _ in range(N):
        power.append(case.T @ power[-1])
    mean = [case.a0]
    for t in range(N):
        mean.append(case.T @ mean[-1] + case.c + case.B @ case.sample.x[t])

    shocks = [case.Q, *(case.Q + (scale**2 - 1) * case.S for scale in case.sample.scale)]

    def cov(i, j):
        noise = sum(power[i - k] @ shocks[k] @ power[j - k].T for k in range(1, min(i, j) + 1))
        return power[i] @ case.P0 @ power[j].T + noise

    S = np.block([[cov(i, j) for j in range(N + 1)] for i in range(N + 1)])
    A = np.zeros((N * P, (N + 1) * M))
    for t in range(N):
        A[t * P : (t + 1) * P, (t + 1) * M : (t + 2) * M] = case.Z
    noise = np.concatenate([case.sample.scale[t] ** 2 * case.h for t in range(N)])
    y_mean = A @ np.concatenate(mean) + (case.sample.x @ case.D.T).ravel()
    seen = ~np.isnan(case.sample.y.ravel())
    V = (A @ S @ A.T + np.diag(noise))[np.ix_(seen, seen)]
    return np.concatenate(mean), S, (case.sample.y.ravel() - y_mean)[seen], A[seen] @ S, V


def conditional(case: Case, upto: int | None = None):
    """Mean and covariance of all states given observations to ``upto`` (all by default)."""
    mean, S, v, AS, V = joint(case)
    if upto is not None:
        period = np.repeat(np.arange(N), P)[~np.isnan(case.sample.y.ravel())]
        keep = period < upto
        v, AS, V = v[keep], AS[keep], V[np.ix_(keep, keep)]
    gain = np.linalg.solve(V, AS).T if len(v) else np.zeros((len(mean), 0))
    return mean + gain @ v, S - gain @ AS


def run_filter(case: Case) -> Path:
    path = Path(
        np.empty((N, P + 1, M)),
        np.empty((N, P + 1, M, M)),
        np.empty((N, P)),
        np.zeros((N, P)),
        np.empty((N, P, M)),
    )
    assert gaussian.filter_path(*case.inputs(), path)
    return path


def test_loglike_is_the_joint_normal_density(case: Case) -> None:
    _, _, v, _, V = joint(case)
    expected = -0.5 * (v.size * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + v @ np.linalg.solve(V, v))
    per_period = np.empty(N)
    assert gaussian.loglike(*case.inputs(), per_period) == pytest.approx(expected, rel=RTOL)
    assert per_period.sum() == pytest.approx(expected, rel=RTOL)


def test_loglike_is_minus_infinity_without_variance(case: Case) -> None:
    pattern, system, _, sample = case.inputs()
    flat = system._replace(h=np.zeros(P), q=np.zeros_like(system.q))
    assert gaussian.loglike(pattern, flat, np.zeros((M, M)), sample, np.empty(N)) == -np.inf


def test_filter_is_the_conditional_distribution(case: Case) -> None:
    path = run_filter(case)
    for t in range(N):
        part = slice((t + 1) * M, (t + 2) * M)
        for stage, upto in ((0, t), (P, t + 1)):
            mean, cov = conditional(case, upto)
            np.testing.assert_allclose(path.a[t, stage], mean[part], rtol=RTOL, atol=1e-12)
            np.testing.assert_allclose(path.P[t, stage], cov[part, part], rtol=RTOL, atol=1e-12)


def test_smoother_is_the_conditional_distribution(case: Case) -> None:
    path = run_filter(case)
    r, big_n = np.empty((N + 1, M)), np.empty((N + 1, M, M))
    u, d = np.empty((N, P)), np.empty((N, P))
    pattern, system, P0, sample = case.inputs()
    gaussian.smooth_path(pattern, system, sample, path, r, big_n, u, d)
    mean, cov = conditional(case)
    np.testing.assert_allclose(case.a0 + P0 @ r[0], mean[:M], rtol=RTOL, atol=1e-12)
    for t in range(N):
        part = slice((t + 1) * M, (t + 2) * M)
        predicted = path.P[t, 0]
        np.testing.assert_allclose(path.a[t, 0] + predicted @ r[t + 1], mean[part], rtol=RTOL, atol=1e-11)
        smoothed = predicted - predicted @ big_n[t + 1] @ predicted
        np.testing.assert_allclose(smoothed, cov[part, part], rtol=1e-9, atol=1e-11)
    assert np.isnan(u).tolist() == np.isnan(case.sample.y).tolist()


def derivative(case: Case) -> tuple[float, System, np.ndarray, np.ndarray]:
    pattern, system, P0, sample = case.inputs()
    out, by_scale = System(*(np.zeros_like(part) for part in system)), np.zeros(N)
    by_cov = np.empty((M, M))
    value = gaussian.score(pattern, system, P0, sample, run_filter(case), out, by_scale, by_cov)
    return value, out, by_scale, by_cov


def difference(f, h=1e-3):  # sixth order: the truncation is far below the tolerance
    return (45 * (f(h) - f(-h)) - 9 * (f(2 * h) - f(-2 * h)) + (f(3 * h) - f(-3 * h))) / (60 * h)


def directions() -> list[np.ndarray]:
    """Every symmetric direction of the initial covariance that moves one entry and its mirror image."""
    unit = np.eye(M)
    return [np.outer(unit[i], unit[j]) + np.outer(unit[j], unit[i]) for i in range(M) for j in range(i + 1)]


def test_score_is_the_derivative_in_every_entry(case: Case) -> None:
    pattern, system, P0, sample = case.inputs()
    value, out, by_scale, _ = derivative(case)
    assert value == pytest.approx(gaussian.loglike(pattern, system, P0, sample, np.empty(N)), rel=RTOL)

    for name, exact in out._asdict().items():
        for k in range(exact.size):

            def shifted(h, name=name, k=k):
                part = getattr(system, name).copy()
                part[k] += h
                changed = system._replace(**{name: part})
                return gaussian.loglike(pattern, changed, P0, sample, np.empty(N))

            assert exact[k] == pytest.approx(difference(shifted), rel=1e-7, abs=1e-9), (name, k)
    for t in range(N):

        def rescaled(h, t=t):
            scale = sample.scale.copy()
            scale[t] += h
            return gaussian.loglike(pattern, system, P0, sample._replace(scale=scale), np.empty(N))

        assert by_scale[t] == pytest.approx(difference(rescaled), rel=1e-7, abs=1e-9)


def test_forward_derivative_adds_up_to_the_backward_one(case: Case) -> None:
    pattern, system, P0, sample = case.inputs()
    _, out, by_scale, by_cov = derivative(case)
    path = run_filter(case)
    for name, exact in out._asdict().items():
        for k in range(exact.size):
            direction = System(*(np.zeros_like(part) for part in system))
            getattr(direction, name)[k] = 1.0
            per_period = np.empty(N)
            gaussian.score_per_period(
                pattern, system, direction, P0, np.zeros((M, M)), sample, np.zeros(N), path, per_period
            )
            assert per_period.sum() == pytest.approx(exact[k], rel=1e-9, abs=1e-11)
    zero = System(*(np.zeros_like(part) for part in system))
    per_period = np.empty(N)
    gaussian.score_per_period(
        pattern, system, zero, P0, np.zeros((M, M)), sample, np.ones(N), path, per_period
    )
    assert per_period.sum() == pytest.approx(by_scale.sum(), rel=1e-9)
    for change in directions():
        gaussian.score_per_period(pattern, system, zero, P0, change, sample, np.zeros(N), path, per_period)
        assert per_period.sum() == pytest.approx((by_cov * change).sum(), rel=1e-9, abs=1e-11)


def test_score_is_the_derivative_in_the_initial_covariance(case: Case) -> None:
    pattern, system, P0, sample = case.inputs()
    by_cov = derivative(case)[-1]
    np.testing.assert_array_equal(by_cov, by_cov.T)
    for change in directions():

        def moved(h, change=change):
            return gaussian.loglike(pattern, system, P0 + h * change, sample, np.empty(N))

        assert (by_cov * change).sum() == pytest.approx(difference(moved), rel=1e-7, abs=1e-9)


def test_per_period_score_follows_the_initial_covariance(case: Case) -> None:
    pattern, system, P0, sample = case.inputs()
    path, zero = run_filter(case), System(*(np.zeros_like(part) for part in system))
    for change in directions():

        def moved(h, change=change):
            per_period = np.empty(N)
            gaussian.loglike(pattern, system, P0 + h * change, sample, per_period)
            return per_period

        exact = np.empty(N)
        gaussian.score_per_period(pattern, system, zero, P0, change, sample, np.zeros(N), path, exact)
        np.testing.assert_allclose(exact, difference(moved), rtol=1e-7, atol=1e-9)


def test_any_number_of_states_has_the_density_of_its_joint_distribution() -> None:
    """States that nothing observes or moves change nothing, wherever the padding of rows falls."""
    rng = np.random.default_rng(8)
    y = rng.normal(size=(N, 1))
    expected = None
    for m in range(1, 19):
        Z, T = np.eye(1, m), np.zeros((m, m))
        T[0, 0] = 0.9
        Q = np.zeros((m, m))
        Q[0, 0] = 0.4
        root = rng.normal(size=(m, m))
        P0 = root @ root.T
        P0[0], P0[:, 0] = 0.0, 0.0
        P0[0, 0] = 2.0
        one = Case(
            Z, np.zeros((1, 1)), np.array([0.5]), T, np.zeros(m), Q, np.zeros(m), P0,
            Sample(y, np.zeros((N, 1)), np.ones(N), NOTHING), np.zeros((m, 1)), np.zeros((m, m)),
        )  # fmt: skip
        per_period = np.empty(N)
        gaussian.loglike(*one.inputs(), per_period)
        expected = per_period if expected is None else expected
        np.testing.assert_allclose(per_period, expected, rtol=RTOL)


def test_simulation_without_noise_follows_the_equations(case: Case) -> None:
    pattern, system, _, sample = case.inputs()
    states, y = np.empty((N, M)), np.empty((N, P))
    as_given = np.full(sample.x.shape[1], -1)
    noise = np.zeros((N, M)), np.zeros((N, P))
    simulation.simulate(pattern, system, sample, as_given, as_given, case.a0, *noise, states, y)
    a = case.a0
    for t in range(N):
        a = case.T @ a + case.c + case.B @ sample.x[t]
        np.testing.assert_allclose(states[t], a, rtol=RTOL)
        np.testing.assert_allclose(y[t], case.Z @ a + case.D @ sample.x[t], rtol=RTOL)


@pytest.mark.parametrize("copies", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("m", [1, 3, 4, 5, 8, 9])
def test_covariances_are_symmetric_to_the_last_bit_and_those_of_the_formulas(m: int, copies: float) -> None:
    """Whether rows of the transition are copies of a state, sums of two, a multiple of one, or empty."""
    rng = np.random.default_rng(10 * m + int(10 * copies))
    T = np.zeros((m, m))
    for i in range(m):
        kind = 0 if rng.random() < copies else rng.integers(1, 4)
        places = rng.integers(0, m, 2)
        T[i, places[0]] = 1.0 if kind == 0 else 0.7 * (kind != 3)
        if kind == 1:
            T[i, places[1]] += 0.3
    root, load = rng.normal(size=(m, m)), rng.normal(size=(m, 2))
    one = Case(
        rng.normal(size=(P, m)), np.zeros((P, 1)), np.array([0.5, 0.8]), T, np.zeros(m), load @ load.T,
        np.zeros(m), root @ root.T + 1e-14 * np.triu(root),
        Sample(rng.normal(size=(N, P)), np.zeros((N, 1)), np.ones(N), NOTHING), np.zeros((m, 1)),
        np.zeros((m, m)),
    )  # fmt: skip
    path = Path(
        np.empty((N, P + 1, m)),
        np.empty((N, P + 1, m, m)),
        np.empty((N, P)),
        np.zeros((N, P)),
        np.empty((N, P, m)),
    )
    assert gaussian.filter_path(*one.inputs(), path)
    assert (np.swapaxes(path.P, -1, -2) == path.P).all()
    before = one.P0
    for t in range(N):
        np.testing.assert_allclose(path.P[t, 0], T @ before @ T.T + one.Q, rtol=1e-12, atol=1e-12)
        for i in range(P):
            P_i, M_i = path.P[t, i], path.P[t, i] @ one.Z[i]
            gain = M_i / (one.Z[i] @ M_i + one.h[i])
            np.testing.assert_allclose(path.P[t, i + 1], P_i - np.outer(gain, M_i), rtol=1e-10, atol=1e-12)
        before = path.P[t, P]
