"""The r* gap drawn anew from a fitted model: what a bootstrap of an estimated regressor redraws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import CapstarError, SpecificationError
from capstar.rstar.laubach_williams.estimates import ThreeStageEstimates
from capstar.rstar.laubach_williams.three_stage import Job, estimate_stages
from capstar.statespace.problem import Problem
from capstar.statespace.smoothing import Rule, simulate_from_innovations

Floats = npt.NDArray[np.float64]
_MOST_LAGS = 4
_GAP = "gap"


class DrawnGap(NamedTuple):
    """The gap of one drawn sample, quarterly.

    Attributes
    ----------
    estimated
        With r* from all three stages run on the sample.
    true
        With the one-sided r* of the parameters the sample was drawn from.
    """

    estimated: pd.Series
    true: pd.Series


@dataclass(frozen=True)
class GapSource:
    """Draws samples from a fitted model by resampling its innovations, and estimates the gap in each.

    Output and inflation follow the innovations form of stage 3 (Stoffer and Wall 1991), and the real rate follows
    r*: the gap between the two is an autoregression, so that it keeps its mean and spread.  Shocks to all three, and
    to whatever is resampled with them, keep their correlation.

    Attributes
    ----------
    innovations : pandas.DataFrame
        Standardised one-step innovations of the observed series, and those of the gap in percentage points, by quarter.
    problem, theta
        Stage 3 and its estimate.
    job
        What the stages are estimated from.
    rule
        How the real rate follows r*.
    """

    innovations: pd.DataFrame
    problem: Problem
    theta: Floats
    job: Job
    rule: Rule

    def draw(self, rows: npt.NDArray[np.int64]) -> DrawnGap | None:
        """The gap of the sample whose innovations are these rows of ``innovations``.

        Parameters
        ----------
        rows
            As many as there are quarters.

        Returns
        -------
        DrawnGap or None
            None where the three stages give no estimate on the sample.
        """
        shocks = self.innovations.to_numpy()[rows]
        frame, true = self._sample(shocks[:, -1], np.ascontiguousarray(shocks[:, :-1]))
        try:
            stages = estimate_stages(replace(self.job, frame=frame))
        except CapstarError:
            return None
        estimated = stages.stage3.states.report("rstar", "filtered")[0]
        rate = frame["r"].loc[self.problem.index]
        return DrawnGap(rate - estimated, rate - true)

    def _sample(self, gap_shocks: Floats, shocks: Floats) -> tuple[pd.DataFrame, pd.Series]:
        """Data as the stages take them, and the one-sided r* behind them."""
        frame, index, model = self.job.frame.copy(), self.problem.index, self.problem.model
        filtered, y, rate = simulate_from_innovations(
            self.problem, self.theta, shocks, self.rule, np.ascontiguousarray(gap_shocks)
        )
        frame.loc[index, list(model.observed)] = y
        frame.loc[index, "r"] = rate
        row = model.blocks["R"].dense(self.problem.values(self.theta))[model.reports.index("rstar")]
        return frame, pd.Series(filtered @ row, index)


def gap_source(results: ThreeStageEstimates) -> GapSource:
    """What samples of the gap are drawn from.

    Raises
    ------
    SpecificationError
        The initial state is diffuse, or quarters are passed over.
    """
    stage, job = results.stages.stage3, results.job
    if job.options.initial == "diffuse":
        raise SpecificationError(
            "A diffuse initial state has no distribution to draw samples from. Estimate with initial='published' "
            "or an InitialState."
        )
    theta = stage.problem.vector(stage.ml.params)
    path = stage.problem.filter_path(theta)
    if (path.F == 0).any():
        raise SpecificationError(
            f"{results.model_name}: samples cannot be drawn where quarters are passed over or missing. Estimate on a "
            "sample without them."
        )
    index = stage.problem.index
    rstar = results.rstar.filtered
    # Before the sample there is no r*: its first value stands for it.
    before = job.frame["r"].loc[: index[0] - 1].dropna() - rstar.iloc[0]
    gap = pd.concat([before.iloc[-_MOST_LAGS:], results.gap("filtered")]).to_numpy(dtype=float)
    coefficients, errors = _autoregression(gap, len(index))
    names = list(stage.problem.model.observed)
    innovations = pd.DataFrame(path.v / np.sqrt(path.F), index, names)
    innovations[_GAP] = errors
    quick = replace(job, options=replace(job.options, n_starts=1))
    rule = Rule("r", "rstar", coefficients, gap[: -len(index)])
    return GapSource(innovations, stage.problem, theta, quick, rule)


def _autoregression(series: Floats, n: int) -> tuple[Floats, Floats]:
    """Least squares with the number of lags that minimises BIC; coefficients, and the last n errors."""
    y, fits = series[-n:], []
    for lags in range(1, len(series) - n + 1):
        columns = [series[len(series) - n - lag : len(series) - lag] for lag in range(1, lags + 1)]
        design = np.column_stack([np.ones(n), *columns])
        coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
        errors = y - design @ coefficients
        fits.append((n * np.log(errors @ errors / n) + (lags + 1) * np.log(n), coefficients, errors))
    _, chosen, rest = min(fits, key=lambda fit: fit[0])
    return np.asarray(chosen, dtype=np.float64), np.asarray(rest, dtype=np.float64)
