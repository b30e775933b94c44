"""Natural-rate models of the Laubach-Williams family.

``HLW2017.fit(data)`` and ``HLW2023.fit(data)`` estimate the published models.
"""

from __future__ import annotations

from capstar.rstar.bootstrap import Bootstrap, bootstrap
from capstar.rstar.comparison import Comparison, compare
from capstar.rstar.decomposition import RStarDecomposition, decompose
from capstar.rstar.identification import PileUp, Profile, likelihood_profile, pile_up
from capstar.rstar.laubach_williams import Variant, declare
from capstar.rstar.median_unbiased import (
    BreakStatistics,
    TimeVaryingMean,
    break_statistics,
    median_unbiased_lambda,
    time_varying_mean,
)
from capstar.rstar.model import HLW2017, HLW2023, LW2003, LW2023, RStarModel, usable
from capstar.rstar.options import InitialState, Options
from capstar.rstar.real_time import RealTime, real_time
from capstar.rstar.redraw import GapSource, gap_source
from capstar.rstar.results import RStarResults, StatePath
from capstar.rstar.uncertainty import StateUncertainty, state_uncertainty

__all__ = [
    "HLW2017",
    "HLW2023",
    "LW2003",
    "LW2023",
    "Bootstrap",
    "BreakStatistics",
    "Comparison",
    "GapSource",
    "InitialState",
    "Options",
    "PileUp",
    "Profile",
    "RStarDecomposition",
    "RStarModel",
    "RStarResults",
    "RealTime",
    "StatePath",
    "StateUncertainty",
    "TimeVaryingMean",
    "Variant",
    "bootstrap",
    "break_statistics",
    "compare",
    "declare",
    "decompose",
    "gap_source",
    "likelihood_profile",
    "median_unbiased_lambda",
    "pile_up",
    "real_time",
    "state_uncertainty",
    "time_varying_mean",
    "usable",
]
