"""Files and folders written whole or not at all: the one way to the disk."""

from __future__ import annotations

import ctypes
import os
import re
import secrets
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capstar.errors import OutputError
from capstar.timing import timed

if TYPE_CHECKING:
    import pandas as pd

if sys.platform != "win32":
    import fcntl

PARTIAL = ".partial"  # ending of what is being written
PENDING = ".capstar-pending"  # folder of files that are written and not yet all in their places
_FORMULA = re.compile(r"[=+\-@\t\n\uff0b\uff0d\uff1d\uff20]")  # how spreadsheets know one, wide forms too
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_LOOK = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_HERE, _EXCHANGE = -100, 2  # of Linux: AT_FDCWD, RENAME_EXCHANGE


def cache_folder(name: str) -> Path:
    """A folder of what may be deleted at any time, in the user's cache or in ``CAPSTAR_CACHE``."""
    import platformdirs

    return Path(os.environ.get("CAPSTAR_CACHE") or platformdirs.user_cache_dir("capstar")) / name


def write_whole(path: Path, body: str | bytes) -> None:
    """Write text, as UTF-8, or bytes; see `whole`."""
    with whole(path) as partial:
        partial.write_bytes(body.encode(errors="backslashreplace") if isinstance(body, str) else body)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A name to write to; what is there at the end is flushed to the disk and takes the place of ``path``.

    Readers and other processes see the old file or the new one, never a part; where the block fails, the old one
    stays.  The file keeps its mode.  A symbolic link is followed.  A device, a FIFO, a socket and the standard
    output are written to, never replaced.

    Raises
    ------
    OutputError
        The path is a folder, or cannot be written to.
    """
    with _told(path):
        old = _state(path)
        stream = None if old is None else _stream(path, old)
    if stream is not None:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder) / "body"
            with _told(path):
                stream((Path(folder) / "body").read_bytes())
        return
    with _told(path):
        target = Path(os.path.realpath(path))
        partial, number = _claim(
            target, target.parent, lambda name: os.open(name, _NEW, 0o600 if old else 0o666)
        )
    try:
        with _told(path):
            yield partial
            _like(partial, old)
            os.fsync(number)
            os.close(number)
            number = -1
            os.replace(partial, target)
    finally:
        _release(number)
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """An empty folder to write files to; at the end all of them are in ``folder``, or none.

    A new folder takes its name in one step.  On Linux, an old one is exchanged for the new one in one step, and what
    else was in it is in the new one too.  Where that cannot be (other systems, a mount point, the folder this process
    works in, folders or links within), the files are first kept in a folder ``.capstar-pending`` in it and then take
    their places one by one: should the process be killed meanwhile, the next writer or reader here finishes that.

    Raises
    ------
    OutputError
        The path is no folder, holds a folder by the name of a new file, or cannot be written to.
    """
    with _told(folder):
        target = Path(os.path.realpath(folder))
        if target.exists() and not target.is_dir():
            raise OutputError(f"{folder}: cannot be written: it is a file. Give the name of a folder.")
        target.parent.mkdir(parents=True, exist_ok=True)
        finish_folder(target)
        _sweep(target, target)
        beside = target.parent if not target.exists() or _movable(target) else target
        partial, number = _claim(target, beside, _open_folder)
    try:
        with _told(folder):
            yield partial
            _move_in(partial, target)
    finally:
        _release(number)
        shutil.rmtree(partial, ignore_errors=True)


def finish_folder(folder: Path) -> None:
    """Put files in their places that a killed process had written whole and not yet moved; see `whole_folder`."""
    pending = folder / PENDING
    if not pending.is_dir():
        return
    for ready in sorted(pending.iterdir()):
        with suppress(FileNotFoundError):  # another process does the same
            if _replaceable(folder / ready.name):
                os.replace(ready, folder / ready.name)
            else:
                write_whole(folder / ready.name, ready.read_bytes())
                ready.unlink()
    with suppress(FileNotFoundError):
        pending.rmdir()


def csv_text(table: pd.DataFrame, **options: Any) -> str:
    """A table as CSV in which no text is a formula: what begins as formulas do has an apostrophe before it.

    Parameters
    ----------
    table
        Numbers and dates are written as they are; texts in cells, labels and names of labels are looked at.
    options
        Of `pandas.DataFrame.to_csv`.
    """
    text: str = plain_text(table).to_csv(**options)
    return text


def plain_text(table: pd.DataFrame) -> pd.DataFrame:
    """A table in which no text is a formula; see `csv_text`."""
    import pandas as pd

    out = table.set_axis(_plain_labels(table.index)).set_axis(_plain_labels(table.columns), axis=1)
    for k in range(table.shape[1]):
        cells = table.iloc[:, k]
        if _may_hold_text(cells) and any(map(_changes, cells)):
            out.isetitem(k, pd.Series([_plain(cell) for cell in cells], out.index, dtype=object))
    return out


def _may_hold_text(values: pd.Series | pd.Index) -> bool:
    import pandas as pd

    return isinstance(values.dtype, pd.CategoricalDtype | pd.StringDtype) or values.dtype == object


def _plain(label: Any) -> Any:
    """Text that no spreadsheet takes for a formula; anything else as it is."""
    if isinstance(label, tuple):
        return tuple(map(_plain, label))
    if not isinstance(label, str):
        return label
    lines = label.replace("\r\n", "\n").replace("\r", "\n")  # a carriage return begins a row, quoted or not
    return f"'{lines}" if _FORMULA.match(label) or lines[:1] == "\n" else lines


def _changes(label: object) -> bool:
    return bool(_plain(label) != label) if isinstance(label, str) else False


def _plain_labels(index: pd.Index) -> pd.Index:
    import pandas as pd

    names = [_plain(name) for name in index.names]
    if isinstance(index, pd.MultiIndex):
        levels = [_plain_labels(index.get_level_values(k)) for k in range(index.nlevels)]
        return pd.MultiIndex.from_arrays(levels, names=names)
    if _may_hold_text(index) and any(map(_changes, index)):
        index = pd.Index([_plain(label) for label in index], dtype=object)
    return index.set_names(names)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """A sentence in place of what the operating system says."""
    try:
        with timed("writing"):
            yield
    except OutputError:
        raise
    except OSError as error:
        said = error.strerror or str(error)
        raise OutputError(f"{path}: cannot be written ({said}). Choose another name or folder.") from error


def _state(path: Path) -> os.stat_result | None:
    """Of what a path leads to; None where nothing is there."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found.st_mode):
        raise OutputError(f"{path}: cannot be written: it is a folder. Give the name of a file.")
    return found


def _replaceable(path: Path) -> bool:
    """Nothing, or a regular file itself, not a link to one."""
    return not os.path.lexists(path) or stat.S_ISREG(path.lstat().st_mode)


def _stream(path: Path, state: os.stat_result) -> Callable[[bytes], object] | None:
    """What writes to a device, FIFO, socket or a file that is the standard output; None for any other file."""
    for number in (1, 2):
        with suppress(OSError):
            if os.path.samestat(state, os.fstat(number)):
                return lambda body: _pour(os.dup(number), body)
    if stat.S_ISSOCK(state.st_mode):
        return lambda body: _send(path, body)
    return None if stat.S_ISREG(state.st_mode) else lambda body: _pour(os.open(path, os.O_WRONLY), body)


def _pour(number: int, body: bytes) -> None:
    with os.fdopen(number, "wb") as file:
        file.write(body)


def _send(path: Path, body: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect(str(path))
        channel.sendall(body)


def _claim(target: Path, folder: Path, make: Callable[[Path], int]) -> tuple[Path, int]:
    """A new file or folder under a name nobody can foresee, locked for as long as this process lives."""
    _sweep(target, folder)
    while True:
        name = folder / f".{target.name[:40]}.{secrets.token_hex(8)}{PARTIAL}"
        number = make(name)
        if _locked(number) and name.exists():
            return name, number
        _release(number)  # swept by another process before it was locked


def _open_folder(name: Path) -> int:
    name.mkdir()
    return -1 if sys.platform == "win32" else os.open(name, os.O_RDONLY)


def _release(number: int) -> None:
    if number >= 0:
        os.close(number)


def _locked(number: int) -> bool:
    if sys.platform != "win32":
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            return True
    return True


def _sweep(target: Path, folder: Path) -> None:
    """Remove what killed processes left of the same target: what no living process holds the lock of."""
    left = re.compile(rf"\.{re.escape(target.name[:40])}\.[0-9a-f]{{16}}{re.escape(PARTIAL)}")
    if sys.platform == "win32" or not folder.is_dir():
        return
    for path in [Path(entry.path) for entry in os.scandir(folder) if left.fullmatch(entry.name)]:
        with suppress(OSError):
            number = os.open(path, _LOOK)
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(path)
            finally:
                os.close(number)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _like(path: Path, old: os.stat_result | None) -> None:
    """Owner, where that is allowed, and mode as they were."""
    if old is not None:
        if hasattr(os, "chown"):
            with suppress(OSError):
                os.chown(path, old.st_uid, old.st_gid)
        os.chmod(path, stat.S_IMODE(old.st_mode))


def _movable(folder: Path) -> bool:
    """Whether a folder may be another one by the same name: nobody stands in it, nothing is mounted there."""
    here = Path(os.path.realpath("."))
    return not here.is_relative_to(folder) and not folder.is_mount() and os.access(folder.parent, os.W_OK)


def _move_in(partial: Path, target: Path) -> None:
    """Give what is in ``partial`` the place of ``target``, or places in it."""
    for ready in partial.iterdir():
        _like(ready, _state(target / ready.name))
    if not target.exists():
        with suppress(OSError):  # another process has just made it
            os.rename(partial, target)
            return
    if partial.parent == target.parent and _exchanged_with_rest(partial, target):
        for late in [one for one in partial.iterdir() if not os.path.lexists(target / one.name)]:
            os.rename(late, target / late.name)
        return
    finish_folder(target)
    os.rename(partial, target / PENDING)
    finish_folder(target)


def _exchanged_with_rest(new: Path, old: Path) -> bool:
    """Exchange two folders, what else is in the old one being linked into the new; False where that cannot be."""
    made: list[Path] = []
    try:
        for entry in list(os.scandir(old)):
            if not entry.is_file(follow_symlinks=False):
                raise IsADirectoryError(entry.path)
            if not (new / entry.name).exists():
                os.link(entry.path, new / entry.name)
                made.append(new / entry.name)
        shutil.copystat(old, new)
        _exchange(new, old)
    except OSError:
        for path in made:
            path.unlink()
        return False
    return True


def _exchange(one: Path, other: Path) -> None:
    """Let two names change places in one step, where system and file system can; else an OSError."""
    try:
        exchange = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, TypeError) as error:
        raise OSError("no exchange of names") from error
    if exchange(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE):
        raise OSError(ctypes.get_errno(), "no exchange of names")
