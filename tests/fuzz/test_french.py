"""Files of the French library with one or two faults: every row of numbers comes back, or one sentence names lines."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import numpy as np
import pytest

from capstar.data.sources.french import parse_french
from capstar.errors import SourceError

RUNS = 800
CELLS = [
    "nan",
    "inf",
    "-inf",
    "1e400",
    "1_0",
    "",
    "abc",
    "1,5",
    "-",
    "--",
    "1 2",
    "0x1F",
    ".",
    "1e",
    "١٢",
    '"',
    "'",
]
CELLS += ["9999999", "-99.99", "-999", "1.5", "+2"]
DATES = [
    "192613",
    "1926",
    "0001",
    "19260701",
    "192607.0",
    "x",
    "1926-07",
    "07/1926",
    "999999",
    "192607",
    "19267",
    "١٩٢٦٠٧",
]
TITLES = re.compile(r"^  [A-Z].*$", re.MULTILINE)

Lines = list[str]


def numbers(line: str) -> list[str]:
    """Cells of a line that holds numbers of a table; none where it does not. Told without the parser's rules."""
    cells = [cell.strip(" \"'") for cell in re.split(r"[,;\t]", line)]
    while cells and not cells[-1]:
        cells.pop()
    like = [cell for cell in cells[1:] if re.fullmatch(r"[-+]?[0-9]*\.[0-9]+|[-+]?[0-9]+", cell)]
    return cells if len(like) >= 2 and 2 * len(like) >= len(cells) - 1 else []


def any_row(rng: random.Random, lines: Lines) -> int:
    return rng.choice([k for k, line in enumerate(lines) if numbers(line)] or [0])


def any_names(rng: random.Random, lines: Lines) -> int:
    return rng.choice([k for k, line in enumerate(lines) if line.startswith(",")] or [0])


def cell(rng: random.Random, lines: Lines) -> None:
    at = any_row(rng, lines)
    cells = lines[at].split(",")
    cells[rng.randrange(len(cells))] = rng.choice(CELLS)
    lines[at] = ",".join(cells)


def date(rng: random.Random, lines: Lines) -> None:
    at = any_row(rng, lines)
    lines[at] = ",".join([rng.choice(DATES), *lines[at].split(",")[1:]])


def names(rng: random.Random, lines: Lines) -> None:
    at = any_names(rng, lines)
    line = lines[at]
    changed = [
        line[1:],
        f"date{line}",
        f"Month{line}",
        ",".join(f'"{c}"' for c in line.split(",")),
        f"{line},,",
    ]
    changed += [
        line + ",Lo 30",
        line.rpartition(",")[0],
        "",
        line.replace("Lo 30", "Hi 30"),
        "x" + line,
        ",,,",
    ]
    lines[at] = rng.choice([*changed, line.replace("Lo 30", ""), line.lower()])


def below_names(rng: random.Random, lines: Lines) -> None:
    lines.insert(any_names(rng, lines) + 1, rng.choice(["", ",,,,", "\t", "   "]))


def insert(rng: random.Random, lines: Lines) -> None:
    text = rng.choice(
        ["", ",,,,", "text", "one, two", ";;", "\t", "2020", "Copyright 2022", "1.5", ",1.5", '"']
    )
    lines.insert(rng.randrange(len(lines) + 1), text)


def remove(rng: random.Random, lines: Lines) -> None:
    del lines[rng.randrange(len(lines))]


def repeat(rng: random.Random, lines: Lines) -> None:
    at = rng.randrange(len(lines))
    lines.insert(at, lines[at])


def swap(rng: random.Random, lines: Lines) -> None:
    at = rng.randrange(len(lines) - 1)
    lines[at], lines[at + 1] = lines[at + 1], lines[at]


def character(rng: random.Random, lines: Lines) -> None:
    at = any_row(rng, lines)
    where = rng.randrange(len(lines[at]) + 1)
    lines[at] = lines[at][:where] + rng.choice("0.,;-\"' x\0") + lines[at][where + rng.randrange(2) :]


def marks(rng: random.Random, lines: Lines) -> None:
    mark = rng.choice(";\t")
    at = any_row(rng, lines)
    for k in range(len(lines)) if rng.random() < 0.5 else [at]:
        lines[k] = lines[k].replace(",", mark)


def widen(rng: random.Random, lines: Lines) -> None:
    lines[:] = [line + "," * rng.choice([3, 3, 3, 4]) for line in lines]


def quote(rng: random.Random, lines: Lines) -> None:
    lines[:] = [",".join(f'"{c.strip()}"' for c in line.split(",")) for line in lines]


def untitled(rng: random.Random, lines: Lines) -> None:
    lines[:] = TITLES.sub(rng.choice(["", "  One title"]), "\n".join(lines)).split("\n")


def cut(rng: random.Random, lines: Lines) -> None:
    text = "\n".join(lines)
    lines[:] = text[: rng.randrange(len(text))].split("\n")


FAULTS: list[Callable[[random.Random, Lines], None]] = [
    cell, date, names, below_names, insert, remove, repeat, swap, character, marks, widen, quote, untitled, cut,
]  # fmt: skip


@pytest.fixture(scope="module")
def published(reference) -> Lines:
    """The published file, its six tables cut to nine rows and four columns."""
    out, row = [], 0
    for line in reference("small_caps/Portfolios_Formed_on_ME.csv").read_text().splitlines():
        row = row + 1 if numbers(line) else 0
        if row <= 9:
            out.append(",".join(line.split(",")[:5]) if row or line.startswith(",") else line)
    return out


def outcome(text: str) -> tuple[list[tuple[str, np.ndarray]], str]:
    """Dates and values of all rows, or the sentence that refuses the file."""
    try:
        tables = parse_french(text, "fuzz").tables
    except SourceError as error:
        return [], str(error)
    return [
        (str(at), row) for t in tables.values() for at, row in zip(t.index, t.to_numpy(), strict=True)
    ], ""


def test_one_or_two_faults(published: Lines) -> None:
    rng, refused = random.Random(14), 0
    for run in range(RUNS):
        lines = list(published)
        faults = rng.sample(FAULTS, rng.choice([1, 1, 2]))
        for fault in faults:
            fault(rng, lines)
        told = f"run {run}, {[fault.__name__ for fault in faults]}"
        found, said = outcome(rng.choice(["\n", "\r\n", "\r"]).join(lines))
        if said:
            refused += 1
            assert re.search(r"\blines? \d+|holds no table|decimal point", said), f"{told}: {said}"
            assert len(said) < 500, told
            continue
        wanted = [cells for line in lines if (cells := numbers(line))]
        assert len(found) == len(wanted), told
        for (at, row), cells in zip(found, wanted, strict=True):
            assert at.replace("-", "") == cells[0], told
            expected = np.array(cells[1:], dtype=float)
            expected[np.isin(expected, [-99.99, -999.0])] = np.nan
            np.testing.assert_array_equal(row, expected, err_msg=told)
    assert RUNS // 5 < refused < RUNS - RUNS // 5  # faults of both kinds were made
