"""The main job, on the embedded data and few replications."""

from __future__ import annotations

from collections.abc import Callable

import result_examples.leads as room
from capstar import data, leads, rstar
from capstar.reporting import Result
from capstar.study import StudyResults, portfolio_returns


def study() -> StudyResults:
    """The estimates of one start, and quasi-real time from 2008 on alone."""
    macro, returns = data.us_macro(), data.small_cap_returns()
    fit = rstar.HLW2017.fit(macro, n_starts=1, progress=False)
    known = rstar.quasi_real_time(rstar.HLW2017, macro, "2008Q4", progress=False)
    gap, portfolios = fit.gap("filtered"), portfolio_returns(returns)
    lead, after = room.lead(), leads.local_projections(portfolios, gap, horizons=(1, 4))
    probability = {"fall": room.probability()}
    return StudyResults(fit, returns, lead, known, lead, after, after, probability, room.economic_value(), {})


EXAMPLES: dict[type[Result], Callable[[], Result]] = {StudyResults: study}
