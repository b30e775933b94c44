"""Does the r* gap of the month lead small caps? Quarterly and monthly side by side, as one family."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
from research.comparison import REFERENCE
from research.monthly_rstar_gap_and_small_caps.figures import plot_both
from research.monthly_rstar_gap_and_small_caps.material import (
    COUNTS,
    MAXIMA,
    MONTHLY_THEN,
    SAMPLE,
    THEN,
    Material,
    read,
)
from research.monthly_rstar_gap_and_small_caps.words import KEYS, readme
from research.workers import add_workers, start, working

from capstar import leads
from capstar.errors import CapstarError, CapstarWarning
from capstar.plotting import save
from capstar.writing import csv_text, write_whole

HERE = Path(__file__).parent
HORIZONS = {"quarter": (1, 4), "month": (1, 3, 12)}
RELEASES = ("gdp", "pce", "rates")
LEARNED = {"quarter": 40, "month": 120}  # periods of a gap as estimated then, before its first forecast
START = {"quarter": "1980Q1", "month": "1980-01"}
DELAYS = (0, 1, 2, 3, 4)  # months
REPLICATIONS = 499


def lead(
    gap: pd.Series, returns: pd.DataFrame, *, delay: int | None = None, then: bool = False
) -> leads.LeadResults:
    """The laboratory on a gap: from the release calendar's delay on, horizons of a quarter and a year, and the month.

    Parameters
    ----------
    gap
        Quarterly or monthly.
    returns
        Percent a month.
    delay
        Months, instead of the calendar's.
    then
        Whether the gap is one estimated then, whose forecasts begin ten years after it.
    """
    frequency = gap.index.freqstr[0]
    period = {"Q": "quarter", "M": "month"}[frequency]
    lag = leads.release_delay(*RELEASES, frequency=frequency) if delay is None else delay
    first = str(gap.index[0] + LEARNED[period]) if then else START[period]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CapstarWarning)  # of gaps that are nearly one
        return leads.LeadStudy(
            gap, returns, HORIZONS[period], "recursive" if then else "filtered", lag, start=first,
            n_replications=REPLICATIONS,
        ).run(progress=False)  # fmt: skip


def reproduce(
    material: Material, *, say: Callable[[str], None] = lambda _: None
) -> tuple[dict[str, pd.DataFrame], leads.LeadFamily]:
    """Every table by the name of its file, and the family of all regressions."""
    say("the lead by gap")
    found = {name: lead(gap, material.returns, then=name in THEN) for name, gap in material.gaps.items()}
    family = leads.lead_family(*found.values())
    seen = {name: one.information for name, one in found.items()}
    table = family.table.assign(
        sample=family.table["predictor"].map(SAMPLE), seen=family.table["predictor"].map(seen)
    )
    say("maxima and delays")
    tables = {
        "in_sample": table.set_index(KEYS),
        "out_of_sample": pd.concat([_forecasts(one) for one in found.values()]).set_index(KEYS),
        "persistence": pd.concat([one.persistence for one in found.values()]).set_index(KEYS[:2]),
        "maxima": maxima(material, found),
        "delays": delays(material),
        "gaps_by_quarter": _side_by_side(material, "Q"),
        "gaps_by_month": _side_by_side(material, "M"),
    }
    return tables, family


def _forecasts(found: leads.LeadResults) -> pd.DataFrame:
    made = found.forecast_comparison
    if made is None:
        return pd.DataFrame(columns=KEYS)
    own = made.table[made.table["predictor"] == found.predictor]
    return own.assign(search=made.search.p, spa=made.ability.spa)


def maxima(material: Material, found: Mapping[str, leads.LeadResults]) -> pd.DataFrame:
    """By maximum of the monthly models: its likelihood, its gaps, and the lead of small minus large over a month."""
    rows, counts = {}, material.gaps[COUNTS]
    for name in MAXIMA:
        fit, gap = material.fits[name], material.gaps[name]
        own = found[name].own.set_index(["returns", "horizon"]).loc["small_minus_large"]
        made = found[name].forecast_comparison
        one = own.loc[1]
        rows[name] = {
            "log_likelihood": fit.llf,
            "sd_output_gap": float(fit.path("output_gap").smoothed.std()),
            "correlation": gap.corr(counts),
            "distance": float((gap - counts).abs().mean()),
            "slope": one["slope"],
            "hodrick_se": one["hodrick_se"],
            "ivx_rwb_p": one["ivx_rwb_p"],
            "year_slope": own.loc[12, "slope"],
            "year_ivx_rwb_p": own.loc[12, "ivx_rwb_p"],
            "r2_os": _r2(made),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("maximum")


def _r2(made: leads.ForecastComparison | None) -> float:
    if made is None:
        return float("nan")
    return float(made.table.set_index(["returns", "horizon"]).loc[("small_minus_large", 1), "r2_os"])


def delays(material: Material) -> pd.DataFrame:
    """The primary row of the month by delay."""
    one, gap = material.returns[["small_minus_large"]], material.gaps[MONTHLY_THEN].to_frame()
    rows = {delay: leads.in_sample_table(one, gap, (1,), publication_lag=delay) for delay in DELAYS}
    return pd.concat(rows, names=["delay"]).droplevel(1)


def _side_by_side(material: Material, frequency: str) -> pd.DataFrame:
    held = [gap for gap in material.gaps.values() if gap.index.freqstr[0] == frequency]
    return pd.concat(held, axis=1).sort_index().rename_axis("date")


def write(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Tables as CSV, the figure and the README."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        write_whole(folder / f"{name}.csv", csv_text(table, float_format="%.10g"))
    save(plot_both(tables), folder / "both.png", dpi=90)
    write_whole(folder / "README.md", readme(tables))


def main() -> None:
    """Command line; ``--out FOLDER`` writes tables, figure and README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=REFERENCE, help="folder of the reference data")
    add_workers(parser)
    parser.add_argument("--out", type=Path, help="folder for tables, figure and README")
    given = parser.parse_args()
    try:
        with working(given):
            print("r* by model, month and quarter", file=sys.stderr, flush=True)
            material = read(given.data, n_workers=given.workers)
            tables, family = reproduce(material, say=lambda line: print(line, file=sys.stderr, flush=True))
    except (CapstarError, FileNotFoundError) as error:
        print(
            f"{error} The study reads its inputs from {given.data}; give another with --data.",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    for name in ("maxima", "delays"):
        print(f"{name}\n{tables[name].round(3).to_string()}\n")
    print(*family.notes(), sep="\n")
    if given.out is not None:
        write(tables, given.out)


if __name__ == "__main__":
    start(__spec__)
