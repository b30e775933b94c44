"""Answers in SDMX-CSV, the format of the OECD's and the European Central Bank's services."""

from __future__ import annotations

import csv
import io
import re

import pandas as pd

from capstar.data.sources.fred import parse_table
from capstar.errors import SourceError

_MISSING = ("", "NaN", "NA")


def rows_of(body: bytes, where: str) -> list[list[str]]:
    """Rows of a CSV answer; `SourceError` where it is empty, a web page, or not such text."""
    if not body.strip() or body.lstrip()[:1] == b"<":
        found = "a web page, not data" if body.strip() else "empty"
        raise SourceError(f"{where}: the answer is {found}. The series may not exist; try again later.")
    try:
        return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(
            f"{where}: the answer is not a table, or cut off ({str(error)[:80]}). Try again."
        ) from error


def sdmx_series(body: bytes, where: str, key: str) -> pd.Series:
    """The one series of an answer, in the order of its periods, checked as FRED's are.

    Parameters
    ----------
    body
        Header with ``TIME_PERIOD`` and ``OBS_VALUE``; before the first the dimensions, as in ``key``, which has points
        between them.
    where, key
        Source and series, for messages; dimensions asked for.

    Raises
    ------
    SourceError
        The answer is not this series, or not whole.
    """
    header, *rows = [row for row in rows_of(body, where) if row]
    if not {"TIME_PERIOD", "OBS_VALUE"} <= set(header):
        raise SourceError(f"{where}: the header is {str(header)[:80]}, expected TIME_PERIOD and OBS_VALUE.")
    if odd := [row for row in rows if len(row) != len(header)]:
        raise SourceError(
            f"{where}: a row has {len(odd[0])} of {len(header)} cells ({str(odd[0])[:80]}). Try again later."
        )
    time, value, wanted = header.index("TIME_PERIOD"), header.index("OBS_VALUE"), key.split(".")
    for row in rows:
        if (found := row[:time][-len(wanted) :]) != wanted:
            raise SourceError(
                f"{where}: a row is of {str('.'.join(found))[:80]}, not of {key}. Name one series."
            )
    values = sorted((_first_day(row[time], where), row[value]) for row in rows)
    return table_of([(day, "" if cell in _MISSING else cell) for day, cell in values], where)


def table_of(rows: list[tuple[str, str]], where: str) -> pd.Series:
    """Dates and values as a series, checked as FRED's are; its name is ``value``."""
    text = "observation_date,value\n" + "".join(f'{day},"{cell}"\n' for day, cell in rows)
    out = parse_table(text.encode(), where, "value")
    out.attrs = {}  # that say it is FRED's
    return out


def _first_day(period: str, where: str) -> str:
    if found := re.fullmatch(r"(\d{4})-Q([1-4])", period):
        return f"{found[1]}-{3 * int(found[2]) - 2:02d}-01"
    if not re.fullmatch(r"\d{4}(-\d\d){0,2}", period):
        raise SourceError(
            f"{where}: {period[:80]!r} is no period, such as 2020, 2020-Q1, 2020-01 or 2020-01-31."
        )
    return period + "-01-01"[len(period) - 10 :] if len(period) < 10 else period
