"""Completion shows public names alone: those a room lists."""

from __future__ import annotations

import importlib

import pytest

import capstar

ROOMS = [name for name in capstar.__all__ if name != "parallel"]  # which is a function of capstar.tasks


@pytest.mark.parametrize("room", ["", *(f".{name}" for name in ROOMS), ".reporting", ".tasks"])
def test_a_room_shows_its_public_names(room: str) -> None:
    module = importlib.import_module(f"capstar{room}")
    assert dir(module) == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
