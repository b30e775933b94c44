"""Valid tables with one or two faults, drawn from a seed, and the call that reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from fuzz import valid_tables

CELLS = (
    "", " ", "nan", "NA", ".", "inf", "-inf", "1e400", "1e308", "-1e308", "1e-320", "9" * 400, "0", "-0.0", "-1",
    "1,5", "1.234,5",
    "1_0", "0x10", "True", "abc", "=1+1", "\x1b[31m", "é", "💥", "x" * 3000, "#N/A", "12%", "1 000", "'", "-", "1e5",
    "-99999",
)  # fmt: skip
DATES = (
    "", "zz", "2199-01-01", "0001-01-01", "99999-01-01", "2020-13-01", "1990-02-30", "31.03.1960", "01/02/1990",
    "1960Q5", "NaT",
    "2020-01-01T00:00+02:00", "1990", "0", "-1", "199001", "1990:1", "Q1 1990", "1677-01-01", "2262-12-31",
    "1990-01-01 12:00",
)  # fmt: skip
HEADS = (
    "",
    "DATE",
    "date",
    " close",
    "Unnamed: 0",
    "None",
    "x" * 300,
    "é💥",
    "\x1b[2J",
    "0",
    "$x^{$",
    "id",
    "=1",
    "a\tb",
)
Rng = np.random.Generator
Fault = Callable[[pd.DataFrame, Rng], pd.DataFrame]


def _cell(table: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    out = table.astype(object)
    row, column = rng.integers(len(out)), rng.integers(out.shape[1])
    out.iloc[row, column] = rng.choice(DATES if table.columns[column] == "date" else CELLS)
    return out


def _several_cells(table: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    column, value = rng.integers(table.shape[1]), rng.choice(CELLS)
    out = table.astype(object)
    out.iloc[rng.integers(len(out), size=5), column] = value
    return out


def _column_of(table: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    return table.assign(**{str(rng.choice(table.columns)): str(rng.choice(CELLS))})


def _scaled(table: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    numbers = [k for k, kind in enumerate(table.dtypes) if kind.kind == "f"]
    if not numbers:
        return table
    at, factor = int(rng.choice(numbers)), 10.0 ** float(rng.choice([-300, -20, -2, 2, 20, 150, 300]))
    out = table.copy()
    with np.errstate(over="ignore"):
        out.isetitem(at, table.iloc[:, at] * factor * rng.choice([-1, 1]))
    return out


def _swapped(table: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    order = np.arange(len(table))
    one, other = rng.integers(len(table), size=2)
    order[[one, other]] = order[[other, one]]
    return table.iloc[order]


def _renamed(table: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    names = list(table.columns)
    names[rng.integers(len(names))] = str(rng.choice(HEADS))
    return table.set_axis(names, axis=1)


def _doubled(table: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    return pd.concat([table, table.iloc[:, [rng.integers(table.shape[1])]]], axis=1)


FAULTS: tuple[Fault, ...] = (
    _cell, _cell, _cell, _several_cells, _column_of, _scaled, _scaled, _swapped, _renamed, _doubled,
    lambda table, rng: table.drop(index=table.index[rng.integers(len(table))]),
    lambda table, rng: table.drop(columns=table.columns[rng.integers(table.shape[1])]),
    lambda table, rng: table.iloc[: rng.integers(0, 12)],
    lambda table, rng: table.iloc[::-1],
    lambda table, rng: table.iloc[:: int(rng.integers(2, 5))],
    lambda table, rng: pd.concat([table, table.iloc[[rng.integers(len(table))]]]),
    lambda table, rng: table.iloc[:, rng.permutation(table.shape[1])],
    lambda table, rng: table.assign(extra=str(rng.choice(CELLS))),
)  # fmt: skip


def _bytes(table: pd.DataFrame, rng: Rng) -> bytes:
    """The table as text, in one of the ways text is written."""
    how = rng.integers(14)
    separator = {0: ";", 1: "\t", 2: "|", 3: " "}.get(int(how), ",")
    text = table.to_csv(index=False, sep=separator, lineterminator="\r\n" if how == 4 else "\n")
    if how == 5:
        text = "a title\n\n" + text
    body = text.encode({6: "utf-16", 7: "utf-16-le", 8: "utf-8-sig"}.get(int(how), "utf-8"), "replace")
    if how == 9:
        return body[: rng.integers(1, len(body))]
    if how == 10:
        at = rng.integers(len(body))
        return body[:at] + rng.bytes(3) + body[at:]
    return body


@dataclass(frozen=True)
class Drawn:
    """A call, and the tables it reads with their faults, by file."""

    call: tuple[str, ...]
    files: dict[str, bytes | pd.DataFrame]

    def write(self, folder: Path) -> None:
        """Put the files there."""
        for name, body in self.files.items():
            if isinstance(body, bytes):
                (folder / name).write_bytes(body)
            else:
                body.to_parquet(folder / name, index=False)


CALLS: Sequence[tuple[float, tuple[str, ...], tuple[str, ...]]] = (  # share, call, tables it reads
    (0.30, ("data", "check", "{macro}"), ("macro",)),
    (0.07, ("rstar", "--input", "{macro}", "--csv", "r.csv", "--json", "r.json", "HELD"), ("macro",)),
    (0.01, ("rstar", "--input", "{macro}", "--end", "1985Q4", "--json", "r.json"), ("macro",)),
    (0.20, ("lead", "--gap", "{gap}", "--returns", "{returns}", "--replications", "99", "--horizons", "1,2",
    "--start", "none"),
     ("gap", "returns")),
    (0.02, ("lead", "--gap", "{gap}", "--returns", "{returns}", "--replications", "99", "--horizons", "1",
    "--start", "2001Q1",
            "--out", "lead"), ("gap", "returns")),
    (0.19, ("market", "--prices", "{prices}"), ("prices",)),
    (0.01, ("market", "--prices", "{prices}", "--plot", "m.png"), ("prices",)),
    (0.20, ("index", "--prices", "{index_prices}", "--shares", "{index_shares}", "--actions", "{index_actions}",
    "--rules",
            "russell3000", "--out", "index"), ("index_prices", "index_shares", "index_actions")),
)  # fmt: skip


@cache
def _valid(name: str) -> pd.DataFrame:
    return valid_tables.TABLES[name]()


def draw(seed: int) -> Drawn:
    """The call of a seed: one or two faults in one of its tables."""
    rng = np.random.default_rng([14, seed])
    _, call, names = CALLS[rng.choice(len(CALLS), p=[share for share, _, _ in CALLS])]
    faulty = str(rng.choice(names))
    files: dict[str, bytes | pd.DataFrame] = {}
    for name in names:
        table = _valid(name)
        if name == faulty:
            for _ in range(rng.integers(1, 3)):
                table = FAULTS[rng.integers(len(FAULTS))](table, rng) if table.size else table
        whole = name != faulty or rng.random() < 0.6
        if name == faulty and rng.random() < 0.1 and _arrow(table):
            files[f"{name}.parquet"] = table
        else:
            files[f"{name}.csv"] = (
                table.to_csv(index=False).encode("utf-8", "replace") if whole else _bytes(table, rng)
            )
    paths = {file.partition(".")[0]: file for file in files}
    held = [part for name, value in valid_tables.FIXED.items() for part in ("--fix", f"{name}={value}")]
    given = [out for part in call for out in (held if part == "HELD" else [part.format(**paths)])]
    return Drawn(tuple(given), files)


def _arrow(table: pd.DataFrame) -> bool:
    """Whether the table has columns that Parquet can hold."""
    import pyarrow as pa

    try:
        pa.Table.from_pandas(table)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return False
    return True
