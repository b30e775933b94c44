"""The only access to the network: one polite, bounded, cached GET."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import platformdirs
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from capstar import __version__
from capstar.data.store.cache import Cache, Entry, entry_of
from capstar.errors import DataWarning, SourceError
from capstar.progress import Progress, reporting

# FRED leaves requests hanging whose User-Agent contains the name of a browser.
USER_AGENT = f"capstar/{__version__} python-requests"
_PIECE = 1 << 16
_AGAIN = (429, 500, 502, 503, 504)
T = TypeVar("T")


def _default_folder() -> Path:
    return Path(os.environ.get("CAPSTAR_CACHE") or platformdirs.user_cache_dir("capstar")) / "downloads"


@dataclass(frozen=True)
class Network:
    """How downloads behave; change for a while with `network`.

    Attributes
    ----------
    cache
        Folder of downloads; by default the user's cache folder, or ``CAPSTAR_CACHE``.
    offline
        Use the cache alone.
    refresh
        Ask again whatever the cache holds.
    max_age
        Seconds for which a cached copy serves without asking; one day.
    timeout
        Seconds to connect, and between two pieces of an answer.
    total
        Seconds for a whole download, retries included.
    retries
        Further requests after a broken connection or an answer 429, 500, 502, 503 or 504.
    max_bytes
        Largest answer.
    pause
        Seconds between requests to one host; two a second.
    progress
        Told of each request that leaves the machine; see `capstar.progress.reporting`.
    """

    cache: Path = field(default_factory=_default_folder)
    offline: bool = False
    refresh: bool = False
    max_age: float = 86_400.0
    timeout: float = 20.0
    total: float = 120.0
    retries: int = 4
    max_bytes: int = 200_000_000
    pause: float = 0.5
    progress: Progress | bool = True


_current: ContextVar[Network | None] = ContextVar("network", default=None)


@contextmanager
def network(**changes: Any) -> Iterator[Network]:
    """Change how downloads behave inside a ``with`` block, or a function it decorates; their progress is one.

    Parameters
    ----------
    **changes
        Attributes of `Network`, such as ``offline=True``.
    """
    wanted = replace(settings(), **changes)
    with reporting(wanted.progress) as tell:
        token = _current.set(replace(wanted, progress=tell))
        try:
            yield settings()
        finally:
            _current.reset(token)


def settings() -> Network:
    """How downloads behave now."""
    return _current.get() or Network()


def cache() -> Cache:
    """The cache in use."""
    return Cache(settings().cache)


def download(url: str, where: str, parse: Callable[[bytes], T]) -> tuple[T, Entry]:
    """What the body of a URL says, and the body; from the cache where that is young enough.

    Parameters
    ----------
    url
        Address.
    where
        Source and series for messages, ``"FRED, GDPC1"``.
    parse
        Reads the body, once; raises `SourceError` where it is not what it should be. Only what it reads is
        cached or returned.

    Raises
    ------
    SourceError
        No usable answer came in time and the cache has none.
    """
    now = settings()
    kept = cache().read(url)
    young = kept is not None and time.time() - kept.fetched < now.max_age
    if kept is not None and (now.offline or (young and not now.refresh)):
        return parse(kept.body), kept
    if now.offline:
        raise SourceError(f"{where}: not in the cache, and offline. Run once with the network.")
    try:
        with reporting(now.progress) as tell:
            tell(where, 0.0)
            body = _get(url, where, now)
            tell(where, 1.0)
    except _UnreachableError as error:
        if kept is None:
            raise SourceError(f"{where}: {error}") from error
        found = parse(kept.body)
        warnings.warn(f"{where}: {error} The copy of {kept.downloaded} is used.", DataWarning, stacklevel=3)
        return found, kept
    found, entry = parse(body), entry_of(url, body)
    cache().write(entry)
    return found, entry


class _UnreachableError(Exception):
    """The network, not the answer, is at fault: an older copy may serve."""


def _get(url: str, name: str, now: Network) -> bytes:
    """One answer, tried again while that may help and time remains."""
    deadline = time.monotonic() + now.total
    for attempt in range(now.retries + 1):
        _take_turn(url, now.pause)
        try:
            return _once(url, name, now, deadline)
        except _UnreachableError:
            wait = 0.5 * 2**attempt
            if attempt == now.retries or time.monotonic() + wait > deadline:
                raise
            time.sleep(wait)
    raise AssertionError("unreachable")


def _once(url: str, name: str, now: Network, deadline: float) -> bytes:
    with _session() as session:
        try:
            left = max(min(now.timeout, deadline - time.monotonic()), 0.1)
            answer = session.get(url, stream=True, timeout=(left, left))
            if answer.status_code in _AGAIN:
                raise _UnreachableError(f"the server answers {answer.status_code}. Try later.")
            if answer.status_code != requests.codes.ok:
                wrong = answer.status_code in (400, 404, 410)
                remedy = "Check the name of the series." if wrong else "The server refuses the request."
                raise SourceError(f"{name}: the server answers {answer.status_code}. {remedy}")
            return _body(answer, name, now, deadline)
        except requests.TooManyRedirects as error:
            raise SourceError(f"{name}: the server redirects in a circle. Check the address.") from error
        except requests.exceptions.SSLError as error:
            raise SourceError(
                f"{name}: the server's certificate is not trusted. Behind a company's proxy, name its certificates "
                "with REQUESTS_CA_BUNDLE."
            ) from error
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _UnreachableError(
                f"no whole answer ({type(error).__name__}). Check the network and try again."
            ) from error


def _body(answer: requests.Response, name: str, now: Network, deadline: float) -> bytes:
    """The whole body, within time and size."""
    pieces, size = [], 0
    while piece := answer.raw.read1(_PIECE, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > now.max_bytes:
            raise SourceError(
                f"{name}: the answer exceeds {now.max_bytes / 1e6:.0f} million bytes and is refused."
            )
        if time.monotonic() > deadline:
            raise _UnreachableError(f"no whole answer within {now.total:.0f} seconds. Try later.")
    return b"".join(pieces)


def _session() -> requests.Session:
    """Verified TLS, proxies and certificates of the environment, few redirects."""
    session = requests.Session()
    session.headers["User-Agent"] = USER_AGENT
    session.max_redirects = 5
    # Attempts are counted in one place, `_get`, which also knows the deadline.
    adapter = HTTPAdapter(max_retries=Retry(total=0, redirect=0))
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


_turns: dict[str, float] = {}
_lock = threading.Lock()


def _take_turn(url: str, pause: float) -> None:
    """Wait until this host may be asked again."""
    host = urlsplit(url).netloc
    with _lock:
        start = max(time.monotonic(), _turns.get(host, 0.0))
        _turns[host] = start + pause
    time.sleep(max(start - time.monotonic(), 0.0))
