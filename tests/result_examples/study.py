"""The main job, on the embedded data and few replications."""

from __future__ import annotations

from collections.abc import Callable

import result_examples.leads as room
from capstar import data, leads, rstar
from capstar.reporting import Result
from capstar.study import (
    ByMonth,
    Now,
    OtherWay,
    RealTime,
    StudyResults,
    WhoseRate,
    lead_the_economy,
    portfolio_returns,
    study_data,
)
from capstar.study.economy import economy_of
from capstar.study.examples import quick_by_month
from capstar.study.now import look_now
from capstar.study.real_time import revise
from capstar.study.whose import compare_models

AVERAGE, HP = rstar.model("moving-average"), rstar.model("hp-one-sided")


def portfolios():
    return portfolio_returns(data.small_cap_returns())


def study() -> StudyResults:
    """The estimates of one start, and quasi-real time from 2008 on alone."""
    macro, returns = data.us_macro(), data.small_cap_returns()
    fit = rstar.HLW2017.fit(macro, n_starts=1, progress=False)
    known = rstar.quasi_real_time(rstar.HLW2017, macro, "2008Q4", progress=False)
    gap = fit.gap("filtered")
    lead, after = room.lead(), leads.local_projections(portfolios(), gap, horizons=(1, 4))
    probability = {"fall": room.probability()}
    return StudyResults(
        fit, returns, lead, known, lead, after, after, probability, room.economic_value(), {}, now(), None, None, None,
        {"macro": macro, "returns": returns}, ("HLW 2017 was named first.",),
    )  # fmt: skip


def now() -> Now:
    fit, returns = AVERAGE.fit(data.us_macro()), data.small_cap_returns()
    price = (1 + returns["small"] / 100).cumprod()
    return look_now({"moving average": fit}, fit.gap(), room.lead(), portfolios(), price)


def whose() -> WhoseRate:
    fits = {one.name: one.fit(data.us_macro()) for one in (AVERAGE, HP)}
    known = fits[AVERAGE.name].gap()
    return compare_models(
        fits,
        known,
        portfolios(),
        (1, 4),
        left_out={"LW 2003": "has no input"},
        n_replications=99,
        progress=False,
    )


def real_time() -> RealTime:
    """Vintages that differ from one another in their base alone."""
    macro = data.us_macro()
    span = ("1995Q1", "2009Q3")
    quasi = rstar.quasi_real_time(AVERAGE, macro, *span, progress=False)
    then = rstar.real_time(AVERAGE, lambda quarter: macro.loc[:quarter], *span, progress=False)
    return revise(then, quasi, AVERAGE.fit(macro), portfolios(), (1, 4))


def other_way() -> OtherWay:
    """Without the output gap, which the moving average has not."""
    tables = study_data()
    known = rstar.quasi_real_time(AVERAGE, tables["macro"], "1985Q1", progress=False)
    economy = economy_of(tables, AVERAGE.fit(tables["macro"]), known, None)
    return lead_the_economy(portfolios(), economy, n_replications=99)


EXAMPLES: dict[type[Result], Callable[[], Result]] = {
    StudyResults: study,
    Now: now,
    WhoseRate: whose,
    RealTime: real_time,
    OtherWay: other_way,
    ByMonth: quick_by_month,
}
