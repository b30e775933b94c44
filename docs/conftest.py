"""Every example on every page is run: Python prompts by doctest, other Python as it stands, ``capstar`` in a shell.

A page is one session, in an empty folder, without a network.
"""

from __future__ import annotations

import doctest
import os
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from sybil import Example, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser


def setup(namespace: dict[str, Any]) -> None:
    """An empty folder to work in."""
    import matplotlib as mpl

    from capstar.data import network

    mpl.use("Agg")
    namespace["_back"], namespace["_folder"] = Path.cwd(), tempfile.mkdtemp()
    namespace["_offline"] = network(offline=True)
    namespace["_offline"].__enter__()
    os.chdir(namespace["_folder"])


def teardown(namespace: dict[str, Any]) -> None:
    """Back to where it was."""
    namespace["_offline"].__exit__(None, None, None)
    os.chdir(namespace["_back"])
    shutil.rmtree(namespace["_folder"])


class ShellBlocks(CodeBlockParser):
    """Lines ``$ capstar ...`` of a console block, each of which has to end with exit code 0."""

    language = "console"

    def evaluate(self, example: Example) -> str | None:
        """What failed, in words."""
        from typer.testing import CliRunner

        from capstar.cli import app

        for line in str(example.parsed).splitlines():
            if line.startswith("$ capstar "):
                done = CliRunner().invoke(app, shlex.split(line, comments=True)[2:])
                if done.exit_code:
                    return f"{line}\nended with exit code {done.exit_code}\n{done.output}"
        return None


collect_ignore = ["_build"]
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
pytest_collect_file = Sybil(
    parsers=[SkipParser(), PythonCodeBlockParser(doctest_optionflags=_FLAGS), ShellBlocks()],
    patterns=["*.md"],
    setup=setup,
    teardown=teardown,
).pytest()


@pytest.fixture(autouse=True)
def _figures_are_closed() -> Any:
    yield
    import matplotlib.pyplot as plt

    plt.close("all")
