"""The record of an estimation in three stages: parameters, states, standard errors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pandas as pd

from capstar.rstar.laubach_williams.equations import Variant
from capstar.rstar.laubach_williams.three_stage import Job, StageEstimate, ThreeStages
from capstar.rstar.natural_rate import NaturalRate, StatePath
from capstar.statespace.algebra import as_coef, as_linear
from capstar.statespace.inference import outer_product_cov, sandwich_cov, standard_errors
from capstar.statespace.spec import Spec

Covariance = Literal["full", "published"]
_QUANTITIES = ("rstar", "g", "z", "output_gap", "potential")
UNCERTAIN = ("rstar", "g", "potential")  # what Monte Carlo and bootstrap give errors of


@dataclass(frozen=True)
class StateUncertainty:
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


@dataclass(frozen=True, repr=False)
class ThreeStageEstimates(NaturalRate):
    """Estimates of one Laubach-Williams model; `RStarResults` adds what is computed from them on request.

    Attributes
    ----------
    job
        Model, data by the model's names, sample and options.
    stages
        The stages; ``stages.stage1.ml`` and so on hold every stage's own estimates.
    departures
        What differs from the published model and procedure, a sentence each.
    uncertainty
        Monte Carlo standard errors of the states, once asked for.
    """

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
    def data_title(self) -> str:
        """What the data are, in words."""
        return str(self.data.attrs.get("title", "the data"))

    @property
    def standard_errors(self) -> pd.DataFrame:
        """Monte Carlo standard errors of r*, g and potential, once asked for; see `StateUncertainty`."""
        return super().standard_errors if self.uncertainty is None else self.uncertainty.se

    @property
    def _final(self) -> StageEstimate:
        return self.stages.stage3

    @property
    def start(self) -> pd.Period:
        """First quarter of the likelihood."""
        return self._final.problem.index[0]

    @property
    def end(self) -> pd.Period:
        """Last quarter."""
        return self._final.problem.index[-1]

    @property
    def nobs(self) -> int:
        """Number of quarters."""
        return self._final.problem.nobs

    @property
    def lambda_g(self) -> float:
        """Ratio of the standard deviations of trend growth and potential, as used in stage 3."""
        return self.stages.lambda_g

    @property
    def lambda_z(self) -> float:
        """``|a_r|`` times the ratio of the standard deviations of z and the gap, as used in stage 3."""
        return self.stages.lambda_z

    @property
    def params(self) -> pd.Series:
        """Estimated parameters of stage 3."""
        return self._final.ml.params[list(self._final.ml.free)]

    @property
    def all_params(self) -> pd.Series:
        """The parameters of stage 3 with those held fixed."""
        return self._final.ml.params

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
        spec, params = self._final.problem.spec, self._final.ml.params.to_dict()
        values = {}
        if "e_g" in spec.shocks:
            values["sigma_g"] = 4 * abs(as_coef(spec.shocks["e_g"]).number(params))
        if "e_z" in spec.shocks:
            values["sigma_z"] = abs(as_coef(spec.shocks["e_z"]).number(params))
        values["sigma_rstar"] = _news_sd(spec, "rstar", params)
        return pd.Series(values, name="estimate")

    @property
    def llf(self) -> float:
        """Log-likelihood of stage 3, constants included."""
        return self._final.ml.llf

    @property
    def aic(self) -> float:
        """Akaike's information criterion; lambdas count only where they are estimated with the rest."""
        return 2 * len(self.params) - 2 * self.llf

    @property
    def converged(self) -> bool:
        """Whether every stage ended at a maximum."""
        return all(stage.ml.converged for stage in self.stages.estimated)

    @property
    def at_bound(self) -> pd.Series:
        """Which parameters ended at a bound."""
        return self._final.ml.at_bound

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors, inverse of the outer product of scores, as the published code."""
        return standard_errors(self.cov_params())

    @cached_property
    def bse_sandwich(self) -> pd.Series:
        """Standard errors from the Hessian sandwich (White 1982); NaN at a bound."""
        return standard_errors(sandwich_cov(self._final.problem, self._final.ml))

    def cov_params(self) -> pd.DataFrame:
        """Covariance of the parameters, inverse of the outer product of scores, shape (k, k)."""
        return outer_product_cov(self._final.problem, self._final.ml)

    @cached_property
    def rstar(self) -> StatePath:
        """Natural rate of interest, percent a year."""
        return self.path("rstar")

    @cached_property
    def g(self) -> StatePath:
        """Trend growth, percent a year."""
        return self.path("g")

    @cached_property
    def z(self) -> StatePath:
        """Other determinants of r*, percent a year."""
        return self.path("z")

    @cached_property
    def potential(self) -> StatePath:
        """Potential output, 100 times the natural log."""
        return self.path("potential")

    @cached_property
    def output_gap(self) -> StatePath:
        """Output gap, percent; net of the COVID term where the model has one."""
        return self.path("output_gap")

    def path(self, name: str) -> StatePath:
        """One of ``"rstar"``, ``"g"``, ``"z"``, ``"output_gap"`` and ``"potential"``, or another report of stage 3."""
        return self._paths[self.require_quantity(name)]

    @cached_property
    def _paths(self) -> dict[str, StatePath]:
        return {name: _path(self._final, name) for name in self.quantities}


def _news_sd(spec: Spec, report: str, params: Mapping[str, float]) -> float:
    """Standard deviation of what the shocks of one quarter do to the states a report reads, at any lag."""
    by_shock: dict[str, float] = {}
    for (state, _), loading in as_linear(spec.reports[report]).terms.items():
        for (shock, _), effect in as_linear(spec.transition.get(state, 0.0)).terms.items():
            if shock in spec.shocks:
                move = (loading * effect * spec.shocks[shock]).number(params)
                by_shock[shock] = by_shock.get(shock, 0.0) + move
    return math.hypot(*by_shock.values())


def _path(stage: StageEstimate, name: str) -> StatePath:
    filtered, filtered_se = stage.states.report(name, "filtered")
    smoothed, smoothed_se = stage.states.report(name, "smoothed")
    return StatePath(filtered, smoothed, filtered_se, smoothed_se)
