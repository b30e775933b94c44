"""Large panels of prices, made up, for measuring what the index calculator takes."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

SCHEMA = pa.schema(
    [
        ("date", pa.date32()),
        ("id", pa.dictionary(pa.int32(), pa.string())),
        ("close", pa.float64()),
        ("dividend", pa.float64()),
    ]
)


def simulate(folder: Path, securities: int, years: int, *, by_year: bool = False) -> dict[str, int]:
    """A panel with splits, mergers, spin-offs, delistings and new issues, written a year at a time.

    For measuring time and memory, not for proofs that numbers are right.  ``prices.parquet`` is a file, or a folder
    of one a year; besides there are ``shares.parquet`` and ``actions.parquet``.
    """
    rng = np.random.default_rng(20000101)
    days = pd.bdate_range("2000-01-03", f"{1999 + years}-12-31")
    names = [f"S{number:05d}" for number in range(securities)]
    begin, end, actions = lives(rng, names, len(days))
    splits = [(days.get_loc(one["date"]), int(one["id"][1:])) for one in actions if one["action"] == "split"]
    rows, log_price = 0, rng.normal(3.2, 0.8, securities)
    if by_year:
        (folder / "prices.parquet").mkdir()
    with ExitStack() as files:
        writer = None if by_year else files.enter_context(pq.ParquetWriter(folder / "prices.parquet", SCHEMA))
        for year in days.year.unique():
            at = np.flatnonzero(days.year == year)
            steps = rng.normal(0.0001, 0.01, (len(at), 1)) + rng.normal(0.0, 0.02, (len(at), securities))
            for day, who in splits:
                if at[0] <= day <= at[-1]:
                    steps[day - at[0], who] -= np.log(2.0)
            path = log_price + np.cumsum(steps, axis=0)
            log_price = path[-1]
            there = (at[:, None] >= begin) & (at[:, None] < end)
            table = one_year(days[at], at, names, path, there)
            if writer is None:
                pq.write_table(table, folder / "prices.parquet" / f"{year}.parquet")
            else:
                writer.write_table(table)
            rows += table.num_rows
    share_counts(rng, days[::63], names).to_parquet(folder / "shares.parquet")
    pd.DataFrame(actions).sort_values("date", kind="stable").to_parquet(folder / "actions.parquet")
    return {"rows": rows, "actions": len(actions)}


def one_year(days, at, names: list[str], path: np.ndarray, there: np.ndarray) -> pa.Table:
    """Closes and quarterly dividends as a long table."""
    row, column = np.nonzero(there)
    close = np.maximum(np.exp(path[row, column]), 0.01)
    pays = (at[row] + column) % 63 == 0
    ids = pa.DictionaryArray.from_arrays(pa.array(column.astype(np.int32)), pa.array(names))
    columns = {
        "date": pa.array(days.to_numpy().astype("datetime64[D]")[row]),
        "id": ids,
        "close": close,
        "dividend": np.where(pays, 0.004 * close, 0.0),
    }
    return pa.table(columns, schema=SCHEMA)


def share_counts(rng: np.random.Generator, days, names: list[str]) -> pd.DataFrame:
    """Counts that drift from quarter to quarter."""
    first = np.exp(rng.normal(18.0, 1.0, len(names)))
    drift = np.exp(rng.normal(0, 0.01, (len(days), 1)).cumsum(axis=0))
    return pd.DataFrame(
        {
            "date": np.repeat(days.to_numpy(), len(names)),
            "id": np.tile(names, len(days)),
            "shares": (first * drift).ravel(),
            "float_factor": np.tile(rng.uniform(0.3, 1.0, len(names)), len(days)),
            "sector": np.tile([f"sector {number % 11}" for number in range(len(names))], len(days)),
        }
    )


def lives(rng: np.random.Generator, names: list[str], days: int) -> tuple[np.ndarray, np.ndarray, list[dict]]:
    """First day of each security, the day after its last, and what happens to it."""
    dates = pd.bdate_range("2000-01-03", periods=days)
    count = len(names)
    begin, end = np.zeros(count, dtype=int), np.full(count, days)
    late = rng.choice(count, count // 20, replace=False)
    begin[late] = rng.integers(days // 20, days, len(late))
    actions = []
    stable = np.setdiff1d(np.arange(count), late)
    leavers = rng.choice(stable, count // 8, replace=False)
    stable = np.setdiff1d(stable, leavers)
    for number, who in enumerate(leavers):
        day = int(rng.integers(days // 20, days))
        end[who] = day
        row = {"date": dates[day], "id": names[who]}
        if number % 2:
            actions.append(row | {"action": "delisting", "price": 0.5})
        else:
            other = names[rng.choice(stable)]
            actions.append(row | {"action": "merger", "other": other, "ratio": 0.4})
    for child in late[::3]:
        parent = names[rng.choice(stable)]
        actions.append(
            {
                "date": dates[begin[child]],
                "id": parent,
                "action": "spin-off",
                "other": names[child],
                "ratio": 0.1,
            }
        )
    for who in rng.choice(stable, count // 3, replace=False):
        day = int(rng.integers(days // 20, days))
        actions.append({"date": dates[day], "id": names[who], "action": "split", "ratio": 2.0})
    return begin, end, actions
