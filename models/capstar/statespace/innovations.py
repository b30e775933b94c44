"""Samples with given innovations, from the innovations form of a model (Stoffer and Wall 1991)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats
from capstar.kernels.simulation import simulate_innovations
from capstar.statespace.problem import Params, Problem
from capstar.statespace.smoothing import lags_of


class Rule(NamedTuple):
    """How an exogenous series follows a report: the report of the filtered state plus an autoregression.

    Attributes
    ----------
    series
        Name of the exogenous series.
    report
        Name of the report.
    coefficients
        Constant and coefficients of the deviation on its lags.
    past
        Deviations before the sample, the latest last; at least as many as there are lags.
    """

    series: str
    report: str
    coefficients: Floats
    past: Floats


def simulate_from_innovations(
    problem: Problem, params: Params, shocks: Floats, rule: Rule | None, rule_shocks: Floats
) -> tuple[Floats, Floats, Floats]:
    """Filtered states, observations and the series of a rule, of a sample with given standardised innovations.

    The filter run on the sample gives back the states and the innovations exactly; with those of the data, the
    sample is the data.  Lags of observed series, and of the rule's, follow the draws.

    Parameters
    ----------
    problem, params
        Model, data before the sample and other regressors.
    shocks
        Shape (n, p).
    rule, rule_shocks
        Of the exogenous series; shocks of shape (n,).  None where the model explains every series it reads, or they
        stay as observed; the series returned is then zero.

    Returns
    -------
    filtered, y, series
        Shapes (n, m), (n, p) and (n,).

    Raises
    ------
    SpecificationError
        An observation is missing: its innovation has no variance.

    References
    ----------
    Stoffer and Wall (1991), "Bootstrapping state-space models", *Journal of the American Statistical
    Association* 86.
    """
    theta = problem.vector(params)
    path = problem.filter_path(theta)
    if (path.F == 0).any():
        raise SpecificationError(
            f"{problem.spec.name}: the observation of {problem.index[int(np.argmax((path.F == 0).any(axis=1)))]} is "
            "missing and has no innovation to resample. Choose a sample without missing values."
        )
    inputs, model = problem.inputs(theta), problem.model
    row = np.zeros(len(model.states))
    if rule is None:
        rule = Rule("", "", np.zeros(1), np.zeros(0))
    else:
        row = model.blocks["R"].dense(problem.values(theta))[model.reports.index(rule.report)]
    own, lag = lags_of(problem, (*model.observed, rule.series))
    sample = inputs.sample._replace(x=inputs.sample.x.copy())
    n, p = problem.y.shape
    filtered, y = np.empty((n, inputs.system.c.size)), np.empty((n, p + 1))
    simulate_innovations(
        inputs.pattern, inputs.system, sample, own, lag, inputs.system.a0, path.F, path.M, shocks,
        row, rule.coefficients, rule_shocks, rule.past, filtered, y,
    )  # fmt: skip
    return filtered, y[:, :p], y[:, p]
