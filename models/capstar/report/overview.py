"""The study on one screen: at most 40 lines of at most 100 columns, the answer first."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from capstar.errors import printable
from capstar.report.numbers import duration, minus
from capstar.report.parts import Paragraph, Study
from capstar.report.sections import head
from capstar.report.sections.account import tried
from capstar.report.sections.natural_rate import certainty, gap
from capstar.report.sections.opening import why
from capstar.reporting import Result

LINES, COLUMNS = 40, 100
_FIELD, _NO_BREAK = 9, "\N{NO-BREAK SPACE}"


def overview(results: Study, files: Sequence[str] = ()) -> str:
    """What the terminal shows, and what opens ``summary.txt``.

    Parameters
    ----------
    results
        Of `capstar.study.run`.
    files
        Where the files are, a line each, which may be longer; see `located`.

    Examples
    --------
    >>> from capstar.report import overview
    >>> from capstar.study.examples import quick_study
    >>> lines = overview(quick_study(), files=["results/study.html"]).splitlines()
    >>> print(lines[0][:30], "...", lines[-1], len(lines) <= 40)
    capstar study · moving average ... results/study.html True
    """
    top, model = head(results), results.rstar.model_name
    lines = [
        _cut(
            f"capstar study · {model} · {results.rstar.data_title} · {results.returns.attrs.get('title', 'returns')}"
        ),
        "",
        f"{top.question}   {top.word}",
    ]
    lines += [*_wrapped("", f"{top.answer} {top.specification}".strip()), ""]
    names = ("For", "Against", "Change")
    for name, said in zip(names, why(results).paragraphs, strict=True):
        lines += _wrapped(
            name, _text(said).removeprefix(f"{name}: ").removeprefix("What would change the answer: ")
        )
    for name, key in (
        ("Now", "now"),
        ("By month", "by_month"),
        ("Whose r*", "whose"),
        ("Other way", "other_way"),
    ):
        found = getattr(results, key, None)
        if isinstance(found, Result) and found.notes():
            lines += _wrapped(name, minus(str(found.notes()[0])))
    lines += [*_wrapped("Gap", _text(gap(results).paragraphs[0])), ""]
    lines += _wrapped("r*", " ".join(map(str, certainty(results).paragraphs[0][:3])))
    lines += _wrapped("Tried", _text(tried(results).paragraphs[0]))
    end = ["", *files] if files else []
    room = LINES - len(end)
    shown = lines if len(lines) <= room else [*lines[: room - 1], "... more in the tables: --tables"]
    return printable("\n".join([*shown, *end]))


def located(paths: Sequence[Path], seconds: float | None = None) -> list[str]:
    """Where files are, those of one folder and ending together, ``results/*.csv (14)``, and how long it took.

    Examples
    --------
    >>> from pathlib import Path
    >>> from capstar.report import located
    >>> print(*located([Path("out/study.html"), Path("out/rstar.csv"), Path("out/lead.csv")]))
    out/study.html   out/*.csv (2)
    """
    groups: dict[tuple[Path, str], list[Path]] = {}
    for path in paths:
        groups.setdefault((path.parent, path.suffix), []).append(path)
    found = sorted(groups.items(), key=lambda one: (len(one[1]) > 1, one[0][1]))
    named = [
        str(many[0]) if len(many) == 1 else f"{folder / '*'}{ending} ({len(many)})"
        for (folder, ending), many in found
    ]
    took = [] if seconds is None else [duration(seconds)]
    whole = "   ".join(part.replace(" ", _NO_BREAK) for part in [*named, *took])
    lines = textwrap.wrap(whole, COLUMNS, break_on_hyphens=False, break_long_words=False)
    return [line.replace(_NO_BREAK, " ") for line in lines]


def _text(paragraph: Paragraph) -> str:
    return " ".join(map(str, paragraph))


def _wrapped(name: str, text: str) -> list[str]:
    indent = f"{name:<{_FIELD}} " if name else "  "
    return textwrap.wrap(
        text,
        COLUMNS,
        initial_indent=indent,
        subsequent_indent=" " * (_FIELD + 1 if name else 2),
        break_on_hyphens=False,
    )


def _cut(line: str) -> str:
    return line if len(line) <= COLUMNS else f"{line[: COLUMNS - 1]}…"
