"""Titled tables with notes, in every form a reader may want them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from html import escape

import pandas as pd
from statsmodels.iolib import summary, table

from capstar.errors import printable
from capstar.writing import csv_text

_LATEX = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "\\": r"\textbackslash{}",
        "<": "$<$",
        ">": "$>$",
    }
)


_NOTE = textwrap.TextWrapper(100, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


class Summary(summary.Summary):  # type: ignore[misc]
    """Titled tables and notes: a statsmodels ``Summary`` made of frames, text as text in every format.

    Prints as text and shows as HTML in a notebook; ``as_text()``, ``as_html()``, ``as_latex()`` (for the package
    booktabs) and ``as_csv()``.

    Parameters
    ----------
    title
        First line.
    frames
        Tables by heading; an index without meaning (a ``RangeIndex``) is not shown.
    notes
        Sentences below the tables.

    Examples
    --------
    >>> import pandas as pd
    >>> from capstar.reporting import Summary
    >>> table = pd.DataFrame({"value": [1.0, 2.0]}, ["a", "b"])
    >>> summary = Summary("Two numbers", {"All": table}, ("A note.",))
    >>> print(summary.as_text())
    Two numbers
    <BLANKLINE>
    All
    ========
       value
    --------
    a 1.0000
    b 2.0000
    --------
    * A note.
    >>> summary.as_html().count("<td>"), "toprule" in summary.as_latex()
    (3, True)
    >>> print(summary.as_csv(), end="")
    table,row,column,value
    All,a,value,1.0
    All,b,value,2.0
    """

    def __init__(
        self, title: str, frames: Mapping[str, pd.DataFrame] | None = None, notes: tuple[str, ...] = ()
    ) -> None:
        super().__init__()
        self.title, self.frames, self.notes = title, dict(frames or {}), notes
        self.tables = [_table(frame) for frame in self.frames.values()]

    def __repr__(self) -> str:
        return self.as_text()

    def as_text(self) -> str:
        """The tables as text, notes below them in lines of 100 characters."""
        parts = [
            f"\n{heading}\n{one.as_text()}".replace("\n\n", "\n", not heading)
            for heading, one in self._headed()
        ]
        notes = (_NOTE.fill(f"* {printable(note)}") for note in self.notes)
        return printable("\n".join([self.title, *parts, *notes]))

    def as_html(self) -> str:
        """The tables as HTML."""
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        tables = "\n".join(f"<h4>{escape(heading)}</h4>\n{one.as_html()}" for heading, one in self._headed())
        return f"<h3>{escape(self.title)}</h3>\n{tables}<ul>{notes}</ul>"

    def as_latex(self) -> str:
        """The tables as LaTeX, ruled by the package booktabs."""
        parts = [
            f"{latex(heading)}\n\n{one.as_latex_tabular(center=False)}" for heading, one in self._headed()
        ]
        notes = [f"\\par\\footnotesize {' '.join(map(latex, self.notes))}"] if self.notes else []
        return "\n\n".join([f"% {self.title}", *parts, *notes]) + "\n"

    def as_csv(self) -> str:
        """The tables below one another as CSV with all digits: columns ``table``, ``row``, ``column``, ``value``."""
        long = [
            pd.DataFrame(
                {"table": heading, "row": _stub(row), "column": frame.columns.map(_stub), "value": cells}
            )
            for heading, frame in self.frames.items()
            for row, cells in zip(frame.index, frame.astype(object).to_numpy().tolist(), strict=True)
        ]
        empty = pd.DataFrame(columns=["table", "row", "column", "value"])
        return csv_text(pd.concat(long) if long else empty, index=False, lineterminator="\n")

    def _headed(self) -> list[tuple[str, table.SimpleTable]]:
        return [
            (heading, one)
            for (heading, frame), one in zip(self.frames.items(), self.tables, strict=True)
            if len(frame)
        ]


def latex(text: object) -> str:
    """Text with the special characters of LaTeX escaped."""
    return str(text).translate(_LATEX)


class _Cell(table.Cell):  # type: ignore[misc]
    """A cell whose text means itself in HTML and LaTeX too."""

    def format(self, width: int, output_format: str = "txt", **options: object) -> str:
        if output_format in ("html", "latex"):
            data = escape(str(self.data)) if output_format == "html" else latex(self.data)
            shown = table.Cell(data, self._datatype, self.row)
            return str(table.Cell.format(shown, width, output_format, **options))
        return str(super().format(width, output_format, **options))


def _table(frame: pd.DataFrame) -> table.SimpleTable:
    stubs = None if isinstance(frame.index, pd.RangeIndex) else [_stub(label) for label in frame.index]
    cells = [[_shown(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    headers = [_stub(label) for label in frame.columns]
    aligned = "".join("r" if pd.api.types.is_numeric_dtype(kind) else "l" for kind in frame.dtypes)
    # One alignment in LaTeX: where that of the headings differs, statsmodels begins a second tabular below them.
    one = {
        "data_aligns": "r" * len(headers),
        "header_align": "r",
        "replacements": {},
    }  # escaped by the cell itself
    text = {"data_aligns": aligned, "header_align": "r"}
    return table.SimpleTable(cells, headers, stubs, celltype=_Cell, txt_fmt=text, ltx_fmt=one)


def _stub(label: object) -> str:
    return " ".join(map(str, label)) if isinstance(label, tuple) else str(label)


def _shown(value: object) -> str:
    """Four decimals, or four digits where those would say nothing; nothing where a value is missing."""
    if not isinstance(value, float):
        return "" if value is None or value is pd.NA or value is pd.NaT else str(value)
    if pd.isna(value):
        return ""
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e7 else f"{value:.4g}"
