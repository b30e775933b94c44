"""One table out of a file or address, whatever its format; no library's exception leaves here."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from capstar.data.sources.archive import opened
from capstar.data.text_tables import DATE_NAMES, as_numbers, find_header, listed, parse_text
from capstar.errors import DataError, SpecificationError, quoted, reading
from capstar.timing import timed

ASSUMED = "assumed"  # in attrs: how the file was read where there was a choice
_ENDINGS = {
    **dict.fromkeys((".parquet", ".pq"), "Parquet"),
    **dict.fromkeys((".feather", ".arrow", ".ipc"), "Arrow"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xls"), "Excel"),
    ".dta": "Stata",
}
_BEGINNINGS = {b"PAR1": "Parquet", b"ARROW1": "Arrow", b"\xd0\xcf\x11\xe0": "Excel", b"<stata_dta>": "Stata"}
_PACKED: dict[str, Callable[[io.BytesIO], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_PACKED_AS = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\x00": ".xz", b"PK\x03\x04": ".zip"}
_LARGEST = 300_000_000  # bytes unpacked


@timed("reading data")
def load(path: str | Path, *, decimal: str | None = None, whole: bool = False) -> pd.DataFrame:
    """A table with its dates, where it has any, as text or dates in the column ``date``; see `files.read_table`."""
    if decimal not in (None, ".", ","):
        raise SpecificationError(f"decimal={quoted(decimal)}; choose '.' or ','.")
    if (
        address := re.match("(https?):/+(.*)", str(path), re.IGNORECASE)
    ) is not None:  # a Path keeps one slash
        return _fetched(f"{address[1].lower()}://{address[2]}", decimal, whole)
    return table_of(existing(path).read_bytes(), str(path), decimal=decimal, whole=whole)


def existing(path: str | Path) -> Path:
    """The path of a file; `DataError` if there is none."""
    if not isinstance(path, str | Path):
        raise DataError(f"a {type(path).__name__} is no path. Give the name of a file.")
    try:
        found = Path(path).is_file()
    except (OSError, ValueError):  # a name that no file can have
        found = False
    if not found:
        raise DataError(f"{path}: there is no such file. Check the path.")
    return Path(path)


def table_of(body: bytes, source: str, *, decimal: str | None = None, whole: bool = False) -> pd.DataFrame:
    """The table a file's bytes hold; the ending of its name, else its first bytes, say of which format it is."""
    if not body:
        raise DataError(f"{source}: the file is empty. It should start with a line of column names.")
    kind = _kind(body, source)
    separator, said = "", list[str]()
    with _readable(source, kind):
        if kind == "CSV":
            frame, separator, said = parse_text(_unpacked(body, source), source)
        elif kind == "Excel":
            frame, said = _excel(body, source)
        else:
            frame = _with_date_column(_binary(body, kind))
        frame, renamed = _named(frame, source)
        said += renamed
        if kind == "Excel" and "date" in frame and frame["date"].dtype.kind in "if":
            frame["date"] = frame["date"].astype("str")  # a spreadsheet's days, or years, months as in text
        frame = frame.dropna(how="all").reset_index(drop=True)
        said += as_numbers(frame, source, decimal=decimal, separator=separator, whole=whole)
    frame.attrs = {ASSUMED: "; ".join(said)} if said else {}
    return frame


def _fetched(address: str, decimal: str | None, whole: bool) -> pd.DataFrame:
    from capstar.data.store.download import download

    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise DataError(f"{address}: only https addresses are read. Write https, or save the file.")
    frame, entry = download(
        address, address, lambda body: table_of(body, address, decimal=decimal, whole=whole)
    )
    frame.attrs["downloaded"] = entry.downloaded
    return frame


def _readable(source: str, kind: str) -> AbstractContextManager[None]:
    csv = "Save the table as comma-separated text, or as Parquet."
    what = f"{'an' if kind[0] in 'AE' else 'a'} {kind} file"
    return reading(f"{source}: this", what, csv if kind == "CSV" else "Save it again, or give a CSV.")


def _ending(source: str) -> str:
    name = urlsplit(source).path if source.lower().startswith("http") else source
    return PurePosixPath(name.replace("\\", "/")).suffix.lower()


def _kind(body: bytes, source: str) -> str:
    if (kind := _ENDINGS.get(_ending(source))) is not None:
        return kind
    if body.startswith(b"PK\x03\x04") and zipfile.is_zipfile(io.BytesIO(body)):
        with _readable(source, "CSV"), zipfile.ZipFile(io.BytesIO(body)) as archive:
            if "xl/workbook.xml" in archive.namelist():
                return "Excel"
    return next((kind for first, kind in _BEGINNINGS.items() if body.startswith(first)), "CSV")


def _unpacked(body: bytes, source: str) -> bytes:
    """The file inside a compressed one."""
    ending = _ending(source)
    if ending not in (*_PACKED, ".zip"):
        ending = next((packed for first, packed in _PACKED_AS.items() if body.startswith(first)), "")
    if ending == ".zip":
        if not zipfile.is_zipfile(io.BytesIO(body)):
            raise zipfile.BadZipFile("File is not a zip file")
        with opened(body, source, "zip archive") as archive:
            names = [n for n in archive.namelist() if not n.endswith("/") and not n.startswith("__MACOSX/")]
            if len(names) != 1:
                raise DataError(
                    f"{source}: the archive holds {len(names)} files, expected one. Unpack it and give the one meant."
                )
            return archive.read(names[0])
    if ending in _PACKED:
        with _PACKED[ending](io.BytesIO(body)) as stream:
            out = bytes(stream.read(_LARGEST + 1))
        if len(out) > _LARGEST:
            raise DataError(
                f"{source}: the file would unpack to over {_LARGEST / 1e6:.0f} million bytes and is refused. Split it."
            )
        return out
    return body


def _binary(body: bytes, kind: str) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if kind == "Stata":
        return pd.read_stata(io.BytesIO(body))
    table = (
        pq.ParquetFile(io.BytesIO(body)).read()
        if kind == "Parquet"
        else pa.ipc.open_file(io.BytesIO(body)).read_all()
    )
    out: pd.DataFrame = table.to_pandas()
    return out


def _with_date_column(frame: pd.DataFrame) -> pd.DataFrame:
    """Dates of the index as a column."""
    index = frame.index
    if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
        return frame.reset_index(names="date" if index.name is None else str(index.name))
    return frame.reset_index() if any(name is not None for name in index.names) else frame


def _excel(body: bytes, source: str) -> tuple[pd.DataFrame, list[str]]:
    """The first sheet that names a date, else the first."""
    from capstar.data.sources.workbook import Workbook, headed

    book = Workbook(body, source)
    for k, name in enumerate(book.names):
        cells = book.sheet(name).dropna(how="all").reset_index(drop=True)
        top = [["" if pd.isna(c) else str(c) for c in row] for row in cells.iloc[:60].to_numpy()]
        if (found := find_header(top, source)) is not None:
            at, names, start = found
            said = [f"sheet {name!r}"] if k else []
            said += [f"{at} row{'s' * (at > 1)} above the header left out"] if at else []
            table = cells.iloc[start:].set_axis(names, axis=1)
            return table.loc[:, [n != "" for n in names]].infer_objects().reset_index(drop=True), said
    cells = book.sheet(book.names[0])
    if len(cells) < 2:
        raise DataError(
            f"{source}, sheet {book.names[0]!r}: there is no header with rows below. Put the table first."
        )
    return headed(cells, 0), []


def _named(frame: pd.DataFrame, source: str) -> tuple[pd.DataFrame, list[str]]:
    """Call the dates ``date``, leave out columns without a name unless there is no other; what was assumed."""
    names = [str(name).strip() for name in frame.columns]
    dates = [name for name in names if name.lower() in DATE_NAMES]
    if len(dates) > 1:
        raise DataError(f"{source}: {listed(dates)} are all dates. Keep one of the columns.")
    said = [f"{name} is the date" for name in dates if name.lower() != "date"]
    frame = frame.set_axis(["date" if name in dates else name for name in names], axis=1)
    named = [name != "" for name in names]
    if sum(named) == len(dates) and len(names) == len(dates) + 1:  # the only values there are
        return frame, said
    if frame.loc[:, [not n for n in named]].notna().to_numpy().any():
        said.append("columns without a name left out")
    return frame.loc[:, named], said
