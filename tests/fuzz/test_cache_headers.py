"""Files of the cache damaged in their bytes or in the fields of their headers: none serves, none is a traceback."""

from __future__ import annotations

import json
import os
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from capstar.data.store.cache import Cache, entry_of
from capstar.errors import DataWarning

URL, BODY = "https://x.example/a", b"observation_date,A\n2019-01-01,1\n2019-04-01,2\n"
DAMAGED = int(os.environ.get("CAPSTAR_FUZZ", "1500"))
LATER = time.time() + 10 * 365.25 * 86_400
ODD: list[Any] = [
    None, True, False, 0, -1, 1e308, -1e308, float("nan"), float("inf"), -float("inf"), 10**400, 10**18, 253402300800,
    LATER, LATER * 1000, "", "x", "1", "\ud800", "\x00\x1b[31m", "https://other.example/a", "file:///etc/passwd",
    [], {}, [[]], {"a": {}}, 1.5,
]  # fmt: skip
NESTED = [
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"url":' + b"[" * 3000 + b"]" * 3000 + b"}",
    b"[" * 3000 + b"]" * 3000,
]


def damage(raw: bytes, rng: np.random.Generator) -> bytes:
    """One fault: of bytes, of a field, of the whole header, of its end."""
    kind = rng.integers(8)
    head, _, body = raw.partition(b"\n")
    if kind < 3:  # of bytes anywhere, mostly in the header
        out = bytearray(raw)
        for _ in range(rng.integers(1, 4)):
            at = int(rng.integers(len(head) if kind else len(out)))
            out[at : at + int(rng.integers(0, 3))] = bytes(
                rng.integers(0, 256, rng.integers(0, 3), dtype=np.uint8)
            )
        return bytes(out)
    fields = json.loads(head)
    name = str(rng.choice(list(fields)))
    if kind == 3:
        del fields[name]
    elif kind == 4:
        fields[str(rng.choice(["x", "body", "URL", name + " "]))] = ODD[rng.integers(len(ODD))]
    elif kind == 5:
        return NESTED[rng.integers(len(NESTED))] + b"\n" + body
    elif kind == 6:
        return raw[: rng.integers(len(raw))]
    else:
        fields[name] = ODD[rng.integers(len(ODD))]
    return json.dumps(fields).encode() + b"\n" + body


def test_damaged_files(tmp_path: Path) -> None:
    """Read as nothing with one warning, listed as damaged and counted, or whole after all: then it is what was kept."""
    rng, cache = np.random.default_rng(14), Cache(tmp_path)
    cache.write(entry_of(URL, BODY, fetched=1.6e9))
    (path,) = tmp_path.iterdir()
    raw, refused = path.read_bytes(), 0
    for k in range(DAMAGED):
        path.write_bytes(broken := damage(raw, rng))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            found = cache.read(URL)
        listed = cache.entries()
        assert len(listed) == 1
        if found is None:
            refused += 1
            assert [one.category for one in told] == [DataWarning], (k, broken[:300])
            assert "is unusable" in str(told[0].message)
            assert listed.loc[0, ["url", "downloaded"]].tolist() == ["damaged", ""]
        else:
            assert not told
            assert (found.url, found.body) == (URL, BODY), (k, broken[:300])
            assert 0 <= found.fetched <= time.time() + 86_400
            assert listed.loc[0, ["url", "downloaded"]].tolist() == [URL, found.downloaded]
    assert (
        refused > 0.9 * DAMAGED
    )  # some faults change nothing, or the time of the download within what can be


def test_what_is_no_file_is_damaged(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write(entry_of(URL, BODY))
    (path,) = tmp_path.iterdir()
    path.unlink()
    os.mkfifo(path)  # would be waited at for ever
    with pytest.warns(DataWarning, match="it is not a file"):
        assert cache.read(URL) is None
    assert cache.entries()["url"].tolist() == ["damaged"]
    path.unlink()
    path.mkdir()
    with pytest.warns(DataWarning, match="it is not a file"):
        assert cache.read(URL) is None
    assert cache.entries()["url"].tolist() == ["damaged"]
    assert cache.clear() == 0
    assert path.is_dir()
