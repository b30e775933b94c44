"""The three-stage procedure of Laubach and Williams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from capstar.rstar.laubach_williams import Stage, Variant, declare
from capstar.rstar.median_unbiased import BreakStatistics, break_statistics, median_unbiased_lambda
from capstar.rstar.starting import initial_state, start_values
from capstar.statespace.maximum_likelihood import MaximumLikelihood, maximize
from capstar.statespace.parameters import ParameterTable
from capstar.statespace.problem import Problem, bind
from capstar.statespace.smoothing import StateEstimates, estimate_states

FIRST_COV = 0.2  # HLW: the first pass starts from 0.2 times the identity

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """How the likelihoods are maximised.

    Attributes
    ----------
    n_starts, seed
        See `capstar.statespace.maximum_likelihood.maximize`.
    keep
        Where a likelihood has several maxima, which one counts.  None: the one uphill of the published
        start values, which is what every published estimate on hand turns out to be (stage 1 on US data
        to 2019: b_y at its bound, 1.3 below a maximum with b_y = 0.10), and the best with ``start_params``.
    allow_unconverged
        Warn instead of raising where a maximum is not reached.
    start_params
        Start values that replace the least-squares ones, by parameter name.
    fixed
        Parameters held at a value in every stage that has them.
    """

    n_starts: int = 4
    seed: int = 0
    keep: Literal["best", "first"] | None = None
    allow_unconverged: bool = False
    start_params: Mapping[str, float] | None = None
    fixed: Mapping[str, float] | None = None


@dataclass(frozen=True)
class StageEstimate:
    """One stage: its problem, both maximisations and the break test that follows it.

    Attributes
    ----------
    stage
        1, 2 or 3.
    problem
        Equations, data and the initial covariance of the second pass.
    first_pass
        Maximum with the initial covariance 0.2 I; its first predicted covariance starts the second.
    ml
        The estimate.
    breaks
        Statistics behind lambda_g (stage 1) and lambda_z (stage 2); None for stage 3.
    """

    stage: Stage
    problem: Problem
    first_pass: MaximumLikelihood
    ml: MaximumLikelihood
    breaks: BreakStatistics | None = None

    @cached_property
    def states(self) -> StateEstimates:
        """Filtered and smoothed states at the estimate."""
        return estimate_states(self.problem, self.ml.params)


@dataclass(frozen=True)
class ThreeStages:
    """All three stages and the two signal-to-noise ratios."""

    stage1: StageEstimate
    stage2: StageEstimate
    stage3: StageEstimate
    lambda_g: float
    lambda_z: float


def adapt(variant: Variant, frame: pd.DataFrame, start: pd.Period, end: pd.Period) -> Variant:
    """Drop the COVID terms a sample cannot identify.

    A kappa goes when none of its quarters is in the sample, phi and the index when the index is zero
    throughout.
    """
    windows = {
        name: span
        for name, span in variant.scale_windows.items()
        if pd.Period(span[0], "Q") <= end and pd.Period(span[1], "Q") >= start
    }
    covid = variant.covid and bool((frame.loc[start:end, "d"] != 0).any())
    return replace(variant, covid=covid, scale_windows=windows)


@dataclass(frozen=True)
class Job:
    """What every stage is estimated from.

    Attributes
    ----------
    variant
        One of the published models, less the terms the sample cannot identify.
    frame
        From `capstar.rstar.inputs.prepare`.
    start, end
        Sample of the likelihood.
    options
        Of the maximisation.
    """

    variant: Variant
    frame: pd.DataFrame
    start: pd.Period
    end: pd.Period
    options: Options


def estimate(job: Job, *, progress: Progress | None = None) -> ThreeStages:
    """Estimate the three stages in turn.

    Parameters
    ----------
    job
        Model, data, sample and options.
    progress
        Called with a line before each stage.

    References
    ----------
    Holston, Laubach and Williams (2017), section 4; Laubach and Williams (2003), section III.
    """

    def run(stage: Stage, fixed: Mapping[str, float]) -> StageEstimate:
        if progress is not None:
            progress(f"{job.variant.name}: stage {stage} of 3")
        return _estimate_stage(job, stage, fixed)

    first = run(1, {})
    g_breaks = _growth_breaks(first)
    lambda_g = median_unbiased_lambda(g_breaks.exp_wald) / g_breaks.nobs
    second = run(2, {"lambda_g": lambda_g})
    z_breaks = _intercept_breaks(job, second)
    lambda_z = median_unbiased_lambda(z_breaks.exp_wald) / z_breaks.nobs
    third = run(3, {"lambda_g": lambda_g, "lambda_z": lambda_z})
    return ThreeStages(
        replace(first, breaks=g_breaks), replace(second, breaks=z_breaks), third, lambda_g, lambda_z
    )


def _estimate_stage(job: Job, stage: Stage, fixed: Mapping[str, float]) -> StageEstimate:
    spec = declare(job.variant, stage)
    slots = spec.state_slots()
    problem = bind(
        spec,
        job.frame,
        initial_mean=initial_state(
            job.frame["y"],
            job.start,
            slots,
            breaks=job.variant.trend_breaks if job.variant.trend_start else (),
        ),
        initial_cov=FIRST_COV * np.eye(len(slots)),
        start=job.start,
        end=job.end,
    )
    table = _start_table(job, stage, problem, fixed)
    # The first pass only prepares the second, which continues where it ended and looks elsewhere too.
    first_pass = _maximize(problem, table, job.options, n_starts=1 if _keep(job.options) == "first" else None)
    predicted = problem.filter_path(problem.vector(first_pass.params)).P[0, 0]
    # The published code hands the first *predicted* covariance on as that of the state before it.
    problem = problem.with_initial_cov(predicted)
    table = table.starting(first_pass.params[list(first_pass.free)].to_dict())
    return StageEstimate(stage, problem, first_pass, _maximize(problem, table, job.options))


def _start_table(job: Job, stage: Stage, problem: Problem, fixed: Mapping[str, float]) -> ParameterTable:
    values = start_values(job.frame, job.start, job.end, stage, job.variant) | dict(
        job.options.start_params or {}
    )
    table = problem.table().starting({n: v for n, v in values.items() if n in problem.names})
    held = {**job.variant.fixed, **fixed, **(job.options.fixed or {})}
    return table.fix({n: v for n, v in held.items() if n in problem.names})


def _keep(options: Options) -> Literal["best", "first"]:
    return options.keep or ("best" if options.start_params else "first")


def _maximize(
    problem: Problem, table: ParameterTable, options: Options, n_starts: int | None = None
) -> MaximumLikelihood:
    return maximize(
        problem,
        table,
        n_starts=n_starts or options.n_starts,
        seed=options.seed,
        keep=_keep(options),
        allow_unconverged=options.allow_unconverged,
    )


def _growth_breaks(stage1: StageEstimate) -> BreakStatistics:
    """Break in the mean of annualised growth of smoothed potential (HLW 2017, section 4.1)."""
    potential = stage1.states.report("potential", "smoothed")[0]
    growth = 4 * potential.diff().dropna()
    return break_statistics(growth, np.ones((len(growth), 1)))


def _intercept_breaks(job: Job, stage2: StageEstimate) -> BreakStatistics:
    """Break in the intercept of the IS curve in smoothed states (HLW 2017, section 4.2)."""
    variant, frame = job.variant, job.frame
    problem, states = stage2.problem, stage2.states
    sample = frame.loc[problem.index]
    smoothed = states.states("smoothed")
    phi = stage2.ml.params.get("phi", 0.0)

    def gap(lag: int) -> pd.Series:
        column = "ystar" if lag == 0 else f"ystar({lag})"
        output = frame["y"] - phi * frame["d"] if variant.covid else frame["y"]
        return output.shift(-lag).loc[problem.index] - smoothed[column]

    rate = (frame["r"].shift(1) + frame["r"].shift(2)).loc[problem.index] / 2
    growth = 4 * smoothed["g" if "g" in smoothed else "g(-1)"]
    X = pd.concat([gap(-1), gap(-2), rate, growth, pd.Series(1.0, sample.index)], axis=1)
    theta = problem.vector(stage2.ml.params)
    weights = 1.0 / problem.scale(theta) ** 2 if variant.weighted_break else None
    return break_statistics(gap(0), X, weights=weights)
