"""What the examples of studies and their reports are of: a study of seconds, kept for the session."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from capstar import data, rstar
from capstar.study.by_month import ByMonth, look_by_month
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


def months_of_quarters() -> pd.DataFrame:
    """The embedded data by the month: output in the quarter's last one, all else of the quarter in all three."""
    macro = data.us_macro()
    months = pd.period_range(
        macro.index[0].asfreq("M", "start"), macro.index[-1].asfreq("M", "end"), freq="M", name="date"
    )
    out = macro.loc[months.asfreq("Q")].set_axis(months)
    out.attrs = macro.attrs
    return out.assign(log_gdp=np.where(months.month % 3 == 0, out["log_gdp"], np.nan))


@cache
def quick_by_month() -> ByMonth:
    """A monthly model on the embedded quarters, its parameters estimated every five years, beside the quick study."""
    study = quick_study()
    return look_by_month(
        rstar.MonthlyHLW2023, months_of_quarters(), portfolio_returns(study.returns), study.recursive,
        pd.Period("1990Q1", freq="Q"), every=60, progress=False,
    )  # fmt: skip
