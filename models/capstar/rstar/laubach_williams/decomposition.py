"""Why r* moved: into trend growth and z, and into the observations behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from capstar.errors import SpecificationError
from capstar.rstar.laubach_williams.estimates import ThreeStageEstimates
from capstar.statespace.decomposition import contributions

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class RStarDecomposition:
    """A change of r* between two quarters.

    Attributes
    ----------
    start, end
        The quarters.
    change
        r* at ``end`` less r* at ``start``, percentage points.
    components : pandas.Series
        ``g`` (that is 4 c g) and ``z``; they sum to the change.
    observations : pandas.DataFrame
        Contribution of what each quarter's output (``y``) and inflation (``pi``) brought that the past had not
        told, by quarter.
    initial
        Contribution of the state before the sample.
    """

    start: pd.Period
    end: pd.Period
    change: float
    components: pd.Series
    observations: pd.DataFrame
    initial: float

    def by_year(self) -> pd.DataFrame:
        """Contributions of the observations of each year."""
        return self.observations.groupby(pd.PeriodIndex(self.observations.index).year).sum()

    def summary(self) -> pd.DataFrame:
        """The change and its parts, percentage points."""
        parts = {
            "trend growth, 4 c g": self.components["g"],
            "other determinants, z": self.components["z"],
            "change of r*": self.change,
            "output, before": self.observations.loc[: self.start, "y"].sum(),
            "inflation, before": self.observations.loc[: self.start, "pi"].sum(),
            "output, since": self.observations.loc[self.start + 1 :, "y"].sum(),
            "inflation, since": self.observations.loc[self.start + 1 :, "pi"].sum(),
            "state before the sample": self.initial,
        }
        return pd.DataFrame({f"{self.start} to {self.end}": parts})

    def plot(self) -> Figure:
        """Bars: contributions of each year's observations."""
        from capstar.plotting import plot_contributions

        title = f"r* from {self.start} to {self.end}: {self.change:+.2f} points, by year of the observation"
        return plot_contributions(
            self.by_year().rename(columns={"y": "output", "pi": "inflation"}), title=title
        )


def decompose(
    results: ThreeStageEstimates,
    start: str | pd.Period,
    end: str | pd.Period,
    *,
    which: Literal["filtered", "smoothed"] = "smoothed",
) -> RStarDecomposition:
    """Split a change of r* into trend growth and z, and into the observations that caused it.

    Parameters
    ----------
    results
        An estimate.
    start, end
        Quarters of the sample.
    which
        ``"smoothed"`` (all data) or ``"filtered"`` (data to each quarter).

    Raises
    ------
    SpecificationError
        A quarter lies outside the sample, or the initial state is diffuse.
    """
    stage = results.stages.stage3
    first, last = pd.Period(start, "Q"), pd.Period(end, "Q")
    index = results.rstar.filtered.index
    if not index[0] <= first < last <= index[-1]:
        raise SpecificationError(
            f"{first} to {last} is not within the sample, {index[0]} to {index[-1]}. Choose other quarters."
        )
    if which not in ("filtered", "smoothed"):
        raise SpecificationError(f"which={which!r}; choose 'filtered' or 'smoothed'.")
    if results.job.options.initial == "diffuse":
        raise SpecificationError(
            "With a diffuse initial state every observation also moves the estimate of that state. Estimate with "
            "initial='published' or an InitialState."
        )
    model, theta = stage.problem.model, stage.problem.vector(stage.ml.params)
    row = model.blocks["R"].dense(stage.problem.values(theta))[model.reports.index("rstar")]
    loading = np.zeros((len(index), len(row)))
    loading[index.get_loc(last)], loading[index.get_loc(first)] = row, -row
    found = contributions(stage.problem, stage.ml.params, loading, smoothed=which == "smoothed")
    change = {n: getattr(results.path(n), which) for n in ("rstar", "z") if n in results.quantities}
    moves = {"z": 0.0} | {name: float(path[last] - path[first]) for name, path in change.items()}
    parts = pd.Series({"g": moves["rstar"] - moves["z"], "z": moves["z"]})
    return RStarDecomposition(first, last, moves["rstar"], parts, found.innovations, found.initial)
