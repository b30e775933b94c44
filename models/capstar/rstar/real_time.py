"""What the model would have said at the time: estimated again as data come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from capstar.errors import CapstarError, DataError, SpecificationError
from capstar.frames import as_quarterly
from capstar.rstar.natural_rate import NaturalRate
from capstar.rstar.natural_rate_model import NaturalRateModel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Known: TypeAlias = "pd.DataFrame | Callable[[pd.Period], pd.DataFrame]"
_LEVELS = ("potential",)  # its base changes between vintages


@dataclass(frozen=True)
class RealTime:
    """Estimates of the last quarter of every sample.

    Attributes
    ----------
    model_name
        As in summaries.
    table : pandas.DataFrame
        By quarter t, from what is known of t alone: ``rstar``, and what else the model has of ``g``, ``z`` and
        ``output_gap``; ``real_rate`` and ``gap``, the real rate less r*, percentage points; its ratios, such as
        ``lambda_g`` and ``lambda_z``; ``estimated``, the last quarter of the sample the parameters are from; ``last``,
        the last quarter known of: t, or the one before where t was published late, and then all is of that quarter;
        ``at_bound``, whether a parameter is at its bound. With a_r of the Laubach-Williams models there r* is not
        identified, and its estimate can be anything: in short samples it often is.
    vintages
        Whether each sample had its own data, as known then; otherwise they are one revised table, cut.
    failed : pandas.Series
        Why the parameters could not be estimated on a sample, by quarter; those of the sample before were kept.
    """

    model_name: str
    table: pd.DataFrame
    vintages: bool
    failed: pd.Series

    @property
    def gap(self) -> pd.Series:
        """The r* gap as known in each quarter, for `capstar.leads.LeadStudy`."""
        return self.table["gap"].rename("rstar_gap")

    def summary(self) -> str:
        """What was estimated, on what, and what could not be."""
        t = self.table
        kind = "data as known at the time" if self.vintages else "one revised table, cut at each quarter"
        failed = (
            f"; parameters kept from the sample before in {len(self.failed)} of them"
            if len(self.failed)
            else ""
        )
        return (
            f"{self.model_name} estimated again on samples ending in {t.index[0]}-{t.index[-1]} ({kind}): "
            f"{t['estimated'].nunique()} estimations{failed}.\nr* {t['rstar'].iloc[0]:.2f} in {t.index[0]}, "
            f"{t['rstar'].iloc[-1]:.2f} in {t.index[-1]}; standard deviation of its quarterly change "
            f"{t['rstar'].diff().std():.2f} percentage points; a parameter at its bound, and r* hardly identified, in "
            f"{int(t['at_bound'].sum())} of {len(t)} samples."
        )

    def plot(self, final: NaturalRate | None = None) -> Figure:
        """r* of each quarter's own sample, and beside it the one-sided estimate of one whole sample."""
        from capstar.plotting.figures import BLUE, GREY, Chart, draw_line, dress

        figure = Chart(figsize=(9.0, 3.8), layout="constrained")
        ax = figure.subplots()
        label = "as known at the time" if self.vintages else "estimated on the (revised) data to each quarter"
        draw_line(ax, self.table["rstar"], color=BLUE, label=label)
        if final is not None:
            known = final.rstar.filtered.reindex(self.table.index)
            draw_line(ax, known, color=GREY, label=f"one-sided, parameters of {final.start}-{final.end}")
        dress(ax, f"Natural rate r*, {self.model_name}", "percent a year")
        ax.legend(frameon=False, fontsize=8)
        return figure


def real_time(
    model: NaturalRateModel,
    data: Known,
    first: str | pd.Period,
    last: str | pd.Period | None = None,
    *,
    start: str | pd.Period | None = None,
    every: int = 1,
    n_workers: int = 1,
    progress: Callable[[float], None] | None = None,
) -> RealTime:
    """Estimate a model on every sample that ends in a quarter, as it could have been then.

    Parameters
    ----------
    model
        Such as `capstar.rstar.HLW2017`.
    data
        Input of `NaturalRateModel.fit`: one revised table, of which each sample sees the rows to its end, or a function
        of the last quarter that returns the table as then known (vintages). What later rows it holds is left out; it
        may end a quarter early.
    first, last
        Last quarters of the first and the last sample; ``last`` by default that of the table.
    start
        First quarter of every sample; by default the first the data allow.
    every
        Estimate the parameters in every so many-th sample, and keep them in those between.
    n_workers
        Processes; the numbers are the same for any.
    progress
        Called with the share done.

    Raises
    ------
    DataError
        ``first`` is after ``last``, or the data of a sample cannot be used.
    CapstarError
        Whatever keeps the first sample from being estimated.
    """
    if every < 1:
        raise SpecificationError(f"every={every}; give a number of quarters, at least 1.")
    quarters = _quarters(data, first, last)
    with Parallel(n_jobs=n_workers) as pool:
        anew, step = quarters[::every], max(8 * n_workers, 8)
        fits: dict[pd.Period, NaturalRate | CapstarError] = {}
        for begin in range(0, len(anew), step):
            batch = anew[begin : begin + step]
            found = pool(delayed(_fit)(model, _known(data, t), start) for t in batch)
            fits |= dict(zip(batch, found, strict=True))
            if progress is not None:
                progress(len(fits) / len(anew))
    rows, failed, latest = {}, {}, None
    for t in quarters:
        found = fits.get(t)
        if isinstance(found, CapstarError):
            if latest is None:
                raise found
            failed[t] = str(found)
        if isinstance(found, NaturalRate):
            latest = found
        assert latest is not None
        shown = found if isinstance(found, NaturalRate) else latest.run_on(_known(data, t))
        rows[t] = _row(shown, latest.end)
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.PeriodIndex(table.index, freq="Q", name="date")
    return RealTime(model.name, table, callable(data), pd.Series(failed, dtype=object))


def _quarters(data: Known, first: str | pd.Period, last: str | pd.Period | None) -> pd.PeriodIndex:
    if last is None:
        if callable(data):
            raise DataError("Vintages have no last quarter of their own. Give last.")
        last = as_quarterly(data).index[-1]
    out = pd.period_range(pd.Period(first, freq="Q"), pd.Period(last, freq="Q"), freq="Q")
    if out.empty:
        raise DataError(f"first={first} comes after last={last}. Exchange them.")
    return out


def _known(data: Known, quarter: pd.Period) -> pd.DataFrame:
    table = as_quarterly(data(quarter) if callable(data) else data, source=f"data known after {quarter}")
    if table.index[-1] < quarter - 1 or (table.index[-1] < quarter and not callable(data)):
        raise DataError(
            f"The data known after {quarter} end in {table.index[-1]}. Choose quarters that were published by then."
        )
    return table.loc[:quarter]


def _fit(
    model: NaturalRateModel, known: pd.DataFrame, start: str | pd.Period | None
) -> NaturalRate | CapstarError:
    try:
        return model.fit(known, start, n_starts=1)
    except CapstarError as error:
        return error


def _row(results: NaturalRate, estimated: pd.Period) -> dict[str, object]:
    out: dict[str, object] = {
        name: float(results.path(name).filtered.iloc[-1])
        for name in results.quantities
        if name not in _LEVELS
    }
    rate = float(results.real_rate.loc[results.end])
    return out | {
        "real_rate": rate,
        "gap": rate - float(np.asarray(out["rstar"])),
        **{str(name): float(value) for name, value in results.ratios.items()},
        "estimated": str(estimated),
        "last": str(results.end),
        "at_bound": bool(results.at_bound.any()),
    }
