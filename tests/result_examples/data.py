"""Vintages of output and the New York Fed's estimates, from the reference files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
from conftest import REFERENCE, _existing
from data.books import lw_book

from capstar.data import PublishedEstimates, Vintages, current_estimates, real_time_matrix
from capstar.reporting import Result


def _reference(name: str) -> Path:
    return _existing(REFERENCE / name)


@cache
def vintages() -> Vintages:
    table = pd.read_csv(_reference("vintages/real_gdp.csv"), index_col=0).iloc[-60:, -24:]
    table.columns = [f"ROUTPUT{quarter[2:]}" for quarter in table.columns]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ROUTPUTQvQd.csv"
        table.rename_axis("DATE").to_csv(path)
        return real_time_matrix("ROUTPUT", path)


@cache
def published() -> PublishedEstimates:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lw.xlsx"
        path.write_bytes(lw_book(_reference, old=False))
        return current_estimates("lw", path=path)


EXAMPLES: dict[type[Result], Callable[[], Result]] = {Vintages: vintages, PublishedEstimates: published}
