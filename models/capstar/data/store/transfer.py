"""One GET that ends: bounded in time from the look-up of the host to the last byte, and in bytes."""

from __future__ import annotations

import socket
import threading
import time
import zlib
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from capstar import __version__
from capstar.errors import SourceError

if TYPE_CHECKING:
    import requests

# FRED leaves requests hanging whose User-Agent contains the name of a browser.
USER_AGENT = f"capstar/{__version__} python-requests"
WITHOUT_NETWORK = (
    "Without the network there are the embedded data (capstar rstar --input embedded), a file of your own "
    "(--input FILE) and, with --offline, what the cache holds."
)
_PIECE = 1 << 16
_HOPS = 3  # redirects followed
_AGAIN = (429, 500, 502, 503, 504)
_PACKED = ("gzip", "x-gzip", "deflate")


class NoAnswerError(SourceError):
    """The network or the server is at fault, not the request: to ask again may help."""


class NoConnectionError(NoAnswerError):
    """The host was not found or not reached: to ask again at once does not help."""


@dataclass(frozen=True)
class Bounds:
    """Of one transfer.

    Attributes
    ----------
    deadline
        Of `time.monotonic`; nothing lasts longer.
    connect
        Seconds to find the host and to reach it.
    silence
        Seconds between two pieces of an answer.
    size
        Bytes of the answer, as received and unpacked.
    """

    deadline: float
    connect: float
    silence: float
    size: int


@dataclass
class Transfer:
    """A GET in a thread of its own, whose sockets are shut when time is over.

    A socket's own limit counts from byte to byte and so lets a server go on for ever that sends one now and then; and
    the look-up of a host has none.

    Attributes
    ----------
    url, where
        Address; source and series for messages.
    bounds
        Of time and size.
    """

    url: str
    where: str
    bounds: Bounds
    _answer: Future[bytes] = field(default_factory=Future)
    _reached: threading.Event = field(default_factory=threading.Event)
    _sockets: list[socket.socket] = field(default_factory=list)
    _over: bool = False

    def body(self) -> bytes:
        """The whole body, unpacked.

        Raises
        ------
        SourceError
            The server refuses, sends elsewhere, or answers at excessive length.
        NoAnswerError
            There is no whole answer in time.
        """
        threading.Thread(target=self._work, daemon=True).start()
        try:
            if not self._reached.wait(min(self.bounds.connect, self._left())):
                raise self._no_connection("no answer from it")
            return self._answer.result(self._left())
        except TimeoutError:
            raise NoAnswerError(
                f"{self.where}: no whole answer within the time allowed. Try later."
            ) from None
        finally:
            self._over = True
            self._hang_up()

    def _left(self) -> float:
        return max(self.bounds.deadline - time.monotonic(), 0.0)

    def _watch(self, connected: socket.socket) -> None:
        """Keep a second handle of a socket, which stays good when TLS takes the first."""
        self._sockets.append(connected.dup())
        self._reached.set()
        if self._over:
            self._hang_up()

    def _hang_up(self) -> None:
        while self._sockets:
            with suppress(OSError, IndexError), self._sockets.pop() as one:
                one.shutdown(socket.SHUT_RDWR)

    def _work(self) -> None:
        try:
            self._answer.set_result(self._follow())
        except BaseException as error:
            self._answer.set_exception(error)  # raised where the body is waited for
        finally:
            self._reached.set()

    def _follow(self) -> bytes:
        """The body at the address, or at the one it sends to."""
        import requests
        from urllib3.exceptions import HTTPError

        url = self.url
        try:
            for _ in range(_HOPS + 1):
                with requests.Session() as session, closing(self._ask(session, url)) as answer:
                    target = session.get_redirect_target(answer)
                    if target is None:
                        self._check_status(answer.status_code)
                        return self._unpacked(
                            self._received(answer), answer.headers.get("Content-Encoding", "")
                        )
                    url = self._allowed(url, target)
        except SourceError:
            raise
        except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
            raise self._told(error) from error
        raise SourceError(f"{self.where}: the server redirects in a circle. Check the address.")

    def _told(self, error: Exception) -> SourceError:
        """What a fault of the connection means to the user."""
        import requests

        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return SourceError(
                f"{self.where}: the server's certificate is not trusted. Behind a company's proxy, name its "
                "certificates with REQUESTS_CA_BUNDLE."
            )
        name = type(error).__name__
        if self._reached.is_set():
            return NoAnswerError(f"{self.where}: no whole answer ({name}). Check the network and try again.")
        if isinstance(error, requests.RequestException):
            return self._no_connection(type(getattr(next(iter(error.args), None), "reason", error)).__name__)
        return self._no_connection(str(error)[:160] or name)  # such as certificates named that are not there

    def _no_connection(self, why: str) -> NoConnectionError:
        host = urlsplit(self.url).netloc
        return NoConnectionError(f"{self.where}: no connection to {host} ({why}). {WITHOUT_NETWORK}")

    def _ask(self, session: requests.Session, url: str) -> requests.Response:
        """The answer up to its headers; redirects are left to us: requests would read their bodies without bound."""
        import requests

        from capstar.data.store.watched import WatchedAdapter

        headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
        request = session.prepare_request(requests.Request("GET", url, headers=headers))
        given = session.merge_environment_settings(str(request.url), {}, True, None, None)
        timeout = (self.bounds.connect, max(min(self.bounds.silence, self._left()), 0.1))
        return WatchedAdapter(self._watch).send(request, timeout=timeout, **given)

    def _check_status(self, status: int) -> None:
        if status in _AGAIN:
            raise NoAnswerError(f"{self.where}: the server answers {status}. Try later.")
        if status != HTTPStatus.OK:
            wrong = status in (400, 404, 410)
            remedy = "Check the name of the series." if wrong else "The server refuses the request."
            raise SourceError(f"{self.where}: the server answers {status}. {remedy}")

    def _allowed(self, url: str, target: str) -> str:
        """The address the server sends to: on the same host, or secure."""
        target = urljoin(url, target)
        if urlsplit(target).scheme != "https" and urlsplit(target)[:2] != urlsplit(url)[:2]:
            raise SourceError(
                f"{self.where}: the server sends to {target[:80]!r}, another host or not https, and is not followed. "
                "Report it to the source."
            )
        return target

    def _received(self, answer: requests.Response) -> bytes:
        pieces, size = [], 0
        while piece := answer.raw.read(_PIECE, decode_content=False):
            pieces.append(piece)
            size += len(piece)
            self._check_size(size)
        return b"".join(pieces)

    def _unpacked(self, body: bytes, coding: str) -> bytes:
        """The body without the compression of its transfer."""
        coding = coding.strip().lower()
        if coding in ("", "identity"):
            return body
        if coding not in _PACKED:
            raise SourceError(
                f"{self.where}: the answer is packed as {coding[:80]!r}, expected gzip. Report it to the source."
            )
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            out = unpacker.decompress(body, self.bounds.size + 1)
        except zlib.error as error:
            raise NoAnswerError(f"{self.where}: the answer is damaged ({error}). Try again later.") from error
        self._check_size(len(out))
        if not unpacker.eof or unpacker.unused_data:
            raise NoAnswerError(f"{self.where}: the packed answer is cut off or damaged. Try again later.")
        return out

    def _check_size(self, size: int) -> None:
        if size > self.bounds.size:
            raise SourceError(
                f"{self.where}: the answer exceeds {self.bounds.size / 1e6:g} million bytes and is refused. Report it "
                "to the source."
            )
