"""Results in a file, to the bit, and back without running anything that the file says.

A file is a zip archive: ``result.json`` tells what the result is made of, and every array is a member of its own in
NumPy's format.  Nothing in it is pickled.  What is read are numbers, text, pandas objects, dataclasses of this library
and its functions by name; anything else is refused, when it is written and when it is read.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from capstar.errors import DataError
from capstar.reporting.packing import Reader, Writer
from capstar.writing import whole

FORMAT, VERSION = "capstar result", 1
_HEAD, _EPOCH = "result.json", (1980, 1, 1, 0, 0, 0)  # the same result makes the same bytes


def write_result(result: Any, path: str | Path) -> Path:
    """Write a result to a file; see `capstar.reporting.Result.save`."""
    path = Path(path)
    if not path.parent.is_dir():
        raise DataError(f"{path}: there is no folder {path.parent}. Make it first.")
    writer = Writer()
    head = {"format": FORMAT, "version": VERSION, "capstar": import_module("capstar").__version__}
    text = json.dumps(head | {"title": result.title, "result": writer.pack(result)}, allow_nan=False)
    with whole(path) as new, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(_member(_HEAD), text)
        for k, values in enumerate(writer.arrays):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, values, allow_pickle=False)
            file.writestr(_member(f"{k}.npy"), buffer.getbuffer())
    return path


def read_result(path: str | Path, kind: type) -> Any:
    """Read a result of a kind from a file; see `capstar.reporting.Result.load`."""
    path = Path(path)
    with _told(path), zipfile.ZipFile(path) as file:
        head = json.loads(file.read(_HEAD))
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise DataError(f"{path}: this is not a file written by save() of a result.")
        if head.get("version") != VERSION:
            raise DataError(
                f"{path}: written in version {head.get('version')} of the format, this library reads version "
                f"{VERSION}. Use capstar {head.get('capstar')}, or compute it again."
            )
        found = Reader(file, str(head.get("capstar"))).unpack(head["result"])
    if not isinstance(found, kind):
        raise DataError(
            f"{path}: holds {type(found).__name__}, expected {kind.__name__}. Use its own load()."
        )
    return found


def load(path: str | Path) -> Any:
    """Read a result of any class from a file that its ``save`` has written.

    Parameters
    ----------
    path
        Of the file.

    Returns
    -------
    capstar.reporting.Result
        To the bit what was saved.  Nothing that the file says is run: it may come from anybody.

    Raises
    ------
    DataError
        The file is absent, none of these, or of another version.

    Examples
    --------
    >>> import tempfile, capstar
    >>> found = capstar.leads.sharpe_ratio([0.5, -0.2] * 20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     capstar.load(found.save(f"{folder}/sharpe.capstar"))
    <SharpeRatio: Sharpe ratio 0.4232 a period, p 0.0000, 40 periods>
    """
    if Path(path).is_file() and not zipfile.is_zipfile(path):  # an estimate in its own, readable format
        return import_module("capstar.statespace").StateSpaceResults.load(path)
    return read_result(path, import_module("capstar.reporting").Result)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """A sentence in place of what the parts of Python say of a file that is none of these."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file. Write one with save(path).") from None
    except DataError as error:
        raise error if str(error).startswith(str(path)) else DataError(f"{path}: {error}") from None
    except (
        OSError,
        RecursionError,
        zipfile.BadZipFile,
        KeyError,
        TypeError,
        ValueError,
        IndexError,
        AttributeError,
    ) as error:
        raise DataError(
            f"{path}: not readable as a result ({type(error).__name__}: {error}). It is of another kind, or has been "
            "changed; save the result again."
        ) from error


def _member(name: str) -> zipfile.ZipInfo:
    out = zipfile.ZipInfo(name, _EPOCH)
    out.compress_type = zipfile.ZIP_DEFLATED
    return out
