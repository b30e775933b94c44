"""Downloads kept on disk: one file a request, written whole or not at all, checked when read."""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from capstar.errors import DataWarning
from capstar.writing import PARTIAL, write_whole

_SUFFIX = ".download"
_LONGEST_HEADER = 10_000  # bytes
_HEADERS = [{"url": str, "fetched": kind, "sha256": str, "length": int} for kind in (float, int)]
_SKEW = 86_400.0  # seconds by which the clocks of two machines that share a cache may differ
_STALE_PARTIAL = 3600.0  # seconds after which an unfinished write belongs to a process that is gone


@dataclass(frozen=True)
class Entry:
    """One download."""

    url: str  # of the request, without credentials
    fetched: float  # seconds since 1970, UTC
    sha256: str  # of the body
    body: bytes  # as received, decoded from any transfer compression

    @property
    def downloaded(self) -> str:
        """Time of the download, ISO 8601, UTC."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.fetched))


def entry_of(url: str, body: bytes, fetched: float | None = None) -> Entry:
    """A download of now."""
    when = time.time() if fetched is None else fetched
    return Entry(url, when, hashlib.sha256(body).hexdigest(), body)


@dataclass(frozen=True)
class Cache:
    """A folder of downloads.

    A file holds a line of JSON and then the body, and is written whole or not at all.

    Attributes
    ----------
    folder
        Made when first written to.

    Examples
    --------
    >>> import capstar as cs
    >>> from pathlib import Path
    >>> cache = cs.data.Cache(Path("downloads"))
    >>> len(cache.entries()), cache.clear()
    (0, 0)
    """

    folder: Path

    def read(self, url: str) -> Entry | None:
        """The download of a request; None if there is none or its file is damaged.

        Examples
        --------
        >>> from pathlib import Path
        >>> import capstar as cs
        >>> from capstar.data.store.cache import entry_of
        >>> cache = cs.data.Cache(Path("downloads"))
        >>> cache.write(entry_of("https://example.org/a.csv", b"date,value"))
        >>> cache.read("https://example.org/a.csv").body
        b'date,value'
        """
        path = self._path(url)
        try:
            return _parse(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            warnings.warn(
                f"{path}: the cached copy of {url} is unusable ({error}) and ignored.", DataWarning, 3
            )
            return None

    def has(self, url: str) -> bool:
        """Whether there is a download of a request, damaged or not.

        Examples
        --------
        >>> from pathlib import Path
        >>> import capstar as cs
        >>> from capstar.data.store.cache import entry_of
        >>> cache = cs.data.Cache(Path("downloads"))
        >>> cache.write(entry_of("https://example.org/a.csv", b"date,value"))
        >>> cache.has("https://example.org/a.csv"), cache.has("https://example.org/b.csv")
        (True, False)
        """
        return self._path(url).is_file()

    def write(self, entry: Entry) -> None:
        """Keep a download; where that is impossible, warn and go on.

        Examples
        --------
        >>> from pathlib import Path
        >>> import capstar as cs
        >>> from capstar.data.store.cache import entry_of
        >>> cache = cs.data.Cache(Path("downloads"))
        >>> cache.write(entry_of("https://example.org/a.csv", b"date,value"))
        >>> cache.entries()["bytes"].gt(1).tolist(), cache.clear()
        ([True], 1)
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            head = {name: value for name, value in asdict(entry).items() if name != "body"}
            line = json.dumps(head | {"length": len(entry.body)}).encode()
            write_whole(self._path(entry.url), line + b"\n" + entry.body)
        except OSError as error:
            warnings.warn(
                f"{self.folder}: {entry.url} could not be cached ({error.strerror or error}). The data are used all "
                "the same; name another folder with CAPSTAR_CACHE.",
                DataWarning,
                stacklevel=3,
            )

    def entries(self) -> pd.DataFrame:
        """What is kept: url, time of download, bytes, file; one row a request."""
        rows = []
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            told = ("damaged", "")
            with suppress(OSError, ValueError):
                entry = _parse(path)
                told = (entry.url, entry.downloaded)
            with suppress(OSError):  # another process may clear the cache
                rows.append((*told, path.stat().st_size, path.name))
        return pd.DataFrame(rows, columns=["url", "downloaded", "bytes", "file"])

    def clear(self) -> int:
        """Delete everything kept; the number of downloads deleted."""
        found = [path for path in self.folder.glob(f"*{_SUFFIX}") if not path.is_dir()]
        for path in (*found, *self.folder.glob(f"*{PARTIAL}")):
            path.unlink(missing_ok=True)
        return len(found)

    def _path(self, url: str) -> Path:
        return self.folder / _file_of(url)

    def _sweep(self) -> None:
        """Remove what a killed process left unfinished."""
        for path in self.folder.glob(f"*{PARTIAL}"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE_PARTIAL:
                    path.unlink(missing_ok=True)


def _file_of(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest() + _SUFFIX


def _parse(path: Path) -> Entry:
    """The download a file holds; `ValueError` says in what the file is damaged."""
    if not path.is_file() and path.exists():
        raise ValueError("it is not a file")
    line, found, body = path.read_bytes().partition(b"\n")
    if not found or len(line) > _LONGEST_HEADER:
        raise ValueError("there is no header")
    try:
        head = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError("the header is damaged") from error
    if not isinstance(head, dict) or {name: type(value) for name, value in head.items()} not in _HEADERS:
        raise ValueError("the header is damaged")
    if _file_of(head["url"]) != path.name:
        raise ValueError("it is of another address")
    if not 0 <= head["fetched"] <= time.time() + _SKEW:
        raise ValueError("the time of the download is in the future or none")
    if len(body) != head["length"] or hashlib.sha256(body).hexdigest() != head["sha256"]:
        raise ValueError("the checksum does not agree")
    return Entry(head["url"], float(head["fetched"]), head["sha256"], body)
