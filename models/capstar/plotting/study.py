"""The study in one figure."""

from __future__ import annotations

from collections.abc import Hashable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capstar.names import name_of
from capstar.plotting.figures import (
    BLUE,
    ORANGE,
    SERIES,
    draw_band,
    draw_line,
    draw_lines,
    dress,
    finish,
    log_axis,
    panels,
)
from capstar.plotting.leads import draw_slopes
from capstar.provenance import Source, source_of


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

    Examples
    --------
    >>> import pandas as pd
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> returns = cs.data.small_cap_returns()
    >>> table = pd.DataFrame(
    ...     {"returns": "small", "horizon": [1, 4], "slope": [-0.5, -2.0], "hodrick_se": [0.3, 1.0]}
    ... )  # or LeadResults.table
    >>> figure = cs.plotting.plot_study(fit.to_frame(), fit.gap("filtered"), returns, table)
    >>> len(figure.axes)
    4
    """
    figure, (one, *others) = panels(ax, 4, width=5.2, height=3.4, across=2)
    label = "one-sided, 90% band at known parameters"
    draw_band(one, frame, "rstar_filtered", level=0.9, color=BLUE, label=label)
    dress(one, "Natural rate r*", "percent a year")
    one.legend(frameon=False, fontsize=8)
    if others:
        _gap(others[0], gap)
        _wealth(others[1], returns)
        names = list(dict.fromkeys(table["returns"]))
        for k, (name, color) in enumerate(zip(names, SERIES, strict=False)):
            rows = table[table["returns"] == name]
            draw_slopes(others[2], rows, color, label=str(name), place=(k, len(names)))
        dress(
            others[2],
            "Log return after publication on the gap, 90% Hodrick bands",
            "percent per point of the gap",
        )
        others[2].legend(frameon=False, fontsize=8)
    return finish(figure, ax, title=title, source=source_of(frame, returns))


def plot_sides(
    table: pd.DataFrame, *, predictor: Hashable, source: Source | None = None, ax: Axes | None = None
) -> Figure:
    """Slopes by months of the horizon, a colour for each period that the predictor is of, a panel a portfolio.

    Parameters
    ----------
    table
        Columns ``returns``, ``months``, ``period``, ``slope`` and ``hodrick_se``.
    predictor, source, ax
        As in `plot_lead`.
    """
    names, periods = list(dict.fromkeys(table["returns"])), sorted(set(table["period"]), reverse=True)
    figure, axes = panels(ax, len(names), width=3.9, height=3.8, across=3, sharey=True)
    ticks = {months: k for k, months in enumerate(sorted(table["months"].unique()))}
    for one, name in zip(axes, names, strict=False):
        for k, period in enumerate(periods):
            rows = table[(table["returns"] == name) & (table["period"] == period)]
            placed = rows.assign(horizon=rows["months"].map(ticks), slope=rows["slope"] / rows["months"])
            placed["hodrick_se"] /= rows["months"]
            draw_slopes(one, placed, SERIES[k], f"by the {period}", place=(k, len(periods)))
        one.set_xticks(list(ticks.values()), list(map(str, ticks)))
        one.set_xlabel("horizon, months", fontsize=9)
        dress(one, name, f"percent a month per point of {name_of(predictor)}")
    axes[0].legend(frameon=False, fontsize=8)
    title = f"Log return a month after publication on {name_of(predictor)}, by quarter and month, 90% Hodrick bands"
    return finish(figure, ax, title=title, source=source)


def _gap(ax: Axes, gap: pd.Series) -> None:
    draw_line(ax, gap, color=ORANGE)
    ax.fill_between(gap.index.to_timestamp(), 0, gap.to_numpy(), color=ORANGE, alpha=0.25, linewidth=0)
    dress(ax, "r* gap: ex-ante real rate minus r*, one-sided", "percentage points")


def _wealth(ax: Axes, returns: pd.DataFrame) -> None:
    draw_lines(ax, (1 + returns[["small", "large"]] / 100).cumprod())
    log_axis(ax)
    dress(ax, "Value of 1 dollar invested at the start", "dollars, log scale", zero=False)
    ax.legend(frameon=False, fontsize=8)
