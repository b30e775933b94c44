"""Draw states and observations from the model with given noise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from capstar.kernels.arrays import Floats, Pattern, Sample, System
from capstar.kernels.compiling import kernel, step

Ints = npt.NDArray[np.int64]


def simulate(
    pattern: Pattern, system: System, sample: Sample, own: Ints, lag: Ints, a: Floats, state_noise: Floats,
    obs_noise: Floats, states: Floats, y: Floats,
) -> None:  # fmt: skip
    """Fill ``states`` (n, m) and ``y`` (n, p) from a given first state and given noise.

    ``state_noise`` (n, m) is added to the state as it is; ``obs_noise`` (n, p) is standard
    normal and multiplied by the measurement standard deviation.  Regressor ``k`` is overwritten in
    ``sample.x`` with element ``own[k]`` of the ``y`` drawn ``lag[k]`` periods before, where ``own[k]`` is not
    negative; ``lag[k]`` of 0 is an element of the same period that comes before those which read it.
    """
    n, p = obs_noise.shape
    errors = sample.scale[:, None] * np.sqrt(system.h) * obs_noise
    gain, drawn = np.zeros((n, p, a.size)), np.empty((n, p + 1))
    nothing, rule, deviation = np.zeros(a.size), np.zeros(1), np.zeros(n)
    draw(
        pattern, system, sample.x, sample.reset, own, lag, a, state_noise, errors, gain, nothing, rule, deviation,
        states, drawn,
    )  # fmt: skip
    y[:] = drawn[:, :p]


def simulate_innovations(
    pattern: Pattern, system: System, sample: Sample, own: Ints, lag: Ints, a: Floats, F: Floats, M: Floats,
    shocks: Floats, report: Floats, rule: Floats, rule_shocks: Floats, past: Floats, filtered: Floats,
    y: Floats,
) -> None:  # fmt: skip
    """Fill ``filtered`` (n, m) and ``y`` (n, p + 1) from given standardised innovations (n, p).

    The innovations form of the model: gains ``M / F`` are those of the filter, ``a`` is the filtered state before
    the sample.  Column p of ``y`` follows a rule: ``report`` (m,) times the filtered state, plus a deviation that is
    an autoregression with constant ``rule[0]``, coefficients ``rule[1:]``, given shocks (n,) and, before the sample,
    the values ``past`` with the latest last.  Regressors that are lags of ``y`` are overwritten as in `simulate`.
    """
    noise, deviation = np.zeros(filtered.shape), np.concatenate([past, rule_shocks])
    errors, gain = np.sqrt(F) * shocks, M / F[:, :, None]
    given = (np.ascontiguousarray(each, dtype=float) for each in (report, rule))
    draw(
        pattern, system, sample.x, sample.reset, own, lag, a, noise, errors, gain, *given, deviation, filtered, y
    )  # fmt: skip


@step
def _before(pattern, reset, t, a, states, i):
    """A state of the period before; zero where it is reset."""
    value = states[t - 1, i] if t > 0 else a[i]
    for k in range(pattern.reset.size):
        if reset[t, k] and pattern.reset[k] == i:
            value = 0.0
    return value


@kernel
def draw(pattern, system, x, reset, own, lag, a, noise, errors, gain, report, rule, deviation, states, y):
    """Run the transition with ``noise``, observe with ``errors``, and move the state by ``gain`` times each error.

    ``deviation`` holds past values and then the shocks of its autoregression, which its values replace.
    """
    n, p = errors.shape
    m = a.size
    for t in range(n):
        for i in range(m):
            total = system.c[i] + noise[t, i]
            for k in range(pattern.t_ptr[i], pattern.t_ptr[i + 1]):
                total += system.t[k] * _before(pattern, reset, t, a, states, pattern.t_col[k])
            states[t, i] = total
        for k in range(pattern.b_row.size):
            column = pattern.b_col[k]
            if own[column] >= 0 and t >= lag[column]:
                x[t, column] = y[t - lag[column], own[column]]
            states[t, pattern.b_row[k]] += system.b[k] * x[t, column]
        now = deviation.size - n + t
        y[t, p] = deviation[now] + rule[0]
        for j in range(1, rule.size):
            y[t, p] += rule[j] * deviation[now - j]
        deviation[now] = y[t, p]
        for i in range(p):
            total = errors[t, i]
            for k in range(pattern.d_ptr[i], pattern.d_ptr[i + 1]):
                column = pattern.d_col[k]
                if own[column] >= 0 and t >= lag[column]:
                    x[t, column] = y[t - lag[column], own[column]]
                total += system.d[k] * x[t, column]
            for k in range(pattern.z_ptr[i], pattern.z_ptr[i + 1]):
                total += system.z[k] * states[t, pattern.z_col[k]]
            y[t, i] = total
            for j in range(m):
                states[t, j] += gain[t, i, j] * errors[t, i]
        for i in range(m):
            y[t, p] += report[i] * states[t, i]
