"""Figures of the states of a price: trading ranges, spells, trades."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capstar.plotting.figures import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    SERIES,
    draw_line,
    dress,
    panels,
    time_axis,
)


def plot_trading_ranges(
    close: pd.Series, levels: pd.DataFrame, within: npt.NDArray[np.bool_], *, ax: Axes | None = None
) -> Figure:
    """Close with ``support`` and ``resistance``, shaded on the bars within a trading range; all on one index."""
    figure, (ax,) = panels(ax, height=4.2)
    _ranges(ax, close, levels, within)
    ax.legend(frameon=False, fontsize=8)
    dress(ax, "Trading ranges", "price", zero=False)
    return figure


def plot_spells(
    prices: pd.Series,
    shaded: pd.Series,
    marks: Mapping[str, pd.Index],
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Price on a log scale, shaded where true on the same index, with dates marked by what they are."""
    figure, (ax,) = panels(ax, height=4.2)
    x = time_axis(prices.index)
    where = shaded.to_numpy(dtype=bool)
    ax.fill_between(
        x, 0, 1, where=where, transform=ax.get_xaxis_transform(), color=GREY, alpha=0.2, linewidth=0
    )
    draw_line(ax, prices, color=SERIES[0])
    for (label, dates), color in zip(marks.items(), (ORANGE, GREEN, SERIES[3]), strict=False):
        at = prices.index.get_indexer(dates)
        ax.plot(x[at], prices.iloc[at], "o", color=color, markersize=4, label=label)
    ax.set_yscale("log")
    dress(ax, title, "price, log scale", zero=False)
    ax.legend(frameon=False, fontsize=8)
    return figure


def plot_trades(
    close: pd.Series,
    levels: pd.DataFrame,
    within: npt.NDArray[np.bool_],
    ledger: pd.DataFrame,
    equity: pd.DataFrame,
    *,
    heading: str,
    ax: Axes | None = None,
) -> Figure:
    """Price with ranges shaded as in `plot_trading_ranges` and trades marked, wealth below.

    Parameters
    ----------
    ledger
        One row a trade: ``entry``, ``exit``, ``entry_price``, ``exit_price`` and ``reason``, which is ``"resistance"``,
        ``"stop"`` or ``"open"``.
    equity
        Wealth by date, 1 at the start: the strategy, then what it is held against.
    """
    figure, (price, *below) = panels(ax, 2, width=10.0, height=3.1, sharex=True)
    if below and (grid := price.get_gridspec()):
        grid.set_height_ratios((3, 1))
    _ranges(price, close, levels, within)
    for label, marker, color, at in _trades(ledger):
        x = time_axis(pd.Index(at.index, dtype=close.index.dtype))
        price.plot(x, at, marker, color=color, markersize=6, linestyle="", label=label)
    price.legend(frameon=False, fontsize=8, loc="upper left", ncols=5)
    dress(price, "Price, trading ranges and trades", "price", zero=False)
    for wealth in below:
        for name, color in zip(equity, (BLUE, GREY), strict=True):
            draw_line(wealth, equity[name], color=color, label=str(name).replace("_", " "))
        wealth.legend(frameon=False, fontsize=8, loc="upper left", ncols=2)
        dress(wealth, heading, "of 1 at the start", zero=False)
    return figure


def plot_variance_ratios(ratio: pd.Series, se: pd.Series, *, ax: Axes | None = None) -> Figure:
    """Variance ratios by horizon with 95 percent intervals, and the random walk's at one."""
    figure, (ax,) = panels(ax)
    ax.errorbar(range(len(ratio)), ratio, 1.96 * se, fmt="o", color=BLUE, capsize=3)
    ax.set_xticks(range(len(ratio)), [str(k) for k in ratio.index])
    ax.axhline(1, color=GREY, linewidth=0.6)
    dress(ax, "Variance ratios by horizon, 95% intervals", "of a random walk's variance", zero=False)
    return figure


def _trades(ledger: pd.DataFrame) -> Iterator[tuple[str, str, str, pd.Series]]:
    """Label, marker and colour of each kind of trade, and its prices by date."""
    yield "buy", "^", GREEN, ledger.set_index("entry")["entry_price"]
    for reason, color, label in (("resistance", BLUE, "sell"), ("stop", ORANGE, "stop")):
        yield label, "v", color, ledger[ledger["reason"] == reason].set_index("exit")["exit_price"]


def _ranges(ax: Axes, close: pd.Series, levels: pd.DataFrame, within: npt.NDArray[np.bool_]) -> None:
    x, low, high = time_axis(close.index), levels["support"], levels["resistance"]
    ax.fill_between(x, low, high, where=within, color=BLUE, alpha=0.12, linewidth=0, label="trading range")
    draw_line(ax, close, color=GREY, label="close")
