"""The one place where an exception becomes a sentence and an exit code."""

from __future__ import annotations

import os
import re
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from capstar.errors import (
    CapstarError,
    CapstarWarning,
    ConvergenceError,
    DataError,
    SpecificationError,
    printable,
)

BAD_INPUT, NO_CONVERGENCE, OWN_FAULT = 2, 3, 70  # 70: EX_SOFTWARE of sysexits.h
_WORD, _MESSAGE = 240, 1200  # characters shown of one word, and of one message
_PASSED_ON = (typer.Exit, typer.Abort, BrokenPipeError)


def say(text: object, *, err: bool = False) -> None:
    """Print text, with whatever could steer a terminal, or that its encoding lacks, escaped."""
    encoding = getattr(sys.stderr if err else sys.stdout, "encoding", None) or "utf-8"
    typer.echo(printable(str(text)).encode(encoding, "backslashreplace").decode(encoding), err=err)


def complain(text: object) -> None:
    """Print one line on standard error; long words and messages are cut."""
    words = [word if len(word) <= _WORD else f"{word[:80]}..." for word in str(text).split()]
    line = " ".join(words)
    say(f"capstar: {line if len(line) <= _MESSAGE else line[:_MESSAGE] + ' ...'}", err=True)


def debugging(flag: bool = False) -> bool:
    """Whether tracebacks are asked for, by ``--debug`` or ``CAPSTAR_DEBUG=1``."""
    return flag or os.environ.get("CAPSTAR_DEBUG", "0") not in ("", "0")


@contextmanager
def errors(*, debug: bool) -> Iterator[None]:
    """Exit codes and one-line messages in place of tracebacks.

    Raises
    ------
    typer.Exit
        2: input or options that cannot be used; 3: no convergence; 70: a fault of capstar's own.
    """
    debug = debugging(debug)
    with warnings.catch_warnings(record=not debug) as caught:
        if not debug:
            warnings.simplefilter("always")
        try:
            yield
        except _PASSED_ON:
            raise
        except Exception as error:
            if debug:
                traceback.print_exc()
            text, code = _explained(error)
            complain(text)
            raise typer.Exit(code) from None
        finally:
            for text in dict.fromkeys(
                str(one.message) for one in caught or [] if issubclass(one.category, CapstarWarning)
            ):
                complain(text)


@contextmanager
def reading(
    what: object, remedy: str = "Save it again as CSV, Parquet or Excel, or check its dates."
) -> Iterator[None]:
    """Whatever the reading of a user's file or option raises, as a `DataError` that names it."""
    try:
        yield
    except (CapstarError, *_PASSED_ON):
        raise
    except MemoryError as error:
        raise DataError(f"{what}: too large for the memory there is. Give fewer rows or columns.") from error
    except Exception as error:
        raise DataError(f"{what}: cannot be read ({_quoted(error)}). {remedy}") from error


def _explained(error: Exception) -> tuple[str, int]:
    """Sentence and exit code of an exception."""
    if isinstance(error, CapstarError):
        return str(error), NO_CONVERGENCE if isinstance(error, ConvergenceError) else BAD_INPUT
    if isinstance(error, OSError):
        said = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
        return f"{said}. Check that path, its permissions and the room left on the disk.", BAD_INPUT
    if isinstance(error, MemoryError):
        return (
            "there is not enough memory for this. Give fewer data, or smaller numbers in the options.",
            BAD_INPUT,
        )
    from numpy.linalg import LinAlgError

    if isinstance(error, LinAlgError | ArithmeticError):
        return (
            f"the numbers given cannot be computed with ({_quoted(error)}). Look for extreme or constant columns and "
            "wrong units, for model input with 'capstar data check FILE'."
        ), BAD_INPUT
    if type(error).__module__.startswith(("pyarrow", "pandas")):
        return f"the data cannot be read ({_quoted(error)}). Save them again as CSV or Parquet.", BAD_INPUT
    return (
        f"a fault of capstar itself ended the command ({_quoted(error)}); nothing can be relied on that it printed. "
        "Please report it with the command and its files; --debug, or CAPSTAR_DEBUG=1, shows where it happened."
    ), OWN_FAULT


def _quoted(error: BaseException) -> str:
    """Kind and first words of an exception of another library."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said[:80]}{'...' if len(said) > 80 else ''}".removesuffix(": ")


class Commands(TyperGroup):
    """The commands; what goes wrong before one of them runs is told like all else."""

    def main(self, args: Any = None, *, standalone_mode: bool = True, **extra: Any) -> Any:  # type: ignore[override]
        """Run a command; in standalone mode end with its exit code, which is all a shell sees."""
        if not standalone_mode:
            return super().main(args, standalone_mode=False, **extra)
        given = sys.argv[1:] if args is None else list(args)
        try:
            with errors(debug="--debug" in given):
                _refuse_empty(given)
                code = self._usage(given, **extra)
        except typer.Exit as ended:
            code = ended.exit_code
        except typer.Abort:
            code = 1
        sys.exit(code)

    def _usage(self, given: list[str], **extra: Any) -> int:
        """Exit code; an error of usage as one line that names the command's help."""
        try:
            return int(super().main(given, standalone_mode=False, **extra) or 0)
        except Exception as error:
            shown, said = getattr(error, "show", None), getattr(error, "format_message", None)
            if shown is None or said is None:
                raise
            context = getattr(error, "ctx", None)
            if "\n" in said() or context is None:  # the help itself
                shown()
            else:
                complain(f"{said().rstrip('.')}. See '{context.command_path} --help'.")
            return int(getattr(error, "exit_code", BAD_INPUT))


def _refuse_empty(given: list[str]) -> None:
    """An empty value is a shell variable that is not set; as a path it would be the current folder."""
    for k, one in enumerate(given):
        if one.strip() == "" or re.fullmatch(r"--[\w-]+=\s*", one):
            name = one.strip("= ") or (given[k - 1] if k else "the first argument")
            raise SpecificationError(f"{name}: the value is empty. Give one, or leave the option out.")
