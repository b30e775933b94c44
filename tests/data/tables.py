"""Tables of a user's in memory: as text, as a workbook, in other formats."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd

QUARTERS = pd.period_range("1960Q1", periods=8, freq="Q", name="date")
VALUES = np.array([8.125, 8.25, 8.5, 8.625, 8.75, 9.0, 9.125, 1009.25])
TABLE = pd.DataFrame({"log_gdp": VALUES, "inflation": VALUES % 1005 - 2}, QUARTERS)


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
