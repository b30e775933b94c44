"""The r* gap drawn anew from a fitted model: what a bootstrap of an estimated regressor redraws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import CapstarError, SpecificationError
from capstar.rstar.three_stage import Job, estimate
from capstar.statespace.problem import Problem
from capstar.statespace.smoothing import simulate_from_innovations

if TYPE_CHECKING:
    from capstar.rstar.results import RStarResults

Floats = npt.NDArray[np.float64]
_MOST_LAGS = 4
_RATE = "real_rate"


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

    Output and inflation follow the innovations form of stage 3 (Stoffer and Wall 1991), the real rate an
    autoregression, so that shocks to all three, and to whatever is resampled with them, keep their correlation.

    Attributes
    ----------
    innovations : pandas.DataFrame
        Standardised one-step innovations of the observed series, and those of the real rate in percentage points,
        by quarter.
    problem, theta
        Stage 3 and its estimate.
    job
        What the stages are estimated from.
    autoregression
        Constant and coefficients of the real rate on its lags.
    """

    innovations: pd.DataFrame
    problem: Problem
    theta: Floats
    job: Job
    autoregression: Floats

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
            stages = estimate(replace(self.job, frame=frame))
        except CapstarError:
            return None
        estimated = stages.stage3.states.report("rstar", "filtered")[0]
        rate = frame["r"].loc[self.problem.index]
        return DrawnGap(rate - estimated, rate - true)

    def _sample(self, rate_shocks: Floats, shocks: Floats) -> tuple[pd.DataFrame, pd.Series]:
        """Data as the stages take them, and the one-sided r* behind them."""
        frame, index = self.job.frame.copy(), self.problem.index
        first = frame.index.get_loc(index[0])
        rate = frame["r"].to_numpy(copy=True)
        lags = len(self.autoregression) - 1
        for t, shock in enumerate(rate_shocks, start=first):
            past = rate[t - lags : t][::-1]
            rate[t] = self.autoregression[0] + self.autoregression[1:] @ past + shock
        frame["r"] = rate
        model, x = self.problem.model, self.problem.x.copy()
        for k, (name, lag) in enumerate(model.regressors):
            if name == "r":
                x[:, k] = frame["r"].shift(-lag).loc[index]
        filtered, y = simulate_from_innovations(replace(self.problem, x=x), self.theta, shocks)
        frame.loc[index, list(model.observed)] = y
        row = model.blocks["R"].dense(self.problem.values(self.theta))[model.reports.index("rstar")]
        return frame, pd.Series(filtered @ row, index)


def gap_source(results: RStarResults) -> GapSource:
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
    coefficients, errors = _autoregression(job.frame["r"], stage.problem.index)
    names = list(stage.problem.model.observed)
    innovations = pd.DataFrame(path.v / np.sqrt(path.F), stage.problem.index, names)
    innovations[_RATE] = errors
    quick = replace(job, options=replace(job.options, n_starts=1))
    return GapSource(innovations, stage.problem, theta, quick, coefficients)


def _autoregression(rate: pd.Series, index: pd.PeriodIndex) -> tuple[Floats, Floats]:
    """Least squares with the number of lags that minimises BIC; coefficients, and errors by quarter of the sample."""
    known = rate.loc[rate.first_valid_index() :]
    most = min(_MOST_LAGS, known.index.get_loc(index[0]))
    y = known.loc[index].to_numpy(dtype=float)
    fits = []
    for lags in range(1, most + 1):
        columns = [known.shift(lag).loc[index].to_numpy(dtype=float) for lag in range(1, lags + 1)]
        design = np.column_stack([np.ones(len(y)), *columns])
        coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
        errors = y - design @ coefficients
        bic = len(y) * np.log(errors @ errors / len(y)) + (lags + 1) * np.log(len(y))
        fits.append((bic, coefficients, errors))
    _, coefficients, errors = min(fits, key=lambda fit: fit[0])
    return coefficients, errors
