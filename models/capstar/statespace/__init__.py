"""State-space models declared as equations."""

from __future__ import annotations

from capstar.statespace import diffuse_smoothing as diffuse_smoothing
from capstar.statespace.algebra import mean, params, variables
from capstar.statespace.bayes.convergence import (
    effective_sample_size,
    monte_carlo_error,
    quantile_error,
    split_rhat,
)
from capstar.statespace.bayes.draws import PosteriorDraws
from capstar.statespace.bayes.posterior import posterior
from capstar.statespace.bayes.priors import Beta, InverseGamma, Normal, Prior, Uniform
from capstar.statespace.bayes.reports import StateDraws
from capstar.statespace.bayes.results import PosteriorResults
from capstar.statespace.binding import bind
from capstar.statespace.by_series import SeriesContributions, contributions_by_series
from capstar.statespace.change import Change, decompose_change
from capstar.statespace.compiled import compile_spec
from capstar.statespace.constraints import Between, Constraint, Stationary, SumBelow
from capstar.statespace.diagnostics import Diagnostics, diagnose
from capstar.statespace.diffuse import DiffuseProblem, diffuse_problem
from capstar.statespace.fitting import fit
from capstar.statespace.forecasting import Forecast, forecast
from capstar.statespace.inference import outer_product_cov, sandwich_cov, standard_errors
from capstar.statespace.initial import InitialState, start_from
from capstar.statespace.maximum_likelihood import MaximumLikelihood, maximize
from capstar.statespace.mixed_frequency import (
    average,
    combine_frequencies,
    growth_of_average,
    last,
    total,
)
from capstar.statespace.news import News, explain_revisions
from capstar.statespace.parameters import Parameter, ParameterTable
from capstar.statespace.problem import Problem
from capstar.statespace.regression import Regression, least_squares_start, regression
from capstar.statespace.results import StateSpaceResults
from capstar.statespace.simulation import SimulatedSample, simulate_sample
from capstar.statespace.smoothing import (
    Disturbances,
    StateEstimates,
    estimate_states,
    simulate_data,
    simulate_states,
    smooth_disturbances,
)
from capstar.statespace.spec import Spec
from capstar.statespace.uncertainty import ReportUncertainty, report_uncertainty

__all__ = [
    "Beta", "Between", "Change", "Constraint", "Diagnostics", "DiffuseProblem", "Disturbances",
    "Forecast", "InitialState", "InverseGamma", "MaximumLikelihood", "News", "Normal", "Parameter",
    "ParameterTable", "PosteriorDraws", "PosteriorResults", "Prior", "Problem", "Regression",
    "ReportUncertainty", "SeriesContributions", "SimulatedSample", "Spec", "StateDraws",
    "StateEstimates", "StateSpaceResults", "Stationary", "SumBelow", "Uniform", "average", "bind",
    "combine_frequencies", "compile_spec", "contributions_by_series", "decompose_change",
    "diagnose", "diffuse_problem", "effective_sample_size", "estimate_states", "explain_revisions",
    "fit", "forecast", "growth_of_average", "last", "least_squares_start", "maximize", "mean",
    "monte_carlo_error", "outer_product_cov", "params", "posterior", "quantile_error", "regression",
    "report_uncertainty", "sandwich_cov", "simulate_data", "simulate_sample", "simulate_states",
    "smooth_disturbances", "split_rhat", "standard_errors", "start_from", "total", "variables",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__
