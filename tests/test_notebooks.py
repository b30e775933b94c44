"""The notebooks run from top to bottom, and what is stored in them is what their cells give."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import nbformat
import pytest
from running_notebooks import MADE_BY, NOTEBOOKS, differences, run_afresh, sources_hash, texts

LONGEST = 20  # lines of a cell
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_notebooks_are_numbered_in_reading_order() -> None:
    assert [int(path.name[:2]) for path in NOTEBOOKS] == list(range(1, 13))


@each
def test_stored_outputs_were_made_by_the_cells_that_stand_there(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert notebook.metadata.get(MADE_BY) == sources_hash(notebook), (
        "cells changed since: run `make notebooks`"
    )
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")


@each
def test_cells_are_short_and_of_public_names(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert cell.source.count("\n") < LONGEST, "longer than twenty lines: the library should do this"
            private = re.search(r"capstar[\w.]*\._\w|\bcs\.[\w.]*\._\w|\.\_[a-z]\w*\(", cell.source)
            assert private is None, f"a private name: {private[0] if private else ''}"


@each
def test_outputs_show_figures_and_nothing_of_the_machine(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    assert any("image/png" in out.get("data", {}) for out in outputs), "no figure was shown"
    assert not [out for out in outputs if out.get("name") == "stderr"], "something was said on standard error"
    said = "\n".join(text for cell in notebook.cells for text in texts(cell))
    assert not re.search(r"/home/|/tmp/|/work/|/Users/|site-packages|0x[0-9a-f]{6,}|it/s\b", said)


@each
def test_notebook_runs_and_gives_what_is_stored(path: Path) -> None:
    stored = nbformat.read(path, as_version=4)
    assert differences(stored, run_afresh(path)) == []


def _printed(*said: str) -> nbformat.NotebookNode:
    cells = [
        nbformat.v4.new_code_cell("print()", outputs=[nbformat.v4.new_output("stream", text=s)]) for s in said
    ]
    return nbformat.v4.new_notebook(cells=cells)


@pytest.mark.parametrize(
    ("stored", "fresh", "differ"),
    [
        ("r* 1.000", "r* 1.009", False),
        ("r* 1.000", "r* 1.011", True),
        ("r* -1.0", "r* 1.0", True),
        ("r* leads 1", "r* lags 1", True),
        ("1  2", "1 2", False),
        ("1 2", "1 2 3", True),
        ("0.5 points", "nan points", True),
    ],
)
def test_a_number_more_than_one_percent_off_is_a_difference(stored: str, fresh: str, differ: bool) -> None:
    assert bool(differences(_printed(stored), _printed(fresh))) is differ


def test_a_cell_less_or_changed_is_noticed() -> None:
    book = _printed("1", "2")
    assert differences(book, _printed("1")) == ["cell 1: not in both"]
    changed = copy.deepcopy(book)
    changed.cells[1].source += "  # another"
    assert sources_hash(changed) != sources_hash(book)
