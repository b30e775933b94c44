r"""Unconditional moments of stationary states, and how the likelihood's derivatives pass through them.

The moments solve :math:`a = Ta + c + Bx` and :math:`P = TPT' + Q`, with :math:`x` the regressors of the first period:
series that move states are taken to have stood still before.  With :math:`g` and :math:`G` the derivatives of the
log-likelihood in :math:`a` and :math:`P`, those in the system follow from the adjoint equations
:math:`\lambda = T'\lambda + g` and :math:`\Lambda = T'\Lambda T + G`: they are :math:`\lambda` in :math:`c`,
:math:`\lambda x'` in :math:`B`, :math:`\Lambda` in :math:`Q`, and :math:`\lambda a' + 2 \Lambda T P` in :math:`T`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats
from capstar.statespace.compiled import Compiled
from capstar.statespace.parameters import ParameterTable

_UNIT_ROOT = 1e-8  # distance from one below which an eigenvalue is a unit root
_DOUBLINGS = 64


@dataclass(frozen=True)
class Moments:
    """Mean (s,) and covariance (s, s) of the stationary states, with the system and the regressors they come from."""

    mean: Floats
    cov: Floats
    T: Floats
    x: Floats


def moments(model: Compiled, values: Floats, where: npt.NDArray[np.int64], x: Floats) -> Moments | None:
    """Unconditional moments, at a flat vector of system values, of the states at positions ``where`` (s,).

    ``x`` (n, q) are the regressors.  These states follow from one another alone; None where they have no such moments.
    """
    T, Q, c, B = (model.blocks[name].dense(values) for name in ("T", "Q", "c", "B"))
    first = x[0] if len(x) else np.zeros(x.shape[1])
    T, Q, c = T[np.ix_(where, where)], Q[np.ix_(where, where)], c[where, 0] + B[where] @ first
    if not np.isfinite(T).all() or spectral_radius(T) >= 1.0:
        return None
    Q = Q + Q.T - np.diag(np.diag(Q))
    return Moments(np.linalg.solve(np.eye(len(T)) - T, c), _accumulated(T, Q), T, first)


def pull_back(
    model: Compiled, where: npt.NDArray[np.int64], at: Moments, g: Floats, G: Floats, by_value: Floats
) -> None:
    """Add to ``by_value`` what the derivatives ``g`` (s,) and ``G`` (s, s) in the moments say of the system."""
    adjoint = _accumulated(at.T.T, G)
    first = np.linalg.solve(np.eye(len(at.T)) - at.T.T, g)
    on_T = np.outer(first, at.mean) + 2.0 * adjoint @ at.T @ at.cov
    full = np.zeros((len(model.states),) * 2)
    full[np.ix_(where, where)] = on_T
    t, q = model.blocks["T"], model.blocks["Q"]
    by_value[t.where] += full[t.row, t.col]
    full[np.ix_(where, where)] = adjoint
    by_value[q.where] += np.where(q.row == q.col, 1.0, 2.0) * full[q.row, q.col]
    by_value[np.arange(len(full))[where] + model.blocks["c"].where.start] += first
    b, on_state = model.blocks["B"], np.zeros(len(full))
    on_state[where] = first
    by_value[b.where] += on_state[b.row] * at.x[b.col]


def push_forward(
    model: Compiled, where: npt.NDArray[np.int64], at: Moments, direction: Floats
) -> tuple[Floats, Floats]:
    """Derivatives of mean (s,) and covariance (s, s) along a direction of the system's values."""
    dT, dQ, dc, dB = (model.blocks[name].dense(direction) for name in ("T", "Q", "c", "B"))
    dT, dQ, dc = dT[np.ix_(where, where)], dQ[np.ix_(where, where)], dc[where, 0] + dB[where] @ at.x
    moved = dT @ at.cov @ at.T.T
    change = moved + moved.T + dQ + dQ.T - np.diag(np.diag(dQ))
    return np.linalg.solve(np.eye(len(at.T)) - at.T, dT @ at.mean + dc), _accumulated(at.T, change)


def stationary_states(model: Compiled, table: ParameterTable) -> tuple[str, ...]:
    """Names of the states that have unconditional moments: no unit root in their own equations or those they read.

    A root that is one whatever the parameters is a unit root; one that depends on them counts as stationary, and
    where it is not the likelihood is minus infinity.
    """
    names = list(dict.fromkeys(name for name, _ in model.states))
    return tuple(
        name for name in names if not any(_unit_root(model, table, part) for part in _ancestry(model, name))
    )


def forgetful_states(model: Compiled) -> tuple[str, ...]:
    """Names of the states that depend on no past of their own, such as white noise; nothing can be diffuse of them."""
    names = list(dict.fromkeys(name for name, _ in model.states))
    return tuple(name for name in names if all(not _recurs(model, part) for part in _ancestry(model, name)))


def positions(model: Compiled, names: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Places of the named states in the state vector, shape (s,)."""
    return np.array([i for i, (name, _) in enumerate(model.states) if name in names], dtype=np.int64)


def spectral_radius(T: Floats) -> float:
    """Largest modulus of the eigenvalues; 0 of an empty matrix."""
    return float(np.abs(np.linalg.eigvals(T)).max(initial=0.0)) if T.size else 0.0


def _accumulated(T: Floats, Q: Floats) -> Floats:
    r"""Sum of :math:`T^k Q T'^k` over k, by doubling the number of terms."""
    total, power = Q.copy(), T.copy()
    for _ in range(_DOUBLINGS):
        step = power @ total @ power.T
        total = total + step
        if np.abs(step).max(initial=0.0) <= 1e-17 * np.abs(total).max(initial=0.0):
            break
        power = power @ power
    return total


def _reads(model: Compiled) -> dict[str, set[str]]:
    """Which states each state's law of motion reads."""
    t, names = model.blocks["T"], [name for name, _ in model.states]
    out: dict[str, set[str]] = {name: set() for name in names}
    for i, j in zip(t.row.tolist(), t.col.tolist(), strict=True):
        shift = model.states[i] == (names[j], model.states[j][1] - 1)
        if not shift:
            out[names[i]].add(names[j])
    return out


def _reachable(reads: dict[str, set[str]], name: str) -> set[str]:
    out, todo = set[str](), [name]
    while todo:
        for other in reads[todo.pop()] - out:
            out.add(other)
            todo.append(other)
    return out


def _ancestry(model: Compiled, name: str) -> list[tuple[str, ...]]:
    """Groups of states that feed one another, among those a state follows from, itself included."""
    reads = _reads(model)
    reach = {one: _reachable(reads, one) for one in reads}
    groups = []
    for one in sorted({name} | reach[name]):
        group = tuple(sorted({one} | {other for other in reach[one] if one in reach[other]}))
        if group not in groups:
            groups.append(group)
    return groups


def _recurs(model: Compiled, group: tuple[str, ...]) -> bool:
    reads = _reads(model)
    return any(one in _reachable(reads, one) for one in group)


def _unit_root(model: Compiled, table: ParameterTable, group: tuple[str, ...]) -> bool:
    """Whether a group has a root of one (or beyond) at two generic points, and so whatever the parameters."""
    if not _recurs(model, group):
        return False
    where = positions(model, group)
    radii = []
    for shrink in (1.0, 0.6):
        T = model.blocks["T"].dense(model.values(_generic(table, shrink)))
        radii.append(spectral_radius(T[np.ix_(where, where)]))
    return min(radii) >= 1.0 - _UNIT_ROOT


def _generic(table: ParameterTable, shrink: float) -> Floats:
    """Parameters that are held at their values, all others at placeholders that differ from one another."""
    free = table.free
    blank = table.start.where(~free)
    generic = ParameterTable(blank, table.lower, table.upper, table.fixed).complete().start
    shrunk = (shrink * generic).clip(table.lower, table.upper)
    out: Floats = np.where(free, shrunk, generic).astype(float)
    return out


def require_moments(model_name: str, at: Moments | None, names: tuple[str, ...]) -> Moments:
    """The moments, or an error that names the states without."""
    if at is None:
        raise SpecificationError(
            f"{model_name}: the states {list(names)} are not stationary at these parameters, so they have no "
            "unconditional moments to start from. Choose other values, constrain them with Stationary(...), or fit "
            "with initial='diffuse'."
        )
    return at
