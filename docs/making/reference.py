"""The reference: a page a room, a page a name, from ``__all__`` and the docstrings."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

from making.names import ROOMS, room_names

KINDS = ("Classes", "Functions", "Models and constants")


def kind(thing: Any) -> str:
    """Heading under which a name is listed."""
    if inspect.isclass(thing):
        return KINDS[0]
    return KINDS[1] if callable(thing) and hasattr(thing, "__name__") else KINDS[2]


def room_page(room: str) -> str:
    """MyST of a room: its docstring, and its names by kind, each with a page."""
    module = importlib.import_module(room)
    out = [f"# {ROOMS[room]}: `{room}`", _rst(f".. automodule:: {room}\n   :no-members:")]
    by_kind: dict[str, list[str]] = {one: [] for one in KINDS}
    also = []
    for name in room_names(module):
        if (home := home_of(name, getattr(module, name), room)) == room:
            by_kind[kind(getattr(module, name))].append(name)
        else:
            also.append(
                f".. py:currentmodule:: {room}\n\n.. py:class:: {name}\n\n   The same as :class:`{home}.{name}`."
            )
    for heading, names in by_kind.items():
        if names:
            rows = "\n".join(f"   {name}" for name in sorted(names, key=str.lower))
            table = f".. currentmodule:: {room}\n\n.. autosummary::\n   :toctree: api\n   :nosignatures:\n\n{rows}"
            out += [f"## {heading}", _rst(table)]
    if also:
        out += ["## From another room", _rst("\n\n".join(also))]
    return "\n\n".join(out) + "\n"


def home_of(name: str, thing: Any, room: str) -> str:
    """The room where a class that several rooms list has its page: the one that defines it."""
    if not inspect.isclass(thing):
        return room
    rooms = [one for one in ROOMS if getattr(importlib.import_module(one), name, None) is thing]
    listed = [one for one in rooms if name in room_names(importlib.import_module(one))]
    defined = [one for one in listed if one != "capstar" and thing.__module__.startswith(one)]
    return (defined or listed or [room])[0]


def index_page() -> str:
    """MyST of the list of rooms."""
    rows = "\n".join(room for room in ROOMS)
    return (
        "# Reference\n\nEvery public name, from its docstring. In Python the same is `help(name)`.\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{rows}\n../command_line\n```\n"
    )


def reference_pages() -> dict[str, str]:
    """Text by path."""
    return {"reference/index.md": index_page()} | {f"reference/{room}.md": room_page(room) for room in ROOMS}


def _rst(text: str) -> str:
    return f"```{{eval-rst}}\n{text}\n```"
