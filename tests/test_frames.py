"""The frame convention; bad tables are tested through `fit` in tests/rstar/test_model.py."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError
from capstar.frames import (
    as_periods,
    as_quarterly,
    as_yearly,
    require_columns,
    require_complete,
    require_quarters,
)

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
    with pytest.raises(DataError, match=r"2000Q1 is a duplicate .* aggregate monthly data"):
        as_quarterly(months, source="m.csv")


@pytest.mark.parametrize("as_index", [False, True])
def test_row_without_a_date(as_index: bool) -> None:
    dates = QUARTERS.to_timestamp().where(np.arange(6) != 3)
    table = pd.DataFrame({"a": 1.0}, dates) if as_index else pd.DataFrame({"date": dates, "a": 1.0})
    with pytest.raises(DataError, match=r"t\.csv: row 4 has no date"):
        as_quarterly(table, source="t.csv")


def test_two_columns_of_one_name() -> None:
    table = pd.DataFrame(np.ones((6, 2)), QUARTERS, columns=["a", "a"])
    with pytest.raises(DataError, match="a names two columns"):
        as_quarterly(table)


@pytest.mark.parametrize("values", [QUARTERS.to_timestamp(), np.ones(6) * 1j])
def test_neither_dates_nor_complex_numbers_become_floats(values) -> None:
    with pytest.raises(DataError, match=r"a holds (datetime64|complex128).*, expected numbers"):
        as_quarterly(pd.DataFrame({"a": values}, QUARTERS))


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (pd.RangeIndex(6), "got RangeIndex"),
        (pd.period_range("2000-01", periods=6, freq="M"), "got PeriodIndex of frequency M"),
        (QUARTERS[::-1], "missing or repeated after 2000Q4"),
        (QUARTERS[[0, 1, 1, 2, 3, 4]], "missing or repeated after 1999Q4"),
    ],
)
def test_series_must_be_quarterly(index: pd.Index, message: str) -> None:
    with pytest.raises(DataError, match=message):
        require_quarters(pd.Series(1.0, index), "gap")


def test_checks_name_column_and_date() -> None:
    table = as_quarterly(pd.DataFrame({"a": [1.0, np.nan, 3.0, 4.0, 5.0, 6.0]}, QUARTERS))
    with pytest.raises(DataError, match=r"here: a has no value in 1999Q4 \(1 missing in all\)"):
        require_complete(table, ["a"], source="here")
    with pytest.raises(DataError, match=r"the columns \['b'\] are missing \(for x\); there are \['a'\]"):
        require_columns(table, ["a", "b"], source="here", why="for x")


@pytest.mark.parametrize(
    ("frequency", "expected"),
    [
        ("QS", "Q-DEC"), ("QE", "Q-DEC"), ("QS-OCT", "Q-DEC"), ("BQE", "Q-DEC"), ("MS", "M"), ("ME", "M"), ("BMS", "M"),
        ("YS", "Y-DEC"), ("YE", "Y-DEC"), ("W-MON", "W-MON"), ("D", "D"), ("h", "h"), ("2D", "2D"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("known", [True, False])
def test_regular_timestamps_become_periods(frequency: str, expected: str, known: bool) -> None:
    dates = pd.date_range("2001-01-01", periods=6, freq=frequency)
    table = pd.DataFrame({"a": np.arange(6)}, dates if known else pd.DatetimeIndex(dates.to_numpy()))
    out = as_periods(table)
    assert out.index.freqstr == expected
    assert out.index.name == "date"
    inside = [
        period.start_time <= date <= period.end_time for period, date in zip(out.index, dates, strict=True)
    ]
    assert all(inside)
    pd.testing.assert_frame_equal(as_periods(out), out)


def test_time_zones_rows_and_columns_of_dates() -> None:
    table = pd.DataFrame({"a": np.arange(6)}, QUARTERS)
    stamped = table.set_axis(QUARTERS.to_timestamp().tz_localize("America/New_York"))
    pd.testing.assert_frame_equal(as_periods(stamped), as_periods(table))
    pd.testing.assert_frame_equal(as_periods(table.reset_index()), as_periods(table))
    years = as_periods(table.set_axis(range(1990, 1996)))
    assert [str(p) for p in years.index] == ["1990", "1991", "1992", "1993", "1994", "1995"]
    assert as_periods(table["a"]).equals(as_periods(table))


@pytest.mark.parametrize(
    "index",
    [
        pd.bdate_range("2000-01-03", periods=6),
        pd.date_range("2000-01-01", periods=6, freq="2MS"),
        pd.DatetimeIndex(
            ["2000-01-01", "2000-02-01", "2000-04-01", "2000-05-01", "2000-06-01", "2000-07-01"]
        ),
        pd.DatetimeIndex(["2000-01-01", None, "2000-03-01", "2000-04-01", "2000-05-01", "2000-06-01"]),
        pd.Index(list("abcdef")),
        pd.Index(np.arange(6) + 0.5),
    ],
)
def test_dates_without_a_regular_spacing(index: pd.Index) -> None:
    with pytest.raises(DataError, match=r"t\.csv: the dates are a \w+ from .* Set a PeriodIndex"):
        as_periods(pd.DataFrame({"a": 1.0}, index), source="t.csv")


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (QUARTERS[[0, 1, 3, 4, 5]], "1999Q4 is followed by 2000Q2, expected 2000Q1"),
        (QUARTERS[[0, 1, 1, 2, 3]], "1999Q4 is followed by 1999Q4, expected 2000Q1"),
        (QUARTERS[::-1], "2000Q4 is followed by 2000Q3, expected 2001Q1"),
        ([1990, 1992, 1993], "1990 is followed by 1992, expected 1991"),
    ],
)
def test_periods_once_and_in_order(index, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_periods(pd.DataFrame({"a": 1.0}, index))


def _zurich(zone: str) -> pd.DataFrame:
    stamps = QUARTERS.to_timestamp().tz_localize("Europe/Zurich").tz_convert(zone)
    return pd.DataFrame({"a": np.arange(6.0)}, stamps)


@pytest.mark.parametrize("convention", [as_quarterly, as_periods])
def test_midnight_in_zurich_keeps_its_date_and_in_utc_is_refused(convention) -> None:
    pd.testing.assert_index_equal(convention(_zurich("Europe/Zurich")).index, QUARTERS)
    moved = _zurich("UTC")
    with pytest.raises(
        DataError, match=r"midnight of another zone, .*tz_convert\('Europe/Zurich'\)\.tz_localize\(None\)"
    ):
        convention(moved)
    pd.testing.assert_index_equal(
        convention(moved.set_axis(moved.index.tz_convert("Europe/Zurich").tz_localize(None))).index, QUARTERS
    )
    with pytest.raises(DataError, match="midnight of another zone"):  # written without the zone
        convention(moved.tz_localize(None))


def test_zones_that_differ_are_refused() -> None:
    stamps = [pd.Timestamp("2000-01-01", tz="Asia/Tokyo"), pd.Timestamp("2000-04-01", tz="America/New_York")]
    with pytest.raises(DataError, match="several time zones"):
        as_quarterly(pd.DataFrame({"date": pd.Series(stamps, dtype=object), "a": [1.0, 2.0]}))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (10**400, "a in 1999Q3 is infinite"),
        ("many digits", "a in 1999Q3 is infinite"),
        (True, "a in 1999Q3 is 'True', not a number"),
        (pd.Timestamp("2000-02-01"), "a in 1999Q3 is '2000-02-01 00:00:00', not a number"),
        ("1_0", "a in 1999Q3 is '1_0', not a number"),
        ("z" * 200, r"a in 1999Q3 is 'z{76}\.\.\.', not a number"),
    ],
)
def test_cells_that_are_no_numbers(value: object, message: str) -> None:
    value = 10**5000 if value == "many digits" else value
    cells = pd.Series([value, 2.0, 3.0, 4.0, 5.0, None], QUARTERS, dtype=object)
    with pytest.raises(DataError, match=message):
        as_quarterly(cells.to_frame("a"))


YEARS = pd.period_range("1870", periods=3, freq="Y", name="date")


@pytest.mark.parametrize(
    "dates",
    [
        ["1870", "1871", "1872"],
        [1870, 1871, 1872],
        ["1870-06-30", "1871-06-30", "1872-06-30"],
        YEARS,
        YEARS.to_timestamp(),
    ],
)
def test_every_way_to_write_a_year(dates) -> None:
    table = pd.DataFrame({"date": dates, "a": [1.0, 2.0, 3.0]})
    for one in (table, table.set_index("date")):
        pd.testing.assert_index_equal(as_yearly(one).index, YEARS)


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (["1870", "1870", "1871"], r"1870 is a duplicate \(rows 1 and 2\). One row a year is expected"),
        (["1870", "1872", "1873"], "years are missing between 1870 and 1872"),
        (["1871", "1870", "1872"], "1870 is listed after 1871"),
        (
            pd.period_range("1870Q1", periods=3, freq="Q"),
            "frequency Q-DEC, expected yearly. Aggregate first.",
        ),
    ],
)
def test_what_is_no_row_a_year(dates, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_yearly(pd.DataFrame({"date": dates, "a": [1.0, 2.0, 3.0]}))
    with pytest.raises(DataError, match=r"there is no date. Add a column 'date' \(1870"):
        as_yearly(pd.DataFrame({"a": [1.0, 2.0]}))
