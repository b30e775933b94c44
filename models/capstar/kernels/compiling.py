"""How every kernel is compiled: one place for numba's options and for its cache on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

_OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True, "_nrt": False}
_INNER: dict[str, Any] = {**_OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def kernel(function: Callable[..., Any]) -> Any:
    return njit(function, cache=True, no_cfunc_wrapper=True, **_OPTIONS)


def step(function: Callable[..., Any]) -> Any:
    return njit(function, forceinline=True, **_INNER)


def part(function: Callable[..., Any]) -> Any:
    return njit(function, inline="always", **_INNER)
