"""Files out of downloaded archives, without trusting them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

from capstar.errors import SourceError

_LARGEST = 100_000_000  # bytes unpacked
_RATIO = 200  # text compresses ten- to fortyfold; a bomb thousandfold


def only_file(body: bytes, where: str) -> bytes:
    """The single file of a zip archive; `SourceError` where it holds another number, and as of `opened`."""
    with opened(body, where, "zip archive") as archive:
        files = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(files) != 1:
            raise SourceError(
                f"{where}: the archive holds {len(files)} files, expected one. Report it to the source."
            )
        return archive.read(files[0])


@contextmanager
def opened(body: bytes, where: str, kind: str) -> Iterator[zipfile.ZipFile]:
    """An archive; `SourceError` if it is none, damaged or encrypted, or would unpack to an excessive size or elsewhere.

    ``where`` is source and series, for messages.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for entry in archive.infolist():
                _check_entry(entry, where)
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
                raise SourceError(f"{where}: the {kind} would unpack to an excessive size and is refused.")
            # Reads all in small pieces: only then do the sizes told, and what is read later, hold.
            if (wrong := archive.testzip()) is not None:
                raise SourceError(f"{where}: the part {wrong[:80]} of the {kind} is damaged. Fetch it again.")
            yield archive
    except SourceError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        ValueError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
    ) as error:
        found = "a web page" if body.lstrip()[:1] == b"<" else f"damaged or no {kind} ({error})"
        raise SourceError(f"{where}: the file is {found[:200]}. Check it, or try again later.") from error


def _check_entry(entry: zipfile.ZipInfo, where: str) -> None:
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others unpack without bound
        raise SourceError(
            f"{where}: {entry.filename[:80]!r} is packed by method {entry.compress_type}, expected deflate. Report it "
            "to the source."
        )
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in entry.filename:
        raise SourceError(
            f"{where}: the archive names a file {entry.filename!r} outside itself and is refused."
        )
    if entry.file_size > _LARGEST or entry.file_size > _RATIO * max(entry.compress_size, 1000):
        raise SourceError(
            f"{where}: {entry.filename!r} would unpack from {entry.compress_size} to {entry.file_size} bytes and is "
            "refused."
        )
