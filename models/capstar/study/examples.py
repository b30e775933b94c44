"""What the examples of studies and their reports are of: a study of seconds, kept for the session."""

from __future__ import annotations

from functools import cache

from capstar import data, rstar
from capstar.study.real_time import RealTime, revise
from capstar.study.results import StudyResults
from capstar.study.running import portfolio_returns, run


@cache
def quick_study() -> StudyResults:
    """The study of two averages of the real rate, over one quarter and without the joint bootstrap."""
    return run(
        model=["moving-average", "hp-one-sided"],
        horizons=(1,),
        recursive_from="1990Q1",
        n_replications=0,
        progress=False,
    )


@cache
def quick_real_time() -> RealTime:
    """The average on what was known then, its vintages cut from one table: they differ in their last quarter alone."""
    macro, model = data.us_macro(), rstar.MovingAverage()
    span = ("1995Q1", "2009Q3")
    then = rstar.real_time(model, lambda quarter: macro.loc[:quarter], *span, progress=False)
    quasi = rstar.quasi_real_time(model, macro, *span, progress=False)
    return revise(then, quasi, model.fit(macro), portfolio_returns(data.small_cap_returns()), (1,))
