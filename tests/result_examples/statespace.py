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
    MaximumLikelihood,
    News,
    ReportUncertainty,
    SimulatedSample,
    StateSpaceResults,
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


EXAMPLES: dict[type[Result], Callable[[], Result]] = {
    StateSpaceResults: nile,
    MaximumLikelihood: lambda: nile().ml,
    Forecast: lambda: nile().forecast(4),
    News: news,
    Change: lambda: nile().decompose("level", "1890", "1905"),
    Diagnostics: lambda: nile().diagnostics(),
    Disturbances: lambda: nile().disturbances(),
    ReportUncertainty: uncertainty,
    SimulatedSample: lambda: nile().simulate(seed=1),
}
