"""Every command on valid tables with one or two faults; ``CAPSTAR_FUZZ=10000`` draws as many."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from fuzz.command_runs import Run, run, told
from fuzz.faulty_tables import draw

FIRST, COUNT = int(os.environ.get("CAPSTAR_FUZZ_FIRST", "0")), int(os.environ.get("CAPSTAR_FUZZ", "1000"))


def test_faulty_tables_are_refused_or_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAPSTAR_DEBUG", raising=False)
    codes: Counter[tuple[str, int]] = Counter()
    kinds: Counter[str] = Counter()
    wrong, slowest = [], 0.0
    for seed in range(FIRST, FIRST + COUNT):
        one = _one(seed, tmp_path / "place", monkeypatch)
        codes[one.arguments[0], one.code] += 1
        slowest = max(slowest, one.seconds)
        if one.faults:
            kinds.update(fault.partition(":")[0] for fault in one.faults)
            wrong.append(f"seed {seed}: {told(one)}")
    print(f"\n{COUNT} inputs: {dict(kinds)}, slowest {slowest:.1f} s; {dict(sorted(codes.items()))}")  # noqa: T201
    assert not wrong, f"{len(wrong)} of {COUNT}, {dict(kinds)}:\n" + "\n".join(wrong[:40])
    done = {command for (command, code) in codes if code == 0}
    assert done == {"data", "rstar", "lead", "market", "index"}, "some faults leave a table usable"


def _one(seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    monkeypatch.chdir(folder)
    drawn = draw(seed)
    drawn.write(folder)
    return run(drawn.call, folder)
