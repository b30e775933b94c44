"""Figures of any state-space model: its reports, its forecasts, and series of it."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capstar.plotting.figures import BLUE, ORANGE, draw_band, draw_line, dress, panels, plain


def plot_bands(
    bands: pd.DataFrame, lines: pd.DataFrame, *, labels: tuple[str, str], level: float, title: str,
    color: str = ORANGE, ax: Axes | None = None,
) -> Figure:  # fmt: skip
    """One panel a series: an estimate or forecast in its band of a coverage, and a line to compare it with.

    Parameters
    ----------
    bands
        By period, standard errors with the ending ``_se``; lags such as ``g(-1)`` are not drawn.
    lines
        The same series, other estimates or what was observed, as far as there are any.
    labels, color
        Of both in the legend, and of the lines.
    """
    figure, axes = _titled(ax, [name for name in bands if f"{name}_se" in bands and "(" not in name], title)
    for name, panel in axes.items():
        draw_band(panel, bands, name, level=level, color=BLUE, label=labels[0])
        if name in lines:
            draw_line(panel, lines[name], color=color, label=labels[1])
    next(iter(axes.values())).legend(frameon=False, fontsize=8)
    return figure


def plot_series(frame: pd.DataFrame, *, title: str, ax: Axes | None = None) -> Figure:
    """One panel a column, by period."""
    figure, axes = _titled(ax, frame, title)
    for name, panel in axes.items():
        draw_line(panel, frame[name], color=BLUE)
    return figure


def plot_estimates(table: pd.DataFrame, *, title: str, ax: Axes | None = None) -> Figure:
    """Dots with 95 percent intervals: a row for each ``estimate`` and its ``std err``."""
    figure, (panel,) = panels(ax, height=1.2 + 0.25 * len(table))
    reach = 1.96 * table["std err"]
    panel.errorbar(table["estimate"], table.index, xerr=reach, fmt="o", color=BLUE, capsize=3)
    panel.invert_yaxis()
    dress(panel, title, "", zero=False)
    return figure


def _titled(ax: Axes | None, names: Iterable[str], title: str) -> tuple[Figure, dict[str, Axes]]:
    """A panel a name, or the axes given for the first alone; the title is above a figure of its own."""
    listed = list(names)
    figure, axes = panels(ax, len(listed), width=9.0 if len(listed) == 1 else 5.0, height=3.0, across=2)
    for panel, name in zip(axes, listed, strict=False):
        dress(panel, name, "", zero=False)
    if ax is None:
        figure.suptitle(plain(title), fontsize=11)
    return figure, dict(zip(listed, axes, strict=False))
