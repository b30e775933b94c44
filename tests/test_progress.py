"""Progress: a bar in a terminal and a notebook, a line a long stage elsewhere, nothing of what is short."""

from __future__ import annotations

import importlib
import inspect
import logging
import os
import pty
import subprocess
import sys

import nbformat
import pytest
from running_notebooks import execute

from capstar.progress import Bar, Lines, reporting
from capstar.tasks import run_tasks

LONG = """
from capstar.progress import Bar, Lines, reporting
with Bar(patience=0.0) as bar:  # drawn at once
    bar.timer.join()
    bar("Estimating stage 3", 0.0)
    bar("Estimating stage 3", 0.5)
with reporting(True) as tell:
    print(type(tell).__name__)
    tell("A short stage", 0.0)
    tell("A short stage", 1.0)
"""


def in_a_terminal(code: str, **environment: str) -> str:
    """What a terminal shows of a program, output and errors."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=theirs, stderr=theirs, env=os.environ | environment
    )
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 4096):
            said += piece
    except OSError:  # Linux says so when the last writer is gone
        pass
    os.close(ours)
    assert process.wait() == 0, said.decode()
    return said.decode()


def in_a_notebook(code: str) -> tuple[str, str, bool]:
    """Standard output, standard error and whether a widget was shown."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    outputs = execute(book).cells[0].outputs
    text = {
        name: "".join(one["text"] for one in outputs if one.get("name") == name)
        for name in ("stdout", "stderr")
    }
    shown = any("application/vnd.jupyter.widget-view+json" in one.get("data", {}) for one in outputs)
    return text["stdout"], text["stderr"], shown


def test_a_terminal_shows_a_bar_of_what_is_long_and_takes_it_away() -> None:
    said = in_a_terminal(LONG, TERM="xterm-256color")
    bar, short = said.split("Bar\r\n")
    assert "Estimating stage 3" in bar
    assert "━" in bar
    assert bar.rstrip("\r").endswith("\x1b[2K"), "the last thing written of a bar is that its line is erased"
    assert short == ""


def test_a_terminal_that_cannot_redraw_gets_lines() -> None:
    assert in_a_terminal(
        "from capstar.progress import reporting\nwith reporting(True) as t: print(type(t).__name__)",
        TERM="dumb",
    ).startswith("Lines")


def test_a_pipe_gets_lines_even_where_colour_is_forced() -> None:
    code = "from capstar.progress import reporting\nwith reporting(True) as t: print(type(t).__name__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"FORCE_COLOR": "1", "TERM": "xterm"},
    )
    assert (done.stdout, done.stderr) == ("Lines\n", "")


def test_a_notebook_shows_a_widget() -> None:
    said, errors, shown = in_a_notebook(LONG)
    assert said.strip() == "Bar"
    assert errors == ""
    assert shown


def test_a_notebook_without_widgets_gets_lines_and_no_warning() -> None:
    """ipywidgets is in the extra ``lab``; None in ``sys.modules`` is how Python marks what cannot be imported."""
    code = """
import sys
sys.modules["ipywidgets"] = None
from capstar.progress import Lines, reporting
with reporting(True) as tell:
    assert type(tell) is Lines
    lines = Lines(patience=-1.0)
    lines("Estimating stage 3", 0.0)
    lines("Estimating stage 3", 1.0)
"""
    assert in_a_notebook(code) == ("", "capstar: Estimating stage 3, 0 s\n", False)


@pytest.fixture
def lines() -> tuple[Lines, list[float]]:
    """Lines whose clock shows the last time of a list."""
    times = [0.0]
    return Lines(clock=lambda: times[-1]), times


def test_a_line_for_each_stage_that_took_over_two_seconds(lines, capsys: pytest.CaptureFixture[str]) -> None:
    tell, times = lines
    for stage, begins, ends in (("short", 0.0, 2.0), ("long", 2.0, 4.5), ("short", 100.0, 101.0)):
        times.append(begins)
        tell(stage, 0.0)
        times.append((begins + ends) / 2)
        tell(stage, 0.5)
        times.append(ends)
        tell(stage, 1.0)
    assert capsys.readouterr() == ("", "capstar: long, 2 s\n")


def test_stages_within_stages(lines, capsys: pytest.CaptureFixture[str]) -> None:
    tell, times = lines
    tell("study", 0.0)
    tell("bootstrap", 0.0)
    times.append(3.0)
    tell("bootstrap", 1.0)
    times.append(10.0)
    tell("study", 1.0)
    assert capsys.readouterr().err == "capstar: bootstrap, 3 s\ncapstar: study, 10 s\n"


def test_a_bar_that_was_never_due_draws_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Bar(patience=3600.0) as bar:
        bar("stage", 0.0)
        bar("stage", 1.0)
    bar.timer.join()
    assert bar.drawn is None
    assert capsys.readouterr() == ("", "")


def test_a_bar_goes_when_the_task_fails() -> None:
    said = in_a_terminal(
        """
from capstar.progress import Bar
try:
    with Bar(patience=0.0) as bar:
        bar.timer.join()
        bar("Estimating stage 3", 0.5)
        raise ZeroDivisionError
except ZeroDivisionError:
    print(bar.drawn)
""",
        TERM="xterm-256color",
    )
    assert "Estimating stage 3" in said
    assert said.endswith("\x1b[2KNone\r\n")


def test_false_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting(False) as tell:
        tell("stage", 0.5)
    assert capsys.readouterr() == ("", "")


def test_what_a_function_is_told() -> None:
    told: list[tuple[str, float]] = []
    with reporting(lambda stage, share: told.append((stage, share))) as tell:
        run_tasks(abs, [1, 2], stage="inner", progress=tell)
        tell("outer", 1.0)
    assert told == [("inner", 0.0), ("inner", 0.5), ("inner", 1.0), ("outer", 1.0)]


def test_stages_are_logged_where_a_program_asks(caplog: pytest.LogCaptureFixture) -> None:
    """Those of the outermost task, each once, though progress is off and tasks are nested."""
    with caplog.at_level(logging.INFO, "capstar"), reporting(False) as tell:
        run_tasks(abs, [1, 2], stage="inner", progress=tell)
        run_tasks(abs, [1, 2], stage="silent", progress=False)
        tell("outer", 0.0)
        tell("outer", 1.0)
    found = [(one.name, one.getMessage().partition(":")[0]) for one in caplog.records]
    assert found == [("capstar.progress", "inner"), ("capstar.progress", "outer")]


def test_nothing_is_logged_by_default() -> None:
    code = "import capstar, logging; from capstar.progress import reporting\nwith reporting(False) as t: t('a', 1.0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
    assert any(isinstance(one, logging.NullHandler) for one in logging.getLogger("capstar").handlers)


def long_calls() -> dict[str, inspect.Signature]:
    """Public functions and methods that draw, replicate, or use processes."""
    out = {}
    for room in ("data", "leads", "markets", "rstar", "smallcaps", "statespace", "study"):
        module = importlib.import_module(f"capstar.{room}")
        for name in module.__all__:
            one = getattr(module, name)
            own = vars(one) if inspect.isclass(one) else {}
            named = {name: one} | {f"{name}.{key}": value for key, value in own.items() if key[0] != "_"}
            for path, call in named.items():
                if inspect.isfunction(call):
                    out[f"{room}.{path}"] = inspect.signature(call)
    return out


def test_long_calls_show_progress_by_default() -> None:
    """All that take replications, draws or processes; but for those that take about a second at most."""
    calls = long_calls()
    shown = {
        name: one.parameters["progress"].default
        for name, one in calls.items()
        if "progress" in one.parameters
    }
    assert {name for name, default in shown.items() if default is not True} == set()
    assert len(shown) > 30
    many = {"n_replications", "n_draws", "n_workers", "n_starts"}
    assert {name for name, one in calls.items() if many & set(one.parameters)} - set(shown) == {
        "leads.break_test", "leads.confidence_set", "leads.incremental_test", "leads.maximum_adjusted_mspe",
        "leads.multi_horizon_ability",
        "leads.superior_ability", "rstar.draw_parameters", "statespace.simulate_states", "study.lead_the_economy",
    }  # fmt: skip
