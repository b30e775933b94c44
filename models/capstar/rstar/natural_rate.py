"""What every estimate of the natural rate answers: the abstract class a new one derives from.

A new model is two classes: an estimate derived from `NaturalRate`, which gives at least `NaturalRate.path`,
`NaturalRate.real_rate` and `NaturalRate.run_on`, and a model derived from `capstar.rstar.NaturalRateModel`, whose
``fit`` returns it. ``capstar.rstar.register(model)`` then puts it on the
command line, in `capstar.rstar.models` and in every comparison.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from capstar.arguments import checked, half_width
from capstar.errors import SpecificationError
from capstar.frames import PERIODS, Start, since
from capstar.progress import Progress
from capstar.provenance import Source, entitled, titled
from capstar.reporting import Result
from capstar.reporting.estimates import Coefficients, Likelihood
from capstar.rstar.redraw import GapSource
from capstar.rstar.state_path import WHICH, StatePath, Which, require_which
from capstar.statespace.forecasting import Forecast
from capstar.statespace.maximum_likelihood import MaximumLikelihood

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEVELS = ("potential",)  # no rates: only their changes can be read
_LABELS = {"rstar": "r*", "output_gap": "output gap"}
FILTER_ONLY = "filter only, parameters as known"
WITH_PARAMETERS = "filter and parameters (Hamilton 1986)"
MEDIUM_RUN = "medium-run rate: at which output is at potential once transitory shocks have gone"
LONG_RUN = "long-run trend: the expectation of the real rate in the distant future"
FIVE_YEARS = "expectation of the real rate five years ahead"
_NOTHING = "nothing: the estimate comes without standard errors"


class NaturalRate(Coefficients, Likelihood, Result):
    """An estimate of the natural rate of interest.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> fit.citation.split(" (")[0], fit.model_name, fit.quantities
    ('Holston, Laubach and Williams', 'HLW 2017', ('rstar', 'g', 'z', 'output_gap', 'potential'))
    >>> f"{fit.start}-{fit.end}", fit.nobs, fit.period
    ('1961Q1-2009Q3', 195, 'quarter')
    >>> fit.rstar.filtered.iloc[-1].round(2).item(), fit.path("g").smoothed.iloc[-1].round(2).item()
    (0.17, 1.89)
    >>> fit.real_rate.iloc[-1].round(2).item(), fit.definition == cs.rstar.MEDIUM_RUN, fit.definition_note != ""
    (0.35, True, True)
    >>> fit.params["a_r"].round(3).item(), len(fit.all_params), fit.at_bound.any().item(), round(fit.llf, 1)
    (-0.018, 11, False, -676.4)
    >>> fit.ratios.round(3).to_dict(), fit.derived.round(2).to_dict(), fit.ml.converged, fit.departures
    ({'lambda_g': 0.06, 'lambda_z': 0.018}, {'sigma_g': 0.14, 'sigma_z': 0.43, 'sigma_rstar': 0.45}, True, ())
    >>> fit.identified, fit.identification, len(fit.identification_notes()), fit.data_title
    (True, '', 3, 'statsmodels macrodata (US)')
    >>> fit.standard_errors.empty
    True
    >>> fit.with_standard_errors(100).standard_errors.columns.to_list()
    ['rstar', 'g', 'potential']
    >>> fit.run_on(cs.data.us_macro()).end, fit.can_be_drawn, fit.redraw().innovations.shape
    (Period('2009Q3', 'Q-DEC'), True, (195, 3))
    >>> fit.forecast(2).mean["rstar"].round(2).to_list(), list(fit.latest()), fit.to_dict()["model"]
    ([0.17, 0.17], ['Latest quarter (2009Q3), percent'], 'HLW 2017')
    >>> fit.require_quantity("rstar"), list(fit.frames()), fit.provenance.sample
    ('rstar', ['Parameters (stage 3)', 'Stages', 'Latest quarter (2009Q3), percent'], '1961Q1 to 2009Q3')
    >>> figure = fit.plot(start="1980Q1", level=0.68)
    >>> fit.bse["a_r"].round(3).item(), fit.df_model
    (0.018, 8)
    """

    quantities: tuple[str, ...] = ("rstar",)
    """Names of its series, ``"rstar"`` first."""

    @property
    @abstractmethod
    def model_name(self) -> str:
        """Name of the model, such as ``HLW 2017``."""

    @property
    @abstractmethod
    def citation(self) -> str:
        """Where the model is published; empty where it is not."""

    @abstractmethod
    def path(self, name: str) -> StatePath:
        """One of `quantities` on the periods of the sample.

        Raises
        ------
        SpecificationError
            The estimate has no such quantity; `require_quantity` says so.
        """

    @property
    @abstractmethod
    def real_rate(self) -> pd.Series:
        """Ex-ante real rate by period, percent a year; it may begin before the sample."""

    @abstractmethod
    def run_on(self, data: pd.DataFrame) -> NaturalRate:
        """The estimate run on over longer data, every parameter held.

        Parameters
        ----------
        data
            Input that starts where this estimate's did and goes further, in the format of `NaturalRateModel.fit`.
        """

    @property
    def definition(self) -> str:
        """What its r* is, in a few words: series of different definitions are not estimates of one thing."""
        return MEDIUM_RUN

    @property
    def definition_note(self) -> str:
        """The `definition` as a sentence."""
        return f"r* is here the {self.definition}." if self.definition else ""

    @property
    def rstar(self) -> StatePath:
        """Natural rate of interest, percent a year."""
        return self.path("rstar")

    @property
    def start(self) -> pd.Period:
        """First period of the sample."""
        return self.rstar.filtered.index[0]

    @property
    def end(self) -> pd.Period:
        """Last period."""
        return self.rstar.filtered.index[-1]

    @property
    def nobs(self) -> int:
        """Number of periods."""
        return len(self.rstar.filtered)

    @property
    def period(self) -> str:
        """What a value is of: ``"month"``, ``"quarter"`` or ``"year"``; ``"period"`` of another frequency."""
        return PERIODS.get(self.end.freqstr[0], "period")

    @property
    def data_title(self) -> str:
        """What the data are, in words."""
        return str(self.real_rate.attrs.get("title", "the data"))

    @property
    def ml(self) -> MaximumLikelihood | None:
        """The maximum of the likelihood behind the parameters; None where the method has none."""
        return None

    @property
    def params(self) -> pd.Series:
        """Estimated parameters by name; empty where nothing is estimated."""
        return pd.Series(dtype=float) if self.ml is None else self.ml.params[list(self.ml.free)]

    @property
    def bse(self) -> pd.Series:
        """Standard errors of the parameters; NaN where the method gives none."""
        return pd.Series(np.nan, self.params.index, name="std_error", dtype=float)

    @property
    def df_model(self) -> int:
        """Number of estimated parameters."""
        return len(self.params)

    @property
    def all_params(self) -> pd.Series:
        """The parameters with those held fixed."""
        return self.params if self.ml is None else self.ml.params

    @property
    def at_bound(self) -> pd.Series:
        """Which parameters ended at a bound."""
        return pd.Series(False, self.params.index) if self.ml is None else self.ml.at_bound

    @property
    def identification(self) -> str:
        """Why the data do not identify r*, in words; empty where nothing speaks against it."""
        return ""

    @property
    def identified(self) -> bool:
        """Whether nothing is known against r* being identified."""
        return not self.identification

    @property
    def ratios(self) -> pd.Series:
        """Ratios of standard deviations that decide how much r* may move; may be empty."""
        return pd.Series(dtype=float)

    @property
    def derived(self) -> pd.Series:
        """What follows from the parameters in the units of the literature; may be empty."""
        return pd.Series(dtype=float)

    @property
    def derived_bse(self) -> pd.Series:
        """Standard errors of what is `derived`; NaN where the method gives none.

        Examples
        --------
        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> fit = cs.rstar.HLW2017.fit(us)
        >>> fit.derived_bse.round(2).to_dict(), fit.bse["a_r"].round(3).item(), fit.df_model
        ({'sigma_g': 0.02, 'sigma_z': 0.46, 'sigma_rstar': 0.43}, 0.018, 8)
        """
        return pd.Series(np.nan, self.derived.index, name="std_error", dtype=float)

    @property
    def llf(self) -> float | None:
        """Log-likelihood, constants included; None where the method has none."""
        return None if self.ml is None else self.ml.llf

    @property
    def departures(self) -> tuple[str, ...]:
        """What differs from the published model and procedure, a sentence each."""
        return ()

    @property
    def standard_errors(self) -> pd.DataFrame:
        """Standard errors of smoothed quantities that carry the uncertainty of the parameters, a column each.

        Without columns where there are none, or none were asked for.
        """
        return pd.DataFrame(index=self.rstar.smoothed.index)

    def with_standard_errors(
        self, n_draws: int = 5000, *, seed: int = 0, progress: Progress | bool = True
    ) -> NaturalRate:
        """The same estimate with `standard_errors`, by Monte Carlo.

        Parameters
        ----------
        n_draws, seed
            Of the Monte Carlo.
        progress
            See `capstar.progress.reporting`.

        Raises
        ------
        SpecificationError
            The method has none.
        """
        raise SpecificationError(f"{self.model_name} has no Monte Carlo standard errors. Use bands().")

    def gap(self, which: Which = "filtered") -> pd.Series:
        """Ex-ante real rate minus r*, percentage points.

        The filtered gap of period t uses data to t, but parameters estimated on the whole sample; the
        smoothed one has also seen the future and must not be used to predict.  It begins in the first period in which
        the data determine r*.

        Examples
        --------
        >>> import capstar as cs
        >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
        >>> fit.gap("filtered").tail(2).round(2).to_list()
        [2.8, 0.18]
        """
        rstar: pd.Series = getattr(self.rstar, require_which(which))
        rstar = rstar.loc[rstar.first_valid_index() :]
        return titled((self.real_rate.loc[rstar.index] - rstar).rename("rstar_gap"), self.real_rate)

    def bands(self, which: Which = "smoothed", level: float = 0.9) -> pd.DataFrame:
        """Normal bands of r* by period.

        Parameters
        ----------
        which
            ``"filtered"`` or ``"smoothed"``.
        level
            Coverage, between 0 and 1.

        Returns
        -------
        pandas.DataFrame
            Columns ``lower``, ``estimate`` and ``upper``, percent a year; ``attrs["includes"]`` says which
            uncertainty they include.

        Examples
        --------
        >>> import capstar as cs
        >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
        >>> fit.bands("filtered", 0.9).iloc[-1].round(1).to_dict()
        {'lower': -7.9, 'estimate': 0.2, 'upper': 8.3}
        """
        center: pd.Series = getattr(self.rstar, require_which(which))
        full = which == "smoothed" and "rstar" in self.standard_errors
        se = self.standard_errors["rstar"] if full else getattr(self.rstar, f"{which}_se")
        width = half_width(level) * se
        out = pd.DataFrame({"lower": center - width, "estimate": center, "upper": center + width})
        known = WITH_PARAMETERS if full else FILTER_ONLY
        out.attrs = {"includes": _NOTHING if se.isna().all() else known, "level": level}
        return out

    def forecast(self, h: int) -> Forecast:
        """Forecast for the next ``h`` periods.

        Raises
        ------
        SpecificationError
            The method gives none.
        """
        raise SpecificationError(
            f"{self.model_name} gives no forecast over {h} periods. Choose a model that does."
        )

    @property
    def can_be_drawn(self) -> bool:
        """Whether `redraw` gives something."""
        return type(self).redraw is not NaturalRate.redraw

    def redraw(self) -> GapSource:
        """What redraws the gap and re-estimates it, for the joint bootstrap of `capstar.leads`.

        Raises
        ------
        SpecificationError
            The method gives none, or the sample has missing periods.
        """
        raise SpecificationError(
            f"{self.model_name} has no model of the data to draw samples from. Choose a model that has, or leave the "
            "joint bootstrap out."
        )

    @property
    def title(self) -> str:
        """Model and sample."""
        return f"{self.model_name}: natural rate of interest, {self.start}-{self.end}, {self.nobs} {self.period}s"

    def frames(self) -> dict[str, pd.DataFrame]:
        """Parameters, where there are any, and the latest period."""
        known = {"Parameters": self.all_params.to_frame("estimate")} if len(self.all_params) else {}
        return known | self.latest()

    def notes(self) -> tuple[str, ...]:
        """What its r* is, and what differs from the published model and procedure."""
        return (self.definition_note, *self.departures) if self.definition else self.departures

    def latest(self) -> dict[str, pd.DataFrame]:
        """Filtered quantities of the last period, those that are not levels, under a heading that names it."""
        paths = {name: self.path(name) for name in self.quantities if name not in LEVELS}
        out = pd.DataFrame(
            {
                "filtered": {name: path.filtered.iloc[-1] for name, path in paths.items()},
                "std dev": {name: path.filtered_se.iloc[-1] for name, path in paths.items()},
            }
        )
        if len(self.standard_errors.columns):
            # In the last period the two-sided estimate is the one-sided.
            out["std err"] = self.standard_errors.iloc[-1].reindex(out.index)
        out = out.rename(_LABELS)
        out.loc["real rate - r*"] = [self.gap("filtered").iloc[-1], *out.loc["r*"].iloc[1:]]
        return {f"Latest {self.period} ({self.end}), percent": out}

    def identification_notes(self) -> tuple[str, ...]:
        """How well the data determine r*, in words; empty where the method gives no standard errors."""
        se = self.rstar.filtered_se.iloc[-1]
        if not np.isfinite(se):
            return ()
        return (f"The one-sided standard error of r* in {self.end} is {se:.1f} points at known parameters.",)

    def to_frame(self) -> pd.DataFrame:
        """All quantities, filtered and smoothed, with standard deviations (``_se``), by period."""
        columns: dict[str, pd.Series] = {}
        for which in WHICH:
            for name in self.quantities:
                path = self.path(name)
                columns[f"{name}_{which}"] = getattr(path, which)
                columns[f"{name}_{which}_se"] = getattr(path, f"{which}_se")
        return entitled(pd.DataFrame(columns).rename_axis("date"), [self.data_title])

    def to_dict(self) -> dict[str, Any]:
        """Results as plain numbers and lists, ready for JSON; missing numbers are None."""
        frame = self.to_frame()
        states = {c: _numbers(frame[c]) for c in frame.columns if not c.endswith("_se")}
        return {
            "model": self.model_name,
            "sample": {"start": str(self.start), "end": str(self.end), f"{self.period}s": self.nobs},
            "log_likelihood": self.llf,
            "parameters": dict(zip(map(str, self.params.index), _numbers(self.params), strict=True)),
            "ratios": dict(zip(map(str, self.ratios.index), _numbers(self.ratios), strict=True)),
            "departures": list(self.departures),
            "identified": self.identified,
            "identification": self.identification,
            "definition": self.definition,
            "states": {"date": [str(quarter) for quarter in frame.index], **states},
        }

    def plot(self, ax: Any = None, *, start: Start = None, level: float = 0.9) -> Figure:
        """Smoothed r* in its bands, filtered where there is no smoothed; the legend says what these include."""
        which: Which = "filtered" if self.rstar.smoothed.isna().all() else "smoothed"
        return self._draw(self.bands(which, level), which, start, ax)

    def _draw(self, bands: pd.DataFrame, which: Which, start: Start, ax: Any) -> Figure:
        from capstar.plotting import plot_band

        known = bands["lower"].notna().any()
        band = f"{bands.attrs['level']:.0%} band: {bands.attrs['includes']}" if known else ""
        side = (
            f"{'one' if which == 'filtered' else 'two'}-sided estimate{'' if known else ', without a band'}"
        )
        title = f"Natural rate r*, {self.model_name}: {side}"
        return plot_band(since(bands, start), title=title, band=band, source=self.provenance, ax=ax)

    @property
    def provenance(self) -> Source:
        """The data, and the first and last period of the estimate."""
        return Source(self.data_title, f"{self.start} to {self.end}")

    def require_quantity(self, name: str) -> str:
        """The name, or a `SpecificationError` if the estimate has no such quantity."""
        if name not in self.quantities:
            raise SpecificationError(f"{self.model_name} has no {name!r}; it has {list(self.quantities)}.")
        return name


@checked
def gap_source(estimate: NaturalRate) -> GapSource:
    """What samples of the gap are drawn from: `NaturalRate.redraw`, of any estimate whose method describes the data.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> cs.rstar.gap_source(fit).innovations.shape  # of output, inflation, and the gap
    (195, 3)
    """
    return estimate.redraw()


def _numbers(series: pd.Series) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in series]
