"""Sections for what a study may have: now, whose r*, the other way. Any `capstar.reporting.Result` is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from capstar.report.charts import Chart, Drawn
from capstar.report.names import human
from capstar.report.numbers import minus
from capstar.report.parts import Section, Study, Table, say
from capstar.reporting import Result

Charts: TypeAlias = Callable[[Study, Result, Sequence[Table]], tuple[Chart, ...]]


def of_result(key: str, title: str, charts: Charts | None = None) -> Callable[[Study], Section | None]:
    """A builder of the section on an attribute of a study that is a result: its notes, its figure, its tables.

    Parameters
    ----------
    key
        Name of the attribute, and anchor of the section.
    title
        Of the section.
    charts
        Of the page for results it knows, which quote the section's tables; the result's own figure where it gives none.
    """

    def build(study: Study) -> Section | None:
        found = getattr(study, key, None)
        return None if not isinstance(found, Result) else section_of(study, found, key, title, charts)

    return build


def section_of(study: Study, found: Result, key: str, title: str, charts: Charts | None = None) -> Section:
    """A result as a section."""
    notes = [minus(str(note)) for note in found.notes()]
    frames = {heading: frame for heading, frame in found.frames().items() if len(frame)}
    tables = tuple(
        Table(f"{key}-{k}", _head(heading or found.title), frame.rename(columns=human), label=human)
        for k, (heading, frame) in enumerate(frames.items())
    )
    figures = () if charts is None else charts(study, found, tables)
    paragraphs = tuple((say("{note}", note=note),) for note in notes)
    return Section(key, title, paragraphs, figures or (_drawn(found, key, notes),), tables)


def _head(heading: str) -> str:
    return heading if heading.startswith("r*") else heading[:1].upper() + heading[1:]


def _drawn(found: Result, key: str, notes: Sequence[str]) -> Drawn:
    main = notes[0] if notes else found.title
    return Drawn(
        f"{key}-figure", say("{title}", title=found.title), say("{title}. {main}", title=found.title, main=main),
        found.plot(), "", found.to_frame(),
    )  # fmt: skip
