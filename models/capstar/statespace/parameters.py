"""Named parameters: bounds, start values, what is held fixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import SpecificationError


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is known of one parameter before estimation.

    Attributes
    ----------
    start
        Start value where no rule or user gives one.
    lower, upper
        Bounds, inclusive.
    unit, description
        For summaries.
    """

    start: float = 0.5
    lower: float = -np.inf
    upper: float = np.inf
    unit: str = ""
    description: str = ""


@dataclass(frozen=True)
class ParameterTable:
    """The one place where the order of parameters is known.

    Attributes
    ----------
    start, lower, upper : pandas.Series
        By parameter name, in the order of the model's parameter vector.
    fixed : pandas.Series of bool
        Whether the parameter is held at its start value.
    """

    start: pd.Series
    lower: pd.Series
    upper: pd.Series
    fixed: pd.Series

    @classmethod
    def build(cls, parameters: Mapping[str, Parameter]) -> ParameterTable:
        """Table of free parameters at their default start values."""
        names = list(parameters)

        def column(field: str) -> pd.Series:
            return pd.Series([getattr(parameters[n], field) for n in names], names, dtype=float)

        fixed = pd.Series(False, index=names, dtype=bool)
        return cls(column("start"), column("lower"), column("upper"), fixed)

    @property
    def names(self) -> list[str]:
        """Parameter names in order."""
        return [str(name) for name in self.start.index]

    @property
    def free(self) -> npt.NDArray[np.bool_]:
        """Mask of the parameters to be estimated, shape (k,)."""
        mask: npt.NDArray[np.bool_] = ~self.fixed.to_numpy(dtype=bool)
        return mask

    def starting(self, values: Mapping[str, float]) -> ParameterTable:
        """The same table with other start values, moved inside the bounds."""
        start = self._updated(values).clip(self.lower, self.upper)
        return replace(self, start=start)

    def fix(self, values: Mapping[str, float]) -> ParameterTable:
        """Hold parameters at the values given."""
        fixed = self.fixed.copy()
        start = self._updated(values)
        fixed[list(values)] = True
        return replace(self, start=start, fixed=fixed)

    def fill(self, free_values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Full parameter vector, shape (k,), from its free part."""
        theta: npt.NDArray[np.float64] = self.start.to_numpy(dtype=float, copy=True)
        theta[self.free] = free_values
        return theta

    def _updated(self, values: Mapping[str, float]) -> pd.Series:
        if unknown := sorted(set(values) - set(self.names)):
            raise SpecificationError(
                f"Unknown parameters {unknown}; the model has {self.names}. Check the spelling."
            )
        start = self.start.copy()
        for name, value in values.items():
            if not np.isfinite(value):
                raise SpecificationError(f"{name} = {value} is not a finite number. Give one.")
            start[name] = float(value)
        return start
