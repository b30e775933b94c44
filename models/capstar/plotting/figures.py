"""What every figure is drawn with: colours, lines, bands, panels and axes."""

from __future__ import annotations

import io
import math
import sys
import textwrap
from collections.abc import Callable, Hashable, Iterator
from functools import partial
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.registry import BackendFilter, backend_registry
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, DateLocator
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from capstar.arguments import half_width
from capstar.names import name_of
from capstar.plotting.recessions import STRIP, shade_recessions
from capstar.provenance import Source

# Okabe and Ito's palette, told apart by colour-blind readers.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
SERIES = (BLUE, ORANGE, GREEN, "#CC79A7", "#E69F00", "#56B4E9")
STYLES = ("-", "--", "-.", ":")
_LETTERS = 13.5  # of a title of ten points in an inch


class Chart(Figure):
    """A figure that shows itself where a notebook's cell ends in it, once, whatever its series are called."""

    def draw(self, renderer: Any) -> None:
        """Draw; dollar signs between which there is no formula are dollar signs."""
        for text in self.findobj(Text):
            if isinstance(text, Text) and "$" in text.get_text() and not _is_mathematics(text.get_text()):
                text.set_parse_math(False)
        super().draw(renderer)

    def _repr_mimebundle_(self, **_: object) -> dict[str, bytes]:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=90)
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.close(self)  # or the notebook would show it again
        return {"image/png": buffer.getvalue()}


def _is_mathematics(text: str) -> bool:
    parser: Any = MathTextParser("path")
    try:
        return all(parser.parse(line) for line in text.split("\n"))
    except ValueError:
        return False


def new_figure(width: float, height: float) -> Figure:
    """An empty figure in inches; ``plt.show()`` and notebooks know it where pyplot is imported and can show figures."""
    make: Callable[..., Figure] = Chart
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        files_only = backend_registry.list_builtin(BackendFilter.NON_INTERACTIVE)  # type: ignore[no-untyped-call]
        if pyplot.get_backend().lower() not in files_only:  # or it would keep every figure for nothing
            make = partial(pyplot.figure, FigureClass=Chart)
    return make(figsize=(width, height), layout="constrained")


def panels(
    ax: Axes | None,
    count: int = 1,
    *,
    width: float = 9.0,
    height: float = 3.8,
    across: int = 1,
    **shared: Any,
) -> tuple[Figure, list[Axes]]:
    """Where to draw: the axes given, which take the first panel alone, or a new grid of so many panels.

    Parameters
    ----------
    ax
        Of the caller.
    count
        Panels wanted.
    width, height
        Of each panel, inches.
    across
        Panels beside one another.
    **shared
        ``sharex`` and ``sharey``.
    """
    if ax is not None:
        figure = ax.get_figure(root=True)
        assert figure is not None
        return figure, [ax]
    columns, rows = min(count, across), -(-count // across)
    figure = new_figure(width * columns, height * rows)
    axes = list(figure.subplots(rows, columns, squeeze=False, **shared).ravel())
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def finish(
    figure: Figure,
    ax: Axes | None,
    *,
    title: Hashable = "",
    source: Source | None = None,
    ground: bool = True,
) -> Figure:
    """What every figure ends with: readable dates, recessions behind US data, and around a figure of its own its words.

    Parameters
    ----------
    figure, ax
        As drawn; the axes of the caller, None where the figure is its own.
    title
        Above several panels.
    source
        The line below: data and sample.
    ground
        Whether the ground is free; recessions are a strip below where it is shaded already.
    """
    shaded = False
    for one in figure.axes if ax is None else [ax]:
        locator = one.xaxis.get_major_locator()
        if isinstance(locator, DateLocator):
            dates = AutoDateLocator(minticks=3, maxticks=8)  # type: ignore[no-untyped-call]
            one.xaxis.set_major_locator(dates)
            concise = ConciseDateFormatter(dates)  # type: ignore[no-untyped-call]
            one.xaxis.set_major_formatter(concise)
            if source is not None and source.is_us:
                shaded |= shade_recessions(one, height=1.0 if ground else STRIP)
    if ax is None:
        if title:
            figure.suptitle(_folded(name_of(title), figure.get_figwidth()), fontsize=11)
        if source is not None:
            words = (
                f"{source} {'Shaded' if ground else 'Strip'}: recessions (NBER)." if shaded else str(source)
            )
            words = _folded(words, figure.get_figwidth() * 1.5)
            figure.supxlabel(words, x=0.005, ha="left", fontsize=7, color=GREY)
    return figure


def _folded(text: str, width: float) -> str:
    """Text in lines of a width in inches, at ten points, as it is where its own lines are short."""
    return plain(textwrap.fill(text, max(int(_LETTERS * width), 24), break_long_words=False))


def plain(text: object) -> str:
    """Text of the user's, such as a column's name, that no figure takes for a formula: a dollar sign is one."""
    return str(text).replace("$", r"\$")


def draw_line(
    ax: Axes, series: pd.Series, *, color: str, label: Hashable | None = None, style: str = "-"
) -> None:
    """One series against time."""
    shown = None if label is None else plain(name_of(label))
    ax.plot(
        time_axis(series.index), series.to_numpy(), color=color, linewidth=1.4, linestyle=style, label=shown
    )


def draw_lines(ax: Axes, frame: pd.DataFrame) -> None:
    """A line a column in its colour, named; one that another covers is dashed above it, so that both are seen."""
    for name, color, style in styled(frame):
        draw_line(ax, frame[name].dropna(), color=color, label=name, style=style)


def styled(frame: pd.DataFrame) -> Iterator[tuple[Any, str, str]]:
    """Column, colour and line of each series: solid, but for those that mostly coincide with an earlier one."""
    values = frame.astype(float)
    near = 0.01 * float(values.max().max() - values.min().min())
    for k, name in enumerate(frame):
        gaps = values.iloc[:, :k].sub(values[name], axis=0).abs()
        covered = int(((gaps <= near).sum() > 0.5 * gaps.notna().sum()).sum()) if k else 0
        style = STYLES[min(covered + k // len(SERIES), len(STYLES) - 1)]
        yield name, SERIES[k % len(SERIES)], style


def time_axis(index: pd.Index) -> pd.Index:
    """Where to draw the periods: at their first moment, or at the years where no clock reaches."""
    if not isinstance(index, pd.PeriodIndex):
        return index
    try:
        return index.to_timestamp()
    except pd.errors.OutOfBoundsDatetime:
        return pd.Index(index.year)


def draw_band(ax: Axes, frame: pd.DataFrame, column: str, *, level: float, color: str, label: str) -> None:
    """One line in its band of a coverage, from the standard errors in the column of its name and ``_se``."""
    width = half_width(level) * frame[f"{column}_se"]
    lower, upper = ((frame[column] + sign * width)[width < math.inf] for sign in (-1, 1))
    ax.fill_between(time_axis(lower.index), lower, upper, color=color, alpha=0.15, linewidth=0)
    draw_line(ax, frame[column], color=color, label=label)


def log_axis(ax: Axes) -> None:
    """A vertical log axis with plain numbers."""
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    ax.yaxis.set_major_locator(
        LogLocator(subs=(1, 1.5, 2, 3, 5, 7) if high < 20 * low else (1, 2, 5) if high < 300 * low else (1,))
    )
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.12g}"))


def dress(ax: Axes, heading: Hashable, unit: str, *, zero: bool = True) -> None:
    """Heading, unit and quiet axes."""
    ax.set_title(_folded(name_of(heading), _width(ax)), fontsize=10, loc="left")
    ax.set_ylabel(plain(unit), fontsize=9)
    if zero:
        ax.axhline(0, color=GREY, linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)
    ax.grid(axis="y", alpha=0.25, linewidth=0.5)


def _width(ax: Axes) -> float:
    """Inches of the axes' column in their figure."""
    figure, place = ax.get_figure(root=True), ax.get_subplotspec()
    assert figure is not None
    return float(figure.get_figwidth()) / (1 if place is None else place.get_gridspec().ncols) - 0.5
