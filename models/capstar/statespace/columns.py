"""Series as arrays over the same periods, for what is computed from them thousands of times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.kernels.arrays import Floats
from capstar.statespace.algebra import CONSTANT, Slot

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Columns:
    """Series by name.

    Attributes
    ----------
    periods
        Without gaps, length n.
    values
        Each of shape (n,).
    """

    periods: pd.PeriodIndex
    values: Mapping[str, Floats]

    @classmethod
    def of(cls, frame: pd.DataFrame | Columns, names: Iterable[str] | None = None) -> Columns:
        """The columns of a table, or those named that it has."""
        if isinstance(frame, Columns):
            return frame
        taken = (
            list(frame.columns) if names is None else [n for n in dict.fromkeys(names) if n in frame.columns]
        )
        values = np.ascontiguousarray(frame[taken].to_numpy(dtype=float).T)
        return cls(pd.PeriodIndex(frame.index), dict(zip(taken, values, strict=True)))

    def row(self, period: pd.Period) -> int:
        """Row of a period, which may lie outside."""
        return int(period.ordinal - self.periods.asi8[0])

    def rows(self, periods: pd.PeriodIndex) -> Rows:
        """Rows of periods, which may lie outside."""
        return np.asarray(periods.asi8 - self.periods.asi8[0], dtype=np.intp)

    def at(self, slot: Slot, rows: Rows) -> Floats:
        """A series at a lag in the rows given, or ones for the constant; NaN where it lies outside."""
        name, lag = slot
        if name == CONSTANT:
            return np.ones(len(rows))
        values, at = self.values[name], rows + lag
        inside = (at >= 0) & (at < len(values))
        if inside.all():
            return values[at]
        return np.where(inside, values[np.where(inside, at, 0)], np.nan)
