"""The page: one HTML file with its style, its script, its figures and their numbers inside."""

from __future__ import annotations

import base64
import re
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from capstar.errors import printable
from capstar.report import svg
from capstar.report.charts import Chart, Drawn
from capstar.report.parts import Cell, Section, Sentence
from capstar.report.sections.opening import Head
from capstar.writing import csv_text

_INK = {"#000000": "currentColor", "#ffffff": "none"}  # matplotlib's own, on light and dark grounds


def page(head: Head, sections: Sequence[Section]) -> str:
    """The whole page."""
    template = environment().get_template("page.html.j2")
    return printable(template.render(head=head, sections=sections, rows_to_sort=8))


@cache
def environment() -> Environment:
    """Templates in which every value is escaped, and one that is absent is an error."""
    loader = PackageLoader("capstar.report", "templates")
    made = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"words": words, "picture": picture, "csv": csv_link, "number": number, "linked": linked}
    made.globals |= {"asset": asset}
    return made


def asset(name: str) -> Markup:
    """Style or script, as it is in the package."""
    loader = environment().loader
    assert loader is not None
    return Markup(loader.get_source(environment(), name)[0])


def words(sentence: Sentence) -> Markup:
    """A sentence; what it quotes leads to its row."""
    return Markup("").join(
        Markup('<a class="quoted" href="#{}" data-value="{}">{}</a>').format(
            one.anchor, number(one), one.text
        )
        if isinstance(one, Cell)
        else one
        for one in sentence.pieces()
    )


def number(cell: Cell) -> str:
    """A cell with all its digits."""
    return repr(float(cell.value)) if isinstance(cell.value, float) else str(cell.value)


def linked(text: str) -> str | Markup:
    """A text, with a link where it is an address, which is shown and so is on paper too."""
    if not text.startswith("https://") or " " in text:
        return text
    return Markup('<a href="{}" rel="noreferrer">{}</a>').format(text, text.removeprefix("https://"))


def picture(figure: Chart | Drawn) -> Markup:
    """A figure as SVG: drawn for a wide and for a narrow page, or as a result has drawn it."""
    if isinstance(figure, Chart):
        both = ((svg.WIDE, "wide"), (svg.NARROW, "narrow"))
        return Markup("").join(
            Markup('<div class="{}">{}</div>').format(kind, svg.draw(figure, width)) for width, kind in both
        )
    return _drawn(figure)


def csv_link(figure: Chart | Drawn) -> Markup:
    """Address of the numbers of a figure, inside the page."""
    body = base64.b64encode(csv_text(figure.frame).encode()).decode()
    return Markup("data:text/csv;charset=utf-8;base64,{}").format(body)


def lone(chart: Chart) -> str:
    """A chart as an SVG file of its own, with its style inside."""
    drawn = str(svg.draw(chart, svg.WIDE))
    at = drawn.index(">") + 1
    return f"{drawn[:at]}<style>{asset('chart.css')}</style>{drawn[at:]}\n"


def _drawn(figure: Drawn) -> Markup:
    """What matplotlib drew, in the page's ink and with alternative text."""
    from capstar.plotting import save

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figure.svg"
        save(figure.figure, path)
        text = path.read_text(encoding="utf-8")
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    for ink, ours in _INK.items():
        text = text.replace(f"fill: {ink}", f"fill: {ours}").replace(f"stroke: {ink}", f"stroke: {ours}")
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{figure.key}-", text)
    head = Markup('<svg class="chart drawn" role="img" aria-label="{}"').format(str(figure.text))
    return Markup(text.replace("<svg", str(head), 1))
