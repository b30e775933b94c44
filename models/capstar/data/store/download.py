"""The only access to the network: one polite, bounded, cached GET."""

from __future__ import annotations

import logging
import math
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from capstar.data.store.cache import Cache, Entry, entry_of
from capstar.data.store.transfer import Bounds, NoAnswerError, NoConnectionError, Transfer
from capstar.errors import DataWarning, SourceError
from capstar.progress import Progress, reporting
from capstar.timing import timed
from capstar.writing import cache_folder

T = TypeVar("T")
LOG = logging.getLogger(__name__)


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
    connect
        Seconds to find a host and to reach it; one that is not is not tried again.
    timeout
        Seconds between two pieces of an answer.
    total
        Seconds for a whole download, from the look-up of the host to the last byte, retries included.
    retries
        Further requests after a broken connection or an answer 429, 500, 502, 503 or 504.
    max_bytes
        Largest answer, as received and unpacked.
    pause
        Seconds between requests to one host; two a second.
    progress
        Told of each request that leaves the machine; see `capstar.progress.reporting`.

    Examples
    --------
    >>> import capstar as cs
    >>> with cs.data.network(offline=True, max_age=3600.0) as now:
    ...     print(now.offline, now.max_age, now.retries)
    ...
    True 3600.0 4
    """

    cache: Path = field(default_factory=partial(cache_folder, "downloads"))
    offline: bool = False
    refresh: bool = False
    max_age: float = 86_400.0
    connect: float = 4.0
    timeout: float = 20.0
    total: float = 120.0
    retries: int = 4
    max_bytes: int = 50_000_000
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

    Examples
    --------
    >>> import capstar as cs
    >>> with cs.data.network(offline=True):  # the cache alone
    ...     us = cs.data.us_macro()
    ...
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


@timed("reading data")
def download(
    url: str,
    where: str,
    parse: Callable[[bytes], T],
    *,
    final: float = math.inf,
    max_bytes: int | None = None,
) -> tuple[T, Entry]:
    """What the body of a URL says, and the body; from the cache where that is young enough.

    Parameters
    ----------
    url
        Address.
    where
        Source and series for messages, ``"FRED, GDPC1"``.
    parse
        Reads the body; raises `SourceError` where it is not what it should be. Only what it reads is cached or
        returned, and where it refuses an answer an older copy serves, with a warning.
    final
        A copy fetched later than this, in seconds since 1970, is never asked for again.
    max_bytes
        Largest answer, where the source's are smaller than those of `Network`.

    Raises
    ------
    SourceError
        No usable answer came in time and the cache has none.
    """
    now, kept = settings(), cache().read(url)
    refused = None
    if kept is not None and (now.offline or serves(kept, final)):
        try:
            LOG.debug("%s is in the cache, of %s", where, kept.downloaded)
            return parse(kept.body), kept
        except SourceError as error:  # kept when less was asked of an answer
            kept, refused = None, error
    if now.offline:
        raise refused or SourceError(f"{where}: not in the cache, and offline. Run once with the network.")
    try:
        LOG.info("asking for %s", where)
        body = ask(url, where, max_bytes)
        found = parse(body)
    except SourceError as error:
        if kept is None:
            raise
        with suppress(SourceError):
            found = parse(kept.body)
            warnings.warn(f"{error} The copy of {kept.downloaded} is used.", DataWarning, stacklevel=3)
            return found, kept
        raise
    entry = entry_of(url, body)
    cache().write(entry)
    return found, entry


def serves(kept: Entry, final: float) -> bool:
    """Whether a copy is used without asking."""
    now = settings()
    return kept.fetched > final or (not now.refresh and abs(time.time() - kept.fetched) < now.max_age)


def ask(url: str, where: str, max_bytes: int | None = None) -> bytes:
    """The body of a URL, whatever it says, from the network; tried again while that may help and time remains.

    Raises
    ------
    SourceError
        The server refuses; `NoAnswerError` where there is no whole answer in time.
    """
    now = settings()
    deadline = time.monotonic() + now.total
    size = min(now.max_bytes, max_bytes or now.max_bytes)
    bounds = Bounds(deadline, now.connect, now.timeout, size)
    with reporting(now.progress) as tell:
        tell(where, 0.0)
        for attempt in range(now.retries + 1):
            _take_turn(url, now.pause)
            try:
                body = Transfer(url, where, bounds).body()
                break
            except NoAnswerError as error:
                wait = 0.5 * 2**attempt
                lost = isinstance(error, NoConnectionError) or attempt == now.retries
                if lost or time.monotonic() + wait > deadline:
                    raise
                time.sleep(wait)
        tell(where, 1.0)
    return body


_turns: dict[str, float] = {}
_lock = threading.Lock()


def _take_turn(url: str, pause: float) -> None:
    """Wait until this host may be asked again."""
    host = urlsplit(url).netloc
    with _lock:
        start = max(time.monotonic(), _turns.get(host, 0.0))
        _turns[host] = start + pause
    time.sleep(max(start - time.monotonic(), 0.0))
