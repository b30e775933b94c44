"""Figures and tables written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib import rc_context
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.figure import Figure

from capstar.errors import SpecificationError
from capstar.timing import timed
from capstar.writing import csv_text, whole, whole_folder, write_whole


def save(figure: Figure, path: str | Path, *, dpi: int = 300) -> None:
    """Write a figure whole or not at all; the ending decides the format. The same figure gives the same file.

    Raises
    ------
    SpecificationError
        The ending is of no format of figures.
    OutputError
        The file cannot be written.
    """
    path = Path(path)
    require_format(path)
    kind = path.suffix[1:].lower()
    dated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    with whole(path) as partial, timed("drawing"), rc_context({"svg.hashsalt": "capstar"}):
        figure.savefig(partial, dpi=dpi, format=kind, metadata=dated)


def require_format(path: Path) -> None:
    """Refuse a name that ends in no format of figures.

    Raises
    ------
    SpecificationError
        Names the usual ones.
    """
    if path.suffix.lower().removeprefix(".") not in FigureCanvasBase.get_supported_filetypes():
        raise SpecificationError(
            f"{path}: a figure cannot be written as {path.suffix or 'a file without ending'}. End its name in .png, "
            ".pdf or .svg."
        )


def save_all(
    folder: str | Path, tables: Mapping[str, pd.DataFrame], figures: Mapping[str, Figure], summary: str
) -> list[Path]:
    """Write tables as CSV, figures as SVG and ``summary.txt`` into a folder, which is made: all of them or none.

    Raises
    ------
    OutputError
        The folder cannot be written to.
    """
    folder = Path(folder)
    with whole_folder(folder) as new:
        for name, table in tables.items():
            write_whole(new / f"{name}.csv", csv_text(table))
        for name, figure in figures.items():
            save(figure, new / f"{name}.svg")
        write_whole(new / "summary.txt", summary + "\n")
    return [
        folder / name
        for name in (*(f"{name}.csv" for name in tables), *(f"{name}.svg" for name in figures), "summary.txt")
    ]
