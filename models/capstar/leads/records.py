"""What the results of this room share: a table or a few numbers, drawn as estimates in their intervals or as bars."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from capstar.reporting import Result
from capstar.reporting.estimates import Coefficients

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Estimates = Mapping[Hashable, tuple[float, float, float]]
_NORMAL_95 = 1.959963984540054  # 97.5 percent point of the normal distribution


class Record(Result):
    """A dataclass of a few numbers: a row each in its frame; ``_unit`` is what the figure's axis measures."""

    _unit: ClassVar[str] = "slope, per unit of the predictor; 95% intervals"

    def _estimates(self) -> Estimates:
        """By label: estimate, lower and upper end of its interval, of 95 percent unless the title says otherwise."""
        raise NotImplementedError

    def _drawn(self) -> pd.DataFrame:
        """What the figure shows: estimates in their intervals, or other numbers as bars."""
        found = self._estimates()
        return pd.DataFrame([*found.values()], pd.Index([*found]), columns=["estimate", "lower", "upper"])

    def to_frame(self) -> pd.DataFrame:
        """Every number by its name, in the column ``value``."""
        names = [one.name for one in fields(self)]  # type: ignore[arg-type]
        return pd.DataFrame({"value": {name: getattr(self, name) for name in names}})

    def plot(self, ax: Any = None) -> Figure:
        """Estimates in their intervals, statistics beside their quantiles under the null, or bars."""
        from capstar.plotting.leads import plot_bars, plot_estimates, plot_within

        drawn = self._drawn()
        draw = plot_estimates if "estimate" in drawn else plot_within if "95%" in drawn else plot_bars
        return draw(drawn, title=self.title, unit=self._unit, source=self.provenance, ax=ax)


class Tabled(Record):
    """A result whose numbers are its attribute ``table``."""

    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table


class Slope(Coefficients, Record):
    """A record of one estimate and its standard error, fields named by ``_columns``."""

    _columns: ClassVar[tuple[str, str]] = ("slope", "se")

    @property
    def params(self) -> pd.Series:
        """The estimate, in a Series of one."""
        return pd.Series({self._columns[0]: getattr(self, self._columns[0])}, name="estimate")

    @property
    def bse(self) -> pd.Series:
        """Its standard error."""
        return pd.Series({self._columns[0]: getattr(self, self._columns[1])}, name="std_error")


class SlopeTable(Coefficients, Tabled):
    """A table of estimates and standard errors: ``_keys`` name its rows, ``_columns`` hold both."""

    _keys: ClassVar[tuple[str, ...]] = ()
    _columns: ClassVar[tuple[str, str]] = ("slope", "se")

    @property
    def params(self) -> pd.Series:
        """The estimates, by what tells them apart."""
        return self._column(0).rename("estimate")

    @property
    def bse(self) -> pd.Series:
        """Their standard errors."""
        return self._column(1).rename("std_error")

    def _column(self, which: int) -> pd.Series:
        known = self.table.set_index(list(self._keys)) if self._keys else self.table
        return known[self._columns[which]].astype(float)

    def _estimates(self) -> Estimates:
        ends = self.conf_int()
        return dict(zip(ends.index, zip(self.params, ends["lower"], ends["upper"], strict=True), strict=True))


def periods_of(count: Any, period: str = "period") -> str:
    """A number of periods in words: ``1 quarter``, ``4 quarters``."""
    return f"{count} {period}{'' if count == 1 else 's'}"


def period_name(date: object) -> str:
    """What a Period, or its text, is one of: ``quarter`` or ``month``."""
    return "quarter" if "Q" in str(date) else "month"


def around(estimate: float, se: float) -> tuple[float, float, float]:
    """An estimate and its 95 percent interval from the normal distribution."""
    return estimate, estimate - _NORMAL_95 * se, estimate + _NORMAL_95 * se
