"""Unobserved components of the real rate (Bauer and Rudebusch 2020), by Gibbs sampling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.frames import as_quarterly, require_columns
from capstar.kernels.arrays import Floats
from capstar.kernels.random_walk_cycle import gibbs, paths
from capstar.progress import Progress
from capstar.rstar.natural_rate import LONG_RUN
from capstar.rstar.natural_rate_model import NaturalRateModel
from capstar.rstar.posterior_rate import PosteriorRate
from capstar.statespace.bayes.draws import PosteriorDraws
from capstar.statespace.bayes.reports import StateDraws
from capstar.tasks import run_tasks

PARAMETERS = ("phi", "var_cycle", "var_trend")
_FEWEST = 20  # quarters
_NEAR_ONE = 0.97


@dataclass(frozen=True)
class RealRatePrior:
    """Prior of the model, variances in squared percentage points a quarter.

    Attributes
    ----------
    phi
        Mean and variance of the normal that is truncated to (-1, 1).
    var_cycle, var_trend
        Shape and scale of the inverse gammas of the variances of the shocks to cycle and trend: means 1 and 0.01.
    start
        Mean and variance of the first quarter's r*, and variance of its cycle.

    Examples
    --------
    >>> import capstar as cs
    >>> prior = cs.rstar.RealRatePrior(var_trend=(100.0, 0.99))
    >>> prior.vector().tolist()
    [0.0, 1.0, 3.0, 2.0, 100.0, 0.99]
    """

    phi: tuple[float, float] = (0.0, 1.0)
    var_cycle: tuple[float, float] = (3.0, 2.0)
    var_trend: tuple[float, float] = (50.0, 0.49)
    start: tuple[float, float, float] = (2.0, 100.0, 100.0)

    def __post_init__(self) -> None:
        if not all(v > 0 for v in (self.phi[1], *self.var_cycle, *self.var_trend, *self.start[1:])):
            raise SpecificationError(
                f"{self}: variances, shapes and scales must be positive. Give ones above zero."
            )

    def vector(self) -> Floats:
        """The prior of the parameters as the kernel reads it, shape (6,)."""
        return np.array([*self.phi, *self.var_cycle, *self.var_trend])


@dataclass(frozen=True)
class UnobservedComponentsRate(PosteriorRate):
    """Posterior of the unobserved-components model: its r* is the random walk.

    Paths are kept of evenly spaced draws, the parameters of all.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> fit = cs.rstar.UnobservedComponents().fit(us, n_draws=200, n_burn=100, n_paths=50, progress=False)
    >>> fit
    <UnobservedComponentsRate: UC of the real rate: natural rate of interest, 1960Q4-2009Q3, 196 quarters>
    >>> fit.definition == cs.rstar.LONG_RUN, fit.run_on(us).end, len(fit.identification_notes())
    (True, Period('2009Q3', 'Q-DEC'), 1)
    """

    model: UnobservedComponents

    @property
    def definition(self) -> str:
        """That of the model."""
        return self.model.definition

    def run_on(self, data: pd.DataFrame) -> UnobservedComponentsRate:
        """The estimate run on over longer data, the draws of the parameters held."""
        rate = self.model.real_rate(data).loc[self.start :]
        thetas = of_paths(self.draws.values, self.states["rstar"].smoothed.shape[1])
        shape = (*thetas.shape[:2], len(rate))
        smoothed, filtered, work = np.empty(shape), np.empty(shape), np.empty((4, len(rate)))
        seeds = np.random.SeedSequence(self.seed).spawn(len(thetas))
        y, start = rate.to_numpy(dtype=float), np.array(self.model.prior.start)
        for chain, seed in enumerate(seeds):
            paths(
                y, start, np.random.default_rng(seed), thetas[chain], work, smoothed[chain], filtered[chain]
            )
        states = {"rstar": StateDraws(smoothed, filtered, joint=True)}
        return replace(self, states=states, index=rate.index, rate=rate, remarks=self.remarks[1:])

    @property
    def _rows(self) -> npt.NDArray[np.int64]:
        kept = self.states["rstar"].smoothed.shape[1]
        rows: npt.NDArray[np.int64] = of_paths(np.arange(float(self.draws.n_draws))[None], kept)[0].astype(
            np.int64
        )
        return rows

    def identification_notes(self) -> tuple[str, ...]:
        """How wide the posterior of the last r* is, and how much of that is the level when phi is near one."""
        return (width(self),)


@dataclass(frozen=True)
class UnobservedComponents(NaturalRateModel):
    """Real rate = r* + cycle; r* a random walk, the cycle a first-order autoregression.

    Attributes
    ----------
    prior
        By default that of Bauer and Rudebusch (2020), whose mean of the trend variance (0.01 a quarter) was recovered
        from their published series.
    as_published
        Whether the posterior shapes of the variances count two differences fewer than there are quarters, as the
        authors' code does, in place of one.
    column
        Column of the data with the real rate, percent a year. By default the real rate is ``interest_rate`` less the
        mean of ``inflation`` over the four quarters that end with this one, so that three quarters are lost. The
        authors take the three-month Treasury bill and inflation of the core PCE deflator.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> model = cs.rstar.UnobservedComponents()
    >>> model.name, model.inputs, model.real_rate(us).iloc[-1].round(2).item()
    ('UC of the real rate', ('interest_rate', 'inflation'), 0.35)
    """

    prior: RealRatePrior = RealRatePrior()
    as_published: bool = False
    column: str | None = None

    name, key = "UC of the real rate", "uc"
    citation = (
        "Bauer, M. D. and Rudebusch, G. D. (2020). Interest rates under falling stars. American Economic "
        "Review 110(5), 1316-1354."
    )
    options = (
        "n_draws", "n_chains", "n_burn", "n_paths", "seed", "n_workers", "prior", "as_published", "column",
    )  # fmt: skip
    method = "random walk plus autoregressive cycle, Gibbs sampling"
    seconds, definition = 2.0, LONG_RUN

    @property
    def inputs(self) -> tuple[str, ...]:
        """The real rate's column, or ``interest_rate`` and ``inflation``."""
        return ("interest_rate", "inflation") if self.column is None else (self.column,)

    def real_rate(self, data: pd.DataFrame) -> pd.Series:
        """The real rate by quarter, from its first to its last value.

        Parameters
        ----------
        data
            As of `fit`.

        Raises
        ------
        DataError
            A column is missing, or a value between the first and the last.
        """
        source = str(data.attrs.get("title", "the data"))
        frame = as_quarterly(data, source=source, columns=self.inputs)
        require_columns(frame, self.inputs, source=source, why=f"needed by {self.name}")
        if self.column is None:
            rate = frame["interest_rate"] - frame["inflation"].rolling(4).mean()
        else:
            rate = frame[self.column]
        rate = rate.loc[rate.first_valid_index() : rate.last_valid_index()].rename("r")
        if rate.isna().any():
            raise DataError(
                f"{source}: the real rate is missing in {rate.index[rate.isna()][0]}. Fill it, or cut the data there."
            )
        rate.attrs = {"title": source}
        return rate

    def fit(
        self,
        data: pd.DataFrame,
        start: str | pd.Period | None = None,
        end: str | pd.Period | None = None,
        *,
        n_draws: int = 25_000,
        n_chains: int = 4,
        n_burn: int = 1_000,
        n_paths: int = 2_500,
        seed: int = 0,
        n_workers: int = -1,
        n_starts: int = 1,
        progress: Progress | bool = True,
        **own: Any,
    ) -> UnobservedComponentsRate:
        """Draw from the posterior.

        Parameters
        ----------
        data
            One row a quarter, without gaps, with the columns `inputs`.
        start, end
            Sample; by default all the data allow.
        n_draws, n_chains, n_burn
            Draws kept in a chain, chains, and draws before the first that is kept. Chains start from draws of the
            prior.
        n_paths
            Paths of r* kept in a chain, at most, of evenly spaced draws.
        seed
            The same seed gives the same draws whatever the number of workers.
        n_workers
            Threads.
        n_starts
            Not used: nothing is searched.
        progress
            See `capstar.progress.reporting`.
        **own
            ``prior``, ``as_published`` and ``column`` in place of the model's own.

        Raises
        ------
        DataError
            A column or a value is missing, or the sample is shorter than twenty quarters.
        SpecificationError
            A number of draws or chains is too small, or an option is unknown.

        Examples
        --------
        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> fit = cs.rstar.UnobservedComponents().fit(us, n_draws=200, n_burn=100, n_paths=50, progress=False)
        >>> fit.rstar.smoothed.iloc[-1].round(0).item()
        1.0
        """
        self.require_options(own)
        model = replace(self, **own)
        if min(n_draws, n_paths) < 4 or n_chains < 1 or n_burn < 0:
            raise SpecificationError(
                f"n_draws={n_draws}, n_paths={n_paths}, n_chains={n_chains}, n_burn={n_burn}; give at least 4 draws "
                "and paths, 1 chain and no negative number."
            )
        rate = model.real_rate(data)
        first, last = (q if q is None else pd.Period(q, freq="Q") for q in (start, end))
        rate = rate.loc[first:last]
        if len(rate) < _FEWEST:
            raise DataError(
                f"{model.name}: {len(rate)} quarters are too few, expected at least {_FEWEST}. Give longer data."
            )
        chains = run_tasks(
            lambda one: model._chain(rate.to_numpy(dtype=float), (n_draws, n_burn, n_paths), one),
            np.random.SeedSequence(seed).spawn(n_chains), n_workers=n_workers, threads=True,
            stage="chains", progress=progress,
        )  # fmt: skip
        thetas, smoothed, filtered = (np.stack(values) for values in zip(*chains, strict=True))
        states = {"rstar": StateDraws(smoothed, filtered, joint=True)}
        draws = PosteriorDraws(thetas, PARAMETERS)
        found = UnobservedComponentsRate(model, draws, states, rate.index, rate, seed)
        return replace(found, remarks=(width(found), model._counted()))

    def _chain(
        self, y: Floats, counts: tuple[int, int, int], seed: np.random.SeedSequence
    ) -> tuple[Floats, Floats, Floats]:
        """Parameters (draws, 3), and smoothed and filtered paths (kept, n) of one chain."""
        n_draws, n_burn, n_paths = counts
        every = -(-n_draws // n_paths)
        generator, prior, n = np.random.default_rng(seed), self.prior.vector(), len(y)
        scales = [prior[k + 1] / generator.standard_gamma(prior[k]) for k in (2, 4)]
        theta = np.array([generator.uniform(-0.9, 0.99), *scales])
        thetas, kept = np.empty((n_draws, 3)), -(-n_draws // every)
        smoothed, filtered = np.empty((kept, n)), np.empty((kept, n))
        fewer = 2 if self.as_published else 1
        start, work = np.array(self.prior.start), np.empty((5, n))
        gibbs(y, start, prior, fewer, n_burn, every, generator, theta, work, thetas, smoothed, filtered)
        return thetas, smoothed, filtered

    def _counted(self) -> str:
        if self.as_published:
            return "The posteriors of the variances count one difference too few, as the authors' code does."
        return ""


def width(rate: PosteriorRate) -> str:
    """In words: how wide the posterior of the last r* is, over all draws and over those with a phi near one."""
    draws = rate.states["rstar"].smoothed[:, :, -1]
    phi = of_paths(rate.draws.of("phi"), draws.shape[1])
    near = phi > _NEAR_ONE
    said = f"The 90% band of r* in {rate.index[-1]} is {_spread(draws):.1f} points wide"
    if near.sum() < _FEWEST:
        return f"{said}."
    return (
        f"{said}; as phi nears one the data do not tell the level of r* from the cycle: it is "
        f"{_spread(draws[near]):.1f} points over the {near.mean():.0%} of draws with phi above {_NEAR_ONE} and "
        f"{_spread(draws[~near]):.1f} over the others."
    )


def of_paths(values: Floats, kept: int) -> Floats:
    """Those of the draws (chains, draws, ...) whose paths are kept, so many a chain."""
    draws = values.shape[1]
    every = next(k for k in range(1, draws + 1) if -(-draws // k) == kept)
    return np.ascontiguousarray(values[:, ::every])


def _spread(draws: Floats) -> float:
    low, high = np.quantile(draws, (0.05, 0.95))
    return float(high - low)
