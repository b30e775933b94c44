"""Natural rates of interest.

``HLW2017.fit(data)``, ``HLW2023.fit(data)``, ``LW2003.fit(data)`` and ``LW2023.fit(data)`` estimate the published
models of Laubach and Williams's family; ``MonthlyLW`` and ``MonthlyHLW2023`` are of months, with quarterly output.
`models` lists every model there is; a new one derives from `NaturalRateModel` and is made known with `register`.
"""

from __future__ import annotations

from capstar.rstar.averaging import AveragedRate, average
from capstar.rstar.bayesian import BayesianModel, BayesianRate
from capstar.rstar.benchmarks import (
    BENCHMARKS,
    Benchmark,
    ExponentialAverage,
    MovingAverage,
    OneSidedHP,
    SurveyRate,
    TrendRate,
)
from capstar.rstar.comparison import Comparison, compare
from capstar.rstar.declared import DeclaredModel, DeclaredRate
from capstar.rstar.from_spec import from_spec
from capstar.rstar.laubach_williams.bootstrap import Bootstrap, draw_sample
from capstar.rstar.laubach_williams.decomposition import RStarDecomposition
from capstar.rstar.laubach_williams.equations import LaubachWilliamsSpec, Variant
from capstar.rstar.laubach_williams.estimates import StateUncertainty
from capstar.rstar.laubach_williams.identification import PileUp, Profile
from capstar.rstar.laubach_williams.median_unbiased import (
    MEDIANS,
    BreakStatistics,
    break_statistics,
    median_unbiased_lambda,
)
from capstar.rstar.laubach_williams.model import HLW2017, HLW2023, LW2003, LW2023, RStarModel
from capstar.rstar.laubach_williams.results import RStarResults
from capstar.rstar.laubach_williams.starting import hp_trend, start_values
from capstar.rstar.laubach_williams.uncertainty import (
    Draws,
    draw_parameters,
    state_uncertainty,
)
from capstar.rstar.layouts import LAYOUTS, Layout
from capstar.rstar.lewis_vazquez_grande.model import LVG_ALT, LVG_ALT_COVID, LVG_BASE, LVG_BASE_COVID
from capstar.rstar.many import ManyEstimates, fit_many
from capstar.rstar.monthly.model import MonthlyHLW2023, MonthlyLW, MonthlyLWPublished
from capstar.rstar.natural_rate import (
    FIVE_YEARS,
    LONG_RUN,
    MEDIUM_RUN,
    NaturalRate,
    gap_source,
)
from capstar.rstar.natural_rate_model import NaturalRateModel
from capstar.rstar.nowcast import Nowcast, nowcast
from capstar.rstar.posterior_rate import PosteriorRate
from capstar.rstar.published import PublishedRate, read_published
from capstar.rstar.real_time import RecursiveEstimates, quasi_real_time, real_time
from capstar.rstar.redraw import DrawnGap, GapSource
from capstar.rstar.registry import model, models, register, unregister
from capstar.rstar.release_news import RELEASES, ReleaseNews, release_news
from capstar.rstar.state_path import StatePath
from capstar.rstar.trend_by_likelihood import TrendByLikelihood, UnobservedComponentsML
from capstar.rstar.trend_var.declaration import Trend
from capstar.rstar.trend_var.estimate import TrendVarRate
from capstar.rstar.trend_var.model import TrendVarModel
from capstar.rstar.trend_var.published import GLOBAL_TREND_VAR, TREND_VAR_1, TREND_VAR_2, TREND_VAR_3
from capstar.rstar.trends import polynomial_trend
from capstar.rstar.unobserved_components.model import (
    RealRatePrior,
    UnobservedComponents,
    UnobservedComponentsRate,
)
from capstar.statespace.bayes.reports import StateDraws
from capstar.statespace.initial import InitialState

__all__ = [
    "BENCHMARKS",
    "FIVE_YEARS",
    "GLOBAL_TREND_VAR",
    "HLW2017",
    "HLW2023",
    "LAYOUTS",
    "LONG_RUN",
    "LVG_ALT",
    "LVG_ALT_COVID",
    "LVG_BASE",
    "LVG_BASE_COVID",
    "LW2003",
    "LW2023",
    "MEDIANS",
    "MEDIUM_RUN",
    "RELEASES",
    "TREND_VAR_1",
    "TREND_VAR_2",
    "TREND_VAR_3",
    "AveragedRate",
    "BayesianModel",
    "BayesianRate",
    "Benchmark",
    "Bootstrap",
    "BreakStatistics",
    "Comparison",
    "DeclaredModel",
    "DeclaredRate",
    "DrawnGap",
    "Draws",
    "ExponentialAverage",
    "GapSource",
    "InitialState",
    "LaubachWilliamsSpec",
    "Layout",
    "ManyEstimates",
    "MonthlyHLW2023",
    "MonthlyLW",
    "MonthlyLWPublished",
    "MovingAverage",
    "NaturalRate",
    "NaturalRateModel",
    "Nowcast",
    "OneSidedHP",
    "PileUp",
    "PosteriorRate",
    "Profile",
    "PublishedRate",
    "RStarDecomposition",
    "RStarModel",
    "RStarResults",
    "RealRatePrior",
    "RecursiveEstimates",
    "ReleaseNews",
    "StateDraws",
    "StatePath",
    "StateUncertainty",
    "SurveyRate",
    "Trend",
    "TrendByLikelihood",
    "TrendRate",
    "TrendVarModel",
    "TrendVarRate",
    "UnobservedComponents",
    "UnobservedComponentsML",
    "UnobservedComponentsRate",
    "Variant",
    "average",
    "break_statistics",
    "compare",
    "draw_parameters",
    "draw_sample",
    "fit_many",
    "from_spec",
    "gap_source",
    "hp_trend",
    "median_unbiased_lambda",
    "model",
    "models",
    "nowcast",
    "polynomial_trend",
    "quasi_real_time",
    "read_published",
    "real_time",
    "register",
    "release_news",
    "start_values",
    "state_uncertainty",
    "unregister",
]

for _published in (
    HLW2017, HLW2023, LW2003, LW2023, LVG_BASE, LVG_ALT, LVG_BASE_COVID, LVG_ALT_COVID, TREND_VAR_1, TREND_VAR_2,
    TREND_VAR_3, GLOBAL_TREND_VAR, UnobservedComponents(), *BENCHMARKS, MonthlyLW, MonthlyLWPublished, MonthlyHLW2023,
):  # fmt: skip
    register(_published)


def __dir__() -> list[str]:
    return __all__
