"""Figures of the study's page for a paper: the same panels as on the page, in matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capstar.errors import printable
from capstar.plotting.figures import BLUE, GREEN, GREY, ORANGE, dress, panels, plain

_COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", GREY)


def plot_panels(
    parts: Sequence[Any],
    *,
    positions: Callable[[pd.Index, Any], list[float]],
    dodge: Callable[[Any, Any], float],
    labels: Callable[[Any], list[str]],
    shadings: Callable[[Any], list[tuple[float, float]]],
    shared: bool = False,
) -> Figure:
    """Panels of lines, bands, points, intervals and bars, side by side.

    Parameters
    ----------
    parts
        ``capstar.report.charts.Panel``, one a panel.
    positions, dodge, labels, shadings
        Of that module: where values stand on the x axis, the shift of marks that share a label, the labels, and
        recessions.
    shared
        Whether all have one y scale.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.report import charts
    >>> us = cs.data.us_macro()
    >>> panel = charts.Panel("Inflation", "percent a year", (charts.Line(us["inflation"], "US"),))
    >>> figure = cs.plotting.plot_panels(
    ...     [panel], positions=charts.positions, dodge=charts.dodge, labels=charts.labels_of,
    ...     shadings=charts.shadings
    ... )
    >>> figure.axes[0].get_title()
    ''
    """
    count = len(parts)
    figure, axes = panels(None, count, width=7.0 if count == 1 else 4.0, height=3.2, across=3, sharey=shared)
    for ax, part in zip(axes, parts, strict=True):
        for begin, end in shadings(part):
            ax.axvspan(begin, end, color="#ececec", linewidth=0, zorder=0)
        for mark in part.marks:
            color = _COLOURS[mark.series % len(_COLOURS)]
            _MARKS[type(mark).__name__](ax, mark, part, color, positions, dodge)
        _dress(ax, part, [_said(label) for label in labels(part)])
        if any(mark.label for mark in part.marks):
            ax.legend(frameon=False, fontsize=7)
    return figure


def _dress(ax: Axes, part: Any, labels: list[str]) -> None:
    """Titles and labels; rows have their values along the x axis."""
    rows = part.along == "row"
    dress(ax, printable(part.title), "" if rows else part.unit, zero=part.zero and not rows)
    ax.set_xlabel(_said(part.across or (part.unit if rows else "")), fontsize=9)
    if rows:
        ax.set_yticks(range(len(labels)), labels)
        ax.set_ylim(len(labels) - 0.4, -0.6)
        ax.grid(axis="x", alpha=0.25, linewidth=0.5)
        if part.zero:
            ax.axvline(0, color=GREY, linewidth=0.6)
    elif part.along == "label":
        ax.set_xticks(range(len(labels)), labels)


def _said(text: object) -> str:
    return plain(printable(str(text)))


def _line(ax: Axes, mark: Any, part: Any, color: str, positions: Any, dodge: Any) -> None:
    at, style = positions(mark.values.index, part), "--" if mark.dashed else "-"
    ax.plot(at, mark.values.to_numpy(), style, color=color, linewidth=1.4, label=_said(mark.label))


def _band(ax: Axes, mark: Any, part: Any, color: str, positions: Any, dodge: Any) -> None:
    at = positions(mark.lower.index, part)
    ax.fill_between(at, mark.lower, mark.upper, color=color, alpha=0.15, linewidth=0, label=_said(mark.label))


def _points(ax: Axes, mark: Any, part: Any, color: str, positions: Any, dodge: Any) -> None:
    ax.scatter(mark.frame["x"], mark.frame["y"], s=10, color=color, label=_said(mark.label))


def _intervals(ax: Axes, mark: Any, part: Any, color: str, positions: Any, dodge: Any) -> None:
    frame = mark.frame
    at = [x + dodge(part, mark) for x in positions(frame.index, part)]
    sides = [frame["estimate"] - frame["lower"], frame["upper"] - frame["estimate"]]
    look: dict[str, Any] = {"fmt": "o", "color": color, "markersize": 4, "label": _said(mark.label)}
    if part.along == "row":
        ax.errorbar(frame["estimate"], at, xerr=sides, **look)
    else:
        ax.errorbar(at, frame["estimate"], yerr=sides, **look)


def _bars(ax: Axes, mark: Any, part: Any, color: str, positions: Any, dodge: Any) -> None:
    shift = dodge(part, mark)
    at = [x + shift for x in positions(mark.values.index, part)]
    ax.bar(at, mark.values.to_numpy(), 0.22 if shift else 0.6, color=color, label=_said(mark.label))


_MARKS: dict[str, Callable[..., None]] = {
    "Line": _line, "Band": _band, "Points": _points, "Intervals": _intervals, "Bars": _bars
}  # fmt: skip
