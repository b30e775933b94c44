"""Tables of the user's in the forms people keep them: read where only one reading is possible, else refused."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from data.tables import TABLE, other_formats, stamp, text, written

from capstar import data
from capstar.errors import DataError, SpecificationError

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


def test_a_table_for_an_index_keeps_identifiers(tmp_path: Path) -> None:
    from capstar.data.files import read_table

    table = read_table(written(tmp_path, "Date;id;close\n2020-01-02;0012;1,5\n2020-01-02;AAA;2,5\n"))
    assert table["id"].tolist() == ["0012", "AAA"]
    assert table["close"].tolist() == [1.5, 2.5]
    assert table["date"].tolist() == ["2020-01-02", "2020-01-02"]
