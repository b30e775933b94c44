"""One model on many tables: each as alone, whatever the number of workers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar import data, rstar
from capstar.errors import DataError

ENDS = ("2003Q4", "2005Q4", "2009Q3")


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return {f"to {end}": data.us_macro()[:end] for end in ENDS}


@pytest.mark.parametrize("n_workers", [1, 2])
def test_each_is_what_its_table_gives_alone(tables, n_workers: int) -> None:
    many = rstar.fit_many(rstar.HLW2017, tables, n_workers=n_workers, progress=False)
    assert list(many.estimates) == list(tables)
    for label, table in tables.items():
        alone = rstar.HLW2017.fit(table, n_starts=1, progress=False)
        np.testing.assert_array_equal(many.estimates[label].rstar.filtered, alone.rstar.filtered)
        np.testing.assert_array_equal(many.estimates[label].params, alone.params)
        assert many.to_frame().loc[label, "rstar"] == alone.rstar.filtered.iloc[-1]
        assert many.to_frame().loc[label, "gap"] == alone.gap("filtered").iloc[-1]


def test_a_table_that_cannot_be_used_is_told(tables) -> None:
    short = tables["to 2003Q4"][:"1964Q4"]
    many = rstar.fit_many(rstar.HLW2017, {**tables, "short": short}, progress=False)
    assert len(many.estimates) == len(tables)
    assert "Give a longer sample" in many.failed["short"]
    assert any(note.startswith("short: ") for note in many.notes())
    with pytest.raises(DataError, match="Give a longer sample"):
        rstar.fit_many(rstar.HLW2017, [short], progress=False)


def test_no_table() -> None:
    with pytest.raises(DataError, match="There is no table"):
        rstar.fit_many(rstar.HLW2017, [], progress=False)


def test_options_of_the_model(tables) -> None:
    held = {"lambda_g": 0.05, "lambda_z": 0.02}
    many = rstar.fit_many(rstar.HLW2017, tables.values(), fixed=held, end="2003Q4", progress=False)
    assert list(many.estimates) == [0, 1, 2]
    assert many.to_frame()["lambda_g"].eq(0.05).all()
    assert many.to_frame()["end"].eq("2003Q4").all()
