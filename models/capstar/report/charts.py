"""Figures as data: panels of lines, bands, points, intervals and bars; SVG on the page, PDF for a paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from capstar.report.parts import Sentence


@dataclass(frozen=True, eq=False)
class Line:
    """One series; ``series`` numbers its colour on the whole page, ``dashed`` tells it from another."""

    values: pd.Series
    label: str
    series: int = 0
    dashed: bool = False


@dataclass(frozen=True, eq=False)
class Band:
    """What lies between two series; ``label`` says what it includes."""

    lower: pd.Series
    upper: pd.Series
    label: str
    series: int = 0


@dataclass(frozen=True, eq=False)
class Points:
    """One point a row: columns ``x``, ``y``; its index is shown on hover."""

    frame: pd.DataFrame
    label: str
    series: int = 0


@dataclass(frozen=True, eq=False)
class Intervals:
    """Estimates in their intervals by label: columns ``estimate``, ``lower`` and ``upper``."""

    frame: pd.DataFrame
    label: str
    series: int = 0


@dataclass(frozen=True, eq=False)
class Bars:
    """One bar a label."""

    values: pd.Series
    label: str
    series: int = 0


Mark: TypeAlias = Line | Band | Points | Intervals | Bars


@dataclass(frozen=True, eq=False)
class Panel:
    """Axes with what is drawn in them.

    Attributes
    ----------
    title
        What is drawn.
    unit
        Of the y axis.
    marks
        In the order of drawing.
    along
        What the x axis is: ``"time"``, ``"number"`` or ``"label"``, where intervals and bars stand side by side.
    across
        Name and unit of the x axis; empty for time.
    zero
        Whether the y axis reaches to zero.
    """

    title: str
    unit: str
    marks: tuple[Mark, ...]
    along: Literal["time", "number", "label"] = "time"
    across: str = ""
    zero: bool = True


@dataclass(frozen=True, eq=False)
class Chart:
    """A figure of panels.

    Attributes
    ----------
    key
        Anchor, and name of its file.
    title
        The finding.
    text
        Alternative text, with the main number.
    panels
        On one y scale where ``shared``.
    source
        Source and sample.
    frame : pandas.DataFrame
        The numbers, as its CSV has them.
    """

    key: str
    title: Sentence
    text: Sentence
    panels: tuple[Panel, ...]
    source: str
    frame: pd.DataFrame
    shared: bool = False


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure that a result has drawn itself."""

    key: str
    title: Sentence
    text: Sentence
    figure: Figure
    source: str
    frame: pd.DataFrame


def years(period: pd.Period) -> float:
    """The first moment of a period in years."""
    start = period.start_time
    return float(start.year + (start.day_of_year - 1) / 365.25)


def labels_of(panel: Panel) -> list[str]:
    """Of a panel along labels: every label, in the order of its first mark."""
    frames = [
        mark.frame if isinstance(mark, Intervals) else mark.values
        for mark in panel.marks
        if isinstance(mark, Intervals | Bars)
    ]
    return list(dict.fromkeys(str(label) for frame in frames for label in frame.index))


def positions(index: pd.Index, panel: Panel) -> list[float]:
    """Where the values of an index stand on the x axis."""
    if panel.along == "time":
        return [years(label) for label in index]
    if panel.along == "label":
        order = {label: k for k, label in enumerate(labels_of(panel))}
        return [float(order[str(label)]) for label in index]
    return [float(value) for value in index]


def dodge(panel: Panel, mark: Mark) -> float:
    """Shift of intervals and bars that share their labels, so that none hides another."""
    beside = [one for one in panel.marks if isinstance(one, Intervals | Bars)]
    if mark not in beside or len(beside) == 1:
        return 0.0
    return (beside.index(mark) - (len(beside) - 1) / 2) * 0.24
