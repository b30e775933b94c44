"""Figures of the study."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from research.rstar_gap_and_small_caps.material import DECILES, DIFFERENCE, LARGE, MAIN, SMALL

from capstar import leads
from capstar.plotting.figures import BLUE, GREEN, GREY, ORANGE, draw_line, dress, new_figure

COLORS = {SMALL: BLUE, LARGE: GREY, DIFFERENCE: ORANGE}
LABELS = {SMALL: "small", LARGE: "large", DIFFERENCE: "small minus large"}
UNKNOWN, FUTURE = "parameters of the whole sample", "has seen the future"
MARKERS = {FUTURE: "x"}
SEEN = {"but for revisions": "known then, or but for revisions", UNKNOWN: UNKNOWN, FUTURE: FUTURE}
_AHEAD = 4


def figures(
    found: leads.LeadResults,
    projections: Mapping[str, leads.LocalProjections],
    slopes: Mapping[tuple[str, str], leads.Slopes],
) -> dict[str, Figure]:
    """Every figure by the name of its file."""
    return {
        "by_horizon": plot_horizons(found),
        "deciles": plot_deciles(projections["all"], projections["by state"]),
        "stability": plot_stability(slopes),
    }


def plot_horizons(found: leads.LeadResults) -> Figure:
    """Slopes on the gap by horizon, and squared errors saved out of sample."""
    figure = new_figure(11.0, 6.4)
    axes = figure.subplots(2, 3, sharey="row")
    for (top, below), name in zip(axes.T, MAIN, strict=True):
        rows = found.own[found.own["returns"] == name]
        _banded(top, rows["horizon"], rows["slope"], 1.645 * rows["hodrick_se"], COLORS[name])
        dress(top, f"{LABELS[name]}: return over h quarters", "percent per point of the gap")
        top.set_xlabel("h", fontsize=9)
        assert found.forecast_comparison is not None
        saved = leads.cumulative_difference(found.forecast_comparison.forecasts[name, 1]).series
        for column, color in (("rstar_gap", COLORS[name]), ("real_rate", GREEN)):
            draw_line(below, saved[column], color=color, label=column.replace("_", " "))
        dress(below, "next quarter, out of sample", "squared errors saved against the mean")
        below.legend(frameon=False, fontsize=8)
    figure.suptitle("The r* gap in sample (90% Hodrick bands) and out of sample", fontsize=11)
    return figure


def plot_deciles(everywhere: leads.LocalProjections, by_state: leads.LocalProjections) -> Figure:
    """Responses across the ten deciles: over one and four quarters, and by state of the market."""
    figure = new_figure(11.0, 3.9)
    axes = figure.subplots(1, 3)
    for ax, horizon in zip(axes, (1, _AHEAD), strict=False):
        _decile_line(ax, everywhere.table, horizon, "all", BLUE)
        dress(ax, f"over {horizon} quarter{'s'[: horizon > 1]}", "percent per point of shock to the gap")
    for state, label, color in (("true", "bull market", GREEN), ("false", "bear market", ORANGE)):
        _decile_line(axes[2], by_state.table, _AHEAD, state, color, label)
    dress(axes[2], f"over {_AHEAD} quarters, by state of the market", "")
    axes[2].legend(frameon=False, fontsize=8)
    for ax in axes:
        ax.set_xlabel("size decile, 1 smallest", fontsize=9)
        ax.set_xticks(range(1, 11))
    figure.suptitle("Local projections across size deciles, lag-augmented 90% bands", fontsize=11)
    return figure


def plot_stability(slopes: Mapping[tuple[str, str], leads.Slopes]) -> Figure:
    """Next-quarter slopes on the gap over rolling 20 years, and by quantile of the return."""
    figure = new_figure(11.0, 6.4)
    axes = figure.subplots(2, 3, sharey="row")
    for (top, below), name in zip(axes.T, MAIN, strict=True):
        rolling, quantile = slopes[name, "rolling"].table, slopes[name, "quantile"].table
        ends = pd.PeriodIndex(rolling.index).to_timestamp()
        _banded(top, ends, rolling["slope"], rolling["slope"] - rolling["lower"], COLORS[name], marker="")
        dress(top, f"{LABELS[name]}: 20 years to the date", "percent per point of the gap")
        width = quantile["slope"] - quantile["lower"]
        _banded(below, quantile["quantile"], quantile["slope"], width, COLORS[name])
        dress(below, "by quantile of the return", "percent per point of the gap")
        below.set_xlabel("quantile", fontsize=9)
    figure.suptitle("Next-quarter slope on the r* gap: constancy, 90% bands", fontsize=11)
    return figure


def plot_models(table: pd.DataFrame) -> Figure:
    """Next-quarter slopes by whose r* the gap is of, a strip a family; the marker says what the gap had seen."""
    families = list(table.index.unique("family"))
    rows = [len(table.loc[family].index.unique("model")) for family in families]
    figure = new_figure(9.0, 0.33 * sum(rows) + 2.0)
    axes = figure.subplots(len(families), 1, sharex=True, height_ratios=rows)
    for ax, family in zip(axes, families, strict=True):
        one = table.loc[family].xs(1, level="horizon")
        names = list(one.index.unique("model"))
        for k, (portfolio, color) in enumerate(COLORS.items()):
            found = one.xs(portfolio, level="returns").loc[names]
            place = -np.arange(len(names)) + 0.2 * (1 - k)
            width = [found["slope"] - found["lower"], found["upper"] - found["slope"]]
            ax.errorbar(found["slope"], place, xerr=width, fmt="none", ecolor=color, alpha=0.5, capsize=2)
            for x, y, seen in zip(found["slope"], place, found["seen"], strict=True):
                ax.plot(
                    x, y, MARKERS.get(seen, "o"), color=color, mfc="white" if seen == UNKNOWN else color, ms=4
                )
        ax.axvline(0.0, color=GREY, linewidth=0.8)
        own, then = one[one["kind"] != "known then"], one[one["kind"] == "known then"]
        since = {name: f"{name}, from {row['first']}" for (name, _), row in then.iterrows()}
        ax.set_yticks(-np.arange(len(names)), [since.get(name, name) for name in names], fontsize=8)
        dress(ax, f"{len(names)} gaps, {own['first'].iloc[0]}–{own['last'].iloc[0]}", "", zero=False)
    axes[-1].set_xlabel("percent per point of the gap, 90% intervals (Hodrick 1B)", fontsize=9)
    handles = [Line2D([], [], color=color, label=LABELS[name]) for name, color in COLORS.items()]
    handles += [
        Line2D([], [], color=GREY, linestyle="", marker=MARKERS.get(seen, "o"), label=label,
               mfc="white" if seen == UNKNOWN else GREY)
        for seen, label in SEEN.items()
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    figure.suptitle("Next-quarter slope on the r* gap, by whose r*", fontsize=11)
    return figure


def _decile_line(
    ax: Axes, table: pd.DataFrame, horizon: int, state: str, color: str, label: str | None = None
) -> None:
    rows = table[(table["horizon"] == horizon) & (table["state"] == state)].set_index("response").loc[DECILES]
    _banded(ax, pd.RangeIndex(1, 11), rows["estimate"], rows["estimate"] - rows["lower"], color, label=label)


def _banded(
    ax: Axes,
    x: pd.Series | pd.Index,
    middle: pd.Series,
    width: pd.Series,
    color: str,
    *,
    marker: str = "o",
    label: str | None = None,
) -> None:
    ax.fill_between(x, middle - width, middle + width, color=color, alpha=0.15, linewidth=0)
    ax.plot(x, middle, marker=marker, markersize=4, color=color, linewidth=1.4, label=label)
