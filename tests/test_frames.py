"""The frame convention; bad tables are tested through `fit` in tests/rstar/test_model.py."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError
from capstar.frames import as_quarterly, require_columns, require_complete

QUARTERS = pd.period_range("1999Q3", periods=6, freq="Q", name="date")


@pytest.mark.parametrize(
    "dates",
    [
        QUARTERS.astype(str),
        QUARTERS.astype(str).str.replace("Q", "-Q"),
        QUARTERS.astype(str).str.replace("Q", ":q"),
        QUARTERS.to_timestamp(),
        QUARTERS.to_timestamp(how="end").strftime("%Y-%m-%d"),
        QUARTERS,
    ],
)
def test_every_way_to_write_a_quarter(dates) -> None:
    table = pd.DataFrame({"date": dates, "a": np.arange(6)})
    table.attrs["unit"] = "percent"
    out = as_quarterly(table)
    pd.testing.assert_index_equal(out.index, QUARTERS)
    assert out["a"].dtype == np.float64
    assert out.attrs == {"unit": "percent"}
    pd.testing.assert_frame_equal(as_quarterly(out), out)


def test_the_input_is_left_as_it_was() -> None:
    table = pd.DataFrame({"a": np.arange(6)}, QUARTERS)
    out = as_quarterly(table)
    out.iloc[0] = -1.0
    assert table["a"].iloc[0] == 0


def test_two_dates_in_one_quarter() -> None:
    months = pd.DataFrame({"a": 1.0}, pd.date_range("2000-01-01", periods=12, freq="MS", name="date"))
    with pytest.raises(DataError, match=r"2000Q1 stands twice .* aggregate monthly data"):
        as_quarterly(months, source="m.csv")


def test_checks_name_column_and_date() -> None:
    table = as_quarterly(pd.DataFrame({"a": [1.0, np.nan, 3.0, 4.0, 5.0, 6.0]}, QUARTERS))
    with pytest.raises(DataError, match=r"here: a has no value in 1999Q4 \(1 missing in all\)"):
        require_complete(table, ["a"], source="here")
    with pytest.raises(DataError, match=r"the columns \['b'\] are missing \(for x\); there are \['a'\]"):
        require_columns(table, ["a", "b"], source="here", why="for x")
