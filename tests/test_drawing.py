"""Figures are drawn in the room of figures alone; elsewhere a method hands over frames and texts."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from conftest import ROOT

LIBRARY = ROOT / "models" / "capstar"
PLOTTING = LIBRARY / "plotting"
WRITING = {"require_format", "save", "save_all"}
METHODS = {
    *("add_axes", "add_subplot", "annotate", "axhline", "axhspan", "axvline", "axvspan", "errorbar"),
    *("fill_between", "imshow", "legend", "savefig", "scatter", "subplots", "suptitle", "tick_params"),
    *("set_title", "set_visible", "supxlabel", "supylabel"),
    *(f"set_{axis}{what}" for axis in "xy" for what in ("label", "lim", "scale", "ticks", "ticklabels")),
}  # of axes and figures, and of nothing else the library calls


def drawing(source: str) -> list[str]:
    """What in a module draws: imports of matplotlib or of more than whole figures, and calls on axes."""
    return [f"{node.lineno}: {said}" for node in executed(ast.parse(source)) for said in reasons(node)]


def executed(tree: ast.AST) -> Iterator[ast.stmt | ast.expr]:
    """Every statement and expression but those for type checkers alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from executed(ast.Module(node.orelse, []))
            continue
        if isinstance(node, ast.stmt | ast.expr):
            yield node
        yield from executed(node)


def reasons(node: ast.AST) -> Iterator[str]:
    """Why one statement or expression draws."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
        yield from (f"import {name}" for name in names if name.startswith(("matplotlib", "capstar.plotting")))
    elif isinstance(node, ast.ImportFrom):
        yield from taken(node.module or "", [alias.name for alias in node.names])
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        # Results have a method plot too, which takes at most one thing by position; axes take x and y.
        if node.func.attr in METHODS or (node.func.attr == "plot" and len(node.args) > 1):
            yield f".{node.func.attr}(...)"
    elif isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith(".plot"):  # of pandas
        yield f".plot.{node.attr}"


def taken(module: str, names: list[str]) -> Iterator[str]:
    """Names that only the room of figures may take: of matplotlib all, of plotting all but whole figures."""
    for name in names:
        whole = name.startswith("plot_") or name in WRITING
        inside = module.startswith("capstar.plotting") and not whole
        if module.startswith("matplotlib") or inside or (module, name) == ("capstar", "plotting"):
            yield f"from {module} import {name}"


def test_nothing_is_drawn_outside_plotting() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{said}"
        for path in LIBRARY.rglob("*.py")
        if PLOTTING not in path.parents
        for said in drawing(path.read_text(encoding="utf-8"))
    }
    assert not found, f"drawn outside capstar.plotting: {sorted(found)}; move it to a function there."


def test_what_draws_is_found_where_it_is() -> None:
    """The rule sees every file of plotting."""
    innocent = {p.name for p in PLOTTING.glob("*.py") if not drawing(p.read_text(encoding="utf-8"))}
    assert innocent == {"__init__.py"}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import matplotlib.pyplot as plt", ["1: import matplotlib.pyplot"]),
        (
            "def plot():\n    from matplotlib.figure import Figure",
            ["2: from matplotlib.figure import Figure"],
        ),
        (
            "from capstar.plotting.figures import Chart, dress",
            [
                "1: from capstar.plotting.figures import Chart",
                "1: from capstar.plotting.figures import dress",
            ],
        ),
        ("from capstar import plotting", ["1: from capstar import plotting"]),
        ("from capstar.plotting import figures", ["1: from capstar.plotting import figures"]),
        ("figure.axes[0].set_title('r*')", ["1: .set_title(...)"]),
        ("ax.plot(x, y)\nax.legend()", ["1: .plot(...)", "2: .legend(...)"]),
        ("self.table.plot.line()", ["1: .plot.line"]),
        (
            "if TYPE_CHECKING:\n    pass\nelse:\n    import matplotlib",
            ["4: import matplotlib"],
        ),
    ],
)
def test_drawing_in_a_made_up_module_is_found(source: str, found: list[str]) -> None:
    assert drawing(source) == found


def test_asking_for_a_figure_is_not_drawing() -> None:
    source = """
if TYPE_CHECKING:
    from matplotlib.figure import Figure

class Results:
    def plot(self, final=None) -> Figure:
        from capstar.plotting import save
        from capstar.plotting.leads import plot_lead

        save(self.projections.plot(), "projections.png")
        return plot_lead(self.table, title=legend(self.known.plot(final)))
"""
    assert drawing(source) == []
