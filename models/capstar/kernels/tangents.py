"""Derivatives along a direction: of the filter, and of the backward pass that gives the score.

Beside the filter they give the derivative of each period's log-likelihood.  With what the filter (``path``), the
backward pass (``adjoint``) and the filter's derivative (``tangent``) left, one further pass backwards gives that of the
score: a row of the exact Hessian.  Names and offsets are as in `capstar.kernels.vectors`.
"""

from __future__ import annotations

import math

import numpy as np

from capstar.kernels import recursions, vectors
from capstar.kernels.compiling import digest, kernel, part, step
from capstar.kernels.recursions import (
    _add_scaled,
    _add_series,
    _affine,
    _grad_series,
    _predict_back,
    _predict_covariance,
    _prepare_covariance,
    _reset,
)
from capstar.kernels.vectors import U, add, add4, combine, copy, dot, fill, pack, unpack


@part
def _tangent_observation(m, s, pattern, system, direction, sample, path, t, i, dscale, W, da, dP, dM, w, M):
    """Differentiate through one observation; ``da`` and ``dP`` are updated, the term, ``dv`` and ``dF`` returned."""
    p = system.h.size
    state, at, scale = (t * (p + 1) + i) * m, t * p + i, sample.scale[t]
    v, F = path.v[at], path.F[at]
    dF, dv = scale * scale * direction.h[i] + 2.0 * scale * dscale * system.h[i], 0.0
    for k in range(pattern.d_ptr[i], pattern.d_ptr[i + 1]):
        dv -= direction.d[U(k)] * sample.x[t, pattern.d_col[U(k)]]
    copy(1, m, path.M, at * m, 0, W, M, 0)
    combine(s, pattern.z_ptr[i], pattern.z_ptr[i + 1], system.z, pattern.z_col, W, dP, dM)
    for k in range(U(pattern.z_ptr[i]), U(pattern.z_ptr[i + 1])):
        source, change = np.int64(pattern.z_col[k]), direction.z[k]
        dv -= change * path.a[U(state + source)] + system.z[k] * W[U(da + source)]
        dF += change * W[U(M + source)]
        if change != 0.0:
            for j in range(m):
                W[U(dM + j)] += change * path.P[U((state + source) * m + j)]
    for k in range(U(pattern.z_ptr[i]), U(pattern.z_ptr[i + 1])):
        dF += system.z[k] * W[U(dM) + U(pattern.z_col[k])]
    gain, share = 1.0 / F, dF / F
    add(s, v * gain, W, dM, da)
    add(s, (dv - v * share) * gain, W, M, da)
    for j in range(U(s)):
        W[U(w) + j] = share * W[U(M) + j] - W[U(dM) + j]
    for j in range(m):
        add(s, gain * W[U(M + j)], W, w, dP + j * s)
        add(s, -gain * W[U(dM + j)], W, M, dP + j * s)
    return -0.5 * (share + (2.0 * dv - v * share) * v * gain), dv, dF


@part
def _tangent_mean(m, s, pattern, system, direction, sample, path, t, i, W, da, M):
    """The same along a direction that moves no variance."""
    p = system.h.size
    at = t * p + i
    v, gain, dv = path.v[at], 1.0 / path.F[at], 0.0
    for k in range(pattern.d_ptr[i], pattern.d_ptr[i + 1]):
        dv -= direction.d[U(k)] * sample.x[t, pattern.d_col[U(k)]]
    for k in range(U(pattern.z_ptr[i]), U(pattern.z_ptr[i + 1])):
        dv -= system.z[k] * W[U(da) + U(pattern.z_col[k])]
    copy(1, m, path.M, at * m, 0, W, M, 0)
    add(s, dv * gain, W, M, da)
    return -v * dv * gain, dv


@part
def _tangent_transition(m, s, pattern, system, direction, sample, t, a, P, start, W, da_next, dP_next, A, C):
    """Add what a change of ``T`` itself does to the prediction; ``A`` is overwritten."""
    unpack(m, s, P, start * m * m, W, C)
    _reset(m, s, pattern, sample, t, W, A, C)
    for i in range(m):
        first, end = pattern.t_ptr[i], pattern.t_ptr[i + 1]
        for k in range(U(first), U(end)):
            W[U(da_next + i)] += direction.t[k] * a[U(start * m) + U(pattern.t_col[k])]
        combine(s, first, end, direction.t, pattern.t_col, W, C, A + i * s)
    for i in range(U(m)):
        for j in range(U(m)):
            total = 0.0
            for k in range(U(pattern.t_ptr[j]), U(pattern.t_ptr[j + U(1)])):
                total += system.t[k] * W[U(A) + i * U(s) + U(pattern.t_col[k])]
            W[U(dP_next) + i * U(s) + j] += total
            W[U(dP_next) + j * U(s) + i] += total


@part
def _tangent_prediction(
    m, s, pattern, system, direction, sample, moving, spread, P0, path, t, p, varied, rows, W, da, da_next, dP, dQ, A,
    C, L,
):  # fmt: skip
    """Differentiate through the transition; ``dP`` is updated, ``da_next`` written."""
    _affine(m, pattern.t_ptr, pattern.t_col, system.t, direction.c, W, da, da_next)
    if spread:
        _predict_covariance(m, s, pattern, system, varied, rows, W, dP, dQ, A, C, L)
    if moving:
        a, P, start = path.a, path.P, t * (p + 1) - 1
        if t == 0:
            a, P, start = system.a0, P0, 0
        _tangent_transition(m, s, pattern, system, direction, sample, t, a, P, start, W, da_next, dP, A, C)


@step
def forward_along(
    pattern, system, direction, moving, spread, P0, dP0, sample, dscale, path, keep, tangent, out, W
):  # fmt: skip
    """See `along`; if ``keep``, ``tangent`` gets the derivatives of what ``path`` holds.

    ``spread`` says whether any variance changes; where none does, their derivatives are not written.
    """
    m, (n, p) = system.c.size, sample.y.shape
    s = (m + 3) // 4 * 4
    da, da_next, dM, w, M = 0, s, 2 * s, 3 * s, 4 * s
    dP, dQ, L, A, C = 5 * s, (m + 5) * s, (2 * m + 5) * s, (2 * m + 8) * s, (2 * m + 8 + s) * s
    varied, rows = _prepare_covariance(m, s, pattern, system, direction.q, W, dP, dQ, A, L)
    copy(1, m, direction.a0, 0, 0, W, da, 0)
    copy(m, m, dP0, 0, m, W, dP, s)
    for t in range(n):
        _reset(m, s, pattern, sample, t, W, da, dP)
        _tangent_prediction(
            m, s, pattern, system, direction, sample, moving, spread, P0, path, t, p, varied, rows, W, da, da_next, dP,
            dQ, A, C, L,
        )  # fmt: skip
        da, da_next = da_next, da
        _add_series(pattern, direction.b, sample.x, t, W, da)
        if spread:
            scale = sample.scale[t]
            _add_scaled(s, pattern, direction.s, scale * scale - 1.0, W, dP)
            _add_scaled(s, pattern, system.s, 2.0 * scale * dscale[t], W, dP)
        out[t] = 0.0
        for i in range(p + 1):
            state, at = t * (p + 1) + i, t * p + i
            if keep:
                copy(1, m, W, da, 0, tangent.a, state * m, 0)
                if spread:
                    pack(m, s, W, dP, tangent.P, state * m * m)
            if i == p or math.isnan(sample.y[t, i]):
                continue
            dF = 0.0
            if spread:
                term, dv, dF = _tangent_observation(
                    m, s, pattern, system, direction, sample, path, t, i, dscale[t], W, da, dP, dM, w, M
                )
            else:
                term, dv = _tangent_mean(m, s, pattern, system, direction, sample, path, t, i, W, da, M)
            out[t] += term
            if keep:
                tangent.v[at], tangent.F[at] = dv, dF
                copy(1, m, W, dM, 0, tangent.M, at * m, 0)


def _along(version):
    @kernel
    def along(pattern, system, direction, moving, P0, dP0, sample, dscale, path, out, W):
        """Derivative of each period's log-likelihood along one direction, beside the filter.

        ``moving`` says whether ``T`` changes along it.  ``P0``, ``dP0`` and ``path`` are flat.
        """
        if version >= 0:  # always: the digest is here for the cache alone
            forward_along(
                pattern, system, direction, moving, True, P0, dP0, sample, dscale, path, False, path, out, W
            )

    return along


along = _along(digest(recursions, vectors))


@part
def _change_of_gains(m, s, path, tangent, adjoint, t, i, p, spread, W, dr, dq, M, dM, dN):
    """Derivatives of ``u`` and ``D``, and of ``q``, which is written."""
    at, state = t * p + i, t * (p + 1) + i
    gain, u, D = 1.0 / path.F[at], adjoint.v[at], adjoint.F[at]
    share = tangent.F[at] * gain
    du = tangent.v[at] - dot(m, path.M, at * m, W, dr)
    if not spread:
        return du * gain, 0.0
    du -= dot(m, adjoint.a, state * m, W, dM)
    fill(s, 0.0, W, dq)
    for j in range(m):
        add(s, gain * W[U(M + j)], W, dN + j * s, dq)
        row = U((state * m + j) * s)
        for c in range(U(0), U(s), U(4)):
            add4(W, U(dq) + c, gain * W[U(dM + j)], adjoint.P, row + c)
    dD = dot(m, adjoint.M, at * m, W, dM)
    for j in range(U(m)):
        W[U(dq) + j] -= share * adjoint.M[U(at * m) + j]
    dD += dot(m, W, dq, W, M)
    return du * gain - u * share, dD * gain - D * share


@part
def _change_of_gradient(
    m, pattern, system, direction, sample, dscale, path, tangent, adjoint, t, i, p, spread, du, dD, W, dr, dq, w, dw,
    out, out_scale,
):  # fmt: skip
    """What one observation adds; ``w`` and ``dw`` are overwritten."""
    at, state = t * p + i, t * (p + 1) + i
    u, scale, dscale_t = adjoint.v[at], sample.scale[t], dscale[t]
    excess, dexcess = u * u - adjoint.F[at], 2.0 * u * du - dD
    h, dh = system.h[i], direction.h[i]
    out.h[i] += 0.5 * scale * scale * dexcess + scale * dscale_t * excess
    out_scale[t] += (dscale_t * h + scale * dh) * excess + scale * h * dexcess
    for k in range(pattern.d_ptr[i], pattern.d_ptr[i + 1]):
        out.d[U(k)] += du * sample.x[t, pattern.d_col[U(k)]]
    for j in range(U(m)):
        r = adjoint.a[U(state * m) + j]
        W[U(w) + j] = u * r + adjoint.M[U(at * m) + j]
        W[U(dw) + j] = du * r + u * W[U(dr) + j]
        if spread:
            W[U(dw) + j] += W[U(dq) + j]
    for k in range(U(pattern.z_ptr[i]), U(pattern.z_ptr[i + 1])):
        source = np.int64(pattern.z_col[k])
        row = (state * m + source) * m
        total = du * path.a[U(state * m + source)] + u * tangent.a[U(state * m + source)]
        total += dexcess * path.M[U(at * m + source)] + dot(m, path.P, row, W, dw)
        if spread:
            total += excess * tangent.M[U(at * m + source)] + dot(m, tangent.P, row, W, w)
        out.z[k] += total


@part
def _absorb_change(m, s, pattern, system, direction, adjoint, t, i, p, spread, du, dD, W, dr, dq, dN):
    """Differentiate ``r += z'u`` and ``N += D z'z - z'q' - q z``."""
    at = t * p + i
    u, D, first, end = adjoint.v[at], adjoint.F[at], pattern.z_ptr[i], pattern.z_ptr[i + 1]
    for k in range(U(first), U(end)):
        source = np.int64(pattern.z_col[k])
        z, dz = system.z[k], direction.z[k]
        W[U(dr + source)] += dz * u + z * du
        if spread:
            for j in range(m):
                change = -(z * W[U(dq + j)] + dz * adjoint.M[U(at * m + j)])
                W[U(dN + source * s + j)] += change
                W[U(dN + j * s + source)] += change
            for k2 in range(U(first), U(end)):
                other = np.int64(pattern.z_col[k2])
                both = D * (dz * system.z[k2] + z * direction.z[k2]) + dD * z * system.z[k2]
                W[U(dN + source * s + other)] += both


@part
def _change_of_shocks(m, s, pattern, adjoint, state, W, dr, dN, out):
    """What the constant and the covariance of one transition add."""
    for j in range(U(m)):
        out.c[j] += W[U(dr) + j]
    for k in range(pattern.q_row.size):
        row, col = np.int64(pattern.q_row[k]), np.int64(pattern.q_col[k])
        half = 0.5 if row == col else 1.0
        change = W[U(dr + row)] * adjoint.a[U(state * m + col)]
        change += adjoint.a[U(state * m + row)] * W[U(dr + col)]
        out.q[k] += half * (change - W[U(dN + row * s + col)])


@part
def _change_of_scaled(
    m, s, pattern, system, direction, scale, dscale, adjoint, state, t, W, dr, dN, out, out_scale
):  # fmt: skip
    """What the covariance of the scaled shocks of one transition adds."""
    for k in range(pattern.s_row.size):
        row, col = np.int64(pattern.s_row[k]), np.int64(pattern.s_col[k])
        half, value = 0.5 if row == col else 1.0, system.s[k]
        left, right = adjoint.a[U(state * m + row)], adjoint.a[U(state * m + col)]
        on_cov = half * (left * right - adjoint.P[U((state * m + row) * s + col)])
        change = W[U(dr + row)] * right + left * W[U(dr + col)]
        change = half * (change - W[U(dN + row * s + col)])
        out.s[k] += (scale * scale - 1.0) * change + 2.0 * scale * dscale * on_cov
        out_scale[t] += 2.0 * ((dscale * value + scale * direction.s[k]) * on_cov + scale * value * change)


@step
def _starts(pattern, sample, t, state):
    """Whether a state begins from zero in a period."""
    starts = False
    for k in range(U(pattern.reset.size)):
        starts |= sample.reset[t, k] and np.int64(pattern.reset[k]) == state
    return starts


@part
def _change_of_transition(
    m, s, pattern, system, direction, sample, a, P, start, tangent, adjoint, state, t, p, da0, dP0, W, dr, dN, A, dA,
    out,
):  # fmt: skip
    """Derivative of the gradient in ``T`` for one period; ``A`` and ``dA`` are overwritten."""
    da, dP, before = tangent.a, tangent.P, t * (p + 1) - 1
    if t == 0:
        da, dP, before = da0, dP0, 0
    fill(m * s, 0.0, W, A)
    fill(m * s, 0.0, W, dA)
    for i in range(m):
        for k in range(U(pattern.t_ptr[i]), U(pattern.t_ptr[i + 1])):
            source = np.int64(pattern.t_col[k])
            if _starts(pattern, sample, t, source):
                continue
            for j in range(m):
                at, dat = U((start * m + source) * m + j), U((before * m + source) * m + j)
                W[U(A + i * s + j)] += system.t[k] * P[at]
                W[U(dA + i * s + j)] += direction.t[k] * P[at] + system.t[k] * dP[dat]
    for i in range(m):
        mine, change = adjoint.a[U(state * m + i)], W[U(dr + i)]
        for k in range(U(pattern.t_ptr[i]), U(pattern.t_ptr[i + 1])):
            source = np.int64(pattern.t_col[k])
            total = change * a[U(start * m + source)] + mine * da[U(before * m + source)]
            for j in range(m):
                other = adjoint.a[U(state * m + j)]
                weight = mine * other - adjoint.P[U((state * m + i) * s + j)]
                dweight = change * other + mine * W[U(dr + j)] - W[U(dN + i * s + j)]
                total += dweight * W[U(A + j * s + source)] + weight * W[U(dA + j * s + source)]
            out.t[k] += total


@part
def _transition_moves(m, s, pattern, system, direction, adjoint, state, W, e, E, B):
    """What a change of ``T`` itself adds to the derivatives of ``T' r`` and ``T' N T``; written to ``e`` and ``E``."""
    fill(s, 0.0, W, e)
    fill(m * s, 0.0, W, E)
    fill(m * s, 0.0, W, B)
    for i in range(m):
        for k in range(U(pattern.t_ptr[i]), U(pattern.t_ptr[i + 1])):
            source = np.int64(pattern.t_col[k])
            W[U(e + source)] += direction.t[k] * adjoint.a[U(state * m + i)]
            for j in range(m):
                W[U(B + j * s + source)] += system.t[k] * adjoint.P[U((state * m + j) * s + i)]
    for i in range(m):
        for k in range(U(pattern.t_ptr[i]), U(pattern.t_ptr[i + 1])):
            source = np.int64(pattern.t_col[k])
            for j in range(m):
                change = direction.t[k] * W[U(B + i * s + j)]
                W[U(E + source * s + j)] += change
                W[U(E + j * s + source)] += change


@step
def backward_along(
    pattern, system, direction, moving, spread, P0, dP0, sample, dscale, path, tangent, adjoint, out, out_scale, W
):  # fmt: skip
    """Add the derivative of the score, in the system's values and scales, along a direction.

    ``moving`` says whether ``T`` depends on parameters, ``spread`` whether the direction moves a variance.
    """
    m, p = system.c.size, system.h.size
    s = (m + 3) // 4 * 4
    dr, dq, w, dw, M, dM, dN = 0, s, 2 * s, 3 * s, 4 * s, 5 * s, 6 * s
    B, C = (m + 7) * s, (m + 7 + s) * s
    E, e = (m + 7 + 2 * s) * s, (2 * m + 7 + 2 * s) * s
    for t in range(path.F.size // p - 1, -1, -1):
        for i in range(p - 1, -1, -1):
            at = t * p + i
            if path.F[at] == 0.0:
                continue
            copy(1, m, path.M, at * m, 0, W, M, 0)
            if spread:
                copy(1, m, tangent.M, at * m, 0, W, dM, 0)
            du, dD = _change_of_gains(m, s, path, tangent, adjoint, t, i, p, spread, W, dr, dq, M, dM, dN)
            _change_of_gradient(
                m, pattern, system, direction, sample, dscale, path, tangent, adjoint, t, i, p, spread, du, dD, W, dr,
                dq, w, dw, out, out_scale,
            )  # fmt: skip
            _absorb_change(m, s, pattern, system, direction, adjoint, t, i, p, spread, du, dD, W, dr, dq, dN)
        state = t * (p + 1) + p
        _change_of_shocks(m, s, pattern, adjoint, state, W, dr, dN, out)
        _grad_series(pattern, sample.x, t, W, dr, out)
        _change_of_scaled(
            m, s, pattern, system, direction, sample.scale[t], dscale[t], adjoint, state, t, W, dr, dN, out, out_scale
        )  # fmt: skip
        if moving:
            a, P, start = path.a, path.P, t * (p + 1) - 1
            if t == 0:
                a, P, start = system.a0, P0, 0
            _change_of_transition(
                m, s, pattern, system, direction, sample, a, P, start, tangent, adjoint, state, t, p, direction.a0, dP0,
                W, dr, dN, B, C, out,
            )  # fmt: skip
            _transition_moves(m, s, pattern, system, direction, adjoint, state, W, e, E, B)
        _predict_back(m, s, pattern, system, W, dr, dN, B, C)
        if moving:
            add(s, 1.0, W, e, dr)
            for k in range(m):
                add(s, 1.0, W, E + k * s, dN + k * s)
        _reset(m, s, pattern, sample, t, W, dr, dN)
    for j in range(U(m)):
        out.a0[j] += W[U(dr) + j]
