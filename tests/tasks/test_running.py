"""Tasks side by side give what they give one after the other."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from capstar.tasks import first_successes, run_tasks


def draw(seed: np.random.SeedSequence) -> float | None:
    """A number, or None in about three of ten."""
    value = float(np.random.default_rng(seed).random())
    return value if value > 0.3 else None


@pytest.mark.parametrize(("n_workers", "threads"), [(1, False), (2, False), (2, True), (-1, False)])
def test_results_are_in_the_order_of_the_items(n_workers: int, threads: bool) -> None:
    told: list[tuple[str, float]] = []
    taken_in = set()

    def progress(stage: str, share: float) -> None:
        told.append((stage, share))

    def items():
        for k in range(21):
            taken_in.add(threading.get_ident())
            yield k

    done = run_tasks(
        float, items(), n_workers=n_workers, threads=threads, stage="floats", progress=progress, total=21
    )
    assert done == [float(k) for k in range(21)]
    assert told == [("floats", k / 21) for k in range(22)]
    assert taken_in == {threading.get_ident()}
    told.clear()
    assert run_tasks(float, [], n_workers=n_workers, stage="none", progress=progress) == []
    assert told == [("none", 0.0), ("none", 1.0)]


def test_first_successes_do_not_depend_on_the_workers() -> None:
    children = np.random.SeedSequence(7).spawn(220)
    tries = [draw(child) for child in children]
    expected = [value for value in tries if value is not None][:100]
    shares: list[float] = []
    for n_workers in (1, 2):
        found, tried = first_successes(
            draw, 100, seed=7, n_workers=n_workers, progress=lambda _, share: shares.append(share)
        )
        assert found == expected
        assert tried == tries.index(expected[-1]) + 1
    assert shares == [k / 100 for k in range(101)] * 2


def test_hopeless_tasks_are_given_up() -> None:
    told: list[float] = []
    found = first_successes(
        lambda _: None, 3, seed=1, n_workers=1, progress=lambda _, share: told.append(share)
    )
    assert found == ([], 26)
    assert told == [0.0, 1.0]
