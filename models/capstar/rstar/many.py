"""One model estimated on many tables: countries, vintages, drawn samples."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from capstar.arguments import Input
from capstar.errors import CapstarError, DataError, IdentificationWarning
from capstar.progress import Progress
from capstar.provenance import entitled
from capstar.reporting import Result
from capstar.rstar.natural_rate import NaturalRate
from capstar.rstar.natural_rate_model import NaturalRateModel
from capstar.tasks import run_tasks

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ManyEstimates(Result):
    """One model on many tables.

    Attributes
    ----------
    model_name
        Of the model.
    estimates : dict
        By the label of the table; each equal to the last bit to what `NaturalRateModel.fit` gives of that table alone.
    failed : pandas.Series of str
        Why other tables could not be estimated on, by label.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> many = cs.rstar.fit_many(cs.rstar.HLW2017, {"to 2007": us[:"2007Q4"], "to 2009": us})
    >>> many
    <ManyEstimates: HLW 2017 on 2 tables>
    >>> many.to_frame()["gap"].round(2).to_dict(), many.failed.to_dict(), many.notes()
    ({'to 2007': -3.04, 'to 2009': 0.18}, {}, ())
    >>> figure = many.plot()
    """

    model_name: str
    estimates: dict[Hashable, NaturalRate]
    failed: pd.Series

    @property
    def title(self) -> str:
        """Model and number of tables."""
        lost = f", {len(self.failed)} more without an estimate" if len(self.failed) else ""
        return f"{self.model_name} on {len(self.estimates)} tables{lost}"

    def to_frame(self) -> pd.DataFrame:
        """A row a table: sample, one-sided r* and gap of its last quarter, identified or not, ratios, parameters."""
        rows = {label: _row(one) for label, one in self.estimates.items()}
        out = pd.DataFrame.from_dict(rows, orient="index").rename_axis("table")
        return entitled(out, (one.data_title for one in self.estimates.values()))

    def notes(self) -> tuple[str, ...]:
        """Which tables gave no estimate, and why."""
        return tuple(f"{label}: {why}" for label, why in self.failed.items())

    def plot(self, ax: Any = None) -> Figure:
        """One-sided r* of every table."""
        from capstar.plotting import plot_lines

        paths = {str(label): one.rstar.filtered for label, one in self.estimates.items()}
        own: dict[str, Any] = {"unit": "percent a year", "source": self.provenance, "ax": ax}
        return plot_lines(pd.DataFrame(paths), title=f"{self.title}: one-sided r*", **own)


def fit_many(
    model: NaturalRateModel,
    tables: Mapping[Hashable, Input] | Iterable[Input],
    start: str | pd.Period | None = None,
    end: str | pd.Period | None = None,
    *,
    n_starts: int = 1,
    n_workers: int = 1,
    progress: Progress | bool = True,
    **options: Any,
) -> ManyEstimates:
    """Estimate one model on many tables, side by side.

    Parameters
    ----------
    model
        Such as `capstar.rstar.HLW2023`.
    tables
        Input of `NaturalRateModel.fit`, by label; without labels they are numbered from 0.
    start, end, n_starts
        As of `NaturalRateModel.fit`; one starting point a stage, unless more are asked for.
    n_workers
        Processes; the numbers are the same for any.  With `capstar.parallel`, on a cluster.
    progress
        See `capstar.progress.reporting`.
    **options
        Further ones of the model's `fit`, such as ``fixed``.

    Raises
    ------
    DataError
        There is no table.
    CapstarError
        Whatever kept the first table from being estimated on, where none could be.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> many = cs.rstar.fit_many(cs.rstar.HLW2017, {"to 2007": us[:"2007Q4"], "to 2009": us})
    >>> many.to_frame()["rstar"].round(2).to_dict()
    {'to 2007': 1.85, 'to 2009': 0.17}
    """
    by_label = dict(tables) if isinstance(tables, Mapping) else dict(enumerate(tables))
    if not by_label:
        raise DataError("There is no table to estimate on. Give one or more.")
    found = run_tasks(
        partial(estimate_or_error, model, start=start, end=end, n_starts=n_starts, **options), by_label.values(),
        n_workers=n_workers, stage=f"{model.name}: {len(by_label)} tables", progress=progress,
    )  # fmt: skip
    pairs = dict(zip(by_label, found, strict=True))
    estimates = {label: one for label, one in pairs.items() if isinstance(one, NaturalRate)}
    failed = {label: one for label, one in pairs.items() if isinstance(one, CapstarError)}
    if not estimates:
        raise next(iter(failed.values()))
    why = pd.Series({label: str(error) for label, error in failed.items()}, dtype=object)
    return ManyEstimates(model.name, estimates, why)


def estimate_or_error(model: NaturalRateModel, table: Input, **options: Any) -> NaturalRate | CapstarError:
    """The estimate, or what kept it from being made; identification is not warned of, table by table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        try:
            return model.fit(table, progress=False, **options)
        except CapstarError as error:
            return error


def _row(one: NaturalRate) -> dict[str, object]:
    rstar, rate = float(one.rstar.filtered.iloc[-1]), float(one.real_rate.loc[one.end])
    sample = {"start": str(one.start), "end": str(one.end), "rstar": rstar, "gap": rate - rstar}
    numbers = {str(name): float(value) for part in (one.ratios, one.params) for name, value in part.items()}
    return sample | {"identified": one.identified} | numbers
