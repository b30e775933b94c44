"""Does the gap between the real rate and r* lead small-cap returns? Every portfolio, horizon and test."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from research.comparison import REFERENCE
from research.rstar_gap_and_small_caps import referee
from research.rstar_gap_and_small_caps.figures import figures
from research.rstar_gap_and_small_caps.material import (
    DECILES,
    DIFFERENCE,
    GAP,
    LARGE,
    MAIN,
    OUTPUT,
    RATE,
    SMALL,
    Material,
    read,
)
from research.rstar_gap_and_small_caps.readme import INDEX, read_tables, readme
from research.workers import add_workers, start, working

from capstar import data, leads, markets, rstar
from capstar.errors import CapstarError, DataError
from capstar.plotting import save
from capstar.writing import csv_text, write_whole

HERE = Path(__file__).parent
HORIZONS, FEW = tuple(range(1, 13)), (1, 4, 8, 12)
SIGNS = {(SMALL, name): -1 for name in (GAP, RATE, OUTPUT)}  # theory gives none to the others
VINTAGES = ("1985Q1", "2019Q4")
WINDOWS = (40, 60, 80)  # quarters
START, SPLITS = "1980Q1", ("1980Q1", "2000Q1")
REPLICATIONS = 499
KEYS = ["predictor", "returns", "horizon"]
_SHOWN = 60  # rows of a table that is printed


def lead(
    material: Material,
    portfolios: list[str],
    horizons: tuple[int, ...],
    *,
    publication_lag: int = 1,
    returns: pd.DataFrame | None = None,
    n_replications: int = REPLICATIONS,
    n_workers: int = 1,
) -> leads.LeadResults:
    """The laboratory on the gap and its rivals, the real rate and the output gap."""
    x = material.predictors
    table = material.returns if returns is None else returns
    return leads.LeadStudy(
        x[GAP], table[portfolios], horizons, benchmarks=x[[RATE, OUTPUT]], publication_lag=publication_lag,
        start=START, signs=SIGNS, n_replications=n_replications, n_workers=n_workers,
    ).run()  # fmt: skip


def forecasts_of(found: leads.LeadResults) -> leads.ForecastComparison:
    """The forecasts, which there are from 1980 on."""
    if found.forecast_comparison is None:
        raise DataError(found.note)
    return found.forecast_comparison


def variants(material: Material) -> dict[str, tuple[pd.DataFrame, int]]:
    """Returns and months of delay: with and without the delay, to 2020 and in the whole sample."""
    months, published = material.returns, material.published
    return {
        "no delay, to 2019Q4": (months.loc[:"2020-03"], 0),
        "a month's delay, to 2019Q4": (months.loc[:"2020-04"], 1),
        "no delay": (months, 0),
        "a month's delay": (months, 1),
        "a month's delay, monthly files to 2019Q4": (published.loc[:"2020-04"], 1),
    }


def timing(material: Material, *, n_workers: int = 1) -> pd.DataFrame:
    """What the month until GDP is published does, in sample and out."""
    out = {}
    for name, (returns, lag) in variants(material).items():
        found = lead(
            material, [*MAIN, "market"], FEW, publication_lag=lag, returns=returns, n_replications=199,
            n_workers=n_workers,
        )  # fmt: skip
        made = forecasts_of(found).table.set_index(KEYS)[["r2_os", "clark_west_p", "mse_f_p", "enc_new_p"]]
        out[name] = found.table.set_index(KEYS).join(made)
    return pd.concat(out, names=["variant"])


def projections(material: Material) -> dict[str, leads.LocalProjections]:
    """Returns after a shock to the gap: of every portfolio, also by state of the market, and to the real rate."""
    price = (1 + material.held[SMALL] / 100).cumprod().rename(SMALL)
    bull = markets.lunde_timmermann(price).real_time.dropna().rename("bull market")
    chosen, x = material.returns[[*MAIN, *DECILES]], material.predictors
    return {
        "all": leads.local_projections(chosen, x[GAP], horizons=HORIZONS),
        "by state": leads.local_projections(chosen, x[GAP], horizons=HORIZONS, state=bull),
        "real rate": leads.local_projections(chosen[list(MAIN)], x[RATE], horizons=HORIZONS),
    }


def stability(material: Material) -> dict[tuple[str, str], leads.Slopes]:
    """Next-quarter slopes on the gap by part of the distribution, by period, and over rolling 20 years."""
    x, out = material.predictors[GAP], {}
    for name in MAIN:
        y = leads.cumulate_after(material.returns[name], x.index)
        out[name, "quantile"] = leads.quantile_slopes(y, x)
        out[name, "subsample"] = leads.subsample_slopes(y, x, SPLITS)
        out[name, "rolling"] = leads.rolling_slopes(y, x, window=80)
    return out


def together(material: Material) -> pd.DataFrame:
    """IVX with the gap and the real rate as predictors at once: whether taking r* off adds anything."""
    rows = []
    for name in MAIN:
        y, x = leads.AlignedSample.of(material.returns[name], material.predictors[GAP]).in_period()
        for horizon in FEW:
            found = leads.ivx(y, material.predictors[[GAP, RATE]].loc[x.index], horizon=horizon)
            alone = found.table[["slope", "wald", "p"]].assign(joint_wald=found.wald, joint_p=found.p)
            rows.append(alone.rename_axis("predictor").reset_index().assign(returns=name, horizon=horizon))
    return pd.concat(rows).set_index(["returns", "horizon", "predictor"])


def economic_value(material: Material, made: leads.ForecastComparison) -> pd.DataFrame:
    """Quarterly forecasts to an investor in small or large caps and bills, net of 10 basis points."""
    simple, tables = _held(material), {}
    for name in (SMALL, LARGE):
        tables[name] = leads.economic_value(
            simple[name], made.forecasts[name, 1], simple["bill"], risk_aversion=(1, 3, 5, 10), cost=10.0,
            logs="difference of logs",
        ).table.set_index(["strategy", "risk_aversion"])  # fmt: skip
    return pd.concat(tables, names=["returns"])


def tilt(material: Material, made: leads.ForecastComparison) -> pd.DataFrame:
    """Forecasts of small minus large as known then to an investor who holds large caps and tilts to small ones.

    Variances are of the latest ``window`` quarters.
    """
    simple = _held(material, publication_lag=2)
    tables = {
        (f"[{low:g}, {high:g}]", window): leads.economic_value_of_tilt(
            simple[SMALL], simple[LARGE], made.forecasts[DIFFERENCE, 1], bounds=(low, high), cost=10.0,
            logs="difference of logs", window=window,
        ).table.set_index(["strategy", "risk_aversion"])
        for low, high in ((-1.0, 1.0), (0.0, 1.0))
        for window in WINDOWS
    }  # fmt: skip
    return pd.concat(tables, names=["weights", "window"])


def _held(material: Material, *, publication_lag: int = 1) -> pd.DataFrame:
    """Simple returns over the quarters forecast, by the quarter in which they end."""
    quarters = pd.period_range(material.held.index[0].asfreq("Q"), material.predictors.index[-1], freq="Q")
    logs = material.held.apply(leads.cumulate_after, quarters=quarters, publication_lag=publication_lag)
    simple = (100 * np.expm1(logs / 100)).dropna()
    simple.index = simple.index + 1
    return simple


def redrawn(material: Material, *, n_replications: int, seed: int, n_workers: int = 1) -> pd.DataFrame:
    """The joint bootstrap: r* of our own fit on the same input re-estimated in every sample.

    Returns dated a month late and read with a month's delay are returns without delay: both timings see the same
    samples.
    """
    fit = rstar.HLW2023.fit(material.macro, n_starts=1)
    early = material.returns[list(MAIN)].add_suffix(", no delay")
    early.index = early.index + 1
    found = leads.estimated_regressor(
        rstar.gap_source(fit), fit.gap("filtered"), material.returns[[*MAIN, *DECILES]].join(early), HORIZONS,
        n_replications=n_replications, seed=seed, n_workers=n_workers,
    )  # fmt: skip
    return found.table.set_index(["returns", "horizon"]).assign(
        replications=len(found.t_draws), failed=found.failed, seed=seed
    )


def real_time(material: Material) -> pd.DataFrame:
    """r* of the last quarter as published then, and one-sided as published in 2023."""
    then, now = material.vintages.rename("as published then"), material.rstar.rename("one-sided of 2023Q2")
    table = pd.concat([then, now], axis=1, join="inner").rename_axis("quarter")
    return table.assign(difference=table.iloc[:, 1] - table.iloc[:, 0])


def known_then(
    material: Material, *, n_workers: int = 1
) -> tuple[rstar.RecursiveEstimates, leads.LeadResults]:
    """HLW (2017) estimated on the vintage of every quarter since 1985, and the laboratory on its gap.

    The vintage of a quarter is of the middle of the next one, so that returns begin two months after the quarter.
    Prices are those of output: there are vintages of core prices from 1996 on alone.  Some vintages begin in 1959Q3,
    so that the first quarter all allow is 1961Q3.
    """
    rate = material.macro["interest_rate"]

    def known(quarter: pd.Period) -> pd.DataFrame:
        day = (quarter + 1).start_time + pd.DateOffset(months=1, days=14)
        return data.model_input(material.gdp.as_of(day), material.prices.as_of(day), rate, compounding="none")

    found = rstar.real_time(rstar.HLW2017, known, *VINTAGES, start="1961Q3", n_workers=n_workers)
    study = leads.LeadStudy(
        found.gap, material.returns[list(MAIN)], FEW[:2], information="real time", publication_lag=2,
        start="1995Q1", signs=SIGNS, n_replications=REPLICATIONS,
    ).run()  # fmt: skip
    return found, study


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """Every table by the name of its file; ``folder`` holds the reference data."""
    return computed(folder, n_workers=-1)[0]


def computed(
    folder: Path,
    *,
    n_replications: int = 999,
    seed: int = 2026,
    n_workers: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[dict[str, pd.DataFrame], leads.LeadResults, Material]:
    """Every table by the name of its file, what the laboratory found, and the material.

    Parameters
    ----------
    folder
        Reference data.
    n_replications
        Of the bootstrap that re-estimates r*; 0 leaves it out.
    seed
        Of that bootstrap; the same seed gives the same numbers whatever the number of workers.
    n_workers
        Processes.
    say
        Called with what is being done.
    """
    material = read(folder)
    say("every portfolio and horizon, in sample and out")
    found = lead(material, [*MAIN, *DECILES], HORIZONS, n_workers=n_workers)
    made = forecasts_of(found)
    ability = made.ability
    search = ability.p_values.assign(forecasts=len(ability.table), best=ability.best).rename_axis("gains")
    search = search.assign(adjusted_mspe=made.search.p, adjusted_mspe_best=made.search.best)
    say("timing, local projections, stability, economic value, what a referee asks for")
    known, then = known_then(material, n_workers=n_workers)
    both = pd.concat([one.table for one in projections(material).values()], ignore_index=True)
    both = leads.adjusted_p_values(both).table.drop(columns="rejected")
    slopes = {key: one.table for key, one in stability(material).items() if key[1] != "rolling"}
    tables = {
        "in_sample": found.table.set_index(KEYS),
        "persistence": found.persistence.set_index(KEYS[:2]),
        "out_of_sample": made.table.set_index(KEYS),
        "search": search,
        "timing": timing(material, n_workers=n_workers),
        "projections": both.set_index(["response", "shock", "state", "horizon"]),
        "stability": pd.concat(slopes, names=["returns", "kind"]).droplevel(2),
        "together": together(material),
        "economic_value": economic_value(material, made),
        "real_time": real_time(material),
        **_tables_known_then(known, then),
        "tilt": tilt(material, forecasts_of(then)),
        "referee": referee.rows(material, known.gap, folder),
        "surprises": referee.surprises(folder),
        "states": referee.states(folder),
    }
    if n_replications:
        say("bootstrap of r*")
        tables["estimated_regressor"] = redrawn(
            material, n_replications=n_replications, seed=seed, n_workers=n_workers
        )
    return tables, found, material


def _tables_known_then(found: rstar.RecursiveEstimates, study: leads.LeadResults) -> dict[str, pd.DataFrame]:
    made = forecasts_of(study).table.set_index(KEYS)
    return {
        "known_then": found.table[["rstar", "gap", "lambda_g", "lambda_z", "at_bound"]],
        "known_then_in_sample": study.table.set_index(KEYS),
        "known_then_out_of_sample": made.assign(
            spa=forecasts_of(study).ability.spa, adjusted_mspe=forecasts_of(study).search.p
        ),
    }


def write(
    tables: Mapping[str, pd.DataFrame], found: leads.LeadResults, material: Material, folder: Path
) -> None:
    """Tables as CSV, the README and the figures; a table left out is left as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        write_whole(folder / f"{name}.csv", csv_text(table, float_format="%.10g"))
    if all((folder / f"{name}.csv").exists() for name in INDEX):
        write_whole(folder / "README.md", readme(read_tables(folder)))
    for name, figure in figures(found, projections(material), stability(material)).items():
        save(figure, folder / f"{name}.png", dpi=90)


def main() -> None:
    """Command line; ``--out FOLDER`` writes tables and figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=REFERENCE, help="folder of the reference data")
    parser.add_argument("--replications", type=int, default=999, help="of r*; 0 leaves that table as it is")
    parser.add_argument("--seed", type=int, default=2026)
    add_workers(parser)
    parser.add_argument("--out", type=Path, help="folder for tables and figures")
    given = parser.parse_args()
    try:
        with working(given):
            tables, found, material = computed(
                given.data, n_replications=given.replications, seed=given.seed, n_workers=given.workers,
                say=lambda line: print(line, file=sys.stderr, flush=True),
            )  # fmt: skip
    except (CapstarError, FileNotFoundError) as error:
        print(
            f"{error} The study reads its inputs from {given.data}; give another with --data.",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    for name, table in tables.items():
        if len(table) <= _SHOWN:
            print(f"{name}\n{table.round(3).to_string()}\n")
    print(found.verdict())
    if given.out is not None:
        write(tables, found, material, given.out)


if __name__ == "__main__":
    start(__spec__)
