"""What all commands share: dates, models, files."""

from __future__ import annotations

import json
import math
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from capstar.cli.faults import say
from capstar.errors import CapstarError, DataError, SpecificationError
from capstar.writing import write_whole

if TYPE_CHECKING:
    import pandas as pd

    from capstar.rstar import NaturalRateModel

_SHOWN = 60  # characters quoted of a value
_QUARTER = re.compile(r"\d{4}([ :-]?[Qq][1-4]|-\d\d(-\d\d)?)")
DAY = re.compile(r"\d{4}(-?[Qq][1-4]|-\d\d(-\d\d)?)?")
MONTH = re.compile(r"\d{4}-\d\d(-\d\d)?")
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


def quarter(text: str | None, flag: str) -> str | None:
    """The text of a quarter, or None as it is; `SpecificationError` where it is none."""
    if text is not None and not is_date(text, _QUARTER):
        raise SpecificationError(
            f"{flag}={short(text)!r} is not a quarter. Write a quarter such as 1961Q1, or a day of it, 1961-01-01."
        )
    return text


def is_date(text: str, form: re.Pattern[str]) -> bool:
    """Whether a text has a form, such as `DAY`, and is a date."""
    import pandas as pd

    try:
        return bool(form.fullmatch(text)) and isinstance(
            pd.Period(text.replace(" ", ""), freq="D"), pd.Period
        )
    except (ValueError, OverflowError):
        return False


_FILLED = "covid_index"  # zero before 2020, and filled so


def require_inputs(model: NaturalRateModel, table: pd.DataFrame, where: str, instead: str) -> None:
    """Refuse data no user can add a column to, where they lack an input of the model."""
    if absent := [name for name in model.inputs if name not in table and name != _FILLED]:
        raise DataError(f"{where} have no {' and no '.join(absent)}, which {model.name} needs. {instead}")


def list_models() -> None:
    """A paragraph a model: key, name, what its r* is and time of a fit; then columns besides the date, and source."""
    from capstar import rstar

    table = rstar.models()
    heads = [
        (str(key), one["name"], one["definition"].partition(":")[0], f"~{one['seconds']:g} s")
        for key, one in table.iterrows()
    ]
    widths = [max(map(len, column)) for column in zip(*heads, strict=True)]
    wrapper = textwrap.TextWrapper(
        100, initial_indent="    ", subsequent_indent="      ", break_long_words=False
    )
    for head, (_, one) in zip(heads, table.iterrows(), strict=True):
        say("  ".join(map(str.ljust, head, widths)).rstrip())
        for words in filter(None, (f"columns: {', '.join(one['inputs'])}", one["citation"])):
            say(wrapper.fill(words))


def named_numbers(pairs: list[str], flag: str, form: str) -> dict[str, float]:
    """NAME=NUMBER by name; ``form`` is how an error says to write it."""
    out: dict[str, float] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        key = name.strip().replace("-", "_")
        if not key or not NUMBER.fullmatch(value) or not math.isfinite(float(value)):
            raise CapstarError(f"{flag} {short(pair)}: write {form}.")
        if key in out:
            raise CapstarError(f"{flag} {short(pair)}: {key} is given twice. Leave one out.")
        out[key] = float(value)
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


def check_outputs(*paths: Path | None, inputs: tuple[Path | None, ...] = ()) -> None:
    """Refuse an unwritable output before the work rather than after it, and one that is written or read already."""
    taken = {path.resolve() for path in inputs if path is not None and path.is_file()}
    for path in paths:
        if path is None:
            continue
        if path.is_dir() or not path.parent.is_dir():
            problem = "is a folder" if path.is_dir() else f"the folder {path.parent} does not exist"
            raise CapstarError(f"{path}: {problem}. Give the name of a file in an existing folder.")
        if path.resolve() in taken and (path.is_file() or not path.exists()):
            raise CapstarError(f"{path}: is an input, or another output, of this command. Give another name.")
        taken.add(path.resolve())


def check_figure(path: Path | None) -> None:
    """Refuse a figure of no known format before the work rather than after it."""
    if path is not None:
        from capstar.plotting import require_format

        require_format(path)


def check_folder(path: Path | None) -> None:
    """Refuse an unusable folder before the work rather than after it."""
    if path is None:
        return
    for one in (path, *path.parents):
        if one.exists():
            if not one.is_dir():
                raise CapstarError(f"{one}: is a file. Choose another folder with --out.")
            return


def as_json(found: Any, indent: int | None = None) -> str:
    """JSON in which a number that is not finite is null, as the format asks."""
    return json.dumps(_plain(found), indent=indent, allow_nan=False)


def write_json(path: str, found: Any) -> None:
    """JSON to a file, or to standard output where the path is ``-``."""
    if path == "-":
        typer.echo(as_json(found))
    else:
        write_whole(Path(path), as_json(found, indent=1))


def _plain(found: Any) -> Any:
    if isinstance(found, dict):
        return {str(key): _plain(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return [_plain(one) for one in found]
    return None if isinstance(found, float) and not math.isfinite(found) else found


def short(text: str) -> str:
    """The first characters of a value a user gave, for messages."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
