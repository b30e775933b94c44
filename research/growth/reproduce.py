"""Growth of time and memory with quarters, states, draws, vintages and securities."""

from __future__ import annotations

import argparse
import math
import re
import time
import timeit
import tracemalloc
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator, StrMethodFormatter
from research.growth import work
from research.growth.work import Cost, Work, index_cost

from capstar import leads
from capstar.errors import IdentificationWarning
from capstar.plotting import save
from capstar.writing import csv_text, write_whole

HERE = Path(__file__).parent
# Exponents allowed.
BOUND = {"quarters": 1, "states": 3, "draws": 1, "vintages": 1, "securities": 1, "years": 1}
SLACK = 0.25  # of an exponent fitted to three times: larger work leaves the caches, and others use them too
FITTED = 3  # of the largest sizes: at small ones what does not grow counts too
ROUND, ROUNDS = 0.02, 5  # seconds of the processor a round takes at least, and how many there are,
PATIENCE = 2.0  # but none begins after so many seconds
QUARTERS, STATES = (100, 200, 500, 1000, 2000, 5000), (3, 5, 10, 20, 40)
KEYS = ["against", "what", "size"]
FOUND = re.compile(r"(?<=\n## Found\n\n).*?(?=\n\n!\[)", re.DOTALL)  # what the tables say in the README
ACROSS = 4  # panels in a row
POWERS = {1: "linearly", 3: "with the cube"}


class Curve(NamedTuple):
    """One piece of work: what it grows against, in which panel it is drawn, and its cost by size."""

    against: str
    panel: str
    what: str
    sizes: Sequence[int]
    cost: Callable[[int], Cost]


def measured(work: Work) -> Cost:
    """Processor seconds and megabytes of a piece of work."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        work()  # compiles, fills caches
        return Cost(seconds(work), peak(work))


def seconds(work: Work) -> float:
    """Least of some rounds, of the processor: what else runs on the machine is not counted."""

    def clock(number: int) -> float:
        return timeit.timeit(work, number=number, timer=time.process_time) / number

    began = time.perf_counter()
    number, rounds = max(1, math.ceil(ROUND / clock(1))), [np.inf]
    while len(rounds) <= ROUNDS and (len(rounds) == 1 or time.perf_counter() - began < PATIENCE):
        rounds.append(clock(number))
    return min(rounds)


def peak(work: Work) -> float:
    """Megabytes of what Python and NumPy allocate at most while it runs (tracemalloc)."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        work()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (most - before) / 2**20


def curves() -> list[Curve]:
    """Everything that is measured; the index in processes of its own, all else in this one."""

    def made(prepare: Callable[[int], Work]) -> Callable[[int], Cost]:
        return lambda size: measured(prepare(size))

    def natural_rate(name: str, quarters: int) -> Work:
        return work.of_model(name, work.natural_rate_problem(quarters), work.PARAMS)

    def with_lags(name: str, states: int) -> Work:
        return work.of_model(name, *work.lagged_cycle(states, 200))

    def dense(name: str, states: int) -> Work:
        return work.of_model(name, *work.vector_autoregression(states, 200))

    models, tests, filters = "models", "tests and forecasts", "a cycle with lags, and a dense transition"
    out = [
        Curve("quarters", models, f"{name}, HLW 2017", QUARTERS, made(partial(natural_rate, name)))
        for name in work.FILTERS
    ]
    out += [
        Curve("quarters", models, "three stages, HLW 2017", QUARTERS, made(work.three_stages)),
        Curve("quarters", models, "break statistics", QUARTERS, made(work.break_statistics)),
    ]
    out += [
        Curve("quarters", tests, test.label, QUARTERS, made(partial(work.predictability, test.key)))
        for test in leads.predictability_tests()
    ]
    out.append(Curve("quarters", tests, "recursive forecasts", QUARTERS, made(work.forecasts)))
    for name in work.FILTERS:
        out.append(Curve("states", filters, f"{name}, lags", STATES, made(partial(with_lags, name))))
        out.append(Curve("states", filters, f"{name}, dense", STATES, made(partial(dense, name))))
    repeated = "estimates drawn or repeated"
    return [
        *out,
        Curve(
            "draws", repeated, "standard errors (Hamilton)", (100, 200, 400, 800), made(work.standard_errors)
        ),
        Curve("draws", repeated, "bootstrap of three stages", (5, 10, 20, 40), made(work.bootstrap)),
        Curve(
            "draws", repeated, "posterior, random walk", (500, 1000, 2000, 4000), made(work.posterior_draws)
        ),
        Curve("vintages", repeated, "quasi-real time, HLW 2017", (4, 8, 16, 32), made(work.vintages)),
        Curve("securities", "index", "index, 3 years", (500, 1000, 2000, 4000), partial(index_cost, years=3)),
        Curve("years", "index", "index, 500 securities", (2, 4, 8, 16), partial(index_cost, 500)),
    ]


def growth(chosen: Sequence[Curve]) -> pd.DataFrame:
    """Seconds and megabytes by what grows, piece of work and size."""
    rows = {(c.against, c.what, size): c.cost(size)._asdict() for c in chosen for size in c.sizes}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(rows, names=KEYS)
    return table


def reproduce(_: Path) -> dict[str, pd.DataFrame]:
    """Seconds, megabytes and exponents of everything that is measured; no data are read."""
    table = growth(curves())
    return {"How time and memory grow": table, "Exponents": exponents(table)}


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Slope of the line through the logs of the costs at the largest sizes."""
    return float(np.polyfit(np.log(sizes[-FITTED:]), np.log(costs[-FITTED:]), 1)[0])


def exponents(table: pd.DataFrame) -> pd.DataFrame:
    """Exponents of time and memory of each piece of work, beside the one allowed, and its cost at the largest size."""
    rows = {}
    for key, one in table.groupby(level=KEYS[:2], sort=False):
        sizes = one.index.get_level_values("size").to_numpy(dtype=float)
        rows[key] = {
            "smallest": int(sizes[0]),
            "largest": int(sizes[-1]),
            "seconds": one["seconds"].iloc[-1],
            "megabytes": one["megabytes"].iloc[-1],
            "bound": BOUND[str(key[0])],
            "time": exponent(sizes, one["seconds"].to_numpy()),
            "memory": exponent(sizes, one["megabytes"].to_numpy()),
        }
    out = pd.DataFrame.from_dict(rows, orient="index")
    out.index = pd.MultiIndex.from_tuples(rows, names=KEYS[:2])
    return out


def too_fast(found: pd.DataFrame) -> list[str]:
    """What grows faster than allowed."""
    return [
        f"{what}: {kind} against {against}, exponent {row[kind]:.2f}"
        for (against, what), row in found.iterrows()
        for kind in ("time", "memory")
        if not row[kind] <= row["bound"] + SLACK
    ]


def sentence(against: str, found: pd.DataFrame) -> str:
    """What grows fastest against one size."""
    one = found.loc[against]
    span = f"{one['smallest'].min():,} to {one['largest'].max():,} {against}"
    fastest = {kind: (one[kind].max(), one[kind].idxmax()) for kind in ("time", "memory")}
    of = ", of ".join(f"{kind} {value:.2f} ({what})" for kind, (value, what) in fastest.items())
    return f"**{span}.** The largest exponent of {of}; allowed is {one['bound'].iloc[0]}."


def words(found: pd.DataFrame) -> str:
    """Sentences and table of the README."""
    fast = too_fast(found)
    allowed = " or ".join(
        f"{power} in {', '.join(n for n in BOUND if BOUND[n] == b)}" for b, power in POWERS.items()
    )
    verdict = (
        f"Nothing grows faster than {allowed} (exponents up to {SLACK} above it are taken for caches and noise)."
        if not fast
        else f"Faster than allowed ({allowed}): {'; '.join(fast)}."
    )
    lines = [
        "| against | what | from | to | seconds | exponent | MB | exponent |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (against, what), row in found.iterrows():
        lines.append(
            f"| {against} | {what} | {row['smallest']:,.0f} | {row['largest']:,.0f} | {row['seconds']:.3g} | "
            f"{row['time']:.2f} | {row['megabytes']:.3g} | {row['memory']:.2f} |"
        )
    each = "\n".join(f"- {sentence(str(name), found)}" for name in found.index.unique("against"))
    return "\n\n".join([verdict, each, "\n".join(lines)])


def figure(table: pd.DataFrame, chosen: Sequence[Curve]) -> Figure:
    """Time above memory by panel, on logarithmic axes; dashed, what is allowed."""
    names = list(dict.fromkeys((c.panel, c.against) for c in chosen))
    rows = math.ceil(len(names) / ACROSS)
    chart = Figure(figsize=(3.6 * ACROSS, 7.4 * rows), layout="constrained")
    axes = chart.subplots(2 * rows, ACROSS, squeeze=False)
    for i, name in enumerate(names):
        row, column = divmod(i, ACROSS)
        mine = [c for c in chosen if (c.panel, c.against) == name]
        upper, lower = axes[2 * row : 2 * row + 2, column]
        for ax, kind in ((upper, "seconds"), (lower, "megabytes")):
            draw(ax, kind, table, mine)
        upper.set_title(name[0], fontsize=9, loc="left")
        lower.set_xlabel(name[1], fontsize=8)
        lower.legend(fontsize=7, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.18))
    for i in range(len(names), rows * ACROSS):
        for ax in axes[-2:, i % ACROSS]:
            ax.remove()
    for row in range(rows):
        axes[2 * row, 0].set_ylabel("seconds of the processor", fontsize=8)
        axes[2 * row + 1, 0].set_ylabel("megabytes at the peak", fontsize=8)
    chart.suptitle("Time and memory by the size of the work; dashed lines grow as fast as is allowed")
    return chart


def draw(ax: Axes, kind: str, table: pd.DataFrame, chosen: Sequence[Curve]) -> None:
    """Cost of some pieces of work that grow against the same."""
    costs = [table.loc[[(c.against, c.what, size) for size in c.sizes], kind].to_numpy() for c in chosen]
    for c, cost in zip(chosen, costs, strict=True):
        ax.plot(c.sizes, cost, marker="o", markersize=3, linewidth=1.2, label=c.what)
    every = sorted({size for c in chosen for size in c.sizes})
    ends, power = np.array([every[0], every[-1]], dtype=float), BOUND[chosen[0].against]
    allowed = max(cost[-1] for cost in costs) * (ends / ends[-1]) ** power
    ax.plot(ends, allowed, color="#666666", linestyle="--", linewidth=1, label=f"exponent {power}")
    ax.set(xscale="log", yscale="log")
    ax.xaxis.set_major_locator(FixedLocator(every[:: max(1, len(every) // 5)]))
    ax.yaxis.set_major_locator(
        LogLocator(subs=(1.0,) if max(map(max, costs)) > 20 * min(map(min, costs)) else (1.0, 2.0, 5.0))
    )
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))
        axis.set_minor_locator(NullLocator())
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=7)


def write(table: pd.DataFrame, folder: Path) -> None:
    """Tables, figure, and the README's sentences; what is not measured stays as it was written before."""
    path = folder / "growth.csv"
    if path.exists():
        before = pd.read_csv(path, index_col=KEYS)
        table = pd.concat([table, before[~before.index.isin(table.index)]])
    kept = [c for c in curves() if all((c.against, c.what, size) in table.index for size in c.sizes)]
    table = table.loc[[(c.against, c.what, size) for c in kept for size in c.sizes]]
    write_whole(path, csv_text(table, float_format="%.4g"))
    write_whole(
        folder / "exponents.csv", csv_text(exponents(pd.read_csv(path, index_col=KEYS)), float_format="%.4g")
    )
    save(figure(table, kept), folder / "growth.png", dpi=100)
    if (readme := folder / "README.md").exists():
        write_whole(readme, FOUND.sub(lambda _: words(read(folder)), readme.read_text()))


def read(folder: Path = HERE) -> pd.DataFrame:
    """The exponents as written."""
    return pd.read_csv(folder / "exponents.csv", index_col=KEYS[:2])


def main() -> None:
    """Command line; ``--out FOLDER`` writes tables and figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", choices=list(BOUND), nargs="+", help="against some sizes; of others the tables stay"
    )
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    chosen = [c for c in curves() if not given.only or c.against in given.only]
    table = growth(chosen)
    found = exponents(table)
    print(
        f"{table.to_string(float_format='{:.4g}'.format)}\n\n{found.to_string(float_format='{:.3g}'.format)}\n"
    )
    print("\n".join(too_fast(found)) or "Nothing grows faster than allowed.")
    if given.out is not None:
        write(table, given.out)


if __name__ == "__main__":
    main()
