"""Figures of data as they came."""

from __future__ import annotations

from itertools import cycle

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capstar.plotting.figures import SERIES, draw_line, dress, panels


def plot_columns(frame: pd.DataFrame, ax: Axes | None = None, *, title: str, unit: str) -> Figure:
    """Every column as a line against time, in the axes given or a new figure."""
    figure, (main,) = panels(ax)
    for name, color in zip(frame, cycle(SERIES), strict=False):
        draw_line(main, frame[name], color=color, label=str(name).replace("_", " "))
    dress(main, title, unit, zero=False)
    main.legend(frameon=False, fontsize=8)
    return figure
