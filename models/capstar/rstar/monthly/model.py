"""The monthly models: as published, with the calendar set right, and of Holston, Laubach and Williams (2023).

The likelihood of the published model has several maxima.  ``MonthlyLWPublished`` takes the one uphill of the published
parameters, which is that of the published figure.  A far higher one has a Phillips curve more than a hundred times as
steep and a cycle of six months: the gap there is the moving average that overlapping inflation rates have by
construction, not a business cycle.  With inflation of the month alone and lags in the calendar, ``MonthlyLW``, the
starts tried lead to one maximum.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from capstar.errors import DataError
from capstar.rstar.declared import DeclaredModel
from capstar.rstar.monthly.equations import in_calendar_time, published, with_covid
from capstar.statespace.algebra import show_slot
from capstar.statespace.initial import InitialState
from capstar.statespace.spec import Spec

CITATION = (
    "Brave, Butters and Kelley (2022), A practitioner's guide and MATLAB toolbox for mixed frequency state space "
    "models, Journal of Statistical Software 104(10)"
)
_FIRST = "1961-01"
_POTENTIAL, _GROWTH = (
    809.7823659,
    0.9394933,
)  # 1960Q4, quarterly model: 100 times the log, and percent a quarter
_YEARS = 10  # of output, to which the trend before the sample is fitted
_SPREAD = {"ystar": 2.0, "gap": 2.0, "g": 0.1, "z": 1.0}  # standard deviations before the sample, percent
_MEMORY = 0.95  # correlation of the gap before the sample with that of the month before
_ONE_OF_MANY = (
    "The likelihood has several maxima. The one that counts is that uphill of the start values, as in the published "
    "figure; keep='best' takes the highest found."
)
_AS_PUBLISHED = (
    "As in the published code: lags of the quarterly model in months, the gap of the month in the Phillips curve, "
    "lambdas of the quarterly model, and two slips in the state before the sample."
)
_CORRECTED = (
    "Differs from the published code: lags in the calendar, inflation of the month, lambdas a third of the quarterly "
    "ones, and a state before the sample from the trend of output."
)
_COVID = (
    "In one step, with the lambdas of the quarterly model divided by three; inflation of the month, a state before the "
    "sample from the trend of output, and shocks scaled in the months of 2020-22 in place of the quarters."
)


def published_start(spec: Spec, frame: pd.DataFrame, first: pd.Period) -> InitialState:
    """State of December 1960 as the published code has it, slips and all.

    Potential is in dollars of another year than monthly output, 4.8 points apart; the output of November and December,
    between the quarters on a straight line, stand in each other's place.
    """
    before = pd.Period(_FIRST, freq="M") - 1
    known = frame["y"].reindex([before - 3, before])
    if first != before + 1 or known.isna().any():
        raise DataError(
            f"{spec.name}: the state before the sample is given for {before} alone, with output of 1960Q3 and 1960Q4. "
            f"Start in {before + 1}, or give initial."
        )
    earlier, latest = (float(value) for value in known)
    november = earlier + 2.0 * (latest - earlier) / 3.0
    newest = {"ystar": _POTENTIAL, "gdp": november, "g": _GROWTH / 3.0, "z": 0.0}
    older = {"ystar": _POTENTIAL - _GROWTH / 3.0, "gdp": latest, "g": _GROWTH / 3.0, "z": 0.0}
    slots = spec.state_slots()
    mean = [newest[name] if lag == 0 else older[name] for name, lag in slots]
    labels = [show_slot(slot) for slot in slots]
    cov = np.diag([0.0 if name == "gdp" else 0.2 for name, _ in slots])
    return InitialState(pd.Series(mean, labels), pd.DataFrame(cov, labels, labels))


def trend_start(spec: Spec, frame: pd.DataFrame, first: pd.Period) -> InitialState:
    """State before the sample from a straight line through the first ten years of output.

    The line gives potential and its growth; z and the gap are zero.  Standard deviations are 2 percent of potential and
    gap, 1.2 points of annual growth and a point of z: the filter forgets them in a few years.
    """
    output = frame["y"].loc[: first + 12 * _YEARS - 1].dropna()
    if len(output) < 3:
        raise DataError(
            f"{spec.name}: output has {len(output)} values by {first + 12 * _YEARS - 1}, expected at least 3 for the "
            "trend before the sample. Give earlier output, or initial."
        )
    before, at = (first - 1).ordinal, pd.PeriodIndex(output.index).asi8
    # The value of a quarter is of its middle month on average.
    growth, level = np.polyfit(at - 1 - before, output.to_numpy(dtype=float), 1)
    slots = spec.state_slots()
    labels = [show_slot(slot) for slot in slots]
    center = {"ystar": level, "gap": 0.0, "g": growth, "z": 0.0}
    mean = [center[name] + (lag * growth if name == "ystar" else 0.0) for name, lag in slots]
    cov = np.array([[_shared(one, other) for other in slots] for one in slots])
    return InitialState(pd.Series(mean, labels), pd.DataFrame(cov, labels, labels))


def _shared(one: tuple[str, int], other: tuple[str, int]) -> float:
    """Covariance of two states before the sample: of the gap it fades with the months between, others stand still."""
    if one[0] != other[0]:
        return 0.0
    return _SPREAD[one[0]] ** 2 * (_MEMORY ** abs(one[1] - other[1]) if one[0] == "gap" else 1.0)


MonthlyLWPublished = DeclaredModel(
    published(),
    "Monthly LW, published",
    CITATION,
    published_start,
    "monthly-lw-published",
    frequency="M",
    begins=_FIRST,
    keep="first",
    remarks=(
        _AS_PUBLISHED,
        "r* of a month is 12 c g + z of the month before.",
        _ONE_OF_MANY,
    ),
)
MonthlyLW = DeclaredModel(
    in_calendar_time(),
    "Monthly LW",
    CITATION,
    trend_start,
    "monthly-lw",
    frequency="M",
    remarks=(_CORRECTED,),
)
MonthlyHLW2023 = DeclaredModel(
    with_covid(),
    "Monthly HLW 2023",
    "Holston, Laubach and Williams (2023), Federal Reserve Bank of New York Staff Report 1063, in months as by Brave, "
    "Butters and Kelley (2022)",
    trend_start,
    "monthly-hlw2023",
    frequency="M",
    remarks=(_COVID,),
)
