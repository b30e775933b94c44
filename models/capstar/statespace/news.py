"""Why estimates change when the data do: revised data, and the news in each new observation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from capstar.errors import DataError
from capstar.frames import Start, as_periods, since
from capstar.progress import Progress, reporting
from capstar.provenance import source_of
from capstar.reporting import Result
from capstar.statespace.compiled import Compiled, compile_spec
from capstar.statespace.initial import Initial, start_from
from capstar.statespace.problem import Problem
from capstar.statespace.smoothing import estimate_states
from capstar.statespace.spec import Spec

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from capstar.reporting import Summary


@dataclass(frozen=True)
class News(Result):
    """The change of every report from one data set to the next, and where it comes from.

    All estimates are given all data of their set, at the same parameters; beyond the end of the earlier set they are
    forecasts.

    Attributes
    ----------
    table : pandas.DataFrame
        A row for each report and period: ``earlier``, ``revisions`` (of data already there), ``news`` (of new
        observations) and ``later``; the first three sum to the last.
    revisions : pandas.DataFrame
        What the revisions of each series add, rows as ``table``.
    observations : pandas.DataFrame
        A row for each new observation (period, series): ``observed``, the ``forecast`` of it from the earlier
        observations with their revised values, and their difference, ``news``.
    weights : pandas.DataFrame
        What a unit of each observation's news adds: rows as ``table``, columns as ``observations``.

    Examples
    --------
    What the flows of 1969 and 1970 say about the level of the Nile:

    >>> import capstar as cs
    >>> from capstar.statespace.examples import nile_level
    >>> level, flow = nile_level()
    >>> known = {"s_eps": 122.876, "s_eta": 38.33}
    >>> news = cs.statespace.explain_revisions(level, known, flow[:98].to_frame(), flow.to_frame())
    >>> news
    <News: News in 2 observations for 1 report, 1871-1970>
    >>> news.impacts.loc[("level", "1970")].round(1).to_list()
    [-28.2, -31.5]
    >>> news.notes()
    ('Parameters as known.',)
    """

    table: pd.DataFrame
    revisions: pd.DataFrame
    observations: pd.DataFrame
    weights: pd.DataFrame

    @property
    def impacts(self) -> pd.DataFrame:
        """What each new observation adds, weight times news; rows as ``table``, columns as ``observations``."""
        return self.weights * self.observations["news"]

    @property
    def title(self) -> str:
        """How many observations are new, and how many reports they change."""
        reports, periods = self.table.index.levels
        counts = f"{len(self.observations)} observations for {len(reports)} report{'s' * (len(reports) > 1)}"
        return f"News in {counts}, {periods[0]}-{periods[-1]}"

    def frames(self, period: str | pd.Period | None = None) -> dict[str, pd.DataFrame]:
        """The changes of one period, the last by default, and the observations behind them.

        Parameters
        ----------
        period
            A period of the later data.

        Raises
        ------
        DataError
            The period is not in the data.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_fit
        >>> found = nile_fit()
        >>> flow = found.data
        >>> news = found.news(flow[:-2], flow)
        >>> list(news.frames("1970"))
        ['Reports in 1970', 'New observations']
        """
        periods = pd.PeriodIndex(self.table.index.get_level_values("period"))
        at = periods[-1] if period is None else pd.Period(period, freq=periods.freqstr)
        if at not in periods:
            raise DataError(f"{at} is not in the data, {periods[0]} to {periods[-1]}. Choose another period.")
        behind = self.impacts.xs(at, level="period").T
        shown = pd.concat([self.observations, behind.add_prefix("adds to ")], axis=1)
        shown.index = [f"{series} {date}" for date, series in shown.index]
        tables = {f"Reports in {at}": self.table.xs(at, level="period"), "New observations": shown}
        revised = self.revisions.xs(at, level="period")
        return tables | ({"Revisions, by series": revised} if (revised != 0).any(axis=None) else {})

    def notes(self) -> tuple[str, ...]:
        """What is taken as known."""
        return ("Parameters as known.",)

    def summary(self, period: str | pd.Period | None = None) -> Summary:
        """As `frames`, of one period.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_fit
        >>> found = nile_fit()
        >>> flow = found.data
        >>> print(found.news(flow[:-2], flow).summary())
        News in 2 observations for 1 report, 1871-1970
        <BLANKLINE>
        Reports in 1970
        ==========================================
               earlier revisions     news    later
        ------------------------------------------
        level 858.1234    0.0000 -59.7562 798.3673
        ------------------------------------------
        <BLANKLINE>
        New observations
        ================================================
               observed forecast      news adds to level
        ------------------------------------------------
        y 1969 714.0000 858.1234 -144.1234      -28.2104
        y 1970 740.0000 858.1234 -118.1234      -31.5458
        ------------------------------------------------
        * Parameters as known.
        """
        from capstar.reporting import Summary

        return Summary(self.title, self.frames(period), self.notes())

    def plot(self, ax: Any = None, *, start: Start = None) -> Figure:
        """The change of each report by period, by default where it is over 0.5 percent of the largest and after.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_fit
        >>> found = nile_fit()
        >>> flow = found.data
        >>> found.news(flow[:-2], flow).plot(start="1950").savefig("news.png")
        """
        from capstar.plotting.statespace import plot_series

        changes = (self.table["later"] - self.table["earlier"]).unstack("report")
        title, source = f"{self.title}: change of the estimates", source_of(changes)
        if start is None:  # where little changes there is nothing to see
            size = changes.abs().max(axis=1)
            start = size.index[int((size > 0.005 * size.max()).argmax())]
        shown = since(changes, start)
        return plot_series(shown, title=title, unit="units of the report", source=source, ax=ax)


def explain_revisions(
    spec: Spec,
    params: Mapping[str, float] | pd.Series,
    earlier: pd.DataFrame,
    later: pd.DataFrame,
    *,
    initial: Initial = "stationary",
    fixed: Mapping[str, float] | None = None,
    start: str | pd.Period | None = None,
    progress: Progress | bool = True,
) -> News:
    r"""Split the change of every report between two data sets.

    Estimates are linear in the data.  Put the revised values in for what was already there and the change is that of
    the revisions; add the new observations and the rest is :math:`\sum_j w_j (y_j - E[y_j | \text{revised}])`, weights
    times news (Banbura and Modugno 2014).  Series that the model does not explain are, beyond the earlier data, those
    of the later.

    Parameters
    ----------
    spec, params
        Model and parameters; where it declares no reports, its states are explained.
    earlier, later
        Tables of the series the equations read, as known at two dates; the later one has every observation that the
        earlier one has, revised or not.
    initial, fixed, start
        State before the sample, parameters that were held, and first period, as of `capstar.statespace.fit`.
    progress
        See `capstar.progress`.

    Raises
    ------
    DataError
        A series is missing, an observation of the earlier data is not in the later, or there is neither anything new
        nor revised.

    References
    ----------
    Banbura, M. and Modugno, M. (2014). Maximum likelihood estimation of factor models on datasets with arbitrary
    pattern of missing data. *Journal of Applied Econometrics* 29(1), 133-160.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.statespace.examples import nile_level
    >>> level, flow = nile_level()
    >>> known = {"s_eps": 122.876, "s_eta": 38.33}
    >>> news = cs.statespace.explain_revisions(level, known, flow[:98].to_frame(), flow.to_frame())
    >>> news.observations["news"].round(1).to_list()
    [-144.1, -118.1]
    """
    spec = spec.reporting()
    new, pattern, old = _aligned(spec, earlier, later)
    observed = new[list(spec.observation)].notna().any(axis=1)
    sets = _Sets(spec, params, initial, fixed, start, pattern, new.index[observed][-1])
    revised = new.where(pattern | ~new.columns.isin(list(spec.observation)))
    before, middle = sets.reports(old, True), sets.reports(revised, True)
    after = sets.reports(new, False)
    by_series = {
        name: _stack(sets.reports(old.assign(**{name: revised[name]}), True) - before)
        for name in new
        if not old[name].equals(revised[name])
    }
    observations = sets.forecasts(revised, new)
    weights = {}
    with reporting(progress) as tell:
        for k, (date, series) in enumerate(observations.index, 1):
            moved = new.copy()
            moved.loc[date, series] += 1.0
            weights[date, series] = _stack(sets.reports(moved, False) - after)
            tell("weights of the news", k / len(observations))
    parts = {"earlier": before, "revisions": middle - before, "news": after - middle, "later": after}
    table = pd.DataFrame({name: _stack(part) for name, part in parts.items()})
    revisions = pd.DataFrame(by_series, index=table.index)
    each = pd.DataFrame(weights, index=table.index, columns=observations.index)
    return News(table, revisions, observations, each)


def _aligned(
    spec: Spec, earlier: pd.DataFrame, later: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The later data, which of its cells the earlier have, and the earlier data on the same periods."""
    names = compile_spec(spec).series
    old, new = (
        as_periods(frame, source=f"{spec.name}, {which} data")
        for frame, which in ((earlier, "earlier"), (later, "later"))
    )
    for which, frame in (("earlier", old), ("later", new)):
        if absent := [name for name in names if name not in frame]:
            raise DataError(f"{spec.name}: the {which} data lack {absent[0]}. Add the column.")
    if new.index[-1] < old.index[-1] or new.index.freqstr != old.index.freqstr:
        raise DataError(
            f"{spec.name}: the earlier data end in {old.index[-1]}, the later in {new.index[-1]}. Swap them, or "
            "cut the earlier."
        )
    first = max(old.index[0], new.index[0])
    old, new = old.loc[first:, names], new.loc[first:, names]
    pattern = old.notna().reindex(new.index, fill_value=False)
    if (lost := pattern & new.isna()).any(axis=None):
        series = lost.any().idxmax()
        raise DataError(
            f"{spec.name}: {series} in {lost[series].idxmax()} is in the earlier data and not in the later. Fill it."
        )
    old = old.reindex(new.index)
    for name in names:
        if name not in spec.observation:
            old[name] = old[name].where(pattern[name], new[name])
    if old.equals(new):
        raise DataError(f"{spec.name}: the two data sets are the same; there is nothing to explain.")
    return new, pattern, old


def _stack(wide: pd.DataFrame) -> pd.Series:
    """Reports by period as one column, by report and period."""
    out: pd.Series = wide.rename_axis("period").rename_axis("report", axis=1).T.stack()
    return out


@dataclass(frozen=True)
class _Sets:
    """Estimates from data sets of one model."""

    spec: Spec
    params: Mapping[str, float] | pd.Series
    initial: Initial
    fixed: Mapping[str, float] | None
    start: str | pd.Period | None
    pattern: pd.DataFrame
    last: pd.Period
    """Of the new observations: lags are read before it, and by reports."""

    def problem(self, frame: pd.DataFrame, cut: bool) -> Problem:
        """Bound to data of which, if ``cut``, only what the earlier set had is observed."""
        return self.bound(self.filled(frame), True) if cut else self.bound(frame, False)

    def bound(self, frame: pd.DataFrame, cut: bool) -> Problem:
        """As `problem`, of data whose lags are there."""
        problem = start_from(self.spec, frame, self.initial, fixed=self.fixed, start=self.start)
        if not cut:
            return problem
        seen = self.pattern.loc[problem.index, list(problem.model.observed)].to_numpy()
        return problem.with_data(np.where(seen, problem.y, np.nan))

    def filled(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Lags of observed series that the equations read, where missing, replaced by what the earlier data say."""
        model = compile_spec(self.spec)
        names, reported = _own_lags(model), {name for name, _ in model.report_inputs}
        seen = self.pattern[list(self.spec.observation)].any(axis=1)
        end, out = seen[seen].index[-1], frame.copy()
        until = frame.index[-1] if reported & set(names) else self.last - 1
        missing = frame.loc[:until, names].isna().any(axis=1)
        for period in missing.index[missing]:
            problem = self.bound(out.loc[: max(period, end)], True)
            if period in problem.index:
                expected = self.expected(problem).loc[period, names]
                out.loc[period, names] = out.loc[period, names].fillna(expected)
        return out

    def expected(self, problem: Problem) -> pd.DataFrame:
        """Observed series given the data of a problem, by period."""
        states, model = estimate_states(problem, self.params), problem.model
        values = problem.values(states.theta)
        mean = (
            states.smoothed @ model.blocks["Z"].dense(values).T
            + problem.x @ model.blocks["D"].dense(values).T
        )
        return pd.DataFrame(mean, problem.index, list(model.observed))

    def reports(self, frame: pd.DataFrame, cut: bool) -> pd.DataFrame:
        """Every report given the data, by period."""
        states = estimate_states(self.problem(frame, cut), self.params)
        return pd.DataFrame({name: states.report(name)[0] for name in states.problem.model.reports})

    def forecasts(self, revised: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
        """New observations, what the revised earlier data say of them, and the difference."""
        problem = self.problem(revised, True)
        expected, names = self.expected(problem), list(problem.model.observed)
        fresh = new.loc[problem.index, names].where(~self.pattern.loc[problem.index, names])
        table = pd.DataFrame({"observed": fresh.stack(), "forecast": expected.stack()}).dropna().sort_index()
        return table.assign(news=table["observed"] - table["forecast"]).rename_axis(["period", "series"])


def _own_lags(model: Compiled) -> list[str]:
    """Observed series whose lags the equations or reports read."""
    read = {name for name, _ in model.reads}
    return [name for name in model.observed if name in read]
