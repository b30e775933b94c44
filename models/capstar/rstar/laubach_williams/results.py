"""What an estimation gives: estimates, states, uncertainty, and how to look at them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from capstar.frames import Start, since
from capstar.progress import Progress
from capstar.provenance import titled
from capstar.rstar.laubach_williams.bootstrap import Bootstrap, bootstrap
from capstar.rstar.laubach_williams.decomposition import RStarDecomposition, decompose
from capstar.rstar.laubach_williams.estimates import Covariance, ThreeStageEstimates
from capstar.rstar.laubach_williams.identification import (
    PileUp,
    Profile,
    checkable,
    likelihood_profile,
    pile_up,
)
from capstar.rstar.laubach_williams.inputs import prepare
from capstar.rstar.laubach_williams.summary import notes, tables
from capstar.rstar.laubach_williams.three_stage import StageEstimate, ThreeStages, held_stage
from capstar.rstar.laubach_williams.uncertainty import state_uncertainty
from capstar.rstar.redraw import GapSource, draw_from
from capstar.rstar.series import assumed_future
from capstar.rstar.state_path import Which
from capstar.statespace.diagnostics import Diagnostics, diagnose
from capstar.statespace.forecasting import Forecast, forecast
from capstar.statespace.smoothing import Disturbances, smooth_disturbances
from capstar.units import Units

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
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

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> fit.ratios.round(3).to_dict(), fit.params[["a_r", "b_y"]].round(3).to_dict()
    ({'lambda_g': 0.06, 'lambda_z': 0.018}, {'a_r': -0.018, 'b_y': 0.174})
    >>> fit.disturbances(), fit.pile_up.sigma_z_at_zero
    (<Disturbances: Auxiliary residuals of y, pi, e_ystar, e_g, e_z, 1961Q1-2009Q3>, True)
    >>> list(fit.frames()), len(fit.identification_notes()), fit.redraw().innovations.shape
    (['Parameters (stage 3)', 'Stages', 'Latest quarter (2009Q3), percent'], 3, (195, 3))
    >>> fit.diagnostics(lags=8).tests["ljung_box_p"].round(2).to_dict()
    {'y': 0.35, 'pi': 0.12}
    >>> figure = fit.plot(start="1980Q1", level=0.68)
    >>> fit.notes()[-1].split(",")[0], fit.to_dict()["model"]
    ('One-sided r* in 2009Q3: standard error 4.9 points at known parameters; above 5', 'HLW 2017')
    """

    def with_standard_errors(
        self,
        n_draws: int = 5000,
        *,
        seed: int = 0,
        covariance: Covariance = "full",
        discard: bool = True,
        n_workers: int = -1,
        progress: Progress | bool = True,
    ) -> RStarResults:
        """The same results with Monte Carlo standard errors of r*, g and potential.

        They carry the uncertainty of the parameters, which the standard deviations of `StatePath` leave
        out, into `summary`, `plot` and `to_dict`.

        Parameters
        ----------
        n_draws, seed, covariance, discard, n_workers, progress
            See `capstar.rstar.state_uncertainty`.

        Examples
        --------
        >>> import capstar as cs
        >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
        >>> fit.with_standard_errors(200, seed=0).uncertainty.average.round(0).to_dict()
        {'rstar': 6.0, 'g': 0.0, 'potential': 2.0}
        """
        found = state_uncertainty(
            self,
            n_draws=n_draws,
            seed=seed,
            covariance=covariance,
            discard=discard,
            n_workers=n_workers,
            progress=progress,
        )
        return replace(self, uncertainty=found)

    def bootstrap(
        self,
        n_replications: int = 200,
        *,
        seed: int = 0,
        n_workers: int = 1,
        progress: Progress | bool = True,
    ) -> Bootstrap:
        """Draw samples from the estimated model and run all three stages on each.

        Unlike Hamilton's Monte Carlo this carries the uncertainty of the lambdas, and the bias of the procedure.
        Real rate, COVID index and relative prices are as observed; output, inflation and their lags are drawn.

        Parameters
        ----------
        n_replications
            Number of samples.
        seed
            The same seed gives the same numbers whatever the number of workers.
        n_workers
            Processes.
        progress
            See `capstar.progress.reporting`.

        Raises
        ------
        SpecificationError
            The initial state is diffuse, the number of replications is below 2, or most samples fail.

        References
        ----------
        Stoffer and Wall (1991), *JASA* 86; Pfeffermann and Tiller (2005), *Journal of Time Series Analysis* 26.

        Examples
        --------
        >>> import capstar as cs
        >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
        >>> fit.bootstrap(4, seed=0).params.shape
        (4, 11)
        """
        return bootstrap(self, n_replications, seed, n_workers, progress)

    def profile(
        self, name: str, values: Sequence[float] | None = None, *, progress: Progress | bool = True
    ) -> Profile:
        """Profile of the log-likelihood of stage 3 in one parameter.

        Parameters
        ----------
        name
            ``"lambda_z"``, ``"a_r"`` or any other parameter of stage 3.
        values
            Where to evaluate; by default 25 points: three standard errors either side, inside the bounds, and for
            a lambda from zero to three times its value (at least 0.1).
        progress
            See `capstar.progress.reporting`.

        Raises
        ------
        SpecificationError
            The model has no such parameter.

        Examples
        --------
        >>> import capstar as cs
        >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
        >>> fit.profile("lambda_z", [0.0, 0.02, 0.04]).table["rstar"].round(2).to_dict()
        {0.0: 1.88, 0.02: -0.05, 0.04: -1.63}
        """
        return likelihood_profile(self, name, values, progress)

    @cached_property
    def pile_up(self) -> PileUp:
        """Whether sigma_z is at zero and a_r at its bound, in numbers and words.

        Raises
        ------
        SpecificationError
            Edited equations have no ``lambda_z`` or no ``a_r``.

        References
        ----------
        Stock and Watson (1998), section 1; Laubach and Williams (2003), section II.
        """
        return pile_up(self)

    def decompose(
        self, start: str | pd.Period, end: str | pd.Period, *, which: Which = "smoothed"
    ) -> RStarDecomposition:
        """Split a change of r* into trend growth and z, and into the observations that caused it.

        Parameters
        ----------
        start, end
            Quarters of the sample.
        which
            ``"smoothed"`` (all data) or ``"filtered"`` (data to each quarter).

        Raises
        ------
        SpecificationError
            A quarter lies outside the sample, or among the first ones that determine a diffuse initial state.

        Examples
        --------
        >>> import capstar as cs
        >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
        >>> fit.decompose("2000Q1", "2009Q3").components.round(2).to_dict()
        {'g': -1.04, 'z': -0.39}
        """
        return decompose(self, start, end, which)

    def run_on(
        self, data: pd.DataFrame, end: str | pd.Period | None = None, *, units: Units = None
    ) -> RStarResults:
        """The filter run on over longer data with the parameters of this estimate.

        The counterfactual of Holston, Laubach and Williams (2023, section 2): what the model would have said
        had its parameters not been re-estimated.

        Parameters
        ----------
        data
            Input that starts where this estimate's did and goes further, in the format of `RStarModel.fit`.
        end
            Last quarter; by default the last of the data.
        units
            As of `RStarModel.fit`.

        Returns
        -------
        RStarResults
            With every parameter held and no stage 1 or 2.

        Raises
        ------
        DataError
            The data cannot be used or do not reach beyond this estimate's first quarter.

        Examples
        --------
        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> cs.rstar.HLW2017.fit(us[:"2007Q4"]).run_on(us).rstar.filtered.iloc[-1].round(2).item()
        -0.52
        """
        frame, _, last = prepare(data, self.variant, start=self.start, end=end, n_params=0, units=units)
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
        found = diagnose(self._final.states, self.disturbances(), lags=lags)
        titled(found.innovations, self.real_rate)
        return found

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

        Examples
        --------
        >>> import capstar as cs
        >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
        >>> fit.forecast(4, real_rate="last").mean["rstar"].round(2).to_list()
        [0.17, 0.17, 0.17, 0.17]
        """
        explained = self._final.problem.model.observed
        read = [name for name in self.data if name not in explained]
        future = assumed_future(h, real_rate, self.rstar.filtered, self.real_rate, read)
        return forecast(self._final.states, h, history=self.data, future=future)

    def redraw(self) -> GapSource:
        """What redraws the gap and runs all three stages on each draw, for the joint bootstrap."""
        final = self._final
        again = partial(_filtered_rstar, self)
        return draw_from(final.problem, final.states.theta, self.data, self.rstar.filtered, again)

    def to_dict(self) -> dict[str, Any]:
        """Results as plain numbers and lists, ready for JSON; missing numbers are None."""
        out = super().to_dict()
        ratios = out.pop("ratios")
        errors = {"std_error": self.bse, "std_error_sandwich": self.bse_sandwich}
        parameters = {
            name: {
                "estimate": value,
                **{kind: _number(found[name]) for kind, found in errors.items()},
                "at_bound": bool(self.ml.at_bound[name]),
            }
            for name, value in out["parameters"].items()
        }
        out |= {**ratios, "converged": self.converged, "parameters": parameters}
        out["stages"] = {f"stage{stage.stage}": _stage_dict(stage) for stage in self.stages.estimated}
        if found := self.uncertainty:
            out["standard_errors"] = {
                "average": found.average.to_dict(),
                "final": found.final.to_dict(),
                "draws": found.n_draws,
                "discarded": found.discarded,
                "covariance": found.covariance,
                "monte_carlo_error": {name: _number(v) for name, v in found.monte_carlo_error.items()},
            }
        return out

    def frames(self) -> dict[str, pd.DataFrame]:
        """Parameters, stages, latest quarter and, where they were asked for, standard errors of the states."""
        return tables(self)

    def notes(self) -> tuple[str, ...]:
        """Departures from the published procedure, bounds, higher maxima and the pile-up check."""
        return notes(self, self.pile_up if checkable(self) else None)

    def identification_notes(self) -> tuple[str, ...]:
        """The pile-up check, and the standard error of the last r*."""
        found = self.pile_up.notes() if checkable(self) else ()
        return (*found, *super().identification_notes())

    def plot(self, ax: Any = None, *, start: Start = None, level: float = 0.9) -> Figure:
        """r*, its parts and the output gap with bands.

        The bands of r* and g carry the uncertainty of the parameters if `with_standard_errors` was called;
        all others are at known parameters.  The legend of r* says which its band is.

        Parameters
        ----------
        ax
            Axes to draw r* in; by default a figure of its own.
        start
            First quarter shown.
        level
            Coverage of the bands.
        """
        from capstar.plotting import plot_rstar

        frame = self.to_frame()
        if self.uncertainty is not None:
            for name in ("rstar", "g"):
                frame[f"{name}_smoothed_se"] = self.uncertainty.se[name]
        title, includes = f"{self.model_name}, {self.start}-{self.end}", self.bands().attrs["includes"]
        frame, source = since(frame, start), self.provenance
        return plot_rstar(frame, title=title, includes=includes, level=level, source=source, ax=ax)


def _filtered_rstar(results: ThreeStageEstimates, frame: pd.DataFrame) -> pd.Series:
    """Filtered r* of all stages run on a drawn sample."""
    return results.estimated_on(frame).stages.stage3.states.report("rstar", "filtered")[0]


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _stage_dict(stage: StageEstimate) -> dict[str, Any]:
    ml = stage.ml
    out: dict[str, Any] = {
        "log_likelihood": ml.llf,
        "parameters": {name: float(ml.params[name]) for name in ml.free},
        "at_bound": [name for name in ml.free if ml.at_bound[name]],
        "projected_gradient": ml.projected_gradient,
        "curvature": ml.curvature,
        "higher_maximum": ml.higher_maximum,
    }
    if stage.breaks is not None:
        names = ("exp_wald", "mean_wald", "qlr")
        out["break_statistics"] = {name: getattr(stage.breaks, name) for name in names}
    return out
