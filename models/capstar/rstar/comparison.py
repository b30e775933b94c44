"""Several estimates side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from capstar.errors import SpecificationError
from capstar.rstar.natural_rate import NaturalRate

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Comparison:
    """Estimates under different models, options or samples.

    Attributes
    ----------
    table : pandas.DataFrame
        One column an estimate: sample, log-likelihood, ratios and standard deviations of the trend shocks,
        parameters, latest r* and, where asked for, its average standard error; blank what a method does not have.
    rstar : pandas.DataFrame
        Filtered r*, percent a year, one column an estimate.
    notes
        What departs from the published procedure, by estimate.
    """

    table: pd.DataFrame
    rstar: pd.DataFrame
    notes: Mapping[str, tuple[str, ...]]

    def plot(self) -> Figure:
        """Filtered r* of every estimate."""
        from capstar.plotting import plot_comparison

        return plot_comparison(self.rstar)

    def __str__(self) -> str:
        notes = "\n".join(f"* {name}: {' '.join(said)}" for name, said in self.notes.items() if said)
        return f"{self.table.to_string(na_rep='')}\n{notes}".rstrip()

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{name}: {' '.join(said)}</li>" for name, said in self.notes.items() if said)
        return f"{self.table.to_html(na_rep='')}<ul>{items}</ul>"


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
        {name: [column.get(key, "") for key in order] for name, column in columns.items()}, order
    )
    rstar = pd.DataFrame({name: fit.rstar.filtered for name, fit in fits.items()})
    return Comparison(table, rstar, {name: fit.departures for name, fit in fits.items()})


def _column(fit: NaturalRate) -> dict[str, str]:
    likelihood = {} if fit.llf is None else {"log-likelihood": f"{fit.llf:.4f}"}
    out = {"model": fit.model_name, "sample": f"{fit.start}-{fit.end}", **likelihood}
    for values in (fit.ratios, fit.derived, fit.all_params):
        out |= {str(name): f"{value:.4f}" for name, value in values.items() if str(name) not in out}
    out["latest r*"] = f"{fit.rstar.filtered.iloc[-1]:.2f}"
    if "rstar" in fit.standard_errors:
        out["average se of r*"] = f"{fit.standard_errors['rstar'].mean():.2f}"
    return out
