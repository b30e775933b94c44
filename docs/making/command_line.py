"""The page of the command line: what ``--help`` of every command says."""

from __future__ import annotations

import re
from typing import Any

import typer

from capstar.cli import app


def commands(group: Any, words: tuple[str, ...] = ("capstar",)) -> dict[tuple[str, ...], str]:
    """Help of a command and all below it, by its words."""
    context = typer.Context(group, info_name=" ".join(words), terminal_width=100, max_content_width=100)
    text = group.get_help(context)
    out = {words: re.sub(r"\x1b\[[0-9;]*m", "", text)}
    for name, one in getattr(group, "commands", {}).items():
        out |= commands(one, (*words, name))
    return out


_INTRO = """# Command line

What `--help` of each command says. Exit codes: 0 done, 2 wrong call or bad input, 3 no convergence, 70 a fault of
capstar itself.
"""


def page() -> str:
    """MyST of them all."""
    every = commands(typer.main.get_command(app)).items()
    return _INTRO + "".join(
        f"\n## {' '.join(words)}\n\n```text\n{text.strip()}\n```\n" for words, text in every
    )
