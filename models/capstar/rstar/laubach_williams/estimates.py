"""The record of an estimation in three stages: parameters, states, standard errors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import pandas as pd

from capstar.frames import Start, since
from capstar.reporting import Result
from capstar.reporting.estimates import Covariances
from capstar.rstar.laubach_williams.equations import Variant
from capstar.rstar.laubach_williams.three_stage import Job, StageEstimate, ThreeStages, estimate_stages
from capstar.rstar.natural_rate import NaturalRate
from capstar.rstar.state_path import StatePath, path_of
from capstar.statespace.algebra import as_coef, as_linear
from capstar.statespace.inference import CovarianceKind, covariance, standard_errors
from capstar.statespace.maximum_likelihood import MaximumLikelihood
from capstar.statespace.spec import Spec

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Covariance = Literal["full", "published"]
_QUANTITIES = ("rstar", "g", "z", "output_gap", "potential")
UNCERTAIN = ("rstar", "g", "potential")  # what Monte Carlo and bootstrap give errors of


@dataclass(frozen=True)
class StateUncertainty(Result):
    """Standard errors of r*, trend growth and potential with their two sources.

    Attributes
    ----------
    se : pandas.DataFrame
        Standard error by quarter, columns ``rstar``, ``g`` (percent a year) and ``potential`` (100 log).
    parameter_variance, filter_variance : pandas.DataFrame
        The two parts of its square: mean squared move of the smoothed state over draws, and mean smoothed
        variance (for the last quarter both are those of the filter).
    monte_carlo_error : pandas.Series
        Standard error of `average` that the number of draws leaves, from the spread over groups of draws.
    covariance
        ``"full"`` or ``"published"``; see `state_uncertainty`.
    n_draws, discarded, seed
        Of the Monte Carlo.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> errors = cs.rstar.state_uncertainty(fit, n_draws=200)
    >>> errors.title
    'Standard errors of the states, parameter uncertainty included'
    >>> errors.average.index.to_list(), errors.final.gt(0).all().item(), errors.to_frame().shape
    (['rstar', 'g', 'potential'], True, (195, 3))
    >>> list(errors.frames()), len(errors.notes())
    ([''], 1)
    >>> figure = errors.plot(start="1980Q1")
    """

    se: pd.DataFrame
    parameter_variance: pd.DataFrame
    filter_variance: pd.DataFrame
    monte_carlo_error: pd.Series
    covariance: Covariance
    n_draws: int
    discarded: int
    seed: int | None

    @property
    def average(self) -> pd.Series:
        """Mean of the standard errors over quarters, as the papers' tables report."""
        return self.se.mean().rename("average")

    @property
    def final(self) -> pd.Series:
        """Standard errors of the last quarter."""
        return self.se.iloc[-1].rename("final")

    @property
    def title(self) -> str:
        """What they include."""
        return "Standard errors of the states, parameter uncertainty included"

    def to_frame(self) -> pd.DataFrame:
        """Standard errors by quarter."""
        return self.se

    def frames(self) -> dict[str, pd.DataFrame]:
        """Average over the sample, and the last quarter by its sources."""
        columns = {
            "average": self.average,
            "Monte Carlo error": self.monte_carlo_error,
            "final": self.final,
            "of which parameters": np.sqrt(self.parameter_variance.iloc[-1]),
            "of which filter": np.sqrt(self.filter_variance.iloc[-1]),
        }
        return {"": pd.DataFrame(columns).rename({"rstar": "r*"})}

    def notes(self) -> tuple[str, ...]:
        """Draws and covariance."""
        said = (
            f"Standard errors of the states: {self.n_draws} draws (Hamilton 1986), {self.discarded} discarded "
            f"at the bounds, covariance of g and z: {self.covariance}."
        )
        return (said,)

    def plot(self, ax: Any = None, *, start: Start = None) -> Figure:
        """Standard error of r* by quarter from one on, and its two sources."""
        from capstar.plotting import plot_lines

        parts = {"parameters": self.parameter_variance, "filter": self.filter_variance}
        lines = {"r*": self.se["rstar"]} | {
            f"of which {name}": np.sqrt(part["rstar"]) for name, part in parts.items()
        }
        shown, title = since(pd.DataFrame(lines), start), "Standard error of r*, two-sided"
        return plot_lines(shown, title=title, unit="percentage points", source=self.provenance, ax=ax)


@dataclass(frozen=True)
class ThreeStageEstimates(Covariances, NaturalRate):
    """Estimates of one Laubach-Williams model, without what `RStarResults` computes from them on request."""

    job: Job
    stages: ThreeStages
    departures: tuple[str, ...] = ()
    uncertainty: StateUncertainty | None = None

    @property
    def quantities(self) -> tuple[str, ...]:  # type: ignore[override]
        """What `path` takes, ``"rstar"`` first: the reports of stage 3."""
        reports = self._final.problem.model.reports
        return tuple(dict.fromkeys(name for name in (*_QUANTITIES, *reports) if name in reports))

    @property
    def variant(self) -> Variant:
        """The model, less the terms its sample cannot identify."""
        return self.job.variant

    @property
    def data(self) -> pd.DataFrame:
        """The input by the model's names, from the first row used."""
        return self.job.frame

    @property
    def model_name(self) -> str:
        """Name of the model, such as ``HLW 2017``."""
        return self.variant.name

    @property
    def citation(self) -> str:
        """Where the model is published."""
        return self.variant.citation

    @property
    def real_rate(self) -> pd.Series:
        """Ex-ante real rate by quarter, from before the sample, percent a year."""
        return self.data["r"]

    @property
    def standard_errors(self) -> pd.DataFrame:
        """Monte Carlo standard errors of r*, g and potential, once asked for; see `StateUncertainty`."""
        return super().standard_errors if self.uncertainty is None else self.uncertainty.se

    @property
    def _final(self) -> StageEstimate:
        return self.stages.stage3

    @property
    def lambda_g(self) -> float:
        """Ratio of the standard deviations of trend growth and potential, as used in stage 3."""
        return self.stages.lambda_g

    @property
    def lambda_z(self) -> float:
        """``|a_r|`` times the ratio of the standard deviations of z and the gap, as used in stage 3."""
        return self.stages.lambda_z

    @property
    def ml(self) -> MaximumLikelihood:
        """The maximum of stage 3."""
        return self._final.ml

    @property
    def at_bound(self) -> pd.Series:
        """Which parameters ended at a bound in any of the stages, by name; ``stages`` has them stage by stage."""
        return self.stages.at_bound

    @property
    def identification(self) -> str:
        """Why the data do not identify r*, in words; see `ThreeStages.identification`."""
        return self.stages.identification

    @property
    def ratios(self) -> pd.Series:
        """``lambda_g`` and ``lambda_z`` as used in stage 3."""
        return pd.Series({"lambda_g": self.lambda_g, "lambda_z": self.lambda_z})

    @property
    def derived(self) -> pd.Series:
        """Standard deviations of the trend shocks in the papers' units, percent a year.

        ``sigma_g`` = 4 lambda_g sigma_ystar, ``sigma_z`` = lambda_z sigma_ygap / abs(a_r), ``sigma_rstar`` of
        ``4 c g + z``; from the equations of stage 3, and without those that edited equations do not have.
        """
        return pd.Series(_derived(self._final.problem.spec, self.ml.params.to_dict()), name="estimate")

    @cached_property
    def derived_bse(self) -> pd.Series:
        """Their standard errors by the delta method, with lambdas that were not estimated by stage 3 as known.

        `bootstrap` gives those of the lambdas.
        """
        spec, names = self._final.problem.spec, self.derived.index
        functions = {name: partial(_one_derived, spec, name) for name in names}
        return self.delta_method(**functions)["std err"].rename("std_error")

    @property
    def converged(self) -> bool:
        """Whether every stage ended at a maximum."""
        return all(stage.ml.converged for stage in self.stages.estimated)

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors, inverse of the outer product of scores, as the published code."""
        return standard_errors(self.cov_params())

    @cached_property
    def bse_sandwich(self) -> pd.Series:
        """Standard errors from the Hessian sandwich (White 1982); NaN at a bound."""
        return standard_errors(self.cov_params("sandwich"))

    def cov_params(self, kind: CovarianceKind = "opg") -> pd.DataFrame:
        """Covariance of the parameters of stage 3, shape (k, k); see `StateSpaceResults.cov_params`."""
        return covariance(self._final.problem, self.ml, kind)

    @property
    def g(self) -> StatePath:
        """Trend growth, percent a year."""
        return self.path("g")

    @property
    def z(self) -> StatePath:
        """Other determinants of r*, percent a year."""
        return self.path("z")

    @property
    def potential(self) -> StatePath:
        """Potential output, 100 times the natural log."""
        return self.path("potential")

    @property
    def output_gap(self) -> StatePath:
        """Output gap, percent; net of the COVID term where the model has one."""
        return self.path("output_gap")

    def path(self, name: str) -> StatePath:
        """One of ``"rstar"``, ``"g"``, ``"z"``, ``"output_gap"`` and ``"potential"``, or another report of stage 3."""
        return self._paths[self.require_quantity(name)]

    @cached_property
    def _paths(self) -> dict[str, StatePath]:
        return {name: path_of(self._final.states, name) for name in self.quantities}

    def estimated_on(self, frame: pd.DataFrame) -> Self:
        """All stages run again on other data by the model's names, such as a drawn sample, each from one start.

        Parameters
        ----------
        frame
            As `data`, on the same quarters.
        """
        job = replace(self.job, frame=frame, options=replace(self.job.options, n_starts=1))
        return replace(self, job=job, stages=estimate_stages(job), uncertainty=None)


def _derived(spec: Spec, params: Mapping[str, float]) -> dict[str, float]:
    """Standard deviations of the trend shocks, percent a year."""
    values = {}
    if "e_g" in spec.shocks:
        values["sigma_g"] = 4 * abs(as_coef(spec.shocks["e_g"]).number(params))
    if "e_z" in spec.shocks:
        values["sigma_z"] = abs(as_coef(spec.shocks["e_z"]).number(params))
    return values | {"sigma_rstar": _news_sd(spec, "rstar", params)}


def _one_derived(spec: Spec, name: str, params: pd.Series) -> float:
    return _derived(spec, params.to_dict())[name]


def _news_sd(spec: Spec, report: str, params: Mapping[str, float]) -> float:
    """Standard deviation of what the shocks of one quarter do to the states a report reads, at any lag."""
    by_shock: dict[str, float] = {}
    for (state, _), loading in as_linear(spec.reports[report]).terms.items():
        for (shock, _), effect in as_linear(spec.transition.get(state, 0.0)).terms.items():
            if shock in spec.shocks:
                move = (loading * effect * spec.shocks[shock]).number(params)
                by_shock[shock] = by_shock.get(shock, 0.0) + move
    return math.hypot(*by_shock.values())
