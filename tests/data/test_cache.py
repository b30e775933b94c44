"""The cache under kill, damage and competition."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from capstar.data.store.cache import Cache, entry_of
from capstar.errors import DataWarning

WRITER = """
import sys, warnings
from pathlib import Path
from capstar.data.store.cache import Cache, entry_of
cache, k = Cache(Path(sys.argv[1])), int(sys.argv[2])
print("ready", flush=True)
while True:
    cache.write(entry_of("http://x/one", bytes([65 + k]) * (3_000_000 + k)))
    k = (k + 1) % 26
"""


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


def test_a_hundred_kills_during_a_write_leave_it_valid(tmp_path: Path) -> None:
    """SIGKILL at any moment: the old download or the new one, never a part (reading warns otherwise)."""
    cache = Cache(tmp_path)
    cache.write(entry_of("http://x/one", b"A" * 3_000_000))
    killed = 0
    for k in range(10):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(tmp_path), str((k + j) % 26)], stdout=subprocess.PIPE
            )
            for j in range(10)
        ]
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()
        for writer in writers:
            os.kill(writer.pid, signal.SIGKILL)
            writer.wait()
            writer.stdout.close()
            killed += 1
            found = cache.read("http://x/one")
            assert found is not None
            assert set(found.body) == {found.body[0]}
            assert len(found.body) in range(3_000_000, 3_000_026)
    assert killed == 100
    assert len(list(tmp_path.glob("*.download"))) == 1
    for path in tmp_path.glob("*.partial"):
        os.utime(path, (0, 0))
    cache.write(entry_of("http://x/two", b"x"))
    assert not list(tmp_path.glob("*.partial")), "what the killed left is swept away"


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
