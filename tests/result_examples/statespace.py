"""Results of capstar.statespace, on the Nile and other data of the textbooks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from textbook import books, fitted

from capstar.reporting import Result
from capstar.statespace import (
    Change,
    Diagnostics,
    Disturbances,
    Forecast,
    InverseGamma,
    MaximumLikelihood,
    News,
    PosteriorResults,
    ReportUncertainty,
    SeriesContributions,
    SimulatedSample,
    StateSpaceResults,
    posterior,
)


def nile() -> StateSpaceResults:
    """The local level of the Nile's annual flow."""
    return fitted("local level")


@cache
def uncertainty() -> ReportUncertainty:
    """From few draws."""
    return nile().uncertainty(20, progress=False)


@cache
def news() -> News:
    """What the last two flows say."""
    flow = books()["local level"].data
    return nile().news(flow.iloc[:-2], flow)


@cache
def drawn() -> PosteriorResults:
    """From short chains."""
    book = books()["local level"]
    priors = {name: InverseGamma(2.0, 60.0) for name in nile().params.index}
    few = {"n_draws": 20, "warmup": 40, "thin": 1, "n_state_draws": 5, "progress": False}
    return posterior(book.spec, book.data, priors, initial=([1000.0], [[1e5]]), **few)


EXAMPLES: dict[type[Result], Callable[[], Result]] = {
    StateSpaceResults: nile,
    PosteriorResults: drawn,
    MaximumLikelihood: lambda: nile().ml,
    Forecast: lambda: nile().forecast(4),
    News: news,
    Change: lambda: nile().decompose("level", "1890", "1905"),
    SeriesContributions: lambda: nile().by_series("level"),
    Diagnostics: lambda: nile().diagnostics(),
    Disturbances: lambda: nile().disturbances(),
    ReportUncertainty: uncertainty,
    SimulatedSample: lambda: nile().simulate(seed=1),
}
