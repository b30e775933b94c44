"""Whose r*? The lead by every model whose inputs are there, by their averages, and by published series.

Two families, for the quarters that all their gaps share: the models that reach from 1961 to today, and everything.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from research.comparison import REFERENCE
from research.rstar_gap_and_small_caps.figures import plot_models
from research.rstar_gap_and_small_caps.readme import INDEX, read_tables, readme
from research.workers import add_workers, start, working

from capstar import data, leads, rstar
from capstar.errors import CapstarError, CapstarWarning
from capstar.plotting import save
from capstar.study import StudyResults, WhoseRate, portfolio_returns, run, study_data
from capstar.writing import csv_text, write_whole

HERE = Path(__file__).parent
HORIZONS = (1, 4, 8, 12)
LONG, EVERYTHING = "to 2025", "everything"
SHORT = ("moving-average", "survey")  # ten years to begin with; asked since 2012
REPLICATIONS = 999
START = "1980Q1"  # of forecasts
RETURNS_END = "2025-05"
COVID_ENDS = "2024Q4"  # where Holston, Laubach and Williams let the index reach zero, in a line
SEEN = {
    "real time": "known then",
    "quasi-real time": "but for revisions",
    "rule": "but for revisions",
    "filtered": "parameters of the whole sample",
    "smoothed": "has seen the future",
}
KEYS = ["family", "model", "returns", "horizon"]


def macro(folder: Path) -> pd.DataFrame:
    """Input of the models from FRED's series of 2026, and the survey's rate; built as `capstar.data.us_hlw` does."""
    gdp, core, funds = (fred(folder / f"fred_2026/{name}.csv") for name in ("GDPC1", "PCEPILFE", "FEDFUNDS"))
    older, discount = (
        fred_text(folder / f"fred_2020_05/{name}.txt") for name in ("PCECTPI", "M13009USM156NNBR")
    )
    price = data.splice_growth(_quarters(core), older.set_axis(older.index.asfreq("Q")), "1959Q1")
    rate = pd.concat([_quarters(discount).loc[:"1964Q4"], _quarters(funds).loc["1965Q1":]])
    out = data.model_input(gdp.set_axis(gdp.index.asfreq("Q")), price, rate).loc["1960Q1":]
    published = data.read_input(folder / "hlw2023/us_2023q2_input.csv")["covid_index"]
    survey = pd.read_csv(folder / "survey_rstar/hartley_2025_12.csv").query("country == 'us'")
    asked = survey.set_index(pd.PeriodIndex(survey["month"], freq="M"))["nominal_rstar_median"]
    out["covid_index"] = _continued(published).reindex(out.index).fillna(0.0)
    out["survey_rate"] = asked.groupby(asked.index.asfreq("Q")).mean().reindex(out.index)
    out.attrs |= {"title": "US: FRED as of 2026", "country": "us"}
    return out


def inputs(folder: Path) -> dict[str, pd.DataFrame]:
    """The study's tables: the models' inputs, and French's daily portfolios compounded to months."""
    size, factors = (
        pd.read_csv(folder / f"small_caps/{name}.csv.gz", index_col="date", parse_dates=True)
        for name in ("size_portfolios_daily", "factors_daily")
    )
    days = size[["Lo 20", "Hi 20"]].set_axis(["small", "large"], axis=1).assign(risk_free=factors["RF"])
    logs = np.log1p(days / 100)
    months = 100 * np.expm1(logs.groupby(logs.index.to_period("M")).sum()).rename_axis("date")
    months.attrs = {"title": "French size portfolios (US), daily, compounded to months"}
    return study_data(macro(folder), months.loc[:RETURNS_END])


def published(folder: Path) -> list[rstar.PublishedRate]:
    """Series as they were published, by those that reach 2023 at least; the gap is of the real rate of `macro`."""
    named = {"date": "date", "definition": rstar.LONG_RUN}
    new_york = [
        rstar.read_published(folder / path, layout="new-york-fed", name=f"{name}, New York Fed")
        for name, path in (
            ("HLW 2023", "hlw2023/us_2023q2_published.csv"),
            ("LW 2023", "lw2023/us_2023q2_published.csv"),
        )
    ]
    return [
        *new_york,
        rstar.read_published(folder / "lubik_matthes/us_2025q4_published.csv", layout="lubik-matthes"),
        rstar.read_published(
            folder / "del_negro2017/tvar_trends_published.csv", layout="trend-var", name="Trend VAR, New York Fed",
            rows={"vintage": "2026Q2", "variable": "rstar"}, **named,
        ),
        rstar.read_published(
            folder / "del_negro2017/dsge_rstar_published.csv", layout="dsge-five-years",
            rows={"vintage": "2026Q2", "variable": "forward_rstar_5y"},
        ),
    ]  # fmt: skip


def families(folder: Path) -> dict[str, tuple[dict[str, pd.DataFrame], list[str | rstar.PublishedRate]]]:
    """By name: the study's tables, and the models asked for."""
    tables = inputs(folder)
    usable = [key for key, one in rstar.models().iterrows() if _usable(one, tables["macro"])]
    every = tables | {"lw": data.read_input(folder / "lw2023/us_2023q2_input.csv")}
    return {
        LONG: (tables, [key for key in usable if key not in SHORT]),
        EVERYTHING: (every, ["all", *published(folder)]),
    }


def _usable(model: pd.Series, table: pd.DataFrame) -> bool:
    """That the inputs are there, and that no successor is made for 2020-22."""
    has = {*model["inputs"]} <= {*table.columns}
    return has and not rstar.model(str(model.name)).successor


def ask(
    tables: Mapping[str, pd.DataFrame],
    models: list[str | rstar.PublishedRate],
    *,
    n_replications: int = REPLICATIONS,
    n_workers: int = 1,
    recursive_from: str = "1985Q1",
) -> tuple[StudyResults, pd.DataFrame]:
    """The study of a family, and the lead by model in sample and out; `table`."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", CapstarWarning
        )  # of bounds, and of gaps that are nearly one; both are in the table
        found = run(
            tables, model=models, horizons=HORIZONS, recursive_from=recursive_from, n_replications=n_replications,
            n_workers=n_workers, progress=False,
        )  # fmt: skip
        assert found.whose is not None
        return found, table(found, found.whose, n_workers=n_workers)


def table(found: StudyResults, whose: WhoseRate, *, n_workers: int = 1) -> pd.DataFrame:
    """The lead by model, portfolio and horizon.

    Returns
    -------
    pandas.DataFrame
        By ``model``, ``returns`` and ``horizon``: columns of `capstar.study.WhoseRate` and ``kind``, ``seen`` (what a
        gap had seen that was not known then, `SEEN`), ``identified``, ``correlation``, ``weight``; ``r2_os`` in
        percent against the prevailing mean, its Clark-West ``r2_os_p`` by the wild bootstrap, NaN where nothing is
        forecast; ``p_models``, ``p_search`` (largest adjusted MSPE of all forecasts), ``replications`` of the family.
    """
    keys = ["model", "returns", "horizon"]
    forecasts, searched = _forecasts(found, whose, n_workers)
    out = whose.table.join(forecasts, on=keys)
    models = whose.models.assign(seen=[_seen(name, row) for name, row in whose.models.iterrows()])
    out = out.join(models[["kind", "seen", "identified", "correlation", "weight"]], on="model")
    common = {"p_models": whose.p_models, "p_search": searched, "replications": whose.n_replications}
    return out.assign(**common).set_index(keys)


def _forecasts(found: StudyResults, whose: WhoseRate, n_workers: int) -> tuple[pd.DataFrame, float]:
    """Out of sample by model; the gap as known then begins later and has its own, which the study has made."""
    gaps = whose.gaps
    then = whose.models.index[whose.models["kind"] == "known then"][0]
    others = gaps.drop(columns=then).dropna()
    made = leads.LeadStudy(
        others.iloc[:, 0], portfolio_returns(found.returns), HORIZONS, benchmarks=others.iloc[:, 1:], start=START,
        n_workers=n_workers,
    ).run(progress=False).forecast_comparison  # fmt: skip
    recursive = found.recursive.forecast_comparison
    parts = [] if recursive is None else [recursive.table.assign(predictor=then)]
    if made is not None:
        parts.insert(0, made.table)
    named = {"predictor": "model", "clark_west_bootstrap_p": "r2_os_p", "first": "first_forecast"}
    both = pd.concat(parts).rename(columns=named)
    columns = ["r2_os", "r2_os_p", "first_forecast"]
    kept = both[both["model"].isin(gaps.columns)].set_index(["model", "returns", "horizon"])[columns]
    return kept, np.nan if made is None else made.search.p


def _seen(name: object, row: pd.Series) -> str:
    keys = {rstar.model(str(key)).name: str(key) for key in rstar.models().index}
    rule = name in keys and isinstance(rstar.model(keys[str(name)]), rstar.Benchmark)
    return SEEN["rule" if rule else str(row["information"])]


def fred(path: Path) -> pd.Series:
    """A monthly series of a file in FRED's format."""
    found = pd.read_csv(path, index_col=0, parse_dates=True).iloc[:, 0]
    return found.set_axis(found.index.to_period("M"))


def fred_text(path: Path) -> pd.Series:
    """A series in FRED's older format, a text with a header."""
    lines = path.read_text().splitlines()
    first = next(k for k, line in enumerate(lines) if line.startswith("DATE")) + 1
    rows = [line.split() for line in lines[first:] if line.strip()]
    values = pd.to_numeric(pd.Series([value for _, value in rows]), errors="coerce")
    return values.set_axis(pd.PeriodIndex([day[:7] for day, _ in rows], freq="M")).rename(path.stem)


def _quarters(months: pd.Series) -> pd.Series:
    return data.to_quarterly(months).dropna()


def _continued(index: pd.Series) -> pd.Series:
    """The COVID index in a line from its last published value to zero."""
    ahead = pd.period_range(index.index[-1], COVID_ENDS, freq="Q")
    line = pd.Series(np.linspace(index.iloc[-1], 0.0, len(ahead)), ahead)
    return pd.concat([index, line.iloc[1:]])


def write(found: pd.DataFrame, folder: Path) -> None:
    """The table, the figure and, where the other tables are, the README."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "across_models.csv", csv_text(found, float_format="%.10g"))
    save(plot_models(found), folder / "across_models.png", dpi=90)
    if all((folder / f"{name}.csv").exists() for name in INDEX):
        write_whole(folder / "README.md", readme(read_tables(folder)))


def across(
    folder: Path, *, n_replications: int, n_workers: int = 1, say: Callable[[str], None] = lambda _: None
) -> pd.DataFrame:
    """Both families; fits of the first are taken again for the second where finished work is kept."""
    tables = {}
    for name, (frames, models) in families(folder).items():
        say(name)
        _, tables[name] = ask(frames, models, n_replications=n_replications, n_workers=n_workers)
    return pd.concat(tables, names=KEYS[:1])


def main() -> None:
    """Command line; ``--out FOLDER`` writes the table, its figure and the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=REFERENCE, help="folder of the reference data")
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    add_workers(parser)
    parser.add_argument("--out", type=Path, help="folder for the table and the figure")
    given = parser.parse_args()
    try:
        with working(given):
            found = across(
                given.data, n_replications=given.replications, n_workers=given.workers,
                say=lambda line: print(line, file=sys.stderr, flush=True),
            )  # fmt: skip
    except (CapstarError, FileNotFoundError) as error:
        print(
            f"{error} The study reads its inputs from {given.data}; give another with --data.",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    print(found.xs(("small_minus_large", 1), level=("returns", "horizon")).round(3).to_string())
    if given.out is not None:
        write(found, given.out)


if __name__ == "__main__":
    start(__spec__)
