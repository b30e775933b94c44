"""The French library in its own format: zipped, CRLF, missing codes, short tables."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from capstar import data
from capstar.data.sources.french import FACTORS, SIZE_PORTFOLIOS, parse_french, size_table
from capstar.errors import DataError, SourceError

TARGET = f"/pages/faculty/ken.french/ftp/{SIZE_PORTFOLIOS}_CSV.zip"
SMALL = (
    "About\r\n\r\nValue Weight Returns -- Monthly\r\n,Lo,Hi\r\n202001,  -99.99,    1.5\r\n"
    "202002,   2.0,  -999\r\n\r\nCopyright\r\n"
)


def archived(text: str | bytes, name: str = "file.CSV") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
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
