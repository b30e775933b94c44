"""The report as LaTeX for a paper and as Markdown for a repository."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from capstar.errors import printable
from capstar.report.parts import Section
from capstar.report.sections.opening import Head
from capstar.reporting.summary import latex

_SIGNS = {
    "−": "$-$", "∞": r"$\infty$", "²": r"\textsuperscript{2}", "–": "--", "≤": r"$\le$", "≥": r"$\ge$", "×": r"$\times$"
}  # fmt: skip
_MARKDOWN = re.compile(r"([\\`*_{}\[\]|~$!]|^#)")
_TEMPLATES = {".tex": "report.tex.j2", ".md": "report.md.j2"}


def page(head: Head, sections: Sequence[Section], files: Mapping[str, str], suffix: str) -> str:
    """The whole text.

    Parameters
    ----------
    head, sections
        What it says.
    files
        Name of each figure's file by its key.
    suffix
        ``.tex`` or ``.md``.
    """
    escape = {".tex": tex, ".md": markdown}[suffix]
    return (
        environment(escape).get_template(_TEMPLATES[suffix]).render(head=head, sections=sections, files=files)
    )


@cache
def environment(escape: Callable[[Any], str]) -> Environment:
    """Templates in which every value is escaped; braces of LaTeX are no delimiters."""
    return Environment(
        loader=PackageLoader("capstar.report", "templates"), finalize=escape, undefined=StrictUndefined,
        block_start_string="<%", block_end_string="%>", variable_start_string="<<", variable_end_string=">>",
        comment_start_string="<#", comment_end_string="#>", trim_blocks=True, lstrip_blocks=True, autoescape=False,
    )  # fmt: skip


def tex(value: object) -> str:
    """Text with LaTeX's special characters, and the signs its fonts lack, written as commands."""
    text = " ".join(latex(printable(str(value))).split())
    return "".join(_SIGNS.get(letter, letter) for letter in text)


def markdown(value: object) -> str:
    """Text on one line with Markdown's special characters escaped."""
    text = (
        " ".join(printable(str(value)).split())
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
    )
    return _MARKDOWN.sub(r"\\\1", text)
