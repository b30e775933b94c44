"""Sections for what a study may have: now, whose r*, the other way. Any `capstar.reporting.Result` is shown."""

from __future__ import annotations

from collections.abc import Callable

from capstar.report.charts import Drawn
from capstar.report.names import human
from capstar.report.parts import Section, Study, Table, say
from capstar.reporting import Result


def of_result(key: str, title: str) -> Callable[[Study], Section | None]:
    """A builder of the section on an attribute of a study that is a result: its notes, its figure, its tables.

    Parameters
    ----------
    key
        Name of the attribute, and anchor of the section.
    title
        Of the section.
    """

    def build(study: Study) -> Section | None:
        found = getattr(study, key, None)
        return None if not isinstance(found, Result) else section_of(found, key, title)

    return build


def section_of(found: Result, key: str, title: str) -> Section:
    """A result as a section."""
    notes = found.notes()
    frames = {heading: frame for heading, frame in found.frames().items() if len(frame)}
    tables = tuple(
        Table(f"{key}-{k}", heading or found.title, frame.rename(columns=human), label=human)
        for k, (heading, frame) in enumerate(frames.items())
    )
    main = str(notes[0]) if notes else found.title
    figure = Drawn(
        f"{key}-figure", say("{title}", title=found.title), say("{title}. {main}", title=found.title, main=main),
        found.plot(), "", found.to_frame(),
    )  # fmt: skip
    paragraphs = tuple((say("{note}", note=str(note)),) for note in notes)
    return Section(key, title, paragraphs, (figure,), tables)
