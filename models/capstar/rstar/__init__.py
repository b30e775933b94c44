"""Natural rates of interest.

``HLW2017.fit(data)``, ``HLW2023.fit(data)``, ``LW2003.fit(data)`` and ``LW2023.fit(data)`` estimate the published
models of Laubach and Williams's family. `models` lists every model there is; a new one derives from `NaturalRateModel`
and is made known with `register`.
"""

from __future__ import annotations

from capstar.rstar.comparison import Comparison, compare
from capstar.rstar.declared import DeclaredModel, DeclaredRate
from capstar.rstar.from_spec import from_spec
from capstar.rstar.laubach_williams.bootstrap import (
    Bootstrap,
    SampleSource,
    World,
    bootstrap,
    sample_source,
)
from capstar.rstar.laubach_williams.decomposition import RStarDecomposition, decompose
from capstar.rstar.laubach_williams.equations import LaubachWilliamsSpec, Variant, declare
from capstar.rstar.laubach_williams.estimates import StateUncertainty, ThreeStageEstimates
from capstar.rstar.laubach_williams.identification import PileUp, Profile, likelihood_profile, pile_up
from capstar.rstar.laubach_williams.median_unbiased import (
    MEDIANS,
    BreakStatistics,
    TimeVaryingMean,
    break_statistics,
    median_unbiased_lambda,
    nyblom_statistic,
    time_varying_mean,
)
from capstar.rstar.laubach_williams.model import HLW2017, HLW2023, LW2003, LW2023, RStarModel
from capstar.rstar.laubach_williams.options import Options
from capstar.rstar.laubach_williams.results import RStarResults
from capstar.rstar.laubach_williams.starting import hp_trend, start_values
from capstar.rstar.laubach_williams.three_stage import Job, ThreeStages, estimate_stages
from capstar.rstar.laubach_williams.uncertainty import (
    Draws,
    average_over,
    draw_parameters,
    state_uncertainty,
)
from capstar.rstar.natural_rate import NaturalRate, StatePath, gap_source
from capstar.rstar.natural_rate_model import NaturalRateModel, usable
from capstar.rstar.real_time import RecursiveEstimates, quasi_real_time, real_time
from capstar.rstar.redraw import DrawnGap, GapSource
from capstar.rstar.registry import model, models, register, unregister
from capstar.statespace.initial import InitialState

__all__ = [
    "HLW2017",
    "HLW2023",
    "LW2003",
    "LW2023",
    "MEDIANS",
    "Bootstrap",
    "BreakStatistics",
    "Comparison",
    "DeclaredModel",
    "DeclaredRate",
    "DrawnGap",
    "Draws",
    "GapSource",
    "InitialState",
    "Job",
    "LaubachWilliamsSpec",
    "NaturalRate",
    "NaturalRateModel",
    "Options",
    "PileUp",
    "Profile",
    "RStarDecomposition",
    "RStarModel",
    "RStarResults",
    "RecursiveEstimates",
    "SampleSource",
    "StatePath",
    "StateUncertainty",
    "ThreeStageEstimates",
    "ThreeStages",
    "TimeVaryingMean",
    "Variant",
    "World",
    "average_over",
    "bootstrap",
    "break_statistics",
    "compare",
    "declare",
    "decompose",
    "draw_parameters",
    "estimate_stages",
    "from_spec",
    "gap_source",
    "hp_trend",
    "likelihood_profile",
    "median_unbiased_lambda",
    "model",
    "models",
    "nyblom_statistic",
    "pile_up",
    "quasi_real_time",
    "real_time",
    "register",
    "sample_source",
    "start_values",
    "state_uncertainty",
    "time_varying_mean",
    "unregister",
    "usable",
]

for _published in (HLW2017, HLW2023, LW2003, LW2023):
    register(_published)
