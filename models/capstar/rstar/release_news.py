"""What each release between two days changed of r*, gap and output gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from capstar.arguments import Input, checked
from capstar.errors import DataError
from capstar.progress import Progress
from capstar.provenance import titled
from capstar.reporting import Result
from capstar.rstar.declared import RSTAR, DeclaredRate
from capstar.rstar.nowcast import (
    COVID_INDEX,
    GAP,
    REAL_RATE,
    completed,
    input_table,
    on_series,
    on_table,
    quantities_of,
)
from capstar.rstar.series import columns_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
    {'output': -0.58, 'prices': -0.48, 'interest rate': 0.0}
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
    old, new = input_table(fit, earlier), input_table(fit, later)
    if new.index[-1] < old.index[-1]:
        raise DataError(
            f"The earlier data go to {old.index[-1]}, the later to {new.index[-1]}. Swap them, or cut the earlier."
        )
    at = new.index[-1] if period is None else pd.Period(period, freq=fit.model.frequency)
    last = max(at, new.index[-1])
    old, new = (completed(fit, one, last) for one in (old, new))
    parts, observations = _parts(fit, old, new, _releases(fit, releases), at, progress)
    begin, end = _estimates(on_table(fit, old)), _estimates(on_table(fit, new))
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


def _estimates(fit: DeclaredRate) -> pd.DataFrame:
    """Given all data, by period."""
    out = pd.DataFrame({name: fit.path(name).smoothed for name in quantities_of(fit)})
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
    step, before, parts = old, _estimates(on_table(fit, old)), {}
    for name, columns in releases.items():
        step = step.assign(**{column: new[column] for column in columns if column in step})
        frame = model.series_from(step)
        frame[list(seen)] = frame[list(seen)].where(seen)
        after = _estimates(on_series(fit, frame))
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
    # Where the model explains the real rate, its new values are observations.
    rates = parts[owner["interest_rate"]]
    late = _estimates(on_series(fit, whole))[REAL_RATE] - before[REAL_RATE]
    rates[[REAL_RATE, GAP]] = rates[[REAL_RATE, GAP]].add(late, axis=0)
    adds = news.impacts.xs(at, level="period").T[quantities_of(fit)].add_prefix("adds to ")
    return parts, pd.concat([news.observations, adds], axis=1)
