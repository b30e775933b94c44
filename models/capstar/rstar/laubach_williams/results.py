"""What an estimation gives: estimates, states, uncertainty, and how to look at them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from capstar.errors import SpecificationError
from capstar.reporting import Summary
from capstar.rstar.laubach_williams.bootstrap import Bootstrap, bootstrap
from capstar.rstar.laubach_williams.decomposition import RStarDecomposition, decompose
from capstar.rstar.laubach_williams.estimates import Covariance, ThreeStageEstimates
from capstar.rstar.laubach_williams.export import as_dict
from capstar.rstar.laubach_williams.identification import (
    PileUp,
    Profile,
    checkable,
    likelihood_profile,
    pile_up,
)
from capstar.rstar.laubach_williams.inputs import prepare
from capstar.rstar.laubach_williams.summary import summarize
from capstar.rstar.laubach_williams.three_stage import Job, ThreeStages, estimate_stages, held_stage
from capstar.rstar.laubach_williams.uncertainty import state_uncertainty
from capstar.rstar.natural_rate import Which
from capstar.rstar.redraw import GapSource, draw_from
from capstar.rstar.series import assumed_rate
from capstar.statespace.diagnostics import Diagnostics, diagnose
from capstar.statespace.forecasting import Forecast, forecast
from capstar.statespace.smoothing import Disturbances, smooth_disturbances

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class RStarResults(ThreeStageEstimates):
    """Estimates of one Laubach-Williams model, and what can be asked of them.

    Attributes
    ----------
    job
        Model, data by the model's names, sample and options.
    stages
        The stages; ``stages.stage1.ml`` and so on hold every stage's own estimates.
    departures
        What differs from the published model and procedure, a sentence each.
    uncertainty
        Monte Carlo standard errors of the states, once asked for by `with_standard_errors`.
    """

    def with_standard_errors(
        self,
        n_draws: int = 5000,
        *,
        seed: int = 0,
        covariance: Covariance = "full",
        n_workers: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> RStarResults:
        """The same results with Monte Carlo standard errors of r*, g and potential.

        They carry the uncertainty of the parameters, which the standard deviations of `StatePath` leave
        out, into `summary`, `plot` and `to_dict`.  See `capstar.rstar.state_uncertainty`.

        Parameters
        ----------
        n_draws, seed, covariance, n_workers, progress
            As there.
        """
        found = state_uncertainty(
            self, n_draws=n_draws, seed=seed, covariance=covariance, n_workers=n_workers, progress=progress
        )
        return replace(self, uncertainty=found)

    def bootstrap(
        self,
        n_replications: int = 200,
        *,
        seed: int = 0,
        n_workers: int = 1,
        progress: Callable[[float], None] | None = None,
    ) -> Bootstrap:
        """Run all three stages on samples drawn from this estimate; see `capstar.rstar.bootstrap`.

        Parameters
        ----------
        n_replications, seed, n_workers, progress
            As there.
        """
        return bootstrap(
            self, n_replications=n_replications, seed=seed, n_workers=n_workers, progress=progress
        )

    def profile(self, name: str, values: Sequence[float] | None = None) -> Profile:
        """Profile likelihood of ``"lambda_z"``, ``"a_r"`` or another parameter of stage 3.

        Parameters
        ----------
        name
            The parameter.
        values
            Where to evaluate; by default a grid around the estimate.
        """
        return likelihood_profile(self, name, values)

    @cached_property
    def pile_up(self) -> PileUp:
        """Whether sigma_z is at zero and a_r at its bound, in numbers and words."""
        return pile_up(self)

    def decompose(
        self, start: str | pd.Period, end: str | pd.Period, *, which: Which = "smoothed"
    ) -> RStarDecomposition:
        """Why r* changed between two quarters; see `capstar.rstar.decompose`.

        Parameters
        ----------
        start, end
            Quarters of the sample.
        which
            ``"smoothed"`` or ``"filtered"``.
        """
        return decompose(self, start, end, which=which)

    def run_on(self, data: pd.DataFrame, end: str | pd.Period | None = None) -> RStarResults:
        """The filter run on over longer data with the parameters of this estimate.

        The counterfactual of Holston, Laubach and Williams (2023, section 2): what the model would have said
        had its parameters not been re-estimated.

        Parameters
        ----------
        data
            Input that starts where this estimate's did and goes further, in the format of `RStarModel.fit`.
        end
            Last quarter; by default the last of the data.

        Returns
        -------
        RStarResults
            With every parameter held and no stage 1 or 2.

        Raises
        ------
        DataError
            The data cannot be used or do not reach beyond this estimate's first quarter.
        """
        frame, _, last = prepare(data, self.variant, start=self.start, end=end, n_params=0)
        job = replace(self.job, frame=frame, end=last)
        stage = held_stage(job, self._final, self.end)
        said = f"Parameters held at their estimates of {self.start}-{self.end}."
        stages = ThreeStages(None, None, stage, self.lambda_g, self.lambda_z)
        return RStarResults(job, stages, (*self.departures, said))

    def disturbances(self) -> Disturbances:
        """Smoothed shocks and auxiliary residuals of stage 3."""
        return smooth_disturbances(self._final.problem, self._final.ml.params)

    def diagnostics(self, *, lags: int = 8) -> Diagnostics:
        """Tests on standardised innovations and auxiliary residuals; see `capstar.statespace.diagnose`.

        Parameters
        ----------
        lags
            Of the tests for serial correlation.
        """
        return diagnose(self._final.states, self.disturbances(), lags=lags)

    def forecast(
        self, h: int, *, real_rate: float | pd.Series | Literal["neutral", "last"] = "neutral"
    ) -> Forecast:
        """Forecast output, inflation, the gap and r* for the next ``h`` quarters.

        Parameters
        ----------
        h
            Number of quarters.
        real_rate
            Assumed ex-ante real rate, percent a year: ``"neutral"`` (the last filtered r*), ``"last"``
            (its last value), a number, or a Series on the quarters to come.

        Returns
        -------
        Forecast
            Means and standard deviations at known parameters: ``y`` (100 log GDP), ``pi``, and
            ``output_gap``, ``potential``, ``g``, ``rstar``, ``z``.  The COVID index is taken
            as zero, oil and import prices as rising with ``pi``, any other series as zero.
        """
        if h < 1:
            raise SpecificationError(f"h={h}; the number of quarters must be at least 1.")
        index = pd.period_range(self.end + 1, periods=h, freq="Q")
        rate = assumed_rate(real_rate, self.rstar.filtered, self.data["r"], index)
        explained = self._final.problem.model.observed
        future = pd.DataFrame(0.0, index, [name for name in self.data if name not in explained]).assign(
            r=rate
        )
        return forecast(self._final.states, h, history=self.data, future=future)

    def redraw(self) -> GapSource:
        """What redraws the gap and runs all three stages on each draw, for the joint bootstrap."""
        stage, job = self._final, self.job
        theta = stage.problem.vector(stage.ml.params)
        quick = replace(job, options=replace(job.options, n_starts=1))
        return draw_from(stage.problem, theta, job.frame, self.rstar.filtered, _Again(quick))

    def to_dict(self) -> dict[str, Any]:
        """Results as plain numbers and lists, ready for JSON; missing numbers are None."""
        return as_dict(self)

    def summary(self) -> Summary:
        """Tables of the estimates; prints as text, shows as HTML in a notebook."""
        return summarize(self, self.pile_up if checkable(self) else None)

    def plot(self, *, level: float = 0.9) -> Figure:
        """r*, its parts and the output gap with bands.

        The bands of r* and g carry the uncertainty of the parameters if `with_standard_errors` was called;
        all others are at known parameters.

        Parameters
        ----------
        level
            Coverage of the bands.
        """
        from capstar.plotting import plot_rstar

        frame = self.to_frame()
        if self.uncertainty is not None:
            for name in ("rstar", "g"):
                frame[f"{name}_smoothed_se"] = self.uncertainty.se[name]
        return plot_rstar(frame, title=f"{self.model_name}, {self.start}-{self.end}", level=level)


@dataclass(frozen=True)
class _Again:
    """Runs all stages on a drawn sample."""

    job: Job

    def __call__(self, frame: pd.DataFrame) -> pd.Series:
        """Filtered r* of the sample."""
        return estimate_stages(replace(self.job, frame=frame)).stage3.states.report("rstar", "filtered")[0]
