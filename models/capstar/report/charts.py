"""Figures as data: panels of lines, bands, points, intervals and bars; SVG on the page, PDF for a paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

import pandas as pd

from capstar.dates import recessions

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
        What the x axis is: ``"time"``, ``"number"`` or ``"label"``, where intervals and bars stand side by side. With
        ``"row"`` intervals lie below one another, their labels beside them, and the x axis has their values.
    across
        Name and unit of the x axis; empty for time.
    zero
        Whether the axis of the values reaches to zero.
    recessions
        Whether recessions of the United States are shaded behind it.
    """

    title: str
    unit: str
    marks: tuple[Mark, ...]
    along: Literal["time", "number", "label", "row"] = "time"
    across: str = ""
    zero: bool = True
    recessions: bool = False


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
    others
        What a reader can choose to see in its place; the chart itself is what paper shows.
    """

    key: str
    title: Sentence
    text: Sentence
    panels: tuple[Panel, ...]
    source: str
    frame: pd.DataFrame
    shared: bool = False
    others: Others | None = None

    @property
    def source_line(self) -> str:
        """Source and sample, and what is shaded."""
        shaded = any(shadings(panel) for panel in self.panels)
        return f"{self.source}. Shaded: recessions (NBER)" if shaded else self.source


@dataclass(frozen=True, eq=False)
class Others:
    """Charts of which one is shown, chosen by a slider.

    Attributes
    ----------
    label
        Of the slider.
    chosen
        What is chosen where nobody has chosen.
    charts
        In the order of the slider by what is chosen, the chart they belong to among them.
    said
        What is told of each beside the slider.
    """

    label: str
    chosen: str
    charts: dict[str, Chart]
    said: dict[str, Sentence]


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure that a result has drawn itself."""

    others: ClassVar[None] = None

    key: str
    title: Sentence
    text: Sentence
    figure: Figure
    source: str
    frame: pd.DataFrame

    @property
    def source_line(self) -> str:
        """Source and sample."""
        return self.source


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
    if panel.along in ("label", "row"):
        order = {label: k for k, label in enumerate(labels_of(panel))}
        return [float(order[str(label)]) for label in index]
    return [float(value) for value in index]


def dodge(panel: Panel, mark: Mark) -> float:
    """Shift of intervals and bars that share labels, so that none hides another."""
    beside = [one for one in panel.marks if isinstance(one, Intervals | Bars)]
    labels = [
        set(map(str, (one.frame if isinstance(one, Intervals) else one.values).index)) for one in beside
    ]
    if mark not in beside or len(set().union(*labels)) == sum(map(len, labels)):
        return 0.0
    return (beside.index(mark) - (len(beside) - 1) / 2) * 0.24


def spread(panel: Panel) -> tuple[float, float]:
    """Ends of the x axis, where that is of time or numbers; of the labels where it is of these."""
    if panel.along in ("label", "row"):
        return -0.6, len(labels_of(panel)) - 0.4
    at: list[float] = []
    for mark in panel.marks:
        if isinstance(mark, Points):
            at += map(float, mark.frame["x"])
        elif not isinstance(mark, Intervals):
            at += positions((mark.lower if isinstance(mark, Band) else mark.values).index, panel)
    low, high = min(at), max(at)
    room = 0.02 * (high - low or 1.0)
    return low - room, high + room


def shadings(panel: Panel) -> list[tuple[float, float]]:
    """Recessions behind a panel, in years, as far as its axis reaches."""
    if not panel.recessions or panel.along != "time":
        return []
    low, high = spread(panel)
    found = recessions()
    ends = zip(found["peak"] + 1, found["trough"] + 1, strict=True)
    spans = ((max(years(begin), low), min(years(end), high)) for begin, end in ends)
    return [(begin, end) for begin, end in spans if begin < end]
