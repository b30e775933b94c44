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

    Parameters
    ----------
    figure
        Of matplotlib.
    path
        File, replaced if there is one.
    dpi
        Dots an inch, of formats made of dots.

    Raises
    ------
    SpecificationError
        The ending is of no format of figures.
    OutputError
        The file cannot be written.

    Examples
    --------
    >>> import capstar as cs
    >>> figure = cs.plotting.plot_lines(cs.data.us_macro()[["inflation"]], title="Inflation")
    >>> cs.plotting.save(figure, "inflation.png", dpi=150)
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

    Examples
    --------
    >>> from pathlib import Path
    >>> import capstar as cs
    >>> cs.plotting.require_format(Path("rstar.pdf"))
    >>> cs.plotting.require_format(Path("r.doc"))
    Traceback (most recent call last):
        ...
    capstar.errors.SpecificationError: r.doc: a figure cannot be written as .doc. End its name in .png, .pdf or .svg.
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

    Parameters
    ----------
    folder
        Where; other files in it stay.
    tables, figures
        By the name of the file, without ending.
    summary
        Text.

    Raises
    ------
    OutputError
        The folder cannot be written to.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> figure = cs.plotting.plot_lines(us[["inflation"]], title="Inflation")
    >>> files = cs.plotting.save_all("out", {"us": us}, {"inflation": figure}, "Prices of the US")
    >>> sorted(file.name for file in files)
    ['inflation.svg', 'summary.txt', 'us.csv']
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
