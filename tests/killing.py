"""Kills processes in the midst of writing, as ``kill -9`` does, and looks at what they leave.

``python tests/killing.py KIND FOLDER STRIDE KILLS SEED`` kills before every step of a write, or every STRIDE-th, and
then KILLS times at random moments of a loop of writes.  It forks, which is safe while it has no threads: reading and
writing are done by children alone.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

STEPS = {"open", "os.chmod", "os.chown", "os.link", "os.listdir", "os.mkdir", "os.remove", "os.rename", "os.rmdir",
         "os.scandir", "shutil.copystat", "shutil.rmtree"}  # fmt: skip
URL = "https://example.org/series"


@dataclass(frozen=True)
class Kind:
    """What is written, and which version is found; an exception where nothing whole is."""

    write: Callable[[Path, int], object]
    version: Callable[[Path], int]
    in_place: bool = False  # a folder within keeps the whole from being swapped


def _only(found: set[int]) -> int:
    (version,) = found
    return version


def _tables(version: int) -> dict[str, pd.DataFrame]:
    quarters = pd.period_range("2000Q1", periods=40, freq="Q", name="date")
    return {
        name: pd.DataFrame({"x": np.full(40, float(version))}, quarters)
        for name in ("macro", "returns", "rate")
    }


def file() -> Kind:
    """One file."""
    from capstar.writing import write_whole

    def version(folder: Path) -> int:
        lines = (folder / "table.csv").read_text().splitlines()
        assert len(lines) == 20_000
        return _only(set(map(int, lines)))

    return Kind(lambda folder, k: write_whole(folder / "table.csv", f"{k}\n" * 20_000), version)


def cache() -> Kind:
    """A download kept."""
    from capstar.data.store.cache import Cache, entry_of

    def version(folder: Path) -> int:
        with warnings.catch_warnings(action="error"):
            kept = Cache(folder).read(URL)
        assert kept is not None
        return _only(set(map(int, kept.body.split())))

    return Kind(lambda folder, k: Cache(folder).write(entry_of(URL, b"%d\n" % k * 20_000)), version)


def snapshot() -> Kind:
    """A snapshot beside a file of the user's."""
    from capstar.data import read_snapshot, write_snapshot

    def version(folder: Path) -> int:
        tables = read_snapshot(folder)
        assert list(tables) == ["macro", "returns", "rate"]
        return _only({int(x) for table in tables.values() for x in table["x"]})

    return Kind(lambda folder, k: write_snapshot(folder, _tables(k)), version)


def snapshot_in_place() -> Kind:
    """A snapshot beside a folder of the user's."""
    return replace(snapshot(), in_place=True)


def study() -> Kind:
    """The tables, figures and summary of ``capstar study --out``, as any program reads them."""
    from matplotlib.figure import Figure

    from capstar.plotting import save_all

    figure = Figure(figsize=(1, 1))
    figure.add_subplot().plot([1, 2])

    def version(folder: Path) -> int:
        tables = [pd.read_csv(folder / f"{name}.csv") for name in _tables(0)]
        assert (folder / "one.svg").read_bytes().endswith(b"</svg>\n")
        summary = int((folder / "summary.txt").read_text())
        return _only({summary} | {int(x) for table in tables for x in table["x"]})

    return Kind(lambda folder, k: save_all(folder, _tables(k), {"one": figure}, str(k)), version)


def index() -> Kind:
    """All that ``capstar index --out`` writes, as any program reads it."""
    import pyarrow.parquet  # noqa: F401, once, and not in every child
    from result_examples.smallcaps import index as example

    import capstar.plotting.smallcaps  # noqa: F401

    found = example()
    names = [name for name, table in vars(found).items() if isinstance(table, pd.DataFrame)]

    def write(folder: Path, k: int) -> None:
        tagged = {name: getattr(found, name).assign(version=k) for name in names}
        tagged["levels"]["price"] *= k
        replace(found, **tagged).save(folder)

    def version(folder: Path) -> int:
        tables = [pd.read_parquet(folder / f"{name}.parquet") for name in names]
        assert (folder / "index.png").read_bytes().endswith(b"IEND\xaeB`\x82")
        levels = pd.read_csv(folder / "index.csv")
        assert f"{levels['price'].iloc[-1]:.4f}" in (folder / "summary.txt").read_text()
        return _only({int(x) for table in (*tables, levels) for x in table["version"]})

    return Kind(write, version)


KINDS = {make.__name__: make for make in (file, cache, snapshot, snapshot_in_place, study, index)}


def in_child(task: Callable[[], object]) -> int:
    """Process that does a task; its status is 0 if that came to its end."""
    child = os.fork()
    if not child:
        try:
            task()
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
    return child


def ended(child: int) -> int:
    """Exit status of a process; negative: of the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def found_whole(kind: Kind, folder: Path, allowed: Callable[[int], bool]) -> int:
    """The version in a folder, read by another process."""
    reading, writing = os.pipe()

    def look() -> None:
        os.write(writing, str(kind.version(folder)).encode())

    status = ended(in_child(look))
    os.close(writing)
    with os.fdopen(reading) as told:
        version = int(told.read() or -1)
    assert status == 0, "nothing whole is left"
    assert allowed(version), f"version {version} is left"
    return version


def kill_at_step(kind: Kind, folder: Path, version: int, step: int) -> int:
    """Kill a write before one of the steps that it asks of the system in or beside this folder."""

    def write() -> None:
        left = iter(range(1, step))

        def hook(event: str, given: tuple[object, ...]) -> None:
            here = any(str(folder.parent) in str(one) for one in given)
            if event in STEPS and here and next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        kind.write(folder, version)

    return ended(in_child(write))


def kill_at_random(kind: Kind, folder: Path, version: int, delay: float) -> int:
    """Kill a loop of writes some seconds after the first; the version that was told to be written last."""
    reading, writing = os.pipe()

    def write() -> None:
        k = version
        while True:
            kind.write(folder, k)
            os.write(writing, f"{k}\n".encode())
            k += 1

    child = in_child(write)
    os.close(writing)
    with os.fdopen(reading, "rb", buffering=0) as told:
        first = told.read(64)
        time.sleep(delay)  # the moment is what is tried
        os.kill(child, signal.SIGKILL)
        status = ended(child)
        assert status == -signal.SIGKILL, "the writer failed by itself"
        return int((first + told.read()).split()[-1])


def main(name: str, folder: Path, stride: int, kills: int, seed: int) -> None:
    """Kill and look; what is left is whole, the last version told or a later one, and no litter."""
    kind, rng, home = KINDS[name](), random.Random(seed), folder / "home"
    home.mkdir(parents=True)
    (home / "notes.txt").write_text("mine")
    if kind.in_place:
        (home / "own").mkdir()
    assert ended(in_child(lambda: kind.write(home, 1))) == 0
    version, step, done = 1, rng.randint(1, stride), False
    while not done:
        done = kill_at_step(kind, home, version + 1, step) == 0
        version = found_whole(kind, home, {version, version + 1}.__contains__)
        step += stride
    begun = time.monotonic()
    assert ended(in_child(lambda: kind.write(home, version))) == 0
    span = time.monotonic() - begun
    for _ in range(kills):
        told = kill_at_random(kind, home, version + 1, rng.uniform(0, 2 * span))
        version = found_whole(kind, home, {told, told + 1}.__contains__)
    assert ended(in_child(lambda: kind.write(home, version))) == 0
    assert (home / "notes.txt").read_text() == "mine"
    assert [path.name for path in folder.iterdir()] == ["home"]
    assert not [path.name for path in home.iterdir() if path.name.startswith(".")]
    sys.stdout.write(f"{name}: some {step - stride} steps, {kills} random moments, nothing lost\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:]))
