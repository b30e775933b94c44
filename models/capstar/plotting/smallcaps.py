"""Figures of an index of small caps."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capstar.plotting.figures import draw_lines, dress, finish, log_axis, panels
from capstar.provenance import Source


def plot_levels(
    levels: pd.DataFrame,
    days: Iterable[pd.Timestamp],
    *,
    title: str,
    unit: str,
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Both levels, ``total`` and ``price`` by day, on a log scale where they grow manifold, and the reconstitutions."""
    figure, (one,) = panels(ax, height=4.5)
    shown = levels[["total", "price"]].set_axis(["total return", "price return"], axis=1)
    draw_lines(one, shown)
    for k, day in enumerate(days):
        one.axvline(day, color="0.8", linewidth=0.6, zorder=0, label=None if k else "reconstitution")
    manifold = levels["total"].max() > 4 * levels["price"].min()
    if manifold:
        log_axis(one)
    dress(one, title, f"index, {unit}{', log scale' if manifold else ''}", zero=False)
    one.legend(frameon=False, fontsize=8)
    return finish(figure, ax, source=source)
