"""What all commands share: errors, progress, files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capstar.errors import CapstarError, CapstarWarning, ConvergenceError, DataError, SpecificationError

if TYPE_CHECKING:
    import pandas as pd

    from capstar.rstar import NaturalRateModel

BAD_INPUT, NO_CONVERGENCE = 2, 3
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Offline = Annotated[bool, typer.Option("--offline", help="Live data: use downloads kept in the cache alone.")]
Refresh = Annotated[
    bool, typer.Option("--refresh", help="Live data: download again whatever the cache holds.")
]
AsOf = Annotated[
    str | None,
    typer.Option(metavar="DAY", help="Live data: GDP and prices as known on a day, such as 2008-04-30."),
]

LIST = "list"
ModelKey = Annotated[
    str | None,
    typer.Option(metavar="KEY", help=f"The model by its key, such as hlw2017; '{LIST}' shows them all."),
]
UnitsOf = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[COLUMN=]UNIT",
        help="Of a file's columns where they are not the models': fraction, 'basis points', log_gdp=log10, "
        "log_gdp=level and so on; may be repeated.",
    ),
]
_FILLED = "covid_index"  # zero before 2020, and filled so


def find_model(key: str | None) -> NaturalRateModel:
    """The registered model of a key."""
    from capstar import rstar

    if key is None:
        raise SpecificationError(
            f"--model is missing. Choose one of {', '.join(rstar.models().index)}; --model {LIST} shows what each "
            "needs."
        )
    return rstar.model(key)


def require_inputs(model: NaturalRateModel, table: pd.DataFrame, where: str, instead: str) -> None:
    """Refuse data no user can add a column to, where they lack an input of the model."""
    if absent := [name for name in model.inputs if name not in table and name != _FILLED]:
        raise DataError(f"{where} have no {' and no '.join(absent)}, which {model.name} needs. {instead}")


def list_models() -> None:
    """One line a model: key, name, input columns besides the date, typical time of a fit, citation."""
    from capstar import rstar

    table = rstar.models()
    rows = [
        (str(key), one["name"], ",".join(one["inputs"]), f"~{one['seconds']:g} s", one["citation"])
        for key, one in table.iterrows()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        typer.echo("  ".join(cells).rstrip())


def named_numbers(pairs: list[str], flag: str, form: str) -> dict[str, float]:
    """NAME=NUMBER by name; ``form`` is how an error says to write it."""
    out = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            out[name.strip().replace("-", "_")] = float(value)
        except ValueError:
            raise CapstarError(f"{flag} {pair}: write {form}.") from None
    return out


def named_units(words: list[str] | None) -> str | dict[str, str] | None:
    """Units of all rates, a word, or by column, COLUMN=UNIT."""
    pairs = [word.partition("=") for word in words or []]
    if len(pairs) == 1 and not pairs[0][1]:
        return pairs[0][0]
    if bare := [word for word, equals, _ in pairs if not equals]:
        raise SpecificationError(
            f"--units {bare[0]}: with several, write COLUMN=UNIT, such as inflation=fraction."
        )
    return {column.strip(): unit.strip() for column, _, unit in pairs} or None


def check_outputs(*paths: Path | None) -> None:
    """Refuse an unwritable output before the work rather than after it."""
    for path in paths:
        if path is not None and (path.is_dir() or not path.parent.is_dir()):
            problem = "is a folder" if path.is_dir() else f"the folder {path.parent} does not exist"
            raise CapstarError(f"{path}: {problem}. Give the name of a file in an existing folder.")


def check_figure(path: Path | None) -> None:
    """Refuse a figure of no known format before the work rather than after it."""
    if path is not None:
        from capstar.plotting import require_format

        require_format(path)


def check_folder(path: Path | None) -> None:
    """Refuse an unusable folder before the work rather than after it."""
    if path is not None and path.exists() and not path.is_dir():
        raise CapstarError(f"{path}: is a file. Choose another folder with --out.")


@contextmanager
def errors(*, debug: bool) -> Iterator[None]:
    """Exit codes and one-line messages in place of tracebacks."""
    with warnings.catch_warnings(record=not debug) as caught:
        try:
            yield
        except (CapstarError, OSError) as error:
            if debug:
                raise
            typer.echo(f"capstar: {' '.join(str(error).split())}", err=True)
            raise typer.Exit(NO_CONVERGENCE if isinstance(error, ConvergenceError) else BAD_INPUT) from None
        finally:
            for warning in caught or []:
                if issubclass(warning.category, CapstarWarning):
                    typer.echo(f"capstar: {warning.message}", err=True)
