r"""The linear Gaussian state space, one observation at a time.

.. math::
    y_{ti} = d_i' x_t + z_i' a_t + e_{ti},\quad e_{ti} \sim N(0, s_t^2 h_i),\qquad
    a_t = T a_{t-1} + c + u_t,\quad u_t \sim N(0, Q)

Each element of ``y_t`` updates the state in turn (Koopman and Durbin 2000), so nothing is
inverted and a NaN is passed over.  ``Z``, ``D``, ``T`` are compressed rows, ``Q`` a list of
entries of its lower triangle.  ``dims`` is a tuple whose *length* is the number of states: the
compiler then knows it as a constant and unrolls.  Inside, an (m, m) matrix is one flat array with
row ``i`` at ``i * m``: with the stride a constant as well the loops become vector instructions.

The backward pass carries :math:`r` and :math:`N` of the fixed-interval smoother (Durbin and
Koopman 2012, section 4.4).  They are also the derivatives of the log-likelihood: with respect to
a predicted mean it is :math:`r`, to a predicted covariance :math:`(r r' - N)/2` (Koopman and
Shephard 1992), so smoother, disturbances and exact score share one recursion.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

LOG_2PI = math.log(2.0 * math.pi)
_KERNEL: dict[str, Any] = {"cache": True, "error_model": "numpy", "nogil": True}
# The steps of the forward pass are merged into their loop: 30 microseconds in place of 57.
_INLINE: dict[str, Any] = {**_KERNEL, "inline": "always"}


@njit(**_INLINE)
def _times(dims, ptr, col, value, a, P, mean, A):
    """``mean += T a`` and ``A = T P`` for compressed rows ``T``."""
    m = len(dims)
    for i in range(m):
        if ptr[i] == ptr[i + 1]:
            for j in range(m):
                A[i * m + j] = 0.0
        for k in range(ptr[i], ptr[i + 1]):
            weight, source = value[k], np.int64(col[k])
            mean[i] += weight * a[source]
            if k == ptr[i]:
                for j in range(m):
                    A[i * m + j] = weight * P[source * m + j]
            else:
                for j in range(m):
                    A[i * m + j] += weight * P[source * m + j]


@njit(**_INLINE)
def _predict(dims, pattern, system, a, P, a_next, P_next, A):
    """``a_next = T a + c``, ``P_next = T P T' + Q``; ``A`` is left holding ``T P``."""
    m = len(dims)
    for i in range(m):
        a_next[i] = system.c[i]
    _times(dims, pattern.t_ptr, pattern.t_col, system.t, a, P, a_next, A)
    for i in range(m):
        for j in range(i + 1):
            total = 0.0
            for k in range(pattern.t_ptr[j], pattern.t_ptr[j + 1]):
                total += system.t[k] * A[i * m + np.int64(pattern.t_col[k])]
            P_next[i * m + j] = total
    for k in range(pattern.q_row.size):
        P_next[np.int64(pattern.q_row[k]) * m + np.int64(pattern.q_col[k])] += system.q[k]
    for i in range(m):
        for j in range(i):
            P_next[j * m + i] = P_next[i * m + j]


@njit(**_INLINE)
def _update(dims, pattern, system, sample, t, i, a, P, M):
    """Take in observation ``i`` of period ``t``; returns its innovation and variance.

    The variance is 0, and the state untouched, where it is not positive.
    """
    m = len(dims)
    v = sample.y[t, i]
    for k in range(pattern.d_ptr[i], pattern.d_ptr[i + 1]):
        v -= system.d[k] * sample.x[t, pattern.d_col[k]]
    for j in range(m):
        M[j] = 0.0
    for k in range(pattern.z_ptr[i], pattern.z_ptr[i + 1]):
        weight, source = system.z[k], np.int64(pattern.z_col[k])
        v -= weight * a[source]
        for j in range(m):
            M[j] += weight * P[source * m + j]
    F = sample.scale[t] * sample.scale[t] * system.h[i]
    for k in range(pattern.z_ptr[i], pattern.z_ptr[i + 1]):
        F += system.z[k] * M[pattern.z_col[k]]
    if not F > 0.0:
        return v, 0.0
    gain = 1.0 / F
    for j in range(m):
        a[j] += M[j] * (v * gain)
        step = M[j] * gain
        for k in range(m):
            P[j * m + k] -= step * M[k]
    return v, F


@njit(**_KERNEL)
def loglike(dims, pattern, system, P0, sample, per_period):
    """Log-likelihood, constants included; ``per_period`` (n,) is filled.

    Minus infinity where an innovation variance is not positive.
    """
    m = len(dims)
    n, p = sample.y.shape
    a, P = system.a0.copy(), P0.copy().reshape(m * m)
    a_next, A, M = np.empty(m), np.empty(m * m), np.empty(m)
    total = 0.0
    for t in range(n):
        _predict(dims, pattern, system, a, P, a_next, P, A)
        a, a_next = a_next, a
        square, volume, seen = 0.0, 1.0, 0
        for i in range(p):
            if math.isnan(sample.y[t, i]):
                continue
            v, F = _update(dims, pattern, system, sample, t, i, a, P, M)
            if F == 0.0:
                per_period[t:] = -np.inf
                return -np.inf
            square += v * v / F
            volume *= F
            seen += 1
        per_period[t] = -0.5 * (seen * LOG_2PI + math.log(volume) + square)
        total += per_period[t]
    return total


@njit(**_INLINE)
def _record(dims, means, covs, t, i, a, P):
    m = len(dims)
    for j in range(m):
        means[t, i, j] = a[j]
    for j in range(m * m):
        covs[t, i, j] = P[j]


@njit(**_INLINE)
def _recall(dims, means, covs, t, i, a, P):
    m = len(dims)
    for j in range(m):
        a[j] = means[t, i, j]
    for j in range(m * m):
        P[j] = covs[t, i, j]


@njit(**_KERNEL)
def filter_path(dims, pattern, system, P0, sample, path):
    """Kalman filter that keeps its path; returns False where a variance is not positive."""
    m = len(dims)
    n, p = sample.y.shape
    covs = path.P.reshape(n, p + 1, m * m)
    a, P = system.a0.copy(), P0.copy().reshape(m * m)
    a_next, A, M = np.empty(m), np.empty(m * m), np.empty(m)
    for t in range(n):
        _predict(dims, pattern, system, a, P, a_next, P, A)
        a, a_next = a_next, a
        _record(dims, path.a, covs, t, 0, a, P)
        for i in range(p):
            path.F[t, i], path.v[t, i] = 0.0, np.nan
            if not math.isnan(sample.y[t, i]):
                v, F = _update(dims, pattern, system, sample, t, i, a, P, M)
                if F == 0.0:
                    return False
                path.v[t, i], path.F[t, i] = v, F
                for j in range(m):
                    path.M[t, i, j] = M[j]
            _record(dims, path.a, covs, t, i + 1, a, P)
    return True


@njit(**_KERNEL)
def _loglike_of_path(path):
    total = 0.0
    for t in range(path.F.shape[0]):
        square, volume, seen = 0.0, 1.0, 0
        for i in range(path.F.shape[1]):
            if path.F[t, i] > 0.0:
                square += path.v[t, i] ** 2 / path.F[t, i]
                volume *= path.F[t, i]
                seen += 1
        total -= 0.5 * (seen * LOG_2PI + math.log(volume) + square)
    return total


@njit(**_INLINE)
def _observe_back(dims, pattern, system, i, v, F, M, r, N, q, z_row):
    """Smoothing error and its variance of one observation, from ``r`` and ``N`` of after it.

    ``q`` is left holding ``N K`` and ``z_row`` the loadings as a dense row.
    """
    m = len(dims)
    gain = 1.0 / F
    for j in range(m):
        z_row[j] = 0.0
        q[j] = 0.0
    for j in range(m):
        weight = M[j] * gain
        for k in range(m):
            q[k] += N[j * m + k] * weight
    Kr, KNK = 0.0, 0.0
    for j in range(m):
        Kr += r[j] * M[j]
        KNK += q[j] * M[j]
    for k in range(pattern.z_ptr[i], pattern.z_ptr[i + 1]):
        z_row[pattern.z_col[k]] = system.z[k]
    return (v - Kr) * gain, (1.0 + KNK) * gain


@njit(**_KERNEL)
def _absorb(dims, u, D, q, z_row, r, N):
    """``r += z'u`` and ``N += D z'z - z'q' - q z``."""
    m = len(dims)
    for j in range(m):
        r[j] += z_row[j] * u
        left, right = z_row[j], q[j]
        for k in range(m):
            N[j * m + k] += left * (D * z_row[k] - q[k]) - right * z_row[k]


@njit(**_INLINE)
def _predict_back(dims, pattern, system, r, N, r_next, N_next, B):
    """``r_next = T' r`` and ``N_next = T' N T``."""
    m = len(dims)
    for i in range(m):
        r_next[i] = 0.0
    for i in range(m * m):
        B[i] = 0.0
    for i in range(m):
        for k in range(pattern.t_ptr[i], pattern.t_ptr[i + 1]):
            weight, source = system.t[k], np.int64(pattern.t_col[k])
            r_next[source] += weight * r[i]
            for j in range(m):
                B[source * m + j] += weight * N[i * m + j]
    for i in range(m * m):
        N_next[i] = 0.0
    for i in range(m):
        for k in range(pattern.t_ptr[i], pattern.t_ptr[i + 1]):
            weight, source = system.t[k], np.int64(pattern.t_col[k])
            for j in range(m):
                N_next[source * m + j] += weight * B[j * m + i]


@njit(**_KERNEL)
def _grad_observation(dims, pattern, system, sample, path, covs, t, i, u, D, r, q, w, out, out_scale):
    """Differentiate through one observation; ``r`` and ``q`` are of after it, ``w`` is scratch."""
    m = len(dims)
    s, excess = sample.scale[t], u * u - D
    out.h[i] += 0.5 * s * s * excess
    out_scale[t] += s * system.h[i] * excess
    for k in range(pattern.d_ptr[i], pattern.d_ptr[i + 1]):
        out.d[k] += u * sample.x[t, pattern.d_col[k]]
    for j in range(m):
        w[j] = u * r[j] + q[j]
    for k in range(pattern.z_ptr[i], pattern.z_ptr[i + 1]):
        source = np.int64(pattern.z_col[k])
        total = u * path.a[t, i, source] + excess * path.M[t, i, source]
        for j in range(m):
            total += covs[t, i, source * m + j] * w[j]
        out.z[k] += total


@njit(**_KERNEL)
def _grad_prediction(dims, pattern, system, a, P, r, N, mean, A, out):
    """Differentiate through ``T a + c`` and ``T P T' + Q``; ``mean`` and ``A`` are scratch."""
    m = len(dims)
    for k in range(pattern.q_row.size):
        i, j = np.int64(pattern.q_row[k]), np.int64(pattern.q_col[k])
        half = 0.5 if i == j else 1.0
        out.q[k] += half * (r[i] * r[j] - N[i * m + j])
    _times(dims, pattern.t_ptr, pattern.t_col, system.t, a, P, mean, A)
    for i in range(m):
        out.c[i] += r[i]
        mean[i] = 0.0
    for j in range(m):
        for i in range(m):
            mean[i] += r[j] * A[j * m + i]
    for i in range(m):
        for k in range(pattern.t_ptr[i], pattern.t_ptr[i + 1]):
            source = np.int64(pattern.t_col[k])
            total = r[i] * (a[source] + mean[source])
            for j in range(m):
                total -= N[i * m + j] * A[j * m + source]
            out.t[k] += total


@njit(**_KERNEL)
def score(dims, pattern, system, P0, sample, path, out, out_scale, out_P0):
    """Log-likelihood and its exact derivative with respect to every system value.

    ``path`` is written; ``out`` (a zeroed `System`) and ``out_scale`` (n,) are added to.
    """
    m = len(dims)
    n, p = sample.y.shape
    if not filter_path(dims, pattern, system, P0, sample, path):
        return -np.inf
    covs = path.P.reshape(n, p + 1, m * m)
    r, N, r_next, N_next = np.zeros(m), np.zeros(m * m), np.empty(m), np.empty(m * m)
    A, q, w, z_row = np.empty(m * m), np.empty(m), np.empty(m), np.empty(m)
    a, P, M = np.empty(m), np.empty(m * m), np.empty(m)
    for t in range(n - 1, -1, -1):
        for i in range(p - 1, -1, -1):
            if path.F[t, i] == 0.0:
                continue
            for j in range(m):
                M[j] = path.M[t, i, j]
            u, D = _observe_back(dims, pattern, system, i, path.v[t, i], path.F[t, i], M, r, N, q, z_row)
            _grad_observation(dims, pattern, system, sample, path, covs, t, i, u, D, r, q, w, out, out_scale)
            _absorb(dims, u, D, q, z_row, r, N)
        if t > 0:
            _recall(dims, path.a, covs, t - 1, p, a, P)
        else:
            a[:] = system.a0
            P[:] = P0.reshape(m * m)
        _grad_prediction(dims, pattern, system, a, P, r, N, w, A, out)
        _predict_back(dims, pattern, system, r, N, r_next, N_next, A)
        r, r_next, N, N_next = r_next, r, N_next, N
    for i in range(m):
        out.a0[i] += r[i]
        for j in range(m):
            out_P0[i, j] = 0.5 * (r[i] * r[j] - N[i * m + j])
    return _loglike_of_path(path)


@njit(**_KERNEL)
def smooth_path(dims, pattern, system, path, r_path, N_path, u, D):
    """Backward pass of the smoother.

    Row ``t + 1`` of ``r_path`` (n + 1, m) and ``N_path`` (n + 1, m, m) belongs to the prediction
    of period ``t``, row 0 to the state before the sample.  ``u`` and ``D`` (n, p) are the
    smoothing errors and their variances, NaN where the observation is missing.
    """
    m = len(dims)
    n, p = path.F.shape
    flat = N_path.reshape(n + 1, m * m)
    r, N = np.zeros(m), np.zeros(m * m)
    B, q, z_row = np.empty(m * m), np.empty(m), np.empty(m)
    for t in range(n - 1, -1, -1):
        for i in range(p - 1, -1, -1):
            u[t, i], D[t, i] = np.nan, np.nan
            if path.F[t, i] == 0.0:
                continue
            v, F, M = path.v[t, i], path.F[t, i], path.M[t, i]
            u[t, i], D[t, i] = _observe_back(dims, pattern, system, i, v, F, M, r, N, q, z_row)
            _absorb(dims, u[t, i], D[t, i], q, z_row, r, N)
        r_path[t + 1] = r
        flat[t + 1] = N
        _predict_back(dims, pattern, system, r, N, r_path[t], flat[t], B)
        r[:] = r_path[t]
        N[:] = flat[t]
