"""The cache under kill, damage and competition."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from capstar import data
from capstar.data.store.cache import Cache, entry_of
from capstar.data.store.download import cache, network
from capstar.errors import DataWarning

KILLER = """
import os, random, select, signal, sys, warnings
from pathlib import Path
from capstar.data.store.cache import Cache, entry_of
warnings.simplefilter("error")
cache, kills, draw = Cache(Path(sys.argv[1])), int(sys.argv[2]), random.Random(14)
cache.write(entry_of("http://x/one", b"A" * 300_000))
cache.write(entry_of("http://x/other", b"stays"))
changed = 0
for k in range(kills):
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(tell, b"!")
        while True:
            k += 1
            cache.write(entry_of("http://x/one", bytes([65 + k % 26]) * (300_000 + k % 26)))
    os.read(told, 1)
    select.select([told], [], [], draw.uniform(0, 0.02))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(told), os.close(tell)
    found = cache.read("http://x/one").body
    assert found == found[:1] * (300_000 + found[0] - 65), "a part was kept"
    assert cache.read("http://x/other").body == b"stays"
    changed += found[:1] != b"A"
print(kills, changed, cache.entries()["url"].tolist().count("damaged"))
"""
KILLS = int(os.environ.get("CAPSTAR_KILLS", "200"))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "new" / "folder")
    assert cache.read("http://x/a") is None
    cache.write(entry_of("http://x/a", b"one\ntwo\x00\xff", fetched=1_600_000_000.0))
    found = cache.read("http://x/a")
    assert found is not None
    assert found.body == b"one\ntwo\x00\xff"
    assert found.downloaded == "2020-09-13T12:26:40Z"
    cache.write(entry_of("http://x/a", b""))
    assert cache.read("http://x/a").body == b""
    table = cache.entries()
    assert list(table["url"]) == ["http://x/a"]
    assert cache.clear() == 1
    assert cache.entries().empty


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-1], lambda raw: raw[:-1] + b"!", lambda raw: b"", lambda raw: b"{}\n" + raw]
)
def test_damage_is_noticed_and_survived(tmp_path: Path, damage) -> None:
    cache = Cache(tmp_path)
    cache.write(entry_of("http://x/a", b"body"))
    (file,) = tmp_path.glob("*.download")
    file.write_bytes(damage(file.read_bytes()))
    with pytest.warns(DataWarning, match="is unusable"):
        assert cache.read("http://x/a") is None
    assert list(cache.entries()["url"]) == ["damaged"]
    cache.write(entry_of("http://x/a", b"again"))
    assert cache.read("http://x/a").body == b"again"


def test_kills_during_a_write_lose_nothing(tmp_path: Path) -> None:
    """SIGKILL at random moments: the old download or the new one, never a part, and what is left over is swept away."""
    command = [sys.executable, "-c", KILLER, str(tmp_path), str(KILLS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kills, changed, damaged = map(int, done.stdout.split())
    assert (kills, damaged) == (KILLS, 0)
    assert changed > 0, "no write was ever finished"
    assert len(list(tmp_path.glob("*.download"))) == 2
    for path in tmp_path.iterdir():
        if path.suffix != ".download":
            os.utime(path, (0, 0))
    Cache(tmp_path).write(entry_of("http://x/two", b"x"))
    assert {path.suffix for path in tmp_path.iterdir()} == {".download"}


def test_full_disk_costs_a_warning_and_leaves_the_old_copy(tmp_path: Path) -> None:
    """A limit on file size is how a disk fills up for one process."""
    code = """
import resource, signal, sys, warnings
from pathlib import Path
from capstar.data.store.cache import Cache, entry_of
cache = Cache(Path(sys.argv[1]))
cache.write(entry_of("http://x/a", b"old"))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    cache.write(entry_of("http://x/a", b"new" * 10_000))
assert "could not be cached" in str(caught[0].message), caught
assert cache.read("http://x/a").body == b"old"
assert [p.suffix for p in Path(sys.argv[1]).iterdir()] == [".download"]
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


READER = """
import sys
from capstar import data
for _ in range(20):
    with data.network(refresh=True):
        assert len(data.fred("GDPC1")) == 5000, "a part was read"
    with data.network(offline=True):
        assert len(data.fred("GDPC1")) == 5000, "a part was kept"
"""


def test_two_processes_that_fetch_at_once(server) -> None:
    """Both write and read the same file of the cache again and again; a damaged one would warn, which is fatal here."""
    months = pd.period_range("1701-01", periods=5000, freq="M")
    server.fred("GDPC1", "".join(f"{m}-01,{k}.25\n" for k, m in enumerate(months)))
    command = [sys.executable, "-W", "error", "-c", READER]
    running = [subprocess.Popen(command, env=dict(os.environ), stderr=subprocess.PIPE) for _ in range(2)]
    for process in running:
        _, said = process.communicate()
        assert process.returncode == 0, said.decode()
    assert len(list(Path(os.environ["CAPSTAR_CACHE"]).rglob("*.download"))) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"fetched": 2e9 * 2},
        {"fetched": 1e300},
        {"fetched": -1},
        {"fetched": None},
        {"fetched": True},
        {"fetched": 10**400},
        {"url": "https://other.example/a"},
        {"length": -1},
        {"sha256": 5},
        {"more": 1},
    ],
    ids=lambda fields: str(fields)[:30],
)
def test_a_damaged_copy_is_fetched_again(server, fields: dict[str, Any]) -> None:
    """With one warning; afterwards there is nothing to warn of."""
    server.fred("A", "2019-01-01,1\n2019-04-01,2\n")
    data.fred("A")
    (path,) = cache().folder.iterdir()
    head, _, body = path.read_bytes().partition(b"\n")
    path.write_bytes(json.dumps(json.loads(head) | fields).encode() + b"\n" + body)
    with pytest.warns(DataWarning, match="is unusable") as told:
        assert data.fred("A")["A"].tolist() == [1, 2]
    assert len(told) == 1
    assert len(server.asked) == 2
    with network(offline=True):
        assert data.fred("A")["A"].tolist() == [1, 2]
