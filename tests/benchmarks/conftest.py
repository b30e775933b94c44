"""How the benchmarks measure: `make bench` times them, `make test` runs each once and checks its result alone."""

from __future__ import annotations

import math
import time
import timeit
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

Stopwatch = Callable[..., float]
RATIOS = pytest.StashKey[dict[str, dict[str, Any]]]()
LEAST = 0.01  # seconds a measurement takes at least: shorter calls are repeated,
ROUNDS = 15  # in each of so many rounds
SHARE = 0.1  # of a long call's time is the unit's


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--ratios", help="run the benchmarks that have a ratio alone, and write the ratios as CSV"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RATIOS] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("ratios", default=None):
        without = [one for one in items if "against" not in getattr(one, "fixturenames", ())]
        config.hook.pytest_deselected(items=without)
        items[:] = [one for one in items if one not in without]


def pytest_sessionfinish(session: pytest.Session) -> None:
    path = session.config.getoption("ratios", default=None)
    if path and session.config.stash[RATIOS]:
        found = pd.DataFrame.from_dict(session.config.stash[RATIOS], orient="index")
        found.rename_axis("name").to_csv(path)


@pytest.fixture
def timed(benchmark) -> bool:
    """Whether times are wanted; False under ``--benchmark-disable``, where small problems do."""
    return bool(benchmark.enabled)


@pytest.fixture(scope="session")
def fastest() -> Stopwatch:
    """Seconds a call: the least of several repeats, which other work on the machine disturbs least."""

    def measure(call: Callable[[], object], number: int = 1, repeat: int = 7) -> float:
        call()
        return min(timeit.repeat(call, number=number, repeat=repeat)) / number

    return measure


class Measured(NamedTuple):
    """What a benchmarked call returns, its least seconds, and its ratio to the unit; NaN where nothing is timed."""

    found: Any
    seconds: float
    ratio: float


def processor(work: Callable[[], object], number: int = 1) -> float:
    """Seconds of the processor a call takes, in this process and in those it starts and ends."""
    resource = pytest.importorskip("resource")

    def clock() -> float:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + ended.ru_utime + ended.ru_stime

    return timeit.timeit(work, number=number, timer=clock) / number


@pytest.fixture
def against(benchmark, timed, request) -> Callable[..., Measured]:
    """Time a call and, by turns with it, a unit: the median ratio of neighbours is what `make bench-compare` looks at.

    It is of processor seconds: what else runs on the machine has its own.  What that takes of caches and cores disturbs
    neighbours alike, while the least seconds of the one may be of a quieter moment than those of the other.  The unit
    should meet the same limits as the call (compiled loops, Python, reading), so that their ratio is about the same on
    any machine, and be none of capstar's own, or what makes it faster would seem to make the call slower.
    """

    def measure(
        call: Callable[[], object], unit: Callable[[], object], called: str, *, rounds: int = ROUNDS
    ) -> Measured:
        if not timed:
            return Measured(benchmark.pedantic(call), math.nan, math.nan)
        unit()
        warm = min(processor(call) for _ in range(2 if rounds == ROUNDS else 1))  # the first call may compile
        number, repeats = math.ceil(LEAST / warm), math.ceil(max(LEAST, SHARE * warm) / processor(unit))
        calls, units = ([warm], [processor(unit, repeats)]) if number == 1 else ([], [])
        results: list[Any] = []

        def beside() -> None:
            units.append(processor(unit, repeats))

        def once() -> Any:
            calls.append(processor(lambda: results.append(call())))
            return results.pop()

        if number == 1:
            found = benchmark.pedantic(once, setup=beside, rounds=rounds)
        else:
            found = benchmark.pedantic(call, iterations=number, rounds=5)
            for _ in range(rounds):
                beside()
                calls.append(processor(call, number))
        out = Measured(found, benchmark.stats.stats.min, float(np.median(np.divide(calls, units))))
        name = request.node.nodeid.rpartition("benchmarks/")[2]
        request.config.stash[RATIOS][name] = {"unit": called, "ratio": out.ratio}
        print(f"\n{name}: {out.seconds:.4g} s, {out.ratio:.4g} {called}")
        return out

    return measure


def in_statsmodels(problem: Any, theta: np.ndarray) -> Any:
    """The system in statsmodels' compiled Kalman filter and smoother."""
    from statsmodels.tsa.statespace.kalman_smoother import KalmanSmoother

    values = problem.values(theta)
    dense = {name: problem.model.blocks[name].dense(values) for name in "ZDHTcG"}
    (m, shocks), p = dense["G"].shape, problem.y.shape[1]
    model = KalmanSmoother(k_endog=p, k_states=m, k_posdef=shocks)
    model.bind(np.asfortranarray(problem.y.T))
    model["design"], model["transition"], model["selection"] = dense["Z"], dense["T"], dense["G"]
    errors = np.diag(dense["H"][:, 0])[:, :, None] * problem.scale(theta) ** 2
    constant = (errors == errors[:, :, :1]).all()
    model["state_cov"], model["obs_cov"] = np.eye(shocks), errors[:, :, 0] if constant else errors
    model["obs_intercept"] = dense["D"] @ problem.x.T
    P0 = dense["T"] @ problem.initial_cov @ dense["T"].T + dense["G"] @ dense["G"].T
    model.initialize_known(dense["T"] @ problem.initial_mean, P0)
    return model


@pytest.fixture(scope="session")
def statsmodels_model() -> Callable[..., Any]:
    """A function of a problem and its parameters; see `in_statsmodels`."""
    return in_statsmodels


@pytest.fixture(scope="session")
def hlw2017(golden_set):
    """The likelihood of HLW 2017, last stage, and its parameters."""
    one = golden_set("hlw2017_us_2019q4")
    problem = one.problem(3)
    return problem, problem.vector(one.params(3))


@pytest.fixture(scope="session")
def likelihood_unit(hlw2017) -> tuple[Callable[[], float], str]:
    """What models are measured in: a likelihood of HLW 2017, last stage, by statsmodels' compiled filter."""
    from statsmodels.tsa.statespace.kalman_filter import MEMORY_CONSERVE

    model = in_statsmodels(*hlw2017)
    return (lambda: model.loglike(conserve_memory=MEMORY_CONSERVE)), "likelihoods of statsmodels"
