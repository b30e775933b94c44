"""Turn equations into a term table: ``values[slot] += coef * prod(theta ** power)``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Pattern, System, own
from capstar.kernels.terms import assemble
from capstar.statespace.algebra import CONSTANT, Coef, Slot, as_coef, as_linear, params, show_slot
from capstar.statespace.constraints import Constraint
from capstar.statespace.parameters import Parameter, ParameterTable
from capstar.statespace.spec import Spec

Entries = dict[tuple[int, int], Coef]


class Terms(NamedTuple):
    """Every system entry as a sum of products of powers of parameters.

    Attributes
    ----------
    slot
        Position in the flat vector of system values, shape (n_terms,).
    coef
        Number in front, shape (n_terms,).
    power
        Exponents, shape (n_terms, n_params).
    """

    slot: npt.NDArray[np.int64]
    coef: npt.NDArray[np.float64]
    power: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """The non-zero entries of one system matrix, row by row.

    Attributes
    ----------
    shape
        Of the full matrix.
    row, col
        Position of each entry, shape (n_entries,).
    where
        Their places in the flat vector of values.
    """

    shape: tuple[int, int]
    row: npt.NDArray[np.uint32]
    col: npt.NDArray[np.uint32]
    where: slice

    @cached_property
    def pointer(self) -> npt.NDArray[np.int64]:
        """First entry of each row, compressed-row style, shape (n_rows + 1,)."""
        return np.searchsorted(self.row, np.arange(self.shape[0] + 1)).astype(np.int64)

    def dense(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Full matrix from the flat vector of values."""
        out = np.zeros(self.shape, dtype=values.dtype)
        out[self.row, self.col] = values[self.where]
        return out


@dataclass(frozen=True)
class Compiled:
    """Names and the term table of a model: all that the kernels need besides data.

    The blocks follow Durbin and Koopman (2012): ``y = Z a + D x + e``, ``a' = T a + c + B x + G u``
    with ``e ~ N(0, scale^2 diag(H))``, ``u ~ N(0, I)`` and ``Q = G G'`` (lower triangle kept), of which ``S`` is the
    part of the shocks that are scaled too;
    ``a`` is the part of the initial mean that depends on parameters, ``R`` and ``X`` load the
    reports on states and data; ``accumulated`` is the frequency at which a state, by position, begins from zero.
    """

    param_names: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    constraints: tuple[Constraint, ...]
    states: tuple[Slot, ...]
    observed: tuple[str, ...]
    regressors: tuple[Slot, ...]
    state_shocks: tuple[str, ...]
    scaled_shocks: tuple[str, ...]
    reports: tuple[str, ...]
    report_inputs: tuple[Slot, ...]
    blocks: Mapping[str, Block]
    terms: Terms
    accumulated: Mapping[int, str]

    @cached_property
    def table(self) -> ParameterTable:
        """All parameters at their default start values; not to be written to."""
        return ParameterTable.build(self.parameters, self.constraints)

    def labels(self, free: npt.NDArray[np.bool_]) -> pd.Index:
        """Names of the parameters that a mask (all parameters,) marks."""
        key = free.tobytes()
        if key not in self._labels:
            self._labels[key] = self.table.start.index[free]
        return self._labels[key]

    @cached_property
    def _labels(self) -> dict[bytes, pd.Index]:
        return {}

    @property
    def reads(self) -> tuple[Slot, ...]:
        """Series and lags the equations and reports read, beside the states."""
        return (*self.regressors, *self.report_inputs)

    @cached_property
    def series(self) -> list[str]:
        """Every series that is observed or read."""
        names = dict.fromkeys([*self.observed, *(name for name, _ in self.reads)])
        return [name for name in names if name != CONSTANT]

    @cached_property
    def n_values(self) -> int:
        """Length of the flat vector of system values."""
        return max(int(block.where.stop) for block in self.blocks.values())

    @cached_property
    def pattern(self) -> Pattern:
        """Where the non-zero entries of Z, D, T, Q, B and S are."""
        z, d, t, q, b, s = (self.blocks[name] for name in "ZDTQBS")
        return Pattern(
            z.pointer, z.col, d.pointer, d.col, t.pointer, t.row, t.col, q.row, q.col, b.row, b.col,
            s.row, s.col, np.array([*self.accumulated], dtype=np.uint32),
        )  # fmt: skip

    def shock_scale(self, scale: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Factors of the state shocks (n, shocks), from those of measurement errors (n,)."""
        follows = np.array([name in self.scaled_shocks for name in self.state_shocks], dtype=bool)
        return np.where(follows, scale[:, None], 1.0)

    @cached_property
    def moving(self) -> bool:
        """Whether the transition depends on parameters."""
        where = self.blocks["T"].where
        inside = (self.terms.slot >= where.start) & (self.terms.slot < where.stop)
        return bool(self.terms.power[inside].any())

    def system(self, flat: npt.NDArray[np.float64]) -> System:
        """The system's values as views of a flat vector."""
        return System(
            *(flat[self.blocks[name].where] for name in ("Z", "D", "H", "T", "c", "Q", "a", "B", "S"))
        )

    def values(self, theta: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Flat vector of system values, shape (n_values,), at a parameter vector (k,)."""
        out = np.empty(self.n_values)
        assemble(own(theta), *self.terms, out)
        return out


def compile_spec(spec: Spec) -> Compiled:
    """Check a model's equations and compile them.

    Raises
    ------
    SpecificationError
        An equation reads a future value, an unknown state, a shock in two places, and so on.

    Examples
    --------
    >>> import capstar as cs
    >>> compiled = cs.statespace.compile_spec(cs.rstar.HLW2017.spec())
    >>> compiled.observed, len(compiled.states), len(compiled.param_names)
    (('y', 'pi'), 7, 11)
    """
    if not isinstance(spec, Spec):
        raise SpecificationError(
            f"Expected the equations of a model, a Spec, got {type(spec).__name__}. Declare one with "
            "capstar.statespace.Spec, or take that of a model, cs.rstar.HLW2023.spec()."
        )
    made = spec.made()
    if "compiled" not in made:
        made["compiled"] = _compile(spec)
    compiled: Compiled = made["compiled"]
    return compiled


def _compile(spec: Spec) -> Compiled:
    spec.check()
    states, regressors = spec.state_slots(), spec.regressors()
    drivers = tuple(s for s in spec.shocks if any(s in as_linear(r).names for r in spec.transition.values()))
    inputs = tuple(
        dict.fromkeys(
            k for r in spec.reports.values() for k in as_linear(r).terms if k[0] not in spec.transition
        )
    )
    p, m = len(spec.observation), len(states)
    entries = {
        **_observation(spec, states, regressors),
        **_transition(spec, states, drivers, regressors),
        **_reports(spec, states, inputs),
        "a": {(states.index(slot), 0): coef for slot, coef in spec.initial_mean.items()},
    }
    shapes = {
        "Z": (p, m), "D": (p, len(regressors)), "H": (p, 1), "T": (m, m), "B": (m, len(regressors)), "S": (m, m),
        "c": (m, 1), "Q": (m, m),
        "a": (m, 1), "G": (m, len(drivers)), "R": (len(spec.reports), m), "X": (len(spec.reports), len(inputs)),
    }  # fmt: skip
    blocks = _lay_out(entries, shapes)
    names = _param_names(spec, entries)
    return Compiled(
        param_names=names,
        parameters={name: spec.parameters.get(name, _undeclared(spec, name)) for name in names},
        constraints=spec.constraints,
        states=states,
        observed=tuple(spec.observation),
        regressors=regressors,
        state_shocks=drivers,
        scaled_shocks=spec.scaled_shocks,
        reports=tuple(spec.reports),
        report_inputs=inputs,
        blocks=blocks,
        terms=_tabulate(entries, blocks, names),
        accumulated={i: spec.accumulated[n][1] for i, (n, lag) in enumerate(states) if n in spec.accumulated},
    )


def _undeclared(spec: Spec, name: str) -> Parameter:
    """Bounds of a parameter that declares none: a standard deviation is not negative."""
    (alone,) = params(name)
    sd = any(as_coef(std).terms == alone.terms for std in spec.shocks.values())
    return Parameter(lower=0.0) if sd else Parameter()


def _observation(spec: Spec, states: tuple[Slot, ...], regressors: tuple[Slot, ...]) -> dict[str, Entries]:
    z: Entries = {}
    d: Entries = {}
    h: Entries = {}
    for i, (name, rhs) in enumerate(spec.observation.items()):
        h[i, 0] = Coef()
        for key, coef in as_linear(rhs).terms.items():
            if key[0] in spec.shocks:
                h[i, 0] = h[i, 0] + coef**2 * as_coef(spec.shocks[key[0]]) ** 2
            elif key[0] in spec.transition:
                z[i, _position(spec, states, key, name)] = coef
            else:
                d[i, regressors.index(key)] = coef
    return {"Z": z, "D": d, "H": h}


def _transition(
    spec: Spec, states: tuple[Slot, ...], drivers: tuple[str, ...], regressors: tuple[Slot, ...]
) -> dict[str, Entries]:
    t: Entries = {}
    on_series: Entries = {}
    load: Entries = {}
    const: Entries = {(i, 0): Coef() for i in range(len(states))}
    dated: dict[str, int] = {}
    for i, slot in enumerate(states):
        for (source, lag), coef in spec.law_of_motion(slot).terms.items():
            if source in spec.shocks:
                if dated.setdefault(source, lag) != lag:
                    raise SpecificationError(
                        f"{spec.name}: shock {source} enters the states at two dates. Keep it as a "
                        "state of its own and read its lag."
                    )
                load[i, drivers.index(source)] = coef * as_coef(spec.shocks[source])
            elif source == CONSTANT:
                const[i, 0] = coef
            elif source not in spec.transition:
                on_series[i, regressors.index((source, lag))] = coef
            else:
                t[i, states.index((source, lag + 1))] = coef
    scaled = {at: coef for at, coef in load.items() if drivers[at[1]] in spec.scaled_shocks}
    return {
        "T": t, "B": on_series, "c": const, "G": load, "Q": _lower_covariance(load), "S": _lower_covariance(scaled)
    }  # fmt: skip


def _lower_covariance(load: Entries) -> Entries:
    """Lower triangle of ``G G'``."""
    out: Entries = {}
    for (i, shock), left in load.items():
        for (j, other), right in load.items():
            if shock == other and j <= i:
                out[i, j] = out.get((i, j), Coef()) + left * right
    return out


def _reports(spec: Spec, states: tuple[Slot, ...], inputs: tuple[Slot, ...]) -> dict[str, Entries]:
    on_states: Entries = {}
    on_data: Entries = {}
    for i, (name, rhs) in enumerate(spec.reports.items()):
        for key, coef in as_linear(rhs).terms.items():
            if key[0] in spec.transition:
                on_states[i, _position(spec, states, key, name)] = coef
            else:
                on_data[i, inputs.index(key)] = coef
    return {"R": on_states, "X": on_data}


def _position(spec: Spec, states: tuple[Slot, ...], key: Slot, equation: str) -> int:
    if key not in states:
        raise SpecificationError(
            f"{spec.name}: the equation of {equation} reads {show_slot(key)}, which the state "
            f"vector {[show_slot(s) for s in states]} does not hold. Add it to layout."
        )
    return states.index(key)


def _lay_out(entries: Mapping[str, Entries], shapes: Mapping[str, tuple[int, int]]) -> dict[str, Block]:
    blocks, start = {}, 0
    for name, shape in shapes.items():
        dense = name in ("H", "c", "a")
        places = [(i, 0) for i in range(shape[0])] if dense else sorted(entries[name])
        where = slice(start, start + len(places))
        row = np.array([i for i, _ in places], dtype=np.uint32)
        col = np.array([j for _, j in places], dtype=np.uint32)
        blocks[name] = Block(shape, row, col, where)
        start = where.stop
    return blocks


def _param_names(spec: Spec, entries: Mapping[str, Entries]) -> tuple[str, ...]:
    used = dict.fromkeys(
        name for block in entries.values() for coef in block.values() for name in coef.names
    ) | dict.fromkeys(spec.obs_scale)
    return tuple(dict.fromkeys([*(n for n in spec.parameters if n in used), *used]))


def _tabulate(entries: Mapping[str, Entries], blocks: Mapping[str, Block], names: tuple[str, ...]) -> Terms:
    slot, coef, power = [], [], []
    for matrix, block in blocks.items():
        for k, place in enumerate(zip(block.row.tolist(), block.col.tolist(), strict=True)):
            for mono, value in entries[matrix].get(place, Coef()).terms.items():
                slot.append(block.where.start + k)
                coef.append(value)
                power.append([dict(mono).get(name, 0) for name in names])
    return Terms(
        np.array(slot, dtype=np.int64),
        np.array(coef, dtype=np.float64),
        np.array(power, dtype=np.int64).reshape(len(slot), len(names)),
    )
