"""A valid small panel with one or two faults: one error of capstar's, or an index of finite levels."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from capstar.errors import CapstarError
from capstar.smallcaps import IndexCalculator, IndexRules

DAYS = pd.bdate_range("2019-12-16", periods=16)  # over the turn of a year
NAMES = ["A", "B", "C", "D"]
KINDS = ["merger", "spin-off", "delisting", "split", "ticker-change", "special-dividend"]
CELLS: list[object] = [
    None, np.nan, pd.NaT, pd.NA, "", " ", "soon", "10", "1,5", "=1+1", b"x", True, 0, -1, 1, 2.5, 1e-12, 1e12, 1e300,
    -np.inf, np.inf, 10**400, 1j, [], {}, (1, 2), dt.date(1, 1, 1), dt.date(2020, 1, 1), dt.time(1), DAYS[5],
    DAYS[9].tz_localize("UTC"), "2019-12-24", "2019-12-25", "9999-12-31", "0001-01-01", np.datetime64("20000-01-01"),
    20191224, "A", "B", "E", "split", "x" * 200,
]  # fmt: skip
Tables = dict[str, pd.DataFrame]
Fault = Callable[[np.random.Generator, Tables], None]


def panel(random: np.random.Generator) -> Tables:
    """Prices with dividends, counts, no actions."""
    steps = np.exp(np.cumsum(0.02 * random.standard_normal((len(DAYS), len(NAMES))), axis=0))
    closes = pd.DataFrame(np.array([10.0, 20.0, 5.0, 1.0]) * steps, DAYS, NAMES)
    table = (
        closes.rename_axis("date").melt(var_name="id", value_name="close", ignore_index=False).reset_index()
    )
    table["dividend"] = np.where(random.random(len(table)) < 0.05, 0.01, 0.0)
    counts = pd.DataFrame(
        {"date": DAYS[0], "id": NAMES, "shares": 100.0, "float_factor": 1.0, "company": NAMES}
    )
    return {"prices": table, "shares": counts, "actions": actions(random, 0)}


def actions(random: np.random.Generator, count: int) -> pd.DataFrame:
    rows = [
        {
            "date": DAYS[day],
            "id": random.choice(NAMES),
            "action": random.choice(KINDS),
            "other": random.choice(["", "A", "B", "E"]),
            "ratio": random.choice([np.nan, 0.5, 2.0, 1e-9, 1e9]),
            "cash": random.choice([np.nan, 0.5, 1.0, 10.0, 1e12]),
            "price": random.choice([np.nan, 0.0, 1.0, 1e15]),
        }
        for day in np.sort(random.integers(0, len(DAYS), count))
    ]
    return pd.DataFrame(rows, columns=["date", "id", "action", "other", "ratio", "cash", "price"])


def cell(random: np.random.Generator, tables: Tables) -> None:
    """Anything in one cell, or in a whole column."""
    name = random.choice(list(tables))
    table = tables[name]
    column = random.choice(table.columns.unique())
    if table.empty or table.columns.duplicated().any():
        return
    cells = table[column].astype(object).tolist()
    what = CELLS[random.integers(len(CELLS))]
    for at in [random.integers(len(cells))] if random.random() < 0.8 else range(len(cells)):
        cells[at] = what
    tables[name] = table.assign(**{column: pd.Series(cells, table.index, dtype=object)})


def columns(random: np.random.Generator, tables: Tables) -> None:
    """A column twice, gone, or of another name."""
    name = random.choice(list(tables))
    table = tables[name]
    at = random.integers(len(table.columns))
    change = random.integers(3)
    if change == 0:
        tables[name] = pd.concat([table, table.iloc[:, [at]]], axis=1)
    elif change == 1:
        tables[name] = table.drop(columns=table.columns[at])
    else:
        tables[name] = table.set_axis(
            [*table.columns[:at], random.choice(["id", "x", "0"]), *table.columns[at + 1 :]], axis=1
        )


def rows(random: np.random.Generator, tables: Tables) -> None:
    """Rows gone, twice, mixed or cut; a security or a span of days without prices."""
    name = random.choice(list(tables))
    table = tables[name]
    keep = random.random(len(table)) < random.choice([0.0, 0.5, 0.9])
    shuffled = table.sample(frac=1.0, random_state=int(random.integers(1 << 30)))
    tables[name] = [table[keep], pd.concat([table, table[keep]]), shuffled, table.iloc[:1], table.iloc[::-1]][
        random.integers(5)
    ]


def payments(random: np.random.Generator, tables: Tables) -> None:
    """Dividends and special ones of any size against prices near the listed ones."""
    table = tables["prices"]
    if "dividend" in table.columns.unique() and not table.columns.duplicated().any() and len(table):
        where = np.arange(len(table)) == random.integers(len(table))
        tables["prices"] = table.assign(
            dividend=np.where(where, random.choice([0.5, 1.0, 5.0, 10.0, 21.0, 1e9]), 0.0)
        )
    tables["actions"] = actions(random, 1).assign(action="special-dividend")


def more_actions(random: np.random.Generator, tables: Tables) -> None:
    """Actions of any kind, sense or none."""
    tables["actions"] = actions(random, random.integers(1, 5))


FAULTS: tuple[Fault, ...] = (cell, columns, rows, payments, more_actions)


def verdict(tables: Tables, random: np.random.Generator, folder: Path | None) -> str:
    """``refused`` or ``computed``; anything else raises, or is no verdict."""
    dates = [(str(DAYS[1].date()), str(DAYS[2].date())), (str(DAYS[8].date()), str(DAYS[9].date()))]
    options = {"reinvest": random.choice(["close", "open"]), "hold_spin_offs": bool(random.integers(2))}
    given: dict[str, pd.DataFrame | Path] = dict(tables)
    if folder is not None:
        try:
            tables["prices"].to_parquet(folder / "prices.parquet")
            given["prices"] = folder / "prices.parquet"
        except Exception:  # pandas cannot write such a table
            return "refused"
    try:
        rules = IndexRules.custom(3, dates, **options)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", UserWarning)  # caveats on usable data
            levels = (
                IndexCalculator(rules, given["prices"], given["shares"], given["actions"])
                .run(progress=False)
                .levels
            )
    except CapstarError as error:
        return "refused" if len(str(error)) < 700 else "said at length"
    assert np.isfinite(levels).all().all(), levels
    assert (levels[["price", "total", "divisor"]] > 0).all().all(), levels
    return "computed"


@pytest.mark.parametrize("kind", ["tables", "parquet"])
def test_faults_end_in_one_error_or_finite_levels(kind, tmp_path) -> None:
    found = {"refused": 0, "computed": 0}
    for seed in range(200 if kind == "tables" else 60):
        random = np.random.default_rng(seed)
        tables = panel(random)
        faults = random.choice(len(FAULTS), size=random.integers(1, 3), replace=False)
        for number in faults:
            FAULTS[number](random, tables)
        try:
            found[verdict(tables, random, tmp_path if kind == "parquet" else None)] += 1
        except Exception as error:
            error.add_note(f"seed {seed}, faults {[FAULTS[number].__name__ for number in faults]}")
            raise
    assert min(found.values()) > sum(found.values()) / 10, found
