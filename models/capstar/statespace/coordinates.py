"""Coordinates in which the optimiser moves: every constraint on the free parameters is a box."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats
from capstar.statespace.constraints import Between, Constraint
from capstar.statespace.parameters import ParameterTable


@dataclass(frozen=True)
class Coordinates:
    """The free parameters of a table, and the coordinates they follow from.

    A parameter under no constraint is its own coordinate.  Vectors of coordinates have shape (k,), in the order
    of the free parameters.

    Attributes
    ----------
    table
        Start values, bounds, constraints, and what is held.
    """

    table: ParameterTable

    @cached_property
    def names(self) -> list[str]:
        """The free parameters."""
        return [n for n, is_free in zip(self.table.names, self.table.free, strict=True) if is_free]

    @cached_property
    def groups(self) -> tuple[tuple[Constraint, npt.NDArray[np.int64]], ...]:
        """Every constraint on free parameters, with their positions among these."""
        free = dict(zip(self.table.names, self.table.free.tolist(), strict=True))
        values = self.table.start.to_dict()
        out, taken = [], set[str]()
        for declared in self.table.constraints:
            constraint = declared.among(free, values)
            if constraint is None:
                continue
            if twice := taken & set(constraint.names):
                raise SpecificationError(
                    f"{sorted(twice)[0]} is under two constraints, one of them that {declared}. State one of them, or "
                    "write the equations in parameters of which each needs one."
                )
            taken |= set(constraint.names)
            out.append((constraint, np.array([self.names.index(name) for name in constraint.names])))
        return tuple(out)

    @cached_property
    def bounds(self) -> tuple[Floats, Floats]:
        """Smallest and largest value of each coordinate, shapes (k,)."""
        free = self.table.free
        lower, upper = (each.to_numpy(dtype=float)[free] for each in (self.table.lower, self.table.upper))
        for constraint, where in self.groups:
            low, high = constraint.bounds()
            bounded = np.isfinite(lower[where]) | np.isfinite(upper[where])
            # A coordinate that is the parameter itself may keep its own bounds.
            same = _unchanged(constraint)
            if isinstance(constraint, Between) and constraint.lower >= 0:
                # Where the others are positive, that a parameter is too follows from the function's own bounds.
                same = same | ((lower[where] == 0) & np.isinf(upper[where]))
            if (bounded & ~same).any():
                name = constraint.names[int(np.argmax(bounded & ~same))]
                raise SpecificationError(
                    f"{name} has bounds of its own and is under the constraint that {constraint}. Drop the bounds, "
                    "or name another parameter last."
                )
            lower[where] = np.maximum(lower[where], low)
            upper[where] = np.minimum(upper[where], high)
        return lower, upper

    @cached_property
    def start(self) -> Floats:
        """Of the table's start values, moved inside, shape (k,)."""
        return self.of(self.table.start.to_numpy(dtype=float))

    def of(self, theta: Floats) -> Floats:
        """Coordinates of a full parameter vector, moved inside, shape (k,)."""
        x = theta[self.table.free].copy()
        if absent := [name for name, value in zip(self.names, x, strict=True) if np.isnan(value)]:
            raise SpecificationError(
                f"No start value for {absent}. Give start_params={{{absent[0]!r}: ...}}."
            )
        for constraint, where in self.groups:
            x[where] = constraint.coordinates(x[where])
        return np.clip(x, *self.bounds) if self.groups else x

    def fill(self, x: Floats) -> Floats:
        """Full parameter vector, shape (all parameters,)."""
        values = x.copy()
        for constraint, where in self.groups:
            values[where] = constraint.values(x[where])[0]
        theta = self._given.copy()
        theta[self.free] = values
        return theta

    @cached_property
    def free(self) -> npt.NDArray[np.int64]:
        """Positions of the free parameters among all, shape (k,)."""
        return np.flatnonzero(self.table.free)

    @cached_property
    def _given(self) -> Floats:
        given: Floats = self.table.start.to_numpy(dtype=float, copy=True)
        return given

    def pull(self, x: Floats, score: Floats) -> Floats:
        """Derivatives in the coordinates, shape (..., k), from those in all parameters, shape (..., all)."""
        free: Floats = score[..., self.free]
        return self.pull_free(x, free)

    def pull_free(self, x: Floats, free: Floats) -> Floats:
        """The same from derivatives in the free parameters, shape (..., k)."""
        if not self.groups:
            return free
        out = free.copy()
        for constraint, where in self.groups:
            out[..., where] = free[..., where] @ constraint.values(x[where])[1]
        return out

    def spread(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which parameters the coordinates marked belong to: all of a constraint's where one of its own is marked."""
        out = mask.copy()
        for constraint, where in self.groups:
            out[where] |= (mask[where] & ~_unchanged(constraint)).any()
        return out


def _unchanged(constraint: Constraint) -> npt.NDArray[np.bool_]:
    """Which coordinates of a constraint are the parameters themselves, shape (k,)."""
    size = len(constraint.names)
    if size == 1:
        return np.ones(1, dtype=bool)
    _, slope = constraint.values(np.full(size, 0.1))
    same: npt.NDArray[np.bool_] = (slope == np.eye(size)).all(axis=1)
    return same
