"""Titled tables with notes, in every form a reader may want them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

import pandas as pd

_LATEX = {"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}"}
_LATEX |= {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}


@dataclass(frozen=True)
class Summary:
    """Titled tables and notes; prints as text, shows as HTML in a notebook.

    Attributes
    ----------
    title
        First line.
    tables
        By heading.
    notes
        Sentences below the tables.

    Examples
    --------
    >>> print(Summary("Two numbers", {"All": pd.DataFrame({"value": [1.0, 2.0]}, ["a", "b"])}, ("A note.",)))
    Two numbers
    ===========
    All
       value
    a 1.0000
    b 2.0000
    ===========
    * A note.
    """

    title: str
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.as_text()

    def as_text(self) -> str:
        """The tables as text."""
        lines = [line for table in self.tables.values() for line in _text(table).splitlines()]
        rule = "=" * max(len(line) for line in [self.title, *lines])
        body = "\n\n".join(f"{heading}\n{_text(table)}" for heading, table in self.tables.items())
        notes = [f"* {note}" for note in self.notes]
        return "\n".join([self.title, rule, body, rule, *notes])

    def __repr__(self) -> str:
        return str(self)

    def as_html(self) -> str:
        """The tables as HTML."""
        tables = "".join(
            f"<h4>{escape(heading)}</h4>{table.to_html(float_format=_format, na_rep='')}"
            for heading, table in self.tables.items()
        )
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return f"<h3>{escape(self.title)}</h3>{tables}<ul>{notes}</ul>"

    def as_latex(self) -> str:
        """The tables as LaTeX, one ``table`` environment each, ruled by the package booktabs."""
        notes = " ".join(_for_latex(note) for note in self.notes)
        parts = [_latex_table(heading, table) for heading, table in self.tables.items()]
        return (
            "\n".join([f"% {self.title}", *parts, *([f"\\par\\footnotesize {notes}"] if notes else [])])
            + "\n"
        )

    def as_csv(self) -> str:
        """The tables below one another as CSV with all digits: columns ``table``, ``row``, ``column``, ``value``."""
        long = [
            pd.DataFrame(
                {"table": heading, "row": str(row), "column": table.columns.astype(str), "value": list(cells)}
            )
            for heading, table in self.tables.items()
            for row, cells in zip(table.index, table.itertuples(index=False, name=None), strict=True)
        ]
        empty = pd.DataFrame(columns=["table", "row", "column", "value"])
        text: str = (pd.concat(long) if long else empty).to_csv(index=False, lineterminator="\n")
        return text

    def _repr_html_(self) -> str:
        return self.as_html()

    def _repr_latex_(self) -> str:
        return self.as_latex()


def _text(table: pd.DataFrame) -> str:
    return str(table.to_string(float_format=_format, na_rep=""))


def _format(value: float) -> str:
    return f"{value:.4f}"


def _for_latex(text: object) -> str:
    return "".join(_LATEX.get(character, character) for character in str(text))


def _cell(value: object) -> str:
    if pd.isna(value):
        return ""
    return _for_latex(_format(value) if isinstance(value, float) else value)


def _latex_table(heading: str, table: pd.DataFrame) -> str:
    rows = [
        " & ".join([_for_latex(label), *(_cell(cell) for cell in cells)]) + r" \\"
        for label, cells in zip(table.index, table.itertuples(index=False, name=None), strict=True)
    ]
    head = " & ".join(["", *(_for_latex(column) for column in table.columns)]) + r" \\"
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{_for_latex(heading)}}}",
            rf"\begin{{tabular}}{{l{'r' * table.shape[1]}}}",
            r"\toprule",
            head,
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
    )
