"""Compile the kernels of an estimate by maximum likelihood in one go."""

from __future__ import annotations

from functools import cache

import numpy as np

from capstar.kernels import climb_state, climbing, gaussian, likelihood, simulation, terms
from capstar.kernels.arrays import Bound, Path, Pattern, Sample, System


@cache
def make_ready() -> None:
    """Compile them, or load them from the cache: an estimate does not wait for the compiler afterwards.

    Each is run on a model of one state and one observed series in a sample of no periods.  Types do not depend on
    the model, so what this compiles is all that any model needs.
    """
    row, none, one = np.zeros(2, dtype=np.int64), np.empty(0, dtype=np.uint32), np.zeros(1)
    pattern = Pattern(row, none, row, none, row, none, none, none, none, none, none, none, none, none)
    system = System(
        np.empty(0), np.empty(0), one, np.empty(0), one, np.empty(0), one, np.empty(0), np.empty(0)
    )
    sample, P0, nothing = (
        Sample(np.empty((0, 1)), np.empty((0, 0)), np.empty(0), np.zeros((0, 0), dtype=np.bool_)),
        np.zeros((1, 1)),
        np.empty(0),
    )
    path = Path(
        np.empty((0, 2, 1)), np.empty((0, 2, 1, 1)), np.empty((0, 1)), np.empty((0, 1)), np.empty((0, 1, 1))
    )
    change = System(*(each.copy() for each in system))
    gaussian.score(pattern, system, P0, sample, path, change, nothing, np.empty((1, 1)))
    slots = np.empty(0, dtype=np.int64)
    simulation.simulate(
        pattern, system, sample, slots, slots, one, sample.y, sample.y, np.empty((0, 1)), np.empty((0, 1))
    )
    table = slots, np.empty(0), np.empty((0, 1), dtype=np.int64)
    terms.assemble(one, *table, np.empty(1))
    terms.jacobian(one, *table, np.empty((1, 1)))
    bound = Bound(slots, *table, one, 0, pattern, system, sample, one, one, slots, slots)
    room = likelihood.room(bound, False, lambda flat: System(*(flat[:0] for _ in System._fields)))
    climbing.climb(
        climbing.Climbed(one, bound, room, np.empty(1), np.empty((0, 0))),
        climb_state.begin(np.empty((4, 0)), np.empty(0), walking=False),
    )
