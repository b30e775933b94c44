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

from capstar.plotting.figures import BLUE, GREY, ORANGE, SERIES, Chart, draw_line, dress, panels

RETURNS = {"excess": "small caps over the bill", "small_minus_large": "small minus large caps"}


def plot_lead(table: pd.DataFrame, *, predictor: str = "gap") -> Figure:
    """Slopes by horizon with 90 percent Hodrick bands, one panel a return series.

    Parameters
    ----------
    table
        From `capstar.leads.LeadResults`.
    predictor
        Its name, for the axis.
    """
    names = list(dict.fromkeys(table["returns"]))
    figure, axes = panels(len(names))
    for ax, name, color in zip(axes, names, cycle(SERIES), strict=False):
        draw_slopes(ax, table[table["returns"] == name], color)
        dress(ax, str(RETURNS.get(name, name)), f"percent per point of {predictor}")
    return figure


def draw_slopes(ax: Axes, rows: pd.DataFrame, color: str, label: str | None = None) -> None:
    """Slopes of one return series by horizon with 90 percent Hodrick bands."""
    shift = 0.12 if color == SERIES[1] else 0.0
    width = NormalDist().inv_cdf(0.95) * rows["hodrick_se"]
    x = rows["horizon"] + shift
    ax.errorbar(x, rows["slope"], yerr=width, fmt="o-", color=color, capsize=3, markersize=4, label=label)
    ax.set_xticks(rows["horizon"])
    ax.set_xlabel("horizon, quarters", fontsize=9)


def plot_quantile_slopes(table: pd.DataFrame, *, title: str, unit: str) -> Figure:
    """Slopes by quantile with their bands, a line a predictor.

    Parameters
    ----------
    table
        Columns ``predictor``, ``quantile``, ``slope``, ``lower`` and ``upper``.
    title, unit
        Above the figure and beside the axis.
    """
    figure, ax = _single()
    for (name, rows), color in zip(table.groupby("predictor", sort=False), SERIES, strict=False):
        ax.fill_between(rows["quantile"], rows["lower"], rows["upper"], color=color, alpha=0.15)
        ax.plot(rows["quantile"], rows["slope"], "o-", color=color, markersize=4, label=str(name))
    ax.set_xlabel("quantile of the target", fontsize=9)
    ax.legend(frameon=False, fontsize=8)
    dress(ax, title, unit)
    return figure


def plot_subsample_slopes(table: pd.DataFrame, *, title: str, unit: str) -> Figure:
    """Slopes with symmetric bands side by side.

    Parameters
    ----------
    table
        Columns ``sample``, ``slope`` and ``lower``.
    title, unit
        Above the figure and beside the axis.
    """
    figure, ax = _single()
    width = table["slope"] - table["lower"]
    ax.errorbar(table["sample"], table["slope"], yerr=width, fmt="o", color=BLUE, capsize=3)
    dress(ax, title, unit)
    return figure


def plot_rolling_slopes(table: pd.DataFrame, *, title: str, unit: str) -> Figure:
    """Slopes against time in their band.

    Parameters
    ----------
    table
        Columns ``slope``, ``lower`` and ``upper`` by period.
    title, unit
        Above the figure and beside the axis.
    """
    figure, ax = _single()
    x = pd.PeriodIndex(table.index).to_timestamp()
    ax.fill_between(x, table["lower"], table["upper"], color=BLUE, alpha=0.15, linewidth=0)
    ax.plot(x, table["slope"], color=BLUE, linewidth=1.4)
    dress(ax, title, unit)
    return figure


def plot_roc(curve: pd.DataFrame, *, title: str, diagonal: str) -> Figure:
    """ROC curve against the base rate.

    Parameters
    ----------
    curve
        Columns ``false_positive`` and ``true_positive``, shares.
    title
        Above the figure.
    diagonal
        Label of the line on which a forecast knows nothing.
    """
    figure = Chart(figsize=(4.6, 4.4), layout="constrained")
    ax = figure.subplots()
    ax.plot(curve["false_positive"], curve["true_positive"], color=BLUE, linewidth=1.6)
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--", label=diagonal)
    dress(ax, title, "true positives", zero=False)
    ax.set_xlabel("false positives", fontsize=9)
    ax.legend(frameon=False, fontsize=8, loc="lower right")
    return figure


def plot_responses(table: pd.DataFrame, *, level: float) -> Figure:
    """Responses by horizon, a panel each.

    Parameters
    ----------
    table
        Columns ``shock``, ``response``, ``state``, ``horizon``, ``estimate``, ``lower`` and ``upper``.
    level
        Coverage of the bands.
    """
    groups = list(table.groupby(["shock", "response"], sort=False))
    columns = min(5, len(groups))
    lines = -(-len(groups) // columns)
    figure = Chart(figsize=(max(4.5, 2.6 * columns), max(3.4, 2.5 * lines)), layout="constrained")
    axes = figure.subplots(
        lines, columns, squeeze=False, sharex=True, sharey=table["shock"].nunique() == 1
    ).ravel()
    for ax, ((shock, response), rows) in zip(axes, groups, strict=False):
        _responses(ax, rows, "horizon")
        dress(ax, str(response), f"per unit of {shock}")
    for ax in axes[len(groups) :]:
        ax.set_visible(False)
    figure.supxlabel(f"horizon; bands {level:.0%}", fontsize=9)
    return figure


def plot_responses_at(table: pd.DataFrame, *, horizon: int, level: float) -> Figure:
    """Responses at one horizon, all side by side.

    Parameters
    ----------
    table
        As in `plot_responses`, of this horizon alone.
    horizon
        Periods.
    level
        Coverage of the bands.
    """
    figure, ax = _single()
    _responses(ax, table, "response")
    dress(ax, f"Responses over {horizon} periods, {level:.0%} bands", f"per unit of {table['shock'].iloc[0]}")
    ax.tick_params(axis="x", rotation=30)
    return figure


def _responses(ax: Axes, rows: pd.DataFrame, along: str) -> None:
    """Estimates and bands of every state."""
    for (state, part), color in zip(rows.groupby("state", sort=False), SERIES, strict=False):
        x = part[along].astype(str) if along == "response" else part[along]
        ax.fill_between(x, part["lower"], part["upper"], color=color, alpha=0.15, linewidth=0)
        ax.plot(x, part["estimate"], "o-", color=color, markersize=3, label=f"state {state}")
    if along == "horizon":
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if rows["state"].nunique() > 1:
        ax.legend(frameon=False, fontsize=8)


def plot_event_slopes(table: pd.DataFrame, *, title: str) -> Figure:
    """Slopes with 90 percent bands.

    Parameters
    ----------
    table
        Columns ``slope`` and ``se`` by return.
    title
        Above the figure.
    """
    figure = Chart(figsize=(1.1 * len(table) + 2.5, 3.4), layout="constrained")
    ax, x = figure.subplots(), np.arange(len(table))
    ax.errorbar(x, table["slope"], yerr=1.645 * table["se"], fmt="o", color=BLUE, capsize=3, markersize=4)
    ax.set_xticks(x, [str(name) for name in table.index])
    dress(ax, title, "per unit of the surprise")
    return figure


def plot_regime_means(means: pd.DataFrame) -> Figure:
    """Means of two regimes side by side.

    Parameters
    ----------
    means
        Returns by regime.
    """
    figure = Chart(figsize=(1.1 * len(means) + 2.5, 3.4), layout="constrained")
    ax, x = figure.subplots(), np.arange(len(means))
    for shift, name, color in zip((-0.2, 0.2), means, (BLUE, ORANGE), strict=True):
        ax.bar(x + shift, means[name], width=0.4, color=color, label=name)
    ax.set_xticks(x, [str(name) for name in means.index])
    ax.legend(frameon=False, fontsize=8)
    dress(ax, "Mean return by regime", "unit of the returns")
    return figure


def plot_bootstrap(table: pd.DataFrame, draws: pd.DataFrame) -> Figure:
    """Distribution of each statistic, and where the sample's stands.

    Parameters
    ----------
    table
        Columns ``statistic`` and ``p`` by name of the statistic.
    draws
        Replications by name of the statistic.
    """
    figure = Chart(figsize=(4.5 * len(table), 3.4), layout="constrained")
    for ax, (name, row) in zip(
        figure.subplots(1, len(table), squeeze=False)[0], table.iterrows(), strict=True
    ):
        ax.hist(draws[name], bins=40, density=True, color=BLUE, alpha=0.45)
        ax.axvline(row["statistic"], color=ORANGE, linewidth=1.6)
        dress(ax, f"{name}: p {row['p']:.3f}", "density")
    return figure


def plot_race(differences: Mapping[str, pd.DataFrame]) -> Figure:
    """Squared errors of the mean less those of each forecast, cumulated; a panel a return series.

    Parameters
    ----------
    differences
        By return series: a column a forecast, by period, percent squared.
    """
    figure, axes = panels(len(differences))
    for ax, (name, table) in zip(axes, differences.items(), strict=True):
        for (label, column), color in zip(table.items(), cycle(SERIES), strict=False):
            draw_line(ax, column, color=color, label=str(label))
        dress(ax, str(name), "percent squared, up: better than the mean")
    axes[0].legend(frameon=False, fontsize=7)
    return figure


def plot_predictors(table: pd.DataFrame, *, title: str) -> Figure:
    """Adjusted R squared in sample beside that out of sample.

    Parameters
    ----------
    table
        Columns ``is_adj_r2`` and ``oos_adj_r2`` by predictor, percent.
    title
        Above the figure.
    """
    table = table.sort_values("is_adj_r2")
    figure = Chart(figsize=(0.5 * len(table) + 3.0, 3.8), layout="constrained")
    ax, x = figure.subplots(), np.arange(len(table))
    ax.bar(x - 0.2, table["is_adj_r2"], width=0.4, color=BLUE, label="in sample")
    ax.bar(x + 0.2, table["oos_adj_r2"], width=0.4, color=ORANGE, label="out of sample")
    ax.set_xticks(x, [str(name) for name in table.index], rotation=60)
    ax.legend(frameon=False, fontsize=8)
    dress(ax, title, "percent")
    return figure


def plot_cumulative_difference(series: pd.DataFrame, *, benchmark: str) -> Figure:
    """One panel for each forecast.

    Parameters
    ----------
    series
        Cumulated squared error of the benchmark less that of the forecast, by period and forecast.
    benchmark
        Its name.
    """
    names = list(series.columns)
    figure = Chart(figsize=(8.0, 2.2 * len(names)), layout="constrained")
    for ax, name in zip(figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0], names, strict=True):
        draw_line(ax, series[name], color=BLUE)
        dress(ax, f"{name} against {benchmark}: rising where better", "cumulated squared error")
    return figure


def _single() -> tuple[Figure, Axes]:
    figure = Chart(figsize=(8.0, 3.8), layout="constrained")
    return figure, figure.subplots()
