"""The loopback server in place of every source, and a cache of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from data.sources import Server, running

from capstar import data


@pytest.fixture
def server(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """All sources at one address on loopback; an empty cache; no waiting between requests."""
    with running() as state:
        for key in data.sources().index:
            monkeypatch.setenv(f"CAPSTAR_{key.upper()}_URL", state.url)
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("CAPSTAR_CACHE", str(tmp_path / "cache"))
        with data.network(pause=0.0, cache=tmp_path / "cache" / "downloads"):
            yield state
