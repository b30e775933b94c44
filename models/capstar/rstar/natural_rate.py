"""What every estimate of the natural rate answers: the abstract class a new one derives from.

A new model is two classes: an estimate derived from `NaturalRate`, which gives at least `NaturalRate.path`,
`NaturalRate.real_rate`, `NaturalRate.summary` and `NaturalRate.run_on`, and a model derived from
`capstar.rstar.NaturalRateModel`, whose ``fit`` returns it. ``capstar.rstar.register(model)`` then puts it on the
command line, in `capstar.rstar.models` and in every comparison.
"""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from capstar.errors import SpecificationError
from capstar.rstar.redraw import GapSource
from capstar.statespace.forecasting import Forecast

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Which = Literal["filtered", "smoothed"]
_WHICH = ("filtered", "smoothed")
FILTER_ONLY = "filter only, parameters as known"
WITH_PARAMETERS = "filter and parameters (Hamilton 1986)"
_NOTHING = "nothing: the estimate comes without standard errors"


@dataclass(frozen=True)
class StatePath:
    """One quantity by quarter.

    Attributes
    ----------
    filtered, smoothed : pandas.Series
        Given data to the quarter, and given all data. Rates in percent a year, the output gap in percent, potential in
        100 times the log.
    filtered_se, smoothed_se : pandas.Series
        Standard deviations at known parameters; NaN where the method gives none.
    """

    filtered: pd.Series
    smoothed: pd.Series
    filtered_se: pd.Series
    smoothed_se: pd.Series


class NaturalRate(ABC):
    """An estimate of the natural rate of interest.

    A subclass that is a dataclass passes ``repr=False``, or its table of fields takes the place of the short line.
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
        """One of `quantities` on the quarters of the sample.

        Raises
        ------
        SpecificationError
            The estimate has no such quantity; `require_quantity` says so.
        """

    @property
    @abstractmethod
    def real_rate(self) -> pd.Series:
        """Ex-ante real rate by quarter, percent a year; it may begin before the sample."""

    @abstractmethod
    def summary(self) -> object:
        """What was estimated; prints as text, and shows as HTML in a notebook if it can."""

    @abstractmethod
    def run_on(self, data: pd.DataFrame) -> NaturalRate:
        """The estimate run on over longer data, every parameter held.

        Parameters
        ----------
        data
            Input that starts where this estimate's did and goes further, in the format of `NaturalRateModel.fit`.
        """

    @property
    def rstar(self) -> StatePath:
        """Natural rate of interest, percent a year."""
        return self.path("rstar")

    @property
    def start(self) -> pd.Period:
        """First quarter of the sample."""
        return self.rstar.filtered.index[0]

    @property
    def end(self) -> pd.Period:
        """Last quarter."""
        return self.rstar.filtered.index[-1]

    @property
    def nobs(self) -> int:
        """Number of quarters."""
        return len(self.rstar.filtered)

    @property
    def data_title(self) -> str:
        """What the data are, in words."""
        return str(self.real_rate.attrs.get("title", "the data"))

    @property
    def params(self) -> pd.Series:
        """Estimated parameters by name; empty where nothing is estimated."""
        return pd.Series(dtype=float)

    @property
    def all_params(self) -> pd.Series:
        """The parameters with those held fixed."""
        return self.params

    @property
    def at_bound(self) -> pd.Series:
        """Which parameters ended at a bound."""
        return pd.Series(False, self.params.index)

    @property
    def ratios(self) -> pd.Series:
        """Ratios of standard deviations that decide how much r* may move; may be empty."""
        return pd.Series(dtype=float)

    @property
    def derived(self) -> pd.Series:
        """What follows from the parameters in the units of the literature; may be empty."""
        return pd.Series(dtype=float)

    @property
    def llf(self) -> float | None:
        """Log-likelihood; None where the method has none."""
        return None

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
        self, n_draws: int = 5000, *, seed: int = 0, progress: Callable[[float], None] | None = None
    ) -> NaturalRate:
        """The same estimate with `standard_errors`, by Monte Carlo.

        Parameters
        ----------
        n_draws, seed
            Of the Monte Carlo.
        progress
            Called with the share done.

        Raises
        ------
        SpecificationError
            The method has none.
        """
        raise SpecificationError(f"{self.model_name} has no Monte Carlo standard errors. Use bands().")

    def gap(self, which: Which = "filtered") -> pd.Series:
        """Ex-ante real rate minus r*, percentage points.

        The filtered gap of quarter t uses data to t, but parameters estimated on the whole sample; the
        smoothed one has also seen the future and must not be used to predict.  It begins in the first quarter in which
        the data determine r*.
        """
        rstar: pd.Series = getattr(self.rstar, require_which(which))
        rstar = rstar.loc[rstar.first_valid_index() :]
        return (self.real_rate.loc[rstar.index] - rstar).rename("rstar_gap")

    def bands(self, which: Which = "smoothed", level: float = 0.9) -> pd.DataFrame:
        """Normal bands of r* by quarter.

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
        """
        if not 0 < level < 1:
            raise SpecificationError(f"level={level}; give a share between 0 and 1, such as 0.9.")
        center: pd.Series = getattr(self.rstar, require_which(which))
        full = which == "smoothed" and "rstar" in self.standard_errors
        se = self.standard_errors["rstar"] if full else getattr(self.rstar, f"{which}_se")
        width = NormalDist().inv_cdf(0.5 + level / 2) * se
        out = pd.DataFrame({"lower": center - width, "estimate": center, "upper": center + width})
        known = WITH_PARAMETERS if full else FILTER_ONLY
        out.attrs = {"includes": _NOTHING if se.isna().all() else known, "level": level}
        return out

    def forecast(self, h: int) -> Forecast:
        """Forecast for the next ``h`` quarters.

        Raises
        ------
        SpecificationError
            The method gives none.
        """
        raise SpecificationError(
            f"{self.model_name} gives no forecast over {h} quarters. Choose a model that does."
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
            The method gives none, or the sample has missing quarters.
        """
        raise SpecificationError(
            f"{self.model_name} has no model of the data to draw samples from. Choose a model that has, or leave the "
            "joint bootstrap out."
        )

    def to_frame(self) -> pd.DataFrame:
        """All quantities, filtered and smoothed, with standard deviations (``_se``), by quarter."""
        columns: dict[str, pd.Series] = {}
        for which in _WHICH:
            for name in self.quantities:
                path = self.path(name)
                columns[f"{name}_{which}"] = getattr(path, which)
                columns[f"{name}_{which}_se"] = getattr(path, f"{which}_se")
        out = pd.DataFrame(columns)
        out.index.name = "date"
        return out

    def to_dict(self) -> dict[str, Any]:
        """Results as plain numbers and lists, ready for JSON; missing numbers are None."""
        frame = self.to_frame()
        states = {c: _numbers(frame[c]) for c in frame.columns if not c.endswith("_se")}
        return {
            "model": self.model_name,
            "sample": {"start": str(self.start), "end": str(self.end), "quarters": self.nobs},
            "log_likelihood": self.llf,
            "parameters": dict(zip(map(str, self.params.index), _numbers(self.params), strict=True)),
            "ratios": dict(zip(map(str, self.ratios.index), _numbers(self.ratios), strict=True)),
            "departures": list(self.departures),
            "states": {"date": [str(quarter) for quarter in frame.index], **states},
        }

    def plot(self, *, level: float = 0.9) -> Figure:
        """Smoothed r* in its bands.

        Parameters
        ----------
        level
            Coverage of the bands.
        """
        from capstar.plotting import plot_band

        return plot_band(
            self.bands(level=level), title=f"Natural rate r*, {self.model_name}, {self.start}-{self.end}"
        )

    def require_quantity(self, name: str) -> str:
        """The name, if the estimate has it.

        Raises
        ------
        SpecificationError
            It has not.
        """
        if name not in self.quantities:
            raise SpecificationError(f"{self.model_name} has no {name!r}; it has {list(self.quantities)}.")
        return name

    def _repr_html_(self) -> str:
        found = self.summary()
        rich = getattr(found, "_repr_html_", None)
        return str(rich()) if callable(rich) else f"<pre>{html.escape(str(found))}</pre>"

    def __repr__(self) -> str:
        likelihood = "" if self.llf is None else f", log-likelihood {self.llf:.4f}"
        return f"<{type(self).__name__} {self.model_name}, {self.start}-{self.end}{likelihood}>"


def gap_source(estimate: NaturalRate) -> GapSource:
    """What samples of the gap are drawn from: `NaturalRate.redraw` as a function.

    Parameters
    ----------
    estimate
        Any estimate whose method describes the data.

    Raises
    ------
    SpecificationError
        See `NaturalRate.redraw`.
    """
    return estimate.redraw()


def require_which(which: str) -> str:
    """``which``, if it is ``"filtered"`` or ``"smoothed"``.

    Raises
    ------
    SpecificationError
        It is neither.
    """
    if which not in _WHICH:
        raise SpecificationError(f"which={which!r}; choose 'filtered' or 'smoothed'.")
    return which


def _numbers(series: pd.Series) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in series]
