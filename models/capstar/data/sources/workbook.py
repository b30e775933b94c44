"""Excel workbooks, without trusting them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from capstar.data.sources.archive import opened
from capstar.errors import DataError, SourceError

_OLD_FORMAT = b"\xd0\xcf\x11\xe0"
# Who saved the file and when: no data, and some published workbooks write the hour in a form no reader takes.
_NOT_DATA = "docProps/core.xml"


@dataclass(frozen=True)
class Workbook:
    """An .xlsx file; `SourceError` if it is none, is damaged, or would unpack to an excessive size or elsewhere."""

    body: bytes
    where: str  # source and series, for messages

    def __post_init__(self) -> None:
        if self.body[:4] == _OLD_FORMAT:
            raise SourceError(f"{self.where}: this is the old .xls format, or encrypted. Save it as .xlsx.")
        with opened(self.body, self.where, "workbook"):
            pass

    @property
    def names(self) -> list[str]:
        """Names of the sheets."""
        return [str(sheet.title) for sheet in self._values.worksheets]

    def sheet(self, name: str) -> pd.DataFrame:
        """Cells of a sheet from A1 on: objects, without header; None for an empty cell.

        Raises
        ------
        SourceError
            A formula has no stored value: the program that wrote the file did not calculate.
        """
        rows = []
        with self._damaged(f"sheet {name!r}"):
            for row, said in zip(
                self._values[name].iter_rows(), self._formulas[name].iter_rows(), strict=True
            ):
                for cell, formula in zip(row, said, strict=True):
                    if cell.value is None and str(formula.value).startswith("="):
                        raise SourceError(
                            f"{self.where}: sheet {name!r}, cell {formula.coordinate}, is the formula "
                            f"{str(formula.value)[:40]!r} without a stored value. Open the workbook in a spreadsheet "
                            "program and save it."
                        )
                rows.append([cell.value for cell in row])
        return pd.DataFrame(rows, dtype=object)

    @cached_property
    def _values(self) -> Any:
        return self._load(data_only=True)

    @cached_property
    def _formulas(self) -> Any:
        return self._load(data_only=False)

    def _load(self, *, data_only: bool) -> Any:
        import openpyxl

        with self._damaged("the workbook"):
            body = io.BytesIO(_without_properties(self.body))
            return openpyxl.load_workbook(body, data_only=data_only, read_only=True)

    @contextmanager
    def _damaged(self, part: str) -> Iterator[None]:
        """The parsers raise exceptions of any kind."""
        try:
            yield
        except SourceError:
            raise
        except Exception as error:
            raise SourceError(
                f"{self.where}: {part} is damaged ({error}). Fetch or save it again."
            ) from error


def read_first_sheet(path: Path) -> pd.DataFrame:
    """The first sheet of a user's workbook, its first row the names of the columns; `DataError` if there is no such."""
    try:
        book = Workbook(path.read_bytes(), str(path))
        name = book.names[0]
        cells = book.sheet(name)
    except SourceError as error:
        raise DataError(str(error)) from error
    if len(cells) < 2:
        raise DataError(f"{path}, sheet {name!r}: there is no header with rows below. Put the table first.")
    return headed(cells, 0)


def headed(cells: pd.DataFrame, row: int) -> pd.DataFrame:
    """The table below a row of column names; columns without name and rows without any cell are left out."""
    names = ["" if cell is None else str(cell).strip() for cell in cells.iloc[row]]
    table = cells.iloc[row + 1 :].copy()
    table.columns = pd.Index(names)
    table = table.loc[:, [name != "" for name in names]].dropna(how="all")
    return table.infer_objects().reset_index(drop=True)


def _without_properties(body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            if entry.filename != _NOT_DATA:
                new.writestr(entry.filename, old.read(entry))
    return out.getvalue()
