"""Completion shows public names alone: those a room lists."""

from __future__ import annotations

import importlib
import inspect

import pytest

import capstar

ROOMS = [f".{name}" for name in capstar.__all__ if inspect.ismodule(getattr(capstar, name))]


def test_names_of_the_package_come_all_at_once() -> None:
    names: dict[str, object] = {}
    exec("from capstar import *", names)
    assert set(capstar.__all__) <= set(names)
    assert len(ROOMS) == 8


@pytest.mark.parametrize("room", ["", *ROOMS, ".reporting", ".tasks"])
def test_a_room_shows_its_public_names(room: str) -> None:
    module = importlib.import_module(f"capstar{room}")
    assert dir(module) == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
