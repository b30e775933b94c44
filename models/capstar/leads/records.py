"""What the results of this room share: a table or a few numbers, drawn as estimates in their intervals or as bars."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from capstar.reporting import Result

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


def periods_of(count: Any, period: str = "period") -> str:
    """A number of periods in words: ``1 quarter``, ``4 quarters``."""
    return f"{count} {period}{'' if count == 1 else 's'}"


def around(estimate: float, se: float) -> tuple[float, float, float]:
    """An estimate and its 95 percent interval from the normal distribution."""
    return estimate, estimate - _NORMAL_95 * se, estimate + _NORMAL_95 * se
