"""What tests of the lead laboratory share."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

Sample = tuple[pd.Series, pd.DataFrame]


@pytest.fixture(scope="session")
def golden_sample(reference, golden) -> Callable[[str], Sample]:
    """Returns and a table of predictors by the name of the data of ``golden/tests2``, on row numbers from 1."""

    def read(name: str) -> Sample:
        if name.startswith("sim"):
            table, response = pd.read_csv(golden(f"tests2/{name}.csv")), "y"
        else:
            path = reference(f"predictability/kms2015/{name.removeprefix('kms_')}.csv")
            table, response = pd.read_csv(path).drop(columns="date"), "ret"
        table.index += 1
        return table[response], table

    return read
