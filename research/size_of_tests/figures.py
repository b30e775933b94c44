"""Figures of the two tables."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from research.size_of_tests.battery import AMIHUD, BOOTSTRAP, COSINE, IVX, OLS, Q

from capstar.plotting.figures import BLUE, GREEN, GREY, ORANGE, draw_line, dress, new_figure

_COLORS = (BLUE, "#56B4E9", GREEN, "#CC79A7", ORANGE)
_LINES = {OLS: GREY, COSINE: "#CC79A7", IVX: BLUE, BOOTSTRAP: GREEN, AMIHUD: "#E69F00", Q: ORANGE}


def plot_size(table: pd.DataFrame) -> Figure:
    """Rejection rates against 5 percent, a panel for each correlation and horizon; the Q test one-sided."""
    rates = table["two-sided"].fillna(table["positive"])
    deltas, horizons = (list(rates.index.unique(name)) for name in ("delta", "horizon"))
    figure = new_figure(11.0, 7.0)
    axes = figure.subplots(len(deltas), len(horizons), sharex=True, sharey=True, squeeze=False)
    for row, delta in zip(axes, deltas, strict=True):
        for ax, horizon in zip(row, horizons, strict=True):
            _rates(
                ax, rates.xs((delta, horizon), level=("delta", "horizon")), list(rates.index.unique("test"))
            )
            dress(ax, f"correlation {delta:g}, horizon {horizon}", "", zero=False)
    for ax in axes[-1]:
        ax.set_xlabel("percent rejected", fontsize=9)
    axes[0, 0].set_xlim(0, 105 * rates.max())
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    figure.suptitle("Rejections of a true null by nominal 5% tests, T = 250 (shaded: 3 to 7%)", fontsize=11)
    return figure


def _rates(ax: Axes, rates: pd.Series, tests: list[str]) -> None:
    ax.axvspan(3, 7, color=GREY, alpha=0.2, linewidth=0)
    for name, color in zip(rates.index.unique("persistence"), _COLORS, strict=False):
        one = 100 * rates.xs(name, level="persistence")
        ax.plot(one, [-tests.index(test) for test in one.index], "o", color=color, markersize=4, label=name)
    ax.set_yticks([-i for i in range(len(tests))], [f"{t} (one-sided)" if t == Q else t for t in tests])


def plot_power(table: pd.DataFrame) -> Figure:
    """Two-sided rejection rates by slope, a column for each design; as they come and size-adjusted."""
    designs = table.index.droplevel(["horizon", "b", "test"]).unique()
    kinds = {"two-sided": "nominal 5%", "two-sided, size-adjusted": "size-adjusted"}
    rows = [(h, column) for h in table.index.unique("horizon") for column in kinds]
    figure = new_figure(12.0, 10.5)
    axes = figure.subplots(len(rows), len(designs), sharex=True, sharey=True, squeeze=False)
    for place, (line, (horizon, column)) in enumerate(zip(axes, rows, strict=True)):
        for ax, (persistence, delta) in zip(line, designs, strict=True):
            one = table.xs((persistence, delta, horizon), level=("persistence", "delta", "horizon"))[column]
            for test, color in _LINES.items():
                if test in one.index.unique("test"):
                    draw_line(ax, 100 * one.xs(test, level="test"), color=color, label=test)
            ax.axhline(5, color=GREY, linewidth=0.8, linestyle=":")
            heading = f"{persistence}, correlation {delta:g}" if place == 0 else ""
            dress(ax, heading, f"h = {horizon}, {kinds[column]}" if ax is line[0] else "")
    for ax in axes[-1]:
        ax.set_xlabel("b = 250 times the slope", fontsize=8)
    figure.legend(*axes[1, 0].get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False)
    figure.suptitle(
        "Percent rejected, two-sided, T = 250 (the Q test has no two-sided 5% version)", fontsize=11
    )
    return figure
