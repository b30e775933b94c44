"""Draw states and observations from the model with given noise."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True)
def simulate(pattern, system, sample, own, lag, a, state_noise, obs_noise, states, y):
    """Fill ``states`` (n, m) and ``y`` (n, p) from a given first state and given noise.

    ``state_noise`` (n, m) is added to the state as it is; ``obs_noise`` (n, p) is standard
    normal and multiplied by the measurement standard deviation.  Regressor ``k`` is overwritten in
    ``sample.x`` with element ``own[k]`` of the ``y`` drawn ``lag[k]`` periods before, where ``own[k]`` is not
    negative.
    """
    n, p = obs_noise.shape
    m = a.size
    previous = a.copy()
    for t in range(n):
        for i in range(m):
            states[t, i] = system.c[i] + state_noise[t, i]
            for k in range(pattern.t_ptr[i], pattern.t_ptr[i + 1]):
                states[t, i] += system.t[k] * previous[pattern.t_col[k]]
        for k in range(own.size):
            if own[k] >= 0 and t >= lag[k]:
                sample.x[t, k] = y[t - lag[k], own[k]]
        for i in range(p):
            y[t, i] = sample.scale[t] * math.sqrt(system.h[i]) * obs_noise[t, i]
            for k in range(pattern.d_ptr[i], pattern.d_ptr[i + 1]):
                y[t, i] += system.d[k] * sample.x[t, pattern.d_col[k]]
            for k in range(pattern.z_ptr[i], pattern.z_ptr[i + 1]):
                y[t, i] += system.z[k] * states[t, pattern.z_col[k]]
        for i in range(m):
            previous[i] = states[t, i]


@njit(cache=True)
def simulate_innovations(
    pattern, system, sample, own, lag, a, F, M, shocks, report, rule, rule_shocks, past, filtered, y
):
    """Fill ``filtered`` (n, m) and ``y`` (n, p + 1) from given standardised innovations (n, p).

    The innovations form of the model: gains ``M / F`` are those of the filter, ``a`` is the filtered state before
    the sample.  Column p of ``y`` follows a rule: ``report`` (m,) times the filtered state, plus a deviation that is
    an autoregression with constant ``rule[0]``, coefficients ``rule[1:]``, given shocks (n,) and, before the sample,
    the values ``past`` with the latest last.  Regressors that are lags of ``y`` are overwritten as in `simulate`.
    """
    n, p = shocks.shape
    m = a.size
    state = a.copy()
    following = np.empty(m)
    deviation = np.concatenate((past, np.zeros(n)))
    for t in range(n):
        for i in range(m):
            following[i] = system.c[i]
            for k in range(pattern.t_ptr[i], pattern.t_ptr[i + 1]):
                following[i] += system.t[k] * state[pattern.t_col[k]]
        state[:] = following
        for k in range(own.size):
            if own[k] >= 0 and t >= lag[k]:
                sample.x[t, k] = y[t - lag[k], own[k]]
        for i in range(p):
            v = math.sqrt(F[t, i]) * shocks[t, i]
            y[t, i] = v
            for k in range(pattern.d_ptr[i], pattern.d_ptr[i + 1]):
                y[t, i] += system.d[k] * sample.x[t, pattern.d_col[k]]
            for k in range(pattern.z_ptr[i], pattern.z_ptr[i + 1]):
                y[t, i] += system.z[k] * state[pattern.z_col[k]]
            for j in range(m):
                state[j] += M[t, i, j] * (v / F[t, i])
        filtered[t] = state
        now = past.size + t
        deviation[now] = rule[0] + rule_shocks[t]
        for j in range(1, rule.size):
            deviation[now] += rule[j] * deviation[now - j]
        y[t, p] = deviation[now]
        for i in range(m):
            y[t, p] += report[i] * state[i]
