"""The term table against the polynomials it stands for."""

from __future__ import annotations

import numpy as np
import pytest

from capstar.kernels import terms

THETA = np.array([0.7, -0.4, 1.3])
# values[0] = 2 a^2 / b - 3;  values[1] = a b c;  values[2] stays empty;  values[3] = c^-2 + c^-2
SLOT = np.array([0, 0, 1, 3, 3])
COEF = np.array([2.0, -3.0, 1.0, 1.0, 1.0])
POWER = np.array([[2, -1, 0], [0, 0, 0], [1, 1, 1], [0, 0, -2], [0, 0, -2]])


def polynomials(theta: np.ndarray) -> np.ndarray:
    a, b, c = theta
    return np.array([2 * a**2 / b - 3, a * b * c, 0 * a, 2 / c**2])


def test_entries_are_the_polynomials() -> None:
    out = np.full(4, 99.0)  # what stood there before must not be added to
    terms.assemble(THETA, SLOT, COEF, POWER, out)
    np.testing.assert_allclose(out, polynomials(THETA), rtol=1e-15)  # a few roundings


def test_jacobian_equals_complex_steps() -> None:
    out = np.full((4, 3), 99.0)
    terms.jacobian(THETA, SLOT, COEF, POWER, out)
    for j in range(THETA.size):
        step = THETA.astype(complex)
        step[j] += 1e-30j
        expected = polynomials(step).imag / 1e-30
        np.testing.assert_allclose(out[:, j], expected, rtol=1e-14)


@pytest.mark.parametrize("power", [1, 2])
def test_jacobian_at_zero(power: int) -> None:
    """A parameter at a bound of zero, as lambda_z may be: d(x^k)/dx is 1 or 0 there, not NaN."""
    out = np.empty((1, 1))
    terms.jacobian(np.zeros(1), np.zeros(1, dtype=int), np.ones(1), np.array([[power]]), out)
    assert out[0, 0] == (1.0 if power == 1 else 0.0)
