"""Estimated again on every sample that ends in a quarter, or month: in real time on vintages, else in quasi-real time.

The terms are those of Orphanides and van Norden (2002), "The Unreliability of Output-Gap Estimates in Real Time",
Review of Economics and Statistics 84(4), 569-583: real time is the data as published at the time; quasi-real time is
one revised table, cut at each period, so that the estimate is recursive but has seen the revisions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from capstar.arguments import Input, as_input, checked
from capstar.errors import CapstarError, DataError, SpecificationError
from capstar.frames import PERIODS, Start, as_frequency, since
from capstar.progress import Progress
from capstar.provenance import entitled, titled
from capstar.reporting import Result
from capstar.rstar.many import estimate_or_error
from capstar.rstar.natural_rate import LEVELS, NaturalRate
from capstar.rstar.natural_rate_model import NaturalRateModel
from capstar.tasks import run_tasks
from capstar.units import Units, in_model_units

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Vintages: TypeAlias = Callable[[pd.Period], pd.DataFrame]
Known: TypeAlias = pd.DataFrame | Vintages
Kind: TypeAlias = Literal["real time", "quasi-real time"]
_DATA: dict[Kind, str] = {
    "real time": "data as known at the time",
    "quasi-real time": "one revised table, cut at each period",
}


@dataclass(frozen=True)
class RecursiveEstimates(Result):
    """Estimates of the last quarter, or month, of every sample that ends in one.

    Attributes
    ----------
    model_name
        As in summaries.
    table : pandas.DataFrame
        By period t, from the sample that ends in t alone: ``rstar``, and what else the model has of ``g``, ``z`` and
        ``output_gap``; ``real_rate`` and ``gap``, the real rate less r*, percentage points; its ratios, such as
        ``lambda_g`` and ``lambda_z``; ``estimated``, the last period of the sample the parameters are from; ``last``,
        the last period known of: t, or the one before where t was published late, and then all is of that period;
        ``at_bound``, whether a parameter is at its bound in any stage; ``identified``, whether r* is: where it is not,
        as often in short samples, its estimate can be anything.
    vintages
        Whether each sample had its own data, as known then; otherwise they are one revised table, cut.
    failed : pandas.Series
        Why the parameters could not be estimated on a sample, by period; those of the sample before were kept.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> known = cs.rstar.real_time(cs.rstar.HLW2017, us, "2008Q1", every=4)
    >>> known.kind, known.gap.tail(2).round(1).to_list()
    ('quasi-real time', [6.3, 2.2])
    >>> list(known.frames()), len(known.notes())
    (['First and last sample'], 2)
    >>> figure = known.plot(final=cs.rstar.HLW2017.fit(us), start="2008Q1")
    """

    model_name: str
    table: pd.DataFrame
    vintages: bool
    failed: pd.Series

    @property
    def kind(self) -> Kind:
        """``"real time"`` on vintages, ``"quasi-real time"`` on one revised table."""
        return "real time" if self.vintages else "quasi-real time"

    @property
    def gap(self) -> pd.Series:
        """The r* gap of each period's own sample, for `capstar.leads.LeadStudy`; ``attrs["kind"]`` is `kind`."""
        gap = titled(self.table["gap"].rename("rstar_gap"), self.table)
        gap.attrs["kind"] = self.kind
        return gap

    @property
    def title(self) -> str:
        """What was estimated, on what."""
        first, last = self.table.index[[0, -1]]
        return (
            f"{self.model_name} estimated again on samples ending in {first}-{last}, in {self.kind} "
            f"({_DATA[self.kind]})"
        )

    def frames(self) -> dict[str, pd.DataFrame]:
        """The first and the last sample."""
        return {"First and last sample": self.table.iloc[[0, -1]].T}

    def notes(self) -> tuple[str, ...]:
        """Number of estimations, how much r* moves, and what could not be estimated."""
        t, failed = self.table, ""
        if len(self.failed):
            failed = f"; parameters kept from the sample before in {len(self.failed)} of them"
        moves = (
            f"r* {t['rstar'].iloc[0]:.2f} in {t.index[0]}, {t['rstar'].iloc[-1]:.2f} in {t.index[-1]}; standard "
            f"deviation of its {PERIODS[t.index.freqstr[0]]}ly change {t['rstar'].diff().std():.2f} percentage points; "
            f"r* not identified in {int((~t['identified']).sum())} of {len(t)} samples, a parameter at its bound in a "
            f"stage of {int(t['at_bound'].sum())}."
        )
        return f"{t['estimated'].nunique()} estimations{failed}.", moves

    def plot(self, ax: Any = None, *, final: NaturalRate | None = None, start: Start = None) -> Figure:
        """r* of each period's own sample.

        Parameters
        ----------
        ax
            Axes to draw in; by default a figure of its own.
        final
            An estimate on one whole sample, whose one-sided r* is drawn beside it.
        start
            First period shown.
        """
        from capstar.plotting import plot_lines

        lines = {f"{self.kind}: {_DATA[self.kind]}": self.table["rstar"]}
        if final is not None:
            known = final.rstar.filtered.reindex(self.table.index)
            lines[f"one-sided, parameters of {final.start}-{final.end}"] = known
        title = f"Natural rate r* in {self.kind}, {self.model_name}"
        shown = since(pd.DataFrame(lines), start)
        return plot_lines(shown, title=title, unit="percent a year", source=self.provenance, ax=ax)


@checked
def quasi_real_time(
    model: NaturalRateModel,
    table: Input,
    first: str | pd.Period,
    last: str | pd.Period | None = None,
    *,
    start: str | pd.Period | None = None,
    every: int = 1,
    n_workers: int = 1,
    units: Units = None,
    progress: Progress | bool = True,
) -> RecursiveEstimates:
    """Estimate a model on one table cut at every quarter, or month: recursively, but on revised data.

    No estimate sees a later row, but every row is as revised since: what was estimated at the time differs from it by
    the revisions. For that give `real_time` the vintages.

    Parameters
    ----------
    model
        Such as `capstar.rstar.HLW2017`.
    table
        Input of `NaturalRateModel.fit`, of which each sample sees the rows to its end.
    first, last
        Last periods of the first and the last sample; ``last`` by default that of the table.
    start
        First period of every sample; by default the first the data allow.
    every
        Estimate the parameters in every so many-th sample, and keep them in those between.
    n_workers
        Processes; the numbers are the same for any.
    units
        Where rates are not in percent or GDP is not a natural log; see `capstar.units.in_model_units`.
    progress
        See `capstar.progress.reporting`.

    Raises
    ------
    DataError
        ``first`` is after ``last``, or the data of a sample cannot be used.
    SpecificationError
        The table is not a DataFrame, such as a function, or ``every`` is less than 1.
    CapstarError
        Whatever keeps the first sample from being estimated.

    References
    ----------
    Orphanides, A. and van Norden, S. (2002). The unreliability of output-gap estimates in real time. *Review of
    Economics and Statistics* 84(4), 569-583.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> known = cs.rstar.quasi_real_time(cs.rstar.HLW2017, us, "2008Q1", "2008Q4", every=4)
    >>> known.table["rstar"].round(1).to_list()
    [1.4, 1.9, 0.4, -1.8]
    """
    return real_time(
        model,
        _require_table(table, model.frequency, units),
        first,
        last,
        start=start,
        every=every,
        n_workers=n_workers,
        progress=progress,
    )


@checked
def real_time(
    model: NaturalRateModel,
    vintages: Known,
    first: str | pd.Period,
    last: str | pd.Period | None = None,
    *,
    start: str | pd.Period | None = None,
    every: int = 1,
    n_workers: int = 1,
    progress: Progress | bool = True,
) -> RecursiveEstimates:
    """Estimate a model on the vintage of every quarter, or month: what one would have estimated then.

    Parameters
    ----------
    model
        Such as `capstar.rstar.HLW2017`.
    vintages
        A function of the last period of a sample that returns the input of `NaturalRateModel.fit` as then known; it is
        trusted. What later rows its table holds is left out; it may end a period early, and have
        a ragged edge, such as that of `capstar.data.monthly_vintages`. One table has no
        vintages: the estimates are then those of `quasi_real_time`, and say so.
    first, last
        Last periods of the first and the last sample; vintages need both.
    start, every, n_workers, progress
        As of `quasi_real_time`.

    Raises
    ------
    DataError
        ``last`` is not given, ``first`` is after it, or the data of a sample cannot be used.
    SpecificationError
        ``every`` is less than 1.
    CapstarError
        Whatever keeps the first sample from being estimated.

    Examples
    --------
    Vintages are a function of the quarter; this one has revised data too, all that was published by then:

    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> def vintage(quarter):
    ...     return us[:quarter]
    >>> known = cs.rstar.real_time(cs.rstar.HLW2017, vintage, "2008Q1", "2008Q4", every=4)
    >>> known.kind, known.table["rstar"].round(1).to_list()
    ('real time', [1.4, 1.9, 0.4, -1.8])
    """
    if not callable(vintages):
        last = _require_table(vintages, model.frequency).index[-1] if last is None else last
    if last is None:
        raise DataError("Vintages have no last period of their own. Give last.")
    periods = _periods(first, last, model.frequency)
    if every < 1:
        raise SpecificationError(f"every={every}; give a number of periods, at least 1.")
    ends = periods[::every]
    known = (_known(vintages, t) for t in ends)
    fitted = run_tasks(
        partial(estimate_or_error, model, start=start, n_starts=1), known, n_workers=n_workers, total=len(ends),
        stage=f"{model.name}: {len(ends)} samples", progress=progress,
    )  # fmt: skip
    fits = dict(zip(ends, fitted, strict=True))
    rows, failed, latest = {}, {}, None
    for t in periods:
        found = fits.get(t)
        if isinstance(found, CapstarError):
            if latest is None:
                raise found
            failed[t] = str(found)
        if isinstance(found, NaturalRate):
            latest = found
        assert latest is not None
        shown = found if isinstance(found, NaturalRate) else latest.run_on(_known(vintages, t))
        rows[t] = _row(shown, latest.end)
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.PeriodIndex(table.index, freq=model.frequency, name="date")
    if latest is not None:
        entitled(table, [latest.data_title])
    return RecursiveEstimates(model.name, table, callable(vintages), pd.Series(failed, dtype=object))


def _require_table(table: object, frequency: str, units: Units = None) -> pd.DataFrame:
    if isinstance(table, str | Path):
        return as_input(table, (), units, frequency)
    if not isinstance(table, pd.DataFrame):
        raise SpecificationError(
            f"Expected one table, a DataFrame, got {type(table).__name__}. For vintages call real_time with a function "
            "of the quarter that returns the table as then known."
        )
    return in_model_units(_by_period(table, frequency, source="data"), units)


def _by_period(table: pd.DataFrame, frequency: str, source: str) -> pd.DataFrame:
    """The table on periods; what its columns hold is the model's business."""
    index = as_frequency(table, frequency, source=source, columns=()).index
    return table.drop(columns="date", errors="ignore").set_axis(index)


def _periods(first: str | pd.Period, last: str | pd.Period, frequency: str) -> pd.PeriodIndex:
    out = pd.period_range(pd.Period(first, freq=frequency), pd.Period(last, freq=frequency), freq=frequency)
    if out.empty:
        raise DataError(f"first={first} comes after last={last}. Swap them.")
    return out


def _known(data: Known, quarter: pd.Period) -> pd.DataFrame:
    table = data(quarter) if callable(data) else data
    table = _by_period(table, quarter.freqstr[0], source=f"data known after {quarter}")
    if table.index[-1] < quarter - 1 or (table.index[-1] < quarter and not callable(data)):
        raise DataError(
            f"The data known after {quarter} end in {table.index[-1]}. Choose periods that were published by then."
        )
    return table.loc[:quarter]


def _row(results: NaturalRate, estimated: pd.Period) -> dict[str, object]:
    out: dict[str, object] = {
        name: float(results.path(name).filtered.iloc[-1])
        for name in results.quantities
        if name not in LEVELS  # whose base changes between vintages
    }
    rate = float(results.real_rate.loc[results.end])
    return out | {
        "real_rate": rate,
        "gap": rate - float(np.asarray(out["rstar"])),
        **{str(name): float(value) for name, value in results.ratios.items()},
        "estimated": str(estimated),
        "last": str(results.end),
        "at_bound": bool(results.at_bound.any()),
        "identified": results.identified,
    }
