"""Derivative of each period's log-likelihood, carried forward beside the filter.

The backward score gives the sum over periods only; the outer product of scores needs each.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True)
def _predict(pattern, system, tangent, a, P, da, dP):
    """Differentiate ``T a + c`` and ``T P T' + Q`` along one direction."""
    m = a.size
    mean, A, dA = tangent.c.copy(), np.zeros((m, m)), np.zeros((m, m))
    for i in range(m):
        for k in range(pattern.t_ptr[i], pattern.t_ptr[i + 1]):
            col = pattern.t_col[k]
            mean[i] += system.t[k] * da[col] + tangent.t[k] * a[col]
            for j in range(m):
                A[i, j] += system.t[k] * P[col, j]
                dA[i, j] += system.t[k] * dP[col, j] + tangent.t[k] * P[col, j]
    out = np.zeros((m, m))
    for j in range(m):
        for k in range(pattern.t_ptr[j], pattern.t_ptr[j + 1]):
            col = pattern.t_col[k]
            for i in range(m):
                out[i, j] += system.t[k] * dA[i, col] + tangent.t[k] * A[i, col]
    for k in range(pattern.q_row.size):
        i, j = pattern.q_row[k], pattern.q_col[k]
        out[i, j] += tangent.q[k]
        if i != j:
            out[j, i] += tangent.q[k]
    return mean, out


@njit(cache=True)
def _update(pattern, system, tangent, sample, path, t, i, dscale, da, dP):
    """Differentiate through one observation; ``da`` and ``dP`` are updated, the term returned."""
    m = da.size
    a, P, M, v, F = path.a[t, i], path.P[t, i], path.M[t, i], path.v[t, i], path.F[t, i]
    s = sample.scale[t]
    dF, dv, dM = s * s * tangent.h[i] + 2.0 * s * dscale * system.h[i], 0.0, np.zeros(m)
    for k in range(pattern.d_ptr[i], pattern.d_ptr[i + 1]):
        dv -= tangent.d[k] * sample.x[t, pattern.d_col[k]]
    for k in range(pattern.z_ptr[i], pattern.z_ptr[i + 1]):
        col = pattern.z_col[k]
        dv -= tangent.z[k] * a[col] + system.z[k] * da[col]
        dF += tangent.z[k] * M[col]
        for j in range(m):
            dM[j] += system.z[k] * dP[col, j] + tangent.z[k] * P[col, j]
    for k in range(pattern.z_ptr[i], pattern.z_ptr[i + 1]):
        dF += system.z[k] * dM[pattern.z_col[k]]
    for j in range(m):
        da[j] += (dM[j] * v + M[j] * dv - M[j] * v * dF / F) / F
        for k in range(m):
            dP[j, k] += (M[j] * M[k] * dF / F - dM[j] * M[k] - M[j] * dM[k]) / F
    return -0.5 * (dF / F + 2.0 * v * dv / F - v * v * dF / (F * F))


@njit(cache=True)
def score_per_period(pattern, system, tangent, P0, sample, dscale, path, out):
    """Fill ``out`` (n,) with the derivative of each log-likelihood term along one direction.

    ``tangent`` is the derivative of the system's values and ``dscale`` (n,) that of the
    measurement scale; ``path`` comes from the filter at the same parameters.
    """
    n, p = sample.y.shape
    a, P = system.a0, P0
    da, dP = tangent.a0.copy(), np.zeros_like(P0)
    for t in range(n):
        da, dP = _predict(pattern, system, tangent, a, P, da, dP)
        out[t] = 0.0
        for i in range(p):
            if not math.isnan(sample.y[t, i]):
                out[t] += _update(pattern, system, tangent, sample, path, t, i, dscale[t], da, dP)
        a, P = path.a[t, p], path.P[t, p]
