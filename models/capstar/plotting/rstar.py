"""Figures of natural rates, and of what lies behind an estimate: profiles, contributions, comparisons.

``title`` stands above a figure and ``unit`` beside its axis; ``ax`` is where to draw the main panel alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capstar.plotting.figures import (
    BLUE,
    GREY,
    ORANGE,
    SERIES,
    draw_band,
    draw_line,
    dress,
    panels,
    plain,
    time_axis,
)

_PANELS = {
    "rstar": ("Natural rate r*", "percent a year"),
    "output_gap": ("Output gap", "percent"),
    "g": ("Trend growth g", "percent a year"),
    "z": ("Other determinants z", "percent a year"),
}


def plot_rstar(
    frame: pd.DataFrame, *, title: str = "", includes: str = "", level: float = 0.9, ax: Axes | None = None
) -> Figure:
    """r*, trend growth, z and the output gap, as far as the model has them.

    Parameters
    ----------
    frame
        From `NaturalRate.to_frame`.
    includes
        Uncertainty that the band of r* includes, in words.
    level
        Coverage of the bands.
    """
    shown = [name for name in _PANELS if f"{name}_smoothed" in frame]  # edited equations may lack one
    figure, axes = panels(ax, len(shown), width=4.5, height=3.1, across=2, sharex=True)
    for one, name in zip(axes, shown, strict=False):
        draw_band(one, frame, f"{name}_smoothed", level=level, color=BLUE, label="two-sided")
        draw_line(one, frame[f"{name}_filtered"], color=ORANGE, label="one-sided")
        dress(one, *_PANELS[name])
    band = f"{level:.0%} band: {includes}" if includes else None
    axes[0].legend(frameon=False, fontsize=8, title=band, title_fontsize=7)
    if ax is None:
        figure.suptitle(f"{plain(title)}  ({level:.0%} bands of the two-sided estimate)", fontsize=11)
    return figure


def plot_profile(
    table: pd.DataFrame, *, name: str, estimate: float, drop: float, ax: Axes | None = None
) -> Figure:
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
    figure, axes = panels(ax, 2, width=4.5, height=3.6, across=2)
    relative = table["log_likelihood"] - table["log_likelihood"].max()
    lines = (
        (relative, f"Profile likelihood of {name}", "log-likelihood below the maximum"),
        (table["rstar"], f"Latest r* along {name}", "percent a year"),
    )
    for one, (line, heading, unit) in zip(axes, lines, strict=False):
        one.plot(table.index, line, color=BLUE, linewidth=1.6)
        dress(one, heading, unit, zero=False)
        one.axvline(estimate, color=GREY, linewidth=1, linestyle=":")
        one.annotate("used", (estimate, 0.97), xycoords=("data", "axes fraction"), fontsize=8, color=GREY)
        one.set_xlabel(plain(name), fontsize=9)
    axes[0].axhline(-drop, color=ORANGE, linewidth=1, linestyle="--", label="95% likelihood-ratio line")
    axes[0].legend(frameon=False, fontsize=8)
    return figure


def plot_contributions(table: pd.DataFrame, *, title: str = "", ax: Axes | None = None) -> Figure:
    """Stacked bars of a table of years by series, percentage points."""
    figure, (one,) = panels(ax)
    above, below = pd.Series(0.0, table.index), pd.Series(0.0, table.index)
    for column, color in zip(table.columns, SERIES, strict=False):
        base = above.where(table[column] > 0, below)
        one.bar(table.index, table[column], bottom=base, color=color, label=plain(column), width=0.8)
        above, below = above + table[column].clip(lower=0), below + table[column].clip(upper=0)
    dress(one, title, "percentage points")
    one.legend(frameon=False, fontsize=8)
    return figure


def plot_band(frame: pd.DataFrame, *, title: str = "", ax: Axes | None = None) -> Figure:
    """One line in its band: ``lower``, ``estimate`` and ``upper`` by quarter."""
    figure, (one,) = panels(ax, height=4.2)
    x = pd.PeriodIndex(frame.index).to_timestamp()
    one.fill_between(x, frame["lower"], frame["upper"], color=BLUE, alpha=0.15, linewidth=0)
    draw_line(one, frame["estimate"], color=BLUE)
    dress(one, title, "", zero=frame["lower"].min() < 0)
    return figure


def plot_lines(
    frame: pd.DataFrame, *, title: str, unit: str = "", zero: bool = True, ax: Axes | None = None
) -> Figure:
    """One line a column by period or number, named in the legend; NaN where it has no value."""
    figure, (one,) = panels(ax, height=4.2)
    styles = [style for style in ("-", "--", ":", "-.") for _ in SERIES]
    for name, color, style in zip(frame, cycle(SERIES), styles, strict=False):
        draw_line(one, frame[name].dropna(), color=color, label=str(name), style=style)
    dress(one, title, unit, zero=zero)
    one.legend(frameon=False, fontsize=8)
    return figure


def plot_comparison(
    frame: pd.DataFrame, bands: Mapping[str, pd.DataFrame], *, title: str, ax: Axes | None = None
) -> Figure:
    """Estimates in one panel, and in a panel each: the estimate in its band, the others grey behind it.

    Parameters
    ----------
    frame
        A column an estimate, by quarter.
    bands
        Of each: ``lower``, ``estimate`` and ``upper`` by quarter.
    """
    if ax is not None or frame.shape[1] == 1:
        return plot_lines(frame, title=title, ax=ax)
    figure, axes = panels(None, frame.shape[1] + 1, width=4.2, height=2.9, across=3, sharex=True)
    plot_lines(frame, title=title, ax=axes[0])
    if frame.shape[1] > 5:
        axes[0].legend(fontsize=6, ncols=2, frameon=False)
    low, high = float(frame.min().min()) - 1, float(frame.max().max()) + 1
    for one, name in zip(axes[1:], frame, strict=True):
        for other in frame.columns.drop(name):
            draw_line(one, frame[other].dropna(), color="#cccccc")
        band = bands[str(name)]
        one.fill_between(
            time_axis(band.index), band["lower"], band["upper"], color=BLUE, alpha=0.15, linewidth=0
        )
        draw_line(one, frame[name].dropna(), color=BLUE)
        dress(one, str(name), "")
        one.set_ylim(low, high)
    return figure


def plot_bars(values: pd.Series, *, title: str, unit: str = "", ax: Axes | None = None) -> Figure:
    """One horizontal bar a label, the first on top."""
    figure, (one,) = panels(ax, height=1.2 + 0.35 * len(values))
    one.barh([str(label) for label in values.index], values.to_numpy(dtype=float), color=BLUE, height=0.6)
    one.invert_yaxis()
    dress(one, title, "", zero=False)
    one.set_xlabel(unit, fontsize=9)
    return figure
