"""Tables in the files of other programs, read back by pandas and by the library."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from capstar import data
from capstar.data.files import read_table
from capstar.errors import DataError, SpecificationError

ENDINGS = (".csv", ".xlsx", ".parquet", ".dta")
DIGITS = 1e-15  # openpyxl writes 16 digits
FREQUENCIES = {"Q": "%tq", "M": "%tm", "Y": "%ty"}


@pytest.mark.parametrize("ending", ENDINGS)
def test_model_input_comes_back(ending: str, tmp_path: Path) -> None:
    macro = data.us_macro()
    path = data.write(macro, tmp_path / f"us{ending}")
    found = data.read_input(path)
    options = {"rtol": DIGITS, "atol": 0} if ending == ".xlsx" else {"check_exact": True}
    pd.testing.assert_frame_equal(found, macro, check_names=False, check_freq=False, **options)


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_periods_are_statas_own_dates(frequency: str, tmp_path: Path) -> None:
    index = pd.period_range("1999", periods=6, freq=frequency, name="when")
    odd = pd.DataFrame({"r*": np.arange(6.0), "g(-1)": [True, False] * 3, "x" * 40: 1, "x" * 41: 2}, index)
    path = data.write(odd, tmp_path / "odd.dta")
    with pd.io.stata.StataReader(path) as reader:
        assert reader.variable_labels() == {
            "when": "when", "r_": "r*", "g__1_": "g(-1)", "x" * 32: "x" * 40, "x" * 30 + "_2": "x" * 41
        }  # fmt: skip
        assert reader._fmtlist[0] == FREQUENCIES[frequency]
    found = pd.read_stata(path)
    assert found["r_"].tolist() == list(range(6))
    assert list(found["when"].dt.to_period(frequency)) == list(index)


def test_days_and_hours_in_stata(tmp_path: Path) -> None:
    hours = pd.Series([1.0, 2.0], pd.to_datetime(["2020-01-01 12:30", "2020-01-02 00:00"]), name="x")
    assert pd.read_stata(data.write(hours, tmp_path / "hours.dta"))["date"].tolist() == list(hours.index)
    days = hours.set_axis(hours.index.normalize())
    with pd.io.stata.StataReader(data.write(days, tmp_path / "days.dta")) as reader:
        reader.variable_labels()  # reads the head
        assert reader._fmtlist[0] == "%td"


def test_a_workbook_of_the_tables_of_a_result(tmp_path: Path) -> None:
    from result_examples.statespace import nile

    tables = nile().frames()
    path = data.write(
        {"Parameters: all/ml": tables["Parameters"], "parameters  all ml": tables["Fit"]}, tmp_path / "a.xlsx"
    )
    found = pd.read_excel(path, sheet_name=None)
    assert list(found) == ["Parameters  all ml", "parameters  all ml_2"]
    np.testing.assert_allclose(
        found["Parameters  all ml"]["estimate"], tables["Parameters"]["estimate"], rtol=DIGITS
    )
    assert found["Parameters  all ml"]["label_0"].tolist() == ["s_eps", "s_eta"]


def test_cells_of_a_workbook(tmp_path: Path) -> None:
    """Periods are real dates, text is no formula, labels of two levels are columns of their own."""
    index = pd.MultiIndex.from_tuples(
        [("=1+1", pd.Period("2020Q2")), ("b", pd.Period("2020Q3"))], names=["name", None]
    )
    table = pd.DataFrame({("x", 1): [1.5, np.nan], ("first", ""): [pd.Period("2020-01"), None]}, index)
    sheet = openpyxl.load_workbook(data.write(table, tmp_path / "a.xlsx")).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == ("name", "label_1", "x 1", "first ")
    assert rows[1][0] == "'=1+1"
    assert rows[1][1:] == (pd.Timestamp("2020-04-01"), 1.5, pd.Timestamp("2020-01-01"))
    assert rows[2] == ("b", pd.Timestamp("2020-07-01"), None, None)
    assert sheet.freeze_panes == "A2"
    zoned = pd.Series([1.0], pd.DatetimeIndex(["2020-01-01"], tz="Europe/Berlin"), name="x")
    assert pd.read_excel(data.write(zoned, tmp_path / "z.xlsx"))["date"][0] == pd.Timestamp("2020-01-01")


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_result_and_a_series_are_tables(ending: str, tmp_path: Path) -> None:
    from result_examples.statespace import nile

    frame = read_table(data.write(nile(), tmp_path / f"nile{ending}"))
    np.testing.assert_allclose(frame["level_filtered"], nile().to_frame()["level_filtered"], rtol=DIGITS)
    series = read_table(data.write(data.us_macro()["inflation"], tmp_path / f"one{ending}"))
    assert list(series) == ["date", "inflation"]


def test_what_cannot_be_written(tmp_path: Path) -> None:
    macro = data.us_macro()
    with pytest.raises(SpecificationError, match=r"ends in \.ods; end it in one of \['\.csv', '\.xlsx'"):
        data.write(macro, tmp_path / "a.ods")
    with pytest.raises(SpecificationError, match=r"2 tables go into an \.xlsx alone"):
        data.write({"a": macro, "b": macro}, tmp_path / "a.csv")
    with pytest.raises(DataError, match=r"a \.dta file cannot hold the table .* write a CSV"):
        data.write(macro.replace(macro.iloc[0, 0], np.inf), tmp_path / "a.dta")
    with pytest.raises(DataError, match="two columns are called inflation"):
        data.write(macro[["inflation", "inflation"]], tmp_path / "a.xlsx")
    with pytest.raises(DataError, match="a list is not a table"):
        data.write([1, 2], tmp_path / "a.csv")
    assert not list(tmp_path.iterdir())
