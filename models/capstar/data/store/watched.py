"""The adapter of requests that every transfer goes through; a module of its own, since requests is slow to load."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from requests.adapters import HTTPAdapter


class WatchedAdapter(HTTPAdapter):
    """Verified TLS, proxies as given, one attempt; shows the socket of each connection."""

    def __init__(self, watch: Callable[[socket.socket], None]) -> None:
        super().__init__()
        self._watch = watch

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """The pool of the request, whose connections are watched."""
        pool, watch = super().get_connection_with_tls_context(*args, **kwargs), self._watch

        class Watched(pool.ConnectionCls):  # type: ignore[name-defined, misc]
            def _new_conn(self) -> socket.socket:
                connected: socket.socket = super()._new_conn()
                watch(connected)
                return connected

        pool.ConnectionCls = Watched
        return pool
