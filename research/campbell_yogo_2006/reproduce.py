"""Campbell and Yogo (2006): unit-root statistics, roots, slopes and Bonferroni Q intervals, annual data."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from research.comparison import run

import capstar as cs

HERE = Path(__file__).parent
SCALED = ("slope", "low", "high", "low_at_one")  # which the paper prints times sd(e) / sd(u)


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """The printed numbers beside ours, and the intervals of the root by table and in the limit."""
    published = pd.read_csv(HERE / "published.csv", index_col="quantity")
    folder = folder / "predictability/campbell_yogo2006"
    data = pd.read_csv(folder / "crsp_annual.csv", index_col="year")
    bounds = pd.read_csv(folder / "q_test_c_bounds.csv")
    belts = pd.read_csv(folder / "dfgls_confidence_c.csv").query("confidence == '95%'")
    ours: dict[str, float] = {}
    roots: dict[str, dict[str, float]] = {}
    for predictor, sample in published[["predictor", "sample"]].drop_duplicates().itertuples(index=False):
        rows, row = data.loc[slice(*map(int, sample.split("-")))], f"{predictor}, {sample}"
        found = cs.leads.q_test(rows["excess_return"], rows[predictor], bounds)
        by_table, limit = found.rho_conf_int(c_bounds=belts), found.rho_conf_int()
        numbers = {name: getattr(found, name) for name in ("delta", "df_gls", "t")}
        numbers |= {name: getattr(found, name) * found.scale for name in SCALED}
        numbers |= {f"rho, {end}": by_table.at["rho", end] for end in by_table}
        ours |= {f"{row}: {name}": value for name, value in numbers.items()}
        ends = {"by table": by_table.stack(), "limit": limit.stack()}
        roots[row] = {f"{' '.join(end)}, {how}": v for how, both in ends.items() for end, v in both.items()}
    judged = published.drop(columns=["predictor", "sample"])
    judged.insert(1, "ours", judged.index.map(ours))
    return {
        "Tables 4 and 5, annual rows": judged,
        "95 percent intervals of the root and of c": pd.DataFrame.from_dict(roots, orient="index"),
    }


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
