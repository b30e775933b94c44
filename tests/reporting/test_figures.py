"""Figures are known to pyplot where it can show them, and shown once in a notebook."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from capstar.plotting import save
from capstar.plotting.figures import BLUE, draw_line, dress, panels

MAKE = """
import sys
from capstar.plotting.figures import Chart, new_figure
figure = new_figure(4.0, 3.0)
assert isinstance(figure, Chart)
assert tuple(figure.get_size_inches()) == (4.0, 3.0)
figure.subplots().plot([1, 2], [3, 4])
"""
KNOWN = """
assert plt.get_fignums() == [figure.number]
assert plt.figure(figure.number) is figure
shown = figure._repr_mimebundle_()
assert list(shown) == ["image/png"]
assert shown["image/png"].startswith(b"\\x89PNG")
assert plt.get_fignums() == [], "a notebook would show it a second time"
"""
UNKNOWN = """
assert "matplotlib.pyplot" not in sys.modules
assert figure._repr_mimebundle_()["image/png"].startswith(b"\\x89PNG")
assert "matplotlib.pyplot" not in sys.modules
import matplotlib.pyplot as plt
assert plt.get_fignums() == []
"""
GIVEN = """
import matplotlib.pyplot as plt
from capstar.plotting.figures import panels
own, axes = plt.subplots(1, 2)
figure, drawn = panels(axes[1], 3)
assert figure is own and drawn == [axes[1]]
assert plt.get_fignums() == [own.number]
grid, drawn = panels(None, 3, width=2.0, height=1.0, across=2)
assert len(drawn) == len(grid.axes) == 3
assert tuple(grid.get_size_inches()) == (4.0, 2.0)
"""


NOTEBOOK = "module://matplotlib_inline.backend_inline"


def run(code: str, backend: str = "Agg") -> None:
    """In a process of its own, where pyplot is imported only if the code does."""
    command = [sys.executable, "-c", f"import matplotlib; matplotlib.use({backend!r})\n{code}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_pyplot_knows_a_figure_until_a_notebook_has_shown_it() -> None:
    run("import matplotlib.pyplot as plt" + MAKE + KNOWN, NOTEBOOK)


def test_a_backend_that_shows_nothing_keeps_no_figure() -> None:
    run("import matplotlib.pyplot as plt" + MAKE + "assert plt.get_fignums() == []")


def test_without_pyplot_a_figure_needs_none() -> None:
    run(MAKE + UNKNOWN)


def test_panels_in_the_axes_of_the_caller_and_in_a_grid() -> None:
    run(GIVEN)


@pytest.mark.parametrize("name", ["$x^{$", r"$\frac{1$", "$$", "a $ b $ c", r"\$5 to $6", "$\n^{$"])
def test_a_figure_survives_any_name(tmp_path, name: str) -> None:
    figure, (ax,) = panels(None)
    draw_line(
        ax, pd.Series([1.0, 2.0], pd.period_range("2000Q1", periods=2, freq="Q")), color=BLUE, label=name
    )
    dress(ax, name, name)
    ax.legend()
    ax.set_yscale("log")
    save(figure, tmp_path / "figure.svg")
    assert (tmp_path / "figure.svg").read_text().endswith("</svg>\n")
    assert figure._repr_mimebundle_()["image/png"].startswith(b"\x89PNG")
