"""Draws of a model's reports by period, given draws of its parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from capstar.kernels.arrays import Floats, Path
from capstar.progress import Progress
from capstar.statespace.diffuse import DiffuseProblem, determined
from capstar.statespace.problem import Problem
from capstar.statespace.smoothing import estimate_states, simulate_data, smoothed_mean
from capstar.tasks import run_tasks


@dataclass(frozen=True)
class StateDraws:
    """Draws of one quantity by period.

    Attributes
    ----------
    smoothed
        Given all data, shape (chains, draws, n).
    filtered
        Given data to the period, parameters from their posterior on all data; same shape, or fewer draws. None where
        the method gives none.
    joint
        Whether the filtered values of one draw hang together from period to period as the filter's errors do. Where
        each period is drawn by itself, regressions on a draw take its error for noise.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_posterior
    >>> found = nile_posterior()
    >>> level = found.reports["level"]
    >>> level.smoothed.shape, level.joint
    ((4, 25, 100), False)
    """

    smoothed: Floats
    filtered: Floats | None = None
    joint: bool = False

    def given(self, which: str) -> Floats:
        """Those of ``"filtered"`` or ``"smoothed"``, shape (chains, draws, n).

        Examples
        --------
        >>> from capstar.statespace.examples import nile_posterior
        >>> found = nile_posterior()
        >>> found.reports["level"].given("smoothed").mean(axis=(0, 1))[-1].round(-2).item()
        800.0
        """
        found = self.filtered if which == "filtered" else self.smoothed
        return np.full((1, 1, self.smoothed.shape[2]), np.nan) if found is None else found


class _Drawn(NamedTuple):
    filtered: Floats  # (n, reports)
    smoothed: Floats
    log_likelihood: Floats  # (n,)


def draw_reports(
    problem: Problem, thetas: Floats, *, seed: int, n_workers: int = 1, progress: Progress | bool = False
) -> tuple[dict[str, StateDraws], Floats]:
    """Filtered and smoothed draws of every report, and the log-likelihood by period.

    Parameters
    ----------
    problem
        Model and data.
    thetas
        Draws of all parameters, shape (chains, draws, all).
    seed
        Of the states; the filtered draws of a period do not change when later periods are added.
    n_workers, progress
        See `capstar.tasks.run_tasks`.

    Returns
    -------
    draws
        By report.  Each filtered draw is one from the normal distribution of the report given the data to the period;
        the smoothed draws of a path belong together (simulation smoother of Durbin and Koopman 2002).
    log_likelihood
        Of each period given the past, shape (chains, draws, n).
    """
    chains, draws, _ = thetas.shape
    children = np.random.SeedSequence([seed, 1]).spawn(chains * draws)
    items = list(zip(thetas.reshape(chains * draws, -1), children, strict=True))
    size = max(1, min(100, len(items) // 8))
    batches = [items[i : i + size] for i in range(0, len(items), size)]
    found = run_tasks(
        lambda batch: [_draw(problem, *one) for one in batch],
        batches, n_workers=n_workers, threads=True, stage="states", progress=progress,
    )  # fmt: skip
    each = [one for batch in found for one in batch]
    filtered, smoothed, log_likelihood = (np.stack(column) for column in zip(*each, strict=True))

    def shaped(values: Floats) -> Floats:
        return values.reshape(chains, draws, *values.shape[1:])

    filtered, smoothed = shaped(filtered), shaped(smoothed)
    each_report = enumerate(problem.model.reports)
    out = {name: StateDraws(smoothed[..., i].copy(), filtered[..., i].copy()) for i, name in each_report}
    return out, shaped(log_likelihood)


def _draw(problem: Problem, theta: Floats, seed: np.random.SeedSequence) -> _Drawn:
    """One draw of each, at one parameter vector."""
    values = problem.values(theta)
    load, on_data = (problem.model.blocks[name].dense(values) for name in ("R", "X"))
    known = problem.report_inputs @ on_data.T
    filtering, smoothing = (np.random.default_rng(one) for one in seed.spawn(2))
    if isinstance(problem, DiffuseProblem):
        at = estimate_states(problem, theta)
        mean, cov, by_period = at.filtered, at.filtered_cov, problem.loglike_obs(theta).to_numpy()
        states = _smoothed_states(_given_delta(problem, theta, smoothing), theta, smoothing)[problem.warmup :]
    else:
        path = problem.filter_path(theta)
        mean, cov, by_period = path.a[:, -1], path.P[:, -1], _log_likelihood(path)
        states = _smoothed_states(problem, theta, smoothing)
    with np.errstate(invalid="ignore"):  # of diffuse states, until the data determine them
        variance = np.einsum("ri,tij,rj->tr", load, cov, load, optimize=True)
        noise = filtering.standard_normal(variance.shape) * np.sqrt(np.maximum(variance, 0.0))
        filtered = mean @ load.T + known + noise
    return _Drawn(filtered, states @ load.T + known, np.asarray(by_period))


def _log_likelihood(path: Path) -> Floats:
    """Of each period given the past, from the filter's path, shape (n,)."""
    seen = path.F > 0
    F, v = np.where(seen, path.F, 1.0), np.where(seen, path.v, 0.0)
    out: Floats = -0.5 * np.where(seen, np.log(2 * np.pi * F) + v**2 / F, 0.0).sum(axis=1)
    return out


def _smoothed_states(problem: Problem, theta: Floats, rng: np.random.Generator) -> Floats:
    """A path of the states given all data, shape (n, m), from an initial state with a distribution."""
    states, y = simulate_data(problem, theta, seed=rng)
    y[np.isnan(problem.y)] = np.nan
    drawn: Floats = states + smoothed_mean(problem, theta) - smoothed_mean(problem.with_data(y), theta)
    return drawn


def _given_delta(problem: DiffuseProblem, theta: Floats, rng: np.random.Generator) -> Problem:
    """The ordinary problem, warm-up periods included, at a draw of the unknown part of the initial state."""
    long = problem.longer()
    known = determined(problem, long, theta)
    delta = rng.multivariate_normal(known.delta, np.linalg.inv(known.S), method="cholesky")
    return replace(long, initial_mean=long.initial_mean + problem.loading @ delta)
