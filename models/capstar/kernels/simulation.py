"""Draw states and observations from the model with given noise."""

from __future__ import annotations

import math

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
