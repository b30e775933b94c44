"""No module of a package imports, by whatever way, one that imports it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

Graph = dict[str, set[str]]


def modules(folder: Path, package: str) -> dict[str, Path]:
    """Files of a package by the name of their module; ``__init__`` under the name of the package."""
    out = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        out[".".join((package, *(part for part in parts if part != "__init__")))] = path
    return out


def targets(node: ast.AST, module: str, *, is_package: bool) -> Iterator[tuple[str, str | None]]:
    """Pairs (module, name taken from it or None) of one import statement, relative ones made absolute."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, None) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            up = module.split(".")[: len(module.split(".")) - node.level + is_package]
            base = ".".join([*up, *([node.module] if node.module else [])])
        yield from ((base, alias.name) for alias in node.names)


def import_graph(folder: Path, package: str) -> Graph:
    """Who imports whom: at the top, inside functions and for types alone; a name that is a module is that module."""
    files = modules(folder, package)
    graph: Graph = {name: set() for name in files}
    for name, path in files.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for base, taken in targets(node, name, is_package=path.name == "__init__.py"):
                inside = f"{base}.{taken}"
                found = inside if taken is not None and inside in files else base
                if found in files:
                    graph[name].add(found)
    return graph


def cycles(graph: Graph) -> list[list[str]]:
    """Strongly connected components of more than one module, and modules that import themselves (Tarjan 1972)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in order:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], order[other])
        if low[node] == order[node]:
            component = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(component) > 1 or node in graph[node]:
                found.append(sorted(component))

    for node in graph:
        if node not in order:
            visit(node)
    return found


@pytest.mark.parametrize("room", ["leads", "rstar", "statespace", "data", "smallcaps", "markets"])
def test_no_cycle(room: str) -> None:
    graph = import_graph(ROOT / "models" / "capstar" / room, f"capstar.{room}")
    assert len(graph) >= 8
    assert sum(map(len, graph.values())) > len(graph)
    assert cycles(graph) == []


MADE_UP = {
    "at the top": ("import p.b", "import p.a"),
    "inside a function": ("from p import b", "def f():\n    from p.a import x"),
    "for types alone": (
        "from p.b import x",
        "import typing\nif typing.TYPE_CHECKING:\n    from p.a import x",
    ),
    "relative": ("from . import b", "from .a import x"),
    "one line, many names": ("from p import q, b", "import os, p.a"),
}


@pytest.mark.parametrize("sources", MADE_UP.values(), ids=MADE_UP)
def test_a_cycle_of_two_is_found(sources: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "a.py").write_text(sources[0])
    (tmp_path / "b.py").write_text(sources[1])
    assert cycles(import_graph(tmp_path, "p")) == [["p.a", "p.b"]]


def test_a_module_below_may_not_import_its_package(tmp_path: Path) -> None:
    (tmp_path / "q").mkdir()
    (tmp_path / "__init__.py").write_text("from p.q import c")
    (tmp_path / "q" / "__init__.py").write_text("from p.q.c import x")
    (tmp_path / "q" / "c.py").write_text("from p.q.d import y\nx = y")
    (tmp_path / "q" / "d.py").write_text("y = 1")
    assert cycles(import_graph(tmp_path, "p")) == []
    (tmp_path / "q" / "d.py").write_text("from .. import z")
    assert cycles(import_graph(tmp_path, "p")) == [["p", "p.q.c", "p.q.d"]]
    (tmp_path / "q" / "d.py").write_text("import p.q.d")
    assert cycles(import_graph(tmp_path, "p")) == [["p.q.d"]]
