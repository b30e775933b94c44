"""Figures that judge a fitted model."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import betaincinv, ndtri

from capstar.names import name_of
from capstar.plotting.figures import BLUE, GREY, ORANGE, draw_line, dress, finish, panels
from capstar.provenance import Source

_HEADINGS = ("standardised innovations, lines at 2", "autocorrelations, 95% bands", "CUSUM, 5% lines")
_UNITS = ("standard deviations", "correlation", "cumulated standard deviations")


def plot_diagnostics(
    innovations: pd.DataFrame,
    autocorrelations: pd.DataFrame,
    cusum: pd.DataFrame,
    cusum_bounds: pd.DataFrame,
    *,
    title: str = "",
    source: Source | None = None,
    ax: Axes | None = None,
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

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> tests = fit.diagnostics()
    >>> figure = cs.plotting.plot_diagnostics(
    ...     tests.innovations, tests.autocorrelations, tests.cusum, tests.cusum_bounds, title=tests.title
    ... )
    >>> len(figure.axes)  # three of each observed series
    6
    """
    figure, axes = panels(ax, 3 * innovations.shape[1], width=3.7, height=2.7, across=3)
    for k, panel in enumerate(axes):
        name = innovations.columns[k // 3]
        if k % 3 == 0:
            _innovations(panel, innovations[name])
        elif k % 3 == 1:
            _autocorrelations(panel, autocorrelations[name], 1.96 / math.sqrt(innovations[name].count()))
        else:
            _cusum(panel, cusum[name], cusum_bounds[name])
        dress(panel, f"{name_of(name)}: {_HEADINGS[k % 3]}", _UNITS[k % 3])
    return finish(figure, ax, title=title, source=source)


def plot_quantiles(
    innovations: pd.DataFrame, *, title: str = "", source: Source | None = None, ax: Axes | None = None
) -> Figure:
    """Sorted innovations against normal quantiles, with the pointwise 95 percent band of normal samples.

    Parameters
    ----------
    innovations
        By period and series, in standard deviations; NaN where missing.
    """
    figure, axes = panels(ax, innovations.shape[1], width=5.4, height=3.6, across=2)
    for name, panel in zip(innovations, axes, strict=False):
        v = np.sort(innovations[name].dropna().to_numpy())
        rank = np.arange(1, v.size + 1)
        at = ndtri((rank - 0.375) / (v.size + 0.25))  # Blom (1958)
        low, high = (
            ndtri(betaincinv(rank, v.size + 1 - rank, p)) for p in (0.025, 0.975)
        )  # of order statistics
        panel.fill_between(at, low, high, color=GREY, alpha=0.25, linewidth=0)
        panel.plot(at, at, color=ORANGE, linewidth=1.2)
        panel.scatter(at, v, s=9, color=BLUE, zorder=3)
        panel.set_xlabel("normal quantiles", fontsize=9)
        dress(panel, f"{name_of(name)}: innovations, 95% band if normal", _UNITS[0])
    return finish(figure, ax, title=title, source=source)


def _innovations(ax: Axes, v: pd.Series) -> None:
    draw_line(ax, v, color=BLUE)
    for line in (-2, 2):
        ax.axhline(line, color=ORANGE, linewidth=1.2, linestyle="--")


def _autocorrelations(ax: Axes, acf: pd.Series, band: float) -> None:
    ax.set_axisbelow(True)
    ax.bar(acf.index, acf, width=0.35, color=BLUE)
    ax.axhspan(-band, band, color=GREY, alpha=0.18, linewidth=0)
    reach = 1.25 * max(band, float(acf.abs().max()))
    ax.set_ylim(-reach, reach)
    ax.set_xticks(acf.index[:: math.ceil(len(acf) / 12)])
    ax.set_xlabel("lag, periods", fontsize=9)


def _cusum(ax: Axes, path: pd.Series, bounds: pd.DataFrame) -> None:
    draw_line(ax, path, color=BLUE)
    for side in ("lower", "upper"):
        draw_line(ax, bounds[side], color=ORANGE, style="--")
