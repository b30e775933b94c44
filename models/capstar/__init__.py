"""capstar: small caps and r-star.

Rooms load when first used: ``capstar.rstar`` (natural-rate models), ``capstar.smallcaps`` (the index
calculator), ``capstar.markets`` (states of a market, exchange rates), ``capstar.leads`` (does one series
lead another), ``capstar.data`` (where numbers come from), ``capstar.study`` (the main job),
``capstar.statespace`` (models as equations).  ``capstar.parallel`` takes long work to a cluster, or keeps what is
finished of it; ``capstar.timings()`` measures where the time of a block goes; ``capstar.load()`` reads a saved result.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any

if __name__ != "capstar":
    raise ImportError(f"{__name__} would be a second copy of capstar: write 'import capstar'.")

logging.getLogger("capstar").addHandler(logging.NullHandler())  # quiet unless a program asks for more

__version__ = "0.2.0"
__all__ = [
    "data", "leads", "load", "markets", "parallel", "plotting", "rstar", "smallcaps", "statespace", "study", "timings"
]  # fmt: skip
_FUNCTIONS = {"load": "capstar.reporting.storage", "parallel": "capstar.tasks", "timings": "capstar.timing"}


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONS:
        return getattr(import_module(_FUNCTIONS[name]), name)
    if name in __all__:
        return import_module(f"capstar.{name}")
    raise AttributeError(f"module 'capstar' has no attribute {name!r}; it has {__all__}.")


def __dir__() -> list[str]:
    return __all__
