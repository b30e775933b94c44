"""Whatever a server does, a download ends by its deadline: in the answer, one error, or the older copy."""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urljoin

import pytest
from data.sources import redirect_to

from capstar import data
from capstar.data.store.cache import entry_of
from capstar.data.store.download import cache, network
from capstar.data.store.transfer import Bounds, Transfer
from capstar.errors import DataError, DataWarning, SourceError

ROWS = b"observation_date,GDPC1\n2019-01-01,100.5\n2019-04-01,101.25\n2019-07-01,.\n"
SOON = 0.4  # seconds allowed to a server that would take for ever
GRACE = 30.0  # seconds after which a call counts as hung, on however busy a machine
Behaviour = Callable[[socket.socket], None]


def whole(body: bytes, *lines: str, status: str = "200 OK") -> bytes:
    """An answer, its length told."""
    head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines))
    return head.encode() + b"\r\n" + body


def says(answer: bytes) -> Behaviour:
    """These bytes, then the end."""
    return lambda client: client.sendall(answer)


def forever(start: bytes, again: bytes) -> Behaviour:
    """As fast as they are taken."""

    def answer(client: socket.socket) -> None:
        client.sendall(start)
        while True:
            client.sendall(again)

    return answer


def drips(answer: bytes) -> Behaviour:
    """One byte a twentieth of a second: each in time, all of them never."""

    def answer_slowly(client: socket.socket) -> None:
        client.settimeout(0.05)
        for k in itertools.count():
            client.sendall(answer[k : k + 1] or b"x")
            with suppress(TimeoutError):
                if client.recv(1) == b"":  # waits; the end means the client has hung up
                    return

    return answer_slowly


def resets(client: socket.socket) -> None:
    """Half an answer, then a reset."""
    client.sendall(whole(ROWS)[:60])
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def sends_to(target: str) -> Behaviour:
    return says(whole(b"", f"Location: {target}", status="302 Found"))


ZEROS = bytes(60_000_000)
HTML = b"<!DOCTYPE html><html><title>Access denied</title></html>"
LATE = "within the time allowed"
LIMIT = "exceeds 8 million bytes"
# What the server does, and what is told.
HOSTILE: dict[str, tuple[Behaviour, str]] = {
    "drips its status line": (drips(whole(ROWS)), LATE),
    "drips its headers": (drips(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 90), LATE),
    "drips one header": (drips(b"HTTP/1.1 200 OK\r\nX: "), LATE),
    "drips its body": (
        lambda client: (client.sendall(b"HTTP/1.1 200 OK\r\n\r\n"), drips(ROWS * 9)(client))[0],
        LATE,
    ),
    "drips a chunk": (
        lambda client: (
            client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n"),
            drips(ROWS * 9)(client),
        )[0],
        LATE,
    ),
    "says 100 Continue for ever": (forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), LATE),
    "sends headers for ever": (forever(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"), "no whole answer"),
    "sends one header for ever": (forever(b"HTTP/1.1 200 OK\r\nX: ", b"b" * 9999), "no whole answer"),
    "sends a status for ever": (forever(b"HTTP/1.1 200 ", b"K" * 9999), "no whole answer"),
    "sends a body for ever": (forever(b"HTTP/1.1 200 OK\r\n\r\n" + ROWS, b"9" * 99_999), LIMIT),
    "sends chunks for ever": (
        forever(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"ff\r\n" + b"9" * 255 + b"\r\n"),
        LIMIT,
    ),
    "sends the size of a chunk for ever": (
        forever(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0" * 9999),
        "no whole answer",
    ),
    "sends trailers for ever": (
        forever(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-A: b\r\n"),
        LATE,
    ),
    "promises too much": (says(whole(ROWS).replace(b": 71", b": 999")), "no whole answer"),
    "promises too little": (says(whole(ROWS).replace(b": 71", b": 50")), "cut off in its last line"),
    "promises a negative length": (says(whole(ROWS[:-1]).replace(b": 70", b": -70")), "cut off"),
    "ends a chunk early": (
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + ROWS),
        "no whole answer",
    ),
    "resets": (resets, "no whole answer"),
    "says nothing": (says(b""), "no whole answer"),
    "says no HTTP": (says(b"220 ftp.example ready\r\n" * 3), "no whole answer"),
    "sends nothing": (says(whole(b"")), "the answer is empty"),
    "sends a web page": (says(whole(HTML, "Content-Type: text/html")), "a web page, not data"),
    "refuses": (says(whole(HTML, status="403 Forbidden")), "answers 403. The server refuses"),
    "is asked too often": (says(whole(b"", status="429 Too Many")), "answers 429. Try later"),
    "fails": (says(whole(HTML, status="500 Oh")), "answers 500. Try later"),
    "knows no such series": (says(whole(HTML, status="404 Not Found")), "answers 404. Check the name"),
    "sends another series": (says(whole(ROWS.replace(b"GDPC1", b"CPI"))), "the header is"),
    "sends a gzip bomb": (says(whole(gzip.compress(ZEROS), "Content-Encoding: gzip")), LIMIT),
    "sends a deflate bomb": (says(whole(zlib.compress(ZEROS), "Content-Encoding: deflate")), LIMIT),
    "sends gzip cut off": (says(whole(gzip.compress(ROWS)[:-9], "Content-Encoding: gzip")), "cut off or damaged"),
    "sends gzip and more": (says(whole(gzip.compress(ROWS) + b"x", "Content-Encoding: gzip")), "cut off or damaged"),
    "sends gzip that is none": (says(whole(ROWS, "Content-Encoding: gzip")), "is damaged"),
    "packs twice": (says(whole(gzip.compress(ROWS), "Content-Encoding: gzip, gzip")), "packed as 'gzip, gzip'"),
    "packs otherwise": (says(whole(ROWS, "Content-Encoding: br")), "packed as 'br'"),
    "redirects in a circle": (sends_to("/graph/fredgraph.csv?id=GDPC1"), "redirects in a circle"),
    "redirects to another host": (sends_to("http://localhost:9/x"), "another host or not https"),
    "redirects to a file": (sends_to("file:///etc/hostname"), "another host or not https"),
    "redirects to nowhere": (sends_to("http://[::1/x"), "no whole answer"),
    "redirects with a body for ever": (
        forever(b"HTTP/1.1 302 Found\r\nLocation: /graph/fredgraph.csv?id=GDPC1\r\n\r\n", b"9" * 9999),
        "redirects in a circle",
    ),
}  # fmt: skip


@contextmanager
def listening(behaviour: Behaviour) -> Iterator[str]:
    """A server that does so with every client; its address."""
    stop = threading.Event()
    clients: list[socket.socket] = []

    def serve(client: socket.socket) -> None:
        with client, suppress(OSError):
            client.recv(65_536)  # the request, or a greeting of TLS
            behaviour(client)

    def accept() -> None:
        while not stop.is_set():
            with suppress(OSError):
                clients.append(listener.accept()[0])
                threading.Thread(target=serve, args=(clients[-1],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stop.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for client in clients:
                with suppress(OSError):
                    client.close()


@contextmanager
def in_time(message: str = LATE) -> Iterator[None]:
    """Little time where the server takes for ever, much elsewhere; no thread of a transfer outlives its call."""
    start, total = time.monotonic(), SOON if message == LATE else GRACE
    with network(total=total, connect=GRACE, retries=0):
        yield
    assert time.monotonic() - start < total + GRACE
    for thread in threading.enumerate():
        if "_work" in thread.name:
            thread.join(GRACE)
            assert not thread.is_alive(), "the thread of the transfer goes on"


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_server(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One error in time and nothing kept; where a copy is kept, that copy with one warning, and it stays."""
    behaviour, message = HOSTILE[what]
    with listening(behaviour) as bad:
        monkeypatch.setenv("CAPSTAR_FRED_URL", bad)
        with in_time(message), pytest.raises(SourceError, match=re.escape(message)) as caught:
            data.fred("GDPC1")
        assert str(caught.value).startswith("FRED, GDPC1: ")
        assert "\n" not in str(caught.value)
        assert cache().entries().empty
        cache().write(entry_of(f"{bad}/graph/fredgraph.csv?id=GDPC1", ROWS))
        with in_time(message), network(refresh=True), pytest.warns(DataWarning, match="copy of 20") as told:
            found = data.fred("GDPC1")
        assert len(told) == 1
        assert message in str(told[0].message)
        assert found["GDPC1"].tolist()[:2] == [100.5, 101.25]
        with network(offline=True):
            assert data.fred("GDPC1").equals(found)


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    "body", [ROWS, gzip.compress(ROWS), zlib.compress(ROWS)], ids=["plain", "gzip", "deflate"]
)
@pytest.mark.parametrize("chunked", [False, True])
def test_an_honest_server(body: bytes, chunked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the table above must not refuse."""
    coding = {0x1F: "gzip", 0x78: "deflate"}.get(body[0], "identity")
    answer = whole(body, f"Content-Encoding: {coding}")
    if chunked:
        pieces = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:9], body[9:]))
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nTransfer-Encoding: chunked\r\n\r\n"
        answer = head.encode() + pieces + b"0\r\n\r\n"
    with listening(says(answer)) as url:
        monkeypatch.setenv("CAPSTAR_FRED_URL", url)
        with in_time(""):
            assert data.fred("GDPC1")["GDPC1"].tolist()[:2] == [100.5, 101.25]


def test_a_redirect_on_the_same_host_is_followed(server) -> None:
    server.fred("GDPC1", ROWS.decode().partition("\n")[2])
    server.routes["/moved"] = server.routes["/graph/fredgraph.csv?id=GDPC1"]
    server.misbehave("/graph/fredgraph.csv?id=GDPC1", redirect_to("/moved"))
    assert len(data.fred("GDPC1")) == 3
    assert server.asked == ["/graph/fredgraph.csv?id=GDPC1", "/moved"]


@pytest.mark.parametrize(
    ("origin", "target", "followed"),
    [
        ("https://a.example/x", "https://b.example/x", True),
        ("https://a.example/x", "/y", True),
        ("https://a.example/x", "http://a.example/x", False),
        ("https://a.example/x", "//b.example/x", True),
        ("http://127.0.0.1:80/x", "http://127.0.0.1:81/x", False),
        ("http://127.0.0.1:80/x", "https://127.0.0.1/x", True),
        ("https://a.example/x", "ftp://a.example/x", False),
    ],
)
def test_where_redirects_may_lead(origin: str, target: str, followed: bool) -> None:
    transfer = Transfer(origin, "FRED, GDPC1", Bounds(0, 0, 0, 0))
    if followed:
        assert transfer._allowed(origin, target) == urljoin(origin, target)
    else:
        with pytest.raises(SourceError, match="another host or not https"):
            transfer._allowed(origin, target)


@pytest.mark.usefixtures("server")
def test_a_secure_connection_that_is_never_made(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(drips(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03")) as url:
        monkeypatch.setenv("CAPSTAR_FRED_URL", url.replace("http:", "https:"))
        with in_time(), pytest.raises(SourceError, match=LATE):
            data.fred("GDPC1")


def test_a_source_that_is_not_secure_is_not_asked(server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAPSTAR_FRED_URL")
    monkeypatch.setattr(data.source("fred"), "url", server.url + "/{series}")
    with pytest.raises(DataError, match=r"expected https.* name a mirror in CAPSTAR_FRED_URL"):
        data.fred("GDPC1")
    assert server.asked == []


@pytest.fixture
def nowhere() -> Iterator[str]:
    """An address that takes no connection and refuses none: its queue is full."""
    with socket.socket() as listener, contextlib.ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    "how", ["refused", "no such host", "nobody answers", "the look-up of the host hangs"]
)
def test_no_network(how: str, server, nowhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line at once, without a second attempt, that names what works without; a copy serves."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    answer = threading.Event()
    url = {"refused": f"http://127.0.0.1:{port}", "nobody answers": nowhere}.get(how, "https://fred.invalid")
    if how == "the look-up of the host hangs":  # no real one can be had here
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer.wait(GRACE) and [])
    monkeypatch.setenv("CAPSTAR_FRED_URL", url)
    start = time.monotonic()
    with network(connect=SOON, retries=9), pytest.raises(SourceError, match="no connection to") as caught:
        data.fred("GDPC1")
    assert time.monotonic() - start < GRACE / 2  # ten attempts would take longer
    for remedy in ("capstar rstar --input embedded", "--input FILE", "--offline"):
        assert remedy in str(caught.value)
    assert "\n" not in str(caught.value)
    cache().write(entry_of(f"{url}/graph/fredgraph.csv?id=GDPC1", ROWS, fetched=1.6e9))
    with network(connect=SOON), pytest.warns(DataWarning, match="copy of 2020-09-13T12:26:40Z is used"):
        assert len(data.fred("GDPC1")) == 3
    assert server.asked == []
    answer.set()


def test_the_default_ends_within_five_seconds_without_a_network() -> None:
    assert data.Network().connect <= 4


def test_a_copy_that_is_no_longer_accepted_is_asked_for_again(server) -> None:
    """Kept when less was asked of an answer: it neither serves for a day nor hides the new one."""
    server.fred("GDPC1", ROWS.decode().partition("\n")[2])
    url = f"{server.url}/graph/fredgraph.csv?id=GDPC1"
    cache().write(entry_of(url, HTML))
    with network(offline=True), pytest.raises(SourceError, match="a web page"):
        data.fred("GDPC1")
    assert len(data.fred("GDPC1")) == 3
    with network(offline=True):
        assert len(data.fred("GDPC1")) == 3


def fill(file: Any, millions: int = 400) -> None:
    for _ in range(millions):
        file.write(bytes(1_000_000))


def zipped(*, told: int | None = None, method: int = zipfile.ZIP_DEFLATED, millions: int = 400) -> bytes:
    """A zip archive of one file of zeros, which may tell another size in its headers."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method, compresslevel=1) as archive, archive.open("a.csv", "w") as file:
        fill(file, millions)
    body = out.getvalue()
    return (
        body if told is None else body.replace(struct.pack("<I", millions * 10**6), struct.pack("<I", told))
    )


def gzipped() -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as file:
        fill(file)
    return out.getvalue()


MEMORY = """
import resource, sys
from capstar import data
from capstar.errors import SourceError
data.sources()
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for one in sys.argv[1:]:
    try:
        with data.network(retries=0, pause=0.0, progress=False):
            data.fetch(one)
    except SourceError as error:
        print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start)
"""
# What is asked for, and the gigabytes that come.
BOMBS: dict[str, Callable[[], Behaviour]] = {
    "fred:GDPC1": lambda: says(whole(gzipped(), "Content-Encoding: gzip")),
    "alfred:GDPC1@2008-04-30": lambda: forever(b"HTTP/1.1 200 OK\r\n\r\n", ROWS * 999),
    "french:Portfolios_Formed_on_ME": lambda: says(whole(zipped(told=9_000))),
    "newyorkfed:Holston_Laubach_Williams_current_estimates": lambda: says(
        whole(zipped(told=9_000, method=zipfile.ZIP_BZIP2, millions=20))
    ),
    "philadelphiafed:ROUTPUT": lambda: says(whole(zipped())),
}


@pytest.mark.usefixtures("server")
def test_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """All is refused long before it is unpacked."""
    with contextlib.ExitStack() as servers:
        for series, behaviour in BOMBS.items():
            url = servers.enter_context(listening(behaviour()))
            monkeypatch.setenv(f"CAPSTAR_{series.partition(':')[0].upper()}_URL", url)
        command = [sys.executable, "-c", MEMORY, *BOMBS]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    *said, above = done.stdout.splitlines()
    assert len(said) == len(BOMBS), said
    for line in said:
        assert re.search("refused|is damaged|is packed by method", line)
    assert int(above) * 1024 < 300e6
