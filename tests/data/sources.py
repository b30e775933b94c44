"""A server on loopback that answers as FRED and the others do, and as they should not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """Answers by path and query; counts requests."""

    url: str = ""
    routes: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)

    def serve(self, target: str, body: bytes | str, *, status: int = 200, kind: str = "text/csv") -> None:
        """Answer ``target`` (path and query) with a body."""
        content = body.encode() if isinstance(body, str) else body

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            request.send_header("Content-Type", kind)
            request.send_header("Content-Length", str(len(content)))
            request.end_headers()
            request.wfile.write(content)

        self.routes[target] = answer

    def fred(self, name: str, rows: str, header: str | None = None) -> None:
        """A series as live FRED serves it."""
        self.serve(f"/graph/fredgraph.csv?id={name}", (header or f"observation_date,{name}") + "\n" + rows)

    def misbehave(self, target: str, answer: Answer) -> None:
        """Answer with anything."""
        self.routes[target] = answer


@contextmanager
def running() -> Iterator[Server]:
    """The server, until the block ends."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            state.asked.append(self.path)
            state.agents.add(self.headers.get("User-Agent", ""))
            route = state.routes.get(self.path) or state.routes.get(urlsplit(self.path).path)
            if route is None:
                self.send_error(404)
                return
            try:
                route(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that hangs up is what some tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def truncated(body: bytes) -> Answer:
    """Promise the whole body and hang up in its middle."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[: len(body) // 2])
        request.close_connection = True

    return answer


def short_length(body: bytes, length: int) -> Answer:
    """Promise less than is sent."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(length))
        request.end_headers()
        request.wfile.write(body)
        request.close_connection = True

    return answer


def trickle(body: bytes, stop: threading.Event) -> Answer:
    """A byte a tenth of a second."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        for k in range(len(body)):
            request.wfile.write(body[k : k + 1])
            request.wfile.flush()
            if stop.wait(0.1):
                return

    return answer


def silent(seconds: float, then: Answer) -> Answer:
    """Say nothing until the client hangs up, but at last answer."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.connection.settimeout(seconds)
        try:
            hung_up = request.connection.recv(1) == b""
        except TimeoutError:
            hung_up = False
        if hung_up:
            request.close_connection = True
        else:
            then(request)

    return answer


def redirect_to(target: str) -> Answer:
    """Send elsewhere."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", target)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def after_failures(count: int, status: int, then: Answer) -> Answer:
    """Fail so many times, then answer."""
    left = [count]

    def answer(request: BaseHTTPRequestHandler) -> None:
        if left[0] > 0:
            left[0] -= 1
            request.send_response(status)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        then(request)

    return answer


def query(path: str) -> dict[str, str]:
    """Query of a request by name."""
    return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
