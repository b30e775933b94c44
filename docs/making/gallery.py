"""The gallery: the figure of every result, and the code that made it, read from the file that ran."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from making.names import ROOMS, room_names

if TYPE_CHECKING:
    from capstar.reporting import Result

TITLES = {
    "rstar": "Natural rates", "trend_var": "Trend VARs", "leads": "Does one series lead another",
    "statespace": "State-space models", "markets": "States of a market", "smallcaps": "Small-cap indices",
    "data": "Vintages and published estimates", "study": "The study",
}  # fmt: skip
_INDEX = """# Gallery

The figure of every result: `result.plot()`. The code shown is the code that ran; the tests run it again and hold the
figures against what was looked at.

::::{{grid}} 1 2 3 3
:gutter: 3
{grid}
::::

```{{toctree}}
:hidden:

{listed}
```
"""


def modules() -> dict[str, ModuleType]:
    """The files of examples, in the order of `TITLES`, others last."""
    import result_examples

    names = [one.name for one in pkgutil.iter_modules(result_examples.__path__)]
    names.sort(key=lambda name: (*TITLES, name).index(name))
    return {name: importlib.import_module(f"result_examples.{name}") for name in names}


def shown_code(module: ModuleType) -> tuple[str, dict[str, str]]:
    """Imports and constants of a file of examples, and the code of each by the class it is of, helpers included."""
    source = inspect.getsource(module)
    tree = ast.parse(source)
    held = next(node for node in tree.body if _target(node) == "EXAMPLES")
    assert isinstance(held, ast.AnnAssign)
    assert isinstance(held.value, ast.Dict)
    helpers = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    others = [node for node in tree.body if node is not held and node not in helpers.values()]
    made = {}
    for key, value in zip(held.value.keys, held.value.values, strict=True):
        assert key is not None
        used = [
            _with_decorators(source, helpers[name]) for name in helpers if name in _reached(value, helpers)
        ]
        call = _called(ast.get_source_segment(source, value) or "")
        made[ast.unparse(key).split(".")[-1]] = "\n\n\n".join([*used, call])
    return "\n".join(ast.get_source_segment(source, node) or "" for node in others[2:]), made


def _reached(node: ast.AST, helpers: dict[str, ast.stmt]) -> set[str]:
    """Helpers that a piece of code calls, and those that they call."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        names = {one.id for one in ast.walk(waiting.pop()) if isinstance(one, ast.Name)} & set(helpers)
        waiting += [helpers[name] for name in names - found]
        found |= names
    return found


def _with_decorators(source: str, node: ast.FunctionDef | ast.ClassDef) -> str:
    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])


def _target(node: ast.stmt) -> str:
    return node.target.id if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) else ""


def _called(text: str) -> str:
    """``name`` as a call, and of ``lambda: x`` the x."""
    text = re.sub(r"^cache\((.*)\)$", r"\1", text, flags=re.DOTALL)
    if not text.startswith("lambda"):
        return f"result = {text}()\nresult.plot()"
    body = inspect.cleandoc(text.partition(":")[2].strip())
    return f"result = {body}\nresult.plot()"


def page_of(kind: type[Result]) -> str:
    """The full public name of a class, or nothing."""
    for room in ROOMS:
        if getattr(
            module := importlib.import_module(room), kind.__name__, None
        ) is kind and kind.__name__ in room_names(module):
            return f"{room}.{kind.__name__}"
    return ""


def draw(examples: dict[type[Result], Callable[[], Result]], folder: Path) -> dict[str, str]:
    """Write each figure to a folder; the name of each class and the title of its result."""
    import pytest

    titles = {}
    for kind, make in examples.items():
        try:
            result = make()
        except pytest.skip.Exception:  # its data are absent here
            continue
        result.plot().savefig(folder / f"{kind.__qualname__}.png", dpi=110)
        titles[kind.__qualname__] = result.title
    return titles


def gallery_pages(folder: Path) -> dict[str, str]:
    """Text by path; figures are written to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    out, cards = {}, []
    for name, module in modules().items():
        if not (titles := draw(module.EXAMPLES, folder)):
            continue
        title = TITLES.get(name, name)
        out[f"gallery/{name}.md"] = room_gallery(title, module, titles)
        first = next(iter(titles))
        cards.append(f":::{{grid-item-card}} {title}\n:link: {name}\n:link-type: doc\n:img-top: figures/{first}.png\n"
                     f":img-alt: {title}\n{len(titles)} figure{'s' * (len(titles) > 1)}\n:::")  # fmt: skip
    out["gallery/index.md"] = _INDEX.format(
        grid="\n".join(cards), listed="\n".join(Path(path).stem for path in out)
    )
    return out


def room_gallery(title: str, module: ModuleType, titles: dict[str, str]) -> str:
    """One page: what the examples share, then figure and code of each."""
    shared, made = shown_code(module)
    kinds = {kind.__qualname__: kind for kind in module.EXAMPLES}
    parts = [f"# {title}", f":::{{dropdown}} Imports of the examples below\n```python\n{shared}\n```\n:::"]
    for name, said in titles.items():
        where = page_of(kinds[name])
        parts.append(f"## {name}")
        parts.append(f"![{name}: {_plain(said)}](figures/{name}.png)")
        if where:
            parts.append(f"{{py:class}}`{where}`")
        parts.append(f"```python\n{made[name]}\n```")
    return "\n\n".join(parts) + "\n"


def _plain(text: str) -> str:
    return re.sub(r"[\[\]*_`<>]", "", text)
