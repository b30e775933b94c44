"""Likelihood, score, filter and smoother of HLW 2017, last stage, beside statsmodels and a loop written by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import numba
import numpy as np
import pytest

from capstar.kernels import gaussian
from capstar.kernels.arrays import System
from capstar.statespace.smoothing import estimate_states

M = 7  # states of HLW 2017, last stage: y*, y*(-1), y*(-2), g(-1), g(-2), z(-1), z(-2)
SOURCE = (0, 0, 1, 3, 3, 5, 5)  # what each state was a quarter ago; y* is also g more


@numba.njit(error_model="numpy")
def by_hand(theta, mean, P0, y, x, P, A, a, M1):  # noqa: PLR0912
    """Log-likelihood of HLW 2017, last stage, as one writes it for this model alone: its own zeros, two observations.

    ``x`` holds four lags of inflation and two of the real rate and of output; ``P``, ``A`` (7, 7), ``a`` and ``M1``
    (7,) are overwritten.
    """
    a_1, a_2, a_r, b_pi, b_y, s_y, s_pi, s_star, c, lambda_g, lambda_z = theta
    third, var_g, var_z = (1.0 - b_pi) / 3.0, (lambda_g * s_star) ** 2, (lambda_z * s_y / a_r) ** 2
    z = (1.0, -a_1, -a_2, -2.0 * a_r * c, -2.0 * a_r * c, -a_r / 2.0, -a_r / 2.0)
    a[:], P[:] = mean, P0
    total = 0.0
    for t in range(len(y)):
        a[2], a[1], a[0] = a[1], a[0], a[0] + a[3]
        a[4], a[6] = a[3], a[5]
        for i in range(M):
            for j in range(M):
                A[i, j] = P[SOURCE[i], j]
        for j in range(M):
            A[0, j] += P[3, j]
        for i in range(M):
            for j in range(M):
                P[i, j] = A[i, SOURCE[j]]
            P[i, 0] += A[i, 3]
        P[0, 0] += s_star * s_star + var_g
        P[0, 3] += var_g
        P[3, 0] += var_g
        P[3, 3] += var_g
        P[5, 5] += var_z
        v = y[t, 0] - a_1 * x[t, 6] - a_2 * x[t, 7] - a_r / 2.0 * (x[t, 4] + x[t, 5])
        F = s_y * s_y
        for i in range(M):
            M1[i] = 0.0
            for j in range(M):
                M1[i] += P[i, j] * z[j]
        for i in range(M):
            v -= z[i] * a[i]
            F += z[i] * M1[i]
        for i in range(M):
            gain = M1[i] / F
            a[i] += gain * v
            for j in range(M):
                P[i, j] -= gain * M1[j]
        w = y[t, 1] - b_pi * x[t, 0] - third * (x[t, 1] + x[t, 2] + x[t, 3]) - b_y * (x[t, 6] - a[1])
        G = s_pi * s_pi + b_y * b_y * P[1, 1]
        for i in range(M):
            M1[i] = -b_y * P[i, 1]
        for i in range(M):
            gain = M1[i] / G
            a[i] += gain * w
            for j in range(M):
                P[i, j] -= gain * M1[j]
        total -= math.log(2.0 * math.pi) + 0.5 * (math.log(F) + math.log(G) + v * v / F + w * w / G)
    return total


@numba.njit(error_model="numpy")
def dense_by_hand(Z, H, T, Q, mean, P0, y, d):
    """The same as textbooks have it: dense matrices, both observations at once."""
    a, P, total = mean, P0, 0.0
    for t in range(len(y)):
        a, P = T @ a, T @ P @ T.T + Q
        v, M1 = y[t] - d[t] - Z @ a, P @ Z.T
        F = Z @ M1 + H
        gain = M1 @ np.linalg.inv(F)
        a, P = a + gain @ v, P - gain @ M1.T
        total -= math.log(2.0 * math.pi) + 0.5 * (math.log(np.linalg.det(F)) + v @ np.linalg.inv(F) @ v)
    return total


def loglike_call(problem, theta) -> Callable[[], float]:
    inputs, out = problem.inputs(theta), np.empty(problem.nobs)
    return lambda: gaussian.loglike(*inputs, out)


def hand_call(problem, theta) -> Callable[[], float]:
    room = np.empty((M, M)), np.empty((M, M)), np.empty(M), np.empty(M)
    args = tuple(theta.tolist()), problem.initial_mean, problem.initial_cov, problem.y, problem.x
    return lambda: by_hand(*args, *room)


def dense_call(problem, theta) -> Callable[[], float]:
    values = problem.values(theta)
    block = {name: problem.model.blocks[name].dense(values) for name in "ZDHTG"}
    args = (
        *(np.ascontiguousarray(one) for one in (
            block["Z"], np.diag(block["H"][:, 0]), block["T"], block["G"] @ block["G"].T, problem.initial_mean,
            problem.initial_cov, problem.y, problem.x @ block["D"].T,
        )),
    )  # fmt: skip
    return lambda: dense_by_hand(*args)


def test_likelihood_against_statsmodels(against, hlw2017, likelihood_unit) -> None:
    unit, called = likelihood_unit
    one = against(loglike_call(*hlw2017), unit, called)
    assert one.found == pytest.approx(unit(), abs=1e-9)
    print(f"statsmodels takes {1 / one.ratio:.1f} times as long (aim: at least 10)")


def test_likelihood_against_a_loop_by_hand(against, timed, fastest, hlw2017) -> None:
    problem, theta = hlw2017
    assert problem.model.states[3:5] == (("g", -1), ("g", -2))
    hand, dense = hand_call(problem, theta), dense_call(problem, theta)
    one = against(loglike_call(problem, theta), hand, "loops by hand")
    assert one.found == pytest.approx(hand(), abs=1e-9)
    assert one.found == pytest.approx(dense(), abs=1e-9)
    if timed:
        print(
            f"log-likelihood {one.ratio:.2f} loops by hand with the model's zeros (aim: at most 1.3), "
            f"{fastest(hand, 500) * 1e6:.1f} us; by hand with dense matrices {fastest(dense, 50) * 1e6:.1f} us"
        )


def test_score_costs_few_likelihoods(against, timed, fastest, hlw2017, likelihood_unit) -> None:
    problem, theta = hlw2017
    n, m = problem.nobs, len(problem.model.states)
    inputs, path = problem.inputs(theta), problem.empty_path()
    out, by_scale, by_cov = (
        System(*(np.zeros_like(part) for part in inputs.system)),
        np.zeros(n),
        np.empty((m, m)),
    )
    ours = loglike_call(problem, theta)
    one = against(lambda: gaussian.score(*inputs, path, out, by_scale, by_cov), *likelihood_unit)
    assert one.found == pytest.approx(ours(), abs=1e-9)
    if timed:
        print(f"score: {one.seconds / fastest(ours, 500):.1f} likelihoods (aim: at most 5)")


def test_filter(against, hlw2017, statsmodels_model) -> None:
    problem, theta = hlw2017
    model, inputs, path = statsmodels_model(problem, theta), problem.inputs(theta), problem.empty_path()
    one = against(lambda: gaussian.filter_path(*inputs, path), model.filter, "filters of statsmodels")
    assert one.found
    np.testing.assert_allclose(path.a[:, -1], model.filter().filtered_state.T, rtol=1e-8, atol=1e-8)


def test_smoother(against, hlw2017, statsmodels_model) -> None:
    problem, theta = hlw2017
    model = statsmodels_model(problem, theta)
    one = against(lambda: estimate_states(problem, theta), model.smooth, "smoothers of statsmodels")
    np.testing.assert_allclose(one.found.smoothed, model.smooth().smoothed_state.T, rtol=1e-8, atol=1e-8)
