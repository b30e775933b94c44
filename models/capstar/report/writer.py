"""The report as a file: HTML, LaTeX or Markdown by its ending, from one list of sections."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from capstar.errors import SpecificationError
from capstar.report import charts, html, text
from capstar.report.charts import Chart, Drawn
from capstar.report.parts import Builder, Study
from capstar.report.sections import SECTIONS, head, made
from capstar.timing import timed
from capstar.writing import write_whole

FORMATS = (".html", ".tex", ".md")
_BESIDE = {".tex": ".pdf", ".md": ".svg"}  # format of figures in files of their own


def require_report(path: str | Path) -> None:
    """Refuse a name that ends in no format of reports.

    Raises
    ------
    SpecificationError
        Names the formats.

    Examples
    --------
    >>> from capstar.report import require_report
    >>> require_report("study.html")
    """
    if Path(path).suffix.lower() not in FORMATS:
        raise SpecificationError(
            f"{path}: a report cannot be written as {Path(path).suffix or 'a file without ending'}. End its name in "
            f"{', '.join(FORMATS)}."
        )


def write_report(
    results: Study, path: str | Path, *, command: str = "", sections: Sequence[Builder] = SECTIONS
) -> list[Path]:
    """Write a study's report, each file whole or not at all.

    Parameters
    ----------
    results
        Of `capstar.study.run`.
    path
        ``.html``: one page that needs no other file and no network. ``.tex``: tables for the package booktabs, with
        figures as PDF beside it. ``.md``: with figures as SVG beside it.
    command
        That made the results, to be told on the page.
    sections
        Functions of the study that give a `Section` each, or None; the last section, on how the page was made, follows.

    Returns
    -------
    list of Path
        Files written, the report first.

    Raises
    ------
    SpecificationError
        The ending is of no format.
    OutputError
        A file cannot be written.

    Examples
    --------
    >>> from capstar.report import SECTIONS, write_report
    >>> from capstar.study.examples import quick_study
    >>> files = write_report(quick_study(), "study.md", sections=SECTIONS[:3])
    >>> print(files[0], len(files))
    study.md 4
    """
    path = Path(path)
    require_report(path)
    with timed("report"):
        built = [one for one in (build(results) for build in sections) if one is not None]
        built.append(made(results, command))
        opening, suffix = head(results), path.suffix.lower()
        if suffix == ".html":
            write_whole(path, html.page(opening, built))
            return [path]
        files = {figure.key: _beside(path, figure) for section in built for figure in section.figures}
        for section in built:
            for figure in section.figures:
                write_whole(files[figure.key], _image(figure, _BESIDE[suffix]))
        names = {key: file.name for key, file in files.items()}
        write_whole(path, text.page(opening, built, names, suffix))
    return [path, *files.values()]


def _beside(path: Path, figure: Chart | Drawn) -> Path:
    return path.with_name(f"{path.stem}-{figure.key}{_BESIDE[path.suffix.lower()]}")


def _image(figure: Chart | Drawn, suffix: str) -> bytes:
    """A figure as PDF, or as SVG that needs no style sheet of a page."""
    from capstar.plotting import plot_panels, save

    if isinstance(figure, Chart) and suffix == ".svg":
        return html.lone(figure).encode()
    drawn = (
        figure.figure
        if isinstance(figure, Drawn)
        else plot_panels(
            figure.panels,
            positions=charts.positions,
            dodge=charts.dodge,
            labels=charts.labels_of,
            shadings=charts.shadings,
            shared=figure.shared,
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        save(drawn, Path(folder) / f"figure{suffix}")
        return (Path(folder) / f"figure{suffix}").read_bytes()
