"""Campbell and Yogo (2006): unit-root statistics, slopes and Bonferroni Q intervals, annual data."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from research.comparison import run

import capstar as cs

HERE = Path(__file__).parent
SCALED = ("slope", "low", "high", "low_at_one")  # which the paper prints times sd(e) / sd(u)


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """The printed numbers beside ours."""
    published = pd.read_csv(HERE / "published.csv", index_col="quantity")
    data = pd.read_csv(folder / "predictability/campbell_yogo2006/crsp_annual.csv", index_col="year")
    bounds = pd.read_csv(folder / "predictability/campbell_yogo2006/q_test_c_bounds.csv")
    ours: dict[str, float] = {}
    for predictor, sample in published[["predictor", "sample"]].drop_duplicates().itertuples(index=False):
        rows = data.loc[slice(*map(int, sample.split("-")))]
        found = cs.leads.q_test(rows["excess_return"], rows[predictor], bounds)
        numbers = {name: getattr(found, name) for name in ("delta", "df_gls", "t")}
        numbers |= {name: getattr(found, name) * found.scale for name in SCALED}
        ours |= {f"{predictor}, {sample}: {name}": value for name, value in numbers.items()}
    judged = published.drop(columns=["predictor", "sample"])
    judged.insert(1, "ours", judged.index.map(ours))
    return {"Tables 4 and 5, annual rows": judged}


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
