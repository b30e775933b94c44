"""Tables in the text of a file of French's library: every row of numbers is in one of them, or the file is refused."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from capstar.errors import SourceError

_MISSING = (-99.99, -999.0)
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_LIKE_NUMBER = re.compile(r"[-+]?[0-9.][0-9.,_ eE+%-]*|[-+]?(nan|inf|infinity)", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]{4,8}")
_DATED = re.compile(r"[\"' ]*[0-9]{4,8}[\"' ]*([,;\t])")
_UNSPLIT = re.compile(r"[0-9]{4,8}([\s,;|\"]+[-+]?[0-9.]+)+")
_OVER_DATES = re.compile(
    r"|unnamed: 0|index|dates?|caldt|years?|months?|weeks?|days?|period|time|yyyy(mm(dd)?)?"
)
_FREQUENCY = {4: ("Y", "%Y"), 6: ("M", "%Y%m"), 8: ("D", "%Y%m%d")}
_YEARS = range(1700, 2200)
_CLOSED = 20  # days; no market of the library was closed for longer since its daily files begin
_PARAGRAPH = "\n"


@dataclass(frozen=True)
class _Line:
    number: int  # from 1, as an editor counts
    cells: list[str]


@dataclass
class _Block:
    """A table as its lines: text above, names, rows."""

    where: str
    words: list[str] = field(default_factory=list)
    names: _Line | None = None  # the last line of text
    title_ends: int = 0  # words before it
    adjacent: bool = False  # nothing stands between it and the first row
    rows: list[_Line] = field(default_factory=list)

    def add_text(self, line: _Line) -> None:
        """A line that may be of the title, or the names."""
        self.names, self.title_ends, self.adjacent = line, len(self.words), True
        self.words.append(", ".join(line.cells))

    def add_blank(self) -> None:
        """A line between paragraphs; between rows it says nothing."""
        self.words.append(_PARAGRAPH)
        self.adjacent = self.adjacent and bool(self.rows)

    def is_row(self, cells: list[str]) -> bool:
        """Whether a line has numbers of a table: below names nearly any number, elsewhere what begins like a date."""
        parts = cells if len(cells) > 1 else re.split(r"[,;\t|]", cells[0])  # a line of other separators
        bare = [cell.strip("\"' ") for cell in parts]
        first, others = bare[0], [cell for cell in bare[1:] if cell]
        numbers = sum(_LIKE_NUMBER.fullmatch(cell) is not None for cell in others)
        most = numbers > 0 and len(others) <= 2 * numbers
        if not (self.rows or (self.names and self.names.cells[1:] and _over_dates(self.names.cells[0]))):
            alone = numbers >= 2 and most and not any(map(str.isalpha, first))
            return alone or bool((numbers and _DIGITS.fullmatch(first)) or _UNSPLIT.fullmatch(first))
        if _DIGITS.fullmatch(first) or _UNSPLIT.fullmatch(first):
            return True
        if numbers and self.rows and len(cells) == len(self.rows[0].cells) > 2:
            return True
        return most and (numbers >= 2 or not first or any(map(str.isdigit, first)))

    def title(self, number: int) -> str:
        """The last paragraph above the names."""
        text = " ".join(self.words[: self.title_ends]).split(_PARAGRAPH)
        paragraphs = [" ".join(part.split()) for part in text]
        return next((part for part in reversed(paragraphs) if part), f"table {number}")


def tables_of(text: str, where: str) -> tuple[dict[str, pd.DataFrame], str]:
    """Tables by title, those of one title numbered, and the text below them.

    Raises `SourceError`, which names the lines, of numbers below no names of columns, or that fit no table.
    """
    tables: dict[str, pd.DataFrame] = {}
    block = _Block(where)
    for number, cells in _lines(text, where):
        if not cells:
            block.add_blank()
        elif block.is_row(cells):
            block.rows.append(_Line(number, cells))
        else:
            if block.rows:
                _add(block, tables)
                block = _Block(where)
            block.add_text(_Line(number, cells))
    if block.rows:
        _add(block, tables)
        block = _Block(where)
    elif block.names and not block.names.cells[0]:
        raise SourceError(
            f"{where}, line {block.names.number}: the file ends below the names of a table. It is cut off; fetch it "
            "again."
        )
    return tables, " ".join(" ".join(block.words).split())


def _lines(text: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Cells of each line, without those empty at its end; none for an empty line or one of separators alone."""
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    marks = [found[1] for line in lines if (found := _DATED.match(line))]
    mark = max(",;\t", key=marks.count)
    decimal = mark != "," and _decimal_comma(lines, where)
    for number, line in enumerate(lines, 1):
        try:
            plain = line.count('"') % 2  # a quote that does not close is a character
            split = (
                line.split(mark)
                if plain
                else next(csv.reader([line], delimiter=mark, skipinitialspace=True), [])
            )
        except csv.Error as error:
            raise SourceError(f"{where}, line {number}: this is no line of a table ({error}).") from error
        cells = [cell.strip() for cell in split]
        while cells and not cells[-1]:
            cells.pop()
        if decimal:
            cells = [re.sub(r"^([-+]?[0-9]+),([0-9]+)$", r"\1.\2", cell) for cell in cells]
        yield number, cells


def _decimal_comma(lines: list[str], where: str) -> bool:
    """Whether numbers between semicolons or tabs have a comma for the point."""
    rows = "\n".join(line for line in lines if _DATED.match(line))
    commas = re.findall(r"[0-9],([0-9]+)", rows)
    if not commas or re.search(r"[0-9]\.[0-9]", rows):
        return False
    if all(len(digits) == 3 for digits in commas):
        raise SourceError(
            f"{where}: whether a comma is the decimal point or parts thousands cannot be told. Write decimal points."
        )
    return True


def _over_dates(name: str) -> bool:
    return _OVER_DATES.fullmatch(name.lower()) is not None


def _add(block: _Block, tables: dict[str, pd.DataFrame]) -> None:
    title = base = block.title(len(tables))
    number = 2
    while title in tables:
        title, number = f"{base} ({number})", number + 1
    tables[title] = _table(block, title)


def _table(block: _Block, title: str) -> pd.DataFrame:
    where = f"{block.where}, {title[:80]}"
    for row in block.rows:
        if not row.cells[1:]:
            raise SourceError(
                f"{block.where}, line {row.number}: {row.cells[0][:80]!r} has no values between commas, semicolons or "
                "tabs. Fetch the library's CSV file; its TXT file has blanks between."
            )
    names = _names(block, block.rows)
    for row in block.rows:
        if len(row.cells) != len(names) + 1:
            raise SourceError(
                f"{where}, line {row.number}: the row of {row.cells[0][:20]} has {len(row.cells) - 1} values for "
                f"{len(names)} names. The file is damaged; fetch it again."
            )
    index = _dates(block.rows, where)
    values = [[_value(cell, row, where) for cell in row.cells[1:]] for row in block.rows]
    out = np.array(values)
    out[np.isin(out, _MISSING)] = np.nan
    return pd.DataFrame(out, index, names)


def _names(block: _Block, rows: list[_Line]) -> list[str]:
    """Names of the columns: below an empty cell or one that says date, or directly above the rows, a name a value."""
    line, width = block.names, len(rows[0].cells)
    found: list[str] = []
    if line and line.cells[1:] and _over_dates(line.cells[0]):
        found = line.cells[1:]
    elif line and block.adjacent and line.cells[0] and len(line.cells) == width - 1:
        found = line.cells
    if line is None or not found:
        span = (
            f"line {rows[0].number} holds"
            if len(rows) == 1
            else f"lines {rows[0].number} to {rows[-1].number} hold"
        )
        hint = f"; line {line.number} is {', '.join(line.cells)[:80]!r}" if line else ""
        raise SourceError(
            f"{block.where}: {span} numbers below no names of columns{hint}. Put a line above them that begins with a "
            f"comma and names the {max(width - 1, 1)} columns, as in the library's CSV files."
        )
    for k, name in enumerate(found):
        if not name or name in found[:k]:
            fault = f"{name[:80]!r} names two columns" if name else f"column {k + 1} has no name"
            raise SourceError(f"{block.where}, line {line.number}: {fault}. Give each a name of its own.")
    return found


def _dates(rows: list[_Line], where: str) -> pd.PeriodIndex:
    """One length of dates, rising by one year or month; days by less than three weeks."""
    dates = [row.cells[0] for row in rows]
    width = len(dates[0])
    freq, pattern = _FREQUENCY.get(width, ("", ""))
    days = pd.to_datetime(pd.Series(dates, dtype=str), format=pattern or "%Y", errors="coerce")
    for row, date, day in zip(rows, dates, days, strict=True):
        if len(date) != width and _DIGITS.fullmatch(date):
            raise SourceError(
                f"{where}, line {row.number}: dates of different lengths are in one table, {dates[0]} and {date}. A "
                "title or names of columns are lost; fetch the file again."
            )
        if not (freq and _DIGITS.fullmatch(date) and day == day and int(date[:4]) in _YEARS):  # noqa: PLR0124
            raise SourceError(
                f"{where}, line {row.number}: {date[:80]!r} is neither number nor date; expected one such as "
                "1926, 192607 or 19260701. The file is damaged; fetch it again."
            )
    index = pd.DatetimeIndex(days, name="date").to_period(freq)
    steps = np.diff(index.asi8)
    wrong = (steps < 1) | (steps > (_CLOSED if freq == "D" else 1))
    if wrong.any():
        k = int(wrong.argmax()) + 1
        fault = "the dates do not rise" if steps[k - 1] < 1 else "dates are left out"
        raise SourceError(
            f"{where}, line {rows[k].number}: {fault}, {dates[k]} follows {dates[k - 1]}. Fetch the file again, or "
            "give every date once and in order; -99.99 says that a value is missing."
        )
    return index


def _value(cell: str, row: _Line, where: str) -> float:
    value = float(cell) if _NUMBER.fullmatch(cell) else np.nan
    if not np.isfinite(value):
        raise SourceError(
            f"{where}, line {row.number}: {cell[:80]!r} of {row.cells[0]} is neither number nor date. The library "
            "writes a missing value as -99.99; fetch the file again."
        )
    return value
