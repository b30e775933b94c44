"""Figures of whether one series leads another: slopes, responses, forecasts, events."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from capstar.arguments import half_width
from capstar.names import name_of, state_names
from capstar.plotting.figures import (
    BLUE,
    GREY,
    ORANGE,
    SERIES,
    draw_lines,
    dress,
    finish,
    panels,
    plain,
    styled,
    time_axis,
)
from capstar.provenance import Source


def plot_lead(
    table: pd.DataFrame,
    *,
    predictor: str = "gap",
    level: float = 0.9,
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Slopes by horizon in Hodrick bands, a panel a return series, all on one scale.

    Parameters
    ----------
    table
        From `capstar.leads.LeadResults`.
    predictor
        Its name, for the axis.
    level
        Coverage of the bands.
    source
        As everywhere here: data and sample, the line below.
    ax
        For the first return series alone; as in every function here, by default a figure of its own.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"returns": "small", "horizon": [1, 4], "slope": [-0.5, -2.0], "hodrick_se": [0.3, 1.0]}
    ... )  # or LeadResults.table
    >>> figure = cs.plotting.plot_lead(table, level=0.9)
    >>> figure.axes[0].get_xlabel()
    'horizon, quarters'
    """
    names = list(dict.fromkeys(table["returns"]))
    figure, axes = panels(
        ax, len(names), width=9.0 if len(names) == 1 else 3.7, height=3.6, across=3, sharey=True
    )
    for one, name, color in zip(axes, names, cycle(SERIES), strict=False):
        draw_slopes(one, table[table["returns"] == name], color, level=level)
        dress(one, name, f"percent per point of {name_of(predictor)}")
    title = (
        f"Log return after publication on {name_of(predictor)}: slope by horizon, {level:.0%} Hodrick bands"
    )
    return finish(figure, ax, title=title, source=source)


def draw_slopes(
    ax: Axes,
    rows: pd.DataFrame,
    color: str,
    label: str | None = None,
    *,
    level: float = 0.9,
    place: tuple[int, int] = (0, 1),
) -> None:
    """Slopes of one return series by horizon in Hodrick bands; ``place`` is its number among so many on the axes."""
    k, count = place
    width = half_width(level) * rows["hodrick_se"]
    x = rows["horizon"] + 0.2 * (k - (count - 1) / 2)
    said = None if label is None else plain(name_of(label))
    ax.errorbar(x, rows["slope"], yerr=width, fmt="o-", color=color, capsize=3, markersize=4, label=said)
    ax.set_xticks(rows["horizon"])
    monthly = "first" in rows and "Q" not in str(rows["first"].iloc[0])
    ax.set_xlabel(f"horizon, {'months' if monthly else 'quarters'}", fontsize=9)


def plot_estimates(
    table: pd.DataFrame,
    *,
    title: Hashable,
    unit: str = "",
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Estimates in their intervals, one below the other.

    Parameters
    ----------
    table
        Columns ``estimate``, ``lower`` and ``upper`` by label.
    title, unit
        Above the figure, a tuple of names and words is joined; below the axis.
    source, ax
        As in `plot_lead`.
    """
    figure, (one,) = panels(ax, width=7.0, height=min(0.35 * len(table) + 1.5, 12.0))
    width = [table["estimate"] - table["lower"], table["upper"] - table["estimate"]]
    one.errorbar(table["estimate"], -np.arange(len(table)), xerr=width, fmt="o", color=BLUE, capsize=3)
    _rows(one, table.index, "" if ax is None else title, unit)
    return finish(figure, ax, title=title, source=source)


def plot_within(
    table: pd.DataFrame, *, title: str, unit: str = "", source: Source | None = None, ax: Axes | None = None
) -> Figure:
    """Statistics beside the range they have under the null, one below the other.

    Parameters
    ----------
    table
        By label: the lower quantile, the statistic and the upper quantile, in columns of these names.
    title, unit, source, ax
        As in `plot_estimates`.
    """
    low, own, high = map(str, table)
    figure, (one,) = panels(ax, width=7.0, height=min(0.4 * len(table) + 1.6, 12.0))
    rows = -np.arange(len(table))
    one.hlines(rows, table[low], table[high], color=GREY, alpha=0.35, linewidth=9)
    one.plot(table[own], rows, "o", color=ORANGE, markersize=6)
    said = f"{unit}; grey: {name_of(low)} to {name_of(high)} without predictability"
    _rows(one, table.index, "" if ax is None else title, said)
    return finish(figure, ax, title=title, source=source)


def plot_bars(
    table: pd.DataFrame, *, title: str, unit: str = "", source: Source | None = None, ax: Axes | None = None
) -> Figure:
    """Numbers as horizontal bars: a row of the table below the other, its columns by colour.

    Parameters
    ----------
    table
        By label; a column a kind of bar.
    title, unit
        Above the figure and below the axis.
    source, ax
        As in `plot_lead`.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> shares = pd.DataFrame({"share of quarters": [0.6, 0.4]}, ["up", "down"])
    >>> figure = cs.plotting.plot_bars(shares, title="States of the market", unit="share")
    >>> [float(bar.get_width()) for bar in figure.axes[0].patches]
    [0.6, 0.4]
    """
    figure, (one,) = panels(ax, width=7.0, height=min(0.3 * table.size + 1.5, 12.0))
    height = 0.8 / table.shape[1]
    for k, (name, color) in enumerate(zip(table, cycle(SERIES), strict=False)):
        place = -np.arange(len(table)) + 0.4 - height * (k + 0.5)
        bars = one.barh(place, table[name].astype(float), height, color=color, label=plain(name_of(name)))
        one.bar_label(bars, fmt="{:.3g}", fontsize=7, padding=2)
    one.margins(x=0.12)
    if table.shape[1] > 1:
        one.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    _rows(one, table.index, "" if ax is None else title, unit)
    return finish(figure, ax, title=title, source=source)


def _rows(ax: Axes, labels: pd.Index, title: Hashable, unit: str) -> None:
    """Labels on the left, from the top down, and zero."""
    ax.set_yticks(-np.arange(len(labels)), [plain(name_of(one)) for one in labels])
    ax.set_ylim(-len(labels) + 0.4, 0.6)
    ax.axvline(0, color=GREY, linewidth=0.6)
    dress(ax, title, "", zero=False)
    ax.set_xlabel(plain(unit), fontsize=9)


def plot_paths(
    tables: Mapping[str, pd.DataFrame],
    *,
    title: Hashable,
    unit: str,
    along: str = "",
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Estimates against a number or time in their bands, a line a table.

    Parameters
    ----------
    tables
        By label: columns ``estimate``, ``lower`` and ``upper`` by number or period.
    title, unit, along
        Above the figure, beside and below the axes.
    source, ax
        As in `plot_lead`.
    """
    figure, (one,) = panels(ax)
    _paths(one, tables)
    one.set_xlabel(plain(along), fontsize=9)
    dress(one, title, unit)
    return finish(figure, ax, source=source)


def _paths(ax: Axes, tables: Mapping[str, pd.DataFrame]) -> None:
    lines = pd.DataFrame({label: rows["estimate"] for label, rows in tables.items()})
    for label, color, style in styled(lines):
        rows = tables[label]
        x = time_axis(rows.index)
        ax.fill_between(x, rows["lower"], rows["upper"], color=color, alpha=0.15, linewidth=0)
        mark = "none" if len(rows) > 40 else "o"
        said = plain(name_of(label))
        ax.plot(
            x,
            rows["estimate"],
            marker=mark,
            color=color,
            linestyle=style,
            linewidth=1.4,
            markersize=3,
            label=said,
        )
    if len(tables) > 1:
        ax.legend(frameon=False, fontsize=8)


def plot_lines(
    tables: Mapping[str, pd.DataFrame],
    *,
    unit: str,
    title: str = "",
    along: str = "",
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Series against time, a panel a table and a line a column.

    Parameters
    ----------
    tables
        By heading: a column a series, by period.
    unit, title, along
        Beside the axes, above and below them all.
    source
        As in `plot_lead`.
    ax
        For the first table alone.
    """
    figure, axes = panels(ax, len(tables), height=min(3.8, 2.2 + 3 / len(tables)))
    for one, (heading, table) in zip(axes, tables.items(), strict=False):
        draw_lines(one, table)
        dress(one, heading, unit)
        if table.shape[1] > 1:
            one.legend(frameon=False, fontsize=7)
    axes[-1].set_xlabel(plain(along), fontsize=9)
    return finish(figure, ax, title=title, source=source)


def plot_roc(
    curve: pd.DataFrame, *, title: str, diagonal: str, source: Source | None = None, ax: Axes | None = None
) -> Figure:
    """ROC curve against the base rate.

    Parameters
    ----------
    curve
        Columns ``false_positive`` and ``true_positive``, shares.
    title
        Above the figure.
    diagonal
        Label of the line on which a forecast knows nothing.
    source, ax
        As in `plot_lead`.
    """
    figure, (one,) = panels(ax, width=4.8, height=4.8)
    one.plot(curve["false_positive"], curve["true_positive"], color=BLUE, linewidth=1.6)
    one.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--", label=diagonal)
    dress(one, title, "true positives, share of events", zero=False)
    one.set_xlabel("false positives, share of other dates", fontsize=9)
    one.legend(frameon=False, fontsize=8, loc="lower right")
    return finish(figure, ax, source=source)


def plot_responses(
    table: pd.DataFrame,
    *,
    title: str,
    state: str = "",
    along: str = "horizon, periods",
    unit: str = "per unit of",
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Responses by horizon, a panel each.

    Parameters
    ----------
    table
        Columns ``shock``, ``response``, ``state``, ``horizon``, ``estimate``, ``lower`` and ``upper``.
    title
        Above the figure; it says what the bands are.
    state
        What it is called when ``state`` is true.
    along, unit
        Below and beside the axes; the shock's name follows the unit.
    source
        As in `plot_lead`.
    ax
        For the first response alone.
    """
    groups = list(table.groupby(["shock", "response"], sort=False))
    width = max(2.8, 7.5 / len(groups))
    figure, axes = panels(
        ax, len(groups), width=width, height=2.5 if len(groups) > 5 else 3.6, across=5,
        sharex=True, sharey=table["shock"].nunique() == 1,
    )  # fmt: skip
    for one, ((shock, response), rows) in zip(axes, groups, strict=False):
        _paths(one, _by_state(rows, "horizon", state))
        one.xaxis.set_major_locator(MaxNLocator(integer=True))
        dress(one, response, f"{unit} {name_of(shock)}")
        one.set_xlabel(along, fontsize=8)
    return finish(figure, ax, title=title, source=source)


def plot_responses_at(
    table: pd.DataFrame,
    *,
    title: str,
    state: str = "",
    unit: str = "per unit of",
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Responses at one horizon, all side by side.

    Parameters
    ----------
    table
        As in `plot_responses`, of one horizon alone.
    title, state, unit, source, ax
        As there.
    """
    figure, (one,) = panels(ax, width=8.0, height=4.2)
    named = table.assign(response=[plain(name_of(response)) for response in table["response"]])
    _paths(one, _by_state(named, "response", state))
    dress(one, title, f"{unit} {name_of(table['shock'].iloc[0])}")
    one.tick_params(axis="x", rotation=30)
    return finish(figure, ax, source=source)


def _by_state(rows: pd.DataFrame, along: str, state: str) -> dict[str, pd.DataFrame]:
    said = state_names(state)
    return {
        said.get(str(value), str(value)): part.set_index(along)
        for value, part in rows.groupby("state", sort=False)
    }


def plot_bootstrap(
    table: pd.DataFrame,
    draws: pd.DataFrame,
    *,
    title: str,
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Distribution of each statistic under the null, and where the sample's stands.

    Parameters
    ----------
    table
        Columns ``statistic`` and ``p`` by name of the statistic.
    draws
        Replications by name of the statistic.
    title, source
        As in `plot_estimates`.
    ax
        For the first statistic alone.
    """
    figure, axes = panels(ax, len(table), width=4.5, height=3.4, across=3)
    for one, (name, row) in zip(axes, table.iterrows(), strict=False):
        one.hist(draws[name], bins=40, density=True, color=BLUE, alpha=0.45, label="replications")
        one.axvline(row["statistic"], color=ORANGE, linewidth=1.6, label="the sample")
        dress(one, f"{name_of(name)}: p {row['p']:.3f}", "density")
        one.set_xlabel("statistic", fontsize=9)
    axes[0].legend(frameon=False, fontsize=8)
    return finish(figure, ax, title=title, source=source)
