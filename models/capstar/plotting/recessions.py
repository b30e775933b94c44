"""Shading of recessions of the United States behind a time axis."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.dates import DateLocator, date2num

from capstar.dates import recessions

STRIP = 0.03  # of the axes' height


def shade_recessions(ax: Axes, *, height: float = 1.0) -> bool:
    """Shade the months after each peak to the trough, as far as the data reach; whether there was one to shade.

    Parameters
    ----------
    ax
        Nothing is done where its horizontal axis has no dates.
    height
        Of the shading, a share of the axes, from below: a strip where the ground is shaded already.
    """
    if not isinstance(ax.xaxis.get_major_locator(), DateLocator):
        return False
    first, last = ax.dataLim.intervalx
    found = recessions()
    begins, ends = (
        date2num((found[name] + 1).dt.to_timestamp())  # type: ignore[no-untyped-call]
        for name in found
    )
    within = [
        (max(b, first), min(e, last)) for b, e in zip(begins, ends, strict=True) if b < last and e > first
    ]
    for begin, end in within:
        ax.axvspan(
            begin, end, ymax=height, color="#d9d9d9", alpha=0.6 if height == 1 else 1, linewidth=0, zorder=0
        )
    return bool(within)
