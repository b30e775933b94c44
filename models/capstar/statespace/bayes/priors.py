"""Prior distributions of parameters: what stands in the column ``prior`` of the parameter table."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats
from capstar.kernels.random_walk import BETA, INVERSE_GAMMA, NORMAL, UNIFORM, Priors, log_prior

P = TypeVar("P", bound="Prior")


class Prior(ABC):
    """A density on an interval, outside of which it is zero.

    Densities integrate to one over their interval, truncated or not.

    Examples
    --------
    >>> from capstar.statespace import Normal
    >>> prior = Normal(0.0, 2.0, upper=-0.0025)
    >>> print(prior)
    N(0, sd 2) on [-inf, -0.0025]
    >>> prior.kernel[1:], float(prior.untruncated.mean()), [round(share, 2) for share in prior.mass]
    ((0.0, 2.0), 0.0, [0.0, 0.5])
    """

    lower: float
    upper: float

    @property
    @abstractmethod
    def kernel(self) -> tuple[int, float, float]:
        """Which density of `capstar.kernels.random_walk`, and its two numbers."""

    @property
    @abstractmethod
    def untruncated(self) -> Any:
        """The density without the interval, as a distribution of SciPy."""

    @abstractmethod
    def slope(self, x: float) -> float:
        """Derivative of the log density at a point inside.

        Examples
        --------
        >>> from capstar.statespace import InverseGamma
        >>> round(InverseGamma(2, 100).slope(40.0), 4)  # -3 / 40 + 100 / 40^2
        -0.0125
        """

    @abstractmethod
    def __str__(self) -> str:
        """As in a table of priors."""

    @cached_property
    def mass(self) -> tuple[float, float]:
        """What the density without the interval gives to the left of its two ends."""
        found = self.untruncated.cdf([self.lower, self.upper])
        return float(found[0]), float(found[1])

    def log_density(self, x: npt.ArrayLike) -> Floats:
        """Log density at points, minus infinity outside.

        Examples
        --------
        >>> from capstar.statespace import Uniform
        >>> Uniform(0.0, 2.0).log_density([1.0, 3.0]).round(2)
        array([-0.69,  -inf])
        """
        at = np.asarray(x, dtype=float)
        inside = (at >= self.lower) & (at <= self.upper)
        low, high = self.mass
        out: Floats = np.where(inside, self.untruncated.logpdf(at) - math.log(high - low), -np.inf)
        return out

    def quantile(self, p: npt.ArrayLike) -> Floats:
        """Points below which the density has the probabilities given.

        Examples
        --------
        >>> from capstar.statespace import Normal
        >>> Normal(0.0, 1.0, lower=0.0).quantile([0.5, 0.95]).round(2)
        array([0.67, 1.96])
        """
        low, high = self.mass
        share = low + np.asarray(p, dtype=float) * (high - low)
        out: Floats = np.clip(self.untruncated.ppf(share), self.lower, self.upper)
        return out

    def draws(self, size: int, *, seed: int | np.random.Generator = 0) -> Floats:
        """Independent draws, shape (size,).

        Parameters
        ----------
        size
            Number of draws.
        seed
            Or a generator.

        Examples
        --------
        >>> from capstar.statespace import Beta
        >>> Beta(2, 2).draws(1000, seed=1).mean().round(1).item()
        0.5
        """
        return self.quantile(np.random.default_rng(seed).uniform(size=size))

    def within(self: P, lower: float, upper: float) -> P:
        """The same density truncated to an interval as well.

        Raises
        ------
        SpecificationError
            Nothing of it lies there.

        Examples
        --------
        >>> from capstar.statespace import Normal
        >>> print(Normal(0.0, 1.0).within(-2.0, 0.0))
        N(0, sd 1) on [-2, 0]
        """
        low, high = max(self.lower, lower), min(self.upper, upper)
        if (low, high) == (self.lower, self.upper):
            return self
        if not low < high:
            raise SpecificationError(
                f"The prior {self} gives nothing to the bounds {lower:g} and {upper:g} of its parameter. Change one."
            )
        return replace(self, lower=low, upper=high)  # type: ignore[type-var]

    def _check(self, scales: Sequence[float], domain: tuple[float, float] = (-np.inf, np.inf)) -> None:
        ordered = domain[0] <= self.lower < self.upper <= domain[1]
        if not ordered or not all(np.isfinite(one) and one > 0 for one in scales):
            raise SpecificationError(
                f"{self} is not a density: scales and shapes must be positive, and the interval "
                f"[{self.lower:g}, {self.upper:g}] increasing, within [{domain[0]:g}, {domain[1]:g}]."
            )

    def _truncated(self, domain: tuple[float, float]) -> str:
        whole = (self.lower, self.upper) == domain
        return "" if whole else f" on [{self.lower:g}, {self.upper:g}]"


@dataclass(frozen=True)
class Normal(Prior):
    """A normal density, truncated where ``lower`` and ``upper`` are given.

    Examples
    --------
    >>> from capstar.statespace import Normal
    >>> prior = Normal(0.0, 2.0, upper=-0.0025)
    >>> print(prior)
    N(0, sd 2) on [-inf, -0.0025]
    >>> bool(prior.draws(1000).max() < 0)
    True
    """

    mean: float
    sd: float
    lower: float = -np.inf
    upper: float = np.inf

    def __post_init__(self) -> None:
        self._check([self.sd])

    def __str__(self) -> str:
        return f"N({self.mean:g}, sd {self.sd:g}){self._truncated((-np.inf, np.inf))}"

    @property
    def kernel(self) -> tuple[int, float, float]:
        """Mean and standard deviation."""
        return NORMAL, self.mean, self.sd

    @cached_property
    def untruncated(self) -> Any:
        """SciPy's."""
        from scipy.stats import norm

        return norm(self.mean, self.sd)

    def slope(self, x: float) -> float:
        """Towards the mean."""
        return (self.mean - x) / self.sd**2


@dataclass(frozen=True)
class Uniform(Prior):
    """The same density everywhere between ``lower`` and ``upper``.

    Examples
    --------
    >>> from capstar.statespace import Uniform
    >>> Uniform(0.0, 2.0).quantile([0.05, 0.95]).round(2)
    array([0.1, 1.9])
    """

    lower: float
    upper: float

    def __post_init__(self) -> None:
        self._check([self.upper - self.lower])

    def __str__(self) -> str:
        return f"U({self.lower:g}, {self.upper:g})"

    @property
    def kernel(self) -> tuple[int, float, float]:
        """Without numbers."""
        return UNIFORM, 0.0, 1.0

    @cached_property
    def untruncated(self) -> Any:
        """SciPy's."""
        from scipy.stats import uniform

        return uniform(self.lower, self.upper - self.lower)

    def slope(self, x: float) -> float:
        """Zero."""
        return 0.0 * x


@dataclass(frozen=True)
class Beta(Prior):
    """A beta density on the unit interval, proportional to ``x^(a - 1) (1 - x)^(b - 1)``.

    Examples
    --------
    >>> from capstar.statespace import Beta
    >>> Beta(2, 5).quantile([0.05, 0.5, 0.95]).round(2)
    array([0.06, 0.26, 0.58])
    """

    a: float
    b: float
    lower: float = 0.0
    upper: float = 1.0

    def __post_init__(self) -> None:
        self._check([self.a, self.b], (0.0, 1.0))

    def __str__(self) -> str:
        return f"Beta({self.a:g}, {self.b:g}){self._truncated((0.0, 1.0))}"

    @property
    def kernel(self) -> tuple[int, float, float]:
        """Both shapes."""
        return BETA, self.a, self.b

    @cached_property
    def untruncated(self) -> Any:
        """SciPy's."""
        from scipy.stats import beta

        return beta(self.a, self.b)

    def slope(self, x: float) -> float:
        """Of both logarithms."""
        return (self.a - 1) / x - (self.b - 1) / (1 - x)


@dataclass(frozen=True)
class InverseGamma(Prior):
    """An inverse gamma density on positive numbers, proportional to ``x^(-shape - 1) exp(-scale / x)``.

    Its mean is ``scale / (shape - 1)``.

    Examples
    --------
    >>> from capstar.statespace import InverseGamma
    >>> prior = InverseGamma(3, 100)
    >>> print(prior, prior.untruncated.mean())
    IG(3, 100) 50.0
    """

    shape: float
    scale: float
    lower: float = 0.0
    upper: float = np.inf

    def __post_init__(self) -> None:
        self._check([self.shape, self.scale], (0.0, np.inf))

    def __str__(self) -> str:
        return f"IG({self.shape:g}, {self.scale:g}){self._truncated((0.0, np.inf))}"

    @property
    def kernel(self) -> tuple[int, float, float]:
        """Shape and scale."""
        return INVERSE_GAMMA, self.shape, self.scale

    @cached_property
    def untruncated(self) -> Any:
        """SciPy's."""
        from scipy.stats import invgamma

        return invgamma(self.shape, scale=self.scale)

    def slope(self, x: float) -> float:
        """Of both factors."""
        return -(self.shape + 1) / x + self.scale / x**2


def as_arrays(priors: Sequence[Prior]) -> Priors:
    """Priors as the compiled sampler takes them."""
    codes = [one.kernel for one in priors]

    def column(values: Iterable[float]) -> Floats:
        return np.array(list(values), dtype=float)

    bare = Priors(
        np.array([code[0] for code in codes], dtype=np.int64),
        column(code[1] for code in codes), column(code[2] for code in codes),
        column(one.lower for one in priors), column(one.upper for one in priors),
        np.zeros(len(codes)),
    )  # fmt: skip
    # What the kernel's density lacks of one that integrates to one, found in the middle of each.
    for i, one in enumerate(priors):
        middle = one.quantile(0.5).reshape(1)
        alone = Priors(bare.kind[i : i + 1], *(values[i : i + 1] for values in bare[1:]))
        bare.constant[i] = float(one.log_density(middle)[0]) - log_prior(middle, alone)
    return bare
