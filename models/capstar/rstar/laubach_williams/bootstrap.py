"""Parametric bootstrap of the whole three-stage procedure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import CapstarError, SpecificationError
from capstar.parallel import first_successes
from capstar.rstar.laubach_williams.estimates import UNCERTAIN, ThreeStageEstimates
from capstar.rstar.laubach_williams.three_stage import Job, estimate_stages
from capstar.rstar.natural_rate import Which
from capstar.statespace.problem import Problem
from capstar.statespace.smoothing import simulate_data

if TYPE_CHECKING:
    from matplotlib.figure import Figure


Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """One sample drawn from the model, with the truth behind it.

    Attributes
    ----------
    frame
        Data as the procedure takes them: output and inflation drawn, all else as observed.
    truth
        r*, g and potential of the draw by quarter.
    """

    frame: pd.DataFrame
    truth: pd.DataFrame


@dataclass(frozen=True)
class Bootstrap:
    """Errors of the whole procedure on samples drawn from its own estimate.

    Attributes
    ----------
    estimate
        ``"filtered"`` and ``"smoothed"``: r*, g and potential as estimated on the data, shape (n, 3).
    errors
        The same: estimate less truth in every replication, shape (replications, n, 3).
    params : pandas.DataFrame
        Parameters and lambdas of every replication.
    failed
        Samples on which the procedure gave no estimate (no maximum, or a break statistic beyond the table);
        others were drawn in their place.
    seed
        Of the draws.
    """

    estimate: dict[Which, pd.DataFrame]
    errors: dict[Which, Floats]
    params: pd.DataFrame
    failed: int
    seed: int

    def band(self, name: str = "rstar", which: Which = "smoothed", *, level: float = 0.9) -> pd.DataFrame:
        """Band of one quantity by quarter: columns ``lower``, ``estimate``, ``upper``.

        The basic bootstrap band, estimate less the quantiles of its error: it carries the filter, the
        parameters and the lambdas, and corrects for bias.

        Parameters
        ----------
        name
            ``"rstar"``, ``"g"`` or ``"potential"``.
        which
            ``"filtered"`` or ``"smoothed"``.
        level
            Coverage.
        """
        if name not in UNCERTAIN or which not in self.errors:
            raise SpecificationError(
                f"{name!r}, {which!r}: choose from {UNCERTAIN} and {tuple(self.errors)}."
            )
        errors = self.errors[which][:, :, UNCERTAIN.index(name)]
        low, high = np.quantile(errors, [0.5 - level / 2, 0.5 + level / 2], axis=0)
        center = self.estimate[which][name]
        return pd.DataFrame({"lower": center - high, "estimate": center, "upper": center - low})

    def se(self, which: Which = "smoothed") -> pd.DataFrame:
        """Root mean squared error by quarter."""
        root = np.sqrt((self.errors[which] ** 2).mean(axis=0))
        return pd.DataFrame(root, self.estimate[which].index, list(UNCERTAIN))

    def plot(self, name: str = "rstar", which: Which = "smoothed", *, level: float = 0.9) -> Figure:
        """The estimate in its bootstrap band.

        Parameters
        ----------
        name, which, level
            As in `band`.
        """
        from capstar.plotting import plot_band

        title = f"{name}, {which}, {level:.0%} bootstrap band of {len(self.params)} replications"
        return plot_band(self.band(name, which, level=level), title=title)

    @property
    def average(self) -> pd.Series:
        """Mean over quarters of the root mean squared error of the smoothed states."""
        return self.se().mean().rename("average")

    @property
    def final(self) -> pd.Series:
        """Root mean squared error of the last quarter."""
        return self.se().iloc[-1].rename("final")


def bootstrap(
    results: ThreeStageEstimates,
    *,
    n_replications: int = 200,
    seed: int = 0,
    n_workers: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Bootstrap:
    """Draw samples from the estimated model and run all three stages on each.

    Unlike Hamilton's Monte Carlo this carries the uncertainty of the lambdas, and the bias of the procedure.
    Real rate, COVID index and relative prices are as observed; output, inflation and their lags are drawn.

    Parameters
    ----------
    results
        An estimate.
    n_replications
        Number of samples.
    seed
        The same seed gives the same numbers whatever the number of workers.
    n_workers
        Processes.
    progress
        Called with the share done.

    Raises
    ------
    SpecificationError
        The initial state is diffuse, the number of replications is below 2, or most samples fail.

    References
    ----------
    Stoffer and Wall (1991), *JASA* 86; Pfeffermann and Tiller (2005), *Journal of Time Series Analysis* 26.
    """
    if n_replications < 2:
        raise SpecificationError(f"n_replications={n_replications}; at least 2 are needed.")
    generator = sample_source(results)
    job = replace(results.job, options=replace(results.job.options, n_starts=1))
    found, tried = first_successes(
        partial(_replicate, generator, job), n_replications, seed=seed, n_workers=n_workers, progress=progress
    )
    if len(found) < n_replications:
        raise SpecificationError(
            f"{results.model_name}: {tried - len(found)} of {tried} samples drawn from the estimate could not be "
            "estimated. Look at its diagnostics, or fix the lambdas."
        )
    return Bootstrap(
        estimate={which: _quantities(results, which) for which in ("filtered", "smoothed")},
        errors={
            "filtered": np.stack([f for f, _, _ in found]),
            "smoothed": np.stack([s for _, s, _ in found]),
        },
        params=pd.DataFrame([p for _, _, p in found]).reset_index(drop=True),
        failed=tried - len(found),
        seed=seed,
    )


@dataclass(frozen=True)
class SampleSource:
    """What samples are drawn from.

    Attributes
    ----------
    problem
        Stage 3, started from the smoothed state before the sample.
    theta
        Parameters, shape (k,).
    frame
        The data the draws replace.
    """

    problem: Problem
    theta: Floats
    frame: pd.DataFrame

    def draw(self, rng: np.random.Generator) -> World:
        """One sample."""
        states, y = simulate_data(self.problem, self.theta, seed=rng, own_lags=True)
        frame, model = self.frame.copy(), self.problem.model
        frame.loc[self.problem.index, list(model.observed)] = y
        rows = model.blocks["R"].dense(self.problem.values(self.theta))
        loadings = rows[[model.reports.index(name) for name in UNCERTAIN]]
        return World(frame, pd.DataFrame(states @ loadings.T, self.problem.index, list(UNCERTAIN)))


def sample_source(results: ThreeStageEstimates) -> SampleSource:
    """The model as estimated, ready to draw samples from."""
    stage, job = results.stages.stage3, results.job
    if job.options.initial == "diffuse":
        raise SpecificationError(
            "A diffuse initial state has no distribution to draw samples from. Estimate with initial='published' "
            "or an InitialState."
        )
    states = stage.states
    problem = replace(stage.problem, initial_mean=states.initial, initial_cov=states.initial_cov)
    return SampleSource(problem, stage.problem.vector(stage.ml.params), job.frame)


def _replicate(
    generator: SampleSource, job: Job, child: np.random.SeedSequence
) -> tuple[Floats, Floats, pd.Series] | None:
    """Errors of the filtered and smoothed states in one sample, and its estimates."""
    world = generator.draw(np.random.default_rng(child))
    try:
        stages = estimate_stages(replace(job, frame=world.frame))
    except CapstarError:
        return None
    final = stages.stage3
    errors = [
        np.column_stack([final.states.report(name, which)[0] for name in UNCERTAIN]) - world.truth.to_numpy()
        for which in ("filtered", "smoothed")
    ]
    return errors[0], errors[1], final.ml.params


def _quantities(results: ThreeStageEstimates, which: Which) -> pd.DataFrame:
    return pd.DataFrame({name: getattr(getattr(results, name), which) for name in UNCERTAIN})
