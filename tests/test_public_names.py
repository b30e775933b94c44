"""Completion shows public names alone: those a room lists."""

from __future__ import annotations

import importlib

import pytest

import capstar


@pytest.mark.parametrize("room", ["", *(f".{name}" for name in capstar.__all__), ".reporting"])
def test_a_room_shows_its_public_names(room: str) -> None:
    module = importlib.import_module(f"capstar{room}")
    assert dir(module) == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
