"""Brave, Butters and Kelley (2022), example 5: the monthly natural rate, its maxima, and the calendar set right."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from research.comparison import REFERENCE, judged, verdict

import capstar as cs
from capstar.rstar import DeclaredRate
from capstar.writing import csv_text, write_whole

HERE = Path(__file__).parent
INPUTS = "golden/monthly_rstar"  # beside the reference folder
END = "2018-03"
PIXEL = 0.04  # percentage points: what a reading of the figure is good to
NAMES = {
    "a1": "a_y1", "a2": "a_y2", "a3": "a_r", "b1": "b_pi_lag1", "b2": "b_pi_lag2to4", "b3": "b_y", "b4": "b_oil",
    "b5": "b_import", "c": "c",
}  # fmt: skip
VARIANCES = {"s2_is": "sigma_ygap", "s2_pc": "sigma_pi", "s2_ystar": "sigma_ystar"}


def read_input(folder: Path, *, overlapping: bool) -> pd.DataFrame:
    """Their monthly input in the columns of the models.

    Parameters
    ----------
    folder
        With ``inputs_monthly_raw.csv``.
    overlapping
        Whether inflation and relative prices of a month are those of its three-month mean on the three before, as they
        take them, or of the month alone.
    """
    raw, end = pd.read_csv(folder / "inputs_monthly_raw.csv"), "MA" if overlapping else "M"
    inflation = raw[f"inflation{end}"]
    out = pd.DataFrame(
        {"date": raw["date"], "log_gdp": raw["gdpM"], "inflation": inflation, "expected_inflation": 0.0}
    )
    out["interest_rate"] = raw["realrateM"]
    for ours, theirs in (("oil", "oil"), ("import", "import")):  # relative to inflation in their file
        out[f"{ours}_price_inflation"] = raw[f"{theirs}{end}"] + inflation
    out.attrs["title"] = "Brave, Butters and Kelley, data to 2018-08"
    return out


def starts(folder: Path) -> list[dict[str, float]]:
    """Parameters where searches of the monthly model ended before, one for each level of the likelihood."""
    table = pd.read_csv(folder / "ml_starts.csv")
    table = table[table["model"].str.startswith("monthly repo lambda")]
    distinct = table.groupby(table["loglik_end"].round(2)).first()
    points = [row[list(NAMES)].rename(NAMES).astype(float).to_dict() for _, row in distinct.iterrows()]
    for point, (_, row) in zip(points, distinct.iterrows(), strict=True):
        point.update({ours: float(row[theirs]) ** 0.5 for theirs, ours in VARIANCES.items()})
    return points


def reproduce(folder: Path, *, n_starts: int = 50) -> dict[str, pd.DataFrame]:
    """The published model at its maxima, where starts lead, and the corrected one.

    Parameters
    ----------
    folder
        Reference data; the inputs of the published code, ``inputs_monthly_raw.csv``, stand beside it.
    n_starts
        Starting points of the published model: the published parameters and draws around them.
    """
    inputs = folder.parent / INPUTS
    table, model = read_input(inputs, overlapping=True), cs.rstar.MonthlyLWPublished
    chosen = model.fit(table, end=END, n_starts=n_starts, progress=False)
    quiet = chosen.params.to_dict() | {
        "sigma_ygap": 0.0015
    }  # where the shock to the gap piles up at its bound
    points = [*starts(inputs), quiet]
    others = [model.fit(table, end=END, start_params=p, n_starts=1, progress=False) for p in points]
    right = cs.rstar.MonthlyLW.fit(
        read_input(inputs, overlapping=False), end=END, n_starts=12, progress=False
    )
    known = {round(one.llf, 3): one for one in [*others, chosen]}
    ranked = [known[level] for level in sorted(known, reverse=True)]
    return {
        "Figure 5, read off its bitmap": figure_five(inputs, chosen),
        "Maxima that the starts lead to": chosen.ml.maxima,
        "What depends on the maximum": pd.DataFrame([_row(one, chosen) for one in [*ranked, right]]),
        "Maxima of the corrected model": right.ml.maxima,
        "r* by year": _years({"published": chosen, "highest": ranked[0], "corrected": right}),
    }


def figure_five(folder: Path, fit: DeclaredRate) -> pd.DataFrame:
    """What each series adds to the smoothed r*, and r*, as read off the figure of the monthly model, and ours."""
    read = pd.read_csv(folder / "figure5_readings.csv")
    read = read[(read["panel"] == "M") & read["read_off_figure"].notna()]
    parts = fit.by_series().table
    lines = {"gdp": parts["y"] + parts["start"], "inflation": parts["pi"], "real_rate": parts["r"]}
    lines |= {"oil": parts["oil"], "import": parts["imports"], "rstar": fit.rstar.smoothed}
    ours = [lines[line][date] for line, date in zip(read["line"], read["date"], strict=True)]
    table = read.set_index(["line", "date"])["read_off_figure"].to_frame("published")
    return table.assign(ours=ours, tolerance=PIXEL)


def _row(one: DeclaredRate, chosen: DeclaredRate) -> dict[str, object]:
    """A maximum, and its r* and r* gap beside those of the one that counts."""
    gap, other = one.gap("filtered").align(chosen.gap("filtered"), join="inner")
    return {
        "model": one.model.key,
        "log-likelihood": round(one.llf, 4),
        "counts": one is chosen or one.model is not chosen.model,
        **{name: round(float(one.all_params[name]), 4) for name in ("a_y1", "a_y2", "a_r", "b_y", "c")},
        "sd of smoothed output gap": round(float(one.path("output_gap").smoothed.std()), 3),
        "r* in 2018-03": round(float(one.rstar.filtered.iloc[-1]), 2),
        "its sd": round(float(one.rstar.filtered_se.iloc[-1]), 2),
        "gap: mean distance": round(float((gap - other).abs().mean()), 3),
        "gap: correlation": round(float(np.corrcoef(gap, other)[0, 1]), 3),
    }


def _years(fits: dict[str, DeclaredRate]) -> pd.DataFrame:
    columns = {
        f"{name}, {which}": getattr(fit.rstar, which)
        for name, fit in fits.items()
        for which in ("filtered", "smoothed")
    }
    table = pd.DataFrame(columns)
    return table[table.index.month == 12].round(3).rename_axis("date")


def main() -> None:
    """Print the tables, and write those of ``--out``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=REFERENCE, help="folder of the reference data")
    parser.add_argument("--starts", type=int, default=50)
    parser.add_argument("--out", type=Path, default=None, help="folder for the tables as CSV")
    options = parser.parse_args()
    tables = reproduce(options.data, n_starts=options.starts)
    for heading, table in tables.items():
        print(f"\n{heading}\n{judged(table).to_string()}")
        if options.out is not None and "published" not in table.columns:
            name = heading.lower().replace("*", "star").replace(" ", "_")
            write_whole(options.out / f"{name}.csv", csv_text(table))
    print(f"\n{verdict(tables)}.")


if __name__ == "__main__":
    main()
