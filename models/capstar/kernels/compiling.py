"""How every kernel is compiled: the one place for numba's options and for its cache on disk."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numba

from capstar.errors import CacheWarning

_njit: Any = numba.njit  # its stubs leave out half of the options
_config: Any = numba.config
UNCOMPILED = bool(_config.DISABLE_JIT)
# Kernels write into arrays they are given and make none, so they need no reference counting.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True, "_nrt": False, "no_cfunc_wrapper": True}


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function that Python calls; the machine code is kept on disk for the next process.

    Warns
    -----
    CacheWarning
        No directory for it can be written to; the function is then compiled in every process.
    """
    return cached(function, **_OPTIONS)


def step(function: Callable[..., Any]) -> Any:
    """Compile a function that several kernels call; its code is merged into theirs, in another file with `digest`."""
    return _njit(function, forceinline=True, no_cpython_wrapper=True, **_OPTIONS)


def part(function: Callable[..., Any]) -> Any:
    """Part of a single kernel of the same file, written apart for the reader."""
    return _njit(function, inline="always", no_cpython_wrapper=True, **_OPTIONS)


def inner(function: Callable[..., Any]) -> Any:
    """Compile a function that makes arrays, or that calls one, and that only others of the same file call."""
    return _njit(function, error_model="numpy", nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def allocating(function: Callable[..., Any]) -> Any:
    """Compile a function that makes arrays, or draws from a NumPy generator, and is called by others of its file."""
    return cached(function, error_model="numpy", nogil=True)


def digest(*modules: ModuleType) -> int:
    """Of files whose code is merged into another's; numba's cache notices no edit of them unless this is part of it."""
    text = b"".join(Path(str(module.__file__)).read_bytes() for module in modules)
    return int.from_bytes(hashlib.sha256(text).digest()[:6], "big")


def cached(function: Callable[..., Any], **options: Any) -> Any:
    """Compile with the options given, and with a cache on disk where there is a place for it."""
    try:
        return _njit(function, cache=True, **options)
    except RuntimeError as error:  # numba found no directory it can write to
        if "no locator available" not in str(error):
            raise
        _say_once()
        return _njit(function, **options)


@cache
def _say_once() -> None:
    tried = (
        f"NUMBA_CACHE_DIR={_config.CACHE_DIR}" if _config.CACHE_DIR else "the package's and the user's cache"
    )
    warnings.warn(
        f"Compiled code cannot be kept: no directory for it can be written to (tried {tried}). Every new process "
        "compiles again, which takes some seconds. Set the environment variable NUMBA_CACHE_DIR to a directory that "
        "can be written to.",
        CacheWarning,
        stacklevel=2,
    )
