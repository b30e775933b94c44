"""Samples in which the predictor is persistent and its innovations move with the return."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

Floats = npt.NDArray[np.float64]
PERIODS, MONTHS = (
    250,
    700,
)  # one-period observations of a regression: by the quarter or the like, and by the month


@dataclass(frozen=True)
class Design:
    """A predictor ``x[t] = rho x[t-1] + u[t]`` and a return whose error has correlation ``delta`` with u.

    Attributes
    ----------
    name
        Of the persistence.
    rho
        Autoregressive root.
    delta
        Correlation of the two errors, both of variance 1.
    stationary
        The first value is drawn from the stationary distribution; otherwise it is 0, as local-to-unity
        theory has it.
    periods
        One-period observations.
    """

    name: str
    rho: float
    delta: float
    stationary: bool = False
    periods: int = PERIODS

    def draw(self, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Unpredictable returns and the predictor, ``periods + 1`` values each."""
        u, other = rng.standard_normal((2, self.periods + 1))
        shocks = u.copy()
        shocks[0] = u[0] / np.sqrt(1 - self.rho**2) if self.stationary else 0.0
        return self.delta * u + np.sqrt(1 - self.delta**2) * other, lfilter([1.0], [1.0, -self.rho], shocks)


def predictable(returns: Floats, x: Floats, slope: float) -> Floats:
    """Returns that the predictor's last value moves by ``slope``."""
    return returns + slope * np.concatenate([[0.0], x[:-1]])


_ROOTS = {
    "rho = 0.95": 0.95,
    "rho = 0.95, x0 = 0": 0.95,
    "c = -5": 1 - 5 / PERIODS,
    "c = -2": 1 - 2 / PERIODS,
    "c = 0": 1.0,
}


def _designs(*names: str) -> tuple[Design, ...]:
    return tuple(
        Design(name, _ROOTS[name], delta, stationary=name == "rho = 0.95")
        for delta in (-0.95, 0.0)
        for name in names
    )


SIZE_DESIGNS = _designs(*_ROOTS)
POWER_DESIGNS = _designs("rho = 0.95", "c = -5")
# As persistent as a monthly gap, in samples as long as its own.
MONTHLY_DESIGNS = tuple(
    Design(f"rho = {rho}", rho, delta, stationary=True, periods=MONTHS)
    for delta in (-0.95, 0.0)
    for rho in (0.98, 0.99)
)
