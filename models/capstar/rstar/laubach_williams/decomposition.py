"""Why r* moved: into trend growth and z, and into the observations behind them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from capstar.provenance import titled
from capstar.rstar.laubach_williams.estimates import ThreeStageEstimates
from capstar.rstar.state_path import Which
from capstar.statespace.change import Change, decompose_change


@dataclass(frozen=True)
class RStarDecomposition(Change):
    """A change of r* between two quarters, percentage points; see `capstar.statespace.Change`.

    Attributes
    ----------
    components : pandas.Series
        ``g`` (that is 4 c g) and ``z``; they sum to the change.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> moved = fit.decompose("2000Q1", "2009Q3")
    >>> moved.title
    'r* from 2000Q1 to 2009Q3: -1.44'
    >>> moved.components.round(2).to_dict()
    {'g': -1.04, 'z': -0.39}
    >>> moved.to_frame().shape
    (8, 1)
    """

    _unit = "percentage points"

    components: pd.Series

    @property
    def title(self) -> str:
        """What changed, when and by how much."""
        return super().title.replace("rstar", "r*")

    def _drawn(self) -> pd.DataFrame:
        return self.by_year().rename(columns={"y": "output", "pi": "inflation"})

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


def decompose(
    results: ThreeStageEstimates, start: str | pd.Period, end: str | pd.Period, which: Which
) -> RStarDecomposition:
    """See `RStarResults.decompose`."""
    stage = results.stages.stage3
    found = decompose_change(stage.problem, stage.ml.params, "rstar", start, end, which=which)
    paths = {n: getattr(results.path(n), which) for n in ("rstar", "z") if n in results.quantities}
    moves = {"z": 0.0} | {name: float(path[found.end] - path[found.start]) for name, path in paths.items()}
    parts = pd.Series({"g": moves["rstar"] - moves["z"], "z": moves["z"]})
    titled(found.observations, results.real_rate)
    return RStarDecomposition(**vars(found), components=parts)
