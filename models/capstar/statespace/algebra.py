"""Linear expressions in dated variables whose coefficients are polynomials in the parameters.

``a_r * mean((r - rstar)(-1), (r - rstar)(-2))`` is a `Linear`; ``a_r``, ``4 * c`` and
``lambda_z * sigma / a_r`` are `Coef`.  Powers of parameters may be negative (Laurent
polynomials), so every coefficient has an exact derivative.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from capstar.errors import SpecificationError

Monomial = tuple[tuple[str, int], ...]
"""Powers by parameter, sorted by name: ``(("a_r", 1), ("c", 1))`` is ``a_r * c``."""

Slot = tuple[str, int]
"""A dated variable: ``("g", -1)`` is ``g`` one period ago."""

CONSTANT = "1"
_ONE: Monomial = ()
_DIGITS = 12  # to which numbers in two coefficients have to agree


@dataclass(frozen=True)
class Coef:
    """A Laurent polynomial in the parameters, e.g. ``1 - b_1`` or ``lambda_z * sigma / a_r``.

    Attributes
    ----------
    terms
        Number in front of each monomial; zero numbers are not kept.
    """

    terms: Mapping[Monomial, float] = field(default_factory=dict)

    def __add__(self, other: Coef | float) -> Coef:
        if isinstance(other, Linear):
            return NotImplemented
        out = dict(self.terms)
        for mono, value in as_coef(other).terms.items():
            out[mono] = out.get(mono, 0.0) + value
        return Coef({mono: value for mono, value in out.items() if value != 0.0})

    def __mul__(self, other: Coef | float) -> Coef:
        if isinstance(other, Linear):
            return NotImplemented
        out: dict[Monomial, float] = {}
        for left, x in self.terms.items():
            for right, y in as_coef(other).terms.items():
                mono = _times(left, right)
                out[mono] = out.get(mono, 0.0) + x * y
        return Coef({mono: value for mono, value in out.items() if value != 0.0})

    def __truediv__(self, other: Coef | float) -> Coef:
        return self * _inverse(as_coef(other))

    def __rtruediv__(self, other: float) -> Coef:
        return as_coef(other) * _inverse(self)

    def __pow__(self, n: int) -> Coef:
        base, out = (_inverse(self) if n < 0 else self), as_coef(1.0)
        for _ in range(abs(n)):
            out = out * base
        return out

    def __neg__(self) -> Coef:
        return self * -1.0

    def __sub__(self, other: Coef | float) -> Coef:
        return NotImplemented if isinstance(other, Linear) else self + -as_coef(other)

    def __rsub__(self, other: float) -> Coef:
        return as_coef(other) - self

    __radd__, __rmul__ = __add__, __mul__

    def __str__(self) -> str:
        return _join([_monomial(mono, value) for mono, value in self.terms.items()])

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters in the order they first appear."""
        return tuple(dict.fromkeys(name for mono in self.terms for name, _ in mono))

    def at(self, values: Mapping[str, float]) -> Coef:
        """The same coefficient with numbers in place of the parameters that ``values`` names."""
        out: dict[Monomial, float] = {}
        for mono, number in self.terms.items():
            factor = math.prod(values[name] ** power for name, power in mono if name in values)
            rest = tuple(item for item in mono if item[0] not in values)
            out[rest] = out.get(rest, 0.0) + number * factor
        return Coef({mono: value for mono, value in out.items() if value != 0.0})

    def number(self, values: Mapping[str, float]) -> float:
        """Its value, ``values`` naming every parameter.

        Raises
        ------
        KeyError
            A parameter has no value.
        """
        return float(sum(x * math.prod(values[n] ** k for n, k in mono) for mono, x in self.terms.items()))


@dataclass(frozen=True)
class Linear:
    """A linear form ``sum coef * variable(lag)``.

    Calling it shifts every variable in time: ``(y - ystar)(-1)`` is the gap of last period.

    Attributes
    ----------
    terms
        Coefficient of each dated variable; the variable ``"1"`` is the constant.
    """

    terms: Mapping[Slot, Coef] = field(default_factory=dict)

    def __call__(self, shift: int) -> Linear:
        """Shift in time; the constant stays where it is."""
        return Linear({(n, k if n == CONSTANT else k + shift): coef for (n, k), coef in self.terms.items()})

    def __add__(self, other: Linear | Coef | float) -> Linear:
        out = dict(self.terms)
        for key, coef in as_linear(other).terms.items():
            out[key] = out.get(key, Coef()) + coef
        return Linear({key: coef for key, coef in out.items() if coef.terms})

    def __mul__(self, scale: Coef | float) -> Linear:
        if isinstance(scale, Linear):
            raise SpecificationError(
                f"({self}) * ({scale}) is not linear. Observed series that multiply each other "
                "belong into the data as one column."
            )
        return Linear({key: coef * scale for key, coef in self.terms.items()})

    def __truediv__(self, scale: Coef | float) -> Linear:
        return Linear({key: coef / scale for key, coef in self.terms.items()})

    def __neg__(self) -> Linear:
        return self * -1.0

    def __sub__(self, other: Linear | Coef | float) -> Linear:
        return self + -as_linear(other)

    def __rsub__(self, other: Coef | float) -> Linear:
        return as_linear(other) - self

    __radd__, __rmul__ = __add__, __mul__

    def __str__(self) -> str:
        return _join([_product(coef, key) for key, coef in self.terms.items()])

    @property
    def names(self) -> tuple[str, ...]:
        """Variables (the constant left out) in the order they first appear."""
        return tuple(dict.fromkeys(name for name, _ in self.terms if name != CONSTANT))


def params(names: str) -> tuple[Coef, ...]:
    """Declare parameters: ``a_1, a_2 = params("a_1 a_2")``.

    Examples
    --------
    >>> from capstar.statespace import params
    >>> b_1, lambda_z, sigma, a_r = params("b_1 lambda_z sigma a_r")
    >>> print(1 - b_1, "and", lambda_z * sigma / a_r)
    1 - b_1 and lambda_z*sigma/a_r
    """
    return tuple(Coef({((name, 1),): 1.0}) for name in names.split())


def variables(names: str) -> tuple[Linear, ...]:
    """Declare time series, whether observed, exogenous, latent or shocks.

    Examples
    --------
    >>> from capstar.statespace import variables
    >>> y, ystar = variables("y ystar")
    >>> print((y - ystar)(-1))
    y(-1) - ystar(-1)
    """
    return tuple(Linear({(name, 0): as_coef(1.0)}) for name in names.split())


def as_coef(value: Coef | float) -> Coef:
    """A number as a constant coefficient; a `Coef` unchanged."""
    if isinstance(value, Coef):
        return value
    return Coef({_ONE: float(value)} if value != 0.0 else {})


def as_linear(value: Linear | Coef | float) -> Linear:
    """A number or coefficient as a multiple of the constant; a `Linear` unchanged."""
    if isinstance(value, Linear):
        return value
    coef = as_coef(value)
    return Linear({(CONSTANT, 0): coef} if coef.terms else {})


def mean(*items: Linear) -> Linear:
    """Arithmetic mean of linear forms.

    Examples
    --------
    >>> from capstar.statespace import mean, params, variables
    >>> (a_r,) = params("a_r")
    >>> r, rstar = variables("r rstar")
    >>> print(a_r * mean((r - rstar)(-1), (r - rstar)(-2)))
    0.5*a_r*r(-1) - 0.5*a_r*rstar(-1) + 0.5*a_r*r(-2) - 0.5*a_r*rstar(-2)
    """
    return sum(items[1:], items[0]) / len(items)


def show_slot(slot: Slot) -> str:
    """``("g", -1)`` as ``g(-1)``, ``("g", 0)`` as ``g``."""
    name, lag = slot
    return f"{name}({lag:+d})" if lag else name


def normalised(coef: Coef) -> tuple[str, float]:
    """A coefficient as a label without its leading number, and that number."""
    if len(coef.terms) == 1:
        ((mono, value),) = coef.terms.items()
        return label_of(mono), value
    ordered = sorted(coef.terms.items())
    factor = ordered[0][1]
    return str(Coef({mono: float(f"{value / factor:.{_DIGITS}g}") for mono, value in ordered})), factor


@cache
def label_of(mono: Monomial) -> str:
    """A product of powers as text: ``a_r*c``."""
    return str(Coef({mono: 1.0}))


def is_linear(mono: Monomial) -> bool:
    """Whether it is a number or one parameter."""
    return not mono or (len(mono) == 1 and mono[0][1] == 1)


def less(mono: Monomial, names: list[str]) -> Monomial:
    """The product without some parameters."""
    return tuple(item for item in mono if item[0] not in names)


def _times(left: Monomial, right: Monomial) -> Monomial:
    powers = dict(left)
    for name, power in right:
        powers[name] = powers.get(name, 0) + power
    return tuple(sorted((name, power) for name, power in powers.items() if power))


def _inverse(coef: Coef) -> Coef:
    if len(coef.terms) != 1:
        raise SpecificationError(
            f"Division by ({coef}) is not a product of powers of parameters. "
            "Divide by a single term, or declare the quotient as a parameter of its own."
        )
    ((mono, value),) = coef.terms.items()
    return Coef({tuple((name, -power) for name, power in mono): 1.0 / value})


def _monomial(mono: Monomial, value: float) -> str:
    above = [f"{n}^{k}" if k > 1 else n for n, k in mono if k > 0]
    below = [f"{n}^{-k}" if k < -1 else n for n, k in mono if k < 0]
    number = f"{abs(value):.6g}"
    body = "*".join([*([number] if number != "1" or not above else []), *above])
    return ("-" if value < 0 else "") + "/".join([body, *below])


def _product(coef: Coef, slot: Slot) -> str:
    text, name = str(coef), show_slot(slot)
    if slot[0] == CONSTANT:
        return text
    if text in ("1", "-1"):
        return text.replace("1", name)
    return f"({text})*{name}" if len(coef.terms) > 1 else f"{text}*{name}"


def _join(parts: list[str]) -> str:
    if not parts:
        return "0"
    return " ".join([parts[0], *(f"- {p[1:]}" if p.startswith("-") else f"+ {p}" for p in parts[1:])])
