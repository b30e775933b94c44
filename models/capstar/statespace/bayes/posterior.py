"""The posterior distribution of any declared model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.kernels.arrays import Floats
from capstar.progress import Progress, reporting
from capstar.statespace.bayes.draws import PosteriorDraws
from capstar.statespace.bayes.nuts import nuts_chain
from capstar.statespace.bayes.priors import Prior
from capstar.statespace.bayes.random_walk import Chain, walk_chain
from capstar.statespace.bayes.reports import draw_reports
from capstar.statespace.bayes.results import PosteriorResults
from capstar.statespace.bayes.starts import Starts, dispersed_starts
from capstar.statespace.bayes.target import Target, make_target
from capstar.statespace.fitting import bound_to, values_by_name
from capstar.statespace.initial import Initial
from capstar.statespace.problem import Problem
from capstar.statespace.spec import Spec
from capstar.tasks import run_tasks

Sampler = Literal["random walk", "nuts"]
_DEFAULTS: Mapping[str, tuple[int, int, int]] = {"random walk": (5000, 20_000, 50), "nuts": (1000, 500, 1)}


def posterior(  # noqa: PLR0913 - what can be chosen
    spec: Spec | Problem,
    data: pd.DataFrame | pd.Series | None = None,
    priors: Mapping[str, Prior] | None = None,
    *,
    sampler: Sampler = "random walk",
    n_draws: int | None = None,
    n_chains: int = 4,
    warmup: int | None = None,
    thin: int | None = None,
    n_state_draws: int = 500,
    seed: int = 0,
    n_workers: int = -1,
    initial: Initial | None = None,
    fixed: Mapping[str, float] | None = None,
    start: str | pd.Period | None = None,
    end: str | pd.Period | None = None,
    progress: Progress | bool = True,
) -> PosteriorResults:
    """Draw from the posterior distribution of any declared model.

    Parameters
    ----------
    spec
        The equations, or a likelihood bound to data.  Parameters carry priors, ``Parameter(prior=Normal(0, 1))``.
    data, initial, fixed, start, end
        As of `capstar.statespace.fit`; not with a bound likelihood, but for ``fixed``.
    priors
        In place of those that parameters carry, or for those that carry none.  They are truncated to the parameters'
        bounds, and the density is zero where the spec's constraints do not hold.
    sampler
        ``"random walk"``: adaptive Metropolis, compiled together with the likelihood.  ``"nuts"``: the No-U-Turn
        sampler on the exact score, with a dense mass matrix; a check on the other.
    n_draws, warmup, thin
        Draws kept of each chain, steps before, and steps for each draw; by default 5,000, 20,000 and 50 of a random
        walk, 1,000, 500 and 1 of NUTS.
    n_chains
        Each from a start of its own, about two standard deviations from the mode.
    n_state_draws
        Draws of each chain, evenly spaced, at which states are drawn.
    seed
        The same seed gives the same draws whatever the number of workers.
    n_workers
        Threads; -1: as many as there are processors.
    progress
        See `capstar.progress`.

    Returns
    -------
    PosteriorResults

    Raises
    ------
    SpecificationError
        A parameter has no prior, or an option is none.
    DataError
        As `capstar.statespace.fit`.
    ConvergenceError
        The posterior density is zero wherever it was tried.

    Notes
    -----
    Effective draws a second of one core, the least and the median of eleven parameters of Lewis and Vazquez-Grande's
    ``alt`` (231 quarters, seven states; warm-up included): random walk about 60 and 200, NUTS 0.8 and 11.  That decides
    the default.  The random walk costs about 30 microseconds a step there; the score of NUTS about as much as three
    likelihoods, and constraints end its trajectories.

    Proposals outside the support are rejections; drawing another, as some published codes do, gives another
    distribution.

    References
    ----------
    Haario, H., Saksman, E. and Tamminen, J. (2001). An adaptive Metropolis algorithm. *Bernoulli* 7(2), 223-242.

    Hoffman, M. D. and Gelman, A. (2014). The No-U-Turn sampler. *Journal of Machine Learning Research* 15, 1593-1623.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.statespace import InverseGamma
    >>> from capstar.statespace.examples import nile_problem
    >>> problem, _ = nile_problem()  # or a spec and its data
    >>> priors = {"s_eps": InverseGamma(2, 100), "s_eta": InverseGamma(2, 50)}
    >>> found = cs.statespace.posterior(problem, priors=priors, n_draws=500, warmup=1000, thin=8, n_state_draws=20)
    >>> found.parameters["p50"].round(-1).to_dict()
    {'s_eps': 120.0, 's_eta': 30.0}
    """
    target = _target(spec, data, priors, initial, values_by_name("fixed", fixed), start, end)
    default = _DEFAULTS.get(sampler)
    if default is None:
        raise SpecificationError(f"sampler={sampler!r}; choose from {list(_DEFAULTS)}.")
    draws, warm, step = (
        given if given is not None else usual
        for given, usual in zip((n_draws, warmup, thin), default, strict=True)
    )
    _require_sizes(n_draws=(draws, 4), warmup=(warm, 0), thin=(step, 1), n_chains=(n_chains, 1))
    ahead, *children = np.random.SeedSequence(seed).spawn(n_chains + 1)
    with reporting(progress) as tell:
        tell("mode of the posterior", 0.0)
        starts = dispersed_starts(target, n_chains, np.random.default_rng(ahead))
        tell("mode of the posterior", 1.0)
        make = {"random walk": _walk, "nuts": _nuts}[sampler]
        task = partial(make, target, starts, n_draws=draws, warmup=warm, thin=step)
        items = list(zip(starts.points, children, strict=True))
        found = run_tasks(task, items, n_workers=n_workers, threads=True, stage="chains", progress=tell)
        kept = PosteriorDraws(np.stack([one.draws for one in found]), target.names)
        thetas = _evenly(target, kept.values, n_state_draws)
        reports, by_period = draw_reports(
            target.problem, thetas, seed=seed, n_workers=n_workers, progress=tell
        )
    return PosteriorResults(
        target=target, draws=kept, log_density=np.stack([one.values for one in found]), reports=reports,
        log_likelihood=by_period, thetas=thetas, sampler=sampler, seed=seed,
        acceptance=tuple(one.accepted for one in found), divergent=sum(one.divergent for one in found),
    )  # fmt: skip


def _require_sizes(**sizes: tuple[int, int]) -> None:
    for name, (value, least) in sizes.items():
        if value < least:
            raise SpecificationError(f"{name}={value}; give at least {least}.")


def _target(
    spec: Spec | Problem, data: pd.DataFrame | pd.Series | None, priors: Mapping[str, Prior] | None,
    initial: Initial | None, fixed: dict[str, float], start: str | pd.Period | None, end: str | pd.Period | None,
) -> Target:  # fmt: skip
    if isinstance(spec, Problem):
        if any(one is not None for one in (data, initial, start, end)):
            raise SpecificationError(
                "A likelihood bound to data takes no data, initial, start or end. Give the equations."
            )
        problem = spec
    elif data is None:
        raise DataError(f"{spec.name}: there are no data. Give a table of its series, or a bound likelihood.")
    else:
        problem = bound_to(spec.reporting(), data, initial=initial, fixed=fixed, start=start, end=end)[0]
    own = {n: one.start for n, one in problem.model.parameters.items() if one.fixed and one.start is not None}
    return make_target(problem, problem.table().fix(own | fixed), priors)


def _walk(
    target: Target, starts: Starts, item: tuple[Floats, np.random.SeedSequence], *, n_draws: int, warmup: int, thin: int
) -> Chain:  # fmt: skip
    return walk_chain(target, item[0], starts.cov, n_draws=n_draws, warmup=warmup, thin=thin, seed=item[1])


def _nuts(
    target: Target, starts: Starts, item: tuple[Floats, np.random.SeedSequence], *, n_draws: int, warmup: int, thin: int
) -> Chain:  # fmt: skip
    return nuts_chain(target, item[0], starts.cov, n_draws=n_draws, warmup=warmup, thin=thin, seed=item[1])


def _evenly(target: Target, draws: Floats, wanted: int) -> Floats:
    """All parameters at evenly spaced draws of each chain, shape (chains, draws, all)."""
    rows = np.unique(
        np.linspace(0, draws.shape[1] - 1, min(max(wanted, 1), draws.shape[1])).round().astype(int)
    )
    return np.array([[target.fill(x) for x in chain[rows]] for chain in draws])
