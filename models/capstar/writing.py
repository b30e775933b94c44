"""Files written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

PARTIAL = ".partial"  # ending of a file that is being written


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A name beside ``path`` to write to; what is there at the end is flushed to the disk and renamed.

    Readers and other processes see the old file or the new one, never a part; where the block fails, the
    old one stays.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    partial = path.with_name(f".{path.name}.{uuid4().hex}{PARTIAL}")
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_whole(path: Path, body: str | bytes) -> None:
    """Write text, as UTF-8, or bytes; see `whole`."""
    with whole(path) as partial:
        if isinstance(body, bytes):
            partial.write_bytes(body)
        else:
            partial.write_text(body, encoding="utf-8")
