"""What the Gaussian kernels take and give: named tuples of arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.uint32]
Pointer = npt.NDArray[np.int64]
Places = npt.NDArray[np.int64]


class Pattern(NamedTuple):
    """Where the non-zero entries are, and which states begin from zero in some periods."""

    z_ptr: Pointer
    z_col: Index
    d_ptr: Pointer
    d_col: Index
    t_ptr: Pointer
    t_row: Index
    t_col: Index
    q_row: Index
    q_col: Index
    b_row: Index
    b_col: Index
    s_row: Index
    s_col: Index
    reset: Index


class System(NamedTuple):
    """Their values; also the layout of a derivative with respect to them.

    Attributes
    ----------
    z, d, t, q, b, s
        Non-zero entries in the order of `Pattern`.
    h
        Measurement variances, shape (p,).
    c, a0
        Constant of the transition and mean of the state before the sample, shape (m,).
    """

    z: Floats
    d: Floats
    h: Floats
    t: Floats
    c: Floats
    q: Floats
    a0: Floats
    b: Floats
    s: Floats


class Sample(NamedTuple):
    """Observations (n, p), regressors (n, q), scale of measurement errors and scaled shocks (n,).

    ``reset`` (n, r): which of the states `Pattern.reset` begin from zero.
    """

    y: Floats
    x: Floats
    scale: Floats
    reset: npt.NDArray[np.bool_]


class Path(NamedTuple):
    """What the filter leaves for the backward pass.

    Attributes
    ----------
    a, P
        Moments before observation ``i`` of period ``t``; ``i = p`` is the filtered state.
        Shapes (n, p + 1, m) and (n, p + 1, m, m).
    v, F
        Innovation and its variance given everything before; ``F = 0`` marks a missing value.
    M
        ``P z'``, shape (n, p, m).
    """

    a: Floats
    P: Floats
    v: Floats
    F: Floats
    M: Floats


class Bound(NamedTuple):
    """A likelihood bound to data, in arrays.

    Attributes
    ----------
    free
        Positions of the sampled or estimated parameters among all, shape (k,).
    slot, coef, power
        Of the system's values, as of `capstar.kernels.terms.assemble`.
    values
        Overwritten with the system's values, of which ``system`` holds views.
    a_start
        Where the part of the initial mean that depends on parameters begins among them.
    pattern, system, sample
        Of `capstar.kernels.gaussian.loglike`; ``system.a0`` and ``sample.scale`` are overwritten.
    mean, P0
        State before the sample, shapes (m,) and (m * m,); moments of ``stationary`` states are overwritten.
    stationary
        Positions of states at their unconditional moments.
    scale_param
        Position of the parameter that scales the measurement error in each period, or -1.
    """

    free: Places
    slot: Places
    coef: Floats
    power: Places
    values: Floats
    a_start: int
    pattern: Pattern
    system: System
    sample: Sample
    mean: Floats
    P0: Floats
    stationary: Places
    scale_param: Places


def own(values: npt.ArrayLike) -> Floats:
    """Copy as the kernels are compiled for: in C order and writable, which a frame's values need not be."""
    return np.array(values, dtype=np.float64, order="C")
