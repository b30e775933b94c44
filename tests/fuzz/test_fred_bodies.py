"""Bodies of FRED with one or two faults: what is kept is what the reader takes, and nothing else comes back."""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest
from data import conftest
from data.sources import Server

from capstar import data
from capstar.data.sources.fred import FRED
from capstar.data.store.download import cache, network
from capstar.errors import DataWarning, SourceError

RUNS, SERVED = 3_000, 150
server = conftest.server
Rows = list[list[str]]
DATES = [
    "",
    "2019-02-30",
    "1270-01-01",
    "2199-01-01",
    "9999-12-31",
    "0001-01-01",
    "2019-1-1",
    "01/02/2019",
    "2024Q1",
]
VALUES = [
    "",
    ".",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "1_0",
    "1,5",
    '"1,234.5"',
    "x",
    "１２",
    "0x1F",
    "--",
    "1e",
    "#N/A",
    "0",
]
CALENDARS = {
    "monthly": pd.date_range("1990-01-01", periods=40, freq="MS"),
    "quarterly": pd.date_range("1990-01-01", periods=40, freq="QS"),
    "surveys": pd.date_range("1990-02-01", periods=40, freq="3MS"),
    "half-yearly": pd.date_range("1990-01-01", periods=40, freq="6MS"),
    "yearly": pd.date_range("1950-01-01", periods=40, freq="YS"),
    "fiscal": pd.DatetimeIndex([f"{y}-{'06-30' if y < 1977 else '09-30'}" for y in range(1950, 1990)]),
    "weekly": pd.date_range("2002-12-18", periods=40, freq="7D"),
    "biweekly": pd.date_range("1984-02-15", periods=40, freq="14D"),
    "daily": pd.bdate_range("1914-01-05", periods=40),
    "closure": pd.bdate_range("1914-07-01", "1914-07-30").append(pd.bdate_range("1914-12-14", "1914-12-31")),
}


def date(rng: random.Random, rows: Rows) -> None:
    rows[rng.randrange(len(rows))][0] = rng.choice(DATES)


def value(rng: random.Random, rows: Rows) -> None:
    rows[rng.randrange(len(rows))][-1] = rng.choice(VALUES)


def remove(rng: random.Random, rows: Rows) -> None:
    del rows[rng.randrange(len(rows))]


def spell(rng: random.Random, rows: Rows) -> None:
    """Left out; most of a series, or a part."""
    first = rng.randrange(len(rows))
    del rows[first : first + rng.choice([2, 5, 10, 39])]
    rows[:] = rows or [["2019-01-01", "1"]]


def repeat(rng: random.Random, rows: Rows) -> None:
    at = rng.randrange(len(rows))
    rows.insert(at, list(rows[at]))


def swap(rng: random.Random, rows: Rows) -> None:
    at = rng.randrange(max(len(rows) - 1, 1))
    rows[at : at + 2] = rows[at : at + 2][::-1]


def outlier(rng: random.Random, rows: Rows) -> None:
    rows.append([rng.choice(["2199-12-31", "2199-01-01", "2150-06-30", "2100-10-01"]), "1"])


def wide(rng: random.Random, rows: Rows) -> None:
    rows[rng.randrange(len(rows))].append("1")


def one_row(rng: random.Random, rows: Rows) -> None:
    rows[:] = [rng.choice(rows)]


def frequency(rng: random.Random, rows: Rows) -> None:
    """Another one from some row on."""
    usual = re.fullmatch(r"(19|20)\d\d-\d\d-[012]\d", rows[-1][0])
    last = pd.Timestamp(rows[-1][0] if usual else "2030-01-01")
    more = pd.date_range(last, periods=6, freq=rng.choice(["MS", "QS", "YS", "7D", "YE-SEP", "ME"]))[1:]
    rows.extend([f"{day:%Y-%m-%d}", "1"] for day in more)


FAULTS: list[Callable[[random.Random, Rows], None]] = [
    date, value, remove, spell, repeat, swap, outlier, wide, one_row, frequency,
]  # fmt: skip


def bodies(seed: int, number: int) -> Iterator[tuple[str, bytes]]:
    """What was done, and the body."""
    rng = random.Random(seed)
    for run in range(number):
        kind = rng.choice(list(CALENDARS))
        rows = [[f"{day:%Y-%m-%d}", f"{rng.gauss(100, 10):.2f}"] for day in CALENDARS[kind]]
        faults = rng.sample(FAULTS, rng.choice([0, 1, 1, 1, 2]))
        for fault in faults:
            fault(rng, rows)
        text = rng.choice(["observation_date", "observation_date", "DATE"]) + ",GDPC1\n"
        body = (text + "".join(",".join(row) + "\n" for row in rows)).encode()
        told = [kind, *(fault.__name__ for fault in faults)]
        if rng.random() < 0.2:
            told.append("bytes")
            at = rng.randrange(len(body))
            with_noise = body[:at] + rng.randbytes(3) + body[at:]
            body = rng.choice([body[:at], with_noise, body.replace(b"\n", b"\r\n"), b"<" + body])
        yield f"run {run}, {told}", body


@pytest.fixture(autouse=True)
def _closures() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "FRED, GDPC1: there is no row between", DataWarning)
        yield


def test_a_series_or_one_sentence() -> None:
    """What is read has a row a line, the numbers of the lines, dates that rise by a constant step or by days."""
    refused = 0
    for told, body in bodies(8, RUNS):
        try:
            found = FRED.read(body, "GDPC1")
        except SourceError as error:
            refused += 1
            said = str(error)
        else:
            said = ""
            lines = [line.split(",") for line in re.split(r"[\r\n]+", body.decode().strip())][1:]
            assert len(found) == len(lines), told
            expected = [float(cell) if cell.strip(" .") else np.nan for _, cell in lines]
            np.testing.assert_array_equal(found.to_numpy(), expected, err_msg=told)
            assert not np.isinf(found).any(), told
            assert found.index.is_monotonic_increasing, told
            assert found.index.is_unique, told
            if isinstance(found.index, pd.PeriodIndex):
                assert (np.diff(found.index.asi8) == found.index.freq.n).all(), told
        assert not said or (said.startswith("FRED, GDPC1: ") and len(said) < 400), f"{told}: {said}"
    assert RUNS // 5 < refused < RUNS - RUNS // 5


def test_what_is_kept_is_what_the_reader_takes(server: Server) -> None:
    """Asked for twice, then without the network: read and asked for once, or refused and not kept."""
    for told, body in bodies(9, SERVED):
        cache().clear()
        server.asked.clear()
        server.serve("/graph/fredgraph.csv?id=GDPC1", body)
        answers = []
        for offline in (False, False, True):
            try:
                with network(offline=offline):
                    answers.append(len(data.fred("GDPC1")))
            except SourceError:
                answers.append(0)
        assert len(set(answers)) == 1, told
        assert len(server.asked) == (1 if answers[0] else 2), told
        assert len(cache().entries()) == (1 if answers[0] else 0), told
