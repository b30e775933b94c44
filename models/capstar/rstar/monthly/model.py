"""The monthly models: as published, with the calendar set right, and of Holston, Laubach and Williams (2023).

The likelihood of the published model has several maxima.  ``MonthlyLWPublished`` takes the one uphill of the published
parameters, which is that of the published figure.  A far higher one has a Phillips curve more than a hundred times as
steep and a cycle of six months: the gap there is the moving average that overlapping inflation rates have by
construction, not a business cycle.  With inflation of the month alone and lags in the calendar, ``MonthlyLW``, ten of
twelve starts lead to one maximum.
"""

from __future__ import annotations

from capstar.rstar.declared import DeclaredModel
from capstar.rstar.monthly.equations import in_calendar_time, published, with_covid
from capstar.rstar.monthly.starting import FIRST, STARTS, estimated_trend, published_start

CITATION = (
    "Brave, Butters and Kelley (2022), A practitioner's guide and MATLAB toolbox for mixed frequency state space "
    "models, Journal of Statistical Software 104(10)"
)
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
    "ones, and a state before the sample estimated from its first two years."
)
_COVID = (
    "In one step, with the lambdas of the quarterly model divided by three; inflation of the month, a state before the "
    "sample estimated from its first two years, and shocks scaled in the months of 2020-22 in place of the quarters."
)


MonthlyLWPublished = DeclaredModel(
    published(),
    "Monthly LW, published",
    CITATION,
    published_start,
    "monthly-lw-published",
    frequency="M",
    begins=FIRST,
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
    estimated_trend,
    "monthly-lw",
    frequency="M",
    remarks=(_CORRECTED,),
    starts=STARTS,
)
MonthlyHLW2023 = DeclaredModel(
    with_covid(),
    "Monthly HLW 2023",
    "Holston, Laubach and Williams (2023), Federal Reserve Bank of New York Staff Report 1063, in months as by Brave, "
    "Butters and Kelley (2022)",
    estimated_trend,
    "monthly-hlw2023",
    frequency="M",
    remarks=(_COVID,),
    starts=STARTS,
)
