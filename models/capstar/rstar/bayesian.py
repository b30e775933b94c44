"""Any declared model with a natural rate in it and priors on its parameters, estimated by its posterior."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from capstar.arguments import as_input
from capstar.errors import UnsuitableModelWarning
from capstar.progress import Progress
from capstar.rstar.declared import RSTAR, DeclaredModel, InitialRule, within
from capstar.rstar.laubach_williams.equations import LaubachWilliamsSpec, Variant
from capstar.rstar.laubach_williams.inputs import prepare, required_columns
from capstar.rstar.natural_rate import MEDIUM_RUN
from capstar.rstar.natural_rate_model import NaturalRateModel
from capstar.rstar.posterior_rate import PosteriorRate
from capstar.rstar.series import COVID, R
from capstar.statespace.bayes.posterior import Sampler, posterior
from capstar.statespace.bayes.priors import Prior
from capstar.statespace.bayes.results import PosteriorResults
from capstar.statespace.compiled import compile_spec
from capstar.statespace.initial import Initial, start_from
from capstar.statespace.spec import Spec
from capstar.units import Units


@dataclass(frozen=True)
class BayesianModel(NaturalRateModel):
    """A natural-rate model that is its equations and priors, estimated by its posterior distribution.

    Make one with ``from_spec(..., method="posterior")``.

    Attributes
    ----------
    spec
        The equations, with a report ``rstar`` in percent a year, and priors.
    name, citation, key
        As in summaries and on the command line.
    initial
        State before the sample, as of `capstar.statespace.fit`, or a rule that gives it.
    definition
        What its r* is.
    successor
        For models without COVID terms: the model to take for samples that go beyond 2019.
    dating
        What the r* of a quarter is, a sentence.

    Examples
    --------
    >>> import capstar as cs
    >>> model = cs.rstar.LVG_ALT
    >>> model.name, model.inputs
    ('LVG alt', ('log_gdp', 'inflation', 'interest_rate', 'expected_inflation'))
    """

    spec: Spec
    name: str = ""
    citation: str = ""
    initial: Initial | InitialRule = "stationary"
    key: str = ""
    definition: str = MEDIUM_RUN
    successor: str = ""
    dating: str = ""

    options = (
        "units", "priors", "sampler", "n_draws", "n_chains", "warmup", "thin", "n_state_draws", "seed", "n_workers"
    )  # fmt: skip
    method = "declared equations and priors, posterior by adaptive random-walk Metropolis"
    seconds = 30.0

    def __post_init__(self) -> None:
        """Without a key of its own a model has that of its name."""
        if not self.key:
            object.__setattr__(self, "key", "".join(self.name.split()).lower())

    @property
    def inputs(self) -> tuple[str, ...]:
        """Input columns the model needs besides the date."""
        if self._family is not None:
            return required_columns(self._family)
        return DeclaredModel(self.spec, self.name).inputs

    def fit(  # noqa: PLR0913 - options of the sampler
        self,
        data: pd.DataFrame,
        start: str | pd.Period | None = None,
        end: str | pd.Period | None = None,
        *,
        n_starts: int = 4,
        progress: Progress | bool = True,
        priors: Mapping[str, Prior] | None = None,
        sampler: Sampler = "random walk",
        n_draws: int | None = None,
        n_chains: int = 4,
        warmup: int | None = None,
        thin: int | None = None,
        n_state_draws: int = 500,
        seed: int = 0,
        n_workers: int = -1,
        units: Units = None,
    ) -> BayesianRate:
        """Draw from the posterior distribution of the natural rate.

        Parameters
        ----------
        data
            One row a quarter, without gaps, with the columns `inputs`, or the path of a file with them.
        start, end
            Sample of the likelihood; by default everything the lags leave.
        n_starts
            Ignored: each chain has a start of its own.
        progress, priors, sampler, n_draws, n_chains, warmup, thin, n_state_draws, seed, n_workers
            See `capstar.statespace.posterior`.
        units
            Where rates are not in percent or GDP is not a natural log; see `capstar.units.in_model_units`.

        Raises
        ------
        DataError
            A column is missing, or a value in the sample, or a unit is impossible (`capstar.units`).
        SpecificationError, ConvergenceError
            See `capstar.statespace.posterior`.

        Examples
        --------
        >>> import capstar as cs
        >>> few = {"n_draws": 100, "n_chains": 2, "warmup": 500, "thin": 2, "n_state_draws": 25, "progress": False}
        >>> fit = cs.rstar.LVG_ALT.fit(cs.data.us_macro(), **few)
        >>> fit.params.index.to_list()[:5]
        ['a_y1', 'a_y2', 'a_r', 'b_pi', 'b_y']
        """
        table = as_input(data, (*self.inputs, "covid_index"), units)
        frame, first = self._series(table, start, end, units if table is data else None)
        last = frame.index[-1]
        if self.successor and last >= COVID:
            warnings.warn(
                f"{self.name} is not made for quarters after 2019: the outliers of 2020-22 distort every estimate. Use "
                f"{self.successor}, or end the sample earlier.",
                UnsuitableModelWarning,
                stacklevel=2,
            )
        spec = within(self.spec, frame)
        initial = self.initial
        if callable(initial):
            assert first is not None
            initial = initial(spec, frame, first)
        results = posterior(
            spec, frame, priors, sampler=sampler, n_draws=n_draws, n_chains=n_chains, warmup=warmup, thin=thin,
            n_state_draws=n_state_draws, seed=seed, n_workers=n_workers, initial=initial, start=first, end=last,
            progress=progress,
        )  # fmt: skip
        return _rate(self, results, initial, frame)

    def _series(
        self,
        data: pd.DataFrame,
        start: str | pd.Period | None,
        end: str | pd.Period | None,
        units: Units = None,
    ) -> tuple[pd.DataFrame, pd.Period | None]:
        """The series that the equations read, checked, and the first quarter of the likelihood."""
        if self._family is not None:
            count = sum(not one.fixed for one in compile_spec(self.spec).parameters.values())
            frame, first, _ = prepare(data, self._family, start=start, end=end, n_params=count, units=units)
            return frame, first
        frame = DeclaredModel(self.spec, self.name).series_from(data, end, units=units)
        known = frame.dropna()
        first = known.index[0] + max(self.spec.depths().values(), default=0) if len(known) else None
        return frame, first if start is None else pd.Period(start, freq="Q")

    @property
    def _family(self) -> Variant | None:
        """The model of the Laubach-Williams family the equations were made from, which says what data they need."""
        return self.spec.variant if isinstance(self.spec, LaubachWilliamsSpec) else None


@dataclass(frozen=True, kw_only=True)
class BayesianRate(PosteriorRate):
    """The posterior distribution of a declared natural-rate model.

    Attributes
    ----------
    results
        Of the state-space room: ``results.waic()``, ``results.savage_dickey(...)``, ``results.plot_ranks()`` and so on.
    initial
        State before the sample.
    data
        The series by the names of the equations.

    Examples
    --------
    >>> import capstar as cs
    >>> few = {"n_draws": 100, "n_chains": 2, "warmup": 500, "thin": 2, "n_state_draws": 25, "progress": False}
    >>> fit = cs.rstar.LVG_ALT.fit(cs.data.us_macro(), **few)
    >>> fit
    <BayesianRate: LVG alt: natural rate of interest, 1961Q1-2009Q3, 195 quarters>
    >>> fit.definition == cs.rstar.MEDIUM_RUN, fit.results.sampler
    (True, 'random walk')
    >>> fit.run_on(cs.data.us_macro()).end
    Period('2009Q3', 'Q-DEC')
    """

    results: PosteriorResults
    initial: Initial
    data: pd.DataFrame

    @property
    def definition(self) -> str:
        """What its r* is, in a few words."""
        assert isinstance(self.model, BayesianModel)
        return self.model.definition

    def to_arviz(self) -> Any:
        """As of its `results`, with their likelihood; see `capstar.statespace.PosteriorResults.to_arviz`.

        Examples
        --------
        Where ArviZ is installed:

        >>> import capstar as cs
        >>> few = {"n_draws": 100, "n_chains": 2, "warmup": 500, "thin": 2, "n_state_draws": 25, "progress": False}
        >>> fit = cs.rstar.LVG_ALT.fit(cs.data.us_macro(), **few)
        >>> idata = fit.to_arviz()  # doctest: +SKIP
        """
        return self.results.to_arviz()

    def run_on(self, data: pd.DataFrame) -> BayesianRate:
        """The states drawn on longer data, the draws of the parameters and the state before the sample held.

        Parameters
        ----------
        data
            Input that starts where this estimate's did and goes further.
        """
        assert isinstance(self.model, BayesianModel)
        frame, _ = self.model._series(data, self.start, None)
        before = self.results.problem
        problem = start_from(before.spec, frame, self.initial, start=self.start, end=frame.index[-1])
        return _rate(self.model, self.results.on(problem), self.initial, frame)


def _rate(
    model: BayesianModel, results: PosteriorResults, initial: Initial, frame: pd.DataFrame
) -> BayesianRate:
    reports = results.reports
    limits = tuple(one for one in results.notes() if one != results.draws.disagreement())
    rate = frame[R]
    rate.attrs = dict(frame.attrs)
    return BayesianRate(
        model=model, draws=results.draws, states={RSTAR: reports[RSTAR], **reports}, index=results.problem.index,
        rate=rate, seed=results.seed, remarks=tuple(one for one in (model.dating, *limits) if one),
        results=results, initial=initial, data=frame,
    )  # fmt: skip
