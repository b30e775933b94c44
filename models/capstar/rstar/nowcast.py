"""r*, gap and output gap from what is published so far, and what each release between two days changed."""

from __future__ import annotations

from collections.abc import Mapping
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
from capstar.rstar.series import R, columns_of, with_covid_index

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAP, OUTPUT_GAP, REAL_RATE, COVID_INDEX = "gap", "output_gap", "real_rate", "covid_index"
AGAIN = "parameters estimated again"
RELEASES: Mapping[str, tuple[str, ...]] = {
    "output": ("log_gdp",),
    "prices": ("inflation", "expected_inflation"),
    "interest rate": ("interest_rate",),
    "oil price": ("oil_price_inflation",),
    "import prices": ("import_price_inflation",),
    "COVID index": (COVID_INDEX,),
}
"""Input columns by the release they come with."""
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
    >>> now.table[["rstar", "rstar_se", "output_gap"]].iloc[-1].round(1).to_dict()
    {'rstar': -0.3, 'rstar_se': 2.0, 'output_gap': -2.5}
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
    n_draws, seed
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
    {'gap': 1.8, 'gap_se': 2.0, 'output_gap': -4.0}
    """
    table = _table(fit, data)
    last = table.index[-1] if period is None else pd.Period(period, freq=fit.model.frequency)
    if last < table.index[-1]:
        raise DataError(f"period={last}: the data go to {table.index[-1]}. Cut them, or give a later period.")
    run = _on(fit, _completed(fit, table, last))
    run = run.with_standard_errors(n_draws, seed=seed, progress=False) if n_draws else run
    rate, columns = run.real_rate.loc[run.start :], dict[str, pd.Series]()
    for name in _quantities(fit):
        path = run.path(name)
        se = run.standard_errors.get(name, path.smoothed_se) if n_draws else path.smoothed_se
        columns |= {name: path.smoothed, f"{name}_se": se}
    columns |= {GAP: rate - columns[RSTAR], f"{GAP}_se": columns[f"{RSTAR}_se"], REAL_RATE: rate}
    assumed = pd.Series(rate.index > _last_rate(table), rate.index)
    out = titled(pd.DataFrame(columns | {"assumed": assumed}).rename_axis("date"), run.real_rate)
    known = {str(name): str(table[name].last_valid_index()) for name in fit.model.inputs if name in table}
    return Nowcast(fit.model_name, out, pd.Series(known), WITH_PARAMETERS if n_draws else FILTER_ONLY)


@dataclass(frozen=True)
class ReleaseNews(Result):
    """What each release between two days changed.

    Attributes
    ----------
    model_name
        As in summaries.
    period
        Of which `table` is.
    table : pandas.DataFrame
        By release, and in the last row the parameters: what it adds to ``rstar``, ``real_rate``, ``gap`` and, where the
        model has one, ``output_gap`` of the period, percentage points.
    estimates : pandas.DataFrame
        The same ``earlier`` and ``later``; the columns of `table` sum to their difference.
    contributions : pandas.DataFrame
        As `table`, by ``release`` and ``period`` of the whole sample.
    observations : pandas.DataFrame
        By new observation (period, series): ``observed``, the ``forecast`` of it with revised data, their difference,
        ``news``, and what it ``adds to`` r* and the output gap of the period, of which `table` has the sums.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.rstar.examples import months
    >>> before = months(cs.data.us_macro(), "2008-11")
    >>> fit = cs.rstar.MonthlyHLW2023.fit(before, n_starts=1)
    >>> later = months(cs.data.us_macro(), "2009-01")
    >>> news = cs.rstar.release_news(fit, before, later, reestimate=False)
    >>> news
    <ReleaseNews: What releases changed in 2009-01, Monthly HLW 2023>
    >>> news.table["rstar"].round(2).to_dict()
    {'output': -0.59, 'prices': -0.56, 'interest rate': 0.0}
    >>> change = news.estimates.loc["later"] - news.estimates.loc["earlier"]
    >>> bool((news.table.sum() - change).abs().max() < 1e-8)
    True
    >>> list(news.frames()), len(news.notes()), news.at("2008-12").index.equals(news.table.index)
    (['Change in 2009-01', 'Estimates', 'New observations'], 2, True)
    >>> figure = news.plot()
    """

    model_name: str
    period: str
    table: pd.DataFrame
    estimates: pd.DataFrame
    contributions: pd.DataFrame
    observations: pd.DataFrame

    @property
    def title(self) -> str:
        """The period, and by which model."""
        return f"What releases changed in {self.period}, {self.model_name}"

    def at(self, period: str | pd.Period) -> pd.DataFrame:
        """As `table`, of another period."""
        known = pd.PeriodIndex(self.contributions.index.get_level_values("period"))
        at = pd.Period(period, freq=known.freqstr)
        if at not in known:
            raise DataError(
                f"{at} is not in the sample, {known.min()} to {known.max()}. Choose another period."
            )
        return self.contributions.xs(at, level="period").loc[self.table.index]

    def frames(self) -> dict[str, pd.DataFrame]:
        """The change and its parts, estimates, and new observations."""
        change = pd.concat([self.table, self.table.sum().to_frame("change").T])
        shown = self.observations.set_axis([f"{name} {at}" for at, name in self.observations.index])
        return {f"Change in {self.period}": change, "Estimates": self.estimates, "New observations": shown}

    def notes(self) -> tuple[str, ...]:
        """How it is counted."""
        held = "Parameters are held" + (
            f"; {AGAIN!r} is what estimating them on the later data adds."
            if AGAIN in self.table.index
            else "."
        )
        return held, (
            "A release adds what its new values say beyond their forecast, and what its revisions change. Where the "
            "real rate was not known it was held at its last value; oil and import prices count with the inflation "
            "that they explain."
        )

    def plot(self, ax: Any = None) -> Figure:
        """What each release adds."""
        from capstar.plotting import plot_bars

        shown = self.table.drop(columns=REAL_RATE)
        return plot_bars(shown, title=self.title, unit="percentage points", source=self.provenance, ax=ax)


@checked
def release_news(
    fit: DeclaredRate,
    earlier: Input,
    later: Input,
    period: str | pd.Period | None = None,
    *,
    reestimate: bool = True,
    releases: Mapping[str, tuple[str, ...]] | None = None,
    progress: Progress | bool = True,
) -> ReleaseNews:
    """Split the change of r*, gap and output gap between two days by release.

    Estimates given all data are linear in them at given parameters: revisions and what had been assumed are replaced
    release by release, and the rest is the new observations' weights times their news (Banbura and Modugno 2014).

    Parameters
    ----------
    fit
        An estimate on the earlier data, whose parameters are held.
    earlier, later
        Input as of `nowcast`, as known on two days.
    period
        Of which the change is; by default the last of the later data.
    reestimate
        Whether the parameters are estimated on the later data too, from those of ``fit``.
    releases
        Input columns by release; by default `RELEASES`. Other columns are releases of their own.
    progress
        See `capstar.progress`.

    Raises
    ------
    DataError
        A column is missing, an earlier observation is not in the later data, or the later data end before the earlier.

    References
    ----------
    Banbura, M. and Modugno, M. (2014). Maximum likelihood estimation of factor models on datasets with arbitrary
    pattern of missing data. *Journal of Applied Econometrics* 29(1), 133-160.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.rstar.examples import months
    >>> before = months(cs.data.us_macro(), "2008-11")
    >>> fit = cs.rstar.MonthlyHLW2023.fit(before, n_starts=1)
    >>> news = cs.rstar.release_news(fit, before, months(cs.data.us_macro(), "2009-01"))
    >>> news.table.index[-1], [f"{name} {month}" for month, name in news.observations.index]
    ('parameters estimated again', ['pi 2008-11', 'pi 2008-12', 'y 2008-12'])
    """
    old, new = _table(fit, earlier), _table(fit, later)
    if new.index[-1] < old.index[-1]:
        raise DataError(
            f"The earlier data go to {old.index[-1]}, the later to {new.index[-1]}. Swap them, or cut the earlier."
        )
    at = new.index[-1] if period is None else pd.Period(period, freq=fit.model.frequency)
    last = max(at, new.index[-1])
    old, new = (_completed(fit, one, last) for one in (old, new))
    parts, observations = _parts(fit, old, new, _releases(fit, releases), at, progress)
    begin, end = _estimates(_on(fit, old)), _estimates(_on(fit, new))
    if reestimate:
        again = fit.model.fit(
            new, fit.start, start_params=fit.params.to_dict(), fixed=fit.results.fixed.to_dict(), n_starts=1,
            progress=progress,
        )  # fmt: skip
        parts[AGAIN], end = _estimates(again) - end, _estimates(again)
    whole = pd.concat(parts, names=["release", "period"])
    table = whole.xs(at, level="period").reindex(
        [name for name in parts if (parts[name] != 0).any(axis=None)]
    )
    estimates = pd.DataFrame({"earlier": begin.loc[at], "later": end.loc[at]}).T
    return ReleaseNews(fit.model_name, str(at), titled(table, fit.real_rate), estimates, whole, observations)


def _quantities(fit: DeclaredRate) -> list[str]:
    return [name for name in (RSTAR, OUTPUT_GAP) if name in fit.quantities]


def _table(fit: DeclaredRate, data: Input) -> pd.DataFrame:
    """Input columns by period."""
    read = as_input(data, (*fit.model.inputs, COVID_INDEX), None, fit.model.frequency)
    table = as_frequency(read, fit.model.frequency, columns=(*fit.model.inputs, COVID_INDEX))
    return with_covid_index(table, table.index[-1])


def _last_rate(table: pd.DataFrame) -> pd.Period:
    known = table[["interest_rate", "expected_inflation"]].dropna()
    if known.empty:
        raise DataError("No period has a real rate. Give interest_rate and expected_inflation.")
    return known.index[-1]


def _completed(fit: DeclaredRate, table: pd.DataFrame, last: pd.Period) -> pd.DataFrame:
    """The table to a period, where the equations take the real rate as given with that held at its last value."""
    out = table.reindex(pd.period_range(table.index[0], last, freq=table.index.freqstr, name="date"))
    if R not in fit.model.spec.observation:
        held = [name for name in _HELD if name in out]
        out[held] = out[held].ffill()
    out.attrs = dict(table.attrs)
    return out


def _on(fit: DeclaredRate, table: pd.DataFrame) -> DeclaredRate:
    return _of_series(fit, fit.model.series_from(table))


def _of_series(fit: DeclaredRate, frame: pd.DataFrame) -> DeclaredRate:
    return replace(fit, results=fit.results.on(frame), data=frame, uncertainty=None)


def _estimates(fit: DeclaredRate) -> pd.DataFrame:
    """Given all data, by period."""
    out = pd.DataFrame({name: fit.path(name).smoothed for name in _quantities(fit)})
    out.insert(1, REAL_RATE, fit.real_rate.ffill().reindex(out.index))
    out.insert(2, GAP, out[REAL_RATE] - out[RSTAR])
    return out.rename_axis("period")


def _releases(fit: DeclaredRate, given: Mapping[str, tuple[str, ...]] | None) -> dict[str, tuple[str, ...]]:
    inputs = (*fit.model.inputs, COVID_INDEX)
    out = {name: tuple(c for c in columns if c in inputs) for name, columns in (given or RELEASES).items()}
    named = [column for columns in out.values() for column in columns]
    return {name: columns for name, columns in out.items() if columns} | {
        name: (name,) for name in inputs if name not in named and name != COVID_INDEX
    }


def _parts(
    fit: DeclaredRate,
    old: pd.DataFrame,
    new: pd.DataFrame,
    releases: Mapping[str, tuple[str, ...]],
    at: pd.Period,
    progress: Progress | bool,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """What each release adds by period, and the new observations."""
    model, known = fit.model, fit.model.series_from(old)
    seen = known[list(model.spec.observation)].notna()
    step, before, parts = old, _estimates(_on(fit, old)), {}
    for name, columns in releases.items():
        step = step.assign(**{column: new[column] for column in columns if column in step})
        frame = model.series_from(step)
        frame[list(seen)] = frame[list(seen)].where(seen)
        after = _estimates(_of_series(fit, frame))
        parts[name], before = after - before, after
    whole = model.series_from(new)
    if frame.equals(whole):
        return parts, pd.DataFrame(columns=["observed", "forecast", "news"])
    news = fit.results.news(frame, whole, progress=progress)
    owner = {column: name for name, columns in releases.items() for column in columns}
    for observation in news.observations.index:
        one = parts[owner[columns_of([observation[1]])[0]]]
        for name, moved in news.impacts[observation].groupby("report"):
            if name in one:
                one[name] += moved.droplevel("report")
            if name == RSTAR:
                one[GAP] -= moved.droplevel("report")
    rates = parts[
        owner["interest_rate"]
    ]  # where the model explains the real rate, its new values are observations
    late = _estimates(_of_series(fit, whole))[REAL_RATE] - before[REAL_RATE]
    rates[[REAL_RATE, GAP]] = rates[[REAL_RATE, GAP]].add(late, axis=0)
    adds = news.impacts.xs(at, level="period").T[_quantities(fit)].add_prefix("adds to ")
    return parts, pd.concat([news.observations, adds], axis=1)
