"""Series that are common random-walk trends plus a stationary vector autoregression: Gibbs sampling of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from capstar.errors import SpecificationError
from capstar.kernels import trend_cycle as kernels
from capstar.kernels.arrays import Floats, own
from capstar.kernels.trend_cycle import Parameters, Priors, Series
from capstar.progress import Progress
from capstar.tasks import run_tasks

_SPREAD = 0.5  # of the logs of the variances that chains start from
_OWN_LAG = 0.9  # largest coefficient on a series' own first lag that they start from


@dataclass(frozen=True)
class TrendCycle:
    r"""Common trends and cycles, with conjugate priors.

    .. math::

        y_t = \Lambda \tau_t + c_t, \quad \tau_t = \tau_{t-1} + e_t, \quad
        c_t = \textstyle\sum_l B_l c_{t-l} + u_t, \quad e_t \sim N(0, Q), \; u_t \sim N(0, \Sigma)

    Attributes
    ----------
    loadings
        :math:`\Lambda`, shape (n, r).
    change_sd
        Prior of the trends: roots of the mode of the diagonal of Q, per period, shape (r,).
    change_df
        Degrees of freedom of the inverse Wishart prior of Q.
    trend_mean, trend_sd
        Of the trends before the sample, shape (r,).
    psi
        Diagonal of the scale of the inverse Wishart prior of :math:`\Sigma`, which has n + 2 degrees of freedom.
    lags
        Of the cycle.
    tightness
        The coefficient of lag l of series j in equation i has mean zero and variance
        :math:`\Sigma_{ii} \, \mathrm{tightness}^2 / (l^2 \psi_j)`, restricted to stationary cycles.
    shift
        What a unit of each free loading adds to :math:`\Lambda`, shape (k, n, r).
    theta_mean, theta_sd, theta_step
        Normal prior of the free loadings, and standard deviation of their Metropolis proposals, shape (k,).
    """

    loadings: Floats
    change_sd: Floats
    change_df: float
    trend_mean: Floats
    trend_sd: Floats
    psi: Floats
    lags: int = 4
    tightness: float = 0.2
    shift: Floats | None = None
    theta_mean: tuple[float, ...] = ()
    theta_sd: tuple[float, ...] = ()
    theta_step: tuple[float, ...] = ()

    def series(self, y: npt.ArrayLike) -> Series:
        """Data of shape (n_periods, n), NaN where missing, as the kernels take them.

        Raises
        ------
        SpecificationError
            There is another number of series than of rows of the loadings.
        """
        values = own(y)
        n, r = self.loadings.shape
        if values.ndim != 2 or values.shape[1] != n:
            raise SpecificationError(
                f"Data of shape {values.shape}; expected (periods, {n}), a column a loading."
            )
        unknown = np.concatenate([np.ones((self.lags, n), dtype=bool), np.isnan(values)])
        missing = np.where(unknown, np.cumsum(unknown, axis=1) - 1, -1)
        sizes = unknown.sum(axis=1) + np.where(np.arange(len(unknown)) < self.lags - 1, 0, r)
        first = np.concatenate([[0], np.cumsum(sizes)])
        shift = np.empty((0, n, r)) if self.shift is None else own(self.shift)
        return Series(
            values, first.astype(np.int64), missing.astype(np.int64), own(self.loadings), shift,
            own(self.trend_mean), own(self.trend_sd),
        )  # fmt: skip

    @property
    def priors(self) -> Priors:
        """The priors as the kernels take them."""
        n, r = self.loadings.shape
        lag = np.arange(1, self.lags + 1)[:, None]
        return Priors(
            np.diag(np.square(self.change_sd)) * (self.change_df + r + 1), float(self.change_df), own(self.psi),
            float(n + 2), (lag**2 * np.asarray(self.psi) / self.tightness**2).ravel(), own(self.theta_mean),
            own(self.theta_sd), own(self.theta_step),
        )  # fmt: skip

    def start(self, rng: np.random.Generator | None = None) -> Parameters:
        """Where a chain starts: at the priors' centre, or dispersed about it."""
        n, r = self.loadings.shape
        B, psi, variance = np.zeros((self.lags * n, n)), own(self.psi), np.square(own(self.change_sd))
        theta = own(self.theta_mean)
        if rng is not None:
            B[:n] = np.diag(rng.uniform(0, _OWN_LAG, n))
            psi *= np.exp(_SPREAD * rng.standard_normal(n))
            variance *= np.exp(_SPREAD * rng.standard_normal(r))
            theta += np.multiply(self.theta_sd, rng.standard_normal(theta.size)) if theta.size else 0.0
        sigma, P = np.diag(psi), np.empty((self.lags * n, self.lags * n))
        kernels.stationary_covariance(B, sigma, P)
        return Parameters(B, sigma, np.diag(variance), P, theta)


@dataclass(frozen=True)
class TrendCycleDraws:
    """Draws of a `TrendCycle`, arrays whose first two dimensions are chains and draws.

    Attributes
    ----------
    trends
        Given all data, shape (chains, draws, n_periods, r).
    B, sigma, Q, theta
        Parameters: shapes (..., lags * n, n), (..., n, n), (..., r, r) and (..., k).
    moved
        Share of the draws of the cycle's parameters, and of the free loadings, that were taken, shape (chains, 2).
    """

    trends: Floats
    B: Floats
    sigma: Floats
    Q: Floats
    theta: Floats
    moved: Floats

    def largest_root(self) -> Floats:
        """Largest modulus of the cycle's roots, shape (chains, draws)."""
        *lead, size, n = self.B.shape
        companion = np.zeros((*lead, size, size))
        companion[..., :n, :] = np.swapaxes(self.B, -1, -2)
        companion[..., n:, : size - n] = np.eye(size - n)
        return np.asarray(np.abs(np.linalg.eigvals(companion)).max(axis=-1))


def sample_trend_cycle(
    model: TrendCycle,
    y: npt.ArrayLike,
    *,
    n_draws: int,
    warmup: int,
    thin: int = 1,
    n_chains: int = 4,
    seed: int = 0,
    n_workers: int = -1,
    exact: bool = True,
    progress: Progress | bool = False,
) -> TrendCycleDraws:
    """Draw trends and parameters from their posterior distribution.

    States are drawn by a banded precision, the cycle's coefficients with their covariance and the trends' covariance
    from their conjugate distributions, the free loadings by random-walk Metropolis.

    Parameters
    ----------
    model
        With its priors.
    y
        Shape (n_periods, n), NaN where missing.
    n_draws, warmup, thin
        A chain makes ``warmup`` draws that are dropped and ``n_draws`` after them, of which every ``thin``-th is kept.
    n_chains, seed
        The first chain starts at the priors' centre, the others dispersed about it.
    n_workers
        Threads; the draws do not depend on their number.
    exact
        Whether the cycles before the sample are from the stationary distribution of each draw of the cycle's
        parameters, which takes a Metropolis step (left out in the first half of the warm-up); False ignores that they
        depend on these.
    progress
        See `capstar.progress.reporting`.

    Raises
    ------
    SpecificationError
        The data have another number of series, or a number of draws is too small.
    """
    if n_draws < 4 * thin or thin < 1 or warmup < 0 or n_chains < 1:
        raise SpecificationError(
            f"n_draws={n_draws}, thin={thin}, warmup={warmup}, n_chains={n_chains}: give at least one chain with four "
            "draws to keep, such as n_draws=1000, thin=1."
        )
    series = model.series(y)
    chain = partial(_chain, model, series, kept=n_draws // thin, warmup=warmup, thin=thin, exact=exact)
    seeds = enumerate(np.random.SeedSequence(seed).spawn(n_chains))
    done = run_tasks(
        chain, seeds, n_workers=n_workers, threads=True, stage="chains", progress=progress, total=n_chains
    )
    return TrendCycleDraws(*(np.stack(parts) for parts in zip(*done, strict=True)))


def _chain(
    model: TrendCycle,
    series: Series,
    item: tuple[int, np.random.SeedSequence],
    *,
    kept: int,
    warmup: int,
    thin: int,
    exact: bool,
) -> tuple[Floats, ...]:
    number, seed = item
    rng, priors = np.random.default_rng(seed), model.priors
    now = model.start(rng if number else None)
    work = _workspace(series)
    n_periods, r = len(series.y), series.loadings.shape[1]
    trends = np.empty((kept, n_periods, r))
    one = (now.B, now.sigma, now.Q, now.theta)
    out = [np.empty((kept, *each.shape)) for each in one]
    # From a start far away the Metropolis step would take nothing for long: half of the warm-up goes without it.
    for each, count in ((False, warmup // 2), (exact, warmup - warmup // 2)):
        kernels.run(rng, series, priors, now, each, count, *work)
    moved = np.zeros(2)
    for i in range(kept):
        moved += kernels.run(rng, series, priors, now, exact, thin, *work)
        trends[i] = work[2][1:]
        for array, value in zip(out, one, strict=True):
            array[i] = value
    return (trends, *out, moved / (kept * thin))


def trends_given(
    model: TrendCycle,
    y: npt.ArrayLike,
    draws: TrendCycleDraws,
    *,
    filtered: bool,
    seed: int,
    n_workers: int = -1,
) -> Floats:
    """A draw of the trends for each draw of the parameters.

    Parameters
    ----------
    model
        With its priors.
    y
        Shape (n_periods, n), NaN where missing.
    draws
        Of the parameters.
    filtered
        Whether the trends of a period are given data to that period, or all.
    seed, n_workers
        As of `sample_trend_cycle`.

    Returns
    -------
    numpy.ndarray
        Shape (chains, draws, n_periods, r).
    """
    series = model.series(y)
    chains = zip(np.random.SeedSequence(seed).spawn(len(draws.B)), range(len(draws.B)), strict=True)
    task = partial(_given, series, draws, _filtered if filtered else _smoothed)
    return np.stack(run_tasks(task, chains, n_workers=n_workers, threads=True, total=len(draws.B)))


_Draw = Callable[[np.random.Generator, Series, Parameters, tuple[Floats, ...], Floats], None]


def _given(
    series: Series, draws: TrendCycleDraws, draw: _Draw, item: tuple[np.random.SeedSequence, int]
) -> Floats:
    rng, chain = np.random.default_rng(item[0]), item[1]
    work = _workspace(series)
    out = np.empty((draws.B.shape[1], len(series.y), series.loadings.shape[1]))
    for i in range(len(out)):
        values = [own(each[chain, i]) for each in (draws.B, draws.sigma, draws.Q, draws.theta)]
        B, sigma, Q, theta = values
        P = np.empty((len(B), len(B)))
        kernels.stationary_covariance(B, sigma, P)
        draw(rng, series, Parameters(B, sigma, Q, P, theta), work, out[i])
    return out


def _filtered(
    rng: np.random.Generator, series: Series, at: Parameters, work: tuple[Floats, ...], out: Floats
) -> None:
    kernels.draw_filtered(rng, series, at, work[0], work[1], out)


def _smoothed(
    rng: np.random.Generator, series: Series, at: Parameters, work: tuple[Floats, ...], out: Floats
) -> None:
    kernels.factor(series, at, at.theta, work[0], work[1])
    kernels.draw_states(rng, series, at.theta, *work)
    out[:] = work[2][1:]


def _workspace(series: Series) -> tuple[Floats, ...]:
    """Band and right-hand side, trends and cycles."""
    n, r = series.loadings.shape
    blocks, n_periods = len(series.missing), len(series.y)
    lags = blocks - n_periods
    width = int((series.first[lags + 1 :] - series.first[: -lags - 1]).max())
    size = int(series.first[-1])
    return np.empty((size, width)), np.empty(size), np.empty((n_periods + 1, r)), np.empty((blocks, n))
