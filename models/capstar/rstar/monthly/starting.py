"""Where the monthly models begin: rules for the state before the sample.

Potential and its growth have unit roots; the data say where they begin.  ``estimated_trend``, the default, is the start
of Laubach and Williams (2003) in months: generalised least squares on the first two years, z and the gap at zero with a
spread.  ``diffuse_trend`` leaves potential and growth exactly diffuse, ``trend_start`` lays a straight line through ten
years.  On the data of Brave, Butters and Kelley (2022), 1961-02 to 2018-03 (filtered r*, standard errors in brackets):

==================================  ==============  =======  =====  ============  ===========  ===========
monthly-lw                          log-likelihood  a_r      s_gap  r* 1961-03    r* 1962-12   r* 2018-03
==================================  ==============  =======  =====  ============  ===========  ===========
``estimated_trend``, two years      -1400.81        -0.0054  0.041  4.3 (1.5)     4.4 (1.3)    0.98 (1.63)
the same, five years                -1401.72        -0.0054  0.041  4.9 (1.1)     4.7 (1.2)    0.93 (1.62)
``diffuse_trend``                   (-1404.37)      -0.0057  0.042  -501 (894)    4.7 (1.6)    1.04 (1.60)
``trend_start``                     -1404.03        -0.0057  0.043  5.0 (1.7)     4.3 (1.4)    1.00 (1.61)
variances of 0.2, then a second     -1408.57        -0.0179  0.001                4.6 (1.0)    2.83 (0.61)
pass, as HLW (2017)
z diffuse too                       (-1403.17)      -0.0103  0.001                14 (16)      -2.87 (3.27)
==================================  ==============  =======  =====  ============  ===========  ===========

The first four are one maximum, and r* at the end differs by a tenth.  The last two are not: a variance of 0.2 holds the
gap near zero in 1960, and its shock piles up at its bound, 0.001; a diffuse z takes the level of r* over from growth (c
is 13, and z stands at -38), and it piles up again.  So z begins at zero with a spread of a point.  Of the four the
diffuse start alone counts no observation twice.  It is not the default because filtered r* of its first months cannot
test a lead, and because its likelihood costs 35 others.  Estimated on two years, the bands of the first
years are a tenth to a sixth too narrow; on longer ones they narrow further, and look further ahead.

In monthly-hlw2023, where growth counts once, even a diffuse z is determined: r* of 2018-03 is 1.09 (1.21) by
``estimated_trend``, 1.09 (1.26) by ``diffuse_trend``, 1.06 (1.27) by ``trend_start``, 1.00 (1.31) with z diffuse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from capstar.errors import DataError
from capstar.statespace.algebra import show_slot
from capstar.statespace.initial import InitialState, start_from
from capstar.statespace.smoothing import estimate_states
from capstar.statespace.spec import Spec

FIRST = "1961-01"
_POTENTIAL, _GROWTH = (
    809.7823659,
    0.9394933,
)  # 1960Q4, quarterly model: 100 times the log, and percent a quarter
_YEARS = 10  # of output, to which the trend before the sample is fitted
_FIRST_YEARS = 2  # from which generalised least squares estimates it
_SPREAD = {"ystar": 2.0, "gap": 2.0, "g": 0.1, "z": 1.0}  # standard deviations before the sample, percent
_MEMORY = 0.95  # correlation of the gap before the sample with that of the month before
_TREND = ("ystar", "g")


def published_start(spec: Spec, frame: pd.DataFrame, first: pd.Period) -> InitialState:
    """State of December 1960 as the published code has it, slips and all.

    Potential is in dollars of another year than monthly output, 4.8 points apart; the output of November and December,
    between the quarters on a straight line, stand in each other's place.
    """
    before = pd.Period(FIRST, freq="M") - 1
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


def diffuse_trend(spec: Spec, frame: pd.DataFrame, first: pd.Period) -> InitialState:
    """Potential and its growth exactly diffuse; z and the gap zero, with spreads of a point and of two percent."""
    return replace(trend_start(spec, frame, first), diffuse=_TREND)


def estimated_trend(spec: Spec, frame: pd.DataFrame, first: pd.Period) -> InitialState:
    """Potential and growth by generalised least squares on the first two years, at the start values of the parameters.

    Mean and covariance are those of all states given these years, from `diffuse_trend`; the likelihood counts the years
    once more, as that of Laubach and Williams (2003) does its first quarters.
    """
    theta = {name: one.start for name, one in spec.parameters.items() if one.start is not None}
    end = min(first + 12 * _FIRST_YEARS - 1, frame.index[-1])
    problem = start_from(spec, frame, diffuse_trend(spec, frame, first), start=first, end=end)
    states = estimate_states(problem, theta)
    labels = [show_slot(slot) for slot in spec.state_slots()]
    return InitialState(pd.Series(states.initial, labels), pd.DataFrame(states.initial_cov, labels, labels))


def _shared(one: tuple[str, int], other: tuple[str, int]) -> float:
    """Covariance of two states before the sample: of the gap it fades with the months between, others stand still."""
    if one[0] != other[0]:
        return 0.0
    return _SPREAD[one[0]] ** 2 * (_MEMORY ** abs(one[1] - other[1]) if one[0] == "gap" else 1.0)


STARTS: Mapping[str, Callable[[Spec, pd.DataFrame, pd.Period], InitialState]] = {
    "estimated-trend": estimated_trend,
    "diffuse-trend": diffuse_trend,
    "fitted-trend": trend_start,
}
