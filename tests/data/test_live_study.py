"""The study of live data, end to end over loopback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from data.live import serve_all

from capstar import data
from capstar.study import study_data
from capstar.study.choice import choose


@pytest.fixture
def live(server, reference):
    serve_all(server, reference)
    return server


def test_fred_needs_nothing_else(live) -> None:
    with pytest.warns(data.store.download.DataWarning if False else UserWarning) as told:
        tables = study_data("fred")
    for one in told: print(one.message)
    for name, t in tables.items(): print(name, t.shape, t.index[0], t.index[-1], list(t.columns)[:8])
    c = choose("all", tables); print(c.main.name, [o.name for o in c.others], c.reason, c.left_out)
