"""The notebooks run from top to bottom and are stored without outputs."""

from __future__ import annotations

import nbformat
import pytest
from conftest import ROOT
from running_notebooks import execute

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_notebooks_are_numbered_in_reading_order() -> None:
    numbers = [path.name[:2] for path in NOTEBOOKS]
    assert len(numbers) >= 5
    assert all(number.isdigit() for number in numbers)
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path) -> None:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [], "stored with outputs: clear them"
            assert cell.source.count("\n") < 10, "longer than ten lines: the library should do this"
    options = {"timeout": None, "startup_timeout": 3600, "iopub_timeout": 3600}
    execute(notebook, resources={"metadata": {"path": path.parent}}, **options)
    shown = [
        o for cell in notebook.cells for o in cell.get("outputs", []) if "image/png" in o.get("data", {})
    ]
    assert shown, "no figure was shown"
