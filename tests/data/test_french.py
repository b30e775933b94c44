"""The French library in its own format: zipped, CRLF, missing codes, short tables."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from capstar import data
from capstar.data.sources.french import FACTORS, SIZE_PORTFOLIOS, parse_french, size_table
from capstar.data.store.download import cache
from capstar.errors import DataError, SourceError

TARGET = f"/pages/faculty/ken.french/ftp/{SIZE_PORTFOLIOS}_CSV.zip"
SMALL = (
    "About\r\n\r\nValue Weight Returns -- Monthly\r\n,Lo,Hi\r\n202001,  -99.99,    1.5\r\n"
    "202002,   2.0,  -999\r\n\r\nCopyright\r\n"
)


def archived(text: str | bytes, name: str = "file.CSV") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        # Of one date: the bytes name the tests, which workers have to call alike.
        archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def test_size_portfolios_of_the_library(server, reference) -> None:
    """The published file, zipped as the library serves it, equals its monthly block."""
    published = reference("small_caps/Portfolios_Formed_on_ME.csv").read_bytes()
    server.serve(TARGET, archived(published, f"{SIZE_PORTFOLIOS}.CSV"), kind="application/zip")
    ours = data.size_portfolios()
    expected = pd.read_csv(reference("small_caps/size_portfolios_monthly.csv"), index_col="month")
    assert list(ours.index.astype(str)) == list(expected.index)
    np.testing.assert_array_equal(ours[expected.columns], expected)
    assert ours["<= 0"].isna().all()
    assert ours.attrs["units"] == "percent a month"
    assert ours.attrs["downloaded"].endswith("Z")
    assert not np.allclose(data.size_portfolios("equal")["Lo 10"], ours["Lo 10"])
    assert len(server.asked) == 1


def test_factors_of_the_library(server, reference) -> None:
    published = reference("small_caps/french/F-F_Research_Data_Factors.csv").read_bytes()
    server.serve(f"/pages/faculty/ken.french/ftp/{FACTORS}_CSV.zip", archived(published))
    ours = data.three_factors()
    expected = pd.read_csv(reference("small_caps/french/factors3_monthly.csv"), index_col=0)
    np.testing.assert_array_equal(ours.to_numpy(), expected.to_numpy())


def test_reading_the_file_from_disk(tmp_path, reference) -> None:
    path = reference("small_caps/Portfolios_Formed_on_ME.csv")
    plain = data.read_french(path)
    (tmp_path / "a_CSV.zip").write_bytes(archived(path.read_bytes()))
    zipped = data.read_french(tmp_path / "a_CSV.zip")
    assert list(plain.tables) == list(zipped.tables)
    assert len(plain.tables) == 6
    assert size_table(plain).equals(size_table(zipped))
    assert plain.table("firms").attrs["units"] == "firms"
    with pytest.raises(DataError, match="no such file"):
        data.read_french(tmp_path / "none.csv")
    with pytest.raises(SourceError, match="no table has"):
        plain.table("weekly")


@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r"])
def test_short_tables_and_any_line_ends(ends: str) -> None:
    file = parse_french(SMALL.replace("\r\n", ends), "small")
    (frame,) = file.tables.values()
    assert list(file.tables) == ["Value Weight Returns -- Monthly"]
    np.testing.assert_array_equal(frame, [[np.nan, 1.5], [2.0, np.nan]])
    assert file.description == "Copyright"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>moved</html>", "a web page"),
        (b"", "damaged or no zip archive"),
        (archived(SMALL)[:-30], "damaged or no zip archive"),
        (archived("nothing here"), "holds no table"),
        (archived(SMALL, "../../evil.csv"), "outside itself"),
        (archived(SMALL, "/etc/evil.csv"), "outside itself"),
        (archived(b"0" * 50_000_000), "would unpack from"),
        (archived(SMALL.replace("1.5", "one")), "neither number nor date"),
        (archived(SMALL.replace("2.0,", "")), "has 1 values for 2 names"),
        (archived(SMALL.replace("202002", "202001")), "dates do not rise"),
        (archived(SMALL.replace("202002", "2020")), "dates of different lengths"),
    ],
)
def test_answers_that_are_refused(server, body: bytes, message: str) -> None:
    server.serve(TARGET, body, kind="application/zip")
    with pytest.raises(SourceError, match=message):
        data.size_portfolios()


def test_two_files_in_one_archive_are_refused(server) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", SMALL)
        archive.writestr("b.csv", SMALL)
    server.serve(TARGET, out.getvalue())
    with pytest.raises(SourceError, match="holds 2 files"):
        data.size_portfolios()
    with pytest.raises(DataError, match="not a name of a series of French library"):
        data.french("a/b")
    with pytest.raises(DataError, match="choose 'value' or 'equal'"):
        data.size_portfolios("cap")


MONTHS = [f"{year}{month:02d}" for year in (1927, 1928, 1929) for month in range(1, 13)]
ROWS = "".join(f"{date}, {k}.25, -{k}.5\n" for k, date in enumerate(MONTHS))
ANNUAL = "\n Annual Factors: January-December\n,Mom,X\n 1927, 2.0, 1.0\n 1928, 3.0, 1.0\n"


def kept(file: data.FrenchFile) -> list[int]:
    return [len(frame) for frame in file.tables.values()]


@pytest.mark.parametrize(
    "names", [",Mom,X", "date,Mom,X", "Date, Mom, X", '"","Mom","X"', "Mom,X", ',Mom,"X",,']
)
@pytest.mark.parametrize("below", ["", "\n", ",,\n"])
def test_names_of_columns_as_spreadsheets_save_them(names: str, below: str) -> None:
    """Also with empty lines below, but for names that nothing tells from a title."""
    text = f"About -99.99\n\n{names}\n{below}{ROWS}{ANNUAL}"
    if names == "Mom,X" and below:
        with pytest.raises(
            SourceError, match="lines 5 to 40 hold numbers below no names of columns; line 3 is"
        ):
            parse_french(text, "mom")
        return
    file = parse_french(text, "mom")
    assert kept(file) == [36, 2]
    first = file.to_frame()
    assert list(first) == ["Mom", "X"]
    np.testing.assert_array_equal(first.iloc[[0, -1]], [[0.25, -0.5], [35.25, -35.5]])
    assert list(first.index.astype(str))[::35] == ["1927-01", "1929-12"]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", ",,\n"),
        lambda text: text.replace("192801", ",,,\n192801"),
        lambda text: text.replace("192801", "\n\n192801"),
        lambda text: "\n".join(
            ",".join(f'"{c.strip()}"' for c in line.split(",")) for line in text.split("\n")
        ),
        lambda text: text.replace(",", "\t"),
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", ";").replace(".", ","),
        lambda text: text.replace(",", "\t").replace(".", ","),
        lambda text: "\ufeff" + text,
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_files_saved_by_programs(tmp_path, change, encoding: str) -> None:
    text = f",Mom,X\n{ROWS}{ANNUAL}"
    path = tmp_path / "mom.csv"
    path.write_text(change(text), encoding=encoding)
    found, plain = data.read_french(path), parse_french(text, "mom")
    assert list(found.tables) == list(plain.tables)
    for title, frame in plain.tables.items():
        pd.testing.assert_frame_equal(found.tables[title], frame, check_exact=True)


def test_tables_of_one_title_are_numbered() -> None:
    block = " Average Returns -- Monthly\n,{}\n192607, 1.0\n192608, 2.0\n\n"
    file = parse_french("Made\n\n" + "".join(block.format(name) for name in "ABC"), "twice")
    title = "Average Returns -- Monthly"
    assert {title: list(frame) for title, frame in file.tables.items()} == {
        title: ["A"],
        f"{title} (2)": ["B"],
        f"{title} (3)": ["C"],
    }
    assert list(file.table("average", "(2)")) == ["B"]


@pytest.mark.parametrize(
    ("title", "dates", "unit"),
    [
        ("Average Value Weighted Returns -- Monthly", 6, "percent a month"),
        ("Average Equal Weighted Returns -- Annual", 4, "percent a year"),
        ("Average Value Weighted Returns -- Daily", 8, "percent a day"),
        ("Annual Factors: January-December", 4, "percent a year"),
        ("Number of Firms in Portfolios", 6, "firms"),
        ("Average Market Cap", 6, "millions of dollars"),
        ("Average Firm Size", 6, "millions of dollars"),
        ("Sum of BE / Sum of ME", 4, "ratio"),
        ("Value Weight Average of BE/ME", 4, "ratio"),
        ("Value-Weighted Average of OP", 4, "ratio"),
        ("Value Weight Average of investment Calculated for June", 4, "ratio"),
        ("Value-Weighted Average of Prior Returns", 6, "as the title says"),
        ("Something new", 6, "as the title says"),
    ],
)
def test_units_by_table(title: str, dates: int, unit: str) -> None:
    rows = f"{str(19990104)[:dates]}, 1.0\n"
    file = parse_french(f"Made\n\n,A\n199901, 1.0\n\n {title}\n,A\n{rows}", "units")
    assert [frame.attrs["units"] for frame in file.tables.values()] == ["percent a month", unit]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *(
            (f",A,B\n192607, 1.0, {cell}\n", f"line 3: '{cell[:80]}' of 192607")
            for cell in ("inf", "-inf", "1e400", "1_0", "nan", "NA", "1.0.0", "\uff11", "x" * 200)
        ),
        (",A,B\n192607, 1.0, \n", "line 3: the row of 192607 has 1 values for 2 names"),
        (",A,B\n192607, , 1.0\n", "line 3: '' of 192607 is neither"),
        (",A,B\n192607, 1.0, 2.0\n192609, 1.0, 2.0\n", "line 4: dates are left out, 192609 follows 192607"),
        (",A\n1926, 1.0\n1928, 1.0\n", "line 4: dates are left out, 1928 follows 1926"),
        (",A\n19260701, 1.0\n19260901, 1.0\n", "line 4: dates are left out"),
        (
            ",A,B\n192607, 1.0, 2.0\n192607, 1.0, 2.0\n",
            "line 4: the dates do not rise, 192607 follows 192607",
        ),
        (",A,B\n0001, 1.0, 2.0\n", "line 3: '0001' is neither number nor date"),
        (",A,B\n192613, 1.0, 2.0\n", "line 3: '192613' is neither number nor date"),
        (",A,B\n19267, 1.0, 2.0\n", "line 3: '19267' is neither number nor date"),
        (",A,B\n192607, 1.0, 2.0\nx92608, 1.0, 2.0\n", "line 4: 'x92608' is neither number nor date"),
        (",A,B\n192607, 1.0, 2.0\n, 1.0, 2.0\n", "line 4: '' is neither number nor date"),
        (",A,A\n192607, 1.0, 2.0\n", "line 2: 'A' names two columns"),
        (",A,,B\n192607, 1.0, 2.0, 3.0\n", "line 2: column 2 has no name"),
        ("A,B,C\n192607, 1.0, 2.0\n", "line 3 holds numbers below no names of columns; line 2 is 'A, B, C'"),
        ("192607, 1.0, 2.0\n192608, 1.0, 2.0\n", "lines 2 to 3 hold numbers below no names"),
        (
            ",A\n192607, 1.0\n\nTwo\n\n192607, 1.0\n",
            "line 7 holds numbers below no names of columns; line 5 is 'Two'",
        ),
        (",A,B\n192607  1.0  2.0\n", "line 3: '192607  1.0  2.0' has no values between"),
        (",A,B\n192607, 1.0, 2.0\n192608\t1.0\t2.0\n", "line 4: .* has no values between"),
        (",A\n192607, 1.0\n\nTwo\n,A\n", "line 6: the file ends below the names"),
        (";A;B\n192607;1,000;2,000\n", "decimal point or parts thousands"),
    ],
)
def test_lines_that_are_refused(text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        parse_french("About the file\n" + text, "odd")
    assert len(str(caught.value)) < 400


def test_the_remedy_for_rows_without_names_works() -> None:
    """The library's breakpoints have no names; put above them they make a table."""
    text = "ME Breakpoints; first the month\n\n192512,  85, 0.15\n192601,  86, 0.16\n\nCopyright\n"
    with pytest.raises(SourceError, match=r"lines 3 to 4 .* names the 2 columns"):
        parse_french(text, "ME_Breakpoints")
    (frame,) = parse_french(text.replace("192512", ",firms,5%\n192512"), "ME_Breakpoints").tables.values()
    assert frame["firms"].tolist() == [85.0, 86.0]


def test_what_the_readers_need_is_asked_before_a_file_is_kept(server) -> None:
    """A file of the library without the table that is read from it is refused as often as it is asked for."""
    server.serve(TARGET, archived(SMALL))
    for _ in range(2):
        with pytest.raises(SourceError, match=r"no column Lo 20|no table has"):
            data.size_portfolios()
    server.serve(
        f"/pages/faculty/ken.french/ftp/{FACTORS}_CSV.zip", archived(",Mkt-RF,SMB\n192607,1.0,2.0\n")
    )
    with pytest.raises(SourceError, match="no column HML"):
        data.three_factors()
    yearly = ",Mkt-RF,SMB,HML,RF\n1926,1.0,2.0,3.0,4.0\n"
    server.serve(f"/pages/faculty/ken.french/ftp/{FACTORS}_CSV.zip", archived(yearly))
    with pytest.raises(SourceError, match="dates such as 1926 are not months"):
        data.three_factors()
    assert len(server.asked) == 4
    assert cache().entries().empty
