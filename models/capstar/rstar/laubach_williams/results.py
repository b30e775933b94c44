"""What an estimation gives: estimates, states, uncertainty, and how to look at them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from capstar.errors import SpecificationError
from capstar.rstar.laubach_williams.bootstrap import Bootstrap, bootstrap
from capstar.rstar.laubach_williams.decomposition import RStarDecomposition, decompose
from capstar.rstar.laubach_williams.equations import Variant
from capstar.rstar.laubach_williams.export import as_dict
from capstar.rstar.laubach_williams.identification import PileUp, Profile, likelihood_profile, pile_up
from capstar.rstar.laubach_williams.inputs import prepare
from capstar.rstar.laubach_williams.summary import Summary, summarize
from capstar.rstar.laubach_williams.three_stage import Job, StageEstimate, ThreeStages, held_stage
from capstar.rstar.laubach_williams.uncertainty import Covariance, StateUncertainty, state_uncertainty
from capstar.statespace.diagnostics import Diagnostics, diagnose
from capstar.statespace.forecasting import Forecast, forecast
from capstar.statespace.inference import outer_product_cov, sandwich_cov, standard_errors
from capstar.statespace.smoothing import Disturbances, smooth_disturbances

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Which = Literal["filtered", "smoothed"]
QUANTITIES = ("rstar", "g", "z", "output_gap", "potential")


@dataclass(frozen=True)
class StatePath:
    """One quantity by quarter.

    Attributes
    ----------
    filtered, smoothed : pandas.Series
        Given data to the quarter, and given all data.  r*, g and z in percent a year, the output gap in
        percent, potential in 100 times the log.
    filtered_se, smoothed_se : pandas.Series
        Standard deviations at known parameters.
    """

    filtered: pd.Series
    smoothed: pd.Series
    filtered_se: pd.Series
    smoothed_se: pd.Series


@dataclass(frozen=True)
class RStarResults:
    """Estimates of one Laubach-Williams model.

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

    job: Job
    stages: ThreeStages
    departures: tuple[str, ...] = ()
    uncertainty: StateUncertainty | None = None

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
    def derived(self) -> pd.Series:
        """Standard deviations of the trend shocks in the papers' units, percent a year.

        ``sigma_g`` = 4 lambda_g sigma_ystar, ``sigma_z`` = lambda_z sigma_ygap / abs(a_r), ``sigma_rstar`` of
        ``4 c g + z``.
        """
        params = self._final.ml.params
        sigma_g = 4 * self.lambda_g * params["sigma_ystar"]
        sigma_z = self.lambda_z * params["sigma_ygap"] / abs(params["a_r"])
        values = {
            "sigma_g": sigma_g,
            "sigma_z": sigma_z,
            "sigma_rstar": math.hypot(params["c"] * sigma_g, sigma_z),
        }
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
        return self._path("rstar")

    @cached_property
    def g(self) -> StatePath:
        """Trend growth, percent a year."""
        return self._path("g")

    @cached_property
    def z(self) -> StatePath:
        """Other determinants of r*, percent a year."""
        return self._path("z")

    @cached_property
    def potential(self) -> StatePath:
        """Potential output, 100 times the natural log."""
        return self._path("potential")

    @cached_property
    def output_gap(self) -> StatePath:
        """Output gap, percent; net of the COVID term where the model has one."""
        return self._path("output_gap")

    def gap(self, which: Which = "filtered") -> pd.Series:
        """Ex-ante real rate minus r*, percentage points.

        The filtered gap of quarter t uses data to t, but parameters estimated on the whole sample; the
        smoothed one has also seen the future and must not be used to predict.
        """
        if which not in ("filtered", "smoothed"):
            raise SpecificationError(f"which={which!r}; choose 'filtered' or 'smoothed'.")
        rstar: pd.Series = getattr(self.rstar, which)
        return (self.data["r"].loc[rstar.index] - rstar).rename("rstar_gap")

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
        """Run all three stages on samples drawn from this estimate; see `capstar.rstar.laubach_williams.bootstrap`.

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
        had its parameters not been estimated anew.

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
            as zero, oil and import prices as rising with ``pi``.
        """
        if h < 1:
            raise SpecificationError(f"h={h}; the number of quarters must be at least 1.")
        index = pd.period_range(self.end + 1, periods=h, freq="Q")
        if isinstance(real_rate, str):
            known = {"neutral": self.rstar.filtered.iloc[-1], "last": self.data["r"].loc[self.end]}
            if real_rate not in known:
                raise SpecificationError(f"real_rate={real_rate!r}; choose 'neutral', 'last' or give a path.")
            real_rate = float(known[real_rate])
        rate = real_rate.reindex(index) if isinstance(real_rate, pd.Series) else pd.Series(real_rate, index)
        future = pd.DataFrame({"r": rate, "d": 0.0, "oil": 0.0, "imports": 0.0}, index=index)
        return forecast(self._final.states, h, history=self.data, future=future)

    def to_frame(self) -> pd.DataFrame:
        """All quantities, filtered and smoothed, with standard deviations (``_se``), by quarter."""
        columns: dict[str, pd.Series] = {}
        for which in ("filtered", "smoothed"):
            for name in QUANTITIES:
                path = getattr(self, name)
                columns[f"{name}_{which}"] = getattr(path, which)
                columns[f"{name}_{which}_se"] = getattr(path, f"{which}_se")
        out = pd.DataFrame(columns)
        out.index.name = "date"
        return out

    def to_dict(self) -> dict[str, Any]:
        """Results as plain numbers and lists, ready for JSON; missing numbers are None."""
        return as_dict(self)

    def summary(self) -> Summary:
        """Tables of the estimates; prints as text, shows as HTML in a notebook."""
        return summarize(self)

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

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def __repr__(self) -> str:
        return f"<RStarResults {self.model_name}, {self.start}-{self.end}, log-likelihood {self.llf:.4f}>"

    def _path(self, name: str) -> StatePath:
        filtered, filtered_se = self._final.states.report(name, "filtered")
        smoothed, smoothed_se = self._final.states.report(name, "smoothed")
        return StatePath(filtered, smoothed, filtered_se, smoothed_se)
