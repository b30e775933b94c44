"""Results of `capstar.rstar`, on the embedded US data."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

from capstar import data, rstar
from capstar.reporting import Result
from capstar.rstar.examples import months
from capstar.statespace import Spec, params, variables


@cache
def _us() -> pd.DataFrame:
    return data.us_macro()


@cache
def _fit() -> rstar.RStarResults:
    return rstar.HLW2017.fit(_us()).with_standard_errors(100)


@cache
def _declared() -> rstar.DeclaredRate:
    s_e, s_r, s_g = params("s_e s_r s_g")
    _, natural, g, e, u, v = variables("r rstar g e u v")
    transition = {"rstar": natural(-1) + g(-1) + u, "g": g(-1) + v}
    spec = Spec("trend", {"r": natural + e}, transition, {"e": s_e, "u": s_r, "v": s_g})
    return rstar.from_spec(spec, name="trend").fit(_us(), fixed={"s_r": 0.3, "s_g": 0.02})


@cache
def _bayesian() -> rstar.BayesianRate:
    few = {"n_draws": 20, "warmup": 40, "thin": 1, "n_state_draws": 8, "progress": False}
    return rstar.LVG_ALT.fit(_us(), "1990Q1", **few)


@cache
def _growth() -> np.ndarray:
    return 400 * _us()["log_gdp"].diff().dropna().to_numpy()


@cache
def _bootstrap() -> rstar.Bootstrap:
    return _fit().bootstrap(2)


@cache
def _recursive() -> rstar.RecursiveEstimates:
    return rstar.quasi_real_time(rstar.HLW2017, _us(), "2009Q1")


@cache
def _many() -> rstar.ManyEstimates:
    return rstar.fit_many(rstar.HLW2017, {"to 2005": _us()[:"2005Q4"], "to 2009": _us()}, progress=False)


@cache
def _profile() -> rstar.Profile:
    return _fit().profile("lambda_z", (0.0, 0.02, 0.04))


@cache
def _average() -> rstar.AveragedRate:
    fits = {key: rstar.model(key).fit(_us()) for key in ("moving-average", "hp-one-sided")}
    return rstar.average(fits, weights="predictive likelihood")


@cache
def _published() -> rstar.PublishedRate:
    quarters = pd.period_range("2000Q1", periods=40, freq="Q")
    path = np.linspace(3.0, 1.0, 40)
    table = {"date": quarters, "rstar": path, "lower": path - 1, "upper": path + 1, "real_rate": path - 0.5}
    return rstar.read_published(pd.DataFrame(table), name="mine", definition=rstar.LONG_RUN, which="filtered")


@cache
def _monthly() -> rstar.DeclaredRate:
    return rstar.MonthlyHLW2023.fit(months(_us(), "2008-11"), n_starts=1, progress=False)


@cache
def _nowcast() -> rstar.Nowcast:
    return rstar.nowcast(_monthly(), months(_us(), "2008-11"), "2008-12")


@cache
def _release_news() -> rstar.ReleaseNews:
    return rstar.release_news(
        _monthly(), *(months(_us(), last) for last in ("2008-11", "2009-01")), progress=False
    )


EXAMPLES: dict[type[Result], Callable[[], Result]] = {
    rstar.RStarResults: _fit,
    rstar.DeclaredRate: _declared,
    rstar.BayesianRate: _bayesian,
    rstar.StateUncertainty: lambda: _fit().uncertainty,
    rstar.Bootstrap: _bootstrap,
    rstar.RecursiveEstimates: _recursive,
    rstar.ManyEstimates: _many,
    rstar.Nowcast: _nowcast,
    rstar.ReleaseNews: _release_news,
    rstar.Profile: _profile,
    rstar.PileUp: lambda: _fit().pile_up,
    rstar.RStarDecomposition: lambda: _fit().decompose("2000Q1", "2009Q3"),
    rstar.Comparison: lambda: rstar.compare({"three stages": _fit(), "one step": _declared()}),
    rstar.TrendRate: lambda: rstar.OneSidedHP().fit(_us()),
    rstar.TrendByLikelihood: lambda: rstar.UnobservedComponentsML().fit(_us(), n_starts=1),
    rstar.UnobservedComponentsRate: lambda: rstar.UnobservedComponents().fit(_us(), n_draws=300, n_burn=100),
    rstar.AveragedRate: _average,
    rstar.PublishedRate: _published,
    rstar.BreakStatistics: lambda: rstar.break_statistics(_growth(), np.ones((len(_growth()), 1))),
}
