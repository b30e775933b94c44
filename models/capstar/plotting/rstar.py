"""Figures of natural rates, and of what lies behind an estimate: profiles, contributions, comparisons."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capstar.plotting.figures import BLUE, GREY, ORANGE, SERIES, Chart, draw_band, draw_line, dress, panels


def plot_rstar(frame: pd.DataFrame, *, title: str = "", level: float = 0.9) -> Figure:
    """r*, trend growth, z and the output gap.

    Parameters
    ----------
    frame
        From `RStarResults.to_frame`.
    title
        Above the figure.
    level
        Coverage of the bands, at known parameters.
    """
    figure = Chart(figsize=(9.0, 6.2), layout="constrained")
    axes = figure.subplots(2, 2, sharex=True)
    labels = {
        "rstar": ("Natural rate r*", "percent a year"),
        "output_gap": ("Output gap", "percent"),
        "g": ("Trend growth g", "percent a year"),
        "z": ("Other determinants z", "percent a year"),
    }
    for ax, (name, (heading, unit)) in zip(axes.flat, labels.items(), strict=True):
        if f"{name}_smoothed" not in frame:  # edited equations may not report it
            ax.set_visible(False)
            continue
        draw_band(ax, frame, f"{name}_smoothed", level=level, color=BLUE, label="two-sided")
        draw_line(ax, frame[f"{name}_filtered"], color=ORANGE, label="one-sided")
        dress(ax, heading, unit)
    axes[0, 0].legend(frameon=False, fontsize=8)
    figure.suptitle(f"{title}  ({level:.0%} bands of the two-sided estimate)", fontsize=11)
    return figure


def plot_profile(table: pd.DataFrame, *, name: str, estimate: float, drop: float) -> Figure:
    """Log-likelihood and last r* along one parameter.

    Parameters
    ----------
    table
        From `capstar.rstar.Profile`: ``log_likelihood`` and ``rstar`` by value.
    name
        The parameter.
    estimate
        Marked by a vertical line.
    drop
        Log-likelihood below the maximum at which a value is rejected.
    """
    figure = Chart(figsize=(9.0, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    relative = table["log_likelihood"] - table["log_likelihood"].max()
    left.plot(table.index, relative, color=BLUE, linewidth=1.6)
    left.axhline(-drop, color=ORANGE, linewidth=1, linestyle="--", label="95% likelihood-ratio line")
    left.legend(frameon=False, fontsize=8)
    right.plot(table.index, table["rstar"], color=BLUE, linewidth=1.6)
    dress(left, f"Profile likelihood of {name}", "log-likelihood below the maximum", zero=False)
    dress(right, f"Latest r* along {name}", "percent a year", zero=False)
    for ax in (left, right):
        ax.axvline(estimate, color=GREY, linewidth=1, linestyle=":")
        ax.annotate("used", (estimate, 0.97), xycoords=("data", "axes fraction"), fontsize=8, color=GREY)
        ax.set_xlabel(name, fontsize=9)
    return figure


def plot_contributions(table: pd.DataFrame, *, title: str = "", ax: Axes | None = None) -> Figure:
    """Stacked bars by year.

    Parameters
    ----------
    table
        Years by series, percentage points.
    title
        Above the figure.
    ax
        Where.
    """
    figure, (ax,) = panels(ax)
    above, below = pd.Series(0.0, table.index), pd.Series(0.0, table.index)
    for column, color in zip(table.columns, SERIES, strict=False):
        base = above.where(table[column] > 0, below)
        ax.bar(table.index, table[column], bottom=base, color=color, label=str(column), width=0.8)
        above, below = above + table[column].clip(lower=0), below + table[column].clip(upper=0)
    dress(ax, title, "percentage points")
    ax.legend(frameon=False, fontsize=8)
    return figure


def plot_band(frame: pd.DataFrame, *, title: str = "") -> Figure:
    """One line in its band.

    Parameters
    ----------
    frame
        Columns ``lower``, ``estimate`` and ``upper`` by quarter.
    title
        Above the figure.
    """
    figure = Chart(figsize=(9.0, 4.2), layout="constrained")
    ax = figure.subplots()
    x = pd.PeriodIndex(frame.index).to_timestamp()
    ax.fill_between(x, frame["lower"], frame["upper"], color=BLUE, alpha=0.15, linewidth=0)
    draw_line(ax, frame["estimate"], color=BLUE)
    dress(ax, title, "", zero=frame["lower"].min() < 0)
    return figure


def plot_comparison(frame: pd.DataFrame) -> Figure:
    """One line an estimate.

    Parameters
    ----------
    frame
        Filtered r* by quarter, percent a year; NaN outside an estimate's sample.
    """
    figure = Chart(figsize=(9.0, 4.2), layout="constrained")
    ax = figure.subplots()
    for number, name in enumerate(frame.columns):
        style = "-" if number < len(SERIES) else "--"
        draw_line(ax, frame[name].dropna(), color=SERIES[number % len(SERIES)], label=str(name), style=style)
    dress(ax, "Natural rate r*, one-sided", "percent a year")
    ax.legend(frameon=False, fontsize=8)
    return figure


def plot_real_time(estimates: Mapping[str, pd.Series], *, title: str) -> Figure:
    """r* of each quarter's own sample, and what it is set beside.

    Parameters
    ----------
    estimates
        One or two series by their labels, percent a year.
    title
        Above the figure.
    """
    figure = Chart(figsize=(9.0, 3.8), layout="constrained")
    ax = figure.subplots()
    for (label, series), color in zip(estimates.items(), (BLUE, GREY), strict=False):
        draw_line(ax, series, color=color, label=label)
    dress(ax, title, "percent a year")
    ax.legend(frameon=False, fontsize=8)
    return figure
