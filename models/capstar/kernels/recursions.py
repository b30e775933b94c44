r"""The compiled recursions behind `capstar.kernels.gaussian`.

The number of states ``m`` is a value of the run, so that one compilation serves all models.  Names, offsets and the
scratch array ``W`` are as in `capstar.kernels.vectors`.  A `step` is compiled once and merged into its callers by the
code generator; a `part` has one caller, and is merged before types are known.
"""

from __future__ import annotations

import math

import numpy as np

from capstar.kernels import vectors
from capstar.kernels.compiling import digest, kernel, part, step
from capstar.kernels.vectors import (
    U,
    add,
    combine,
    copy,
    copy_symmetric,
    dot,
    fill,
    pack,
    place,
    set4,
    take_square,
    transpose4,
    unpack,
)

LOG_2PI = math.log(2.0 * math.pi)


def scratch(m: int) -> np.ndarray:
    """Scratch array of any of the recursions for ``m`` states."""
    return np.zeros((4 * m + 16) * ((m + 3) // 4 * 4))


@step
def _prepare_covariance(m, s, pattern, system, q, W, P, Q, A, L):
    """Spread ``q`` over the matrix ``Q``; list at ``L`` what `_predict_covariance` does; the sizes of two lists.

    Most rows of ``T`` have a single entry, of one: there ``T P`` has rows of ``P``.  The first row of ``L`` lists the
    other rows first, the second where each row of ``T P`` is, in ``P`` or in ``A``, the third the rows ``Q`` has.
    """
    fill((m + 3) * s, 0.0, W, Q)  # with the lists after it
    for k in range(q.size):
        i, j = U(pattern.q_row[k]), U(pattern.q_col[k])
        W[U(Q) + i * U(s) + j] = q[k]
        W[U(Q) + j * U(s) + i] = q[k]
    fill((s - m) * s, 0.0, W, A + m * s)
    varied, last, spread = 0, m, 0
    for i in range(s):
        W[U(L + s + i)] = A + i * s
    for i in range(m):
        first = U(pattern.t_ptr[i])
        if pattern.t_ptr[i + 1] - pattern.t_ptr[i] == 1 and system.t[first] == 1.0:
            last -= 1
            W[U(L + last)] = i
            W[U(L + s + i)] = P + s * np.int64(pattern.t_col[first])
        else:
            W[U(L + varied)] = i
            varied += 1
        for k in range(q.size):
            if np.int64(pattern.q_row[k]) == i or np.int64(pattern.q_col[k]) == i:
                W[U(L + 2 * s + spread)] = i
                spread += 1
                break
    return varied, spread


@step
def _predict_covariance(m, s, pattern, system, varied, spread, W, P, Q, A, B, L):
    """Matrix ``P``: ``T P T' + Q``; ``A``, with rows of padding, and ``B`` are overwritten.

    An entry and its mirror image are rounded alike, as one of the two states is a mere copy of another, or else are
    made equal: so ``P`` stays symmetric to the last bit.
    """
    for n in range(varied):
        i = place(W, L + n)
        combine(s, pattern.t_ptr[i], pattern.t_ptr[i + U(1)], system.t, pattern.t_col, W, P, U(A) + i * U(s))
    for i in range(U(L + s), U(L + 2 * s), U(4)):
        x0, x1, x2, x3 = place(W, i), place(W, i + U(1)), place(W, i + U(2)), place(W, i + U(3))
        for j in range(U(0), U(s), U(4)):
            transpose4(W, U(B) + j * U(s) + i - U(L + s), U(s), x0 + j, x1 + j, x2 + j, x3 + j)
    for n in range(varied):
        i = place(W, L + n)
        combine(s, pattern.t_ptr[i], pattern.t_ptr[i + U(1)], system.t, pattern.t_col, W, B, U(P) + i * U(s))
    for n in range(varied, m):
        i = place(W, L + n)
        source = U(B) + U(s) * U(pattern.t_col[U(pattern.t_ptr[i])])
        for j in range(U(0), U(s), U(4)):
            set4(W, U(P) + i * U(s) + j, 1.0, W, source + j)
    for n in range(1, varied):
        i = place(W, L + n)
        for k in range(n):
            j = place(W, L + k)
            W[U(P) + j * U(s) + i] = W[U(P) + i * U(s) + j]
    for n in range(spread):
        i = place(W, L + 2 * s + n)
        add(s, 1.0, W, U(Q) + i * U(s), U(P) + i * U(s))


@step
def _affine(m, ptr, col, value, constant, W, a, a_next):
    """Vector ``a_next``: ``T a + c``."""
    for i in range(U(m)):
        total = constant[i]
        for k in range(U(ptr[i]), U(ptr[i + U(1)])):
            total += value[k] * W[U(a) + U(col[k])]
        W[U(a_next) + i] = total


@step
def _reset(m, s, pattern, sample, t, W, a, P):
    """Set to zero what a vector and a matrix hold of the states that are reset in a period."""
    for k in range(U(pattern.reset.size)):
        if sample.reset[t, k]:
            j = U(pattern.reset[k])
            W[U(a) + j] = 0.0
            for i in range(U(m)):
                W[U(P) + i * U(s) + j] = 0.0
            fill(m, 0.0, W, U(P) + j * U(s))


@step
def _add_series(pattern, value, x, t, W, a):
    """Add what the regressors of period ``t`` move the state by, ``B x``, to a vector."""
    for k in range(U(pattern.b_row.size)):
        W[U(a) + U(pattern.b_row[k])] += value[k] * x[t, pattern.b_col[k]]


@step
def _add_scaled(s, pattern, value, weight, W, P):
    """Add ``weight`` times the covariance of the shocks that are scaled."""
    for k in range(U(pattern.s_row.size)):
        i, j = U(pattern.s_row[k]), U(pattern.s_col[k])
        W[U(P) + i * U(s) + j] += weight * value[k]
        if i != j:
            W[U(P) + j * U(s) + i] += weight * value[k]


@step
def _grad_scaled(s, pattern, system, scale, t, W, r, N, out, out_scale):
    """Differentiate through the covariance of the shocks that are scaled."""
    for k in range(U(pattern.s_row.size)):
        i, j = U(pattern.s_row[k]), U(pattern.s_col[k])
        half = 0.5 if i == j else 1.0
        on_cov = half * (W[U(r) + i] * W[U(r) + j] - W[U(N) + i * U(s) + j])
        out.s[k] += (scale * scale - 1.0) * on_cov
        out_scale[t] += 2.0 * scale * system.s[k] * on_cov


@step
def _grad_series(pattern, x, t, W, r, out):
    """Differentiate through ``B x``."""
    for k in range(U(pattern.b_row.size)):
        out.b[k] += W[U(r) + U(pattern.b_row[k])] * x[t, pattern.b_col[k]]


@part
def _update(m, s, pattern, system, sample, t, i, W, a, P, M):
    """Take in observation ``i`` of period ``t``; returns its innovation and variance.

    The variance is 0, and the state untouched, where it is not positive.
    """
    v = sample.y[t, i]
    for k in range(pattern.d_ptr[i], pattern.d_ptr[i + 1]):
        v -= system.d[U(k)] * sample.x[t, pattern.d_col[U(k)]]
    first, end = pattern.z_ptr[i], pattern.z_ptr[i + 1]
    combine(s, first, end, system.z, pattern.z_col, W, P, M)
    F = sample.scale[t] * sample.scale[t] * system.h[i]
    for k in range(U(first), U(end)):
        source = U(pattern.z_col[k])
        v -= system.z[k] * W[U(a) + source]
        F += system.z[k] * W[U(M) + source]
    if F > 0.0:
        gain = 1.0 / F
        add(s, v * gain, W, M, a)
        take_square(W, gain, U(m), U(s), U(M), U(P))
    else:
        F = 0.0
    return v, F


def _forward(version):
    @kernel
    def forward(pattern, system, P0, sample, path, keep, per_period, W):
        """Kalman filter: returns the log-likelihood, fills that of each period and, if ``keep``, the path.

        Minus infinity where an innovation variance is not positive.  ``P0`` and ``path`` are flat.
        """
        if version < 0:  # never: the digest is here for the cache alone
            return -np.inf
        m, (n, p) = system.c.size, sample.y.shape
        s = (m + 3) // 4 * 4
        a, a_next, M, P, Q, L = 0, s, 2 * s, 3 * s, (m + 3) * s, (2 * m + 3) * s
        A, B = (2 * m + 6) * s, (2 * m + 6 + s) * s
        varied, spread = _prepare_covariance(m, s, pattern, system, system.q, W, P, Q, A, L)
        copy(1, m, system.a0, 0, 0, W, a, 0)
        copy_symmetric(m, s, P0, W, P)
        total = 0.0
        for t in range(n):
            _reset(m, s, pattern, sample, t, W, a, P)
            _affine(m, pattern.t_ptr, pattern.t_col, system.t, system.c, W, a, a_next)
            _add_series(pattern, system.b, sample.x, t, W, a_next)
            a, a_next = a_next, a
            _predict_covariance(m, s, pattern, system, varied, spread, W, P, Q, A, B, L)
            _add_scaled(s, pattern, system.s, sample.scale[t] * sample.scale[t] - 1.0, W, P)
            square, volume, seen = 0.0, 1.0, 0
            for i in range(p + 1):
                if keep:
                    at = t * (p + 1) + i
                    copy(1, m, W, a, 0, path.a, at * m, 0)
                    pack(m, s, W, P, path.P, at * m * m)
                if i == p or math.isnan(sample.y[t, i]):
                    continue
                v, F = _update(m, s, pattern, system, sample, t, i, W, a, P, M)
                if F == 0.0:
                    for j in range(t, n):
                        per_period[j] = -np.inf
                    return -np.inf
                square += v * v / F
                volume *= F
                seen += 1
                if keep:
                    at = t * p + i
                    path.v[at], path.F[at] = v, F
                    copy(1, m, W, M, 0, path.M, at * m, 0)
            per_period[t] = -0.5 * (seen * LOG_2PI + math.log(volume) + square)
            total += per_period[t]
        return total

    return forward


forward = _forward(digest(vectors))


@part
def _grad_observation(m, pattern, system, sample, path, t, i, u, D, W, r, q, w, out, out_scale):
    """Differentiate through one observation; ``r`` and ``q`` are of after it, ``w`` is overwritten."""
    scale, excess = sample.scale[t], u * u - D
    out.h[i] += 0.5 * scale * scale * excess
    out_scale[t] += scale * system.h[i] * excess
    for k in range(pattern.d_ptr[i], pattern.d_ptr[i + 1]):
        out.d[U(k)] += u * sample.x[t, pattern.d_col[U(k)]]
    for j in range(U(m)):
        W[U(w) + j] = u * W[U(r) + j] + W[U(q) + j]
    p = system.h.size
    state, seen = (t * (p + 1) + i) * m, (t * p + i) * m
    for k in range(U(pattern.z_ptr[i]), U(pattern.z_ptr[i + 1])):
        source = np.int64(pattern.z_col[k])
        on_cov = dot(m, path.P, (state + source) * m, W, w)
        out.z[k] += u * path.a[U(state + source)] + excess * path.M[U(seen + source)] + on_cov


@part
def _grad_prediction(m, s, pattern, system, sample, t, moving, a, P, start, W, r, N, A, C, out):
    """Differentiate through ``T a + c`` and ``T P T' + Q``; ``A`` is overwritten.

    The state before is at ``start * m`` of ``a`` and its covariance at ``start * m * m`` of ``P``.
    """
    for k in range(pattern.q_row.size):
        i, j = U(pattern.q_row[k]), U(pattern.q_col[k])
        half = 0.5 if i == j else 1.0
        out.q[k] += half * (W[U(r) + i] * W[U(r) + j] - W[U(N) + i * U(s) + j])
    for i in range(U(m)):
        out.c[i] += W[U(r) + i]
    if moving:
        unpack(m, s, P, start * m * m, W, C)
        _reset(m, s, pattern, sample, t, W, A, C)
        for i in range(m):
            first, end = pattern.t_ptr[i], pattern.t_ptr[i + 1]
            combine(s, first, end, system.t, pattern.t_col, W, C, A + i * s)
        for i in range(m):
            mine = W[U(r + i)]
            for k in range(U(pattern.t_ptr[i]), U(pattern.t_ptr[i + 1])):
                source = U(pattern.t_col[k])
                total = mine * a[U(start * m) + source]
                for j in range(U(m)):
                    weight = mine * W[U(r) + j] - W[U(N + i * s) + j]
                    total += weight * W[U(A) + j * U(s) + source]
                out.t[k] += total


@part
def _absorb(m, s, pattern, system, i, u, D, W, q, z, w, r, N):
    """``r += z'u`` and ``N += D z'z - z'q' - q z``; ``z``, of zeros, and ``w`` are overwritten."""
    first, end = pattern.z_ptr[i], pattern.z_ptr[i + 1]
    for k in range(U(first), U(end)):
        source = U(pattern.z_col[k])
        W[U(z) + source] = system.z[k]
        W[U(r) + source] += system.z[k] * u
    for j in range(U(s)):
        W[U(w) + j] = D * W[U(z) + j] - W[U(q) + j]
    for k in range(U(first), U(end)):
        add(s, system.z[k], W, w, N + s * np.int64(pattern.z_col[k]))
    for j in range(m):
        add(s, -W[U(q + j)], W, z, N + j * s)


@part
def _predict_back(m, s, pattern, system, W, r, N, B, C):
    """``r = T' r`` and ``N = T' N T``; ``B`` and ``C``, with rows of padding, and the row before are overwritten."""
    r_next = B - s
    fill((s + 1) * s, 0.0, W, r_next)
    for i in range(m):
        for k in range(U(pattern.t_ptr[i]), U(pattern.t_ptr[i + 1])):
            weight, source = system.t[k], np.int64(pattern.t_col[k])
            W[U(r_next + source)] += weight * W[U(r + i)]
            add(s, weight, W, N + i * s, B + source * s)
    for i in range(U(m)):
        W[U(r) + i] = W[U(r_next) + i]
    for i in range(U(0), U(s), U(4)):
        for j in range(U(0), U(s), U(4)):
            x = U(B) + i * U(s) + j
            transpose4(W, U(C) + j * U(s) + i, U(s), x, x + U(s), x + U(2 * s), x + U(3 * s))
    fill(m * s, 0.0, W, N)
    for i in range(m):
        for k in range(U(pattern.t_ptr[i]), U(pattern.t_ptr[i + 1])):
            add(s, system.t[k], W, C + i * s, N + s * np.int64(pattern.t_col[k]))


@step
def _keep_adjoint(keep, m, s, W, r, N, q, adjoint, state, at):
    """If ``keep``, write ``r``, ``N``, whose rows stay padded, and ``q`` to the backward pass's own path."""
    if keep:
        copy(1, m, W, r, 0, adjoint.a, state * m, 0)
        copy(1, m, W, q, 0, adjoint.M, at * m, 0)
        for j in range(U(0), U(m * s), U(4)):
            set4(adjoint.P, U(state * m * s) + j, 1.0, W, U(N) + j)


@part
def _grad_initial(m, s, W, N, r_path, N_path, out):
    """Differentiate through the moments of the state before the sample; ``N_path`` gets that in the covariance."""
    for i in range(m):
        out.a0[i] += r_path[i]
        for j in range(i + 1):
            half = (r_path[i] * r_path[j] - (W[U(N + i * s + j)] + W[U(N + j * s + i)]) / 2) / 2
            N_path[i * m + j], N_path[j * m + i] = half, half


def _backward(version):
    @kernel
    def backward(
        pattern, system, P0, sample, path, gradient, moving, keep, out, out_scale, r_path, N_path, u, D, adjoint, W
    ):  # fmt: skip
        """Fixed-interval smoother's backward pass, or, if ``gradient``, the score with it.

        Fills ``u`` and ``D``, and of ``r_path`` and ``N_path`` every row or, if ``gradient``, the first alone; adds
        to ``out`` and ``out_scale`` if ``gradient``, to the part of ``T`` only if it is ``moving``.  ``P0`` and what a
        row or path holds are flat.  If ``keep``, ``adjoint`` gets what holds after each observation: ``r`` in place of
        a state, ``N``, with rows of whole vectors, of its covariance, ``q`` of ``M``; and at ``i = p`` after the
        period.
        """
        if version < 0:
            return
        m, p = system.c.size, system.h.size
        s = (m + 3) // 4 * 4
        r, q, z, w, M, N = 0, s, 2 * s, 3 * s, 4 * s, 5 * s
        B, C, unclean = (m + 6) * s, (m + 6 + s) * s, (m + 6 + 2 * s) * s
        for t in range(path.F.size // p - 1, -2, -1):
            for i in range(p - 1 if t >= 0 else -1, -1, -1):
                at = t * p + i
                u[at], D[at] = np.nan, np.nan
                if path.F[at] == 0.0:
                    continue
                gain = 1.0 / path.F[at]
                copy(1, m, path.M, at * m, 0, W, M, 0)
                fill(2 * s, 0.0, W, q)
                for j in range(m):
                    add(s, gain * W[U(M + j)], W, N + j * s, q)
                u[at] = (path.v[at] - dot(m, W, r, W, M)) * gain
                D[at] = (1.0 + dot(m, W, q, W, M)) * gain
                if gradient:
                    _grad_observation(
                        m, pattern, system, sample, path, t, i, u[at], D[at], W, r, q, w, out, out_scale
                    )
                _keep_adjoint(keep, m, s, W, r, N, q, adjoint, t * (p + 1) + i, at)
                _absorb(m, s, pattern, system, i, u[at], D[at], W, q, z, w, r, N)
            if not gradient or t < 0:
                copy(1, m, W, r, 0, r_path, (t + 1) * m, 0)
                pack(m, s, W, N, N_path, (t + 1) * m * m)
            if t < 0:
                break
            if gradient:
                # The period's first observation was the last to be absorbed: q is its own still.
                _keep_adjoint(keep, m, s, W, r, N, q, adjoint, t * (p + 1) + p, t * p)
                a, P, start = path.a, path.P, t * (p + 1) - 1
                if t == 0:
                    a, P, start = system.a0, P0, 0
                _grad_series(pattern, sample.x, t, W, r, out)
                _grad_scaled(s, pattern, system, sample.scale[t], t, W, r, N, out, out_scale)
                _grad_prediction(
                    m, s, pattern, system, sample, t, moving, a, P, start, W, r, N, B, unclean, out
                )
            _predict_back(m, s, pattern, system, W, r, N, B, C)
            _reset(m, s, pattern, sample, t, W, r, N)
        if gradient:
            _grad_initial(m, s, W, N, r_path, N_path, out)

    return backward


backward = _backward(digest(vectors))
