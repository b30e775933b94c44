"""What the README says of the tables: no number in it is typed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

PLAN = 100_000  # replications
KEYS = ["what", "workers", "number"]
WORK, CLUSTER = "replications", "tasks handed out"
MOST_OFF = 10  # percent that seconds may be off their line
BEGIN, END = "<!-- from the tables -->", "<!-- end -->"


def read(folder: Path) -> dict[str, pd.DataFrame]:
    """The tables as written."""
    keys = {"measured": KEYS, "growth": KEYS[:2], "plan": ["cores"]}
    return {name: pd.read_csv(folder / f"{name}.csv").set_index(index) for name, index in keys.items()}


def words(measured: pd.DataFrame, growth: pd.DataFrame, plan: pd.DataFrame) -> str:
    """What a replication costs, how far cores help, and the plan; nothing where the seconds are not on a line."""
    off = 100 * growth["largest distance"].max()
    if off > MOST_OFF:
        return (
            f"**Nothing is claimed**: the seconds are up to {off:.0f} percent off a line, {MOST_OFF} at most on a "
            "machine with nothing beside the study."
        )
    work, empty = growth.loc[WORK], growth.loc[(CLUSTER, 2)]
    most, sizes = work.index[-1], measured.loc[WORK].index.get_level_values("number")
    busy = work["each"].iloc[-1] * most
    beside = f", and {busy:.3g} s where {most} are at work side by side" if most > 1 else ""
    said = (
        f"A replication takes {work.loc[1, 'each']:.3g} s of one core{beside}; {work.loc[1, 'before']:.2g} s go before "
        f"the first. That is the line through {sizes.min():,} to {sizes.max():,} replications (the fastest of "
        f"{measured['rounds'].iloc[0]} rounds), from which none is further than "
        f"{100 * work['largest distance'].max():.1f} percent; of the tasks below, "
        f"{100 * empty['largest distance']:.1f}."
    )
    handing = (
        f"To hand a task to a Dask cluster and to take its result costs {1000 * empty['each']:.2g} ms, so that more "
        f"than {busy / empty['each']:,.0f} cores make nothing faster."
    )
    rows = [f"| cores | hours for {PLAN:,} replications | core hours | limit |", "| --- | --- | --- | --- |"]
    rows += [
        f"| {cores} | {one['hours']:.3g} | {one['core hours']:.3g} | {one['limit']} |"
        for cores, one in plan.iterrows()
    ]
    return "\n\n".join([said, handing, "\n".join(rows)])


def rewritten(readme: str, folder: Path) -> str:
    """The README with what stands between its marks written anew."""
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{words(**read(folder))}\n\n{END}{rest.partition(END)[2]}"
