"""Any declared state-space model with a natural rate in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, TypeAlias, cast

import numpy as np
import pandas as pd

from capstar.arguments import Input, as_input, checked
from capstar.errors import DataError, SpecificationError
from capstar.frames import as_frequency, require_columns
from capstar.progress import Progress
from capstar.reporting.estimates import Covariances
from capstar.rstar.natural_rate import NaturalRate
from capstar.rstar.natural_rate_model import NaturalRateModel
from capstar.rstar.redraw import GapSource, draw_from
from capstar.rstar.series import R, assumed_future, columns_of, derive, with_covid_index
from capstar.rstar.state_path import StatePath, Which, path_of
from capstar.statespace.algebra import CONSTANT
from capstar.statespace.by_series import SeriesContributions
from capstar.statespace.compiled import compile_spec
from capstar.statespace.diagnostics import Diagnostics
from capstar.statespace.fitting import fit
from capstar.statespace.forecasting import Forecast
from capstar.statespace.inference import CovarianceKind
from capstar.statespace.initial import Initial, InitialState
from capstar.statespace.maximum_likelihood import MaximumLikelihood
from capstar.statespace.mixed_frequency import combine_frequencies
from capstar.statespace.results import StateSpaceResults
from capstar.statespace.spec import Spec
from capstar.statespace.uncertainty import ReportUncertainty
from capstar.units import Units, check_units, in_model_units

RSTAR = "rstar"
Inputs: TypeAlias = Input | Sequence[pd.DataFrame]
InitialRule: TypeAlias = Callable[[Spec, pd.DataFrame, pd.Period], InitialState]
"""State before the sample from the equations, the series they read, and the first period."""


@dataclass(frozen=True)
class DeclaredModel(NaturalRateModel):
    """A natural-rate model that is its equations, estimated in one step by maximum likelihood.

    Make one with `from_spec`.

    Attributes
    ----------
    spec
        The equations, with a report ``rstar`` in percent a year.
    name, citation
        As in summaries.
    initial
        State before the sample, as of `capstar.statespace.fit`, or a rule that gives it.
    key
        On the command line; by default the name in lower case without spaces.
    frequency
        Of its data.
    begins
        First period of the likelihood unless `fit` is told; by default the first with all lags.
    keep
        Which maximum counts unless `fit` is told; see `capstar.statespace.maximize`.
    remarks
        On what its r* is and what differs from what is published, a sentence each.
    starts
        Rules for the state before the sample that `fit` takes by name.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.statespace import Spec, params, variables
    >>> (s_e, s_r), (r, rstar, e, u) = params("s_e s_r"), variables("r rstar e u")
    >>> walk = Spec("walk", {"r": rstar + e}, {"rstar": rstar(-1) + u}, {"e": s_e, "u": s_r})
    >>> model = cs.rstar.from_spec(walk, name="random walk")
    >>> fit = model.fit(cs.data.us_macro())
    >>> model.name, model.series, model.inputs
    ('random walk', ('r',), ('interest_rate', 'expected_inflation'))
    >>> model.series_from(cs.data.us_macro()).iloc[-1].round(2).to_dict(), fit.params.round(2).to_dict()
    ({'r': 0.35}, {'s_e': 0.25, 's_r': 0.98})
    """

    spec: Spec
    name: str = ""
    citation: str = ""
    initial: Initial | InitialRule = "stationary"
    key: str = ""
    frequency: str = "Q"
    begins: str = ""
    keep: Literal["best", "first"] = "best"
    remarks: tuple[str, ...] = ()
    starts: Mapping[str, InitialRule] = field(default_factory=dict)

    options = (
        "fixed",
        "units",
        "start_params",
        "initial",
        "seed",
        "keep",
        "allow_unconverged",
        "standard_errors",
    )
    method = "declared equations, one-step maximum likelihood"
    seconds = 2.0

    def __post_init__(self) -> None:
        """Without a key of its own a model has that of its name."""
        if not self.key:
            object.__setattr__(self, "key", "".join(self.name.split()).lower())

    @property
    def series(self) -> tuple[str, ...]:
        """Series that the equations read, and the real rate."""
        model = compile_spec(self.spec)
        read = (*((n, 0) for n in model.observed), *model.regressors, *model.report_inputs, (R, 0))
        return tuple(dict.fromkeys(name for name, _ in read if name != CONSTANT))

    @property
    def inputs(self) -> tuple[str, ...]:
        """Input columns the model needs besides the date."""
        return columns_of(self.series)

    @checked
    def fit(
        self,
        data: Inputs,
        start: str | pd.Period | None = None,
        end: str | pd.Period | None = None,
        *,
        fixed: Mapping[str, float] | None = None,
        start_params: Mapping[str, float] | None = None,
        initial: Initial | str | None = None,
        n_starts: int = 4,
        seed: int = 0,
        keep: Literal["best", "first"] | None = None,
        allow_unconverged: bool = False,
        units: Units = None,
        progress: Progress | bool = True,
    ) -> DeclaredRate:
        """Estimate the model.

        Terms that the sample cannot identify are left out: those in a series that is zero throughout, and scales of
        measurement errors in periods outside it.

        Parameters
        ----------
        data
            One row a quarter (or what `frequency` says), without gaps, with the columns `inputs`, or the path of a file
            with them.  Quarterly values of a monthly table stand in the quarter's last month; or give two tables, see
            `capstar.statespace.combine_frequencies`.
        start, end
            Sample of the likelihood; by default everything the lags leave.
        initial
            As of `capstar.statespace.fit`, or the name of one of `starts`.
        fixed, start_params, n_starts, seed, keep, allow_unconverged, progress
            See `capstar.statespace.fit`.
        units
            Where rates are not in percent or GDP is not a natural log; see `capstar.units.in_model_units`.

        Raises
        ------
        DataError
            A column is missing, or a value in the sample, or a unit is impossible (`capstar.units`).
        SpecificationError, ConvergenceError
            See `capstar.statespace.fit`.
        """
        if isinstance(data, list | tuple):
            data = combine_frequencies(*data)
        table = as_input(data, (*self.inputs, "covid_index"), units, self.frequency)
        frame = self.series_from(table, end, units=units if table is data else None)
        spec = within(self.spec, frame)
        before = self.initial if initial is None else self._rule(initial)
        if start is None and (self.begins or callable(before)):
            start = self._first(spec, frame)
        if callable(before):
            before = before(spec, frame, pd.Period(start, freq=self.frequency))
        results = fit(
            spec, frame, start=start, end=end, fixed=fixed, start_params=start_params, initial=before,
            n_starts=n_starts, seed=seed, keep=self.keep if keep is None else keep,
            allow_unconverged=allow_unconverged, progress=progress,
        )  # fmt: skip
        return DeclaredRate(self, results, frame)

    def _rule(self, initial: Initial | str) -> Initial | InitialRule:
        """The state before the sample that was asked for; a name of the model's own goes first."""
        if not isinstance(initial, str):
            return initial
        own = {"stationary": "stationary", "diffuse": "diffuse"} | dict(self.starts)
        if initial not in own:
            raise SpecificationError(
                f"{self.name}: initial={initial!r}; choose one of {list(own)}, or give an InitialState."
            )
        return cast("Initial | InitialRule", own[initial])

    def _first(self, spec: Spec, frame: pd.DataFrame) -> pd.Period:
        """First period of the likelihood: the model's own, or that in which all lags of every series are there."""
        if self.begins:
            return pd.Period(self.begins, freq=self.frequency)
        depths = spec.depths()
        known = frame[[n for n in depths if n in frame and n not in spec.frequency]].dropna()
        if known.empty:
            raise DataError(f"{self.name}: no period has a value of {list(known)}. Give longer data.")
        return known.index[0] + max(depths.values())

    def series_from(
        self, data: pd.DataFrame, end: str | pd.Period | None = None, *, units: Units = None
    ) -> pd.DataFrame:
        """The model's series by period, from a table with its `inputs`.

        Parameters
        ----------
        data
            As of `fit`.
        end
            Last period; by default that of the data.
        units
            As of `fit`.

        Raises
        ------
        DataError
            A column is missing or cannot be read.
        """
        source = str(data.attrs.get("title", "data"))
        often = self.frequency
        table = in_model_units(as_frequency(data, often, source=source, columns=self.inputs), units)
        given, last = table, table.index[-1] if end is None else pd.Period(end, freq=often)
        table = with_covid_index(table, last)
        absent = [name for name in self.inputs if name not in table]
        require_columns(given, absent, source=source, why=f"needed by {self.name}")
        table = table if end is None else table.loc[:last]
        check_units(table, source=source)
        return derive(table, self.series)


@dataclass(frozen=True)
class DeclaredRate(Covariances, NaturalRate):
    """An estimate of a declared natural-rate model.

    Attributes
    ----------
    model
        What was estimated.
    results
        The state-space estimate, with all it answers: ``results.news(...)``, ``results.save(...)`` and so on.
    data : pandas.DataFrame
        The series by the names of the equations.
    uncertainty
        Standard errors of the reports that carry that of the parameters, once asked for by `with_standard_errors`.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> fit = cs.rstar.UnobservedComponentsML("noise").fit(us, n_starts=1)
    >>> fit.quantities, fit.model_name, fit.ml.converged, fit.standard_errors.shape
    (('rstar',), 'UC of the real rate by ML', True, (199, 0))
    >>> fit.path("rstar").filtered.iloc[-1].round(2).item(), fit.real_rate.iloc[-1].round(2).item()
    (0.45, 0.35)
    >>> list(fit.frames()), len(fit.notes()), fit.citation.split(" (")[0]
    (['Parameters', 'Fit', 'Reports in 2009Q3', 'States in 2009Q3'], 2, 'Watson, M. W.')
    >>> fit.run_on(us).end, fit.redraw().innovations.shape, fit.diagnostics(lags=8).lags
    (Period('2009Q3', 'Q-DEC'), (198, 1), 8)
    >>> fit.bse.round(2).to_dict(), fit.df_model, fit.cov_params().shape
    ({'s_cycle': 0.18, 's_rstar': 0.1}, 3, (2, 2))
    """

    model: DeclaredModel
    results: StateSpaceResults
    data: pd.DataFrame
    uncertainty: ReportUncertainty | None = None

    @property
    def quantities(self) -> tuple[str, ...]:  # type: ignore[override]
        """The model's reports, ``"rstar"`` first."""
        reports = self.results.problem.model.reports
        return (RSTAR, *(name for name in reports if name != RSTAR))

    @property
    def model_name(self) -> str:
        """Name of the model."""
        return self.model.name

    @property
    def citation(self) -> str:
        """Where the model is published; empty where it is not."""
        return self.model.citation

    def path(self, name: str) -> StatePath:
        """One of the model's reports by period, in its units."""
        return path_of(self.results.estimates, self.require_quantity(name))

    @property
    def departures(self) -> tuple[str, ...]:
        """The model's remarks."""
        return self.model.remarks

    @property
    def real_rate(self) -> pd.Series:
        """Ex-ante real rate by period, percent a year."""
        return self.data[R]

    @property
    def ml(self) -> MaximumLikelihood:
        """The maximum of the likelihood."""
        return self.results.ml

    def cov_params(self, kind: CovarianceKind = "hessian") -> pd.DataFrame:
        """Covariance of the parameters, shape (k, k); see `StateSpaceResults.cov_params`."""
        return self.results.cov_params(kind)

    @property
    def bse(self) -> pd.Series:
        """Standard errors, from the Hessian."""
        return self.results.bse

    @property
    def df_model(self) -> int:
        """Estimated parameters and diffuse elements of the initial state."""
        return self.results.df_model

    @property
    def standard_errors(self) -> pd.DataFrame:
        """Standard errors of the smoothed reports with the parameters' uncertainty in them, a column each."""
        return super().standard_errors if self.uncertainty is None else self.uncertainty.se

    def with_standard_errors(
        self, n_draws: int = 1000, *, seed: int = 0, progress: Progress | bool = True
    ) -> DeclaredRate:
        """The same estimate with `standard_errors`, which `bands` then uses (Hamilton 1986).

        Parameters
        ----------
        n_draws, seed, progress
            See `capstar.statespace.report_uncertainty`.

        Examples
        --------
        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> fit = cs.rstar.UnobservedComponentsML("noise").fit(us, n_starts=1)
        >>> fit.with_standard_errors(20).standard_errors["rstar"].iloc[-1].round(1).item()
        0.2
        """
        found = self.results.uncertainty(n_draws, seed=seed, progress=progress)
        return replace(self, uncertainty=found)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Parameters, fit, latest values, several maxima, and the average standard errors where they were asked for."""
        found = self.ml.maxima if self.model.keep == "first" and self.ml.free else pd.DataFrame()
        several = {"Maxima found": found} if len(found) > 1 else {}
        return (
            self.results.frames() | several | ({} if self.uncertainty is None else self.uncertainty.frames())
        )

    def notes(self) -> tuple[str, ...]:
        """Those of the model, the state-space estimate and the standard errors."""
        return (
            self.departures
            + self.results.notes()
            + (() if self.uncertainty is None else (f"{self.uncertainty.title}.",))
        )

    def diagnostics(self, *, lags: int = 8) -> Diagnostics:
        """Tests on standardised innovations and auxiliary residuals.

        Parameters
        ----------
        lags
            Of the tests for serial correlation.
        """
        return self.results.diagnostics(lags=lags)

    def by_series(self, quantity: str = RSTAR, which: Which = "smoothed") -> SeriesContributions:
        """What each series adds to r*, or another of `quantities`, in every period.

        Parameters
        ----------
        quantity, which
            See `capstar.statespace.contributions_by_series`.

        Examples
        --------
        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> fit = cs.rstar.UnobservedComponentsML("noise").fit(us)
        >>> list(fit.by_series("rstar").table)
        ['r', 'start', 'constants']
        >>> fit.bse.round(2).to_dict(), fit.df_model, fit.cov_params().shape
        ({'s_cycle': 0.18, 's_rstar': 0.1}, 3, (2, 2))
        """
        return self.results.by_series(self.require_quantity(quantity), which)

    def run_on(self, data: pd.DataFrame, *, units: Units = None) -> DeclaredRate:
        """The filter run on over longer data, every parameter held.

        Parameters
        ----------
        data
            Input that starts where this estimate's did and goes further.
        units
            As of `DeclaredModel.fit`.
        """
        frame = self.model.series_from(data, units=units)
        return replace(self, results=self.results.on(frame), data=frame, uncertainty=None)

    def forecast(
        self, h: int, *, real_rate: float | pd.Series | Literal["neutral", "last"] = "neutral"
    ) -> Forecast:
        """Forecast the observed series and the reports for the next ``h`` periods.

        Parameters
        ----------
        h
            Number of periods.
        real_rate
            Assumed ex-ante real rate where the equations read it and do not explain it, percent a year: ``"neutral"``
            (the last filtered r*), ``"last"`` (its last value), a number, or a Series on the periods to come.  Other
            series that the model does not explain are taken as zero.

        Examples
        --------
        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> fit = cs.rstar.UnobservedComponentsML("noise").fit(us, n_starts=1)
        >>> fit.forecast(4).mean["rstar"].round(2).to_list()
        [0.45, 0.45, 0.45, 0.45]
        """
        read = [name for name in self.results.data if name not in self.results.spec.observation]
        future = assumed_future(h, real_rate, self.rstar.filtered, self.real_rate, read)
        return self.results.forecast(h, future=future if len(future.columns) else None)

    @property
    def can_be_drawn(self) -> bool:
        """Whether `redraw` gives something: not where observations are missing, as output is in two of three months."""
        return not np.isnan(self.results.problem.y).any()

    def redraw(self) -> GapSource:
        """What samples of the gap are drawn from, for the joint bootstrap."""
        problem, theta = self.results.problem, self.results.estimates.theta
        return draw_from(problem, theta, self.data, self.rstar.filtered, partial(_estimated_on, self.results))


def _estimated_on(results: StateSpaceResults, frame: pd.DataFrame) -> pd.Series:
    """Filtered r* of the model estimated again on a drawn sample, from the estimate it was drawn from."""
    again = fit(
        results.spec, frame, start=results.problem.index[0], fixed=results.fixed, start_params=results.params,
        initial=results.initial, n_starts=1, progress=False,
    )  # fmt: skip
    return again.estimates.report(RSTAR, "filtered")[0]


def within(spec: Spec, frame: pd.DataFrame) -> Spec:
    """Equations without the terms that the sample cannot identify."""
    explained = {*spec.observation, *spec.transition, *spec.shocks, CONSTANT}
    empty = [name for name in frame if name not in explained and (frame[name] == 0).all()]
    first, last = frame.index[0], frame.index[-1]
    scale = {
        name: span
        for name, span in spec.obs_scale.items()
        if pd.Period(span[0], freq=last.freqstr) <= last and pd.Period(span[1], freq=last.freqstr) >= first
    }
    return replace(spec.without(empty), obs_scale=scale)
