"""Excel workbooks, without trusting them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import pandas as pd

from capstar.data.sources.archive import opened
from capstar.errors import CapstarError, SourceError

_OLD_FORMAT = b"\xd0\xcf\x11\xe0"
# Who saved the file and when: no data, and some published workbooks write the hour in a form no reader takes.
_NOT_DATA = "docProps/core.xml"
_EMPTY, _CELLS = 10_000, 5_000_000  # rows one after the other; cells that take seconds


@contextmanager
def understood(where: str, part: str) -> Iterator[None]:
    """Whatever goes wrong in a ``with`` block is a `SourceError`: the parsers raise exceptions of any kind."""
    try:
        yield
    except CapstarError as error:
        raise error if isinstance(error, SourceError) else SourceError(str(error)) from error
    except Exception as error:
        raise SourceError(
            f"{where}: {part} is damaged ({str(error)[:80]}). Fetch or save it again."
        ) from error


@dataclass(frozen=True)
class Workbook:
    """An .xlsx file; `SourceError` if it is none, is damaged, or would unpack to an excessive size or elsewhere."""

    body: bytes
    where: str  # source and series, for messages
    _sheets: dict[str, pd.DataFrame] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.body[:4] == _OLD_FORMAT:
            raise SourceError(f"{self.where}: this is the old .xls format, or encrypted. Save it as .xlsx.")
        with opened(self.body, self.where, "workbook"):
            pass

    @property
    def names(self) -> list[str]:
        """Names of the sheets; `SourceError` where there is none."""
        names = [str(sheet.title) for sheet in self._values.worksheets]
        if not names:
            raise SourceError(
                f"{self.where}: the workbook has no sheet of cells. Save it again with a table."
            )
        return names

    def sheet(self, name: str) -> pd.DataFrame:
        """Cells of a sheet from A1 on: objects, without header; None for an empty cell; at least one.

        Raises
        ------
        SourceError
            A formula has no stored value: the program that wrote the file did not calculate; or the sheet claims
            more rows or cells than are read.
        """
        if name not in self._sheets:
            with understood(self.where, f"sheet {name[:80]!r}"):
                self._sheets[name] = self._cells(name)
        return self._sheets[name]

    def _cells(self, name: str) -> pd.DataFrame:
        rows: list[list[object]] = []
        count = empty = width = 0
        for row, said in zip(self._rows(self._values, name), self._rows(self._formulas, name), strict=True):
            count, width = count + max(len(row), 1), max(width, len(row))
            empty = 0 if any(cell.value is not None for cell in row) else empty + 1
            if empty > _EMPTY or max(count, width * len(rows)) > _CELLS:
                what = f"{_EMPTY} empty rows" if empty > _EMPTY else f"{_CELLS} cells"
                raise SourceError(
                    f"{self.where}: sheet {name[:80]!r} has more than {what} up to row {len(rows) + 1}. Delete the "
                    "rows and columns beside the table, and save it again."
                )
            for cell, formula in zip(row, said, strict=True):
                if cell.value is None and str(formula.value).startswith("="):
                    raise SourceError(
                        f"{self.where}: sheet {name[:80]!r}, cell {formula.coordinate}, is the formula "
                        f"{str(formula.value)[:40]!r} without a stored value. Open the workbook in a spreadsheet "
                        "program and save it."
                    )
            rows.append([cell.value for cell in row])
        return pd.DataFrame([row + [None] * (width - len(row)) for row in rows] or [[None]], dtype=object)

    @staticmethod
    def _rows(book: Any, name: str) -> Iterator[tuple[Any, ...]]:
        """Rows as they are, whatever size the sheet claims."""
        sheet = book[name]
        sheet.reset_dimensions()
        return cast("Iterator[tuple[Any, ...]]", sheet.iter_rows())

    @cached_property
    def _values(self) -> Any:
        return self._load(data_only=True)

    @cached_property
    def _formulas(self) -> Any:
        return self._load(data_only=False)

    def _load(self, *, data_only: bool) -> Any:
        import openpyxl

        with understood(self.where, "the workbook"):
            body = io.BytesIO(_without_properties(self.body))
            return openpyxl.load_workbook(body, data_only=data_only, read_only=True)


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
