"""One example of each class of results, a file a room: ``EXAMPLES`` maps the class to what makes it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from capstar.reporting import Result


def every_example() -> dict[type[Result], Callable[[], Result]]:
    """Of all rooms."""
    out: dict[type[Result], Callable[[], Result]] = {}
    for found in pkgutil.iter_modules(__path__, f"{__name__}."):
        out |= importlib.import_module(found.name).EXAMPLES
    return out
