"""Figures and tables written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.figure import Figure

from capstar.errors import DataError, SpecificationError
from capstar.writing import whole, write_whole


def save(figure: Figure, path: str | Path, *, dpi: int = 150) -> None:
    """Write a figure whole or not at all; the ending decides the format.

    Raises
    ------
    SpecificationError
        The ending is of no format of figures.
    """
    path = Path(path)
    require_format(path)
    with whole(path) as partial:
        figure.savefig(partial, dpi=dpi, format=path.suffix[1:].lower())


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
    """Write tables as CSV, figures as PNG and ``summary.txt`` into a folder, which is made.

    Raises
    ------
    DataError
        The folder cannot be written to.
    """
    folder = Path(folder)
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            written.append(folder / f"{name}.csv")
            write_whole(written[-1], table.to_csv())
        for name, figure in figures.items():
            written.append(folder / f"{name}.png")
            save(figure, written[-1])
        written.append(folder / "summary.txt")
        write_whole(written[-1], summary + "\n")
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be written ({error}). Choose another folder with --out."
        ) from error
    return written
