"""Figures of the states of a price: trading ranges, spells, trades."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capstar.arguments import half_width
from capstar.plotting.figures import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    SERIES,
    draw_line,
    draw_lines,
    dress,
    finish,
    log_axis,
    panels,
    time_axis,
)
from capstar.provenance import Source


def plot_trading_ranges(
    close: pd.Series,
    levels: pd.DataFrame,
    within: npt.NDArray[np.bool_],
    *,
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Close with ``support`` and ``resistance``, shaded on the bars within a trading range; all on one index."""
    figure, (one,) = panels(ax, height=4.2)
    _ranges(one, close, levels, within)
    one.legend(frameon=False, fontsize=8)
    dress(one, "Trading ranges", "price", zero=False)
    return finish(figure, ax, source=source, ground=False)


def plot_spells(
    prices: pd.Series,
    shaded: pd.Series,
    marks: Mapping[str, pd.Index],
    *,
    title: str,
    state: str,
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Price on a log scale, shaded in its ``state``, where true on the same index, with dates marked by their kind."""
    figure, (one,) = panels(ax, height=4.2)
    x = time_axis(prices.index)
    one.fill_between(
        x, 0, 1, where=shaded.to_numpy(dtype=bool), transform=one.get_xaxis_transform(), color=GREY,
        alpha=0.2, linewidth=0, label=state,
    )  # fmt: skip
    draw_line(one, prices, color=SERIES[0])
    kinds = zip(marks.items(), (ORANGE, GREEN, SERIES[3]), "ov^", strict=False)
    for (label, dates), color, mark in kinds:
        at = prices.index.get_indexer(dates)
        one.plot(x[at], prices.iloc[at], mark, color=color, markersize=5, linestyle="", label=label)
    log_axis(one)
    dress(one, title, "price, log scale", zero=False)
    one.legend(frameon=False, fontsize=8)
    return finish(figure, ax, source=source, ground=False)


def plot_trades(
    close: pd.Series,
    levels: pd.DataFrame,
    within: npt.NDArray[np.bool_],
    ledger: pd.DataFrame,
    equity: pd.DataFrame,
    *,
    heading: str,
    title: str,
    source: Source | None = None,
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
        draw_lines(wealth, equity.rename(columns=lambda name: str(name).replace("_", " ")))
        wealth.legend(frameon=False, fontsize=8, loc="upper left", ncols=2)
        dress(wealth, heading, "of 1 at the start", zero=False)
    return finish(figure, ax, title=title, source=source, ground=False)


def plot_variance_ratios(
    ratio: pd.Series,
    se: pd.Series,
    *,
    level: float = 0.95,
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Variance ratios by horizon in their intervals, and the random walk's at one."""
    figure, (one,) = panels(ax)
    width = half_width(level) * se
    one.errorbar(range(len(ratio)), ratio, width, fmt="o", color=BLUE, capsize=3)
    one.set_xticks(range(len(ratio)), [str(k) for k in ratio.index])
    one.set_xlabel("horizon, periods", fontsize=9)
    one.axhline(1, color=GREY, linewidth=0.6)
    title = f"Variance ratios by horizon, {level:.0%} intervals robust to heteroskedasticity"
    dress(one, title, "of a random walk's variance", zero=False)
    return finish(figure, ax, source=source)


def _trades(ledger: pd.DataFrame) -> Iterator[tuple[str, str, str, pd.Series]]:
    """Label, marker and colour of each kind of trade, and its prices by date."""
    yield "buy", "^", GREEN, ledger.set_index("entry")["entry_price"]
    for reason, color, label in (("resistance", BLUE, "sell"), ("stop", ORANGE, "stop")):
        yield label, "v", color, ledger[ledger["reason"] == reason].set_index("exit")["exit_price"]


def _ranges(ax: Axes, close: pd.Series, levels: pd.DataFrame, within: npt.NDArray[np.bool_]) -> None:
    x, low, high = time_axis(close.index), levels["support"], levels["resistance"]
    ax.fill_between(x, low, high, where=within, color=BLUE, alpha=0.12, linewidth=0, label="trading range")
    draw_line(ax, close, color=GREY, label="close")
