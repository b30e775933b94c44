"""Bounded parameters on the whole line, where densities have no edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from capstar.kernels.arrays import Floats
from capstar.statespace.bayes.priors import Prior
from capstar.statespace.bayes.target import Target


@dataclass(frozen=True)
class Line:
    """Logarithms of distances from a bound, and log ratios of the distances between two.

    Attributes
    ----------
    lower, upper
        Bounds of each parameter, shape (k,); infinite where there is none.
    """

    lower: Floats
    upper: Floats

    @classmethod
    def of(cls, priors: Sequence[Prior]) -> Self:
        """Between the ends of priors."""
        return cls(np.array([one.lower for one in priors]), np.array([one.upper for one in priors]))

    def position(self, x: Floats) -> Floats:
        """Place on the line, shape (..., k), of parameters inside their bounds."""
        below, above = np.isfinite(self.lower), np.isfinite(self.upper)
        low, high = np.where(below, x - self.lower, 1.0), np.where(above, self.upper - x, 1.0)
        moved: Floats = np.log(low) - np.log(high)
        return np.where(below | above, moved, x)

    def parameters(self, u: Floats) -> Floats:
        """Parameters at a place on the line."""
        return self._map(u)[0]

    def density(self, target: Target, u: Floats) -> tuple[float, Floats]:
        """Log posterior density on the line, and its gradient (k,)."""
        x, slope, bend, log_slope = self._map(u)
        value, score = target.value_and_score(x)
        return value + float(log_slope.sum()), score * slope + bend

    def log_density(self, target: Target, u: Floats) -> float:
        """The same without gradient."""
        x, _, _, log_slope = self._map(u)
        return target.log_density(x) + float(log_slope.sum())

    def slope(self, u: Floats) -> Floats:
        """Derivative of each parameter in its place."""
        return self._map(u)[1]

    def log_slope(self, u: Floats) -> Floats:
        """Logarithm of the derivative of all parameters in their places (..., k), shape (...)."""
        total: Floats = self._map(u)[3].sum(axis=-1)
        return total

    def _map(self, u: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Parameters, derivative, derivative of the derivative's logarithm, and that logarithm."""
        below, above = np.isfinite(self.lower), np.isfinite(self.upper)
        grown = np.exp(np.clip(np.where(above & ~below, -u, u), -700.0, 700.0))
        share = 1.0 / (1.0 + np.exp(-np.clip(u, -700.0, 700.0)))
        low, high = np.where(below, self.lower, 0.0), np.where(above, self.upper, 0.0)
        between, wide = below & above, high - low

        def chosen(inside: Floats, one: Floats, other: Floats, free: Floats | float) -> Floats:
            return np.where(between, inside, np.where(below, one, np.where(above, other, free)))

        x = chosen(low + wide * share, low + grown, high - grown, u)
        slope = chosen(wide * share * (1 - share), grown, grown, 1.0)
        bend = chosen(1 - 2 * share, np.ones_like(u), -np.ones_like(u), 0.0)
        # In logs from the start: far out the slope itself is zero.
        logistic = np.log(np.where(between, wide, 1.0)) - np.abs(u) - 2 * np.log1p(np.exp(-np.abs(u)))
        return x, slope, bend, chosen(logistic, u, -u, 0.0)
