"""In-sample tests of predictability: one file a test, which registers what it declares."""

from __future__ import annotations

import importlib
import pkgutil


def import_all() -> None:
    """Every file of this folder; each registers its own."""
    for found in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(found.name)
