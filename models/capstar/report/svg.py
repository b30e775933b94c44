"""Figures of the page as SVG: colours and type from the page's style sheet, values on hover."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from capstar.report.charts import (
    Band,
    Bars,
    Chart,
    Intervals,
    Line,
    Mark,
    Panel,
    Points,
    dodge,
    labels_of,
    positions,
    shadings,
    spread,
)
from capstar.report.numbers import three

WIDE, NARROW = 720, 340  # units, which are pixels where there is room
_LEFT, _RIGHT, _TOP, _BOTTOM, _LETTER, _LEGEND = 46.0, 10.0, 40.0, 40.0, 6.4, 18.0
_PLOT = {WIDE: 190.0, NARROW: 130.0}  # height of a panel's ground
_ROW, _STACKED = 24.0, 36.0  # height of a row, with its label beside it or above it


@dataclass(frozen=True)
class _Axes:
    """Where one panel stands, and what of the data it shows."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def across(self, value: float) -> float:
        """Of a value on the x axis."""
        return self.left + self.width * (value - self.x[0]) / (self.x[1] - self.x[0])

    def up(self, value: float) -> float:
        """Of a value on the y axis, kept inside."""
        inside = min(max(value, self.y[0]), self.y[1])
        return self.top + self.height * (1 - (inside - self.y[0]) / (self.y[1] - self.y[0]))


def draw(chart: Chart, width: int) -> Markup:
    """A chart as one SVG element, so many units wide: panels beside one another where there is room.

    Parameters
    ----------
    chart
        What to draw.
    width
        `WIDE` or `NARROW`.
    """
    columns = min(len(chart.panels), 3) if width == WIDE else 1
    each, key = width / columns, f"{chart.key}-{'wide' if width == WIDE else 'narrow'}"
    legends = [_legend(panel, each) for panel in chart.panels]
    head = _TOP + _LEGEND * max(len(rows) for rows in legends)
    tall = head + _BOTTOM + max(_ground(panel, each, width) for panel in chart.panels)
    height = tall * -(-len(chart.panels) // columns)
    shared = _limits([y for panel in chart.panels for y in _heights(panel)]) if chart.shared else None
    body = Markup("").join(
        _panel(
            panel,
            legend,
            (each * (k % columns), tall * (k // columns), each, tall, head),
            shared,
            hover=width == WIDE,
        )
        for k, (panel, legend) in enumerate(zip(chart.panels, legends, strict=True))
    )
    return Markup(
        '<svg class="chart" role="img" viewBox="0 0 {w} {h}" width="{w}" height="{h}" aria-labelledby="{k}-t {k}-d" '
        'xmlns="http://www.w3.org/2000/svg"><title id="{k}-t">{title}</title><desc id="{k}-d">{text}</desc>{body}</svg>'
    ).format(w=width, h=_n(height), k=key, title=str(chart.title), text=str(chart.text), body=body)


def _panel(
    panel: Panel,
    legend: list[list[Mark]],
    box: tuple[float, float, float, float, float],
    shared: tuple[float, float] | None,
    *,
    hover: bool,
) -> Markup:
    left, top, width, tall, head = box
    values, rows = shared or _limits(_heights(panel)), panel.along == "row"
    x, y = (values, (0.5 - len(labels_of(panel)), 0.5)) if rows else (spread(panel), values)
    edge = _RIGHT if _is_stacked(panel, width) else _beside(panel) if rows else _LEFT
    axes = _Axes(left + edge, top + head, width - edge - _RIGHT, tall - head - _BOTTOM, x, y)
    parts = [_text(left + 2, top + 13, panel.title, "head"), _text(left + 2, top + 28, panel.unit, "unit")]
    for k, row in enumerate(legend):
        parts.append(_legend_row(row, left + 2, top + 44 + k * _LEGEND))
    if rows:
        above = 12.0 if _is_stacked(panel, width) else 0.0
        return Markup("").join([*parts, *_rows(panel, axes, above, hover)])
    parts += [*_shading(panel, axes), *_grid(axes), *_ticks(panel, axes)]
    for mark in panel.marks:
        parts.append(_DRAW[type(mark)](mark, panel, axes, hover))
    return Markup("").join(parts)


def _ground(panel: Panel, each: float, width: int) -> float:
    """Height of what a panel is drawn on."""
    if panel.along != "row":
        return _PLOT[width]
    return len(labels_of(panel)) * (_STACKED if _is_stacked(panel, each) else _ROW)


def _beside(panel: Panel) -> float:
    """Room for labels of rows at their left."""
    return _LETTER * max(map(len, labels_of(panel))) + 14


def _is_stacked(panel: Panel, width: float) -> bool:
    """Whether labels of rows stand above them, having no room at their left."""
    return panel.along == "row" and _beside(panel) > 0.4 * width


def _rows(panel: Panel, axes: _Axes, above: float, hover: bool) -> Iterator[Markup]:
    """Vertical grid, and intervals below one another; labels above them by so much, or at their left."""
    foot = axes.top + axes.height
    for value in _round_numbers(*axes.x, max(3, int(axes.width / 70))):
        x, kind = axes.across(value), "zero" if abs(value) < 1e-12 else "grid"
        yield Markup('<path class="{}" d="M{} {}V{}"/>').format(kind, _n(x), _n(axes.top), _n(foot))
        yield _text(x, foot + 15, _tick(value), "tick", "middle")
    if panel.across:
        yield _text(axes.left + axes.width / 2, foot + 31, panel.across, "unit", "middle")
    for k, label in enumerate(labels_of(panel)):
        y = axes.up(-k) - above + 4
        yield _text(axes.left, y, label, "key") if above else _text(axes.left - 8, y, label, "key", "end")
    for mark in panel.marks:
        if isinstance(mark, Intervals):
            yield from _row_intervals(mark, panel, axes, above / 2, hover)


def _row_intervals(mark: Intervals, panel: Panel, axes: _Axes, down: float, hover: bool) -> Iterator[Markup]:
    shift = dodge(panel, mark)
    for at, (label, row) in zip(positions(mark.frame.index, panel), mark.frame.iterrows(), strict=True):
        y = axes.up(-at - shift) + down
        if row[["lower", "upper"]].notna().all():
            bar = Markup('<path class="bar s{}" d="M{} {}H{}"/>')
            yield bar.format(mark.series, _n(axes.across(row["lower"])), _n(y), _n(axes.across(row["upper"])))
        said = _interval_text(mark, label, row) if hover else ""
        yield _dot(axes.across(row["estimate"]), y, said, f"dot f{mark.series}", 4)


def _interval_text(mark: Intervals, label: object, row: pd.Series) -> str:
    return f"{mark.label}, {label}: {three(row['estimate'])} [{three(row['lower'])}, {three(row['upper'])}]"


def _line(mark: Line, panel: Panel, axes: _Axes, hover: bool) -> Markup:
    values = mark.values.astype(float)
    at = positions(values.index, panel)
    points = [(axes.across(x), axes.up(y)) for x, y in zip(at, values, strict=True)]
    gaps = values.isna().to_numpy()
    path, pen = [], "M"
    for (x, y), gap in zip(points, gaps, strict=True):
        path.append("" if gap else f"{pen}{_n(x)} {_n(y)}")
        pen = "M" if gap else "L"
    dash = Markup(' stroke-dasharray="5 3"') if mark.dashed else Markup("")
    out = Markup('<path class="line s{}" d="{}"{}/>').format(mark.series, "".join(path), dash)
    if not hover:
        return out
    seen = zip(values.index, values, points, gaps, strict=True)
    dots = [_dot(x, y, f"{label}: {three(v)}", "hover", 4) for label, v, (x, y), gap in seen if not gap]
    return out + Markup("").join(dots)


def _band(mark: Band, panel: Panel, axes: _Axes, hover: bool) -> Markup:
    known = (mark.lower.notna() & mark.upper.notna()).to_numpy()
    lower, upper = mark.lower[known], mark.upper[known]
    at = [axes.across(x) for x in positions(lower.index, panel)]
    there = [f"{_n(x)} {_n(axes.up(y))}" for x, y in zip(at, upper, strict=True)]
    back = [f"{_n(x)} {_n(axes.up(y))}" for x, y in zip(at, lower, strict=True)]
    return Markup('<path class="band f{}" d="M{}Z"/>').format(mark.series, "L".join([*there, *back[::-1]]))


def _points(mark: Points, panel: Panel, axes: _Axes, hover: bool) -> Markup:
    rows = zip(mark.frame.index, mark.frame["x"], mark.frame["y"], strict=True)
    return Markup("").join(
        _dot(
            axes.across(x),
            axes.up(y),
            f"{label}: {three(x)}, {three(y)}" if hover else "",
            f"dot f{mark.series}",
            3,
        )
        for label, x, y in rows
    )


def _intervals(mark: Intervals, panel: Panel, axes: _Axes, hover: bool) -> Markup:
    shift, out = dodge(panel, mark), []
    for at, (label, row) in zip(positions(mark.frame.index, panel), mark.frame.iterrows(), strict=True):
        x = axes.across(at + shift)
        if row[["lower", "upper"]].notna().all():
            bar = Markup('<path class="bar s{}" d="M{} {}V{}"/>')
            out.append(bar.format(mark.series, _n(x), _n(axes.up(row["lower"])), _n(axes.up(row["upper"]))))
        said = _interval_text(mark, label, row) if hover else ""
        out.append(_dot(x, axes.up(row["estimate"]), said, f"dot f{mark.series}", 4))
    return Markup("").join(out)


def _bars(mark: Bars, panel: Panel, axes: _Axes, hover: bool) -> Markup:
    shift, zero, out = dodge(panel, mark), axes.up(0.0), []
    width = axes.width / max(len(labels_of(panel)), 1) * (0.22 if shift else 0.6)
    for at, (label, value) in zip(positions(mark.values.index, panel), mark.values.items(), strict=True):
        y = axes.up(value)
        shape = (axes.across(at + shift) - width / 2, min(y, zero), width, max(abs(y - zero), 0.5))
        out.append(
            Markup('<rect class="f{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>').format(
                mark.series, *map(_n, shape), f"{label}: {three(value)}"
            )
        )
    return Markup("").join(out)


_DRAW: dict[type, Callable[..., Markup]] = {
    Line: _line, Band: _band, Points: _points, Intervals: _intervals, Bars: _bars
}  # fmt: skip


def _shading(panel: Panel, axes: _Axes) -> Iterator[Markup]:
    for begin, end in shadings(panel):
        x = axes.across(begin)
        shape = (x, axes.top, axes.across(end) - x, axes.height)
        yield Markup('<rect class="shade" x="{}" y="{}" width="{}" height="{}"/>').format(*map(_n, shape))


def _grid(axes: _Axes) -> Iterator[Markup]:
    for value in _round_numbers(*axes.y, 5):
        y, kind = axes.up(value), "zero" if abs(value) < 1e-12 else "grid"
        yield Markup('<path class="{}" d="M{} {}H{}"/>').format(
            kind, _n(axes.left), _n(y), _n(axes.left + axes.width)
        )
        yield _text(axes.left - 5, y + 4, _tick(value), "tick", "end")


def _ticks(panel: Panel, axes: _Axes) -> Iterator[Markup]:
    below = axes.top + axes.height + 15
    if panel.along == "label":
        labels = labels_of(panel)
        shown = {float(k): label for k, label in enumerate(labels)}
    else:
        count = max(3, int(axes.width / 70))
        shown = {value: _tick(value).replace(",", "") for value in _round_numbers(*axes.x, count)}
        if panel.along == "time":
            shown = {value: label for value, label in shown.items() if float(value).is_integer()}
    end = axes.left + axes.width + _RIGHT
    for value, label in shown.items():
        x = min(axes.across(value), end - _LETTER * len(label) / 2)
        yield _text(x, below, label, "tick", "middle")
    if panel.across:
        yield _text(axes.left + axes.width / 2, below + 16, panel.across, "unit", "middle")


def _legend(panel: Panel, width: float) -> list[list[Mark]]:
    """Marks of a panel with a label, in rows no wider than it."""
    rows: list[list[Mark]] = []
    used = math.inf
    for mark in panel.marks:
        needed = 32 + _LETTER * len(mark.label)
        if mark.label and used + needed > width:
            rows.append([])
            used = 0.0
        if mark.label:
            rows[-1].append(mark)
            used += needed
    return rows


def _legend_row(marks: list[Mark], x: float, y: float) -> Markup:
    out = []
    for mark in marks:
        if isinstance(mark, Line):
            dash = Markup(' stroke-dasharray="5 3"') if mark.dashed else Markup("")
            key = Markup('<path class="line s{}" d="M{} {}h14"{}/>').format(
                mark.series, _n(x), _n(y - 4), dash
            )
        else:
            kind = "band " if isinstance(mark, Band) else ""
            key = Markup('<rect class="{}f{}" x="{}" y="{}" width="14" height="8"/>').format(
                kind, mark.series, _n(x), _n(y - 8)
            )
        out += [key, _text(x + 18, y, mark.label, "key")]
        x += 32 + _LETTER * len(mark.label)
    return Markup("").join(out)


def _heights(panel: Panel) -> list[float]:
    """Every value a panel shows on its y axis, and zero where it reaches to it."""
    found: list[pd.Series] = [pd.Series([0.0] if panel.zero else [], dtype=float)]
    for mark in panel.marks:
        if isinstance(mark, Line | Bars):
            found.append(mark.values)
        elif isinstance(mark, Band):
            found += [mark.lower, mark.upper]
        else:
            found += [mark.frame[name] for name in mark.frame if name != "x"]
    values = pd.concat([one.astype(float).reset_index(drop=True) for one in found])
    return [float(v) for v in values if math.isfinite(v)]


def _limits(values: list[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = 0.05 * (high - low or 1.0)
    return low - room, high + room


def _round_numbers(low: float, high: float, count: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten between two ends, about so many."""
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw)
    return [float(v) for v in np.arange(math.ceil(low / step), math.floor(high / step) + 1) * step]


def _dot(x: float, y: float, said: str, kind: str, radius: int) -> Markup:
    title = Markup("<title>{}</title>").format(said) if said else Markup("")
    return Markup('<circle class="{}" cx="{}" cy="{}" r="{}">{}</circle>').format(
        kind, _n(x), _n(y), radius, title
    )


def _text(x: float, y: float, said: str, kind: str, anchor: str = "start") -> Markup:
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
        kind, _n(x), _n(y), anchor, escape(said)
    )


def _tick(value: float) -> str:
    text = f"{value:,.10g}"
    return text.replace("-", "−")


def _n(value: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")
