"""Natural-rate models of the Laubach-Williams family.

``HLW2017.fit(data)`` and ``HLW2023.fit(data)`` estimate the published models.
"""

from __future__ import annotations

from capstar.rstar.laubach_williams import Variant, declare
from capstar.rstar.median_unbiased import BreakStatistics, break_statistics, median_unbiased_lambda
from capstar.rstar.model import HLW2017, HLW2023, LW2003, LW2023, RStarModel
from capstar.rstar.results import RStarResults, StatePath
from capstar.rstar.uncertainty import StateUncertainty, state_uncertainty

__all__ = [
    "HLW2017",
    "HLW2023",
    "LW2003",
    "LW2023",
    "BreakStatistics",
    "RStarModel",
    "RStarResults",
    "StatePath",
    "StateUncertainty",
    "Variant",
    "break_statistics",
    "declare",
    "median_unbiased_lambda",
    "state_uncertainty",
]
