"""Every public result answers alike: one line, HTML, a summary on paper, a frame, a figure in axes of the caller."""

from __future__ import annotations

import importlib
import pkgutil

import pandas as pd
import pytest
from matplotlib.figure import Figure
from result_examples import every_example

import capstar
from capstar.reporting import Result, Summary, results

MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(capstar.__path__, "capstar.")
    if not found.name.startswith("capstar.cli")  # whose main module runs the command line
]

EXAMPLES = every_example()

LIBRARY = [one for one in results() if one.__module__.startswith("capstar.")]


def test_every_result_has_an_example_here() -> None:
    """A class that derives from `Result` is added to tests/result_examples, with the rooms' own data."""
    assert {one.__qualname__ for one in LIBRARY} == {one.__qualname__ for one in EXAMPLES}
    assert len(LIBRARY) >= 20


def test_what_has_a_summary_is_a_result() -> None:
    """No class of the library answers ``summary()`` or ``plot()`` in a manner of its own."""
    for module in MODULES:
        for one in vars(module).values():
            answers = isinstance(one, type) and {"summary", "plot"} & set(vars(one))
            if answers and one.__module__ == module.__name__:
                assert issubclass(one, Result), f"{one} does not derive from Result."


@pytest.fixture(params=LIBRARY, ids=lambda one: one.__qualname__)
def result(request: pytest.FixtureRequest) -> Result:
    made = EXAMPLES[request.param]()
    assert type(made) is request.param
    return made


def test_one_line_about_itself(result: Result) -> None:
    assert len(repr(result).splitlines()) <= 3
    assert type(result).__name__ in repr(result)
    assert str(result) == repr(result)


def test_summary_in_every_form(result: Result) -> None:
    summary = result.summary()
    assert isinstance(summary, Summary)
    assert summary.as_text() == str(summary)
    assert summary.title in summary.as_text()
    assert result._repr_html_() == summary.as_html()
    assert "<table" in summary.as_html()
    assert r"\begin{tabular}" in summary.as_latex()
    assert len(summary.as_csv().splitlines()) > 1


def test_frame(result: Result) -> None:
    frame = result.to_frame()
    assert isinstance(frame, pd.DataFrame)
    assert len(frame)


def test_figure_of_its_own_and_in_the_axes_given(result: Result) -> None:
    assert isinstance(result.plot(), Figure)
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert result.plot(ax=right) is figure
    assert right.has_data()
    assert not left.has_data()
