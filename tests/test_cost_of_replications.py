"""The study of costs: the plan follows from the lines, and the words from the tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from capstar.errors import DataError

pytest.importorskip("distributed", reason="Dask is not installed: pip install 'capstar[cluster]'")
STUDY = ROOT / "research" / "cost_of_replications"


def seconds(one: float = 0.2, two: float = 0.11, handing: float = 0.002) -> pd.DataFrame:
    """On lines: so much for each, half a second before the first."""
    rows = {("replications", 1, n): 0.5 + one * n for n in (100, 300)}
    rows |= {("replications", 2, n): 0.5 + two * n for n in (100, 300)}
    rows |= {("tasks handed out", 2, n): 0.1 + handing * n for n in (1000, 2000)}
    index = pd.MultiIndex.from_tuples(rows, names=["what", "workers", "number"])
    return pd.DataFrame({"seconds": list(rows.values()), "rounds": 3}, index)


def test_the_plan_follows_from_the_lines() -> None:
    from research.cost_of_replications.reproduce import growth, plan

    lines = growth(seconds())
    np.testing.assert_allclose(lines["each"], [0.2, 0.11, 0.002], rtol=1e-9)
    np.testing.assert_allclose(lines["before"], [0.5, 0.5, 0.1], rtol=1e-9)
    hours = plan(lines)["hours"] * 3600
    np.testing.assert_allclose(hours.loc[1], 0.5 + 100_000 * 0.2)
    np.testing.assert_allclose(hours.loc[16], 0.5 + 100_000 * 0.22 / 16)
    np.testing.assert_allclose(hours.loc[256], 0.5 + 100_000 * 0.002)  # 0.22 / 256 is less
    assert list(plan(lines)["limit"]) == ["work", "work", "handing out"]
    off = seconds()
    off.iloc[0, 0] *= 1.1
    assert growth(off.iloc[[0, 1]])["largest distance"].max() < 1e-9, "two points are on their line"
    off.loc[("replications", 1, 200), :] = [0.5 + 0.2 * 200, 3]
    assert growth(off.sort_index())["largest distance"].max() > 0.01


def test_seconds_that_do_not_grow_are_refused() -> None:
    from research.cost_of_replications.reproduce import growth

    with pytest.raises(DataError, match=r"replications with 2 workers: .*Give sizes further apart"):
        growth(seconds(two=-0.001))


def test_words_are_those_of_the_tables() -> None:
    from research.cost_of_replications.reproduce import growth, plan
    from research.cost_of_replications.words import words

    table = seconds()
    said = words(table, growth(table), plan(growth(table)))
    assert "takes 0.2 s of one core, and 0.22 s where 2 are at work side by side; 0.5 s go before" in said
    assert "through 100 to 300 replications (the fastest of 3 rounds)" in said
    assert "costs 2 ms, so that more than 110 cores make nothing faster" in said
    assert "| 256 | 0.0557 | 14.3 | handing out |" in said
    off = growth(table).assign(**{"largest distance": 0.11})
    assert words(table, off, plan(off)) == (
        "**Nothing is claimed**: the seconds are up to 11 percent off a line, 10 at most on a machine with nothing "
        "beside the study."
    )
    other = seconds(one=0.4)
    assert "takes 0.4 s of one core" in words(other, growth(other), plan(growth(other)))


def test_the_readme_says_what_its_tables_say() -> None:
    from research.cost_of_replications.reproduce import growth, plan
    from research.cost_of_replications.words import read, rewritten, words

    readme = (STUDY / "README.md").read_text(encoding="utf-8")
    if not (STUDY / "measured.csv").exists():
        assert "Nothing is claimed yet" in readme
        assert "| cores |" not in readme
        return
    tables = read(STUDY)
    assert words(**tables) in readme
    assert rewritten(readme, STUDY) == readme
    lines = growth(tables["measured"])
    np.testing.assert_allclose(lines["each"], tables["growth"]["each"], rtol=2e-3)  # four digits are written
    np.testing.assert_allclose(plan(lines)["hours"], tables["plan"]["hours"], rtol=2e-3)
    assert list(tables["plan"].index) == [1, 16, 256]


def test_it_runs_to_its_end(tmp_path: Path) -> None:
    """Two small sizes in one process; the README is written where there is one."""
    from research.cost_of_replications.words import read, words

    (tmp_path / "README.md").write_text("before\n<!-- from the tables -->\nold\n<!-- end -->\nafter\n")
    options = ["--sizes", "99", "198", "--empty", "50", "400", "--workers", "1", "--rounds", "1", "--out"]
    command = [sys.executable, "-m", "research.cost_of_replications.reproduce", *options, tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    tables = read(tmp_path)
    assert readme == f"before\n<!-- from the tables -->\n\n{words(**tables)}\n\n<!-- end -->\nafter\n"
    assert tables["measured"].index.droplevel("number").unique().tolist() == [
        ("replications", 1),
        ("tasks handed out", 2),
    ]
    assert (tables["plan"]["hours"] > 0).all()
