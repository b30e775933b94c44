"""From a table of terms to system entries, and the derivative back to the parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capstar.kernels.compiling import kernel

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


@kernel
def assemble(theta: Floats, slot: Ints, coef: Floats, power: Ints, values: Floats) -> None:
    """``values[slot[i]] += coef[i] * prod_j theta[j] ** power[i, j]``, from zero.

    ``power`` has shape (n_terms, n_params); ``values`` is written.
    """
    values[:] = 0.0
    for i in range(slot.size):
        term = coef[i]
        for j in range(theta.size):
            if power[i, j] != 0:
                term *= theta[j] ** power[i, j]
        values[slot[i]] += term


@kernel
def jacobian(theta: Floats, slot: Ints, coef: Floats, power: Ints, out: Floats) -> None:
    """``out[s, j] = d values[s] / d theta[j]``, shape (n_values, n_params), from zero."""
    out[:] = 0.0
    for i in range(slot.size):
        for j in range(theta.size):
            if power[i, j] == 0:
                continue
            term = coef[i] * power[i, j]
            for k in range(theta.size):
                exponent = power[i, k] - (1 if k == j else 0)
                if exponent != 0:
                    term *= theta[k] ** exponent
            out[slot[i], j] += term
