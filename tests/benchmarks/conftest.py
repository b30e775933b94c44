"""How the benchmarks measure: `make bench` times them, `make test` runs each once and checks its result alone."""

from __future__ import annotations

import timeit
from collections.abc import Callable

import pytest

Stopwatch = Callable[..., float]


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
