"""Tables as users write them, with faults: the right numbers or one sentence, no other exception or number."""

from __future__ import annotations

import gzip
import io
import os
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from capstar import data
from capstar.errors import DataError, SpecificationError

CASES = int(os.environ.get("CAPSTAR_FUZZ_TABLES", "400"))
READERS: dict[str, tuple[Callable[[Path], pd.DataFrame], str]] = {
    "input": (data.read_input, "Q"), "prices": (data.read_prices, "D"), "returns": (data.read_returns, "M"),
}  # fmt: skip
DATES = (
    "%Y-%m-%d", "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y%m%d",
    "%b %d %Y", "%d-%b-%Y",
    "%Y-%m-%d 00:00:00", "%Y-%m-%dT00:00:00+02:00", "%Y-%m-%d %H:%M:%S-05:00",
)  # fmt: skip
NASTY = (
    "True", "1_0", "1e400", "inf", "-inf", "9" * 400, "x" * 300, "=1+1", "0x1F", "1,2,3", "1.2.3", "--5", "5%", "$5",
    "1 2",
    "\u0663", "2020-01-01", "1/2", "#REF!", "(5)", "1e", "+", "'", "e5", "1.234,5.6",
)  # fmt: skip
NO_DATES = (
    "",
    "soon",
    "1960.1",
    "1960:1",
    "13/13/2020",
    "2020-02-30",
    "99999999",
    "-1",
    "0",
    "2020",
    "1e9",
    "31/12/20",
)


def truth(rng: np.random.Generator, step: str) -> pd.DataFrame:
    n = int(rng.integers(1, 30))
    first = pd.Timestamp(int(rng.integers(1930, 2020)), int(rng.integers(1, 13)), 1)
    days = (
        pd.bdate_range(first, periods=n)
        if step == "D"
        else pd.period_range(first, periods=n, freq=step).to_timestamp(how=str(rng.choice(["start", "end"])))
    ).normalize()
    places = int(rng.integers(0, 5))
    high = 10.0 ** rng.integers(1, 6)
    values = np.round(rng.uniform(0.5, high, (n, int(rng.integers(1, 4)))), places) + 1.0
    return pd.DataFrame(values, days, ["close", "volume", "gdp.level"][: values.shape[1]])


def shown(rng: np.random.Generator, value: float, decimal: str, thousands: str, places: int) -> str:
    text = f"{value:,.{places}f}"
    if rng.random() < 0.02:
        return f"{value:.16e}".replace(".", decimal)
    return text.translate({ord(","): thousands, ord("."): decimal})


def cells_of(rng: np.random.Generator, table: pd.DataFrame, separator: str) -> list[list[str]]:
    """Header and rows as text, every number in one of the ways of writing numbers."""
    form = str(rng.choice(DATES))
    decimal = "," if separator == ";" and rng.random() < 0.7 else "."
    others = ["", "", "\u202f", "'", "." if decimal == "," else ","]
    thousands = str(rng.choice(others))
    places = max(len(repr(v).split(".")[1].rstrip("0")) for v in table.to_numpy().ravel().tolist())
    name = str(rng.choice(["date", "Date", "observation_date", "Datetime", ""], p=[0.4, 0.2, 0.2, 0.1, 0.1]))
    return [[name, *table.columns]] + [
        [f"{day:{form}}", *(shown(rng, float(v), decimal, thousands, places) for v in row)]
        for day, row in zip(table.index, table.to_numpy(), strict=True)
    ]


def spoiled(rng: np.random.Generator, cells: list[list[str]]) -> tuple[list[list[str]], bool]:
    """One fault of a cell, a row or a column, and whether the dates of rows may have another meaning after it."""
    cells = [list(row) for row in cells]
    row = int(rng.integers(1, len(cells)))
    column = int(rng.integers(1, len(cells[0])))
    kind = int(rng.integers(8))
    if kind == 0:
        cells[row][column] = str(rng.choice(NASTY))
    elif kind == 1:
        cells[row][0] = str(rng.choice(NO_DATES))
    elif kind == 2:
        cells.insert(row, list(cells[row]))
    elif kind == 3:
        del cells[row]
    elif kind == 4:
        cells[row].append(str(rng.choice(["5", "", "note"])))
    elif kind == 5:
        cells = [[*line, line[column]] for line in cells]
    elif kind == 6:
        cells[row], cells[-1] = cells[-1], cells[row]
    else:
        cells[row][column] = str(rng.choice(["", ".", "NA", "NaN", " ", "null"]))
    return cells, kind == 1


def as_text(rng: np.random.Generator, cells: list[list[str]], separator: str) -> bytes:
    def quoted(cell: str) -> str:
        return f'"{cell}"' if separator in cell or rng.random() < 0.05 else cell

    lines = [separator.join(map(quoted, row)) for row in cells]
    if rng.random() < 0.2:
        lines[:0] = ["A title", ""]
    if rng.random() < 0.2:
        lines.insert(int(rng.integers(len(lines) + 1)), "# a comment, of a kind")
    if rng.random() < 0.2:
        lines += [separator * (len(cells[0]) - 1)] * 2
    text = str(rng.choice(["\n", "\r\n"])).join(lines) + "\n" * int(rng.integers(2))
    return text.encode(str(rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be"])))


def as_bytes(rng: np.random.Generator, cells: list[list[str]], separator: str) -> tuple[str, bytes]:
    kind = str(rng.choice(["csv", "csv", "csv", "csv", "gz", "zip", "xlsx", "parquet", "feather"]))
    out = io.BytesIO()
    if kind == "xlsx":
        book = openpyxl.Workbook()
        for row in cells:
            book.active.append([cell.replace("=", "") for cell in row])
        book.save(out)
    elif kind in ("parquet", "feather"):
        names = [f"{name}_{k}" if name in cells[0][:k] else name for k, name in enumerate(cells[0])]
        frame = pd.DataFrame([row[: len(names)] for row in cells[1:]], columns=names)
        (frame.to_parquet if kind == "parquet" else frame.to_feather)(out)
    else:
        body = as_text(rng, cells, separator)
        if kind == "zip":
            with zipfile.ZipFile(out, "w") as archive:
                archive.writestr("a.csv", body)
        else:
            out.write(gzip.compress(body, 1) if kind == "gz" else body)
    return kind, out.getvalue()


def check(out: pd.DataFrame, table: pd.DataFrame, step: str) -> None:
    """Every number is one of the table's, at its date and in its column, or missing."""
    assert not np.isinf(out.to_numpy()).any()
    right = table.set_axis(table.index.to_period(step) if step != "D" else table.index)
    assert out.index.isin(right.index).all()
    for name in out.columns.intersection(right.columns):
        known = out[name].dropna()
        np.testing.assert_allclose(known, right[name].reindex(known.index), rtol=1e-12)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("faults", [0, 1, 2])
def test_written_tables(tmp_path: Path, reader: str, faults: int) -> None:
    read, step = READERS[reader]
    wanted, refused = CASES // 9, 0
    for seed in range(wanted):
        rng = np.random.default_rng([14, faults, len(reader), seed])
        table, separator, moved = truth(rng, step), str(rng.choice([",", ";", "\t", "|"])), False
        cells = cells_of(rng, table, separator)
        for _ in range(faults):
            if len(cells) > 1:
                cells, dated = spoiled(rng, cells)
                moved |= dated
        kind, body = as_bytes(rng, cells, separator)
        path = tmp_path / f"{seed}.{kind}"
        path.write_bytes(body)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                out = read(path)
        except (DataError, SpecificationError) as error:
            said = str(error).replace(str(path), "")
            refused += 1
            out = None
        if out is None:
            assert len(said) < 600
            continue
        if not moved:
            check(out, table, step)
        if not faults:
            assert len(out) == len(table)
            assert out.notna().to_numpy().all()
    if not faults:
        assert refused < wanted / 3  # what may be read in two ways


@pytest.mark.parametrize("reader", READERS)
def test_damaged_bytes(tmp_path: Path, reader: str) -> None:
    read, step = READERS[reader]
    for seed in range(CASES // 3):
        rng = np.random.default_rng([15, len(reader), seed])
        kind, body = as_bytes(rng, cells_of(rng, truth(rng, step), ","), ",")
        spoilt = bytearray(body)
        for at in rng.integers(len(spoilt), size=int(rng.integers(1, 20))):
            spoilt[at] = int(rng.integers(256))
        cut = int(rng.integers(len(spoilt))) if rng.random() < 0.3 else len(spoilt)
        path = tmp_path / f"{seed}.{kind}"
        path.write_bytes(spoilt[:cut])
        try:
            out = read(path)
        except (DataError, SpecificationError):
            continue
        assert not np.isinf(out.to_numpy()).any()
