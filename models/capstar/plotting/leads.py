"""Figures of whether one series leads another: slopes, responses, forecasts, events."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from statistics import NormalDist

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from capstar.plotting.figures import BLUE, GREY, ORANGE, SERIES, draw_line, dress, panels, plain, time_axis

RETURNS = {"excess": "small caps over the bill", "small_minus_large": "small minus large caps"}


def plot_lead(table: pd.DataFrame, *, predictor: str = "gap", ax: Axes | None = None) -> Figure:
    """Slopes by horizon with 90 percent Hodrick bands, one panel a return series.

    Parameters
    ----------
    table
        From `capstar.leads.LeadResults`.
    predictor
        Its name, for the axis.
    ax
        For the first return series alone; as in every function here, by default a figure of its own.
    """
    names = list(dict.fromkeys(table["returns"]))
    figure, axes = panels(ax, len(names))
    for one, name, color in zip(axes, names, cycle(SERIES), strict=False):
        draw_slopes(one, table[table["returns"] == name], color)
        dress(one, str(RETURNS.get(name, name)), f"percent per point of {predictor}")
    return figure


def draw_slopes(ax: Axes, rows: pd.DataFrame, color: str, label: str | None = None) -> None:
    """Slopes of one return series by horizon with 90 percent Hodrick bands."""
    shift = 0.12 if color == SERIES[1] else 0.0
    width = NormalDist().inv_cdf(0.95) * rows["hodrick_se"]
    x = rows["horizon"] + shift
    said = label and plain(label)
    ax.errorbar(x, rows["slope"], yerr=width, fmt="o-", color=color, capsize=3, markersize=4, label=said)
    ax.set_xticks(rows["horizon"])
    ax.set_xlabel("horizon, quarters", fontsize=9)


def plot_estimates(table: pd.DataFrame, *, title: str, unit: str = "", ax: Axes | None = None) -> Figure:
    """Estimates in their intervals, one below the other.

    Parameters
    ----------
    table
        Columns ``estimate``, ``lower`` and ``upper`` by label.
    title, unit
        Above the figure and below the axis.
    ax
        Where.
    """
    figure, (one,) = panels(ax, width=7.0, height=min(0.35 * len(table) + 1.4, 12.0))
    width = [table["estimate"] - table["lower"], table["upper"] - table["estimate"]]
    one.errorbar(table["estimate"], -np.arange(len(table)), xerr=width, fmt="o", color=BLUE, capsize=3)
    _rows(one, table.index, title, unit)
    return figure


def plot_bars(table: pd.DataFrame, *, title: str, unit: str = "", ax: Axes | None = None) -> Figure:
    """Numbers as horizontal bars: a row of the table below the other, its columns by colour.

    Parameters
    ----------
    table
        By label; a column a kind of bar.
    title, unit
        Above the figure and below the axis.
    ax
        Where.
    """
    figure, (one,) = panels(ax, width=7.0, height=min(0.3 * len(table) + 1.4, 12.0))
    height = 0.8 / table.shape[1]
    for k, (name, color) in enumerate(zip(table, cycle(SERIES), strict=False)):
        place = -np.arange(len(table)) + 0.4 - height * (k + 0.5)
        one.barh(place, table[name].astype(float), height, color=color, label=plain(name))
    if table.shape[1] > 1:
        one.legend(frameon=False, fontsize=8)
    _rows(one, table.index, title, unit)
    return figure


def _rows(ax: Axes, labels: pd.Index, title: str, unit: str) -> None:
    """Labels on the left, from the top down, and zero."""
    words = [plain(" ".join(map(str, one)) if isinstance(one, tuple) else one) for one in labels]
    ax.set_yticks(-np.arange(len(words)), words)
    ax.axvline(0, color=GREY, linewidth=0.6)
    dress(ax, title, "", zero=False)
    ax.set_xlabel(plain(unit), fontsize=9)


def plot_paths(
    tables: Mapping[str, pd.DataFrame], *, title: str, unit: str, along: str = "", ax: Axes | None = None
) -> Figure:
    """Estimates against a number or time in their bands, a line a table.

    Parameters
    ----------
    tables
        By label: columns ``estimate``, ``lower`` and ``upper`` by number or period.
    title, unit, along
        Above the figure, beside and below the axes.
    ax
        Where.
    """
    figure, (one,) = panels(ax)
    _paths(one, tables)
    one.set_xlabel(plain(along), fontsize=9)
    dress(one, title, unit)
    return figure


def _paths(ax: Axes, tables: Mapping[str, pd.DataFrame]) -> None:
    for (label, rows), color in zip(tables.items(), cycle(SERIES), strict=False):
        x = time_axis(rows.index)
        ax.fill_between(x, rows["lower"], rows["upper"], color=color, alpha=0.15, linewidth=0)
        style = "-" if len(rows) > 40 else "o-"
        ax.plot(x, rows["estimate"], style, color=color, linewidth=1.4, markersize=3, label=plain(label))
    if len(tables) > 1:
        ax.legend(frameon=False, fontsize=8)


def plot_lines(tables: Mapping[str, pd.DataFrame], *, unit: str, ax: Axes | None = None) -> Figure:
    """Series against time, a panel a table and a line a column.

    Parameters
    ----------
    tables
        By heading: a column a series, by period.
    unit
        Beside the axes.
    ax
        For the first table alone.
    """
    figure, axes = panels(ax, len(tables), height=min(3.8, 2.2 + 3 / len(tables)))
    for one, (heading, table) in zip(axes, tables.items(), strict=False):
        for (label, column), color in zip(table.items(), cycle(SERIES), strict=False):
            draw_line(one, column, color=color, label=str(label))
        dress(one, heading, unit)
        if table.shape[1] > 1:
            one.legend(frameon=False, fontsize=7)
    return figure


def plot_roc(curve: pd.DataFrame, *, title: str, diagonal: str, ax: Axes | None = None) -> Figure:
    """ROC curve against the base rate.

    Parameters
    ----------
    curve
        Columns ``false_positive`` and ``true_positive``, shares.
    title
        Above the figure.
    diagonal
        Label of the line on which a forecast knows nothing.
    ax
        Where.
    """
    figure, (one,) = panels(ax, width=4.6, height=4.4)
    one.plot(curve["false_positive"], curve["true_positive"], color=BLUE, linewidth=1.6)
    one.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--", label=diagonal)
    dress(one, title, "true positives", zero=False)
    one.set_xlabel("false positives", fontsize=9)
    one.legend(frameon=False, fontsize=8, loc="lower right")
    return figure


def plot_responses(table: pd.DataFrame, *, level: float, ax: Axes | None = None) -> Figure:
    """Responses by horizon, a panel each.

    Parameters
    ----------
    table
        Columns ``shock``, ``response``, ``state``, ``horizon``, ``estimate``, ``lower`` and ``upper``.
    level
        Coverage of the bands.
    ax
        For the first response alone.
    """
    groups = list(table.groupby(["shock", "response"], sort=False))
    width = max(2.6, 4.5 / len(groups))
    figure, axes = panels(
        ax, len(groups), width=width, height=2.5 if len(groups) > 5 else 3.4, across=5,
        sharex=True, sharey=table["shock"].nunique() == 1,
    )  # fmt: skip
    for one, ((shock, response), rows) in zip(axes, groups, strict=False):
        _paths(one, _by_state(rows, "horizon"))
        one.xaxis.set_major_locator(MaxNLocator(integer=True))
        dress(one, str(response), f"per unit of {shock}")
        one.set_xlabel(f"horizon; bands {level:.0%}", fontsize=8)
    return figure


def plot_responses_at(table: pd.DataFrame, *, horizon: int, level: float, ax: Axes | None = None) -> Figure:
    """Responses at one horizon, all side by side.

    Parameters
    ----------
    table
        As in `plot_responses`, of this horizon alone.
    horizon
        Periods.
    level
        Coverage of the bands.
    ax
        Where.
    """
    figure, (one,) = panels(ax, width=8.0)
    _paths(one, _by_state(table.assign(response=table["response"].astype(str)), "response"))
    dress(
        one, f"Responses over {horizon} periods, {level:.0%} bands", f"per unit of {table['shock'].iloc[0]}"
    )
    one.tick_params(axis="x", rotation=30)
    return figure


def _by_state(rows: pd.DataFrame, along: str) -> dict[str, pd.DataFrame]:
    return {f"state {state}": part.set_index(along) for state, part in rows.groupby("state", sort=False)}


def plot_bootstrap(table: pd.DataFrame, draws: pd.DataFrame, *, ax: Axes | None = None) -> Figure:
    """Distribution of each statistic, and where the sample's stands.

    Parameters
    ----------
    table
        Columns ``statistic`` and ``p`` by name of the statistic.
    draws
        Replications by name of the statistic.
    ax
        For the first statistic alone.
    """
    figure, axes = panels(ax, len(table), width=4.5, height=3.4, across=len(table))
    for one, (name, row) in zip(axes, table.iterrows(), strict=False):
        one.hist(draws[name], bins=40, density=True, color=BLUE, alpha=0.45)
        one.axvline(row["statistic"], color=ORANGE, linewidth=1.6)
        dress(one, f"{name}: p {row['p']:.3f}", "density")
    return figure
