"""Derivative of each period's log-likelihood, carried forward beside the filter.

The backward score gives the sum over periods only; the outer product of scores needs each.  ``dims`` and the
flat matrices are those of `capstar.kernels.gaussian`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

_KERNEL: dict[str, Any] = {"cache": True, "error_model": "numpy", "nogil": True}
_INLINE: dict[str, Any] = {**_KERNEL, "inline": "always"}


@njit(**_INLINE)
def _times(dims, pattern, value, X, A):
    """``A = T X`` for compressed rows ``T`` with the values given."""
    m = len(dims)
    for i in range(m):
        for j in range(m):
            A[i * m + j] = 0.0
        for k in range(pattern.t_ptr[i], pattern.t_ptr[i + 1]):
            weight, source = value[k], np.int64(pattern.t_col[k])
            for j in range(m):
                A[i * m + j] += weight * X[source * m + j]


@njit(**_INLINE)
def _predict(dims, pattern, system, tangent, moving, a, P, da, dP, da_next, dP_next, A):
    """Differentiate ``T a + c`` and ``T P T' + Q`` along one direction.

    ``moving`` says whether ``T`` changes along it; ``A`` is scratch.
    """
    m = len(dims)
    _times(dims, pattern, system.t, dP, A)
    for i in range(m):
        da_next[i] = tangent.c[i]
        for k in range(pattern.t_ptr[i], pattern.t_ptr[i + 1]):
            da_next[i] += system.t[k] * da[np.int64(pattern.t_col[k])]
        for j in range(i + 1):
            total = 0.0
            for k in range(pattern.t_ptr[j], pattern.t_ptr[j + 1]):
                total += system.t[k] * A[i * m + np.int64(pattern.t_col[k])]
            dP_next[i * m + j] = total
            dP_next[j * m + i] = total
    if moving:
        _times(dims, pattern, tangent.t, P, A)
        for i in range(m):
            for k in range(pattern.t_ptr[i], pattern.t_ptr[i + 1]):
                da_next[i] += tangent.t[k] * a[np.int64(pattern.t_col[k])]
            for j in range(m):
                total = 0.0
                for k in range(pattern.t_ptr[j], pattern.t_ptr[j + 1]):
                    total += system.t[k] * A[i * m + np.int64(pattern.t_col[k])]
                dP_next[i * m + j] += total
                dP_next[j * m + i] += total
    for k in range(pattern.q_row.size):
        i, j = np.int64(pattern.q_row[k]), np.int64(pattern.q_col[k])
        dP_next[i * m + j] += tangent.q[k]
        if i != j:
            dP_next[j * m + i] += tangent.q[k]


@njit(**_INLINE)
def _update(dims, pattern, system, tangent, sample, path, P, t, i, dscale, da, dP, dM):
    """Differentiate through one observation; ``da`` and ``dP`` are updated, the term returned."""
    m = len(dims)
    v, F, s = path.v[t, i], path.F[t, i], sample.scale[t]
    dF, dv = s * s * tangent.h[i] + 2.0 * s * dscale * system.h[i], 0.0
    for k in range(pattern.d_ptr[i], pattern.d_ptr[i + 1]):
        dv -= tangent.d[k] * sample.x[t, pattern.d_col[k]]
    for j in range(m):
        dM[j] = 0.0
    for k in range(pattern.z_ptr[i], pattern.z_ptr[i + 1]):
        col = np.int64(pattern.z_col[k])
        weight, change = system.z[k], tangent.z[k]
        dv -= change * path.a[t, i, col] + weight * da[col]
        dF += change * path.M[t, i, col]
        for j in range(m):
            dM[j] += weight * dP[col * m + j] + change * P[col * m + j]
    for k in range(pattern.z_ptr[i], pattern.z_ptr[i + 1]):
        dF += system.z[k] * dM[pattern.z_col[k]]
    gain, share = 1.0 / F, dF / F
    for j in range(m):
        M, step = path.M[t, i, j] * gain, dM[j] * gain
        da[j] += step * v + M * (dv - v * share)
        for k in range(m):
            dP[j * m + k] += M * (path.M[t, i, k] * share - dM[k]) - step * path.M[t, i, k]
    return -0.5 * (share + (2.0 * dv - v * share) * v * gain)


@njit(**_KERNEL)
def score_per_period(dims, pattern, system, tangent, P0, dP0, sample, dscale, path, out):
    """Fill ``out`` (n,) with the derivative of each log-likelihood term along one direction.

    ``tangent`` is the derivative of the system's values and ``dscale`` (n,) that of the
    measurement scale; ``path`` comes from the filter at the same parameters.
    """
    m = len(dims)
    n, p = sample.y.shape
    covs = path.P.reshape(n, p + 1, m * m)
    moving = np.any(tangent.t != 0.0)
    a, P = system.a0, P0.copy().reshape(m * m)
    da, dP = tangent.a0.copy(), dP0.copy().reshape(m * m)
    da_next, dP_next, A, dM = np.empty(m), np.empty(m * m), np.empty(m * m), np.empty(m)
    for t in range(n):
        _predict(dims, pattern, system, tangent, moving, a, P, da, dP, da_next, dP_next, A)
        da, da_next, dP, dP_next = da_next, da, dP_next, dP
        out[t] = 0.0
        for i in range(p):
            if not math.isnan(sample.y[t, i]):
                before = covs[t, i]
                out[t] += _update(
                    dims, pattern, system, tangent, sample, path, before, t, i, dscale[t], da, dP, dM
                )
        a, P = path.a[t, p], covs[t, p]
