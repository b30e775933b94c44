"""Why r* moved: into trend growth and z, and into the observations behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from capstar.reporting import Result
from capstar.rstar.laubach_williams.estimates import ThreeStageEstimates
from capstar.rstar.natural_rate import Which
from capstar.statespace.change import decompose_change

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class RStarDecomposition(Result):
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
        Contribution of the one-step prediction errors of output (``y``) and inflation (``pi``), by quarter.
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

    @property
    def title(self) -> str:
        """The change."""
        return f"r* from {self.start} to {self.end}: {self.change:+.2f} points"

    def to_frame(self) -> pd.DataFrame:
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

    def plot(self, ax: Any = None) -> Figure:
        """Bars: contributions of each year's observations."""
        from capstar.plotting import plot_contributions

        table = self.by_year().rename(columns={"y": "output", "pi": "inflation"})
        return plot_contributions(table, title=f"{self.title}, by year of the observation", ax=ax)


def decompose(
    results: ThreeStageEstimates, start: str | pd.Period, end: str | pd.Period, which: Which
) -> RStarDecomposition:
    """See `RStarResults.decompose`."""
    stage = results.stages.stage3
    found = decompose_change(stage.problem, stage.ml.params, "rstar", start, end, which=which)
    first, last = found.start, found.end
    change = {n: getattr(results.path(n), which) for n in ("rstar", "z") if n in results.quantities}
    moves = {"z": 0.0} | {name: float(path[last] - path[first]) for name, path in change.items()}
    parts = pd.Series({"g": moves["rstar"] - moves["z"], "z": moves["z"]})
    return RStarDecomposition(first, last, found.change, parts, found.observations, found.initial)
