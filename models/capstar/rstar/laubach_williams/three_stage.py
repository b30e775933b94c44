"""The three-stage procedure of Laubach and Williams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.progress import Progress, reporting
from capstar.rstar.laubach_williams.equations import (
    Stage,
    Variant,
    Window,
    corrected,
    published_final,
    with_windows,
)
from capstar.rstar.laubach_williams.maxima import LAMBDAS, maxima
from capstar.rstar.laubach_williams.median_unbiased import (
    BreakStatistics,
    break_at_every_date,
    median_unbiased_lambda,
)
from capstar.rstar.laubach_williams.options import Options
from capstar.rstar.laubach_williams.starting import initial_state, least_squares_values
from capstar.statespace.algebra import Slot, show_slot
from capstar.statespace.binding import bind
from capstar.statespace.columns import Columns
from capstar.statespace.compiled import compile_spec
from capstar.statespace.diffuse import diffuse_problem
from capstar.statespace.gls import GLSProblem, gls_start
from capstar.statespace.initial import InitialState
from capstar.statespace.maximum_likelihood import MaximumLikelihood, maximize
from capstar.statespace.parameters import ParameterTable
from capstar.statespace.problem import Problem
from capstar.statespace.regression import regression_arrays
from capstar.statespace.search import search_start
from capstar.statespace.smoothing import StateEstimates, estimate_states

LIMIT = 5.0  # percentage points; see `ThreeStages.identification`
_RESPONSES = {
    "a_r": "output does not respond to the real rate",
    "b_y": "inflation does not respond to the output gap",
}
FIRST_COV = 0.2  # HLW: the first pass starts from 0.2 times the identity


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
        Maximum with the initial covariance 0.2 I; its first predicted covariance starts the second.  None
        where the initial state is diffuse, given, or estimated from the first observations.
    ml
        The estimate.
    breaks
        Statistics behind lambda_g (stage 1) and lambda_z (stage 2); None for stage 3.
    others
        The lower maxima, highest first, where the lambdas are estimated with the rest.
    """

    stage: Stage
    problem: Problem
    first_pass: MaximumLikelihood | None
    ml: MaximumLikelihood
    breaks: BreakStatistics | None = None
    others: tuple[MaximumLikelihood, ...] = ()

    @cached_property
    def states(self) -> StateEstimates:
        """Filtered and smoothed states at the estimate."""
        return estimate_states(self.problem, self.ml.params)


@dataclass(frozen=True)
class ThreeStages:
    """The stages that were needed and the two signal-to-noise ratios.

    Attributes
    ----------
    stage1, stage2
        None where the ratio they give is held fixed or estimated with the rest.
    stage3
        The full model.
    lambda_g, lambda_z
        As imposed on stage 3, or as estimated there; NaN where no stage needs one.
    """

    stage1: StageEstimate | None
    stage2: StageEstimate | None
    stage3: StageEstimate
    lambda_g: float
    lambda_z: float

    @property
    def at_bound(self) -> pd.Series:
        """Which estimated parameters ended at a bound in any stage, by name."""
        found = pd.concat([stage.ml.at_bound for stage in reversed(self.estimated)])
        return found.groupby(level=0, sort=False).any()

    @property
    def identification(self) -> str:
        """Why stage 3 does not identify r*, in words; empty where nothing speaks against it.

        It does not where a_r or b_y is at its bound, so that output does not respond to the real rate or inflation
        to the gap, nor where the one-sided r* of the last quarter has a standard error above `LIMIT` percentage points
        at known parameters.  Published estimates have 1.5 to 3.2 in the last quarter, and 1 to 4 on average (Holston,
        Laubach and Williams 2016, tables 1 and 6), with parameter uncertainty included; at five the 90 percent band
        is 16 points wide, more than r* has ever been said to have moved in any country.  Six samples with white
        noise in place of the real rate have 3.2 to 37.
        """
        final = self.stage3
        said = [
            f"{name} = {final.ml.params[name]:.4g} is at its bound: {what}"
            for name, what in _RESPONSES.items()
            if final.ml.at_bound.get(name, False)
        ]
        if not (se := self.last_error) <= LIMIT:
            said.append(
                f"one-sided r* in {final.problem.index[-1]} has a standard error of {se:.1f} points, above {LIMIT:g}"
            )
        return "; ".join(said)

    @property
    def last_rstar(self) -> float:
        """One-sided r* of the last quarter, percent a year."""
        return float(self.stage3.states.reported("rstar", "filtered")[0][-1])

    def differs_from(self, other: ThreeStages) -> bool:
        """Whether a stage ended at another maximum than in other stages run on the same data."""
        pairs = zip(self.estimated, other.estimated, strict=True)
        return any(abs(mine.ml.llf - its.ml.llf) > 1e-4 for mine, its in pairs)

    @property
    def last_error(self) -> float:
        """Standard error of one-sided r* in the last quarter at known parameters, percentage points."""
        return float(self.stage3.states.reported("rstar", "filtered")[1][-1])

    @property
    def estimated(self) -> tuple[StageEstimate, ...]:
        """The stages there are, in order."""
        return tuple(stage for stage in (self.stage1, self.stage2, self.stage3) if stage is not None)


def adapt(variant: Variant, frame: pd.DataFrame, start: pd.Period, end: pd.Period) -> Variant:
    """Drop the terms a sample cannot identify.

    A kappa goes when none of its quarters is in the sample or all of them are passed over, phi and the COVID index
    when the index is zero throughout; so does, from equations of stage 3 that are given, any series that is.
    """
    used = pd.period_range(start, end, freq="Q")
    used = used[~_within(used, variant.missing)]
    windows = variant.scale_windows if variant.final is None else variant.final.obs_scale
    windows = {name: span for name, span in windows.items() if _within(used, (span,)).any()}
    empty = [str(name) for name in frame if (frame.loc[start:end, name] == 0).all()]
    final = variant.final
    if final is not None:
        final = final.without(
            n for n in empty if n not in {*final.observation, *final.transition, *final.shocks}
        )
    adapted = with_windows(replace(variant, covid=variant.covid and "d" not in empty, final=final), windows)
    return variant if adapted == variant else adapted  # whose equations are declared and compiled already


@dataclass(frozen=True)
class Job:
    """What every stage is estimated from.

    Attributes
    ----------
    variant
        One of the published models, less the terms the sample cannot identify.
    frame
        From `capstar.rstar.laubach_williams.inputs.prepare`.
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

    @cached_property
    def columns(self) -> Columns:
        """The frame as arrays."""
        return Columns.of(self.frame)


def estimate_stages(job: Job, *, progress: Progress | bool = False) -> ThreeStages:
    """Estimate the three stages in turn.

    Parameters
    ----------
    job
        Model, data, sample and options.
    progress
        See `capstar.progress.reporting`; off by default, for samples estimated in workers.

    References
    ----------
    Holston, Laubach and Williams (2017), section 4; Laubach and Williams (2003), section III.
    """
    held = dict(job.options.fixed or {})

    def run(stage: Stage, **lambdas: float) -> StageEstimate:
        with reporting(progress) as tell:
            said = f"{job.variant.name}: stage {stage} of 3"
            tell(said, 0.0)
            found = _estimate_stage(job, stage, lambdas)
            tell(said, 1.0)
        return found

    if job.options.signal_to_noise == "ML":
        third = run(3)
        return ThreeStages(None, None, third, *(float(third.ml.params.get(n, np.nan)) for n in LAMBDAS))
    needed = _needed(job, held)
    first = run(1) if "lambda_g" in needed else None
    if first is not None:
        first = replace(first, breaks=_growth_breaks(first))
    lambda_g = _ratio(job, first, held.get("lambda_g"))
    second = run(2, lambda_g=lambda_g) if "lambda_z" in needed else None
    if second is not None:
        second = replace(second, breaks=_intercept_breaks(job, second))
    lambda_z = _ratio(job, second, held.get("lambda_z"))
    third = run(3, lambda_g=lambda_g, lambda_z=lambda_z)
    return ThreeStages(first, second, third, lambda_g, lambda_z)


def _needed(job: Job, held: Mapping[str, float]) -> set[str]:
    """Ratios to be estimated: those stage 3 reads and nobody holds, and lambda_g wherever stage 2 is run."""
    read = set(compile_spec(job.variant.stage(3)).param_names)
    needed = {name for name in LAMBDAS if name in read}
    return (needed | ({"lambda_g"} if "lambda_z" in needed - set(held) else set())) - set(held)


def _ratio(job: Job, stage: StageEstimate | None, held: float | None) -> float:
    """The lambda that follows from a stage's break statistics, unless it is held."""
    if stage is None or stage.breaks is None:
        return float(held if held is not None else np.nan)
    functional = job.options.signal_to_noise
    if functional == "ML":
        return np.nan
    return median_unbiased_lambda(stage.breaks.value(functional), functional) / stage.breaks.nobs


def _estimate_stage(job: Job, stage: Stage, fixed: Mapping[str, float]) -> StageEstimate:
    problem = _bound(job, stage)
    table = _start_table(job, stage, problem, fixed)
    options = job.options
    if stage == 3 and not published_final(job.variant):
        # No published start leads to the maximum of other equations.
        options = replace(options, keep=options.keep or "best")
    if options.initial != "published" or isinstance(problem, GLSProblem):
        ml, *others = maxima(problem, table, options)
        return StageEstimate(stage, problem, None, ml, others=tuple(others))
    # The first pass only prepares the second, which continues where it ended and looks elsewhere too.
    n_starts = 1 if options.maximum == "first" else options.n_starts
    first_pass = maxima(problem, table, replace(options, n_starts=n_starts), exact=False)[0]
    predicted = problem.filter_path(problem.vector(first_pass.params)).P[0, 0]
    # The published code hands the first *predicted* covariance on as that of the state before it.
    problem = problem.with_initial_cov(predicted)
    table = table.starting(first_pass.params[list(first_pass.free)].to_dict())
    ml, *others = maxima(problem, table, options, after=first_pass)
    return StageEstimate(stage, problem, first_pass, ml, others=tuple(others))


def held_stage(job: Job, estimated: StageEstimate, end: pd.Period) -> StageEstimate:
    """A stage with every parameter held, on longer data, from the state the estimate to ``end`` started from."""
    problem = _bound(job, 3)
    if job.options.initial == "published":
        # The trend that starts the filter may not see the data that follow the estimate.
        before = _bound(replace(job, frame=job.frame.loc[:end], end=end), 3)
        problem = replace(problem, initial_mean=before.initial_mean)
        problem = problem.with_initial_cov(estimated.problem.initial_cov)
    table = problem.table().fix(estimated.ml.params.to_dict())
    return StageEstimate(3, problem, None, maximize(problem, table, progress=False))


def _bound(job: Job, stage: Stage) -> Problem:
    """Equations, data and the state before the sample."""
    spec, initial = job.variant.stage(stage), job.options.initial
    slots = spec.state_slots()
    mean: Mapping[Slot, float]
    if isinstance(initial, InitialState):
        mean, cov = initial.cut_to(spec)
    else:
        breaks = job.variant.trend_breaks if job.variant.trend_start else ()
        mean = initial_state(job.columns, job.start, slots, breaks=breaks)
        cov = FIRST_COV * np.eye(len(slots))
    problem = bind(spec, job.columns, initial_mean=mean, initial_cov=cov, start=job.start, end=job.end)
    if job.variant.missing:
        passed = _within(problem.index, job.variant.missing)
        problem = problem.with_data(np.where(passed[:, None], np.nan, problem.y))
    first = job.variant.gls_start[stage - 1]
    if initial == "published" and first is not None and not corrected(job.variant, stage):
        return gls_start(problem, *first)
    return diffuse_problem(problem) if initial == "diffuse" else problem


def _within(index: pd.PeriodIndex, windows: tuple[Window, ...]) -> npt.NDArray[np.bool_]:
    """Which quarters lie in one of the windows."""
    inside = np.zeros(len(index), dtype=bool)
    for start, end in windows:
        inside |= np.asarray((index >= pd.Period(start, "Q")) & (index <= pd.Period(end, "Q")))
    return inside


def _start_table(job: Job, stage: Stage, problem: Problem, fixed: Mapping[str, float]) -> ParameterTable:
    """Start values: given, by least squares, declared, or else searched for with the others at theirs."""
    values = least_squares_values(job.columns, job.start, job.end, stage, job.variant) | dict(
        job.options.start_params or {}
    )
    known = problem.model.parameters.items()
    own = {name: one.start for name, one in known if one.fixed and one.start is not None}
    held = {**own, **fixed, **(job.options.fixed or {})}
    table = problem.table().starting({n: v for n, v in values.items() if n in problem.names})
    table = table.fix({n: v for n, v in held.items() if n in problem.names})
    return search_start(problem, table, seed=job.options.seed)


def _growth_breaks(stage1: StageEstimate) -> BreakStatistics:
    """Break in the mean of annualised growth of smoothed potential (HLW 2017, section 4.1)."""
    growth = 4 * np.diff(stage1.states.reported("potential", "smoothed")[0])
    return break_at_every_date(growth, np.ones((len(growth), 1)), np.ones(len(growth)))


def _intercept_breaks(job: Job, stage2: StageEstimate) -> BreakStatistics:
    """Break in the intercept of the IS curve in smoothed states (HLW 2017, section 4.2).

    The published code reads trend growth at the newest date the state vector holds, whatever the lags in the
    equation; only output net of COVID is taken as known.  Buncic (2021) takes the residual of the whole equation.
    """
    problem, theta = stage2.problem, stage2.states.theta
    values = dict(zip(problem.names, theta.tolist(), strict=True))
    slots = problem.model.states
    smoothed = dict(zip(map(show_slot, slots), np.ascontiguousarray(stage2.states.smoothed.T), strict=True))
    known: dict[str, float] = values
    if job.variant.stage2 == "published":
        growth = [show_slot(slot) for slot in slots if slot[0] == "g"]
        smoothed |= dict.fromkeys(growth, smoothed[growth[0]])
        known = {name: values[name] for name in ("phi",) if name in values}
    states = Columns(problem.index, smoothed)
    y, _, X = regression_arrays(problem.spec, "y", job.columns, states, index=problem.index, values=known)
    if not X.shape[1]:
        X = np.ones((len(y), 1))
    return break_at_every_date(y, X, _weights(job.variant, problem, theta))


def _weights(variant: Variant, problem: Problem, theta: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Weights of the quarters in the second break test: 1 / kappa^2, none for those passed over."""
    scale = problem.scale(theta) if variant.weighted_break else np.ones(problem.nobs)
    return np.where(_within(problem.index, variant.missing), 0.0, 1.0 / scale**2)
