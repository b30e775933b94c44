"""Figures that judge a fitted model."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capstar.plotting.figures import BLUE, GREY, ORANGE, Chart, draw_line, dress

_HEADINGS = ("standardised innovations", "autocorrelations, 95% bands", "CUSUM, 5% lines")


def plot_diagnostics(
    innovations: pd.DataFrame,
    autocorrelations: pd.DataFrame,
    cusum: pd.DataFrame,
    cusum_bounds: pd.DataFrame,
    *,
    title: str = "",
) -> Figure:
    """Standardised innovations, their autocorrelations and CUSUM, a row for each series.

    Parameters
    ----------
    innovations
        By period and series, in standard deviations; NaN where missing.
    autocorrelations
        By lag, from 1, and series.
    cusum, cusum_bounds
        Cumulated innovations by period and series, and their lines with columns (series, ``lower`` or
        ``upper``).
    title
        Above the figure.
    """
    names = list(innovations.columns)
    figure = Chart(figsize=(11.0, 0.5 + 2.6 * len(names)), layout="constrained")
    for row, name in zip(figure.subplots(len(names), 3, squeeze=False), names, strict=True):
        v = innovations[name]
        _innovations(row[0], v)
        _autocorrelations(row[1], autocorrelations[name], band=1.96 / math.sqrt(v.count()))
        draw_line(row[2], cusum[name], color=BLUE)
        for side in ("lower", "upper"):
            draw_line(row[2], cusum_bounds[name][side], color=ORANGE, style="--")
        for ax, heading, unit in zip(row, _HEADINGS, ("standard deviations", "", ""), strict=True):
            dress(ax, f"{name}: {heading}", unit)
    figure.suptitle(title, fontsize=11)
    return figure


def _innovations(ax: Axes, v: pd.Series) -> None:
    draw_line(ax, v, color=BLUE)
    for line in (-2, 2):
        ax.axhline(line, color=ORANGE, linewidth=1.2, linestyle="--")


def _autocorrelations(ax: Axes, acf: pd.Series, *, band: float) -> None:
    ax.set_axisbelow(True)
    ax.bar(acf.index, acf, width=0.35, color=BLUE)
    ax.axhspan(-band, band, color=GREY, alpha=0.18, linewidth=0)
    reach = 1.25 * max(band, float(acf.abs().max()))
    ax.set_ylim(-reach, reach)
    ax.set_xticks(acf.index[:: math.ceil(len(acf) / 12)])
    ax.set_xlabel("lag", fontsize=9)
