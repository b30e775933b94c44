"""Standard errors of the states: Hamilton's (1986) Monte Carlo over parameters and initial state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from capstar.arguments import checked
from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats
from capstar.progress import Progress
from capstar.provenance import titled
from capstar.rstar.laubach_williams.estimates import (
    UNCERTAIN,
    Covariance,
    StateUncertainty,
    ThreeStageEstimates,
)
from capstar.statespace.diffuse import DiffuseProblem
from capstar.statespace.problem import Problem
from capstar.statespace.smoothing import smoothed_moments
from capstar.tasks import run_tasks

_CHUNK = 100  # draws summed together; fixed, so that sums do not depend on the number of workers


@dataclass(frozen=True)
class Draws:
    """Parameters and initial states to average over.

    Attributes
    ----------
    theta
        Full parameter vectors, shape (n_draws, k).
    initial
        States before the sample, shape (n_draws, m); (n_draws, 0) where it is diffuse.
    discarded
        Parameter draws that broke a bound or had a_y1 + a_y2 of 1 or more.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> draws = cs.rstar.draw_parameters(fit, n_draws=20, seed=0)
    >>> draws.theta.shape, draws.initial.shape, draws.discarded >= 0
    ((20, 11), (20, 7), True)
    """

    theta: Floats
    initial: Floats
    discarded: int


@checked
def state_uncertainty(
    results: ThreeStageEstimates,
    draws: Draws | None = None,
    *,
    n_draws: int = 5000,
    seed: int = 0,
    covariance: Covariance = "full",
    discard: bool = True,
    n_workers: int = -1,
    progress: Progress | bool = True,
) -> StateUncertainty:
    """Monte Carlo standard errors of the states (Hamilton 1986).

    Parameters
    ----------
    results
        An estimate.
    draws
        To average over, in place of ``n_draws`` new ones.
    n_draws
        Draws of parameters from N(estimate, inverse outer product of scores), each with an initial state drawn
        around the first smoothed state.
    seed
        The same seed gives the same numbers whatever the number of workers.
    covariance
        ``"full"``: the filter variance of r* is that of ``4 c g + z``.  ``"published"``: as the New York
        Fed's code has it: without the covariance of g and z, with c = 1, and read one quarter later.
    discard
        Whether draws of parameters outside the bounds are drawn again; see `draw_parameters`.
    n_workers
        Threads; by default as many as there are processors.
    progress
        See `capstar.progress.reporting`.

    Raises
    ------
    SpecificationError
        The covariance is none of these, or hardly any draw respects the bounds.

    References
    ----------
    Hamilton (1986), *Journal of Econometrics* 33, 387-397; Laubach and Williams (2003), section IV.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> errors = cs.rstar.state_uncertainty(fit, n_draws=200, seed=0, covariance="published")
    >>> errors.average.index.to_list()
    ['rstar', 'g', 'potential']
    """
    if covariance not in ("full", "published"):
        raise SpecificationError(f"covariance={covariance!r}; choose 'full' or 'published'.")
    given, stage = draws is not None, results.stages.stage3
    if draws is None:
        draws = draw_parameters(results, n_draws=n_draws, seed=seed, discard=discard)
    problem = stage.problem
    if not isinstance(problem, DiffuseProblem):
        # The drawn initial state stands for that of the first quarter, with its predicted covariance.
        problem = problem.with_initial_cov(stage.states.predicted_cov[0])
    center = stage.states.smoothed @ _loadings(problem, stage.states.theta).T
    chunks = [slice(i, i + _CHUNK) for i in range(0, len(draws.theta), _CHUNK)]

    def total(chunk: slice) -> Floats:
        pairs = zip(draws.theta[chunk], draws.initial[chunk], strict=True)
        summed: Floats = np.sum([_variances(problem, center, *pair, covariance) for pair in pairs], axis=0)
        return summed

    stage_name = f"{results.model_name}: standard errors, {len(draws.theta)} draws"
    parts = run_tasks(total, chunks, n_workers=n_workers, threads=True, stage=stage_name, progress=progress)
    parameter, filtering = np.sum(parts, axis=0) / len(draws.theta)
    if covariance == "published":
        filtering = np.vstack([filtering[1:], filtering[-1:]])
    index, names = stage.problem.index, list(UNCERTAIN)
    return StateUncertainty(
        se=titled(pd.DataFrame(np.sqrt(parameter + filtering), index, names), results.real_rate),
        parameter_variance=pd.DataFrame(parameter, index, names),
        filter_variance=pd.DataFrame(filtering, index, names),
        monte_carlo_error=_monte_carlo_error(parts, len(draws.theta), names),
        covariance=covariance,
        n_draws=len(draws.theta),
        discarded=draws.discarded,
        seed=None if given else seed,
    )


@checked
def draw_parameters(results: ThreeStageEstimates, *, n_draws: int, seed: int, discard: bool = True) -> Draws:
    """Draws of the parameters and of the initial state.

    Parameters
    ----------
    results
        Estimate to draw around, with the inverse outer product of scores as covariance.
    n_draws, seed
        Number of draws kept, and their seed.
    discard
        Whether parameters outside the bounds, or with a_y1 + a_y2 of 1 or more, are drawn again, as the New York Fed's
        programs of the models of 2017 and 2023 do.  That of Laubach and Williams (2003), as of 2020, keeps every
        draw, which makes the standard errors of r* and potential larger; one draw of a_r near zero may then dominate
        those of r*.

    Raises
    ------
    SpecificationError
        Fewer than one draw, or hardly any draw respects the bounds.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> draws = cs.rstar.draw_parameters(fit, n_draws=20, seed=0)
    >>> cs.rstar.state_uncertainty(fit, draws).n_draws
    20
    """
    if n_draws < 1:
        raise SpecificationError(f"n_draws={n_draws}; at least one draw is needed.")
    stage = results.stages.stage3
    rng = np.random.default_rng(seed)
    cov = results.cov_params().dropna(how="all").dropna(how="all", axis=1)
    center = stage.ml.params[list(cov.index)].to_numpy(dtype=float)
    root = np.linalg.cholesky(cov.to_numpy())
    accepted: list[Floats] = []
    tried = 0
    while len(accepted) < n_draws:
        candidate = center + root @ rng.standard_normal(center.size)
        tried += 1
        if not discard or _admissible(stage.problem, dict(zip(cov.index, candidate, strict=True))):
            accepted.append(candidate)
        elif tried > 100 * (len(accepted) + 100):
            raise SpecificationError(
                f"{results.model_name}: of {tried} draws of the parameters {len(accepted)} respect the bounds. The "
                "estimate lies too near them for this Monte Carlo; fix the parameters at their bounds."
            )
    theta = np.tile(stage.problem.vector(stage.ml.params), (n_draws, 1))
    theta[:, [stage.problem.names.index(name) for name in cov.index]] = accepted
    if isinstance(stage.problem, DiffuseProblem):
        return Draws(theta, np.empty((n_draws, 0)), tried - n_draws)
    spread = np.linalg.cholesky(stage.states.predicted_cov[0] + 1e-12 * np.eye(stage.states.initial.size))
    initial = stage.states.smoothed[0] + rng.standard_normal((n_draws, len(spread))) @ spread.T
    return Draws(theta, initial, tried - n_draws)


def _monte_carlo_error(parts: list[Floats], n_draws: int, names: list[str]) -> pd.Series:
    """Jackknife over groups of draws; NaN with fewer than two."""
    if len(parts) < 2:
        return pd.Series(np.nan, names)
    whole = np.sum(parts, axis=0)
    left_out = [
        np.sqrt(np.sum(whole - part, axis=0) / (n_draws - min(_CHUNK, n_draws))).mean(axis=0)
        for part in parts
    ]
    spread = np.var(left_out, axis=0) * (len(parts) - 1)
    return pd.Series(np.sqrt(spread), names)


def _admissible(problem: Problem, values: Mapping[str, float]) -> bool:
    bounds = problem.model.parameters
    inside = all(bounds[name].lower <= value <= bounds[name].upper for name, value in values.items())
    return inside and values["a_y1"] + values["a_y2"] < 1


def _loadings(problem: Problem, theta: Floats) -> Floats:
    """Rows that read r*, g and potential off the state, shape (3, m)."""
    rows: Floats = problem.model.blocks["R"].dense(problem.values(theta))
    chosen: Floats = rows[[problem.model.reports.index(name) for name in UNCERTAIN]]
    return chosen


def _variances(
    problem: Problem, center: Floats, theta: Floats, initial: Floats, covariance: Covariance
) -> Floats:
    """Squared move and filter variance of the three quantities at one draw, shape (2, n, 3)."""
    rows = _loadings(problem, theta)
    drawn = replace(problem, initial_mean=initial) if initial.size else problem
    slots = [int(j) for j in np.flatnonzero(rows.any(axis=0))]
    mean, cov = smoothed_moments(drawn, theta, slots)
    rows = rows[:, slots]
    moves = (mean @ rows.T - center) ** 2
    if covariance == "full":
        # At draws where a_r is nearly zero z explodes, and rounding may leave a small variance below zero.
        return np.stack([moves, np.maximum(np.einsum("qi,tij,qj->tq", rows, cov, rows), 0.0)])
    # As published: 16 var(g) + var(z), neither c nor the covariance.
    plain = (rows != 0) * np.where(np.abs(rows[1]) > 0, 4.0, 1.0)
    return np.stack([moves, np.einsum("qi,tii->tq", plain**2, cov)])
