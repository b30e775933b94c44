"""Named parameters: bounds, start values, constraints, what is held fixed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats
from capstar.statespace.bayes.priors import Prior
from capstar.statespace.constraints import Constraint

_GENERIC = 0.5  # over the position from the second on: placeholders that satisfy the usual constraints


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is known of one parameter before estimation.

    Attributes
    ----------
    start
        Start value where no rule or user gives one; None where there is none, and `capstar.statespace.fit` searches.
    lower, upper
        Bounds, inclusive.
    fixed
        Whether the parameter is held at its start value unless it is freed.
    unit, description
        For summaries.
    prior
        Density for `capstar.statespace.posterior`, truncated to the bounds; a maximum of the likelihood ignores it.

    Examples
    --------
    >>> from capstar.statespace import InverseGamma, Parameter
    >>> s_eta = Parameter(start=50.0, lower=0.0, unit="10^8 cubic metres", prior=InverseGamma(2, 50))
    >>> s_eta.lower, s_eta.fixed
    (0.0, False)
    """

    start: float | None = None
    lower: float = -np.inf
    upper: float = np.inf
    fixed: bool = False
    unit: str = ""
    description: str = ""
    prior: Prior | None = None


@dataclass(frozen=True)
class ParameterTable:
    """The one place where the order of parameters is known.

    Attributes
    ----------
    start, lower, upper : pandas.Series
        By parameter name, in the order of the model's parameter vector.
        ``start`` is NaN where there is no start value yet.
    fixed : pandas.Series of bool
        Whether the parameter is held at its start value.
    constraints : tuple of Constraint
        On several parameters at once.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_level
    >>> from capstar.statespace import compile_spec
    >>> table = compile_spec(nile_level()[0]).table
    >>> table.names, table.free, table.lower.to_dict()
    (['s_eps', 's_eta'], array([ True,  True]), {'s_eps': 0.0, 's_eta': 0.0})
    >>> table.complete().start.round(2).to_dict()
    {'s_eps': 0.25, 's_eta': 0.17}
    >>> table.copy() is table
    False
    """

    start: pd.Series
    lower: pd.Series
    upper: pd.Series
    fixed: pd.Series
    constraints: tuple[Constraint, ...] = ()

    @classmethod
    def build(
        cls, parameters: Mapping[str, Parameter], constraints: tuple[Constraint, ...] = ()
    ) -> ParameterTable:
        """Table of the parameters at their default start values.

        Parameters
        ----------
        parameters
            What is known of each, by name, in order.
        constraints
            On several at once.

        Examples
        --------
        >>> from capstar.statespace import Parameter, ParameterTable
        >>> ParameterTable.build({"a": Parameter(0.5, upper=1.0), "b": Parameter(2.0, fixed=True)}).free
        array([ True, False])
        """
        names = pd.Index(list(parameters), dtype="str")

        def column(field: str, kind: type) -> pd.Series:
            return pd.Series([getattr(one, field) for one in parameters.values()], names, dtype=kind)

        start, lower, upper = (column(field, float) for field in ("start", "lower", "upper"))
        return cls(start, lower, upper, column("fixed", bool), constraints)

    def copy(self) -> ParameterTable:
        """The same in series of its own."""
        return ParameterTable(
            self.start.copy(), self.lower.copy(), self.upper.copy(), self.fixed.copy(), self.constraints
        )

    @cached_property
    def names(self) -> list[str]:
        """Parameter names in order."""
        return [str(name) for name in self.start.index]

    @property
    def free(self) -> npt.NDArray[np.bool_]:
        """Mask of the parameters to be estimated, shape (k,)."""
        mask: npt.NDArray[np.bool_] = ~self.fixed.to_numpy(dtype=bool)
        return mask

    def starting(self, values: Mapping[str, float]) -> ParameterTable:
        """The same table with other start values, moved inside the bounds.

        Examples
        --------
        >>> from capstar.statespace import Parameter, ParameterTable
        >>> table = ParameterTable.build({"a": Parameter(0.5, upper=1.0)})
        >>> table.starting({"a": 3.0}).start.to_dict()
        {'a': 1.0}
        """
        start = np.clip(self._updated(values), self.lower.to_numpy(), self.upper.to_numpy())
        return replace(self, start=pd.Series(start, self.start.index))

    def complete(self) -> ParameterTable:
        """The same table with a placeholder, inside the bounds, where there is no start value."""
        generic = _GENERIC / np.arange(2.0, len(self.start) + 2.0)
        both = np.isfinite(self.lower) & np.isfinite(self.upper)
        generic = np.where(both, self.lower + 0.4 * (self.upper - self.lower).where(both), generic)
        inside = pd.Series(generic, self.start.index).clip(self.lower, self.upper)
        return replace(self, start=self.start.fillna(inside))

    def fix(self, values: Mapping[str, float]) -> ParameterTable:
        """Hold parameters at the values given.

        Examples
        --------
        >>> from capstar.statespace import Parameter, ParameterTable
        >>> table = ParameterTable.build({"a": Parameter(0.5), "b": Parameter(2.0)}).fix({"b": 1.0})
        >>> table.start.to_dict(), table.free
        ({'a': 0.5, 'b': 1.0}, array([ True, False]))
        """
        start = pd.Series(self._updated(values), self.start.index)
        fixed = self.fixed.to_numpy(dtype=bool) | np.array(
            [name in values for name in self.names], dtype=bool
        )
        return replace(self, start=start, fixed=pd.Series(fixed, self.start.index))

    def release(self, names: Iterable[str]) -> ParameterTable:
        """Estimate parameters that are held.

        Examples
        --------
        >>> from capstar.statespace import Parameter, ParameterTable
        >>> ParameterTable.build({"a": Parameter(0.5, fixed=True)}).release(["a"]).free
        array([ True])
        """
        self._require_known(names := list(names))
        fixed = self.fixed.copy()
        fixed[names] = False
        return replace(self, fixed=fixed)

    def fill(self, free_values: Floats) -> Floats:
        """Full parameter vector, shape (k,), from its free part.

        Examples
        --------
        >>> import numpy as np
        >>> from capstar.statespace import Parameter, ParameterTable
        >>> ParameterTable.build({"a": Parameter(0.5), "b": Parameter(2.0, fixed=True)}).fill(np.array([0.7]))
        array([0.7, 2. ])
        """
        theta: Floats = self.start.to_numpy(dtype=float, copy=True)
        theta[self.free] = free_values
        return theta

    def _updated(self, values: Mapping[str, float]) -> Floats:
        self._require_known(values)
        for name, value in values.items():
            if not np.isfinite(value):
                raise SpecificationError(f"{name} = {value} is not a finite number. Give one.")
        start = zip(self.names, self.start.to_numpy(dtype=float).tolist(), strict=True)
        return np.array([values.get(name, before) for name, before in start], dtype=float)

    def _require_known(self, names: Iterable[str]) -> None:
        if unknown := sorted(set(names) - set(self.names)):
            raise SpecificationError(
                f"Unknown parameters {unknown}; the model has {self.names}. Check the spelling."
            )


def require_within(values: Mapping[str, float], known: Mapping[str, Parameter]) -> None:
    """Raise `SpecificationError` where a value held lies outside its parameter's own bounds."""
    for name, value in values.items():
        one = known.get(name, Parameter())
        if not one.lower <= value <= one.upper:
            raise SpecificationError(
                f"fixed: {name} = {value:g} lies outside its bounds, {one.lower:g} to {one.upper:g}"
                f"{f' ({one.description})' if one.description else ''}. Hold it within them, or leave it out."
            )
