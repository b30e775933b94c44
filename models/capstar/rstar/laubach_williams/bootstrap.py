"""Parametric bootstrap of the whole three-stage procedure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from capstar.arguments import checked
from capstar.errors import CapstarError, SpecificationError
from capstar.frames import Start, since
from capstar.kernels.arrays import Floats
from capstar.progress import Progress
from capstar.provenance import titled
from capstar.reporting import Result
from capstar.reporting.estimates import require_coverage
from capstar.rstar.laubach_williams.estimates import UNCERTAIN, ThreeStageEstimates
from capstar.rstar.state_path import Which
from capstar.statespace.smoothing import simulate_data
from capstar.tasks import first_successes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_BOTH: tuple[Which, Which] = ("filtered", "smoothed")


@dataclass(frozen=True)
class DrawnSample:
    """One sample drawn from the model, with the states behind it.

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
class Bootstrap(Result):
    """Errors of the whole procedure on samples drawn from its own estimate.

    Attributes
    ----------
    estimate
        ``"filtered"`` and ``"smoothed"``: r*, g and potential as estimated on the data, shape (n, 3).
    errors
        The same: estimate less truth in every replication, shape (n_replications, n, 3).
    params : pandas.DataFrame
        Parameters and lambdas of every replication.
    failed
        Samples on which the procedure gave no estimate (no maximum, or a break statistic beyond the table);
        others were drawn in their place.
    seed
        Of the draws.

    Examples
    --------
    >>> import capstar as cs
    >>> errors = cs.rstar.HLW2017.fit(cs.data.us_macro()).bootstrap(4, progress=False)
    >>> errors.title
    'Bootstrap of the three stages, 1961Q1-2009Q3, 4 replications'
    >>> errors.average.index.to_list(), errors.final.gt(0).all().item(), errors.se("filtered").shape
    (['rstar', 'g', 'potential'], True, (195, 3))
    >>> errors.to_frame().columns[0], list(errors.frames()), len(errors.notes())
    ('rstar_filtered_se', ['Root mean squared error', 'Parameters'], 1)
    >>> errors.bse.gt(0).any().item()
    True
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

        Raises
        ------
        SpecificationError
            There is no such quantity or kind.

        Examples
        --------
        >>> import capstar as cs
        >>> errors = cs.rstar.HLW2017.fit(cs.data.us_macro()).bootstrap(4, progress=False)
        >>> errors.band("rstar", "filtered", level=0.68).columns.to_list()
        ['lower', 'estimate', 'upper']
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

    @property
    def bse(self) -> pd.Series:
        """Standard errors of the parameters and lambdas: standard deviations over replications."""
        return self.params.std().rename("std_error")

    def conf_int(self, level: float = 0.95) -> pd.DataFrame:
        """Percentile intervals of the parameters and lambdas, columns ``lower`` and ``upper``.

        They carry what the break tests leave open about the lambdas, which the standard errors of stage 3 do not;
        that of a lambda never goes below zero, where its estimates pile up.

        Parameters
        ----------
        level
            Coverage, at least 0.5.

        Examples
        --------
        >>> import capstar as cs
        >>> errors = cs.rstar.HLW2017.fit(cs.data.us_macro()).bootstrap(4, progress=False)
        >>> errors.conf_int(0.8).columns.to_list(), errors.bse.index.equals(errors.conf_int().index)
        (['lower', 'upper'], True)
        """
        tail = (1 - require_coverage(level)) / 2
        return self.params.quantile([tail, 1 - tail]).set_axis(["lower", "upper"]).T

    @property
    def title(self) -> str:
        """Number of replications and sample."""
        index = self.estimate["smoothed"].index
        return f"Bootstrap of the three stages, {index[0]}-{index[-1]}, {len(self.params)} replications"

    def _dated(self) -> pd.Series | pd.DataFrame:
        return self.estimate["smoothed"]

    def to_frame(self) -> pd.DataFrame:
        """Root mean squared errors by quarter, such as ``rstar_filtered_se``."""
        return pd.concat([self.se(which).add_suffix(f"_{which}_se") for which in _BOTH], axis=1)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Root mean squared errors of the smoothed states, and the parameters over replications."""
        spread = pd.DataFrame({"mean": self.params.mean(), "std err": self.bse})
        return {
            "Root mean squared error": pd.DataFrame({"average": self.average, "final": self.final}),
            "Parameters": spread.join(self.conf_int().set_axis(["[0.025", "0.975]"], axis=1)),
        }

    def notes(self) -> tuple[str, ...]:
        """Seed and failures."""
        return (f"Seed {self.seed}; samples without an estimate, replaced by others: {self.failed}.",)

    def plot(
        self, ax: Any = None, *, name: str = "rstar", which: Which = "smoothed", start: Start = None,
        level: float = 0.9,
    ) -> Figure:  # fmt: skip
        """The estimate in its bootstrap band.

        Parameters
        ----------
        ax
            Axes to draw in; by default a figure of its own.
        name, which, level
            As in `band`.
        start
            First quarter shown.

        Examples
        --------
        >>> import capstar as cs
        >>> errors = cs.rstar.HLW2017.fit(cs.data.us_macro()).bootstrap(4, progress=False)
        >>> figure = errors.plot(name="g", which="smoothed", start="1980Q1", level=0.68)
        """
        from capstar.plotting import plot_band

        label = f"{level:.0%} band of {len(self.params)} bootstrap replications: filter and parameters"
        title = f"{'r*' if name == 'rstar' else name}, {'one' if which == 'filtered' else 'two'}-sided"
        unit = "percent" if name == "output_gap" else "percent a year"
        drawn = since(self.band(name, which, level=level), start)
        return plot_band(drawn, title=title, band=label, unit=unit, source=self.provenance, ax=ax)

    @property
    def average(self) -> pd.Series:
        """Mean over quarters of the root mean squared error of the smoothed states."""
        return self.se().mean().rename("average")

    @property
    def final(self) -> pd.Series:
        """Root mean squared error of the last quarter."""
        return self.se().iloc[-1].rename("final")


def bootstrap(
    results: ThreeStageEstimates, n_replications: int, seed: int, n_workers: int, progress: Progress | bool
) -> Bootstrap:
    """See `RStarResults.bootstrap`."""
    if n_replications < 2:
        raise SpecificationError(f"n_replications={n_replications}; at least 2 are needed.")
    found, tried = first_successes(
        partial(_replicate, results), n_replications, seed=seed, n_workers=n_workers,
        stage=f"{results.model_name}: bootstrap", progress=progress,
    )  # fmt: skip
    if len(found) < n_replications:
        raise SpecificationError(
            f"{results.model_name}: {tried - len(found)} of {tried} samples drawn from the estimate could not be "
            "estimated. Look at its diagnostics, or fix the lambdas."
        )
    return Bootstrap(
        estimate={which: titled(_states(results, which), results.real_rate) for which in _BOTH},
        errors={which: np.stack([errors[which] for errors, _ in found]) for which in _BOTH},
        params=pd.DataFrame([params for _, params in found]).reset_index(drop=True),
        failed=tried - len(found),
        seed=seed,
    )


@checked
def draw_sample(results: ThreeStageEstimates, rng: np.random.Generator) -> DrawnSample:
    """One sample of the model as estimated, started from the smoothed state before the sample.

    Parameters
    ----------
    results
        Estimate whose parameters and smoothed initial state the sample is drawn from.
    rng
        Generator of the shocks.

    Raises
    ------
    SpecificationError
        The initial state is diffuse.

    Examples
    --------
    >>> import numpy as np
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> drawn = cs.rstar.draw_sample(fit, np.random.default_rng(0))
    >>> drawn.truth.columns.to_list(), len(drawn.frame)
    (['rstar', 'g', 'potential'], 199)
    """
    stage = results.stages.stage3
    if results.job.options.initial == "diffuse":
        raise SpecificationError(
            "A diffuse initial state has no distribution to draw samples from. Estimate with initial='published' "
            "or an InitialState."
        )
    theta, before = stage.states.theta, stage.states
    problem = replace(stage.problem, initial_mean=before.initial, initial_cov=before.initial_cov)
    states, y = simulate_data(problem, theta, seed=rng, own_lags=True)
    frame, model = results.data.copy(), problem.model
    frame.loc[problem.index, list(model.observed)] = y
    rows = model.blocks["R"].dense(problem.values(theta))
    loadings = rows[[model.reports.index(name) for name in UNCERTAIN]]
    return DrawnSample(frame, pd.DataFrame(states @ loadings.T, problem.index, list(UNCERTAIN)))


def _replicate(
    results: ThreeStageEstimates, child: np.random.SeedSequence
) -> tuple[dict[Which, Floats], pd.Series] | None:
    """Errors of the filtered and smoothed states in one sample, and its estimates."""
    sample = draw_sample(results, np.random.default_rng(child))
    try:
        again = results.estimated_on(sample.frame)
    except CapstarError:
        return None
    errors = {which: (_states(again, which) - sample.truth).to_numpy() for which in _BOTH}
    return errors, again.all_params


def _states(results: ThreeStageEstimates, which: Which) -> pd.DataFrame:
    return pd.DataFrame({name: getattr(results.path(name), which) for name in UNCERTAIN})
