"""State-space models declared as equations."""

from __future__ import annotations

from capstar.statespace import diffuse_smoothing as diffuse_smoothing
from capstar.statespace.algebra import mean, params, variables
from capstar.statespace.compiled import compile_spec
from capstar.statespace.diagnostics import Diagnostics, diagnose
from capstar.statespace.diffuse import DiffuseProblem, diffuse_problem
from capstar.statespace.forecasting import Forecast, forecast
from capstar.statespace.inference import outer_product_cov, sandwich_cov, standard_errors
from capstar.statespace.maximum_likelihood import MaximumLikelihood, maximize
from capstar.statespace.parameters import Parameter, ParameterTable
from capstar.statespace.problem import Problem, bind
from capstar.statespace.smoothing import (
    Disturbances,
    StateEstimates,
    estimate_states,
    simulate_data,
    simulate_states,
    smooth_disturbances,
)
from capstar.statespace.spec import Spec

__all__ = [
    "Diagnostics",
    "DiffuseProblem",
    "Disturbances",
    "Forecast",
    "MaximumLikelihood",
    "Parameter",
    "ParameterTable",
    "Problem",
    "Spec",
    "StateEstimates",
    "bind",
    "compile_spec",
    "diagnose",
    "diffuse_problem",
    "estimate_states",
    "forecast",
    "maximize",
    "mean",
    "outer_product_cov",
    "params",
    "sandwich_cov",
    "simulate_data",
    "simulate_states",
    "smooth_disturbances",
    "standard_errors",
    "variables",
]
