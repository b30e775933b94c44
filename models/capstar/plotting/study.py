"""The study in one figure."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capstar.plotting.figures import BLUE, GREY, ORANGE, SERIES, Chart, draw_band, draw_line, dress
from capstar.plotting.leads import RETURNS, draw_slopes


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
    draw_band(axes[0, 0], frame, "rstar_filtered", level=0.9, color=BLUE, label="one-sided, 90% band")
    dress(axes[0, 0], "Natural rate r*", "percent a year")
    axes[0, 0].legend(frameon=False, fontsize=8)
    draw_line(axes[0, 1], gap, color=ORANGE)
    x = gap.index.to_timestamp()
    axes[0, 1].fill_between(x, 0, gap.to_numpy(), color=ORANGE, alpha=0.25, linewidth=0)
    dress(axes[0, 1], "r* gap: ex-ante real rate minus r*", "percentage points")
    _wealth(axes[1, 0], returns)
    for name, color in zip(dict.fromkeys(table["returns"]), SERIES, strict=False):
        draw_slopes(axes[1, 1], table[table["returns"] == name], color, label=str(RETURNS.get(name, name)))
    dress(axes[1, 1], "Return after publication on the gap, 90% Hodrick bands", "percent per point")
    axes[1, 1].legend(frameon=False, fontsize=8)
    figure.suptitle(title, fontsize=12)
    return figure


def _wealth(ax: Axes, returns: pd.DataFrame) -> None:
    for name, color in (("small", BLUE), ("large", GREY)):
        growth = (1 + returns[name] / 100).cumprod()
        draw_line(ax, growth, color=color, label=f"{name} caps")
    ax.set_yscale("log")
    dress(ax, "Value of 1 dollar invested at the start", "dollars, log scale", zero=False)
    ax.legend(frameon=False, fontsize=8)
