"""The public names of the library, by room."""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType
from typing import Any

ROOMS = {
    "capstar": "The package",
    "capstar.rstar": "Natural rates",
    "capstar.statespace": "State-space models",
    "capstar.leads": "Does one series lead another",
    "capstar.markets": "States of a market",
    "capstar.markets.fx": "Exchange rates",
    "capstar.smallcaps": "Small-cap indices",
    "capstar.data": "Data",
    "capstar.study": "The study",
    "capstar.plotting": "Figures",
    "capstar.reporting": "Results on paper",
    "capstar.tasks": "Long work",
    "capstar.errors": "Errors and warnings",
}


def room_names(module: ModuleType) -> list[str]:
    """Of ``__all__``, rooms left out; without one, the classes and functions that the module defines."""
    listed = getattr(module, "__all__", None)
    if listed is None:
        return [name for name, one in vars(module).items() if name[0] != "_" and _is_own(one, module)]
    return [name for name in listed if not inspect.ismodule(getattr(module, name))]


def _is_own(one: Any, module: ModuleType) -> bool:
    return (inspect.isclass(one) or inspect.isfunction(one)) and one.__module__ == module.__name__


def public_names() -> list[str]:
    """All of them, with the room before each."""
    return [f"{room}.{name}" for room in ROOMS for name in room_names(importlib.import_module(room))]
