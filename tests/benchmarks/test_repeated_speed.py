"""Joint bootstrap, real-time history and study, which estimate again and again; each test of predictability."""

from __future__ import annotations

import timeit

import numpy as np
import pandas as pd
import pytest

from capstar import data, leads, rstar
from capstar.study import run_study, study_data

HORIZON = 4  # quarters
FIRST, LAST = "1992Q1", "2019Q4"  # last quarters of the history's samples: 112


@pytest.fixture(scope="module")
def us() -> pd.DataFrame:
    return data.us_macro()


@pytest.fixture(scope="module")
def fit(us) -> rstar.NaturalRate:
    return rstar.HLW2017.fit(us)


@pytest.fixture(scope="module")
def as_known(vintages, golden_set):
    """GDP and its price as known in the middle of the next quarter; the interest rate is never revised."""
    gdp, price = vintages("real_gdp"), vintages("gdp_price")
    rate = golden_set("hlw2017_us_2019q4").data["interest_rate"]

    def table(quarter: pd.Period) -> pd.DataFrame:
        day = (quarter + 1).start_time + pd.DateOffset(months=1, days=14)
        return data.model_input(gdp.as_of(day), price.as_of(day), rate, compounding="none")

    return table


def test_joint_bootstrap_of_the_natural_rate(against, timed, fastest, us, fit, likelihood_unit) -> None:
    """Simulate, three stages again, regress: on one process for the ratio."""
    returns = data.small_cap_returns()[["excess", "small_minus_large"]]
    source, gap, count = rstar.gap_source(fit), fit.gap(), 99

    def run(n_workers: int) -> leads.EstimatedRegressor:
        return leads.estimated_regressor(
            source, gap, returns, (1, 4), n_replications=count, n_workers=n_workers
        )

    one = against(lambda: run(1), *likelihood_unit, rounds=1)
    assert len(one.found.t_draws) == count
    assert one.found.table["p"].between(0, 1).all()
    if timed:
        two, alone = (
            timeit.timeit(lambda: run(2), number=1),
            fastest(lambda: rstar.HLW2017.fit(us, n_starts=1)),
        )
        print(
            f"{one.seconds / count / alone:.2f} of as many estimates alone (aim: at most 1.5); {one.found.failed} of "
            f"{count} drawn again; 1,000 replications on two processes, whose start is counted: "
            f"{two / count * 1000:.0f} s"
        )


def test_real_time_history(against, timed, as_known, likelihood_unit) -> None:
    """Three stages on the vintage of each quarter: on one process for the ratio."""

    def run(n_workers: int) -> rstar.RecursiveEstimates:
        first = FIRST if timed else "2019Q1"
        return rstar.real_time(rstar.HLW2017, as_known, first, LAST, n_workers=n_workers)

    one = against(lambda: run(1), *likelihood_unit, rounds=1)
    assert one.found.kind == "real time"
    assert np.isfinite(one.found.table["rstar"]).all()
    if timed:
        two = timeit.timeit(lambda: run(2), number=1)
        print(
            f"{len(one.found.table)} vintages, three stages each, on two processes: {two:.1f} s (aim: at most 10)"
        )


@pytest.mark.parametrize("test", leads.predictability_tests(), ids=lambda test: test.key)
def test_predictability(against, fit, test) -> None:
    from statsmodels.api import OLS, add_constant

    returns = data.small_cap_returns()["small_minus_large"]
    sample = leads.AlignedSample.of(returns, fit.gap(), HORIZON)
    y, x = (one.to_numpy() for one in sample.pairs(HORIZON))
    one = against(
        lambda: test.run(sample, HORIZON),
        lambda: OLS(y, add_constant(x)).fit(cov_type="HAC", cov_kwds={"maxlags": HORIZON - 1}).pvalues,
        "HAC regressions of statsmodels",
    )
    assert 0 <= one.found.p <= 1


def test_study(against, timed, likelihood_unit) -> None:
    """Everything but the joint bootstrap, which has its own benchmark; untimed, of a model that costs nothing."""
    horizons, model = ((1, 2, 4, 8, 12), rstar.HLW2017) if timed else ((1,), rstar.MovingAverage())
    one = against(
        lambda: run_study(study_data(), model=model, horizons=horizons, n_replications=0, progress=False),
        *likelihood_unit,
        rounds=1,
    )
    assert set(one.found.lead.table["horizon"]) == set(horizons)
