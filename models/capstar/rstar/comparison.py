"""Several estimates side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from capstar.arguments import checked
from capstar.errors import SpecificationError
from capstar.reporting import Result
from capstar.rstar.natural_rate import NaturalRate

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Comparison(Result):
    """Estimates under different models, options or samples.

    Attributes
    ----------
    table : pandas.DataFrame
        One column an estimate: sample, log-likelihood, ratios and standard deviations of the trend shocks,
        parameters, latest r* and, where asked for, its average standard error; blank what a method does not have.
    rstar : pandas.DataFrame
        Filtered r*, percent a year, one column an estimate.
    departures
        What departs from the published procedure, by estimate.
    """

    table: pd.DataFrame
    rstar: pd.DataFrame
    departures: Mapping[str, tuple[str, ...]]

    @property
    def title(self) -> str:
        """How many estimates there are."""
        return f"Natural rate of interest, {self.table.shape[1]} estimates"

    def notes(self) -> tuple[str, ...]:
        """What departs from the published procedure."""
        return tuple(f"{name}: {' '.join(said)}" for name, said in self.departures.items() if said)

    def plot(self, ax: Any = None) -> Figure:
        """Filtered r* of every estimate."""
        from capstar.plotting import plot_lines

        return plot_lines(self.rstar, title="Natural rate r*, one-sided", unit="percent a year", ax=ax)


@checked
def compare(fits: Mapping[str, NaturalRate] | Sequence[NaturalRate]) -> Comparison:
    """Put estimates side by side.

    Parameters
    ----------
    fits
        Estimates by the name to show, or a list, named after their models.

    Raises
    ------
    SpecificationError
        There is none, or two in a list have the same name.
    """
    if not isinstance(fits, Mapping):
        names = [fit.model_name for fit in fits]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise SpecificationError(
                f"Several estimates are of {twice[0]}. Give a dictionary with a name for each."
            )
        fits = dict(zip(names, fits, strict=True))
    if not fits:
        raise SpecificationError("There is nothing to compare. Give at least one estimate.")
    columns = {name: _column(fit) for name, fit in fits.items()}
    order = list(dict.fromkeys(key for column in columns.values() for key in column))
    table = pd.DataFrame(
        {name: [column.get(key, "") for key in order] for name, column in columns.items()},
        order,
        dtype=object,
    )
    rstar = pd.DataFrame({name: fit.rstar.filtered for name, fit in fits.items()})
    return Comparison(table, rstar, {name: fit.departures for name, fit in fits.items()})


def _column(fit: NaturalRate) -> dict[str, str | float]:
    likelihood = {} if fit.llf is None else {"log-likelihood": fit.llf}
    out: dict[str, str | float] = {"model": fit.model_name, "sample": f"{fit.start}-{fit.end}", **likelihood}
    for values in (fit.ratios, fit.derived, fit.all_params):
        out |= {str(name): float(value) for name, value in values.items() if str(name) not in out}
    out["latest r*"] = float(fit.rstar.filtered.iloc[-1])
    if "rstar" in fit.standard_errors:
        out["average se of r*"] = float(fit.standard_errors["rstar"].mean())
    return out
