"""Finished work kept on disk under the hash of what it was made from, so that a run that was killed goes on."""

from __future__ import annotations

import errno
import hashlib
import os
import pickle
import platform
import sys
import sysconfig
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Generic, TypeVar

from joblib.hashing import NumpyHasher

from capstar.errors import OutputError, SpecificationError
from capstar.writing import write_whole

S = TypeVar("S")
T = TypeVar("T")
ABSENT = object()  # where no result is kept
_LIBRARIES = ("numpy", "scipy", "pandas", "numba")  # whose versions may change a last digit
_SEAL = hashlib.sha256().digest_size


@dataclass(frozen=True)
class Kept(Generic[S, T]):
    """A task whose results are read from a folder where they are there, and written to it where they are not.

    Without ``read`` all are made, and written.

    Attributes
    ----------
    task
        Of one item.
    folder
        Of the results; more than one task, run and process may use it at the same time.
    identity
        Hash of the task, of what it holds, and of the code.
    """

    task: Callable[[S], T]
    folder: Path
    identity: str
    read: bool = True

    @classmethod
    def of(cls, task: Callable[[S], T], folder: Path, *, read: bool = True) -> Kept[S, T]:
        """The task with its identity.

        Raises
        ------
        SpecificationError
            It cannot be pickled, or is defined where its code cannot be read.
        """
        return cls(task, folder, f"{code_identity()} {_identity(task)}", read)

    def __call__(self, placed: tuple[Path, S]) -> T:
        """The result of an item, given with its `path`, which may be another where the item has been pickled."""
        path, item = placed
        if (found := self.find(path)) is not ABSENT:
            return found  # type: ignore[no-any-return]
        made = self.task(item)
        keep(path, made)
        return made

    def find(self, path: Path) -> Any:
        """The result kept, or `ABSENT`; a damaged file counts as none."""
        if not self.read:
            return ABSENT
        with suppress(OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError):
            body = path.read_bytes()
            if hashlib.sha256(body[_SEAL:]).digest() == body[:_SEAL]:
                return pickle.loads(body[_SEAL:])
        return ABSENT

    def path(self, item: S) -> Path:
        """Where the result of an item is kept."""
        name = hashlib.sha256(f"{self.identity} {_hash(item)}".encode()).hexdigest()
        return self.folder / name[:2] / name[2:]


def keep(path: Path, made: object) -> None:
    """Write a result, whole or not at all."""
    body = pickle.dumps(made)
    while True:
        prepare(path.parent)
        try:
            return write_whole(path, hashlib.sha256(body).digest() + body)
        except OutputError:
            if path.parent.is_dir():  # else another run, at its end, has removed it as empty
                raise


def prepare(folder: Path) -> None:
    """Make a folder of results, or say why it cannot be; `OutputError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written to ({error.strerror}), so that finished work cannot be kept. Choose another "
            "folder."
        ) from error


def discard(paths: Iterable[Path]) -> None:
    """Delete results, and folders of theirs that are empty then."""
    for path in paths:
        with suppress(OSError):
            path.unlink(missing_ok=True)
            path.parent.rmdir()


@cache
def code_identity() -> str:
    """Hash of this library's code and of the versions that a last digit may depend on."""
    root = Path(__file__).parents[1]
    seen = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        seen.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    for name in _LIBRARIES:
        seen.update(f"{name} {version(name)}".encode())
    seen.update(f"{platform.python_version()} {platform.machine()}".encode())
    return seen.hexdigest()


def _hash(value: object) -> str:
    return _hashed(_Hasher(), value)


class _Hasher(NumpyHasher):  # type: ignore[misc]
    """Hashes what an object holds, and notes the modules whose functions and classes it is made with."""

    def __init__(self) -> None:
        super().__init__(hash_name="sha1")
        self.modules: set[str] = set()

    def reducer_override(self, made: Any) -> Any:
        """Note, and leave the rest to pickle."""
        if isinstance(made, type) or hasattr(made, "__code__"):
            self.modules.add(made.__module__)
        return NotImplemented


def _hashed(hasher: _Hasher, value: object) -> str:
    try:
        return str(hasher.hash(value))
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise SpecificationError(
            f"{value!r:.60} cannot be pickled ({error}), so that its results cannot be kept. Use functions and objects "
            "of a module, or leave out keep."
        ) from error


def _identity(task: object) -> str:
    """Hash of a task and of the files of its modules, but for this library's and installed ones."""
    hasher = _Hasher()
    seen = hashlib.sha256(_hashed(hasher, task).encode())
    installed = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    for name in sorted(hasher.modules):
        if name.partition(".")[0] in ("capstar", *sys.builtin_module_names):
            continue
        path = getattr(sys.modules.get(name), "__file__", None)
        if path is None:
            raise SpecificationError(
                f"A task is defined in {name}, whose code is in no file, so that its results cannot be kept. Define it "
                "in a module, or leave out keep."
            )
        if not path.startswith(installed):
            seen.update(name.encode() + Path(path).read_bytes())
    return seen.hexdigest()
