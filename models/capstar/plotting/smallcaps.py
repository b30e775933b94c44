"""Figures of an index of small caps."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capstar.plotting.figures import BLUE, GREY, draw_line, dress, panels


def plot_levels(
    levels: pd.DataFrame, days: Iterable[pd.Timestamp], *, title: str, unit: str, ax: Axes | None = None
) -> Figure:
    """Both levels, ``total`` and ``price`` by day, on a log scale where they grow manifold, and the reconstitutions."""
    figure, (ax,) = panels(ax, height=4.5)
    draw_line(ax, levels["total"], color=BLUE, label="total return")
    draw_line(ax, levels["price"], color=GREY, label="price")
    for day in days:
        ax.axvline(day, color="0.8", linewidth=0.6, zorder=0)
    manifold = levels["total"].max() > 4 * levels["price"].min()
    ax.set_yscale("log" if manifold else "linear")
    dress(ax, title, f"{unit}, log scale" if manifold else unit, zero=False)
    ax.legend(frameon=False, fontsize=8)
    return figure
