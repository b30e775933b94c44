"""What every figure is drawn with: colours, lines, bands, panels and axes."""

from __future__ import annotations

import io
import math
import sys
from collections.abc import Callable
from functools import partial
from statistics import NormalDist
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.registry import BackendFilter, backend_registry
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser
from matplotlib.text import Text

# Okabe and Ito's palette, told apart by colour-blind readers.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
SERIES = (BLUE, ORANGE, GREEN, "#CC79A7")


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


def plain(text: object) -> str:
    """Text of the user's, such as a column's name, that no figure takes for a formula: a dollar sign is one."""
    return str(text).replace("$", r"\$")


def draw_line(ax: Axes, series: pd.Series, *, color: str, label: str | None = None, style: str = "-") -> None:
    """One series against time."""
    shown = None if label is None else plain(label)
    ax.plot(
        time_axis(series.index), series.to_numpy(), color=color, linewidth=1.4, linestyle=style, label=shown
    )


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
    width = NormalDist().inv_cdf(0.5 + level / 2) * frame[f"{column}_se"]
    lower, upper = ((frame[column] + sign * width)[width < math.inf] for sign in (-1, 1))
    ax.fill_between(time_axis(lower.index), lower, upper, color=color, alpha=0.15, linewidth=0)
    draw_line(ax, frame[column], color=color, label=label)


def dress(ax: Axes, heading: str, unit: str, *, zero: bool = True) -> None:
    """Heading, unit and quiet axes."""
    ax.set_title(plain(heading), fontsize=10, loc="left")
    ax.set_ylabel(plain(unit), fontsize=9)
    if zero:
        ax.axhline(0, color=GREY, linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)
    ax.grid(axis="y", alpha=0.25, linewidth=0.5)
