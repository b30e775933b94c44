"""Figures of posterior distributions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from capstar.plotting.figures import BLUE, GREY, ORANGE, SERIES, dress, finish, panels
from capstar.provenance import Source

_BINS = 20


def plot_densities(
    densities: Mapping[str, pd.DataFrame],
    *,
    title: str = "",
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Prior against posterior, a panel a parameter.

    Parameters
    ----------
    densities
        By parameter: columns ``prior`` and ``posterior`` by value.
    """
    figure, axes = panels(ax, len(densities), width=3.4, height=2.3, across=3)
    for panel, (name, one) in zip(axes, densities.items(), strict=False):
        panel.plot(one.index, one["posterior"], color=BLUE, linewidth=1.4, label="posterior")
        panel.plot(one.index, one["prior"], color=ORANGE, linewidth=1.2, linestyle="--", label="prior")
        dress(panel, name, "density")
        panel.set_xlabel("value of the parameter", fontsize=8)
        panel.xaxis.set_major_locator(MaxNLocator(5))  # a small parameter's numbers are long
        panel.set_ylim(0, 1.1 * one["posterior"].max())
    axes[0].legend(frameon=False, fontsize=8)
    return finish(figure, ax, title=title, source=source)


def plot_ranks(
    draws: Mapping[str, pd.DataFrame],
    *,
    title: str = "",
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Histograms of ranks among all draws, a line a column, with the height that equal columns have.

    Parameters
    ----------
    draws
        By parameter: a column a chain.
    """
    figure, axes = panels(ax, len(draws), width=3.4, height=2.3, across=3)
    for panel, (name, one) in zip(axes, draws.items(), strict=False):
        ranks = one.stack().rank().unstack()
        edges = np.linspace(0.5, one.size + 0.5, _BINS + 1)
        for k, chain in enumerate(ranks):
            counts = np.histogram(ranks[chain], edges)[0] / (len(one) / _BINS)
            panel.stairs(counts, edges, color=SERIES[k % len(SERIES)], linewidth=1.2, label=f"chain {k + 1}")
        panel.axhline(1.0, color=GREY, linewidth=0.8, linestyle="--")
        dress(panel, name, "relative height", zero=False)
        panel.set_xlabel("rank among all draws", fontsize=8)
    axes[0].legend(frameon=False, fontsize=7, ncols=2)
    return finish(figure, ax, title=title, source=source)
