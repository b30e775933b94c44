"""The page "How sure are we of the software": every test against numbers from elsewhere, as measured."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pandas as pd

ROOMS = {"rstar": "Natural rates", "statespace": "State-space models", "leads": "Does one series lead another",
         "markets": "States of a market", "smallcaps": "Small-cap indices"}  # fmt: skip
KEYS = ["module", "test", "case"]
_INTRO = """# How sure are we of the software

Every table below is written by the tests themselves when the site is made. Each test compares what this library
computes with numbers that somebody else computed or printed, or that an independent formula gives on published data,
and what it saw is recorded. Nothing is typed by hand.

- *Numbers* is how many were compared.
- *Largest difference* is the largest of all of them, in the unit of what is compared.
- *Closest to its limit* is the one that used most of its tolerance: its difference, the tolerance, and the share of
  it that was used. A tolerance is the digits that were published, the error of a simulation, or the rounding of the
  arithmetic; the reason is written beside it in the test.
- A test without numbers states a condition of its own: a distance in standard errors, equality of every value, or what
  is refused.
- *The same* data are read once for several tests.

{values:,} numbers in {cases:,} comparisons of {tests} tests, {bounds} of which state conditions of their own. None
differs by more than it may; the one closest to its limit used {share:.0%} of it.

"""
_ABSENT = """Reference data of {} tests were absent where this page was made; their rows are as stored in
`docs/golden.csv`.

"""
_HEAD = "| what | against | numbers | largest difference | closest to its limit |\n" + "| --- " * 5 + "|\n"


def read_record(path: Path, stored: Path) -> tuple[pd.DataFrame, list[str]]:
    """What was measured; for cases whose data are absent here what is stored, and the names of those tests."""
    found = pd.read_csv(path, keep_default_na=False)
    old = pd.read_csv(stored, keep_default_na=False)
    absent = found["skipped"] > 0
    gone = pd.MultiIndex.from_frame(found.loc[absent, KEYS])
    kept = old[pd.MultiIndex.from_frame(old[KEYS]).isin(gone) & (old["skipped"] == 0)]
    table = pd.concat([found[~absent], kept], ignore_index=True).astype({"values": int})
    for name in ("largest", "difference", "allowed", "share"):
        table[name] = pd.to_numeric(table[name])
    return table, sorted(set(found.loc[absent, "test"]))


def docstrings(path: Path) -> dict[str, str]:
    """First line of a module's docstring, under the empty name, and of those of its tests."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tests = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    every = {"": ast.get_docstring(tree)} | {one.name: ast.get_docstring(one) for one in tests}
    return {name: (text or "").partition("\n")[0] for name, text in every.items()}


def page(table: pd.DataFrame, absent: list[str], root: Path) -> str:
    """MyST of the page."""
    measured = table.groupby(KEYS[:2])["values"].sum()
    intro = _INTRO.format(
        values=table["values"].sum(), cases=len(table), tests=len(measured), bounds=(measured == 0).sum(),
        share=table["share"].max(),
    )  # fmt: skip
    parts = [intro, _ABSENT.format(len(absent)) if absent else ""]
    for room, title in ROOMS.items():
        inside = table[table["module"].str.startswith(f"tests/{room}/")]
        if len(inside):
            parts.append(f"## {title}\n\n")
            parts += [_module(str(name), rows, root) for name, rows in inside.groupby("module")]
    return "".join(parts)


def _module(name: str, rows: pd.DataFrame, root: Path) -> str:
    docs = docstrings(root / name)
    lines = [_row(str(test), cases, docs) for test, cases in rows.groupby("test", sort=False)]
    return f"### {escaped(docs[''])}\n\n`{name}`\n\n{_HEAD}{''.join(lines)}\n"


def _row(test: str, cases: pd.DataFrame, docs: dict[str, str]) -> str:
    files = sorted({one for cell in cases["files"] for one in cell.split()})
    against = "<br>".join(f"`{one}`" for one in files[:3]) + (
        f"<br>and {len(files) - 3} more" if files[3:] else ""
    )
    cells = [escaped(docs[test]), against or "the same", *measured(cases)]
    return f"| {' | '.join(cells)} |\n"


def measured(cases: pd.DataFrame) -> tuple[str, str, str]:
    """Numbers compared, largest difference, and the one closest to its limit."""
    if not cases["values"].sum():
        return "", "", "a condition of its own"
    worst = cases.loc[cases["share"].idxmax()]
    limit = f"{worst['difference']:.1e} of {worst['allowed']:.1e} ({worst['share']:.0%})"
    return f"{cases['values'].sum():,}", f"{cases['largest'].max():.1e}", limit


def escaped(text: str) -> str:
    """Text that is no markup in a cell of a table."""
    return re.sub(r"([*_|<>\[\]~])", r"\\\1", text.replace("``", "`"))
