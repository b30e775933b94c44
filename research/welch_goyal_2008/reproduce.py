"""Welch and Goyal (2008), table 1: 16 predictors of the annual equity premium, in sample and out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from research.comparison import run
from research.welch_goyal_2008.predictor_table import predictor_table

HERE = Path(__file__).parent
FIRST = 1872  # the dividend yield needs the index of 1871, and the table begins all ratios with it
BEGIN = {"infl": 1919, "ntis": 1927}  # later in the table than in the file
PRINTED = {
    "sp500": 0.01,
    "d12": 0.01,
    "e12": 0.01,
    "tbl": 1e-4,
    "lty": 1e-4,
}  # unit of the last digit in the file


def reproduce(folder: Path, *, draws: int = 100) -> dict[str, pd.DataFrame]:
    """Published figures and ours; our whole table; and how much the rounding of the file moves it."""
    published = pd.read_csv(HERE / "published.csv", index_col="quantity")
    raw = pd.read_csv(folder / "predictability/welch_goyal2008/annual_2005.csv", index_col="year")
    table = predictor_table(*premium_and_predictors(raw))
    ours = table[["is_adj_r2", "oos_adj_r2", "delta_rmse"]].stack()
    ours.index = [" ".join(pair) for pair in ours.index]
    return {
        "Table 1, annual, 16 predictors": published.assign(ours=ours.astype(float)),
        "All figures of ours, percent": table,
        f"Standard deviation over {draws} draws of the digits rounded off in the file": rounding(raw, draws),
    }


def premium_and_predictors(raw: pd.DataFrame) -> tuple[pd.Series, pd.DataFrame]:
    """Log return of the index with dividends less the log bill rate; what is known at the end of each year."""
    index, dividends, earnings = (np.log(raw[name]) for name in ("sp500", "d12", "e12"))
    premium = np.log((raw["sp500"] + raw["d12"]) / raw["sp500"].shift(1)) - np.log1p(raw["rfree"])
    made = {
        "dp": dividends - index, "dy": dividends - index.shift(1), "ep": earnings - index, "de": dividends - earnings,
        "tms": raw["lty"] - raw["tbl"], "dfy": raw["baa"] - raw["aaa"], "dfr": raw["corpr"] - raw["ltr"],
    }  # fmt: skip
    taken = raw[["svar", "bm", "ntis", "eqis", "tbl", "lty", "ltr", "infl", "ik"]]
    x = taken.assign(**made).loc[FIRST:]
    for name, year in BEGIN.items():
        x.loc[: year - 1, name] = np.nan
    return premium.rename("premium").loc[FIRST:], x


def rounding(raw: pd.DataFrame, draws: int) -> pd.DataFrame:
    """Spread of the table when the digits that the file rounds off are drawn at random."""
    rng = np.random.default_rng(0)
    units = pd.Series(PRINTED)
    tables = []
    for _ in range(draws):
        digits = rng.uniform(-0.5, 0.5, (len(raw), len(units))) * units.to_numpy()
        tables.append(predictor_table(*premium_and_predictors(raw.assign(**(raw[units.index] + digits)))))
    moved = ["is_adj_r2", "oos_adj_r2", "delta_rmse"]
    return pd.concat(tables)[moved].astype(float).groupby(level=0, sort=False).std()


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
