"""What every figure is drawn with: colours, lines, bands, panels and axes."""

from __future__ import annotations

import io
from statistics import NormalDist

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's palette, told apart by colour-blind readers.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
SERIES = (BLUE, ORANGE, GREEN, "#CC79A7")


class Chart(Figure):
    """A figure that shows itself in a notebook, without pyplot's global state."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=90)
        return buffer.getvalue()


def panels(
    count: int, *, width: float = 4.5, height: float = 3.6, across: int = 4
) -> tuple[Figure, list[Axes]]:
    """A figure with a grid of so many panels."""
    columns, rows = min(count, across), -(-count // across)
    figure = Chart(figsize=(width * columns, height * rows), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for ax in axes[count:]:
        ax.remove()
    return figure, axes[:count]


def draw_line(ax: Axes, series: pd.Series, *, color: str, label: str | None = None, style: str = "-") -> None:
    """One series against time."""
    ax.plot(
        time_axis(series.index), series.to_numpy(), color=color, linewidth=1.4, linestyle=style, label=label
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
    x = pd.PeriodIndex(frame.index).to_timestamp()
    ax.fill_between(x, frame[column] - width, frame[column] + width, color=color, alpha=0.15, linewidth=0)
    draw_line(ax, frame[column], color=color, label=label)


def dress(ax: Axes, heading: str, unit: str, *, zero: bool = True) -> None:
    """Heading, unit and quiet axes."""
    ax.set_title(heading, fontsize=10, loc="left")
    ax.set_ylabel(unit, fontsize=9)
    if zero:
        ax.axhline(0, color=GREY, linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)
    ax.grid(axis="y", alpha=0.25, linewidth=0.5)
