"""Constraints on several parameters at once, as maps from coordinates with plain bounds.

The optimiser moves in coordinates in which every constraint is a box; a constraint says how the parameters follow
from them and with which Jacobian, so that the score in the coordinates is as exact as that in the parameters.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats
from capstar.statespace.algebra import Coef, as_coef

_INSIDE = 0.98  # largest root that explosive start values are shrunk to
_EDGE = 1e-6  # distance kept from the boundary, where likelihoods are not defined


class Constraint(ABC):
    """A set of parameter values that is a box in other coordinates.

    A further constraint is a subclass: frozen, with ``names``, and the four methods below.

    Examples
    --------
    >>> from capstar.statespace import SumBelow
    >>> constraint = SumBelow("a_1", "a_2", limit=0.9)
    >>> print(constraint)
    a_1 + a_2 < 0.9
    >>> constraint.names, constraint.bounds()[1].round(2)
    (('a_1', 'a_2'), array([inf, 0.9]))
    """

    names: tuple[str, ...]

    @abstractmethod
    def __str__(self) -> str:
        """The constraint as a mathematician would write it."""

    @abstractmethod
    def bounds(self) -> tuple[Floats, Floats]:
        """Smallest and largest value of each coordinate, shapes (k,)."""

    @abstractmethod
    def coordinates(self, values: Floats) -> Floats:
        """Coordinates of parameter values (k,), those outside moved inside first.

        Examples
        --------
        >>> import numpy as np
        >>> from capstar.statespace import Stationary
        >>> Stationary("rho_1", "rho_2").coordinates(np.array([1.2, -0.5])).round(2)  # partial autocorrelations
        array([ 0.8, -0.5])
        """

    @abstractmethod
    def values(self, coordinates: Floats) -> tuple[Floats, Floats]:
        """Parameter values (k,) and their Jacobian in the coordinates, shape (k, k).

        Examples
        --------
        >>> import numpy as np
        >>> from capstar.statespace import Stationary
        >>> values, jacobian = Stationary("rho_1", "rho_2").values(np.array([0.8, -0.5]))
        >>> values.round(2), jacobian.round(2).tolist()
        (array([ 1.2, -0.5]), [[1.5, -0.8], [0.0, 1.0]])
        """

    def among(self, free: Mapping[str, bool], fixed: Mapping[str, float]) -> Constraint | None:
        """The constraint on the parameters that are ``free``, the others at ``fixed`` values; None where none is.

        Parameters
        ----------
        free
            Whether each parameter of the model is estimated, by name.
        fixed
            Values by name.

        Raises
        ------
        SpecificationError
            Some are held and not all, where the constraint needs all or none.

        Examples
        --------
        >>> from capstar.statespace import SumBelow
        >>> print(SumBelow("a", "b", "c").among({"a": True, "b": True, "c": False}, {"c": 0.3}))
        a + b < 0.7
        """
        held = [name for name in self.names if not free[name]]
        if len(held) == len(self.names):
            return None
        if held:
            raise SpecificationError(
                f"{self}: {held[0]} cannot be held fixed alone. Hold all of {list(self.names)}, or none."
            )
        return self


@dataclass(frozen=True)
class Stationary(Constraint):
    r"""The autoregression :math:`x_t = a_1 x_{t-1} + \dots + a_p x_{t-p}` is stationary.

    Its coordinates are the partial autocorrelations, each between -1 and 1.

    Parameters
    ----------
    *names
        Parameters :math:`a_1, \dots, a_p`, in order of the lag.

    References
    ----------
    Monahan, J. F. (1984). A note on enforcing stationarity in autoregressive-moving average models. *Biometrika*
    71(2), 403-404.

    Examples
    --------
    >>> from capstar.statespace import Stationary
    >>> print(Stationary("rho_1", "rho_2"))
    the autoregression with coefficients rho_1, rho_2 is stationary
    >>> Stationary("rho").bounds()[1].round(3)
    array([1.])
    """

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", _distinct(names, "Stationary"))

    def __str__(self) -> str:
        return f"the autoregression with coefficients {', '.join(self.names)} is stationary"

    def bounds(self) -> tuple[Floats, Floats]:
        """Of the partial autocorrelations."""
        limit = np.full(len(self.names), 1.0 - _EDGE)
        return -limit, limit

    def coordinates(self, values: Floats) -> Floats:
        """Partial autocorrelations; the roots of an explosive autoregression are shrunk first."""
        out = _partial_autocorrelations(values)
        if out is None:
            largest = np.abs(np.linalg.eigvals(companion(values))).max()
            shrunk = values * (_INSIDE / max(1.0, largest)) ** np.arange(1, values.size + 1)
            out = _partial_autocorrelations(shrunk)
        assert out is not None
        return out

    def values(self, coordinates: Floats) -> tuple[Floats, Floats]:
        """Durbin's recursion, with its derivative beside it."""
        k = coordinates.size
        values, slope = np.zeros(0), np.zeros((0, k))
        for order, partial in enumerate(coordinates):
            backward, slope_backward = values[::-1], slope[::-1]
            moved = slope - partial * slope_backward
            moved[:, order] -= backward
            values = np.append(values - partial * backward, partial)
            slope = np.vstack([moved, np.eye(k)[order]])
        return values, slope


@dataclass(frozen=True)
class SumBelow(Constraint):
    """The sum of parameters stays below a limit, as that of ``a_y1`` and ``a_y2`` below one.

    Its coordinates are the parameters but for the last, and the sum in place of the last.

    Parameters
    ----------
    *names
        Parameters; the last free one gives way and can have no bounds of its own.
    limit
        Of the sum.

    Examples
    --------
    >>> import numpy as np
    >>> from capstar.statespace import SumBelow
    >>> SumBelow("a", "b").values(np.array([0.7, 0.9]))[0].round(2)
    array([0.7, 0.2])
    """

    names: tuple[str, ...]
    limit: float = 1.0

    def __init__(self, *names: str, limit: float = 1.0) -> None:
        object.__setattr__(self, "names", _distinct(names, "SumBelow"))
        object.__setattr__(self, "limit", float(limit))

    def __str__(self) -> str:
        return f"{' + '.join(self.names)} < {self.limit:g}"

    def bounds(self) -> tuple[Floats, Floats]:
        """Only the sum has one."""
        upper = np.full(len(self.names), np.inf)
        upper[-1] = self.limit - _EDGE
        return np.full(len(self.names), -np.inf), upper

    def coordinates(self, values: Floats) -> Floats:
        """The sum in place of the last."""
        out = values.copy()
        out[-1] = min(values.sum(), self.limit - _EDGE)
        return out

    def values(self, coordinates: Floats) -> tuple[Floats, Floats]:
        """The last is the sum less the others."""
        slope = np.eye(coordinates.size)
        slope[-1, :-1] = -1.0
        return slope @ coordinates, slope

    def among(self, free: Mapping[str, bool], fixed: Mapping[str, float]) -> Constraint | None:
        """The sum of those that are free, below what the others leave."""
        kept = [name for name in self.names if free[name]]
        held = sum(fixed[name] for name in self.names if not free[name])
        return SumBelow(*kept, limit=self.limit - held) if kept else None


@dataclass(frozen=True)
class Between(Constraint):
    """A function of parameters lies between two limits, as a ratio of standard deviations does.

    Its coordinates are the parameters but for the first that occurs with power one or minus one, and the function in
    place of that.  In `capstar.statespace.posterior` any polynomial will do; a maximum of the likelihood needs a single
    product of powers.

    Parameters
    ----------
    expression
        Of parameters, such as ``sigma_g / sigma_ystar``.
    lower, upper
        Of the expression, inclusive.

    Examples
    --------
    >>> import numpy as np
    >>> from capstar.statespace import Between, params
    >>> sigma_g, sigma_ystar = params("sigma_g sigma_ystar")
    >>> print(Between(sigma_g / sigma_ystar, 0.01, 5))
    0.01 <= sigma_g/sigma_ystar <= 5
    """

    expression: Coef
    lower: float
    upper: float

    def __init__(self, expression: Coef, lower: float, upper: float) -> None:
        known = as_coef(expression)
        if not known.names or not lower < upper:
            raise SpecificationError(
                f"Between({known}, {lower}, {upper}): give an expression in parameters and two limits, the lower first."
            )
        for name, value in (("expression", known), ("lower", float(lower)), ("upper", float(upper))):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "names", known.names)

    def __str__(self) -> str:
        return f"{self.lower:g} <= {self.expression} <= {self.upper:g}"

    def bounds(self) -> tuple[Floats, Floats]:
        """Only the expression has them."""
        at, _ = self._gives_way()
        low, high = np.full(len(self.names), -np.inf), np.full(len(self.names), np.inf)
        low[at], high[at] = self.lower, self.upper
        return low, high

    def coordinates(self, values: Floats) -> Floats:
        """The expression in place of the parameter that gives way."""
        at, _ = self._gives_way()
        out = values.copy()
        out[at] = np.clip(
            self.expression.number(dict(zip(self.names, values, strict=True))), self.lower, self.upper
        )
        return out

    def values(self, coordinates: Floats) -> tuple[Floats, Floats]:
        """The parameter that gives way is the expression over the rest of it, or the inverse."""
        at, powers = self._gives_way()
        ((_, number),) = self.expression.terms.items()
        others, slope, out = np.delete(np.arange(powers.size), at), np.eye(powers.size), coordinates.copy()
        each = coordinates[others] ** powers[others]
        rest, value = number * float(np.prod(each)), coordinates[at]
        by_rest = -value / rest**2 if powers[at] > 0 else 1.0 / value
        out[at] = value / rest if powers[at] > 0 else rest / value
        slope[at, at] = 1.0 / rest if powers[at] > 0 else -rest / value**2
        for i, other in enumerate(others):
            power = powers[other]
            alone = power * coordinates[other] ** (power - 1)
            slope[at, other] = by_rest * number * alone * float(np.prod(np.delete(each, i)))
        return out, slope

    def among(self, free: Mapping[str, bool], fixed: Mapping[str, float]) -> Constraint | None:
        """The expression with numbers in place of those that are held."""
        rest = self.expression.at({name: fixed[name] for name in self.names if not free[name]})
        return Between(rest, self.lower, self.upper) if rest.names else None

    def _gives_way(self) -> tuple[int, Floats]:
        """Position of the parameter that gives way, and the power of each."""
        if len(self.expression.terms) == 1:
            ((mono, _),) = self.expression.terms.items()
            powers = [dict(mono)[name] for name in self.names]
            for at, power in enumerate(powers):
                if abs(power) == 1:
                    return at, np.array(powers, dtype=float)
        raise SpecificationError(
            f"{self}: to maximise a likelihood the expression must be one product of powers of parameters, one of them "
            "with power one or minus one. Declare the expression as a parameter of its own."
        )


def _partial_autocorrelations(coefficients: Floats) -> Floats | None:
    """Durbin's recursion backwards; None where one is not below one, and so the autoregression not stationary."""
    out, left = np.empty_like(coefficients), coefficients
    for k in range(coefficients.size - 1, -1, -1):
        out[k] = left[k]
        if not abs(out[k]) < 1.0:
            return None
        left = (left[:k] + out[k] * left[:k][::-1]) / (1.0 - out[k] ** 2)
    return out


def companion(coefficients: Floats) -> Floats:
    """Companion matrix of an autoregression, shape (p, p)."""
    out = np.eye(coefficients.size, k=-1)
    out[0] = coefficients
    return out


def _distinct(names: tuple[str, ...], kind: str) -> tuple[str, ...]:
    if not names or len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
        raise SpecificationError(
            f"{kind}{names}: give the names of one or more parameters, each once, as text."
        )
    return tuple(names)
