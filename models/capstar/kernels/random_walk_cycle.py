r"""Gibbs sampler of a random walk plus an autoregressive cycle, seen without noise.

.. math::
    y_t = r_t + c_t,\qquad r_t = r_{t-1} + u_t,\qquad c_t = \phi c_{t-1} + v_t

Given the parameters the path :math:`r` is normal with a tridiagonal precision: forward elimination gives the filtered
moments, back substitution a draw of the whole path (Chan and Jeliazkov 2009).  Random numbers come from a generator of
the chain's own.  ``theta`` is ``(phi, variance of v, variance of u)``; ``start`` the mean and variance of :math:`r_1`
and the variance of :math:`c_1`, whose mean is zero.
"""

from __future__ import annotations

import math

from capstar.kernels.compiling import cached

_LOOP = {"error_model": "numpy", "nogil": True}


def _loop(function):
    return cached(function, **_LOOP)


@_loop
def filter_walk(y, theta, start, mean, precision, rhs, pivot):
    """Fill ``mean`` and ``precision`` (n,) of each ``r_t`` given ``y`` to t; ``rhs``, ``pivot`` are for `draw_walk`."""
    phi, by_cycle, by_walk = theta[0], 1.0 / theta[1], 1.0 / theta[2]
    off = -(by_walk + phi * by_cycle)
    precision[0] = 1.0 / start[1] + 1.0 / start[2]
    rhs[0] = start[0] / start[1] + y[0] / start[2]
    mean[0] = rhs[0] / precision[0]
    for t in range(1, y.size):
        news = y[t] - phi * y[t - 1]
        pivot[t - 1] = precision[t - 1] + by_walk + phi * phi * by_cycle
        rhs[t - 1] -= phi * news * by_cycle
        precision[t] = by_walk + by_cycle - off * off / pivot[t - 1]
        rhs[t] = news * by_cycle - off * rhs[t - 1] / pivot[t - 1]
        mean[t] = rhs[t] / precision[t]
    pivot[-1] = precision[-1]


@_loop
def draw_walk(theta, rhs, pivot, generator, path):
    """Fill ``path`` (n,) with a draw of ``r`` given all of ``y``, from what `filter_walk` left."""
    off = -(1.0 / theta[2] + theta[0] / theta[1])
    after = 0.0
    for t in range(path.size - 1, -1, -1):
        after = (rhs[t] - off * after) / pivot[t] + generator.standard_normal() / math.sqrt(pivot[t])
        path[t] = after


@_loop
def draw_filtered(theta, mean, precision, generator, path):
    """Fill ``path`` (n,) with draws of each ``r_t`` given ``y`` to t whose errors hang together as the filter's do.

    The error of the filtered mean follows ``e_t = (1 - K (1 - phi)) e_{t-1} + (1 - K) u_t - K v_t`` with gain ``K``.
    """
    phi, cycle, walk = theta[0], theta[1], theta[2]
    error = generator.standard_normal() / math.sqrt(precision[0])
    path[0] = mean[0] + error
    for t in range(1, path.size):
        covariance = (1.0 - phi) / precision[t - 1] + walk
        gain = covariance / ((1.0 - phi) ** 2 / precision[t - 1] + walk + cycle)
        spread = math.sqrt((1.0 - gain) ** 2 * walk + gain * gain * cycle)
        error = (1.0 - gain * (1.0 - phi)) * error + spread * generator.standard_normal()
        path[t] = mean[t] + error


@_loop
def draw_phi(mean, sd, generator):
    """A normal truncated to (-1, 1), by rejection: from the normal, or where little of it is inside from a uniform."""
    for _ in range(100):
        found = mean + sd * generator.standard_normal()
        if -1.0 < found < 1.0:
            return found
    best = min(max(mean, -1.0), 1.0)
    while True:
        found = 2.0 * generator.random() - 1.0
        height = ((best - mean) ** 2 - (found - mean) ** 2) / (2.0 * sd * sd)
        if math.log(1.0 - generator.random()) < height:
            return found


@_loop
def draw_parameters(y, path, prior, fewer, generator, theta):
    """Replace ``theta`` given the path.

    ``prior`` is the mean and variance of phi, then shape and scale of the cycle's and of the walk's inverse gamma; the
    shapes count ``fewer`` differences than there are quarters.
    """
    cross, square, walk = 0.0, 0.0, 0.0
    for t in range(1, y.size):
        before, now = y[t - 1] - path[t - 1], y[t] - path[t]
        cross += before * now
        square += before * before
        walk += (path[t] - path[t - 1]) ** 2
    precision = 1.0 / prior[1] + square / theta[1]
    mean = (prior[0] / prior[1] + cross / theta[1]) / precision
    theta[0] = draw_phi(mean, 1.0 / math.sqrt(precision), generator)
    cycle = 0.0
    for t in range(1, y.size):
        cycle += (y[t] - path[t] - theta[0] * (y[t - 1] - path[t - 1])) ** 2
    half = 0.5 * (y.size - fewer)
    theta[1] = (prior[3] + 0.5 * cycle) / generator.standard_gamma(prior[2] + half)
    theta[2] = (prior[5] + 0.5 * walk) / generator.standard_gamma(prior[4] + half)


@_loop
def gibbs(y, start, prior, fewer, burn, every, generator, theta, work, thetas, smoothed, filtered):
    """Fill ``thetas`` (draws, 3) after ``burn`` draws, and each ``every``-th path: one row of smoothed and filtered.

    ``theta`` is where the chain starts, ``work`` (5, n) room to write in.
    """
    mean, precision, rhs, pivot, path = work[0], work[1], work[2], work[3], work[4]
    for draw in range(-burn, thetas.shape[0]):
        filter_walk(y, theta, start, mean, precision, rhs, pivot)
        draw_walk(theta, rhs, pivot, generator, path)
        if draw >= 0 and draw % every == 0 and draw // every < smoothed.shape[0]:
            smoothed[draw // every] = path
            draw_filtered(theta, mean, precision, generator, filtered[draw // every])
        draw_parameters(y, path, prior, fewer, generator, theta)
        if draw >= 0:
            thetas[draw] = theta


@_loop
def paths(y, start, generator, thetas, work, smoothed, filtered):
    """Fill a row of ``smoothed`` and ``filtered`` for each row of ``thetas``."""
    mean, precision, rhs, pivot = work[0], work[1], work[2], work[3]
    for draw in range(thetas.shape[0]):
        filter_walk(y, thetas[draw], start, mean, precision, rhs, pivot)
        draw_walk(thetas[draw], rhs, pivot, generator, smoothed[draw])
        draw_filtered(thetas[draw], mean, precision, generator, filtered[draw])
