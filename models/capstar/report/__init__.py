"""The study's report: one page for a reader, tables for a paper, text for a repository and for the terminal."""

from __future__ import annotations

from capstar.report.overview import located, overview
from capstar.report.parts import Builder, Cell, Column, Section, Sentence, Table, say
from capstar.report.sections import SECTIONS
from capstar.report.writer import FORMATS, require_report, write_report

__all__ = [
    "FORMATS",
    "SECTIONS",
    "Builder",
    "Cell",
    "Column",
    "Section",
    "Sentence",
    "Table",
    "located",
    "overview",
    "require_report",
    "say",
    "write_report",
]


def __dir__() -> list[str]:
    return __all__
