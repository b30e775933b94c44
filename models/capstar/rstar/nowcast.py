"""r*, gap and output gap of the last periods, from what is published so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from capstar.arguments import Input, as_input, checked
from capstar.errors import DataError
from capstar.frames import PERIODS, Start, as_frequency, since
from capstar.progress import Progress
from capstar.provenance import titled
from capstar.reporting import Result
from capstar.rstar.declared import RSTAR, DeclaredRate
from capstar.rstar.natural_rate import FILTER_ONLY, WITH_PARAMETERS
from capstar.rstar.series import R, with_covid_index

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAP, OUTPUT_GAP, REAL_RATE, COVID_INDEX = "gap", "output_gap", "real_rate", "covid_index"
_HELD = ("interest_rate", "expected_inflation", COVID_INDEX)
_SHOWN = 6  # periods of a nowcast in its summary


@dataclass(frozen=True)
class Nowcast(Result):
    """What is known of the last periods from the data published so far.

    Attributes
    ----------
    model_name
        As in summaries.
    table : pandas.DataFrame
        By period, given all that is published: ``rstar``, ``gap`` (the real rate less r*) and, where the model has one,
        ``output_gap``, each with its standard error, such as ``rstar_se``; ``real_rate``; and ``assumed``, whether the
        real rate is held at its last value. Percent and percentage points. The real rate is taken as given, so that the
        gap has the standard error of r*.
    published : pandas.Series of str
        The last period each input is known of.
    includes
        What the standard errors include.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.rstar.examples import months
    >>> before = months(cs.data.us_macro(), "2008-11")
    >>> fit = cs.rstar.MonthlyHLW2023.fit(before, n_starts=1)
    >>> now = cs.rstar.nowcast(fit, before, "2008-12")
    >>> now
    <Nowcast: Nowcast of 2008-12, Monthly HLW 2023>
    >>> now.table[["gap", "rstar_se", "output_gap"]].iloc[-1].round(1).to_dict()
    {'gap': 0.3, 'rstar_se': 1.8, 'output_gap': -2.4}
    >>> now.published.loc[["log_gdp", "inflation", "interest_rate"]].to_list(), now.table["assumed"].iloc[-1].item()
    (['2008-09', '2008-10', '2008-11'], True)
    >>> list(now.frames()), len(now.notes())
    (['Given what is published', 'Published to'], 2)
    >>> figure = now.plot(start="2005-01")
    """

    model_name: str
    table: pd.DataFrame
    published: pd.Series
    includes: str

    @property
    def title(self) -> str:
        """The period, and by which model."""
        return f"Nowcast of {self.table.index[-1]}, {self.model_name}"

    def frames(self) -> dict[str, pd.DataFrame]:
        """The last periods, and what is published of each input."""
        return {
            "Given what is published": self.table.iloc[-_SHOWN:],
            "Published to": self.published.to_frame("last"),
        }

    def notes(self) -> tuple[str, ...]:
        """What standard errors include, and what is assumed."""
        held = self.table.index[self.table["assumed"]]
        one = PERIODS.get(self.table.index.freqstr[0], "period")
        assumed = (
            f"The real rate from {held[0]} on is held at its last value." if len(held) else
            f"The real rate is known to the last {one}, or held there in the data."
        )  # fmt: skip
        return f"Standard errors include {self.includes}; the real rate is taken as given.", assumed

    def plot(self, ax: Any = None, *, start: Start = None, level: float = 0.9) -> Figure:
        """r*, gap and output gap in their bands, by default of the last five years."""
        from capstar.plotting.statespace import plot_bands

        shown = since(self.table, start) if start is not None else self.table.iloc[-60:]
        bands = shown.drop(columns=[REAL_RATE, "assumed"])
        rate = shown[[REAL_RATE]].set_axis([RSTAR], axis=1)
        labels = f"given what is published, {level:.0%} band", "real rate"
        return plot_bands(
            bands, rate, labels=labels, level=level, title=self.title, unit="percent", source=self.provenance, ax=ax
        )  # fmt: skip


@checked
def nowcast(
    fit: DeclaredRate,
    data: Input,
    period: str | pd.Period | None = None,
    *,
    n_draws: int = 0,
    seed: int = 0,
    progress: Progress | bool = True,
) -> Nowcast:
    """r*, gap and output gap of a period from what is published so far, parameters held.

    Parameters
    ----------
    fit
        An estimate of a declared model, such as ``capstar.rstar.MonthlyLW.fit(...)``.
    data
        Input as of `DeclaredModel.fit`, from the same first period, in which what is not out is missing, such as
        `capstar.data.us_monthly`.
    period
        By default the last of the data. In periods beyond them the real rate is held at its last value.
    n_draws, seed, progress
        Of the Monte Carlo that adds the uncertainty of the parameters (Hamilton 1986); 0: without it.

    Raises
    ------
    DataError
        A column is missing, a value is missing that an equation reads, or the period is before the last of the data.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.rstar.examples import months
    >>> before = months(cs.data.us_macro(), "2008-11")
    >>> fit = cs.rstar.MonthlyHLW2023.fit(before, n_starts=1)
    >>> now = cs.rstar.nowcast(fit, months(cs.data.us_macro(), "2009-01"))
    >>> now.table[["gap", "gap_se", "output_gap"]].iloc[-1].round(1).to_dict()
    {'gap': 1.4, 'gap_se': 1.8, 'output_gap': -3.6}
    """
    table = input_table(fit, data)
    last = table.index[-1] if period is None else pd.Period(period, freq=fit.model.frequency)
    if last < table.index[-1]:
        raise DataError(f"period={last}: the data go to {table.index[-1]}. Cut them, or give a later period.")
    run = on_table(fit, completed(fit, table, last))
    run = run.with_standard_errors(n_draws, seed=seed, progress=progress) if n_draws else run
    rate, columns = run.real_rate.loc[run.start :], dict[str, pd.Series]()
    for name in quantities_of(fit):
        path = run.path(name)
        se = run.standard_errors.get(name, path.smoothed_se) if n_draws else path.smoothed_se
        columns |= {name: path.smoothed, f"{name}_se": se}
    columns |= {GAP: rate - columns[RSTAR], f"{GAP}_se": columns[f"{RSTAR}_se"], REAL_RATE: rate}
    assumed = pd.Series(rate.index > _last_rate(table), rate.index)
    out = titled(pd.DataFrame(columns | {"assumed": assumed}).rename_axis("date"), run.real_rate)
    known = {str(name): str(table[name].last_valid_index()) for name in fit.model.inputs if name in table}
    return Nowcast(fit.model_name, out, pd.Series(known), WITH_PARAMETERS if n_draws else FILTER_ONLY)


def quantities_of(fit: DeclaredRate) -> list[str]:
    """r*, and the output gap where the model has one."""
    return [name for name in (RSTAR, OUTPUT_GAP) if name in fit.quantities]


def input_table(fit: DeclaredRate, data: Input) -> pd.DataFrame:
    """Input columns by period."""
    read = as_input(data, (*fit.model.inputs, COVID_INDEX), None, fit.model.frequency)
    table = as_frequency(read, fit.model.frequency, columns=(*fit.model.inputs, COVID_INDEX))
    return with_covid_index(table, table.index[-1])


def _last_rate(table: pd.DataFrame) -> pd.Period:
    known = table[["interest_rate", "expected_inflation"]].dropna()
    if known.empty:
        raise DataError("No period has a real rate. Give interest_rate and expected_inflation.")
    return known.index[-1]


def completed(fit: DeclaredRate, table: pd.DataFrame, last: pd.Period) -> pd.DataFrame:
    """The table to a period, where the equations take the real rate as given with that held at its last value."""
    out = table.reindex(pd.period_range(table.index[0], last, freq=table.index.freqstr, name="date"))
    if R not in fit.model.spec.observation:
        held = [name for name in _HELD if name in out]
        out[held] = out[held].ffill()
    out.attrs = dict(table.attrs)
    return out


def on_table(fit: DeclaredRate, table: pd.DataFrame) -> DeclaredRate:
    """The estimate run on a table of inputs, parameters and state before the sample held."""
    return on_series(fit, fit.model.series_from(table))


def on_series(fit: DeclaredRate, frame: pd.DataFrame) -> DeclaredRate:
    """As `on_table`, on the series of the equations."""
    return replace(fit, results=fit.results.on(frame), data=frame, uncertainty=None)
