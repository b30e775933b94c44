"""Figures of natural rates and of lead studies."""

from __future__ import annotations

import io
from itertools import cycle
from statistics import NormalDist

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's palette, told apart by colour-blind readers.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
SERIES = (BLUE, ORANGE, GREEN, "#CC79A7")
_RETURNS = {"excess": "small caps over the bill", "small_minus_large": "small minus large caps"}


class Chart(Figure):
    """A figure that shows itself in a notebook, without pyplot's global state."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=90)
        return buffer.getvalue()


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
        _band(ax, frame, f"{name}_smoothed", level=level, color=BLUE, label="two-sided")
        draw_line(ax, frame[f"{name}_filtered"], color=ORANGE, label="one-sided")
        dress(ax, heading, unit)
    axes[0, 0].legend(frameon=False, fontsize=8)
    figure.suptitle(f"{title}  ({level:.0%} bands of the two-sided estimate)", fontsize=11)
    return figure


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
        _slopes(ax, table[table["returns"] == name], color)
        dress(ax, str(_RETURNS.get(name, name)), f"percent per point of {predictor}")
    return figure


def panels(
    count: int, *, width: float = 4.5, height: float = 3.6, across: int = 4
) -> tuple[Figure, list[Axes]]:
    """A figure with a grid of so many panels."""
    columns, rows = min(count, across), -(-count // across)
    figure = Chart(figsize=(width * columns, height * rows), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for ax in axes[count:]:
        ax.remove()
    return figure, axes[:count]


def plot_study(
    frame: pd.DataFrame, gap: pd.Series, returns: pd.DataFrame, table: pd.DataFrame, *, title: str = ""
) -> Figure:
    """The whole study in four panels: r*, the gap, what followed, and the regressions.

    Parameters
    ----------
    frame
        From `RStarResults.to_frame`.
    gap
        Filtered r* gap, percentage points.
    returns
        Columns ``small`` and ``large``, percent a month.
    table
        From `capstar.leads.LeadResults`.
    title
        Above the figure.
    """
    figure = Chart(figsize=(10.0, 6.6), layout="constrained")
    axes = figure.subplots(2, 2)
    _band(axes[0, 0], frame, "rstar_filtered", level=0.9, color=BLUE, label="one-sided, 90% band")
    dress(axes[0, 0], "Natural rate r*", "percent a year")
    axes[0, 0].legend(frameon=False, fontsize=8)
    draw_line(axes[0, 1], gap, color=ORANGE)
    x = gap.index.to_timestamp()
    axes[0, 1].fill_between(x, 0, gap.to_numpy(), color=ORANGE, alpha=0.25, linewidth=0)
    dress(axes[0, 1], "r* gap: ex-ante real rate minus r*", "percentage points")
    _wealth(axes[1, 0], returns)
    for name, color in zip(dict.fromkeys(table["returns"]), SERIES, strict=False):
        _slopes(axes[1, 1], table[table["returns"] == name], color, label=str(_RETURNS.get(name, name)))
    dress(axes[1, 1], "Return after publication on the gap, 90% Hodrick bands", "percent per point")
    axes[1, 1].legend(frameon=False, fontsize=8)
    figure.suptitle(title, fontsize=12)
    return figure


def draw_line(ax: Axes, series: pd.Series, *, color: str, label: str | None = None, style: str = "-") -> None:
    """One series against time."""
    ax.plot(
        time_axis(series.index), series.to_numpy(), color=color, linewidth=1.4, linestyle=style, label=label
    )


def time_axis(index: pd.Index) -> pd.Index:
    """Where to draw the periods: at their first moment, or at the years where no clock reaches."""
    if not isinstance(index, pd.PeriodIndex):
        return index
    try:
        return index.to_timestamp()
    except pd.errors.OutOfBoundsDatetime:
        return pd.Index(index.year)


def _band(ax: Axes, frame: pd.DataFrame, column: str, *, level: float, color: str, label: str) -> None:
    width = NormalDist().inv_cdf(0.5 + level / 2) * frame[f"{column}_se"]
    x = pd.PeriodIndex(frame.index).to_timestamp()
    ax.fill_between(x, frame[column] - width, frame[column] + width, color=color, alpha=0.15, linewidth=0)
    draw_line(ax, frame[column], color=color, label=label)


def _slopes(ax: Axes, rows: pd.DataFrame, color: str, label: str | None = None) -> None:
    shift = 0.12 if color == SERIES[1] else 0.0
    width = NormalDist().inv_cdf(0.95) * rows["hodrick_se"]
    x = rows["horizon"] + shift
    ax.errorbar(x, rows["slope"], yerr=width, fmt="o-", color=color, capsize=3, markersize=4, label=label)
    ax.set_xticks(rows["horizon"])
    ax.set_xlabel("horizon, quarters", fontsize=9)


def _wealth(ax: Axes, returns: pd.DataFrame) -> None:
    for name, color in (("small", BLUE), ("large", GREY)):
        growth = (1 + returns[name] / 100).cumprod()
        draw_line(ax, growth, color=color, label=f"{name} caps")
    ax.set_yscale("log")
    dress(ax, "Value of 1 dollar invested at the start", "dollars, log scale", zero=False)
    ax.legend(frameon=False, fontsize=8)


def dress(ax: Axes, heading: str, unit: str, *, zero: bool = True) -> None:
    """Heading, unit and quiet axes."""
    ax.set_title(heading, fontsize=10, loc="left")
    ax.set_ylabel(unit, fontsize=9)
    if zero:
        ax.axhline(0, color=GREY, linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)
    ax.grid(axis="y", alpha=0.25, linewidth=0.5)
