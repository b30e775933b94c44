"""The figure: slopes of small minus large by horizon, quarterly and monthly, above the gaps of the month."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from research.monthly_rstar_gap_and_small_caps.material import (
    AT_ENDS,
    COUNTS,
    HIGHEST,
    LW,
    MONTHLY,
    MONTHLY_LW,
    MONTHLY_LW_THEN,
    MONTHLY_THEN,
    QUARTERLY,
    QUARTERLY_THEN,
)
from research.monthly_rstar_gap_and_small_caps.words import BAND, DIFFERENCE

from capstar.plotting.figures import BLUE, GREEN, GREY, ORANGE, draw_line, dress, new_figure

COLORS = {
    QUARTERLY_THEN: GREY, AT_ENDS: GREEN, MONTHLY_THEN: BLUE, QUARTERLY: GREY, MONTHLY: BLUE, MONTHLY_LW_THEN: ORANGE,
    LW: GREY, MONTHLY_LW: ORANGE, COUNTS: GREEN, HIGHEST: "#CC79A7",
}  # fmt: skip
PANELS = {
    "As estimated then, from 1985": (QUARTERLY_THEN, AT_ENDS, MONTHLY_THEN, MONTHLY_LW_THEN),
    "HLW (2023), whole sample, to 2025": (QUARTERLY, MONTHLY),
    "LW (2003), whole sample, to 2018": (LW, MONTHLY_LW, COUNTS, HIGHEST),
}
_PLACES = {1: 0, 3: 1, 12: 2}  # months


def plot_both(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Slopes a month of the horizon in 90 percent bands, so that horizons compare; and the gaps of the month."""
    figure = new_figure(12.0, 8.2)
    grid = figure.add_gridspec(2, 3, height_ratios=(1.2, 1.0))
    rows = tables["in_sample"].xs(DIFFERENCE, level="returns")
    first: Axes | None = None
    for k, (title, names) in enumerate(PANELS.items()):
        ax = figure.add_subplot(grid[0, k], sharey=first)
        first = first or ax
        _slopes(ax, rows, names)
        dress(ax, title, "percent a month per point of the gap" if k == 0 else "")
    if first is not None:  # room for the legends
        low, high = first.get_ylim()
        first.set_ylim(low - 0.4 * (high - low), high)
    months = tables["gaps_by_month"].set_axis(pd.PeriodIndex(tables["gaps_by_month"].index, freq="M"))
    for k, names in enumerate(((MONTHLY_THEN, MONTHLY_LW_THEN), (MONTHLY,), (MONTHLY_LW, COUNTS, HIGHEST))):
        ax = figure.add_subplot(grid[1, k])
        for name in names:
            draw_line(ax, months[name].dropna(), color=COLORS[name], label=name)
        dress(ax, "the gaps of the month", "percentage points" if k == 0 else "")
        ax.legend(frameon=False, fontsize=7)
    figure.suptitle(
        "Small minus large on the r* gap, quarterly and monthly: slope over months of the horizon, 90% Hodrick bands",
        fontsize=11,
    )
    return figure


def _slopes(ax: Axes, rows: pd.DataFrame, names: tuple[str, ...]) -> None:
    for k, name in enumerate(names):
        one = rows.loc[name]
        months = np.array([h * (3 if one["period"].iloc[0] == "quarter" else 1) for h in one.index])
        x = np.array([_PLACES[m] for m in months]) + 0.14 * (k - (len(names) - 1) / 2)
        hollow = "white" if one["period"].iloc[0] == "quarter" else COLORS[name]
        ax.errorbar(
            x, one["slope"] / months, yerr=BAND * one["hodrick_se"] / months, fmt="o", color=COLORS[name], mfc=hollow,
            markersize=5, capsize=3, label=name,
        )  # fmt: skip
    ax.set_xticks(list(_PLACES.values()), [f"{m} month{'s' * (m > 1)}" for m in _PLACES])
    ax.legend(frameon=False, fontsize=7, loc="lower right")
