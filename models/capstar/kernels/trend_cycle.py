"""Gibbs sampling of random-walk trends and autoregressive cycles: a banded precision for the states, conjugate draws.

The series are y[t] = loadings tau[t] + c[t] without measurement error; tau is a random walk with covariance Q, c a
vector autoregression with coefficients B (a row a regressor, lag after lag) and covariance sigma.  Where y is given, c
follows from tau, so that the unknowns of a period are its trends and the cycles of missing values.  Given the
parameters their precision is banded: one Cholesky factor, one forward and one back substitution draw them all.

A *block* is a period with the ``lags`` periods before the sample, whose cycles are all unknown; the last of these
holds the trends before the sample too.  Unknowns of a block: cycles in the order of the series, then trends.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from capstar.kernels.arrays import Floats
from capstar.kernels.compiling import allocating

Ints = npt.NDArray[np.int64]
_SETTLED, _ENDLESS, _DOUBLINGS = 1e-15, 1e12, 60
_TRIES = 1000  # to draw a stationary cycle; then it stays what it was


class Series(NamedTuple):
    """The data, and where the unknowns stand.

    Attributes
    ----------
    y
        Shape (n_periods, n), NaN where missing.
    first
        First unknown of each block and, at the end, their number, shape (lags + n_periods + 1,).
    missing
        Place of each unknown cycle in its block, -1 where it is known, shape (lags + n_periods, n).
    loadings
        Of the series on the trends, shape (n, r).
    shift
        What a unit of each free loading adds to them, shape (k, n, r).
    mean, sd
        Of the trends before the sample, which are independent, shape (r,).
    """

    y: Floats
    first: Ints
    missing: Ints
    loadings: Floats
    shift: Floats
    mean: Floats
    sd: Floats


class Priors(NamedTuple):
    """Of the parameters.

    Attributes
    ----------
    q_scale, q_df
        Inverse Wishart of the trends' covariance.
    psi, psi_df
        Inverse Wishart of the cycles' covariance: diagonal of the scale, shape (n,).
    omega_inv
        Prior precision of each regressor's coefficients, shape (lags * n,), in units of the equation's variance.
    theta_mean, theta_sd, theta_step
        Normal prior of the free loadings, and standard deviation of their proposals, shape (k,).
    """

    q_scale: Floats
    q_df: float
    psi: Floats
    psi_df: float
    omega_inv: Floats
    theta_mean: Floats
    theta_sd: Floats
    theta_step: Floats


class Parameters(NamedTuple):
    """Where a chain stands; overwritten by `run`.

    Attributes
    ----------
    B, sigma, Q
        Shapes (lags * n, n), (n, n) and (r, r).
    P
        Covariance of the cycles before the sample, latest first, shape (lags * n, lags * n).
    theta
        Free loadings, shape (k,).
    """

    B: Floats
    sigma: Floats
    Q: Floats
    P: Floats
    theta: Floats


@allocating
def inverse_wishart(rng, scale, df):
    """Draw from the inverse Wishart distribution with mean ``scale / (df - r - 1)``."""
    size = scale.shape[0]
    root = np.zeros((size, size))
    for i in range(size):
        root[i, i] = np.sqrt(rng.chisquare(df - i))
        for j in range(i):
            root[i, j] = rng.standard_normal()
    half = np.linalg.solve(root, np.ascontiguousarray(np.linalg.cholesky(scale).T))
    return half.T @ half


@allocating
def inverse_gamma(rng, shape, scale):
    """Draw from the inverse gamma distribution with mean ``scale / (shape - 1)``."""
    return scale / rng.gamma(shape, 1.0)


@allocating
def matrix_normal(rng, mean, root, cov):
    """Draw a matrix whose columns have covariance ``cov`` and whose rows have precision ``root root'``."""
    noise = np.empty(mean.shape)
    for i in range(mean.shape[0]):
        for j in range(mean.shape[1]):
            noise[i, j] = rng.standard_normal()
    left = np.linalg.solve(np.ascontiguousarray(root.T), noise)
    return mean + left @ np.ascontiguousarray(np.linalg.cholesky(cov).T)


@allocating
def stationary_covariance(B, sigma, out):
    """Fill ``out`` with the covariance of the cycles and their lags, by doubling; whether they are stationary."""
    size, n = B.shape
    power, total = np.zeros((size, size)), np.zeros((size, size))
    power[:n] = B.T
    for i in range(size - n):
        power[n + i, i] = 1.0
    total[:n, :n] = sigma
    for _ in range(_DOUBLINGS):
        more = power @ total @ np.ascontiguousarray(power.T)
        total += more
        largest, change = np.abs(total).max(), np.abs(more).max()
        if not largest < _ENDLESS * np.abs(sigma).max():
            return False
        if change <= _SETTLED * largest:
            out[:] = 0.5 * (total + total.T)
            return True
        power = power @ power
    return False


@allocating
def normal_density(x, cov):
    """Log density of a normal vector of mean zero, without its constant; minus infinity where ``cov`` is singular."""
    root = np.linalg.cholesky(cov)
    z = np.linalg.solve(root, x)
    return -0.5 * z @ z - np.log(np.diag(root)).sum()


@allocating
def loadings_at(series, theta):
    """The loadings with the free ones at their values."""
    out = series.loadings.copy()
    for k in range(theta.size):
        out += theta[k] * series.shift[k]
    return out


@allocating
def whitening(B, sigma):
    """What maps the cycles of a period and each lag to standardised innovations, shape (lags + 1, n, n)."""
    n = sigma.shape[0]
    lags = B.shape[0] // n
    out = np.zeros((lags + 1, n, n))
    out[0] = np.linalg.inv(np.linalg.cholesky(sigma))
    for lag in range(lags):
        out[lag + 1] = -out[0] @ np.ascontiguousarray(B[lag * n : (lag + 1) * n].T)
    return out


@allocating
def start_system(series, P, band, rhs):
    """Precision and its product with the mean before the first observation."""
    n, r = series.loadings.shape
    lags = P.shape[0] // n
    band[:], rhs[:] = 0.0, 0.0
    precision = np.linalg.inv(P)
    for i in range(lags * n):
        row = series.first[lags - 1 - i // n] + i % n
        for j in range(lags * n):
            column = series.first[lags - 1 - j // n] + j % n
            if column >= row:
                band[row, column - row] += precision[i, j]
    for k in range(r):
        at = series.first[lags] - r + k
        band[at, 0] += 1.0 / series.sd[k] ** 2
        rhs[at] += series.mean[k] / series.sd[k] ** 2


@allocating
def repeats(series, block, lags):
    """Whether the unknowns of a block and the lags before it stand as those of the block before did."""
    missing = series.missing
    return (
        block >= 2 * lags and (missing[block - lags : block + 1] == missing[block - lags - 1 : block]).all()
    )


@allocating
def fill_rows(series, loadings, white, block, rows):
    """Weights of the unknowns in one period's standardised innovations."""
    first, missing = series.first, series.missing
    lags, (n, r) = white.shape[0] - 1, loadings.shape
    rows[:] = 0.0
    for lag in range(lags + 1):
        b = block - lag
        at, trend = first[b] - first[block - lags], first[b + 1] - r - first[block - lags]
        for i in range(n):
            for j in range(n):
                if missing[b, j] >= 0:
                    rows[i, at + missing[b, j]] = white[lag, i, j]
                else:
                    for k in range(r):
                        rows[i, trend + k] -= white[lag, i, j] * loadings[j, k]


@allocating
def add_period(series, loadings, white, q_inv, block, rows, square, band, rhs):
    """Add what the innovations of one period say.

    ``rows`` and their ``square`` are those of the period before, and are kept where its unknowns stand in the same way.
    """
    first, lags, (n, r) = series.first, white.shape[0] - 1, loadings.shape
    base, size = first[block - lags], first[block + 1] - first[block - lags]
    if not repeats(series, block, lags):
        fill_rows(series, loadings, white, block, rows)
        used = np.ascontiguousarray(rows[:, :size])
        square[:size, :size] = used.T @ used
    for i in range(n):
        known = 0.0
        for lag in range(lags + 1):
            b = block - lag
            for j in range(n):
                if series.missing[b, j] < 0:
                    known += white[lag, i, j] * series.y[b - lags, j]
        for a in range(size):
            rhs[base + a] -= known * rows[i, a]
    for a in range(size):
        for k in range(size - a):
            band[base + a, k] += square[a, a + k]
    now, before = first[block + 1] - r, first[block] - r
    for k in range(r):
        for m in range(r):
            if m >= k:
                band[now + k, m - k] += q_inv[k, m]
                band[before + k, m - k] += q_inv[k, m]
            band[before + k, now + m - before - k] -= q_inv[k, m]


@allocating
def eliminate(band, rhs, start, stop, end):
    """Cholesky factor and forward substitution of some columns of a system that ends before ``end``, in place.

    ``band[j, k]`` is the entry in column ``j`` and row ``j + k``.
    """
    for j in range(start, stop):
        size = min(band.shape[1], end - j)
        while size > 1 and band[j, size - 1] == 0.0:
            size -= 1
        pivot = np.sqrt(band[j, 0])
        for k in range(size):
            band[j, k] /= pivot
        rhs[j] /= pivot
        for k in range(1, size):
            factor = band[j, k]
            if factor != 0.0:
                rhs[j + k] -= factor * rhs[j]
                for m in range(size - k):
                    band[j + k, m] -= factor * band[j, k + m]


@allocating
def substitute_back(band, rhs, start, end, out):
    """Solve the transposed triangular system of columns ``start`` to ``end``."""
    for j in range(end - 1, start - 1, -1):
        total = rhs[j]
        for k in range(1, min(band.shape[1], end - j)):
            total -= band[j, k] * out[j + k]
        out[j] = total / band[j, 0]


@allocating
def factor(series, parameters, theta, band, rhs):
    """Cholesky factor of the states' precision, and half of their mean; the log-likelihood but for a constant.

    The constant depends on no free loading.
    """
    lags = parameters.B.shape[0] // parameters.sigma.shape[0]
    loadings, white = loadings_at(series, theta), whitening(parameters.B, parameters.sigma)
    q_inv, first = np.linalg.inv(parameters.Q), series.first
    rows, square = np.zeros((white.shape[1], band.shape[1])), np.empty((band.shape[1], band.shape[1]))
    end = first[-1]
    start_system(series, parameters.P, band, rhs)
    for block in range(lags, first.size - 1):
        add_period(series, loadings, white, q_inv, block, rows, square, band, rhs)
        eliminate(band, rhs, first[block - lags], first[block - lags + 1], end)
    eliminate(band, rhs, first[first.size - 1 - lags], end, end)
    value = 0.5 * (rhs @ rhs)
    for j in range(end):
        value -= np.log(band[j, 0])
    return value


@allocating
def draw_filtered(rng, series, parameters, band, rhs, out):
    """Fill ``out`` (n_periods, r) with a draw of each period's trends given data to that period."""
    n, r = series.loadings.shape
    lags, first = parameters.B.shape[0] // n, series.first
    loadings, white = loadings_at(series, parameters.theta), whitening(parameters.B, parameters.sigma)
    q_inv, rows = np.linalg.inv(parameters.Q), np.zeros((n, band.shape[1]))
    square = np.empty((band.shape[1], band.shape[1]))
    start_system(series, parameters.P, band, rhs)
    for block in range(lags, first.size - 1):
        add_period(series, loadings, white, q_inv, block, rows, square, band, rhs)
        low, high = first[block - lags + 1], first[block + 1]
        eliminate(band, rhs, first[block - lags], low, high)
        window, right, size = band[low:high].copy(), rhs[low:high].copy(), high - low
        eliminate(window, right, 0, size, size)
        for k in range(size - r, size):
            right[k] += rng.standard_normal()
        substitute_back(window, right, size - r, size, right)
        out[block - lags] = right[size - r :]


@allocating
def unpack(series, loadings, x, tau, c):
    """Trends (n_periods + 1, r) and cycles (lags + n_periods, n) from the unknowns."""
    n, r = loadings.shape
    blocks = series.first.size - 1
    lags = blocks - series.y.shape[0]
    for b in range(blocks):
        if b >= lags - 1:
            tau[b - lags + 1] = x[series.first[b + 1] - r : series.first[b + 1]]
        for j in range(n):
            if series.missing[b, j] >= 0:
                c[b, j] = x[series.first[b] + series.missing[b, j]]
            else:
                c[b, j] = series.y[b - lags, j] - loadings[j] @ tau[b - lags + 1]


@allocating
def draw_states(rng, series, theta, band, rhs, tau, c):
    """Draw trends and cycles given the factor of their precision."""
    for j in range(rhs.size):
        rhs[j] += rng.standard_normal()
    substitute_back(band, rhs, 0, rhs.size, rhs)
    unpack(series, loadings_at(series, theta), rhs, tau, c)


@allocating
def draw_cycle(rng, priors, c, parameters, exact):
    """Draw the cycle's coefficients and covariance given the cycles; whether they are new.

    Non-stationary draws are drawn again.  ``exact``: kept or not by a Metropolis step that lets the distribution of the
    cycles before the sample follow from the parameters; without it that dependence is ignored.
    """
    size, n = parameters.B.shape
    lags, T = size // n, c.shape[0] - size // n
    x, y = np.empty((T, size)), c[lags:].copy()
    for lag in range(lags):
        x[:, lag * n : (lag + 1) * n] = c[lags - 1 - lag : lags - 1 - lag + T]
    precision = x.T @ x + np.diag(priors.omega_inv)
    mean = np.linalg.solve(precision, x.T @ y)
    errors, root = y - x @ mean, np.linalg.cholesky(precision)
    scale = errors.T @ errors + np.diag(priors.psi)
    scale += mean.T @ (mean * priors.omega_inv.reshape(size, 1))
    B, sigma, P, tries = mean, parameters.sigma, np.empty((size, size)), 0
    while tries == 0 or not stationary_covariance(B, sigma, P):
        if tries == _TRIES:
            return False
        sigma = inverse_wishart(rng, scale, T + priors.psi_df)
        B = matrix_normal(rng, mean, root, sigma)
        tries += 1
    if exact:
        before = c[:lags][::-1].copy().reshape(size)
        ratio = normal_density(before, P) - normal_density(before, parameters.P)
        if np.log(rng.random()) >= ratio:
            return False
    parameters.B[:], parameters.sigma[:], parameters.P[:] = B, sigma, P
    return True


@allocating
def draw_trend_covariance(rng, priors, tau, Q):
    """Draw the covariance of the trends' changes given the trends."""
    change = tau[1:] - tau[:-1]
    Q[:] = inverse_wishart(rng, priors.q_scale + change.T @ change, priors.q_df + change.shape[0])


@allocating
def draw_loadings(rng, series, priors, parameters, value, band, rhs, other, right):
    """Metropolis step for the free loadings by the likelihood with the states integrated out; whether it moved.

    Where it moves, the factor of the states' precision, whose likelihood was ``value``, is replaced.
    """
    proposal = parameters.theta.copy()
    for k in range(proposal.size):
        proposal[k] += priors.theta_step[k] * rng.standard_normal()
    ratio = factor(series, parameters, proposal, other, right) - value
    for k in range(proposal.size):
        here = (parameters.theta[k] - priors.theta_mean[k]) / priors.theta_sd[k]
        there = (proposal[k] - priors.theta_mean[k]) / priors.theta_sd[k]
        ratio += 0.5 * (here**2 - there**2)
    if np.log(rng.random()) >= ratio:
        return False
    parameters.theta[:], band[:], rhs[:] = proposal, other, right
    return True


@allocating
def run(rng, series, priors, parameters, exact, n_draws, band, rhs, tau, c):
    """Go on with a chain for some draws; how many moved the cycle's parameters, and how many the free loadings."""
    cycle, loadings, free = 0, 0, parameters.theta.size > 0
    other, right = (band.copy(), rhs.copy()) if free else (band, rhs)
    for _ in range(n_draws):
        value = factor(series, parameters, parameters.theta, band, rhs)
        if free and draw_loadings(rng, series, priors, parameters, value, band, rhs, other, right):
            loadings += 1
        draw_states(rng, series, parameters.theta, band, rhs, tau, c)
        if draw_cycle(rng, priors, c, parameters, exact):
            cycle += 1
        draw_trend_covariance(rng, priors, tau, parameters.Q)
    return cycle, loadings
