"""One quantity of an estimate by period, given data to the period and given all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from capstar.errors import SpecificationError
from capstar.statespace.smoothing import StateEstimates

Which = Literal["filtered", "smoothed"]
WHICH: tuple[Which, Which] = ("filtered", "smoothed")


@dataclass(frozen=True)
class StatePath:
    """One quantity by period.

    Attributes
    ----------
    filtered, smoothed : pandas.Series
        Given data to the period, and given all data. Rates in percent a year, the output gap in percent, potential in
        100 times the log.
    filtered_se, smoothed_se : pandas.Series
        Standard deviations at known parameters; NaN where the method gives none.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> path = fit.path("g")
    >>> path.filtered.iloc[-1].round(2).item(), path.smoothed_se.iloc[-1].round(1).item()
    (1.89, 0.6)
    """

    filtered: pd.Series
    smoothed: pd.Series
    filtered_se: pd.Series
    smoothed_se: pd.Series


def path_of(states: StateEstimates, report: str) -> StatePath:
    """One report of a state-space estimate by period."""
    (filtered, filtered_se), (smoothed, smoothed_se) = (states.report(report, which) for which in WHICH)
    return StatePath(filtered, smoothed, filtered_se, smoothed_se)


def require_which(which: str) -> str:
    """``which``, or a `SpecificationError` if it is neither ``"filtered"`` nor ``"smoothed"``."""
    if which not in WHICH:
        raise SpecificationError(f"which={which!r}; choose 'filtered' or 'smoothed'.")
    return which
