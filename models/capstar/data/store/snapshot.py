"""Every series a study used, kept with checksums, to run it again years later."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Container, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd

from capstar import __version__
from capstar.errors import DataError
from capstar.writing import csv_text, finish_folder, whole_folder, write_whole

_MANIFEST = "manifest.json"


def write_snapshot(folder: str | Path, tables: Mapping[str, pd.DataFrame]) -> list[Path]:
    """Write tables as CSV beside a manifest of checksums and provenance: the whole snapshot or nothing.

    Parameters
    ----------
    folder
        Made if absent; an earlier snapshot is replaced.
    tables
        By name; on a PeriodIndex, or a DatetimeIndex of days.

    Returns
    -------
    list of Path
        Files written.

    Raises
    ------
    DataError
        The folder cannot be written to, or attributes of a table are nothing JSON can hold.

    Examples
    --------
    >>> import capstar as cs
    >>> files = cs.data.write_snapshot("kept", {"macro": cs.data.us_macro()})
    >>> [path.name for path in files]
    ['macro.csv', 'manifest.json']
    """
    folder = Path(folder)
    files: dict[str, bytes] = {}
    listed = {}
    for name, table in tables.items():
        file = _file(name, files)
        files[file] = csv_text(table.rename_axis("date"), lineterminator="\n").encode()
        listed[name] = {
            "file": file,
            "sha256": hashlib.sha256(files[file]).hexdigest(),
            "frequency": table.index.freqstr if isinstance(table.index, pd.PeriodIndex) else None,
            "columns": [str(column) for column in table.columns],
            "attrs": table.attrs,
        }
    try:
        files[_MANIFEST] = json.dumps({"capstar": __version__, "tables": listed}, indent=1).encode()
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{folder}: attributes of the tables cannot be kept ({error}). Clear .attrs."
        ) from error
    with whole_folder(folder) as new:
        for file, body in files.items():
            write_whole(new / file, body)
    return [folder / file for file in files]


def read_snapshot(folder: str | Path) -> dict[str, pd.DataFrame]:
    """Tables of a snapshot, to the last bit as they were written.

    Parameters
    ----------
    folder
        Written by `write_snapshot`.

    Raises
    ------
    DataError
        There is no snapshot, its manifest is not as it was written, a file is absent, or one has changed.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> files = cs.data.write_snapshot("kept", {"macro": us})
    >>> cs.data.read_snapshot("kept")["macro"].equals(us)
    True
    """
    folder = Path(folder)
    try:
        finish_folder(folder)
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        listed = dict(manifest["tables"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{folder}: this is not a snapshot ({str(error)[:80]}). Write one with 'capstar data snapshot {folder}'."
        ) from error
    return {name: _table(folder, name, entry) for name, entry in listed.items()}


def _file(name: str, taken: Container[str]) -> str:
    """Of a table; ``fred:GDPC1`` is not a name of a file everywhere, and two names may give one."""
    plain = re.sub(r"[^\w.@-]", "_", name)
    return next(file for k in count() if (file := f"{plain}{f'_{k}' if k else ''}.csv") not in taken)


def _table(folder: Path, name: str, entry: Any) -> pd.DataFrame:
    try:
        path = folder / Path(entry["file"]).name
        frequency, columns, attrs = entry["frequency"], entry.get("columns"), dict(entry["attrs"])
        if not all(isinstance(one, str | None) for one in (frequency, *(columns or []))):
            raise TypeError(f"frequency {frequency!r}, columns {columns!r}")
        body = path.read_bytes()
        if hashlib.sha256(body).hexdigest() != entry["sha256"]:
            raise DataError(
                f"{path}: the file is not the one that was written; its checksum differs. Restore it, or write the "
                "snapshot again."
            )
        out = _parsed(body, frequency)
        if columns is not None:
            out.columns = pd.Index(columns)
    except OSError as error:
        raise DataError(f"{path}: the snapshot's table {name} cannot be read ({error}).") from error
    except DataError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise DataError(
            f"{folder / _MANIFEST}: what it says of the table {name[:80]} is not what was written "
            f"({type(error).__name__}: {str(error)[:80]}). Restore the file, or write the snapshot again."
        ) from error
    out.attrs = attrs
    return out


def _parsed(body: bytes, frequency: str | None) -> pd.DataFrame:
    # As text first: Python reads the shortest decimal back to the same bits, whatever pandas' parser does.
    text = pd.read_csv(io.BytesIO(body), index_col="date", dtype=str, keep_default_na=False)
    out = text.map(lambda cell: float(cell) if cell else float("nan"))
    dates = text.index.astype(str)
    if frequency is None:
        out.index = pd.DatetimeIndex(pd.to_datetime(dates, format="ISO8601"), name="date")
    else:
        out.index = pd.PeriodIndex(dates, freq=frequency, name="date")
    return out
