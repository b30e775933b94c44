"""The study in one figure."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capstar.plotting.figures import BLUE, GREY, ORANGE, SERIES, draw_band, draw_line, dress, panels
from capstar.plotting.leads import RETURNS, draw_slopes


def plot_study(
    frame: pd.DataFrame,
    gap: pd.Series,
    returns: pd.DataFrame,
    table: pd.DataFrame,
    *,
    title: str = "",
    ax: Axes | None = None,
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
    ax
        For r* alone.
    """
    figure, (one, *others) = panels(ax, 4, width=5.0, height=3.3, across=2)
    draw_band(one, frame, "rstar_filtered", level=0.9, color=BLUE, label="one-sided, 90% band")
    dress(one, "Natural rate r*", "percent a year")
    one.legend(frameon=False, fontsize=8)
    if others:
        figure.suptitle(title, fontsize=12)
        _gap(others[0], gap)
        _wealth(others[1], returns)
        for name, color in zip(dict.fromkeys(table["returns"]), SERIES, strict=False):
            draw_slopes(others[2], table[table["returns"] == name], color, label=str(RETURNS.get(name, name)))
        dress(others[2], "Return after publication on the gap, 90% Hodrick bands", "percent per point")
        others[2].legend(frameon=False, fontsize=8)
    return figure


def _gap(ax: Axes, gap: pd.Series) -> None:
    draw_line(ax, gap, color=ORANGE)
    ax.fill_between(gap.index.to_timestamp(), 0, gap.to_numpy(), color=ORANGE, alpha=0.25, linewidth=0)
    dress(ax, "r* gap: ex-ante real rate minus r*", "percentage points")


def _wealth(ax: Axes, returns: pd.DataFrame) -> None:
    for name, color in (("small", BLUE), ("large", GREY)):
        growth = (1 + returns[name] / 100).cumprod()
        draw_line(ax, growth, color=color, label=f"{name} caps")
    ax.set_yscale("log")
    dress(ax, "Value of 1 dollar invested at the start", "dollars, log scale", zero=False)
    ax.legend(frameon=False, fontsize=8)
