"""The examples in the docstrings run and show what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import numpy as np
import pandas as pd
import pytest

import capstar.reporting
import capstar.statespace
import capstar.statespace.bayes

MODULES = ["capstar.frames", "capstar.rstar.from_spec"] + [
    info.name
    for room in (capstar.statespace, capstar.statespace.bayes, capstar.reporting)
    for info in pkgutil.iter_modules(room.__path__, f"{room.__name__}.")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)  # for the examples that write a file
    names = vars(importlib.import_module("capstar.statespace")) | {"np": np, "pd": pd}
    done = doctest.testmod(importlib.import_module(name), extraglobs=names)
    assert done.failed == 0


@pytest.mark.parametrize(
    "name",
    [
        "Between", "Change", "Forecast", "InitialState", "News", "Normal", "StateSpaceResults",
        "Stationary", "SumBelow", "decompose_change", "explain_revisions", "fit", "posterior",
        "simulate_sample", "start_from",
    ],
)  # fmt: skip
def test_what_a_user_calls_has_an_example(name: str) -> None:
    assert ">>> " in getattr(capstar.statespace, name).__doc__
