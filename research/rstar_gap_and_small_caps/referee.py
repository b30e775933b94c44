"""Rows a referee asks for: indices, periods, seasons, delays, controls, other r*, policy surprises, random walks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from research.rstar_gap_and_small_caps.material import (
    COLUMNS,
    DIFFERENCE,
    GAP,
    LARGE,
    OUTPUT,
    RATE,
    SMALL,
    Material,
)
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from capstar import leads, markets

LAGS = 4
PERIODS = {"1961–79": ("1961Q1", "1979Q4"), "1980–84": ("1980Q1", "1984Q4"), "1985–99": ("1985Q1", "1999Q4"),
           "2000–": ("2000Q1", None), "1985–2019": ("1985Q1", "2019Q4")}  # fmt: skip
THEN = {"1985–2019": ("1985Q1", "2019Q4"), "1985–99": ("1985Q1", "1999Q4"), "2000–19": ("2000Q1", "2019Q4")}
SEASONS = {3: "November–January", 4: "February–April", 1: "May–July", 2: "August–October"}
CONTROLS = {"tms": "term spread", "dfy": "default spread", "dp": "dividend yield", "svar": "stock variance",
            "ntis": "net issues", "cay": "cay"}  # fmt: skip
KEYS = ["section", "row"]
WALKS = 500
_FEWEST = 40  # quarters of a test that allows for persistence


def rows(material: Material, known: pd.Series, folder: Path) -> pd.DataFrame:
    """Next-quarter regressions of small minus large on the gap, a row each.

    Parameters
    ----------
    material
        Of the study.
    known
        Gap as known then, by quarter; its returns begin two months after the quarter.
    folder
        Reference data.

    Returns
    -------
    pandas.DataFrame
        By ``section`` and ``row``: ``slope`` on the gap, Newey-West ``t`` with four lags, normal ``p``, ``ivx_rwb_p``
        (single predictors of 40 quarters or more), ``nobs``, ``first``, ``last``.
    """
    difference, gap = material.returns[DIFFERENCE], material.predictors[GAP]
    after = leads.cumulate_after(difference, gap.index)
    parts = [
        *_indices(difference, gap, folder),
        *(("period", name, after.loc[a:b], gap) for name, (a, b) in PERIODS.items()),
        *_in_real_time(difference, known, gap),
        *(("season", name, after[gap.index.quarter == q], gap) for q, name in SEASONS.items()),
        ("season", "all but November–January", after[gap.index.quarter != 3], gap),
        *(
            (
                "delay",
                f"{lag} month{'s' * (lag != 1)}",
                leads.cumulate_after(difference, gap.index, publication_lag=lag),
                gap,
            )
            for lag in range(4)
        ),
        *_controlled(material, after, folder),
        *_measures(material, after, folder),
        *_surprised(after, gap, folder),
    ]
    found = {(section, row): _row(y, x) for section, row, y, x in parts}
    return pd.DataFrame.from_dict(found, orient="index").rename_axis(KEYS)


Part = tuple[str, str, pd.Series, pd.Series | pd.DataFrame]


def _row(y: pd.Series, x: pd.Series | pd.DataFrame) -> dict[str, object]:
    """Least squares of ``y`` on ``x``; the numbers are of the first column."""
    table = pd.concat([y.rename("return"), x], axis=1, join="inner").dropna()
    design = table.drop(columns="return")
    options = {"maxlags": LAGS}
    fit = OLS(table["return"], add_constant(design)).fit(cov_type="HAC", cov_kwds=options)
    one = design.columns[0]
    out: dict[str, object] = {"slope": fit.params[one], "t": fit.tvalues[one], "p": fit.pvalues[one]}
    out["ivx_rwb_p"] = np.nan
    whole = (np.diff(table.index.asi8) == 1).all()
    if design.shape[1] == 1 and len(table) >= _FEWEST and whole:
        later = table["return"].set_axis(table.index + 1).reindex(table.index)
        out["ivx_rwb_p"] = leads.ivx_bootstrap(later, design[one]).table["p"].iloc[0]
    return out | {"nobs": len(table), "first": str(table.index[0]), "last": str(table.index[-1])}


def _indices(difference: pd.Series, gap: pd.Series, folder: Path) -> Iterator[Part]:
    """Indices on their own window, and French's fifths on that of the Russell indices."""
    path = folder / "small_caps/fred_2018_09/indices_daily.csv.gz"
    levels = pd.read_csv(path, index_col="date", parse_dates=True)
    logs = levels.groupby(levels.index.to_period("M")).last().apply(np.log).diff()
    pairs = {
        "Russell 2000 − Russell 1000": ("RU2000TR", "RU1000TR"),
        "Wilshire small cap − Wilshire 5000": ("WILLSMLCAP", "WILL5000IND"),
    }
    for name, (small, large) in pairs.items():
        known = (logs[small] - logs[large]).iloc[:-1].dropna()  # the last month is not over
        monthly = (100 * np.expm1(known)).rename(name)
        yield "index", name, leads.cumulate_after(monthly, gap.index), gap
        if small == "RU2000TR":
            same = difference.loc[monthly.index[0] : monthly.index[-1]]
            yield "index", "lowest − highest fifth, same window", leads.cumulate_after(same, gap.index), gap


def _in_real_time(difference: pd.Series, known: pd.Series, gap: pd.Series) -> Iterator[Part]:
    """The gap as known then, and that of today on the same returns; with another month's delay."""
    after, later = (
        leads.cumulate_after(difference, pd.PeriodIndex(known.index), publication_lag=lag) for lag in (2, 3)
    )
    for name, (first, last) in THEN.items():
        yield "as known then", name, after.loc[first:last], known
        yield "of today, same returns", name, after.loc[first:last], gap
    yield "as known then", "3 months' delay", later, known


def _quarterly(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(folder / "predictability/goyal_welch_zafirov_2024_quarterly.csv", index_col="yyyyq")
    quarters = [pd.Period(year=code // 10, quarter=code % 10, freq="Q") for code in table.index]
    return table.set_axis(pd.PeriodIndex(quarters))


def _controlled(material: Material, after: pd.Series, folder: Path) -> Iterator[Part]:
    """With other predictors beside the gap, one at a time and all."""
    x, theirs = material.predictors, _quarterly(folder)
    others = {name: theirs[column] for column, name in CONTROLS.items()}
    months = material.returns[DIFFERENCE]
    past = (100 * np.log1p(months / 100)).groupby(months.index.asfreq("Q")).sum()
    others |= {"lagged small − large": past, "output gap": x[OUTPUT], "real rate": x[RATE]}
    for name, other in others.items():
        yield "control", name, after, pd.concat([x[GAP], other.rename(name)], axis=1, join="inner")
        if name != "real rate":  # among the measures of r*
            yield "control alone", name, after, other.loc[x.index[0] :].dropna().rename(name)
    every = pd.concat([x[GAP], *(one.rename(name) for name, one in others.items())], axis=1, join="inner")
    yield "control", "all", after, every
    yield "control", "all but the real rate", after, every.drop(columns="real rate")


def _measures(material: Material, after: pd.Series, folder: Path) -> Iterator[Part]:
    """The same real rate less other r*; and the real rate itself."""
    rate = material.predictors[RATE]
    yield "r*", "none: the real rate", after, rate
    yield "r*", "HLW (2023)", after, material.predictors[GAP]
    for name, r in other_rstar(folder).items():
        yield "r*", name, after, rate - r


def other_rstar(folder: Path) -> dict[str, pd.Series]:
    """Published r* by name; those that have seen the future are called smoothed."""

    def read(path: str, **options: object) -> pd.DataFrame:
        table = pd.read_csv(folder / path, **options)  # type: ignore[call-overload]
        return table.set_index(pd.PeriodIndex(table.iloc[:, 0], freq="Q"))

    trend = pd.read_csv(folder / "del_negro2017/tvar_trends_published.csv")
    trend = trend[(trend["vintage"] == "2026Q2") & (trend["variable"] == "rstar")]
    panel = read("bauer_rudebusch2020/rstar_panel.csv")
    return {
        "LW (2023)": read("lw2023/us_2023q2_published.csv")["rstar_filtered"],
        "LW (2003), 2020Q2": read("lw2003/us_2020q2_published.csv")["rstar_filtered"],
        "Lubik–Matthes, median": read("lubik_matthes/us_2025q4_published.csv")["rstar_median"],
        "Lewis and Vazquez-Grande, filtered": read("lewis_vazquez_grande2018/lvgEstimatesFiltered.csv")[
            "rStar_50"
        ],
        "Del Negro et al. (2017), smoothed": trend.set_index(pd.PeriodIndex(trend["date"], freq="Q"))["p50"],
        "Kiley, filtered": panel["kiley_filtered"],
        "Johannsen–Mertens, real time": panel["johannsen_mertens_realtime"],
        "Del Negro et al., real time": panel["del_negro_realtime"],
        "Bauer and Rudebusch, real time": panel["ssm_realtime"],
    }


def _surprises(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(folder / "predictability/fomc_surprises/announcements.csv", parse_dates=["date"])
    return table.set_index("date")[["mps", "mps_orth"]]


def _surprised(after: pd.Series, gap: pd.Series, folder: Path) -> Iterator[Part]:
    """The quarter's policy surprises, the gap on the same quarters, and both."""
    daily = _surprises(folder)["mps"].dropna()
    shock = daily.groupby(daily.index.to_period("Q")).sum().rename("shock")
    whole = shock.reindex(pd.period_range(shock.index[0], shock.index[-1], freq="Q")).fillna(0.0)
    level = gap.loc[whole.index[0] : whole.index[-1]]
    yield "policy", "shock", after, whole
    yield "policy", "level", after, level
    yield "policy", "shock beside the level", after, pd.concat([whole, level], axis=1, join="inner")
    yield "policy", "level beside the shock", after, pd.concat([level, whole], axis=1, join="inner")


def surprises(folder: Path) -> pd.DataFrame:
    """Returns of the days of announcements on the surprise, percent a point, by surprise and portfolio."""
    days = _days(folder)
    days[DIFFERENCE] = 100 * ((100 + days[SMALL]) / (100 + days[LARGE]) - 1)
    events = _surprises(folder)
    inside = events[events.index.isin(days.index)]
    found = {name: leads.event_study(days, inside[name].dropna()).table for name in inside}
    return pd.concat(found, names=["surprise", "returns"])


def _days(folder: Path) -> pd.DataFrame:
    path = folder / "small_caps/size_portfolios_daily.csv.gz"
    size = pd.read_csv(path, index_col="date", parse_dates=True)
    return pd.DataFrame({SMALL: size[COLUMNS[SMALL]], LARGE: size[COLUMNS[LARGE]]})


def states(folder: Path, *, seed: int = 0) -> pd.DataFrame:
    """Share of months that are range-bound, beside driftless random walks of the same volatility.

    Returns
    -------
    pandas.DataFrame
        By market: ``share`` of months; ``walk``, the mean share over random walks, with its 5 and 95 percent points;
        ``months``, ``first``, ``last``.
    """
    russell = pd.read_csv(folder / "small_caps/russell2000_daily.csv.gz", index_col="date", parse_dates=True)
    size = _days(folder).loc["1961":]
    prices = {"Russell 2000": russell["close"]}
    prices |= {name: (1 + size[name] / 100).cumprod() for name in (SMALL, LARGE)}
    rng, out = np.random.default_rng(seed), {}
    for name, daily in prices.items():
        close = daily.groupby(daily.index.to_period("M")).last()
        sd = float(np.log(close).diff().std())
        walks = np.array([_bound(_walk(rng, sd, close.index)) for _ in range(WALKS)])
        low, high = np.quantile(walks, [0.05, 0.95])
        ends = {"first": str(close.index[0]), "last": str(close.index[-1])}
        found = {"share": _bound(close), "walk": walks.mean(), "walk_5": low, "walk_95": high}
        out[name] = found | {"months": len(close)} | ends
    return pd.DataFrame.from_dict(out, orient="index").rename_axis("market")


def _walk(rng: np.random.Generator, sd: float, index: pd.Index) -> pd.Series:
    return pd.Series(np.exp(np.cumsum(rng.normal(0.0, sd, len(index)))), index)


def _bound(close: pd.Series) -> float:
    return float(markets.range_bound(close)["range_bound"].mean())
