"""What a figure shows as numbers and words, not pixels; ``python tests/figure_data.py`` writes those of all anew.

A series of numbers is kept as its length, its largest absolute value and two projections, its mean and its mean
weighted by cosines: a hash that moves as little as the numbers do, where another machine rounds them otherwise.  Words
are kept as a hash, numbers with a decimal point left out of them.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter

STORED = Path(__file__).parent / "reporting" / "figures.json"
_TOLERANCE = 1e-4  # of the largest value: another machine's optimum differs by less
Series = list[float]


def texts(figure: Figure) -> list[str]:
    """Every title, label, legend and note, and the labels of rows."""
    said = {text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)}
    rows = {str(label) for ax in figure.axes for label in _rows(ax)}
    ticks = {
        label.get_text() for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) for label in _ticks(axis)
    }
    return sorted((said - ticks) | rows - {""})


def _ticks(axis: Any) -> list[Text]:
    return [*axis.get_ticklabels(which="both"), axis.get_offset_text()]


def _rows(ax: Axes) -> list[str]:
    formats = (axis.get_major_formatter() for axis in (ax.xaxis, ax.yaxis))
    return [label for one in formats if isinstance(one, FixedFormatter) for label in one.seq]


def fingerprint(figure: Figure) -> dict[str, Any]:
    """Hash of the words, and each series of numbers in short."""
    words = re.sub(r"\d+\.\d+(e-?\d+)?", "#", "\n".join(texts(figure)))
    data = [_short(values) for ax in figure.axes for values in _series(ax)]
    return {"words": hashlib.sha256(words.encode()).hexdigest()[:16], "data": data}


def _series(ax: Axes) -> Iterator[npt.ArrayLike]:
    """Coordinates of lines, of bands and dots, and of bars."""
    for line in ax.lines:
        yield from np.asarray(line.get_xydata(), dtype=float).T
    for collection in ax.collections:
        yield from (path.vertices for path in collection.get_paths())
    for patch in ax.patches:
        yield patch.get_path().transformed(patch.get_patch_transform()).vertices


def _short(values: npt.ArrayLike) -> Series:
    flat = np.ravel(np.asarray(values, dtype=float))
    known = flat[np.isfinite(flat)]
    if not known.size:
        return [float(flat.size), 0.0, 0.0, 0.0]
    weighted = float((known * np.cos(np.arange(known.size))).mean())
    numbers = (float(np.abs(known).max()), float(known.mean()), weighted)
    return [float(flat.size), *(float(f"{number:.7g}") for number in numbers)]


def same(one: list[Series], other: list[Series]) -> bool:
    """Whether two figures show the same numbers."""
    if [series[0] for series in one] != [series[0] for series in other]:
        return False
    pairs = ((np.array(a[1:]), np.array(b[1:])) for a, b in zip(one, other, strict=True))
    return all((np.abs(a - b) <= _TOLERANCE * max(a[0], b[0])).all() for a, b in pairs)


def main() -> None:
    """Write the fingerprints of every result's figure, and the figures where a folder is named."""
    from result_examples import every_example

    found = {}
    for kind, make in every_example().items():
        figure = make().plot()
        found[kind.__qualname__] = fingerprint(figure)
        for folder in sys.argv[1:]:
            Path(folder).mkdir(parents=True, exist_ok=True)
            figure.savefig(Path(folder) / f"{kind.__qualname__}.png", dpi=110)
    lines = (f'"{name}": {json.dumps(one)}' for name, one in sorted(found.items()))
    STORED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
