"""Vintages: nothing said to be known on a day uses a younger vintage; the Philadelphia matrices."""

from __future__ import annotations

import io

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capstar import data
from capstar.errors import DataError, SourceError


@pytest.fixture(scope="module")
def gdp(vintages) -> data.Vintages:
    """Real output as the Philadelphia Fed keeps it."""
    return vintages("real_gdp")


def test_verbs(gdp) -> None:
    known = gdp.as_of("2008-10-01")
    assert known.attrs["vintage"] == "2008-08-15"
    assert str(known.index[-1]) == "2008Q2"
    assert gdp.latest().equals(gdp.as_of("2100-01-01"))
    first = gdp.first_release()
    assert first["2008Q2"] == gdp.table.loc["2008Q2", "2008-08-15"]
    assert str(first.index[0]) == "1965Q3", (
        "what the first vintage holds was released before, but for its last"
    )
    changed = gdp.revisions().loc["2008Q2"]
    assert changed["first_vintage"] == pd.Timestamp("2008-08-15")
    assert changed["revision"] == pytest.approx(gdp.latest()["2008Q2"] - first["2008Q2"])
    values = gdp.table.loc["2008Q2"].dropna()
    assert changed["times"] == (values.diff().dropna() != 0).sum() > 3


def test_growth_of_2008q4_was_revised_from_minus_4_to_minus_9(gdp) -> None:
    """The advance estimate was -3.8 percent; today's is about -8.9."""
    growth = gdp.growth()
    assert growth.first_release()["2008Q4"] == pytest.approx(-3.9, abs=0.1)
    assert growth.latest()["2008Q4"] < -8


@settings(max_examples=40, deadline=None)
@given(number=st.integers(1, 240), offset=st.integers(0, 90))
def test_no_look_ahead(gdp, number: int, offset: int) -> None:
    """What was known on a day is the same when all younger vintages are deleted."""
    number = min(number, len(gdp.days) - 1)
    day = gdp.days[number] + pd.Timedelta(days=offset)
    cut = data.Vintages(gdp.table.loc[:, gdp.days <= day], gdp.attrs)
    pd.testing.assert_series_equal(gdp.as_of(day), cut.as_of(day))
    pd.testing.assert_series_equal(cut.latest(), gdp.as_of(day))
    known = cut.first_release()
    pd.testing.assert_series_equal(gdp.first_release().loc[known.index], known)
    pd.testing.assert_series_equal(gdp.growth().as_of(day), cut.growth().latest())


def test_bad_vintages(gdp) -> None:
    with pytest.raises(
        DataError, match="real_gdp: nothing was known on 1950-01-01; the first vintage is of 1965-11"
    ):
        gdp.as_of("1950-01-01")
    early = gdp.table.copy()
    early.loc["2019Q4", "2008-08-15"] = 1.0
    with pytest.raises(DataError, match="has a value for 2019Q4, which had not begun"):
        data.Vintages(early.sort_index())
    with pytest.raises(DataError, match="vintages are not in order"):
        data.Vintages(gdp.table.iloc[:, ::-1])
    with pytest.raises(DataError, match="no logarithm"):
        data.Vintages(-gdp.table).growth()
    with pytest.raises(DataError, match="periods down"):
        data.Vintages(gdp.table.T)


def published_form(reference, name: str, variable: str) -> pd.DataFrame:
    """The reference table as the Bank publishes it: DATE 1947:Q1, ROUTPUT65Q4, #N/A."""
    table = pd.read_csv(reference(f"vintages/{name}.csv"), index_col=0)
    table.columns = [f"{variable}{q[2:4]}{q[4:]}" for q in table.columns]
    table.index = [f"{q[:4]}:{q[-2:]}" for q in table.index]
    return table.copy().rename_axis("DATE").reset_index()


def as_xlsx(table: pd.DataFrame) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(list(table.columns))
    for row in table.itertuples(index=False):
        book.active.append(["#N/A" if pd.isna(cell) else cell for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "variable"), [("real_gdp", "ROUTPUT"), ("core_pce_price", "PCONX"), ("gdp_price", "P")]
)
def test_philadelphia_matrices(server, reference, tmp_path, name: str, variable: str) -> None:
    """The downloaded workbook and a CSV on disk give the reference table, cell for cell."""
    table = published_form(reference, name, variable)
    path = f"/-/media/FRBP/Assets/Surveys-And-Data/real-time-data/data-files/xlsx/{variable}QvQd.xlsx"
    server.serve(path, as_xlsx(table))
    found = data.real_time_matrix(variable)
    expected = pd.read_csv(reference(f"vintages/{name}.csv"), index_col=0)
    np.testing.assert_array_equal(found.table.to_numpy(), expected.to_numpy())
    assert [f"{d.to_period('Q')}" for d in found.days] == list(expected.columns)
    assert (found.days.day == 15).all()
    assert set(found.days.month) <= {2, 5, 8, 11}
    table.to_csv(tmp_path / "matrix.csv", index=False, na_rep="#N/A")
    again = data.real_time_matrix(variable, tmp_path / "matrix.csv")
    pd.testing.assert_frame_equal(again.table, found.table)


def test_monthly_vintages_and_bad_matrices(tmp_path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("DATE,ROUTPUT09M12,ROUTPUT10M1\n2009:Q2,1,1\n2009:Q3,2,2.5\n")
    assert list(data.real_time_matrix("ROUTPUT", path).days.strftime("%Y-%m-%d")) == [
        "2009-12-15",
        "2010-01-15",
    ]
    for body, message in (
        ("DATE,P65Q4\n1947:Q1,1\n", "P65Q4 is not one"),
        ("DATE,ROUTPUT65Q4\n1947-01-01,1\n", "'1947-01-01' is not a quarter"),
        ("DATE,ROUTPUT65Q4\n1947:Q1,1\n1947:Q2,one\n", "ROUTPUT65Q4 in 1947Q2 is 'one', not a number"),
        ("<html>", "web page"),
        ("", "empty"),
    ):
        path.write_text(body)
        with pytest.raises(SourceError, match=message):
            data.real_time_matrix("ROUTPUT", path)
    with pytest.raises(DataError, match="no such file"):
        data.real_time_matrix("ROUTPUT", tmp_path / "absent.csv")
    with pytest.raises(DataError, match="not a name of a series of Federal Reserve Bank of Philadelphia"):
        data.real_time_matrix("../x")
