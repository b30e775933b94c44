"""Figures of any state-space model: its reports and its forecasts."""

from __future__ import annotations

from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capstar.plotting.figures import BLUE, GREY, ORANGE, SERIES, draw_line, dress, panels, time_axis

_SHOWN = 40  # periods of history before a forecast


def plot_paths(
    means: pd.DataFrame, lower: pd.DataFrame, upper: pd.DataFrame, filtered: pd.DataFrame, *, title: str
) -> Figure:
    """One panel a series: two-sided estimate with its band, and the one-sided estimate.

    Parameters
    ----------
    means, lower, upper
        Two-sided estimates and the ends of their bands, by period.
    filtered
        One-sided estimates of the same series.
    title
        Above the figure.
    """
    figure, axes = panels(means.shape[1], width=5.0, height=3.0, across=2)
    for ax, name in zip(axes, means, strict=False):
        draw_line(ax, means[name], color=BLUE, label="two-sided")
        _fill(ax, lower[name], upper[name], BLUE)
        draw_line(ax, filtered[name], color=ORANGE, label="one-sided")
        dress(ax, str(name), "", zero=False)
    axes[0].legend(frameon=False, fontsize=8)
    figure.suptitle(title, fontsize=11)
    return figure


def plot_forecast(
    history: pd.DataFrame, mean: pd.DataFrame, interval: pd.DataFrame, *, level: float
) -> Figure:
    """One panel a series: what came before, the forecast and its interval.

    Parameters
    ----------
    history
        Observed series before the forecast.
    mean
        Forecasts by period.
    interval
        Columns (series, ``lower`` or ``upper``).
    level
        Of the interval, for the title.
    """
    figure, axes = panels(mean.shape[1], width=5.0, height=3.0, across=2)
    for ax, name, color in zip(axes, mean, cycle(SERIES), strict=False):
        if name in history:
            draw_line(ax, history[name].iloc[-_SHOWN:], color=GREY, label="observed")
        draw_line(ax, mean[name], color=color, label="forecast")
        _fill(ax, interval[name, "lower"], interval[name, "upper"], color)
        dress(ax, str(name), "", zero=False)
    axes[0].legend(frameon=False, fontsize=8)
    figure.suptitle(
        f"Forecasts from {mean.index[0]} on with {level:.0%} intervals, parameters as known", fontsize=11
    )
    return figure


def _fill(ax: Axes, lower: pd.Series, upper: pd.Series, color: str) -> None:
    usable = (np.isfinite(lower) & np.isfinite(upper)).to_numpy()
    ax.fill_between(
        time_axis(lower.index)[usable], lower[usable], upper[usable], color=color, alpha=0.15, linewidth=0
    )
