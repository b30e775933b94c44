"""Figures of any state-space model: its reports, its forecasts, and series of it."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capstar.plotting.figures import BLUE, ORANGE, draw_band, draw_line, dress, finish, panels
from capstar.provenance import Source


def plot_bands(
    bands: pd.DataFrame, lines: pd.DataFrame, *, labels: tuple[str, str], level: float, title: str,
    unit: str = "units of the data", color: str = ORANGE, source: Source | None = None, ax: Axes | None = None,
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
    unit
        Beside the axes.
    """
    figure, axes = _grid(ax, [name for name in bands if f"{name}_se" in bands and "(" not in name], unit)
    for name, panel in axes.items():
        draw_band(panel, bands, name, level=level, color=BLUE, label=labels[0])
        if name in lines:
            draw_line(panel, lines[name], color=color, label=labels[1])
    next(iter(axes.values())).legend(frameon=False, fontsize=8)
    return finish(figure, ax, title=title, source=source)


def plot_series(
    frame: pd.DataFrame,
    *,
    title: str,
    unit: str = "units of the data",
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """One panel a column, by period."""
    figure, axes = _grid(ax, frame, unit)
    for name, panel in axes.items():
        draw_line(panel, frame[name], color=BLUE)
    return finish(figure, ax, title=title, source=source)


def _grid(ax: Axes | None, names: Iterable[str], unit: str) -> tuple[Figure, dict[str, Axes]]:
    """A panel a name, or the axes given for the first alone."""
    listed = list(names)
    figure, axes = panels(ax, len(listed), width=9.0 if len(listed) == 1 else 5.0, height=3.0, across=2)
    for panel, name in zip(axes, listed, strict=False):
        dress(panel, name, unit, zero=False)
    return figure, dict(zip(listed, axes, strict=False))
