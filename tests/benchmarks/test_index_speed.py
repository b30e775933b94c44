"""The index calculator as a whole process: 3,000 securities and 25 years of days when timed, a small panel else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

SECONDS, GIGABYTES = 60.0, 4.0  # aimed at, on 2 cores

RUN = """
import json, resource, sys, time, warnings
warnings.simplefilter("error")
from capstar.smallcaps import IndexCalculator, IndexRules
folder, large, broad = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
begin = time.perf_counter()
index = IndexCalculator(
    IndexRules.russell2000(large=large, broad=broad),
    f"{folder}/prices.parquet", f"{folder}/shares.parquet", f"{folder}/actions.parquet",
).run()
seconds = time.perf_counter() - begin
level, by_member = index.levels["price"], index.contributions()
print(json.dumps({
    "seconds": seconds,
    "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2 ** (30 if sys.platform == "darwin" else 20),
    "days": len(index.levels),
    "members": int(index.levels["members"].min()),
    "events": len(index.event_log),
    "error": abs(float(by_member.sum()) - (level.iloc[-1] / level.iloc[0] - 1.0)) / level.iloc[-1] * level.iloc[0],
    "weights": float(index.weights(level.index[len(level) // 2]).sum()),
}))
"""


SCHEMA = pa.schema(
    [
        ("date", pa.date32()),
        ("id", pa.dictionary(pa.int32(), pa.string())),
        ("close", pa.float64()),
        ("dividend", pa.float64()),
    ]
)


def simulate(folder: Path, securities: int, years: int) -> dict[str, int]:
    """A panel with splits, mergers, spin-offs, delistings and new issues."""
    rng = np.random.default_rng(20000101)
    days = pd.bdate_range("2000-01-03", f"{1999 + years}-12-31")
    names = [f"S{number:05d}" for number in range(securities)]
    begin, end, actions = lives(rng, names, len(days))
    split = np.zeros((len(days), securities), dtype=np.float32)
    for action in actions:
        if action["action"] == "split":
            split[days.get_loc(action["date"]), names.index(action["id"])] = np.log(action["ratio"])
    rows, log_price = 0, rng.normal(3.2, 0.8, securities)
    with pq.ParquetWriter(folder / "prices.parquet", SCHEMA) as writer:
        for year in days.year.unique():
            at = np.flatnonzero(days.year == year)
            market = rng.normal(0.0001, 0.01, (len(at), 1))
            steps = market + rng.normal(0.0, 0.02, (len(at), securities)) - split[at]
            path = log_price + np.cumsum(steps, axis=0)
            log_price = path[-1]
            there = (at[:, None] >= begin) & (at[:, None] < end)
            writer.write_table(one_year(days[at], at, names, path, there))
            rows += int(there.sum())
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


def test_whole_history(tmp_path, benchmark, timed) -> None:
    """A fresh process reads Parquet; contributions add up to the return, weights to one."""
    securities, years = (3000, 25) if timed else (240, 4)
    size = simulate(tmp_path, securities, years)
    command = [sys.executable, "-c", RUN, str(tmp_path), str(securities // 3), str(securities)]
    done = benchmark.pedantic(lambda: subprocess.run(command, check=True, capture_output=True, text=True))
    found = json.loads(done.stdout)
    assert found["days"] > 0.9 * 252 * years
    assert found["members"] > securities // 3
    assert found["error"] < 1e-10
    assert found["weights"] == pytest.approx(1.0, abs=1e-12)
    if timed:
        print(
            f"\n{size['rows']:,} prices, {size['actions']} actions, {found['days']} days, {found['events']} events: "
            f"{found['seconds']:.1f} s (aim: under {SECONDS:.0f}), {found['gigabytes']:.2f} GB (aim: under "
            f"{GIGABYTES:.0f})"
        )
