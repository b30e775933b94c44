"""Draws of a model's reports by period, given draws of its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from capstar.kernels.arrays import Floats
from capstar.parallel import run_tasks
from capstar.progress import Progress
from capstar.statespace.diffuse import DiffuseProblem
from capstar.statespace.problem import Problem
from capstar.statespace.smoothing import backward, estimate_states, simulate_data


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
    """

    smoothed: Floats
    filtered: Floats | None = None

    def given(self, which: str) -> Floats:
        """Those of ``"filtered"`` or ``"smoothed"``, shape (chains, draws, n)."""
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
        See `capstar.parallel.run_tasks`.

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
    names: Mapping[int, str] = dict(enumerate(problem.model.reports))
    out = {name: StateDraws(smoothed[..., i].copy(), filtered[..., i].copy()) for i, name in names.items()}
    return out, shaped(log_likelihood)


def _draw(problem: Problem, theta: Floats, seed: np.random.SeedSequence) -> _Drawn:
    """One draw of each, at one parameter vector."""
    values = problem.values(theta)
    load, on_data = (problem.model.blocks[name].dense(values) for name in ("R", "X"))
    known = problem.report_inputs @ on_data.T
    filtering, smoothing = (np.random.default_rng(one) for one in seed.spawn(2))
    states, y = simulate_data(problem, theta, seed=smoothing)
    y[np.isnan(problem.y)] = np.nan
    if isinstance(problem, DiffuseProblem):
        at = estimate_states(problem, theta)
        mean, cov, smoothed = at.filtered, at.filtered_cov, at.smoothed
        drawn = estimate_states(problem.with_data(y), theta).smoothed
        by_period = problem.loglike_obs(theta).to_numpy()
    else:
        path = problem.filter_path(theta)
        mean, cov = path.a[:, -1], path.P[:, -1]
        seen = path.F > 0
        F = np.where(seen, path.F, 1.0)
        terms = np.where(seen, np.log(2 * np.pi * F) + np.where(seen, path.v, 0.0) ** 2 / F, 0.0)
        by_period = -0.5 * terms.sum(axis=1)
        smoothed = _smoothed(problem, theta)
        drawn = _smoothed(problem.with_data(y), theta)
    variance = np.einsum("ri,tij,rj->tr", load, cov, load, optimize=True)
    noise = filtering.standard_normal(variance.shape) * np.sqrt(np.maximum(variance, 0.0))
    return _Drawn(
        mean @ load.T + known + noise, (smoothed + states - drawn) @ load.T + known, np.asarray(by_period)
    )


def _smoothed(problem: Problem, theta: Floats) -> Floats:
    path = problem.filter_path(theta)
    r = backward(problem, theta, path)[0]
    mean: Floats = path.a[:, 0] + np.einsum("tij,tj->ti", path.P[:, 0], r[1:])
    return mean
