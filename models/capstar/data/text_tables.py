"""A table written as text: where it begins, what separates its columns, and how its numbers are written."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Sequence
from typing import Any

import pandas as pd

from capstar.errors import DataError, quoted

DATE_NAMES = frozenset(
    {"date", "observation_date", "datetime", "daten"}
)  # FRED, yfinance, Stata's import fred
MISSING = (
    *(
        "",
        ".",
        "..",
        "-",
        "NA",
        "N/A",
        "n/a",
        "#N/A",
        "#NA",
        "#N/A N/A",
        "<NA>",
        "ND",
        "NaN",
        "nan",
        "-nan",
        "-NaN",
    ),
    *("NULL", "null", "None", "1.#QNAN", "-1.#QNAN", "1.#IND", "-1.#IND"),
)
_SAMPLE = 60  # rows among which the header is
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f]")
_SIGN, _POWER = "[+-]?", "(?:[eE][+-]?[0-9]{1,3})?"
_GROUPED = {".": "[1-9][0-9]{0,2}(?:,[0-9]{3})+", ",": r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+"}  # by decimal sign
_NUMBER = {
    sign: f"{_SIGN}(?:(?:[0-9]+|{_GROUPED[sign]})(?:{re.escape(sign)}[0-9]*)?|{re.escape(sign)}[0-9]+){_POWER}"
    for sign in _GROUPED
}


def parse_text(body: bytes, source: str) -> tuple[pd.DataFrame, str, list[str]]:
    """The cells of a file of text under the names of its columns, as text; its separator; what was assumed."""
    text, said = _decoded(body, source)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = [line for line in lines if not line.lstrip().startswith("#")]
    if len(kept) < len(lines):
        said.append(f"lines of comment left out: {len(lines) - len(kept)}")
    kept = [line for line in kept if line.strip(' ,;\t|"')]
    if not kept:
        raise DataError(f"{source}: the file is empty. It should start with a line of column names.")
    separator, names, skipped, start = _layout(kept, source)
    if separator != ",":
        said.append(f"separator {_SEPARATORS[separator]}")
    if skipped:
        said.append(f"lines above the header left out: {skipped}")
    return _cells(kept[start:], separator, names, source), separator, said


def find_header(rows: Sequence[Sequence[str]], source: str) -> tuple[int, list[str], int] | None:
    """Row of the names, the names, and row of the first values; None where no row names a date.

    The CSV of yfinance has three rows of header: fields, symbols, and 'Date' alone.
    """
    for at, row in enumerate(rows):
        words = [cell.strip().lower() for cell in row]
        if not (dates := [k for k, word in enumerate(words) if word in DATE_NAMES]):
            continue
        if any(word for k, word in enumerate(words) if k != dates[0]):
            return at, [cell.strip() for cell in row], at + 1
        if at and dates == [0] and len(rows[0]) > 1 and any(cell.strip() for cell in rows[0][1:]):
            symbols = sorted({cell.strip() for cell in rows[1][1:]} - {""}) if at > 1 else []
            if len(symbols) > 1:
                raise DataError(
                    f"{source}: the table holds {len(symbols)} symbols, {', '.join(map(quoted, symbols[:3]))}. Keep "
                    "one of them in the file."
                )
            return 0, [row[0].strip(), *(cell.strip() for cell in rows[0][1:])], at + 1
    if (
        len(rows) > 1
        and len(rows[0]) > 1
        and not rows[0][0].strip()
        and re.match("[0-9]{4}|[0-9]+[./]", rows[1][0])
    ):
        return 0, ["date", *(cell.strip() for cell in rows[0][1:])], 1
    return None


def as_numbers(
    frame: pd.DataFrame, source: str, *, decimal: str | None, separator: str = "", whole: bool = False
) -> list[str]:
    """Turn text into numbers in place, column by column except dates; what was assumed.

    Parameters
    ----------
    decimal
        The decimal sign; by default the one that every number of the table allows.
    separator
        Of the file.
    whole
        Leave a column as text unless all its cells are numbers written without leading zeros, which are identifiers.

    Raises
    ------
    DataError
        A number may be read in two ways, or there is no one way for all.
    """
    texts = {
        k: _tidied(frame.iloc[:, k])
        for k in range(frame.shape[1])
        if frame.columns[k] != "date" and frame.dtypes.iloc[k] in (object, "str")
    }
    if not texts:
        return []
    strings = {
        k: c.dropna() if c.dtype == "str" else c[[isinstance(v, str) for v in c]].astype("str")
        for k, c in texts.items()
    }
    sign = decimal or _decimal_sign(pd.concat(strings.values()), source, separator)
    grouped = False
    for k, column in texts.items():
        cells = strings[k]
        fits = cells.str.fullmatch(_NUMBER[sign])
        if whole and (not fits.all() or cells.str.match("[+-]?0[0-9]").any()):
            continue
        grouped |= _grouped(cells[fits], sign, source, sure=decimal is not None)
        plain = (
            cells[fits]
            .str.replace("." if sign == "," else ",", "", regex=False)
            .str.replace(",", ".", regex=False)
        )
        if len(plain) == column.notna().sum():
            frame.isetitem(k, plain.astype(float).reindex(column.index))
        else:  # the others are for an error to name, or numbers already
            frame.isetitem(
                k, column.astype(object).where(~column.index.isin(plain.index), plain.astype(float))
            )
    return (["decimal comma"] if sign == "," else []) + (["thousands separators"] if grouped else [])


def _grouped(cells: pd.Series, sign: str, source: str, *, sure: bool) -> bool:
    """Whether thousands are separated; `DataError` where that may be a decimal sign mistyped."""
    other = "." if sign == "," else ","
    parted, with_sign = (
        cells[cells.str.contains(other, regex=False)],
        cells[cells.str.contains(sign, regex=False)],
    )
    told = (parted.str.count(re.escape(other)) > 1) | parted.str.contains(sign, regex=False)
    if parted.size and with_sign.size and not told.any() and not sure:
        raise DataError(
            f"{source}: {quoted(parted.iloc[0])} and {quoted(with_sign.iloc[0])} are in one column. Write all numbers "
            f"in one way, or pass decimal={sign!r} to the reader if {quoted(other)} separates thousands."
        )
    return bool(parted.size)


def _tidied(column: pd.Series) -> pd.Series:
    if column.dtype == object:
        return column.map(_tidy)
    text = column.str.strip()
    odd = text.isin(MISSING) | text.str.contains("[ '\u00a0\u202f\u2019\u2212]", na=False)
    return text.mask(odd, text[odd].map(_tidy)) if odd.any() else text


def _tidy(cell: object) -> object:
    """Text without blanks, also between thousands, and with an ASCII minus; None where it stands for nothing."""
    if not isinstance(cell, str):
        return cell
    text = cell.strip()
    if text in MISSING:
        return None
    if (text[:1] in "+-\u2212.0123456789" and not text.isascii()) or " " in text or "'" in text:
        text = re.sub(r"(?<=[0-9])[ \u00a0\u202f'\u2019](?=[0-9]{3}(?![0-9]))", "", text).replace(
            "\u2212", "-"
        )
    return text


def _decimal_sign(cells: pd.Series, source: str, separator: str) -> str:
    """Point or comma, whichever every number allows."""
    marked = cells[cells.str.contains("[.,]")].drop_duplicates()
    point, comma = marked.str.fullmatch(_NUMBER["."]), marked.str.fullmatch(_NUMBER[","])
    only_point, only_comma, both = marked[point & ~comma], marked[comma & ~point], marked[point & comma]
    if only_point.size and only_comma.size:
        raise DataError(
            f"{source}: {quoted(only_point.iloc[0])} has a decimal point and {quoted(only_comma.iloc[0])} a decimal "
            "comma. Write all numbers in one way."
        )
    if only_comma.size or only_point.size or not both.size:
        return "," if only_comma.size else "."
    commas = both.str.contains(",")
    ungrouped = cells.str.fullmatch("[+-]?[1-9][0-9]{3,}").any()  # thousands are not separated here
    if not commas.any() and (separator == "," or ungrouped):
        return "."
    one = both[commas].iloc[0] if commas.any() else both.iloc[0]
    digits = re.sub("[.,]", "", one)
    raise DataError(
        f"{source}: {quoted(one)} may be {digits} or {re.sub('[.,]', '.', one)}, and no other number tells. Pass "
        "decimal='.' or decimal=',' to the reader, or write a number such as 1234.50."
    )


def _decoded(body: bytes, source: str) -> tuple[str, list[str]]:
    """Text of a file by its mark, else UTF-8, else Western European."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if body.startswith(mark):
            text, said = body.removeprefix(b"\xef\xbb\xbf").decode(encoding), encoding
            break
    else:
        odd, even = body[1:2000:2].count(0), body[:2000:2].count(0)
        wide = "utf-16-le" if odd > 4 * even + 5 else "utf-16-be" if even > 4 * odd + 5 else ""
        try:
            text, said = body.decode(wide or "utf-8"), wide or "utf-8"
        except UnicodeDecodeError:
            text, said = body.decode("cp1252"), "Western European (Windows-1252)"
    if found := _NO_TEXT.search(text):
        raise DataError(
            f"{source}: this is not a CSV file (it holds the byte {found[0]!r}). Save the table as comma-separated "
            "text, or as Parquet."
        )
    return text, [] if said == "utf-8" else [f"encoding {said}"]


def _layout(lines: list[str], source: str) -> tuple[str, list[str], int, int]:
    """Separator, names, lines skipped above them, and line of the first values."""
    best: tuple[int, str, list[str], int, int] | None = None
    plain: tuple[int, str, list[str], int, int] = (0, ",", [], 0, 1)
    for separator in _SEPARATORS:
        reader = csv.reader(lines[:_SAMPLE], delimiter=separator, skipinitialspace=True)
        rows, ends = [], []
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
        width = sum(1 for cell in rows[0] if cell.strip())
        if width > plain[0]:
            plain = (width, separator, [cell.strip() for cell in rows[0]], 0, ends[0])
        if (found := find_header(rows, source)) is not None:
            at, names, start = found
            width = sum(1 for name in names if name)
            if best is None or width > best[0]:
                best = (width, separator, names, ends[at - 1] if at else 0, ends[start - 1])
    return (best or plain)[1:]


def _cells(lines: list[str], separator: str, names: list[str], source: str) -> pd.DataFrame:
    if not lines:
        return pd.DataFrame(columns=names, dtype="str")
    options: dict[str, Any] = {
        "sep": separator,
        "header": None,
        "names": range(len(names)),
        "index_col": False,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # values beyond the header's columns
        try:
            frame = pd.read_csv(
                io.StringIO("\n".join(lines)),
                dtype="str",
                na_values=list(MISSING),
                keep_default_na=False,
                skipinitialspace=True,
                **options,
            )
        except pd.errors.ParserWarning as error:
            raise DataError(
                f"{source}: a row has more values than the header, which gives {listed(names)}. Name every column, "
                "and write decimals with a point."
            ) from error
    frame.columns = pd.Index(names)
    return frame


def listed(names: Sequence[object]) -> str:
    """The first names of columns, for messages."""
    first = [str(name)[:40] for name in names[:6]]
    return str(first) if len(names) <= 6 else f"{first} and {len(names) - 6} more"
