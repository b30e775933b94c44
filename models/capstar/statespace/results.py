"""What a fitted state-space model answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from capstar.errors import DataError
from capstar.frames import Start, as_periods, since
from capstar.progress import Progress
from capstar.reporting import Result
from capstar.reporting.estimates import Covariances, Likelihood
from capstar.statespace.by_series import SeriesContributions, contributions_by_series
from capstar.statespace.change import Change, decompose_change
from capstar.statespace.diagnostics import Diagnostics, diagnose
from capstar.statespace.diffuse import DiffuseProblem
from capstar.statespace.forecasting import Forecast, forecast, require_count, require_level
from capstar.statespace.inference import CovarianceKind, covariance, standard_errors
from capstar.statespace.initial import start_from
from capstar.statespace.news import News, explain_revisions
from capstar.statespace.simulation import SimulatedSample, simulate_sample
from capstar.statespace.smoothing import (
    Disturbances,
    StateEstimates,
    Which,
    estimate_states,
    smooth_disturbances,
)
from capstar.statespace.spec import Spec
from capstar.statespace.storage import StoredEstimate, read_estimate, write_estimate
from capstar.statespace.tables import latest, parameter_table
from capstar.statespace.uncertainty import ReportUncertainty, report_uncertainty

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from statsmodels.tsa.statespace.mlemodel import MLEModel


@dataclass(frozen=True)
class StateSpaceResults(StoredEstimate, Covariances, Likelihood, Result):
    """Estimates of a declared state-space model; made by `capstar.statespace.fit`.

    Attributes
    ----------
    problem
        Equations, data and the state before the sample.
    ml
        The maximum of the likelihood, and the evidence that it is one.
    data : pandas.DataFrame
        Every series the equations read, from the first row given to the last.
    initial
        How the state before the sample was chosen.
    estimated : StateSpaceResults or None
        What the parameters were estimated on, where it is not this sample.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_fit
    >>> found = nile_fit()
    >>> found
    <StateSpaceResults: local level, 1871-1970, log-likelihood -633.4646>
    >>> found.params.round(1).to_dict(), round(found.llf, 2), found.df_model, round(found.aic), round(found.bic)
    ({'s_eps': 122.9, 's_eta': 38.3}, -633.46, 3, 1273, 1281)
    >>> found.spec.name == found.model_name, found.nobs, found.converged, found.fixed.to_dict()
    (True, 100, True, {})
    >>> found.pvalues.lt(0.01).to_dict(), found.bse.round(1).to_dict(), found.tvalues.round(1).to_dict()
    ({'s_eps': True, 's_eta': False}, {'s_eps': 12.8, 's_eta': 16.7}, {'s_eps': 9.6, 's_eta': 2.3})
    >>> found.cov_params("opg").round(0).to_numpy().tolist(), found.diagnostics(lags=9).lags
    ([[111.0, -44.0], [-44.0, 122.0]], 9)
    >>> found.states("predicted").iloc[-1].round(1).to_dict(), found.reports("filtered").shape
    ({'mu': 819.6, 'mu_se': 74.2}, (100, 2))
    >>> found.filtered.iloc[-1].round(1).to_dict(), len(found.smoothed), found.to_frame().shape
    ({'mu': 798.4}, 100, (100, 8))
    >>> found.disturbances(), found.estimates.smoothed.shape
    (<Disturbances: Auxiliary residuals of y, eta, 1871-1970>, (100, 1))
    >>> found.title in found.summary().as_text(), list(found.frames()), len(found.notes())
    (True, ['Parameters', 'Fit', 'Reports in 1970', 'States in 1970'], 1)
    >>> found.save("level.json").name
    'level.json'
    >>> found.plot(start="1900", level=0.5).savefig("level.png")
    >>> found.all_params.equals(found.params)
    True
    """

    @property
    def title(self) -> str:
        """Model, sample and log-likelihood."""
        index = self.problem.index
        return f"{self.model_name}, {index[0]}-{index[-1]}, log-likelihood {self.llf:.4f}"

    @property
    def spec(self) -> Spec:
        """The equations; printing them shows the model."""
        return self.problem.spec

    @property
    def model_name(self) -> str:
        """Name of the model."""
        return self.spec.name

    @property
    def nobs(self) -> int:
        """Number of periods of the likelihood."""
        return self.problem.nobs

    @property
    def params(self) -> pd.Series:
        """Estimated parameters."""
        return self.ml.params[list(self.ml.free)]

    @property
    def fixed(self) -> pd.Series:
        """Parameters that were held."""
        return self.ml.params.drop(list(self.ml.free))

    @property
    def all_params(self) -> pd.Series:
        """All parameters, those held included."""
        return self.ml.params

    @property
    def llf(self) -> float:
        """Log-likelihood, constants included; of a diffuse start with log(2 pi) for every observation."""
        return self.ml.llf

    @property
    def df_model(self) -> int:
        """Estimated parameters and diffuse elements of the initial state (Durbin and Koopman 2012, section 7.4)."""
        diffuse = self.problem.loading.shape[1] if isinstance(self.problem, DiffuseProblem) else 0
        return len(self.ml.free) + diffuse

    @property
    def converged(self) -> bool:
        """Whether the estimate is a maximum."""
        return self.ml.converged

    def cov_params(self, kind: CovarianceKind = "hessian") -> pd.DataFrame:
        """Covariance of the estimated parameters, shape (k, k); NaN at a bound.

        Parameters
        ----------
        kind
            ``"hessian"``: inverse of minus the second derivatives; ``"opg"``: inverse of the outer product of scores;
            ``"sandwich"``: of both (White 1982), valid under misspecification.
        """
        one = self.estimated or self
        return covariance(one.problem, one.ml, kind)

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors, from the Hessian."""
        return standard_errors(self.cov_params())

    @cached_property
    def estimates(self) -> StateEstimates:
        """Moments of the states given the data."""
        return estimate_states(self.problem, self.ml.params)

    @property
    def filtered(self) -> pd.DataFrame:
        """States given data to each period, parameters of the whole sample, shape (n, m)."""
        return self.estimates.states("filtered")

    @property
    def smoothed(self) -> pd.DataFrame:
        """States given all data, shape (n, m)."""
        return self.estimates.states("smoothed")

    def states(self, which: Which = "smoothed") -> pd.DataFrame:
        """States ``"smoothed"``, ``"filtered"`` or ``"predicted"``, by period.

        Their standard deviations, at known parameters, have the ending ``_se``.
        """
        std = self.estimates.std(which).add_suffix("_se")
        return pd.concat([self.estimates.states(which), std], axis=1).rename_axis("date")

    def reports(self, which: Which = "smoothed") -> pd.DataFrame:
        """Every declared report, and its standard deviation with the ending ``_se``, as `states` by period."""
        found = {name: self.estimates.report(name, which) for name in self.problem.model.reports}
        columns = {name: mean for name, (mean, _) in found.items()}
        columns |= {f"{name}_se": std for name, (_, std) in found.items()}
        return pd.DataFrame(columns, index=self.problem.index).rename_axis("date")

    def to_frame(self) -> pd.DataFrame:
        """States of the current period and reports, filtered and smoothed, with standard deviations (``_se``)."""
        parts = []
        for which in ("filtered", "smoothed"):
            both = pd.concat([self.reports(which), self.states(which)], axis=1)
            shown = both.loc[:, ~both.columns.duplicated() & ~both.columns.str.contains("(", regex=False)]
            stems = shown.columns.str.removesuffix("_se")
            ends = [name[len(stem) :] for name, stem in zip(shown, stems, strict=True)]
            parts.append(shown.set_axis(stems + f"_{which}" + ends, axis=1))
        return pd.concat(parts, axis=1)

    def uncertainty(
        self, n_draws: int = 1000, *, seed: int = 0, progress: Progress | bool = True
    ) -> ReportUncertainty:
        """Standard errors of the reports with the parameters' uncertainty in them; see `report_uncertainty`.

        The parameters are drawn with the covariance of ``cov_params("hessian")``.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_fit
        >>> nile_fit().uncertainty(50, seed=1).se["level"].iloc[-1].round(-1).item()
        70.0
        """
        cov = self.cov_params()
        return report_uncertainty(self.problem, self.ml, cov, n_draws=n_draws, seed=seed, progress=progress)

    def disturbances(self) -> Disturbances:
        """Smoothed shocks and auxiliary residuals."""
        return smooth_disturbances(self.problem, self.ml.params)

    def diagnostics(self, *, lags: int = 8) -> Diagnostics:
        """Tests on standardised innovations and auxiliary residuals; see `capstar.statespace.diagnose`."""
        return diagnose(self.estimates, self.disturbances(), lags=lags)

    def forecast(self, h: int, *, future: pd.DataFrame | None = None) -> Forecast:
        """Forecast the observed series and the reports for the next ``h`` periods.

        Parameters
        ----------
        future
            Series that the equations read and do not explain, for the periods to come.

        Raises
        ------
        DataError
            Such a series is not given for every period.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_fit
        >>> nile_fit().forecast(3).mean["y"].round(1).to_list()
        [798.4, 798.4, 798.4]
        """
        require_count("h", h)
        ahead = pd.period_range(self.problem.index[-1] + 1, periods=h, freq=self.problem.index.freq)
        known = pd.DataFrame(index=ahead) if future is None else as_periods(future, source="future")
        return forecast(self.estimates, h, history=self.data, future=known)

    def simulate(self, n: int | None = None, seed: int = 0) -> SimulatedSample:
        """Draw ``n`` periods at the estimate, by default those of the sample; see `simulate_sample`.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_fit
        >>> nile_fit().simulate(seed=1).data.shape
        (100, 1)
        """
        n = self.nobs if n is None else n
        require_count("n", n)
        return simulate_sample(self.estimates, n, seed=seed)

    def decompose(
        self,
        report: str,
        start: str | pd.Period,
        end: str | pd.Period,
        *,
        which: Literal["smoothed", "filtered"] = "smoothed",
    ) -> Change:
        """Which observations moved a report or state between two periods; see `decompose_change`.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_fit
        >>> round(nile_fit().decompose("level", "1890", "1905").change, 1)  # a dam was begun in 1899
        -222.1
        """
        return decompose_change(self.problem, self.ml.params, report, start, end, which=which)

    def by_series(self, report: str, which: Which = "smoothed") -> SeriesContributions:
        """What each series adds to a report in every period; see `contributions_by_series`.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_fit
        >>> found = nile_fit()
        >>> found.by_series("mu").table.loc["1900"].round(1).to_dict()
        {'y': 919.5, 'start': 0.0, 'constants': 0.0}
        >>> found.all_params.equals(found.params)
        True
        """
        return contributions_by_series(self.problem, self.ml.params, report, which=which)

    def news(self, earlier: pd.DataFrame, later: pd.DataFrame, *, progress: Progress | bool = True) -> News:
        """Why the reports changed from one data set to the next; see `capstar.statespace.explain_revisions`.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_fit
        >>> found = nile_fit()
        >>> found.news(found.data[:-2], found.data).observations["news"].round(1).to_list()
        [-144.1, -118.1]
        """
        held, first = self.fixed.to_dict(), self.problem.index[0]
        given = {"initial": self.initial, "fixed": held, "start": first, "progress": progress}
        return explain_revisions(self.spec, self.ml.params, earlier, later, **given)

    def append(self, data: pd.DataFrame) -> StateSpaceResults:
        """The filter run on over the periods that follow the sample, with the parameters held.

        Raises
        ------
        DataError
            The first period is not the one after the last, or a series is missing.

        Examples
        --------
        >>> from capstar.statespace import fit
        >>> from capstar.statespace.examples import nile_level
        >>> level, flow = nile_level()
        >>> found = fit(level, flow[:90], fixed={"s_eps": 122.876, "s_eta": 38.33}).append(flow[90:])
        >>> found.nobs, found.smoothed["mu"].iloc[-1].round(1).item()
        (100, 798.4)
        """
        more = as_periods(data, source="further data")
        last = self.problem.index[-1]
        if more.index.freqstr != self.data.index.freqstr or more.index[0] != last + 1:
            raise DataError(
                f"{self.model_name}: the further data begin in {more.index[0]}, expected {last + 1}, the period after "
                "the sample. Cut or complete them."
            )
        if absent := [name for name in self.data if name not in more]:
            raise DataError(f"{self.model_name}: the further data lack {absent[0]}. Add the column.")
        return self.on(pd.concat([self.data.loc[:last], more[list(self.data)]]))

    def on(self, data: pd.DataFrame) -> StateSpaceResults:
        """The filter run over other data from the same first period, with the parameters held.

        Raises
        ------
        DataError
            A series is missing, or a lag reaches before the data.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_fit
        >>> found = nile_fit()
        >>> (found.on(found.data + 100.0).smoothed - found.smoothed)["mu"].iloc[-1].round(1).item()
        100.0
        """
        whole = as_periods(data, source=self.model_name)
        whole = whole[[name for name in self.data if name in whole]]
        first, held = self.problem.index[0], self.fixed.to_dict()
        problem = start_from(self.spec, whole, self.initial, fixed=held, start=first)
        ml = replace(self.ml, llf=problem.loglike(self.ml.params))
        return replace(self, problem=problem, ml=ml, data=whole, estimated=self.estimated or self)

    def save(self, path: str | Path) -> Path:
        """Write the estimate to a file that `load` reads: versioned JSON, whole or not at all; returns its path."""
        return write_estimate(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> StateSpaceResults:
        """Read an estimate written by `save`, and check that its likelihood is reproduced.

        Raises
        ------
        DataError
            The file is absent, none of these, of a later version, or has been changed.

        Examples
        --------
        >>> import capstar as cs
        >>> from capstar.statespace.examples import nile_fit
        >>> found = nile_fit()
        >>> cs.statespace.StateSpaceResults.load(found.save("level.json")).params.round(1).to_dict()
        {'s_eps': 122.9, 's_eta': 38.3}
        """
        return read_estimate(Path(path), cls)

    def to_statsmodels(self) -> MLEModel:
        """The same system as a statsmodels model, of equal likelihood; its ``start_params`` are the estimate.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_fit
        >>> model = nile_fit().to_statsmodels()
        >>> round(float(model.loglike(model.start_params)), 2)
        -633.46
        """
        from capstar.statespace.bridge import DeclaredModel

        return DeclaredModel(self.problem, self.ml)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Parameters, fit, and latest values of reports and states."""
        last = self.problem.index[-1]
        fit = {"periods": float(self.nobs), "log-likelihood": self.llf, "AIC": self.aic, "BIC": self.bic}
        tables = {"Parameters": parameter_table(self.params, self.bse), "Fit": pd.DataFrame({"": fit})}
        if self.problem.model.reports:
            tables[f"Reports in {last}"] = latest(self.reports("filtered"), self.reports("smoothed"))
        return tables | {f"States in {last}": latest(self.states("filtered"), self.states("smoothed"))}

    def notes(self) -> tuple[str, ...]:
        """What the standard errors are, what was held, and what speaks against the estimate."""
        held = ", ".join(f"{name} = {value:.6g}" for name, value in self.fixed.items())
        fixed = (f"Held fixed: {held}.",) if held else ()
        standard = "std err: inverse of minus the Hessian. States and reports at known parameters."
        if not self.ml.free:
            standard = (
                "There was nothing to estimate: the model has no free parameter. States and reports at these."
            )
        return (standard, *fixed, *self.ml.notes())

    def plot(self, ax: Any = None, *, start: Start = None, level: float = 0.9) -> Figure:
        """Reports (or states, where the model has no reports) with bands at known parameters.

        Parameters
        ----------
        ax
            Of the caller, for the first of them alone.
        start
            First period shown.
        level
            Coverage of the bands.
        """
        from capstar.plotting.statespace import plot_bands

        require_level(level)
        read, labels = self.reports if self.problem.model.reports else self.states, ("two-sided", "one-sided")
        title = f"{self.title} ({level:.0%} bands of the two-sided estimate, parameters as known)"
        both, source = (since(one, start) for one in (read(), read("filtered"))), self.provenance
        return plot_bands(*both, labels=labels, level=level, title=title, source=source, ax=ax)
