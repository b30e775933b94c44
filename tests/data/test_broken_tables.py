"""Files that are no tables, or not of dates and numbers, end in one sentence."""

from __future__ import annotations

import io
import pickle
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data.tables import HEAD, ROWS, TABLE, sheet, text, written

from capstar import data
from capstar.errors import DataError


@pytest.mark.parametrize("reader", [data.read_prices, data.read_returns, data.read_input])
@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"date": [20200101, 20200401]}, "the dates are numbers of type int64"),
        ({"date": [1.5e9, 1.6e9]}, "the dates are numbers of type float64"),
        ({"close": [True, False]}, "close holds bool"),
        ({"close": ["True", "False"]}, "'True', not a number"),
        ({"close": pd.to_datetime(["2020-01-01", "2020-04-01"])}, "close holds datetime64"),
    ],
)
def test_types_that_are_no_dates_or_numbers(tmp_path: Path, reader, columns, message: str) -> None:
    table = pd.DataFrame({"date": pd.to_datetime(["2020-01-01", "2020-04-01"]), "close": [1.0, 2.0]})
    table.assign(**columns).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match=message):
        reader(tmp_path / "a.parquet")


def two_files() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", text())
        archive.writestr("b.csv", text())
    return out.getvalue()


def twice() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    dates = pa.array(["2020-01-01", "2020-04-01"])
    pq.write_table(
        pa.table([dates, pa.array([1.0, 2.0]), pa.array([3.0, 4.0])], ["date", "close", "close"]), out
    )
    return out.getvalue()


def noise(first: bytes = b"", last: bytes = b"") -> bytes:
    return first + np.random.default_rng(14).bytes(3000) + last


BROKEN: dict[str, tuple[str, bytes, str]] = {
    "pickle": ("a.parquet", pickle.dumps(TABLE), "not a Parquet file"),
    "noise": ("a.parquet", noise(), "not a Parquet file"),
    "noise of Parquet": ("a.parquet", noise(b"PAR1", b"PAR1"), "not a Parquet file"),
    "noise of Arrow": ("a.feather", noise(b"ARROW1\0\0", b"ARROW1"), "not an Arrow file"),
    "noise of Stata": ("a.dta", noise(b"\x73"), "not a Stata file"),
    "noise of Excel": ("a.xlsx", noise(b"PK\x03\x04"), "a.xlsx"),
    "noise of text": ("a.csv", noise(), "not a CSV file"),
    "noise of zip": ("a.csv.zip", noise(b"PK\x03\x04"), "not a CSV file"),
    "half a UTF-16 letter": ("a.csv", text().encode("utf-16")[:-1], "not a CSV file"),
    "two files": ("a.zip", two_files(), "holds 2 files, expected one"),
    "two files as CSV": ("a.csv", two_files(), "holds 2 files, expected one"),
    "two columns of one name": ("a.parquet", twice(), "close names two columns"),
    "two columns of one name in text": (
        "a.csv",
        b"date,close,close\n2020-01-01,1,2\n",
        "close names two columns",
    ),
    "two dates": ("a.csv", b"Date,observation_date,close\n2020-01-01,2020-01-01,2\n", "are all dates"),
    "two symbols": (
        "a.csv",
        b"Price,Close,Close\nTicker,IWM,SPY\nDate,,\n2020-01-02,1,2\n",
        "holds 2 symbols",
    ),
    "only comments": ("a.csv", b"# nothing\n", "the file is empty"),
}


@pytest.mark.parametrize("reader", [data.read_prices, data.read_returns, data.read_input])
@pytest.mark.parametrize("kind", BROKEN)
def test_broken_files_end_in_one_sentence(tmp_path: Path, reader, kind: str) -> None:
    name, body, message = BROKEN[kind]
    with pytest.raises(DataError, match=message) as caught:
        reader(written(tmp_path, body, name))
    assert len(str(caught.value).replace(str(tmp_path), "")) < 400


def changed(part: str, old: str, new: str) -> bytes:
    """A workbook with one of its parts rewritten."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sheet([HEAD, *ROWS]))) as before, zipfile.ZipFile(out, "w") as after:
        for entry in before.infolist():
            content = before.read(entry).decode()
            after.writestr(entry, re.sub(old, new, content) if entry.filename.endswith(part) else content)
    return out.getvalue()


def test_workbooks_of_absurd_size_are_refused_before_they_are_built(tmp_path: Path) -> None:
    far = changed("sheet1.xml", r'(r="[A-C]?)9"', r'\g<1>999999999"')
    assert len(far) < 30_000
    with pytest.raises(DataError, match=r"has more than \d+ empty rows"):
        data.read_input(written(tmp_path, far, "a.xlsx"))
    wide = changed("sheet1.xml", "A1:C9", "A1:XFD1048576")
    pd.testing.assert_frame_equal(data.read_input(written(tmp_path, wide, "a.xlsx")), TABLE)
    none = changed("workbook.xml", "<sheets>.*</sheets>", "<sheets/>")
    with pytest.raises(DataError, match="the workbook has no sheet"):
        data.read_input(written(tmp_path, none, "a.xlsx"))
    with pytest.raises(DataError, match=r"there is no column 'date'; .*The table should have") as caught:
        data.read_input(written(tmp_path, sheet([["x", "log_gdp"], [1, 2]]), "a.xlsx"))
    assert "comma-separated" not in str(caught.value)
