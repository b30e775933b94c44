"""The limit of the Dickey-Fuller t statistic at a root near one, and the roots that a value of it does not reject."""

from __future__ import annotations

from math import comb

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from capstar.kernels.arrays import Floats

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(80)
_NODES = ((_NODES + 1) / 2) ** 3  # of the unit interval, dense near 0, where the integrands turn
_WEIGHTS = 1.5 * _WEIGHTS * _NODES ** (2 / 3)
_DAMPING = 18.4  # of the Fourier series: it errs by exp(-18.4), 1e-8
_AVERAGED = (
    np.array([comb(11, k) for k in range(12)]).cumsum()[::-1] / 2.0**11
)  # Euler's weights of the last terms


def c_interval(statistic: float, level: float) -> tuple[float, float]:
    """Equal-tailed confidence interval of c, the root being ``1 + c / n``, by inverting the test (Stock 1991).

    Parameters
    ----------
    statistic
        Unit-root t statistic whose limit is `limit_probability`, such as that of DF-GLS.
    level
        Coverage; above 0.999999 taken as that.  Of a statistic below -30 the interval is that of the normal
        distribution to which the limit itself tends, with mean ``-sqrt(-c / 2)`` and variance 1/4.
    """
    tail = (1 - min(level, 1 - 1e-6)) / 2
    if statistic < -30:
        half = float(ndtri(1 - tail)) / 2
        return -2 * (statistic - half) ** 2, -2 * (statistic + half) ** 2
    least, most = -2 * (abs(statistic) + 9) ** 2, 40.0
    low, high = (
        brentq(lambda c, p=p: limit_probability(statistic, c) - p, least, most, xtol=1e-9)
        for p in (1 - tail, tail)
    )
    return float(low), float(high)


def limit_probability(x: float, c: float) -> float:
    """Probability that the t statistic of a root ``1 + c / n`` lies below x, without deterministic terms, large n.

    The statistic tends to ``(J(1)^2 - 1) / (2 sqrt A)``, ``A`` the integral of ``J^2`` and ``J`` an
    Ornstein-Uhlenbeck process from 0 (Phillips 1987): it lies below x where ``J(1) = b`` and ``A`` is on one side of
    ``((b^2 - 1) / (2 x))^2``.
    """
    sd = np.sqrt(np.expm1(2 * c) / (2 * c)) if c else 1.0  # of J(1)
    inside = 2 * float(ndtr(1 / sd)) - 1  # probability of a negative statistic
    # Integrated over b from 1, where A is 0: inwards to 0, or outwards to where b or such an A is all but impossible.
    reach = -1.0 if x < 0 else min(max(9 * sd - 1, 0.0), 5 + 4 * x / max(c, 1.0) ** 0.5)
    if abs(x) < 1e-8 or not reach:
        return inside
    beyond = reach * _NODES
    below = _joint((beyond * (2 + beyond) / (2 * x)) ** 2, 1 + beyond, c)
    if x < 0:
        return 2 * float(_WEIGHTS @ below)
    density = np.exp(-0.5 * ((1 + beyond) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
    return inside + 2 * reach * float(_WEIGHTS @ (density - below))


def _joint(a: Floats, b: Floats, c: float) -> Floats:
    """Probability that A is below a together with the density of J(1) at b, shapes (n,).

    Its Laplace transform in a follows from Girsanov's theorem: under another drift, ``-k`` with ``k^2 = c^2 + 2 s``,
    the weight ``exp(-s A)`` cancels.  Inverted by the Fourier series of Abate and Whitt (1992, section 2), with more
    terms where A varies little.
    """
    terms = 25 + int(4 * np.sqrt(abs(c)))
    signs = np.r_[0.5, np.ones(terms), _AVERAGED[1:]] * (-1.0) ** np.arange(terms + 12)
    s, square = (_DAMPING / 2 + 1j * np.pi * np.arange(len(signs))) / a[:, None], (b**2)[:, None]
    k = np.sqrt(c**2 + 2 * s)
    rest = np.exp(-2 * k)
    exponent = (c * (square - 1) - k - square * k * (1 + rest) / (1 - rest)) / 2
    density = (np.sqrt(k / (np.pi * (1 - rest))) * np.exp(exponent) / s).real
    out: Floats = density @ signs * np.exp(_DAMPING / 2) / a
    return out
