"""The loopback server in place of every source, and a cache of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from data.sources import Server, running

from capstar.data.store import download as room


@pytest.fixture
def server(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """All sources at one address on loopback; an empty cache; no waiting between requests."""
    with running() as state:
        for host in room.HOSTS:
            monkeypatch.setenv(f"CAPSTAR_{host}_URL", state.url)
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("CAPSTAR_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(room, "_PAUSE", 0.0)
        yield state
