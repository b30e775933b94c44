"""Notebooks run in kernels of their own; `python tests/running_notebooks.py` stores them as they ran."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
from itertools import zip_longest
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MADE_BY = "capstar_sources"  # key of the metadata under which the hash of the cells stands
_NUMBER = re.compile(r"(?<![\w.])[-+\N{MINUS SIGN}]?\d+(?:\.\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)


def execute(notebook: NotebookNode, env: dict[str, str] | None = None, **options: Any) -> NotebookNode:
    """Run a notebook in a kernel reached by sockets in a folder of its own, with the environment given.

    Kernels that tests start side by side by TCP may be given one port, and then wait for each other for ever.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})
        return NotebookClient(notebook, kernel_name="python3", config=config, **options).execute(
            env=env or dict(os.environ)
        )


def sources_hash(notebook: NotebookNode) -> str:
    """SHA-256 of all cells' kinds and sources, which the stored outputs were made by."""
    sources = "\0".join(f"{cell.cell_type}\0{cell.source}" for cell in notebook.cells)
    return hashlib.sha256(sources.encode()).hexdigest()


def run_afresh(path: Path) -> NotebookNode:
    """The notebook as its cells make it now, nothing in it that differs from run to run."""
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
        cell.metadata.clear()
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nowhere = dict.fromkeys(
        ("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"
    )  # a notebook needs no network
    env = {**os.environ, **nowhere, "PYTHONPATH": str(ROOT / "models")}
    options = {"timeout": None, "startup_timeout": 3600, "iopub_timeout": 3600, "record_timing": False}
    execute(notebook, env, resources={"metadata": {"path": path.parent}}, **options)
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
        **{MADE_BY: sources_hash(notebook)},
    )
    return notebook


def texts(cell: NotebookNode) -> list[str]:
    """What a cell printed or showed as text, streams joined."""
    streams = "".join(out.text for out in cell.get("outputs", []) if out.output_type == "stream")
    shown = [out.data for out in cell.get("outputs", []) if "data" in out]
    kinds = ("text/plain", "text/markdown", "text/latex")
    return [streams, *(data[kind] for data in shown for kind in kinds if kind in data)]


def differences(stored: NotebookNode, fresh: NotebookNode, tolerance: float = 0.01) -> list[str]:
    """Where stored and fresh texts differ in words, or in a number by more than the tolerance, relative."""
    found = []
    for number, (old, new) in enumerate(zip_longest(stored.cells, fresh.cells)):
        if old is None or new is None:
            return [*found, f"cell {number}: not in both"]
        for one, other in zip_longest(texts(old), texts(new), fillvalue=""):
            found += [f"cell {number}: {what}" for what in _text_differences(one, other, tolerance)]
    return found


def _text_differences(old: str, new: str, tolerance: float) -> list[str]:
    words, words_now = (re.sub(r"[\s─━-]+", " ", _NUMBER.sub("#", text)).strip() for text in (old, new))
    if words != words_now:
        return [f"stored {words[:200]!r}, now {words_now[:200]!r}"]
    pairs = zip(_NUMBER.findall(old), _NUMBER.findall(new), strict=True)
    return [f"{a} is stored, {b} is computed" for a, b in pairs if _apart(a, b, tolerance)]


def _apart(a: str, b: str, tolerance: float) -> bool:
    x, y = (float(one.replace("\N{MINUS SIGN}", "-")) for one in (a, b))
    return not abs(x - y) <= max(tolerance * max(abs(x), abs(y)), 1e-8)


if __name__ == "__main__":
    for name in sys.argv[1:] or map(str, NOTEBOOKS):
        nbformat.write(run_afresh(Path(name).resolve()), name)
        sys.stdout.write(f"{name}\n")
