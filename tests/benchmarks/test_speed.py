"""Ratios of times within one run; no absolute seconds are asserted."""

from __future__ import annotations

import subprocess
import sys
import timeit
from collections.abc import Callable

import numpy as np
import pytest

from capstar.kernels import gaussian
from capstar.kernels.arrays import Path, System

R_LW_SECONDS, R_DRAWS_SECONDS = 271.0, 336.0  # the same code, LW 2023 US and its 5,000 draws
R_SECONDS = 123.0  # the New York Fed's R code, HLW 2023 US, on the machine the bound was set on


def fastest(f: Callable[[], object], number: int) -> float:
    """Seconds a call: the least of seven repeats, which other work on the machine disturbs least."""
    f()
    return min(timeit.repeat(f, number=number, repeat=7)) / number


@pytest.fixture(scope="module")
def hlw2017(golden_set):
    one = golden_set("hlw2017_us_2019q4")
    problem = one.problem(3)
    return problem, problem.vector(one.params(3))


def loglike_call(problem, theta) -> Callable[[], float]:
    inputs, out = problem.inputs(theta), np.empty(problem.nobs)
    return lambda: gaussian.loglike(*inputs, out)


def score_call(problem, theta) -> Callable[[], float]:
    n, p, m = problem.nobs, problem.y.shape[1], len(problem.model.states)
    inputs = problem.inputs(theta)
    path = Path(
        np.empty((n, p + 1, m)),
        np.empty((n, p + 1, m, m)),
        np.empty((n, p)),
        np.zeros((n, p)),
        np.empty((n, p, m)),
    )
    out = System(*(np.zeros_like(part) for part in inputs.system))
    return lambda: gaussian.score(*inputs, path, out, np.zeros(n), np.empty((m, m)))


def statsmodels_call(problem, theta) -> Callable[[], float]:
    """The compiled filter of statsmodels on the same system, likelihood only."""
    from statsmodels.tsa.statespace.kalman_filter import MEMORY_CONSERVE, KalmanFilter

    values = problem.values(theta)
    dense = {name: problem.model.blocks[name].dense(values) for name in "ZDHTcG"}
    m, shocks = dense["G"].shape
    model = KalmanFilter(k_endog=2, k_states=m, k_posdef=shocks)
    model.bind(np.asfortranarray(problem.y.T))
    model["design"], model["transition"], model["selection"] = dense["Z"], dense["T"], dense["G"]
    model["state_cov"], model["obs_cov"] = np.eye(shocks), np.diag(dense["H"][:, 0])
    model["obs_intercept"] = dense["D"] @ problem.x.T
    P0 = dense["T"] @ problem.initial_cov @ dense["T"].T + dense["G"] @ dense["G"].T
    model.initialize_known(dense["T"] @ problem.initial_mean, P0)
    return lambda: model.loglike(conserve_memory=MEMORY_CONSERVE)


def test_likelihood_against_statsmodels(benchmark, hlw2017) -> None:
    ours, theirs = loglike_call(*hlw2017), statsmodels_call(*hlw2017)
    assert ours() == pytest.approx(theirs(), abs=1e-9)
    mine, other = fastest(ours, 500), fastest(theirs, 50)
    benchmark.extra_info["statsmodels over ours"] = other / mine
    benchmark(ours)
    print(f"\nlog-likelihood {mine * 1e6:.1f} us, statsmodels {other * 1e6:.1f} us: ratio {other / mine:.1f}")
    assert mine <= other / 8


def test_score_costs_few_likelihoods(benchmark, hlw2017) -> None:
    ours, score = loglike_call(*hlw2017), score_call(*hlw2017)
    one, both = fastest(ours, 500), fastest(score, 200)
    benchmark.extra_info["score over likelihood"] = both / one
    benchmark(score)
    print(f"\nscore {both * 1e6:.1f} us: {both / one:.1f} likelihoods")
    assert both <= 5 * one


def test_three_stages_in_a_warm_process(benchmark, golden_set) -> None:
    one = golden_set("hlw2023_us_2023q2")
    fit = benchmark.pedantic(
        lambda: one.model.fit(one.data, *one.numbers["sample"]), rounds=3, warmup_rounds=1
    )
    assert fit.converged


def test_laubach_williams_against_the_r_code(benchmark, golden_set) -> None:
    """Three stages in a warm process; the R code takes 271 s, and 336 s for 5,000 draws, one core each."""
    one = golden_set("lw2023_us_2023q2")
    fit = benchmark.pedantic(
        lambda: one.model.fit(one.data, *one.numbers["sample"]), rounds=3, warmup_rounds=1
    )
    seconds = benchmark.stats.stats.min
    draws = min(timeit.repeat(lambda: fit.with_standard_errors(5000), number=1, repeat=2))
    print(
        f"\nLW 2023: three stages {seconds:.2f} s, R {R_LW_SECONDS:.0f} s: ratio {R_LW_SECONDS / seconds:.0f}; "
        f"5,000 draws {draws:.2f} s, R {R_DRAWS_SECONDS:.0f} s: ratio {R_DRAWS_SECONDS / draws:.0f}"
    )
    # Half the margin asked for on the machine the R code was timed on.
    assert seconds <= R_LW_SECONDS / 135
    assert draws <= R_DRAWS_SECONDS / 28


SPLIT = """
import time
begin = time.perf_counter()
import capstar, pandas
model, read = capstar.rstar.HLW2023, capstar.data.read_input
imported = time.perf_counter()
data = read({path!r})
fit = model.fit(data)
fit.summary()
first = time.perf_counter()
model.fit(data).summary()
second = time.perf_counter()
print(imported - begin, (first - imported) - (second - first), second - first)
"""


def test_whole_process_against_the_r_code(benchmark, reference) -> None:
    path = str(reference("hlw2023/us_2023q2_input.csv"))
    command = [sys.executable, "-m", "capstar.cli", "rstar", "--model", "hlw2023", "--input", path]
    subprocess.run(command, check=True, capture_output=True)  # fills the cache of compiled code
    benchmark.pedantic(lambda: subprocess.run(command, check=True, capture_output=True), rounds=3)
    whole = benchmark.stats.stats.min
    done = subprocess.run(
        [sys.executable, "-c", SPLIT.format(path=path)], check=True, capture_output=True, text=True
    )
    imported, compiled, estimated = map(float, done.stdout.split())
    print(
        f"\nwhole process {whole:.2f} s, R {R_SECONDS:.0f} s: ratio {R_SECONDS / whole:.0f}; import {imported:.2f}, "
        f"load compiled code {compiled:.2f}, estimate {estimated:.2f} s"
    )
    assert whole <= R_SECONDS / 20


def test_joint_bootstrap_of_the_natural_rate(benchmark) -> None:
    """Simulate, three stages again, regress: a thousand of them on two processes."""
    from capstar import data, leads, rstar

    fit = rstar.HLW2017.fit(data.us_macro())
    returns = data.small_cap_returns()[["excess", "small_minus_large"]]
    source, gap, count = rstar.gap_source(fit), fit.gap(), 120
    run = benchmark.pedantic(
        lambda: leads.estimated_regressor(source, gap, returns, (1, 4), n_replications=count, n_workers=2),
        rounds=2,
        warmup_rounds=1,
    )
    thousand = benchmark.stats.stats.min * 1000 / count
    alone = min(timeit.repeat(lambda: rstar.HLW2017.fit(data.us_macro(), n_starts=1), number=1, repeat=3))
    print(
        f"\n1,000 replications on two processes: {thousand / 60:.1f} minutes, {run.failed} of {count} drawn again"
    )
    # Two processes, each sample three stages: no more than the estimates themselves, and some for what surrounds them.
    assert thousand <= 1.5 * 1000 * alone
