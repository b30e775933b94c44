"""``python -m making SOURCE RECORD``: the pages of docs/, and those made, put together in a folder for Sphinx."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from making import command_line, gallery, models, reference, sure

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
_UPWARDS = re.compile(r"\]\(((?:\.\./)+)(?=[a-z])")
_IN_DOCS = re.compile(r"\]\(docs/")


def put(path: Path, text: str) -> None:
    """Write a page; one that has not changed keeps its time, so that Sphinx need not read it again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def copy_pages(source: Path) -> None:
    """The pages of docs/, the READMEs of research/ with their tables and figures, notebooks and changelog."""
    for path in sorted(DOCS.rglob("*.md")):
        if not {"_build", "making"} & set(path.relative_to(DOCS).parts):
            put(source / path.relative_to(DOCS), moved(path))
    for name in ("CHANGELOG.md", "CONTRIBUTING.md"):
        put(source / name.lower(), _IN_DOCS.sub("](", (ROOT / name).read_text(encoding="utf-8")))
    for folder in ("research", "notebooks"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".md", ".png", ".csv", ".ipynb"} and ".ipynb_checkpoints" not in path.parts:
                target = source / path.relative_to(ROOT)
                if path.suffix == ".md":
                    put(target, path.read_text(encoding="utf-8").replace("](../../docs/", "](../../"))
                else:
                    copy(path, target)
    for name in ("conf.py", "study.png", "_static", "_templates"):
        copy(DOCS / name, source / name)


def moved(path: Path) -> str:
    """A page of docs/ as one of the folder in which research/ and notebooks/ lie beside it, not above."""
    depth = len(path.relative_to(DOCS).parts) - 1

    def shorter(link: re.Match[str]) -> str:
        return f"]({'../' * min(link[1].count('/'), depth)}"

    return _UPWARDS.sub(shorter, path.read_text(encoding="utf-8"))


def copy(path: Path, target: Path) -> None:
    """A file, or a folder, where it has changed."""
    if path.is_dir():
        for one in path.iterdir():
            copy(one, target / one.name)
    elif not target.exists() or target.read_bytes() != path.read_bytes():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def listed(source: Path) -> dict[str, str]:
    """Indexes of the studies and the notebooks, in order."""
    studies = sorted(path.parent.name for path in source.glob("research/*/README.md"))
    notebooks = sorted(path.stem for path in source.glob("notebooks/*.ipynb"))
    return {
        "research/index.md": _index(
            "Reproductions and studies",
            "Each has its claim, its data, and published numbers beside ours. `python -m research` lists them, "
            "`python -m research NAME` runs one, and `make reproduce` all that have their data: one table of how many "
            "published numbers are met.",
            [f"{name}/README" for name in studies],
        ),
        "notebooks/index.md": _index("Notebooks", "In reading order; `make lab` opens them.", notebooks),
    }


def _index(title: str, text: str, names: list[str]) -> str:
    rows = "\n".join(names)
    return f"# {title}\n\n{text}\n\n```{{toctree}}\n:maxdepth: 1\n\n{rows}\n```\n"


def main(source: Path, record: Path) -> None:
    """Everything."""
    copy_pages(source)
    table, absent = sure.read_record(record, DOCS / "golden.csv")
    pages = {"sure.md": sure.page(table, absent, ROOT), "models.md": models.page(table, ROOT),
             "command_line.md": command_line.page()}  # fmt: skip
    pages |= (
        reference.reference_pages() | listed(source) | gallery.gallery_pages(source / "gallery" / "figures")
    )
    for name, text in pages.items():
        put(source / name, text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
