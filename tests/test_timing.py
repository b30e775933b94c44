"""Where the time goes: what counts for what, and what a user of the command line sees of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import capstar
from capstar.cli import app
from capstar.progress import reporting
from capstar.timing import IMPORTS, KERNELS, REST, timed

ROW = re.compile(r"^ +([\d.]+) s +[\d.]+%  (.+)$")


def work() -> int:
    return sum(range(300_000))


def rows(text: str) -> dict[str, float]:
    """Seconds by name, of what is printed."""
    return {found[2]: float(found[1]) for line in text.splitlines() if (found := ROW.match(line))}


def test_every_second_counts_once_and_for_the_innermost() -> None:
    begin = time.perf_counter()
    with capstar.timings() as spent:
        with timed("outer"):
            with timed("inner"):
                work()
            with timed("inner"):
                work()
        in_between = dict(spent.seconds)
    whole = time.perf_counter() - begin
    assert list(in_between) == [REST, "outer", "inner"]
    assert spent.seconds["inner"] > 10 * spent.seconds["outer"] > 0
    assert sum(spent.seconds.values()) <= whole
    assert sum(spent.seconds.values()) > 0.5 * whole
    assert rows(str(spent)).keys() == spent.seconds.keys()
    assert list(rows(str(spent)))[-1] == REST


def test_nothing_is_counted_outside_of_the_block_or_in_another_thread() -> None:
    plain = __import__
    with timed("before"), capstar.timings() as spent:
        assert __import__ is not plain

        def elsewhere() -> None:
            with timed("elsewhere"):
                work()

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    with timed("after"):
        work()
    assert __import__ is plain
    assert list(spent.seconds) == [REST]


def test_a_decorated_function_counts_each_call() -> None:
    @timed("called")
    def call() -> int:
        return work()

    with capstar.timings() as spent:
        call()
        once = spent.seconds["called"]
        call()
    assert spent.seconds["called"] > once > 0
    assert call() == work()


def fails() -> None:
    with reporting(False) as tell:
        tell("failed", 0.0)
        raise ZeroDivisionError


def test_stages_are_those_that_progress_is_told_of() -> None:
    told: list[tuple[str, float]] = []
    with capstar.timings() as spent:
        with reporting(lambda stage, share: told.append((stage, share))) as tell:
            tell("one", 0.0)
            with reporting(tell) as same:  # a task hands on what it was given
                same("one", 0.5)
                same("", 0.0)
                work()
                same("", 1.0)
            tell("one", 1.0)
            work()
        with pytest.raises(ZeroDivisionError):
            fails()
        after = dict(spent.seconds)
        work()
    assert told == [("one", 0.0), ("one", 0.5), ("", 0.0), ("", 1.0), ("one", 1.0)]
    assert set(spent.seconds) == {REST, "one", "tasks", "failed"}
    assert spent.seconds["failed"] == after["failed"]  # it has ended
    assert spent.seconds["tasks"] > spent.seconds["one"]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "capstar.cli", "--timings", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_tells_where_its_time_went(tmp_path: Path) -> None:
    begin = time.perf_counter()
    done = run("rstar", "--input", "embedded", "--csv", tmp_path / "r.csv", "--json", "-")
    whole = time.perf_counter() - begin
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sample"]["quarters"] == 195  # nothing else is on standard output
    found = rows(done.stderr)
    stages = [f"HLW 2017: stage {number} of 3" for number in (1, 2, 3)]
    for name in (IMPORTS, KERNELS, "reading data", "writing", *stages):
        assert found[name] > 0, name
    assert 0.5 * whole < sum(found.values()) < whole
    assert list(found)[-1] == REST


def test_reading_prices_and_the_index(tmp_path: Path) -> None:
    days = pd.bdate_range("2015-01-01", "2016-12-30")
    long = pd.DataFrame([(day, name, 10.0 + k) for day in days for k, name in enumerate("ABC")])
    long.set_axis(["date", "id", "close"], axis=1).to_parquet(tmp_path / "prices.parquet")
    pd.DataFrame({"date": days[:1].repeat(3), "id": list("ABC"), "shares": 1e8}).to_csv(
        tmp_path / "shares.csv"
    )
    told = [f"--prices={tmp_path}/prices.parquet", f"--shares={tmp_path}/shares.csv", f"--out={tmp_path}/out"]
    done = run("index", "--rules", "russell3000", *told)
    assert done.returncode == 0, done.stderr
    assert {"reading prices", "index", "drawing", "writing", "summary"} <= rows(done.stderr).keys()


@pytest.mark.parametrize("command", ["rstar", "study", "index", "lead", "market", "data"])
def test_every_command_tells_it_also_where_it_fails(command: str, tmp_path: Path) -> None:
    """With a flag that there is not, the quickest failure of all."""
    done = CliRunner().invoke(app, ["--timings", command, "--no-such-flag"])
    assert done.exit_code == 2
    assert rows(done.stderr).keys() >= {REST}
    assert CliRunner().invoke(app, [command, "--no-such-flag"]).stderr.count("where the time went") == 0
