"""A command run in this process, and what must hold however odd its input is."""

from __future__ import annotations

import io
import json
import math
import os
import re
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from typer.main import get_command

from capstar.cli import app

COMMAND = get_command(app)

CODES = (0, 2, 3)  # done; input or options refused; no convergence
# Seconds of a command that count as a hang where the machine is known to be free: with a number of inputs asked for.
HANG = 30.0 if "CAPSTAR_FUZZ" in os.environ else math.inf
_NOT_FINITE = re.compile(
    r"(?:^|[,:\s\[])[-+]?(?:nan|inf|infinity)(?=$|[,\s\]}])", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True)
class Run:
    """What a call did, and what is wrong with that: empty for nothing."""

    arguments: tuple[str, ...]
    code: int
    stdout: str
    stderr: str
    seconds: float
    faults: tuple[str, ...]


def run(arguments: Sequence[object], folder: Path) -> Run:
    """Run ``capstar`` and look at its exit code, its words and what it left in a folder."""
    given = tuple(map(str, arguments))
    before = _files(folder)
    begun = time.monotonic()
    code, error = 0, None
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        try:
            COMMAND.main(list(given), prog_name="capstar")
        except SystemExit as ended:
            code = int(ended.code or 0)
        except Exception as raised:
            code, error = 1, raised
    stdout, stderr, seconds = out.getvalue(), err.getvalue(), time.monotonic() - begun
    new = sorted(set(_files(folder)) - set(before))
    faults = [
        *_wrong_end(code, error, stdout, stderr),
        *(f"half-written: {path}" for path in new if "partial" in path.name or code),
        *(f"not finite: {path.name}" for path in new if not code and not _finite(path)),
        *(["hang"] if seconds > HANG else []),
    ]
    return Run(given, code, stdout, stderr, seconds, tuple(faults))


def told(one: Run) -> str:
    """A run in a few lines, for the message of a test."""
    return f"capstar {' '.join(one.arguments)[:400]}\n  {one.faults}, exit {one.code}\n  {one.stderr[-600:]}"


def _wrong_end(code: int, error: BaseException | None, stdout: str, stderr: str) -> list[str]:
    out = []
    if error is not None:
        out.append(f"traceback: {error!r}")
    if code not in CODES or "Traceback" in stdout + stderr:
        out.append(f"exit code {code}")
    lines = stderr.splitlines()
    if odd := [line for line in lines if not line.startswith("capstar: ")]:
        out.append(f"a line of another kind: {odd[0][:80]!r}")
    if code and (not lines or len(lines[-1]) < 20 or len(lines[-1]) > 1300):
        out.append("no clear sentence")
    if odd := [c for c in stdout + stderr if not c.isprintable() and c not in "\n\t"]:
        out.append(f"control character {odd[0]!r}")
    return out


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _finite(path: Path) -> bool:
    """Whether no number in a text file is NaN or infinite; a JSON file is parsed besides."""
    if path.suffix not in (".json", ".csv"):
        return True
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        json.loads(text, parse_constant=lambda token: (_ for _ in ()).throw(AssertionError(token)))
    return not _NOT_FINITE.search(text)
