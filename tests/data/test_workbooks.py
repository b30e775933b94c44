"""Workbooks: both layouts of the New York Fed's, users' own, and those not to be trusted."""

from __future__ import annotations

import datetime as dt
import io
import random
import re
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest
from data.books import hlw_book, lw_book, real_time_book, saved, with_cached_value

from capstar import data, rstar
from capstar.data.sources.nyfed import published_inputs
from capstar.errors import DataError, SourceError

FOLDER = "/medialibrary/media/research/economists/williams/data"


def test_hlw_layout(server, reference) -> None:
    server.serve(f"{FOLDER}/Holston_Laubach_Williams_current_estimates.xlsx", hlw_book(reference))
    found = data.current_estimates("hlw")
    expected = data.read_input(reference("hlw2023/us_2023q2_input.csv"))
    pd.testing.assert_frame_equal(found.inputs[expected.columns], expected, check_exact=True)
    published = data.read_input(reference("hlw2023/us_2023q2_published.csv"))
    # Numbers of seventeen digits lose the last one in a workbook.
    pd.testing.assert_frame_equal(found.estimates[published.columns], published, rtol=1e-14)
    assert found.parameters.loc["a_y1"].item() == 1.385379833
    assert data.current_estimates("hlw", "ca").parameters.loc["a_y1"].item() == 1.2
    assert (data.current_estimates("hlw", "ca").estimates["rstar_filtered"] == -1.0).all()
    assert "New York" in data.describe_data(found.inputs).loc["covid_index", "source"]
    with pytest.raises(SourceError, match=r"there is no value in .*rstar_filtered"):
        data.current_estimates("hlw", "ea")


@pytest.mark.parametrize("model", ["hlw", "lw"])
def test_a_workbook_without_inputs_gives_its_estimates(server, reference, tmp_path, model) -> None:
    whole = hlw_book(reference) if model == "hlw" else lw_book(reference, old=False)
    book = openpyxl.load_workbook(io.BytesIO(whole))
    for name in book.sheetnames:
        if "input" in name:
            del book[name]
    (tmp_path / "bare.xlsx").write_bytes(saved(book))
    (tmp_path / "whole.xlsx").write_bytes(whole)
    bare, full = (data.current_estimates(model, path=tmp_path / f"{name}.xlsx") for name in ("bare", "whole"))
    pd.testing.assert_frame_equal(bare.estimates, full.estimates, check_exact=True)
    assert bare.inputs.empty
    assert "Latest estimates" in str(bare.summary())
    served = {"hlw": "Holston_Laubach_Williams", "lw": "Laubach_Williams"}[model]
    server.serve(f"{FOLDER}/{served}_current_estimates.xlsx", saved(book))
    with pytest.raises(SourceError, match="inputs: the workbook has none"):
        published_inputs(model)


@pytest.mark.parametrize("old", [False, True])
def test_lw_layouts(server, reference, tmp_path, old: bool) -> None:
    body = lw_book(reference, old=old)
    server.serve(f"{FOLDER}/Laubach_Williams_current_estimates.xlsx", body)
    found = data.current_estimates("lw")
    expected = data.read_input(reference("lw2023/us_2023q2_input.csv"))
    pd.testing.assert_frame_equal(found.inputs[expected.columns], expected, check_exact=True)
    published = data.read_input(reference("lw2023/us_2023q2_published.csv"))
    # Numbers of seventeen digits lose the last one in a workbook.
    pd.testing.assert_frame_equal(found.estimates[published.columns], published, rtol=1e-14)
    assert found.parameters.empty
    path = tmp_path / "lw.xlsx"
    path.write_bytes(body)
    on_disk = data.current_estimates("lw", path=path)
    pd.testing.assert_frame_equal(on_disk.inputs, found.inputs)
    assert rstar.LW2023.usable(found.inputs) == "usable, 1961Q1-2023Q2"


def test_gdp_in_levels_becomes_a_log(reference, tmp_path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(lw_book(reference, old=False)))
    sheet = book["input data"]
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, 2).value = float(np.exp(sheet.cell(row, 2).value))
    (tmp_path / "levels.xlsx").write_bytes(saved(book))
    found = data.current_estimates("lw", path=tmp_path / "levels.xlsx").inputs
    expected = data.read_input(reference("lw2023/us_2023q2_input.csv"))
    np.testing.assert_allclose(found["log_gdp"], expected["log_gdp"], rtol=1e-14)


def test_real_time_estimates(server, reference) -> None:
    """Blocks in another order, a sheet a vintage; equal to the published table cell for cell."""
    kept = ["2015Q4", "2018Q1", "2019Q2"]
    table = pd.read_csv(reference("hlw_published/realtime_us_ca.csv"), parse_dates=["date"])
    body = real_time_book(reference, kept)
    server.serve(f"{FOLDER}/Holston_Laubach_Williams_real_time_estimates.xlsx", body)
    found = data.real_time_estimates("hlw", "ca")
    assert list(found.days.strftime("%Y-%m-%d")) == ["2016-03-02", "2018-06-01", "2019-08-31"]
    for vintage, day in zip(kept, found.days, strict=True):
        own = table[(table["vintage"] == vintage) & (table["country"] == "ca")]
        np.testing.assert_allclose(found.as_of(day), own["rstar_filtered"], rtol=1e-14)
    gap = data.real_time_estimates("hlw", "us", "output_gap_filtered")
    assert str(gap.as_of("2018-12-31").index[-1]) == "2018Q1"
    with pytest.raises(DataError, match="there is no 'rstar_smoothed'"):
        data.real_time_estimates("hlw", "us", "rstar_smoothed")


def test_choices_are_checked() -> None:
    with pytest.raises(DataError, match="model='hl'"):
        data.current_estimates("hl")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="country='ca'; choose one of \\['us'\\]"):
        data.current_estimates("lw", "ca")
    with pytest.raises(DataError, match="no such file"):
        data.current_estimates("lw", path="absent.xlsx")


def test_users_workbook(reference, tmp_path) -> None:
    table = pd.read_csv(reference("hlw2017/us_input.csv"), parse_dates=["date"])
    path = tmp_path / "mine.xlsx"
    table.rename(columns={"date": "Date"}).to_excel(path, index=False)
    pd.testing.assert_frame_equal(
        data.read_input(path), data.read_input(reference("hlw2017/us_input.csv")), check_exact=True
    )
    with pytest.raises(DataError, match="no header with rows below"):
        saved_to(tmp_path / "empty.xlsx", saved(openpyxl.Workbook()))


def saved_to(path, body: bytes) -> None:
    path.write_bytes(body)
    data.read_input(path)


def test_formula_without_value_names_its_cell(tmp_path) -> None:
    book = openpyxl.Workbook()
    for row in (["date", "x"], [dt.datetime(2000, 1, 1), 1.0], [dt.datetime(2000, 4, 1), "=B2*2"]):
        book.active.append(row)
    with pytest.raises(
        DataError, match=r"sheet 'Sheet', cell B3, is the formula '=B2\*2' without a stored value"
    ):
        saved_to(tmp_path / "formula.xlsx", saved(book))
    (tmp_path / "cached.xlsx").write_bytes(with_cached_value(saved(book), "=B2*2", 2.5))
    assert data.read_input(tmp_path / "cached.xlsx")["x"].tolist() == [1.0, 2.5]


def test_hour_of_saving_in_a_form_no_reader_takes(tmp_path) -> None:
    book = openpyxl.Workbook()
    for row in (["date", "x"], [dt.datetime(2000, 1, 1), 1.0]):
        book.active.append(row)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(book))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":
                at = part.index(b"T", part.index(b"created"))
                part = part[: at + 1] + b" 2:31" + part[at + 6 :]
            new.writestr(name, part)
    (tmp_path / "hour.xlsx").write_bytes(out.getvalue())
    assert data.read_input(tmp_path / "hour.xlsx")["x"].tolist() == [1.0]


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 400_000_000)
    return out.getvalue()


def traversal() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../evil.xml", b"<x/>")
    return out.getvalue()


def not_excel() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", b"hello")
    return out.getvalue()


def changed(body: bytes, part: str, old: str, new: str) -> bytes:
    """A workbook with one of its parts replaced; left out where ``new`` is empty."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as whole, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as other:
        for name in whole.namelist():
            text = whole.read(name)
            if name == part:
                text = re.sub(old, new, text.decode(), count=1, flags=re.DOTALL).encode()
            other.writestr(name, text)
    return out.getvalue()


def small() -> bytes:
    book = openpyxl.Workbook()
    for row in (["date", "x"], [dt.datetime(2000, 1, 1), 1.0], [dt.datetime(2000, 4, 1), 2.0]):
        book.active.append(row)
    return saved(book)


@pytest.mark.parametrize(
    ("part", "old", "new", "message"),
    [
        ("xl/workbook.xml", "<sheets>.*</sheets>", "<sheets/>", "has no sheet"),
        ("xl/worksheets/sheet1.xml", '<row r="3"', '<row r="999999999"', "more than 10000 empty rows"),
        ("xl/worksheets/sheet1.xml", "<sheetData>.*</sheetData>", "", "no header with rows below"),
        ("xl/worksheets/sheet1.xml", "<sheetData>", "<sheetData", "is damaged"),
        ("xl/worksheets/sheet1.xml", '<c r="B3"', '<c r="ZZZZZ3"', "is damaged"),
        ("xl/workbook.xml", ".*", "nothing", "is damaged"),
        ("[Content_Types].xml", ".*", "", "is damaged"),
    ],
)
def test_broken_workbooks(tmp_path, part: str, old: str, new: str, message: str) -> None:
    """Read by whoever takes a workbook: one sentence."""
    path = tmp_path / "broken.xlsx"
    path.write_bytes(changed(small(), part, old, new))
    with pytest.raises(DataError, match=message):
        data.read_input(path)
    with pytest.raises(SourceError):
        data.current_estimates("hlw", path=path)
    with pytest.raises(SourceError):
        data.real_time_estimates("hlw", path=path)
    with pytest.raises(SourceError):
        data.real_time_matrix("ROUTPUT", path=path)


def test_a_sheet_that_claims_to_be_large_is_read(tmp_path) -> None:
    path = tmp_path / "claims.xlsx"
    path.write_bytes(changed(small(), "xl/worksheets/sheet1.xml", 'ref="A1:B3"', 'ref="A1:XFD1048576"'))
    assert data.read_input(path)["x"].tolist() == [1.0, 2.0]


def test_damaged_bytes_of_a_workbook(reference, tmp_path) -> None:
    """Bytes changed or cut, or cells of the tables: estimates as published, or one sentence."""
    rng = random.Random(14)
    book = openpyxl.load_workbook(io.BytesIO(lw_book(reference, old=False)))
    book["data"].delete_rows(30, 400)
    book["input data"].delete_rows(30, 400)
    whole, path, read = saved(book), tmp_path / "odd.xlsx", 0
    for run in range(40):
        body = bytearray(whole)
        if run % 2:
            for _ in range(3):
                body[rng.randrange(len(body))] = rng.randrange(256)
            path.write_bytes(body if run % 4 == 1 else body[: rng.randrange(len(body))])
        else:
            sheet = book[rng.choice(book.sheetnames)]
            cell = sheet.cell(rng.randint(1, 29), rng.randint(1, 8))
            before, cell.value = (
                cell.value,
                rng.choice(["x", 1e308, "inf", None, 9, "Date", "=1/0", True, "1_0"]),
            )
            path.write_bytes(saved(book))
            cell.value = before
        try:
            found = data.current_estimates("lw", path=path)
        except SourceError:
            continue
        read += 1
        assert not np.isinf(found.estimates).any(axis=None)
        assert not np.isinf(found.inputs).any(axis=None)
    assert 0 < read < 40


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>Sorry</html>", "web page"),
        (b"", "empty|no workbook"),
        (b"PK\x03\x04 damaged", "no workbook"),
        (b"\xd0\xcf\x11\xe0" + b"0" * 100, "old .xls format"),
        (bomb, "would unpack"),
        (traversal, "outside itself"),
        (not_excel, "damaged"),
    ],
)
def test_not_to_be_trusted(server, tmp_path, body, message: str) -> None:
    content = body() if callable(body) else body
    path = tmp_path / "odd.xlsx"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        data.read_input(path)
    target = f"{FOLDER}/Holston_Laubach_Williams_current_estimates.xlsx"
    server.serve(target, content)
    with pytest.raises(SourceError):
        data.current_estimates("hlw")
    assert not list((tmp_path / "cache").rglob("*.download")), "what is no workbook is not kept"
