"""Tables of the user's in the forms people keep them: read where only one reading is possible, else refused."""

from __future__ import annotations

import io
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from capstar import data
from capstar.errors import DataError, SpecificationError

QUARTERS = pd.period_range("1960Q1", periods=8, freq="Q", name="date")
VALUES = np.array([8.125, 8.25, 8.5, 8.625, 8.75, 9.0, 9.125, 1009.25])
TABLE = pd.DataFrame({"log_gdp": VALUES, "inflation": VALUES / 2}, QUARTERS)


def written(folder: Path, content: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def text(
    date: Callable[[pd.Period], str] = str,
    number: Callable[[float], str] = str,
    *,
    separator: str = ",",
    head: tuple[str, ...] = ("date", "log_gdp", "inflation"),
    above: str = "",
    below: str = "",
) -> str:
    rows = [[date(q), *map(number, row)] for q, row in zip(QUARTERS, TABLE.to_numpy(), strict=True)]
    return above + "".join(separator.join(row) + "\n" for row in [list(head), *rows]) + below


def stamp(form: str, how: str = "start") -> Callable[[pd.Period], str]:
    return lambda q: f"{q.to_timestamp(how=how):{form}}"


DATES = {
    "ISO": stamp("%Y-%m-%d"), "end": stamp("%Y-%m-%d", "end"), "slashes": stamp("%Y/%m/%d"), "month": stamp("%Y-%m"),
    "compact": stamp("%Y%m%d"), "year month": stamp("%Y%m"),
    "dots": stamp("%d.%m.%Y"), "dots end": stamp("%d.%m.%Y", "end"),
    "day first": stamp("%d/%m/%Y"), "month first": stamp("%m/%d/%Y"), "month first end": stamp("%m/%d/%Y", "end"),
    "1960Q1": str, "1960-Q1": lambda q: f"{q.year}-Q{q.quarter}", "Q1 1960": lambda q: f"Q{q.quarter} {q.year}",
    "q1/1960": lambda q: f"q{q.quarter}/{q.year}", "1960:1": lambda q: f"{q.year}:{q.quarter}",
    "1960:01": stamp("%Y:%m"), "Jan 1960": stamp("%b %Y"), "Jan 1, 1960": stamp('"%b %d, %Y"'),
    "01-Jan-1960": stamp("%d-%b-%Y"),
    "time": stamp("%Y-%m-%d 00:00:00"), "zone": stamp("%Y-%m-%dT00:00:00+01:00"), "UTC": stamp("%Y-%m-%dT00:00:00Z"),
    "serial": lambda q: str((q.start_time - pd.Timestamp("1899-12-30")).days),
    "winter and summer": lambda q: f"{q.start_time:%Y-%m-%d} 00:00:00{'-05:00' if q.quarter in (1, 4) else '-04:00'}",
}  # fmt: skip


@pytest.mark.parametrize("form", DATES)
def test_every_way_to_write_a_date(tmp_path: Path, form: str) -> None:
    pd.testing.assert_frame_equal(data.read_input(written(tmp_path, text(DATES[form]))), TABLE)


def comma(value: float) -> str:
    return str(value).replace(".", ",")


LAYOUTS = {
    "semicolon": (text(separator=";"), "separator semicolon"),
    "tab": (text(separator="\t"), "separator tab"),
    "bar": (text(separator="|"), "separator bar"),
    "decimal comma": (text(number=comma, separator=";"), "separator semicolon; decimal comma"),
    "quoted decimal comma": (text(number=lambda v: f'"{v}"'.replace(".", ",")), "decimal comma"),
    "thousands": (text(number=lambda v: f'"{v:,}"'), "thousands separators"),
    "German": (
        text(number=lambda v: f"{v:,}".translate(str.maketrans(",.", ".,")), separator=";"),
        "separator semicolon; decimal comma; thousands separators",
    ),
    "blank in thousands": (text(number=lambda v: f"{v:,}".replace(",", "\u202f")), ""),
    "Swiss": (text(number=lambda v: f"{v:,}".replace(",", "'")), ""),
    "comments": (text(above="# made by hand\n", below="# the end\n"), "lines of comment left out: 2"),
    "titles": (text(above="Real GDP and inflation\n\nSource: me,,\n"), "lines above the header left out: 2"),
    "rows of commas": (text(below=",,\n,,\n"), ""),
    "trailing commas": (text(number=lambda v: f"{v}", head=("date", "log_gdp", "inflation", "")), ""),
    "FRED": (text(head=("observation_date", "log_gdp", "inflation")), "observation_date is the date"),
    "New York": (text(head=("Date", "gdp.log", "inflation")), "gdp.log is log_gdp"),
    "no name": (text(head=("", "log_gdp", "inflation")), ""),
    "UTF-16": (text().encode("utf-16"), "encoding utf-16"),
    "UTF-16 without a mark": (text().encode("utf-16-le"), "encoding utf-16-le"),
    "UTF-8 with a mark": (text().encode("utf-8-sig"), ""),
    "Latin-1": (text(above="# été\n").encode("latin-1"), "encoding Western European (Windows-1252); lines of comment"),
    "old Macintosh": (text().replace("\n", "\r"), ""),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_read_and_what_was_assumed_is_said(tmp_path: Path, layout: str) -> None:
    content, said = LAYOUTS[layout]
    out = data.read_input(written(tmp_path, content))
    pd.testing.assert_frame_equal(out, TABLE)
    told = data.describe_data(out)["assumed"]
    assert set(told) == {told.iloc[0]}
    assert told.iloc[0].startswith(said)
    assert bool(told.iloc[0]) == bool(said)


def test_missing_values_of_fred_and_the_names_of_new_york(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '"Date","gdp.log","inflation","inflation.expectations","interest","covid.ind"\n'
        "1960-01-01,8.1,.,NA,3.5,0\n1960-04-01,8.2,1.5,#N/A,3.25,\n",
    )
    out = data.read_input(path)
    assert list(out) == ["log_gdp", "inflation", "expected_inflation", "interest_rate", "covid_index"]
    assert out.isna().sum().tolist() == [0, 1, 2, 0, 1]


def sheet(rows: list[list[object]], *more: list[list[object]]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for k, cells in enumerate((rows, *more)):
        page = book.active if k == 0 else book.create_sheet()
        for row in cells:
            page.append(row)
    book.save(out)
    return out.getvalue()


ROWS = [
    [q.start_time.to_pydatetime(), *row] for q, row in zip(QUARTERS, TABLE.to_numpy().tolist(), strict=True)
]
HEAD = ["Date", "log_gdp", "inflation"]


def other_formats() -> dict[str, bytes]:
    frame = TABLE.to_timestamp().reset_index()
    out = {"parquet": io.BytesIO(), "feather": io.BytesIO(), "dta": io.BytesIO()}
    frame.set_index("date").to_parquet(out["parquet"])
    frame.to_feather(out["feather"])
    frame.to_stata(out["dta"], write_index=False, convert_dates={"date": "tq"})
    serials = [[(row[0] - pd.Timestamp("1899-12-30")).days, *row[1:]] for row in ROWS]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", text())
        archive.writestr("__MACOSX/._a.csv", "x")
    return {name: body.getvalue() for name, body in out.items()} | {
        "xlsx": sheet([HEAD, *ROWS]),
        "titles.xlsx": sheet([["A title"], [], [None, "units"], HEAD, *ROWS]),
        "second.xlsx": sheet([["read me"]], [HEAD, *ROWS]),
        "serials.xlsx": sheet([HEAD, *serials]),
        "text.xlsx": sheet([HEAD, *[[str(q), *map(str, row[1:])] for q, row in zip(QUARTERS, ROWS, strict=True)]]),
        "zip": packed.getvalue(),
    }  # fmt: skip


@pytest.mark.parametrize("ending", other_formats())
@pytest.mark.parametrize("named", [True, False])
def test_every_format_is_read_by_its_ending_or_its_content(tmp_path: Path, ending: str, named: bool) -> None:
    path = written(tmp_path, other_formats()[ending], f"a.{ending}" if named else "a")
    if ending == "dta" and not named:
        path = path.rename(tmp_path / "a.dta")
    pd.testing.assert_frame_equal(data.read_input(path), TABLE, check_freq=False)


def test_an_address(server) -> None:
    server.serve("/a.csv?x=1", text(separator=";"))
    server.serve("/a.parquet", other_formats()["parquet"])
    server.serve("/b.csv", "<html>")
    for address in (server.url + "/a.csv?x=1", server.url + "/a.parquet", Path(server.url + "/a.parquet")):
        out = data.read_input(address)
        pd.testing.assert_frame_equal(out, TABLE, check_freq=False)
    assert server.asked.count("/a.parquet") == 1
    assert data.describe_data(out).loc["log_gdp", "downloaded"]
    with pytest.raises(DataError, match="there is no column 'date'"):
        data.read_input(server.url + "/b.csv")
    with pytest.raises(DataError, match="only https addresses are read"):
        data.read_input("http://example.org/a.csv")


YAHOO = {
    "Yahoo": "Date,Open,High,Low,Close,Adj Close,Volume\n2020-01-02,9.5,11,9,10,8,100\n2020-01-03,10,12,9,11,9,100\n",
    "Yahoo's page": 'Date,Open,High,Low,Close*,Adj Close**,Volume\n"Jan 2, 2020",9.5,11,9,10,8,"1,100"\n'
    '"Jan 3, 2020",10,12,9,11,9,"2,100"\n',
    "yfinance": "Price,Close,High,Low,Open,Volume\nTicker,^RUT,^RUT,^RUT,^RUT,^RUT\nDate,,,,,\n"
    "2020-01-02,10,11,9,9.5,100\n2020-01-03,11,12,9,10,100\n",
    "yfinance of old": ",Adj Close,Close,High,Low,Open,Volume\n,SPY,SPY,SPY,SPY,SPY,SPY\nDate,,,,,,\n"
    "2020-01-02,8,10,11,9,9.5,100\n2020-01-03,9,11,12,9,10,100\n",
    "a ticker's history": "Date,Open,High,Low,Close\n2020-01-02 00:00:00-05:00,9.5,11,9,10\n"
    "2020-01-03 00:00:00-05:00,10,12,9,11\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", YAHOO)
def test_prices_of_yahoo(tmp_path: Path, kind: str) -> None:
    out = data.read_prices(written(tmp_path, YAHOO[kind]))
    assert out.to_numpy().tolist() == [[9.5, 11, 9, 10], [10, 12, 9, 11]]
    assert out.index.tolist() == [pd.Timestamp("2020-01-02"), pd.Timestamp("2020-01-03")]


def prices(dates: list[str]) -> str:
    return "date,close\n" + "".join(f"{date},{50 + k}\n" for k, date in enumerate(dates))


def months(years: range, form: str, day: int = 1) -> list[str]:
    return [f"{pd.Timestamp(year, month, day):{form}}" for year in years for month in range(1, 13)]


@pytest.mark.parametrize(
    ("dates", "first", "last"),
    [
        (months(range(1949, 1951), "%d/%m/%Y"), "1949-01-01", "1950-12-01"),  # days of January would leave a year out
        (months(range(1949, 1951), "%m/%d/%Y"), "1949-01-01", "1950-12-01"),
        (months(range(1949, 1951), "%d.%m.%Y", 2), "1949-01-02", "1950-12-02"),
        (months(range(1949, 1950), "%d/%m/%Y", 13), "1949-01-13", "1949-12-13"),
        ([f"{d:%m/%d/%Y}" for d in pd.bdate_range("2020-01-02", periods=30)], "2020-01-02", "2020-02-12"),
        ([f"{d:%d-%m-%Y}" for d in pd.bdate_range("2020-01-02", periods=30)], "2020-01-02", "2020-02-12"),
    ],
)  # fmt: skip
def test_day_and_month_where_the_column_tells(
    tmp_path: Path, dates: list[str], first: str, last: str
) -> None:
    index = data.read_prices(written(tmp_path, prices(dates))).index
    assert (str(index[0].date()), str(index[-1].date())) == (first, last)
    assert index.is_monotonic_increasing


@pytest.mark.parametrize("reader", [data.read_prices, data.read_returns, data.read_input])
@pytest.mark.parametrize(
    "dates",
    [
        months(range(1949, 1950), "%d/%m/%Y"),
        months(range(1949, 1950), "%d.%m.%Y"),
        ["03/01/2020", "03/02/2020"],
        ["01/02/2020", "01/03/2020", "05/03/2020"],
    ],
)
def test_day_and_month_that_may_be_either_are_refused_and_dayfirst_settles_it(
    tmp_path: Path, reader, dates
) -> None:
    path = written(tmp_path, prices(dates))
    with pytest.raises(DataError, match=r"may be .*\(dayfirst=True\) or .*\(dayfirst=False\)") as caught:
        reader(path)
    shown = re.findall(r"\d{4}-\d\d-\d\d", str(caught.value))
    for first in (True, False):
        index = data.read_prices(path, dayfirst=first).index
        assert index.equals(pd.DatetimeIndex(pd.to_datetime(dates, dayfirst=first)))
    assert str(data.read_prices(path, dayfirst=True).index[1].date()) in shown
    assert str(data.read_prices(path, dayfirst=False).index[1].date()) in shown


def test_a_date_that_cannot_be_read_as_asked(tmp_path: Path) -> None:
    path = written(tmp_path, prices(["01/13/2020", "01/14/2020"]))
    with pytest.raises(
        DataError, match="row 1 has the date '01/13/2020', which cannot be read with dayfirst=True"
    ):
        data.read_prices(path, dayfirst=True)
    with pytest.raises(SpecificationError, match="decimal='x'; choose"):
        data.read_prices(path, decimal="x")
    with pytest.raises(SpecificationError, match="dayfirst='yes'; give True or False"):
        data.read_prices(path, dayfirst="yes")
    with pytest.raises(DataError, match="a DataFrame is no path"):
        data.read_prices(TABLE)


def zurich(shift: str | None) -> pd.DataFrame:
    stamps = TABLE.index.to_timestamp().tz_localize("Europe/Zurich")
    return TABLE.set_axis(stamps if shift is None else stamps.tz_convert(shift))


def test_the_calendar_date_of_the_zone_is_kept(tmp_path: Path) -> None:
    zurich(None).rename_axis("date").to_parquet(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(data.read_input(tmp_path / "a.parquet"), TABLE, check_freq=False)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_midnight_of_another_zone_is_refused_and_the_remedy_works(tmp_path: Path, ending: str) -> None:
    path, moved = tmp_path / f"a.{ending}", zurich("UTC").rename_axis("date")
    (moved.to_csv if ending == "csv" else moved.to_parquet)(path)
    with pytest.raises(DataError, match="midnight of another zone") as caught:
        data.read_input(path)
    remedy = re.search(r"dates(\.tz_convert\('Europe/Zurich'\)\.tz_localize\(None\))", str(caught.value))
    assert remedy is not None
    plain = moved.set_axis(eval(f"dates{remedy[1]}", {"dates": moved.index})).rename_axis("date")
    (plain.to_csv if ending == "csv" else plain.to_parquet)(path)
    pd.testing.assert_frame_equal(data.read_input(path), TABLE, check_freq=False)


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (["1959-12-31 23:00:00", "1960-03-31 22:00:00"], "midnight of another zone"),
        (["1959-12-31T23:00:00+00:00", "1960-03-31T23:00:00+00:00"], "midnight of another zone"),
        (["1960-01-01 00:00:00+01:00", "1960-04-01 00:00:00-05:00"], "several time zones"),
        (["1960-01-01 00:00:00+01:00", "1960-04-01 00:00:00"], "several time zones"),
        (["1960.1", "1960.2"], r"row 1 has the date '1960.1', .* Write 1960Q1"),
        (["1960:1", "1960:2"], "may be a quarter or a month"),
        (["1960-01-01", "01/04/1960"], "row 2 has the date '01/04/1960', which cannot be read as the others"),
        (["1960-02-30", "1960-04-01"], "row 1 has the date '1960-02-30'"),
        (["01/01/60", "01/04/60"], "row 1 has the date '01/01/60'"),
        (["0001-01-01", "0001-04-01"], "row 1 has the date '0001-01-01'"),
        (["x" * 500, "1960-04-01"], r"row 1 has the date 'x{76}...', which"),
    ],
)  # fmt: skip
def test_dates_that_are_refused(tmp_path: Path, dates: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        data.read_input(written(tmp_path, prices(dates)))


def test_the_remedies_for_dates_and_numbers_work(tmp_path: Path) -> None:
    for wrong, right in (("1960.{}", "1960Q{}"), ("1960:{}", "1960Q{}")):
        with pytest.raises(DataError, match="1960Q1"):
            data.read_input(written(tmp_path, prices([wrong.format(k) for k in (1, 2, 3, 4)])))
        out = data.read_input(written(tmp_path, prices([right.format(k) for k in (1, 2, 3, 4)])))
        assert str(out.index[3]) == "1960Q4"
    path = written(tmp_path, "date;gdp\n1960Q1;8.123\n1960Q2;8.124\n")
    with pytest.raises(DataError, match=r"'8\.123' may be 8123 or 8.123"):
        data.read_input(path)
    assert data.read_input(path, decimal=".")["gdp"].tolist() == [8.123, 8.124]
    assert data.read_input(path, decimal=",")["gdp"].tolist() == [8123.0, 8124.0]
    written(tmp_path, "date;gdp\n1960Q1;8.1230\n1960Q2;8.124\n")
    assert data.read_input(path)["gdp"].tolist() == [8.123, 8.124]
    path = written(tmp_path, "date,gdp\n1960Q1,8.15\n1960Q2,8.16\n1960Q3,'8,123'\n".replace("'", '"'))
    with pytest.raises(
        DataError, match=r"'8,123' and '8\.15' are in one column"
    ):  # mistyped, or a thousand times more
        data.read_input(path)
    assert data.read_input(path, decimal=".")["gdp"].tolist() == [8.15, 8.16, 8123.0]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["1", "1_0"], "'1_0', not a number"),
        (["1", "True"], "'True', not a number"),
        (["1", "9" * 400], "infinite"),
        (["1", "1e400"], "infinite"),
        (["1", "-inf"], "infinite"),
        (["1", "0x10"], "'0x10', not a number"),
        (["1", "\u0661"], "not a number"),
        (["1", "y" * 500], "'y{76}...', not a number"),
        (["1.5", "1,5"], "'1.5' has a decimal point and '1,5' a decimal comma"),
        (["8.15", "8.123,456"], "'8.15' has a decimal point and '8.123,456' a decimal comma"),
        (["1,234", "2,345"], "'1,234' may be 1234 or 1.234"),
        (["1", "1,00,000"], "'1,00,000', not a number"),
        (["1", "5%"], "'5%', not a number"),
    ],
)
@pytest.mark.parametrize("reader", [data.read_prices, data.read_returns, data.read_input])
def test_numbers_that_are_refused(tmp_path: Path, reader, cells: list[str], message: str) -> None:
    path = written(
        tmp_path, "date;close\n" + "".join(f"2020-0{3 * k + 1}-01;{c}\n" for k, c in enumerate(cells))
    )
    with pytest.raises(DataError, match=message):
        reader(path)


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


def test_a_table_for_an_index_keeps_identifiers(tmp_path: Path) -> None:
    from capstar.data.files import read_table

    table = read_table(written(tmp_path, "Date;id;close\n2020-01-02;0012;1,5\n2020-01-02;AAA;2,5\n"))
    assert table["id"].tolist() == ["0012", "AAA"]
    assert table["close"].tolist() == [1.5, 2.5]
    assert table["date"].tolist() == ["2020-01-02", "2020-01-02"]
