"""Every series a study used, kept with checksums, to run it again years later."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from capstar import __version__
from capstar.errors import DataError
from capstar.writing import write_whole

_MANIFEST = "manifest.json"


def write_snapshot(folder: str | Path, tables: Mapping[str, pd.DataFrame]) -> list[Path]:
    """Write tables as CSV beside a manifest of checksums and provenance.

    Parameters
    ----------
    folder
        Made if absent; files of an earlier snapshot are replaced, the manifest last.
    tables
        By name; on a PeriodIndex, or a DatetimeIndex of days.

    Returns
    -------
    list of Path
        Files written.

    Raises
    ------
    DataError
        The folder cannot be written to.
    """
    folder = Path(folder)
    bodies = {name: table.to_csv(lineterminator="\n").encode() for name, table in tables.items()}
    manifest = {
        "capstar": __version__,
        "tables": {
            name: {
                "file": _file(name),
                "sha256": hashlib.sha256(bodies[name]).hexdigest(),
                "frequency": table.index.freqstr if isinstance(table.index, pd.PeriodIndex) else None,
                "attrs": table.attrs,
            }
            for name, table in tables.items()
        },
    }
    files = {_file(name): body for name, body in bodies.items()}
    files[_MANIFEST] = json.dumps(manifest, indent=1).encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, body in files.items():
            write_whole(folder / name, body)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error}). Choose another folder.") from error
    return [folder / name for name in files]


def read_snapshot(folder: str | Path) -> dict[str, pd.DataFrame]:
    """Tables of a snapshot, to the last bit as they were written.

    Parameters
    ----------
    folder
        Written by `write_snapshot`.

    Raises
    ------
    DataError
        There is no snapshot, a file is absent, or one has changed since it was written.
    """
    folder = Path(folder)
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        listed = dict(manifest["tables"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{folder}: this is not a snapshot ({error}). Write one with 'capstar data snapshot {folder}'."
        ) from error
    return {name: _table(folder, name, entry) for name, entry in listed.items()}


def _file(name: str) -> str:
    """Of a table; ``fred:GDPC1`` is not a name of a file everywhere."""
    return re.sub(r"[^\w.@-]", "_", name) + ".csv"


def _table(folder: Path, name: str, entry: Mapping[str, Any]) -> pd.DataFrame:
    path = folder / Path(entry["file"]).name
    try:
        body = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: the snapshot's table {name} cannot be read ({error}).") from error
    if hashlib.sha256(body).hexdigest() != entry["sha256"]:
        raise DataError(
            f"{path}: the file is not the one that was written; its checksum differs. Restore it."
        )
    # As text first: Python reads the shortest decimal back to the same bits, whatever pandas' parser does.
    text = pd.read_csv(io.BytesIO(body), index_col="date", dtype=str, keep_default_na=False)
    out = text.map(lambda cell: float(cell) if cell else float("nan"))
    dates = text.index.astype(str)
    if entry["frequency"] is None:
        out.index = pd.DatetimeIndex(pd.to_datetime(dates, format="ISO8601"), name="date")
    else:
        out.index = pd.PeriodIndex(dates, freq=entry["frequency"], name="date")
    out.attrs = dict(entry["attrs"])
    return out
